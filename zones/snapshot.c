/* SPDX-License-Identifier: Apache-2.0 */
#ifndef __SANITIZE_THREAD__ /* else snapshot_tsan.c */
#define URCU_INLINE_SMALL_FUNCTIONS
#include <urcu/urcu-memb.h>

#include "zones/snapshot.h"

#include <stdlib.h>

struct snapshot_hub {
	struct snapshot *current;
};

/* What waits for a grace period: blocks, or one call. */
struct deferral {
	struct rcu_head head;
	struct block_list blocks;
	void (*fn)(void *);
	void *arg;
};

struct snapshot_hub *
snapshot_hub_new(void)
{
	urcu_memb_register_thread();
	return calloc(1, sizeof(struct snapshot_hub));
}

void
snapshot_hub_free(struct snapshot_hub *hub)
{
	if (hub == NULL)
		return;
	snapshot_drain(hub);
	free(hub);
	urcu_memb_unregister_thread();
}

void
snapshot_register_thread(void)
{
	urcu_memb_register_thread();
}

void
snapshot_unregister_thread(void)
{
	urcu_memb_unregister_thread();
}

const struct snapshot *
snapshot_enter(struct snapshot_hub *hub)
{
	urcu_memb_read_lock();
	return rcu_dereference(hub->current);
}

void
snapshot_leave(struct snapshot_hub *hub)
{
	(void)hub;
	urcu_memb_read_unlock();
}

static void
deferral_run(struct deferral *d)
{
	for (size_t i = 0; i < d->blocks.count; i++)
		free(d->blocks.block[i]);
	free(d->blocks.block);
	if (d->fn != NULL)
		d->fn(d->arg);
}

static void
deferral_called(struct rcu_head *head)
{
	struct deferral *d = caa_container_of(head, struct deferral, head);

	deferral_run(d);
	free(d);
}

static void
defer(struct deferral job)
{
	struct deferral *d = malloc(sizeof(*d));

	if (d == NULL) {
		urcu_memb_synchronize_rcu();
		deferral_run(&job);
		return;
	}
	*d = job;
	urcu_memb_call_rcu(&d->head, deferral_called);
}

void
snapshot_publish(
    struct snapshot_hub *hub, struct snapshot *next, struct edition *ed)
{
	struct snapshot *old = hub->current;
	struct deferral job = {.fn = old ? free : NULL, .arg = old};

	rcu_assign_pointer(hub->current, next);
	job.blocks = edition_publish(ed);
	defer(job);
}

void
snapshot_defer(struct snapshot_hub *hub, void (*fn)(void *), void *arg)
{
	(void)hub;
	defer((struct deferral){.fn = fn, .arg = arg});
}

void
snapshot_drain(struct snapshot_hub *hub)
{
	(void)hub;
	urcu_memb_barrier();
}

#endif
