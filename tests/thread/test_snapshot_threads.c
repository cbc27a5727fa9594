/* SPDX-License-Identifier: Apache-2.0 */
/* test_snapshot_threads.c - readers walk snapshots while the writer publishes
 * thousands of editions: a service whose instances come and go, their hosts
 * with them, leases that are renewed under the readers' eyes, and standings
 * that change with each edition.  Each snapshot must be whole: as many
 * instances as ever, each with its host, the serial that its SOA tells, and
 * the standings of one edition. */
#undef NDEBUG
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones/change.h"
#include "zones/lease.h"
#include "zones/ready.h"
#include "zones/selection.h"
#include "zones/snapshot.h"

#define READERS 3
#define INSTANCES 200 /* a tree of three leaves or more */
#ifdef __SANITIZE_THREAD__
#define EDITIONS 4000
#else
#define EDITIONS 40000
#endif
#define START_MS 1000
#define SERVICE "_http._tcp.web.z."
#define PORT 80
#define EXCEPTIONS 9

struct shared {
	struct snapshot_hub *hub;
	_Atomic bool done;
	_Atomic int64_t now_ms;
};

struct writer {
	struct shared *shared;
	struct edition edition;
	struct zone *zone;
	struct zone_info info;
	const struct zoneset_index *index;
	struct zoneset *zoneset;
	struct lease_wheel *wheel;
	struct referrers *referrers;
	struct change change;
	struct savepoint savepoint;
};

static struct name_key
key_of(const char *text)
{
	struct name name;
	struct name_key key;

	assert(name_from_text(text, NULL, &name) == OK);
	name_key_init(&key, name.wire);
	return key;
}

static struct name_key
host_key(unsigned number)
{
	char text[32];

	snprintf(text, sizeof(text), "h%u.z.", number);
	return key_of(text);
}

static size_t
srv_rdata(unsigned number, uint8_t rdata[64])
{
	struct name_key host = host_key(number);

	wire_store_u16(rdata, (uint16_t)(number % 3));
	wire_store_u16(rdata + 2, (uint16_t)(number % 5));
	wire_store_u16(rdata + 4, PORT);
	memcpy(rdata + 6, host.wire, host.len);
	return 6u + host.len;
}

/* --- readers --- */

static void
check_instance(const struct zone *z, const struct record *r)
{
	const struct node *host = tree_find_hash(&z->tree, r->target_hash);
	const struct rrset *a = host ? node_find(host, TYPE_A) : NULL;

	assert(name_equal(node_owner(host), r->rdata + 6));
	assert(a != NULL && a->count == 1);
	assert(record_deadline_ms(rrset_at(a, 0)) > 0);
}

/* All exceptions were made in one edition, which they tell. */
static void
check_standings(const struct standings *list)
{
	for (uint32_t i = 1; list != NULL && i < list->count; i++) {
		assert(list->item[i].instance > list->item[i - 1].instance);
		assert(list->item[i].until_ms == list->item[0].until_ms);
		assert(list->count == 1 + list->item[i].until_ms % EXCEPTIONS);
	}
}

static void
check_snapshot(const struct snapshot *s, int64_t now_ms, struct selection *sel,
    struct random *random)
{
	const struct zone *z = s->zones->zone[0];
	struct name_key key = key_of(SERVICE);
	const struct record *soa = rrset_at(node_find(z->apex, TYPE_SOA), 0);
	struct zone_walk walk;
	const struct rrset *set;
	struct selection_rules rules = {.shape = &shape_default, .client = 1};
	struct rrset_cursor c;
	uint32_t count = 0;

