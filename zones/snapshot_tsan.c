/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/snapshot.h"

#ifdef __SANITIZE_THREAD__

#include <pthread.h>
#include <stdlib.h>

/* ThreadSanitizer knows locks but not the barriers of liburcu 0.13.  What
 * readers may see and when blocks are freed is the same as in snapshot.c;
 * only the waiting differs. */
struct snapshot_hub {
	pthread_rwlock_t lock;
	struct snapshot *current;
};

struct snapshot_hub *
snapshot_hub_new(void)
{
	struct snapshot_hub *hub = calloc(1, sizeof(*hub));
	pthread_rwlockattr_t attr;

	if (hub == NULL)
		return NULL;
	/* Readers that never pause would keep the writer out for ever; none
	 * enters twice. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
	    &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&hub->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return hub;
}

void
snapshot_hub_free(struct snapshot_hub *hub)
{
	if (hub == NULL)
		return;
	pthread_rwlock_destroy(&hub->lock);
	free(hub);
}

void
snapshot_register_thread(void)
{
}

void
snapshot_unregister_thread(void)
{
}

const struct snapshot *
snapshot_enter(struct snapshot_hub *hub)
{
	pthread_rwlock_rdlock(&hub->lock);
	return hub->current;
}

void
snapshot_leave(struct snapshot_hub *hub)
{
	pthread_rwlock_unlock(&hub->lock);
}

void
snapshot_publish(
    struct snapshot_hub *hub, struct snapshot *next, struct edition *ed)
{
	struct block_list blocks = edition_publish(ed);
	struct snapshot *old;

	pthread_rwlock_wrlock(&hub->lock);
	old = hub->current;
	hub->current = next;
	pthread_rwlock_unlock(&hub->lock);
	free(old);
	for (size_t i = 0; i < blocks.count; i++)
		free(blocks.block[i]);
	free(blocks.block);
}

void
snapshot_defer(struct snapshot_hub *hub, void (*fn)(void *), void *arg)
{
	pthread_rwlock_wrlock(&hub->lock);
	pthread_rwlock_unlock(&hub->lock);
	fn(arg);
}

void
snapshot_drain(struct snapshot_hub *hub)
{
	(void)hub;
}

#endif
