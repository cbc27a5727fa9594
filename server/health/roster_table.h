/* roster_table.h - the roster's two containers.
 *
 * A hash table of things that carry their own links, by 64-bit keys that are
 * hashes or counters already; equal keys are allowed, whoever looks compares.
 * And a heap of timers that things carry: the earliest is on top, and each
 * knows its place, so that it can be moved.
 *
 * Threads:   the writer's.
 * Ownership: holds links only.
 * Units:     monotonic milliseconds.
 * Errors:    ERR_MEMORY from what makes room; what uses it cannot fail.
 */
#ifndef SERVER_HEALTH_ROSTER_TABLE_H
#define SERVER_HEALTH_ROSTER_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

struct table_link {
	struct table_link *next;
	uint64_t key;
};

struct table {
	struct table_link **bucket;
	size_t mask; /* buckets - 1 */
	size_t count;
};

enum error table_init(struct table *) MUST_CHECK;
void table_fini(struct table *);

/* A crowded table grows if there is memory, else it gets slower. */
void table_put(struct table *, struct table_link *, uint64_t key);
/* It must be in the table. */
void table_take(struct table *, struct table_link *);
/* The first with that key, or NULL; and the next one. */
struct table_link *table_find(const struct table *, uint64_t key);
struct table_link *table_find_next(const struct table_link *);
/* Walking, in no particular order; the one returned last may be taken out:
 * for (l = table_walk(t, &w); l; l = table_walk(t, &w)), w = {0} before. */
struct table_walk {
	size_t bucket;
	struct table_link *next;
};
struct table_link *table_walk(const struct table *, struct table_walk *);

struct timer {
	int64_t due_ms; /* INT64_MAX: not set */
	size_t place; /* in the heap, from 1; 0: not in it */
};

struct heap {
	struct timer **timer;
	size_t count;
	size_t capacity;
};

void heap_fini(struct heap *);
/* Room for that many timers in all. */
enum error heap_reserve(struct heap *, size_t timers) MUST_CHECK;
/* Sets, moves or, with INT64_MAX, ends a timer. */
void heap_set(struct heap *, struct timer *, int64_t due_ms);
/* The earliest, or NULL. */
struct timer *heap_top(const struct heap *);

#endif
