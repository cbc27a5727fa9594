/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server/control_internal.h"
#include "server/now.h"
#include "server/queue.h"
#include "server/registry.h"
#include "server/stats.h"
#include "zones/snapshot.h"
#include "zones/store.h"

/* Zones described in one step. */
#define STEP_ZONES 64

/* --- zones --- */

/* Whether a zone is answered: one that left the configuration keeps its place
 * in the snapshot, but no name leads to it. */
static bool
is_served(const struct zoneset *zones, size_t number)
{
	struct name_key key;

	name_key_init(&key, zones->zone[number]->info->apex.wire);
	return zoneset_find_apex(zones->index, &key) == (int)number;
}

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
static enum control_step
zones_step(struct control_client *client)
{
	struct snapshot_hub *hub = client->control->plan.hub;
	const struct zoneset *zones = snapshot_enter(hub)->zones;
	bool more;

	for (int i = 0; i < STEP_ZONES && client->position < zones->count;
	     i++) {
		size_t number = client->position++;

		if (is_served(zones, number))
			control_client_say(
			    client, describe_zone(zones->zone[number]));
	}
	more = client->position < zones->count;
	snapshot_leave(hub);
	return more ? STEP_MORE : STEP_DONE;
}

/* --- status --- */

static json_t *
describe_counters(const struct control_plan *plan)
{
	json_t *counters = json_object();

	for (int i = 0; i < STAT_COUNT && counters != NULL; i++) {
		uint64_t sum =
		    stats_sum(plan->stats, plan->workers + 1, (enum stat)i);

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
		if (!is_served(zones, i))
			continue;
		all.zones++;
		all.records += zones->zone[i]->records;
	}
	snapshot_leave(hub);
	return all;
}

/* One line about the server, then those of its zones. */
static enum control_step
status_step(struct control_client *client)
{
	const struct control *control = client->control;
	const struct control_plan *plan = &control->plan;
	int64_t up_ms = now_monotonic_ms() - control->started_ms;
	struct totals all;

	if (!client->begun) {
		client->begun = true;
		all = count_all(plan->hub);
		control_client_say(client,
		    json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
			"version", PACKAGE_VERSION, "uptime",
			(json_int_t)(up_ms / 1000), "workers",
			(json_int_t)plan->workers, "zones",
			(json_int_t)all.zones, "records",
			(json_int_t)all.records, "leases",
			(json_int_t)stats_sum(
			    plan->stats, plan->workers + 1, STAT_LEASES),
			"updates_under_way",
			(json_int_t)queue_under_way(plan->inbox), "counters",
			describe_counters(plan), "store",
			describe_store(plan->registry)));
	}
	return zones_step(client);
}

/* --- reload --- */

static void
say_lines(struct control_client *client, const char *text)
{
	size_t len;
	char *line;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		line = strndup(text, len);
		control_client_say(
		    client, json_pack("{s:o}", "text",
				line ? control_text(line) : NULL));
		free(line);
	}
}

/* Main does it, as for SIGHUP; the answer is what it says. */
static enum control_step
reload_step(struct control_client *client)
{
	struct control *control = client->control;
	const struct control_outcome *outcome = control->outcome;

	if (client->ticket == 0) {
		client->ticket = atomic_fetch_add(&control->reloads, 1) + 1;
		control->plan.reload(control->plan.arg);
		return STEP_WAIT;
	}
	if (outcome == NULL || outcome->begun < client->ticket)
		return STEP_WAIT;
	say_lines(client, outcome->text);
	if (outcome->ok)
		return STEP_DONE;
	control_client_fail(client, "not reloaded, or not wholly");
	return STEP_FAILED;
}

/* --- the table --- */

static const struct control_command commands[] = {
    {"dump", control_dump_step, control_dump_end},
    {"reload", reload_step, NULL},
    {"status", status_step, NULL},
    {"zones", zones_step, NULL},
};

const struct control_command *
control_command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}
