/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/service_svcb.h"

#include "server/nameserver/additional.h"
#include "server/nameserver/instances.h"
#include "server/nameserver/rules.h"

#define INSTANCES_MAX 64
#define HINTS_MAX 8 /* addresses of one family in one record */

/* SvcParamKeys, RFC 9460 14.3.2 */
enum svc_param {
	SVC_PORT = 3,
	SVC_IPV4HINT = 4,
	SVC_IPV6HINT = 6,
};

static void
put_hints(struct wire_writer *w, const struct node *host, uint16_t type,
    enum svc_param param, size_t len, int64_t now_ms)
{
	const struct rrset *set =
	    host ? node_find_live(host, type, now_ms) : NULL;
	struct rrset_cursor c;
	unsigned count = 0;
	size_t at;

	if (set == NULL)
		return;
	wire_put_u16(w, param);
	at = w->len;
	wire_put_u16(w, 0);
	for (struct record *r = rrset_first(set, &c); r && count < HINTS_MAX;
	     r = rrset_next(&c)) {
		if (!record_is_live(r, now_ms))
			continue;
		wire_put_bytes(w, r->rdata, r->rdlen);
		count++;
	}
	wire_store_u16(w->buf + at, (uint16_t)(count * len));
}

/* The RDATA for one instance; parameters ascend, RFC 9460 2.2. */
static size_t
make_rdata(struct answer *a, const struct record *srv, unsigned priority,
    uint8_t *buf, size_t cap)
{
	const struct node *host =
	    additional_find(a, srv->rdata + 6, srv->target_hash);
	struct wire_writer w;

	wire_writer_init(&w, buf, cap);
	wire_put_u16(&w, (uint16_t)priority);
	wire_put_name_plain(&w, srv->rdata + 6);
	wire_put_u16(&w, SVC_PORT);
	wire_put_u16(&w, 2);
	wire_put_u16(&w, wire_load_u16(srv->rdata + 4));
	put_hints(&w, host, TYPE_A, SVC_IPV4HINT, 4, a->now_ms);
	put_hints(&w, host, TYPE_AAAA, SVC_IPV6HINT, 16, a->now_ms);
	return w.len;
}

/* Selects instances, without those of weight 0 where others of their tier come
 * before them: SvcPriority cannot say that they drain. */
static uint32_t
select_instances(struct answer *a, const struct node *service)
{
	struct selection *s = &a->scratch->selection;
	struct gathering g = instances_of(service, INSTANCES_MAX);
	uint32_t ttl = instances_select(a, &g);
	size_t kept = 0;

	if (!s->whole) {
		rules_by_client(a);
		selection_cut(s, &a->rules, s->count, a->random);
	}
	for (size_t i = 0; i < s->count; i++) {
		const struct pick *p = &s->pick[i];

		if (kept == 0 || p->weight > 0 ||
		    p->priority != s->pick[kept - 1].priority ||
		    s->pick[kept - 1].weight == 0)
			s->pick[kept++] = *p;
	}
	s->count = kept;
	return ttl;
}

/* Whether an instance comes a second time in its tier: weights, by which its
 * SRV records differ, are not in the answer (RFC 2181 5: no duplicates). */
static bool
is_again(const struct selection *s, size_t i)
{
	const struct record *r = s->pick[i].record;

	for (size_t k = i; k-- > 0;) {
		const struct record *other = s->pick[k].record;

		if (s->pick[k].priority != s->pick[i].priority)
			break;
		if (other->target_hash == r->target_hash &&
		    wire_load_u16(other->rdata + 4) ==
			wire_load_u16(r->rdata + 4))
			return true;
	}
	return false;
}

enum service_found
service_svcb(struct answer *a, struct owner owner, const struct node *service,
    uint16_t qtype)
{
	const struct selection *s = &a->scratch->selection;
	uint8_t rdata[2 + NAME_MAX_LEN + 6 + 2 * 4 + HINTS_MAX * (4 + 16)];
	unsigned rank = 0;
	uint32_t ttl;

	rules_begin(a, service, qtype);
	ttl = select_instances(a, service);
	for (size_t i = 0; i < s->count; i++) {
		const struct record *r = s->pick[i].record;
		size_t len;

		if (i == 0 || s->pick[i].priority != s->pick[i - 1].priority)
			rank++;
		/* A target of "." says that there is no service. */
		if (r->target_hash == 0 || is_again(s, i))
			continue;
		len = make_rdata(a, r, rank, rdata, sizeof(rdata));
		if (!answer_put(
			a, SECTION_ANSWER, owner, qtype, ttl, rdata, len)) {
			answer_truncate(a);
			break;
		}
	}
	return a->count[SECTION_ANSWER] > 0 ? SERVICE_ANSWERED : SERVICE_NODATA;
}

enum service_found
service_https(struct answer *a, struct owner owner, const struct node *domain)
{
	static const uint8_t tcp[] = "_tcp", https[] = "_https";
	struct name proto, name;
	const struct node *service;

	if (!name_prepend(&proto, tcp, 4, node_owner(domain)) ||
	    !name_prepend(&name, https, 6, proto.wire))
		return SERVICE_NONE;
	service = tree_find_name(
	    &a->zone->tree, name_hash(name.wire), name.wire, name.len);
	if (service == NULL || (service->flags & NODE_SERVICE) == 0)
		return SERVICE_NODATA;
	return service_svcb(a, owner, service, TYPE_HTTPS);
}
