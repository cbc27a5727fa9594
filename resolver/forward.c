/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/forward.h"

#include <assert.h>
#include <stdlib.h>

#include "resolver/forward_internal.h"

/* ---- zones --------------------------------------------------------------- */

/* Where a name is in the table of zones, or where it would be. */
static uint16_t *
find_slot(const struct forward *f, uint64_t hash, const uint8_t *name)
{
	size_t at = hash & f->zone_table_mask;

	for (;; at = (at + 1) & f->zone_table_mask) {
		uint16_t number = f->zone_table[at];

		if (number == 0 ||
		    (f->zone[number - 1].hash == hash &&
			name_equal(f->zone[number - 1].name.wire, name)))
			return &f->zone_table[at];
	}
}

static enum error
copy_zones(struct forward *f, const struct forward_zone *zones, size_t count)
{
	size_t places = 2, i;

	/* Half empty, so that the search ends soon. */
	while (places < 2 * count)
		places *= 2;
	f->zone = calloc(count > 0 ? count : 1, sizeof(*f->zone));
	f->zone_table = calloc(places, sizeof(*f->zone_table));
	if (f->zone == NULL || f->zone_table == NULL)
		return ERR_MEMORY;
	f->zone_table_mask = places - 1;
	f->zones = count;
	for (i = 0; i < count; i++) {
		struct forward_zone_state *zone = &f->zone[i];
		unsigned labels = name_labels(zones[i].zone);
		uint16_t *slot;

		name_set(&zone->name, zones[i].zone);
		zone->hash = name_hash(zones[i].zone);
		zone->drop_private = zones[i].drop_private;
		servers_init(&zone->servers, zones[i].servers);
		/* The first of two with one name counts. */
		slot = find_slot(f, zone->hash, zone->name.wire);
		if (*slot == 0)
			*slot = (uint16_t)(i + 1);
		if (labels > f->zone_labels_max)
			f->zone_labels_max = labels;
	}
	return OK;
}

int
forward_find_zone_of(const struct forward *f, const struct name_key *key)
{
	unsigned skipped = 0;

	if (key->labels > f->zone_labels_max)
		skipped = key->labels - f->zone_labels_max;
	for (; skipped <= key->labels; skipped++) {
		uint16_t number = *find_slot(
		    f, key->hash[skipped], key->wire + key->label[skipped]);

		if (number != 0)
			return number - 1;
	}
	return -1;
}

int
forward_find_zone(const struct forward *f, const uint8_t *qname)
{
	struct name_key key;

	name_key_init(&key, qname);
	return forward_find_zone_of(f, &key);
}

enum error
forward_new(const struct forward_zone *zones, size_t count, struct cache *cache,
    const struct forward_ops *ops, struct random *random, struct forward **out)
{
	struct forward *f;

	assert(count < UINT16_MAX);
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return ERR_MEMORY;
	f->ops = *ops;
	f->cache = cache;
	f->random = random;
	f->probe_ms = NEVER_MS;
	f->prefetch = true;
	f->ttl_max_s = REPLY_TTL_MAX;
	forward_table_init(f);
	if (copy_zones(f, zones, count) != OK) {
		forward_free(f);
		return ERR_MEMORY;
	}
	*out = f;
	return OK;
}

void
forward_tune(struct forward *f, bool prefetch, uint32_t ttl_max_s)
{
	f->prefetch = prefetch;
	f->ttl_max_s = ttl_max_s;
}

void
forward_free(struct forward *f)
{
	static const struct cache_entry nothing = {.ede = -1};

	if (f == NULL)
		return;
	while (f->in_flight > 0)
		flight_land(f, f->heap[0], FORWARD_ENDED, &nothing);
	free(f->zone_table);
	free(f->zone);
	free(f);
}

/* ---- what clients ask ------------------------------------------------------
 */

/* Starts a question; waits for it if fn is not NULL.  What is stale of it will
 * do after a while. */
static enum error
begin(struct forward *f, unsigned zone, const struct cache_key *key,
    bool is_stale, int64_t now_ms, forward_fn *fn, void *arg)
{
	struct flight *flight;
	enum error err = flight_new(f, zone, key, &flight);

	if (err != OK)
		return err;
	if (fn != NULL)
		err = flight_wait(flight, fn, arg);
	if (err != OK) {
		flight_remove(f, flight);
		flight_free(flight);
		return err;
	}
	if (is_stale)
		flight->stale_ms = now_ms + FORWARD_STALE_AFTER_MS;
	flight_start(f, flight, now_ms);
	return OK;
}

/* Waits for a question that is in flight. */
static enum error
join(struct forward *f, struct flight *flight, bool is_stale, int64_t now_ms,
    forward_fn *fn, void *arg)
{
	enum error err = flight_wait(flight, fn, arg);

	if (err != OK)
		return err;
	f->stats.merged++;
	if (is_stale && flight->stale_ms == NEVER_MS) {
		flight->stale_ms = now_ms + FORWARD_STALE_AFTER_MS;
		flight_schedule(f, flight);
	}
	return OK;
}

