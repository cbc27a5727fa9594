/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/instances.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/nameserver/additional.h"
#include "server/nameserver/rules.h"
#include "zones/dns/txt.h"

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

const struct node *
instances_node(const struct answer *a, const struct record *ptr)
{
	return additional_find(a, ptr->rdata, name_hash(ptr->rdata));
}

/* --- labels --- */

/* Instances whose TXT is looked at: a question for a label that few have must
 * not cost a walk through ten thousand. */
#define LABELLED_MAX 1024

const struct rrset *
instances_txt(const struct answer *a, const struct node *service,
    const struct record *srv, const struct node *name)
{
	const struct rrset *txt = NULL;
	const struct node *host;

	if (name != NULL)
		return node_find_live(name, TYPE_TXT, a->now_ms);
	if (srv->target_hash != 0) {
		host = additional_find(a, srv->rdata + 6, srv->target_hash);
		txt = host ? node_find_live(host, TYPE_TXT, a->now_ms) : NULL;
	}
	return txt ? txt : node_find_live(service, TYPE_TXT, a->now_ms);
}

/* A subtype `_v2` is the tag `v2` too. */
static bool
txt_matches(const struct record *txt, const uint8_t *label)
{
	return txt_has_label(txt->rdata, txt->rdlen, label + 1, label[0]) ||
	       (label[0] > 1 && label[1] == '_' &&
		   txt_has_label(
		       txt->rdata, txt->rdlen, label + 2, label[0] - 1u));
}

/* Whether an instance has the label that is asked for, if one is. */
static bool
is_wanted(const struct answer *a, const struct gathering *g,
    const struct record *srv, const struct node *name)
{
	const struct rrset *set;
	struct rrset_cursor c;

	if (g->label == NULL)
		return true;
	set = instances_txt(a, g->service, srv, name);
	if (set == NULL)
		return false;
	for (struct record *r = rrset_first(set, &c); r; r = rrset_next(&c))
		if (record_is_live(r, a->now_ms) && txt_matches(r, g->label))
			return true;
	return false;
}

/* --- gathering --- */

/* Adds a record, unless the rules say that it is not served. */
static bool
take(struct answer *a, struct record *r, uint16_t item)
{
	struct selection *s = &a->scratch->selection;

	selection_add(s, r);
	s->pick[s->count - 1].item = item;
	return !a->special ||
	       selection_apply(s, &a->rules, rules_standing(a, r));
}

/* Adds the live records of an SRV set to the picks, under one name. */
static void
append_set(struct answer *a, const struct gathering *g, const struct rrset *set,
    const struct node *name, uint16_t item, uint32_t *ttl)
{
	struct selection *s = &a->scratch->selection;
	struct rrset_cursor c;

	for (struct record *r = rrset_first(set, &c);
	     r && (g->label == NULL || c.position < LABELLED_MAX);
	     r = rrset_next(&c)) {
		if (!record_is_live(r, a->now_ms) || !is_wanted(a, g, r, name))
			continue;
		if (s->count >= g->max) {
			s->whole = false;
			return;
		}
		if (take(a, r, item))
			*ttl = answer_ttl(*ttl < set->ttl ? *ttl : set->ttl,
			    record_deadline_ms(r), a->now_ms);
	}
}

/* Goes from the PTR records to the SRV records of the instances, starting at
 * a place that is the client's own, so that a cut sample is sticky.  Some may
 * lead nowhere. */
static void
append_instances(struct answer *a, const struct gathering *g, uint32_t *ttl)
{
	struct selection *s = &a->scratch->selection;
	const struct rrset *ptrs = g->ptr;
	uint32_t start = 0, most = g->label ? LABELLED_MAX : SELECTION_MAX;

	if (ptrs->count > g->max)
		start = (uint32_t)(a->rules.client % ptrs->count);
	for (uint32_t i = 0; i < ptrs->count && i < most; i++) {
		const struct record *r =
		    rrset_at(ptrs, (start + i) % ptrs->count);
		const struct node *n;
		const struct rrset *set;
		size_t count = s->count;

		if (!record_is_live(r, a->now_ms))
			continue;
		if (s->count >= g->max) {
			s->whole = false;
			return;
		}
		n = instances_node(a, r);
		set = n ? node_find(n, TYPE_SRV) : NULL;
		if (set == NULL)
			continue;
		a->scratch->name[i] = r;
		append_set(a, g, set, n, (uint16_t)i, ttl);
		if (s->count > count)
			*ttl =
			    answer_ttl(*ttl, record_deadline_ms(r), a->now_ms);
	}
}

/* The records at the service owner: all of them, for they cost no search, and
 * which of too many are answered is the client's. */
static void
take_own(struct answer *a, const struct gathering *g, uint32_t *ttl)
{
	struct selection *s = &a->scratch->selection;

	if (g->label != NULL) {
		append_set(a, g, g->srv, NULL, ITEM_PLAIN, ttl);
		return;
	}
	selection_take(s, g->srv, &a->rules, a->now_ms, SELECTION_MAX);
	if (s->count > 0)
		*ttl = answer_picks_ttl(a, g->srv->ttl);
	for (size_t i = 0; i < s->count; i++)
		s->pick[i].item = ITEM_PLAIN;
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

struct gathering
instances_of(const struct node *service, size_t max)
{
	return (struct gathering){.service = service,
	    .srv = node_find(service, TYPE_SRV),
	    .ptr = node_find(service, TYPE_PTR),
	    .max = max < SELECTION_MAX ? max : SELECTION_MAX};
}

uint32_t
instances_gather(struct answer *a, const struct gathering *g)
{
	struct selection *s = &a->scratch->selection;
	uint32_t ttl = UINT32_MAX;

	selection_begin(s);
	if (g->srv != NULL)
		take_own(a, g, &ttl);
	if (g->ptr != NULL) {
		append_instances(a, g, &ttl);
		if (!g->named)
			drop_duplicates(s);
	}
	return rules_cap_ttl(a, ttl);
}

uint32_t
instances_select(struct answer *a, const struct gathering *g)
{
	struct selection *s = &a->scratch->selection;
	uint32_t ttl;

	if (g->ptr != NULL || g->label != NULL) {
		ttl = instances_gather(a, g);
		selection_order(s, &a->rules, a->random, g->max);
		return ttl;
	}
	selection_draw(s, g->srv, &a->rules, a->now_ms, a->random, g->max);
	for (size_t i = 0; g->named && i < s->all; i++)
		s->pick[i].item = ITEM_PLAIN;
	return rules_cap_ttl(a, answer_picks_ttl(a, g->srv->ttl));
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
