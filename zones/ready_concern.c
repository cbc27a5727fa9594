/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/ready_concern.h"

#include <stdlib.h>

#include "zones/ready_make.h"

enum error
ready_todo_add(struct todo *t, uint64_t service)
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
		err = ready_todo_add(t, service[i]);
	return err;
}

enum error
ready_note_targets(
    struct todo *t, struct referrers *referrers, const struct node *n)
{
	const struct rrset *srv = ready_worth_it(n);
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
add_newcomer(struct concern *x, uint64_t service, const struct record *srv)
{
	struct newcomers *to = &x->newcomers;

	if (x->shaper == NULL || x->shaper->initial == NULL)
		return OK;
	if (to->count == to->capacity) {
		size_t capacity = to->capacity ? 2 * to->capacity : 16;
		struct newcomer *grown;

		grown = realloc(to->item, capacity * sizeof(*grown));
		if (grown == NULL)
			return ERR_MEMORY;
		to->item = grown;
		to->capacity = capacity;
	}
	to->item[to->count++] = (struct newcomer){service, srv};
	return OK;
}

static int
by_service(const void *a, const void *b)
{
	const struct newcomer *x = a, *y = b;

	return (x->service > y->service) - (x->service < y->service);
}

/* The node of the service that a name stands one label below, or NULL. */
static const struct node *
service_above(const struct zone *z, const uint8_t *name)
{
	const uint8_t *up, *proto;
	const struct node *n;

	/* Most owners are seen not to be below a service by their labels. */
	if (name[0] == 0 || (up = name_strip(name, 1))[0] == 0 ||
	    up[1] != '_' || (proto = name_strip(up, 1))[0] == 0 ||
	    proto[1] != '_')
		return NULL;
	n = tree_find_hash(&z->tree, name_hash(up));
	return n && (n->flags & NODE_SERVICE) != 0 ? n : NULL;
}

static enum error
collect_srv(struct concern *x, const struct change_entry *e)
{
	const struct node *above = service_above(x->change->zone, e->owner);
	uint64_t owner = name_hash(e->owner);
	enum error err = ready_todo_add(&x->todo, owner);

	if (err == OK && e->kind == CHANGE_ADDED)
		err = add_newcomer(x, owner, e->record);
	if (err != OK || above == NULL)
		return err;
	err = ready_todo_add(&x->todo, above->hash);
	if (err == OK && e->kind == CHANGE_ADDED)
		err = add_newcomer(x, above->hash, e->record);
	return err;
}

/* A PTR may be what makes a service of a name that has an instance below it
 * already. */
static enum error
collect_ptr(struct concern *x, const struct change_entry *e)
{
	const struct zone *z = x->change->zone;
	uint64_t owner = name_hash(e->owner);
	enum error err = ready_todo_add(&x->todo, owner);
	const struct node *above, *n;
	const struct rrset *srv;
	struct rrset_cursor c;

	if (err != OK || e->kind != CHANGE_ADDED)
		return err;
	above = service_above(z, e->record->rdata);
	if (above == NULL || above->hash != owner)
		return OK;
	n = tree_find_hash(&z->tree, name_hash(e->record->rdata));
	srv = n ? node_find(n, TYPE_SRV) : NULL;
	for (struct record *r = srv ? rrset_first(srv, &c) : NULL;
	     r && err == OK; r = rrset_next(&c))
		err = add_newcomer(x, owner, r);
	return err;
}

enum error
ready_collect(struct concern *x)
{
	const struct change *c = x->change;
	enum error err = OK;

	for (size_t i = 0; i < c->entries && err == OK; i++) {
		const struct change_entry *e = &c->entry[i];

		if (e->kind == CHANGE_RENEWED)
			continue;
		if (e->type == TYPE_SRV)
			err = collect_srv(x, e);
		else if (e->type == TYPE_PTR)
			err = collect_ptr(x, e);
		else if (e->type == TYPE_A || e->type == TYPE_AAAA)
			err = todo_add_referrers(
			    &x->todo, x->referrers, name_hash(e->owner));
	}
	todo_unite(&x->todo);
	if (x->newcomers.count > 1)
		qsort(x->newcomers.item, x->newcomers.count,
		    sizeof(x->newcomers.item[0]), by_service);
	return err;
}

/* The first of the newcomers to a service. */
static size_t
first_newcomer(const struct newcomers *all, uint64_t service)
{
	size_t low = 0, high = all->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all->item[middle].service < service)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct newcomer *
ready_newcomers(const struct concern *x, uint64_t service, size_t *count)
{
	const struct newcomers *all = &x->newcomers;
	size_t first = first_newcomer(all, service), end = first;

	while (end < all->count && all->item[end].service == service)
		end++;
	*count = end - first;
	return all->count > 0 ? all->item + first : NULL;
}

void
ready_concern_fini(struct concern *x)
{
	free(x->todo.service);
	free(x->newcomers.item);
}
