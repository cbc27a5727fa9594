/* checker_schedule.h - whose turn it is.
 *
 * Each instance has a place in its interval, by its number, so that probes are
 * spread evenly whatever came when:
 *
 *     |..a.....b..c...|..a.....b..c...|..a.....b..c...|    one interval each
 *
 * A heap holds those that wait, by the moment of their turn; those that are
 * being probed are known (by number) but not in it.  Each operation takes
 * O(log n), 100,000 instances some 5 MB.
 *
 * Threads:   the checker's.
 * Ownership: turns are members of the caller's structs and must stay put.
 * Units:     monotonic milliseconds.
 * Errors:    ERR_MEMORY.
 */
#ifndef SERVER_HEALTH_CHECKER_SCHEDULE_H
#define SERVER_HEALTH_CHECKER_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

#define TURN_NOT_WAITING SIZE_MAX

struct turn {
	uint64_t number;
	struct turn *next; /* with the same hash */
	size_t place; /* in the heap, or TURN_NOT_WAITING */
	int64_t due_ms;
};

struct schedule_entry; /* of the heap */

struct schedule {
	struct turn **bucket; /* [buckets], a power of two */
	size_t buckets;
	size_t known;
	struct schedule_entry *heap;
	size_t waiting, room;
};

void schedule_init(struct schedule *);
void schedule_fini(struct schedule *);

/* Makes a turn known by its number, which must be new; it does not wait. */
enum error schedule_add(
    struct schedule *, struct turn *, uint64_t number) MUST_CHECK;
void schedule_remove(struct schedule *, struct turn *);
struct turn *schedule_find(const struct schedule *, uint64_t number);

/* Has it wait for a moment, whether it waits already or not; never fails. */
void schedule_wait(struct schedule *, struct turn *, int64_t due_ms);
void schedule_unwait(struct schedule *, struct turn *);

/* The one that is due first, or NULL. */
struct turn *schedule_first(const struct schedule *);

/* Calls fn for each that is known; fn may remove it. */
void schedule_each(
    struct schedule *, void (*fn)(void *arg, struct turn *), void *arg);

/* The first moment after one that is a number's place in its interval. */
int64_t schedule_next_ms(
    uint64_t number, uint64_t interval_ms, int64_t after_ms);

/* A number's place in some span of time: 0 .. span_ms - 1. */
uint64_t schedule_place_ms(uint64_t number, uint64_t span_ms);

#endif
