/* SPDX-License-Identifier: Apache-2.0 */
#include "server/control_walk.h"

#include <stdlib.h>
#include <string.h>

/* The first record behind one with this RDATA, there or not; NULL without. */
static const struct record *
seek_behind(const struct rrset *set, const uint8_t *rdata, size_t len,
    struct rrset_cursor *c)
{
	uint32_t low = 0, high = set ? set->count : 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct record *r = rrset_at(set, middle);

		if (rdata_compare(set->type, r->rdata, r->rdlen, rdata, len) <=
		    0)
			low = middle + 1;
		else
			high = middle;
	}
	return set && low < set->count ? rrset_seek(set, c, low) : NULL;
}

/* As seek_behind, or the first one of all for no name. */
static const struct record *
seek_behind_name(
    const struct rrset *set, const struct name *name, struct rrset_cursor *c)
{
	if (set == NULL)
		return NULL;
	return name->len == 0 ? rrset_first(set, c)
			      : seek_behind(set, name->wire, name->len, c);
}

static struct node *
find(const struct zone *zone, const uint8_t *name)
{
	return tree_find_name(
	    &zone->tree, name_hash(name), name, name_len(name));
}

/* As find(), of a name in any case. */
static struct node *
find_any(const struct zone *zone, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_LEN];

	name_lower(lower, name);
	return find(zone, lower);
}

/* --- services --- */

bool
control_zone_is_served(const struct zoneset *zones, size_t number)
{
	struct name_key key;

	name_key_init(&key, zones->zone[number]->info->apex.wire);
	return zoneset_find_apex(zones->index, &key) == (int)number;
}

/* Comes to the services of the present domain. */
static void
enter_domain(struct control_walk *walk)
{
	const struct zone *zone = walk->zones->zone[walk->zone];
	const struct node *n = NULL;

	if (walk->domain.len > 0)
		n = find(zone, walk->domain.wire);
	walk->next_service =
	    seek_behind_name(n ? node_find(n, INDEX_SERVICES) : NULL,
		&walk->service, &walk->services);
}

/* Comes to the domains of the present zone. */
static void
enter_zone(struct control_walk *walk)
{
	const struct zone *zone = walk->zones->zone[walk->zone];

	walk->next_domain = walk->next_service = NULL;
	if (zone->broken || zone->apex == NULL ||
	    !control_zone_is_served(walk->zones, walk->zone))
		return;
	walk->next_domain =
	    seek_behind_name(node_find(zone->apex, INDEX_DOMAINS),
		&walk->domain, &walk->domains);
	enter_domain(walk);
}

void
control_walk_enter(struct control_walk *walk, const struct zoneset *zones)
{
	walk->zones = zones;
	if (walk->zone < zones->count)
		enter_zone(walk);
}

static const struct node *
next_in_domain(struct control_walk *walk)
{
	const struct zone *zone = walk->zones->zone[walk->zone];

	while (walk->next_service != NULL) {
		const struct node *n = find(zone, walk->next_service->rdata);

		name_set(&walk->service, walk->next_service->rdata);
		walk->next_service = rrset_next(&walk->services);
		if (n != NULL)
			return n;
	}
	return NULL;
}

const struct node *
control_walk_next(struct control_walk *walk)
{
	const struct node *n;

	while (walk->zone < walk->zones->count) {
		n = next_in_domain(walk);
		if (n != NULL)
			return n;
		walk->service.len = 0;
		if (walk->next_domain != NULL) {
			name_set(&walk->domain, walk->next_domain->rdata);
			walk->next_domain = rrset_next(&walk->domains);
			enter_domain(walk);
			continue;
		}
		walk->domain.len = 0;
		if (++walk->zone < walk->zones->count)
			enter_zone(walk);
	}
	return NULL;
}

/* --- instances --- */

/* The set of SRV records that the walk is in. */
static const struct rrset *
present_set(const struct control_instances *at)
{
	const struct node *n = at->service;

	if (at->behind_own)
		n = at->ptr.len > 0 ? find_any(at->zone, at->ptr.wire) : NULL;
	return n ? node_find(n, TYPE_SRV) : NULL;
}

