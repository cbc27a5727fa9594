/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/subnet.h"

#include <string.h>

#define FAMILY_IPV4 1 /* address family numbers, RFC 7871 6 */
#define BITS_IPV4 32
#define BITS_IPV6 128
#define OPTION_ADDRESS 4 /* where the option's address begins */

/* An IPv4-mapped IPv6 address counts as IPv4, as in the configuration. */
static const uint8_t *
octets_of(const struct endpoint *e, int *family)
{
	*family = e->sa.sa_family;
	if (*family == AF_INET)
		return (const uint8_t *)&e->in.sin_addr;
	if (!IN6_IS_ADDR_V4MAPPED(&e->in6.sin6_addr))
		return e->in6.sin6_addr.s6_addr;
	*family = AF_INET;
	return e->in6.sin6_addr.s6_addr + 12;
}

bool
subnet_read(const struct edns *e, struct endpoint *client, uint8_t *bits)
{
	size_t len;

	if (e->subnet_len <= OPTION_ADDRESS)
		return false;
	len = e->subnet_len - OPTION_ADDRESS;
	memset(client, 0, sizeof(*client));
	if (wire_load_u16(e->subnet) == FAMILY_IPV4) {
		client->in.sin_family = AF_INET;
		client->len = sizeof(client->in);
		memcpy(&client->in.sin_addr, e->subnet + OPTION_ADDRESS, len);
	} else {
		client->in6.sin6_family = AF_INET6;
		client->len = sizeof(client->in6);
		memcpy(&client->in6.sin6_addr, e->subnet + OPTION_ADDRESS, len);
		/* Bits of the one family would be told as those of the
		 * other. */
		if (IN6_IS_ADDR_V4MAPPED(&client->in6.sin6_addr))
			return false;
	}
	*bits = e->subnet[2];
	return true;
}

unsigned
subnet_prefix(
    const struct endpoint *client, unsigned prefix_ipv4, unsigned prefix_ipv6)
{
	int family;

	(void)octets_of(client, &family);
	return family == AF_INET ? prefix_ipv4 : prefix_ipv6;
}

static uint64_t
load_u64(const uint8_t *at)
{
	return (uint64_t)wire_load_u32(at) << 32 | wire_load_u32(at + 4);
}

/* The first bits of a word; shifting by 64 is undefined. */
static uint64_t
first_bits(uint64_t word, unsigned bits)
{
	return bits == 0 ? 0 : bits >= 64 ? word : word >> (64 - bits);
}

uint64_t
subnet_hash(
    const struct endpoint *client, unsigned prefix_ipv4, unsigned prefix_ipv6)
{
	uint64_t h;
	int family;
	const uint8_t *at = octets_of(client, &family);

	if (family == AF_INET) {
		h = first_bits((uint64_t)wire_load_u32(at) << 32, prefix_ipv4);
	} else {
		h = first_bits(load_u64(at), prefix_ipv6);
		if (prefix_ipv6 > 64)
			h ^= first_bits(load_u64(at + 8), prefix_ipv6 - 64) *
			     UINT64_C(0xd6e8feb86659fd93);
	}
	h = (h + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* How many leading bits two addresses share, at most max. */
static unsigned
shared_bits(const uint8_t *a, const uint8_t *b, unsigned max)
{
	unsigned n = 0;

	while (n < max && ((a[n / 8] ^ b[n / 8]) & (0x80 >> n % 8)) == 0)
		n++;
	return n;
}

const struct config_site *
subnet_site(const struct config *config, const struct endpoint *client,
    unsigned bits, unsigned *decided)
{
	const struct config_site *found = NULL;
	unsigned longest = 0, most = 0;
	int family;
	const uint8_t *at = octets_of(client, &family);

	for (size_t i = 0; i < config->site_count; i++) {
		const struct config_site *site = &config->site[i];

		for (size_t k = 0; k < site->networks_count; k++) {
			const struct config_network *net = &site->networks[k];
			unsigned same;

			if (net->family != family)
				continue;
			same = shared_bits(at, net->address, net->prefix);
			/* One bit more tells that it is another network. */
			if (same < net->prefix && same + 1 > most)
				most = same + 1;
			if (same == net->prefix && same > most)
				most = same;
			/* A client of whom less is known is in none. */
			if (same < net->prefix || net->prefix > bits ||
			    (found != NULL && net->prefix <= longest))
				continue;
			found = site;
			longest = net->prefix;
		}
	}
	*decided = most < bits ? most : bits;
	return found;
}
