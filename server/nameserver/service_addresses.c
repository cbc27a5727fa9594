/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/service_addresses.h"

#include "server/nameserver/additional.h"
#include "server/nameserver/instances.h"
#include "server/nameserver/rules.h"

/* Services of a domain that are looked at. */
#define SERVICES_MAX 256
/* Instances that are looked at even if fewer addresses fit. */
#define INSTANCES_LEAST 64
/* The least octets of an address record behind a pointer. */
#define ADDRESS_LEAST (12 + 4)

/* Addresses collected for one answer, in the scratch. */
struct addresses {
	size_t count;
	size_t left; /* instances that may still be looked at */
	uint32_t ttl;
	bool whole;
};

bool
addresses_has_own(const struct node *n, int64_t now_ms)
{
	return node_find_live(n, TYPE_A, now_ms) ||
	       node_find_live(n, TYPE_AAAA, now_ms) ||
	       node_find_live(n, TYPE_CNAME, now_ms);
}

static uint64_t
hash_of(const struct record *address)
{
	uint64_t h = wire_load_u32(address->rdata);

	for (unsigned i = 4; i < address->rdlen; i += 4)
		h = h * UINT64_C(0xd6e8feb86659fd93) +
		    wire_load_u32(address->rdata + i);
	h = (h + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* --- which instances of a service --- */

/* Narrows ordered picks to one tier: the first that has a positive weight (0
 * beside others drains by its registrant's wish), or if there is none, the
 * first that does not drain by an operator's. */
static void
keep_tier(struct selection *s)
{
	size_t first = 0, kept = 0;
	bool some;

	while (first < s->count && s->pick[first].weight == 0)
		first++;
	some = first < s->count;
	if (!some)
		first = 0;
	while (
	    !some && s->scaled && first < s->count && s->pick[first].scale == 0)
		first++;
	for (size_t i = first; i < s->count; i++) {
		const struct pick *p = &s->pick[i];

		if (p->priority == s->pick[first].priority &&
		    (some ? p->weight > 0 : !s->scaled || p->scale > 0))
			s->pick[kept++] = *p;
	}
	s->count = kept;
}

/* Finds the addresses of each pick, scratch->host[item], and a hash of all of
 * them; who has none of that type has no part in the answer. */
static void
find_hosts(struct answer *a, uint16_t qtype)
{
	struct selection *s = &a->scratch->selection;
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct record *srv = s->pick[i].record;
		const struct node *host;
		const struct rrset *set;
		struct rrset_cursor c;
		uint64_t hash = 0;

		if (srv->target_hash == 0)
			continue;
		host = additional_find(a, srv->rdata + 6, srv->target_hash);
		set = host ? node_find(host, qtype) : NULL;
		for (struct record *r = set ? rrset_first(set, &c) : NULL; r;
		     r = rrset_next(&c))
			if (record_is_live(r, a->now_ms))
				hash += hash_of(r);
		if (hash == 0)
			continue;
		s->pick[kept] = s->pick[i];
		s->pick[kept].item = (uint16_t)kept;
		a->scratch->host[kept] = set;
		a->scratch->hash[kept] = hash;
		a->scratch->sum[kept] = s->pick[kept].weight;
		kept++;
	}
	s->count = kept;
}

/* A table of numbers for so many entries, at most half full. */
static size_t
seen_start(struct answer *a, size_t count)
{
	size_t slots = 16;

	while (slots < 2 * count)
		slots *= 2;
	memset(a->scratch->seen, 0, slots * sizeof(a->scratch->seen[0]));
	return slots;
}

/* Unites picks that have the same addresses: their weights add up. */
static void
unite(struct answer *a)
{
	struct selection *s = &a->scratch->selection;
	size_t slots = seen_start(a, s->count), kept = 0;
	const uint64_t *hash = a->scratch->hash;
	uint64_t *sum = a->scratch->sum, most = 0;
	uint16_t *seen = a->scratch->seen;
	unsigned shift = 0;

	for (size_t i = 0; i < s->count; i++) {
		size_t at = hash[i] & (slots - 1);

		while (seen[at] != 0 && hash[seen[at] - 1] != hash[i])
			at = (at + 1) & (slots - 1);
		if (seen[at] != 0) {
			sum[seen[at] - 1] += sum[i];
			continue;
		}
		seen[at] = (uint16_t)(i + 1);
		s->pick[kept++] = s->pick[i];
	}
	if (kept == s->count)
		return;
	s->count = kept;
	for (size_t i = 0; i < kept; i++)
		if (sum[s->pick[i].item] > most)
			most = sum[s->pick[i].item];
	while (most >> shift > UINT16_MAX)
		shift++;
	for (size_t i = 0; i < kept; i++) {
		uint64_t weight = sum[s->pick[i].item];

		s->pick[i].weight = (uint16_t)(weight >> shift);
		if (weight > 0 && s->pick[i].weight == 0)
			s->pick[i].weight = 1;
	}
}

/* Gathers the instances of a service, ordered but not cut to max_answers, which
 * is about addresses of one tier here.  A service of which not all can be
 * looked at is drawn from, with one more for the place that is kept for the
 * next tier; returns whether it was. */
static bool
gather(struct answer *a, const struct gathering *g, uint32_t *ttl)
{
	struct selection *s = &a->scratch->selection;
	const struct shape *own = a->rules.shape;
	struct shape shape = *own;
	bool drawn = g->ptr == NULL && g->srv != NULL && g->srv->count > g->max;

	a->rules.shape = &shape;
	if (drawn) {
		shape.max_answers += shape.max_answers > 0;
		*ttl = instances_select(a, g);
	} else {
		shape.max_answers = 0;
		*ttl = instances_gather(a, g);
		selection_order(s, &a->rules, a->random, g->max);
	}
	if (s->ranked) {
		rules_by_client(a);
		selection_cut(s, &a->rules, s->count, a->random);
		drawn = true;
	}
	a->rules.shape = own;
	return drawn;
}

/* Chooses instances of one service: the scratch selection then holds those
 * whose addresses are answered, in order.  A draw has been fair to weights
 * already. */
static uint32_t
choose(struct answer *a, const struct node *service, uint16_t qtype, size_t max)
{
	struct selection *s = &a->scratch->selection;
	const struct shape *shape = a->rules.shape;
	struct gathering g = instances_of(service, max);
	uint32_t ttl;
	bool drawn = gather(a, &g, &ttl);
	bool limited =
	    shape->max_answers > 0 && shape->strategy != STRATEGY_ALL;

	keep_tier(s);
	find_hosts(a, qtype);
	if (s->count > 1)
		unite(a);
	s->all = s->count;
	s->reserved = 0;
	if (!drawn)
		selection_keep_addresses(s, &a->rules, a->random);
	else if (limited && s->count > shape->max_answers)
		s->count = shape->max_answers;
	return ttl;
}

/* Adds the live addresses of a host. */
static void
collect_host(struct answer *a, struct addresses *to, const struct rrset *set)
{
	struct rrset_cursor c;

	for (struct record *r = rrset_first(set, &c); r; r = rrset_next(&c)) {
		if (!record_is_live(r, a->now_ms))
			continue;
		if (to->count == SELECTION_MAX) {
			to->whole = false;
			return;
		}
		a->scratch->address[to->count++] = r;
		to->ttl = answer_ttl(to->ttl < set->ttl ? to->ttl : set->ttl,
		    record_deadline_ms(r), a->now_ms);
	}
}

static void
collect_service(struct answer *a, struct addresses *to,
    const struct node *service, uint16_t qtype)
{
	const struct selection *s = &a->scratch->selection;
	size_t room = (a->w.cap - a->w.len) / ADDRESS_LEAST;
	size_t max = room < INSTANCES_LEAST ? INSTANCES_LEAST : room;
	uint32_t ttl;

	rules_begin(a, service, qtype);
	ttl = choose(a, service, qtype, max < to->left ? max : to->left);
	to->left -= s->count < to->left ? s->count : to->left;
	if (s->count > 0 && ttl < to->ttl)
		to->ttl = ttl;
	for (size_t i = 0; i < s->count; i++)
		collect_host(a, to, a->scratch->host[s->pick[i].item]);
}

/* Makes picks of the addresses, each once. */
static void
pick_addresses(struct answer *a, const struct addresses *from)
{
	struct selection *s = &a->scratch->selection;
	size_t slots = seen_start(a, from->count);
	uint16_t *seen = a->scratch->seen;

	selection_begin(s);
	s->whole = from->whole;
	for (size_t i = 0; i < from->count; i++) {
		struct record *r = a->scratch->address[i];
		size_t at = hash_of(r) & (slots - 1);

		for (; seen[at] != 0; at = (at + 1) & (slots - 1))
			if (memcmp(s->pick[seen[at] - 1].record->rdata,
				r->rdata, r->rdlen) == 0)
				break;
		if (seen[at] != 0)
			continue;
		selection_add(s, r);
		seen[at] = (uint16_t)s->count;
	}
}

enum service_found
addresses_synthesise(struct answer *a, struct owner owner,
    const struct node *domain, uint16_t qtype)
{
	const struct rrset *index = node_find(domain, INDEX_SERVICES);
	struct addresses found = {
	    .left = SELECTION_MAX, .ttl = UINT32_MAX, .whole = true};
	struct rrset_cursor c;

	for (struct record *r = index ? rrset_first(index, &c) : NULL;
	     r && c.position < SERVICES_MAX && found.left > 0;
	     r = rrset_next(&c)) {
		const struct node *service = instances_service(a, r);

		if (service != NULL)
			collect_service(a, &found, service, qtype);
	}
	if (a->special)
		rules_reset(a);
	if (found.count == 0)
		return SERVICE_NODATA;
	pick_addresses(a, &found);
	answer_put_picks(a, owner, found.ttl);
	return SERVICE_ANSWERED;
}

/* --- addresses of the domain's own --- */

/* Addresses of one set that are compared, and instances for it. */
#define OWN_MAX 64
#define OWN_INSTANCES_MAX 1024

/* Which of a set's addresses instances below the domain have. */
struct own {
	const struct rrset *set;
	size_t left; /* instances that may still be looked at */
	size_t count;
	struct {
		const struct record *address;
		bool served; /* by some instance; else by none of those */
	} known[OWN_MAX];
};

static void
know(struct own *own, const struct record *address, bool served)
{
	const struct record *r =
	    rrset_find(own->set, address->rdata, address->rdlen);
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < own->count; i++)
		if (own->known[i].address == r)
			break;
	if (i == OWN_MAX)
		return;
	if (i == own->count) {
		own->known[i].address = r;
		own->known[i].served = false;
		own->count++;
	}
	own->known[i].served |= served;
}

