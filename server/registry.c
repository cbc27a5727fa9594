/* SPDX-License-Identifier: Apache-2.0 */
#include "server/registry.h"

#include <stdlib.h>
#include <string.h>

#include "server/log.h"
#include "server/nameserver/update_apply.h"
#include "server/nameserver/update_log.h"
#include "server/registry_internal.h"

/* --- batches --- */

/* The open batch starts here: remembers the zones as they are. */
enum error
registry_begin(struct registry *r)
{
	struct batch *b = r->open;
	struct zone **before;

	before = realloc(b->before, (2 * r->slots + 1) * sizeof(*before));
	if (before == NULL)
		return ERR_MEMORY;
	b->before = before;
	b->noted = b->viewed = false;
	for (size_t i = 0; i < r->slots; i++) {
		before[2 * i] = r->slot[i].zone;
		before[2 * i + 1] = r->slot[i].buried;
		r->slot[i].touched = r->slot[i].noted = false;
	}
	return OK;
}

static void
finish(struct registry *r, struct update *u, int64_t now_ms)
{
	if (u->rcode != RCODE_NOERROR)
		update_log(&u->peer, &u->tsig, &u->message, u->rcode, u->reason,
		    now_ms);
	u->next = NULL;
	*r->finished_last = u;
	r->finished_last = &u->next;
}

static void
finish_all(struct registry *r, struct batch *b, int64_t now_ms)
{
	struct update *u = batch_take_updates(b), *next;

	for (; u != NULL; u = next) {
		next = u->next;
		finish(r, u, now_ms);
	}
}

/* Puts the zones back to where a batch began, and frees what it made. */
static void
take_back(struct registry *r, struct batch *b)
{
	for (size_t i = 0; i < r->slots; i++) {
		if (r->slot[i].zone != b->before[2 * i])
			r->slot[i].unlearned = true;
		r->slot[i].zone = b->before[2 * i];
		r->slot[i].buried = b->before[2 * i + 1];
		r->slot[i].touched = r->slot[i].noted = false;
	}
	batch_keep_leases(b, r->wheel);
	edition_rollback(&b->edition, (struct savepoint){0});
	store_batch_truncate(b->ops, 0);
	b->snapshot = NULL;
	b->noted = b->viewed = false;
}

void
registry_abandon(struct registry *r)
{
	take_back(r, r->open);
}

/* Nobody gets what this batch promised: the store said why. */
static void
fail_all(struct registry *r, struct batch *b, enum error err, int64_t now_ms)
{
	for (struct update *u = b->first; u != NULL; u = u->next)
		update_fail(u, RCODE_SERVFAIL, EDE_OTHER, "not stored: %s",
		    error_text(err));
	finish_all(r, b, now_ms);
}

static void
on_decided(void *arg, struct store_batch *ops, enum error err)
{
	struct registry *r = arg;

	(void)ops;
	r->outcome = err;
	atomic_store_explicit(&r->decided, true, memory_order_release);
	if (r->wake != NULL)
		r->wake(r->wake_arg);
}

/* Makes the snapshot that the open batch will publish. */
static enum error
seal(struct registry *r)
{
	struct batch *b = r->open;
	struct zone **zones = malloc((r->slots + 1) * sizeof(struct zone *));
	enum error err = zones ? OK : ERR_MEMORY;

	for (size_t i = 0; i < r->slots && err == OK; i++) {
		zones[i] = r->slot[i].zone;
		if (r->slot[i].noted)
			err = registry_put_zone_op(r, &r->slot[i]);
	}
	if (err == OK) {
		struct zoneset *set =
		    zoneset_new(&b->edition, r->index, zones, r->slots);
		struct snapshot *s = edition_alloc(&b->edition, sizeof(*s));

		if (set != NULL && s != NULL) {
			*s = (struct snapshot){set, r->settings};
			b->snapshot = s;
		} else {
			err = ERR_MEMORY;
		}
	}
	free(zones);
	return err;
}

/* Seals the open batch, hands it to the store and opens the other one. */
static enum error
submit(struct registry *r)
{
	struct batch *b = r->open, *other = r->sealed;
	enum error err = seal(r);

	if (err != OK)
		return err;
	r->sealed = b;
	r->open = other;
	other->edition.step = b->edition.step + 1;
	err = registry_begin(r);
	if (err != OK) {
		r->sealed = other;
		r->open = b;
		return err;
	}
	r->waiting = true;
	store_submit(r->store, b->ops, on_decided, r);
	return OK;
}

