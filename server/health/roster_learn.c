/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "server/health/roster_internal.h"
#include "zones/directory.h"

/* Whether there is anything that the roster could be asked for: else a change
 * costs nothing here. */
static bool
is_on(const struct roster *r)
{
	return r->config->service_count > 0 || r->forced.count > 0 ||
	       r->services.count > 0;
}

const uint8_t *
learning_service(const uint8_t *owner, unsigned apex_labels)
{
	if (directory_is_service_name(owner, apex_labels))
		return owner;
	if (*owner == 0)
		return NULL;
	owner = name_strip(owner, 1);
	return directory_is_service_name(owner, apex_labels) ? owner : NULL;
}

/* --- services --- */

static struct service *
service_new(struct learning *l, const uint8_t *owner, uint16_t shape)
{
	struct roster *r = l->r;
	size_t len = name_len(owner);
	struct service *s;

	if (heap_reserve(&r->guards, r->services.count + 1) != OK)
		return NULL;
	s = calloc(1, sizeof(*s) + len);
	if (s == NULL)
		return NULL;
	name_lower(s->owner, owner);
	s->last = &s->first;
	s->zone = l->number;
	s->shape = shape;
	s->config = shape > 0 ? &r->config->service[shape - 1] : NULL;
	table_put(&r->services, &s->link, name_hash(owner));
	service_watch(r, s, l->now_ms);
	return s;
}

/* --- instances --- */

static struct host *
host_get(struct roster *r, const uint8_t *name, uint64_t hash)
{
	struct table_link *l = table_find(&r->hosts, hash);
	struct host *h;

	for (; l != NULL; l = table_find_next(l)) {
		h = (struct host *)l;
		if (name_equal(h->name, name))
			return h;
	}
	h = calloc(1, sizeof(*h) + name_len(name));
	if (h == NULL)
		return NULL;
	name_lower(h->name, name);
	table_put(&r->hosts, &h->link, hash);
	return h;
}

static void
host_drop(struct roster *r, struct host *h)
{
	if (h->first != NULL)
		return;
	table_take(&r->hosts, &h->link);
	free(h);
}

static void
enlist(struct roster *r, struct instance *i, struct service *s, struct host *h)
{
	i->service = s;
	i->prev = s->last;
	*s->last = i;
	s->last = &i->next;
	s->instances++;
	i->host = h;
	i->host_next = h->first;
	i->host_prev = &h->first;
	if (h->first != NULL)
		h->first->host_prev = &i->host_next;
	h->first = i;
	table_put(&r->numbers, &i->by_number, ++r->last_number);
	i->number = r->last_number;
	table_put(&r->keys, &i->by_key, i->key ^ s->link.key);
}

static void
delist(struct roster *r, struct instance *i)
{
	*i->prev = i->next;
	if (i->next != NULL)
		i->next->prev = i->prev;
	else
		i->service->last = i->prev;
	i->service->instances--;
	*i->host_prev = i->host_next;
	if (i->host_next != NULL)
		i->host_next->host_prev = i->host_prev;
	host_drop(r, i->host);
	table_take(&r->numbers, &i->by_number);
	table_take(&r->keys, &i->by_key);
	heap_set(&r->timers, &i->timer, INT64_MAX);
}

static struct instance *
instance_new(struct learning *l, struct service *s, const struct record *srv)
{
	struct roster *r = l->r;
	struct instance *i = NULL;
	struct host *h = host_get(r, srv->rdata + 6, srv->target_hash);

	if (h == NULL)
		return NULL;
	if (heap_reserve(&r->timers, r->numbers.count + 1) == OK)
		i = calloc(1, sizeof(*i));
	if (i == NULL) {
		host_drop(r, h);
		return NULL;
	}
	i->port = wire_load_u16(srv->rdata + 4);
	i->key = standing_key(srv->target_hash, i->port);
	i->load = LOAD_UNKNOWN;
	/* What was answered until now; at the start nobody has been. */
	i->standing.served = l->found && !r->starting ? SERVED_UP : SERVED_OUT;
	enlist(r, i, s, h);
	return i;
}

static struct ref *
find_ref(const struct roster *r, const struct record *srv)
{
	return (struct ref *)table_find(&r->refs, (uintptr_t)srv);
}

static void
ref_new(struct roster *r, struct ref *ref, struct instance *i, uint64_t owner,
    const struct record *srv)
{
	ref->instance = i;
	ref->srv = srv;
	ref->owner = owner;
	ref->next = i->ref;
	ref->prev = &i->ref;
	if (i->ref != NULL)
		i->ref->prev = &ref->next;
	i->ref = ref;
	table_put(&r->refs, &ref->link, (uintptr_t)srv);
}

