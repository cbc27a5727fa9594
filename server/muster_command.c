/* SPDX-License-Identifier: Apache-2.0 */
#include "server/muster_command.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "zones/dns/error.h"

static int64_t
number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *
text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

/* --- what all do --- */

int
muster_answer(struct muster_client *client,
    const struct muster_options *options, json_t *request, FILE *to,
    muster_print_fn *print)
{
	enum muster_line line;
	json_t *value;

	if (!muster_client_ask(client, request))
		return MUSTER_FAILED;
	while ((line = muster_client_next(client, &value)) == LINE_DATA) {
		if (options->json)
			fputs(client->line, to);
		else
			print(to, options, value);
		json_decref(value);
		if (ferror(to)) {
			muster_complain("cannot write: %s", strerror(errno));
			return MUSTER_FAILED;
		}
	}
	if (fflush(to) != 0) {
		muster_complain("cannot write: %s", strerror(errno));
		return MUSTER_FAILED;
	}
	return line == LINE_DONE ? 0 : MUSTER_FAILED;
}

static int
ask_simply(struct muster_client *client, const struct muster_options *options,
    const char *command, muster_print_fn *print)
{
	return muster_answer(client, options,
	    json_pack("{s:s}", "command", command), stdout, print);
}

/* --- zones, status --- */

static void
print_zone(FILE *to, const struct muster_options *options, const json_t *zone)
{
	(void)options;
	muster_print_text(to, text(zone, "zone"));
	fprintf(to, "  serial %" PRId64 ", %" PRId64 " records%s\n",
	    number(zone, "serial"), number(zone, "records"),
	    json_is_true(json_object_get(zone, "broken")) ? ", no data: broken"
							  : "");
}

static int
run_zones(struct muster_client *client, const struct muster_options *options,
    char **arguments)
{
	(void)arguments;
	return ask_simply(client, options, "zones", print_zone);
}

/* Figures of the server, one a line; those that are 0 say nothing. */
static void
print_figures(FILE *to, const char *title, const json_t *figures)
{
	const char *key;
	json_t *value;

	/* jansson's own loop takes no const. */
	json_object_foreach((json_t *)(uintptr_t)figures, key, value)
	{
		if (json_integer_value(value) == 0)
			continue;
		fprintf(to, "%s ", title);
		muster_print_text(to, key);
		fprintf(
		    to, ": %" PRId64 "\n", (int64_t)json_integer_value(value));
	}
}

static void
print_store(FILE *to, const json_t *store)
{
	const char *error = text(store, "error");

	print_figures(to, "store", store);
	if (json_is_true(json_object_get(store, "repaired")))
		fputs("store: was damaged at the start and put right\n", to);
	if (json_is_true(json_object_get(store, "broken")))
		fputs("store: BROKEN: no update is accepted until musterd is "
		      "restarted\n",
		    to);
	if (error[0] == '\0')
		return;
	fputs("store: last error: ", to);
	muster_print_text(to, error);
	fputc('\n', to);
}

static void
print_status(FILE *to, const struct muster_options *options, const json_t *line)
{
	if (json_object_get(line, "zone") != NULL) {
		print_zone(to, options, line);
		return;
	}
	fputs("musterd ", to);
	muster_print_text(to, text(line, "version"));
	fprintf(to,
	    ", up %" PRId64 " s, %" PRId64 " workers\n%" PRId64
	    " zones, %" PRId64 " records, %" PRId64 " leases, %" PRId64
	    " updates under way\n",
	    number(line, "uptime"), number(line, "workers"),
	    number(line, "zones"), number(line, "records"),
	    number(line, "leases"), number(line, "updates_under_way"));
	print_figures(to, "count", json_object_get(line, "counters"));
	print_store(to, json_object_get(line, "store"));
}

static int
run_status(struct muster_client *client, const struct muster_options *options,
    char **arguments)
{
	(void)arguments;
	return ask_simply(client, options, "status", print_status);
}

/* --- reload --- */

static void
print_line(FILE *to, const struct muster_options *options, const json_t *line)
{
	(void)options;
	muster_print_text(to, text(line, "text"));
	fputc('\n', to);
}

/* What was wrong belongs where errors go. */
static int
run_reload(struct muster_client *client, const struct muster_options *options,
    char **arguments)
{
	(void)arguments;
	return muster_answer(client, options,
	    json_pack("{s:s}", "command", "reload"),
	    options->json ? stdout : stderr, print_line);
}

/* --- the table --- */

static const struct muster_command commands[] = {
    {"dump", "ZONE", "print a zone as a master file", 1, 1,
	FLAG_OUTPUT | FLAG_LEASES, muster_dump},
    {"reload", "", "read configuration and zone files again, as by SIGHUP", 0,
	0, 0, run_reload},
    {"status", "", "how the server is: figures, zones, store", 0, 0, 0,
	run_status},
    {"zones", "", "the zones, with serial and number of records", 0, 0, 0,
	run_zones},
};

const struct muster_command *
muster_command_at(unsigned at)
{
	return at < sizeof(commands) / sizeof(commands[0]) ? &commands[at]
							   : NULL;
}

const struct muster_command *
muster_command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}
