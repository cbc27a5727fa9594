/* SPDX-License-Identifier: Apache-2.0 */
#include "server/registry_internal.h"
#include "zones/dns/serial.h"

/* The RRset of an entry in a version of the zone. */
static struct rrset *
set_of(const struct zone *z, const struct change_entry *e)
{
	const struct node *n = tree_find_name(
	    &z->tree, name_hash(e->owner), e->owner, name_len(e->owner));

	return n ? node_find(n, e->type) : NULL;
}

/* An operation about the entry's RRset, as the zone stands after it. */
static struct store_op
make_op(
    const struct slot *slot, const struct change_entry *e, enum store_kind kind)
{
	struct store_op op = {.kind = kind,
	    .serial = slot->zone->serial,
	    .type = e->type,
	    .zone = slot->info->apex.wire,
	    .owner = e->owner};

	if (e->record != NULL) {
		op.rdata = e->record->rdata;
		op.rdlen = e->record->rdlen;
	}
	return op;
}

static enum error
put(struct registry *r, const struct store_op *op)
{
	return store_batch_put(r->open->ops, op);
}

/* Who registered it, for the store. */
static const uint8_t *
key_name(const struct registry *r, const struct lease *l)
{
	return l->key > 0 ? r->key_name[l->key - 1].wire : NULL;
}

static enum error
take_added(
    struct registry *r, const struct slot *slot, const struct change_entry *e)
{
	struct store_op op = make_op(slot, e, STORE_ADD);
	struct lease *lease;
	enum error err;

	op.ttl = set_of(slot->zone, e)->ttl;
	op.lease_s = e->granted_s;
	if (record_is_static(e->record)) {
		op.kind = STORE_FILE_ADD;
		return put(r, &op);
	}
	lease = record_lease(e->record);
	op.key = key_name(r, lease);
	err = put(r, &op);
	if (err == OK && e->granted_s > 0)
		err = batch_put_event(r->open, lease, e->granted_s, false);
	return err;
}

/* A record of the zone file stays deleted over reloads: it is buried. */
static enum error
bury(struct registry *r, struct slot *slot, const struct change_entry *e)
{
	const struct change_grant grant = {.flags = RECORD_STATIC};
	struct change c = {0};
	struct name_key key;
	enum error err;

	name_key_init(&key, e->owner);
	change_begin(&c, &r->open->edition, slot->buried, 0);
	err = change_add(
	    &c, &key, e->type, 0, e->record->rdata, e->record->rdlen, &grant);
	slot->buried = c.zone;
	change_fini(&c);
	return err;
}

static enum error
take_removed(struct registry *r, struct slot *slot, const struct change *c,
    const struct change_entry *e, bool by_file)
{
	struct store_op op = make_op(slot, e, STORE_REMOVE);
	const struct rrset *was = set_of(c->before, e);
	bool is_static = record_is_static(e->record);
	enum error err = OK;

	op.ttl = e->ttl;
	if (is_static && by_file) {
		op.kind = STORE_FILE_REMOVE;
	} else if (is_static) {
		op.kind = STORE_BURY;
		err = bury(r, slot, e);
	} else {
		err =
		    batch_put_event(r->open, record_lease(e->record), 0, true);
	}
	if (err == OK)
		err = put(r, &op);
	if (err == OK && was && was->retimed && !set_of(slot->zone, e)) {
		op = make_op(slot, e, STORE_TTL_FORGET);
		op.rdlen = 0;
		err = put(r, &op);
	}
	return err;
}

static enum error
take_ttl(
    struct registry *r, const struct slot *slot, const struct change_entry *e)
{
	struct store_op op = make_op(slot, e, STORE_TTL);

	op.ttl = e->ttl;
	/* The block is of the current step: change.c has just copied it. */
	set_of(slot->zone, e)->retimed = true;
	return put(r, &op);
}

void
registry_meet(struct registry *r, struct lease *lease)
{
	struct record *rec = lease_record(lease);

	if (rec->mark & MARK_FOUND) {
		rec->mark &= (uint8_t)~MARK_FOUND;
		r->found--;
	}
}

