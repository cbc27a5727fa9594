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
 * A server is asked, and after its patience (servers.h) the next one too, so
 * that a dead one costs 300 ms at most; when all have been asked, those that
 * said nothing are asked again, FORWARD_ROUNDS times in all.  A useless answer
 * (REFUSED, SERVFAIL, a referral...) moves on at once, and when each server has
 * given one, or FORWARD_TIMEOUT_MS are over, it has failed.  The upstream asks
 * by TCP on TC by itself; an answer with TC that comes through all the same is
 * asked again here by TCP.
 *
 * Dead servers are asked for the SOA of their zone until they answer.
 *
 * Threads:   one.
 * Ownership: waiters are the caller's; each gets exactly one call of its fn,
 *            perhaps before forward_ask() returns.  fn may ask anew, but is
 *            done with the entry then; it must not free the forwarder.
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
#define FORWARD_ROUNDS 3 /* times that one server is asked */
/* One server's time; beyond, it was silent. */
#define FORWARD_ASK_MS 2000
/* Before servers that were asked are asked again; doubled for each round.  It
 * may be their upstream that is slow, which more questions do not help. */
#define FORWARD_AGAIN_MS 400
#define FORWARD_TURN 256 /* questions that one turn looks at */
#define FORWARD_PREFETCH_HITS 3 /* what is asked for so often is popular */
#define FORWARD_PREFETCH_PART 10 /* and soon stale: a tenth of TTL is left */

struct forward;

struct forward_zone {
	const uint8_t *zone;
	size_t servers;
	bool drop_private; /* rebinding protection */
};

struct forward_ops {
	/* Asks server number `server` of zone number `zone`; ends with one
	 * forward_answered(), perhaps before it returns.  false: it cannot
	 * now, and nothing will be answered. */
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
	FORWARD_ENDED, /* the forwarder goes: no answer; ask nothing */
};

/* The entry holds a message (wire is not NULL) from CACHE, ANSWER and STALE;
 * otherwise the RCODE and the upstream's EDE (or -1) alone. */
typedef void forward_fn(
    void *arg, enum forward_source, const struct cache_entry *);

/* Zones are copied, ops too; cache and random are the caller's and must
 * outlive it.  Fails without memory only. */

enum error forward_new(const struct forward_zone *, size_t zones,
    struct cache *, const struct forward_ops *, struct random *,
    struct forward **) MUST_CHECK;
/* Whoever waits is told ENDED.  Whatever ops asks with must have ended before
 * (its answers are told here). */
void forward_free(struct forward *);

/* Whether what is popular is asked for before it is over (it is, unless this
 * says otherwise), and how long what comes from now on may be remembered. */
void forward_tune(struct forward *, bool prefetch, uint32_t ttl_max_s);

/* The zone with the longest match, or -1. */
int forward_find_zone(const struct forward *, const uint8_t *qname);
int forward_find_zone_of(const struct forward *, const struct name_key *);

/* Asks, or waits with others; fn is not called if it fails.  Of the key only
 * what it holds is kept. */
enum error forward_ask(struct forward *, unsigned zone,
    const struct cache_key *, int64_t now_ms, forward_fn *,
    void *arg) MUST_CHECK;

/* How a question of ops.ask() ended; wire only if ANSWERED.  The case of qname
 * has been compared by then: any is good here. */
void forward_answered(struct forward *, uint64_t ticket, enum upstream_outcome,
    const uint8_t *qname, const uint8_t *wire, size_t len, uint32_t rtt_us,
    int64_t now_ms);

/* Does what is due, in bounded steps: what is left is due at once. */
void forward_turn(struct forward *, int64_t now_ms);
/* When the next turn is due; INT64_MAX: never. */
int64_t forward_next_ms(const struct forward *);

struct forward_stats {
	/* Of upstreams: questions sent, answers of use, silences, answers of
	 * no use. */
	uint64_t asked, answered, silent, wrong;
	/* Of clients: how many waited with others, got stale answers,
	 * failures, nothing since it was private. */
	uint64_t merged, stale, failed, blocked;
	uint64_t prefetched; /* questions that no client waits for */
	size_t in_flight;
};
void forward_get_stats(const struct forward *, struct forward_stats *);
const struct servers *forward_servers(const struct forward *, unsigned zone);

#endif
