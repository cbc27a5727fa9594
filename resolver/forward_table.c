/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "resolver/forward_internal.h"

_Static_assert(FORWARD_IN_FLIGHT <= UINT16_MAX, "slots have 16 bits");

void
forward_table_init(struct forward *f)
{
	size_t i;

	for (i = 0; i < FORWARD_IN_FLIGHT; i++)
		f->free_slot[i] = (uint16_t)(FORWARD_IN_FLIGHT - 1 - i);
	f->free_slots = FORWARD_IN_FLIGHT;
}

static struct flight **
chain_of(struct forward *f, const struct cache_key *key)
{
	uint64_t hash =
	    key->hash ^ (uint64_t)(key->qtype | key->dnssec_ok << 16 |
				   key->checking_disabled << 17);

	hash *= 0x9e3779b97f4a7c15;
	return &f->chain[hash >> 32 & (FORWARD_CHAINS - 1)];
}

struct flight *
flight_find(const struct forward *f, const struct cache_key *key)
{
	/* The chain is not changed. */
	struct flight *flight = *chain_of((struct forward *)f, key);

	for (; flight != NULL; flight = flight->next)
		if (flight->key.hash == key->hash &&
		    flight->key.qtype == key->qtype &&
		    flight->key.dnssec_ok == key->dnssec_ok &&
		    flight->key.checking_disabled == key->checking_disabled &&
		    name_equal(flight->name.wire, key->qname))
			return flight;
	return NULL;
}

/* A heap: no flight is due before the one above it. */

static void
heap_set(struct forward *f, size_t at, struct flight *flight)
{
	f->heap[at] = flight;
	flight->heap_at = at;
}

static void
heap_up(struct forward *f, struct flight *flight)
{
	size_t at = flight->heap_at;

	while (at > 0 && f->heap[(at - 1) / 2]->next_ms > flight->next_ms) {
		heap_set(f, at, f->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_set(f, at, flight);
}

static void
heap_down(struct forward *f, struct flight *flight)
{
	size_t at = flight->heap_at;

	for (;;) {
		size_t below = 2 * at + 1;

		if (below >= f->in_flight)
			break;
		if (below + 1 < f->in_flight &&
		    f->heap[below + 1]->next_ms < f->heap[below]->next_ms)
			below++;
		if (f->heap[below]->next_ms >= flight->next_ms)
			break;
		heap_set(f, at, f->heap[below]);
		at = below;
	}
	heap_set(f, at, flight);
}

void
flight_schedule(struct forward *f, struct flight *flight)
{
	int64_t next_ms = flight->end_ms;

	if (flight->ask_ms < next_ms)
		next_ms = flight->ask_ms;
	if (flight->stale_ms < next_ms)
		next_ms = flight->stale_ms;
	flight->next_ms = next_ms;
	heap_up(f, flight);
	heap_down(f, flight);
}

enum error
flight_new(struct forward *f, unsigned zone, const struct cache_key *key,
    struct flight **out)
{
	struct flight **chain = chain_of(f, key), *flight;

	if (f->free_slots == 0)
		return ERR_LIMIT;
	flight = calloc(1, sizeof(*flight));
	if (flight == NULL)
		return ERR_MEMORY;
	name_set(&flight->name, key->qname);
	flight->key = *key;
	flight->key.qname = flight->name.wire;
	flight->zone = zone;
	flight->last = &flight->first;
	flight->ede = -1;
	flight->next_ms = flight->ask_ms = NEVER_MS;
	flight->stale_ms = flight->end_ms = NEVER_MS;
	flight->next = *chain;
	*chain = flight;
	flight->slot = f->free_slot[--f->free_slots];
	flight->generation = f->generation++ % TICKET_GENERATIONS;
	f->slot[flight->slot] = flight;
	heap_set(f, f->in_flight++, flight);
	*out = flight;
	return OK;
}

enum error
flight_wait(struct flight *flight, forward_fn *fn, void *arg)
{
	struct waiter *waiter;

	if (flight->waiters == FORWARD_WAITERS)
		return ERR_LIMIT;
	waiter = malloc(sizeof(*waiter));
	if (waiter == NULL)
		return ERR_MEMORY;
	*waiter = (struct waiter){.fn = fn, .arg = arg};
	*flight->last = waiter;
	flight->last = &waiter->next;
	flight->waiters++;
	return OK;
}

void
flight_remove(struct forward *f, struct flight *flight)
{
	struct flight **chain = chain_of(f, &flight->key);
	struct flight *moved = f->heap[--f->in_flight];

	while (*chain != flight)
		chain = &(*chain)->next;
	*chain = flight->next;
	f->slot[flight->slot] = NULL;
	f->free_slot[f->free_slots++] = flight->slot;
	if (moved == flight)
		return;
	heap_set(f, flight->heap_at, moved);
	heap_up(f, moved);
	heap_down(f, moved);
}

void
flight_free(struct flight *flight)
{
	while (flight->first != NULL) {
		struct waiter *waiter = flight->first;

		flight->first = waiter->next;
		free(waiter);
	}
	free(flight);
}

struct flight *
flight_of(const struct forward *f, const struct ticket *ticket)
{
	struct flight *flight;

	if ((ticket->kind & TICKET_PROBE) != 0 ||
	    ticket->slot >= FORWARD_IN_FLIGHT)
		return NULL;
	flight = f->slot[ticket->slot];
	return flight != NULL && flight->generation == ticket->generation
		   ? flight
		   : NULL;
}
