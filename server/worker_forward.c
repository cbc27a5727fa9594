/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker_forward.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "server/nameserver/settings.h"
#include "server/now.h"
#include "server/worker_forward_internal.h"
#include "zones/snapshot.h"

/* The counters are brought up to date so often, at least. */
#define REPORT_MS 1000

/* ---- time ---------------------------------------------------------------- */

static bool
is_busy(const struct worker_forward *wf)
{
	for (size_t i = 0; i < wf->servers; i++)
		if (upstream_is_busy(wf->server[i]->upstream))
			return true;
	return false;
}

/* Makes the timer ring at a moment, if it would later. */
static void
wake_at(struct worker_forward *wf, int64_t now_ms, int64_t at_ms)
{
	int64_t in_ms = at_ms > now_ms ? at_ms - now_ms : 0;
	struct timeval in = {.tv_sec = (time_t)(in_ms / 1000),
	    .tv_usec = (suseconds_t)(in_ms % 1000) * 1000};

	if (wf->wake_ms <= at_ms)
		return;
	wf->wake_ms = at_ms;
	event_add(wf->timer, &in);
}

/* Decides when to look again. */
static void
settle(struct worker_forward *wf, int64_t now_ms)
{
	int64_t next_ms = now_ms + REPORT_MS, due_ms;

	if (wf->resolve.forward == NULL && !is_busy(wf))
		return;
	if (wf->resolve.forward != NULL) {
		due_ms = forward_next_ms(wf->resolve.forward);
		next_ms = due_ms < next_ms ? due_ms : next_ms;
	}
	due_ms = wf->ticked_ms + UPSTREAM_TICK_MS;
	if (due_ms < next_ms && is_busy(wf))
		next_ms = due_ms;
	wake_at(wf, now_ms, next_ms);
}

/* ---- a turn: what may call back ------------------------------------------ */

static void
begin_turn(struct worker_forward *wf)
{
	struct resolve *r = &wf->resolve;
	struct moment now = now_read();
	const struct settings *settings;

	r->snapshot = snapshot_enter(wf->plan.door->hub);
	settings = r->snapshot->settings;
	r->now_ms = now.ms;
	r->wall_s = now.wall_s;
	if (r->generation != settings->generation)
		r->renew(r->renew_arg, settings);
	resolve_again(r);
}

static void
end_turn(struct worker_forward *wf)
{
	snapshot_leave(wf->plan.door->hub);
	wf->resolve.snapshot = NULL;
	wf->plan.door->late.flush(wf->plan.door->late.arg);
	settle(wf, wf->resolve.now_ms);
}

static void
timer_rings(evutil_socket_t fd, short what, void *arg)
{
	struct worker_forward *wf = arg;
	struct resolve *r = &wf->resolve;

	(void)fd;
	(void)what;
	wf->wake_ms = INT64_MAX;
	begin_turn(wf);
	if (wf->ticked_ms + UPSTREAM_TICK_MS <= r->now_ms) {
		wf->ticked_ms = r->now_ms;
		for (size_t i = 0; i < wf->servers; i++)
			upstream_tick(
			    wf->server[i]->upstream, now_monotonic_us());
	}
	if (r->forward != NULL)
		forward_turn(r->forward, r->now_ms);
	end_turn(wf);
	worker_forward_report(wf);
}

/* ---- sockets --------------------------------------------------------------
 */

/* A reload may have taken it away. */
static bool
is_there(const struct worker_forward *wf, const struct worker_server *server)
{
	for (size_t i = 0; i < wf->servers; i++)
		if (wf->server[i] == server)
			return true;
	return false;
}

static void
socket_ready(evutil_socket_t fd, short what, void *arg)
{
	struct worker_server *server = arg;
	struct worker_forward *wf = server->owner;

	begin_turn(wf);
	if (is_there(wf, server))
		upstream_ready(server->upstream, fd, (what & EV_READ) != 0,
		    (what & EV_WRITE) != 0, now_monotonic_us());
	end_turn(wf);
}

