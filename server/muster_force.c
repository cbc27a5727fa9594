/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "server/health/force.h"
#include "server/muster_command.h"
#include "server/table.h"

/* --- force --- */

static void
print_forced(void *arg, FILE *to, const struct muster_options *options,
    const json_t *line)
{
	int64_t count = muster_number(line, "instances");

	(void)arg;
	(void)options;
	muster_print_text(to, muster_text(line, "pattern"));
	fputs(": ", to);
	muster_print_text(to, muster_text(line, "state"));
	if (count == 0)
		fputs(", which no instance matches now\n", to);
	else
		fprintf(to, ", which %" PRId64 " instance%s now\n", count,
		    count == 1 ? " matches" : "s match");
}

int
muster_force(struct muster_client *client, const struct muster_options *options,
    char **arguments)
{
	json_t *request;

	if (force_parse(arguments[1]) < 0) {
		muster_complain(
		    "%s is no state: up, down, drain or auto", arguments[1]);
		return MUSTER_USAGE;
	}
	request = json_pack("{s:s, s:s, s:s}", "command", "force", "pattern",
	    arguments[0], "state", arguments[1]);
	return muster_answer(
	    client, options, request, stdout, print_forced, NULL);
}

/* --- forced --- */

static void
print_wish(void *arg, FILE *to, const struct muster_options *options,
    const json_t *line)
{
	const char *state = muster_text(line, "state");
	char since[MUSTER_TIME_LEN];
	const struct table_cell cell[] = {
	    {state, strcmp(state, "up") == 0     ? COLOUR_GOOD
		    : strcmp(state, "down") == 0 ? COLOUR_BAD
						 : COLOUR_WARN},
	    {muster_moment(muster_number(line, "time"), since), COLOUR_NONE},
	    {muster_text(line, "pattern"), COLOUR_NONE},
	};

	(void)to;
	(void)options;
	if (!table_add(arg, cell))
		muster_complain("%s", error_text(ERR_MEMORY));
}

int
muster_forced(struct muster_client *client,
    const struct muster_options *options, char **arguments)
{
	static const struct table_column column[] = {
	    {"STATE", false}, {"SINCE", false}, {"PATTERN", false}};
	struct table *table =
	    table_new(stdout, column, 3, table_has_colours(stdout), false);
	int status;

	(void)arguments;
	if (table == NULL) {
		muster_complain("%s", error_text(ERR_MEMORY));
		return MUSTER_FAILED;
	}
	status = muster_answer(client, options,
	    json_pack("{s:s}", "command", "forced"), stdout, print_wish, table);
	table_end(table);
	table_free(table);
	return status;
}
