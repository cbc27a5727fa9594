/* SPDX-License-Identifier: Apache-2.0 */
/* registry_health.c - between the registry and the roster. */
#include <stdio.h>

#include "server/inquiry.h"
#include "server/log.h"
#include "server/now.h"
#include "server/registry_internal.h"

/* --- what the roster asks --- */

static const struct zone *
find_zone(void *arg, const uint8_t *name)
{
	const struct registry *r = arg;
	struct name_key key;
	int number;

	if (r->index == NULL)
		return NULL;
	name_key_init(&key, name);
	number = zoneset_find(r->index, &key, 0);
	return number < 0 ? NULL : r->slot[number].zone;
}

static int64_t
wall_s(void)
{
	return now_read().wall_s;
}

enum error
registry_open_roster(struct registry *r, char *text, size_t text_len)
{
	const struct roster_plan plan = {
	    .config = r->config,
	    .zone = find_zone,
	    .zone_arg = r,
	    .wall_s = wall_s,
	};
	struct force_list forced = {0};
	enum error err;

	r->roster = roster_new(&plan);
	if (r->roster == NULL)
		return ERR_MEMORY;
	r->shaper = roster_shaper(r->roster);
	err = force_load(&forced, r->config->server.data, text, text_len);
	if (err == OK)
		roster_take_forced(r->roster, &forced);
	/* A file of ours: no fault of the configuration. */
	return err == ERR_SYNTAX ? ERR_IO : err;
}

/* --- what it learns --- */

void
registry_learn(struct registry *r, struct slot *slot, const struct change *c)
{
	if (roster_learn(r->roster, slot->info->number, c->zone, c->entry,
		c->entries, c->now_ms) != OK)
		slot->unlearned = true;
}

static void
learn_slot(struct registry *r, struct slot *slot, int64_t now_ms)
{
	const struct zone *zone = slot->config ? slot->zone : NULL;

	slot->unlearned = roster_learn_zone(r->roster, slot->info->number, zone,
			      now_ms) != OK;
}

void
registry_learn_again(struct registry *r, int64_t now_ms)
{
	bool any = false;

	if (r->reloading)
		return;
	for (size_t i = 0; i < r->slots; i++) {
		if (!r->slot[i].unlearned)
			continue;
		learn_slot(r, &r->slot[i], now_ms);
		any = true;
	}
	if (any)
		roster_put_again(r->roster);
}

void
registry_learn_all(struct registry *r, int64_t now_ms)
{
	for (size_t i = 0; i < r->slots; i++)
		learn_slot(r, &r->slot[i], now_ms);
	roster_put_again(r->roster);
}

/* --- what it decides --- */

static enum error
put(void *arg, uint16_t zone_number, uint64_t service, enum condition condition,
    const struct standing *list, size_t count)
{
	struct registry *r = arg;
	struct slot *slot = &r->slot[zone_number];
	struct batch_mark mark = batch_mark(r->open);
	struct change *c = &r->change;
	enum error err;

	change_begin(c, &r->open->edition, slot->zone, 0);
	err = ready_set_standings(
	    c, slot->referrers, service, condition, list, count);
	if (err != OK) {
		batch_rollback(r->open, mark);
		return err;
	}
	if (c->zone != slot->zone) {
		slot->zone = c->zone;
		r->open->viewed = true;
	}
	return OK;
}

void
registry_put_health(struct registry *r, int64_t now_ms)
{
	registry_learn_again(r, now_ms);
	roster_turn(r->roster, now_ms, put, r);
}

static void
move_lease(void *arg, struct lease *lease, int64_t deadline_ms)
{
	const struct registry *r = arg;

	lease_arm(r->wheel, lease, deadline_ms);
}

void
registry_guard(struct registry *r, int64_t now_ms)
{
	roster_guard(r->roster, now_ms, move_lease, r);
}

/* --- what others want of it --- */

void
registry_on_health(struct registry *r,
    void (*order)(void *arg, struct probe_order *),
    void (*event)(void *arg, const struct roster_event *), void *arg)
{
	roster_on_health(r->roster, order, event, arg);
}

struct roster *
registry_roster(struct registry *r)
{
	return r->roster;
}

void
registry_ask(struct registry *r, struct inquiry *inquiry, int64_t now_ms)
{
	switch (inquiry->kind) {
	case INQUIRY_EXPLAIN:
		inquiry->err = roster_explain(r->roster, inquiry->service.wire,
		    now_ms, &inquiry->report, &inquiry->reports);
		break;
	case INQUIRY_COUNT:
		roster_count(r->roster, &inquiry->counts);
		inquiry->err = OK;
		break;
	case INQUIRY_FORCE:
		inquiry->err = roster_force(r->roster, inquiry->pattern,
		    inquiry->state, inquiry->text, sizeof(inquiry->text));
		if (inquiry->err != OK)
			break;
		registry_learn_all(r, now_ms);
		inquiry->err =
		    force_copy(roster_forced(r->roster), &inquiry->forced);
		break;
	case INQUIRY_FORCED:
		inquiry->err =
		    force_copy(roster_forced(r->roster), &inquiry->forced);
		break;
	case INQUIRY_FLUSH:
	case INQUIRY_UPSTREAMS:
		inquiry->err = ERR_NOT_FOUND; /* the workers know */
		break;
	}
	if (inquiry->err != OK && inquiry->text[0] == '\0')
		snprintf(inquiry->text, sizeof(inquiry->text), "%s",
		    error_text(inquiry->err));
	if (inquiry->kind == INQUIRY_FORCE && inquiry->err == OK) {
		/* What was decided is decided in the next turn. */
		inquiry->mail.next = (struct mail *)r->open->shown;
		r->open->shown = inquiry;
		return;
	}
	inquiry->finish(inquiry);
}

void
registry_finish_shown(struct batch *b)
{
	struct inquiry *inquiry = b->shown, *next;

	b->shown = NULL;
	for (; inquiry != NULL; inquiry = next) {
		next = (struct inquiry *)inquiry->mail.next;
		inquiry->finish(inquiry);
	}
}