static void
enter_set(struct control_instances *at)
{
	const struct rrset *set = present_set(at);

	if (set == NULL)
		at->next_srv = NULL;
	else if (at->last_len == 0)
		at->next_srv = rrset_first(set, &at->srvs);
	else
		at->next_srv =
		    seek_behind(set, at->last, at->last_len, &at->srvs);
}

void
control_instances_enter(struct control_instances *at, const struct zone *zone,
    const struct node *service, int64_t now_ms)
{
	const struct rrset *ptrs = node_find(service, TYPE_PTR);

	at->zone = zone;
	at->service = service;
	at->now_ms = now_ms;
	at->ptr_record = ptrs && at->ptr.len > 0
			     ? rrset_find(ptrs, at->ptr.wire, at->ptr.len)
			     : NULL;
	at->next_ptr = seek_behind_name(ptrs, &at->ptr, &at->ptrs);
	enter_set(at);
}

/* Comes to the next set; false if that was the last one. */
static bool
next_set(struct control_instances *at)
{
	at->behind_own = true;
	at->last_len = 0;
	if (at->next_ptr == NULL)
		return false;
	at->ptr_record = at->next_ptr;
	name_set(&at->ptr, at->ptr_record->rdata);
	at->next_ptr = rrset_next(&at->ptrs);
	enter_set(at);
	return true;
}

/* Takes note of the record, so that the walk may be resumed behind it. */
static const struct record *
take_srv(struct control_instances *at)
{
	const struct record *r = at->next_srv;

	if (r->rdlen <= sizeof(at->last)) {
		memcpy(at->last, r->rdata, r->rdlen);
		at->last_len = r->rdlen;
	}
	at->next_srv = rrset_next(&at->srvs);
	return r;
}

/* Whether an instance of DNS-SD is one of those that are registered plainly
 * too. */
static bool
is_known(const struct control_instances *at, const struct record *r)
{
	const struct rrset *own = node_find(at->service, TYPE_SRV);

	return at->behind_own && own != NULL &&
	       (r = rrset_find(own, r->rdata, r->rdlen)) != NULL &&
	       record_is_live(r, at->now_ms);
}

/* The clock of a record, if it ends before those looked at so far. */
static void
take_lease(struct control_instance *out, const struct record *r, int64_t now_ms)
{
	int64_t end_ms = record_deadline_ms(r);

	if (end_ms == DEADLINE_NONE || end_ms - now_ms >= out->left_ms)
		return;
	out->left_ms = end_ms - now_ms;
	out->granted_s = record_lease(r)->granted_s;
}

static void
describe(const struct control_instances *at, const struct record *r,
    struct control_instance *out)
{
	const struct ready *ready = at->service->ready;

	*out = (struct control_instance){.zone = at->zone,
	    .service = at->service,
	    .srv = r,
	    .left_ms = DEADLINE_NONE};
	take_lease(out, r, at->now_ms);
	if (at->behind_own) {
		out->name = at->ptr_record->rdata;
		take_lease(out, at->ptr_record, at->now_ms);
	}
	if (ready != NULL)
		out->standing =
		    standings_find(ready->standings, control_instance_key(out));
}

bool
control_instances_next(
    struct control_instances *at, struct control_instance *out, size_t *work)
{
	const struct record *r;

	while (*work > 0) {
		--*work;
		if (at->next_srv == NULL) {
			at->done = !next_set(at);
			if (at->done)
				return false;
			continue;
		}
		/* The PTR may have gone since the last step. */
		if (at->behind_own &&
		    (at->ptr_record == NULL ||
			!record_is_live(at->ptr_record, at->now_ms))) {
			at->next_srv = NULL;
			continue;
		}
		r = take_srv(at);
		if (!record_is_live(r, at->now_ms) || is_known(at, r))
			continue;
		describe(at, r, out);
		return true;
	}
	return false;
}

/* --- instances of all services --- */

