/* update_model.h - RFC 2136 in the plainest way: an array of facts.
 *
 * What a registry holds after a number of messages, worked out without trees,
 * editions or indexes, for comparison with the real one.  Owners, types and
 * RDATA come from small tables, so that messages made at random meet.
 *
 * Threads:   none.
 * Ownership: plain values.
 * Units:     now_ms monotonic milliseconds, granted_s and ttl seconds.
 * Errors:    assert.
 * Standards: RFC 2136 3; RFC 2181 5.2.
 */
#ifndef TESTS_LIB_UPDATE_MODEL_H
#define TESTS_LIB_UPDATE_MODEL_H

#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "zones/dns/message.h"
#include "zones/dns/rdata.h"
#include "zones/rrset.h"
#include "zones/zone.h"

#define MODEL_ZONE_TTL 30
#define MODEL_LEASE_MIN 5
#define MODEL_LEASE_MAX 600
#define MODEL_KEY_LEASE_MAX 6000
#define MODEL_MAX_FACTS 4096
#define MODEL_MAX_ITEMS 8

/* --- the words --- */

static const char *const model_owner[] = {"z.", "a.z.", "b.a.z.", "c.b.a.z.",
    "*.a.z.", "h1.z.", "h2.z.", "_http._tcp.w.z.", "i1._http._tcp.w.z.", "w.z.",
    "_ipp._udp.z.", "d.z.", "x.d.z.", "n.z.", "_services._dns-sd._udp.z.",
    "elsewhere."};
#define MODEL_OWNERS (sizeof(model_owner) / sizeof(model_owner[0]))
#define MODEL_OUTSIDE (MODEL_OWNERS - 1)
#define MODEL_SERVICE 7 /* and its DNS-SD instance */

static const uint16_t model_type[] = {TYPE_A, TYPE_TXT, TYPE_SRV, TYPE_PTR,
    TYPE_CNAME, TYPE_NS, TYPE_DNAME, TYPE_AAAA, TYPE_MX, TYPE_KEY, 65280,
    TYPE_SOA};
#define MODEL_TYPES (sizeof(model_type) / sizeof(model_type[0]))
#define MODEL_SOA (MODEL_TYPES - 1)
#define MODEL_SRV 2

static inline struct name
model_name(const char *text)
{
	struct name name;

	assert(name_from_text(text, NULL, &name) == OK);
	return name;
}

static inline void
model_put_host(struct wire_writer *w, unsigned variant)
{
	char text[32];

	snprintf(text, sizeof(text), "h%u.z.", variant);
	wire_put_name_plain(w, model_name(text).wire);
}

/* The RDATA number variant of a type; returns its length.  The variant of an
 * SOA is its serial. */
static inline size_t
model_rdata(uint16_t type, uint32_t variant, uint8_t *buf, size_t cap)
{
	uint8_t v = (uint8_t)variant;
	struct wire_writer w;

	wire_writer_init(&w, buf, cap);
	switch (type) {
	case TYPE_A:
		wire_put_bytes(&w, (uint8_t[]){192, 0, 2, v}, 4);
		break;
	case TYPE_AAAA:
		wire_put_bytes(&w, (uint8_t[16]){0x20, 1, [15] = v}, 16);
		break;
	case TYPE_SRV:
		wire_put_u16(&w, v >> 6 & 1);
		wire_put_u16(&w, (v >> 7) * 10);
		wire_put_u16(&w, 80);
		model_put_host(&w, v & 63); /* two may share a host */
		break;
	case TYPE_PTR:
		wire_put_name_plain(&w, model_name("i1._http._tcp.w.z.").wire);
		if (v != 0) {
			w.len = 0;
			model_put_host(&w, v);
		}
		break;
	case TYPE_MX:
		wire_put_u16(&w, v);
		model_put_host(&w, v);
		break;
	case TYPE_CNAME:
	case TYPE_NS:
	case TYPE_DNAME:
		model_put_host(&w, v);
		break;
	case TYPE_KEY:
		wire_put_bytes(&w, (uint8_t[]){0, 0, 3, 8, v}, 5);
		break;
	case TYPE_SOA:
		model_put_host(&w, 1);
		model_put_host(&w, 2);
		wire_put_u32(&w, variant);
		wire_put_bytes(&w, (uint8_t[16]){[15] = 9}, 16);
		break;
	default: /* TXT, and what nobody knows */
		wire_put_bytes(&w, (uint8_t[]){1, v}, 2);
		break;
	}
	assert(!w.failed);
	return w.len;
}

/* --- messages --- */