static bool
is_worth_prefetching(const struct forward *f, const struct cache_entry *entry)
{
	return f->prefetch && entry->hits >= FORWARD_PREFETCH_HITS &&
	       !entry->failure &&
	       (uint64_t)entry->left_s * FORWARD_PREFETCH_PART < entry->ttl_s &&
	       f->in_flight < FORWARD_IN_FLIGHT / 2;
}

/* Answers from the cache; popular and soon stale, it is asked for again
 * meanwhile.  The key is copied first: the waiter may free it. */
static void
answer_fresh(struct forward *f, unsigned zone, const struct cache_key *key,
    const struct cache_entry *entry, int64_t now_ms, forward_fn *fn, void *arg)
{
	bool prefetch =
	    is_worth_prefetching(f, entry) && flight_find(f, key) == NULL;
	struct cache_key copy = *key;
	struct name name;

	if (prefetch)
		name_set(&name, key->qname);
	copy.qname = name.wire;
	forward_tell(f, zone, fn, arg, FORWARD_CACHE, entry);
	if (prefetch && flight_find(f, &copy) == NULL &&
	    begin(f, zone, &copy, false, now_ms, NULL, NULL) == OK)
		f->stats.prefetched++;
}

enum error
forward_ask(struct forward *f, unsigned zone, const struct cache_key *key,
    int64_t now_ms, forward_fn *fn, void *arg)
{
	struct cache_entry entry;
	struct flight *flight;
	bool known;
	enum error err;

	assert(zone < f->zones);
	known = cache_find(f->cache, key, now_ms, &entry);
	if (known && entry.wire == NULL) {
		/* RFC 9520 3.2: it is too early to ask again. */
		forward_tell(f, zone, fn, arg, FORWARD_FAILED_BEFORE, &entry);
		return OK;
	}
	if (known && !entry.stale) {
		answer_fresh(f, zone, key, &entry, now_ms, fn, arg);
		return OK;
	}
	/* What is known is stale. */
	flight = flight_find(f, key);
	/* RFC 8767 5: no need to wait where others have waited in vain. */
	if (known &&
	    (entry.failure || (flight != NULL && flight->stale_told))) {
		forward_tell(f, zone, fn, arg, FORWARD_STALE, &entry);
		return OK;
	}
	if (flight != NULL)
		err = join(f, flight, known, now_ms, fn, arg);
	else
		err = begin(f, zone, key, known, now_ms, fn, arg);
	/* Too much to do, but there is something to say. */
	if (err != OK && known) {
		forward_tell(f, zone, fn, arg, FORWARD_STALE, &entry);
		return OK;
	}
	return err;
}

/* ---- time -------------------------------------------------------------------
 */

/* Asks a dead server for the SOA of its zone. */
static void
probe(struct forward *f, size_t zone, unsigned server)
{
	struct ticket ticket = {
	    .kind = TICKET_PROBE, .zone = (unsigned)zone, .server = server};
	struct upstream_question question = {
	    .qname = f->zone[zone].name.wire,
	    .qtype = TYPE_SOA,
	    .timeout_ms = FORWARD_ASK_MS,
	};

	if (f->ops.ask(f->ops.arg, ticket.zone, server, ticket_pack(&ticket),
		&question))
		f->stats.asked++;
}

/* Each dead server once at most: its next probe is later. */
static void
probe_all(struct forward *f, int64_t now_ms)
{
	size_t i;
	int server;

	f->probe_ms = NEVER_MS;
	for (i = 0; i < f->zones; i++) {
		struct servers *servers = &f->zone[i].servers;
		int64_t next_ms;

		while ((server = servers_probe(servers, now_ms)) >= 0)
			probe(f, i, (unsigned)server);
		next_ms = servers_next_probe_ms(servers);
		if (next_ms < f->probe_ms)
			f->probe_ms = next_ms;
	}
}

void
forward_turn(struct forward *f, int64_t now_ms)
{
	unsigned left = FORWARD_TURN;

	while (f->in_flight > 0 && f->heap[0]->next_ms <= now_ms && left-- > 0)
		flight_run(f, f->heap[0], now_ms);
	if (f->probe_ms <= now_ms)
		probe_all(f, now_ms);
}

int64_t
forward_next_ms(const struct forward *f)
{
	int64_t next_ms = f->in_flight > 0 ? f->heap[0]->next_ms : NEVER_MS;

	return f->probe_ms < next_ms ? f->probe_ms : next_ms;
}

void
forward_get_stats(const struct forward *f, struct forward_stats *stats)
{
	*stats = f->stats;
	stats->in_flight = f->in_flight;
}

const struct servers *
forward_servers(const struct forward *f, unsigned zone)
{
	return &f->zone[zone].servers;
}
