/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/force.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "zones/dns/name.h"

static const char *const words[] = {
    [FORCE_AUTO] = "auto",
    [FORCE_UP] = "up",
    [FORCE_DOWN] = "down",
    [FORCE_DRAIN] = "drain",
};

#define WORDS (sizeof(words) / sizeof(words[0]))

const char *
force_text(enum force_state state)
{
	return words[state];
}

int
force_parse(const char *word)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

/* --- the list --- */

/* What a line of the file can hold, and a command's argument. */
static enum error
check_pattern(const char *pattern)
{
	size_t len = strlen(pattern);

	if (len == 0)
		return ERR_SYNTAX;
	if (len >= FORCE_PATTERN_LEN)
		return ERR_LIMIT;
	for (size_t i = 0; i < len; i++)
		if (pattern[i] <= ' ' || pattern[i] > '~')
			return ERR_SYNTAX;
	return OK;
}

/* Takes away the entries with that pattern; whether there were any. */
static bool
drop(struct force_list *list, const char *pattern)
{
	size_t kept = 0;
	bool found = false;

	for (size_t i = 0; i < list->count; i++) {
		if (strcasecmp(list->entry[i].pattern, pattern) == 0) {
			free(list->entry[i].pattern);
			found = true;
		} else {
			list->entry[kept++] = list->entry[i];
		}
	}
	list->count = kept;
	return found;
}

enum error
force_put(struct force_list *list, const char *pattern, enum force_state state,
    int64_t wall_s)
{
	enum error err = check_pattern(pattern);
	struct force_entry *grown;
	char *copy;

	if (err != OK)
		return err;
	grown = realloc(list->entry, (list->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return ERR_MEMORY;
	list->entry = grown;
	copy = strdup(pattern);
	if (copy == NULL)
		return ERR_MEMORY;
	if (drop(list, pattern) && state == FORCE_AUTO) {
		free(copy);
		return OK;
	}
	if (list->count == FORCE_MAX) {
		free(copy);
		return ERR_LIMIT;
	}
	list->entry[list->count++] = (struct force_entry){
	    .state = state, .wall_s = wall_s, .pattern = copy};
	return OK;
}

enum error
force_copy(const struct force_list *list, struct force_list *to)
{
	struct force_list made = {0};
	enum error err = OK;

	for (size_t i = 0; i < list->count && err == OK; i++)
		err = force_put(&made, list->entry[i].pattern,
		    list->entry[i].state, list->entry[i].wall_s);
	if (err == OK)
		*to = made;
	else
		force_fini(&made);
	return err;
}

void
force_fini(struct force_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->entry[i].pattern);
	free(list->entry);
	*list = (struct force_list){0};
}

/* --- matching --- */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* After a mismatch only the last star is tried again, one octet further: what
 * an earlier one could take, the last one can too. */
static bool
matches(const char *glob, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text != '\0') {
		if (*glob == '*') {
			star = ++glob;
			retry = text;
		} else if (*glob == '?' || lower(*glob) == lower(*text)) {
			glob++;
			text++;
		} else if (star != NULL) {
			glob = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

enum force_state
force_find(const struct force_list *list, const char *service, const char *host,
    unsigned port, const struct force_entry **entry)
{
	char instance[2 * NAME_TEXT_LEN + 16];
	const char *target;
	int before;

	if (entry != NULL)
		*entry = NULL;
	if (list->count == 0)
		return FORCE_AUTO;
	before = snprintf(
	    instance, sizeof(instance), "%s/%s:%u", service, host, port);
	if (before < 0)
		return FORCE_AUTO;
	target = instance + strlen(service) + 1;
	for (size_t i = list->count; i-- > 0;) {
		const struct force_entry *e = &list->entry[i];

		if (!matches(e->pattern, instance) &&
		    !matches(e->pattern, service) &&
		    !matches(e->pattern, target) && !matches(e->pattern, host))
			continue;
		if (entry != NULL)
			*entry = e;
		return e->state;
	}
	return FORCE_AUTO;
}
