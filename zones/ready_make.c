/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/ready_make.h"

#include <stdlib.h>
#include <string.h>

/* A block being put together. */
struct making {
	const struct zone *zone;
	struct ready_item item[READY_ITEMS];
	const struct record *record[READY_ITEMS];
	struct ready_address address[READY_ITEMS * READY_ADDRESSES];
	unsigned items;
	unsigned addresses;
	size_t rdata_len;
	bool leased;
};

static const struct lease *
lease_of(struct making *m, const struct record *r)
{
	if (record_is_static(r))
		return NULL;
	m->leased = true;
	return record_lease(r);
}

/* Adds the records of one address set of a host; false if there are too
 * many. */
static bool
add_addresses(struct making *m, struct ready_item *item, const struct node *n,
    uint16_t type)
{
	const struct rrset *set = node_find(n, type);
	struct rrset_cursor c;

	if (set == NULL)
		return true;
	if (item->count + set->count > READY_ADDRESSES ||
	    m->addresses + set->count > UINT8_MAX)
		return false;
	for (struct record *r = rrset_first(set, &c); r; r = rrset_next(&c)) {
		struct ready_address *a = &m->address[m->addresses++];

		a->lease = lease_of(m, r);
		a->ttl = set->ttl;
		a->type = type;
		memcpy(a->octets, r->rdata, r->rdlen);
		item->count++;
	}
	return true;
}

/* Gives an item the addresses of its host, if they can be prepared: those of
 * an item before it with the same host, or of the host's node.  A host of this
 * zone that is not there may come, and is known to referrers.h; one outside
 * may be in another zone of ours. */
static void
add_host(struct making *m, struct ready_item *item, const uint8_t *name,
    bool popular)
{
	unsigned addresses = m->addresses;
	const struct node *n;

	for (unsigned i = 0; i < m->items; i++) {
		if (m->item[i].target_hash != item->target_hash)
			continue;
		item->host = m->item[i].host;
		item->first = m->item[i].first;
		item->count = m->item[i].count;
		return;
	}
	item->host = (uint8_t)m->items;
	item->first = (uint8_t)m->addresses;
	item->count = 0;
	if (popular || !name_is_in(name, m->zone->info->apex.wire)) {
		item->host = READY_LOOK_UP;
		return;
	}
	n = tree_find_hash(&m->zone->tree, item->target_hash);
	if (n == NULL)
		return;
	if (add_addresses(m, item, n, TYPE_A) &&
	    add_addresses(m, item, n, TYPE_AAAA))
		return;
	m->addresses = addresses;
	item->host = READY_LOOK_UP;
	item->count = 0;
}

static void
add_item(struct making *m, struct record *r, const struct referrers *referrers)
{
	struct ready_item item = {.lease = lease_of(m, r),
	    .target_hash = r->target_hash,
	    .priority = record_priority(r),
	    .weight = record_weight(r),
	    .rdlen = r->rdlen};

	if (r->target_hash == 0)
		item.host = READY_NO_HOST;
	else
		add_host(m, &item, r->rdata + 6,
		    referrers_is_popular(referrers, r->target_hash));
	m->record[m->items] = r;
	m->item[m->items++] = item;
	m->rdata_len += r->rdlen;
}

static void
set_terms(struct ready *r, const struct ready_terms *terms)
{
	r->standings = terms->standings;
	r->shape = terms->shape;
	r->condition = terms->condition;
	r->nobody = terms->nobody;
}

static uint64_t
instance_of(const struct record *srv)
{
	return standing_key(srv->target_hash, wire_load_u16(srv->rdata + 4));
}

