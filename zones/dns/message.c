/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/dns/message.h"

#include "zones/dns/rdata.h"

/* Type, class, TTL and RDLENGTH: RFC 1035 4.1.3. */
#define RR_FIXED_LEN 10

/* Moves *pos behind the record that starts there and tells where its fixed
 * part is; false if it does not lie inside the message. */
static inline bool
skip_rr(const uint8_t *in, size_t len, size_t *pos, size_t *fixed)
{
	size_t at = *pos;
	size_t rdlength;

	if (at < len && in[at] == 0) { /* the root, as OPT has it */
		at++;
	} else {
		struct wire_reader r = wire_reader(in, len);

		r.pos = at;
		wire_skip_name(&r);
		if (r.failed)
			return false;
		at = r.pos;
	}
	if (len - at < RR_FIXED_LEN)
		return false;
	rdlength = wire_load_u16(in + at + 8);
	if (len - at - RR_FIXED_LEN < rdlength)
		return false;
	*fixed = at;
	*pos = at + RR_FIXED_LEN + rdlength;
	return true;
}

/* Takes note of an OPT record; false if it may not be here: RFC 6891 6.1.1
 * wants one at most, in additional, owned by the root. */
static bool
note_opt(struct message *m, unsigned section, size_t at)
{
	if (section != SECTION_ADDITIONAL || m->opt != 0 || m->in[at] != 0)
		return false;
	m->opt = at;
	return true;
}

/* Takes note of a TSIG record; false if it may not be here: it is the last
 * one of additional, of class ANY and TTL 0 (RFC 8945 4.2, 5.2). */
static bool
note_tsig(
    struct message *m, unsigned section, size_t at, size_t fixed, unsigned left)
{
	if (section != SECTION_ADDITIONAL || left != 0 ||
	    wire_load_u16(m->in + fixed + 2) != CLASS_ANY ||
	    wire_load_u32(m->in + fixed + 4) != 0)
		return false;
	m->tsig = at;
	return true;
}

static bool
walk_section(struct message *m, unsigned section, size_t *pos)
{
	unsigned left = m->count[section];

	while (left > 0) {
		size_t at = *pos, fixed;
		uint16_t type;

		if (!skip_rr(m->in, m->len, pos, &fixed))
			return false;
		left--;
		type = wire_load_u16(m->in + fixed);
		if (type == TYPE_OPT && !note_opt(m, section, at))
			return false;
		if (type == TYPE_TSIG &&
		    !note_tsig(m, section, at, fixed, left))
			return false;
	}
	return true;
}

/* The one question.  Its name stands in front of all others, so there is
 * nothing that it could be compressed with. */
static bool
walk_question(struct message *m, size_t *pos)
{
	size_t len;

	if (m->count[SECTION_QUESTION] == 0)
		return true;
	/* RFC 9619: QDCOUNT above 1 is FORMERR; RFC 2136 3.1.1 has the same
	 * for ZOCOUNT. */
	if (m->count[SECTION_QUESTION] > 1 ||
	    !name_check(m->in + *pos, m->len - *pos, &len) ||
	    m->len - *pos - len < 4)
		return false;
	m->qname_len = len;
	m->qtype = wire_load_u16(m->in + *pos + len);
	m->qclass = wire_load_u16(m->in + *pos + len + 2);
	*pos += len + 4;
	return true;
}

/* Walks the body from the header to the end; false if it is malformed. */
static bool
walk(struct message *m)
{
	size_t pos = MESSAGE_HEADER_LEN;
	unsigned section;

	if (!walk_question(m, &pos))
		return false;
	for (section = SECTION_ANSWER; section <= SECTION_ADDITIONAL;
	     section++) {
		m->at[section] = pos;
		if (!walk_section(m, section, &pos))
			return false;
	}
	m->at[4] = pos;
	return pos == m->len; /* nothing may be left over */
}

