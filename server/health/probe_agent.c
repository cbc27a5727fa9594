/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe_agent.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SEPARATORS " \t,\r\n"

struct word {
	const char *text;
	enum probe_word means;
	unsigned gravity; /* the highest counts */
	bool bad;
};

static const struct word words[] = {
    {"up", WORD_UP, 1, false},
    {"ready", WORD_READY, 2, false},
    {"drain", WORD_DRAIN, 3, false},
    {"down", WORD_DOWN, 4, true},
    {"failed", WORD_DOWN, 4, true},
    {"stopped", WORD_DOWN, 4, true},
    {"fail", WORD_DOWN, 4, true},
    {"maint", WORD_MAINT, 5, false},
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static const struct word *
find_word(const char *text)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strcasecmp(text, words[i].text) == 0)
			return &words[i];
	return NULL;
}

/* "75%"; -1 if it is not that. */
static int
read_percent(const char *text)
{
	int n = 0;

	if (!isdigit((unsigned char)*text))
		return -1;
	for (; isdigit((unsigned char)*text); text++) {
		n = n * 10 + (*text - '0');
		if (n > AGENT_PERCENT_MAX)
			return -1;
	}
	return strcmp(text, "%") == 0 ? n : -1;
}

/* Takes one word; whether it is known. */
static bool
take(const char *text, unsigned *gravity, struct outcome *outcome)
{
	const struct word *word = find_word(text);
	int percent = read_percent(text);

	if (percent >= 0)
		outcome->percent = percent;
	if (word == NULL)
		return percent >= 0 || strncasecmp(text, "maxconn:", 8) == 0;
	if (word->bad)
		outcome->good = false;
	if (word->gravity > *gravity) {
		*gravity = word->gravity;
		outcome->word = word->means;
	}
	return true;
}

/* A copy as a string; what cannot be in one becomes a '?'.  Its length. */
static size_t
copy(char to[AGENT_LINE_LEN], const char *line, size_t len)
{
	while (len > 0 && strchr("\r\n", line[len - 1]) != NULL)
		len--;
	if (len >= AGENT_LINE_LEN)
		len = AGENT_LINE_LEN - 1;
	for (size_t i = 0; i < len; i++)
		to[i] = line[i] == '\0' ? '?' : line[i];
	to[len] = '\0';
	return len;
}

void
agent_parse(const char *line, size_t len, struct outcome *outcome)
{
	char text[AGENT_LINE_LEN], *save = NULL, *comment;
	char said[PROBE_REASON_LEN - 32];
	unsigned gravity = 0;
	bool known = false;

	*outcome = outcome_none;
	outcome->good = outcome->connected = true;
	len = copy(text, line, len);
	attempt_clean(outcome->reason, PROBE_REASON_LEN, text, len);
	attempt_clean(said, sizeof(said), text, len);
	comment = strchr(text, '#');
	if (comment != NULL)
		*comment = '\0';
	for (char *word = strtok_r(text, SEPARATORS, &save); word != NULL;
	     word = strtok_r(NULL, SEPARATORS, &save))
		known |= take(word, &gravity, outcome);
	if (known)
		return;
	outcome->good = false;
	snprintf(outcome->reason, PROBE_REASON_LEN,
	    len == 0 ? "agent: an empty line" : "agent: no word we know: %s",
	    said);
}
