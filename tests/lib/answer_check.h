/* answer_check.h - whether an answer keeps to what services' standings say,
 * found out the slow way: no instance that is not served, in whichever view;
 * no TTL that outlives what is known; no record twice; SRV records by
 * priority, those that drain last.
 *
 * Threads:   none.
 * Ownership: looks only.
 * Units:     now_ms monotonic milliseconds.
 * Errors:    assert.
 */
#ifndef TESTS_LIB_ANSWER_CHECK_H
#define TESTS_LIB_ANSWER_CHECK_H

#undef NDEBUG
#include <assert.h>
#include <stdio.h>

#include "server/nameserver/instances.h"
#include "zones/dns/message.h"
#include "server/nameserver/settings.h"
#include "zones/ready.h"

#define ANSWER_CHECK_SLOTS 32768
#define ANSWER_CHECK_GUARD_S 5

struct answer_check {
	const struct zone *zone;
	const struct settings *settings;
	int64_t now_ms;
	/* the SRV record before this one */
	uint8_t owner[NAME_MAX_LEN];
	uint16_t priority, weight;
	bool srv;
	/* records by their hash */
	uint64_t seen[ANSWER_CHECK_SLOTS];
};

static inline const struct node *
answer_check_node(const struct zone *z, const uint8_t *name)
{
	return tree_find_name(&z->tree, name_hash(name), name, name_len(name));
}

/* The service that a name is, or is below of; NULL if there is none. */
static inline const struct node *
answer_check_service(const struct zone *z, const uint8_t *name)
{
	for (; *name != 0; name = name_strip(name, 1)) {
		const struct node *n = answer_check_node(z, name);

		if (n != NULL && (n->flags & NODE_SERVICE) != 0)
			return n;
	}
	return NULL;
}

static inline const struct standing *
answer_check_standing(
    const struct node *service, const uint8_t *target, uint16_t port)
{
	return service->ready == NULL
		   ? NULL
		   : standings_find(service->ready->standings,
			 standing_key(name_hash(target), port));
}

/* The largest TTL that an answer may have for an instance, whose standing
 * overrides the shape. */
static inline uint32_t
answer_check_cap(const struct answer_check *k, const struct node *service,
    const struct standing *st)
{
	const struct shape *shape;
	uint32_t cap = UINT32_MAX;

	if (service->ready == NULL)
		return cap;
	shape = settings_shape(k->settings, service->ready->shape);
	if (shape->ttl_max_s != 0)
		cap = shape->ttl_max_s;
	if (st != NULL && st->ttl_max_s != 0)
		cap = st->ttl_max_s;
	if (service->ready->condition == CONDITION_GUARD &&
	    cap > ANSWER_CHECK_GUARD_S)
		cap = ANSWER_CHECK_GUARD_S;
	if (st != NULL && st->until_ms != INT64_MAX) {
		int64_t left_s = (st->until_ms - k->now_ms) / 1000;

		if (left_s < (int64_t)cap)
			cap = left_s < 0 ? 0 : (uint32_t)left_s;
	}
	return cap;
}

/* --- each view --- */

static inline void
answer_check_srv(struct answer_check *k, const uint8_t *owner, uint32_t ttl,
    const uint8_t *rdata)
{
	const struct node *service = answer_check_service(k->zone, owner);
	uint16_t priority = wire_load_u16(rdata);
	uint16_t weight = wire_load_u16(rdata + 2);
	const struct standing *st;

	if (service == NULL)
		return;
	st =
	    answer_check_standing(service, rdata + 6, wire_load_u16(rdata + 4));
	assert(st == NULL || st->served != SERVED_OUT);
	assert(st == NULL || st->served != SERVED_DRAIN || weight == 0);
	assert(ttl <= answer_check_cap(k, service, st));
	if (k->srv && name_equal(k->owner, owner)) {
		assert(k->priority <= priority);
		assert(k->priority < priority || k->weight > 0 || weight == 0);
	}
	memcpy(k->owner, owner, name_len(owner));
	k->srv = true;
	k->priority = priority;
	k->weight = weight;
}

