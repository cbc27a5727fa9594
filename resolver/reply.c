/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/reply.h"

#include <stdlib.h>

#include "resolver/reply_internal.h"

#define EDNS_EDE 15 /* RFC 8914 2 */

/* RFC 2181 8: a TTL with the highest bit set is 0. */
static uint32_t
normal_ttl(uint32_t ttl)
{
	if (ttl > INT32_MAX)
		return 0;
	return ttl < REPLY_TTL_MAX ? ttl : REPLY_TTL_MAX;
}

/* Reads the OPT record: the upper bits of the RCODE (RFC 6891 6.1.3) and the
 * first Extended DNS Error.  Options that do not fit say nothing. */
static unsigned
read_opt(const struct message *m, int *ede)
{
	struct wire_reader r = wire_reader(m->in, m->len);
	unsigned rcode;
	uint16_t left;

	if (m->opt == 0)
		return 0;
	r.pos = m->opt + 5; /* root, type, class */
	rcode = (unsigned)wire_get_u8(&r) << 4;
	wire_get_bytes(&r, 3);
	left = wire_get_u16(&r);
	while (left >= 4 && *ede < 0) {
		uint16_t code = wire_get_u16(&r);
		uint16_t len = wire_get_u16(&r);

		left = (uint16_t)(left - 4);
		if (len > left)
			break;
		if (code == EDNS_EDE && len >= 2)
			*ede = wire_load_u16(r.msg + r.pos);
		wire_get_bytes(&r, len);
		left = (uint16_t)(left - len);
	}
	return rcode;
}

/* RFC 5452 6, 9.1: it must be an answer to what was asked. */
static bool
is_answer_to(const struct message *m, const struct reply_question *q)
{
	if (message_opcode(m) != OPCODE_QUERY || m->qname_len == 0 ||
	    m->qtype != q->qtype || m->qclass != CLASS_IN)
		return false;
	if (q->exact_case)
		return m->qname_len == name_len(q->qname) &&
		       memcmp(message_qname(m), q->qname, m->qname_len) == 0;
	return name_equal(message_qname(m), q->qname);
}

/* What the header says. */
static enum reply_state
judge_header(struct judge *j, enum message_state parsed)
{
	const struct message *m = &j->m;
	unsigned rcode;

	if (parsed == MESSAGE_DROP)
		return REPLY_WRONG;
	rcode = m->flags & 15;
	/* Servers that do not know EDNS may refuse with a bare header. */
	if (parsed == MESSAGE_OK && m->count[SECTION_QUESTION] == 0 &&
	    m->len == MESSAGE_HEADER_LEN && rcode != RCODE_NOERROR &&
	    rcode != RCODE_NXDOMAIN && message_opcode(m) == OPCODE_QUERY)
		return rcode == RCODE_SERVFAIL ? REPLY_SERVFAIL : REPLY_LAME;
	if (!is_answer_to(m, j->question))
		return REPLY_WRONG;
	/* RFC 2181 9: nothing of it counts, so it need not be whole. */
	if ((m->flags & FLAG_TC) != 0)
		return REPLY_TRUNCATED;
	if (parsed != MESSAGE_OK)
		return REPLY_WRONG;
	rcode |= read_opt(m, &j->reply->ede);
	if (rcode == RCODE_SERVFAIL)
		return REPLY_SERVFAIL;
	if (rcode != RCODE_NOERROR && rcode != RCODE_NXDOMAIN)
		return REPLY_LAME;
	j->reply->rcode = (enum rcode)rcode;
	return REPLY_OK;
}

static void
gather_record(struct judge *j, const struct message_rr *rr, size_t at,
    enum message_section section)
{
	struct reply_record *record = &j->record[j->count];
	struct name_key key;

	if (rr->class != CLASS_IN || type_is_meta(rr->type))
		return;
	name_key_init(&key, rr->owner.wire);
	*record = (struct reply_record){
	    .hash = key.hash[0],
	    .ttl = normal_ttl(rr->ttl),
	    .at = (uint16_t)at,
	    .rdata = (uint16_t)rr->rdata.pos,
	    .rdlength = rr->rdlength,
	    .type = rr->type,
	    .labels = key.labels,
	    .section = (uint8_t)section,
	};
	if (rr->type == TYPE_RRSIG && rr->rdlength >= 2)
		record->covered = wire_load_u16(j->m.in + record->rdata);
	j->count++;
}