/* Looks at the instances of a service, whether they are served or not. */
static void
know_service(struct answer *a, struct own *own, const struct node *service)
{
	struct selection *s = &a->scratch->selection;
	struct gathering g = instances_of(service, own->left);
	const struct standings *standings =
	    service->ready ? service->ready->standings : NULL;

	instances_gather(a, &g);
	for (size_t i = 0; i < s->count && own->left > 0; i++, own->left--) {
		const struct record *srv = s->pick[i].record;
		const struct standing *st = standings_find(
		    standings, standing_key(srv->target_hash,
				   wire_load_u16(srv->rdata + 4)));
		const struct node *host;
		const struct rrset *set;
		struct rrset_cursor c;

		if (st != NULL)
			rules_note_standing(a, st);
		if (srv->target_hash == 0)
			continue;
		host = additional_find(a, srv->rdata + 6, srv->target_hash);
		set = host ? node_find(host, own->set->type) : NULL;
		for (struct record *r = set ? rrset_first(set, &c) : NULL;
		     r && c.position < OWN_MAX; r = rrset_next(&c))
			if (record_is_live(r, a->now_ms))
				know(own, r,
				    st == NULL || st->served == SERVED_UP);
	}
}

/* Fills in what is known of a domain's addresses; whether some instance is an
 * exception at all. */
