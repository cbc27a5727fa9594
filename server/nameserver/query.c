/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/query.h"

#include "server/nameserver/additional.h"
#include "server/nameserver/pointers.h"
#include "server/nameserver/rules.h"
#include "server/nameserver/service.h"
#include "server/nameserver/settings.h"

/* The negative TTL below a known service: a new instance must be seen soon
 * (coredns issue 2434), while other names may be cached longer. */
#define NEGATIVE_TTL_SERVICE 1

struct query {
	struct answer *a;
	uint16_t qtype;
	struct owner
	    owner; /* of the records to add: the name being looked up */
	const struct name_key *key; /* the same, for looking */
	struct name_key made; /* the key of a name further down the chain */
	struct name target; /* where the last CNAME led */
	struct zone_walk walk;
	struct chain *chain;
	const struct node *dname[QUERY_CHAIN_MAX]; /* that it went through */
	unsigned dnames;
	struct query_result result;
};

enum step {
	STEP_DONE,
	STEP_NEXT, /* look query->target up */
};

/* Whether the name is about services, so that an instance may come any
 * moment. */
static bool
is_near_service(const struct query *q)
{
	const struct node *n = q->walk.encloser;

	return (n->flags & NODE_SERVICE) != 0 ||
	       (n->name_len > 1 && node_owner(n)[1] == '_') ||
	       ((n->flags & NODE_APEX) == 0 && node_find(n, INDEX_SERVICES));
}

bool
chain_follow(struct chain *chain, uint64_t from, uint64_t to)
{
	chain->asked[chain->length] = from;
	for (unsigned i = 0; i <= chain->length; i++)
		if (chain->asked[i] == to)
			return false;
	return ++chain->length < QUERY_CHAIN_MAX;
}

static enum step
negative(struct query *q, enum rcode rcode)
{
	uint32_t ttl = q->a->zone->info->negative_ttl;
	const struct rrset *soa = node_find(q->a->zone->apex, TYPE_SOA);
	const struct record *r = rrset_at(soa, 0);
	uint32_t minimum = wire_load_u32(r->rdata + r->rdlen - 4);

	if (is_near_service(q) && ttl > NEGATIVE_TTL_SERVICE)
		ttl = NEGATIVE_TTL_SERVICE;
	if (ttl > minimum)
		ttl = minimum; /* RFC 2308 3 */
	answer_put_soa(q->a, ttl);
	q->result.rcode = rcode;
	return STEP_DONE;
}

/* Where the RDATA of a CNAME written last may be pointed at: it was perhaps
 * compressed, so as a rule nowhere. */
static enum step
follow(struct query *q, const uint8_t *target)
{
	if (!chain_follow(q->chain, q->key->hash[0], name_hash(target)))
		return STEP_DONE;
	name_set(&q->target, target);
	q->owner = owner_of(q->target.wire);
	return STEP_NEXT;
}

static enum step
answer_cname(struct query *q, const struct rrset *set)
{
	const struct record *r = NULL;
	struct rrset_cursor c;

	for (r = rrset_first(set, &c); r; r = rrset_next(&c))
		if (record_is_live(r, q->a->now_ms))
			break;
	if (r == NULL) /* the writer has shortened its lease this instant */
		r = rrset_at(set, 0);
	if (!answer_put(q->a, SECTION_ANSWER, q->owner, TYPE_CNAME,
		answer_ttl(set->ttl, record_deadline_ms(r), q->a->now_ms),
		r->rdata, r->rdlen)) {
		answer_truncate(q->a);
		return STEP_DONE;
	}
	return follow(q, r->rdata);
}

/* A chain may come through a DNAME again; it is told once (RFC 2181 5). */
static bool
put_dname(struct query *q, const struct rrset *set)
{
	const struct node *n = q->walk.cut;

	for (unsigned i = 0; i < q->dnames; i++)
		if (q->dname[i] == n)
			return true;
	q->dname[q->dnames++] = n;
	return answer_put_whole(
	    q->a, SECTION_ANSWER, owner_of(node_owner(n)), set, UINT32_MAX);
}

/* RFC 6672 3: the DNAME itself, and a CNAME made from it; YXDOMAIN if the new
 * name is too long. */
static enum step
answer_dname(struct query *q)
{
	struct answer *a = q->a;
	const struct rrset *set = node_find(q->walk.cut, TYPE_DNAME);
	const struct record *r = rrset_at(set, 0);
	struct name made;
	size_t prefix = q->key->label[q->walk.cut_strip];

	if (!put_dname(q, set)) {
		answer_truncate(a);
		return STEP_DONE;
	}
	if (prefix + r->rdlen > NAME_MAX_LEN) {
		q->result.rcode = RCODE_YXDOMAIN;
		return STEP_DONE;
	}
	/* The labels in front keep the case in which they were asked for. */
	memcpy(made.wire, q->owner.name, prefix);
	memcpy(made.wire + prefix, r->rdata, r->rdlen);
	if (!answer_put(a, SECTION_ANSWER, q->owner, TYPE_CNAME,
		answer_ttl(set->ttl, record_deadline_ms(r), a->now_ms),
		made.wire, prefix + r->rdlen)) {
		answer_truncate(a);
		return STEP_DONE;
	}
	/* The CNAME that was made is what was asked for (RFC 1034 3.6.2). */
	if (q->qtype == TYPE_CNAME)
		return STEP_DONE;
	return follow(q, made.wire);
}

