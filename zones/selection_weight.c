/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/selection_internal.h"

/* What selection_apply() leaves in key, for selection_settle_weights(). */
#define REGISTERED(pick) ((uint16_t)(pick)->sort_key)

/* Steps of a weight that is scaled, if that is small itself. */
#define FINE 100

#define LARGEST_WEIGHT 65280 /* 255 * 256 */

/* A part of a weight; what was positive stays so. */
static uint16_t
scale_weight(uint32_t weight, uint16_t scale)
{
	uint32_t w = (weight * scale + SCALE_WHOLE / 2) / SCALE_WHOLE;

	if (w > UINT16_MAX)
		w = UINT16_MAX;
	return (uint16_t)(w == 0 && weight > 0 && scale > 0 ? 1 : w);
}

static void
lower_caps(struct selection *s, const struct selection_rules *rules,
    const struct standing *standing)
{
	uint32_t cap = standing ? standing->ttl_max_s : 0;

	if (cap == 0 && (standing == NULL || standing->served != SERVED_OUT))
		cap = rules->shape->ttl_max_s;
	if (cap > 0 && cap < s->ttl_max_s)
		s->ttl_max_s = cap;
	if (standing != NULL && standing->until_ms < s->until_ms)
		s->until_ms = standing->until_ms;
}

bool
selection_apply(struct selection *s, const struct selection_rules *rules,
    const struct standing *standing)
{
	struct pick *p = &s->pick[s->count - 1];
	uint16_t scale = SCALE_WHOLE;

	lower_caps(s, rules, standing);
	if (standing != NULL && standing->served == SERVED_OUT) {
		s->count--;
		return false;
	}
	if (standing != NULL)
		scale = standing->served == SERVED_DRAIN ? 0 : standing->scale;
	p->sort_key = p->weight;
	p->scale = scale;
	if (scale != SCALE_WHOLE) {
		p->weight = scale_weight(p->weight, scale);
		s->scaled = true;
		s->changed = true;
	}
	if (rules->site_tier != NULL) {
		uint8_t tier = rules->site_tier[standing ? standing->site : 0];

		if (tier > UINT16_MAX - p->priority)
			p->priority = UINT16_MAX;
		else
			p->priority = (uint16_t)(p->priority + tier);
		s->changed = s->changed || tier > 0;
	}
	return true;
}

/* Where no instance of a tier has a weight they are all the same, and those
 * that drain must still be told from the others. */
static void
settle_zeros(struct pick *p, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (p[i].scale > 0 && REGISTERED(&p[i]) > 0)
			return;
	for (size_t i = 0; i < count; i++)
		if (p[i].scale > 0)
			p[i].sort_key++;
}

static bool
is_scaled(const struct pick *p, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (p[i].scale != SCALE_WHOLE)
			return true;
	return false;
}

/* By how much all weights are to be multiplied, so that a part of a small one
 * can be told. */
static unsigned
fineness(const struct selection *s)
{
	uint16_t least = UINT16_MAX, most = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct pick *p = &s->pick[i];
		uint16_t weight = REGISTERED(p);

		if (weight > most)
			most = weight;
		if (p->scale > 0 && p->scale < SCALE_WHOLE && weight > 0 &&
		    weight < least)
			least = weight;
	}
	return least < FINE && most <= UINT16_MAX / FINE ? FINE : 1;
}

void
selection_settle_weights(struct selection *s)
{
	unsigned fine;

	if (!s->scaled || s->count < 2)
		return;
	for (size_t from = 0; from < s->count;) {
		size_t end = selection_tier_end(s->pick, from, s->count);

		if (is_scaled(s->pick + from, end - from))
			settle_zeros(s->pick + from, end - from);
		from = end;
	}
	fine = fineness(s);
	for (size_t i = 0; i < s->count; i++) {
		struct pick *p = &s->pick[i];

		p->weight = scale_weight(fine * REGISTERED(p), p->scale);
	}
}

void
selection_scale_weights(struct selection *s)
{
	uint32_t most = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->pick[i].weight > most)
			most = s->pick[i].weight;
	if (most == LARGEST_WEIGHT)
		return;
	for (size_t i = 0; i < s->count; i++) {
		struct pick *p = &s->pick[i];
		uint32_t weight = p->weight;

		if (most > 0)
			weight = (weight * LARGEST_WEIGHT + most / 2) / most;
		else if (!s->scaled || p->scale > 0)
			weight = LARGEST_WEIGHT;
		if (weight == 0 && p->weight > 0)
			weight = 1;
		p->weight = (uint16_t)weight;
	}
	s->changed = true;
}
