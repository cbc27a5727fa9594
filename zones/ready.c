/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/ready.h"

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

static struct ready *
pack(struct edition *ed, const struct making *m, uint32_t ttl)
{
	size_t heads = sizeof(struct ready) +
		       m->items * sizeof(struct ready_item) +
		       m->addresses * sizeof(struct ready_address);
	struct ready *r = edition_alloc(ed, heads + m->rdata_len);
	size_t at = heads;

	if (r == NULL)
		return NULL;
	r->ttl = ttl;
	r->items = (uint8_t)m->items;
	r->addresses = (uint8_t)m->addresses;
	r->leased = m->leased;
	r->prepared = true;
	memcpy(r->item, m->item, m->items * sizeof(m->item[0]));
	memcpy((void *)(r->item + m->items), m->address,
	    m->addresses * sizeof(m->address[0]));
	for (unsigned i = 0; i < m->items; i++) {
		r->item[i].rdata = (uint16_t)at;
		memcpy((uint8_t *)r + at, m->record[i]->rdata,
		    m->record[i]->rdlen);
		at += m->record[i]->rdlen;
	}
	return r;
}

/* The SRV set that is worth preparing, or NULL.  A single record is found as
 * fast by looking, and a million services of one instance need the memory. */
static const struct rrset *
worth_it(const struct node *n)
{
	const struct rrset *srv = node_find(n, TYPE_SRV);

	if (srv == NULL || srv->count < 2 || srv->count > READY_ITEMS ||
	    (n->flags & NODE_SERVICE) == 0 || node_find(n, TYPE_PTR))
		return NULL;
	return srv;
}

/* Makes the block of a service, or leaves *out NULL where there is to be
 * none. */
static enum error
make(struct edition *ed, const struct zone *z, const struct node *n,
    const struct referrers *referrers, struct ready **out)
{
	const struct rrset *srv = worth_it(n);
	struct making m;
	struct rrset_cursor c;

	*out = NULL;
	if (srv == NULL)
		return OK;
	m.zone = z;
	m.items = m.addresses = 0;
	m.rdata_len = 0;
	m.leased = false;
	for (struct record *r = rrset_first(srv, &c); r; r = rrset_next(&c))
		add_item(&m, r, referrers);
	*out = pack(ed, &m, srv->ttl);
	return *out ? OK : ERR_MEMORY;
}

/* --- which services a change concerns --- */

/* Hashes of services. */
struct todo {
	uint64_t *service;
	size_t count;
	size_t capacity;
};

static enum error
todo_add(struct todo *t, uint64_t service)
{
	if (t->count == t->capacity) {
		size_t capacity = t->capacity ? 2 * t->capacity : 32;
		uint64_t *grown;

		grown = realloc(t->service, capacity * sizeof(*grown));
		if (grown == NULL)
			return ERR_MEMORY;
		t->service = grown;
		t->capacity = capacity;
	}
	t->service[t->count++] = service;
	return OK;
}