enum model_kind {
	/* prerequisites, RFC 2136 2.4 */
	WANT_SET,
	WANT_VALUE,
	WANT_NO_SET,
	WANT_NAME,
	WANT_NO_NAME,
	/* updates, RFC 2136 2.5 */
	DO_ADD,
	DO_REMOVE,
	DO_REMOVE_SET,
	DO_REMOVE_NAME,
};

/* One record, or `count` records with successive variants. */
struct model_item {
	enum model_kind kind;
	uint8_t owner;
	uint8_t type;
	uint32_t variant;
	uint8_t count;
	uint32_t ttl;
};

struct model_message {
	uint32_t id;
	bool done;
	struct model_item item[MODEL_MAX_ITEMS];
	unsigned items;
	unsigned lease_len; /* 0, 4 or 8 */
	uint32_t lease_s;
	uint32_t key_lease_s;
};

/* --- state --- */

struct model_fact {
	uint8_t owner;
	uint8_t type;
	uint8_t variant;
	bool is_static;
	bool touched; /* the message has added it */
	unsigned pending; /* batch that will start its lease anew; 0: none */
	uint32_t granted_s;
	int64_t low_ms; /* pending: the deadline if it were at once */
	int64_t min_ms; /* the deadline lies from here */
	int64_t max_ms; /* to here */
};

struct model {
	struct model_fact fact[MODEL_MAX_FACTS];
	size_t facts;
	uint32_t ttl[MODEL_OWNERS][MODEL_TYPES];
	uint32_t serial; /* of the SOA, as far as messages set it */
	bool changed; /* by the last message */
	bool from_ttl; /* leases come from the TTL, else there is none */
	unsigned batch; /* number of the open batch */
};

static inline bool
model_is_live(const struct model_fact *f, int64_t now_ms)
{
	return f->max_ms > now_ms;
}

/* Forgets what has expired: that equals deleted. */
static inline void
model_expire(struct model *m, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->facts; i++)
		if (model_is_live(&m->fact[i], now_ms))
			m->fact[kept++] = m->fact[i];
	m->facts = kept;
}

static inline struct model_fact *
model_find(struct model *m, unsigned owner, unsigned type, uint32_t variant)
{
	for (size_t i = 0; i < m->facts; i++)
		if (m->fact[i].owner == owner && m->fact[i].type == type &&
		    m->fact[i].variant == (uint8_t)variant)
			return &m->fact[i];
	return NULL;
}

/* How many records a set, or with type MODEL_TYPES a name, has; the SOA is
 * not among the facts. */
static inline size_t
model_count(const struct model *m, unsigned owner, unsigned type)
{
	size_t count = owner == 0 && type >= MODEL_SOA;

	for (size_t i = 0; i < m->facts; i++)
		if (m->fact[i].owner == owner &&
		    (type == MODEL_TYPES || m->fact[i].type == type))
			count++;
	return count;
}

static inline void
model_drop(struct model *m, struct model_fact *f)
{
	*f = m->fact[--m->facts];
	m->changed = true;
}

/* Drops a set, or with type MODEL_TYPES a name but for its NS if it is the
 * apex. */
static inline void
model_drop_set(struct model *m, unsigned owner, unsigned type)
{
	for (size_t i = 0; i < m->facts;) {
		struct model_fact *f = &m->fact[i];

		if (f->owner == owner &&
		    (type == MODEL_TYPES || f->type == type) &&
		    !(owner == 0 && model_type[f->type] == TYPE_NS))
			model_drop(m, f);
		else
			i++;
	}
}

/* --- RFC 2136 3.2 --- */

static inline bool
model_values_match(struct model *m, const struct model_message *msg, size_t at)
{
	const struct model_item *first = &msg->item[at];
	size_t distinct = 0;
	bool wanted[256] = {false};

	for (unsigned i = 0; i < msg->items; i++) {
		const struct model_item *it = &msg->item[i];

		if (it->kind != WANT_VALUE || it->owner != first->owner ||
		    it->type != first->type)
			continue;
		for (unsigned k = 0; k < it->count; k++)
			wanted[(uint8_t)(it->variant + k)] = true;
	}
	for (unsigned v = 0; v < 256; v++) {
		distinct += wanted[v];
		if (wanted[v] && !model_find(m, first->owner, first->type, v))
			return false;
	}
	return distinct == model_count(m, first->owner, first->type);
}

