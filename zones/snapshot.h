/* snapshot.h - how readers see the zones, without ever waiting.
 *
 * The writer publishes a snapshot by swapping one pointer.  A reader that
 * entered sees the same snapshot until it leaves; what the writer replaced is
 * freed only when every reader that could have seen it has left (a grace
 * period of userspace RCU).  The only door to liburcu; under ThreadSanitizer,
 * which does not understand its barriers, a lock takes its place
 * (snapshot_tsan.c).
 *
 * Threads:   a reader registers its thread once.  snapshot_enter and
 *            snapshot_leave never lock, wait or allocate (promise 3).
 *            snapshot_publish: the writer.
 * Ownership: the hub owns the current snapshot and the retired blocks.
 * Errors:    none at run time: without memory for the deferral the writer
 *            waits for the grace period instead.
 */
#ifndef ZONES_SNAPSHOT_H
#define ZONES_SNAPSHOT_H

#include "zones/edition.h"
#include "zones/zoneset.h"

/* What a query is answered from. */
struct snapshot {
	const struct zoneset *zones;
	const void *settings; /* of the floor above: an immutable value */
};

struct snapshot_hub;

struct snapshot_hub *snapshot_hub_new(void);
/* All readers must have left for good. */
void snapshot_hub_free(struct snapshot_hub *);

/* Each reading thread, once before and once after all reading. */
void snapshot_register_thread(void);
void snapshot_unregister_thread(void);

/* The current snapshot, NULL before the first one was published. */
const struct snapshot *snapshot_enter(struct snapshot_hub *);
void snapshot_leave(struct snapshot_hub *);

/* Makes a snapshot (a block of the edition) the current one and frees the
 * edition's retired blocks after a grace period. */
void snapshot_publish(
    struct snapshot_hub *, struct snapshot *, struct edition *);

/* Calls fn(arg) after a grace period. */
void snapshot_defer(struct snapshot_hub *, void (*fn)(void *), void *arg);

/* Waits until everything deferred so far is freed. */
void snapshot_drain(struct snapshot_hub *);

#endif
