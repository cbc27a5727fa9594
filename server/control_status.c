/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "server/control_internal.h"
#include "server/control_walk.h"
#include "server/now.h"
#include "server/queue.h"
#include "server/registry.h"
#include "zones/snapshot.h"
#include "zones/store.h"

/* Zones described in one step. */
#define STEP_ZONES 64

/* --- zones --- */

static json_t *
describe_zone(const struct zone *zone)
{
	char name[NAME_TEXT_LEN];

	return json_pack("{s:s, s:I, s:I, s:I, s:b}", "zone",
	    name_to_text(zone->info->apex.wire, name), "serial",
	    (json_int_t)zone->serial, "names", (json_int_t)zone->tree.count,
	    "records", (json_int_t)zone->records, "broken", (int)zone->broken);
}

/* One line for each zone, a bounded number in a step. */
enum control_step
control_zones_step(struct control_client *client)
{
	struct snapshot_hub *hub = client->control->plan.hub;
	const struct zoneset *zones = snapshot_enter(hub)->zones;
	bool more;

	for (int i = 0; i < STEP_ZONES && client->position < zones->count;
	     i++) {
		size_t number = client->position++;

		if (control_zone_is_served(zones, number))
			control_client_say(
			    client, describe_zone(zones->zone[number]));
	}
	more = client->position < zones->count;
	snapshot_leave(hub);
	return more ? STEP_MORE : STEP_DONE;
}

/* --- status --- */

static json_t *
describe_counters(const struct control *control)
{
	json_t *counters = json_object();

	for (int i = 0; i < STAT_COUNT && counters != NULL; i++) {
		uint64_t sum = control_stat(control, (enum stat)i);

		if (json_object_set_new(counters, stats_name((enum stat)i),
			json_integer((json_int_t)sum)) != 0) {
			json_decref(counters);
			return NULL;
		}
	}
	return counters;
}

static json_t *
describe_store(struct registry *registry)
{
	struct store_stats stats;

	registry_get_store_stats(registry, &stats);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:o}", "batches",
	    (json_int_t)stats.batches, "operations", (json_int_t)stats.ops,
	    "refused", (json_int_t)stats.refused, "unfolded",
	    (json_int_t)stats.unfolded_len, "history",
	    (json_int_t)stats.history_len, "repaired", (int)stats.repaired,
	    "broken", (int)stats.broken, "error",
	    control_text(stats.last_text));
}

/* All zones together. */
struct totals {
	size_t zones;
	size_t records;
};

static struct totals
count_all(struct snapshot_hub *hub)
{
	const struct zoneset *zones = snapshot_enter(hub)->zones;
	struct totals all = {.zones = 0};

	for (size_t i = 0; i < zones->count; i++) {
		if (!control_zone_is_served(zones, i))
			continue;
		all.zones++;
		all.records += zones->zone[i]->records;
	}
	snapshot_leave(hub);
	return all;
}

/* Probes a second, over the last ticks; 0 before there were two. */
static double
check_rate(const struct control *control)
{
	size_t span = control->ticks > CONTROL_RATE_S ? CONTROL_RATE_S
						      : control->ticks - 1;
	size_t last = control->ticks - 1;

	if (control->ticks < 2)
		return 0;
	return (double)(control->checks[last % (CONTROL_RATE_S + 1)] -
			control->checks[(last - span) % (CONTROL_RATE_S + 1)]) /
	       (double)span;
}

static json_t *
describe_checks(const struct control *control)
{
	return json_pack("{s:f, s:I, s:I, s:I, s:I, s:I, s:I}", "per_second",
	    check_rate(control), "done",
	    (json_int_t)control_stat(control, STAT_CHECKS), "failed",
	    (json_int_t)control_stat(control, STAT_CHECKS_FAILED), "late",
	    (json_int_t)control_stat(control, STAT_CHECKS_LATE), "skipped",
	    (json_int_t)control_stat(control, STAT_CHECKS_SKIPPED), "in_flight",
	    (json_int_t)control_stat(control, STAT_CHECKS_IN_FLIGHT),
	    "instances",
	    (json_int_t)control_stat(control, STAT_CHECKS_INSTANCES));
}

