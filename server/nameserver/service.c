/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/service.h"

#include <strings.h>

#include "server/nameserver/additional.h"
#include "server/nameserver/instances.h"
#include "server/nameserver/prepared.h"
#include "server/nameserver/service_svcb.h"

/* Instances looked at for a synthesised answer: more do not fit UDP, and a
 * client that wants all of them asks for SRV by TCP. */
#define VIEW_MAX 64
/* The least octets of an SRV record behind a pointer. */
#define SRV_LEAST (12 + 6 + 1)
/* The same for a PTR record; no more than SELECTION_MAX fit any message. */
#define PTR_LEAST (12 + 4)
/* Records looked at for names made of plain SRV records: a name that is not
 * there must not cost a walk through ten thousand. */
#define NAMES_MAX 1024
/* Services looked at for the addresses of their domain. */
#define SERVICES_MAX 256
/* Addresses in a synthesised answer. */
#define ADDRESSES_MAX 64

static bool
label_is(const uint8_t *name, const char *label)
{
	size_t len = strlen(label);

	return name[0] == len &&
	       strncasecmp((const char *)name + 1, label, len) == 0;
}

/* --- SRV and PTR at a service owner --- */

static bool
answer_srv(struct answer *a, struct owner owner, const struct node *service)
{
	const struct selection *s = &a->scratch->selection;
	size_t max = (a->w.cap - a->w.len) / SRV_LEAST;
	uint32_t ttl = instances_gather(
	    a, service, max < SELECTION_MAX / 2 ? max : SELECTION_MAX / 2);

	if (s->count == 0 && s->whole)
		return false;
	answer_put_picks(a, owner, ttl);
	return true;
}

/* Whether a name is new among those written so far; open addressing over
 * their hashes, at most half full. */
