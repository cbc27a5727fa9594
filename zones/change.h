/* change.h - one message's worth of edits to one zone.
 *
 * The only way to alter a zone.  Edits are made one after the other to a
 * working version (RFC 2136 3.4.2 needs each to see those before), and keep
 * everything that hangs on them right: empty non-terminals, wildcard and cut
 * marks, the directory of services, counts.  In the end change_settle() says
 * what the edits come to: a record deleted and added again has not changed
 * (promise 5), one added and deleted again never was.
 *
 *   change_begin -> change_add, change_remove_*  ... -> change_settle
 *                                                         |-> change_fini
 *
 * Threads:   writer only.
 * Ownership: records and blocks belong to the edition; owner pointers in
 *            entries are valid until the edition is published, and those of
 *            a change that came to nothing also after it is rolled back.
 * Units:     ttl and granted_s seconds; now_ms monotonic milliseconds.
 * Errors:    ERR_MEMORY, ERR_LIMIT: the caller rolls the edition back.
 * Standards: RFC 2136 3.4.2; RFC 2181 5.2; RFC 4592; RFC 8020.
 */
#ifndef ZONES_CHANGE_H
#define ZONES_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/zone.h"

enum change_kind {
	CHANGE_ADDED,
	CHANGE_REMOVED,
	CHANGE_RENEWED, /* was there already: a lease of granted_s from now */
	CHANGE_TTL, /* record NULL; the RRset (owner, type) has a new TTL */
	CHANGE_NOTHING, /* settled away */
};

struct change_entry {
	enum change_kind kind;
	uint16_t type;
	uint32_t granted_s;
	uint32_t ttl;
	struct record *record;
	const uint8_t *owner; /* lower case */
};

/* What a record brings along when it is added. */
struct change_grant {
	uint32_t granted_s; /* length of the lease; 0: none */
	uint16_t key; /* who adds it; 0: nobody in particular */
	uint8_t flags; /* enum record_flags */
};

struct change {
	struct edition *edition;
	struct zone *zone; /* working version */
	const struct zone *before; /* as it was when the change began */
	int64_t now_ms;
	struct change_entry *entry;
	size_t entries;
	size_t capacity;
	bool soa; /* the SOA was replaced */
};

/* Starts editing a zone.  The caller has taken a savepoint of the edition,
 * so that nothing of this step exists yet. */
void change_begin(
    struct change *, struct edition *, struct zone *, int64_t now_ms);
void change_fini(struct change *);

/* Adds a record.  If it is there already its lease is renewed; either way the
 * whole RRset gets the TTL (RFC 2181 5.2).  Static records keep having no
 * lease.  SOA is not added this way. */
enum error change_add(struct change *, const struct name_key *, uint16_t type,
    uint32_t ttl, const uint8_t *rdata, size_t rdlen,
    const struct change_grant *) MUST_CHECK;

/* Removes one record, one RRset, or a given registered record, if it is
 * there. */
enum error change_remove(struct change *, const struct name_key *,
    uint16_t type, const uint8_t *rdata, size_t rdlen) MUST_CHECK;
enum error change_remove_set(
    struct change *, const struct name_key *, uint16_t type) MUST_CHECK;
enum error change_remove_record(struct change *, struct record *) MUST_CHECK;

/* Gives an RRset that is there a TTL. */
enum error change_set_ttl(struct change *, const struct name_key *,
    uint16_t type, uint32_t ttl) MUST_CHECK;

/* Replaces (or sets for the first time) the SOA; the zone's serial becomes
 * that of the RDATA. */
enum error change_set_soa(struct change *, uint32_t ttl, const uint8_t *rdata,
    size_t rdlen) MUST_CHECK;

/* Gives the SOA another serial. */
enum error change_set_serial(struct change *, uint32_t serial) MUST_CHECK;

/* The node of a name in the working version, or NULL. */
struct node *change_find(const struct change *, const struct name_key *);

/* Reduces the entries to the net effect and retires the records that are
 * gone.  Returns whether records or TTLs of the zone have changed; if not,
 * only renewals are left, and the caller may roll the edition back. */
bool change_settle(struct change *);

#endif
