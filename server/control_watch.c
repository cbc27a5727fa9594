/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "server/control_view.h"
#include "server/events.h"
#include "server/now.h"

/* Events said in one step. */
#define STEP_EVENTS 64

struct watch_job {
	struct event_watcher watcher;
	const char *pattern; /* NULL: all */
};

void
control_watch_end(struct control_client *client)
{
	struct watch_job *job = client->state;

	if (job == NULL)
		return;
	events_leave(client->control->plan.events, &job->watcher);
	free(job);
}

static const char *
kind_word(enum roster_event_kind kind)
{
	static const char *const word[] = {
	    [EVENT_REGISTERED] = "registered",
	    [EVENT_GONE] = "gone",
	    [EVENT_HEALTH] = "health",
	    [EVENT_SERVED] = "served",
	    [EVENT_CONDITION] = "condition",
	    [EVENT_FORCED] = "forced",
	};

	return word[kind];
}

/* An event about one instance. */
static json_t *
describe_instance(const struct roster_event *e)
{
	return json_pack("{s:s, s:I, s:o, s:o, s:i, s:s, s:s, s:s, s:o}",
	    "event", kind_word(e->kind), "time", (json_int_t)e->wall_s,
	    "service", control_text(e->service), "host", control_text(e->host),
	    "port", (int)e->port, "real", control_why_word(e->real), "served",
	    control_served_word(e->served), "why", control_why_word(e->why),
	    "reason", control_text(e->reason));
}

static json_t *
describe_event(const struct roster_event *e)
{
	enum force_state state = e->why == WHY_FORCED_UP      ? FORCE_UP
				 : e->why == WHY_FORCED_DOWN  ? FORCE_DOWN
				 : e->why == WHY_FORCED_DRAIN ? FORCE_DRAIN
							      : FORCE_AUTO;

	switch (e->kind) {
	case EVENT_CONDITION:
		return json_pack("{s:s, s:I, s:o, s:s}", "event", "condition",
		    "time", (json_int_t)e->wall_s, "service",
		    control_text(e->service), "condition",
		    condition_text(e->condition));
	case EVENT_FORCED:
		return json_pack("{s:s, s:I, s:o, s:s}", "event", "forced",
		    "time", (json_int_t)e->wall_s, "pattern",
		    control_text(e->service), "state", force_text(state));
	default:
		return describe_instance(e);
	}
}

/* What operators wish is told to all who watch. */
static bool
is_wanted(const struct watch_job *job, const struct roster_event *e)
{
	return job->pattern == NULL || e->kind == EVENT_FORCED ||
	       control_matches(job->pattern, e->service, e->host, e->port);
}

static enum control_step
begin(struct control_client *client)
{
	struct watch_job *job;

	if (client->control->plan.events == NULL) {
		control_client_fail(client, "there is nothing to watch here");
		return STEP_FAILED;
	}
	job = client->state = calloc(1, sizeof(*job));
	if (job == NULL) {
		control_client_fail(client, "%s", error_text(ERR_MEMORY));
		return STEP_FAILED;
	}
	job->pattern = control_argument(client, "pattern");
	events_watch(client->control->plan.events, &job->watcher);
	/* Whatever happens from here on is told. */
	control_client_say(client, json_pack("{s:s, s:I}", "event", "watching",
				       "time", (json_int_t)now_read().wall_s));
	return STEP_MORE;
}

/* Goes on until the client ends its side. */
enum control_step
control_watch_step(struct control_client *client)
{
	struct watch_job *job = client->state;
	const struct event_note *note = NULL;
	uint64_t lost;

	if (job == NULL)
		return begin(client);
	if (client->ended)
		return STEP_DONE;
	for (int i = 0; i < STEP_EVENTS && !control_client_is_full(client);
	     i++) {
		note = events_next(
		    client->control->plan.events, &job->watcher, &lost);
		if (lost > 0)
			control_client_say(client,
			    json_pack("{s:I}", "lost", (json_int_t)lost));
		if (note == NULL)
			return STEP_WAIT;
		if (is_wanted(job, &note->event))
			control_client_say(
			    client, describe_event(&note->event));
	}
	return STEP_MORE;
}
