/* ready_concern.h - which services a change concerns.
 *
 * Those whose records it changes, those that have an instance below their name
 * (DNS-SD), and those that name a host whose addresses it changes.
 *
 * Threads:   writer only.
 * Ownership: lists are the struct's: ready_concern_fini(); all else is
 *            borrowed.
 * Units:     services are named by the hash of their owner.
 * Errors:    ERR_MEMORY.
 */
#ifndef ZONES_READY_CONCERN_H
#define ZONES_READY_CONCERN_H

#include "zones/ready.h"

/* Hashes of services. */
struct todo {
	uint64_t *service;
	size_t count;
	size_t capacity;
};

/* SRV records that have come, for shaper.initial(). */
struct newcomer {
	uint64_t service;
	const struct record *srv;
};

struct newcomers {
	struct newcomer *item;
	size_t count;
	size_t capacity;
};

/* What ready_refresh() goes by. */
struct refresh {
	struct change *change;
	struct referrers *referrers;
	const struct shaper *shaper;
	struct todo todo;
	struct newcomers newcomers;
};

struct concern {
	const struct change *change;
	struct referrers *referrers;
	const struct shaper *shaper; /* NULL: newcomers are not noted */
	struct todo todo; /* each service once; more may be added */
	struct newcomers newcomers; /* sorted by service */
};

/* Fills in the lists. */
enum error ready_collect(struct concern *) MUST_CHECK;
void ready_concern_fini(struct concern *);

/* The newcomers to a service. */
const struct newcomer *ready_newcomers(
    const struct concern *, uint64_t service, size_t *count);

enum error ready_todo_add(struct todo *, uint64_t service) MUST_CHECK;

/* Notes which hosts a service names that is about to be prepared.  A host that
 * becomes popular by it sends all its services back to looking it up. */
enum error ready_note_targets(
    struct todo *, struct referrers *, const struct node *) MUST_CHECK;

#endif
