/* reverse.h - from an address to the names that have it.
 *
 * A zone of in-addr.arpa or ip6.arpa that is to follow our other zones keeps,
 * at the name of each address, an index of those who have it.  An entry says
 * where the address record is, no more: whether it is still there and for how
 * long, readers see at the record itself.
 *
 *   web.svc.example A 10.0.0.7
 *       7.0.0.10.in-addr.arpa INDEX_NAMES web.svc.example, number of its zone,
 *                                         10.0.0.7
 *
 * So the name of the address exists, as do those above it (RFC 8020), as if
 * somebody had registered a PTR record.
 *
 * Threads:   writer; reverse_name, reverse_is_zone and reverse_read any.
 * Ownership: index RRsets are blocks of editions.
 * Errors:    ERR_MEMORY, ERR_LIMIT: the caller rolls the edition back.
 * Standards: RFC 1035 3.5; RFC 3596 2.5.
 */
#ifndef ZONES_REVERSE_H
#define ZONES_REVERSE_H

#include <stdbool.h>

#include "zones/zone.h"

/* Whether names of addresses can be in a zone: it is in in-addr.arpa or
 * ip6.arpa. */
bool reverse_is_zone(const uint8_t *apex);

/* The name of the address that is the RDATA of an A or AAAA record. */
void reverse_name(uint16_t type, const uint8_t *address, struct name *);

/* Who has an address. */
struct reverse_entry {
	const uint8_t *owner; /* lower case */
	uint16_t zone; /* number of its zone */
	uint16_t type; /* A or AAAA */
	const uint8_t *address;
	size_t address_len;
};

/* What a record of INDEX_NAMES says; it points into the record. */
struct reverse_entry reverse_read(const struct record *);

/* Makes the index say that the entry is there, or that it is not; `at` is the
 * name of its address, which is in the zone.  The zone must be of the current
 * step. */
enum error reverse_set(struct edition *, struct zone *,
    const struct name_key *at, const struct reverse_entry *,
    bool is_there) MUST_CHECK;

/* Takes all indexes of names out of a zone.  The zone must be of the current
 * step, and nothing in it may be. */
enum error reverse_clear(struct edition *, struct zone *) MUST_CHECK;

#endif
