/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tcp_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

TAILQ_HEAD(seat_list, tcp_seat);
TAILQ_HEAD(address_list, tcp_address);

/* What counts as one address. */
struct address_key {
	uint64_t prefix; /* IPv4: all of it; IPv6: the /64 */
	uint64_t family;
};

/* One address that holds seats. */
struct tcp_address {
	struct address_key key;
	uint32_t count; /* seats; 0 only between its making and its first */
	struct seat_list seats;
	TAILQ_ENTRY(tcp_address) by_count;
	struct tcp_address *next; /* of the same hash bucket */
};

struct tcp_table {
	uint32_t seats;
	uint32_t per_address;
	uint32_t count;
	uint32_t most; /* highest non-empty list of by_count; 0: all empty */
	uint64_t serial;
	uint64_t seed; /* of the hash: nobody can aim at one bucket */
	uint64_t mask; /* buckets - 1 */
	int64_t timeout_ms[PATIENCE_COUNT];
	struct seat_list patience[PATIENCE_COUNT];
	struct tcp_seat **tenant; /* [seats]; NULL: free */
	uint32_t *vacant; /* [seats - count] free slots, a stack */
	struct address_list *by_count; /* [per_address + 1] */
	struct tcp_address **bucket;
};

static struct address_key
address_key(const struct endpoint *peer)
{
	struct address_key key = {.family = peer->sa.sa_family};

	if (key.family == AF_INET)
		key.prefix = peer->in.sin_addr.s_addr;
	else
		memcpy(&key.prefix, &peer->in6.sin6_addr, sizeof(key.prefix));
	return key;
}

/* The finisher of splitmix64 over the seeded key. */
static struct tcp_address **
bucket_of(struct tcp_table *table, struct address_key key)
{
	uint64_t h = key.prefix ^ key.family << 56 ^ table->seed;

	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return &table->bucket[(h ^ h >> 31) & table->mask];
}

static struct tcp_address *
find_address(struct tcp_table *table, struct address_key key)
{
	struct tcp_address *a = *bucket_of(table, key);

	while (a != NULL &&
	       (a->key.prefix != key.prefix || a->key.family != key.family))
		a = a->next;
	return a;
}

static struct tcp_address *
add_address(struct tcp_table *table, struct address_key key)
{
	struct tcp_address **bucket = bucket_of(table, key);
	struct tcp_address *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->key = key;
	TAILQ_INIT(&a->seats);
	a->next = *bucket;
	*bucket = a;
	return a;
}

static void
remove_address(struct tcp_table *table, struct tcp_address *address)
{
	struct tcp_address **at = bucket_of(table, address->key);

	while (*at != address)
		at = &(*at)->next;
	*at = address->next;
	free(address);
}

/* Moves an address to the end of the list for its new count. */
static void
recount(struct tcp_table *table, struct tcp_address *address, uint32_t count)
{
	if (address->count > 0)
		TAILQ_REMOVE(
		    &table->by_count[address->count], address, by_count);
	address->count = count;
	if (count > 0)
		TAILQ_INSERT_TAIL(&table->by_count[count], address, by_count);
	/* Counts change by one: the first loop is a step, the second few. */
	if (count > table->most)
		table->most = count;
	while (table->most > 0 && TAILQ_EMPTY(&table->by_count[table->most]))
		table->most--;
}

/* The arrays; false without memory. */
static bool
allocate(struct tcp_table *table)
{
	size_t buckets = 16;

	while (buckets < table->seats)
		buckets *= 2;
	table->mask = buckets - 1;
	table->tenant = calloc(table->seats, sizeof(*table->tenant));
	table->vacant = calloc(table->seats, sizeof(*table->vacant));
	table->by_count =
	    calloc((size_t)table->per_address + 1, sizeof(*table->by_count));
	table->bucket = calloc(buckets, sizeof(*table->bucket));
	return table->tenant != NULL && table->vacant != NULL &&
	       table->by_count != NULL && table->bucket != NULL;
}

struct tcp_table *
tcp_table_new(uint32_t seats, uint32_t per_address,
    const int64_t timeout_ms[PATIENCE_COUNT])
{
	struct tcp_table *table = calloc(1, sizeof(*table));

	assert(seats > 0 && per_address > 0);
	if (table == NULL)
		return NULL;
	table->seats = seats;
	table->per_address = per_address < seats ? per_address : seats;
	if (!allocate(table)) {
		tcp_table_free(table);
		return NULL;
	}
	/* Without entropy this early the seed is weaker, no more. */
	if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) < 0)
		table->seed = (uintptr_t)table;
	for (uint32_t i = 0; i < seats; i++)
		table->vacant[i] = seats - 1 - i;
	for (uint32_t i = 0; i <= table->per_address; i++)
		TAILQ_INIT(&table->by_count[i]);
	for (int i = 0; i < PATIENCE_COUNT; i++) {
		TAILQ_INIT(&table->patience[i]);
		table->timeout_ms[i] = timeout_ms[i];
	}
	return table;
}

