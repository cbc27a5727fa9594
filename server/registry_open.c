/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/log.h"
#include "server/registry_internal.h"
#include "zones/dns/serial.h"

/* Address space for each environment of the store: sparse, so only what is
 * used takes room on the disk. */
#define STORE_MAP_LEN ((size_t)16 << 30)

/* Records taken from the store between two sweeps. */
#define CHUNK 4096

/* A TTL that the store remembers, applied when all records are there. */
struct saved_ttl {
	struct slot *slot;
	struct name owner;
	uint16_t type;
	uint32_t ttl;
};

/* Reading the store back. */
struct recovery {
	struct registry *r;
	struct slot *slot; /* of the change under way */
	enum store_kind kind; /* of its operations */
	struct change change;
	size_t in_chunk;
	int64_t now_ms;
	struct saved_ttl *ttl;
	size_t ttls;
	size_t capacity;
	size_t records;
	size_t stray; /* of zones that are not configured */
};

struct slot *
registry_find_slot(struct registry *r, const uint8_t *apex)
{
	for (size_t i = 0; i < r->slots; i++)
		if (name_equal(r->slot[i].info->apex.wire, apex))
			return &r->slot[i];
	return NULL;
}

/* The slot an operation is about: mostly that of the one before, which spares
 * a look at each of many zones for each of many records. */
static struct slot *
slot_of(const struct recovery *v, const struct store_op *op)
{
	if (v->slot != NULL && name_equal(v->slot->info->apex.wire, op->zone))
		return v->slot;
	return registry_find_slot(v->r, op->zone);
}

/* Ends the change under way; its blocks have no readers yet. */
static void
end_change(struct recovery *v)
{
	if (v->slot == NULL)
		return;
	v->slot->zone = v->change.zone;
	registry_sweep(&v->r->open->edition);
	v->slot = NULL;
	v->in_chunk = 0;
}

/* A change holds operations of one kind: a record that was buried and one that
 * was added later are two, even if they are equal. */
static struct change *
change_of(struct recovery *v, struct slot *slot, enum store_kind kind)
{
	if (v->slot == slot && v->kind == kind && v->in_chunk < CHUNK)
		return &v->change;
	end_change(v);
	(void)edition_savepoint(&v->r->open->edition);
	change_begin(&v->change, &v->r->open->edition, slot->zone, v->now_ms);
	v->slot = slot;
	v->kind = kind;
	return &v->change;
}

/* Takes note in the open batch, to be stored with the first sync. */
static enum error
forget(struct recovery *v, const struct store_op *op, enum store_kind kind)
{
	struct store_op undo = *op;

	undo.kind = kind;
	return store_batch_put(v->r->open->ops, &undo);
}

/* The store's serial, and the SOA if an UPDATE had set one.  A file that has
 * changed meanwhile makes a new serial. */
static enum error
recover_zone(struct recovery *v, struct slot *slot, const struct store_op *op)
{
	struct change *c = change_of(v, slot, op->kind);
	uint32_t file_serial = slot->zone->serial, serial = op->serial;
	enum error err = OK;

	if (op->digest != slot->zone->digest) {
		serial = serial_advance(op->serial, file_serial);
		slot->noted = true;
	}
	if (op->rdlen > 0) {
		err = change_set_soa(c, op->ttl, op->rdata, op->rdlen);
		c->zone->own_soa = true;
	}
	if (err == OK && c->zone->serial != serial)
		err = change_set_serial(c, serial);
	v->in_chunk++;
	return err;
}

