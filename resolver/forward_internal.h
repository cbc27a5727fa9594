/* forward_internal.h - a forwarder from inside.
 *
 *   forward.c         zones, and what clients ask
 *   forward_run.c     the way of a question from server to server
 *   forward_answer.c  what servers answer
 *   forward_table.c   questions in flight: found by key, by ticket, by time
 *
 * A flight is one question on its way.  It leaves all tables before its
 * waiters are called, so these may ask whatever they like; code that called
 * ops.ask() looks its flight up again, which may have ended meanwhile.
 *
 * A ticket tells zone, server, and how it was asked, so that what comes for a
 * flight that has ended still says something about its server:
 *
 *     63          37 36    21 20     5 4       1    0
 *     | generation  | slot   | zone   | server  | ...  |   (see TICKET_*)
 *
 * Threads:   one.
 * Ownership: the forwarder owns flights, a flight its waiters.
 * Units:     monotonic milliseconds.
 * Errors:    ERR_MEMORY, ERR_LIMIT.
 */
#ifndef RESOLVER_FORWARD_INTERNAL_H
#define RESOLVER_FORWARD_INTERNAL_H

#include "resolver/forward.h"
#include "zones/dns/rdata.h"

#define FORWARD_CHAINS 4096 /* of flights by key */
#define NEVER_MS INT64_MAX

struct waiter {
	struct waiter *next;
	forward_fn *fn;
	void *arg;
};

struct flight {
	/* By key. */
	struct flight *next;
	struct cache_key key; /* its qname is name */
	struct name name;
	unsigned zone;
	/* By ticket. */
	uint16_t slot;
	uint32_t generation;
	/* By time. */
	size_t heap_at;
	int64_t next_ms; /* the least of these three */
	int64_t ask_ms; /* the next server */
	int64_t stale_ms; /* what is stale will do */
	int64_t end_ms;
	/* Who waits, in the order in which they came. */
	struct waiter *first, **last;
	unsigned waiters;
	bool stale_told; /* to those who waited; others get it at once */
	/* Its way. */
	uint8_t order[SERVERS_MAX];
	size_t servers;
	size_t position; /* in order, rounds included */
	unsigned outstanding; /* questions that have not ended */
	uint16_t useless; /* servers that cannot help, one bit each */
	bool asking; /* inside of ops.ask() */
	int ede; /* the last that an upstream told */
};

struct forward_zone_state {
	struct name name;
	uint64_t hash;
	bool drop_private;
	struct servers servers;
};

struct forward {
	struct forward_ops ops;
	struct cache *cache;
	struct random *random;
	/* Zones, and a table of them by hash: numbers from 1, 0 is empty. */
	struct forward_zone_state *zone;
	size_t zones;
	uint16_t *zone_table;
	size_t zone_table_mask;
	unsigned zone_labels_max;
	bool prefetch;
	uint32_t ttl_max_s;
	int64_t probe_ms; /* when a server may be probed */
	/* Flights. */
	struct flight *chain[FORWARD_CHAINS];
	struct flight *slot[FORWARD_IN_FLIGHT];
	uint16_t free_slot[FORWARD_IN_FLIGHT]; /* a stack */
	size_t free_slots;
	struct flight *heap[FORWARD_IN_FLIGHT];
	size_t in_flight;
	uint32_t generation;
	struct forward_stats stats;
};

/* ---- forward_table.c ------------------------------------------------- */

void forward_table_init(struct forward *);

struct flight *flight_find(const struct forward *, const struct cache_key *);
/* A new one, in all tables, without waiters, never due. */
enum error flight_new(struct forward *, unsigned zone, const struct cache_key *,
    struct flight **) MUST_CHECK;
enum error flight_wait(struct flight *, forward_fn *, void *arg) MUST_CHECK;
/* Takes it out of all tables. */
void flight_remove(struct forward *, struct flight *);
/* What is left of one that was removed, with its waiters uncalled. */
void flight_free(struct flight *);
/* To be called when one of its times has changed. */
void flight_schedule(struct forward *, struct flight *);

/* ---- tickets --------------------------------------------------------- */

#define TICKET_PROBE 1 /* of nobody */
#define TICKET_TCP 2
#define TICKET_COUNTS 4 /* its silence says that the server is dead */

#define TICKET_GENERATIONS ((uint32_t)1 << 25)

struct ticket {
	unsigned kind; /* TICKET_* */
	unsigned server;
	unsigned zone;
	uint16_t slot;
	uint32_t generation;
};

static inline uint64_t
ticket_pack(const struct ticket *t)
{
	return t->kind | (uint64_t)t->server << 3 | (uint64_t)t->zone << 7 |
	       (uint64_t)t->slot << 23 | (uint64_t)t->generation << 39;
}

static inline struct ticket
ticket_unpack(uint64_t packed)
{
	return (struct ticket){
	    .kind = packed & 7,
	    .server = packed >> 3 & 15,
	    .zone = packed >> 7 & UINT16_MAX,
	    .slot = packed >> 23 & UINT16_MAX,
	    .generation = (uint32_t)(packed >> 39),
	};
}

/* The flight that a ticket was for, or NULL if it has ended. */
struct flight *flight_of(const struct forward *, const struct ticket *);

/* ---- forward_run.c --------------------------------------------------- */

/* Sends it on its way; it may have ended when this returns. */
void flight_start(struct forward *, struct flight *, int64_t now_ms);
/* Does what is due; likewise. */
void flight_run(struct forward *, struct flight *, int64_t now_ms);
/* Goes on to the next server that can be asked; where there is none any more
 * and nothing to wait for, it has failed.  Not from inside of ops.ask(). */
void flight_advance(struct forward *, struct flight *, int64_t now_ms);

/* What became of a question that was to be sent. */
enum sending {
	SENT,
	NOT_SENT, /* it is not possible now */
	LANDED, /* it was answered at once: the flight is no more */
};

/* Asks one server; kind: TICKET_*. */
enum sending flight_send(struct forward *, struct flight *, unsigned server,
    unsigned kind, int64_t now_ms);

/* Ends it: all who wait are told. */
void flight_land(struct forward *, struct flight *, enum forward_source,
    const struct cache_entry *);

/* Tells one waiter about a message; it is blocked where it is private and the
 * zone does not want that. */
void forward_tell(struct forward *, unsigned zone, forward_fn *, void *arg,
    enum forward_source, const struct cache_entry *);

#endif
