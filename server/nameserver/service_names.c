/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/service_names.h"

#include "server/nameserver/instances.h"
#include "server/nameserver/rules.h"
#include "server/nameserver/service_addresses.h"
#include "server/nameserver/service_svcb.h"
#include "server/nameserver/settings.h"

/* The least octets of a record behind a pointer. */
#define PTR_LEAST (12 + 4)
#define SRV_LEAST (12 + 6 + 1)
/* Records looked at for names made of plain SRV records: a name that is not
 * there must not cost a walk through ten thousand. */
#define NAMES_MAX 1024
/* Services of a domain that are asked whether they know sites. */
#define SERVICES_MAX 256

/* --- sets of names --- */

/* Names written so far, by their hashes; open addressing, at most half
 * full. */
struct names {
	uint64_t *slot;
	size_t slots; /* a power of two */
};

/* Sizes and clears a table for so many names; the array has room for it. */
static struct names
names_start(uint64_t *slot, size_t count)
{
	struct names names = {slot, 16};

	while (names.slots < 2 * count)
		names.slots *= 2;
	memset(slot, 0, names.slots * sizeof(slot[0]));
	return names;
}

static bool
is_new_name(struct names *names, const uint8_t *name)
{
	uint64_t hash = name_hash(name);
	size_t at = hash & (names->slots - 1);

	for (; names->slot[at] != 0; at = (at + 1) & (names->slots - 1))
		if (names->slot[at] == hash)
			return false;
	names->slot[at] = hash;
	return true;
}

/* --- PTR of services without rules: nothing has to be ordered --- */

/* The PTR records that are registered, as many as there is room for. */
static bool
put_ptrs(struct answer *a, struct owner owner, uint32_t ttl)
{
	const struct selection *s = &a->scratch->selection;

	for (size_t i = 0; i < s->count; i++)
		if (!answer_put(a, SECTION_ANSWER, owner, TYPE_PTR, ttl,
			s->pick[i].record->rdata, s->pick[i].record->rdlen))
			return false;
	return s->whole;
}

/* Those made of plain SRV records, but for names that are registered. */
static bool
put_names(struct answer *a, struct owner owner, const struct node *service,
    const struct rrset *srv, const struct rrset *ptr, uint32_t ttl)
{
	uint64_t slot[2 * NAMES_MAX];
	struct names seen =
	    names_start(slot, srv->count < NAMES_MAX ? srv->count : NAMES_MAX);
	struct rrset_cursor c;
	struct record *r, *same;
	struct name name;

	for (r = rrset_first(srv, &c); r && c.position < NAMES_MAX;
	     r = rrset_next(&c)) {
		if (!record_is_live(r, a->now_ms) ||
		    !instances_name(service, r, &name) ||
		    !is_new_name(&seen, name.wire))
			continue;
		same = ptr ? rrset_find(ptr, name.wire, name.len) : NULL;
		if (same != NULL && record_is_live(same, a->now_ms))
			continue;
		if (!answer_put(a, SECTION_ANSWER, owner, TYPE_PTR, ttl,
			name.wire, name.len))
			return false;
	}
	return true;
}

/* A PTR for each plain SRV, beside those that are registered. */
static bool
answer_plain(struct answer *a, struct owner owner, const struct node *service)
{
	const struct rrset *srv = node_find(service, TYPE_SRV);
	const struct rrset *ptr = node_find_live(service, TYPE_PTR, a->now_ms);
	struct selection *s = &a->scratch->selection;
	unsigned count = a->count[SECTION_ANSWER];
	uint32_t ttl = srv->ttl;
	struct rrset_cursor c;
	struct record *r;

	s->count = 0;
	s->whole = true;
	if (ptr != NULL) {
		selection_draw(s, ptr, &a->rules, a->now_ms, a->random,
		    (a->w.cap - a->w.len) / PTR_LEAST);
		ttl = ptr->ttl < ttl ? ptr->ttl : ttl;
	}
	for (size_t i = 0; i < s->count; i++)
		ttl = answer_ttl(
		    ttl, record_deadline_ms(s->pick[i].record), a->now_ms);
	for (r = rrset_first(srv, &c); r && c.position < NAMES_MAX;
	     r = rrset_next(&c))
		if (record_is_live(r, a->now_ms))
			ttl = answer_ttl(ttl, record_deadline_ms(r), a->now_ms);
	if (put_ptrs(a, owner, ttl) &&
	    put_names(a, owner, service, srv, ptr, ttl))
		return a->count[SECTION_ANSWER] > count;
	if (!a->tcp)
		answer_truncate(a);
	return true;
}

