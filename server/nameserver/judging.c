/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/judging.h"

#include "server/nameserver/rules.h"
#include "server/nameserver/subnet.h"

struct tsig_table *
judging_tsig_table(
    struct nameserver_local *local, const struct settings *settings)
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

/* The address alone; an IPv4 one in IPv6 clothes is just different. */
static const uint8_t *
address_of(const struct endpoint *peer, size_t *len)
{
	bool is_ipv6 = peer->sa.sa_family == AF_INET6;

	*len = is_ipv6 ? 16 : 4;
	return is_ipv6 ? peer->in6.sin6_addr.s6_addr
		       : (const uint8_t *)&peer->in.sin_addr;
}

static bool
may_resolve(const struct config *config, const struct endpoint *peer)
{
	for (size_t i = 0; i < config->forward_count; i++)
		if (config_networks_contain(config->forward[i].from,
			config->forward[i].from_count, peer))
			return true;
	return false;
}

void
judging_admit(struct judging *j)
{
	struct nameserver_local *local = j->local;
	const struct endpoint *peer = j->req->peer;
	const uint8_t *address;
	size_t len;

	if (local->resolve == NULL)
		return;
	/* Most questions come from whom the last one came. */
	address = address_of(peer, &len);
	if (local->guest.generation != j->settings->generation ||
	    local->guest.family != peer->sa.sa_family ||
	    memcmp(local->guest.address, address, len) != 0) {
		local->guest.generation = j->settings->generation;
		local->guest.family = peer->sa.sa_family;
		memcpy(local->guest.address, address, len);
		local->guest.may = may_resolve(j->settings->config, peer);
	}
	j->may_resolve = local->guest.may;
}

/* --- the frame of an answer: header, OPT, TSIG --- */

void
judging_begin(struct judging *j)
{
	struct answer *a = &j->a;

	j->limit = j->req->out_cap;
	j->kept = 0;
	wire_writer_init(&a->w, j->req->out, j->req->out_cap);
	message_put_response_header(
	    &a->w, &j->message, j->may_resolve ? FLAG_RA : 0, RCODE_NOERROR);
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

void
judging_bound(struct judging *j)
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

enum verdict
judging_finish(struct judging *j, enum rcode rcode)
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
	if (j->tsig.state != TSIG_NONE) {
		struct tsig_table *table =
		    judging_tsig_table(j->local, j->settings);

		if (table == NULL ||
		    tsig_sign(table, &j->tsig, w, j->req->wall_s) != OK)
			return VERDICT_DROP;
	}
	j->req->out_len = w->len;
	return VERDICT_SEND;
}

enum verdict
judging_finish_plain(
    struct judging *j, enum rcode rcode, enum ede ede, const char *text)
{
	judging_begin(j);
	j->reply.ede = ede;
	j->reply.ede_text = text;
	return judging_finish(j, rcode);
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

void
judging_begin_answer(struct judging *j)
{
	struct answer *a = &j->a;

	judging_begin(j);
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
	judging_bound(j);
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

enum verdict
judging_finish_answer(struct judging *j, const struct query_result *result)
{
	struct answer *a = &j->a;
	unsigned flags = 0;

	if (result->authoritative)
		flags |= FLAG_AA;
	if (result->authentic)
		flags |= FLAG_AD;
	if (a->truncated)
		flags |= FLAG_TC;
	message_set_flags(&a->w, flags);
	for (int i = SECTION_ANSWER; i <= SECTION_ADDITIONAL; i++)
		message_set_count(&a->w, i, a->count[i]);
	explain_answer(j, result);
	finish_client(j);
	return judging_finish(j, result->rcode);
}