static int
by_hash(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A service may have been added for each of its records and hosts. */
static void
todo_unite(struct todo *t)
{
	size_t kept = 0;

	if (t->count > 1)
		qsort(t->service, t->count, sizeof(t->service[0]), by_hash);
	for (size_t i = 0; i < t->count; i++)
		if (kept == 0 || t->service[kept - 1] != t->service[i])
			t->service[kept++] = t->service[i];
	t->count = kept;
}

static enum error
todo_add_referrers(
    struct todo *t, const struct referrers *referrers, uint64_t host)
{
	uint64_t service[REFERRERS_MAX];
	size_t count = referrers_find(referrers, host, service);
	enum error err = OK;

	for (size_t i = 0; i < count && err == OK; i++)
		err = todo_add(t, service[i]);
	return err;
}

/* Notes which hosts a service names that is about to be prepared.  A host that
 * becomes popular by it sends all its services back to looking it up. */
static enum error
note_targets(struct todo *t, struct referrers *referrers, const struct node *n)
{
	const struct rrset *srv = worth_it(n);
	struct rrset_cursor c;
	enum error err = OK;

	if (srv == NULL)
		return OK;
	for (struct record *r = rrset_first(srv, &c); r && err == OK;
	     r = rrset_next(&c)) {
		bool popular = false;

		if (r->target_hash != 0)
			err = referrers_add(
			    referrers, r->target_hash, n->hash, &popular);
		if (err == OK && popular)
			err = todo_add_referrers(t, referrers, r->target_hash);
	}
	return err;
}

static enum error
collect(
    struct todo *t, const struct change *c, const struct referrers *referrers)
{
	enum error err = OK;

	for (size_t i = 0; i < c->entries && err == OK; i++) {
		const struct change_entry *e = &c->entry[i];
		uint64_t owner;

		if (e->kind == CHANGE_RENEWED)
			continue;
		if (e->type != TYPE_SRV && e->type != TYPE_PTR &&
		    e->type != TYPE_A && e->type != TYPE_AAAA)
			continue;
		owner = name_hash(e->owner);
		if (e->type == TYPE_A || e->type == TYPE_AAAA) {
			err = todo_add_referrers(t, referrers, owner);
			continue;
		}
		err = todo_add(t, owner);
	}
	return err;
}

static enum error
replace(struct change *c, struct node *old, struct ready *ready)
{
	struct node *n = node_edit(c->edition, old);
	enum error err = n ? edition_reserve(c->edition, 1) : ERR_MEMORY;

	if (err != OK)
		return err;
	if (n->ready != NULL)
		edition_retire(c->edition, n->ready);
	n->ready = ready;
	if (n == old)
		return OK;
	if ((n->flags & NODE_APEX) != 0)
		c->zone->apex = n;
	return tree_put(c->edition, &c->zone->tree, n);
}

enum error
ready_refresh(
    struct change *c, struct referrers *referrers, const struct shaper *shaper)
{
	struct todo todo = {0};
	enum error err = collect(&todo, c, referrers);

	(void)shaper;

	todo_unite(&todo);
	for (size_t i = 0; i < todo.count && err == OK; i++) {
		struct node *n =
		    tree_find_hash(&c->zone->tree, todo.service[i]);
		struct ready *ready = NULL;

		if (n == NULL)
			continue;
		err = note_targets(&todo, referrers, n);
		if (err == OK)
			err = make(c->edition, c->zone, n, referrers, &ready);
		if (err == OK && (ready != NULL || n->ready != NULL))
			err = replace(c, n, ready);
	}
	free(todo.service);
	return err;
}

/* --- a whole zone --- */

struct all {
	struct edition *edition;
	struct zone *zone;
	struct referrers *referrers;
};

static enum error
note_all(void *arg, struct node *n)
{
	const struct all *all = arg;
	struct todo todo = {0}; /* all are made anyway */
	enum error err = note_targets(&todo, all->referrers, n);

	free(todo.service);
	return err;
}

static enum error
make_one(void *arg, struct node *n)
{
	const struct all *all = arg;

	return make(all->edition, all->zone, n, all->referrers, &n->ready);
}

enum error
ready_make_all(struct edition *ed, struct zone *z, struct referrers *referrers,
    const struct shaper *shaper)
{
	struct all all = {ed, z, referrers};
	enum error err = tree_walk(&z->tree, note_all, &all);

	(void)shaper;

	return err == OK ? tree_walk(&z->tree, make_one, &all) : err;
}

enum error
ready_set_standings(struct change *c, struct referrers *referrers,
    uint64_t service, enum condition condition, const struct standing *list,
    size_t count)
{
	(void)c, (void)referrers, (void)service, (void)condition, (void)list,
	    (void)count;
	return OK;
}

enum error
ready_reshape(
    struct change *c, struct referrers *referrers, const struct shaper *shaper)
{
	(void)c, (void)referrers, (void)shaper;
	return OK;
}
