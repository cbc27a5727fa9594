/* lease.h - until when a record may stay.
 *
 * A lease is the promise behind a registered record: when it ends, nobody is
 * answered with the record any more (readers look at its deadline) and the
 * writer takes it out of the zone.  Leases hang in a timer wheel: arming and
 * disarming is O(1), and renewing only stores the new deadline; the entry is
 * queued again lazily when its old slot comes round.
 *
 * The hierarchy of slots and what moves an entry between them are drawn in
 * lease.c.
 *
 * Threads:   writer only (deadlines are read by all, rrset.h).
 * Ownership: the wheel links records that belong to the zone; a record must be
 *            disarmed before it is retired.
 * Units:     monotonic milliseconds; slots of LEASE_TICK_MS.
 * Errors:    none: nothing here allocates after lease_wheel_new().
 * Standards: RFC 9664.
 */
#ifndef ZONES_LEASE_H
#define ZONES_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/rrset.h"

#define LEASE_TICK_MS 64 /* resolution of the reaper */

struct lease_wheel;

/* A wheel whose time starts at now_ms; NULL without memory. */
struct lease_wheel *lease_wheel_new(int64_t now_ms);

/* Records still in it must not be armed or disarmed afterwards. */
void lease_wheel_free(struct lease_wheel *);

/* Gives a record its deadline; arms it if it was not armed, moves it only if
 * the new deadline is earlier than the one it had.  DEADLINE_NONE takes it out
 * of the wheel. */
void lease_arm(struct lease_wheel *, struct lease *, int64_t deadline_ms);

/* Takes a record out of the wheel; harmless if it is not in it.  Its deadline
 * stays as it is: readers of older snapshots still look at it. */
void lease_disarm(struct lease_wheel *, struct lease *);

/* Advances the wheel towards now_ms and unlinks records whose deadline has
 * come, oldest slot first, into due[] (at most max); returns how many.  Does a
 * bounded amount of work (at most 2 * max + 1 records are touched) per call,
 * even if nothing is due: *more says that there is more to do at the same
 * now_ms, and until it is done something due may still be behind it. */
size_t lease_take_due(struct lease_wheel *, int64_t now_ms, struct lease **due,
    size_t max, bool *more);

/* When lease_take_due() should be called next: now_ms or earlier if there is
 * something due, INT64_MAX if the wheel is empty; never later than the
 * earliest deadline rounded up to a tick. */
int64_t lease_next_ms(const struct lease_wheel *);

/* How many records are armed. */
size_t lease_count(const struct lease_wheel *);

#endif
