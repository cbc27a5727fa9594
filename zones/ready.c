/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/ready.h"

#include <stdlib.h>
#include <string.h>

#include "zones/ready_concern.h"
#include "zones/ready_make.h"

/* --- one service --- */

/* Puts another block in the place of a service's; standings that both have
 * stay. */
static enum error
replace(struct change *c, struct node *old, struct ready *ready)
{
	struct node *n = node_edit(c->edition, old);
	const struct standings *kept = ready ? ready->standings : NULL;
	enum error err = n ? edition_reserve(c->edition, 1) : ERR_MEMORY;

	if (err != OK)
		return err;
	if (n->ready != NULL && n->ready->standings == kept)
		edition_retire(c->edition, n->ready);
	else
		err = ready_retire(c->edition, n->ready);
	if (err != OK)
		return err;
	n->ready = ready;
	if (n == old)
		return OK;
	if ((n->flags & NODE_APEX) != 0)
		c->zone->apex = n;
	return tree_put(c->edition, &c->zone->tree, n);
}

static enum error
remake(struct change *c, const struct referrers *referrers, struct node *n,
    const struct ready_terms *terms)
{
	struct ready *ready;
	enum error err =
	    ready_make(c->edition, c->zone, n, referrers, terms, &ready);

	if (err != OK || (ready == NULL && n->ready == NULL))
		return err;
	return replace(c, n, ready);
}

static uint16_t
shape_of(const struct shaper *shaper, const struct node *n)
{
	if (shaper == NULL || shaper->shape == NULL ||
	    (n->flags & NODE_SERVICE) == 0)
		return 0;
	return shaper->shape(shaper->arg, node_owner(n));
}

/* What holds of a service whose records change.  If all its records went and
 * others came its block is retired already, with its standings: then they have
 * to be copied. */
static void
find_terms(const struct concern *x, const struct node *n,
    struct ready_terms *terms, bool *copy)
{
	const struct node *was = n;

	if (n->ready == NULL)
		was = tree_find_name(&x->change->before->tree, n->hash,
		    node_owner(n), n->name_len);
	*terms = ready_terms_of(was ? was->ready : NULL);
	if (was == NULL || was->ready == NULL)
		terms->shape = shape_of(x->shaper, n);
	*copy = was != n && terms->standings != NULL;
}

/* Asks how a newcomer begins, unless that is known; true with *to filled
 * in if it is an exception. */
static bool
is_exception(const struct concern *x, const struct node *n,
    const struct standings *known, const struct record *srv,
    struct standing *to)
{
	uint64_t key =
	    standing_key(srv->target_hash, wire_load_u16(srv->rdata + 4));

	*to = (struct standing){
	    .until_ms = INT64_MAX, .scale = SCALE_WHOLE, .load = LOAD_UNKNOWN};
	if (standings_find(known, key) ||
	    !x->shaper->initial(
		x->shaper->arg, x->change->zone, node_owner(n), srv, to))
		return false;
	to->instance = key;
	return true;
}

/* Adds exceptions for newcomers to the terms; with copy the list is made anew
 * in any case. */
static enum error
admit(const struct concern *x, const struct node *n, bool copy,
    struct ready_terms *terms)
{
	const struct standings *known = terms->standings;
	size_t old = known ? known->count : 0, count = old, newcomers;
	const struct newcomer *newcomer =
	    ready_newcomers(x, n->hash, &newcomers);
	struct standing *list;
	enum error err = OK;

	if (newcomers == 0 && !copy)
		return OK;
	list = malloc((old + newcomers + 1) * sizeof(*list));
	if (list == NULL)
		return ERR_MEMORY;
	if (known != NULL)
		memcpy(list, known->item, old * sizeof(*list));
	for (size_t i = 0; i < newcomers; i++)
		count +=
		    is_exception(x, n, known, newcomer[i].srv, &list[count]);
	if (count > old || copy)
		err = ready_make_standings(
		    x->change->edition, list, count, &terms->standings);
	free(list);
	return err;
}

static enum error
refresh_service(struct change *c, struct concern *x, uint64_t hash)
{
	struct node *n = tree_find_hash(&c->zone->tree, hash);
	struct ready_terms terms = {0};
	enum error err = OK;
	size_t newcomers;
	bool copy;

	if (n == NULL)
		return OK;
	if ((n->flags & NODE_SERVICE) != 0) {
		find_terms(x, n, &terms, &copy);
		(void)ready_newcomers(x, hash, &newcomers);
		if (newcomers > 0 || x->shaper == NULL ||
		    x->shaper->initial == NULL)
			terms.nobody = false;
		err = admit(x, n, copy, &terms);
	}
	if (err == OK)
		err = ready_note_targets(&x->todo, x->referrers, n);
	return err == OK ? remake(c, x->referrers, n, &terms) : err;
}

