/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/instances.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/nameserver/additional.h"

bool
instances_exist(const struct node *service, int64_t now_ms)
{
	return node_find_live(service, TYPE_SRV, now_ms) ||
	       node_find_live(service, TYPE_PTR, now_ms);
}

/* Records looked at for the last deadline of a set. */
#define DEADLINES_MAX 64

static int64_t
last_deadline_ms(const struct rrset *set, int64_t now_ms)
{
	struct rrset_cursor c;
	int64_t last = 0;

	for (struct record *r = set ? rrset_first(set, &c) : NULL;
	     r && c.position < DEADLINES_MAX; r = rrset_next(&c))
		if (record_is_live(r, now_ms) && record_deadline_ms(r) > last)
			last = record_deadline_ms(r);
	return last;
}

int64_t
instances_deadline_ms(const struct node *service, int64_t now_ms)
{
	int64_t srv = last_deadline_ms(node_find(service, TYPE_SRV), now_ms);
	int64_t ptr = last_deadline_ms(node_find(service, TYPE_PTR), now_ms);

	return srv > ptr ? srv : ptr;
}

const struct node *
instances_service(const struct answer *a, const struct record *entry)
{
	const struct node *n;

	n = tree_find_name(&a->zone->tree, name_hash(entry->rdata),
	    entry->rdata, entry->rdlen);
	return n && instances_exist(n, a->now_ms) ? n : NULL;
}

/* Adds the live records of an SRV set to the picks. */
static void
append_set(struct answer *a, const struct rrset *set, size_t max, uint32_t *ttl)
{
	struct selection *s = &a->scratch->selection;
	struct rrset_cursor c;

	for (struct record *r = rrset_first(set, &c); r; r = rrset_next(&c)) {
		if (!record_is_live(r, a->now_ms))
			continue;
		if (s->count == max) {
			s->whole = false;
			return;
		}
		*ttl = answer_ttl(*ttl < set->ttl ? *ttl : set->ttl,
		    record_deadline_ms(r), a->now_ms);
		selection_add(s, r);
	}
}

/* PTR records looked at: some may lead nowhere. */
#define PTRS_MAX SELECTION_MAX

/* Goes from the PTR records to the SRV records of the instances, starting at
 * a place that is the client's own, so that a cut sample is sticky. */
static void
append_instances(
    struct answer *a, const struct rrset *ptrs, size_t max, uint32_t *ttl)
{
	struct selection *s = &a->scratch->selection;
	uint32_t start = 0;

	if (ptrs->count > max)
		start = (uint32_t)(a->rules.client % ptrs->count);
	for (uint32_t i = 0; i < ptrs->count && i < PTRS_MAX; i++) {
		uint32_t at = (start + i) % ptrs->count;
		const struct record *r = rrset_at(ptrs, at);
		const struct node *n;
		const struct rrset *set;

		if (!record_is_live(r, a->now_ms))
			continue;
		if (s->count == max) {
			s->whole = false;
			return;
		}
		n = additional_find(a, r->rdata, name_hash(r->rdata));
		set = n ? node_find(n, TYPE_SRV) : NULL;
		if (set != NULL)
			append_set(a, set, max, ttl);
	}
}

static int
by_data(const void *a, const void *b)
{
	const struct record *x = ((const struct pick *)a)->record;
	const struct record *y = ((const struct pick *)b)->record;

	return rdata_compare(TYPE_SRV, x->rdata, x->rdlen, y->rdata, y->rdlen);
}

/* Two instances may have the same SRV record (RFC 2181 5: no duplicates). */
static void
drop_duplicates(struct selection *s)
{
	size_t kept = 0;

	qsort(s->pick, s->count, sizeof(s->pick[0]), by_data);
	for (size_t i = 0; i < s->count; i++)
		if (kept == 0 || by_data(&s->pick[kept - 1], &s->pick[i]) != 0)
			s->pick[kept++] = s->pick[i];
	s->count = kept;
}

uint32_t
instances_gather(struct answer *a, const struct node *service, size_t max)
{
	struct selection *s = &a->scratch->selection;
	const struct rrset *own = node_find(service, TYPE_SRV);
	const struct rrset *ptrs = node_find(service, TYPE_PTR);
	uint32_t ttl = UINT32_MAX;

	s->count = 0;
	s->whole = true;
	if (own != NULL) {
		selection_draw(s, own, &a->rules, a->now_ms, a->random, max);
		ttl = own->ttl;
		for (size_t i = 0; i < s->count; i++)
			ttl = answer_ttl(ttl,
			    record_deadline_ms(s->pick[i].record), a->now_ms);
	}
	if (ptrs != NULL) {
		append_instances(a, ptrs, max, &ttl);
		drop_duplicates(s);
		selection_order(s, &a->rules, a->random, max);
	}
	return ttl;
}

bool
instances_name(
    const struct node *service, const struct record *srv, struct name *name)
{
	const uint8_t *target = srv->rdata + 6;
	char label[LABEL_MAX_LEN + 8];
	int len = snprintf(label, sizeof(label), "%.*s-%u", target[0],
	    (const char *)target + 1, wire_load_u16(srv->rdata + 4));

	if (len <= 0 || len > LABEL_MAX_LEN)
		return false;
	return name_prepend(
	    name, (const uint8_t *)label, (size_t)len, node_owner(service));
}
