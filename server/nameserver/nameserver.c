/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/nameserver.h"

#include <stdlib.h>

#include "server/nameserver/chaos.h"
#include "server/nameserver/judging.h"
#include "server/nameserver/policy.h"
#include "server/nameserver/resolve.h"
#include "server/nameserver/tsig.h"
#include "server/nameserver/update.h"
#include "server/nameserver/update_log.h"
#include "zones/snapshot.h"

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

void
nameserver_use_resolve(struct nameserver_local *local, struct resolve *resolve)
{
	local->resolve = resolve;
	if (resolve != NULL)
		resolve->local = local;
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

	judging_begin(j);
	judging_bound(j);
	rcode = chaos_answer(
	    &j->a.w, j->settings, message_qname(&j->message), j->message.qtype);
	return judging_finish(j, rcode);
}

static enum verdict
judge_query(struct judging *j)
{
	const struct message *m = &j->message;
	const struct name_key *key = j->req->key;
	struct name_key made;
	struct way way;
	enum rcode rcode;

	if (m->qname_len == 0)
		return judging_finish_plain(j, RCODE_FORMERR, EDE_NONE, NULL);
	if (m->qclass == CLASS_CH)
		return judge_chaos(j);
	rcode = judge_type(m->qtype);
	if (rcode != RCODE_NOERROR)
		return judging_finish_plain(j, rcode, EDE_NONE, NULL);
	if (m->qclass != CLASS_IN && m->qclass != CLASS_ANY)
		return judging_finish_plain(j, RCODE_REFUSED, EDE_NONE, NULL);
	judging_begin_answer(j);
	way.chain.length = 0;
	if (key == NULL) {
		name_key_init(&made, message_qname(m));
		key = &made;
	}
	way.result =
	    query_answer(&j->a, &way.chain, message_qname(m), m->qtype, key);
	if (way.result.outside != NULL && j->local->resolve != NULL &&
	    j->settings->config->forward_count > 0 && m->qclass == CLASS_IN)
		return resolve_go(j, &way, key);
	return judging_finish_answer(j, &way.result);
}

/* --- updates --- */

/* Says no to an update before the writer sees it, and why in the log. */
static enum verdict
refuse_update(
    struct judging *j, enum rcode rcode, enum ede ede, const char *reason)
{
	update_log(
	    j->req->peer, &j->tsig, &j->message, rcode, reason, j->req->now_ms);
	return judging_finish_plain(j, rcode, ede, reason);
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
	if (judging_tsig_table(j->local, j->settings) == NULL)
		return judging_finish_plain(j, RCODE_SERVFAIL, EDE_NONE, NULL);
	j->req->update = update_new(m, &j->edns, &j->tsig, j->req);
	if (j->req->update == NULL)
		return judging_finish_plain(j, RCODE_SERVFAIL, EDE_NONE, NULL);
	return VERDICT_WRITE;
}

/* RFC 2136 6: for a zone that is not ours, to be handed on with its signature,
 * which is not for us to verify; DROP: it is for us to answer. */
static enum verdict
judge_foreign_update(struct judging *j)
{
	const struct message *m = &j->message;
	const struct config_forward *forward;

	if (j->local->resolve == NULL ||
	    j->settings->config->forward_count == 0 || m->qname_len == 0 ||
	    m->qtype != TYPE_SOA || m->qclass != CLASS_IN)
		return VERDICT_DROP;
	forward = resolve_find_update(j, message_qname(m));
	if (forward == NULL)
		return VERDICT_DROP;
	j->req->update = update_new(m, &j->edns, &j->tsig, j->req);
	if (j->req->update == NULL)
		return judging_finish_plain(j, RCODE_SERVFAIL, EDE_NONE, NULL);
	j->req->update->forward = forward;
	return VERDICT_WAIT;
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
	struct tsig_table *table = judging_tsig_table(j->local, j->settings);

	if (table == NULL)
		return judging_finish_plain(j, RCODE_SERVFAIL, EDE_NONE, NULL);
	switch (tsig_verify(table, &j->message, j->req->wall_s, &j->tsig)) {
	case TSIG_NOTAUTH:
		if (message_opcode(&j->message) == OPCODE_UPDATE)
			return refuse_update(j, RCODE_NOTAUTH, EDE_NONE,
			    signature_error(&j->tsig));
		return judging_finish_plain(j, RCODE_NOTAUTH, EDE_NONE, NULL);
	case TSIG_FORMERR:
		return judging_finish_plain(j, RCODE_FORMERR, EDE_NONE, NULL);
	case TSIG_FAILED:
		return judging_finish_plain(j, RCODE_SERVFAIL, EDE_NONE, NULL);
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
		return judging_finish_plain(j, RCODE_FORMERR, EDE_NONE, NULL);
	case EDNS_BADVERS:
		return judging_finish_plain(j, RCODE_BADVERS, EDE_NONE, NULL);
	case EDNS_OK:
		break;
	}
	if (message_opcode(&j->message) == OPCODE_UPDATE) {
		verdict = judge_foreign_update(j);
		if (verdict != VERDICT_DROP)
			return verdict;
	}
	if (j->message.tsig != 0) {
		verdict = judge_signature(j);
		if (verdict != VERDICT_WAIT)
			return verdict;
	}
	switch (message_opcode(&j->message)) {
	case OPCODE_QUERY:
		if (j->settings->config->forward_count > 0)
			judging_admit(j);
		return judge_query(j);
	case OPCODE_UPDATE:
		return judge_update(j);
	default:
		return judging_finish_plain(j, RCODE_NOTIMP, EDE_NONE, NULL);
	}
}

/* Mentions EDNS even in an answer to what could not be parsed whole. */
static enum verdict
refuse_message(struct judging *j, enum rcode rcode)
{
	(void)edns_parse(&j->edns, &j->message, j->req->tcp);
	return judging_finish_plain(j, rcode, EDE_NONE, NULL);
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
	j.may_resolve = false;
	req->update = NULL;
	req->waiting = NULL;
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