enum error
ready_refresh(
    struct change *c, struct referrers *referrers, const struct shaper *shaper)
{
	struct concern x = {
	    .change = c, .referrers = referrers, .shaper = shaper};
	enum error err = ready_collect(&x);

	for (size_t i = 0; i < x.todo.count && err == OK; i++)
		err = refresh_service(c, &x, x.todo.service[i]);
	ready_concern_fini(&x);
	return err;
}

/* For what is no change of records: a version of the zone to edit. */
static enum error
open_zone(struct change *c)
{
	struct zone *z = zone_edit(c->edition, c->zone);

	if (z == NULL)
		return ERR_MEMORY;
	c->zone = z;
	return OK;
}

/* Whether all records of a large set have exceptions that say that they are
 * out, as far as that can be told by counting: where there are no DNS-SD names
 * and no instance has two records. */
static bool
is_nobody(const struct node *n, const struct standing *list, size_t count)
{
	const struct rrset *srv = node_find(n, TYPE_SRV);

	if (srv == NULL || srv->count <= READY_ITEMS || srv->count != count ||
	    n->children > 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (list[i].served != SERVED_OUT)
			return false;
	return true;
}

enum error
ready_set_standings(struct change *c, struct referrers *referrers,
    uint64_t service, enum condition condition, const struct standing *list,
    size_t count)
{
	struct node *n = tree_find_hash(&c->zone->tree, service);
	struct ready_terms terms;
	enum error err;

	if (n == NULL || (n->flags & NODE_SERVICE) == 0)
		return OK;
	err = open_zone(c);
	if (err != OK)
		return err;
	terms = ready_terms_of(n->ready);
	terms.condition = (uint8_t)condition;
	terms.nobody = is_nobody(n, list, count);
	err = ready_make_standings(c->edition, list, count, &terms.standings);
	return err == OK ? remake(c, referrers, n, &terms) : err;
}

/* --- a whole zone --- */

struct all {
	struct edition *edition;
	struct zone *zone;
	struct referrers *referrers;
	const struct shaper *shaper;
	struct todo todo;
};

static enum error
note_all(void *arg, struct node *n)
{
	const struct all *all = arg;
	struct todo todo = {0}; /* all are made anyway */
	enum error err = ready_note_targets(&todo, all->referrers, n);

	free(todo.service);
	return err;
}

static enum error
make_one(void *arg, struct node *n)
{
	const struct all *all = arg;
	const struct ready_terms terms = {.shape = shape_of(all->shaper, n)};
	enum error err = ready_retire(all->edition, n->ready);

	return err == OK ? ready_make(all->edition, all->zone, n,
			       all->referrers, &terms, &n->ready)
			 : err;
}

enum error
ready_make_all(struct edition *ed, struct zone *z, struct referrers *referrers,
    const struct shaper *shaper)
{
	struct all all = {
	    .edition = ed, .zone = z, .referrers = referrers, .shaper = shaper};
	enum error err = tree_walk(&z->tree, note_all, &all);

	return err == OK ? tree_walk(&z->tree, make_one, &all) : err;
}

/* Notes a service whose shape is another one now. */
static enum error
find_reshaped(void *arg, struct node *n)
{
	struct all *all = arg;
	uint16_t shape = n->ready ? n->ready->shape : 0;

	if (shape_of(all->shaper, n) == shape)
		return OK;
	return ready_todo_add(&all->todo, n->hash);
}

enum error
ready_reshape(
    struct change *c, struct referrers *referrers, const struct shaper *shaper)
{
	struct all all = {.shaper = shaper};
	enum error err = tree_walk(&c->zone->tree, find_reshaped, &all);

	if (err == OK && all.todo.count > 0)
		err = open_zone(c);
	for (size_t i = 0; i < all.todo.count && err == OK; i++) {
		struct node *n =
		    tree_find_hash(&c->zone->tree, all.todo.service[i]);
		struct ready_terms terms = ready_terms_of(n->ready);

		terms.shape = shape_of(shaper, n);
		err = remake(c, referrers, n, &terms);
	}
	free(all.todo.service);
	return err;
}
