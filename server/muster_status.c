/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "server/muster_command.h"
#include "server/table.h"

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
print_server(FILE *to, const json_t *line)
{
	char up[MUSTER_TIME_LEN], since[MUSTER_TIME_LEN];

	fputs("musterd ", to);
	muster_print_text(to, muster_text(line, "version"));
	fprintf(to,
	    ", up %s (since %s), %" PRId64 " workers\n%" PRId64
	    " zones, %" PRId64 " records, %" PRId64 " leases, %" PRId64
	    " updates under way\n",
	    muster_duration(muster_number(line, "uptime"), up),
	    muster_moment(muster_number(line, "started"), since),
	    muster_number(line, "workers"), muster_number(line, "zones"),
	    muster_number(line, "records"), muster_number(line, "leases"),
	    muster_number(line, "updates_under_way"));
	if (muster_number(line, "leases_found") > 0)
		fprintf(to,
		    "%" PRId64
		    " leases were found at the start and not renewed since: "
		    "they run their full length from %s on\n",
		    muster_number(line, "leases_found"), since);
}

/* One of the figures that are bad unless 0. */
static void
print_trouble(FILE *to, const json_t *health, const char *key, const char *what)
{
	char text[160];

	if (muster_number(health, key) == 0)
		return;
	snprintf(text, sizeof(text), "health: %" PRId64 " %s",
	    muster_number(health, key), what);
	table_print_coloured(to, COLOUR_BAD, table_has_colours(to), text);
	fputc('\n', to);
}

static void
print_health(FILE *to, const json_t *health)
{
	if (health == NULL) {
		table_print_coloured(to, COLOUR_WARN, table_has_colours(to),
		    "health: unknown, the writer does not answer");
		fputc('\n', to);
		return;
	}
	fprintf(to,
	    "health: %" PRId64 " services, %" PRId64 " instances: %" PRId64
	    " healthy, %" PRId64 " unhealthy, %" PRId64 " unknown; %" PRId64
	    " draining, %" PRId64 " forced\n",
	    muster_number(health, "services"),
	    muster_number(health, "instances"),
	    muster_number(health, "healthy"),
	    muster_number(health, "unhealthy"),
	    muster_number(health, "unknown"), muster_number(health, "draining"),
	    muster_number(health, "forced"));
	print_trouble(to, health, "panic",
	    "in panic: too few are healthy, so health is ignored");
	print_trouble(to, health, "none_left",
	    "without a healthy instance: all are answered");
	print_trouble(to, health, "last_good",
	    "without a healthy instance: the last good ones are answered");
	print_trouble(to, health, "guard",
	    "guarded: most leases would end at once, so they are held");
}

static void
print_checks(FILE *to, const json_t *checks)
{
	if (muster_number(checks, "done") == 0 &&
	    muster_number(checks, "instances") == 0)
		return;
	fprintf(to,
	    "checks: %.1f per second of %" PRId64 " instances, %" PRId64
	    " under way; %" PRId64 " done, %" PRId64 " of them bad, %" PRId64
	    " late, %" PRId64 " skipped\n",
	    json_number_value(json_object_get(checks, "per_second")),
	    muster_number(checks, "instances"),
	    muster_number(checks, "in_flight"), muster_number(checks, "done"),
	    muster_number(checks, "failed"), muster_number(checks, "late"),
	    muster_number(checks, "skipped"));
}

static void
print_cache(FILE *to, const json_t *cache)
{
	int64_t hits = muster_number(cache, "hits");
	int64_t asked = hits + muster_number(cache, "misses");

	if (asked == 0)
		return;
	fprintf(to,
	    "cache: %" PRId64 " answers, %" PRId64 " KiB; %" PRId64
	    " questions, %" PRId64 "%% of them answered by it; %" PRId64
	    " stale answers\n",
	    muster_number(cache, "entries"),
	    muster_number(cache, "octets") / 1024, asked, 100 * hits / asked,
	    muster_number(cache, "stale"));
}

static void
print_upstream(FILE *to, const json_t *line)
{
	int64_t dead = muster_number(line, "dead");
	const json_t *rtt = json_object_get(line, "rtt_ms");

	fputs("upstream ", to);
	muster_print_text(to, muster_text(line, "upstream"));
	fputs(" for ", to);
	muster_print_text(to, muster_text(line, "forward"));
	fputs(": ", to);
	if (dead > 0)
		table_print_coloured(to, COLOUR_BAD, table_has_colours(to),
		    dead == muster_number(line, "workers") ? "DEAD, "
							   : "dead for some, ");
	if (json_is_number(rtt))
		fprintf(to, "%.1f ms, ", json_number_value(rtt));
	fprintf(to,
	    "%" PRId64 " asked, %" PRId64 " answered, %" PRId64
	    " silent, %" PRId64 " refused\n",
	    muster_number(line, "asked"), muster_number(line, "answered"),
	    muster_number(line, "silent"), muster_number(line, "refused"));
}

static void
print_status(void *arg, FILE *to, const struct muster_options *options,
    const json_t *line)
{
	if (json_object_get(line, "zone") != NULL) {
		muster_print_zone(arg, to, options, line);
		return;
	}
	if (json_object_get(line, "upstream") != NULL) {
		print_upstream(to, line);
		return;
	}
	print_server(to, line);
	print_health(to, muster_object(line, "health"));
	print_checks(to, muster_object(line, "checks"));
	print_cache(to, muster_object(line, "cache"));
	print_figures(to, "count", muster_object(line, "counters"));
	print_store(to, muster_object(line, "store"));
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
