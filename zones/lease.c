/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/lease.h"

#include <stdlib.h>

/* The wheel.  Time is counted in ticks since the wheel was made; a tick is
 * written as ten digits of six bits, and each level of the wheel has one slot
 * for each value of one digit.  A record hangs at the level of the highest
 * digit in which its tick differs from the present one, in the slot of that
 * digit:
 *
 *              digit 2      digit 1      digit 0
 *   present       3            17           60
 *   record A      3            17           62    level 0, slot 62
 *   record B      3            20            5    level 1, slot 20
 *   record C      9             0            0    level 2, slot 9
 *
 *            lease_arm                    lease_take_due
 *                |
 *     +----------+-----------+
 *     v          v           v
 *   level 9 .. level 1     level 0
 *   +--+--+--+ +--+--+--+  +--+--+--+   its tick has come, and
 *   |  |  |  | |  |  |  |  |  |  |  |--> so has its deadline: due[]
 *   +--+--+--+ +--+--+--+  +--+--+--+
 *        |       ^  |        ^  |  |
 *        +-------+  +--------+  |  +--> renewed meanwhile: queued again by
 *      the first tick of the slot       its deadline, at any level
 *      has come: queued again,
 *      nearer (cascade)
 *
 * Invariants:
 *  1. A record in a slot of level n agrees with the present tick in all digits
 *     above n.  So slots behind the present digit are empty, there is no
 *     wrapping round, and everything at a level is due before anything at the
 *     levels above it.  The next slot to look at is the first of the lowest
 *     level in use: empty stretches cost nothing, however long.
 *  2. A record hangs at a tick no later than its deadline, rounded up: renewing
 *     moves the deadline only.  Taking looks at the deadline.
 *  3. Above level 0 the slot of the present digit is empty, but for the one
 *     slot whose cascade is under way; nothing is queued to that.  Until it
 *     is empty time stands still.
 *
 * Ten digits are more than an int64_t of milliseconds can hold, so that there
 * is no list for what lies too far ahead. */

#define LEVEL_BITS 6
#define SLOTS (1u << LEVEL_BITS)
#define LEVELS 10

struct lease_wheel {
	int64_t start_ms;
	uint64_t tick; /* the present one: all before it are empty */
	size_t count;
	uint64_t occupied[LEVELS]; /* bit n: slot n is not empty */
	struct lease *slot[LEVELS][SLOTS];
};

struct lease_wheel *
lease_wheel_new(int64_t now_ms)
{
	struct lease_wheel *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->start_ms = now_ms;
	return w;
}

void
lease_wheel_free(struct lease_wheel *w)
{
	free(w);
}

/* Whole ticks from the start to a time: none before the start. */
static uint64_t
ticks_until(const struct lease_wheel *w, int64_t time_ms)
{
	if (time_ms <= w->start_ms)
		return 0;
	return ((uint64_t)time_ms - (uint64_t)w->start_ms) / LEASE_TICK_MS;
}

/* The first tick at which a deadline is over. */
static uint64_t
tick_of(const struct lease_wheel *w, int64_t deadline_ms)
{
	uint64_t tick = ticks_until(w, deadline_ms);

	if (deadline_ms > w->start_ms &&
	    ((uint64_t)deadline_ms - (uint64_t)w->start_ms) % LEASE_TICK_MS)
		tick++;
	return tick;
}

/* When a tick begins; INT64_MAX if no clock will ever say so. */
static int64_t
time_of(const struct lease_wheel *w, uint64_t tick)
{
	uint64_t left_ms = (uint64_t)INT64_MAX - (uint64_t)w->start_ms;

	if (tick > left_ms / LEASE_TICK_MS)
		return INT64_MAX;
	return (int64_t)((uint64_t)w->start_ms + tick * LEASE_TICK_MS);
}

static unsigned
digit(uint64_t tick, unsigned level)
{
	return (unsigned)(tick >> (level * LEVEL_BITS)) % SLOTS;
}

