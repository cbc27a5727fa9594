/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/prepared.h"

#include "server/nameserver/rules.h"

static bool
is_live(const struct lease *lease, int64_t now_ms)
{
	return lease == NULL || lease_deadline_ms(lease) > now_ms;
}

/* Lowers a TTL to what is left of a lease. */
static uint32_t
lower_ttl(uint32_t ttl, const struct lease *lease, int64_t now_ms)
{
	return lease ? answer_ttl(ttl, lease_deadline_ms(lease), now_ms) : ttl;
}

/* Picks the live items and returns the octets their records need. */
static size_t
pick_live(struct answer *a, const struct ready *ready, uint32_t *ttl)
{
	struct selection *s = &a->scratch->selection;
	size_t need = 0;

	selection_begin(s);
	*ttl = ready->ttl;
	for (unsigned i = 0; i < ready->items; i++) {
		const struct ready_item *item = &ready->item[i];
		struct pick *p = &s->pick[s->count];

		if (!is_live(item->lease, a->now_ms))
			continue;
		*ttl = lower_ttl(*ttl, item->lease, a->now_ms);
		p->item = (uint16_t)i;
		p->priority = item->priority;
		p->weight = item->weight;
		s->count++;
		need += ANSWER_RR_LEN + item->rdlen;
	}
	return need;
}

/* The same by the rules of a service that has some. */
static size_t
pick_special(struct answer *a, const struct ready *ready, uint32_t *ttl)
{
	struct selection *s = &a->scratch->selection;
	size_t need = 0;

	selection_begin(s);
	*ttl = ready->ttl;
	for (unsigned i = 0; i < ready->items; i++) {
		const struct ready_item *item = &ready->item[i];
		struct pick *p = &s->pick[s->count];
		const uint8_t *rdata = ready_rdata(ready, item);
		uint16_t port = wire_load_u16(rdata + 4);

		if (!is_live(item->lease, a->now_ms))
			continue;
		p->record = NULL;
		p->item = (uint16_t)i;
		p->instance = standing_key(item->target_hash, port);
		p->priority = item->priority;
		p->weight = item->weight;
		s->count++;
		if (!selection_apply(s, &a->rules,
			item->special
			    ? standings_find(a->rules.standings, p->instance)
			    : NULL))
			continue;
		if (a->rules.shape->strategy == STRATEGY_HASH)
			p->instance = selection_hash_srv(rdata, item->rdlen);
		*ttl = lower_ttl(*ttl, item->lease, a->now_ms);
		need += ANSWER_RR_LEN + item->rdlen;
	}
	*ttl = rules_cap_ttl(a, *ttl);
	return need;
}

/* Orders the picks; priorities may not be those of the items any more. */
static void
order_special(struct answer *a)
{
	struct selection *s = &a->scratch->selection;

	selection_order(s, &a->rules, a->random, SELECTION_MAX);
	rules_settle(a);
}

/* Writes the priorities and weights that picks have come to. */
static void
put_changed(struct answer *a, const uint16_t *place)
{
	const struct selection *s = &a->scratch->selection;

	for (size_t i = 0; i < s->count; i++) {
		uint8_t *rdata = a->w.buf + place[i] - 6;

		wire_store_u16(rdata, s->pick[i].priority);
		wire_store_u16(rdata + 2, s->pick[i].weight);
	}
}

/* Writes the records; at[i] becomes the place of the target of pick i. */
static void
put_records(struct answer *a, struct owner owner, const struct ready *ready,
    uint32_t ttl, uint16_t *place)
{
	const struct selection *s = &a->scratch->selection;
	uint8_t *at = a->w.buf + a->w.len;
	uint8_t head[ANSWER_RR_LEN - 2];

	answer_store_head(head, owner.at, TYPE_SRV, ttl);
	for (size_t i = 0; i < s->count; i++) {
		const struct ready_item *item = &ready->item[s->pick[i].item];

		memcpy(at, head, sizeof(head));
		wire_store_u16(at + sizeof(head), item->rdlen);
		at += ANSWER_RR_LEN;
		memcpy(at, ready_rdata(ready, item), item->rdlen);
		place[i] = (uint16_t)(at + 6 - a->w.buf);
		at += item->rdlen;
	}
	a->w.len = (size_t)(at - a->w.buf);
	a->count[SECTION_ANSWER] += (unsigned)s->count;
}

/* Adds one RRset: the addresses from *from on that have the type of the first;
 * *from moves behind them.  False, with nothing added, if they do not fit. */
static bool
put_set(struct answer *a, uint16_t owner_at, const struct ready_address *list,
    unsigned *from, unsigned end)
{
	uint16_t type = list[*from].type;
	size_t rdlen = type == TYPE_A ? 4 : 16, live = 0;
	uint32_t ttl = list[*from].ttl;
	unsigned first = *from, i;
	uint8_t *at;

	for (i = first; i < end && list[i].type == type; i++) {
		live += is_live(list[i].lease, a->now_ms);
		if (is_live(list[i].lease, a->now_ms))
			ttl = lower_ttl(ttl, list[i].lease, a->now_ms);
	}
	*from = i;
	at = wire_put_room(&a->w, live * (ANSWER_RR_LEN + rdlen));
	if (at == NULL)
		return false;
	for (i = first; i < *from; i++) {
		if (!is_live(list[i].lease, a->now_ms))
			continue;
		answer_store_head(at, owner_at, type, ttl);
		wire_store_u16(at + 10, (uint16_t)rdlen);
		memcpy(at + ANSWER_RR_LEN, list[i].octets, rdlen);
		at += ANSWER_RR_LEN + rdlen;
	}
	a->count[SECTION_ADDITIONAL] += (unsigned)live;
	return true;
}

/* Adds the addresses of each host once, in the order of the records. */
static void
put_hosts(struct answer *a, const struct ready *ready, const uint16_t *place)
{
	const struct selection *s = &a->scratch->selection;
	const struct ready_address *list = ready_addresses(ready);
	uint64_t seen = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct ready_item *item = &ready->item[s->pick[i].item];
		struct owner owner = {a->w.buf + place[i], place[i]};
		unsigned from = item->first, end = from + item->count;

		if (item->host == READY_NO_HOST)
			continue;
		if (item->host == READY_LOOK_UP) {
			answer_note_target(a, owner, item->target_hash);
			continue;
		}
		if ((seen >> item->host & 1) != 0)
			continue;
		seen |= UINT64_C(1) << item->host;
		while (from < end)
			if (!put_set(a, place[i], list, &from, end)) {
				a->w.failed = false;
				return;
			}
	}
}

enum prepared
prepared_answer(struct answer *a, struct owner owner, const struct ready *ready)
{
	struct selection *s = &a->scratch->selection;
	uint16_t place[READY_ITEMS];
	uint32_t ttl;
	size_t need = a->special ? pick_special(a, ready, &ttl)
				 : pick_live(a, ready, &ttl);

	if (s->count == 0)
		return PREPARED_EMPTY;
	if (owner.at == 0 || need > a->w.cap - a->w.len ||
	    a->w.len + need > ANSWER_POINTER_MAX)
		return PREPARED_LARGE;
	if (a->special)
		order_special(a);
	else
		selection_order_sorted(s, &a->rules, a->random, SELECTION_MAX);
	put_records(a, owner, ready, ttl, place);
	if (s->changed)
		put_changed(a, place);
	put_hosts(a, ready, place);
	return PREPARED_DONE;
}
