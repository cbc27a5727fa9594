/* SPDX-License-Identifier: Apache-2.0 */
/* What is believed of an upstream's octets. */
#include <time.h>

#include "tests/unit/hex.h"
#include "tests/unit/reply_fixture.h"

#define WWW "www.example. 300 IN A 192.0.2.1\n"

Test(reply, it_must_answer_the_question, .timeout = 5)
{
	static const struct message_text text =
	    TEXT("ra 0", "www.example. A", WWW);
	size_t len = write_text(&text, in, sizeof(in));

	cr_expect_eq(check_octets(len, "www.example. A", ".", false), REPLY_OK);
	cr_expect_eq(
	    check_octets(len, "ww.example. A", ".", false), REPLY_WRONG);
	cr_expect_eq(
	    check_octets(len, "www.example. AAAA", ".", false), REPLY_WRONG);
	in[2] &= 0x7f; /* QR */
	cr_expect_eq(
	    check_octets(len, "www.example. A", ".", false), REPLY_WRONG);
	in[2] |= 0xa0; /* opcode 4 */
	cr_expect_eq(
	    check_octets(len, "www.example. A", ".", false), REPLY_WRONG);
	len = write_text(&text, in, sizeof(in));
	in[28] = CLASS_CH;
	cr_expect_eq(
	    check_octets(len, "www.example. A", ".", false), REPLY_WRONG);
}

Test(reply, the_case_must_come_back_where_it_was_sent, .timeout = 5)
{
	static const struct message_text text =
	    TEXT("ra 0", "wWw.eXample. A", WWW);
	struct reply_question q = {.qname = (const uint8_t *)"\3wWw\7eXample",
	    .qtype = TYPE_A,
	    .zone = (const uint8_t *)"",
	    .exact_case = true};
	size_t len = write_text(&text, in, sizeof(in));

	reply = (struct reply){.out = out,
	    .cap = sizeof(out),
	    .ttl_at = places,
	    .ttl_cap = REPLY_TTLS_MAX};
	cr_expect_eq(reply_check(in, len, &q, &reply), REPLY_OK);
	cr_expect_arr_eq(out + 12, "\3www\7example", 13);
	q.qname = (const uint8_t *)"\3wWw\7example";
	cr_expect_eq(reply_check(in, len, &q, &reply), REPLY_WRONG);
	q.exact_case = false;
	cr_expect_eq(reply_check(in, len, &q, &reply), REPLY_OK);
}

Test(reply, what_is_cut_anywhere_is_wrong, .timeout = 5)
{
	static const struct message_text text =
	    TEXT("ra 0", "a.example. MX", "a.example. 60 IN MX 1 m.example.\n",
		NULL, "m.example. 60 IN A 192.0.2.1\n");
	size_t len = write_text(&text, in, sizeof(in)), cut;

	cr_expect_eq(check_octets(len, text.question, ".", false), REPLY_OK);
	for (cut = 0; cut < len; cut++)
		cr_expect_eq(check_octets(cut, text.question, ".", false),
		    REPLY_WRONG, "%zu", cut);
	in[len] = 0;
	cr_expect_eq(
	    check_octets(len + 1, text.question, ".", false), REPLY_WRONG);
}

Test(reply, rdata_that_counts_must_be_well_formed, .timeout = 5)
{
	static const struct {
		const char *hex;
		enum reply_state state;
	} rows[] = {
	    {"c00c 0001 0001 0000003c 0004 c0000201", REPLY_OK},
	    {"c00c 0001 0001 0000003c 0005 c000020100", REPLY_WRONG},
	    {"c00c 0001 0001 0000003c 0000", REPLY_WRONG},
	    {"c00c 0005 0001 0000003c 0002 c0ff", REPLY_WRONG},
	    /* Not of the question: nobody looks. */
	    {"00 0001 0001 0000003c 0000", REPLY_OK},
	    /* Nor of class CH. */
	    {"c00c 0001 0003 0000003c 0000", REPLY_OK},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = hex_read(
		    "0000 8080 0001 0001 0000 0000 0161 00 0001 0001", in);

		len += hex_read(rows[i].hex, in + len);
		cr_expect_eq(check_octets(len, "a. A", ".", false),
		    rows[i].state, "%s", rows[i].hex);
	}
}

