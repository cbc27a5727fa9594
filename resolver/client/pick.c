/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/pick.h"

#include <math.h>

#include "resolver/client/hash.h"

/* Each allowed one with the same chance. */
static size_t
pick_random(const struct pick_item *items, size_t count, struct random *random)
{
	size_t allowed = 0, at;

	for (size_t i = 0; i < count; i++)
		allowed += items[i].allowed;
	if (allowed == 0)
		return PICK_NONE;
	at = random_below(random, allowed);
	for (size_t i = 0; i < count; i++)
		if (items[i].allowed && at-- == 0)
			return i;
	return PICK_NONE;
}

/* RFC 2782, drawn over 1..sum: its literal 0..sum gives the first one too
 * much.  So weight 0 is never drawn beside positive weights. */
static size_t
pick_weighted(
    const struct pick_item *items, size_t count, struct random *random)
{
	uint64_t sum = 0, drawn, seen = 0;

	for (size_t i = 0; i < count; i++)
		if (items[i].allowed)
			sum += items[i].weight;
	if (sum == 0)
		return pick_random(items, count, random);
	drawn = 1 + random_below(random, sum);
	for (size_t i = 0; i < count; i++) {
		if (!items[i].allowed)
			continue;
		seen += items[i].weight;
		if (seen >= drawn)
			return i;
	}
	return PICK_NONE;
}

static size_t
pick_round_robin(const struct pick_item *items, size_t count, uint64_t *cursor)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = (size_t)((*cursor + i) % count);

		if (!items[at].allowed)
			continue;
		*cursor += i + 1;
		return at;
	}
	return PICK_NONE;
}

/* Whether a has fewer uses than b for its weight: (a + 1) / wa < (b + 1) / wb.
 * Weight 0 is draining: after all others. */
static int
compare_uses(const struct pick_item *a, const struct pick_item *b)
{
	uint64_t left = ((uint64_t)a->uses + 1) * (b->weight ? b->weight : 1);
	uint64_t right = ((uint64_t)b->uses + 1) * (a->weight ? a->weight : 1);

	if ((a->weight == 0) != (b->weight == 0))
		return a->weight == 0 ? 1 : -1;
	return (left > right) - (left < right);
}

/* Draws among equals by keeping the k-th with a chance of 1 in k. */
static size_t
pick_least_used(
    const struct pick_item *items, size_t count, struct random *random)
{
	size_t best = PICK_NONE;
	uint64_t equals = 0;

	for (size_t i = 0; i < count; i++) {
		int order;

		if (!items[i].allowed)
			continue;
		order = best == PICK_NONE
			    ? -1
			    : compare_uses(&items[i], &items[best]);
		if (order > 0)
			continue;
		equals = order < 0 ? 1 : equals + 1;
		if (order < 0 || random_below(random, equals) == 0)
			best = i;
	}
	return best;
}

/* Weighted rendezvous: -ln of a hash in (0, 1) is exponentially distributed,
 * so the least of them over the weights wins as often as its weight says. */
static double
distance(const struct pick_item *item, uint64_t key, uint16_t weight)
{
	uint64_t h = hash_mix(key ^ hash_mix(item->identity));
	double u = ((double)(h >> 12) + 0.5) * 0x1p-52;

	return -log(u) / weight;
}

static size_t
pick_hash(const struct pick_item *items, size_t count, uint64_t key)
{
	size_t best = PICK_NONE;
	double least = INFINITY;
	bool weighted = false;

	for (size_t i = 0; i < count; i++)
		weighted |= items[i].allowed && items[i].weight > 0;
	for (size_t i = 0; i < count; i++) {
		double d;

		if (!items[i].allowed || (weighted && items[i].weight == 0))
			continue;
		d = distance(
		    &items[i], key, weighted ? items[i].weight : (uint16_t)1);
		if (d < least || best == PICK_NONE) {
			least = d;
			best = i;
		}
	}
	return best;
}

static size_t
pick_first(const struct pick_item *items, size_t count)
{
	size_t best = PICK_NONE;

	for (size_t i = 0; i < count; i++)
		if (items[i].allowed &&
		    (best == PICK_NONE || items[i].order < items[best].order))
			best = i;
	return best;
}

size_t
pick_one(
    const struct pick_item *items, size_t count, const struct pick_state *state)
{
	switch (state->strategy) {
	case PICK_ROUND_ROBIN:
		return pick_round_robin(items, count, state->cursor);
	case PICK_RANDOM:
		return pick_random(items, count, state->random);
	case PICK_LEAST_USED:
		return pick_least_used(items, count, state->random);
	case PICK_HASH:
		return pick_hash(items, count, state->key);
	case PICK_FIRST:
		return pick_first(items, count);
	case PICK_WEIGHTED:
		break;
	}
	return pick_weighted(items, count, state->random);
}
