/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "resolver/forward_internal.h"

/* A message of a cache, kept while waiters are told: they may put others. */
struct kept_entry {
	struct cache_entry entry;
	uint16_t ttl_at[];
};

static struct kept_entry *
keep_entry(const struct cache_entry *entry)
{
	size_t places = entry->ttls * sizeof(uint16_t);
	struct kept_entry *kept = malloc(sizeof(*kept) + places + entry->len);
	uint8_t *wire;

	if (kept == NULL)
		return NULL;
	wire = (uint8_t *)(kept->ttl_at + entry->ttls);
	memcpy(kept->ttl_at, entry->ttl_at, places);
	memcpy(wire, entry->wire, entry->len);
	kept->entry = *entry;
	kept->entry.ttl_at = kept->ttl_at;
	kept->entry.wire = wire;
	return kept;
}

void
forward_tell(struct forward *f, unsigned zone, forward_fn *fn, void *arg,
    enum forward_source source, const struct cache_entry *entry)
{
	static const struct cache_entry nothing = {.ede = -1};

	if (entry->wire != NULL && entry->private_address &&
	    f->zone[zone].drop_private) {
		f->stats.blocked++;
		fn(arg, FORWARD_BLOCKED, &nothing);
		return;
	}
	if (source == FORWARD_STALE)
		f->stats.stale++;
	if (source == FORWARD_FAILED || source == FORWARD_FAILED_BEFORE)
		f->stats.failed++;
	fn(arg, source, entry);
}

/* Tells all who wait; the list is the caller's. */
static void
tell_all(struct forward *f, unsigned zone, struct waiter *waiter,
    enum forward_source source, const struct cache_entry *entry)
{
	while (waiter != NULL) {
		struct waiter *next = waiter->next;

		forward_tell(f, zone, waiter->fn, waiter->arg, source, entry);
		free(waiter);
		waiter = next;
	}
}

static struct waiter *
take_waiters(struct flight *flight)
{
	struct waiter *first = flight->first;

	flight->first = NULL;
	flight->last = &flight->first;
	flight->waiters = 0;
	return first;
}

void
flight_land(struct forward *f, struct flight *flight,
    enum forward_source source, const struct cache_entry *entry)
{
	flight_remove(f, flight);
	tell_all(f, flight->zone, take_waiters(flight), source, entry);
	flight_free(flight);
}

/* What is stale of an answer, to be freed; NULL if there is none. */
static struct kept_entry *
find_stale(struct forward *f, const struct flight *flight, int64_t now_ms)
{
	struct cache_entry entry;

	if (!cache_find(f->cache, &flight->key, now_ms, &entry) ||
	    entry.wire == NULL)
		return NULL;
	return keep_entry(&entry);
}

/* A message from the cache that is not stale may have come by another way. */
static enum forward_source
source_of(const struct kept_entry *kept)
{
	return kept->entry.stale ? FORWARD_STALE : FORWARD_CACHE;
}

/* RFC 9520: all have failed; remembered, and what is stale will do. */
static void
fail(struct forward *f, struct flight *flight, int64_t now_ms)
{
	struct cache_entry failure = {
	    .rcode = RCODE_SERVFAIL, .failure = true, .ede = flight->ede};
	struct kept_entry *kept;

	/* Without memory it will be asked again sooner, that is all. */
	(void)!cache_put_failure(f->cache, &flight->key, flight->ede, now_ms);
	kept = flight->first != NULL ? find_stale(f, flight, now_ms) : NULL;
	if (kept != NULL)
		flight_land(f, flight, source_of(kept), &kept->entry);
	else
		flight_land(f, flight, FORWARD_FAILED, &failure);
	free(kept);
}

/* RFC 8767 5: those who wait have waited long enough; it goes on. */
static void
tell_stale(struct forward *f, struct flight *flight, int64_t now_ms)
{
	struct kept_entry *kept;

	flight->stale_ms = NEVER_MS;
	flight_schedule(f, flight);
	kept = find_stale(f, flight, now_ms);
	if (kept == NULL)
		return;
	flight->stale_told = true;
	tell_all(f, flight->zone, take_waiters(flight), source_of(kept),
	    &kept->entry);
	free(kept);
}