static bool
know_domain(struct answer *a, struct own *own, const struct rrset *index)
{
	bool standings = false;
	struct rrset_cursor c;

	for (struct record *r = rrset_first(index, &c);
	     r && c.position < SERVICES_MAX; r = rrset_next(&c)) {
		const struct node *n = instances_service(a, r);

		if (n == NULL || rules_are_plain(n->ready))
			continue;
		rules_note(a, n);
		standings |= n->ready->standings != NULL;
	}
	if (!standings)
		return false;
	for (struct record *r = rrset_first(index, &c);
	     r && c.position < SERVICES_MAX && own->left > 0;
	     r = rrset_next(&c)) {
		const struct node *n = instances_service(a, r);

		if (n != NULL)
			know_service(a, own, n);
	}
	return true;
}

/* Takes out the addresses that only instances have which are not served; if
 * there are no others all stay. */
static void
drop_own(struct selection *s, const struct own *own)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		size_t k;

		for (k = 0; k < own->count; k++)
			if (own->known[k].address == s->pick[i].record &&
			    !own->known[k].served)
				break;
		if (k < own->count)
			continue;
		if (kept != i) {
			struct pick dropped = s->pick[kept];

			s->pick[kept] = s->pick[i];
			s->pick[i] = dropped;
		}
		kept++;
	}
	if (kept > 0)
		s->count = kept;
}

bool
addresses_answer_own(struct answer *a, struct owner owner, const struct node *n,
    const struct rrset *set)
{
	const struct rrset *index = node_find(n, INDEX_SERVICES);
	struct selection *s = &a->scratch->selection;
	struct own own = {.set = set, .left = OWN_INSTANCES_MAX};
	uint32_t ttl = set->ttl;

	if (!know_domain(a, &own, index))
		return answer_put_selected(a, owner, set);
	selection_draw(s, set, &a->rules, a->now_ms, a->random,
	    (a->w.cap - a->w.len) / ADDRESS_LEAST);
	if (s->count == 0 && s->whole)
		return false;
	drop_own(s, &own);
	for (size_t i = 0; i < s->count; i++)
		ttl = answer_ttl(
		    ttl, record_deadline_ms(s->pick[i].record), a->now_ms);
	answer_put_picks(a, owner, rules_cap_ttl(a, ttl));
	rules_reset(a);
	return true;
}