static enum error
recover_buried(struct recovery *v, struct slot *slot, const struct store_op *op)
{
	const struct change_grant grant = {.flags = RECORD_STATIC};
	struct change *c = change_of(v, slot, op->kind), shadow = {0};
	const struct rrset *set;
	const struct node *n;
	struct record *rec;
	struct name_key key;
	enum error err;

	name_key_init(&key, op->owner);
	n = change_find(c, &key);
	set = n ? node_find(n, op->type) : NULL;
	rec = set ? rrset_find(set, op->rdata, op->rdlen) : NULL;
	if (rec == NULL)
		return forget(v, op, STORE_UNBURY);
	err = edition_reserve(c->edition, 1);
	if (err == OK)
		err = change_remove(c, &key, op->type, op->rdata, op->rdlen);
	if (err != OK)
		return err;
	record_retire(c->edition, rec); /* nobody settles this change */
	change_begin(&shadow, &v->r->open->edition, slot->buried, 0);
	err = change_add(
	    &shadow, &key, op->type, 0, op->rdata, op->rdlen, &grant);
	slot->buried = shadow.zone;
	change_fini(&shadow);
	v->in_chunk++;
	return err;
}

static enum error
recover_record(struct recovery *v, struct slot *slot, const struct store_op *op)
{
	struct change_grant grant = {.granted_s = op->lease_s};
	struct change *c = change_of(v, slot, op->kind);
	const struct node *n;
	struct name_key key;
	size_t entries = c->entries;
	enum error err;

	if (op->key != NULL)
		grant.key = registry_key_id(v->r, op->key);
	name_key_init(&key, op->owner);
	n = change_find(c, &key);
	/* The zone file has it now, or something that excludes it. */
	if (n != NULL &&
	    (node_conflicts_with_cname(n, op->type, v->now_ms) ||
		node_has_another(n, op->type, op->rdata, op->rdlen, v->now_ms)))
		return forget(v, op, STORE_REMOVE);
	err = change_add(
	    c, &key, op->type, op->ttl, op->rdata, op->rdlen, &grant);
	if (err != OK)
		return err;
	v->in_chunk++;
	v->records++;
	for (size_t i = entries; i < c->entries; i++) {
		struct record *rec = c->entry[i].record;

		if (c->entry[i].kind == CHANGE_RENEWED)
			return forget(v, op, STORE_REMOVE);
		/* Promise 6: each lease runs its full length again. */
		if (c->entry[i].kind == CHANGE_ADDED && op->lease_s > 0) {
			lease_arm(v->r->wheel, record_lease(rec),
			    v->now_ms + (int64_t)op->lease_s * 1000);
			rec->mark |= MARK_FOUND;
			v->r->found++;
		}
	}
	return OK;
}

static enum error
recover_ttl(struct recovery *v, struct slot *slot, const struct store_op *op)
{
	struct saved_ttl *grown;

	if (v->ttls == v->capacity) {
		v->capacity = v->capacity ? 2 * v->capacity : 64;
		grown = realloc(v->ttl, v->capacity * sizeof(*grown));
		if (grown == NULL)
			return ERR_MEMORY;
		v->ttl = grown;
	}
	v->ttl[v->ttls].slot = slot;
	name_set(&v->ttl[v->ttls].owner, op->owner);
	v->ttl[v->ttls].type = op->type;
	v->ttl[v->ttls++].ttl = op->ttl;
	return OK;
}

static enum error
recover_op(void *arg, const struct store_op *op)
{
	struct recovery *v = arg;
	struct slot *slot = slot_of(v, op);

	if (slot == NULL) {
		v->stray++;
		return OK;
	}
	switch (op->kind) {
	case STORE_ZONE:
		return recover_zone(v, slot, op);
	case STORE_BURY:
		return recover_buried(v, slot, op);
	case STORE_TTL:
		return recover_ttl(v, slot, op);
	case STORE_ADD:
		return recover_record(v, slot, op);
	default:
		return OK;
	}
}

static enum error
apply_ttls(struct recovery *v)
{
	enum error err = OK;

	for (size_t i = 0; i < v->ttls && err == OK; i++) {
		const struct saved_ttl *t = &v->ttl[i];
		struct change *c = change_of(v, t->slot, STORE_TTL);
		struct rrset *set;
		struct name_key key;
		struct node *n;

		name_key_init(&key, t->owner.wire);
		err = change_set_ttl(c, &key, t->type, t->ttl);
		n = change_find(c, &key);
		set = n ? node_find(n, t->type) : NULL;
		if (set != NULL)
			set->retimed = true; /* no reader has seen it yet */
	}
	return err;
}