/* Whether a set has a live SRV record that is served; *any: one at all.  With
 * a name only those that it is made of. */
static inline bool
answer_check_set(const struct answer_check *k, const struct node *service,
    const struct rrset *set, const uint8_t *name, bool *any)
{
	struct rrset_cursor c;
	struct name made;
	bool served = false;

	for (struct record *r = set ? rrset_first(set, &c) : NULL; r;
	     r = rrset_next(&c)) {
		const struct standing *st = answer_check_standing(
		    service, r->rdata + 6, wire_load_u16(r->rdata + 4));

		if (!record_is_live(r, k->now_ms) ||
		    (name != NULL && (!instances_name(service, r, &made) ||
					 !name_equal(made.wire, name))))
			continue;
		*any = true;
		if (st == NULL || st->served != SERVED_OUT)
			served = true;
	}
	return served;
}

static inline void
answer_check_ptr(const struct answer_check *k, const uint8_t *owner,
    uint32_t ttl, const uint8_t *name)
{
	const struct node *service = answer_check_service(k->zone, owner), *n;
	const struct rrset *set;
	bool any = false, served;

	if (service == NULL || *name == 0 ||
	    !name_equal(name_strip(name, 1), node_owner(service)))
		return;
	assert(service->ready == NULL ||
	       service->ready->condition != CONDITION_GUARD ||
	       ttl <= ANSWER_CHECK_GUARD_S);
	n = answer_check_node(k->zone, name);
	set = n ? node_find(n, TYPE_SRV) : NULL;
	served = answer_check_set(k, service, set, NULL, &any);
	if (set == NULL)
		served = answer_check_set(
		    k, service, node_find(service, TYPE_SRV), name, &any);
	assert(!any || served);
}

static inline void
answer_check_svcb(const struct answer_check *k, const uint8_t *owner,
    uint16_t type, uint32_t ttl, const uint8_t *rdata)
{
	const struct node *service = answer_check_service(k->zone, owner);
	const uint8_t *param = rdata + 2 + name_len(rdata + 2);
	const struct standing *st;
	struct name name;

	if (type == TYPE_HTTPS) {
		static const char text[] = "\6_https\4_tcp";
		size_t len = sizeof(text) - 1;

		if (answer_check_node(k->zone, owner) == NULL)
			owner = name_strip(owner, 1); /* a site's */
		memcpy(name.wire, text, len);
		memcpy(name.wire + len, owner, name_len(owner));
		service = answer_check_node(k->zone, name.wire);
	}
	/* Registered ones are data: they need not have a port. */
	if (service == NULL || wire_load_u16(param) != 3)
		return;
	st =
	    answer_check_standing(service, rdata + 2, wire_load_u16(param + 4));
	assert(st == NULL || st->served != SERVED_OUT);
	assert(ttl <= answer_check_cap(k, service, st));
}

/* Whether an SRV record leads to an address, served; *cap: to the largest TTL
 * that it may have then. */
static inline bool
answer_check_leads(const struct answer_check *k, const struct node *service,
    const struct record *srv, uint16_t type, const uint8_t *rdata, size_t len,
    uint32_t *cap)
{
	const struct node *host = answer_check_node(k->zone, srv->rdata + 6);
	const struct rrset *set = host ? node_find(host, type) : NULL;
	const struct standing *st = answer_check_standing(
	    service, srv->rdata + 6, wire_load_u16(srv->rdata + 4));
	const struct record *r = set ? rrset_find(set, rdata, len) : NULL;
	uint32_t own = answer_check_cap(k, service, st);

	if (!record_is_live(srv, k->now_ms) || r == NULL ||
	    !record_is_live(r, k->now_ms) ||
	    (st != NULL && st->served != SERVED_UP))
		return false;
	if (own > *cap)
		*cap = own;
	return true;
}

