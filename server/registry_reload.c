/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/log.h"
#include "server/registry_internal.h"
#include "zones/dns/serial.h"

/* The difference between a zone's old and new file, being applied. */
struct merge {
	struct registry *r;
	struct slot *slot;
	struct change change;
	const struct zone *file; /* the new content */
	const struct zone *before; /* the working version */
	const struct zone *buried;
};

static const struct rrset *
find_set(const struct zone *z, const struct node *at, uint16_t type)
{
	const struct node *n =
	    tree_find_name(&z->tree, at->hash, node_owner(at), at->name_len);

	return n ? node_find(n, type) : NULL;
}

static struct record *
find_record(
    const struct zone *z, const struct node *at, const struct record *rec)
{
	const struct rrset *set = find_set(z, at, rec->type);

	return set ? rrset_find(set, rec->rdata, rec->rdlen) : NULL;
}

/* Calls fn for each record of a node, SOA and indexes left out. */
static enum error
each_record(struct merge *m, struct node *n,
    enum error (*fn)(
	struct merge *, struct node *, const struct rrset *, struct record *))
{
	enum error err = OK;

	for (unsigned i = 0; i < n->rrsets; i++) {
		const struct rrset *set = n->rrset[i];
		struct rrset_cursor c;
		struct record *rec;

		if (node_is_index(set) || set->type == TYPE_SOA)
			continue;
		for (rec = rrset_first(set, &c); rec && err == OK;
		     rec = rrset_next(&c))
			err = fn(m, n, set, rec);
	}
	return err;
}

/* Of the new file: in, unless it is there or an UPDATE had deleted it.  What
 * is registered at the name and excludes it (CNAME) wins; the same record
 * registered becomes the file's, and thus loses its lease. */
static enum error
merge_in(struct merge *m, struct node *n, const struct rrset *set,
    struct record *rec)
{
	const struct change_grant grant = {.flags = RECORD_STATIC};
	const struct rrset *was = find_set(m->before, n, rec->type);
	const struct record *there = find_record(m->before, n, rec);
	int64_t now_ms = m->change.now_ms;
	const struct node *at;
	struct name_key key;
	enum error err;

	if (find_record(m->buried, n, rec) != NULL)
		return OK;
	if (there != NULL && record_is_static(there) &&
	    (was->ttl == set->ttl || was->leased || was->retimed))
		return OK;
	name_key_init(&key, node_owner(n));
	at = change_find(&m->change, &key);
	if (at && (node_conflicts_with_cname(at, rec->type, now_ms) ||
		      node_has_another(
			  at, rec->type, rec->rdata, rec->rdlen, now_ms)))
		return OK;
	if (there != NULL && !record_is_static(there)) {
		err = change_remove(
		    &m->change, &key, rec->type, rec->rdata, rec->rdlen);
		if (err != OK)
			return err;
	}
	return change_add(&m->change, &key, rec->type, set->ttl, rec->rdata,
	    rec->rdlen, &grant);
}

/* Of the working version: out, if it came from the file and the file no
 * longer has it. */
static enum error
merge_out(struct merge *m, struct node *n, const struct rrset *set,
    struct record *rec)
{
	struct name_key key;

	(void)set;
	if (!record_is_static(rec) || find_record(m->file, n, rec) != NULL)
		return OK;
	name_key_init(&key, node_owner(n));
	return change_remove(
	    &m->change, &key, rec->type, rec->rdata, rec->rdlen);
}

/* Of the buried: nothing to keep down any more if the file has dropped it. */
static enum error
merge_unbury(struct merge *m, struct node *n, const struct rrset *set,
    struct record *rec)
{
	struct store_op op = {.kind = STORE_UNBURY,
	    .serial = m->slot->zone->serial,
	    .type = rec->type,
	    .rdlen = rec->rdlen,
	    .zone = m->slot->info->apex.wire,
	    .owner = node_owner(n),
	    .rdata = rec->rdata};
	struct change c = {0};
	struct name_key key;
	enum error err;