static enum error
recover(struct registry *r, int64_t now_ms, char *text, size_t text_len)
{
	struct recovery v = {.r = r, .now_ms = now_ms};
	enum error err;

	err = store_recover(r->store, recover_op, &v, text, text_len);
	if (err == OK)
		err = apply_ttls(&v);
	end_change(&v);
	change_fini(&v.change);
	free(v.ttl);
	if (err == OK && v.records > 0)
		log_write(
		    LEVEL_NOTICE, "store: %zu records recovered", v.records);
	if (err == OK && v.stray > 0)
		log_write(LEVEL_WARNING,
		    "store: %zu entries belong to zones that are not "
		    "configured; they are kept",
		    v.stray);
	if (err != OK && text[0] == '\0')
		snprintf(text, text_len, "%s: %s", r->config->server.data,
		    error_text(err));
	return err;
}

/* --- zones --- */

static enum error
open_slot(struct registry *r, size_t i, char *text, size_t text_len)
{
	const struct config_zone *config = &r->config->zone[i];
	struct slot *slot = &r->slot[i];
	struct load load;
	enum error err;

	slot->config = config;
	slot->info = registry_zone_info(config, (uint16_t)i);
	if (slot->info == NULL)
		return ERR_MEMORY;
	err = registry_load(r->config, config, slot->info,
	    r->open->edition.step, &load, text, text_len);
	if (err != OK)
		return err;
	slot->zone = load.zone;
	r->open->edition.step = load.edition.step + 1;
	edition_fini(&load.edition);
	slot->buried = zone_new(&r->open->edition, slot->info);
	registry_sweep(&r->open->edition);
	slot->referrers = referrers_new();
	slot->noted = true;
	return slot->buried && slot->referrers ? OK : ERR_MEMORY;
}

/* All zones, with the errors of all files that have one. */
static enum error
open_slots(struct registry *r, char *text, size_t text_len)
{
	enum error err = OK, one;
	size_t used = 0;

	r->slot = calloc(r->config->zone_count + 1, sizeof(*r->slot));
	if (r->slot == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < r->config->zone_count; i++) {
		r->slots = i + 1;
		one = open_slot(r, i, text + used, text_len - used);
		if (one == OK)
			continue;
		err = one;
		used += strlen(text + used);
		if (used + 2 >= text_len)
			break;
		text[used++] = '\n';
		text[used] = '\0';
	}
	return err;
}

static enum error
open_index(struct registry *r)
{
	const struct zone_info **infos;

	infos = malloc((r->slots + 1) * sizeof(struct zone_info *));
	if (infos == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < r->slots; i++)
		infos[i] = r->slot[i].info;
	r->index = zoneset_index_new(&r->open->edition, infos, r->slots);
	free(infos);
	return r->index ? OK : ERR_MEMORY;
}

static enum error
make(struct registry *r, int64_t now_ms)
{
	enum error err;

	r->finished_last = &r->finished;
	r->open = &r->batch[0];
	r->sealed = &r->batch[1];
	err = batch_init(r->open, 1);
	if (err == OK)
		err = batch_init(r->sealed, 1);
	r->wheel = lease_wheel_new(now_ms);
	r->settings = settings_new(r->config);
	if (err == OK && (r->wheel == NULL || r->settings == NULL))
		err = ERR_MEMORY;
	return err;
}

/* The first snapshot; zones that are new to the store, or whose file has
 * changed, get their state stored before anybody is answered. */
static enum error
publish_first(struct registry *r, int64_t now_ms)
{
	enum error err = open_index(r);

	for (size_t i = 0; i < r->slots && err == OK; i++)
		err = ready_make_all(&r->open->edition, r->slot[i].zone,
		    r->slot[i].referrers, &r->shaper);
	if (err == OK)
		err = registry_renew_reverse(r);
	if (err == OK) {
		registry_learn_all(r, now_ms);
		registry_put_health(r, now_ms);
	}
	/* They stay if the store refuses: nobody goes back to before them. */
	registry_sweep(&r->open->edition);
	for (size_t i = 0; i < r->slots && err == OK; i++)
		if (r->slot[i].noted)
			err = registry_put_zone_op(r, &r->slot[i]);
	if (err == OK && !batch_has_ops(r->open) && r->slots > 0)
		err = registry_put_zone_op(r, &r->slot[0]);
	if (err == OK)
		err = registry_begin(r);
	return err == OK ? registry_flush(r, now_ms) : err;
}

