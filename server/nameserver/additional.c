/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/additional.h"

#include "zones/dns/octets.h"

/* The target may lie in another of our zones (slow, rare). */
static const struct node *
find_elsewhere(const struct answer *a, const uint8_t *name)
{
	const struct zoneset *zones = a->snapshot->zones;
	struct zone_walk walk;
	struct name_key key;
	int number;

	name_key_init(&key, name);
	number = zoneset_find(zones->index, &key, 0);
	if (number < 0 || zones->zone[number]->broken)
		return NULL;
	zone_find(zones->zone[number], &key, &walk);
	return walk.node;
}

const struct node *
additional_find(const struct answer *a, const uint8_t *name, uint64_t hash)
{
	const struct node *n = tree_find_hash(&a->zone->tree, hash);

	if (n != NULL && name_equal(node_owner(n), name))
		return n;
	if (a->snapshot->zones->count > 1)
		return find_elsewhere(a, name);
	return NULL;
}

static size_t
set_len(const struct node *n, uint16_t type, size_t record_len, int64_t now_ms)
{
	const struct rrset *set = node_find(n, type);

	return set ? rrset_live_count(set, now_ms) * record_len : 0;
}

size_t
additional_len(const struct answer *a, const struct record *r, size_t owner_len)
{
	const uint8_t *name = rdata_target(r->type, r->rdata, r->rdlen);
	const struct node *n = additional_find(a, name, r->target_hash);

	if (n == NULL)
		return 0;
	return set_len(n, TYPE_A, owner_len + 10 + 4, a->now_ms) +
	       set_len(n, TYPE_AAAA, owner_len + 10 + 16, a->now_ms);
}

/* Whether a host was among the targets before number i.  Few targets are
 * compared one by one; many go through a hash table of target numbers. */
#define SEEN_SLOTS (2 * ANSWER_MAX_TARGETS)
#define SEEN_FEW 16

static bool
seen_before(struct answer *a, size_t from, size_t i)
{
	const struct target *t = a->scratch->target;
	uint16_t *seen = a->scratch->seen;
	size_t at;

	if (a->targets - from <= SEEN_FEW) {
		/* One bit of a hash tells most hosts apart. */
		uint64_t bit = UINT64_C(1) << (t[i].hash >> 58);

		if (i == from)
			a->seen_bits = 0;
		if ((a->seen_bits & bit) == 0) {
			a->seen_bits |= bit;
			return false;
		}
		for (size_t k = from; k < i; k++)
			if (t[k].hash == t[i].hash)
				return true;
		return false;
	}
	if (i == from)
		memset(seen, 0, sizeof(a->scratch->seen));
	for (at = t[i].hash % SEEN_SLOTS; seen[at] != 0;
	     at = (at + 1) % SEEN_SLOTS)
		if (t[seen[at] - 1].hash == t[i].hash)
			return true;
	seen[at] = (uint16_t)(i + 1);
	return false;
}

/* A set in one leaf, as nearly all are: written straight from it.  False, with
 * nothing added, if the live records do not all fit (RFC 2181 9). */
static bool
put_leaf(struct answer *a, uint16_t owner_at, const struct rrset *set)
{
	size_t rdlen = set->type == TYPE_A ? 4 : 16, live = 0;
	uint32_t ttl = set->ttl;
	uint8_t *at;

	for (unsigned i = 0; i < set->used; i++) {
		int64_t deadline_ms = record_deadline_ms(set->item[i]);

		if (deadline_ms <= a->now_ms)
			continue;
		ttl = answer_ttl(ttl, deadline_ms, a->now_ms);
		live++;
	}
	if (live * (12 + rdlen) > a->w.cap - a->w.len)
		return false;
	at = a->w.buf + a->w.len;
	for (unsigned i = 0; i < set->used; i++) {
		if (!record_is_live(set->item[i], a->now_ms))
			continue;
		answer_store_head(at, owner_at, set->type, ttl);
		wire_store_u16(at + 10, (uint16_t)rdlen);
		memcpy(at + 12, set->item[i]->rdata, rdlen);
		at += 12 + rdlen;
	}
	a->w.len = (size_t)(at - a->w.buf);
	a->count[SECTION_ADDITIONAL] += (unsigned)live;
	return true;
}

static bool
put_addresses(struct answer *a, struct owner owner, const struct node *n)
{
	for (unsigned i = 0; i < n->rrsets; i++) {
		const struct rrset *set = n->rrset[i];

		if (set->type != TYPE_A && set->type != TYPE_AAAA)
			continue;
		if (!(owner.at != 0 && set->height == 0
			    ? put_leaf(a, owner.at, set)
			    : answer_put_whole(a, SECTION_ADDITIONAL, owner,
				  set, UINT32_MAX)))
			return false;
	}
	return true;
}

/* Finds the nodes of some targets and asks for the memory on the way to their
 * first records, stage by stage: ten hosts cost four waits and not forty. */
static void
fetch(const struct answer *a, struct target *t, size_t count)
{
	struct node *node[TREE_MANY];
	uint64_t hash[TREE_MANY];

	for (size_t i = 0; i < count; i++)
		hash[i] = t[i].hash;
	tree_find_many(&a->zone->tree, hash, node, count);
	for (size_t i = 0; i < count; i++) {
		t[i].node = node[i];
		if (node[i] != NULL && node[i]->rrsets > 0)
			__builtin_prefetch(node[i]->rrset[0]);
	}
	for (size_t i = 0; i < count; i++)
		if (node[i] != NULL && node[i]->rrsets > 0 &&
		    node[i]->rrset[0]->height == 0)
			__builtin_prefetch(node[i]->rrset[0]->item[0]);
}

static const struct node *
node_of(const struct answer *a, const struct target *t)
{
	if (t->node != NULL && t->node->name_len == t->name_len &&
	    octets_equal_nocase(
		node_owner(t->node), t->owner.name, t->name_len))
		return t->node;
	if (a->snapshot->zones->count > 1)
		return find_elsewhere(a, t->owner.name);
	return NULL;
}

bool
additional_put(struct answer *a, size_t from)
{
	struct target *t = a->scratch->target;

	for (size_t i = from; i < a->targets; i++) {
		const struct node *n;

		if ((i - from) % TREE_MANY == 0)
			fetch(a, t + i,
			    a->targets - i < TREE_MANY ? a->targets - i
						       : TREE_MANY);
		if (seen_before(a, from, i))
			continue;
		n = node_of(a, &t[i]);
		if (n == NULL)
			continue;
		if (!put_addresses(a, t[i].owner, n))
			return false;
	}
	return true;
}