/* Whether a version of the zone may still have an SRV record of the service
 * that names the same host. */
static bool
names_host(const struct zone *z, const struct record *gone, uint64_t service)
{
	const struct node *n = tree_find_hash(&z->tree, service);
	const struct rrset *set = n ? node_find(n, TYPE_SRV) : NULL;
	struct rrset_cursor c;

	if (set == NULL || set->count > READY_ITEMS)
		return set != NULL;
	for (struct record *r = rrset_first(set, &c); r; r = rrset_next(&c))
		if (r->target_hash == gone->target_hash)
			return true;
	return false;
}

/* A registered SRV record is gone for good: its service no longer names the
 * host, unless another record of it does, be it in the version that is being
 * published (to which a refused batch leads back) or in the working one. */
static void
forget_referrer(
    struct registry *r, const struct batch *b, const struct lease *lease)
{
	const struct record *gone = lease_record(lease);
	const struct slot *slot = &r->slot[lease->zone];
	const struct zone *next = b->snapshot->zones->zone[lease->zone];

	if (gone->type == TYPE_SRV &&
	    !names_host(next, gone, lease->owner_hash) &&
	    !names_host(slot->zone, gone, lease->owner_hash))
		referrers_remove(
		    slot->referrers, gone->target_hash, lease->owner_hash);
}

/* Who has gone is not waited for any more. */
static void
meet_gone(struct registry *r, struct batch *b)
{
	for (size_t i = 0; i < b->events; i++)
		if (b->event[i].gone)
			registry_meet(r, b->event[i].lease);
}

static void
publish(struct registry *r, struct batch *b, int64_t now_ms)
{
	struct zoneset *old = r->zoneset;

	for (size_t i = 0; i < b->events; i++)
		if (b->event[i].gone)
			forget_referrer(r, b, b->event[i].lease);
	meet_gone(r, b);
	batch_settle_leases(b, r->wheel, now_ms);
	if (old != NULL && edition_reserve(&b->edition, 1) == OK)
		edition_retire(&b->edition, old);
	r->zoneset = (struct zoneset *)(uintptr_t)b->snapshot->zones;
	snapshot_publish(r->hub, b->snapshot, &b->edition);
	b->snapshot = NULL;
	store_batch_truncate(b->ops, 0);
	finish_all(r, b, now_ms);
	registry_finish_shown(b);
}

/* Nothing to store: readers see it at once. */
static void
publish_view(struct registry *r, int64_t now_ms)
{
	if (seal(r) != OK)
		return; /* the next turn tries again */
	publish(r, r->open, now_ms);
	if (registry_begin(r) != OK)
		log_write(LEVEL_ERROR, "registry: out of memory");
}

/* Seals what there is to seal; a batch without operations has nothing to wait
 * for once the one before it is durable. */
static void
close_open_batch(struct registry *r, int64_t now_ms)
{
	enum error err;

	if (r->waiting)
		return;
	if (!batch_has_ops(r->open)) {
		if (r->open->viewed)
			publish_view(r, now_ms);
		meet_gone(r, r->open);
		batch_settle_leases(r->open, r->wheel, now_ms);
		finish_all(r, r->open, now_ms);
		registry_finish_shown(r->open);
		return;
	}
	err = submit(r);
	if (err != OK) {
		take_back(r, r->open);
		fail_all(r, r->open, err, now_ms);
		registry_learn_again(r, now_ms);
	}
}

/* The sealed batch is lost, and with it the ground on which the open one
 * stands: its messages are applied again to the state before. */
static void
refuse(struct registry *r, struct batch *b, int64_t now_ms)
{
	static struct log_limit limit = LOG_LIMIT(1);
	struct update *again, *next;
	uint32_t skipped;

	if (log_limit_pass(&limit, now_ms, &skipped))
		log_write(LEVEL_ERROR, "store: %s: updates are not accepted",
		    error_text(r->outcome));
	r->reap_from_ms = now_ms + REAP_RETRY_MS;
	again = batch_take_updates(r->open);
	take_back(r, r->open);
	take_back(r, b);
	fail_all(r, b, r->outcome, now_ms);
	registry_finish_shown(b); /* comes with one of the next batches */
	if (registry_begin(r) != OK)
		log_write(LEVEL_ERROR, "registry: out of memory");
	registry_learn_again(r, now_ms);
	for (; again != NULL; again = next) {
		next = again->next;
		registry_take(r, again, now_ms);
	}
}

