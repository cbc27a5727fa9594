/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "resolver/forward_internal.h"

/* Room for what an answer is turned into; on its own, since waiters that are
 * told may bring the next. */
struct answer_room {
	uint16_t ttl_at[REPLY_TTLS_MAX];
	uint8_t out[MESSAGE_MAX_LEN];
};

/* A good answer: remembered, and told. */
static void
arrive(struct forward *f, struct flight *flight, const struct reply *reply,
    int64_t now_ms)
{
	struct cache_entry entry = {
	    .wire = reply->out,
	    .len = reply->len,
	    .ttl_at = reply->ttl_at,
	    .ttls = reply->ttls,
	    .rcode = reply->rcode,
	    .authentic = reply->authentic,
	    .nodata = reply->nodata,
	    .leads_out = reply->leads_out,
	    .private_address = reply->private_address,
	    .ede = reply->ede,
	    .left_s = reply->ttl,
	    .ttl_s = reply->ttl,
	};

	/* Without memory it is for once. */
	(void)!cache_put(f->cache, &flight->key, reply, now_ms);
	flight_land(f, flight, FORWARD_ANSWER, &entry);
}

/* A server is no help for this question: the next one, unless this comes
 * from inside of asking one. */
static void
move_on(struct forward *f, struct flight *flight, int64_t now_ms)
{
	flight->ask_ms = now_ms;
	if (!flight->asking)
		flight_advance(f, flight, now_ms);
}

/* No TTL is longer than the operator has it. */
static void
cap_ttls(const struct forward *f, struct reply *reply)
{
	if (reply->ttl > f->ttl_max_s)
		reply->ttl = f->ttl_max_s;
	for (size_t i = 0; i < reply->ttls; i++) {
		uint8_t *at = reply->out + reply->ttl_at[i];

		if (wire_load_u32(at) > f->ttl_max_s)
			wire_store_u32(at, f->ttl_max_s);
	}
}

/* Looks at an answer; the state says what its server is worth. */
static enum reply_state
judge(struct forward *f, const struct flight *flight, const uint8_t *wire,
    size_t len, struct answer_room *room, struct reply *reply)
{
	struct reply_question question = {
	    .qname = flight->name.wire,
	    .qtype = flight->key.qtype,
	    .zone = f->zone[flight->zone].name.wire,
	    .dnssec_ok = flight->key.dnssec_ok,
	};
	enum reply_state state;

	*reply = (struct reply){
	    .out = room->out,
	    .cap = sizeof(room->out),
	    .ttl_at = room->ttl_at,
	    .ttl_cap = REPLY_TTLS_MAX,
	    .ede = -1,
	};
	state = reply_check(wire, len, &question, reply);
	if (state == REPLY_OK)
		cap_ttls(f, reply);
	return state;
}

/* What an answer that nobody waits for any more says of its server. */
static bool
is_header_useful(const uint8_t *wire, size_t len)
{
	unsigned rcode =
	    len < MESSAGE_HEADER_LEN ? RCODE_FORMERR : wire[3] & 15;

	return rcode == RCODE_NOERROR || rcode == RCODE_NXDOMAIN;
}

/* Notes what a server is worth. */
static void
note_server(struct forward *f, const struct ticket *t, bool useful,
    uint32_t rtt_us, int64_t now_ms)
{
	struct servers *servers = &f->zone[t->zone].servers;

	if (useful) {
		f->stats.answered++;
		servers_answered(servers, t->server, rtt_us, now_ms);
	} else {
		f->stats.wrong++;
		servers_refused(servers, t->server, now_ms);
	}
}

static void
find_useless(
    struct forward *f, struct flight *flight, unsigned server, int64_t now_ms)
{
	flight->useless |= (uint16_t)(1U << server);
	move_on(f, flight, now_ms);
}

/* RFC 7766 5: what is truncated is asked for again; false if it was by TCP
 * already, or that is not possible. */
static bool
ask_by_tcp(struct forward *f, struct flight *flight, const struct ticket *t,
    int64_t now_ms)
{
	enum sending sending;

	if ((t->kind & TICKET_TCP) != 0)
		return false;
	sending = flight_send(f, flight, t->server, TICKET_TCP, now_ms);
	if (sending == SENT)
		flight_schedule(f, flight);
	return sending != NOT_SENT;
}

/* An answer for a flight. */
static void
take_answer(struct forward *f, struct flight *flight, const struct ticket *t,
    const uint8_t *wire, size_t len, uint32_t rtt_us, int64_t now_ms)
{
	struct answer_room *room = malloc(sizeof(*room));
	struct reply reply = {.ede = -1};
	enum reply_state state = REPLY_WRONG;

	if (room != NULL)
		state = judge(f, flight, wire, len, room, &reply);
	if (room != NULL)
		note_server(f, t, state == REPLY_OK || state == REPLY_TRUNCATED,
		    rtt_us, now_ms);
	if (reply.ede >= 0)
		flight->ede = reply.ede;
	if (state == REPLY_OK)
		arrive(f, flight, &reply, now_ms);
	else if (state != REPLY_TRUNCATED || !ask_by_tcp(f, flight, t, now_ms))
		find_useless(f, flight, t->server, now_ms);
	free(room);
}

/* What the end of a question says of its server, if it is no answer. */
static void
note_silence(struct forward *f, const struct ticket *t,
    enum upstream_outcome outcome, int64_t now_ms)
{
	struct servers *servers = &f->zone[t->zone].servers;
	int64_t probe_ms;

	if (outcome == UPSTREAM_SILENT)
		f->stats.silent++;
	/* One slow question is asked several times and silent each time;
	 * that is one silence. */
	if (outcome != UPSTREAM_REFUSED &&
	    !(outcome == UPSTREAM_SILENT &&
		(t->kind & (TICKET_COUNTS | TICKET_PROBE)) != 0))
		return;
	servers_silent(servers, t->server, now_ms);
	probe_ms = servers_next_probe_ms(servers);
	if (probe_ms < f->probe_ms)
		f->probe_ms = probe_ms;
}

void
forward_answered(struct forward *f, uint64_t packed,
    enum upstream_outcome outcome, const uint8_t *qname, const uint8_t *wire,
    size_t len, uint32_t rtt_us, int64_t now_ms)
{
	struct ticket t = ticket_unpack(packed);
	struct flight *flight = flight_of(f, &t);

	(void)qname;
	assert(t.zone < f->zones && t.server < f->zone[t.zone].servers.count);
	if (flight != NULL)
		flight->outstanding--;
	if (outcome == UPSTREAM_ANSWERED) {
		if (flight != NULL)
			take_answer(f, flight, &t, wire, len, rtt_us, now_ms);
		else
			note_server(
			    f, &t, is_header_useful(wire, len), rtt_us, now_ms);
		return;
	}
	note_silence(f, &t, outcome, now_ms);
	if (flight == NULL)
		return;
	/* When the upstream goes, it must not be asked anew from inside. */
	if (outcome == UPSTREAM_ENDED) {
		flight->ask_ms = now_ms;
		flight_schedule(f, flight);
	} else if (outcome != UPSTREAM_SILENT || flight->outstanding == 0) {
		move_on(f, flight, now_ms);
	}
}