/* --- PTR by rules: instances are chosen, then named --- */

/* A PTR for each pick, in their order. */
static bool
put_picks(struct answer *a, struct owner owner, const struct gathering *g,
    struct names *seen, uint32_t ttl)
{
	const struct selection *s = &a->scratch->selection;

	for (size_t i = 0; i < s->count; i++) {
		const struct pick *p = &s->pick[i];
		const uint8_t *at;
		struct name name;

		if (p->item != ITEM_PLAIN)
			at = a->scratch->name[p->item]->rdata;
		else if (instances_name(g->service, p->record, &name))
			at = name.wire;
		else
			continue;
		if (is_new_name(seen, at) &&
		    !answer_put(a, SECTION_ANSWER, owner, TYPE_PTR, ttl, at,
			name_len(at)))
			return false;
	}
	return s->whole;
}

/* A name made of a plain SRV record is no loose one if that is not served. */
static void
pass_names(
    const struct answer *a, const struct gathering *g, struct names *seen)
{
	const struct rrset *srv = node_find(g->service, TYPE_SRV);
	struct rrset_cursor c;
	struct name name;

	for (struct record *r = srv ? rrset_first(srv, &c) : NULL;
	     r && c.position < NAMES_MAX; r = rrset_next(&c)) {
		const struct standing *st = rules_standing(a, r);

		if (st != NULL && st->served == SERVED_OUT &&
		    record_is_live(r, a->now_ms) &&
		    instances_name(g->service, r, &name))
			(void)is_new_name(seen, name.wire);
	}
}

/* PTR records that lead to no SRV are data as they stand. */
static bool
put_loose(struct answer *a, struct owner owner, const struct gathering *g,
    struct names *seen, uint32_t ttl)
{
	unsigned max = a->rules.shape->max_answers;
	struct rrset_cursor c;

	pass_names(a, g, seen);
	for (struct record *r = g->ptr ? rrset_first(g->ptr, &c) : NULL;
	     r && c.position < NAMES_MAX; r = rrset_next(&c)) {
		const struct node *n = instances_node(a, r);

		if (!record_is_live(r, a->now_ms) ||
		    (n && node_find(n, TYPE_SRV)) ||
		    !is_new_name(seen, r->rdata))
			continue;
		if (max != 0 && a->count[SECTION_ANSWER] >= max)
			break;
		if (!answer_put(a, SECTION_ANSWER, owner, TYPE_PTR, ttl,
			r->rdata, r->rdlen))
			return false;
	}
	return true;
}

/* One TTL for all, so that of the loose ones too (RFC 2181 5.2). */
static uint32_t
loose_ttl(const struct answer *a, const struct gathering *g, uint32_t ttl)
{
	struct rrset_cursor c;

	if (g->ptr == NULL)
		return ttl;
	ttl = ttl < g->ptr->ttl ? ttl : g->ptr->ttl;
	for (struct record *r = rrset_first(g->ptr, &c);
	     r && c.position < NAMES_MAX; r = rrset_next(&c))
		if (record_is_live(r, a->now_ms))
			ttl = answer_ttl(ttl, record_deadline_ms(r), a->now_ms);
	return ttl;
}

/* How many names are looked at for those. */
static size_t
loose_count(const struct gathering *g, bool loose)
{
	const struct rrset *srv = node_find(g->service, TYPE_SRV);
	size_t ptrs = g->ptr ? g->ptr->count : 0, srvs = srv ? srv->count : 0;

	if (!loose)
		return 0;
	return (ptrs < NAMES_MAX ? ptrs : NAMES_MAX) +
	       (srvs < NAMES_MAX ? srvs : NAMES_MAX);
}

/* Adds a PTR for each instance of a gathering that is served. */
static bool
answer_by_rules(
    struct answer *a, struct owner owner, struct gathering *g, bool loose)
{
	uint64_t slot[4 * SELECTION_MAX];
	struct names seen;
	unsigned count = a->count[SECTION_ANSWER];
	uint32_t ttl;

