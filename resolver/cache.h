/* cache.h - what others have answered, for as long as it may be remembered.
 *
 * One cache a worker: no locks.  An entry is a whole clean message (reply.h),
 * found by name, type and the DO and CD bits.  The memory is bounded in
 * octets; what goes first when it is full is decided by SIEVE (Zhang et al.,
 * NSDI 2024): a hand walks from old to new and takes the first entry that was
 * not asked for since it last came by.
 *
 *   fresh     age < ttl: answered
 *   stale     for `stale` longer: answered when nobody else does (RFC 8767)
 *   failure   nobody could tell: remembered for some seconds (RFC 9520)
 *
 * Threads:   one; cache_flush() of others goes through their own thread.
 * Ownership: the cache owns its entries; an entry is valid until the next call
 *            that puts or flushes.
 * Units:     monotonic milliseconds, TTLs in seconds, octets.
 * Errors:    ERR_MEMORY: nothing was put.
 * Standards: RFC 1035 7.4; RFC 2181 5.4.1; RFC 2308 5; RFC 8767; RFC 9520.
 */
#ifndef RESOLVER_CACHE_H
#define RESOLVER_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/reply.h"
#include "zones/dns/error.h"

/* How long a failure is remembered: 1 s, doubled each time, at most this. */
#define CACHE_FAILURE_MAX_S 30

struct cache;

struct cache_key {
	const uint8_t *qname; /* any case */
	uint64_t hash; /* name_hash() of it */
	uint16_t qtype;
	bool dnssec_ok;
	bool checking_disabled;
};

struct cache_entry {
	const uint8_t *wire; /* clean message, ID 0 */
	size_t len;
	const uint16_t *ttl_at;
	size_t ttls;
	enum rcode rcode;
	bool authentic;
	bool failure;
	bool stale;
	uint32_t age_s; /* to take from each TTL (at least 0 is left; stale:
			 * TTLs are STALE_TTL_S) */
	uint32_t left_s; /* until it is stale */
	uint32_t ttl_s; /* as it came */
	uint32_t hits;
};

#define CACHE_STALE_TTL_S 30 /* RFC 8767 4 */

struct cache *cache_new(size_t octets, int64_t stale_ms);
void cache_free(struct cache *);

/* Looks one up; false if there is none, not even a stale one. */
bool cache_find(struct cache *, const struct cache_key *, int64_t now_ms,
    struct cache_entry *);

enum error cache_put(struct cache *, const struct cache_key *,
    const struct reply *, int64_t now_ms) MUST_CHECK;
/* Remembers that it failed, unless there is something fresh. */
enum error cache_put_failure(
    struct cache *, const struct cache_key *, int64_t now_ms) MUST_CHECK;

/* Forgets a name, or with below all names at or below it; returns how many
 * entries. */
size_t cache_flush(struct cache *, const uint8_t *name, bool below);

struct cache_stats {
	uint64_t entries, octets, hits, misses, stale_hits, evicted;
};
void cache_get_stats(const struct cache *, struct cache_stats *);

/* Writes an entry as an answer to a request into out: ID, RD and CD of the
 * request, the question in its case, TTLs counted down; returns the length, 0
 * if it does not fit.  The caller adds OPT and flags. */
size_t cache_write(const struct cache_entry *, const struct message *request,
    uint8_t *out, size_t cap);

#endif