	assert(wire_load_u32(soa->rdata + soa->rdlen - 20) == z->serial);
	assert(zoneset_find(s->zones->index, &key, 0) == 0);
	zone_find(z, &key, &walk);
	assert(walk.node != NULL);
	set = node_find(walk.node, TYPE_SRV);
	assert(set->count == INSTANCES);
	for (struct record *r = rrset_first(set, &c); r; r = rrset_next(&c)) {
		check_instance(z, r);
		count++;
	}
	assert(count == INSTANCES);
	assert(z->tree.count == INSTANCES + 4u);
	if (walk.node->ready != NULL)
		rules.standings = walk.node->ready->standings;
	check_standings(rules.standings);
	selection_draw(sel, set, &rules, now_ms, random, 20);
	assert(sel->count == 20 && !sel->whole);
	for (size_t i = 0; i < sel->count; i++) {
		check_instance(z, sel->pick[i].record);
		assert(standings_find(rules.standings, sel->pick[i].instance) ==
		       NULL);
	}
}

static void *
read_on(void *arg)
{
	struct shared *shared = arg;
	struct selection *sel = malloc(sizeof(*sel));
	struct random random;
	uint32_t last = 0;

	assert(sel != NULL);
	random_seed(&random, 1);
	snapshot_register_thread();
	/* One that gets its turn only when all is done looks once. */
	do {
		const struct snapshot *s = snapshot_enter(shared->hub);

		assert(s->zones->zone[0]->serial >= last);
		last = s->zones->zone[0]->serial;
		check_snapshot(s,
		    atomic_load_explicit(&shared->now_ms, memory_order_relaxed),
		    sel, &random);
		snapshot_leave(shared->hub);
	} while (!atomic_load(&shared->done));
	snapshot_unregister_thread();
	free(sel);
	return NULL;
}

/* --- the writer --- */

static void
begin(struct writer *w)
{
	w->savepoint = edition_savepoint(&w->edition);
	change_begin(&w->change, &w->edition, w->zone, START_MS);
}

static void
add_instance(struct writer *w, unsigned number)
{
	const struct change_grant grant = {.granted_s = 60};
	struct name_key service = key_of(SERVICE);
	struct name_key host = host_key(number);
	uint8_t rdata[64], address[4] = {192, 0, 2, (uint8_t)number};
	size_t len = srv_rdata(number, rdata);

	assert(change_add(&w->change, &service, TYPE_SRV, 30, rdata, len,
		   &grant) == OK);
	assert(change_add(&w->change, &host, TYPE_A, 30, address, 4, &grant) ==
	       OK);
}

static void
remove_instance(struct writer *w, unsigned number)
{
	struct name_key service = key_of(SERVICE);
	struct name_key host = host_key(number);
	uint8_t rdata[64];
	size_t len = srv_rdata(number, rdata);

	assert(change_remove(&w->change, &service, TYPE_SRV, rdata, len) == OK);
	assert(change_remove_set(&w->change, &host, TYPE_A) == OK);
}

/* What the change came to: leases of what is new, or gone. */
static void
settle_leases(struct writer *w, int64_t now_ms)
{
	for (size_t i = 0; i < w->change.entries; i++) {
		const struct change_entry *e = &w->change.entry[i];

		if (e->kind == CHANGE_REMOVED)
			lease_disarm(w->wheel, record_lease(e->record));
		else if (e->kind == CHANGE_ADDED || e->kind == CHANGE_RENEWED)
			lease_arm(
			    w->wheel, record_lease(e->record), now_ms + 60000);
	}
}

/* Takes some instances out, which the serial says. */
static void
change_standings(struct writer *w, uint32_t serial)
{
	struct standing list[EXCEPTIONS];
	size_t count = 1 + serial % EXCEPTIONS;

	for (unsigned i = 0; i < count; i++)
		list[i] =
		    (struct standing){.instance = standing_key(
					  host_key(serial + i).hash[0], PORT),
			.until_ms = serial,
			.scale = SCALE_WHOLE,
			.served = SERVED_OUT};
	assert(
	    ready_set_standings(&w->change, w->referrers,
		key_of(SERVICE).hash[0], CONDITION_NORMAL, list, count) == OK);
}

