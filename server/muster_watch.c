/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "server/muster_command.h"
#include "server/table.h"

/* What an event is about. */
static void
print_subject(FILE *to, const json_t *line)
{
	const char *service = muster_text(line, "service");

	table_print_text(
	    to, service[0] != '\0' ? service : muster_text(line, "pattern"));
	if (muster_text(line, "host")[0] == '\0')
		return;
	fputc(' ', to);
	table_print_text(to, muster_text(line, "host"));
	fprintf(to, ":%" PRId64, muster_number(line, "port"));
}

/* The word that says what has happened. */
static const char *
word_of(const json_t *line, const char *event)
{
	static const char *const member[][2] = {{"health", "real"},
	    {"served", "served"}, {"condition", "condition"},
	    {"forced", "state"}};

	for (size_t i = 0; i < sizeof(member) / sizeof(member[0]); i++)
		if (strcmp(event, member[i][0]) == 0)
			return muster_text(line, member[i][1]);
	return event;
}

static enum colour
colour_of(const char *word)
{
	static const struct {
		const char *word;
		enum colour colour;
	} known[] = {{"healthy", COLOUR_GOOD}, {"up", COLOUR_GOOD},
	    {"normal", COLOUR_GOOD}, {"registered", COLOUR_GOOD},
	    {"unhealthy", COLOUR_BAD}, {"out", COLOUR_BAD},
	    {"down", COLOUR_BAD}, {"gone", COLOUR_WARN}, {"drain", COLOUR_WARN},
	    {"panic", COLOUR_BAD}, {"none-left", COLOUR_BAD},
	    {"last-good", COLOUR_BAD}, {"guard", COLOUR_BAD}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(word, known[i].word) == 0)
			return known[i].colour;
	return COLOUR_NONE;
}

/* Why it has happened; prints nothing if there is nothing to say. */
static void
print_reason(FILE *to, const json_t *line, const char *event)
{
	const char *reason = muster_text(line, "reason");

	if (strcmp(event, "served") == 0 || strcmp(event, "registered") == 0)
		reason = muster_text(line, "why");
	if (reason[0] == '\0' || strcmp(event, "gone") == 0)
		return;
	fputs(" (", to);
	table_print_text(to, reason);
	fputc(')', to);
}

static void
print_event(void *arg, FILE *to, const struct muster_options *options,
    const json_t *line)
{
	const bool *colours = arg;
	const char *event = muster_text(line, "event");
	const char *word = word_of(line, event);
	char when[MUSTER_TIME_LEN];

	(void)options;
	if (json_object_get(line, "lost") != NULL) {
		fprintf(to, "%" PRId64 " events were lost here\n",
		    muster_number(line, "lost"));
		return;
	}
	if (strcmp(event, "watching") == 0)
		return;
	fprintf(to, "%s  ", muster_moment(muster_number(line, "time"), when));
	if (strcmp(event, "forced") == 0 || strcmp(event, "served") == 0)
		fprintf(to, "%s ", event);
	table_print_coloured(to, colour_of(word), *colours, word);
	fputs("  ", to);
	print_subject(to, line);
	print_reason(to, line, event);
	fputc('\n', to);
}

int
muster_watch(struct muster_client *client, const struct muster_options *options,
    char **arguments)
{
	json_t *request = json_pack("{s:s}", "command", "watch");
	bool colours = table_has_colours(stdout);

	if (arguments[0] != NULL && json_object_set_new(request, "pattern",
					json_string(arguments[0])) != 0) {
		muster_complain("a pattern is UTF-8");
		json_decref(request);
		return MUSTER_FAILED;
	}
	/* Whoever reads along wants each line as it comes. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	return muster_answer(
	    client, options, request, stdout, print_event, &colours);
}