enum error
registry_open(const struct config *config, struct snapshot_hub *hub,
    int64_t now_ms, struct registry **out, char *text, size_t text_len)
{
	const struct store_limits limits = {.map_len = STORE_MAP_LEN,
	    .history_len = config->server.history_len};
	struct registry *r = calloc(1, sizeof(*r));
	enum error err = r ? OK : ERR_MEMORY;

	text[0] = '\0';
	if (err == OK) {
		r->config = config;
		r->hub = hub;
		err = make(r, now_ms);
	}
	if (err == OK) {
		err = open_slots(r, text, text_len);
		if (err != OK && err != ERR_MEMORY)
			err = ERR_SYNTAX; /* whatever is wrong with a file */
	}
	if (err == OK)
		err = store_open(
		    config->server.data, &limits, &r->store, text, text_len);
	if (err == OK)
		err = recover(r, now_ms, text, text_len);
	if (err == OK)
		err = registry_open_roster(r, text, text_len);
	if (err == OK)
		err = publish_first(r, now_ms);
	if (err == OK) {
		*out = r;
		return OK;
	}
	if (text[0] == '\0')
		snprintf(text, text_len, "%s: %s", config->server.data,
		    error_text(err));
	registry_close(r);
	return err;
}

enum error
registry_check(const struct config *config, char *text, size_t text_len)
{
	enum error err = OK, one;
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < config->zone_count; i++) {
		struct zone_info *info =
		    registry_zone_info(&config->zone[i], (uint16_t)i);
		struct load load = {.zone = NULL};

		if (info == NULL || used + 2 >= text_len)
			return info ? err : ERR_MEMORY;
		one = registry_load(config, &config->zone[i], info, 1, &load,
		    text + used, text_len - used);
		if (one == OK)
			registry_unload(&load);
		free(info);
		if (one == OK)
			continue;
		err = one;
		used += strlen(text + used);
		used += (size_t)snprintf(text + used, text_len - used, "\n");
	}
	return err;
}

/* --- the end --- */

static void
close_slots(struct registry *r)
{
	struct edition *ed = &r->open->edition;

	for (size_t i = 0; i < r->slots; i++) {
		struct slot *slot = &r->slot[i];

		if (slot->zone != NULL && zone_retire(ed, slot->zone) == OK)
			slot->zone = NULL;
		if (slot->buried != NULL && zone_retire(ed, slot->buried) == OK)
			slot->buried = NULL;
	}
	if (r->zoneset != NULL && edition_reserve(ed, 2) == OK) {
		edition_retire(ed, r->zoneset);
		snapshot_publish(r->hub, NULL, ed);
	}
	registry_sweep(ed);
}

/* What was applied and not yet durable becomes so, if the disk lets it. */
static void
flush_last(struct registry *r)
{
	enum error err = registry_flush(r, 0);

	if (err != OK)
		log_write(LEVEL_ERROR, "store: %s", error_text(err));
}

void
registry_close(struct registry *r)
{
	if (r == NULL)
		return;
	if (r->zoneset != NULL)
		flush_last(r);
	if (r->store != NULL)
		store_close(r->store);
	if (r->open != NULL) {
		close_slots(r);
		snapshot_drain(r->hub);
		for (size_t i = 0; i < r->slots; i++) {
			free(r->slot[i].info);
			referrers_free(r->slot[i].referrers);
		}
		batch_fini(r->open);
		batch_fini(r->sealed);
	}
	free((void *)(uintptr_t)r->index);
	lease_wheel_free(r->wheel);
	roster_free(r->roster);
	settings_free(r->settings);
	change_fini(&r->change);
	free(r->slot);
	free(r->key_name);
	free(r);
}
