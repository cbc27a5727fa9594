/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/client_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define BLANKS " \t\r\n"
#define HOST_LEN_MAX 256

/* The next word of a line, as a text; false at its end. */
static bool
next_word(const char **line, char *word, size_t room)
{
	const char *at = *line + strspn(*line, BLANKS);
	size_t len = strcspn(at, BLANKS);

	if (len == 0)
		return false;
	*line = at + len;
	if (len >= room)
		len = room - 1;
	memcpy(word, at, len);
	word[len] = '\0';
	return true;
}

static void
take_domains(struct lookup_search *search, const char *text, size_t most)
{
	char word[NAME_TEXT_LEN];

	search->count = 0;
	/* One that is no name, or the root, is passed over. */
	while (search->count < most && next_word(&text, word, sizeof(word))) {
		struct name *domain = &search->domain[search->count];

		if (name_from_text(word, NULL, domain) == OK && domain->len > 1)
			search->count++;
	}
}

static void
take_options(struct lookup_search *search, const char *text)
{
	char word[64];

	while (next_word(&text, word, sizeof(word))) {
		unsigned ndots = 0;
		const char *digit = word + strlen("ndots:");

		if (strncmp(word, "ndots:", strlen("ndots:")) != 0)
			continue;
		for (; *digit >= '0' && *digit <= '9'; digit++)
			if (ndots <= CLIENT_SEARCH_NDOTS_MAX)
				ndots = ndots * 10 + (unsigned)(*digit - '0');
		search->ndots = ndots < CLIENT_SEARCH_NDOTS_MAX
				    ? ndots
				    : CLIENT_SEARCH_NDOTS_MAX;
	}
}

void
client_search_line(struct lookup_search *search, const char *line)
{
	char key[16];

	if (!next_word(&line, key, sizeof(key)))
		return;
	if (strcmp(key, "search") == 0)
		take_domains(search, line, LOOKUP_SEARCH_MAX);
	else if (strcmp(key, "domain") == 0)
		take_domains(search, line, 1);
	else if (strcmp(key, "options") == 0)
		take_options(search, line);
}

static void
read_file(struct lookup_search *search)
{
	FILE *in = fopen(RESOLV_CONF, "re");
	char *line = NULL;
	size_t room = 0;

	if (in == NULL)
		return;
	while (getline(&line, &room, in) >= 0)
		client_search_line(search, line);
	free(line);
	fclose(in);
}

static void
take_host(struct lookup_search *search)
{
	char host[HOST_LEN_MAX] = "";
	const char *dot;

	if (gethostname(host, sizeof(host) - 1) != 0)
		return;
	dot = strchr(host, '.');
	if (dot != NULL)
		take_domains(search, dot + 1, 1);
}

void
client_search_init(struct lookup_search *search)
{
	const char *domains = getenv("LOCALDOMAIN");
	const char *options = getenv("RES_OPTIONS");

	memset(search, 0, sizeof(*search));
	search->ndots = CLIENT_SEARCH_NDOTS;
	take_host(search);
	read_file(search);
	if (domains != NULL)
		take_domains(search, domains, LOOKUP_SEARCH_MAX);
	if (options != NULL)
		take_options(search, options);
}