	g->named = true;
	if (g->max > SELECTION_MAX - NAMES_MAX) /* beside the loose ones */
		g->max = SELECTION_MAX - NAMES_MAX;
	ttl = loose_ttl(a, g, instances_select(a, g));
	seen = names_start(
	    slot, a->scratch->selection.count + loose_count(g, loose));
	if (put_picks(a, owner, g, &seen, ttl) &&
	    (!loose || put_loose(a, owner, g, &seen, ttl)))
		return a->count[SECTION_ANSWER] > count;
	rules_by_client(a);
	if (!a->tcp)
		answer_truncate(a);
	return true;
}

bool
names_answer_ptr(
    struct answer *a, struct owner owner, const struct node *service)
{
	struct gathering g;

	if (!a->special)
		return answer_plain(a, owner, service);
	g = instances_of(service, (a->w.cap - a->w.len) / PTR_LEAST);
	return answer_by_rules(a, owner, &g, true);
}

/* --- the DNS-SD instance of a plain SRV --- */

/* RFC 6763 6.1: a TXT record must be there, if only with an empty string. */
static const uint8_t txt_empty[] = {0};

static enum service_found
answer_instance(struct answer *a, struct owner owner,
    const struct node *service, const struct rrset *srv, struct record *r,
    uint16_t qtype)
{
	uint32_t ttl = answer_ttl(srv->ttl, record_deadline_ms(r), a->now_ms);
	struct selection *s = &a->scratch->selection;
	const struct rrset *txt;

	if (qtype == TYPE_SRV) {
		rules_begin(a, service, qtype);
		selection_begin(s);
		selection_add(s, r);
		if (a->special &&
		    !selection_apply(s, &a->rules, rules_standing(a, r)))
			return SERVICE_NODATA;
		answer_put_picks(a, owner, rules_cap_ttl(a, ttl));
		return SERVICE_ANSWERED;
	}
	if (qtype != TYPE_TXT)
		return SERVICE_NODATA;
	txt = instances_txt(a, service, r, NULL);
	if (!(txt ? answer_put_whole(a, SECTION_ANSWER, owner, txt, ttl)
		  : answer_put(a, SECTION_ANSWER, owner, TYPE_TXT, ttl,
			txt_empty, sizeof(txt_empty))))
		answer_truncate(a);
	return SERVICE_ANSWERED;
}

enum service_found
names_synthesise_instance(struct answer *a, struct owner owner,
    const struct name_key *key, const struct node *service, uint16_t qtype)
{
	const struct rrset *srv = node_find(service, TYPE_SRV);
	struct rrset_cursor c;
	struct name name;

	if (srv == NULL)
		return SERVICE_NONE;
	for (struct record *r = rrset_first(srv, &c);
	     r && c.position < NAMES_MAX; r = rrset_next(&c))
		if (record_is_live(r, a->now_ms) &&
		    instances_name(service, r, &name) &&
		    name_equal(name.wire, key->wire))
			return answer_instance(
			    a, owner, service, srv, r, qtype);
	return SERVICE_NONE;
}

/* --- subtypes --- */

bool
names_is_subtype(const uint8_t *name)
{
	return name[0] != 0 && service_label_is(name + name[0] + 1, "_sub");
}

/* The live service that is left of a name without its first labels. */
static const struct node *
service_below(
    const struct answer *a, const struct name_key *key, unsigned strip)
{
	const struct node *n;

	if (key->labels < strip + a->zone->info->labels)
		return NULL;
	n = tree_find(&a->zone->tree, key, strip);
	return n != NULL && (n->flags & NODE_SERVICE) != 0 &&
		       instances_exist(n, a->now_ms)
		   ? n
		   : NULL;
}

static bool
answer_gathering(struct answer *a, struct owner owner, struct gathering *g,
    bool loose, uint16_t qtype)
{
	const struct selection *s = &a->scratch->selection;
	uint32_t ttl;

	if (qtype == TYPE_PTR)
		return answer_by_rules(a, owner, g, loose);
	ttl = instances_select(a, g);
	if (s->count == 0)
		return false;
	answer_put_picks(a, owner, ttl);
	return true;
}

bool
names_answer_subtype(struct answer *a, struct owner owner,
    const struct node *service, const struct rrset *ptrs, uint16_t qtype)
{
	struct gathering g = {
	    .service = service, .ptr = ptrs, .max = SELECTION_MAX / 2};

	rules_begin(a, service, qtype);
	return answer_gathering(a, owner, &g, true, qtype);
}