static inline enum rcode
model_check(struct model *m, const struct model_message *msg)
{
	for (unsigned i = 0; i < msg->items; i++) {
		const struct model_item *it = &msg->item[i];
		bool set = model_count(m, it->owner, it->type) > 0;
		bool name = model_count(m, it->owner, MODEL_TYPES) > 0;

		if (it->kind > WANT_NO_NAME)
			continue;
		if (it->owner == MODEL_OUTSIDE)
			return RCODE_NOTZONE;
		if (it->kind == WANT_SET && !set)
			return RCODE_NXRRSET;
		if (it->kind == WANT_NO_SET && set)
			return RCODE_YXRRSET;
		if (it->kind == WANT_NAME && !name)
			return RCODE_NXDOMAIN;
		if (it->kind == WANT_NO_NAME && name)
			return RCODE_YXDOMAIN;
	}
	for (unsigned i = 0; i < msg->items; i++)
		if (msg->item[i].kind == WANT_VALUE &&
		    !model_values_match(m, msg, i))
			return RCODE_NXRRSET;
	return RCODE_NOERROR;
}

/* --- RFC 2136 3.4.2 --- */

static inline uint32_t
model_clamp(uint32_t value, uint32_t max)
{
	if (value < MODEL_LEASE_MIN)
		return MODEL_LEASE_MIN;
	return value > max ? max : value;
}

static inline uint32_t
model_grant(const struct model *m, const struct model_message *msg,
    unsigned owner, uint16_t type, uint32_t ttl)
{
	if (owner == 0 && type == TYPE_NS)
		return 0; /* the apex's NS never carry a lease */
	if (msg->lease_len == 8 && type == TYPE_KEY)
		return model_clamp(msg->key_lease_s, MODEL_KEY_LEASE_MAX);
	if (msg->lease_len > 0)
		return model_clamp(msg->lease_s, MODEL_LEASE_MAX);
	return m->from_ttl ? model_clamp(ttl, MODEL_LEASE_MAX) : 0;
}

static inline int64_t
model_deadline(uint32_t granted_s, int64_t now_ms)
{
	return granted_s ? now_ms + (int64_t)granted_s * 1000 : DEADLINE_NONE;
}

static inline bool
model_conflicts(const struct model *m, unsigned owner, uint16_t type)
{
	for (size_t i = 0; i < m->facts; i++) {
		uint16_t there = model_type[m->fact[i].type];

		if (m->fact[i].owner != owner || type == TYPE_KEY)
			continue;
		if ((type == TYPE_CNAME) != (there == TYPE_CNAME) &&
		    there != TYPE_KEY)
			return true;
	}
	return type == TYPE_CNAME && owner == 0;
}

static inline void
model_renew(
    struct model *m, struct model_fact *f, uint32_t granted_s, int64_t now_ms)
{
	f->touched = true;
	if (f->is_static)
		return;
	if (f->pending != 0 || f->granted_s != granted_s) {
		f->pending = m->batch;
		f->low_ms = model_deadline(granted_s, now_ms);
	} else {
		f->min_ms = f->max_ms = model_deadline(granted_s, now_ms);
	}
	f->granted_s = granted_s;
}

static inline void
model_add(struct model *m, const struct model_message *msg,
    const struct model_item *it, uint32_t variant, int64_t now_ms)
{
	uint16_t type = model_type[it->type];
	uint32_t ttl = it->ttl ? it->ttl : MODEL_ZONE_TTL, granted_s;
	struct model_fact *f;

	if (type == TYPE_SOA) {
		m->serial = it->owner == 0 ? variant : m->serial;
		return;
	}
	if (model_conflicts(m, it->owner, type))
		return;
	granted_s = model_grant(m, msg, it->owner, type, ttl);
	f = model_find(m, it->owner, it->type, variant);
	if (f == NULL && (type == TYPE_CNAME || type == TYPE_DNAME))
		model_drop_set(m, it->owner, it->type);
	m->ttl[it->owner][it->type] = ttl;
	if (f != NULL) {
		model_renew(m, f, granted_s, now_ms);
		return;
	}
	assert(m->facts < MODEL_MAX_FACTS);
	m->fact[m->facts++] = (struct model_fact){.owner = it->owner,
	    .type = it->type,
	    .variant = (uint8_t)variant,
	    .touched = true,
	    .pending = granted_s ? m->batch : 0,
	    .granted_s = granted_s,
	    .low_ms = model_deadline(granted_s, now_ms),
	    .min_ms = DEADLINE_NONE,
	    .max_ms = DEADLINE_NONE};
}

static inline void
model_remove(struct model *m, const struct model_item *it, uint32_t variant)
{
	struct model_fact *f = model_find(m, it->owner, it->type, variant);

	if (f == NULL || (it->owner == 0 && model_type[it->type] == TYPE_NS &&
			     model_count(m, 0, it->type) == 1))
		return;
	model_drop(m, f);
}