	(void)set;
	if (find_record(m->file, n, rec) != NULL)
		return OK;
	name_key_init(&key, node_owner(n));
	change_begin(&c, &m->r->open->edition, m->slot->buried, 0);
	err = change_remove(&c, &key, rec->type, rec->rdata, rec->rdlen);
	(void)change_settle(&c); /* retires the record */
	m->slot->buried = c.zone;
	change_fini(&c);
	return err == OK ? store_batch_put(m->r->open->ops, &op) : err;
}

static enum error
in_node(void *arg, struct node *n)
{
	return each_record(arg, n, merge_in);
}

static enum error
out_node(void *arg, struct node *n)
{
	return each_record(arg, n, merge_out);
}

static enum error
unbury_node(void *arg, struct node *n)
{
	return each_record(arg, n, merge_unbury);
}

/* The SOA of the file, with a serial that only rises; one that an UPDATE has
 * set stays. */
static enum error
merge_soa(struct merge *m)
{
	const struct rrset *is = node_find(m->before->apex, TYPE_SOA);
	const struct rrset *set = node_find(m->file->apex, TYPE_SOA);
	const struct record *now = rrset_at(is, 0), *soa = rrset_at(set, 0);
	uint8_t rdata[2 * NAME_MAX_LEN + 20];
	bool same = now->rdlen == soa->rdlen && is->ttl == set->ttl &&
		    memcmp(now->rdata, soa->rdata, soa->rdlen - 20) == 0 &&
		    memcmp(now->rdata + now->rdlen - 16,
			soa->rdata + soa->rdlen - 16, 16) == 0;

	if (m->before->own_soa ||
	    (same && !serial_is_newer(m->file->serial, m->before->serial)))
		return OK;
	memcpy(rdata, soa->rdata, soa->rdlen);
	wire_store_u32(rdata + soa->rdlen - 20,
	    serial_advance(m->before->serial, m->file->serial));
	return change_set_soa(&m->change, set->ttl, rdata, soa->rdlen);
}

static enum error
merge_content(struct merge *m)
{
	/* Out before in, so that a CNAME can take the place of data. */
	enum error err = tree_walk(&m->before->tree, out_node, m);

	if (err == OK)
		err = tree_walk(&m->file->tree, in_node, m);
	if (err == OK)
		err = tree_walk(&m->buried->tree, unbury_node, m);
	if (err == OK)
		err = merge_soa(m);
	return err;
}

/* Makes the file's content the static part of a zone. */
static enum error
merge_zone(struct registry *r, struct slot *slot, const struct zone *file,
    int64_t now_ms)
{
	struct batch_mark mark = batch_mark(r->open);
	struct merge m = {.r = r,
	    .slot = slot,
	    .file = file,
	    .before = slot->zone,
	    .buried = slot->buried};
	enum error err;

	change_begin(&m.change, &r->open->edition, slot->zone, now_ms);
	err = merge_content(&m);
	if (err == OK && change_settle(&m.change))
		err = registry_take_file_change(r, slot, &m.change);
	if (err == OK && slot->zone->digest != file->digest) {
		struct zone *z = zone_edit(&r->open->edition, slot->zone);

		err = z ? OK : ERR_MEMORY;
		if (z != NULL) {
			z->digest = file->digest;
			slot->zone = z;
			slot->noted = true;
		}
	}
	if (err != OK) {
		registry_undo_reverse(r);
		slot->zone = (struct zone *)(uintptr_t)m.before;
		slot->buried = (struct zone *)(uintptr_t)m.buried;
		batch_rollback(r->open, mark);
	}
	change_fini(&m.change);
	return err;
}

/* --- slots --- */

/* What the configuration says of a zone that goes on. */
static enum error
renew_info(
    struct registry *r, struct slot *slot, const struct config_zone *config)
{
	struct zone_info *info = registry_zone_info(config, slot->info->number);
	struct zone *z, *buried;

