/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "server/control_view.h"
#include "server/now.h"
#include "zones/snapshot.h"

/* Lists are walked in steps; between two of them nothing of a snapshot is
 * kept, and what matches is said at once. */
struct list_job {
	const char *pattern; /* NULL: all */
	struct control_walk walk; /* services */
	struct control_tour tour; /* instances */
};

static struct list_job *
get_job(struct control_client *client)
{
	struct list_job *job = client->state;

	if (job != NULL)
		return job;
	job = client->state = calloc(1, sizeof(*job));
	if (job != NULL)
		job->pattern = control_argument(client, "pattern");
	else
		control_client_fail(client, "%s", error_text(ERR_MEMORY));
	return job;
}

void
control_list_end(struct control_client *client)
{
	free(client->state);
}

/* --- services --- */

static json_t *
describe_service(const struct zone *zone, const struct node *service,
    const struct settings *settings, const char *name,
    const struct control_count *count)
{
	const struct ready *ready = service->ready;
	const struct shape *shape = &shape_default;
	char apex[NAME_TEXT_LEN];

	if (settings != NULL)
		shape = settings_shape(settings, ready ? ready->shape : 0);
	return json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}", "service", name,
	    "zone", control_name_text(zone->info->apex.wire, apex),
	    "registered", (json_int_t)count->registered, "served",
	    (json_int_t)count->served, "condition",
	    condition_text(
		ready ? (enum condition)ready->condition : CONDITION_NORMAL),
	    "strategy", control_strategy_word(shape->strategy));
}

/* Says a service if it is there and asked for; returns the work that was
 * done. */
static size_t
say_service(struct control_client *client, const struct snapshot *snapshot,
    const struct node *service, int64_t now_ms)
{
	struct list_job *job = client->state;
	const struct zone *zone = snapshot->zones->zone[job->walk.zone];
	char name[NAME_TEXT_LEN];
	struct control_count count;

	control_name_text(node_owner(service), name);
	if (job->pattern != NULL && !control_matches(job->pattern, name, "", 0))
		return 1;
	count = control_instances_count(zone, service, now_ms);
	if (count.registered > 0)
		control_client_say(
		    client, describe_service(zone, service, snapshot->settings,
				name, &count));
	return 1 + count.registered;
}

enum control_step
control_services_step(struct control_client *client)
{
	struct snapshot_hub *hub = client->control->plan.hub;
	struct list_job *job = get_job(client);
	int64_t now_ms = now_monotonic_ms();
	const struct snapshot *snapshot;
	const struct node *service = NULL;
	size_t work = 0;

	if (job == NULL)
		return STEP_FAILED;
	snapshot = snapshot_enter(hub);
	control_walk_enter(&job->walk, snapshot->zones);
	while (work < CONTROL_STEP_WORK && !control_client_is_full(client)) {
		service = control_walk_next(&job->walk);
		if (service == NULL)
			break;
		work += say_service(client, snapshot, service, now_ms);
	}
	snapshot_leave(hub);
	return service == NULL ? STEP_DONE : STEP_MORE;
}

/* --- instances --- */

static void
say_instance(struct control_client *client, const struct snapshot *snapshot,
    const struct control_instance *instance, int64_t now_ms)
{
	const struct list_job *job = client->state;
	char service[NAME_TEXT_LEN], host[NAME_TEXT_LEN];

	if (job->pattern == NULL ||
	    control_matches(job->pattern,
		control_name_text(node_owner(instance->service), service),
		control_name_text(instance->srv->rdata + 6, host),
		wire_load_u16(instance->srv->rdata + 4)))
		control_client_say(client, control_view_instance(instance,
					       snapshot->settings, now_ms));
}

enum control_step
control_instances_step(struct control_client *client)
{
	struct snapshot_hub *hub = client->control->plan.hub;
	struct list_job *job = get_job(client);
	int64_t now_ms = now_monotonic_ms();
	size_t work = CONTROL_STEP_WORK;
	const struct snapshot *snapshot;
	struct control_instance instance;

	if (job == NULL)
		return STEP_FAILED;
	snapshot = snapshot_enter(hub);
	control_tour_enter(&job->tour, snapshot->zones, now_ms);
	while (!control_client_is_full(client) &&
	       control_tour_next(&job->tour, &instance, &work))
		say_instance(client, snapshot, &instance, now_ms);
	snapshot_leave(hub);
	return job->tour.done ? STEP_DONE : STEP_MORE;
}
