/* peers.h - what is known of each address: breaker, results, uses.
 *
 * An address and port has one peer, whatever services name it; so that what
 * was learned outlives the answer it came with, a number of peers that
 * nobody holds is kept, the longest forgotten first.
 *
 * Threads:   one.
 * Ownership: peers_hold() and peers_release() count; a peer that is held stays
 *            where it is.
 * Units:     monotonic milliseconds.
 * Errors:    NULL without memory.
 */
#ifndef RESOLVER_CLIENT_PEERS_H
#define RESOLVER_CLIENT_PEERS_H

#include <netinet/in.h>
#include <stdint.h>

#include "resolver/client/breaker.h"
#include "resolver/client/outlier.h"

#define PEERS_IDLE_MAX 1024 /* kept though nobody holds them */

union peer_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct peer {
	union peer_address address;
	socklen_t address_len;
	struct breaker breaker;
	struct outlier outlier;
	uint32_t uses; /* under way */
	uint32_t begun; /* of them, with muster_begin() */
	/* of the table */
	uint32_t holders;
	struct peer *next; /* in its bucket */
	struct peer *newer, *older; /* while nobody holds it */
};

struct peers;

struct peers *peers_new(uint64_t secret);
void peers_free(struct peers *);

/* The peer of an address (AF_INET, AF_INET6), made if there is none. */
struct peer *peers_hold(struct peers *, const union peer_address *);
void peers_release(struct peers *, struct peer *);

/* The same, if there is one and somebody holds it. */
struct peer *peers_find(struct peers *, const struct sockaddr *);

/* Fills in an address from its octets; returns its length. */
socklen_t peer_address_init(
    union peer_address *, uint16_t type, const uint8_t *octets, uint16_t port);

#endif