void
control_tour_enter(
    struct control_tour *tour, const struct zoneset *zones, int64_t now_ms)
{
	const struct node *service = NULL;
	const struct zone *zone = NULL;

	tour->at.now_ms = now_ms;
	control_walk_enter(&tour->walk, zones);
	if (!tour->inside)
		return;
	if (tour->walk.zone < zones->count) {
		zone = zones->zone[tour->walk.zone];
		service = find(zone, tour->walk.service.wire);
	}
	tour->inside = service != NULL;
	if (service != NULL)
		control_instances_enter(&tour->at, zone, service, now_ms);
}

/* Comes to the next service; false at the end. */
static bool
enter_service(struct control_tour *tour)
{
	const struct node *service = control_walk_next(&tour->walk);
	int64_t now_ms = tour->at.now_ms;

	tour->inside = service != NULL;
	tour->done = service == NULL;
	if (service == NULL)
		return false;
	tour->at = (struct control_instances){.behind_own = false};
	control_instances_enter(&tour->at,
	    tour->walk.zones->zone[tour->walk.zone], service, now_ms);
	return true;
}

bool
control_tour_next(
    struct control_tour *tour, struct control_instance *out, size_t *work)
{
	while (*work > 0) {
		if (!tour->inside && !enter_service(tour))
			return false;
		if (control_instances_next(&tour->at, out, work))
			return true;
		tour->inside = !tour->at.done;
	}
	return false;
}

/* --- what belongs to an instance --- */

uint64_t
control_instance_key(const struct control_instance *i)
{
	return standing_key(
	    i->srv->target_hash, wire_load_u16(i->srv->rdata + 4));
}

static const struct record *
find_txt(const struct node *n, int64_t now_ms)
{
	const struct rrset *set =
	    n ? node_find_live(n, TYPE_TXT, now_ms) : NULL;
	struct rrset_cursor c;
	const struct record *r = set ? rrset_first(set, &c) : NULL;

	while (r != NULL && !record_is_live(r, now_ms))
		r = rrset_next(&c);
	return r;
}

const struct record *
control_instance_txt(const struct control_instance *i, int64_t now_ms)
{
	const struct record *r;

	if (i->name != NULL)
		return find_txt(find_any(i->zone, i->name), now_ms);
	r = find_txt(find_any(i->zone, i->srv->rdata + 6), now_ms);
	return r ? r : find_txt(i->service, now_ms);
}

/* --- counting --- */

struct keys {
	uint64_t *key;
	size_t count, room;
};

static bool
put_key(struct keys *keys, uint64_t key)
{
	size_t room = keys->room ? 2 * keys->room : 256;
	uint64_t *grown;

	if (keys->count == keys->room) {
		grown = realloc(keys->key, room * sizeof(*grown));
		if (grown == NULL)
			return false;
		keys->key = grown;
		keys->room = room;
	}
	keys->key[keys->count++] = key;
	return true;
}

static int
by_key(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static size_t
count_distinct(struct keys *keys)
{
	size_t count = keys->count > 0;

	if (keys->count > 1)
		qsort(keys->key, keys->count, sizeof(keys->key[0]), by_key);
	for (size_t i = 1; i < keys->count; i++)
		count += keys->key[i] != keys->key[i - 1];
	free(keys->key);
	return count;
}

struct control_count
control_instances_count(
    const struct zone *zone, const struct node *service, int64_t now_ms)
{
	struct control_instances at = {.behind_own = false};
	struct keys served = {0}, out = {0};
	size_t served_more = 0, out_more = 0; /* without room for their keys */
	struct control_instance i;
	size_t work = SIZE_MAX;

	control_instances_enter(&at, zone, service, now_ms);
	while (control_instances_next(&at, &i, &work)) {
		bool is_out = i.standing && i.standing->served == SERVED_OUT;

		if (put_key(is_out ? &out : &served, control_instance_key(&i)))
			continue;
		served_more += !is_out;
		out_more += is_out;
	}
	served_more += count_distinct(&served);
	out_more += count_distinct(&out);
	return (struct control_count){served_more + out_more, served_more};
}
