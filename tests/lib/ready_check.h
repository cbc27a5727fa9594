/* ready_check.h - whether what is prepared for services is what they hold.
 *
 * Threads:   none.
 * Ownership: looks only.
 * Errors:    assert.
 */
#ifndef TESTS_LIB_READY_CHECK_H
#define TESTS_LIB_READY_CHECK_H

#undef NDEBUG
#include <assert.h>

#include "zones/ready.h"

static inline void
ready_check_lease(const struct record *r, const struct lease *lease)
{
	assert(r != NULL);
	assert(lease == (record_is_static(r) ? NULL : record_lease(r)));
}

/* The addresses of one item are those of its host. */
static inline void
ready_check_host(const struct zone *z, const struct ready *ready,
    const struct ready_item *item)
{
	const struct node *n = tree_find_hash(&z->tree, item->target_hash);
	const struct rrset *a = n ? node_find(n, TYPE_A) : NULL;
	const struct rrset *aaaa = n ? node_find(n, TYPE_AAAA) : NULL;

	assert(item->count == (a ? a->count : 0) + (aaaa ? aaaa->count : 0));
	assert(item->first + item->count <= ready->addresses);
	for (unsigned i = 0; i < item->count; i++) {
		const struct ready_address *at =
		    ready_addresses(ready) + item->first + i;
		const struct rrset *set = at->type == TYPE_A ? a : aaaa;

		assert(set != NULL && at->ttl == set->ttl);
		ready_check_lease(
		    rrset_find(set, at->octets, at->type == TYPE_A ? 4 : 16),
		    at->lease);
	}
}

static inline void
ready_check_item(struct zone *z, const struct ready *ready, unsigned i,
    const struct record *r)
{
	const struct ready_item *item = &ready->item[i];
	uint64_t instance =
	    standing_key(r->target_hash, wire_load_u16(r->rdata + 4));

	ready_check_lease(r, item->lease);
	assert(item->rdlen == r->rdlen);
	assert(memcmp(ready_rdata(ready, item), r->rdata, r->rdlen) == 0);
	assert(item->target_hash == r->target_hash);
	assert(item->priority == record_priority(r));
	assert(item->weight == record_weight(r));
	assert((item->host == READY_NO_HOST) == (r->target_hash == 0));
	assert(item->special ==
	       (standings_find(ready->standings, instance) != NULL));
	if (item->host < READY_LOOK_UP)
		ready_check_host(z, ready, item);
}

/* Without items there must be another reason for a block. */
static inline void
ready_check_terms(const struct ready *ready)
{
	const struct standings *list = ready->standings;

	assert(ready->prepared || list != NULL || ready->shape != 0 ||
	       ready->condition != CONDITION_NORMAL);
	assert(list == NULL || list->count > 0);
	for (uint32_t i = 1; list != NULL && i < list->count; i++)
		assert(list->item[i - 1].instance < list->item[i].instance);
}

/* If it says so nobody is served indeed. */
static inline void
ready_check_nobody(const struct ready *ready, const struct rrset *srv)
{
	struct rrset_cursor c;

	for (struct record *r = ready->nobody ? rrset_first(srv, &c) : NULL; r;
	     r = rrset_next(&c)) {
		const struct standing *st = standings_find(ready->standings,
		    standing_key(r->target_hash, wire_load_u16(r->rdata + 4)));

		assert(st != NULL && st->served == SERVED_OUT);
	}
}

static inline enum error
ready_check_node(void *arg, struct node *n)
{
	struct zone *z = arg;
	const struct ready *ready = n->ready;
	const struct rrset *srv = node_find(n, TYPE_SRV);
	bool worth = (n->flags & NODE_SERVICE) != 0 && srv != NULL &&
		     srv->count >= 2 && srv->count <= READY_ITEMS &&
		     node_find(n, TYPE_PTR) == NULL;

	assert(!worth || ready != NULL);
	if (ready == NULL)
		return OK;
	assert((n->flags & NODE_SERVICE) != 0);
	assert(ready->prepared == worth);
	assert(ready->items == (worth ? srv->count : 0));
	assert(srv == NULL || ready->ttl == srv->ttl);
	ready_check_terms(ready);
	assert(!ready->nobody || srv != NULL);
	ready_check_nobody(ready, srv);
	for (unsigned i = 0; i < ready->items; i++)
		ready_check_item(z, ready, i, rrset_at(srv, i));
	return OK;
}

static inline void
ready_check(struct zone *z)
{
	assert(tree_walk(&z->tree, ready_check_node, z) == OK);
}

#endif
