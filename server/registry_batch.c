/* SPDX-License-Identifier: Apache-2.0 */
#include "server/registry_batch.h"

#include <stdlib.h>

enum error
batch_init(struct batch *b, uint64_t step)
{
	*b = (struct batch){.ops = store_batch_new()};
	b->last = &b->first;
	edition_init(&b->edition, step);
	return b->ops ? OK : ERR_MEMORY;
}

void
batch_fini(struct batch *b)
{
	edition_fini(&b->edition);
	store_batch_free(b->ops);
	free(b->event);
	free(b->before);
}

struct batch_mark
batch_mark(struct batch *b)
{
	return (struct batch_mark){
	    .savepoint = edition_savepoint(&b->edition),
	    .ops_len = store_batch_len(b->ops),
	    .events = b->events,
	};
}

/* Takes the newest events back, until there are so many. */
static void
forget_events(struct batch *b, size_t events)
{
	while (b->events > events) {
		const struct lease_event *e = &b->event[--b->events];

		e->lease->granted_s = e->before_s;
	}
}

void
batch_rollback(struct batch *b, struct batch_mark mark)
{
	forget_events(b, mark.events);
	edition_rollback(&b->edition, mark.savepoint);
	store_batch_truncate(b->ops, mark.ops_len);
}

enum error
batch_put_event(struct batch *b, struct lease *l, uint32_t granted_s, bool gone)
{
	if (b->events == b->event_capacity) {
		size_t capacity = b->events ? 2 * b->events : 256;
		struct lease_event *grown;

		grown = realloc(b->event, capacity * sizeof(*grown));
		if (grown == NULL)
			return ERR_MEMORY;
		b->event = grown;
		b->event_capacity = capacity;
	}
	b->event[b->events++] =
	    (struct lease_event){l, granted_s, l->granted_s, gone};
	l->granted_s = granted_s;
	return OK;
}

void
batch_put_update(struct batch *b, struct update *u)
{
	u->next = NULL;
	*b->last = u;
	b->last = &u->next;
}

struct update *
batch_take_updates(struct batch *b)
{
	struct update *first = b->first;

	b->first = NULL;
	b->last = &b->first;
	return first;
}

void
batch_settle_leases(struct batch *b, struct lease_wheel *wheel, int64_t now_ms)
{
	for (size_t i = 0; i < b->events; i++) {
		const struct lease_event *e = &b->event[i];

		if (e->gone)
			lease_disarm(wheel, e->lease);
		else
			lease_arm(wheel, e->lease,
			    e->granted_s == 0
				? DEADLINE_NONE
				: now_ms + (int64_t)e->granted_s * 1000);
	}
	b->events = 0;
}

/* A record that the reaper had taken off the wheel goes back; one that the
 * batch itself had made never had a deadline, and is about to be freed. */
void
batch_keep_leases(struct batch *b, struct lease_wheel *wheel)
{
	for (size_t i = 0; i < b->events; i++) {
		struct lease *l = b->event[i].lease;
		int64_t deadline_ms = lease_deadline_ms(l);

		if (b->event[i].gone && deadline_ms != DEADLINE_NONE)
			lease_arm(wheel, l, deadline_ms);
	}
	forget_events(b, 0);
}
