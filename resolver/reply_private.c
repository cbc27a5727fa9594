/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "resolver/reply.h"
#include "zones/dns/rdata.h"

/* A network: the first bits of an address. */
struct network {
	uint8_t address[16];
	uint8_t bits;
};

/* RFC 6890 2.2.2, and those that were added later. */
static const struct network networks4[] = {
    {{0}, 8}, /* "this network", RFC 1122 */
    {{10}, 8}, /* RFC 1918 */
    {{100, 64}, 10}, /* carriers' NAT, RFC 6598 */
    {{127}, 8}, /* loopback */
    {{169, 254}, 16}, /* link-local, RFC 3927 */
    {{172, 16}, 12}, /* RFC 1918 */
    {{192, 0, 0}, 24}, /* protocol assignments */
    {{192, 168}, 16}, /* RFC 1918 */
    {{198, 18}, 15}, /* benchmarks, RFC 2544 */
    {{240}, 4}, /* reserved, and broadcast */
};

/* RFC 6890 2.2.3, likewise. */
static const struct network networks6[] = {
    {{0}, 127}, /* :: and ::1 */
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48}, /* local NAT64, RFC 8215 */
    {{0xfc}, 7}, /* unique local, RFC 4193 */
    {{0xfe, 0x80}, 10}, /* link-local */
    {{0xfe, 0xc0}, 10}, /* site-local, RFC 3879 */
};

/* IPv6 that stands for IPv4, which starts at an octet. */
static const struct {
	struct network network;
	uint8_t at;
} wrapped[] = {
    {{{0}, 96}, 12}, /* IPv4-compatible, RFC 4291 2.5.5.1 */
    {{{[10] = 0xff, [11] = 0xff}, 96}, 12}, /* mapped, 2.5.5.2 */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12}, /* NAT64, RFC 6052 */
    {{{0x20, 0x02}, 16}, 2}, /* 6to4, RFC 3056 */
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
is_in(const uint8_t *address, const struct network *network)
{
	size_t whole = network->bits / 8;
	unsigned rest = 8 - network->bits % 8;

	if (memcmp(address, network->address, whole) != 0)
		return false;
	return rest == 8 ||
	       address[whole] >> rest == network->address[whole] >> rest;
}

static bool
is_in_any(const uint8_t *address, const struct network *network, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is_in(address, &network[i]))
			return true;
	return false;
}

bool
reply_is_private(uint16_t type, const uint8_t *address)
{
	size_t i;

	if (type == TYPE_A)
		return is_in_any(address, networks4, COUNT(networks4));
	if (type != TYPE_AAAA)
		return false;
	if (is_in_any(address, networks6, COUNT(networks6)))
		return true;
	for (i = 0; i < COUNT(wrapped); i++)
		if (is_in(address, &wrapped[i].network))
			return is_in_any(address + wrapped[i].at, networks4,
			    COUNT(networks4));
	return false;
}