/* What others have answered. */
static json_t *
describe_cache(const struct control *control)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "entries",
	    (json_int_t)control_stat(control, STAT_CACHE_ENTRIES), "octets",
	    (json_int_t)control_stat(control, STAT_CACHE_OCTETS), "hits",
	    (json_int_t)control_stat(control, STAT_CACHE_HITS), "misses",
	    (json_int_t)control_stat(control, STAT_CACHE_MISSES), "stale",
	    (json_int_t)control_stat(control, STAT_FORWARD_STALE), "evicted",
	    (json_int_t)control_stat(control, STAT_CACHE_EVICTED));
}

/* What the roster counts; null if the writer does not answer. */
static json_t *
describe_health(const struct inquiry *answer)
{
	const struct roster_counts *n = &answer->counts;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
			 "s:I}",
	    "services", (json_int_t)n->services, "instances",
	    (json_int_t)n->instances, "healthy", (json_int_t)n->healthy,
	    "unhealthy", (json_int_t)n->unhealthy, "unknown",
	    (json_int_t)n->unknown, "draining", (json_int_t)n->draining,
	    "forced", (json_int_t)n->forced, "panic", (json_int_t)n->panic,
	    "none_left", (json_int_t)n->none_left, "last_good",
	    (json_int_t)n->last_good, "guard", (json_int_t)n->guarded);
}

static void
say_server(struct control_client *client, const struct inquiry *answer)
{
	const struct control *control = client->control;
	const struct control_plan *plan = &control->plan;
	int64_t up_s = (now_monotonic_ms() - control->started_ms) / 1000;
	struct totals all = count_all(plan->hub);

	control_client_say(client,
	    json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, "
		"s:o, s:o}",
		"version", PACKAGE_VERSION, "uptime", (json_int_t)up_s,
		"started", (json_int_t)(now_read().wall_s - up_s), "workers",
		(json_int_t)plan->workers, "zones", (json_int_t)all.zones,
		"records", (json_int_t)all.records, "leases",
		(json_int_t)control_stat(control, STAT_LEASES), "leases_found",
		(json_int_t)control_stat(control, STAT_LEASES_FOUND),
		"updates_under_way", (json_int_t)queue_under_way(plan->inbox),
		"health",
		answer && answer->err == OK ? describe_health(answer)
					    : json_null(),
		"checks", describe_checks(control), "cache",
		describe_cache(control), "counters", describe_counters(control),
		"store", describe_store(plan->registry)));
}

/* What comes after the line about the server. */
struct status_job {
	bool upstreams_said;
};

void
control_status_end(struct control_client *client)
{
	free(client->state);
}

/* The first line; it is asked for when something is wrong: it needs no answer
 * of the writer. */
static enum control_step
say_first(struct control_client *client)
{
	struct inquiry *answer = NULL;

	if (client->question == NULL) {
		struct inquiry *inquiry = calloc(1, sizeof(*inquiry));

		if (inquiry != NULL)
			inquiry->kind = INQUIRY_COUNT;
		if (control_ask(client, inquiry) == NULL)
			return STEP_WAIT;
	}
	if (client->question != NULL &&
	    control_answer(client, CONTROL_STATUS_MS, &answer) == ANSWER_WAIT)
		return STEP_WAIT;
	say_server(client, answer);
	control_forget(client);
	client->begun = true;
	client->state = calloc(1, sizeof(struct status_job));
	return STEP_MORE;
}

/* One line about the server, then those of its upstreams and zones. */
enum control_step
control_status_step(struct control_client *client)
{
	struct status_job *job = client->state;

	if (!client->begun)
		return say_first(client);
	if (job != NULL && !job->upstreams_said) {
		enum control_step step = control_upstreams_step(client);

		job->upstreams_said = step == STEP_DONE;
		return job->upstreams_said ? STEP_MORE : step;
	}
	return control_zones_step(client);
}
