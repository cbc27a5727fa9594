/* subnet.h - the client's network, as far as answers depend on it.
 *
 * The client is who asks or, behind a forwarder that is trusted, whom the
 * EDNS Client Subnet option names; of an address only its first bits are
 * known then.  What was decided by the client is said in the answer as a
 * number of bits: whoever shares these may be given the same answer.
 *
 * Threads:   any.
 * Ownership: results point into the configuration.
 * Units:     bits.
 * Errors:    none.
 * Standards: RFC 7871 6, 7.1, 7.2.
 */
#ifndef SERVER_NAMESERVER_SUBNET_H
#define SERVER_NAMESERVER_SUBNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/config.h"
#include "server/nameserver/edns.h"

/* Reads the option of a request: the address, zeros beyond its bits.  False
 * if there is none, or if it says nothing of the client (0 bits, RFC 7871
 * 7.1.2; an IPv4 address written as IPv6); the results are undefined then. */
bool subnet_read(const struct edns *, struct endpoint *, uint8_t *bits);

/* A hash of the client's network; prefixes in bits. */
uint64_t subnet_hash(
    const struct endpoint *, unsigned prefix_ipv4, unsigned prefix_ipv6);

/* The same for the prefixes that hold where no service says otherwise. */
static inline uint64_t
subnet_hash_default(const struct endpoint *client)
{
	uint64_t h;

	if (client->sa.sa_family != AF_INET)
		return subnet_hash(
		    client, SHAPE_PREFIX_IPV4, SHAPE_PREFIX_IPV6);
	h = ntohl(client->in.sin_addr.s_addr) >> (32 - SHAPE_PREFIX_IPV4);
	h = (h + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* The prefix that counts for this client's family. */
unsigned subnet_prefix(
    const struct endpoint *, unsigned prefix_ipv4, unsigned prefix_ipv6);

/* The site of the longest network that holds the client, of whom so many bits
 * are known; NULL if there is none.  *decided becomes the number of bits that
 * told all networks of the family apart. */
const struct config_site *subnet_site(const struct config *,
    const struct endpoint *, unsigned bits, unsigned *decided);

#endif
