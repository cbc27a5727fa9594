/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "resolver/upstream_internal.h"
#include "zones/dns/rdata.h"

#define EDNS_DO 0x8000

/* In a name, lengths of labels are below 64 and letters above. */
static bool
is_letter(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

/* draft-vixie-dnsext-dns0x20: one bit for each letter. */
static void
set_case(uint8_t *name, size_t len, const uint8_t *bits)
{
	for (size_t i = 0; i < len; i++)
		if (is_letter(name[i]) && (bits[i / 8] >> (i % 8) & 1) != 0)
			name[i] ^= 0x20;
}

void
upstream_write_question(struct query *q,
    const struct upstream_question *question, const uint8_t *bits, bool edns)
{
	/* RFC 6840 5.7: AD in a question says that it is welcome in the
	 * answer.  Those who asked us get it, or not, from the cache. */
	unsigned flags = FLAG_RD | FLAG_AD;
	struct wire_writer w;
	uint8_t *name;
	size_t len = name_len(question->qname);

	if (question->checking_disabled)
		flags |= FLAG_CD;
	wire_writer_init(&w, q->wire, sizeof(q->wire));
	/* The ID comes when it is sent. */
	message_put_request_header(&w, 0, OPCODE_QUERY, flags);
	message_set_count(&w, SECTION_QUESTION, 1);
	name = wire_put_room(&w, len);
	name_lower(name, question->qname);
	if (bits != NULL)
		set_case(name, len, bits);
	wire_put_u16(&w, question->qtype);
	wire_put_u16(&w, CLASS_IN);
	q->question_len = (uint16_t)(w.len - MESSAGE_HEADER_LEN);
	if (edns) {
		/* RFC 6891 6.1.2; no options: neither those of who asked us
		 * (RFC 6891 6.1.1), nor our own. */
		wire_put_u8(&w, 0);
		wire_put_u16(&w, TYPE_OPT);
		wire_put_u16(&w, UPSTREAM_UDP_LEN);
		wire_put_u16(&w, 0);
		wire_put_u16(&w, question->dnssec_ok ? EDNS_DO : 0);
		wire_put_u16(&w, 0);
	}
	q->len = (uint16_t)w.len;
	q->edns = edns;
	q->exact = bits != NULL;
}

void
upstream_seal(struct query *q, uint16_t id, bool opt)
{
	wire_store_u16(q->wire, id);
	wire_store_u16(q->wire + 10, opt && q->edns); /* ARCOUNT */
}

void
upstream_strip_edns(struct query *q)
{
	if (!q->edns)
		return;
	q->edns = false;
	q->len -= OPT_LEN;
	/* Servers from before EDNS may take AD and CD for garbage. */
	wire_store_u16(q->wire + 2, FLAG_RD);
}

static bool
has_opt(const uint8_t *wire, size_t len)
{
	struct message m;

	return message_parse_answer(&m, wire, len) == MESSAGE_OK && m.opt != 0;
}

/* RFC 5452 9.1: name, type and class. */
static enum judgement
judge_question(const struct query *q, const uint8_t *wire, size_t len)
{
	const uint8_t *ours = q->wire + MESSAGE_HEADER_LEN, *theirs;
	size_t name = q->question_len - 4U, found;

	if (wire_load_u16(wire + 4) != 1 ||
	    len < MESSAGE_HEADER_LEN + (size_t)q->question_len)
		return JUDGED_OTHER;
	theirs = wire + MESSAGE_HEADER_LEN;
	if (memcmp(ours, theirs, q->question_len) == 0)
		return JUDGED_RIGHT;
	if (memcmp(ours + name, theirs + name, 4) == 0 &&
	    name_check(theirs, name, &found) && name_equal(ours, theirs))
		return JUDGED_FOLDED;
	return JUDGED_OTHER;
}

enum judgement
upstream_judge(const struct query *q, const uint8_t *wire, size_t len)
{
	unsigned flags, rcode;
	enum judgement judgement;

	if (len < MESSAGE_HEADER_LEN)
		return JUDGED_OTHER;
	flags = wire_load_u16(wire + 2);
	rcode = flags & 15;
	if ((flags & FLAG_QR) == 0 || (flags >> 11 & 15) != OPCODE_QUERY)
		return JUDGED_OTHER;
	judgement = judge_question(q, wire, len);
	if (judgement != JUDGED_RIGHT)
		return judgement;
	if ((flags & FLAG_TC) != 0)
		return JUDGED_CUT;
	if (rcode == RCODE_FORMERR && q->edns && !has_opt(wire, len))
		return JUDGED_NO_EDNS;
	/* The lower half of BADCOOKIE; YXRRSET answers no query. */
	if (rcode == (RCODE_BADCOOKIE & 15))
		return JUDGED_COOKIE;
	return JUDGED_RIGHT;
}
