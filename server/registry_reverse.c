/* SPDX-License-Identifier: Apache-2.0 */
/* registry_reverse.c - reverse zones that follow the addresses of all zones.
 *
 * Their indexes (zones/reverse.h) change in the same step as the addresses do,
 * and so does what readers see.  Nothing of it is stored: they are made at
 * the start, and anew when a reload changes which zones there are. */
#include "server/registry_internal.h"
#include "zones/reverse.h"

/* The slot's zone, to be edited in this step. */
static struct zone *
edit_zone(struct registry *r, struct slot *slot)
{
	struct edition *ed = &r->open->edition;
	struct zone *z;

	if (slot->undo_step != ed->step) {
		slot->undo = slot->zone;
		slot->undo_step = ed->step;
	}
	z = zone_edit(ed, slot->zone);
	if (z != NULL)
		slot->zone = z;
	return z;
}

void
registry_undo_reverse(struct registry *r)
{
	for (size_t i = 0; i < r->slots && r->reversed > 0; i++)
		if (r->slot[i].undo_step == r->open->edition.step)
			r->slot[i].zone = r->slot[i].undo;
}

/* Tells the reverse zone of an address, if there is one, who has it. */
static enum error
set_entry(struct registry *r, const struct reverse_entry *entry, bool is_there)
{
	struct name name;
	struct name_key key;
	struct zone *z;
	int number;

	/* A wildcard is no machine's name. */
	if (entry->owner[0] == 1 && entry->owner[1] == '*')
		return OK;
	reverse_name(entry->type, entry->address, &name);
	name_key_init(&key, name.wire);
	number = zoneset_find(r->index, &key, 0);
	if (number < 0 || !r->slot[number].reversed)
		return OK;
	z = edit_zone(r, &r->slot[number]);
	return z ? reverse_set(&r->open->edition, z, &key, entry, is_there)
		 : ERR_MEMORY;
}

static struct reverse_entry
entry_of(
    const struct slot *slot, const uint8_t *owner, const struct record *rec)
{
	return (struct reverse_entry){.owner = owner,
	    .zone = slot->info->number,
	    .type = rec->type,
	    .address = rec->rdata,
	    .address_len = rec->rdlen};
}

static bool
is_address(uint16_t type)
{
	return type == TYPE_A || type == TYPE_AAAA;
}

/* --- changes --- */

/* Whether the working version has a record of that value. */
static bool
has_record(const struct slot *slot, const struct change_entry *e)
{
	const struct node *n = tree_find_name(&slot->zone->tree,
	    name_hash(e->owner), e->owner, name_len(e->owner));
	const struct rrset *set = n ? node_find(n, e->type) : NULL;

	return set && rrset_find(set, e->record->rdata, e->record->rdlen);
}

enum error
registry_take_reverse(struct registry *r, struct slot *slot, struct change *c)
{
	enum error err = OK;

	if (r->reversed == 0 || !slot->named)
		return OK;
	for (size_t i = 0; i < c->entries && err == OK; i++) {
		const struct change_entry *e = &c->entry[i];
		struct reverse_entry entry;

		if (!is_address(e->type) || e->kind == CHANGE_RENEWED ||
		    e->kind == CHANGE_TTL)
			continue;
		entry = entry_of(slot, e->owner, e->record);
		err = set_entry(r, &entry, has_record(slot, e));
	}
	if (err != OK)
		registry_undo_reverse(r);
	c->zone = slot->zone; /* perhaps it is its own reverse zone */
	return err;
}

/* --- all of them --- */

struct naming {
	struct registry *registry;
	struct slot *slot;
	bool is_there;
};

static enum error
name_node(void *arg, struct node *n)
{
	const struct naming *naming = arg;
	enum error err = OK;

	for (unsigned i = 0; i < n->rrsets; i++) {
		const struct rrset *set = n->rrset[i];
		struct rrset_cursor c;
		const struct record *rec;

		if (!is_address(set->type))
			continue;
		for (rec = rrset_first(set, &c); rec && err == OK;
		     rec = rrset_next(&c)) {
			struct reverse_entry entry =
			    entry_of(naming->slot, node_owner(n), rec);

			err = set_entry(
			    naming->registry, &entry, naming->is_there);
		}
	}
	return err;
}

/* Enters all addresses of a zone, or takes them out. */
static enum error
name_slot(struct registry *r, struct slot *slot, bool is_there)
{
	struct naming naming = {r, slot, is_there};
	struct tree before = slot->zone->tree;

	/* A new step: what is being walked stays as it is. */
	(void)edition_savepoint(&r->open->edition);
	return tree_walk(&before, name_node, &naming);
}

static enum error
clear_slot(struct registry *r, struct slot *slot)
{
	struct zone *z;

	(void)edition_savepoint(&r->open->edition);
	z = edit_zone(r, slot);
	return z ? reverse_clear(&r->open->edition, z) : ERR_MEMORY;
}

static bool
wants_reverse(const struct slot *slot)
{
	return slot->config != NULL && slot->config->reverse;
}

/* Whether an address may belong to another reverse zone now, or to none. */
static bool
moves_addresses(const struct slot *slot)
{
	return wants_reverse(slot) != slot->reversed ||
	       ((slot->config != NULL) != slot->named &&
		   reverse_is_zone(slot->info->apex.wire));
}

enum error
registry_renew_reverse(struct registry *r)
{
	size_t wanted = 0;
	bool anew = false;
	enum error err = OK;

	for (size_t i = 0; i < r->slots; i++) {
		wanted += wants_reverse(&r->slot[i]);
		anew = anew || moves_addresses(&r->slot[i]);
	}
	if (wanted == 0 && r->reversed == 0)
		return OK;
	for (size_t i = 0; i < r->slots && err == OK && anew; i++) {
		if (r->slot[i].reversed)
			err = clear_slot(r, &r->slot[i]);
		r->slot[i].reversed = wants_reverse(&r->slot[i]);
	}
	r->reversed = wanted;
	for (size_t i = 0; i < r->slots && err == OK && wanted > 0; i++) {
		struct slot *slot = &r->slot[i];
		bool configured = slot->config != NULL;

		if (anew ? configured : configured != slot->named)
			err = name_slot(r, slot, configured);
		slot->named = configured;
	}
	return err;
}
