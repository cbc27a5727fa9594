/* endpoints.h - one answer to "where is this service?", ready for use.
 *
 *     tier      a priority: instances [first, first + count)
 *     instance  a host and port, with a weight; entries [first, first + count)
 *     entry     one of its addresses; has a peer
 *
 * Made once from what DNS said and never changed; the cache and the calls that
 * use it hold it.  The entries of an instance are in the order in which to try
 * them (RFC 2782: each address of a target before the next target).
 *
 * Threads:   one.
 * Ownership: endpoints_hold() and endpoints_release() count; holds its peers.
 * Units:     none.
 * Errors:    ERR_MEMORY; ERR_NOT_FOUND: not one address.
 * Standards: RFC 2782.
 */
#ifndef RESOLVER_CLIENT_ENDPOINTS_H
#define RESOLVER_CLIENT_ENDPOINTS_H

#include "resolver/client/peers.h"
#include "resolver/client/srv.h"
#include "resolver/muster.h"
#include "zones/dns/error.h"

#define ENDPOINTS_ADDRESSES_MAX 16 /* of one instance; more are not used */

struct endpoints_entry {
	struct muster_endpoint endpoint;
	struct peer *peer;
	uint32_t instance; /* its number */
};

struct endpoints_instance {
	uint64_t identity; /* of host and port, hashed */
	uint32_t first, count; /* entries */
	uint16_t priority;
	uint16_t weight;
	uint16_t order; /* in the server's answer */
};

struct endpoints {
	uint32_t holders;
	uint32_t instances;
	uint32_t entries;
	struct endpoints_instance *instance;
	struct endpoints_entry *entry;
	char *hosts; /* texts of all */
	struct peers *peers;
};

/* Whether the system has a route to an address: those without go last. */
typedef bool endpoints_route_fn(const struct peer *);

/* Makes a set from SRV records (sorted here) and addresses; route may be
 * NULL. */
enum error endpoints_new(struct srv_answer *, struct peers *,
    endpoints_route_fn *route, struct endpoints **) MUST_CHECK;

struct endpoints *endpoints_hold(struct endpoints *);
void endpoints_release(struct endpoints *); /* NULL does nothing */

/* The end of the tier that begins with instance first. */
uint32_t endpoints_tier_end(const struct endpoints *, uint32_t first);

#endif