/* Room for what is watched of a descriptor. */
static struct event **
watch_slot(struct worker_forward *wf, int fd)
{
	size_t count = wf->watches > 0 ? wf->watches : 64;
	struct event **grown;

	while (count <= (size_t)fd)
		count *= 2;
	if (count > wf->watches) {
		grown = realloc(wf->watch, count * sizeof(struct event *));
		if (grown == NULL)
			return NULL;
		memset(grown + wf->watches, 0,
		    (count - wf->watches) * sizeof(struct event *));
		wf->watch = grown;
		wf->watches = count;
	}
	return &wf->watch[fd];
}

/* A socket that cannot be watched is one that nothing comes from. */
static void
watch(void *arg, int fd, bool readable, bool writable)
{
	struct worker_server *server = arg;
	struct worker_forward *wf = server->owner;
	struct event **at = watch_slot(wf, fd);
	short what = (short)(EV_PERSIST | (readable ? EV_READ : 0) |
			     (writable ? EV_WRITE : 0));

	if (at == NULL)
		return;
	if (*at != NULL)
		event_free(*at);
	*at = NULL;
	if (!readable && !writable)
		return;
	*at = event_new(wf->plan.door->base, fd, what, socket_ready, server);
	if (*at != NULL)
		event_add(*at, NULL);
}

/* ---- questions ------------------------------------------------------------
 */

/* A question of the forwarder on its way. */
struct asked {
	struct worker_forward *wf;
	uint64_t ticket;
	uint64_t epoch; /* of the forwarder that asked */
};

static void
answered(void *arg, enum upstream_outcome outcome, const uint8_t *qname,
    const uint8_t *wire, size_t len, uint32_t rtt_us)
{
	struct asked *asked = arg;
	struct worker_forward *wf = asked->wf;
	uint64_t ticket = asked->ticket;
	bool is_wanted =
	    asked->epoch == wf->epoch && wf->resolve.forward != NULL;

	free(asked);
	if (is_wanted)
		forward_answered(wf->resolve.forward, ticket, outcome, qname,
		    wire, len, rtt_us, wf->resolve.now_ms);
}

bool
worker_forward_ask(void *arg, unsigned zone, unsigned number, uint64_t ticket,
    const struct upstream_question *question)
{
	struct worker_forward *wf = arg;
	struct worker_server *server = wf->zone[zone].server[number];
	struct asked *asked = malloc(sizeof(*asked));
	int64_t now_us = now_monotonic_us();

	if (asked == NULL)
		return false;
	*asked = (struct asked){wf, ticket, wf->epoch};
	if (upstream_ask(server->upstream, question, now_us, answered, asked) !=
	    OK) {
		free(asked);
		return false;
	}
	/* Nobody's patience is shorter. */
	wake_at(wf, now_us / 1000, now_us / 1000 + SERVERS_PATIENCE_MIN_MS);
	return true;
}

/* ---- made and unmade ------------------------------------------------------
 */

struct upstream_loop
worker_forward_loop(struct worker_server *server)
{
	return (struct upstream_loop){.watch = watch, .arg = server};
}

enum error
worker_forward_new(
    const struct worker_forward_plan *plan, struct worker_forward **made)
{
	struct worker_forward *wf = calloc(1, sizeof(*wf));

	if (wf == NULL)
		return ERR_MEMORY;
	wf->plan = *plan;
	wf->wake_ms = INT64_MAX;
	wf->timer = event_new(plan->door->base, -1, 0, timer_rings, wf);
	wf->resolve = (struct resolve){
	    .renew = worker_forward_renew,
	    .room = plan->door->late.room,
	    .put = plan->door->late.put,
	    .arg = plan->door->late.arg,
	    .renew_arg = wf,
	    .random = &plan->door->random,
	};
	if (wf->timer == NULL) {
		free(wf);
		return ERR_MEMORY;
	}
	nameserver_use_resolve(plan->door->local, &wf->resolve);
	*made = wf;
	return OK;
}

void
worker_forward_free(struct worker_forward *wf)
{
	if (wf == NULL)
		return;
	nameserver_use_resolve(wf->plan.door->local, NULL);
	wf->epoch++; /* what ends now is of no interest */
	worker_forward_clear(wf);
	resolve_fini(&wf->resolve);
	cache_free(wf->resolve.cache);
	event_free(wf->timer);
	free(wf->watch);
	free(wf);
}