	if (info == NULL)
		return ERR_MEMORY;
	(void)edition_savepoint(&r->open->edition);
	z = zone_edit(&r->open->edition, slot->zone);
	buried = zone_edit(&r->open->edition, slot->buried);
	if (z == NULL || buried == NULL ||
	    edition_reserve(&r->open->edition, 1) != OK) {
		free(info);
		return ERR_MEMORY;
	}
	/* Readers of the snapshot that is still current look into it. */
	edition_retire(&r->open->edition, slot->info);
	z->info = buried->info = info;
	slot->zone = z;
	slot->buried = buried;
	slot->info = info;
	slot->config = config;
	return OK;
}

/* Room for one more slot, and for its place in the open batch. */
static enum error
grow_slots(struct registry *r)
{
	struct slot *slot;
	struct zone **before;

	slot = realloc(r->slot, (r->slots + 2) * sizeof(*slot));
	if (slot == NULL)
		return ERR_MEMORY;
	r->slot = slot;
	before = realloc(r->open->before, (2 * r->slots + 3) * sizeof(*before));
	if (before == NULL)
		return ERR_MEMORY;
	r->open->before = before;
	return OK;
}

/* A zone that is new.  Its blocks belong to no batch: if the reload fails, an
 * unused slot is left. */
static enum error
add_slot(
    struct registry *r, const struct config_zone *config, struct load *load)
{
	struct slot slot = {.config = config,
	    .zone = load->zone,
	    .info = (struct zone_info *)(uintptr_t)load->zone->info,
	    .buried = zone_new(&load->edition, load->zone->info),
	    .referrers = referrers_new()};
	enum error err = grow_slots(r);

	if (err == OK && (slot.buried == NULL || slot.referrers == NULL))
		err = ERR_MEMORY;
	if (err == OK)
		err = ready_make_all(
		    &load->edition, slot.zone, slot.referrers, &r->shaper);
	if (err != OK) {
		referrers_free(slot.referrers);
		return err;
	}
	r->open->before[2 * r->slots] = slot.zone;
	r->open->before[2 * r->slots + 1] = slot.buried;
	r->slot[r->slots++] = slot;
	/* Older than whatever comes next. */
	if (r->open->edition.step <= load->edition.step)
		r->open->edition.step = load->edition.step + 1;
	registry_sweep(&load->edition);
	edition_fini(&load->edition);
	load->zone = NULL;
	return OK;
}

static enum error
reload_zone(struct registry *r, const struct config *config,
    const struct config_zone *zone, int64_t now_ms, char *text, size_t text_len)
{
	struct slot *slot = registry_find_slot(r, zone->name.wire);
	struct zone_info *info;
	struct load load;
	enum error err;

	info = registry_zone_info(
	    zone, slot ? slot->info->number : (uint16_t)r->slots);
	if (info == NULL)
		return ERR_MEMORY;
	err = registry_load(config, zone, info, r->open->edition.step + 1,
	    &load, text, text_len);
	if (err == OK && slot == NULL) {
		err = add_slot(r, zone, &load);
		if (err == OK)
			return OK;
		registry_unload(&load);
	} else if (err == OK) {
		err = merge_zone(r, slot, load.zone, now_ms);
		registry_unload(&load);
	}
	free(info);
	return err;
}

/* Names only the zones that are configured now. */
static enum error
renew_index(struct registry *r)
{
	const struct zoneset_index *old = r->index, *index;
	const struct zone_info **infos;
	size_t count = 0;

	infos = malloc((r->slots + 1) * sizeof(struct zone_info *));
	if (infos == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < r->slots; i++)
		if (r->slot[i].config != NULL)
			infos[count++] = r->slot[i].info;
	index = zoneset_index_new(&r->open->edition, infos, count);
	free(infos);
	if (index == NULL)
		return ERR_MEMORY;
	r->index = index;
	edition_retire(&r->open->edition, (void *)(uintptr_t)old);
	return OK;
}

static void
free_settings(void *arg)
{
	settings_free(arg);
}

/* The slots as the new configuration has them; a zone that is gone keeps its
 * slot and its registrations, unanswered. */
