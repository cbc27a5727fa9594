/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "server/muster_command.h"

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
	const char *error = muster_text(store, "error");

	print_figures(to, "store", store);
	if (muster_is_true(store, "repaired"))
		fputs("store: was damaged at the start and put right\n", to);
	if (muster_is_true(store, "broken"))
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
print_zone(FILE *to, const json_t *zone)
{
	muster_print_text(to, muster_text(zone, "zone"));
	fprintf(to, "  serial %" PRId64 ", %" PRId64 " records%s\n",
	    muster_number(zone, "serial"), muster_number(zone, "records"),
	    muster_is_true(zone, "broken") ? ", no data: broken" : "");
}

static void
print_status(void *arg, FILE *to, const struct muster_options *options,
    const json_t *line)
{
	(void)arg;
	(void)options;
	if (json_object_get(line, "zone") != NULL) {
		print_zone(to, line);
		return;
	}
	fputs("musterd ", to);
	muster_print_text(to, muster_text(line, "version"));
	fprintf(to,
	    ", up %" PRId64 " s, %" PRId64 " workers\n%" PRId64
	    " zones, %" PRId64 " records, %" PRId64 " leases, %" PRId64
	    " updates under way\n",
	    muster_number(line, "uptime"), muster_number(line, "workers"),
	    muster_number(line, "zones"), muster_number(line, "records"),
	    muster_number(line, "leases"),
	    muster_number(line, "updates_under_way"));
	print_figures(to, "count", json_object_get(line, "counters"));
	print_store(to, json_object_get(line, "store"));
}

int
muster_status(struct muster_client *client,
    const struct muster_options *options, char **arguments)
{
	(void)arguments;
	return muster_answer(client, options,
	    json_pack("{s:s}", "command", "status"), stdout, print_status,
	    NULL);
}
