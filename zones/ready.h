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
 * The block is also where a service keeps what is special about it: the number
 * of its shape and its exceptions (standing.h).  A service that has either has
 * a block, if need be one without items (prepared is false then).
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
	struct ready_item item[];
};

/* What this floor asks of the ones above about a service. */
struct shaper {
	const void *arg;
	/* The number of its shape; 0: the default one. */
	uint16_t (*shape)(const void *arg, const uint8_t *service);
	/* How an instance that is being registered begins: false if it is
	 * simply answered.  srv is not published yet. */
	bool (*initial)(const void *arg, const struct zone *,
	    const uint8_t *service, const struct record *srv,
	    struct standing *);
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
 * anew that these concern.  New services get their shape, new instances what
 * they begin with; exceptions of others stay (also those of instances that
 * are gone: the writer drops them with its next list).  An SRV record that
 * hangs below a service (DNS-SD) concerns the service too. */
enum error ready_refresh(
    struct change *, struct referrers *, const struct shaper *) MUST_CHECK;

/* Prepares all services of a zone that no reader has seen yet. */
enum error ready_make_all(struct edition *, struct zone *, struct referrers *,
    const struct shaper *) MUST_CHECK;

/* Gives a service another list of exceptions and another condition; the items
 * are sorted by instance and copied; the change needs no entries.  Nothing is
 * done where there is no such service. */
enum error ready_set_standings(struct change *, struct referrers *,
    uint64_t service, enum condition, const struct standing *,
    size_t count) MUST_CHECK;

/* Gives each service of the zone the shape that the shaper says (after a
 * reload); exceptions stay. */
enum error ready_reshape(
    struct change *, struct referrers *, const struct shaper *) MUST_CHECK;

#endif
