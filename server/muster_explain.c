/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "server/muster_command.h"
#include "server/table.h"

struct explaining {
	FILE *to;
	bool colours;
	bool begun; /* something was printed */
};

static enum colour
colour_of_served(const char *served)
{
	return strcmp(served, "up") == 0      ? COLOUR_GOOD
	       : strcmp(served, "drain") == 0 ? COLOUR_WARN
					      : COLOUR_BAD;
}

/* --- a service --- */

static void
print_service(struct explaining *e, const json_t *line)
{
	const char *condition = muster_text(line, "condition");
	const char *text = muster_text(line, "text");
	const char *note = muster_text(line, "note");

	if (e->begun)
		fputc('\n', e->to);
	table_print_coloured(
	    e->to, COLOUR_HEAD, e->colours, muster_text(line, "service"));
	fprintf(e->to, "  %" PRId64 " of %" PRId64 " served, ",
	    muster_number(line, "served"), muster_number(line, "registered"));
	table_print_text(e->to, muster_text(line, "strategy"));
	if (muster_number(line, "max_answers") > 0)
		fprintf(e->to, ", at most %" PRId64 " in an answer",
		    muster_number(line, "max_answers"));
	fputc('\n', e->to);
	if (text[0] != '\0') {
		fputs("  ", e->to);
		table_print_coloured(e->to, COLOUR_BAD, e->colours, condition);
		fputs(": ", e->to);
		table_print_text(e->to, text);
		fputc('\n', e->to);
	}
	if (note[0] == '\0')
		return;
	fputs("  note: ", e->to);
	table_print_text(e->to, note);
	fputc('\n', e->to);
}

/* --- an instance --- */

static void
begin_line(const struct explaining *e, const char *title)
{
	fprintf(e->to, "    %-8s", title);
}

static void
print_line(const struct explaining *e, const char *title, const char *text)
{
	if (text[0] == '\0')
		return;
	begin_line(e, title);
	table_print_text(e->to, text);
	fputc('\n', e->to);
}

static void
print_lease(const struct explaining *e, const json_t *line)
{
	if (json_object_get(line, "lease") == NULL) {
		print_line(e, "lease", "none: it stays until it is deleted");
		return;
	}
	begin_line(e, "lease");
	fprintf(e->to, "%" PRId64 " s of %" PRId64 " s left\n",
	    muster_number(line, "lease"), muster_number(line, "granted"));
}

static void
print_list(const struct explaining *e, const char *title, const json_t *list)
{
	if (json_array_size(list) == 0)
		return;
	begin_line(e, title);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (i > 0)
			fputs("  ", e->to);
		table_print_text(e->to, text ? text : "");
	}
	fputc('\n', e->to);
}

static void
print_forced(const struct explaining *e, const json_t *forced)
{
	char since[MUSTER_TIME_LEN];

	if (forced == NULL)
		return;
	begin_line(e, "forced");
	fputs("by ", e->to);
	table_print_text(e->to, muster_text(forced, "pattern"));
	fprintf(e->to, " since %s\n",
	    muster_moment(muster_number(forced, "time"), since));
}

static void
print_result(const struct explaining *e, const json_t *result)
{
	bool late = muster_is_true(result, "late");
	bool good = muster_is_true(result, "good");
	char when[MUSTER_TIME_LEN];

	begin_line(e, "");
	fprintf(
	    e->to, "%s  ", muster_moment(muster_number(result, "time"), when));
	table_print_coloured(e->to,
	    late   ? COLOUR_FAINT
	    : good ? COLOUR_GOOD
		   : COLOUR_BAD,
	    e->colours,
	    late   ? "late"
	    : good ? "good"
		   : "bad ");
	fprintf(e->to, "  %9.1f ms  ",
	    json_number_value(json_object_get(result, "duration")));
	table_print_text(e->to, muster_text(result, "reason"));
	if (late)
		fputs(" (does not count: the checker had stalled)", e->to);
	fputc('\n', e->to);
}

static void
print_health(const struct explaining *e, const json_t *health)
{
	const json_t *history = json_object_get(health, "history");
	char since[MUSTER_TIME_LEN];

	if (health == NULL)
		return;
	print_line(e, "check", muster_text(health, "check"));
	begin_line(e, "is");
	table_print_text(e->to, muster_text(health, "state"));
	if (muster_number(health, "since") > 0)
		fprintf(e->to, " since %s",
		    muster_moment(muster_number(health, "since"), since));
	fprintf(
	    e->to, ", %" PRId64 " results", muster_number(health, "results"));
	if (muster_number(health, "bad") > 0)
		fprintf(e->to, ", %" PRId64 " bad ones count",
		    muster_number(health, "bad"));
	if (muster_number(health, "percent") != 100)
		fprintf(e->to, ", its agent says %" PRId64 "%%",
		    muster_number(health, "percent"));
	if (muster_text(health, "agent")[0] != '\0') {
		fputs(", its agent says ", e->to);
		table_print_text(e->to, muster_text(health, "agent"));
	}
	fputc('\n', e->to);
	for (size_t i = 0; i < json_array_size(history); i++)
		print_result(e, json_array_get(history, i));
}

static void
print_place(const struct explaining *e, const json_t *line)
{
	if (json_object_get(line, "site") != NULL)
		print_line(e, "site", muster_text(line, "site"));
	if (json_object_get(line, "load") == NULL)
		return;
	begin_line(e, "load");
	fprintf(e->to, "%" PRId64 "\n", muster_number(line, "load"));
}

static void
print_instance(const struct explaining *e, const json_t *line)
{
	const char *served = muster_text(line, "served");
	const json_t *until = json_object_get(line, "until");

	fputs("  ", e->to);
	table_print_text(e->to, muster_text(line, "host"));
	fprintf(e->to, ":%" PRId64 "  ", muster_number(line, "port"));
	table_print_coloured(
	    e->to, colour_of_served(served), e->colours, served);
	if (strcmp(muster_text(line, "real"), "plain") == 0) {
		fputs(", not checked\n", e->to);
	} else {
		fputs(", checks say ", e->to);
		table_print_text(e->to, muster_text(line, "real"));
		fputc('\n', e->to);
	}
	print_line(e, "name", muster_text(line, "name"));
	print_line(e, "why", muster_text(line, "text"));
	print_forced(e, muster_object(line, "forced"));
	print_line(e, "answer", muster_text(line, "weight_text"));
	if (until != NULL) {
		begin_line(e, "next");
		fprintf(
		    e->to, "a change in %.1f s\n", json_number_value(until));
	}
	print_place(e, line);
	print_lease(e, line);
	print_list(e, "txt", json_object_get(line, "txt"));
	print_health(e, muster_object(line, "health"));
}

static void
print_line_of_answer(void *arg, FILE *to, const struct muster_options *options,
    const json_t *line)
{
	struct explaining *e = arg;

	(void)to;
	(void)options;
	if (json_object_get(line, "host") != NULL)
		print_instance(e, line);
	else
		print_service(e, line);
	e->begun = true;
}

int
muster_explain(struct muster_client *client,
    const struct muster_options *options, char **arguments)
{
	struct explaining e = {
	    .to = stdout, .colours = table_has_colours(stdout)};
	json_t *request =
	    json_pack("{s:s, s:s}", "command", "explain", "name", arguments[0]);

	return muster_answer(
	    client, options, request, stdout, print_line_of_answer, &e);
}
