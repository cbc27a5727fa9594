/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/nameserver.h"

#include <stdlib.h>

#include "server/nameserver/answer.h"
#include "server/nameserver/chaos.h"
#include "server/nameserver/edns.h"
#include "server/nameserver/policy.h"
#include "server/nameserver/query.h"
#include "server/nameserver/settings.h"
#include "server/nameserver/tsig.h"
#include "server/nameserver/update.h"
#include "server/nameserver/update_log.h"
#include "zones/snapshot.h"

struct nameserver_local {
	struct tsig_table *tsig;
	uint64_t generation; /* of the settings that tsig was made from */
	uint16_t payload; /* of these settings */
	struct scratch scratch;
};

/* One message being judged. */
struct judging {
	struct nameserver_local *local;
	const struct snapshot *snapshot;
	const struct settings *settings;
	struct request *req;
	struct message message;
	struct edns edns;
	struct tsig tsig;
	struct edns_reply reply;
	struct answer a;
};

struct nameserver_local *
nameserver_local_new(void)
{
	return calloc(1, sizeof(struct nameserver_local));
}

void
nameserver_local_free(struct nameserver_local *local)
{
	if (local == NULL)
		return;
	tsig_table_free(local->tsig);
	free(local);
}

/* The keyed contexts for these settings; made anew after a reload. */
static struct tsig_table *
get_tsig_table(struct nameserver_local *local, const struct settings *settings)
{
	if (local->tsig != NULL && local->generation == settings->generation)
		return local->tsig;
	tsig_table_free(local->tsig);
	local->tsig = NULL;
	if (tsig_table_new(settings->key, settings->key_count, &local->tsig) !=
	    OK)
		return NULL;
	local->generation = settings->generation;
	local->payload = settings->config->server.edns_payload;
	return local->tsig;
}

/* --- the frame of an answer: header, OPT, TSIG --- */

static void
begin(struct judging *j)
{
	struct answer *a = &j->a;

	wire_writer_init(&a->w, j->req->out, j->req->out_cap);
	message_put_response_header(&a->w, &j->message, 0, RCODE_NOERROR);
	edns_reply_init(&j->reply, &j->edns);
	j->reply.payload = j->settings->config->server.edns_payload;
	if (j->edns.nsid && j->settings->config->server.nsid != NULL) {
		j->reply.nsid =
		    (const uint8_t *)j->settings->config->server.nsid;
		j->reply.nsid_len =
		    (uint16_t)strnlen(j->settings->config->server.nsid, 255);
	}
	if (j->req->tcp && j->edns.keepalive) {
		j->reply.keepalive = true;
		j->reply.keepalive_ds =
		    (uint16_t)(j->settings->config->server.tcp_idle_ms / 100);
		j->req->keepalive = true;
	}
}

/* Bounds the sections so that OPT and TSIG will fit behind them. */
static void
bound(struct judging *j)
{
	struct wire_writer *w = &j->a.w;
	size_t limit = j->req->out_cap, reserve = 0;

	if (j->edns.present)
		reserve = edns_reply_len(&j->reply);
	if (j->tsig.state != TSIG_NONE)
		reserve += tsig_reserve_len(&j->tsig);
	if (!j->req->tcp) {
		size_t udp = edns_udp_limit(
		    &j->edns, j->settings->config->server.edns_payload);
		limit = udp < limit ? udp : limit;
	}
	w->cap = limit > w->len + reserve ? limit - reserve : w->len;
}

static enum verdict
finish(struct judging *j, enum rcode rcode)
{
	struct wire_writer *w = &j->a.w;

	w->cap = j->req->out_cap;
	w->failed = false;
	message_set_rcode(w, rcode);
	if (j->edns.present)
		edns_put(w, &j->reply, rcode);
	if (j->tsig.state != TSIG_NONE &&
	    tsig_sign(get_tsig_table(j->local, j->settings), &j->tsig, w,
		j->req->wall_s) != OK)
		return VERDICT_DROP;
	j->req->out_len = w->len;
	return VERDICT_SEND;
}

/* An answer without records. */
static enum verdict
finish_plain(
    struct judging *j, enum rcode rcode, enum ede ede, const char *text)
{
	begin(j);
	j->reply.ede = ede;
	j->reply.ede_text = text;
	return finish(j, rcode);
}

/* --- queries --- */

