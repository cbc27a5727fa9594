/* reply_fixture.h - one answer, checked.
 *
 * Threads:   one.
 * Ownership: all is static.
 */
#ifndef TESTS_UNIT_REPLY_FIXTURE_H
#define TESTS_UNIT_REPLY_FIXTURE_H

#include "resolver/reply.h"
#include "tests/unit/message_text.h"

static uint8_t in[65536], out[65536];
static uint16_t places[REPLY_TTLS_MAX];
static struct reply reply;

/* Checks octets as an answer to the question of a text. */
static inline enum reply_state
check_octets(size_t len, const char *question, const char *zone, bool dnssec)
{
	struct reply_question q = {.dnssec_ok = dnssec};
	struct name qname, apex;
	char name[1100], type[20];

	cr_assert_eq(sscanf(question, "%1099s %19s", name, type), 2);
	text_name(name, &qname);
	text_name(zone, &apex);
	q.qname = qname.wire;
	q.qtype = type_from_text(type);
	q.zone = apex.wire;
	reply = (struct reply){.out = out,
	    .cap = sizeof(out),
	    .ttl_at = places,
	    .ttl_cap = REPLY_TTLS_MAX};
	return reply_check(in, len, &q, &reply);
}

static inline enum reply_state
check_in(const struct message_text *text, const char *zone, bool dnssec)
{
	size_t len = write_text(text, in, sizeof(in));

	return check_octets(len, text->question, zone, dnssec);
}

#endif
