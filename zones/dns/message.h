/* message.h - one request, seen over the bytes it came in.
 *
 *      0            12                                          len
 *      +------------+----------+--------+-----------+------------+
 *      | header     | question | answer | authority | additional |
 *      +------------+----------+--------+-----------+------------+
 *                              ^ at[1]  ^ at[2]     ^ at[3]      ^ at[4]
 *                                                     OPT, TSIG somewhere
 *
 * message_parse() walks a request once, from the first octet to the last:
 * after it every record header and every RDATA lies inside the message, the
 * counts are true, nothing is left over, and OPT and TSIG stand where they
 * may.  What is inside the RDATA is for others: edns, tsig, update.
 *
 * In an UPDATE the sections are called zone, prerequisite, update and
 * additional (RFC 2136 2); they have the same places.
 *
 * Threads:   any.
 * Ownership: borrows the request; allocates nothing, copies nothing.
 * Units:     octets; places count from the first octet of the header.
 * Errors:    enum message_state, never enum error.
 * Standards: RFC 1035 4.1; RFC 2136 2; RFC 6891 6.1.1; RFC 8945 5.1, 5.2;
 *            RFC 9619 (one question).
 */
#ifndef ZONES_DNS_MESSAGE_H
#define ZONES_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/name.h"
#include "zones/dns/wire.h"

#define MESSAGE_HEADER_LEN 12
#define MESSAGE_MAX_LEN 65535 /* the length prefix of TCP, RFC 1035 4.2.2 */

enum opcode {
	OPCODE_QUERY = 0,
	OPCODE_NOTIFY = 4,
	OPCODE_UPDATE = 5,
};

/* RCODEs; those above 15 need OPT (BADVERS) or stand in TSIG (the rest). */
enum rcode {
	RCODE_NOERROR = 0,
	RCODE_FORMERR = 1,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
	RCODE_YXDOMAIN = 6,
	RCODE_YXRRSET = 7,
	RCODE_NXRRSET = 8,
	RCODE_NOTAUTH = 9,
	RCODE_NOTZONE = 10,
	RCODE_BADVERS = 16,
	RCODE_BADSIG = 16,
	RCODE_BADKEY = 17,
	RCODE_BADTIME = 18,
	RCODE_BADTRUNC = 22,
	RCODE_BADCOOKIE = 23,
};

/* Bits of the second word of the header. */
enum message_flag {
	FLAG_QR = 0x8000,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	FLAG_RA = 0x0080,
	FLAG_Z = 0x0040,
	FLAG_AD = 0x0020,
	FLAG_CD = 0x0010,
};

enum message_section {
	SECTION_QUESTION,
	SECTION_ANSWER,
	SECTION_AUTHORITY,
	SECTION_ADDITIONAL,
	SECTION_ZONE = SECTION_QUESTION,
	SECTION_PREREQUISITE = SECTION_ANSWER,
	SECTION_UPDATE = SECTION_AUTHORITY,
};

enum message_state {
	MESSAGE_OK,
	MESSAGE_DROP, /* too short for an answer, or itself an answer */
	MESSAGE_FORMERR, /* malformed; the question is echoed if it was good */
	MESSAGE_NOTIMP, /* an opcode that we do not know */
};

struct message {
	const uint8_t *in;
	size_t len;
	uint16_t id;
	uint16_t flags; /* the second word, opcode and RCODE included */
	uint16_t count[4];
	/* The question, at MESSAGE_HEADER_LEN; qname_len is 0 (and the type
	 * and class too) unless there is exactly one and it is well-formed. */
	size_t qname_len;
	uint16_t qtype;
	uint16_t qclass;
	size_t at[5]; /* where each section starts; at[4] is the end */
	size_t opt; /* where the OPT record starts; 0: there is none */
	size_t tsig; /* where the TSIG record starts; 0: there is none */
};

/* Looks at a request.  in, len, id and flags are set in each case but DROP;
 * the question and opt also in FORMERR and NOTIMP, as far as they were found
 * to be good (so that the answer can echo the one and mention the other). */
enum message_state message_parse(
    struct message *, const uint8_t *in, size_t len);

/* Client side: looks at an answer in the same way; DROP unless QR is set. */
enum message_state message_parse_answer(
    struct message *, const uint8_t *in, size_t len);

static inline unsigned
message_opcode(const struct message *m)
{
	return m->flags >> 11 & 15;
}

/* The name in question, in the case in which it was asked; valid only if
 * qname_len is not 0. */
static inline const uint8_t *
message_qname(const struct message *m)
{
	return m->in + MESSAGE_HEADER_LEN;
}

/* Octets of the question section that an answer echoes. */
static inline size_t
message_question_len(const struct message *m)
{
	return m->qname_len == 0 ? 0 : m->qname_len + 4;
}

/* One record of a request. */
struct message_rr {
	struct name owner;
	uint16_t type;
	uint16_t class;
	uint32_t ttl;
	uint16_t rdlength;
	struct wire_reader rdata; /* stands at the RDATA and ends behind it */
};

/* A place between two records of one section. */
struct message_cursor {
	struct wire_reader reader;
	unsigned left; /* records still to come */
};

/* The start of a section (not of the question) of a message that is OK. */
struct message_cursor message_section(
    const struct message *, enum message_section);

/* Reads the next record; false when there is none.  The records of additional
 * include OPT and TSIG. */
bool message_rr_next(struct message_cursor *, struct message_rr *);

/* Starts a response in an empty writer: ID, opcode and RD (for a QUERY also
 * CD, RFC 4035 3.2.2) as in the request, QR and the given flags set, RCODE,
 * and the question, octet by octet.  The writer's buffer must start with the
 * message; the name in question becomes a target of compression. */
void message_put_response_header(
    struct wire_writer *, const struct message *, unsigned flags, enum rcode);

/* Starts a request of our own: no records yet. */
void message_put_request_header(
    struct wire_writer *, uint16_t id, enum opcode, unsigned flags);

/* The header of the message that a writer holds (which must have one). */

/* Sets the lower four bits of the RCODE; edns_put() tells the upper ones. */
void message_set_rcode(struct wire_writer *, unsigned rcode);
static inline void
message_set_flags(struct wire_writer *w, unsigned flags)
{
	wire_store_u16(
	    w->buf + 2, (uint16_t)(wire_load_u16(w->buf + 2) | flags));
}

static inline void
message_set_count(
    struct wire_writer *w, enum message_section section, unsigned count)
{
	wire_store_u16(w->buf + 4 + 2 * section, (uint16_t)count);
}

/* Counts n more records; never beyond 65535. */
void message_add_count(struct wire_writer *, enum message_section, unsigned n);

#endif