static uint64_t
hash_of_client(const struct endpoint *peer)
{
	uint64_t h = 0;

	/* The network is what stays the same: /24 and /56. */
	if (peer->sa.sa_family == AF_INET)
		h = ntohl(peer->in.sin_addr.s_addr) >> 8;
	else if (peer->sa.sa_family == AF_INET6)
		memcpy(&h, &peer->in6.sin6_addr, 7);
	h = (h + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static void
begin_answer(struct judging *j)
{
	struct answer *a = &j->a;

	begin(j);
	a->snapshot = j->snapshot;
	a->zone = NULL;
	a->scratch = &j->local->scratch;
	a->random = j->req->random;
	a->settings = j->settings;
	a->client = j->req->peer;
	a->client_bits = j->req->peer->sa.sa_family == AF_INET ? 32 : 128;
	a->scope = 0;
	a->condition = CONDITION_NORMAL;
	a->rules = (struct selection_rules){
	    .shape = &shape_default, .client = hash_of_client(j->req->peer)};
	a->now_ms = j->req->now_ms;
	a->tcp = j->req->tcp;
	a->truncated = false;
	memset(a->count, 0, sizeof(a->count));
	a->targets = 0;
	bound(j);
}

/* Question types that are about something else than data: as BIND has it. */
static enum rcode
judge_type(uint16_t qtype)
{
	switch (qtype) {
	case TYPE_ANY:
		return RCODE_NOERROR;
	case TYPE_AXFR:
	case TYPE_IXFR:
		return RCODE_REFUSED;
	case TYPE_MAILA:
	case TYPE_MAILB:
		return RCODE_NOTIMP;
	default:
		return type_is_meta(qtype) ? RCODE_FORMERR : RCODE_NOERROR;
	}
}

static enum verdict
judge_chaos(struct judging *j)
{
	enum rcode rcode;

	begin(j);
	bound(j);
	rcode = chaos_answer(
	    &j->a.w, j->settings, message_qname(&j->message), j->message.qtype);
	return finish(j, rcode);
}

static enum verdict
judge_query(struct judging *j)
{
	const struct message *m = &j->message;
	struct answer *a = &j->a;
	struct query_result result;
	unsigned flags = 0;
	enum rcode rcode;

	if (m->qname_len == 0)
		return finish_plain(j, RCODE_FORMERR, EDE_NONE, NULL);
	if (m->qclass == CLASS_CH)
		return judge_chaos(j);
	rcode = judge_type(m->qtype);
	if (rcode != RCODE_NOERROR)
		return finish_plain(j, rcode, EDE_NONE, NULL);
	if (m->qclass != CLASS_IN && m->qclass != CLASS_ANY)
		return finish_plain(j, RCODE_REFUSED, EDE_NONE, NULL);
	begin_answer(j);
	result = query_answer(a, message_qname(m), m->qtype, j->req->key);
	if (result.authoritative)
		flags |= FLAG_AA;
	if (a->truncated)
		flags |= FLAG_TC;
	message_set_flags(&a->w, flags);
	for (int i = SECTION_ANSWER; i <= SECTION_ADDITIONAL; i++)
		message_set_count(&a->w, i, a->count[i]);
	if (result.not_ready) {
		j->reply.ede = EDE_NOT_READY;
		j->reply.ede_text = "the zone has no data";
	}
	if (result.rcode == RCODE_REFUSED)
		j->reply.ede = EDE_NOT_AUTHORITATIVE;
	return finish(j, result.rcode);
}

/* --- updates --- */

/* Says no to an update before the writer sees it, and why in the log. */
static enum verdict
refuse_update(
    struct judging *j, enum rcode rcode, enum ede ede, const char *reason)
{
	update_log(
	    j->req->peer, &j->tsig, &j->message, rcode, reason, j->req->now_ms);
	return finish_plain(j, rcode, ede, reason);
}

/* RFC 2136 3.1: the zone section, and what the signature proves; only then
 * may anything be looked at. */
static enum verdict
judge_update(struct judging *j)
{
	const struct message *m = &j->message;
	const struct config_zone *zone;
	struct policy_asker who;

	if (m->qname_len == 0 || m->qtype != TYPE_SOA)
		return refuse_update(j, RCODE_FORMERR, EDE_OTHER,
		    "the zone section must name one zone, type SOA");
	zone = settings_find_zone(j->settings, message_qname(m));
	if (zone == NULL || m->qclass != CLASS_IN)
		return refuse_update(j, RCODE_NOTAUTH, EDE_NOT_AUTHORITATIVE,
		    "not a zone of this server");
	who = (struct policy_asker){
	    .key = CONFIG_KEY_NONE, .peer = j->req->peer, .tcp = j->req->tcp};
	if (j->tsig.state == TSIG_OK)
		who.key = settings_find_key(j->settings, j->tsig.key.wire);
	if (!policy_allows_asker(zone, &who))
		return refuse_update(j, RCODE_REFUSED, EDE_PROHIBITED,
		    who.key == CONFIG_KEY_NONE
			? "no update rule matches the address"
			: "no update rule matches the key");
	/* The writer's reply needs the table even for an unsigned update. */
	if (get_tsig_table(j->local, j->settings) == NULL)
		return finish_plain(j, RCODE_SERVFAIL, EDE_NONE, NULL);
	j->req->update = update_new(m, &j->edns, &j->tsig, j->req);
	if (j->req->update == NULL)
		return finish_plain(j, RCODE_SERVFAIL, EDE_NONE, NULL);
	return VERDICT_WRITE;
}

static const char *
signature_error(const struct tsig *tsig)
{
	switch (tsig->error) {
	case RCODE_BADKEY:
		return "the key is unknown here";
	case RCODE_BADTIME:
		return "the clocks are too far apart";
	default:
		return "the signature is wrong";
	}
}

/* RFC 8945 5.2, 5.3: errors in the signature are answered before anything
 * else is looked at. */
static enum verdict
judge_signature(struct judging *j)
{
	struct tsig_table *table = get_tsig_table(j->local, j->settings);

	if (table == NULL)
		return finish_plain(j, RCODE_SERVFAIL, EDE_NONE, NULL);
	switch (tsig_verify(table, &j->message, j->req->wall_s, &j->tsig)) {
	case TSIG_NOTAUTH:
		if (message_opcode(&j->message) == OPCODE_UPDATE)
			return refuse_update(j, RCODE_NOTAUTH, EDE_NONE,
			    signature_error(&j->tsig));
		return finish_plain(j, RCODE_NOTAUTH, EDE_NONE, NULL);
	case TSIG_FORMERR:
		return finish_plain(j, RCODE_FORMERR, EDE_NONE, NULL);
	case TSIG_FAILED:
		return finish_plain(j, RCODE_SERVFAIL, EDE_NONE, NULL);
	default:
		return VERDICT_WAIT; /* go on */
	}
}

static enum verdict
judge_message(struct judging *j)
{
	enum verdict verdict;

	switch (edns_parse(&j->edns, &j->message, j->req->tcp)) {
	case EDNS_FORMERR:
		return finish_plain(j, RCODE_FORMERR, EDE_NONE, NULL);
	case EDNS_BADVERS:
		return finish_plain(j, RCODE_BADVERS, EDE_NONE, NULL);
	case EDNS_OK:
		break;
	}
	if (j->message.tsig != 0) {
		verdict = judge_signature(j);
		if (verdict != VERDICT_WAIT)
			return verdict;
	}
	switch (message_opcode(&j->message)) {
	case OPCODE_QUERY:
		return judge_query(j);
	case OPCODE_UPDATE:
		return judge_update(j);
	default:
		return finish_plain(j, RCODE_NOTIMP, EDE_NONE, NULL);
	}
}

/* Mentions EDNS even in an answer to what could not be parsed whole. */
static enum verdict
refuse_message(struct judging *j, enum rcode rcode)
{
	(void)edns_parse(&j->edns, &j->message, j->req->tcp);
	return finish_plain(j, rcode, EDE_NONE, NULL);
}

enum verdict
nameserver_answer(struct nameserver_local *local,
    const struct snapshot *snapshot, struct request *req)
{
	struct judging j;

	j.local = local;
	j.snapshot = snapshot;
	j.settings = snapshot->settings;
	j.req = req;
	j.tsig.state = TSIG_NONE;
	req->update = NULL;
	req->keepalive = false;
	req->out_len = 0;
	switch (message_parse(&j.message, req->in, req->in_len)) {
	case MESSAGE_OK:
		return judge_message(&j);
	case MESSAGE_FORMERR:
		return refuse_message(&j, RCODE_FORMERR);
	case MESSAGE_NOTIMP:
		return refuse_message(&j, RCODE_NOTIMP);
	default:
		return VERDICT_DROP;
	}
}

/* Says what was granted, RFC 9664 4.3. */
static void
reply_lease(struct edns_reply *reply, const struct update *u)
{
	reply->lease_len = u->rcode == RCODE_NOERROR ? u->edns.lease_len : 0;
	reply->lease_s = u->granted_s;
	reply->key_lease_s = u->key_granted_s;
}

size_t
nameserver_finish(struct nameserver_local *local, const struct update *u,
    int64_t wall_s, uint8_t *out, size_t out_cap)
{
	struct tsig tsig = u->tsig;
	struct edns_reply reply;
	struct wire_writer w;

	wire_writer_init(&w, out, out_cap);
	message_put_response_header(&w, &u->message, 0, u->rcode);
	if (u->edns.present) {
		edns_reply_init(&reply, &u->edns);
		reply.payload = local->payload;
		reply.ede = u->ede;
		reply.ede_text = u->reason[0] ? u->reason : NULL;
		reply_lease(&reply, u);
		edns_put(&w, &reply, u->rcode);
	}
	/* Without memory for the keys of a reload there are none. */
	if (tsig.state != TSIG_NONE &&
	    (local->tsig == NULL ||
		tsig_sign(local->tsig, &tsig, &w, wall_s) != OK))
		return 0;
	return w.failed ? 0 : w.len;
}
