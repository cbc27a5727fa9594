/* SPDX-License-Identifier: Apache-2.0 */
/* roster_notice.c - what other records than SRV say about instances.
 *
 * Each RRset that a change has touched is looked at once: a message may have a
 * thousand records for a host that ten thousand instances have. */
#include <stdlib.h>

#include "server/health/roster_internal.h"
#include "zones/directory.h"

/* The instances of an SRV set that stands at a DNS-SD name. */
static enum error
refresh_named(struct learning *l, const uint8_t *owner)
{
	const uint8_t *name = learning_service(owner, l->zone->info->labels);
	struct service *s =
	    name ? roster_find_service(l->r, l->number, name) : NULL;
	const struct node *n;
	const struct rrset *set;
	struct rrset_cursor c;
	enum error err = OK;

	if (s == NULL)
		return OK;
	n = tree_find_name(
	    &l->zone->tree, name_hash(owner), owner, name_len(owner));
	set = n ? node_find(n, TYPE_SRV) : NULL;
	if (set == NULL)
		return OK;
	for (struct record *srv = rrset_first(set, &c); srv && err == OK;
	     srv = rrset_next(&c)) {
		struct instance *i = roster_find_instance(l->r, s,
		    standing_key(
			srv->target_hash, wire_load_u16(srv->rdata + 4)));

		if (i != NULL)
			err = instance_refresh(l->r, i, false, l->now_ms);
	}
	return err;
}

static enum error
refresh_host(struct learning *l, const uint8_t *name, uint16_t type)
{
	struct table_link *link = table_find(&l->r->hosts, name_hash(name));
	struct host *h = (struct host *)link;
	enum error err = OK;

	if (h == NULL || !name_equal(h->name, name))
		return OK;
	for (struct instance *i = h->first; i && err == OK; i = i->host_next) {
		if (type == TYPE_TXT)
			err = instance_refresh(l->r, i, false, l->now_ms);
		else
			instance_order(l->r, i);
	}
	return err;
}

static enum error
refresh_service(struct learning *l, const uint8_t *owner, uint16_t type)
{
	struct service *s = roster_find_service(l->r, l->number, owner);
	enum error err = OK;

	if (s == NULL)
		return OK;
	if (type == TYPE_PTR) {
		/* Perhaps it is only now that readers see the service. */
		s->stale = true;
		roster_touch(l->r, s);
		return OK;
	}
	for (struct instance *i = s->first; i && err == OK; i = i->next)
		err = instance_refresh(l->r, i, false, l->now_ms);
	return err;
}

static enum error
notice(struct learning *l, const struct change_entry *e)
{
	enum error err;

	switch (e->type) {
	case TYPE_A:
	case TYPE_AAAA:
		return refresh_host(l, e->owner, e->type);
	case TYPE_PTR:
		return refresh_service(l, e->owner, e->type);
	case TYPE_TXT:
		err = refresh_host(l, e->owner, e->type);
		if (err == OK &&
		    directory_is_service_name(e->owner, l->zone->info->labels))
			return refresh_service(l, e->owner, e->type);
		return err == OK ? refresh_named(l, e->owner) : err;
	default:
		return OK;
	}
}

/* Whether the entry says something about instances that it does not name. */
static bool
is_notice(const struct change_entry *e)
{
	return (e->kind == CHANGE_ADDED || e->kind == CHANGE_REMOVED) &&
	       (e->type == TYPE_A || e->type == TYPE_AAAA ||
		   e->type == TYPE_PTR || e->type == TYPE_TXT);
}

struct subject {
	uint64_t hash; /* of owner and type */
	const struct change_entry *entry;
};

static int
by_hash(const void *a, const void *b)
{
	const struct subject *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

enum error
learning_notice(
    struct learning *l, const struct change_entry *entry, size_t count)
{
	struct subject *list;
	size_t subjects = 0;
	enum error err = OK;

	for (size_t i = 0; i < count; i++)
		subjects += is_notice(&entry[i]);
	if (subjects == 0)
		return OK;
	list = malloc(subjects * sizeof(*list));
	if (list == NULL)
		return ERR_MEMORY;
	subjects = 0;
	for (size_t i = 0; i < count; i++)
		if (is_notice(&entry[i]))
			list[subjects++] = (struct subject){
			    name_hash(entry[i].owner) + entry[i].type,
			    &entry[i]};
	qsort(list, subjects, sizeof(*list), by_hash);
	for (size_t i = 0; i < subjects && err == OK; i++)
		if (i == 0 || list[i].hash != list[i - 1].hash)
			err = notice(l, list[i].entry);
	free(list);
	return err;
}
