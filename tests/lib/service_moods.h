/* service_moods.h - shapes and standings made at random, for fuzzing.
 *
 * Threads:   none.
 * Ownership: looks only; standings go into the caller's change.
 * Units:     monotonic milliseconds.
 * Errors:    assert.
 */
#ifndef TESTS_LIB_SERVICE_MOODS_H
#define TESTS_LIB_SERVICE_MOODS_H

#undef NDEBUG
#include <assert.h>

#include "server/config.h"
#include "zones/dns/wire.h"
#include "zones/ready.h"

#define MOODS 4 /* 0: all is well; 1, 2: exceptions; 3: nobody is served */
#define MOOD_SITES 2
#define MOOD_INSTANCES 2000

static inline void
mood_shape(struct config_service *service, struct random *random)
{
	static const unsigned most[] = {0, 0, 1, 2, 3, 8, 200};
	static const uint32_t ttl_max_s[] = {0, 0, 0, 1, 15};

	service->shape = (struct shape){
	    .strategy = (enum strategy)random_below(random, STRATEGY_ALL + 1),
	    .max_answers = most[random_below(random, 7)],
	    .prefix_ipv4 = (unsigned)random_below(random, 33),
	    .prefix_ipv6 = (unsigned)random_below(random, 129),
	    .full_range = random_below(random, 4) == 0,
	    .sites = random_below(random, 3) == 0,
	    .ttl_max_s = ttl_max_s[random_below(random, 5)]};
}

static inline void
mood_standing(struct standing *to, uint64_t instance, unsigned mood,
    int64_t now_ms, struct random *random)
{
	static const uint16_t ttl_max_s[] = {0, 0, 1, 7, 30};
	static const uint16_t scale[] = {256, 256, 0, 1, 128};
	const int64_t until_ms[] = {
	    INT64_MAX, INT64_MAX, now_ms - 1, now_ms + 999, now_ms + 2500};

	*to = (struct standing){.instance = instance,
	    .until_ms = until_ms[random_below(random, 5)],
	    .ttl_max_s = ttl_max_s[random_below(random, 5)],
	    .scale = scale[random_below(random, 5)],
	    .load = (uint16_t)random_below(random, 65536),
	    .site = (uint8_t)random_below(random, MOOD_SITES + 1),
	    .served =
		(uint8_t)(mood == 3 ? SERVED_OUT : random_below(random, 3))};
}

static inline size_t
mood_stand_set(struct standing *list, size_t count, const struct rrset *set,
    unsigned mood, int64_t now_ms, struct random *random)
{
	struct rrset_cursor c;

	for (struct record *r = set ? rrset_first(set, &c) : NULL; r;
	     r = rrset_next(&c)) {
		uint64_t key =
		    standing_key(r->target_hash, wire_load_u16(r->rdata + 4));
		bool known = false;

		for (size_t i = 0; i < count; i++)
			known |= list[i].instance == key;
		if (!known && (mood == 3 || random_below(random, 3) < mood))
			mood_standing(
			    &list[count++], key, mood, now_ms, random);
	}
	return count;
}

/* Gives the instances of a service standings, and it a condition. */
static inline void
mood_stand(struct change *c, struct referrers *referrers, const struct node *n,
    unsigned mood, struct random *random)
{
	static struct standing list[MOOD_INSTANCES];
	const struct rrset *ptrs = node_find(n, TYPE_PTR);
	enum condition condition =
	    mood == 0 ? CONDITION_NORMAL
		      : (enum condition)random_below(random, CONDITION_COUNT);
	struct rrset_cursor cursor;
	size_t count = 0;

	if (mood > 0)
		count = mood_stand_set(
		    list, 0, node_find(n, TYPE_SRV), mood, c->now_ms, random);
	for (struct record *r = mood > 0 && ptrs ? rrset_first(ptrs, &cursor)
						 : NULL;
	     r; r = rrset_next(&cursor)) {
		const struct node *at = tree_find_name(
		    &c->zone->tree, name_hash(r->rdata), r->rdata, r->rdlen);

		if (at != NULL)
			count = mood_stand_set(list, count,
			    node_find(at, TYPE_SRV), mood, c->now_ms, random);
	}
	assert(ready_set_standings(
		   c, referrers, n->hash, condition, list, count) == OK);
}

/* For whom a forwarder asks, RFC 7871 6. */
static inline void
mood_put_subnet(struct wire_writer *w, uint8_t seed)
{
	bool ipv6 = (seed & 1) != 0;
	uint8_t bits = (uint8_t)(seed % (ipv6 ? 129 : 33));
	size_t len = (bits + 7u) / 8u, at;

	wire_put_u16(w, 8);
	wire_put_u16(w, (uint16_t)(4 + len));
	wire_put_u16(w, ipv6 ? 2 : 1);
	wire_put_u16(w, (uint16_t)(bits << 8));
	at = w->len;
	for (size_t i = 0; i < len; i++)
		wire_put_u8(w, i == 0 ? (ipv6 ? 0x20 : 127) : seed);
	if (bits % 8 != 0)
		w->buf[at + len - 1] &= (uint8_t)(0xff00 >> bits % 8);
}

#endif