enum sending
flight_send(struct forward *f, struct flight *flight, unsigned server,
    unsigned kind, int64_t now_ms)
{
	int64_t left_ms = flight->end_ms - now_ms;
	struct ticket ticket = {
	    kind, server, flight->zone, flight->slot, flight->generation};
	struct upstream_question question = {
	    .qname = flight->name.wire,
	    .qtype = flight->key.qtype,
	    .dnssec_ok = flight->key.dnssec_ok,
	    .checking_disabled = flight->key.checking_disabled,
	    .tcp = (kind & TICKET_TCP) != 0,
	};
	bool was_asking = flight->asking, sent;

	/* The last round has all the time there is. */
	if (left_ms > FORWARD_ASK_MS &&
	    flight->position <= (FORWARD_ROUNDS - 1) * flight->servers)
		left_ms = FORWARD_ASK_MS;
	question.timeout_ms = left_ms > 1 ? (uint32_t)left_ms : 1;
	flight->asking = true;
	flight->outstanding++;
	sent = f->ops.ask(
	    f->ops.arg, flight->zone, server, ticket_pack(&ticket), &question);
	f->stats.asked += sent;
	if (flight_of(f, &ticket) == NULL)
		return LANDED;
	flight->asking = was_asking;
	if (!sent)
		flight->outstanding--;
	return sent ? SENT : NOT_SENT;
}

/* The next server on its way, or -1. */
static int
next_server(struct flight *flight)
{
	while (flight->position < FORWARD_ROUNDS * flight->servers) {
		size_t at = flight->position++ % flight->servers;
		unsigned server = flight->order[at];

		if ((flight->useless >> server & 1) == 0)
			return (int)server;
	}
	return -1;
}

/* When the one after this server is asked: after the patience for it, or
 * later where that one was asked before. */
static int64_t
patience_ms(
    const struct forward *f, const struct flight *flight, unsigned server)
{
	size_t round = flight->position / flight->servers;
	int64_t again_ms;

	if (round == 0)
		return servers_patience_ms(
		    &f->zone[flight->zone].servers, server);
	again_ms = (int64_t)FORWARD_AGAIN_MS << (round - 1);
	/* Only the first of a round waits for the one before. */
	return flight->position % flight->servers == 0
		   ? again_ms
		   : again_ms / (int64_t)flight->servers;
}

static bool
are_all_useless(const struct flight *flight)
{
	return flight->useless == (1U << flight->servers) - 1;
}

void
flight_advance(struct forward *f, struct flight *flight, int64_t now_ms)
{
	int server;

	do {
		enum sending sending;
		unsigned kind;

		server = next_server(flight);
		if (server < 0)
			break;
		kind = flight->position <= flight->servers ? TICKET_COUNTS : 0;
		/* What is answered inside of the call may set this lower. */
		flight->ask_ms =
		    now_ms + patience_ms(f, flight, (unsigned)server);
		sending =
		    flight_send(f, flight, (unsigned)server, kind, now_ms);
		if (sending == LANDED)
			return;
		if (sending == NOT_SENT)
			flight->ask_ms = now_ms;
	} while (flight->ask_ms <= now_ms);
	if (server < 0) {
		flight->ask_ms = NEVER_MS;
		if (flight->outstanding == 0 || are_all_useless(flight)) {
			fail(f, flight, now_ms);
			return;
		}
	}
	flight_schedule(f, flight);
}

void
flight_start(struct forward *f, struct flight *flight, int64_t now_ms)
{
	flight->servers = servers_order(
	    &f->zone[flight->zone].servers, f->random, now_ms, flight->order);
	flight->end_ms = now_ms + FORWARD_TIMEOUT_MS;
	flight_advance(f, flight, now_ms);
}

void
flight_run(struct forward *f, struct flight *flight, int64_t now_ms)
{
	if (flight->stale_ms <= now_ms) {
		struct ticket ticket = {
		    0, 0, flight->zone, flight->slot, flight->generation};

		tell_stale(f, flight, now_ms);
		flight = flight_of(f, &ticket);
		if (flight == NULL)
			return;
	}
	if (flight->end_ms <= now_ms)
		fail(f, flight, now_ms);
	else if (flight->ask_ms <= now_ms)
		flight_advance(f, flight, now_ms);
}
