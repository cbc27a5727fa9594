/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/selection_internal.h"

#include <stdlib.h>

/* --- taking --- */

/* Asks for all records at once: they are cold as a rule. */
static void
fetch(struct record *const *item, unsigned used)
{
	for (unsigned i = 0; i < used; i++)
		__builtin_prefetch(item[i]);
}

static void
take_record(struct selection *s, struct record *r,
    const struct selection_rules *rules, bool plain, int64_t now_ms)
{
	if (!record_is_live(r, now_ms))
		return;
	selection_add(s, r);
	if (!plain)
		selection_apply(s, rules,
		    standings_find(
			rules->standings, s->pick[s->count - 1].instance));
}

void
selection_take(struct selection *s, const struct rrset *set,
    const struct selection_rules *rules, int64_t now_ms, size_t max)
{
	bool plain = set->type != TYPE_SRV || selection_is_plain(rules);
	struct rrset_cursor c;
	struct record *r;

	if (s->count > max || set == rules->nobody)
		return;
	for (r = rrset_first(set, &c); r; r = rrset_next(&c)) {
		if (c.index[0] == 0)
			fetch(c.item, c.used);
		take_record(s, r, rules, plain, now_ms);
		if (s->count > max) {
			s->count--;
			s->whole = false;
			return;
		}
	}
}

/* --- ordering and cutting --- */

/* Makes count the shape's limit.  If nothing but the first tier were left, its
 * last place goes to the next one. */
static void
cut_to_limit(struct selection *s, size_t limit)
{
	size_t end;

	if (s->count <= limit)
		return;
	end = selection_tier_end(s->pick, 0, s->count);
	if (limit >= 2 && end >= limit && end < s->count) {
		selection_swap(&s->pick[limit - 1], &s->pick[end]);
		s->reserved = end;
	}
	s->count = limit;
}

/* Takes the picks behind the limit back, each at the place it had. */
static void
restore(struct selection *s)
{
	if (s->all <= s->count)
		return;
	if (s->reserved > 0)
		selection_swap(&s->pick[s->count - 1], &s->pick[s->reserved]);
	s->reserved = 0;
	s->count = s->all;
}

/* For picks sorted by priority. */
static void
order_or_rank(struct selection *s, const struct selection_rules *rules,
    struct random *random, size_t max)
{
	size_t limit = selection_limit(rules->shape);

	s->reserved = 0;
	s->ranked = false;
	selection_settle_weights(s);
	if (limit <= max && s->count >= limit)
		s->whole = true;
	else if (s->count > max)
		s->whole = false;
	if (!s->whole) {
		selection_rank_top(s, rules, max);
		s->all = s->count;
		s->ranked = true;
		return;
	}
	s->all = s->count;
	selection_order_tiers(s->pick, s->count, rules, random);
	cut_to_limit(s, limit);
}

static int
by_priority(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return (x->sort_key > y->sort_key) - (x->sort_key < y->sort_key);
}

/* By priority, keeping the order otherwise; the lower bits of the keys stay
 * what selection_apply() made them. */
static void
sort_by_priority(struct selection *s)
{
	size_t i = 1;

	while (i < s->count && s->pick[i - 1].priority <= s->pick[i].priority)
		i++;
	if (i >= s->count)
		return;
	for (i = 0; i < s->count; i++)
		s->pick[i].sort_key =
		    (uint64_t)i << 16 | (uint16_t)s->pick[i].sort_key;
	qsort(s->pick, s->count, sizeof(s->pick[0]), by_priority);
}

void
selection_order(struct selection *s, const struct selection_rules *rules,
    struct random *random, size_t max)
{
	sort_by_priority(s);
	order_or_rank(s, rules, random, max);
}

void
selection_order_sorted(struct selection *s, const struct selection_rules *rules,
    struct random *random, size_t max)
{
	const struct shape *shape = rules->shape;

	if (shape->strategy == STRATEGY_WEIGHTED && shape->max_answers == 0 &&
	    rules->standings == NULL && rules->site_tier == NULL &&
	    s->count <= max)
		selection_order_weighted(s->pick, s->count, random);
	else
		selection_order(s, rules, random, max);
}

/* --- drawing from one set --- */

/* Up to here a set is looked through although few of it are wanted. */
#define LOOK_THROUGH 64