static void
ref_free(struct roster *r, struct ref *ref)
{
	*ref->prev = ref->next;
	if (ref->next != NULL)
		ref->next->prev = ref->prev;
	table_take(&r->refs, &ref->link);
	free(ref);
}

static void
drop_refs(struct roster *r, struct instance *i)
{
	while (i->ref != NULL)
		ref_free(r, i->ref);
}

static void
instance_free(struct roster *r, struct instance *i)
{
	if (i->special)
		service_note(r, i->service, i->key);
	if (i->decided)
		roster_tell_instance(r, EVENT_GONE, i);
	instance_discount(i);
	instance_order_end(r, i);
	delist(r, i);
	drop_refs(r, i);
	free(i->own);
	free(i->health);
	free(i);
}

void
service_free(struct roster *r, struct service *s)
{
	while (s->first != NULL)
		instance_free(r, s->first);
	heap_set(&r->guards, &s->guard, INT64_MAX);
	table_take(&r->services, &s->link);
	free(s->list);
	free(s->key);
	free(s);
}

/* --- records --- */

static enum error
add_ref(struct learning *l, struct service *s, uint64_t owner,
    const struct record *srv)
{
	uint64_t key =
	    standing_key(srv->target_hash, wire_load_u16(srv->rdata + 4));
	struct instance *i = roster_find_instance(l->r, s, key);
	struct ref *ref;
	enum error err;
	bool fresh = i == NULL;

	if (find_ref(l->r, srv) != NULL)
		return OK;
	ref = malloc(sizeof(*ref));
	if (ref == NULL)
		return ERR_MEMORY;
	if (i == NULL)
		i = instance_new(l, s, srv);
	if (i == NULL) {
		free(ref);
		return ERR_MEMORY;
	}
	ref_new(l->r, ref, i, owner, srv);
	/* Its TXT may be the one beside this record from now on. */
	if (!fresh)
		return owner == s->link.key || l->whole
			   ? OK
			   : instance_refresh(l->r, i, false, l->now_ms);
	i->recovered = l->found;
	err = instance_refresh(l->r, i, true, l->now_ms);
	if (err != OK) {
		instance_free(l->r, i);
		return err;
	}
	roster_touch(l->r, s);
	if (i->standing.served == SERVED_OUT)
		s->put_from_ms = 0; /* nobody shall get it before */
	roster_tell_instance(l->r, EVENT_REGISTERED, i);
	return OK;
}

static enum error
add_set(struct learning *l, struct service *s, const struct node *n)
{
	const struct rrset *set = n ? node_find(n, TYPE_SRV) : NULL;
	struct rrset_cursor c;
	enum error err = OK;

	if (set == NULL)
		return OK;
	for (struct record *srv = rrset_first(set, &c); srv && err == OK;
	     srv = rrset_next(&c))
		if (srv->target_hash != 0)
			err = add_ref(l, s, n->hash, srv);
	return err;
}

/* All of a service that an operator's pattern has touched. */
static enum error
add_all(struct learning *l, struct service *s)
{
	const struct node *n = tree_find_hash(&l->zone->tree, s->link.key);
	const struct rrset *ptrs = n ? node_find(n, TYPE_PTR) : NULL;
	struct rrset_cursor c;
	enum error err = add_set(l, s, n);

	if (ptrs == NULL)
		return err;
	for (struct record *ptr = rrset_first(ptrs, &c); ptr && err == OK;
	     ptr = rrset_next(&c)) {
		size_t len = name_len(ptr->rdata);

		if (name_is_in(ptr->rdata, s->owner) &&
		    name_labels(ptr->rdata) == name_labels(s->owner) + 1)
			err = add_set(l, s,
			    tree_find_name(&l->zone->tree,
				name_hash(ptr->rdata), ptr->rdata, len));
	}
	return err;
}

/* The record that came is as new as it was; the others were there. */
static enum error
add_touched(struct learning *l, struct service *s, uint64_t owner,
    const struct record *srv)
{
	bool found = l->found;
	enum error err = add_ref(l, s, owner, srv);

	l->found = true;
	if (err == OK)
		err = add_all(l, s);
	l->found = found;
	return err;
}

static bool
touches(
    const struct roster *r, const uint8_t *service, const struct record *srv)
{
	const struct force_entry *entry;
	struct texts t;

	if (r->forced.count == 0)
		return false;
	roster_name_text(service, t.service);
	roster_name_text(srv->rdata + 6, t.host);
	force_find(&r->forced, t.service, t.host, wire_load_u16(srv->rdata + 4),
	    &entry);
	return entry != NULL;
}

/* Whether the name is answered from another zone of ours, below this one. */
static bool
is_hidden(const struct learning *l, const uint8_t *name)
{
	const struct zone *z = l->r->plan.zone(l->r->plan.zone_arg, name);

	return z == NULL || z->info->number != l->number;
}

