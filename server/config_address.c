/* SPDX-License-Identifier: Apache-2.0 */
/* config_address.c - addresses and networks of config_value.h, and whether
 * one lies in the other. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "server/config_value.h"

/* Room for the longest IPv6 address and an interface. */
#define ADDRESS_TEXT_LEN (INET6_ADDRSTRLEN + 1 + IF_NAMESIZE)

/* Copies len octets of text as a string; false if there are too many. */
static bool
copy_text(char to[ADDRESS_TEXT_LEN], const char *text, size_t len)
{
	if (len >= ADDRESS_TEXT_LEN)
		return false;
	memcpy(to, text, len);
	to[len] = '\0';
	return true;
}

static enum error
parse_port(const char *text, uint16_t *port)
{
	uint64_t number;
	enum error error = value_number(text, &number);

	if (error != OK)
		return error;
	if (number < 1 || number > UINT16_MAX)
		return ERR_RANGE;
	*port = (uint16_t)number;
	return OK;
}

static enum error
parse_ipv4(const char *text, uint16_t port, struct endpoint *to)
{
	struct endpoint endpoint = {
	    .in = {.sin_family = AF_INET, .sin_port = htons(port)},
	    .len = sizeof(endpoint.in),
	};

	if (inet_pton(AF_INET, text, &endpoint.in.sin_addr) != 1)
		return ERR_SYNTAX;
	*to = endpoint;
	return OK;
}

/* RFC 4007 11: an interface behind % . */
static enum error
parse_ipv6(char *text, uint16_t port, struct endpoint *to)
{
	struct endpoint endpoint = {
	    .in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)},
	    .len = sizeof(endpoint.in6),
	};
	char *zone = strchr(text, '%');

	if (zone != NULL)
		*zone++ = '\0';
	if (inet_pton(AF_INET6, text, &endpoint.in6.sin6_addr) != 1)
		return ERR_SYNTAX;
	if (zone != NULL) {
		endpoint.in6.sin6_scope_id = if_nametoindex(zone);
		if (endpoint.in6.sin6_scope_id == 0)
			return ERR_NOT_FOUND;
	}
	*to = endpoint;
	return OK;
}

/* The form [address] or [address]:port. */
static enum error
parse_bracketed(const char *text, uint16_t port, struct endpoint *to)
{
	char address[ADDRESS_TEXT_LEN];
	const char *end = strchr(text, ']');
	enum error error;

	if (end == NULL ||
	    !copy_text(address, text + 1, (size_t)(end - text - 1)))
		return ERR_SYNTAX;
	if (end[1] != '\0') {
		if (end[1] != ':')
			return ERR_SYNTAX;
		error = parse_port(end + 2, &port);
		if (error != OK)
			return error;
	}
	return parse_ipv6(address, port, to);
}

enum error
value_endpoint(const char *text, uint16_t port, struct endpoint *to)
{
	char address[ADDRESS_TEXT_LEN];
	const char *colon = strchr(text, ':');
	enum error error;

	if (*text == '[')
		return parse_bracketed(text, port, to);
	if (colon != NULL && strchr(colon + 1, ':') != NULL) {
		if (!copy_text(address, text, strlen(text)))
			return ERR_SYNTAX;
		return parse_ipv6(address, port, to);
	}
	if (colon == NULL)
		return parse_ipv4(text, port, to);
	if (!copy_text(address, text, (size_t)(colon - text)))
		return ERR_SYNTAX;
	error = parse_ipv4(address, port, to);
	if (error != OK)
		return error;
	error = parse_port(colon + 1, &port);
	if (error == OK)
		to->in.sin_port = htons(port);
	return error;
}

bool
value_same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->len == b->len && memcmp(&a->sa, &b->sa, a->len) == 0;
}

static unsigned
family_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

/* Clears what is behind the prefix; true if something was there. */
static bool
clear_host_bits(struct config_network *network)
{
	unsigned bits = family_bits(network->family);
	bool found = false;

	for (unsigned i = network->prefix; i < bits; i++) {
		uint8_t mask = (uint8_t)(0x80 >> (i % 8));

		found |= (network->address[i / 8] & mask) != 0;
		network->address[i / 8] &= (uint8_t)~mask;
	}
	return found;
}

enum error
value_network(const char *text, struct config_network *to)
{
	struct config_network network = {.family = AF_INET};
	char address[ADDRESS_TEXT_LEN];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	uint64_t prefix;
	enum error error;
	bool host_bits;

	if (!copy_text(address, text, len))
		return ERR_SYNTAX;
	if (strchr(address, ':') != NULL)
		network.family = AF_INET6;
	if (inet_pton(network.family, address, network.address) != 1)
		return ERR_SYNTAX;
	prefix = family_bits(network.family);
	if (slash != NULL) {
		error = value_number(slash + 1, &prefix);
		if (error != OK)
			return error;
		if (prefix > family_bits(network.family))
			return ERR_RANGE;
	}
	network.prefix = (uint8_t)prefix;
	host_bits = clear_host_bits(&network);
	*to = network;
	return host_bits ? ERR_CONFLICT : OK;
}

char *
value_network_text(const struct config_network *network, char *text)
{
	char address[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(
	    network->family, network->address, address, sizeof(address));
	snprintf(text, VALUE_NETWORK_LEN, "%s/%u", address, network->prefix);
	return text;
}

/* Whether the first bits of both are the same. */
static bool
same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned octets = bits / 8, rest = bits % 8;

	if (memcmp(a, b, octets) != 0)
		return false;
	return rest == 0 || (a[octets] ^ b[octets]) >> (8 - rest) == 0;
}

bool
config_networks_contain(const struct config_network *networks, size_t count,
    const struct endpoint *endpoint)
{
	const uint8_t *address = (const uint8_t *)&endpoint->in.sin_addr;
	int family = endpoint->sa.sa_family;

	if (family == AF_INET6) {
		address = endpoint->in6.sin6_addr.s6_addr;
		if (IN6_IS_ADDR_V4MAPPED(&endpoint->in6.sin6_addr)) {
			family = AF_INET;
			address += 12;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (networks[i].family == family &&
		    same_prefix(
			networks[i].address, address, networks[i].prefix))
			return true;
	return false;
}
