/* cache_table.h - finding entries: linear hashing.
 *
 * A table of chains that grows by one chain at a time, so that no insertion
 * has to move them all (Litwin, 1980).  With n chains and 2^k <= n < 2^(k+1),
 * chains below n - 2^k have been split already: for them k + 1 bits of a hash
 * count, k for the others.
 *
 *      0 . . . split | split . . . 2^k | 2^k . . . n
 *      k + 1 bits    | k bits          | k + 1 bits (the new halves)
 *
 * Chains lie in segments that never move.
 *
 * Threads:   one.
 * Ownership: the table owns its segments, not the links.
 * Units:     octets.
 * Errors:    ERR_MEMORY for a new one; one that cannot grow gets slower.
 */
#ifndef RESOLVER_CACHE_TABLE_H
#define RESOLVER_CACHE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

#define CACHE_SEGMENT 512 /* chains in each: a page of pointers */

/* What an entry starts with. */
struct cache_link {
	struct cache_link *next;
	uint64_t hash;
};

struct cache_table {
	struct cache_link ***segment;
	size_t segments_max;
	size_t chains;
	size_t links;
	size_t octets; /* of the segments and the row of them */
};

/* links_max: how many it will be asked to hold at most. */
enum error cache_table_init(struct cache_table *, size_t links_max) MUST_CHECK;
void cache_table_fini(struct cache_table *);

/* The start of the chain of a hash. */
struct cache_link **cache_table_chain(
    const struct cache_table *, uint64_t hash);

/* How many octets the next cache_table_add() may take. */
static inline size_t
cache_table_growth(const struct cache_table *t)
{
	return t->links >= t->chains && t->chains % CACHE_SEGMENT == 0
		   ? CACHE_SEGMENT * sizeof(struct cache_link *)
		   : 0;
}

/* Adds a link whose hash is set; splits a chain where they get long. */
void cache_table_add(struct cache_table *, struct cache_link *);
void cache_table_remove(struct cache_table *, struct cache_link *);

#endif
