/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/peers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/client/hash.h"
#include "zones/dns/rdata.h"

#define BUCKETS 1024 /* a power of two; chains stay short for thousands */

struct peers {
	uint64_t secret;
	struct peer *bucket[BUCKETS];
	/* those that nobody holds */
	struct peer *newest, *oldest;
	size_t idle;
};

socklen_t
peer_address_init(union peer_address *address, uint16_t type,
    const uint8_t *octets, uint16_t port)
{
	memset(address, 0, sizeof(*address));
	if (type == TYPE_A) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(port);
		memcpy(&address->v4.sin_addr, octets, 4);
		return sizeof(address->v4);
	}
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons(port);
	memcpy(&address->v6.sin6_addr, octets, 16);
	return sizeof(address->v6);
}

/* What makes two addresses the same one, as octets. */
struct identity {
	uint8_t octets[16 + 4 + 2 + 1]; /* address, scope, port, family */
	size_t len;
};

static void
identify(const struct sockaddr *address, struct identity *id)
{
	uint8_t family = (uint8_t)address->sa_family;

	id->len = 0;
	if (family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, address, sizeof(v4));
		memcpy(id->octets, &v4.sin_addr, 4);
		memcpy(id->octets + 4, &v4.sin_port, 2);
		id->len = 6;
	} else if (family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, address, sizeof(v6));
		memcpy(id->octets, &v6.sin6_addr, 16);
		memcpy(id->octets + 16, &v6.sin6_scope_id, 4);
		memcpy(id->octets + 20, &v6.sin6_port, 2);
		id->len = 22;
	}
	id->octets[id->len++] = family;
}

static bool
is_same(const struct identity *a, const struct sockaddr *address)
{
	struct identity b;

	identify(address, &b);
	return a->len == b.len && memcmp(a->octets, b.octets, b.len) == 0;
}

static struct peer **
bucket_of(struct peers *peers, const struct identity *id)
{
	uint64_t h = hash_octets(peers->secret, id->octets, id->len);

	return &peers->bucket[h & (BUCKETS - 1)];
}

static struct peer *
find(struct peers *peers, const struct sockaddr *address)
{
	struct identity id;
	struct peer *peer;

	identify(address, &id);
	for (peer = *bucket_of(peers, &id); peer != NULL; peer = peer->next)
		if (is_same(&id, &peer->address.any))
			return peer;
	return NULL;
}

/* --- those that nobody holds --- */

static void
unlink_idle(struct peers *peers, struct peer *peer)
{
	*(peer->newer ? &peer->newer->older : &peers->newest) = peer->older;
	*(peer->older ? &peer->older->newer : &peers->oldest) = peer->newer;
	peer->newer = peer->older = NULL;
	peers->idle--;
}

static void
link_idle(struct peers *peers, struct peer *peer)
{
	peer->older = peers->newest;
	*(peers->newest ? &peers->newest->newer : &peers->oldest) = peer;
	peers->newest = peer;
	peers->idle++;
}

static void
forget(struct peers *peers, struct peer *peer)
{
	struct identity id;
	struct peer **at;

	unlink_idle(peers, peer);
	identify(&peer->address.any, &id);
	for (at = bucket_of(peers, &id); *at != peer; at = &(*at)->next)
		assert(*at != NULL);
	*at = peer->next;
	free(peer);
}

/* --- the table --- */

struct peers *
peers_new(uint64_t secret)
{
	struct peers *peers = calloc(1, sizeof(*peers));

	if (peers != NULL)
		peers->secret = secret;
	return peers;
}

void
peers_free(struct peers *peers)
{
	if (peers == NULL)
		return;
	while (peers->oldest != NULL)
		forget(peers, peers->oldest);
	free(peers);
}

struct peer *
peers_hold(struct peers *peers, const union peer_address *address)
{
	struct peer *peer = find(peers, &address->any);
	struct peer **bucket;
	struct identity id;

	if (peer != NULL) {
		if (peer->holders++ == 0)
			unlink_idle(peers, peer);
		return peer;
	}
	peer = calloc(1, sizeof(*peer));
	if (peer == NULL)
		return NULL;
	identify(&address->any, &id);
	bucket = bucket_of(peers, &id);
	peer->address = *address;
	peer->address_len = address->any.sa_family == AF_INET
				? sizeof(address->v4)
				: sizeof(address->v6);
	peer->holders = 1;
	peer->next = *bucket;
	*bucket = peer;
	return peer;
}

void
peers_release(struct peers *peers, struct peer *peer)
{
	assert(peer->holders > 0);
	if (--peer->holders > 0)
		return;
	link_idle(peers, peer);
	if (peers->idle > PEERS_IDLE_MAX)
		forget(peers, peers->oldest);
}

struct peer *
peers_find(struct peers *peers, const struct sockaddr *address)
{
	struct peer *peer = find(peers, address);

	return peer != NULL && peer->holders > 0 ? peer : NULL;
}