Test(reply, opt_tells_more_and_is_left_out, .timeout = 5)
{
	static const struct {
		const char *flags, *opt;
		enum reply_state state;
		int ede;
	} rows[] = {
	    {"8180", "00 0029 04d0 00000000 0000", REPLY_OK, -1},
	    {"8180", "00 0029 04d0 00000000 0006 000f 0002 0003", REPLY_OK, 3},
	    {"8182", "00 0029 04d0 00000000 0008 000f 0004 0006 6162",
		REPLY_SERVFAIL, 6},
	    {"8182", "00 0029 04d0 00000000 0006 000f 0004 0006",
		REPLY_SERVFAIL, -1},
	    /* BADVERS */
	    {"8180", "00 0029 04d0 01000000 0000", REPLY_LAME, -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = hex_read("0000", in);

		len += hex_read(rows[i].flags, in + len);
		len += hex_read("0001 0001 0000 0001 0161 00 0001 0001"
				"c00c 0001 0001 0000003c 0004 c0000201",
		    in + len);
		len += hex_read(rows[i].opt, in + len);
		cr_expect_eq(check_octets(len, "a. A", ".", false),
		    rows[i].state, "%zu", i);
		cr_expect_eq(reply.ede, rows[i].ede, "%zu", i);
		if (rows[i].state == REPLY_OK)
			cr_expect_eq(reply.len, 12 + 7 + 16);
	}
}

Test(reply, a_bare_header_may_refuse, .timeout = 5)
{
	size_t len = hex_read("0000 8081 0000 0000 0000 0000", in);

	cr_expect_eq(check_octets(len, "a. A", ".", false), REPLY_LAME);
	in[3] = 0x82;
	cr_expect_eq(check_octets(len, "a. A", ".", false), REPLY_SERVFAIL);
	in[3] = 0x80;
	cr_expect_eq(check_octets(len, "a. A", ".", false), REPLY_WRONG);
}

Test(reply, private_addresses_are_seen, .timeout = 5)
{
	static const struct {
		const char *record;
		bool is_private;
	} rows[] = {
	    {"a. 60 IN A 192.0.2.1\n", false},
	    {"a. 60 IN A 9.255.255.255\n", false},
	    {"a. 60 IN A 10.0.0.0\n", true},
	    {"a. 60 IN A 0.0.0.0\n", true},
	    {"a. 60 IN A 127.0.0.53\n", true},
	    {"a. 60 IN A 100.63.255.255\n", false},
	    {"a. 60 IN A 100.64.0.1\n", true},
	    {"a. 60 IN A 100.128.0.0\n", false},
	    {"a. 60 IN A 169.254.169.254\n", true},
	    {"a. 60 IN A 172.15.0.1\n", false},
	    {"a. 60 IN A 172.31.255.255\n", true},
	    {"a. 60 IN A 172.32.0.0\n", false},
	    {"a. 60 IN A 192.168.1.1\n", true},
	    {"a. 60 IN A 198.19.0.1\n", true},
	    {"a. 60 IN A 255.255.255.255\n", true},
	    {"a. 60 IN AAAA 2001:db8::1\n", false},
	    {"a. 60 IN AAAA ::\n", true},
	    {"a. 60 IN AAAA ::1\n", true},
	    {"a. 60 IN AAAA fd00::1\n", true},
	    {"a. 60 IN AAAA fe80::1\n", true},
	    {"a. 60 IN AAAA fec0::1\n", true},
	    {"a. 60 IN AAAA ::ffff:10.0.0.1\n", true},
	    {"a. 60 IN AAAA ::ffff:192.0.2.1\n", false},
	    {"a. 60 IN AAAA 64:ff9b::c0a8:1\n", true},
	    {"a. 60 IN AAAA 64:ff9b:1::1\n", true},
	    {"a. 60 IN AAAA 2002:a00:1::\n", true},
	    {"a. 60 IN AAAA 2002:c000:201::\n", false},
	    {"a. 60 IN HTTPS 1 . ipv4hint=192.0.2.1,10.0.0.1\n", true},
	    {"a. 60 IN HTTPS 1 . alpn=h2 ipv6hint=fd00::1\n", true},
	    {"a. 60 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1\n", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct message_text text =
		    TEXT("ra 0", "a. ANY", rows[i].record);

		cr_expect_eq(check_in(&text, ".", false), REPLY_OK);
		cr_expect_eq(reply.private_address, rows[i].is_private, "%s",
		    rows[i].record);
	}
}

Test(reply, the_places_of_ttls_are_where_they_are, .timeout = 5)
{
	static const struct message_text text =
	    TEXT("ra 0", "a.example. MX", "a.example. 70 IN MX 1 m.example.\n",
		NULL, "m.example. 60 IN A 192.0.2.1\n");

	cr_expect_eq(check_in(&text, ".", false), REPLY_OK);
	cr_expect_eq(reply.ttls, 2);
	cr_expect_eq(wire_load_u32(out + places[0]), 70);
	cr_expect_eq(wire_load_u32(out + places[1]), 60);
}

Test(reply, without_room_additional_goes_first, .timeout = 5)
{
	static const struct message_text text =
	    TEXT("ra 0", "a.example. MX", "a.example. 70 IN MX 1 m.example.\n",
		NULL, "m.example. 60 IN A 192.0.2.1\n");
	struct reply_question q = {.qname = (const uint8_t *)"\1a\7example",
	    .qtype = TYPE_MX,
	    .zone = (const uint8_t *)""};
	size_t len = write_text(&text, in, sizeof(in)), cap;
	unsigned oks = 0;

	for (cap = 0; cap < len; cap++) {
		/* A block of the exact length, so that a sanitizer sees. */
		uint8_t *exact = malloc(cap > 0 ? cap : 1);

		reply = (struct reply){.out = exact,
		    .cap = cap,
		    .ttl_at = places,
		    .ttl_cap = REPLY_TTLS_MAX};
		if (reply_check(in, len, &q, &reply) == REPLY_OK) {
			oks++;
			cr_expect_eq(reply.ttls, 1);
			cr_expect_eq(reply.ttl, 70);
			expect_section(exact, reply.len, SECTION_ADDITIONAL,
			    NULL, "short");
		}
		free(exact);
	}
	cr_expect_gt(oks, 0);
}

/* Milliseconds that one check takes. */
static double
measure(size_t len, const struct reply_question *q)
{
	struct timespec from, to;

	reply = (struct reply){.out = out,
	    .cap = sizeof(out),
	    .ttl_at = places,
	    .ttl_cap = REPLY_TTLS_MAX};
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	reply_check(in, len, q, &reply);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	return (double)(to.tv_sec - from.tv_sec) * 1e3 +
	       (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

/* As many records as go, each of whose owner and target is the longest name
 * there is, by pointers. */
static size_t
put_hostile(uint16_t type, const uint8_t *fixed, size_t fixed_len)
{
	struct wire_writer w;
	unsigned count = 0, i;

	wire_writer_init(&w, in, MESSAGE_MAX_LEN);
	message_put_request_header(&w, 0, OPCODE_QUERY, FLAG_QR | FLAG_RA);
	for (i = 0; i < 127; i++)
		wire_put_u16(&w, 0x0161);
	wire_put_u8(&w, 0);
	wire_put_u16(&w, type);
	wire_put_u16(&w, CLASS_IN);
	message_set_count(&w, SECTION_QUESTION, 1);
	while (w.cap - w.len >= 14 + fixed_len) {
		wire_put_u16(&w, 0xc00c);
		wire_put_u16(&w, type);
		wire_put_u16(&w, CLASS_IN);
		wire_put_u32(&w, 60);
		wire_put_u16(&w, (uint16_t)(fixed_len + 2));
		wire_put_bytes(&w, fixed, fixed_len);
		wire_put_u16(&w, 0xc00c);
		count++;
	}
	message_set_count(&w, SECTION_ANSWER, count);
	return w.len;
}

Test(reply, hostile_messages_cost_little, .timeout = 20)
{
	static const struct {
		uint16_t type;
		size_t fixed;
	} rows[] = {{TYPE_NS, 0}, {TYPE_MX, 2}, {TYPE_CNAME, 0}};
	uint8_t qname[NAME_MAX_LEN], fixed[6] = {0};
	struct reply_question q = {.qname = qname, .zone = (const uint8_t *)""};

	for (size_t i = 0; i < 127; i++)
		memcpy(qname + 2 * i, "\1a", 2);
	qname[254] = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		double ms;

		q.qtype = rows[i].type;
		ms = measure(
		    put_hostile(rows[i].type, fixed, rows[i].fixed), &q);
		/* A sanitizer may make it ten times as much. */
		cr_expect_lt(ms, 300, "type %u: %.1f ms", rows[i].type, ms);
		cr_log_info("type %u: %.2f ms", rows[i].type, ms);
	}
}
