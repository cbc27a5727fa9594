/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/ahead.h"

#include "zones/dns/message.h"
#include "zones/ready.h"

/* Records per set that are worth asking for. */
#define RECORDS_MAX 16

/* Whether it looks like a query with one question; its name starts right
 * behind the header. */
static bool
has_question(const uint8_t *in, size_t len)
{
	size_t name_len;

	/* QR 0 and opcode 0; QDCOUNT 1. */
	return len > MESSAGE_HEADER_LEN && (in[2] & 0xf8) == 0 && in[4] == 0 &&
	       in[5] == 1 &&
	       name_check(in + MESSAGE_HEADER_LEN, len - MESSAGE_HEADER_LEN,
		   &name_len);
}

static const struct zone *
find_zone(const struct snapshot *s, const struct name_key *key)
{
	int number = zoneset_find(s->zones->index, key, 0);

	return number < 0 ? NULL : s->zones->zone[number];
}

/* Finds the nodes of a run of questions about one zone. */
static void
find_nodes(
    const struct ahead *ahead, size_t from, size_t end, struct node **node)
{
	uint64_t hash[AHEAD_MAX];

	if (ahead->zone[from] == NULL) {
		for (size_t i = from; i < end; i++)
			node[i] = NULL;
		return;
	}
	for (size_t i = from; i < end; i++)
		hash[i - from] = ahead->key[i].hash[0];
	tree_find_many(&ahead->zone[from]->tree, hash, node + from, end - from);
}

static void
fetch_records(const struct rrset *set)
{
	if (set->height > 0)
		return;
	for (unsigned i = 0; i < set->used && i < RECORDS_MAX; i++)
		__builtin_prefetch(set->item[i]);
}

/* The first half of a prepared answer; the rest follows by itself. */
static void
fetch_ready(const struct ready *ready)
{
	for (size_t at = 0; at < 512; at += 64)
		__builtin_prefetch((const char *)ready + at);
}

/* The clocks of registered records, and exceptions, which lie apart. */
static void
fetch_leases(const struct ready *ready)
{
	const struct ready_address *address = ready_addresses(ready);

	if (ready->standings != NULL) {
		__builtin_prefetch(ready->standings);
		__builtin_prefetch((const char *)ready->standings + 64);
	}
	if (!ready->leased)
		return;
	for (unsigned i = 0; i < ready->items; i++)
		__builtin_prefetch(ready->item[i].lease);
	for (unsigned i = 0; i < ready->addresses; i++)
		__builtin_prefetch(address[i].lease);
}

/* The first two RRsets of a node are those that are asked for. */
static unsigned
sets_of(const struct node *n)
{
	if (n == NULL || n->ready != NULL)
		return 0;
	return n->rrsets < 2 ? n->rrsets : 2;
}

/* From nodes to sets to records, one stage for all before the next. */
static void
fetch(struct node *const *node, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (node[i] != NULL && node[i]->ready != NULL)
			fetch_ready(node[i]->ready);
		for (unsigned k = 0; k < sets_of(node[i]); k++) {
			const char *set = (const char *)node[i]->rrset[k];

			__builtin_prefetch(set);
			__builtin_prefetch(set + 64);
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (node[i] != NULL && node[i]->ready != NULL)
			fetch_leases(node[i]->ready);
		if (node[i] != NULL && node[i]->ready != NULL &&
		    !node[i]->ready->prepared)
			for (unsigned k = 0; k < node[i]->rrsets && k < 2; k++)
				__builtin_prefetch(node[i]->rrset[k]);
		for (unsigned k = 0; k < sets_of(node[i]); k++)
			fetch_records(node[i]->rrset[k]);
	}
}

void
ahead_look(struct ahead *ahead, const struct snapshot *s,
    const uint8_t *const *in, const size_t *in_len, size_t count)
{
	struct node *node[AHEAD_MAX];
	size_t end;

	for (size_t i = 0; i < count; i++) {
		ahead->zone[i] = NULL;
		if (!has_question(in[i], in_len[i]))
			continue;
		name_key_init(&ahead->key[i], in[i] + MESSAGE_HEADER_LEN);
		ahead->zone[i] = find_zone(s, &ahead->key[i]);
	}
	for (size_t from = 0; from < count; from = end) {
		for (end = from + 1; end < count; end++)
			if (ahead->zone[end] != ahead->zone[from])
				break;
		find_nodes(ahead, from, end, node);
	}
	fetch(node, count);
}