/* Whether a server of the delegation, as noted from number from on, lies inside
 * of what is delegated, so that nobody finds it without glue. */
static bool
needs_glue(const struct answer *a, size_t from, const struct node *cut)
{
	for (size_t i = from; i < a->targets; i++)
		if (name_is_in(
			a->scratch->target[i].owner.name, node_owner(cut)))
			return true;
	return false;
}

/* RFC 1034 4.3.2 step 3b.  Glue inside of what is delegated must come along
 * whole, or TC be set (RFC 9471 3.1); other glue as far as there is room.  AA
 * says something only if a chain led here. */
static enum step
answer_referral(struct query *q)
{
	struct answer *a = q->a;
	const struct node *cut = q->walk.cut;
	const struct rrset *ns = node_find(cut, TYPE_NS);
	size_t noted = a->targets;
	unsigned glue;

	if (q->chain->length == 0)
		q->result.authoritative = false;
	if (!answer_put_whole(a, SECTION_AUTHORITY, owner_of(node_owner(cut)),
		ns, UINT32_MAX)) {
		answer_truncate(a);
		return STEP_DONE;
	}
	glue = a->count[SECTION_ADDITIONAL];
	if (!additional_put(a, noted) &&
	    (glue == a->count[SECTION_ADDITIONAL] || needs_glue(a, noted, cut)))
		answer_truncate(a);
	a->targets = noted;
	return STEP_DONE;
}

/* Answers with what is registered of a type, as far as it is served. */
static bool
answer_type(struct query *q, const struct node *n, uint16_t type)
{
	const struct rrset *set;

	if ((n->flags & NODE_SERVICE) != 0 && service_merges(type))
		return service_answer_merged(q->a, q->owner, n, type);
	set = node_find(n, type);
	if (set == NULL)
		return false;
	if (service_concerns(n, type))
		return service_answer_set(
		    q->a, q->owner, n, set, n == q->walk.node ? q->key : NULL);
	return answer_put_selected(q->a, q->owner, set);
}

/* RFC 8482 4.1: one RRset of those there are is a complete answer. */
static bool
answer_any(struct query *q, const struct node *n)
{
	for (unsigned i = 0; i < n->rrsets; i++)
		if (!node_is_index(n->rrset[i]) &&
		    answer_type(q, n, n->rrset[i]->type))
			return true;
	return false;
}

/* RFC 1034 4.3.2 step 3a.  What may stand beside a CNAME is asked of the name
 * itself (RFC 2181 10.1, RFC 4034 3). */
static bool
stops_at_cname(uint16_t qtype)
{
	return qtype == TYPE_ANY || type_goes_with_cname(qtype);
}

static bool
answer_data(struct query *q, const struct node *n)
{
	return q->qtype == TYPE_ANY ? answer_any(q, n)
				    : answer_type(q, n, q->qtype);
}

/* A name that exists only in records which have expired, and the reaper is
 * about to remove, is not there any more. */
static bool
is_gone(const struct query *q, const struct node *n)
{
	return n->children == 0 && (n->flags & NODE_APEX) == 0 &&
	       !node_has_data(n, q->a->now_ms) && !pointers_exist(q->a, n);
}

static enum step
answer_node(struct query *q, const struct node *n)
{
	const struct rrset *cname;

	if ((n->flags & NODE_CNAME) != 0 && !stops_at_cname(q->qtype)) {
		cname = node_find_live(n, TYPE_CNAME, q->a->now_ms);
		if (cname != NULL)
			return answer_cname(q, cname);
	}
	if (answer_data(q, n))
		return STEP_DONE;
	return negative(q, RCODE_NOERROR);
}

/* RFC 4592 3.3: the source of synthesis is "*" below the closest encloser. */
static struct node *
find_wildcard(const struct query *q)
{
	const struct node *encloser = q->walk.encloser;
	static const uint8_t star[] = {'*'};
	struct name name;

	if ((encloser->flags & NODE_WILDCARD) == 0 ||
	    !name_prepend(&name, star, 1, node_owner(encloser)))
		return NULL;
	return tree_find_name(
	    &q->a->zone->tree, name_hash(name.wire), name.wire, name.len);
}

static enum step
answer_absent(struct query *q)
{
	struct node *n = find_wildcard(q);

	if (n != NULL && !is_gone(q, n))
		return answer_node(q, n);
	return negative(q, RCODE_NXDOMAIN);
}

