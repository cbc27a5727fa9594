/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/change.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "zones/change_node.h"

void
change_begin(
    struct change *c, struct edition *ed, struct zone *z, int64_t now_ms)
{
	c->edition = ed;
	c->zone = z;
	c->before = z;
	c->now_ms = now_ms;
	c->entries = 0;
	c->soa = false;
}

void
change_fini(struct change *c)
{
	free(c->entry);
	c->entry = NULL;
	c->entries = c->capacity = 0;
}

static enum error
append(struct change *c, const struct change_entry *e)
{
	if (c->entries == c->capacity) {
		size_t capacity = c->capacity ? 2 * c->capacity : 64;
		struct change_entry *grown;

		grown = realloc(c->entry, capacity * sizeof(*grown));
		if (grown == NULL)
			return ERR_MEMORY;
		c->entry = grown;
		c->capacity = capacity;
	}
	c->entry[c->entries++] = *e;
	return OK;
}

struct node *
change_find(const struct change *c, const struct name_key *key)
{
	return tree_find(&c->zone->tree, key, 0);
}

/* The zone's block of this step; cheap after the first time. */
static enum error
open_zone(struct change *c)
{
	struct zone *z = zone_edit(c->edition, c->zone);

	if (z == NULL)
		return ERR_MEMORY;
	c->zone = z;
	return OK;
}

/* The record with this RDATA that was live before the change began. */
static struct record *
find_before(const struct change *c, const struct name_key *key, uint16_t type,
    const uint8_t *rdata, size_t rdlen)
{
	const struct node *n = tree_find(&c->before->tree, key, 0);
	const struct rrset *set = n ? node_find(n, type) : NULL;
	struct record *r = set ? rrset_find(set, rdata, rdlen) : NULL;

	return r && record_is_live(r, c->now_ms) ? r : NULL;
}

static struct record *
make_record(struct change *c, const struct name_key *key, uint16_t type,
    const uint8_t *rdata, size_t rdlen, const struct change_grant *grant)
{
	struct record *r =
	    record_new(c->edition, type, rdata, rdlen, grant->flags);
	struct lease *l;

	if (r == NULL)
		return NULL;
	if (record_is_static(r))
		return r;
	/* No deadline: until the writer arms it the record counts as live. */
	l = record_lease(r);
	l->owner_hash = key->hash[0];
	l->zone = c->zone->info->number;
	l->key = grant->key;
	l->granted_s = grant->granted_s;
	return r;
}

/* Changes the TTL of a set that stands in a node of this step. */
static enum error
retime(struct change *c, struct node *n, struct rrset *set, uint32_t ttl)
{
	enum error err;

	if (set->ttl == ttl)
		return OK;
	err = rrset_set_ttl(c->edition, &set, ttl);
	if (err == OK)
		err = node_put(n, set);
	if (err != OK)
		return err;
	return append(c,
	    &(struct change_entry){
		.kind = CHANGE_TTL, .type = set->type, .owner = node_owner(n)});
}

/* Renewing what is there touches no block: the heartbeat. */
static enum error
renew(struct change *c, const struct name_key *key, struct node *n,
    struct rrset *set, struct record *r, uint32_t ttl, uint32_t granted_s)
{
	enum error err;

	err = append(c, &(struct change_entry){.kind = CHANGE_RENEWED,
			    .type = r->type,
			    .granted_s = granted_s,
			    .record = r,
			    .owner = node_owner(n)});
	if (err != OK || set->ttl == ttl)
		return err;
	err = open_zone(c);
	if (err != OK)
		return err;
	err = change_node_open(c->edition, c->zone, key, &n);
	return err == OK ? retime(c, n, set, ttl) : err;
}

/* A set for a record to come.  One that this same change has emptied goes on:
 * with what the store remembers of it, and with a new TTL if it has one. */
static enum error
make_set(struct change *c, const struct name_key *key, const struct node *n,
    uint16_t type, uint32_t ttl, struct rrset **set)
{
	const struct node *at = tree_find(&c->before->tree, key, 0);
	const struct rrset *was = at ? node_find(at, type) : NULL;

	*set = rrset_new(c->edition, type, ttl);
	if (*set == NULL)
		return ERR_MEMORY;
	if (was == NULL)
		return OK;
	(*set)->retimed = was->retimed;
	if (was->ttl == ttl)
		return OK;
	return append(
	    c, &(struct change_entry){
		   .kind = CHANGE_TTL, .type = type, .owner = node_owner(n)});
}

/* Puts a record that is not in the zone into a set of its type. */
static enum error
insert(struct change *c, const struct name_key *key, uint32_t ttl,
    struct record *r, uint32_t granted_s)
{
	struct edition *ed = c->edition;
	struct node *n = change_find(c, key);
	struct rrset *set;
	enum error err = open_zone(c);