/* A heartbeat takes effect at once: nothing but memory is needed, and it must
 * be seen by the reaper, who may be about to come.  Only another length has to
 * be remembered. */
static enum error
take_renewed(struct registry *r, const struct slot *slot, int64_t now_ms,
    const struct change_entry *e)
{
	struct lease *lease = record_lease(e->record);
	struct store_op op;
	enum error err;

	if (record_is_static(e->record))
		return OK;
	registry_meet(r, lease);
	/* Granted but not published: the batch sets the deadline.  With another
	 * length the present one runs again, so that it does not end while the
	 * batch waits for the disk. */
	if (lease->granted_s > 0 && lease_deadline_ms(lease) != DEADLINE_NONE)
		lease_arm(
		    r->wheel, lease, now_ms + (int64_t)lease->granted_s * 1000);
	if (lease->granted_s == e->granted_s)
		return OK;
	op = make_op(slot, e, STORE_LEASE);
	op.ttl = set_of(slot->zone, e)->ttl;
	op.lease_s = e->granted_s;
	op.key = key_name(r, lease);
	err = batch_put_event(r->open, lease, e->granted_s, false);
	return err == OK ? put(r, &op) : err;
}

static enum error
take_entries(
    struct registry *r, struct slot *slot, const struct change *c, bool by_file)
{
	enum error err = OK;

	for (size_t i = 0; i < c->entries && err == OK; i++) {
		const struct change_entry *e = &c->entry[i];

		switch (e->kind) {
		case CHANGE_ADDED:
			err = take_added(r, slot, e);
			break;
		case CHANGE_REMOVED:
			err = take_removed(r, slot, c, e, by_file);
			break;
		case CHANGE_RENEWED:
			err = take_renewed(r, slot, c->now_ms, e);
			break;
		case CHANGE_TTL:
			if (!by_file)
				err = take_ttl(r, slot, e);
			break;
		case CHANGE_NOTHING:
			break;
		}
	}
	return err;
}

static enum error
take_change(
    struct registry *r, struct slot *slot, struct change *c, bool by_file)
{
	struct zone *zone = slot->zone, *buried = slot->buried;
	bool own_soa = c->soa;
	enum error err = OK;

	/* RFC 2136 3.6: a new serial for what becomes visible, one for all
	 * changes of a batch, none if an update has set it. */
	if (!own_soa && !slot->touched)
		err = change_set_serial(c, serial_next(c->zone->serial));
	if (err != OK)
		return err;
	if (own_soa && !by_file)
		c->zone->own_soa = true; /* of this step: change_set_soa() */
	err = ready_refresh(c, slot->referrers, &r->shaper);
	if (err != OK)
		return err;
	slot->zone = c->zone;
	err = take_entries(r, slot, c, by_file);
	if (err == OK)
		err = registry_take_reverse(r, slot, c);
	if (err != OK) {
		slot->zone = zone;
		slot->buried = buried;
		return err;
	}
	/* Perhaps the SOA is all that the change consists of. */
	slot->touched = slot->noted = r->open->noted = true;
	registry_learn(r, slot, c);
	return OK;
}

enum error
registry_take_change(struct registry *r, struct slot *slot, struct change *c)
{
	return take_change(r, slot, c, false);
}

enum error
registry_take_file_change(
    struct registry *r, struct slot *slot, struct change *c)
{
	return take_change(r, slot, c, true);
}

enum error
registry_take_renewals(struct registry *r, struct slot *slot, struct change *c)
{
	return take_entries(r, slot, c, false);
}

enum error
registry_put_zone_op(struct registry *r, const struct slot *slot)
{
	struct store_op op = {.kind = STORE_ZONE,
	    .serial = slot->zone->serial,
	    .zone = slot->info->apex.wire,
	    .digest = slot->zone->digest};

	if (slot->zone->own_soa) {
		const struct rrset *set = node_find(slot->zone->apex, TYPE_SOA);
		const struct record *soa = rrset_at(set, 0);

		op.ttl = set->ttl;
		op.rdata = soa->rdata;
		op.rdlen = soa->rdlen;
	}
	return put(r, &op);
}