static struct ready *
pack(struct edition *ed, const struct making *m,
    const struct ready_terms *terms, uint32_t ttl)
{
	size_t heads = sizeof(struct ready) +
		       m->items * sizeof(struct ready_item) +
		       m->addresses * sizeof(struct ready_address);
	struct ready *r = edition_alloc(ed, heads + m->rdata_len);
	size_t at = heads;

	if (r == NULL)
		return NULL;
	set_terms(r, terms);
	r->ttl = ttl;
	r->items = (uint8_t)m->items;
	r->addresses = (uint8_t)m->addresses;
	r->leased = m->leased;
	r->prepared = true;
	memcpy(r->item, m->item, m->items * sizeof(m->item[0]));
	memcpy((void *)(r->item + m->items), m->address,
	    m->addresses * sizeof(m->address[0]));
	for (unsigned i = 0; i < m->items; i++) {
		uint64_t instance = instance_of(m->record[i]);

		r->item[i].special = standings_find(r->standings, instance);
		r->item[i].rdata = (uint16_t)at;
		memcpy((uint8_t *)r + at, m->record[i]->rdata,
		    m->record[i]->rdlen);
		at += m->record[i]->rdlen;
	}
	return r;
}

/* A single record is found as fast by looking, and a million services of one
 * instance need the memory. */
const struct rrset *
ready_worth_it(const struct node *n)
{
	const struct rrset *srv = node_find(n, TYPE_SRV);

	if (srv == NULL || srv->count < 2 || srv->count > READY_ITEMS ||
	    (n->flags & NODE_SERVICE) == 0 || node_find(n, TYPE_PTR))
		return NULL;
	return srv;
}

struct ready_terms
ready_terms_of(const struct ready *r)
{
	struct ready_terms terms = {0};

	if (r != NULL) {
		terms.standings = r->standings;
		terms.shape = r->shape;
		terms.condition = r->condition;
		terms.nobody = r->nobody;
	}
	return terms;
}

static bool
has_terms(const struct ready_terms *terms)
{
	return terms->standings != NULL || terms->shape != 0 ||
	       terms->condition != CONDITION_NORMAL;
}

/* A block without items, for its terms. */
static struct ready *
make_bare(
    struct edition *ed, const struct node *n, const struct ready_terms *terms)
{
	const struct rrset *srv = node_find(n, TYPE_SRV);
	struct ready *r = edition_alloc(ed, sizeof(*r));

	if (r == NULL)
		return NULL;
	set_terms(r, terms);
	r->ttl = srv ? srv->ttl : 0;
	return r;
}

enum error
ready_make(struct edition *ed, const struct zone *z, const struct node *n,
    const struct referrers *referrers, const struct ready_terms *terms,
    struct ready **out)
{
	const struct rrset *srv = ready_worth_it(n);
	struct making m;
	struct rrset_cursor c;

	*out = NULL;
	if ((n->flags & NODE_SERVICE) == 0 ||
	    (srv == NULL && !has_terms(terms)))
		return OK;
	if (srv == NULL) {
		*out = make_bare(ed, n, terms);
		return *out ? OK : ERR_MEMORY;
	}
	m.zone = z;
	m.items = m.addresses = 0;
	m.rdata_len = 0;
	m.leased = false;
	for (struct record *r = rrset_first(srv, &c); r; r = rrset_next(&c))
		add_item(&m, r, referrers);
	*out = pack(ed, &m, terms, srv->ttl);
	return *out ? OK : ERR_MEMORY;
}

static int
by_instance(const void *a, const void *b)
{
	const struct standing *x = a, *y = b;

	return (x->instance > y->instance) - (x->instance < y->instance);
}

enum error
ready_make_standings(struct edition *ed, const struct standing *item,
    size_t count, const struct standings **out)
{
	struct standings *list;
	size_t kept = 0;

	*out = NULL;
	if (count == 0)
		return OK;
	list = edition_alloc(ed, sizeof(*list) + count * sizeof(*item));
	if (list == NULL)
		return ERR_MEMORY;
	memcpy(list->item, item, count * sizeof(*item));
	qsort(list->item, count, sizeof(*item), by_instance);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 ||
		    list->item[kept - 1].instance != list->item[i].instance)
			list->item[kept++] = list->item[i];
	list->count = (uint32_t)kept;
	*out = list;
	return OK;
}

enum error
ready_retire(struct edition *ed, struct ready *r)
{
	enum error err = r ? edition_reserve(ed, 2) : OK;

	if (err != OK || r == NULL)
		return err;
	if (r->standings != NULL)
		edition_retire(ed, (void *)(uintptr_t)r->standings);
	edition_retire(ed, r);
	return OK;
}