void
registry_durable(struct registry *r, int64_t now_ms)
{
	struct batch *b = r->sealed;

	if (!r->waiting ||
	    !atomic_exchange_explicit(&r->decided, false, memory_order_acquire))
		return;
	r->waiting = false;
	if (r->outcome == OK)
		publish(r, b, now_ms);
	else
		refuse(r, b, now_ms);
}

/* Waits until all that was applied is durable and published. */
enum error
registry_flush(struct registry *r, int64_t now_ms)
{
	enum error err = OK;

	for (int i = 0; i < 2; i++) {
		registry_put_health(r, now_ms);
		close_open_batch(r, now_ms);
		if (!r->waiting)
			continue;
		store_drain(r->store);
		registry_durable(r, now_ms);
		err = r->outcome;
	}
	return err;
}

enum error
registry_force(struct registry *r, int64_t now_ms)
{
	enum error err = submit(r);

	return err == OK ? registry_flush(r, now_ms) : err;
}

/* --- messages --- */

/* Numbers for the names of keys, as records remember them. */
uint16_t
registry_key_id(struct registry *r, const uint8_t *name)
{
	struct name *grown;

	for (size_t i = 0; i < r->key_names; i++)
		if (name_equal(r->key_name[i].wire, name))
			return (uint16_t)(i + 1);
	if (r->key_names == UINT16_MAX)
		return 0;
	grown = realloc(r->key_name, (r->key_names + 1) * sizeof(*grown));
	if (grown == NULL)
		return 0;
	r->key_name = grown;
	grown[r->key_names].len =
	    (uint8_t)name_lower(grown[r->key_names].wire, name);
	return (uint16_t)++r->key_names;
}

/* The slot of a zone that is configured now. */
static struct slot *
find_configured(struct registry *r, const uint8_t *apex)
{
	struct name_key key;
	int number;

	name_key_init(&key, apex);
	number = zoneset_find_apex(r->index, &key);
	return number < 0 ? NULL : &r->slot[number];
}

/* Applies an update to the working version; its outcome stands in it. */
static void
apply(struct registry *r, struct update *u, struct slot *slot, int64_t now_ms)
{
	struct batch_mark mark = batch_mark(r->open);
	struct change *c = &r->change;
	int key = CONFIG_KEY_NONE;
	uint16_t key_id = 0;
	enum rcode rcode;
	enum error err;

	if (u->tsig.state == TSIG_OK) {
		key = settings_find_key(r->settings, u->tsig.key.wire);
		key_id = registry_key_id(r, u->tsig.key.wire);
	}
	change_begin(c, &r->open->edition, slot->zone, now_ms);
	rcode = update_apply(u, c, slot->config, key, key_id);
	if (rcode != RCODE_NOERROR) {
		batch_rollback(r->open, mark);
		return;
	}
	if (change_settle(c)) {
		err = registry_take_change(r, slot, c);
	} else {
		/* A heartbeat: drops the copies that were made on the way. */
		edition_rollback(&r->open->edition, mark.savepoint);
		err = registry_take_renewals(r, slot, c);
	}
	if (err == OK)
		return;
	batch_rollback(r->open, mark);
	update_fail(u, RCODE_SERVFAIL, EDE_OTHER, "%s", error_text(err));
}

void
registry_take(struct registry *r, struct update *u, int64_t now_ms)
{
	struct slot *slot = find_configured(r, message_qname(&u->message));

	if (slot == NULL)
		update_fail(u, RCODE_NOTAUTH, EDE_NOT_AUTHORITATIVE,
		    "not a zone of this server any more");
	else if (slot->zone->broken)
		update_fail(
		    u, RCODE_SERVFAIL, EDE_NOT_READY, "the zone has no data");
	else
		apply(r, u, slot, now_ms);
	/* What it saw may still be refused by the store (promise 1). */
	if (r->waiting || batch_has_ops(r->open) || r->open->events > 0)
		batch_put_update(r->open, u);
	else
		finish(r, u, now_ms);
}

