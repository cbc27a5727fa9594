/* now.h - what time it is: the only place that asks.
 *
 * Two clocks, never mixed.  The monotonic one orders what we do (leases,
 * timeouts): it never steps and goes on while the machine is suspended, so a
 * lease that ran out during a nap has run out.  The wall clock is for TSIG and
 * for people; nothing expires by it.
 *
 * Threads:   any.
 * Ownership: none.
 * Units:     ms since some fixed moment in the past; s since 1970 (UTC).
 * Errors:    none.
 */
#ifndef SERVER_NOW_H
#define SERVER_NOW_H

#include <stdint.h>

struct moment {
	int64_t ms; /* monotonic */
	int64_t wall_s; /* may step */
};

/* Both clocks, cheaply: for a door to read once per batch of messages. */
struct moment now_read(void);

/* The monotonic clock alone. */
int64_t now_monotonic_ms(void);

/* The same clock, finer: for how long something took. */
int64_t now_monotonic_us(void);

#endif