/* Steps up from a node that is_gone() to the closest ancestor that is not. */
static void
leave_gone(struct query *q)
{
	struct zone_walk *w = &q->walk;

	if (w->node != NULL && is_gone(q, w->node))
		w->node = NULL;
	while (w->node == NULL && is_gone(q, w->encloser)) {
		struct node *up;

		up = tree_find(&q->a->zone->tree, q->key, ++w->encloser_strip);
		w->encloser = up;
	}
}

static enum step
answer_in_zone(struct query *q)
{
	struct zone_walk *w = &q->walk;
	enum service_found found;

	/* The common case first: the name is there and has what is asked. */
	if (w->node != NULL && (w->node->flags & NODE_CNAME) == 0 &&
	    answer_data(q, w->node))
		return STEP_DONE;
	leave_gone(q);
	if (w->node != NULL && (w->node->flags & NODE_CNAME) != 0) {
		/* Data may have come in the place of an expired CNAME. */
		if (node_find_live(w->node, TYPE_CNAME, q->a->now_ms))
			return answer_node(q, w->node);
		if (answer_data(q, w->node))
			return STEP_DONE;
	}
	if (w->node != NULL &&
	    pointers_answer(q->a, q->owner, w->node, q->qtype))
		return STEP_DONE;
	found = service_synthesise(q->a, q->owner, q->key, w, q->qtype);
	if (found == SERVICE_ANSWERED)
		return STEP_DONE;
	if (found == SERVICE_REFUSED) {
		q->result.rcode = RCODE_REFUSED;
		q->result.prohibited = true;
		q->result.authoritative = false;
		return STEP_DONE;
	}
	if (found == SERVICE_NODATA || w->node != NULL)
		return negative(q, RCODE_NOERROR);
	return answer_absent(q);
}

/* The DS of a cut belongs to the parent's side (RFC 4035 3.1.4.1). */
static bool
is_cut_in_the_way(struct query *q)
{
	struct zone_walk *w = &q->walk;

	while (w->cut != NULL && !node_is_live_cut(w->cut, q->a->now_ms))
		zone_next_cut(q->a->zone, q->key, w);
	return w->cut != NULL && !((w->cut->flags & NODE_DELEGATION) != 0 &&
				     q->qtype == TYPE_DS && w->cut_strip == 0);
}

static int
find_zone(const struct query *q)
{
	const struct zoneset_index *index = q->a->snapshot->zones->index;
	int number = zoneset_find(index, q->key, 0), parent;

	if (number >= 0 && q->qtype == TYPE_DS && q->key->labels > 0 &&
	    zoneset_find_apex(index, q->key) >= 0) {
		parent = zoneset_find(index, q->key, 1);
		if (parent >= 0)
			return parent;
	}
	return number;
}

/* A forward zone inside of a zone of ours, perhaps below a cut, beats it. */
static bool
is_for_others(const struct query *q, int number)
{
	const struct settings *settings = q->a->settings;

	return settings->inside_count > 0 &&
	       settings_is_inside(settings,
		   &q->a->snapshot->zones->zone[number]->info->apex,
		   q->owner.name, q->qtype);
}

static enum step
leave(struct query *q)
{
	struct name *outside = &q->a->scratch->outside;

	q->result.outside = q->owner.name;
	if (q->chain->length == 0) {
		q->result.rcode = RCODE_REFUSED;
	} else {
		name_set(outside, q->owner.name);
		q->result.outside = outside->wire;
	}
	return STEP_DONE;
}

static enum step
take_step(struct query *q)
{
	const struct zoneset *zones = q->a->snapshot->zones;
	int number;

	if (q->chain->length > 0 || q->key == NULL) {
		name_key_init(&q->made, q->owner.name);
		q->key = &q->made;
	}
	number = find_zone(q);
	if (number < 0 || is_for_others(q, number))
		return leave(q);
	q->a->zone = zones->zone[number];
	if (q->a->special)
		rules_reset(q->a);
	if (q->a->zone->broken) {
		q->result.rcode = RCODE_SERVFAIL;
		q->result.not_ready = true;
		return STEP_DONE;
	}
	if (q->chain->length == 0)
		q->result.authoritative = true;
	q->result.rcode = RCODE_NOERROR;
	zone_find(q->a->zone, q->key, &q->walk);
	if (!is_cut_in_the_way(q))
		return answer_in_zone(q);
	if ((q->walk.cut->flags & NODE_DELEGATION) != 0)
		return answer_referral(q);
	return answer_dname(q);
}

struct query_result
query_answer(struct answer *a, struct chain *chain, const uint8_t *name,
    uint16_t qtype, const struct name_key *key)
{
	struct query q;

	q.a = a;
	q.qtype = qtype;
	q.key = key;
	q.owner = chain->length == 0 ? owner_of_question(name) : owner_of(name);
	q.chain = chain;
	q.dnames = 0;
	q.result = (struct query_result){.rcode = RCODE_NOERROR};
	while (take_step(&q) == STEP_NEXT)
		;
	/* Of a set that does not fit, what was sampled comes with addresses:
	 * room was left for them (promise 8). */
	if (a->targets > 0)
		(void)additional_put(a, 0);
	return q.result;
}
