/* cache.h - what others have answered, for as long as it may be remembered.
 *
 * One cache a worker: no locks.  An entry is a whole clean message (reply.h),
 * found by name, type and the DO and CD bits; that a name does not exist is
 * found for each type (RFC 2308 5).  The memory is bounded in octets; what
 * goes first when it is full is decided by SIEVE (Zhang et al., NSDI 2024): a
 * hand walks from old to new and takes the first entry that was not asked for
 * since it last came by.
 *
 *   fresh     age < ttl: answered
 *   stale     for `stale` longer: answered when nobody else does (RFC 8767)
 *   failure   nobody could tell: remembered for some seconds (RFC 9520), in
 *             an entry of its own or beside a message that is there
 *
 * What a name's ancestors say (RFC 8020) is left to the upstream, who knows
 * where zones begin and may have proofs.
 *
 * Threads:   one; cache_flush() of others goes through their own thread.
 * Ownership: the cache owns its entries; an entry is valid until the next call
 *            that puts or flushes.
 * Units:     monotonic milliseconds, TTLs in seconds, octets.
 * Errors:    ERR_MEMORY: nothing was put.
 * Standards: RFC 1035 7.4; RFC 2181 5.4.1; RFC 2308 5; RFC 8767; RFC 9520 3.2.
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

#define CACHE_STALE_TTL_S 30 /* RFC 8767 4 */

struct cache;

struct cache_key {
	const uint8_t *qname; /* any case */
	uint64_t hash; /* name_hash() of it */
	uint16_t qtype;
	bool dnssec_ok;
	bool checking_disabled;
};

struct cache_entry {
	const uint8_t *wire; /* clean message, ID 0; NULL: a failure alone */
	size_t len;
	const uint16_t *ttl_at;
	size_t ttls;
	enum rcode rcode;
	bool authentic;
	bool nodata; /* these three as in struct reply */
	bool leads_out;
	bool private_address;
	bool failure; /* asking failed, and it is too early to ask again */
	bool stale;
	int ede; /* of the message, or of the failure; -1: none */
	uint32_t age_s; /* to take from each TTL (at least 0 is left; stale:
			 * TTLs are STALE_TTL_S) */
	uint32_t left_s; /* until it is stale */
	uint32_t ttl_s; /* as it came */
	uint32_t hits; /* this one included */
};

/* octets bounds all of it, tables included; what is less than some kilobytes
 * holds nothing.  NULL without memory. */
struct cache *cache_new(size_t octets, int64_t stale_ms);
void cache_free(struct cache *);

/* Looks one up; false if there is none, not even a stale one, and no failure
 * that is to be remembered still. */
bool cache_find(struct cache *, const struct cache_key *, int64_t now_ms,
    struct cache_entry *);

/* Remembers an answer in place of what was there, and that the failures are
 * over.  One with TTL 0, or larger than a quarter of the cache, is only the
 * end of failures. */
enum error cache_put(struct cache *, const struct cache_key *,
    const struct reply *, int64_t now_ms) MUST_CHECK;

/* Remembers that it failed, with the upstream's EDE (or -1); a message that
 * is there stays. */
enum error cache_put_failure(struct cache *, const struct cache_key *, int ede,
    int64_t now_ms) MUST_CHECK;

/* Forgets a name, or with below all names at or below it; returns how many
 * entries.  Walks through all of them: some milliseconds for 100,000. */
size_t cache_flush(struct cache *, const uint8_t *name, bool below);

struct cache_stats {
	uint64_t entries, octets, hits, misses, stale_hits, evicted;
};
void cache_get_stats(const struct cache *, struct cache_stats *);

/* Writes an entry with a message as an answer to a request into out: ID, RD
 * and CD of the request, the question as it has it (the type too), TTLs
 * counted down; returns the length, 0 if it does not fit.  The caller adds OPT
 * and flags. */
size_t cache_write(const struct cache_entry *, const struct message *request,
    uint8_t *out, size_t cap);

#endif