static inline bool
answer_check_below(const struct answer_check *k, const struct node *service,
    uint16_t type, const uint8_t *rdata, size_t len, uint32_t *cap)
{
	const struct rrset *set = node_find(service, TYPE_SRV);
	const struct rrset *ptrs = node_find(service, TYPE_PTR);
	struct rrset_cursor c, d;
	bool leads = false;

	for (struct record *r = set ? rrset_first(set, &c) : NULL; r;
	     r = rrset_next(&c))
		leads |=
		    answer_check_leads(k, service, r, type, rdata, len, cap);
	for (struct record *ptr = ptrs ? rrset_first(ptrs, &c) : NULL; ptr;
	     ptr = rrset_next(&c)) {
		const struct node *n = answer_check_node(k->zone, ptr->rdata);

		set = n ? node_find(n, TYPE_SRV) : NULL;
		for (struct record *r = set ? rrset_first(set, &d) : NULL; r;
		     r = rrset_next(&d))
			leads |= answer_check_leads(
			    k, service, r, type, rdata, len, cap);
	}
	return leads;
}

/* Addresses of a domain that has none of its own. */
static inline void
answer_check_address(const struct answer_check *k, const uint8_t *owner,
    uint32_t ttl, uint16_t type, const uint8_t *rdata, size_t len)
{
	const struct node *n = answer_check_node(k->zone, owner);
	const struct rrset *index;
	struct rrset_cursor c;
	uint32_t cap = 0;
	bool leads = false;

	if (n == NULL && *owner != 0) /* of a site */
		n = answer_check_node(k->zone, name_strip(owner, 1));
	index = n ? node_find(n, INDEX_SERVICES) : NULL;
	if (index == NULL || node_find_live(n, TYPE_A, k->now_ms) ||
	    node_find_live(n, TYPE_AAAA, k->now_ms))
		return;
	for (struct record *r = rrset_first(index, &c); r; r = rrset_next(&c))
		leads |=
		    answer_check_below(k, answer_check_node(k->zone, r->rdata),
			type, rdata, len, &cap);
	assert(leads);
	assert(ttl <= cap);
}

/* --- a message --- */

static inline void
answer_check_twice(struct answer_check *k, const uint8_t *owner, uint16_t type,
    const uint8_t *rdata, size_t len)
{
	uint64_t h = name_hash(owner) + type;
	size_t at;

	for (size_t i = 0; i < len; i++)
		h = (h ^ rdata[i]) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 32) | 1;
	at = h >> 8 & (ANSWER_CHECK_SLOTS - 1);
	for (; k->seen[at] != 0; at = (at + 1) & (ANSWER_CHECK_SLOTS - 1))
		assert(k->seen[at] != h);
	k->seen[at] = h;
}

static inline void
answer_check_record(
    struct answer_check *k, struct message_rr *rr, bool is_answer)
{
	static uint8_t rdata[RDATA_MAX_LEN];
	const struct name owner = rr->owner;
	size_t len;

	if (rr->type == TYPE_OPT || rr->type == TYPE_TSIG)
		return;
	assert(rdata_read(&rr->rdata, rr->type, rr->rdlength, rdata, &len));
	answer_check_twice(k, owner.wire, rr->type, rdata, len);
	if (!is_answer || rr->class != CLASS_IN)
		return;
	if (rr->type == TYPE_SRV)
		answer_check_srv(k, owner.wire, rr->ttl, rdata);
	else if (rr->type == TYPE_PTR)
		answer_check_ptr(k, owner.wire, rr->ttl, rdata);
	else if (rr->type == TYPE_SVCB || rr->type == TYPE_HTTPS)
		answer_check_svcb(k, owner.wire, rr->type, rr->ttl, rdata);
	else if (rr->type == TYPE_A || rr->type == TYPE_AAAA)
		answer_check_address(
		    k, owner.wire, rr->ttl, rr->type, rdata, len);
}

static inline void
answer_check(const struct message *a, const struct zone *z,
    const struct settings *settings, int64_t now_ms)
{
	static struct answer_check k;

	memset(&k, 0, sizeof(k));
	k.zone = z;
	k.settings = settings;
	k.now_ms = now_ms;
	for (int i = SECTION_ANSWER; i <= SECTION_ADDITIONAL; i++) {
		struct message_cursor c = message_section(a, i);
		struct message_rr rr;

		while (message_rr_next(&c, &rr))
			answer_check_record(&k, &rr, i == SECTION_ANSWER);
	}
}

#endif
