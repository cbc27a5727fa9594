/* stats.h - counters, one set a thread, summed when somebody looks.
 *
 *  1. One thread owns a set and is the only one that changes it.
 *  2. Others only read, and nothing but a report depends on what they see.
 *  3. Sets lie on cache lines of their own: counting never slows a neighbour.
 *
 * Threads:   stats_add, stats_set: the owner.  stats_sum: any.
 * Ownership: the table belongs to the server; threads borrow their set.
 * Units:     events since the start, but for levels.
 * Errors:    ERR_MEMORY by NULL.
 */
#ifndef SERVER_STATS_H
#define SERVER_STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum stat {
	STAT_UDP_RECEIVED, /* datagrams */
	STAT_UDP_SENT, /* replies the kernel took */
	STAT_UDP_UNSENT, /* replies it refused, or without room to wait */
	STAT_UDP_BATCHES, /* calls of recvmmsg with something in them */
	STAT_TCP_ACCEPTED, /* connections */
	STAT_TCP_OPEN, /* level: connections open now */
	STAT_TCP_EVICTED, /* closed to make room for a newcomer */
	STAT_TCP_TIMED_OUT, /* idle, or not reading */
	STAT_TCP_RECEIVED, /* messages */
	STAT_TCP_SENT, /* replies handed to the connection */
	STAT_DROPPED, /* messages that deserve no reply */
	STAT_UPDATES, /* updates handed to the writer */
	STAT_UPDATES_REFUSED, /* SERVFAIL at the door: too many under way */
	STAT_UPDATES_FINISHED, /* replies that came back from the writer */
	STAT_UPDATES_ORPHANED, /* ... whose asker had gone */
	STAT_WRITER_TURNS, /* turns of the writer's loop */
	STAT_LEASES, /* level: records with a lease */
	STAT_LEASES_FOUND, /* level: ... found at the start, not renewed yet */
	STAT_CHECKS, /* probes that have ended */
	STAT_CHECKS_FAILED, /* ... badly */
	STAT_CHECKS_LATE, /* ... for reasons of our own: it says nothing */
	STAT_CHECKS_SKIPPED, /* turns that we slept through */
	STAT_CHECKS_IN_FLIGHT, /* level: probes under way */
	STAT_CHECKS_INSTANCES, /* level: instances that are probed */
	STAT_UPDATES_FORWARDED, /* updates handed on to others */
	STAT_FORWARDED, /* questions of clients that are for others to answer */
	STAT_FORWARD_STALE, /* answered with what was stale */
	STAT_FORWARD_FAILED, /* answered with SERVFAIL */
	STAT_FORWARD_BLOCKED, /* private addresses not passed on */
	STAT_FORWARD_MERGED, /* waited for a question that was under way */
	STAT_FORWARD_PREFETCHED, /* asked again before it was over */
	STAT_FORWARD_WAITING, /* level: clients that wait */
	STAT_UPSTREAM_ASKED, /* questions sent */
	STAT_UPSTREAM_ANSWERED, /* ... with an answer of use */
	STAT_UPSTREAM_SILENT, /* ... without an answer in time */
	STAT_UPSTREAM_WRONG, /* ... with an answer of no use */
	STAT_CACHE_HITS, /* fresh */
	STAT_CACHE_MISSES,
	STAT_CACHE_EVICTED, /* entries that made room */
	STAT_CACHE_ENTRIES, /* level */
	STAT_CACHE_OCTETS, /* level */
	/* how often services came into a condition (standing.h) */
	STAT_PANIC,
	STAT_NONE_LEFT,
	STAT_LAST_GOOD,
	STAT_GUARD,
	STAT_COUNT
};

struct stats {
	_Alignas(64) _Atomic uint64_t value[STAT_COUNT];
};

static inline void
stats_add(struct stats *stats, enum stat which, uint64_t n)
{
	_Atomic uint64_t *at = &stats->value[which];

	/* Not atomic as a whole, and need not be: one writer. */
	atomic_store_explicit(at,
	    atomic_load_explicit(at, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

static inline void
stats_set(struct stats *stats, enum stat which, uint64_t value)
{
	atomic_store_explicit(
	    &stats->value[which], value, memory_order_relaxed);
}

/* Sets behind those of the workers: the writer's, and the checker's. */
#define STATS_OTHERS 2

/* A table of zeroed sets for `threads` threads; NULL without memory. */
struct stats *stats_table_new(size_t threads);
void stats_table_free(struct stats *);

/* Sums one counter over all threads of a table. */
uint64_t stats_sum(const struct stats *table, size_t threads, enum stat);

/* Its name, in words of [a-z_]. */
const char *stats_name(enum stat);

#endif
