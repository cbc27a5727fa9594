/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Up to here drawing one by one from the running sum is fastest. */
#define FEW 32

static void
swap(struct pick *a, struct pick *b)
{
	struct pick t = *a;

	*a = *b;
	*b = t;
}

/* The end of the run of picks with the priority of the first one. */
static size_t
tier_end(const struct pick *p, size_t from, size_t count)
{
	uint16_t priority = p[from].priority;
	size_t end = from + 1;

	while (end < count && p[end].priority == priority)
		end++;
	return end;
}

/* RFC 2782 order of a few picks of one priority: each draw takes one out of
 * the rest in proportion to its weight. */
static void
order_few(struct pick *p, size_t count, struct random *random)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		p[i].key = p[i].weight;
		sum += p[i].key;
	}
	for (size_t i = 0; i + 1 < count; i++) {
		size_t at = i;

		if (sum > 0) {
			uint64_t r = random_below(random, sum);

			while (r >= p[at].key)
				r -= p[at++].key;
			sum -= p[at].key;
		} else {
			at += random_below(random, count - i);
		}
		swap(&p[i], &p[at]);
	}
}

static int
by_key(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* The same order for many: sorting by -ln(u)/w is the same distribution
 * (Efraimidis and Spirakis 2006).  Weight 0 sorts behind all others. */
static void
order_many(struct pick *p, size_t count, struct random *random)
{
	for (size_t i = 0; i < count; i++) {
		uint16_t w = p[i].weight;
		uint64_t u = random_next(random) >> 12 | 1;
		double e = -log((double)u * 0x1p-52) / (w ? w : 1);

		/* Positive doubles sort as their bit patterns do. */
		memcpy(&p[i].key, &e, sizeof(e));
		if (w == 0)
			p[i].key |= UINT64_C(1) << 63;
	}
	qsort(p, count, sizeof(*p), by_key);
}

static void
order_tiers(struct pick *p, size_t count, struct random *random)
{
	for (size_t from = 0; from < count;) {
		size_t end = tier_end(p, from, count);

		if (end - from <= FEW)
			order_few(p + from, end - from, random);
		else
			order_many(p + from, end - from, random);
		from = end;
	}
}

static void
rotate(struct pick *p, size_t count, struct random *random)
{
	size_t first = random_below(random, count);
	struct pick *t = p + count; /* SELECTION_MAX leaves room: see draw */

	memcpy(t, p, first * sizeof(*p));
	memmove(p, p + first, (count - first) * sizeof(*p));
	memcpy(p + count - first, t, first * sizeof(*p));
}

static bool
is_address(const struct rrset *set)
{
	return set->type == TYPE_A || set->type == TYPE_AAAA;
}

static void
order(struct selection *s, const struct rrset *set, struct random *random)
{
	if (s->count < 2)
		return;
	if (set->type == TYPE_SRV)
		order_tiers(s->pick, s->count, random);
	else if (is_address(set) && 2 * s->count <= SELECTION_MAX)
		rotate(s->pick, s->count, random);
}

/* All live records, in canonical order, as far as there is room. */
static void
take_all(struct selection *s, const struct rrset *set, int64_t now_ms)
{
	struct rrset_cursor c;
	struct record *r;

	if (set->height == 0) {
		/* All at once: they are cold as a rule. */
		for (unsigned i = 0; i < set->used; i++)
			__builtin_prefetch(set->item[i]);
		for (unsigned i = 0; i < set->used; i++) {
			r = set->item[i];
			if (record_is_live(r, now_ms))
				selection_add(s, r);
		}
		return;
	}
	for (r = rrset_first(set, &c); r; r = rrset_next(&c))
		if (record_is_live(r, now_ms))
			selection_add(s, r);
}

/* Records drawn so far, by address; open addressing, at most half full. */
struct drawn {
	const struct record *slot[2 * SELECTION_MAX];
};

static bool
drawn_before(struct drawn *d, const struct record *r)
{
	size_t at = (uintptr_t)r / 16 * UINT64_C(0x9e3779b97f4a7c15) >> 51;

	for (;; at++) {
		at &= 2 * SELECTION_MAX - 1;
		if (d->slot[at] == r)
			return true;
		if (d->slot[at] == NULL) {
			d->slot[at] = r;
			return false;
		}
	}
}

/* A position of the tier [from, end) in proportion to the weights, or any of
 * it if it has none. */
static uint32_t
draw_position(
    const struct rrset *set, uint32_t from, uint32_t end, struct random *random)
{
	uint64_t low = rrset_weight_before(set, from);
	uint64_t sum = rrset_weight_before(set, end) - low;

	if (sum == 0 || set->type != TYPE_SRV)
		return from + (uint32_t)random_below(random, end - from);
	return rrset_at_weight(set, low + random_below(random, sum));
}

/* Where drawing misses too often, because most records have expired or hardly
 * ever come up: takes what lives from a place of the client's on, in order.
 * The way is bounded once there is something to answer with; until then it is
 * not, so that nothing drawn means nothing live. */
#define FILL_STEPS 1024

static void
fill_tier(struct selection *s, const struct rrset *set, uint32_t from,
    uint32_t end, int64_t now_ms, struct random *member, size_t max,
    struct drawn *d)
{
	uint32_t start = from + (uint32_t)random_below(member, end - from);
	struct rrset_cursor c;
	struct record *r = rrset_seek(set, &c, start);

	for (uint32_t i = 0; i < end - from && s->count < max; i++) {
		if (i >= FILL_STEPS && s->count > 0)
			return;
		if (record_is_live(r, now_ms) && !drawn_before(d, r))
			selection_add(s, r);
		r = start + i + 1 == end ? rrset_seek(set, &c, from)
					 : rrset_next(&c);
	}
}

/* Draws from one tier until it has given what it can or the picks are full;
 * misses (drawn before, expired) are bounded. */
static void
sample_tier(struct selection *s, const struct rrset *set, uint32_t from,
    uint32_t end, int64_t now_ms, struct random *member, size_t max,
    struct drawn *d)
{
	size_t misses = 0, wanted = max - s->count;

	if (wanted > end - from)
		wanted = end - from;
	while (wanted > 0 && misses < 64 + 2 * max) {
		uint32_t at = draw_position(set, from, end, member);
		struct record *r = rrset_at(set, at);

		if (!record_is_live(r, now_ms) || drawn_before(d, r)) {
			misses++;
			continue;
		}
		selection_add(s, r);
		wanted--;
	}
	if (wanted > 0)
		fill_tier(s, set, from, end, now_ms, member, max, d);
}

static void
sample(struct selection *s, const struct rrset *set, int64_t now_ms,
    struct random *member, size_t max)
{
	struct drawn d = {0};
	uint32_t from = 0;

	while (from < set->count && s->count < max) {
		uint32_t end = set->count;

		if (set->type == TYPE_SRV)
			end = rrset_tier_end(
			    set, record_priority(rrset_at(set, from)));
		sample_tier(s, set, from, end, now_ms, member, max, &d);
		from = end;
	}
}

/* More records than room: a client's own sample. */
static void
draw_large(struct selection *s, const struct rrset *set, int64_t now_ms,
    uint64_t client, size_t max)
{
	struct random member;

	random_seed(&member, client);
	sample(s, set, now_ms, &member, max);
	s->whole = s->count == 0 && max > 0;
}

void
selection_begin(struct selection *s)
{
	s->count = 0;
	s->whole = true;
	s->changed = false;
	s->until_ms = INT64_MAX;
	s->ttl_max_s = UINT32_MAX;
}

void
selection_draw(struct selection *s, const struct rrset *set,
    const struct selection_rules *rules, int64_t now_ms, struct random *random,
    size_t max)
{
	selection_begin(s);
	if (set->count <= max) {
		take_all(s, set, now_ms);
		order(s, set, random);
		return;
	}
	draw_large(s, set, now_ms, rules->client, max);
}

static int
by_priority(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	return (int)x->priority - (int)y->priority;
}

void
selection_order_sorted(struct selection *s, const struct selection_rules *rules,
    struct random *random, size_t max)
{
	(void)rules, (void)max;
	order_tiers(s->pick, s->count, random);
}

void
selection_order(struct selection *s, const struct selection_rules *rules,
    struct random *random, size_t max)
{
	(void)rules, (void)max;
	qsort(s->pick, s->count, sizeof(s->pick[0]), by_priority);
	order_tiers(s->pick, s->count, random);
}

void
selection_cut(struct selection *s, const struct selection_rules *rules,
    size_t count, struct random *random)
{
	(void)rules;
	s->count = count;
	s->whole = false;
	if (count > 1 && s->pick[0].record->type == TYPE_SRV)
		order_tiers(s->pick, count, random);
}