	if (err == OK)
		err = change_node_open(ed, c->zone, key, &n);
	if (err != OK)
		return err;
	set = node_find(n, r->type);
	if (set == NULL)
		err = make_set(c, key, n, r->type, ttl, &set);
	if (err == OK)
		err = rrset_add(ed, &set, r);
	if (err == OK && (r->flags & RECORD_STATIC) == 0)
		set->leased = true; /* rrset_add() made it of this step */
	if (err == OK)
		err = node_put(n, set);
	if (err == OK)
		err = retime(c, n, set, ttl);
	if (err == OK)
		err = append(c, &(struct change_entry){.kind = CHANGE_ADDED,
				    .type = r->type,
				    .granted_s = granted_s,
				    .record = r,
				    .owner = node_owner(n)});
	if (err != OK)
		return err;
	c->zone->records++;
	return change_node_close(ed, c->zone, key, n);
}

static enum error
take_out(struct change *c, const struct name_key *key, struct node *n,
    struct record *r)
{
	struct edition *ed = c->edition;
	struct rrset *set;
	enum error err = open_zone(c);

	if (err == OK)
		err = change_node_open(ed, c->zone, key, &n);
	/* For the record, which change_settle() may retire. */
	if (err == OK)
		err = edition_reserve(ed, 1);
	if (err != OK)
		return err;
	set = node_find(n, r->type);
	err = append(c, &(struct change_entry){.kind = CHANGE_REMOVED,
			    .type = r->type,
			    .record = r,
			    .ttl = set->ttl,
			    .owner = node_owner(n)});
	if (err == OK)
		err = rrset_remove(ed, &set, r);
	if (err != OK)
		return err;
	c->zone->records--;
	if (set->count > 0) {
		err = node_put(n, set);
	} else {
		node_take(n, r->type);
		err = rrset_retire(ed, set, false);
	}
	return err == OK ? change_node_close(ed, c->zone, key, n) : err;
}

enum error
change_add(struct change *c, const struct name_key *key, uint16_t type,
    uint32_t ttl, const uint8_t *rdata, size_t rdlen,
    const struct change_grant *grant)
{
	struct node *n = change_find(c, key);
	struct rrset *set = n ? node_find(n, type) : NULL;
	struct record *r = set ? rrset_find(set, rdata, rdlen) : NULL;
	struct record *was;
	uint32_t granted_s = grant->granted_s;
	enum error err;

	assert(type != TYPE_SOA);
	if (r != NULL && record_is_live(r, c->now_ms))
		return renew(c, key, n, set, r, ttl, granted_s);
	if (r != NULL) {
		/* Expired, not reaped yet: it is not there any more. */
		err = take_out(c, key, n, r);
		if (err != OK)
			return err;
	}
	/* Deleted earlier in this same change: the same record comes back,
	 * unless it is a zone file's now. */
	was = find_before(c, key, type, rdata, rdlen);
	if (was != NULL &&
	    (record_is_static(was) || (grant->flags & RECORD_STATIC) == 0)) {
		err = insert(c, key, ttl, was, 0);
		if (err != OK)
			return err;
		c->entry[c->entries - 1].kind = CHANGE_RENEWED;
		c->entry[c->entries - 1].granted_s = granted_s;
		return OK;
	}
	r = make_record(c, key, type, rdata, rdlen, grant);
	return r ? insert(c, key, ttl, r, granted_s) : ERR_MEMORY;
}

enum error
change_remove(struct change *c, const struct name_key *key, uint16_t type,
    const uint8_t *rdata, size_t rdlen)
{
	struct node *n = change_find(c, key);
	struct rrset *set = n ? node_find(n, type) : NULL;
	struct record *r = set ? rrset_find(set, rdata, rdlen) : NULL;

	return r ? take_out(c, key, n, r) : OK;
}

enum error
change_remove_set(struct change *c, const struct name_key *key, uint16_t type)
{
	for (;;) {
		struct node *n = change_find(c, key);
		struct rrset *set = n ? node_find(n, type) : NULL;
		enum error err;

		if (set == NULL)
			return OK;
		/* From the end, so that nothing has to move. */
		err = take_out(c, key, n, rrset_at(set, set->count - 1));
		if (err != OK)
			return err;
	}
}

enum error
change_remove_record(struct change *c, struct record *r)
{
	struct node *n =
	    tree_find_hash(&c->zone->tree, record_lease(r)->owner_hash);
	struct name_key key;

	assert(n != NULL);
	name_key_init(&key, node_owner(n));
	return take_out(c, &key, n, r);
}

enum error
change_set_ttl(
    struct change *c, const struct name_key *key, uint16_t type, uint32_t ttl)
{
	struct node *n = change_find(c, key);
	struct rrset *set = n ? node_find(n, type) : NULL;
	enum error err;

	if (set == NULL || set->ttl == ttl)
		return OK;
	err = open_zone(c);
	if (err == OK)
		err = change_node_open(c->edition, c->zone, key, &n);
	return err == OK ? retime(c, n, set, ttl) : err;
}

static uint32_t
soa_serial(const uint8_t *rdata, size_t rdlen)
{
	return wire_load_u32(rdata + rdlen - 20);
}