static enum error
reload_slots(struct registry *r, const struct config *config, int64_t now_ms,
    char *text, size_t text_len)
{
	enum error err = OK, one;
	size_t used = 0;

	for (size_t i = 0; i < r->slots; i++)
		r->slot[i].config = NULL;
	for (size_t i = 0; i < config->zone_count && err == OK; i++) {
		const struct config_zone *zone = &config->zone[i];
		struct slot *slot;

		one = reload_zone(
		    r, config, zone, now_ms, text + used, text_len - used);
		if (one != OK) {
			used += strlen(text + used);
			if (used + 2 < text_len)
				used += (size_t)snprintf(
				    text + used, text_len - used, "\n");
		}
		slot = registry_find_slot(r, zone->name.wire);
		if (slot != NULL)
			err = renew_info(r, slot, zone);
	}
	return err;
}

/* What a reload that fails goes back to, beside the zones themselves. */
struct former {
	struct settings *settings;
	const struct config *config;
	const struct zoneset_index *index;
	size_t slots;
	struct slot *slot; /* a copy */
};

static enum error
remember(struct registry *r, struct former *f)
{
	*f = (struct former){.settings = r->settings,
	    .config = r->config,
	    .index = r->index,
	    .slots = r->slots,
	    .slot = malloc((r->slots + 1) * sizeof(struct slot))};
	if (f->slot == NULL)
		return ERR_MEMORY;
	memcpy(f->slot, r->slot, r->slots * sizeof(struct slot));
	return OK;
}

/* As if nothing had been asked for: nobody has seen a snapshot of it. */
static void
restore(struct registry *r, const struct former *f, int64_t now_ms)
{
	registry_abandon(r);
	r->reversed = 0;
	for (size_t i = 0; i < r->slots; i++) {
		struct slot *slot = &r->slot[i];
		struct zone_info *info;

		slot->config = i < f->slots ? f->slot[i].config : NULL;
		slot->reversed = i < f->slots && f->slot[i].reversed;
		slot->named = i < f->slots && f->slot[i].named;
		r->reversed += slot->reversed;
		info = (struct zone_info *)(uintptr_t)slot->zone->info;
		if (slot->info != info)
			free(slot->info);
		slot->info = info;
	}
	settings_free(r->settings);
	r->settings = f->settings;
	r->config = f->config;
	r->index = f->index;
	roster_reload(r->roster, r->config);
	registry_learn_all(r, now_ms);
}

/* Services get the shapes that they have now, and the roster sees everything
 * with the new eyes; it must not look into the old configuration again. */
static enum error
renew_health(struct registry *r, int64_t now_ms)
{
	struct change *c = &r->change;
	enum error err = OK;

	roster_reload(r->roster, r->config);
	for (size_t i = 0; i < r->slots && err == OK; i++) {
		struct slot *slot = &r->slot[i];

		if (slot->config == NULL)
			continue;
		(void)batch_mark(r->open);
		change_begin(c, &r->open->edition, slot->zone, now_ms);
		err = ready_reshape(c, slot->referrers, &r->shaper);
		slot->zone = c->zone;
	}
	if (err != OK)
		return err;
	registry_learn_all(r, now_ms);
	registry_put_health(r, now_ms);
	return OK;
}

enum error
registry_reload(struct registry *r, const struct config *config, int64_t now_ms,
    char *text, size_t text_len)
{
	struct settings *settings = settings_new(config);
	struct former former = {0};
	enum error err = settings ? OK : ERR_MEMORY;

	text[0] = '\0';
	if (err == OK)
		err = registry_flush(r, now_ms);
	if (err == OK)
		err = remember(r, &former);
	if (err != OK) {
		settings_free(settings);
		return err;
	}
	r->reloading = true;
	r->config = config;
	r->settings = settings;
	err = reload_slots(r, config, now_ms, text, text_len);
	if (err == OK)
		err = renew_index(r);
	if (err == OK)
		err = registry_renew_reverse(r);
	if (err == OK)
		err = renew_health(r, now_ms);
	if (err == OK) {
		/* Something to store, so that a snapshot is made. */
		for (size_t i = 0; i < r->slots; i++)
			r->slot[i].noted = true;
		err = registry_force(r, now_ms);
	}
	r->reloading = false;
	if (err == OK)
		snapshot_defer(r->hub, free_settings, former.settings);
	else
		restore(r, &former, now_ms);
	free(former.slot);
	return err;
}
