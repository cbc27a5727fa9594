/* ready.h - the answer for a service, prepared when the service changed.
 *
 * Nearly all questions ask for the SRV records of small services and want the
 * addresses of the targets along.  A ready block holds both, side by side in
 * the order of memory in which they are read: no record and no host has to be
 * looked for.  It hangs from the service's node, is as immutable as the node,
 * and is made anew whenever the SRV set or an address of a target changes;
 * referrers.h knows which services that concerns.
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
 * Ownership: ready_block.h.
 * Units:     none.
 * Errors:    ERR_MEMORY: the caller rolls the edition back.
 * Standards: RFC 2782; RFC 2181 5.2 (one TTL).
 */
#ifndef ZONES_READY_H
#define ZONES_READY_H

#include "zones/change.h"
#include "zones/ready_block.h"
#include "zones/referrers.h"

/* What this floor asks of the ones above about a service. */
struct shaper {
	const void *arg;
	/* The number of its shape; 0: the default one. */
	uint16_t (*shape)(const void *arg, const uint8_t *service);
	/* How an instance that is being registered begins: false if it is
	 * simply answered.  srv is not published yet; asked for each SRV
	 * record that is added and has no standing, also for those of an
	 * instance that is known already.  May be NULL: all are answered. */
	bool (*initial)(const void *arg, const struct zone *,
	    const uint8_t *service, const struct record *srv,
	    struct standing *);
};

/* After change_settle() said that there are changes: prepares the services
 * anew that these concern.  New services get their shape, new instances what
 * they begin with; exceptions of others stay (also those of instances that
 * are gone: the writer drops them with its next list).  An SRV record that
 * hangs below a service (DNS-SD) concerns the service too. */
enum error ready_refresh(
    struct change *, struct referrers *, const struct shaper *) MUST_CHECK;

/* Prepares all services of a zone that no reader has seen yet, without
 * exceptions. */
enum error ready_make_all(struct edition *, struct zone *, struct referrers *,
    const struct shaper *) MUST_CHECK;

/* Gives a service another list of exceptions and another condition.  The list
 * is copied, in any order, each instance that is registered at most once; the
 * change needs no entries.  Nothing is done where there is no such service. */
enum error ready_set_standings(struct change *, struct referrers *,
    uint64_t service, enum condition, const struct standing *,
    size_t count) MUST_CHECK;

/* Gives each service of the zone the shape that the shaper says (after a
 * reload); exceptions stay. */
enum error ready_reshape(
    struct change *, struct referrers *, const struct shaper *) MUST_CHECK;

#endif