static bool
parse_header(struct message *m, const uint8_t *in, size_t len)
{
	unsigned i;

	if (len < MESSAGE_HEADER_LEN || len > MESSAGE_MAX_LEN)
		return false;
	*m = (struct message){.in = in, .len = len};
	m->id = wire_load_u16(in);
	m->flags = wire_load_u16(in + 2);
	for (i = 0; i < 4; i++)
		m->count[i] = wire_load_u16(in + 4 + 2 * i);
	m->at[0] = MESSAGE_HEADER_LEN;
	return true;
}

enum message_state
message_parse(struct message *m, const uint8_t *in, size_t len)
{
	bool good;

	/* An answer to an answer would start a loop. */
	if (!parse_header(m, in, len) || (m->flags & FLAG_QR) != 0)
		return MESSAGE_DROP;
	good = walk(m);
	switch (message_opcode(m)) {
	case OPCODE_QUERY:
	case OPCODE_NOTIFY:
	case OPCODE_UPDATE:
		break;
	default:
		/* Its body may have a form of its own (RFC 8490 5.4), so
		 * that it cannot be walked says nothing. */
		return MESSAGE_NOTIMP;
	}
	/* None of ours goes without a question. */
	if (!good || m->count[SECTION_QUESTION] != 1)
		return MESSAGE_FORMERR;
	return MESSAGE_OK;
}

enum message_state
message_parse_answer(struct message *m, const uint8_t *in, size_t len)
{
	if (!parse_header(m, in, len) || (m->flags & FLAG_QR) == 0)
		return MESSAGE_DROP;
	return walk(m) ? MESSAGE_OK : MESSAGE_FORMERR;
}

struct message_cursor
message_section(const struct message *m, enum message_section section)
{
	struct message_cursor c;

	/* To the end of all, since the walk let owners look so far. */
	c.reader = wire_reader(m->in, m->len);
	c.reader.pos = m->at[section];
	c.left = m->count[section];
	return c;
}

bool
message_rr_next(struct message_cursor *c, struct message_rr *rr)
{
	struct wire_reader *r = &c->reader;

	if (c->left == 0)
		return false;
	wire_get_name(r, &rr->owner);
	rr->type = wire_get_u16(r);
	rr->class = wire_get_u16(r);
	rr->ttl = wire_get_u32(r);
	rr->rdlength = wire_get_u16(r);
	rr->rdata = *r;
	if (wire_get_bytes(r, rr->rdlength) == NULL)
		return false;
	rr->rdata.len = r->pos;
	c->left--;
	return true;
}

void
message_put_response_header(struct wire_writer *w, const struct message *m,
    unsigned flags, enum rcode rcode)
{
	unsigned keep = FLAG_RD;
	uint8_t *at = wire_put_room(w, MESSAGE_HEADER_LEN);

	if (at == NULL)
		return;
	if (message_opcode(m) == OPCODE_QUERY)
		keep |= FLAG_CD;
	memset(at, 0, MESSAGE_HEADER_LEN);
	wire_store_u16(at, m->id);
	wire_store_u16(
	    at + 2, (uint16_t)(FLAG_QR | message_opcode(m) << 11 |
			       (m->flags & keep) | flags | (rcode & 15)));
	if (m->qname_len == 0)
		return;
	at[5] = 1; /* QDCOUNT */
	wire_put_bytes(w, message_qname(m), message_question_len(m));
	if (!w->failed)
		wire_note_name(w, MESSAGE_HEADER_LEN);
}

void
message_put_request_header(
    struct wire_writer *w, uint16_t id, enum opcode opcode, unsigned flags)
{
	uint8_t *at = wire_put_room(w, MESSAGE_HEADER_LEN);

	if (at == NULL)
		return;
	memset(at, 0, MESSAGE_HEADER_LEN);
	wire_store_u16(at, id);
	wire_store_u16(at + 2, (uint16_t)((unsigned)opcode << 11 | flags));
}

void
message_set_rcode(struct wire_writer *w, unsigned rcode)
{
	w->buf[3] = (uint8_t)((w->buf[3] & 0xf0) | (rcode & 15));
}

void
message_add_count(
    struct wire_writer *w, enum message_section section, unsigned n)
{
	uint8_t *at = w->buf + 4 + 2 * section;

	wire_store_u16(at, (uint16_t)(wire_load_u16(at) + n));
}
