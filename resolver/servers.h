/* servers.h - which of several upstream servers to ask, and for how long.
 *
 * For each server a smoothed round-trip time and its variance (RFC 6298), and
 * whether it is dead: so many silences in a row.  The fastest one alive is
 * asked first; the next one when the first has not answered within its bound
 * (never more than 300 ms).  Dead ones are tried with a query of our own,
 * backing off, until they answer.  A server that comes back is not flooded:
 * it takes a growing share.
 *
 *             answered()                 silent(), the third in a row
 *     unknown ----------> alive <------> (counting) ------------> dead
 *                           ^                                   |  ^
 *                  16 times |   silent(), once                  |  |
 *                           |  ,------------------------------------'
 *                       recovering <----------------------------'
 *                                       answered(): a probe, usually
 *
 * Threads:   one.
 * Ownership: a value with an array of the caller's size.
 * Units:     monotonic milliseconds, round trips in microseconds.
 * Errors:    none.
 * Standards: RFC 6298 2 (smoothing).
 */
#ifndef RESOLVER_SERVERS_H
#define RESOLVER_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/random.h"

#define SERVERS_MAX 16
#define SERVERS_PATIENCE_MS 300 /* the longest wait for one that was alive */
#define SERVERS_PATIENCE_MIN_MS \
	20 /* the shortest: half of what is asked of \
	    * upstreams takes them some of it */
#define SERVERS_DEAD_AFTER 3 /* silences in a row */
#define SERVERS_PROBE_MIN_MS 1000
#define SERVERS_PROBE_MAX_MS 30000
#define SERVERS_RECOVERED 16 /* parts of the share: all of it */
/* One question in so many goes to another one alive, so that their round
 * trips stay known. */
#define SERVERS_EXPLORE 64

struct server_state {
	uint32_t srtt_us;
	uint32_t rttvar_us;
	uint16_t silences; /* in a row */
	uint16_t refusals; /* useless answers in a row */
	bool known; /* has answered at least once */
	bool dead;
	uint8_t recovering; /* share it takes, in 1/16; 16: all */
	int64_t probe_at_ms; /* dead: when to try again */
	uint32_t probe_wait_ms;
};

struct servers {
	size_t count;
	struct server_state state[SERVERS_MAX];
};

void servers_init(struct servers *, size_t count);

/* The order in which to ask: fills in numbers, the dead ones last; returns
 * how many (all).  A server of which nothing is known comes first, one that
 * is silent or refuses later than its round trips would tell, and one that
 * recovers at its place as often as its share allows. */
size_t servers_order(const struct servers *, struct random *, int64_t now_ms,
    uint8_t order[SERVERS_MAX]);

/* How long to wait for a server before the next one is asked too: as a
 * retransmission in RFC 6298 2.3, within our bounds. */
uint32_t servers_patience_ms(const struct servers *, unsigned number);

void servers_answered(
    struct servers *, unsigned number, uint32_t rtt_us, int64_t now_ms);
void servers_silent(struct servers *, unsigned number, int64_t now_ms);
/* It answered, but nothing of use (REFUSED, malformed...): it lives, and how
 * fast it was does not count. */
void servers_refused(struct servers *, unsigned number, int64_t now_ms);

/* A dead server whose probe is due (it is then considered probed), or -1. */
int servers_probe(struct servers *, int64_t now_ms);
/* When the next one is due; INT64_MAX: none is dead. */
int64_t servers_next_probe_ms(const struct servers *);

#endif