static bool
is_new_name(uint64_t seen[2 * NAMES_MAX], const struct name *name)
{
	uint64_t hash = name_hash(name->wire);
	size_t at = hash % (2 * NAMES_MAX);

	for (; seen[at] != 0; at = (at + 1) % (2 * NAMES_MAX))
		if (seen[at] == hash)
			return false;
	seen[at] = hash;
	return true;
}

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
	uint64_t seen[2 * NAMES_MAX] = {0};
	struct rrset_cursor c;
	struct record *r, *same;
	struct name name;

	for (r = rrset_first(srv, &c); r && c.position < NAMES_MAX;
	     r = rrset_next(&c)) {
		if (!record_is_live(r, a->now_ms) ||
		    !instances_name(service, r, &name) ||
		    !is_new_name(seen, &name))
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
answer_ptr(struct answer *a, struct owner owner, const struct node *service)
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

bool
service_answer_merged(struct answer *a, struct owner owner,
    const struct node *service, uint16_t qtype)
{
	const struct rrset *srv, *ptr;
	enum prepared prepared;

	/* Before anything of the RRsets themselves is touched. */
	if (qtype == TYPE_SRV && service->ready != NULL) {
		prepared = prepared_answer(a, owner, service->ready);
		if (prepared != PREPARED_LARGE)
			return prepared == PREPARED_DONE;
	}
	srv = node_find(service, TYPE_SRV);
	ptr = node_find(service, TYPE_PTR);
	if (qtype == TYPE_SRV)
		return ptr == NULL ? answer_put_selected(a, owner, srv)
				   : answer_srv(a, owner, service);
	return srv == NULL ? answer_put_selected(a, owner, ptr)
			   : answer_ptr(a, owner, service);
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
	const struct rrset *txt;

	if (qtype == TYPE_SRV) {
		struct selection *s = &a->scratch->selection;

		s->count = 0;
		selection_add(s, r);
		s->count = 1;
		s->whole = true;
		answer_put_picks(a, owner, ttl);
		return SERVICE_ANSWERED;
	}
	if (qtype != TYPE_TXT)
		return SERVICE_NODATA;
	txt = node_find_live(service, TYPE_TXT, a->now_ms);
	if (!(txt ? answer_put_whole(a, SECTION_ANSWER, owner, txt, ttl)
		  : answer_put(a, SECTION_ANSWER, owner, TYPE_TXT, ttl,
			txt_empty, sizeof(txt_empty))))
		answer_truncate(a);
	return SERVICE_ANSWERED;
}

static enum service_found
synthesise_instance(struct answer *a, struct owner owner,
    const struct name_key *key, const struct zone_walk *w, uint16_t qtype)
{
	const struct node *service = w->encloser;
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

/* --- browsing --- */

/* Entries of a browsing answer, as many as 64 KiB may hold, and entries looked
 * at for it: what has expired waits for the reaper. */
#define ENTRIES_MAX 4096
#define ENTRIES_LOOKED_AT 8192

/* When the last of what an index entry leads to will have ended; 0 if all of
 * it has, or it has not been looked for far enough. */
static int64_t
entry_deadline_ms(const struct answer *a, const struct rrset *index,
    const struct record *entry)
{
	const struct node *n;
	const struct rrset *services;
	struct rrset_cursor c;
	int64_t last = 0;

	if (index->type == INDEX_SERVICES) {
		n = instances_service(a, entry);
		return n ? instances_deadline_ms(n, a->now_ms) : 0;
	}
	n = tree_find_name(&a->zone->tree, name_hash(entry->rdata),
	    entry->rdata, entry->rdlen);
	services = n ? node_find(n, INDEX_SERVICES) : NULL;
	if (services == NULL)
		return 0;
	for (struct record *r = rrset_first(services, &c);
	     r && c.position < SERVICES_MAX; r = rrset_next(&c)) {
		int64_t one = entry_deadline_ms(a, services, r);

		last = one > last ? one : last;
	}
	return last;
}

/* A PTR for each entry of an index that leads to something live, with one TTL
 * that outlives none of them (promise 4). */
static bool
answer_index(struct answer *a, struct owner owner, const struct rrset *index)
{
	const struct record *live[ENTRIES_MAX];
	uint32_t ttl = a->zone->info->ttl;
	struct rrset_cursor c;
	size_t count = 0;

	for (struct record *r = rrset_first(index, &c);
	     r && c.position < ENTRIES_LOOKED_AT && count < ENTRIES_MAX;
	     r = rrset_next(&c)) {
		int64_t deadline_ms = entry_deadline_ms(a, index, r);

		if (deadline_ms <= a->now_ms)
			continue;
		ttl = answer_ttl(ttl, deadline_ms, a->now_ms);
		live[count++] = r;
	}
	for (size_t i = 0; i < count; i++) {
		if (answer_put(a, SECTION_ANSWER, owner, TYPE_PTR, ttl,
			live[i]->rdata, live[i]->rdlen))
			continue;
		if (!a->tcp)
			answer_truncate(a);
		break;
	}
	return count > 0;
}

/* Names that end in _dns-sd._udp.<domain>, or in _udp.<domain> on the way
 * there (RFC 6763 9, 11). */
static enum service_found
synthesise_browse(struct answer *a, struct owner owner,
    const struct name_key *key, const struct zone_walk *w, uint16_t qtype)
{
	unsigned up = w->encloser_strip, labels;
	const struct node *domain = w->encloser;
	const struct rrset *index;
	const uint8_t *first;

	/* The closest encloser may be _udp.<domain> itself, where UDP
	 * services are registered, or _dns-sd._udp.<domain>, where somebody
	 * has browse records of his own. */
	if (label_is(node_owner(domain), "_dns-sd") && up < key->labels)
		domain = tree_find(&a->zone->tree, key, ++up);
	if (domain != NULL && label_is(node_owner(domain), "_udp") &&
	    up < key->labels)
		domain = tree_find(&a->zone->tree, key, ++up);
	if (domain == NULL || key->labels - up < a->zone->info->labels ||
	    up == 0)
		return SERVICE_NONE;
	index = node_find(domain, INDEX_SERVICES);
	if (index == NULL && (domain->flags & NODE_APEX) != 0)
		index = node_find(domain, INDEX_DOMAINS);
	labels = up;
	if (index == NULL || labels > 3 ||
	    !label_is(key->wire + key->label[labels - 1], "_udp"))
		return SERVICE_NONE;
	if (labels == 1)
		return SERVICE_NODATA;
	if (!label_is(key->wire + key->label[labels - 2], "_dns-sd"))
		return SERVICE_NONE;
	if (labels == 2)
		return SERVICE_NODATA;
	first = key->wire;
	if (label_is(first, "_services"))
		index = node_find(domain, INDEX_SERVICES);
	else if (label_is(first, "b") || label_is(first, "lb"))
		index = node_find(domain, INDEX_DOMAINS);
	else
		return SERVICE_NONE;
	if (index == NULL)
		return SERVICE_NONE;
	if (qtype == TYPE_PTR && answer_index(a, owner, index))
		return SERVICE_ANSWERED;
	return SERVICE_NODATA;
}

/* --- addresses at the domain of services --- */

/* Address records collected for one answer. */
struct addresses {
	struct record *record[ADDRESSES_MAX];
	size_t count;
	uint32_t ttl;
};

static void
collect(struct addresses *to, const struct rrset *set, int64_t now_ms)
{
	struct rrset_cursor c;

	for (struct record *r = rrset_first(set, &c); r; r = rrset_next(&c)) {
		size_t i;

		if (!record_is_live(r, now_ms))
			continue;
		for (i = 0; i < to->count; i++)
			if (memcmp(to->record[i]->rdata, r->rdata, r->rdlen) ==
			    0)
				break;
		if (i < to->count || to->count == ADDRESSES_MAX)
			continue;
		to->record[to->count++] = r;
		to->ttl = answer_ttl(to->ttl < set->ttl ? to->ttl : set->ttl,
		    record_deadline_ms(r), now_ms);
	}
}

/* From the instances of one service: the best tier only, and weight 0 only if
 * there is nothing else (an instance with weight 0 is draining). */
static void
collect_service(struct answer *a, struct addresses *to,
    const struct node *service, uint16_t qtype)
{
	const struct selection *s = &a->scratch->selection;
	uint32_t ttl = instances_gather(a, service, VIEW_MAX);
	bool some = false;

	if (ttl < to->ttl && s->count > 0)
		to->ttl = ttl;
	for (size_t i = 0; i < s->count; i++) {
		const struct record *r = s->pick[i].record;
		const struct node *host;
		const struct rrset *set;

		if (record_priority(r) != record_priority(s->pick[0].record) ||
		    (record_weight(r) == 0 && some))
			break;
		host = additional_find(a, r->rdata + 6, r->target_hash);
		set = host ? node_find(host, qtype) : NULL;
		some = true;
		if (set != NULL)
			collect(to, set, a->now_ms);
	}
}

static bool
has_addresses_of_its_own(const struct node *n, int64_t now_ms)
{
	return node_find_live(n, TYPE_A, now_ms) ||
	       node_find_live(n, TYPE_AAAA, now_ms) ||
	       node_find_live(n, TYPE_CNAME, now_ms);
}

static enum service_found
synthesise_addresses(struct answer *a, struct owner owner,
    const struct node *domain, uint16_t qtype)
{
	const struct rrset *index = node_find(domain, INDEX_SERVICES);
	struct selection *s = &a->scratch->selection;
	struct addresses found = {.ttl = UINT32_MAX};
	struct rrset_cursor c;

	if (has_addresses_of_its_own(domain, a->now_ms))
		return SERVICE_NONE;
	for (struct record *r = rrset_first(index, &c);
	     r && c.position < SERVICES_MAX; r = rrset_next(&c)) {
		const struct node *service = instances_service(a, r);

		if (service != NULL)
			collect_service(a, &found, service, qtype);
		if (found.count == ADDRESSES_MAX)
			break;
	}
	if (found.count == 0)
		return SERVICE_NODATA;
	for (size_t i = 0; i < found.count; i++)
		s->pick[i].record = found.record[i];
	s->count = found.count;
	s->whole = true;
	answer_put_picks(a, owner, found.ttl);
	return SERVICE_ANSWERED;
}

enum service_found
service_synthesise(struct answer *a, struct owner owner,
    const struct name_key *key, const struct zone_walk *w, uint16_t qtype)
{
	const struct node *n = w->node;
	enum service_found found = SERVICE_NONE;

	if (n == NULL) {
		if (w->encloser_strip == 1 &&
		    (w->encloser->flags & NODE_SERVICE) != 0)
			found = synthesise_instance(a, owner, key, w, qtype);
		if (found == SERVICE_NONE)
			found = synthesise_browse(a, owner, key, w, qtype);
		return found;
	}
	if (qtype == TYPE_SVCB && (n->flags & NODE_SERVICE) != 0)
		return service_svcb(a, owner, n, qtype);
	if (node_find(n, INDEX_SERVICES) == NULL)
		return SERVICE_NONE;
	if (qtype == TYPE_HTTPS)
		return service_https(a, owner, key);
	if ((qtype == TYPE_A || qtype == TYPE_AAAA) && a->zone->info->addresses)
		return synthesise_addresses(a, owner, n, qtype);
	return SERVICE_NONE;
}