/* Whether drawing records by position is cheaper than looking at all. */
static bool
is_sampled(
    const struct rrset *set, const struct selection_rules *rules, size_t max)
{
	size_t limit = selection_limit(rules->shape);

	if (set->count <= max && limit == SIZE_MAX)
		return false;
	if (set->count > SELECTION_MAX)
		return true;
	return set->type == TYPE_SRV && set->count > LOOK_THROUGH &&
	       limit <= max && limit <= set->count / 4 &&
	       rules->site_tier == NULL &&
	       (rules->shape->strategy == STRATEGY_WEIGHTED ||
		   rules->shape->strategy == STRATEGY_RANDOM);
}

static void
order_plain(struct selection *s, const struct rrset *set,
    const struct selection_rules *rules, struct random *random, size_t max)
{
	bool is_address = set->type == TYPE_A || set->type == TYPE_AAAA;
	size_t limit = selection_limit(rules->shape);

	if (s->count > max && limit > max) {
		selection_rank_top(s, rules, max);
		s->whole = false;
		s->ranked = true;
		return;
	}
	selection_order_plain(s, is_address, rules, random);
	if (s->count > limit)
		s->count = limit;
}

void
selection_draw(struct selection *s, const struct rrset *set,
    const struct selection_rules *rules, int64_t now_ms, struct random *random,
    size_t max)
{
	selection_begin(s);
	if (set == rules->nobody)
		return;
	if (is_sampled(set, rules, max)) {
		selection_sample(s, set, rules, now_ms, random, max);
		return;
	}
	selection_take(s, set, rules, now_ms, SELECTION_MAX);
	if (set->type == TYPE_SRV)
		selection_order(s, rules, random, max);
	else
		order_plain(s, set, rules, random, max);
}

/* --- what does not fit --- */

void
selection_rank(struct selection *s, const struct selection_rules *rules)
{
	if (s->ranked || s->count == 0)
		return;
	restore(s);
	s->all = s->count;
	selection_rank_top(s, rules, s->count);
	s->ranked = true;
}

void
selection_cut(struct selection *s, const struct selection_rules *rules,
    size_t count, struct random *random)
{
	size_t limit = selection_limit(rules->shape);

	selection_rank(s, rules);
	s->whole = false;
	if (s->count == 0)
		return;
	if (count > limit)
		count = limit;
	if (count < s->count)
		s->count = count;
	if (s->count > 0 && s->pick[0].record->type == TYPE_SRV)
		selection_order_sample(s, rules, random);
	s->all = s->count;
	s->ranked = false;
}

/* --- addresses --- */

/* Narrows the picks to the first tier that has an instance with a positive
 * weight, without weight 0.  If there is none: to those of the first tier that
 * do not drain by anybody's wish. */
static void
keep_best_tier(struct selection *s)
{
	size_t from = 0, kept = 0, end;
	bool some = false;

	while (from < s->count && s->pick[from].weight == 0)
		from++;
	some = from < s->count;
	if (!some) {
		from = 0;
		while (s->scaled && from < s->count && s->pick[from].scale == 0)
			from++;
	}
	if (from == s->count) {
		s->count = 0;
		return;
	}
	end = selection_tier_end(s->pick, from, s->count);
	for (; from < end; from++)
		if (some ? s->pick[from].weight > 0
			 : !s->scaled || s->pick[from].scale > 0)
			s->pick[kept++] = s->pick[from];
	s->count = kept;
}

/* The first was drawn with w/S (S: sum of weights; W: the largest).  If each
 * other stays with w(S - W) / W(S - w), then in all one is there with w/W:
 * w/S + (1 - w/S) * w(S - W) / W(S - w) = w/S + w(S - W) / WS = w/W. */
static void
thin(struct selection *s, struct random *random)
{
	double sum = 0, most = 0;
	size_t kept = 1;

	for (size_t i = 0; i < s->count; i++) {
		sum += s->pick[i].weight;
		if (s->pick[i].weight > most)
			most = s->pick[i].weight;
	}
	for (size_t i = 1; i < s->count; i++) {
		double w = s->pick[i].weight;
		double u = (double)(random_next(random) >> 11) * 0x1p-53;

		/* All of weight 0 are as good as each other. */
		if (w == most || u * most * (sum - w) < w * (sum - most))
			s->pick[kept++] = s->pick[i];
	}
	s->count = kept;
}

void
selection_keep_addresses(struct selection *s,
    const struct selection_rules *rules, struct random *random)
{
	size_t limit = selection_limit(rules->shape);

	restore(s);
	if (s->ranked && s->count > 0)
		selection_order_sample(s, rules, random);
	s->ranked = false;
	keep_best_tier(s);
	if (rules->shape->strategy == STRATEGY_WEIGHTED && s->count > 1)
		thin(s, random);
	if (s->count > limit)
		s->count = limit;
	s->all = s->count;
}
