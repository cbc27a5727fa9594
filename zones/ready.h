/* ready.h - the answer for a service, prepared when the service changed.
 *
 * Nearly all questions ask for the SRV records of small services and want the
 * addresses of the targets along.  A ready block holds both, side by side in
 * the order of memory in which they are read: no record and no host has to be
 * looked for.  It hangs from the service's node, is as immutable as the node,
 * and is made anew whenever the SRV set or an address of a target changes;
 * referrers.h knows which services that concerns.
 *
 *   +-------+-----------------+------------------+--------------------+
 *   | ready | item[] (an SRV) | address[]        | SRV RDATA, packed  |
 *   +-------+-----------------+------------------+--------------------+
 *               |  |  `- host: its addresses ^
 *               |  `---- rdata ------------------------^
 *               `------- lease: the clock of a registered record
 *
 * Large sets, sets merged from DNS-SD instances, and hosts that are not in the
 * zone, have many addresses or many referrers have no part in it; they are
 * looked up when they are asked for.
 *
 * Threads:   readers any; made by the writer, through an edition.
 * Ownership: a block of an edition; borrows leases of the records of the same
 *            version of the zone.
 * Units:     TTLs in seconds, places in octets from the start of the block.
 * Errors:    ready_refresh: ERR_MEMORY.
 * Standards: RFC 2782; RFC 2181 5.2 (one TTL).
 */
#ifndef ZONES_READY_H
#define ZONES_READY_H

#include "zones/change.h"
#include "zones/referrers.h"

#define READY_ITEMS RRSET_FANOUT /* SRV records of a service */
#define READY_ADDRESSES 8 /* of one host */

/* Host numbers of items whose host is looked up later, or is none ("."). */
#define READY_LOOK_UP 0xfe
#define READY_NO_HOST 0xff

struct ready_item {
	const struct lease *lease; /* NULL: static */
	uint64_t target_hash;
	uint16_t priority;
	uint16_t weight;
	uint16_t rdata; /* place of the RDATA */
	uint16_t rdlen;
	uint8_t host; /* number of the host; items may share one */
	uint8_t first; /* its addresses: address[first .. first + count) */
	uint8_t count;
};

struct ready_address {
	const struct lease *lease;
	uint32_t ttl;
	uint16_t type; /* TYPE_A or TYPE_AAAA; A first */
	uint8_t octets[16];
};

struct ready {
	uint32_t ttl; /* of the SRV set */
	uint8_t items;
	uint8_t addresses;
	bool leased; /* any clock must be looked at */
	struct ready_item item[];
};

static inline const struct ready_address *
ready_addresses(const struct ready *r)
{
	return (const struct ready_address *)(r->item + r->items);
}

static inline const uint8_t *
ready_rdata(const struct ready *r, const struct ready_item *item)
{
	return (const uint8_t *)r + item->rdata;
}

/* After change_settle() said that there are changes: prepares the services
 * anew that these concern. */
enum error ready_refresh(struct change *, struct referrers *) MUST_CHECK;

/* Prepares all services of a zone that no reader has seen yet. */
enum error ready_make_all(
    struct edition *, struct zone *, struct referrers *) MUST_CHECK;

#endif