struct update *
registry_collect(struct registry *r)
{
	struct update *first = r->finished;

	r->finished = NULL;
	r->finished_last = &r->finished;
	return first;
}

/* --- the reaper --- */

/* Whether the working version still has the record: it may have been deleted
 * by a message of a batch that is not published yet. */
static bool
is_registered(const struct slot *slot, const struct record *rec)
{
	const struct node *n =
	    tree_find_hash(&slot->zone->tree, record_lease(rec)->owner_hash);
	const struct rrset *set = n ? node_find(n, rec->type) : NULL;

	return set && rrset_find(set, rec->rdata, rec->rdlen) == rec;
}

static enum error
reap_zone(struct registry *r, struct slot *slot, struct lease **due,
    size_t count, int64_t now_ms)
{
	struct batch_mark mark = batch_mark(r->open);
	struct change *c = &r->change;
	enum error err = OK;

	change_begin(c, &r->open->edition, slot->zone, now_ms);
	for (size_t i = 0; i < count && err == OK; i++)
		if (is_registered(slot, lease_record(due[i])))
			err = change_remove_record(c, lease_record(due[i]));
		else
			registry_meet(r, due[i]);
	if (err == OK && change_settle(c))
		err = registry_take_change(r, slot, c);
	if (err == OK)
		return OK;
	batch_rollback(r->open, mark);
	for (size_t i = 0; i < count; i++)
		lease_arm(r->wheel, due[i], lease_deadline_ms(due[i]));
	return err;
}

static int
by_zone(const void *a, const void *b)
{
	const struct lease *const *x = a, *const *y = b;

	return (int)(*x)->zone - (int)(*y)->zone;
}

/* Takes a bounded number of expired records out of their zones. */
static void
reap(struct registry *r, int64_t now_ms)
{
	struct lease *due[REAP_TURN];
	size_t count, end;

	r->more_due = false;
	if (now_ms < r->reap_from_ms || r->open->events >= REAP_BATCH ||
	    lease_next_ms(r->wheel) > now_ms)
		return;
	count = lease_take_due(r->wheel, now_ms, due, REAP_TURN, &r->more_due);
	qsort(due, count, sizeof(due[0]), by_zone);
	for (size_t from = 0; from < count; from = end) {
		struct slot *slot = &r->slot[due[from]->zone];

		for (end = from + 1; end < count; end++)
			if (due[end]->zone != due[from]->zone)
				break;
		if (reap_zone(r, slot, due + from, end - from, now_ms) != OK)
			r->reap_from_ms = now_ms + REAP_RETRY_MS;
	}
}

bool
registry_turn(struct registry *r, int64_t now_ms)
{
	registry_guard(r, now_ms);
	reap(r, now_ms);
	/* While the store is busy nothing would come of it but copies of lists;
	 * it is early enough when the next batch is about to be sealed. */
	if (!r->waiting)
		registry_put_health(r, now_ms);
	close_open_batch(r, now_ms);
	return r->more_due && !r->waiting;
}

int64_t
registry_next_ms(const struct registry *r)
{
	int64_t health_ms =
	    r->waiting ? roster_guard_ms(r->roster) : roster_next_ms(r->roster);
	int64_t next_ms = lease_next_ms(r->wheel);

	if (next_ms < r->reap_from_ms)
		next_ms = r->reap_from_ms;
	if (r->waiting && r->open->events >= REAP_BATCH)
		next_ms = INT64_MAX; /* registry_durable() comes first */
	return health_ms < next_ms ? health_ms : next_ms;
}

size_t
registry_leases(const struct registry *r)
{
	return lease_count(r->wheel);
}

size_t
registry_found(const struct registry *r)
{
	return r->found;
}

void
registry_get_store_stats(struct registry *r, struct store_stats *stats)
{
	store_get_stats(r->store, stats);
}

bool
registry_is_waiting(const struct registry *r)
{
	return r->waiting;
}

void
registry_on_durable(struct registry *r, void (*wake)(void *), void *arg)
{
	r->wake = wake;
	r->wake_arg = arg;
}