static enum error
add_srv(struct learning *l, const uint8_t *owner, uint64_t owner_hash,
    const struct record *srv)
{
	const uint8_t *name = learning_service(owner, l->zone->info->labels);
	struct service *s;
	uint16_t shape;

	if (name == NULL || srv->target_hash == 0 || is_hidden(l, name))
		return OK;
	s = roster_find_service(l->r, l->number, name);
	shape = s ? s->shape : roster_match(l->r, name);
	if (shape == 0 && (s == NULL || !s->touched)) {
		if (!touches(l->r, name, srv))
			return OK;
		if (s == NULL)
			s = service_new(l, name, 0);
		if (s == NULL)
			return ERR_MEMORY;
		s->touched = true;
		return add_touched(l, s, owner_hash, srv);
	}
	if (s == NULL)
		s = service_new(l, name, shape);
	return s ? add_ref(l, s, owner_hash, srv) : ERR_MEMORY;
}

static enum error
remove_srv(struct learning *l, const struct record *srv)
{
	struct ref *ref = find_ref(l->r, srv);
	struct instance *i;
	struct service *s;
	bool named;

	if (ref == NULL)
		return OK;
	i = ref->instance;
	s = i->service;
	named = ref->owner != s->link.key;
	ref_free(l->r, ref);
	if (i->ref != NULL) /* the TXT beside it does not count any more */
		return named ? instance_refresh(l->r, i, false, l->now_ms) : OK;
	instance_free(l->r, i);
	roster_touch(l->r, s);
	return OK;
}

enum error
roster_learn(struct roster *r, uint16_t zone_number, const struct zone *z,
    const struct change_entry *entry, size_t count, int64_t now_ms)
{
	struct learning l = {
	    .r = r, .zone = z, .number = zone_number, .now_ms = now_ms};
	enum error err = OK;

	if (!is_on(r))
		return OK;
	/* In before out: an instance whose weight is another one stays. */
	for (size_t i = 0; i < count && err == OK; i++) {
		const struct change_entry *e = &entry[i];

		if (e->kind == CHANGE_ADDED && e->type == TYPE_SRV)
			err = add_srv(
			    &l, e->owner, name_hash(e->owner), e->record);
	}
	for (size_t i = 0; i < count && err == OK; i++)
		if (entry[i].kind == CHANGE_REMOVED &&
		    entry[i].type == TYPE_SRV)
			err = remove_srv(&l, entry[i].record);
	return err == OK ? learning_notice(&l, entry, count) : err;
}

/* --- a whole zone --- */

static enum error
learn_node(void *arg, struct node *n)
{
	const struct rrset *set = node_find(n, TYPE_SRV);
	struct learning *l = arg;
	struct rrset_cursor c;
	enum error err = OK;

	if (set == NULL)
		return OK;
	for (struct record *srv = rrset_first(set, &c); srv && err == OK;
	     srv = rrset_next(&c))
		err = add_srv(l, node_owner(n), n->hash, srv);
	return err;
}

/* What was known of a service is in question. */
static void
doubt(struct roster *r, struct service *s)
{
	s->touched = false;
	for (struct instance *i = s->first; i != NULL; i = i->next)
		drop_refs(r, i);
}

/* Instances of which no record was found are gone; what is known of the others
 * may be another thing. */
static enum error
sweep(struct learning *l, struct service *s)
{
	struct instance *next;
	enum error err = OK;

	for (struct instance *i = s->first; i != NULL && err == OK; i = next) {
		next = i->next;
		if (i->ref == NULL)
			instance_free(l->r, i);
		else
			err = instance_refresh(l->r, i, false, l->now_ms);
	}
	service_watch(l->r, s, l->now_ms);
	roster_touch(l->r, s);
	return err;
}

static enum error
each_service(struct learning *l, bool sweeping)
{
	struct table_walk walk = {0};
	struct table_link *link;
	enum error err = OK;

	while ((link = table_walk(&l->r->services, &walk)) && err == OK) {
		struct service *s = (struct service *)link;

		if (s->zone != l->number)
			continue;
		if (sweeping)
			err = sweep(l, s);
		else
			doubt(l->r, s);
	}
	return err;
}

enum error
roster_learn_zone(struct roster *r, uint16_t zone_number, const struct zone *z,
    int64_t now_ms)
{
	struct learning l = {.r = r,
	    .zone = z,
	    .number = zone_number,
	    .found = true,
	    .whole = true,
	    .now_ms = now_ms};
	enum error err;

	if (!is_on(r))
		return OK;
	(void)each_service(&l, false);
	err = z ? tree_walk(&z->tree, learn_node, &l) : OK;
	return err == OK ? each_service(&l, true) : err;
}
