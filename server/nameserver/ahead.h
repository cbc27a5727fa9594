/* ahead.h - asking for the memory that a batch of queries is going to need.
 *
 * A query for a name that was not asked for lately waits for memory at each
 * pointer on the way: branches, node, RRset, records.  Queries that came
 * together wait together: all walks go down level by level, and while one
 * line of memory is on its way the next is asked for.  Nothing is decided
 * here; what is wrong with a query is found later, where it is answered.
 *
 * Threads:   a worker, inside snapshot_enter().
 * Ownership: a struct ahead belongs to the worker; keys are valid until its
 *            next look ahead.
 * Errors:    none.
 */
#ifndef SERVER_NAMESERVER_AHEAD_H
#define SERVER_NAMESERVER_AHEAD_H

#include <stdbool.h>

#include "zones/dns/name.h"
#include "zones/snapshot.h"
#include "zones/tree.h"

#define AHEAD_MAX TREE_MANY

/* The questions of some messages. */
struct ahead {
	struct name_key key[AHEAD_MAX];
	const struct zone *zone[AHEAD_MAX]; /* NULL: no key was made */
};

/* Looks at up to AHEAD_MAX messages as they came. */
void ahead_look(struct ahead *, const struct snapshot *,
    const uint8_t *const *in, const size_t *in_len, size_t count);

/* The key of the question of message number i, or NULL. */
static inline const struct name_key *
ahead_key(const struct ahead *ahead, size_t i)
{
	return ahead->zone[i] ? &ahead->key[i] : NULL;
}

#endif
