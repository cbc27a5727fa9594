/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "server/muster_command.h"
#include "server/table.h"
#include "zones/dns/error.h"

/* --- cells --- */

static enum colour
colour_of_served(const char *served)
{
	return strcmp(served, "up") == 0      ? COLOUR_GOOD
	       : strcmp(served, "drain") == 0 ? COLOUR_WARN
					      : COLOUR_BAD;
}

static enum colour
colour_of_real(const char *real)
{
	return strcmp(real, "healthy") == 0 || strcmp(real, "plain") == 0
		   ? COLOUR_NONE
	       : strcmp(real, "unhealthy") == 0 ? COLOUR_BAD
						: COLOUR_WARN;
}

/* --- one list --- */

struct list {
	struct table *table;
	bool failed; /* without memory */
	bool colours;
};

static void
add_row(struct list *list, const struct table_cell *cell)
{
	list->failed = !table_add(list->table, cell) || list->failed;
}

/* Asks for a list and shows it as a table; nothing that matches a given
 * pattern is a failure. */
static int
show_list(struct muster_client *client, const struct muster_options *options,
    const char *command, const char *pattern, const struct table_column *column,
    size_t columns, muster_print_fn *print)
{
	struct list list = {.colours = table_has_colours(stdout)};
	json_t *request = json_pack("{s:s}", "command", command);
	int status;

	list.table = table_new(stdout, column, columns, list.colours, true);
	if (pattern != NULL &&
	    json_object_set_new(request, "pattern", json_string(pattern)) != 0)
		list.failed = true;
	if (list.failed || list.table == NULL) {
		muster_complain("%s",
		    list.table ? "a pattern is UTF-8" : error_text(ERR_MEMORY));
		json_decref(request);
		table_free(list.table);
		return MUSTER_FAILED;
	}
	status = muster_answer(client, options, request, stdout, print, &list);
	table_end(list.table);
	table_free(list.table);
	if (status == 0 && list.failed) {
		muster_complain("%s", error_text(ERR_MEMORY));
		return MUSTER_FAILED;
	}
	if (status == 0 && pattern != NULL && client->lines == 0) {
		muster_complain("nothing matches %s", pattern);
		return MUSTER_FAILED;
	}
	return status;
}

/* --- services --- */

static void
print_service(void *arg, FILE *to, const struct muster_options *options,
    const json_t *line)
{
	const char *condition = muster_text(line, "condition");
	int64_t registered = muster_number(line, "registered");
	int64_t served = muster_number(line, "served");
	char counts[2][24];
	const struct table_cell cell[] = {
	    {muster_text(line, "service"), COLOUR_NONE},
	    {counts[0], COLOUR_NONE},
	    {counts[1], served == 0           ? COLOUR_BAD
			: served < registered ? COLOUR_WARN
					      : COLOUR_GOOD},
	    {condition,
		strcmp(condition, "normal") == 0 ? COLOUR_NONE : COLOUR_BAD},
	    {muster_text(line, "strategy"), COLOUR_NONE},
	};

	(void)to;
	(void)options;
	snprintf(counts[0], sizeof(counts[0]), "%" PRId64, registered);
	snprintf(counts[1], sizeof(counts[1]), "%" PRId64, served);
	add_row(arg, cell);
}

int
muster_services(struct muster_client *client,
    const struct muster_options *options, char **arguments)
{
	static const struct table_column column[] = {{"SERVICE", false},
	    {"REG", true}, {"SERVED", true}, {"CONDITION", false},
	    {"STRATEGY", false}};

	return show_list(client, options, "services", arguments[0], column,
	    sizeof(column) / sizeof(column[0]), print_service);
}

/* --- instances --- */

/* Words of an array, with commas between them; those that do not fit are
 * left out. */
static void
join(const json_t *words, char *text, size_t text_len)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));
		size_t more = word ? strlen(word) : 0;

		if (more == 0 || len + more + 2 > text_len)
			continue;
		len += (size_t)snprintf(text + len, text_len - len, "%s%s",
		    len > 0 ? "," : "", word);
	}
}

static void
print_instance(void *arg, FILE *to, const struct muster_options *options,
    const json_t *line)
{
	const char *served = muster_text(line, "served");
	const char *real = muster_text(line, "real");
	int64_t weight = muster_number(line, "weight");
	int64_t now = muster_number(line, "served_weight");
	char target[1100], priority[24], weights[48], lease[24], tags[300];
	const struct table_cell cell[] = {
	    {muster_text(line, "service"), COLOUR_NONE},
	    {target, COLOUR_NONE},
	    {served, colour_of_served(served)},
	    {muster_text(line, "why"), COLOUR_NONE},
	    {real, colour_of_real(real)},
	    {priority, COLOUR_NONE},
	    {weights, COLOUR_NONE},
	    {lease, COLOUR_NONE},
	    {tags, COLOUR_NONE},
	};

	(void)to;
	(void)options;
	snprintf(target, sizeof(target), "%s:%" PRId64,
	    muster_text(line, "host"), muster_number(line, "port"));
	snprintf(priority, sizeof(priority), "%" PRId64,
	    muster_number(line, "priority"));
	if (now == weight)
		snprintf(weights, sizeof(weights), "%" PRId64, weight);
	else
		snprintf(weights, sizeof(weights), "%" PRId64 "/%" PRId64, now,
		    weight);
	snprintf(
	    lease, sizeof(lease), "%" PRId64, muster_number(line, "lease"));
	if (json_object_get(line, "lease") == NULL)
		memcpy(lease, "-", 2);
	join(json_object_get(line, "tags"), tags, sizeof(tags));
	add_row(arg, cell);
}

int
muster_instances(struct muster_client *client,
    const struct muster_options *options, char **arguments)
{
	static const struct table_column column[] = {{"SERVICE", false},
	    {"INSTANCE", false}, {"SERVED", false}, {"WHY", false},
	    {"REAL", false}, {"PRIO", true}, {"WEIGHT", true}, {"LEASE", true},
	    {"TAGS", false}};

	return show_list(client, options, "instances", arguments[0], column,
	    sizeof(column) / sizeof(column[0]), print_instance);
}
