/* zone_check.h - the invariants of a zone, each looked at the slow way.
 *
 *  1. tree.count and records are what a walk counts (index entries are none).
 *  2. Each node is found under its own name, has its parent in the tree, and
 *     has records or children, unless it is the apex.
 *  3. children, and the flags of a node, follow from names and RRsets; cuts
 *     is the number of delegations and DNAMEs.
 *  4. No RRset is empty; its records are in order, and are either static or
 *     know their owner and stand in a set that is marked leased.
 *  5. The SOA and an NS stand at the apex, and no other SOA anywhere.
 *  6. The directory leads to the services that there are, and to no others.
 *
 * Threads:   none.
 * Ownership: looks only.
 * Units:     now_ms monotonic milliseconds.
 * Errors:    assert.
 */
#ifndef TESTS_LIB_ZONE_CHECK_H
#define TESTS_LIB_ZONE_CHECK_H

#undef NDEBUG
#include <assert.h>
#include <stdlib.h>

#include "zones/directory.h"
#include "zones/dns/rdata.h"
#include "zones/zone.h"

struct zone_check {
	const struct zone *zone;
	int64_t now_ms;
	struct node **node;
	uint64_t *parent_hash; /* of node[i]'s parent; the apex has 0 */
	size_t count;
};

static inline enum error
zone_check_collect(void *arg, struct node *n)
{
	struct zone_check *k = arg;

	assert(k->count < k->zone->tree.count);
	k->parent_hash[k->count] =
	    n == k->zone->apex ? 0 : name_hash(name_strip(node_owner(n), 1));
	k->node[k->count++] = n;
	return OK;
}

static inline struct node *
zone_check_find(const struct zone *z, const uint8_t *name)
{
	return tree_find_name(&z->tree, name_hash(name), name, name_len(name));
}

/* Invariant 4. */
static inline void
zone_check_record(const struct zone *z, const struct node *n,
    const struct rrset *set, const struct record *r)
{
	assert(r->type == set->type);
	if (record_is_static(r))
		return;
	assert(!node_is_index(set) && set->leased);
	assert(record_lease(r)->owner_hash == n->hash);
	assert(record_lease(r)->zone == z->info->number);
}

static inline void
zone_check_set(
    const struct zone *z, const struct node *n, const struct rrset *set)
{
	const struct record *last = NULL, *r;
	struct rrset_cursor c;
	uint32_t count = 0;

	assert(set->count > 0);
	for (r = rrset_first(set, &c); r; r = rrset_next(&c)) {
		zone_check_record(z, n, set, r);
		assert(
		    last == NULL || rdata_compare(set->type, last->rdata,
					last->rdlen, r->rdata, r->rdlen) < 0);
		last = r;
		count++;
	}
	assert(count == set->count);
}

static inline void
zone_check_flags(const struct zone_check *k, const struct node *n)
{
	const struct zone *z = k->zone;
	bool apex = n == z->apex, service;

	service = directory_has_service(n) &&
		  directory_is_service_name(node_owner(n), z->info->labels);
	assert(((n->flags & NODE_APEX) != 0) == apex);
	assert(((n->flags & NODE_DELEGATION) != 0) ==
	       (!apex && node_find(n, TYPE_NS) != NULL));
	assert(((n->flags & NODE_DNAME) != 0) ==
	       (node_find(n, TYPE_DNAME) != NULL));
	assert(((n->flags & NODE_CNAME) != 0) ==
	       (node_find(n, TYPE_CNAME) != NULL));
	assert(((n->flags & NODE_SERVICE) != 0) == service);
	if (node_find_live(n, TYPE_CNAME, k->now_ms))
		assert(!node_conflicts_with_cname(n, TYPE_CNAME, k->now_ms));
}

