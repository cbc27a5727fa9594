/* registry_batch.h - what one disk sync will make durable.
 *
 * A batch gathers the edits of many messages: the edition that made them, the
 * operations for the store, what shall happen to leases once it is durable,
 * and the messages themselves, which wait for their reply.
 *
 * Threads:   the writer.
 * Ownership: the registry owns its two batches; a batch owns its updates
 *            until they are finished.
 * Units:     leases in seconds.
 * Errors:    ERR_MEMORY.
 */
#ifndef SERVER_REGISTRY_BATCH_H
#define SERVER_REGISTRY_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "server/nameserver/update.h"
#include "zones/lease.h"
#include "zones/snapshot.h"
#include "zones/store.h"

/* What happens to a lease when the batch is published. */
struct lease_event {
	struct lease *lease;
	uint32_t granted_s; /* 0: it has none, or is gone */
	uint32_t before_s; /* what was granted until this batch */
	bool gone;
};

struct batch {
	struct edition edition;
	struct store_batch *ops;
	struct lease_event *event;
	size_t events;
	size_t event_capacity;
	struct update *first; /* messages, in the order they were applied */
	struct update **last;
	struct zone **before; /* [2 * slots] working versions at its start */
	struct snapshot *snapshot; /* once sealed */
	bool noted; /* a zone's state goes to the store when it is sealed */
	struct inquiry
	    *shown; /* wait until readers see it; registry_health.c */
	bool viewed; /* readers shall see something that nobody stores */
};

/* A place in a batch to go back to. */
struct batch_mark {
	struct savepoint savepoint;
	size_t ops_len;
	size_t events;
};

enum error batch_init(struct batch *, uint64_t step) MUST_CHECK;
void batch_fini(struct batch *);

/* Marks where a message starts; a new step of the edition begins. */
struct batch_mark batch_mark(struct batch *);
void batch_rollback(struct batch *, struct batch_mark);

/* Notes what shall happen.  The lease has its new length from now on, for the
 * next message to compare with; its deadline waits for the batch. */
enum error batch_put_event(
    struct batch *, struct lease *, uint32_t granted_s, bool gone) MUST_CHECK;

void batch_put_update(struct batch *, struct update *);
struct update *batch_take_updates(struct batch *);

/* Whether there is something to make durable. */
static inline bool
batch_has_ops(const struct batch *b)
{
	return b->noted || store_batch_len(b->ops) > 0;
}

/* Does to the leases what was noted, from now_ms on. */
void batch_settle_leases(struct batch *, struct lease_wheel *, int64_t now_ms);

/* The batch failed: records that it had taken out stay, with their leases. */
void batch_keep_leases(struct batch *, struct lease_wheel *);

#endif