static void
link_record(struct lease_wheel *w, struct lease *r)
{
	uint64_t tick = tick_of(w, lease_deadline_ms(r));
	unsigned level = 0, index;
	struct lease **head;

	if (tick < w->tick)
		tick = w->tick;
	if (tick != w->tick)
		level = (63u - (unsigned)__builtin_clzll(tick ^ w->tick)) /
			LEVEL_BITS;
	index = digit(tick, level);
	head = &w->slot[level][index];
	r->wheel_next = *head;
	if (*head)
		(*head)->wheel_prev = &r->wheel_next;
	r->wheel_prev = head;
	*head = r;
	w->occupied[level] |= UINT64_C(1) << index;
	w->count++;
}

static void
unlink_record(struct lease_wheel *w, struct lease *r)
{
	uintptr_t at = (uintptr_t)r->wheel_prev;
	uintptr_t first = (uintptr_t)&w->slot[0][0];

	*r->wheel_prev = r->wheel_next;
	if (r->wheel_next)
		r->wheel_next->wheel_prev = r->wheel_prev;
	else if (at - first < sizeof(w->slot)) {
		/* The only one of its slot: a head points at it. */
		size_t i = (at - first) / sizeof(w->slot[0][0]);

		w->occupied[i / SLOTS] &= ~(UINT64_C(1) << i % SLOTS);
	}
	r->wheel_next = NULL;
	r->wheel_prev = NULL;
	w->count--;
}

static void
set_deadline(struct lease *r, int64_t deadline_ms)
{
	atomic_store_explicit(
	    &r->deadline_ms, deadline_ms, memory_order_relaxed);
}

void
lease_arm(struct lease_wheel *w, struct lease *r, int64_t deadline_ms)
{
	bool earlier = deadline_ms < lease_deadline_ms(r);

	set_deadline(r, deadline_ms);
	if (r->wheel_prev == NULL) {
		if (deadline_ms != DEADLINE_NONE)
			link_record(w, r);
	} else if (earlier) {
		unlink_record(w, r);
		link_record(w, r);
	} else if (deadline_ms == DEADLINE_NONE) {
		unlink_record(w, r);
	}
}

void
lease_disarm(struct lease_wheel *w, struct lease *r)
{
	if (r->wheel_prev)
		unlink_record(w, r);
}

/* The slot to look at next: its level and the tick at which it begins.  False
 * if all are empty. */
static bool
next_slot(const struct lease_wheel *w, unsigned *level, uint64_t *tick)
{
	unsigned n;

	/* A cascade under way comes before all else (invariant 3). */
	for (n = LEVELS; --n > 0;)
		if (w->occupied[n] >> digit(w->tick, n) & 1)
			break;
	if (n == 0)
		while (n < LEVELS && w->occupied[n] == 0)
			n++;
	if (n == LEVELS)
		return false;
	*level = n;
	*tick = w->tick >> (n * LEVEL_BITS) >> LEVEL_BITS;
	*tick = *tick << LEVEL_BITS | (unsigned)__builtin_ctzll(w->occupied[n]);
	*tick <<= n * LEVEL_BITS;
	return true;
}

/* Whether the slot that comes next has come at tick now. */
static bool
is_slot_due(
    const struct lease_wheel *w, uint64_t now, unsigned *level, uint64_t *tick)
{
	if (!next_slot(w, level, tick))
		return false;
	return *tick <= now || (*level > 0 && *tick <= w->tick);
}

size_t
lease_take_due(struct lease_wheel *w, int64_t now_ms, struct lease **due,
    size_t max, bool *more)
{
	uint64_t now = ticks_until(w, now_ms), tick;
	size_t count = 0, moves = 2 * max + 1;
	unsigned level;

	*more = false;
	if (now_ms < w->start_ms)
		return 0;
	while (is_slot_due(w, now, &level, &tick)) {
		struct lease *r = w->slot[level][digit(tick, level)];

		if (count == max || moves-- == 0) {
			*more = true;
			return count;
		}
		if (tick > w->tick)
			w->tick = tick;
		unlink_record(w, r);
		if (level == 0 && lease_deadline_ms(r) <= now_ms)
			due[count++] = r;
		else
			link_record(w, r);
	}
	if (now > w->tick)
		w->tick = now;
	return count;
}

int64_t
lease_next_ms(const struct lease_wheel *w)
{
	unsigned level;
	uint64_t tick;

	if (!next_slot(w, &level, &tick))
		return INT64_MAX;
	return time_of(w, tick);
}

size_t
lease_count(const struct lease_wheel *w)
{
	return w->count;
}
