/* fake_snapshot.h - a hub without readers elsewhere, in place of the real one.
 *
 * Defines the functions of zones/snapshot.h so that what was retired is freed
 * at once: whoever still reaches it is caught by AddressSanitizer.
 *
 * Threads:   none.
 * Ownership: as snapshot.h.
 * Errors:    assert.
 */
#ifndef TESTS_LIB_FAKE_SNAPSHOT_H
#define TESTS_LIB_FAKE_SNAPSHOT_H

#undef NDEBUG
#include <assert.h>
#include <stdlib.h>

#include "zones/snapshot.h"

struct snapshot_hub {
	struct snapshot *current;
};

struct snapshot_hub *
snapshot_hub_new(void)
{
	return calloc(1, sizeof(struct snapshot_hub));
}

void
snapshot_hub_free(struct snapshot_hub *hub)
{
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
	return hub->current;
}

void
snapshot_leave(struct snapshot_hub *hub)
{
	(void)hub;
}

void
snapshot_publish(
    struct snapshot_hub *hub, struct snapshot *next, struct edition *ed)
{
	struct block_list retired = edition_publish(ed);

	free(hub->current);
	hub->current = next;
	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
}

void
snapshot_defer(struct snapshot_hub *hub, void (*fn)(void *), void *arg)
{
	(void)hub;
	fn(arg);
}

void
snapshot_drain(struct snapshot_hub *hub)
{
	(void)hub;
}

#endif
