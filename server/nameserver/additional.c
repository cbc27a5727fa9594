/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/additional.h"

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
set_len(const struct node *n, uint16_t type, size_t rdlen, int64_t now_ms)
{
	const struct rrset *set = node_find(n, type);

	return set ? rrset_live_count(set, now_ms) * (12 + rdlen) : 0;
}

size_t
additional_len(const struct answer *a, const struct record *r)
{
	const uint8_t *name = rdata_target(r->type, r->rdata, r->rdlen);
	const struct node *n = additional_find(a, name, r->target_hash);

	if (n == NULL)
		return 0;
	return set_len(n, TYPE_A, 4, a->now_ms) +
	       set_len(n, TYPE_AAAA, 16, a->now_ms);
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

static bool
put_addresses(
    struct answer *a, struct owner owner, const struct node *n, uint16_t type)
{
	const struct rrset *set = node_find_live(n, type, a->now_ms);

	return set == NULL ||
	       answer_put_whole(a, SECTION_ADDITIONAL, owner, set, UINT32_MAX);
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
	if (t->node != NULL && name_equal(node_owner(t->node), t->owner.name))
		return t->node;
	if (a->snapshot->zones->count > 1)
		return find_elsewhere(a, t->owner.name);
	return NULL;
}

void
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
		if (!put_addresses(a, t[i].owner, n, TYPE_A) ||
		    !put_addresses(a, t[i].owner, n, TYPE_AAAA))
			return;
	}
}