/* Notes where the records are, of all sections. */
static void
gather(struct judge *j)
{
	unsigned section;

	for (section = SECTION_ANSWER; section <= SECTION_ADDITIONAL;
	     section++) {
		struct message_cursor c =
		    message_section(&j->m, (enum message_section)section);
		struct message_rr rr;
		size_t at = c.reader.pos;

		while (message_rr_next(&c, &rr)) {
			gather_record(
			    j, &rr, at, (enum message_section)section);
			at = c.reader.pos;
		}
	}
}

/* Starts the clean message. */
static void
start(struct judge *j)
{
	struct reply *reply = j->reply;
	uint8_t qname[NAME_MAX_LEN];
	size_t cap =
	    reply->cap < MESSAGE_MAX_LEN ? reply->cap : MESSAGE_MAX_LEN;

	wire_writer_init(&j->w, reply->out, cap);
	message_put_request_header(&j->w, 0, OPCODE_QUERY, FLAG_QR | FLAG_RA);
	wire_put_bytes(&j->w, qname, name_lower(qname, j->question->qname));
	wire_put_u16(&j->w, j->question->qtype);
	wire_put_u16(&j->w, CLASS_IN);
	if (j->w.failed)
		return;
	message_set_count(&j->w, SECTION_QUESTION, 1);
	wire_note_name(&j->w, MESSAGE_HEADER_LEN);
	reply->ttls = 0;
	reply->private_address = false;
	reply->leads_out = false;
	j->ttl = REPLY_TTL_MAX;
}

/* RFC 2308 2.2: no records, no SOA, but NS: "ask those". */
static bool
is_referral(const struct judge *j)
{
	size_t i;

	for (i = 0; i < j->count; i++)
		if (j->record[i].section == SECTION_AUTHORITY &&
		    j->record[i].type == TYPE_NS)
			return true;
	return false;
}

/* Additional records are a courtesy: without room, they stay away. */
static void
put_courtesy(struct judge *j)
{
	struct wire_writer before = j->w;
	size_t ttls = j->reply->ttls;
	uint32_t ttl = j->ttl;

	if (before.failed)
		return;
	reply_put_additional(j);
	if (!j->w.failed)
		return;
	wire_rewind(&j->w, before.len);
	message_set_count(&j->w, SECTION_ADDITIONAL, 0);
	j->reply->ttls = ttls;
	j->ttl = ttl;
}

/* Chooses the records and writes them. */
static enum reply_state
judge_records(struct judge *j)
{
	struct reply *reply = j->reply;
	enum reply_state state;

	start(j);
	state = reply_follow(j);
	if (state != REPLY_OK)
		return state;
	if (reply->leads_out)
		reply->rcode = RCODE_NOERROR;
	/* A name that has records exists. */
	if (j->found && reply->rcode == RCODE_NXDOMAIN)
		return REPLY_LAME;
	reply_put_authority(j);
	put_courtesy(j);
	if (j->w.failed || j->wrong)
		return REPLY_WRONG;
	reply->nodata = !j->found && reply->rcode == RCODE_NOERROR;
	if (reply->nodata && !j->proven && is_referral(j)) {
		if (!j->aliased)
			return REPLY_LAME;
		reply->leads_out = true;
	}
	/* RFC 2308 5: what is not there is not remembered without an SOA. */
	reply->ttl = j->ttl;
	if (!j->found && !j->proven && !reply->leads_out)
		reply->ttl = 0;
	message_set_rcode(&j->w, reply->rcode);
	reply->authentic = (j->m.flags & FLAG_AD) != 0;
	reply->len = j->w.len;
	return REPLY_OK;
}

enum reply_state
reply_check(const uint8_t *in, size_t len, const struct reply_question *q,
    struct reply *reply)
{
	struct judge j;
	enum message_state parsed;
	enum reply_state state;
	size_t records;

	j.question = q;
	j.reply = reply;
	j.count = j.targets = 0;
	j.found = j.proven = j.wrong = j.aliased = false;
	reply->ede = -1;
	parsed = message_parse_answer(&j.m, in, len);
	state = judge_header(&j, parsed);
	if (state != REPLY_OK)
		return state;
	records = (size_t)j.m.count[SECTION_ANSWER] +
		  j.m.count[SECTION_AUTHORITY] + j.m.count[SECTION_ADDITIONAL];
	/* The walk has shown that so many records are there. */
	j.record = malloc(records * sizeof(*j.record) + RDATA_MAX_LEN);
	if (j.record == NULL)
		return REPLY_WRONG;
	j.rdata = (uint8_t *)(j.record + records);
	gather(&j);
	state = judge_records(&j);
	free(j.record);
	return state;
}
