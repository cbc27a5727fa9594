/* ready_block.h - the layout of what is prepared for a service.
 *
 * ready.h says what it is for and who makes it.
 *
 *   +-------+-----------------+------------------+--------------------+
 *   | ready | item[] (an SRV) | address[]        | SRV RDATA, packed  |
 *   +-------+-----------------+------------------+--------------------+
 *               |  |  `- host: its addresses ^
 *               |  `---- rdata ------------------------^
 *               `------- lease: the clock of a registered record
 *
 * Threads:   readers any; made by the writer, through an edition.
 * Ownership: a block of an edition, as are its standings; borrows leases of
 *            the records of the same version of the zone.
 * Units:     TTLs in seconds, places in octets from the start of the block.
 * Errors:    ERR_MEMORY.
 */
#ifndef ZONES_READY_BLOCK_H
#define ZONES_READY_BLOCK_H

#include "zones/rrset.h"
#include "zones/standing.h"

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
	bool special; /* there is a standing for it: standings_find() */
};

struct ready_address {
	const struct lease *lease;
	uint32_t ttl;
	uint16_t type; /* TYPE_A or TYPE_AAAA; A first */
	uint8_t octets[16];
};

struct ready {
	const struct standings *standings; /* a block; NULL: no exceptions */
	uint32_t ttl; /* of the SRV set */
	uint16_t shape; /* 0: the default one; else shape.h */
	uint8_t condition; /* enum condition */
	uint8_t items;
	uint8_t addresses;
	bool leased; /* any clock must be looked at */
	bool prepared; /* items are there; else: look at the RRsets */
	bool nobody; /* no record of a large SRV set is served: it need not be
		      * looked through */
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

/* Retires the block of a service that is no more, with its standings; NULL is
 * harmless. */
enum error ready_retire(struct edition *, struct ready *) MUST_CHECK;

#endif
