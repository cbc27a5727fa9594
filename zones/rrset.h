/* rrset.h - records and RRsets, from one record to a hundred thousand.
 *
 * A record is one RR's data.  It is immutable but for its clock: the deadline
 * of its lease, which only the writer sets and any reader may look at, and
 * the links of the timer wheel, which are the writer's alone.
 *
 * An RRset is an immutable sequence of records in canonical RDATA order
 * (RFC 4034 6.3; for SRV that is by priority first), kept as a B+tree whose
 * inner nodes know how many records and how much SRV weight lie below each
 * child.  A small set holds its records itself.  Adding to, or removing from,
 * a set of n records copies O(log n) blocks of at most RRSET_FANOUT entries; a
 * draw by position or by weight costs O(log n).
 *
 * Threads:   readers any; edits by the writer, through an edition.
 * Ownership: sets and records are blocks of editions (edition.h).
 * Units:     ttl and granted_s seconds, deadline_ms monotonic milliseconds.
 * Errors:    ERR_MEMORY, ERR_EXISTS, ERR_NOT_FOUND, ERR_LIMIT (height); the
 *            set is as it was then.
 * Standards: RFC 2181 5 (one TTL, no duplicates); RFC 2782 (weight).
 */
#ifndef ZONES_RRSET_H
#define ZONES_RRSET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"
#include "zones/dns/rdata.h"
#include "zones/edition.h"

#define RRSET_FANOUT 32 /* entries in a leaf or inner node: 256 octets */

#define DEADLINE_NONE INT64_MAX /* no lease: never expires */

enum record_flags {
	RECORD_STATIC = 1, /* of a zone file, or made for it: has no lease */
};

/* The clock of a registered record, and who registered it. */
struct lease {
	/* set by the writer, read by all */
	_Atomic int64_t deadline_ms;
	_Atomic uint32_t granted_s; /* length of the lease; 0: none */
	/* owned by the writer: lease.h */
	uint16_t zone; /* number of the zone, zoneset.h */
	uint16_t key; /* number of the key that added it; 0: none */
	struct lease *wheel_next;
	struct lease **wheel_prev; /* what points here; NULL: not queued */
	uint64_t owner_hash; /* name_hash() of the owner */
};

enum {
	MARK_SETTLED = 1, /* change.c */
	MARK_FOUND = 2, /* in the store at the start, not renewed since:
			 * registry_log.c */
};

/* A registered record is one block: its lease, then the record.  A static one
 * has no lease in front, which saves half of the memory of a large zone file
 * and a cache line per answered record. */
struct record {
	uint64_t target_hash; /* name_hash() of rdata_target(), or 0 */
	uint16_t type;
	uint16_t rdlen;
	uint8_t flags;
	uint8_t mark; /* MARK_ flags, owned by the writer */
	uint8_t rdata[];
};

static inline bool
record_is_static(const struct record *r)
{
	return (r->flags & RECORD_STATIC) != 0;
}

/* The lease of a registered record; static ones have none. */
static inline struct lease *
record_lease(const struct record *r)
{
	return (struct lease *)(uintptr_t)r - 1;
}

static inline struct record *
lease_record(const struct lease *l)
{
	return (struct record *)(uintptr_t)(l + 1);
}

static inline int64_t
lease_deadline_ms(const struct lease *l)
{
	return atomic_load_explicit(&l->deadline_ms, memory_order_relaxed);
}

static inline int64_t
record_deadline_ms(const struct record *r)
{
	return record_is_static(r) ? DEADLINE_NONE
				   : lease_deadline_ms(record_lease(r));
}

static inline bool
record_is_live(const struct record *r, int64_t now_ms)
{
	return record_is_static(r) ||
	       lease_deadline_ms(record_lease(r)) > now_ms;
}

/* SRV fields; the record must be an SRV. */
static inline uint16_t
record_priority(const struct record *r)
{
	return wire_load_u16(r->rdata);
}

static inline uint16_t
record_weight(const struct record *r)
{
	return wire_load_u16(r->rdata + 2);
}

struct rrset {
	uint64_t step; /* edition step that made this block */
	uint32_t ttl;
	uint32_t count; /* records, expired ones included */
	uint16_t type;
	uint8_t height; /* levels of the tree, leaves included; 0: no tree */
	uint8_t used; /* items in use */
	uint8_t capacity;
	bool leased; /* a registered record is or was in it: look at clocks */
	bool retimed; /* the store remembers its TTL (STORE_TTL) */
	/* height 0: the records; else item[0] is the root in disguise */
	struct record *item[];
};

/* A new record with a copy of the RDATA (checked by the caller) and target_hash
 * set; unless the flags say that it is static it has a lease without
 * deadline, owner or length. */
struct record *record_new(struct edition *, uint16_t type, const uint8_t *rdata,
    size_t rdlen, uint8_t flags);

/* Retires a record, lease included; as edition_retire(). */
void record_retire(struct edition *, struct record *);

/* A new empty set. */
struct rrset *rrset_new(struct edition *, uint16_t type, uint32_t ttl);

/* Adds a record that is not in the set (by RDATA): ERR_EXISTS otherwise.  The
 * set is of this step afterwards. */
enum error rrset_add(
    struct edition *, struct rrset **, struct record *) MUST_CHECK;

/* Takes a record of the set out of it: ERR_NOT_FOUND if it is not this very
 * record that the set holds.  The record itself is not retired; the last one
 * leaves an empty set. */
enum error rrset_remove(
    struct edition *, struct rrset **, struct record *) MUST_CHECK;

enum error rrset_set_ttl(
    struct edition *, struct rrset **, uint32_t ttl) MUST_CHECK;

/* Retires all blocks of the set, and with records set its records too. */
enum error rrset_retire(
    struct edition *, struct rrset *, bool records) MUST_CHECK;

/* The record with equal RDATA (rdata_compare()), or NULL. */
struct record *rrset_find(
    const struct rrset *, const uint8_t *rdata, size_t rdlen);

/* The record at a position below count. */
struct record *rrset_at(const struct rrset *, uint32_t position);

/* SRV sets: the first position whose priority is greater than priority. */
uint32_t rrset_tier_end(const struct rrset *, uint16_t priority);

/* SRV sets: the sum of the weights before a position (count: of all). */
uint64_t rrset_weight_before(const struct rrset *, uint32_t position);

/* SRV sets: the position at which the running sum of weights first exceeds
 * weight; weight must be below the sum of all. */
uint32_t rrset_at_weight(const struct rrset *, uint64_t weight);

/* Walking in order: for (struct record *r = rrset_first(set, &c); r;
 * r = rrset_next(&c)).  A cursor may start anywhere with rrset_seek(). */
#define RRSET_MAX_HEIGHT 10 /* out of reach: rrset_node.h says why */
struct rrset_cursor {
	const struct rrset *set;
	uint32_t position; /* of the record that was returned last */
	uint8_t index[RRSET_MAX_HEIGHT]; /* by level; leaves are level 0 */
	struct record *const *item; /* the records of the present leaf */
	unsigned used;
	const void *node[RRSET_MAX_HEIGHT];
};
struct record *rrset_first(const struct rrset *, struct rrset_cursor *);
struct record *rrset_seek(
    const struct rrset *, struct rrset_cursor *, uint32_t position);
struct record *rrset_next(struct rrset_cursor *);

#endif
