/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "zones/selection_internal.h"

/* splitmix64's last steps: each bit of the sum decides on each of these. */
static uint64_t
mix(uint64_t client, uint64_t instance)
{
	uint64_t z = client * UINT64_C(0x9e3779b97f4a7c15) + instance;

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* -ln(u) for the upper bits of a random word; never 0. */
static double
exponential(uint64_t word)
{
	return -log((double)(word >> 12 | 1) * 0x1p-52);
}

uint64_t
selection_arrival(uint64_t client, uint64_t instance, uint16_t weight)
{
	double time = exponential(mix(client, instance));

	return weight > 0 ? selection_key(time / weight)
			  : selection_key(time) | KEY_BEHIND;
}

/* FNV-1a. */
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

/* Records that are not SRV are told by their RDATA. */
static uint64_t
hash_of_rdata(const struct record *r)
{
	uint64_t h = FNV_BASIS;

	for (unsigned i = 0; i < r->rdlen; i++)
		h = (h ^ r->rdata[i]) * FNV_PRIME;
	return h;
}

uint64_t
selection_hash_srv(const uint8_t *rdata, size_t rdlen)
{
	uint64_t h = FNV_BASIS ^ wire_load_u16(rdata + 4);

	/* The target in lower case; lengths are no letters. */
	for (size_t i = 6; i < rdlen; i++) {
		uint8_t c = rdata[i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		h = (h ^ c) * FNV_PRIME;
	}
	return h;
}

uint64_t
selection_identity(const struct pick *p)
{
	return p->record
		   ? selection_hash_srv(p->record->rdata, p->record->rdlen)
		   : p->instance;
}

static bool
weights_decide(enum strategy strategy)
{
	return strategy == STRATEGY_WEIGHTED || strategy == STRATEGY_HASH ||
	       strategy == STRATEGY_ALL;
}

/* Sets the keys of one tier.  `first` keeps to the canonical order, in which
 * the picks are but for those that drain. */
static void
rank_keys(struct pick *p, size_t count, const struct selection_rules *rules)
{
	enum strategy strategy = rules->shape->strategy;
	bool weighted = weights_decide(strategy);

	for (size_t i = 0; i < count; i++) {
		uint16_t weight = p[i].weight;

		if (strategy == STRATEGY_FIRST)
			p[i].sort_key = weight > 0 ? i : i | KEY_BEHIND;
		else
			p[i].sort_key = selection_arrival(rules->client,
			    selection_identity(&p[i]),
			    weight > 0 && !weighted ? 1 : weight);
	}
}

/* Moves the n lowest keys to the front and the next one behind them, in time
 * in proportion to count (Hoare 1961). */
static void
select_lowest(struct pick *p, size_t count, size_t n)
{
	size_t low = 0, high = count;

	while (high - low > 1) {
		uint64_t pivot = p[low + (high - low) / 2].sort_key;
		size_t i = low, j = high - 1;

		for (;; i++, j--) {
			while (p[i].sort_key < pivot)
				i++;
			while (p[j].sort_key > pivot)
				j--;
			if (i >= j)
				break;
			selection_swap(&p[i], &p[j]);
		}
		/* Below i none is greater than the pivot, from it on none is
		 * less. */
		if (i == low)
			i++;
		if (n < i)
			high = i;
		else
			low = i;
	}
}

static void
rank_tier(struct pick *p, size_t count, size_t max)
{
	if (max < count)
		select_lowest(p, count, max);
	selection_sort(p, max < count ? max : count);
}

static void
rank_srv(struct selection *s, const struct selection_rules *rules, size_t max)
{
	for (size_t from = 0; from < s->count && from <= max;) {
		size_t end = selection_tier_end(s->pick, from, s->count);

		rank_keys(s->pick + from, end - from, rules);
		rank_tier(s->pick + from, end - from, max - from);
		from = end;
	}
}

static void
rank_plain(struct selection *s, const struct selection_rules *rules, size_t max)
{
	for (size_t i = 0; i < s->count; i++) {
		struct pick *p = &s->pick[i];

		p->sort_key = selection_arrival(
		    rules->client, hash_of_rdata(p->record), 1);
	}
	rank_tier(s->pick, s->count, max);
}

static bool
is_srv(const struct selection *s)
{
	return s->pick[0].record->type == TYPE_SRV;
}

void
selection_rank_top(
    struct selection *s, const struct selection_rules *rules, size_t max)
{
	if (s->count == 0)
		return;
	if (is_srv(s))
		rank_srv(s, rules, max);
	else
		rank_plain(s, rules, max);
	if (s->count <= max)
		s->pick[s->count].sort_key = KEY_BEHIND;
	else
		s->count = max;
}

/* Inside a sample of which all left out come later than a time, an instance
 * was in with probability 1 - exp(-weight * time). */
static void
order_rest(struct pick *p, size_t count, double time, struct random *random)
{
	uint16_t differ = 0;

	for (size_t i = 1; i < count; i++)
		differ |= p[i].weight ^ p[0].weight;
	if (differ == 0) {
		selection_shuffle(p, count, random);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		double weight = p[i].weight;
		double key = exponential(random_next(random));

		if (p[i].weight == 0)
			p[i].sort_key = selection_key(key) | KEY_BEHIND;
		else
			p[i].sort_key = selection_key(
			    key * -expm1(-weight * time) / weight);
	}
	selection_sort(p, count);
}

void
selection_order_sample(struct selection *s, const struct selection_rules *rules,
    struct random *random)
{
	const struct pick *next = &s->pick[s->count];
	size_t from = s->count;

	/* The tier of which some were left out, with positive weights. */
	if (rules->shape->strategy == STRATEGY_WEIGHTED &&
	    next->sort_key < KEY_BEHIND)
		while (from > 0 && s->pick[from - 1].priority == next->priority)
			from--;
	order_rest(s->pick + from, s->count - from,
	    selection_key_value(next->sort_key), random);
	selection_order_tiers(s->pick, from, rules, random);
}
