/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/selection_internal.h"

/* Records drawn so far, by address; open addressing, at most half full. */
struct drawn {
	const struct record *slot[2 * SELECTION_MAX];
	size_t mask; /* slots in use - 1 */
};

enum way {
	DRAWN, /* positions are drawn */
	FROM_FIRST, /* one after the other */
	FROM_TURN, /* the same from the turn's place on */
};

/* One sample being drawn. */
struct sampling {
	struct selection *s;
	const struct rrset *set;
	const struct selection_rules *rules;
	int64_t now_ms;
	struct random *random;
	size_t max;
	bool plain; /* the rules are */
	enum way way;
	bool uniform; /* weights do not count */
	bool timed; /* keys become times of arrival: selection_arrival() */
	bool zeros; /* so is weight 0, though there are positive ones */
	bool zero; /* one was met that was not */
	bool drains; /* those that drain are taken, too */
	bool drained; /* one was met */
	struct drawn *drawn;
};

/* A part of a tier, or of the set: positions [from, end). */
struct part {
	uint32_t from, end;
	uint64_t before, sum; /* weights */
};

static void
drawn_init(struct drawn *d, size_t max)
{
	size_t slots = 16;

	while (slots < 2 * max)
		slots *= 2;
	memset(d->slot, 0, slots * sizeof(d->slot[0]));
	d->mask = slots - 1;
}

/* The record's slot, or the free one where it belongs. */
static const struct record **
drawn_slot(struct drawn *d, const struct record *r)
{
	size_t at = (uintptr_t)r / 16 * UINT64_C(0x9e3779b97f4a7c15) >> 40;

	for (;; at++) {
		at &= d->mask;
		if (d->slot[at] == r || d->slot[at] == NULL)
			return &d->slot[at];
	}
}

/* Adds a record that may be answered and has not been drawn before; one that
 * is scaled only as often as that says, if it is drawn. */
static bool
take(struct sampling *t, struct record *r, bool thin)
{
	struct selection *s = t->s;
	const struct record **slot = drawn_slot(t->drawn, r);
	const struct standing *standing = NULL;
	uint16_t scale = SCALE_WHOLE;

	if (*slot == r || !record_is_live(r, t->now_ms))
		return false;
	selection_add(s, r);
	if (!t->plain && r->type == TYPE_SRV) {
		standing = standings_find(
		    t->rules->standings, s->pick[s->count - 1].instance);
		if (!selection_apply(s, t->rules, standing))
			return false;
		scale = s->pick[s->count - 1].scale;
		t->drained = t->drained || scale == 0;
	}
	if (!t->zeros && r->type == TYPE_SRV && record_weight(r) == 0) {
		t->zero = true;
		s->count--;
		return false;
	}
	if ((scale == 0 && !t->drains) ||
	    (thin && scale < SCALE_WHOLE &&
		random_below(t->random, SCALE_WHOLE) >= scale)) {
		s->count--;
		return false;
	}
	*slot = r;
	return true;
}

/* A position in proportion to the weights, or any. */
static uint32_t
draw_position(struct sampling *t, const struct part *part, bool by_weight)
{
	if (!by_weight)
		return part->from + (uint32_t)random_below(
					t->random, part->end - part->from);
	return rrset_at_weight(
	    t->set, part->before + random_below(t->random, part->sum));
}

/* Where drawing misses too often, because most records have expired, are not
 * served or hardly ever come up: takes what there is from a place on, in
 * order.  The way is bounded once there is something to answer with; until
 * then it is not, so that nothing drawn means nothing live. */
#define FILL_MISSES 1024

static void
fill(struct sampling *t, const struct part *part, uint32_t start, size_t wanted)
{
	uint32_t count = part->end - part->from;
	struct rrset_cursor c;
	struct record *r = rrset_seek(t->set, &c, part->from + start);
	unsigned misses = 0;

	for (uint32_t i = 0; i < count && wanted > 0; i++) {
		if (take(t, r, false)) {
			t->s->pick[t->s->count - 1].sort_key = KEY_BEHIND;
			wanted--;
		} else if (t->s->count > 0 && ++misses > FILL_MISSES) {
			return;
		}
		r = start + i + 1 == count ? rrset_seek(t->set, &c, part->from)
					   : rrset_next(&c);
	}
}

/* The next one that would have come: what selection_order_sample() asks. */
static void
set_next(struct sampling *t, const struct record *last, uint64_t key)
{
	struct pick *next = &t->s->pick[t->s->count];

	next->sort_key = t->timed ? key : KEY_BEHIND;
	next->priority = last->type == TYPE_SRV ? record_priority(last) : 0;
}

/* Draws from one part until it has given what is wanted and it can; misses
 * are bounded.  Where weights do not count, weight 0 may be all that comes up:
 * then they do. */
