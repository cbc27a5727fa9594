/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "zones/selection_internal.h"

/* Up to here drawing one by one from the running sum is fastest. */
#define FEW 32

/* --- weighted: RFC 2782 --- */

/* RFC 2782 order of a few picks of one priority: each draw takes one out of
 * the rest in proportion to its weight.  Mostly all weigh the same; if not the
 * heavy ones, which come up most, are at the end of a canonical order. */
static void
order_few(struct pick *p, size_t count, struct random *random)
{
	uint16_t weight = p[0].weight, differ = 0;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		sum += p[i].weight;
		differ |= p[i].weight ^ weight;
	}
	for (i = 0; differ != 0 && sum > 0 && i + 1 < count; i++) {
		uint64_t r = random_below(random, sum);
		size_t at = count - 1;

		while (r >= p[at].weight)
			r -= p[at--].weight;
		sum -= p[at].weight;
		selection_swap(&p[i], &p[at]);
	}
	selection_shuffle(p + i, count - i, random);
}

/* The same order for many takes constant time a draw.  Picks are sorted into
 * classes of weights that differ by less than a factor of two: a class is
 * drawn by the sum of its weights, and inside of it a pick that is kept with
 * probability weight / largest weight, or another one. */
#define CLASSES 17

struct class
{
	uint32_t first, count; /* in place[] */
	uint64_t sum;
	uint32_t most;
};

struct classes {
	struct class class[CLASSES]; /* by bits of the weight */
	uint64_t sum;
	uint16_t place[SELECTION_MAX];
};

static unsigned
class_of(uint16_t weight)
{
	return weight == 0 ? 0 : 32 - (unsigned)__builtin_clz(weight);
}

static void
sort_into_classes(struct classes *c, const struct pick *p, size_t count)
{
	uint32_t first = 0;

	for (size_t i = 0; i < count; i++) {
		struct class *class = &c->class[class_of(p[i].weight)];

		class->first++;
		class->sum += p[i].weight;
		c->sum += p[i].weight;
		if (p[i].weight > class->most)
			class->most = p[i].weight;
	}
	for (unsigned i = 0; i < CLASSES; i++) {
		uint32_t size = c->class[i].first;

		c->class[i].first = first;
		first += size;
	}
	for (size_t i = 0; i < count; i++) {
		struct class *class = &c->class[class_of(p[i].weight)];

		c->place[class->first + class->count++] = (uint16_t)i;
	}
}

/* Whether a class has that many picks, and all weigh the same. */
static bool
class_is_even(const struct class *class, size_t count)
{
	return class->count == count &&
	       class->sum == (uint64_t) class->most * count;
}

/* Takes one out of a class. */
static uint16_t
draw_of_class(struct classes *c, struct class *class, const struct pick *p,
    struct random *random)
{
	bool even = class->sum == (uint64_t) class->most * class->count;
	uint16_t *place = c->place + class->first;
	uint32_t at;
	uint16_t drawn;

	do
		at = (uint32_t)random_below(random, class->count);
	while (
	    !even && random_below(random, class->most) >= p[place[at]].weight);
	drawn = place[at];
	place[at] = place[--class->count];
	class->sum -= p[drawn].weight;
	c->sum -= p[drawn].weight;
	return drawn;
}

static uint16_t
draw_of_classes(struct classes *c, const struct pick *p, struct random *random)
{
	unsigned i = CLASSES - 1;
	uint64_t r;

	if (c->sum == 0)
		return draw_of_class(c, &c->class[0], p, random);
	r = random_below(random, c->sum);
	while (r >= c->class[i].sum)
		r -= c->class[i--].sum;
	return draw_of_class(c, &c->class[i], p, random);
}

/* Puts the pick that was at from[i] to place i, cycle by cycle. */
static void
permute(struct pick *p, size_t count, uint16_t *from)
{
	for (uint16_t start = 0; start < count; start++) {
		struct pick t = p[start];
		uint16_t at = start;

		while (from[at] != start) {
			uint16_t next = from[at];

			p[at] = p[next];
			from[at] = at;
			at = next;
		}
		p[at] = t;
		from[at] = at;
	}
}

static void
order_many(struct pick *p, size_t count, struct random *random)
{
	uint16_t drawn[SELECTION_MAX];
	struct classes c;

	memset(c.class, 0, sizeof(c.class));
	c.sum = 0;
	sort_into_classes(&c, p, count);
	if (class_is_even(&c.class[class_of(p[0].weight)], count)) {
		selection_shuffle(p, count, random);
		return;
	}
	for (size_t i = 0; i < count; i++)
		drawn[i] = draw_of_classes(&c, p, random);
	permute(p, count, drawn);
}

void
selection_order_weighted(struct pick *p, size_t count, struct random *random)
{
	for (size_t from = 0; from < count;) {
		size_t end = selection_tier_end(p, from, count);

		if (end - from <= FEW)
			order_few(p + from, end - from, random);
		else
			order_many(p + from, end - from, random);
		from = end;
	}
}

/* --- the other strategies --- */

static int
by_key(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	return (x->sort_key > y->sort_key) - (x->sort_key < y->sort_key);
}