void
tcp_table_free(struct tcp_table *table)
{
	if (table == NULL)
		return;
	assert(table->count == 0);
	free(table->bucket);
	free(table->by_count);
	free(table->vacant);
	free(table->tenant);
	free(table);
}

struct tcp_seat *
tcp_table_find_longest_idle(struct tcp_table *table)
{
	struct tcp_address *address =
	    TAILQ_FIRST(&table->by_count[table->most]);

	return address == NULL ? NULL : TAILQ_FIRST(&address->seats);
}

struct tcp_seat *
tcp_table_find_victim(struct tcp_table *table, const struct endpoint *newcomer)
{
	struct tcp_address *own = find_address(table, address_key(newcomer));

	if (own != NULL && own->count == table->per_address)
		return TAILQ_FIRST(&own->seats);
	if (table->count < table->seats)
		return NULL;
	/* Nobody loses a seat to someone who has as many. */
	if (own != NULL && own->count == table->most)
		return TAILQ_FIRST(&own->seats);
	return tcp_table_find_longest_idle(table);
}

enum error
tcp_table_enter(struct tcp_table *table, struct tcp_seat *seat,
    const struct endpoint *newcomer, int64_t now_ms)
{
	struct address_key key = address_key(newcomer);
	struct tcp_address *address = find_address(table, key);

	assert(table->count < table->seats);
	if (address == NULL)
		address = add_address(table, key);
	if (address == NULL)
		return ERR_MEMORY;
	assert(address->count < table->per_address);
	seat->slot = table->vacant[table->seats - table->count - 1];
	seat->serial = ++table->serial;
	seat->patience = PATIENCE_IDLE;
	seat->active_ms = now_ms;
	seat->address = address;
	table->tenant[seat->slot] = seat;
	table->count++;
	TAILQ_INSERT_TAIL(&address->seats, seat, by_address);
	TAILQ_INSERT_TAIL(&table->patience[PATIENCE_IDLE], seat, by_patience);
	recount(table, address, address->count + 1);
	return OK;
}

void
tcp_table_leave(struct tcp_table *table, struct tcp_seat *seat)
{
	struct tcp_address *address = seat->address;

	TAILQ_REMOVE(&table->patience[seat->patience], seat, by_patience);
	TAILQ_REMOVE(&address->seats, seat, by_address);
	table->tenant[seat->slot] = NULL;
	table->count--;
	table->vacant[table->seats - table->count - 1] = seat->slot;
	recount(table, address, address->count - 1);
	if (address->count == 0)
		remove_address(table, address);
}

void
tcp_table_touch(struct tcp_table *table, struct tcp_seat *seat,
    enum tcp_patience patience, int64_t now_ms)
{
	struct tcp_address *address = seat->address;

	TAILQ_REMOVE(&table->patience[seat->patience], seat, by_patience);
	TAILQ_REMOVE(&address->seats, seat, by_address);
	seat->patience = patience;
	seat->active_ms = now_ms;
	TAILQ_INSERT_TAIL(&table->patience[patience], seat, by_patience);
	TAILQ_INSERT_TAIL(&address->seats, seat, by_address);
	recount(table, address, address->count);
}

struct tcp_seat *
tcp_table_find_expired(struct tcp_table *table, int64_t now_ms)
{
	for (int i = 0; i < PATIENCE_COUNT; i++) {
		struct tcp_seat *seat = TAILQ_FIRST(&table->patience[i]);

		if (seat != NULL &&
		    now_ms - seat->active_ms >= table->timeout_ms[i])
			return seat;
	}
	return NULL;
}

struct tcp_seat *
tcp_table_find(const struct tcp_table *table, uint32_t slot, uint64_t serial)
{
	struct tcp_seat *seat = tcp_table_at(table, slot);

	return seat != NULL && seat->serial == serial ? seat : NULL;
}

struct tcp_seat *
tcp_table_at(const struct tcp_table *table, uint32_t slot)
{
	return slot < table->seats ? table->tenant[slot] : NULL;
}

uint32_t
tcp_table_slots(const struct tcp_table *table)
{
	return table->seats;
}

uint32_t
tcp_table_count(const struct tcp_table *table)
{
	return table->count;
}
