/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_reply.c - any octets as an upstream's answer, and through the cache.
 *
 * The first octet chooses (bit 0: DNSSEC is wanted, bit 1: the case counts,
 * above: how many labels of the name asked for lie below the forward zone);
 * the rest is the answer, to the question that it has.  What is found good
 * must be good: it parses, is found good again and does not change, and comes
 * out of the cache as it went in. */
#include <assert.h>
#include <stdlib.h>

#include "resolver/cache.h"
#include "zones/dns/rdata.h"

#define CACHE_OCTETS 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Any question, where the answer has none. */
static const uint8_t someone[] = "\3www\7example";

struct room {
	uint16_t ttl_at[REPLY_TTLS_MAX];
	uint8_t out[MESSAGE_MAX_LEN];
};

static struct reply
reply_in(struct room *room)
{
	return (struct reply){
	    .out = room->out,
	    .cap = sizeof(room->out),
	    .ttl_at = room->ttl_at,
	    .ttl_cap = REPLY_TTLS_MAX,
	};
}

/* Whether records of this owner may be there: in the zone, or of a zone that
 * holds it. */
static bool
is_owner_good(
    const uint8_t *owner, const struct reply_question *q, unsigned section)
{
	if (name_is_in(owner, q->zone))
		return true;
	return section == SECTION_AUTHORITY &&
	       (name_is_in(q->zone, owner) || q->dnssec_ok);
}

/* What a clean message must be. */
static void
check_clean(const struct reply *reply, const struct reply_question *q)
{
	static uint8_t rdata[RDATA_MAX_LEN];
	struct message m;
	size_t places = 0, n;
	unsigned section;

	assert(message_parse_answer(&m, reply->out, reply->len) == MESSAGE_OK);
	assert(m.qtype == q->qtype && m.qclass == CLASS_IN);
	assert(name_equal(message_qname(&m), q->qname));
	assert(m.opt == 0 && m.tsig == 0 && m.id == 0);
	assert((m.flags & 15) == reply->rcode);
	assert(reply->ttl <= REPLY_TTL_MAX);
	for (section = SECTION_ANSWER; section <= SECTION_ADDITIONAL;
	     section++) {
		struct message_cursor c =
		    message_section(&m, (enum message_section)section);
		struct message_rr rr;

		while (message_rr_next(&c, &rr)) {
			size_t at = rr.rdata.pos - 6;

			assert(rr.class == CLASS_IN);
			assert(places < reply->ttls);
			assert(reply->ttl_at[places++] == at);
			assert(rr.ttl >= reply->ttl);
			assert(is_owner_good(rr.owner.wire, q, section));
			assert(rdata_read(
			    &rr.rdata, rr.type, rr.rdlength, rdata, &n));
		}
	}
	assert(places == reply->ttls);
}

/* It is its own clean message. */
static void
check_again(const struct reply *reply, const struct reply_question *q)
{
	static struct room room;
	struct reply_question exact = *q;
	struct reply again = reply_in(&room);

	exact.exact_case = false;
	assert(reply_check(reply->out, reply->len, &exact, &again) == REPLY_OK);
	assert(again.len == reply->len);
	assert(memcmp(again.out, reply->out, reply->len) == 0);
	assert(again.private_address == reply->private_address);
}

/* A request with the question, as far as a parser has to see it. */
static struct message
make_request(const struct reply_question *q, uint8_t *buf)
{
	struct message m;
	struct wire_writer w;

	wire_writer_init(&w, buf, 512);
	message_put_request_header(&w, 0x1234, OPCODE_QUERY, FLAG_RD);
	wire_put_name(&w, q->qname);
	wire_put_u16(&w, q->qtype);
	wire_put_u16(&w, CLASS_IN);
	message_set_count(&w, SECTION_QUESTION, 1);
	assert(message_parse(&m, buf, w.len) == MESSAGE_OK);
	return m;
}

static void
check_cache(const struct reply *reply, const struct reply_question *q)
{
	static struct cache *cache;
	static int64_t now_ms;
	static uint8_t out[MESSAGE_MAX_LEN];
	uint8_t buf[512];
	struct message m = make_request(q, buf), answer;
	struct cache_entry entry;
	struct cache_stats stats;
	struct cache_key key = {.qname = q->qname,
	    .hash = name_hash(q->qname),
	    .qtype = q->qtype,
	    .dnssec_ok = q->dnssec_ok};

	if (cache == NULL && (cache = cache_new(CACHE_OCTETS, 60000)) == NULL)
		abort();
	now_ms += 777;
	if (reply->len % 5 == 0 &&
	    cache_put_failure(cache, &key, reply->ede, now_ms) != OK)
		abort();
	if (reply->len % 7 == 0)
		cache_flush(cache, q->zone, reply->len % 2 == 0);
	if (cache_put(cache, &key, reply, now_ms) != OK)
		abort();
	cache_get_stats(cache, &stats);
	assert(stats.octets <= CACHE_OCTETS);
	/* What is for this once, or too large, is not there; what was there
	 * before may be. */
	if (!cache_find(cache, &key, now_ms + reply->ttl * 500, &entry) ||
	    reply->ttl == 0 || entry.len != reply->len)
		return;
	if (cache_write(&entry, &m, out, sizeof(out)) == 0)
		return;
	assert(message_parse_answer(&answer, out, entry.len) == MESSAGE_OK);
	assert(answer.id == 0x1234 && answer.qtype == q->qtype);
	assert(memcmp(message_qname(&answer), q->qname, m.qname_len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct room room;
	struct reply reply = reply_in(&room);
	struct reply_question q = {.qname = someone, .qtype = TYPE_A};
	struct message m;
	struct name qname;
	unsigned labels;

	if (len < 1)
		return 0;
	q.dnssec_ok = (data[0] & 1) != 0;
	q.exact_case = (data[0] & 2) != 0;
	if (message_parse_answer(&m, data + 1, len - 1) != MESSAGE_DROP &&
	    m.qname_len != 0) {
		name_set(&qname, message_qname(&m));
		q.qname = qname.wire;
		q.qtype = m.qtype;
	}
	labels = name_labels(q.qname);
	if ((unsigned)data[0] >> 2 < labels)
		labels = data[0] >> 2;
	q.zone = name_strip(q.qname, labels);
	if (reply_check(data + 1, len - 1, &q, &reply) != REPLY_OK)
		return 0;
	check_clean(&reply, &q);
	check_again(&reply, &q);
	check_cache(&reply, &q);
	return 0;
}