enum error
change_set_soa(
    struct change *c, uint32_t ttl, const uint8_t *rdata, size_t rdlen)
{
	struct edition *ed = c->edition;
	const struct change_grant grant = {.flags = RECORD_STATIC};
	struct name_key key;
	struct rrset *set, *old;
	struct record *r;
	struct node *n = c->zone->apex;
	enum error err;

	name_key_init(&key, c->zone->info->apex.wire);
	err = open_zone(c);
	if (err == OK)
		err = change_node_open(ed, c->zone, &key, &n);
	if (err != OK)
		return err;
	r = make_record(c, &key, TYPE_SOA, rdata, rdlen, &grant);
	set = r ? rrset_new(ed, TYPE_SOA, ttl) : NULL;
	if (set == NULL)
		return ERR_MEMORY;
	err = rrset_add(ed, &set, r);
	if (err != OK)
		return err;
	old = node_find(n, TYPE_SOA);
	if (old != NULL)
		err = rrset_retire(ed, old, true);
	else
		c->zone->records++;
	if (err == OK)
		err = node_put(n, set);
	if (err != OK)
		return err;
	c->zone->serial = soa_serial(rdata, rdlen);
	c->soa = true;
	return change_node_close(ed, c->zone, &key, n);
}

enum error
change_set_serial(struct change *c, uint32_t serial)
{
	const struct rrset *set = node_find(c->zone->apex, TYPE_SOA);
	const struct record *old = rrset_at(set, 0);
	uint8_t rdata[2 * NAME_MAX_LEN + 20];

	assert(old->rdlen <= sizeof(rdata));
	memcpy(rdata, old->rdata, old->rdlen);
	wire_store_u32(rdata + old->rdlen - 20, serial);
	return change_set_soa(c, set->ttl, rdata, old->rdlen);
}

/* Whether the record stands in a version of the zone. */
static const struct rrset *
find_set(
    const struct zone *z, const uint8_t *owner, uint64_t hash, uint16_t type)
{
	const struct node *n =
	    tree_find_name(&z->tree, hash, owner, name_len(owner));

	return n ? node_find(n, type) : NULL;
}

static bool
stands_in(const struct zone *z, const struct change_entry *e)
{
	const struct rrset *set =
	    find_set(z, e->owner, name_hash(e->owner), e->type);

	return set &&
	       rrset_find(set, e->record->rdata, e->record->rdlen) == e->record;
}

/* The TTL counts as changed if the set was there before and is there now
 * with another one; a new set brings its TTL with its records. */
static bool
settle_ttl(const struct change *c, struct change_entry *e)
{
	uint64_t hash = name_hash(e->owner);
	const struct rrset *was = find_set(c->before, e->owner, hash, e->type);
	const struct rrset *is = find_set(c->zone, e->owner, hash, e->type);

	if (was == NULL || is == NULL || was->ttl == is->ttl)
		return false;
	e->ttl = is->ttl;
	return true;
}

/* What one entry comes to.  A record may have several entries; the mark lets
 * only the first one speak for it. */
static enum change_kind
settle_entry(struct change *c, struct change_entry *e)
{
	struct record *r = e->record;
	bool was, is;

	if (e->kind == CHANGE_TTL)
		return settle_ttl(c, e) ? CHANGE_TTL : CHANGE_NOTHING;
	if (r->type == TYPE_SOA)
		return CHANGE_NOTHING;
	is = stands_in(c->zone, e);
	if (e->kind == CHANGE_RENEWED)
		return is ? CHANGE_RENEWED : CHANGE_NOTHING;
	if (r->mark & MARK_SETTLED)
		return CHANGE_NOTHING;
	r->mark |= MARK_SETTLED;
	was = stands_in(c->before, e);
	if (was == is) {
		if (!is)
			record_retire(c->edition, r);
		return CHANGE_NOTHING;
	}
	if (was)
		record_retire(c->edition, r);
	return was ? CHANGE_REMOVED : CHANGE_ADDED;
}

/* Makes the owners of what is left, renewals of records that were there before,
 * outlive the blocks of this change, which came to nothing. */
static void
leave_owners(struct change *c)
{
	for (size_t i = 0; i < c->entries; i++) {
		struct change_entry *e = &c->entry[i];
		const struct node *n = tree_find_name(&c->before->tree,
		    name_hash(e->owner), e->owner, name_len(e->owner));

		assert(n != NULL);
		e->owner = node_owner(n);
	}
}

bool
change_settle(struct change *c)
{
	bool changed = c->soa;
	size_t kept = 0;

	for (size_t i = 0; i < c->entries; i++)
		if (c->entry[i].record)
			c->entry[i].record->mark &= (uint8_t)~MARK_SETTLED;
	for (size_t i = 0; i < c->entries; i++) {
		struct change_entry *e = &c->entry[i];

		e->kind = settle_entry(c, e);
		if (e->kind == CHANGE_NOTHING)
			continue;
		if (e->kind != CHANGE_RENEWED)
			changed = true;
		c->entry[kept++] = *e;
	}
	c->entries = kept;
	if (!changed && c->zone != c->before)
		leave_owners(c);
	return changed;
}
