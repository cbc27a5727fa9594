/* forward.h - answering what is not ours, by asking others.
 *
 * One forwarder a worker: its cache, what is in flight, and for each forward
 * zone its servers.  It is a machine without sockets and clock: questions
 * leave through ops, so that it can be driven by scenarios.
 *
 *   question -> cache: fresh ------------------------------> answer
 *                 |  `- popular and soon stale: asked again meanwhile
 *                 |-> in flight already: waits with the others
 *                 `-> best server; after its patience the next one too, ...
 *                       |-> answer -> cache -> all who wait
 *                       |-> 1.8 s without one and something stale: that,
 *                       |   EDE 3, and the question goes on (RFC 8767 5)
 *                       `-> all failed: SERVFAIL, remembered (RFC 9520)
 *
 * Threads:   one.
 * Ownership: waiters are the caller's; each gets exactly one call of its fn,
 *            perhaps before forward_ask() returns.
 * Units:     monotonic milliseconds.
 * Errors:    ERR_MEMORY, ERR_LIMIT (in flight: SERVFAIL to the client).
 * Standards: RFC 2308; RFC 5452; RFC 8767; RFC 9520.
 */
#ifndef RESOLVER_FORWARD_H
#define RESOLVER_FORWARD_H

#include "resolver/cache.h"
#include "resolver/servers.h"
#include "resolver/upstream.h"

#define FORWARD_STALE_AFTER_MS 1800 /* RFC 8767 5 */
#define FORWARD_TIMEOUT_MS 5000 /* then the client has given up */
#define FORWARD_IN_FLIGHT 10000 /* questions */
#define FORWARD_WAITERS 100 /* of one question */

struct forward;

struct forward_zone {
	const uint8_t *zone;
	size_t servers;
	bool drop_private; /* rebinding protection */
};

struct forward_ops {
	/* Asks server number `server` of zone number `zone`; ends with
	 * forward_answered().  false: it cannot now. */
	bool (*ask)(void *arg, unsigned zone, unsigned server, uint64_t ticket,
	    const struct upstream_question *);
	void *arg;
};

enum forward_source {
	FORWARD_CACHE, /* fresh */
	FORWARD_ANSWER, /* just came */
	FORWARD_STALE, /* EDE 3 (NXDOMAIN: 19) */
	FORWARD_FAILED, /* SERVFAIL; EDE 22 or 23 */
	FORWARD_FAILED_BEFORE, /* SERVFAIL from the cache; EDE 13 */
	FORWARD_BLOCKED, /* private addresses: NODATA; EDE 17 */
	FORWARD_ENDED, /* the forwarder goes: no answer */
};

typedef void forward_fn(void *arg, enum forward_source,
    const struct cache_entry *);

enum error forward_new(const struct forward_zone *, size_t zones,
    struct cache *, const struct forward_ops *, struct random *,
    struct forward **) MUST_CHECK;
void forward_free(struct forward *);

/* The zone with the longest match, or -1. */
int forward_find_zone(const struct forward *, const uint8_t *qname);

enum error forward_ask(struct forward *, unsigned zone,
    const struct cache_key *, int64_t now_ms, forward_fn *,
    void *arg) MUST_CHECK;

void forward_answered(struct forward *, uint64_t ticket,
    enum upstream_outcome, const uint8_t *qname, const uint8_t *wire,
    size_t len, uint32_t rtt_us, int64_t now_ms);

void forward_turn(struct forward *, int64_t now_ms);
int64_t forward_next_ms(const struct forward *);

struct forward_stats {
	uint64_t asked, answered, silent, wrong, merged, prefetched, stale,
	    failed, blocked;
	size_t in_flight;
};
void forward_get_stats(const struct forward *, struct forward_stats *);
const struct servers *forward_servers(const struct forward *, unsigned zone);

#endif