static void
publish(struct writer *w, uint32_t serial)
{
	struct snapshot *s = edition_alloc(&w->edition, sizeof(*s));
	struct zoneset *set;

	assert(change_settle(&w->change));
	assert(change_set_serial(&w->change, serial) == OK);
	assert(ready_refresh(&w->change, w->referrers, NULL) == OK);
	change_standings(w, serial);
	settle_leases(w, atomic_load(&w->shared->now_ms));
	w->zone = w->change.zone;
	set = zoneset_new(&w->edition, w->index, &w->zone, 1);
	assert(s != NULL && set != NULL);
	*s = (struct snapshot){.zones = set};
	if (w->zoneset != NULL) {
		assert(edition_reserve(&w->edition, 1) == OK);
		edition_retire(&w->edition, w->zoneset);
	}
	w->zoneset = set;
	snapshot_publish(w->shared->hub, s, &w->edition);
}

/* A heartbeat, which readers see without a new edition. */
static void
renew(struct writer *w, unsigned number)
{
	begin(w);
	add_instance(w, number);
	assert(!change_settle(&w->change));
	edition_rollback(&w->edition, w->savepoint);
	settle_leases(w, atomic_load(&w->shared->now_ms));
}

static void
open_zone(struct writer *w)
{
	static const uint8_t soa[22] = {[5] = 1}; /* ".", ".", serial 1 */
	const struct zone_info *infos[] = {&w->info};
	struct name_key apex = key_of("z.");

	edition_init(&w->edition, 1);
	w->info = (struct zone_info){.apex_hash = apex.hash[0], .labels = 1};
	name_set(&w->info.apex, apex.wire);
	w->wheel = lease_wheel_new(START_MS);
	w->zone = zone_new(&w->edition, &w->info);
	w->index = zoneset_index_new(&w->edition, infos, 1);
	w->referrers = referrers_new();
	assert(w->wheel != NULL && w->zone != NULL && w->index != NULL);
	assert(w->referrers != NULL);
	begin(w);
	assert(change_set_soa(&w->change, 60, soa, sizeof(soa)) == OK);
	for (unsigned i = 0; i < INSTANCES; i++)
		add_instance(w, i);
	publish(w, 2);
}

static void
close_zone(struct writer *w)
{
	struct snapshot_hub *hub = w->shared->hub;

	assert(zone_retire(&w->edition, w->zone) == OK);
	assert(edition_reserve(&w->edition, 2) == OK);
	edition_retire(&w->edition, w->zoneset);
	edition_retire(&w->edition, (void *)(uintptr_t)w->index);
	snapshot_publish(hub, NULL, &w->edition);
	snapshot_drain(hub);
	edition_fini(&w->edition);
	change_fini(&w->change);
	lease_wheel_free(w->wheel);
	referrers_free(w->referrers);
}

static void
write_on(struct writer *w)
{
	for (unsigned i = 0; i < EDITIONS; i++) {
		atomic_fetch_add(&w->shared->now_ms, 1);
		begin(w);
		remove_instance(w, i);
		add_instance(w, i + INSTANCES);
		if (i % 7 == 0) { /* a message that fails */
			edition_rollback(&w->edition, w->savepoint);
			begin(w);
			remove_instance(w, i);
			add_instance(w, i + INSTANCES);
		}
		publish(w, i + 3);
		renew(w, i + 1 + i % (INSTANCES - 1));
	}
}

int
main(void)
{
	struct shared shared = {.now_ms = START_MS};
	struct writer w = {.shared = &shared};
	pthread_t reader[READERS];

	name_hash_seed(1);
	shared.hub = snapshot_hub_new();
	assert(shared.hub != NULL);
	open_zone(&w);
	for (int i = 0; i < READERS; i++)
		assert(pthread_create(&reader[i], NULL, read_on, &shared) == 0);
	write_on(&w);
	atomic_store(&shared.done, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(reader[i], NULL);
	close_zone(&w);
	snapshot_hub_free(shared.hub);
	return 0;
}