void
selection_sort(struct pick *p, size_t count)
{
	if (count > 1)
		qsort(p, count, sizeof(*p), by_key);
}

static void
reverse(struct pick *p, size_t count)
{
	for (size_t i = 0; i < count / 2; i++)
		selection_swap(&p[i], &p[count - 1 - i]);
}

void
selection_rotate(struct pick *p, size_t count, size_t first)
{
	if (first == 0)
		return;
	reverse(p, first);
	reverse(p + first, count - first);
	reverse(p, count);
}

void
selection_shuffle(struct pick *p, size_t count, struct random *random)
{
	for (size_t i = 0; i + 1 < count; i++)
		selection_swap(&p[i], &p[i + random_below(random, count - i)]);
}

/* Puts weight 0 behind all others, whose number is returned; the order stays
 * otherwise.  All of weight 0 are as good as each other. */
static size_t
put_drains_behind(struct pick *p, size_t count)
{
	size_t positive = 0;

	for (size_t i = 0; i < count; i++) {
		p[i].sort_key = p[i].weight > 0 ? i : KEY_BEHIND | i;
		positive += p[i].weight > 0;
	}
	if (positive == 0 || positive == count)
		return count;
	selection_sort(p, count);
	return positive;
}

static int
by_load(const void *a, const void *b)
{
	const uint16_t *x = a, *y = b;

	return *x - *y;
}

/* What is known of the load of the picks, by place; returns the median. */
static uint16_t
find_loads(const struct pick *p, size_t count,
    const struct standings *standings, uint16_t *load)
{
	uint16_t known[SELECTION_MAX];
	size_t some = 0;

	for (size_t i = 0; i < count; i++) {
		const struct standing *s =
		    standings_find(standings, p[i].instance);

		load[i] = s ? s->load : LOAD_UNKNOWN;
		if (load[i] != LOAD_UNKNOWN)
			known[some++] = load[i];
	}
	if (some == 0)
		return 0;
	qsort(known, some, sizeof(known[0]), by_load);
	return known[some / 2];
}

/* Ascending load over weight.  Such fractions differ by 2^-32 at least, so
 * that the last bits are free for breaking ties. */
#define TIE_BITS 16

static void
order_by_load(struct pick *p, size_t count, const struct standings *standings,
    struct random *random)
{
	uint16_t load[SELECTION_MAX];
	uint16_t median = find_loads(p, count, standings, load);

	for (size_t i = 0; i < count; i++) {
		uint16_t l = load[i] == LOAD_UNKNOWN ? median : load[i];
		double part = (double)l / (p[i].weight ? p[i].weight : 1);

		p[i].sort_key = selection_key(part) >> TIE_BITS << TIE_BITS |
				random_next(random) >> (64 - TIE_BITS);
	}
	selection_sort(p, count);
}

static void
order_by_hash(struct pick *p, size_t count, uint64_t client)
{
	for (size_t i = 0; i < count; i++)
		p[i].sort_key = selection_arrival(
		    client, selection_identity(&p[i]), p[i].weight);
	selection_sort(p, count);
}

static void
order_tier(struct pick *p, size_t count, const struct selection_rules *rules,
    struct random *random)
{
	count = put_drains_behind(p, count);
	switch (rules->shape->strategy) {
	case STRATEGY_WEIGHTED: /* see above */
	case STRATEGY_FIRST:
	case STRATEGY_ALL:
		break;
	case STRATEGY_ROUND_ROBIN:
		selection_rotate(p, count, rules->turn % count);
		break;
	case STRATEGY_RANDOM:
		selection_shuffle(p, count, random);
		break;
	case STRATEGY_HASH:
		order_by_hash(p, count, rules->client);
		break;
	case STRATEGY_LEAST_LOAD:
		order_by_load(p, count, rules->standings, random);
		break;
	}
}

void
selection_order_tiers(struct pick *p, size_t count,
    const struct selection_rules *rules, struct random *random)
{
	if (rules->shape->strategy == STRATEGY_WEIGHTED) {
		selection_order_weighted(p, count, random);
		return;
	}
	for (size_t from = 0; from < count;) {
		size_t end = selection_tier_end(p, from, count);

		order_tier(p + from, end - from, rules, random);
		from = end;
	}
}

void
selection_order_plain(struct selection *s, bool is_address,
    const struct selection_rules *rules, struct random *random)
{
	if (s->count < 2)
		return;
	switch (rules->shape->strategy) {
	case STRATEGY_WEIGHTED:
	case STRATEGY_RANDOM:
	case STRATEGY_LEAST_LOAD:
		if (s->count > selection_limit(rules->shape))
			selection_shuffle(s->pick, s->count, random);
		else if (is_address)
			selection_rotate(
			    s->pick, s->count, random_below(random, s->count));
		break;
	case STRATEGY_ROUND_ROBIN:
		selection_rotate(s->pick, s->count, rules->turn % s->count);
		break;
	case STRATEGY_HASH:
		selection_rank_top(s, rules, s->count);
		break;
	case STRATEGY_FIRST:
	case STRATEGY_ALL:
		break;
	}
}