/* Invariants 2 and 3. */
static inline void
zone_check_node(const struct zone_check *k, const struct node *n)
{
	const uint8_t *owner = node_owner(n);
	bool wildcard = false;
	uint32_t children = 0;

	assert(n->name_len == name_len(owner) && n->hash == name_hash(owner));
	assert(zone_check_find(k->zone, owner) == n);
	assert(name_is_in(owner, k->zone->info->apex.wire));
	assert(n == k->zone->apex || n->rrsets > 0 || n->children > 0);
	if (n != k->zone->apex)
		assert(zone_check_find(k->zone, name_strip(owner, 1)));
	for (size_t i = 0; i < k->count; i++) {
		const uint8_t *child = node_owner(k->node[i]);

		if (k->node[i] == k->zone->apex || k->parent_hash[i] != n->hash)
			continue;
		children++;
		wildcard = wildcard || (child[0] == 1 && child[1] == '*');
	}
	assert(n->children == children);
	assert(((n->flags & NODE_WILDCARD) != 0) == wildcard);
	zone_check_flags(k, n);
}

/* Invariant 6, from one side: entries lead somewhere. */
static inline size_t
zone_check_index(const struct zone *z, const struct rrset *set, uint8_t flag)
{
	struct rrset_cursor c;

	for (const struct record *r = rrset_first(set, &c); r;
	     r = rrset_next(&c)) {
		const struct node *n = zone_check_find(z, r->rdata);

		assert(n != NULL);
		assert(flag ? (n->flags & flag) != 0
			    : node_find(n, INDEX_SERVICES) != NULL);
	}
	return set->count;
}

/* What was counted on the walk. */
struct zone_count {
	size_t records, cuts, services, service_entries, domains, soas;
};

static inline void
zone_check_sets(
    const struct zone *z, const struct node *n, struct zone_count *t)
{
	for (unsigned i = 0; i < n->rrsets; i++) {
		const struct rrset *set = n->rrset[i];

		assert(node_find(n, set->type) == set);
		zone_check_set(z, n, set);
		if (set->type == INDEX_SERVICES) {
			t->domains++;
			t->service_entries +=
			    zone_check_index(z, set, NODE_SERVICE);
		}
		if (set->type == INDEX_DOMAINS)
			assert(n == z->apex);
		if (!node_is_index(set))
			t->records += set->count;
		t->soas += set->type == TYPE_SOA;
	}
}

/* Invariant 6, from the other side: nothing is forgotten. */
static inline void
zone_check_directory(const struct zone *z, const struct zone_count *t)
{
	const struct rrset *domains = node_find(z->apex, INDEX_DOMAINS);

	assert(t->services == t->service_entries);
	assert(t->domains == (domains ? zone_check_index(z, domains, 0) : 0));
}

/* All invariants; `whole` is false for zones that have no SOA and NS yet. */
static inline void
zone_check(const struct zone *z, int64_t now_ms, bool whole)
{
	size_t room = (z->tree.count + 1) * sizeof(void *);
	struct zone_check k = {.zone = z, .now_ms = now_ms};
	struct zone_count t = {0};

	k.node = malloc(room);
	k.parent_hash = malloc((z->tree.count + 1) * sizeof(uint64_t));
	assert(k.node != NULL && k.parent_hash != NULL);
	assert(tree_walk(&z->tree, zone_check_collect, &k) == OK);
	assert(k.count == z->tree.count);
	assert(zone_check_find(z, z->info->apex.wire) == z->apex);
	for (size_t i = 0; i < k.count; i++) {
		const struct node *n = k.node[i];

		zone_check_node(&k, n);
		zone_check_sets(z, n, &t);
		t.cuts += (n->flags & (NODE_DELEGATION | NODE_DNAME)) != 0;
		t.services += (n->flags & NODE_SERVICE) != 0;
	}
	assert(t.records == z->records && t.cuts == z->cuts);
	zone_check_directory(z, &t);
	if (whole) {
		assert(t.soas == 1 && node_find(z->apex, TYPE_SOA));
		assert(node_find_live(z->apex, TYPE_NS, now_ms));
	}
	free(k.node);
	free(k.parent_hash);
}

#endif
