/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/rules.h"

#include "server/nameserver/settings.h"
#include "server/nameserver/subnet.h"

/* While leases are held (the expiry guard), nobody shall remember for long
 * what may be stale. */
#define GUARD_TTL_S 5

/* Octets that are kept for saying what is the matter (RFC 8914): the head of
 * the option, its code and a short text. */
#define EDE_RESERVE (4 + 2 + 48)

void
rules_by_client(struct answer *a)
{
	const struct shape *shape = a->rules.shape;
	unsigned bits =
	    subnet_prefix(a->client, shape->prefix_ipv4, shape->prefix_ipv6);

	if (bits > a->client_bits)
		bits = a->client_bits;
	if (bits > a->scope)
		a->scope = (uint8_t)bits;
}

/* The site that was asked for or else the client's; no site, no tiers. */
static void
use_site(struct answer *a)
{
	unsigned bits = 0;

	if (a->site == NULL)
		a->site = subnet_site(
		    a->settings->config, a->client, a->client_bits, &bits);
	if (bits > a->scope)
		a->scope = (uint8_t)bits;
	if (a->site != NULL)
		a->rules.site_tier = a->site->tier;
}

static void
use_condition(struct answer *a, enum condition condition)
{
	size_t room = a->w.cap - a->w.len;

	if (condition == CONDITION_NORMAL)
		return;
	if (condition == CONDITION_GUARD)
		a->ttl_max_s =
		    a->ttl_max_s < GUARD_TTL_S ? a->ttl_max_s : GUARD_TTL_S;
	if (a->condition == CONDITION_NORMAL && a->explains)
		a->w.cap -= room < EDE_RESERVE ? room : EDE_RESERVE;
	if (condition > a->condition)
		a->condition = condition;
}

void
rules_use(struct answer *a, const struct node *service, uint16_t qtype)
{
	const struct ready *ready = service->ready;
	const struct shape *shape;

	rules_reset(a);
	if (rules_are_plain(ready))
		return;
	shape = settings_shape(a->settings, ready->shape);
	a->special = true;
	a->rules.shape = shape;
	a->rules.standings = ready->standings;
	if (ready->nobody)
		a->rules.nobody = node_find(service, TYPE_SRV);
	a->rules.client =
	    subnet_hash(a->client, shape->prefix_ipv4, shape->prefix_ipv6);
	if (shape->strategy == STRATEGY_HASH)
		rules_by_client(a);
	if (shape->strategy == STRATEGY_ROUND_ROBIN)
		a->rules.turn =
		    a->scratch->turn[(service->hash + qtype) % SCRATCH_TURNS]++;
	if (shape->sites)
		use_site(a);
	use_condition(a, ready->condition);
}

void
rules_note(struct answer *a, const struct node *service)
{
	const struct ready *ready = service->ready;
	const struct shape *shape;

	if (rules_are_plain(ready))
		return;
	shape = settings_shape(a->settings, ready->shape);
	a->special = true;
	if (shape->ttl_max_s != 0 && shape->ttl_max_s < a->ttl_max_s)
		a->ttl_max_s = shape->ttl_max_s;
	use_condition(a, ready->condition);
}

void
rules_note_standing(struct answer *a, const struct standing *st)
{
	if (st->ttl_max_s != 0 && st->ttl_max_s < a->ttl_max_s)
		a->ttl_max_s = st->ttl_max_s;
	if (st->until_ms < a->until_ms)
		a->until_ms = st->until_ms;
}

const struct standing *
rules_standing(const struct answer *a, const struct record *srv)
{
	if (a->rules.standings == NULL)
		return NULL;
	return standings_find(a->rules.standings,
	    standing_key(srv->target_hash, wire_load_u16(srv->rdata + 4)));
}

uint32_t
rules_cap_ttl(const struct answer *a, uint32_t ttl)
{
	const struct selection *s = &a->scratch->selection;

	if (!a->special)
		return ttl;
	ttl = ttl < a->ttl_max_s ? ttl : a->ttl_max_s;
	ttl = ttl < s->ttl_max_s ? ttl : s->ttl_max_s;
	ttl = answer_ttl(ttl, a->until_ms, a->now_ms);
	return answer_ttl(ttl, s->until_ms, a->now_ms);
}

/* --- equal records --- */

/* Whether a pick is like one of those kept before it: a hash table of their
 * numbers, at most half full. */
static bool
is_kept(struct answer *a, const struct pick *p, size_t kept, size_t slots)
{
	const struct pick *list = a->scratch->selection.pick;
	uint16_t *seen = a->scratch->seen;
	size_t at = (size_t)p->instance & (slots - 1);

	for (; seen[at] != 0; at = (at + 1) & (slots - 1)) {
		const struct pick *other = &list[seen[at] - 1];

		if (other->priority == p->priority &&
		    other->weight == p->weight &&
		    other->instance == p->instance)
			return true;
	}
	seen[at] = (uint16_t)(kept + 1);
	return false;
}

static void
drop_equal(struct answer *a)
{
	struct selection *s = &a->scratch->selection;
	size_t slots = 16, kept = 0;

	while (slots < 2 * s->count)
		slots *= 2;
	memset(a->scratch->seen, 0, slots * sizeof(a->scratch->seen[0]));
	for (size_t i = 0; i < s->count; i++)
		if (!is_kept(a, &s->pick[i], kept, slots))
			s->pick[kept++] = s->pick[i];
	s->count = kept;
}

void
rules_settle(struct answer *a)
{
	struct selection *s = &a->scratch->selection;

	if (a->rules.shape->full_range)
		selection_scale_weights(s);
	if (s->changed && s->count > 1)
		drop_equal(a);
}
