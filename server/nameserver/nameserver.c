/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/nameserver.h"

#include <stdlib.h>

#include "server/nameserver/answer.h"
#include "server/nameserver/chaos.h"
#include "server/nameserver/edns.h"
#include "server/nameserver/policy.h"
#include "server/nameserver/query.h"
#include "server/nameserver/rules.h"
#include "server/nameserver/settings.h"
#include "server/nameserver/subnet.h"
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
	size_t limit; /* octets of the answer, OPT and TSIG included */
	size_t kept; /* of these for OPT and TSIG, whatever comes */
	struct endpoint subnet; /* for whom a forwarder asks, RFC 7871 */
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

	j->limit = j->req->out_cap;
	j->kept = 0;
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
	j->limit = limit;
	j->kept = reserve;
	w->cap = limit > w->len + reserve ? limit - reserve : w->len;
}

static enum verdict
finish(struct judging *j, enum rcode rcode)
{
	struct wire_writer *w = &j->a.w;
	size_t least = w->len + j->kept;

	/* An extended error takes what is left. */
	w->cap = j->limit > least ? j->limit : least;
	if (j->tsig.state != TSIG_NONE)
		w->cap -= tsig_reserve_len(&j->tsig);
	w->failed = false;
	message_set_rcode(w, rcode);
	if (j->edns.present)
		edns_put(w, &j->reply, rcode);
	w->cap = j->req->out_cap;
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

/* RFC 7871 7.1, 11.3: the address in the option takes the client's place if a
 * forwarder sends it that we trust; from others it is as if not there.  With
 * 0 bits the forwarder wants to be answered itself, and hear of it. */
static void
begin_client(struct judging *j)
{
	const struct config_server *server = &j->settings->config->server;
	struct answer *a = &j->a;

	a->peer = a->client = j->req->peer;
	a->client_bits = j->req->peer->sa.sa_family == AF_INET ? 32 : 128;
	if (j->edns.subnet_len == 0 ||
	    !config_networks_contain(server->client_subnet_from,
		server->client_subnet_from_count, j->req->peer))
		return;
	j->reply.subnet = j->edns.subnet;
	j->reply.subnet_len = j->edns.subnet_len;
	if (subnet_read(&j->edns, &j->subnet, &a->client_bits))
		a->client = &j->subnet;
}

/* RFC 7871 7.2.1; 7.4: negative answers are the same for all. */
static void
finish_client(struct judging *j)
{
	if (j->reply.subnet != NULL && j->a.client == &j->subnet &&
	    j->a.count[SECTION_ANSWER] > 0)
		j->reply.subnet_scope = j->a.scope;
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
	begin_client(j);
	a->client_hash = subnet_hash_default(a->client);
	a->scope = 0;
	a->explains = j->edns.present;
	a->site = NULL;
	a->condition = CONDITION_NORMAL;
	rules_reset(a);
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

/* What the client should know about the answer beside its records: RFC 8914
 * 4.4 (stale), 4.1 (other). */
static void
explain_answer(struct judging *j, const struct query_result *result)
{
	static const struct {
		enum ede ede;
		const char *text;
	} conditions[CONDITION_COUNT] = {
	    [CONDITION_PANIC] = {EDE_OTHER, "panic: health is ignored"},
	    [CONDITION_NONE_LEFT] = {EDE_OTHER,
		"none is healthy: all are answered"},
	    [CONDITION_LAST_GOOD] = {EDE_STALE_ANSWER,
		"none is healthy: those that last were"},
	    [CONDITION_GUARD] = {EDE_STALE_ANSWER,
		"leases are held: too many would end"},
	};

	if (j->a.condition != CONDITION_NORMAL) {
		j->reply.ede = conditions[j->a.condition].ede;
		j->reply.ede_text = conditions[j->a.condition].text;
	}
	if (result->not_ready) {
		j->reply.ede = EDE_NOT_READY;
		j->reply.ede_text = "the zone has no data";
	}
	if (result->rcode == RCODE_REFUSED)
		j->reply.ede =
		    result->prohibited ? EDE_PROHIBITED : EDE_NOT_AUTHORITATIVE;
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
	explain_answer(j, &result);
	finish_client(j);
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