/* Whether some instance has the label, served or not. */
static bool
is_label_there(struct answer *a, const struct gathering *g)
{
	struct gathering one = *g;

	rules_reset(a);
	one.max = 1;
	instances_gather(a, &one);
	return a->scratch->selection.count > 0;
}

enum service_found
names_synthesise_subtype(struct answer *a, struct owner owner,
    const struct name_key *key, const struct zone_walk *w, uint16_t qtype)
{
	const struct node *service;
	const struct rrset *ptrs;
	struct gathering g;

	if (service_label_is(key->wire, "_sub"))
		return service_below(a, key, 1) ? SERVICE_NODATA : SERVICE_NONE;
	if (!names_is_subtype(key->wire))
		return SERVICE_NONE;
	service = service_below(a, key, 2);
	if (service == NULL)
		return SERVICE_NONE;
	ptrs = w->node ? node_find_live(w->node, TYPE_PTR, a->now_ms) : NULL;
	if (ptrs != NULL)
		return names_answer_subtype(a, owner, service, ptrs, qtype)
			   ? SERVICE_ANSWERED
			   : SERVICE_NODATA;
	g = instances_of(service, SELECTION_MAX / 2);
	g.label = key->wire;
	if (service_merges(qtype)) {
		rules_begin(a, service, qtype);
		if (answer_gathering(a, owner, &g, false, qtype))
			return SERVICE_ANSWERED;
	}
	return is_label_there(a, &g) ? SERVICE_NODATA : SERVICE_NONE;
}

/* --- sites --- */

static const struct config_site *
find_site(const struct answer *a, const uint8_t *name)
{
	const struct config *config = a->settings->config;

	for (size_t i = 0; i < config->site_count; i++)
		if (service_label_is(name, config->site[i].name))
			return &config->site[i];
	return NULL;
}

static bool
knows_sites(const struct answer *a, const struct node *service)
{
	return service->ready != NULL &&
	       settings_shape(a->settings, service->ready->shape)->sites;
}

static bool
domain_knows_sites(const struct answer *a, const struct node *domain)
{
	const struct rrset *index = node_find(domain, INDEX_SERVICES);
	struct rrset_cursor c;

	for (struct record *r = index ? rrset_first(index, &c) : NULL;
	     r && c.position < SERVICES_MAX; r = rrset_next(&c)) {
		const struct node *service = instances_service(a, r);

		if (service != NULL && knows_sites(a, service))
			return true;
	}
	return false;
}

static enum service_found
answer_at_site(
    struct answer *a, struct owner owner, const struct node *n, uint16_t qtype)
{
	enum service_found found = SERVICE_NODATA;

	if ((n->flags & NODE_SERVICE) != 0) {
		if (service_merges(qtype))
			return service_answer_merged(a, owner, n, qtype)
				   ? SERVICE_ANSWERED
				   : SERVICE_NODATA;
		return qtype == TYPE_SVCB ? service_svcb(a, owner, n, qtype)
					  : SERVICE_NODATA;
	}
	if ((qtype == TYPE_A || qtype == TYPE_AAAA) && a->zone->info->addresses)
		found = addresses_synthesise(a, owner, n, qtype);
	else if (qtype == TYPE_HTTPS)
		found = service_https(a, owner, n);
	return found == SERVICE_NONE ? SERVICE_NODATA : found;
}

enum service_found
names_synthesise_site(struct answer *a, struct owner owner,
    const struct name_key *key, uint16_t qtype)
{
	const struct config_site *site = find_site(a, key->wire);
	const struct node *n;

	if (service_label_is(key->wire, "_site")) {
		n = service_below(a, key, 1);
		return n && knows_sites(a, n) ? SERVICE_NODATA : SERVICE_NONE;
	}
	if (site == NULL || key->labels < a->zone->info->labels + 1)
		return SERVICE_NONE;
	if (key->labels > 1 &&
	    service_label_is(key->wire + key->label[1], "_site"))
		n = service_below(a, key, 2);
	else if ((n = service_below(a, key, 1)) == NULL)
		n = tree_find(&a->zone->tree, key, 1);
	if (n == NULL ||
	    !((n->flags & NODE_SERVICE) != 0 ? knows_sites(a, n)
					     : domain_knows_sites(a, n)))
		return SERVICE_NONE;
	a->site = site;
	return answer_at_site(a, owner, n, qtype);
}