static inline void
model_do(struct model *m, const struct model_message *msg,
    const struct model_item *it, int64_t now_ms)
{
	if (it->kind == DO_REMOVE_SET)
		model_drop_set(m, it->owner, it->type);
	if (it->kind == DO_REMOVE_NAME)
		model_drop_set(m, it->owner, MODEL_TYPES);
	for (unsigned k = 0; k < it->count; k++) {
		if (it->kind == DO_ADD)
			model_add(m, msg, it, it->variant + k, now_ms);
		if (it->kind == DO_REMOVE)
			model_remove(m, it, it->variant + k);
	}
}

/* A record that the message deleted and added again was there all along: it
 * keeps being static, and its lease is renewed. */
static inline void
model_resurrect(struct model *m, const struct model *before, int64_t now_ms)
{
	struct model_fact f;

	for (size_t i = 0; i < before->facts; i++) {
		const struct model_fact *was = &before->fact[i];
		struct model_fact *is =
		    model_find(m, was->owner, was->type, was->variant);

		if (is == NULL || !is->touched)
			continue;
		f = *was;
		/* It may have had other lengths in between. */
		if (is->pending == m->batch && !f.is_static)
			f.pending = m->batch;
		model_renew(m, &f, is->granted_s, now_ms);
		*is = f;
	}
}

/* Runs a message.  The facts must not have expired. */
static inline enum rcode
model_run(struct model *m, const struct model_message *msg, int64_t now_ms)
{
	static struct model before;
	enum rcode rcode = model_check(m, msg);

	if (rcode != RCODE_NOERROR)
		return rcode;
	for (unsigned i = 0; i < msg->items; i++)
		if (msg->item[i].kind >= DO_ADD &&
		    msg->item[i].owner == MODEL_OUTSIDE)
			return RCODE_NOTZONE;
	for (size_t i = 0; i < m->facts; i++)
		m->fact[i].touched = false;
	before = *m;
	for (unsigned i = 0; i < msg->items; i++)
		if (msg->item[i].kind >= DO_ADD)
			model_do(m, msg, &msg->item[i], now_ms);
	model_resurrect(m, &before, now_ms);
	return RCODE_NOERROR;
}

/* A batch was published: its leases start. */
static inline void
model_publish(struct model *m, unsigned batch, int64_t now_ms)
{
	for (size_t i = 0; i < m->facts; i++) {
		struct model_fact *f = &m->fact[i];

		if (f->pending != batch)
			continue;
		f->pending = 0;
		f->min_ms = f->low_ms;
		f->max_ms = model_deadline(f->granted_s, now_ms);
	}
}

/* Started again: each lease runs its full length (promise 6). */
static inline void
model_restart(struct model *m, int64_t now_ms)
{
	for (size_t i = 0; i < m->facts; i++)
		m->fact[i].min_ms = m->fact[i].max_ms =
		    model_deadline(m->fact[i].granted_s, now_ms);
}

/* --- real records --- */

static inline void
model_fact_key(const struct model_fact *f, struct name_key *key)
{
	struct name name = model_name(model_owner[f->owner]);

	name_key_init(key, name.wire);
}

static inline struct record *
model_real_record(
    const struct zone *z, const struct model_fact *f, struct rrset **set)
{
	uint8_t rdata[300];
	struct name_key key;
	struct node *n;
	size_t len =
	    model_rdata(model_type[f->type], f->variant, rdata, sizeof(rdata));

	model_fact_key(f, &key);
	n = tree_find(&z->tree, &key, 0);
	*set = n ? node_find(n, model_type[f->type]) : NULL;
	return *set ? rrset_find(*set, rdata, len) : NULL;
}

/* Which fact a record is, be it among those of the model or not. */
static inline bool
model_fact_of(const struct lease *l, struct model_fact *f)
{
	const struct record *r = lease_record(l);
	uint8_t rdata[300];

	for (unsigned i = 0; i < MODEL_OWNERS * MODEL_TYPES * 256; i++) {
		f->owner = (uint8_t)(i / 256 / MODEL_TYPES);
		f->type = (uint8_t)(i / 256 % MODEL_TYPES);
		f->variant = (uint8_t)i;
		if (model_type[f->type] != r->type ||
		    name_hash(model_name(model_owner[f->owner]).wire) !=
			l->owner_hash)
			i |= 255; /* none of that set */
		else if (model_rdata(r->type, f->variant, rdata,
			     sizeof(rdata)) == r->rdlen &&
			 memcmp(rdata, r->rdata, r->rdlen) == 0)
			return true;
	}
	return false;
}

#endif