static void
draw_part(struct sampling *t, const struct part *part, size_t wanted)
{
	struct selection *s = t->s;
	size_t misses = 0, draws = 0, limit = 64 + 2 * wanted;
	double sum = part->sum && !t->uniform ? (double)part->sum : 1;

	if (wanted > part->end - part->from)
		wanted = part->end - part->from;
	while (wanted > 0 && misses < limit) {
		bool by_weight =
		    part->sum > 0 && (!t->uniform || 2 * misses > limit);
		struct record *r =
		    rrset_at(t->set, draw_position(t, part, by_weight));

		draws++;
		if (!take(t, r, true)) {
			misses++;
			continue;
		}
		wanted--;
		if (t->timed)
			s->pick[s->count - 1].sort_key =
			    selection_key((double)draws / sum);
	}
	if (wanted > 0)
		fill(t, part,
		    (uint32_t)random_below(t->random, part->end - part->from),
		    wanted);
	set_next(t, rrset_at(t->set, part->from),
	    wanted > 0 ? KEY_BEHIND : selection_key((double)(draws + 1) / sum));
}

static struct part
part_from(const struct sampling *t, uint32_t from)
{
	struct part part = {.from = from, .end = t->set->count};

	if (t->set->type != TYPE_SRV)
		return part;
	part.end =
	    rrset_tier_end(t->set, record_priority(rrset_at(t->set, from)));
	part.before = rrset_weight_before(t->set, from);
	part.sum = rrset_weight_before(t->set, part.end) - part.before;
	return part;
}

/* Weight 0 comes behind the positive ones of its tier. */
static void
take_part(struct sampling *t, const struct part *part, size_t wanted)
{
	struct selection *s = t->s;
	size_t end = s->count + wanted;

	t->zeros = part->sum == 0;
	t->zero = false;
	if (t->way == DRAWN)
		draw_part(t, part, wanted);
	else if (t->way == FROM_FIRST)
		fill(t, part, 0, wanted);
	else
		fill(
		    t, part, t->rules->turn % (part->end - part->from), wanted);
	if (!t->zero || s->count == end)
		return;
	t->zeros = true;
	fill(t, part, 0, end - s->count);
	set_next(t, rrset_at(t->set, part->from), KEY_BEHIND);
}

/* Part by part; with reserve the first one leaves a place for those behind
 * it, and gets it back if there is nothing. */
static void
take_parts(struct sampling *t, bool reserve)
{
	struct part first = part_from(t, 0), part;
	bool next = first.end < t->set->count && t->max >= 2;

	take_part(t, &first, t->max - (reserve && next));
	for (uint32_t from = first.end;
	     from < t->set->count && t->s->count < t->max; from = part.end) {
		part = part_from(t, from);
		take_part(t, &part, t->max - t->s->count);
	}
	if (reserve && next && t->s->count == t->max - 1)
		take_part(t, &first, 1);
}

static void
sample(struct sampling *t, bool reserve)
{
	drawn_init(t->drawn, t->max);
	take_parts(t, reserve);
	if (t->s->count > 0 || !t->drained)
		return;
	t->drains = true;
	take_parts(t, reserve);
}

/* Candidates for what cannot be drawn by position: loads and sites. */
#define WIDE 1024

static bool
is_wide(const struct rrset *set, const struct selection_rules *rules)
{
	return set->type == TYPE_SRV &&
	       (rules->site_tier != NULL ||
		   rules->shape->strategy == STRATEGY_LEAST_LOAD);
}

static void
sample_wide(struct sampling *t, struct random *random, size_t max)
{
	struct selection *s = t->s;

	t->max = max > WIDE ? max : WIDE;
	t->uniform = true;
	t->timed = false;
	sample(t, false);
	s->whole = s->count < t->max;
	selection_order(s, t->rules, random, max);
}

void
selection_sample(struct selection *s, const struct rrset *set,
    const struct selection_rules *rules, int64_t now_ms, struct random *random,
    size_t max)
{
	enum strategy strategy = rules->shape->strategy;
	size_t limit = selection_limit(rules->shape);
	bool limited = limit <= max, fresh, wide = is_wide(set, rules);
	struct random own;
	struct drawn drawn; /* cleared as far as it is used */
	struct sampling t = {.s = s,
	    .drawn = &drawn,
	    .set = set,
	    .rules = rules,
	    .now_ms = now_ms,
	    .max = limited ? limit : max,
	    .plain = selection_is_plain(rules),
	    .uniform = strategy == STRATEGY_RANDOM,
	    .timed = !limited};

	random_seed(&own, rules->client);
	fresh = limited && strategy != STRATEGY_HASH;
	t.random = fresh ? random : &own;
	if (strategy == STRATEGY_FIRST)
		t.way = FROM_FIRST;
	else if (strategy == STRATEGY_ROUND_ROBIN && fresh && !wide)
		t.way = FROM_TURN;
	if (wide) {
		sample_wide(&t, random, max);
		return;
	}
	sample(&t, limited && set->type == TYPE_SRV);
	s->all = s->count;
	s->whole = limited || s->count == 0;
	s->ranked = !s->whole;
	if (limited && s->scaled)
		selection_settle_weights(s);
}
