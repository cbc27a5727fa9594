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

static inline enum error
ready_check_node(void *arg, struct node *n)
{
	const struct zone *z = arg;
	const struct ready *ready = n->ready;
	const struct rrset *srv = node_find(n, TYPE_SRV);

	if (ready == NULL)
		return OK;
	assert(srv != NULL && node_find(n, TYPE_PTR) == NULL);
	assert(ready->items == srv->count && ready->ttl == srv->ttl);
	for (unsigned i = 0; i < ready->items; i++) {
		const struct ready_item *item = &ready->item[i];
		const struct record *r = rrset_at(srv, i);

		ready_check_lease(r, item->lease);
		assert(item->rdlen == r->rdlen);
		assert(
		    memcmp(ready_rdata(ready, item), r->rdata, r->rdlen) == 0);
		assert(item->target_hash == r->target_hash);
		assert(item->priority == record_priority(r));
		assert(item->weight == record_weight(r));
		assert((item->host == READY_NO_HOST) == (r->target_hash == 0));
		if (item->host < READY_LOOK_UP)
			ready_check_host(z, ready, item);
	}
	return OK;
}

static inline void
ready_check(struct zone *z)
{
	assert(tree_walk(&z->tree, ready_check_node, z) == OK);
}

#endif
