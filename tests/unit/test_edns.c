/* SPDX-License-Identifier: Apache-2.0 */
/* What a client says in OPT, and what it hears. */
#include <criterion/criterion.h>
#include <time.h>

#include "server/nameserver/edns.h"
#include "tests/unit/hex.h"

#define QUESTION "0377656200 0001 0001"
#define QUERY "1234 0100 0001 0000 0000 0001" QUESTION
#define UPDATE "1234 2800 0001 0000 0000 0001" QUESTION
#define OPT "00 0029 04d0 00000000" /* without RDLENGTH */

/* Parses a message that must be well-formed but for its OPT. */
static enum edns_state
parse(const char *hex, bool tcp, struct edns *e)
{
	uint8_t in[512];
	size_t len = hex_read(hex, in);
	struct message m;

	cr_assert_eq(message_parse(&m, in, len), MESSAGE_OK, "%s", hex);
	return edns_parse(e, &m, tcp);
}

Test(edns, without_opt_a_client_takes_512_octets, .timeout = 5)
{
	struct edns e;

	cr_assert_eq(parse("1234 0100 0001 0000 0000 0000" QUESTION, false, &e),
	    EDNS_OK);
	cr_assert_not(e.present);
	cr_assert_eq(edns_udp_limit(&e, 1232), 512);
}

Test(edns, payload_is_at_least_512_and_at_most_ours, .timeout = 5)
{
	static const struct {
		const char *opt;
		size_t limit;
	} samples[] = {
	    {"00 0029 0000 00000000 0000", 512},
	    {"00 0029 01ff 00000000 0000", 512},
	    {"00 0029 0201 00000000 0000", 513},
	    {"00 0029 04d0 00000000 0000", 1232},
	    {"00 0029 ffff 00000000 0000", 1232},
	};
	size_t i;

	for (i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		char hex[256] = QUERY;
		struct edns e;

		strcat(hex, samples[i].opt);
		cr_expect_eq(parse(hex, false, &e), EDNS_OK);
		cr_expect_eq(edns_udp_limit(&e, 1232), samples[i].limit,
		    "%s: %zu", samples[i].opt, edns_udp_limit(&e, 1232));
	}
}

Test(edns, do_is_seen_and_other_flags_are_not, .timeout = 5)
{
	struct edns e;

	cr_assert_eq(
	    parse(QUERY "00 0029 04d0 00008000 0000", false, &e), EDNS_OK);
	cr_assert(e.dnssec_ok);
	cr_assert_eq(
	    parse(QUERY "00 0029 04d0 00007fff 0000", false, &e), EDNS_OK);
	cr_assert_not(e.dnssec_ok);
}

Test(edns, another_version_is_badvers_whatever_its_options, .timeout = 5)
{
	struct edns e;

	cr_assert_eq(
	    parse(QUERY "00 0029 04d0 00018000 0000", false, &e), EDNS_BADVERS);
	cr_assert(e.present);
	cr_assert(e.dnssec_ok);
	cr_assert_eq(
	    parse(QUERY "00 0029 04d0 00ff0000 0003 000a00", false, &e),
	    EDNS_BADVERS);
}

struct sample {
	const char *why;
	const char *hex;
	bool tcp;
	enum edns_state state;
};

static void
check_states(const struct sample *samples, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct edns e;
		enum edns_state state =
		    parse(samples[i].hex, samples[i].tcp, &e);

		cr_expect_eq(state, samples[i].state, "%s: got %d",
		    samples[i].why, (int)state);
		cr_expect(e.present);
	}
}

#define CHECK(samples) check_states(samples, sizeof(samples) / sizeof(*samples))

Test(edns, options_have_the_length_that_they_say, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"none", QUERY OPT "0000", false, EDNS_OK},
	    {"one octet", QUERY OPT "0001 00", false, EDNS_FORMERR},
	    {"half a header", QUERY OPT "0003 000300", false, EDNS_FORMERR},
	    {"longer than the record", QUERY OPT "0006 fde9 0003 6161", false,
		EDNS_FORMERR},
	    {"far longer", QUERY OPT "0004 fde9 ffff", false, EDNS_FORMERR},
	    {"unknown", QUERY OPT "0007 fde9 0003 616161", false, EDNS_OK},
	    {"code 0", QUERY OPT "0004 0000 0000", false, EDNS_OK},
	    {"a good one, then half a header", QUERY OPT "0006 0003 0000 0003",
		false, EDNS_FORMERR},
	};

	CHECK(samples);
}

Test(edns, each_option_has_the_form_of_its_rfc, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"lease of 4", UPDATE OPT "0008 0002 0004 0000003c", false,
		EDNS_OK},
	    {"lease of 8", UPDATE OPT "000c 0002 0008 0000003c 00000e10", false,
		EDNS_OK},
	    {"empty lease", UPDATE OPT "0004 0002 0000", false, EDNS_FORMERR},
	    {"lease of 5", UPDATE OPT "0009 0002 0005 0000003c 00", false,
		EDNS_FORMERR},
	    {"lease of 12",
		UPDATE OPT "0010 0002 000c 0000003c 00000e10 00000000", false,
		EDNS_FORMERR},
	    {"lease of 5 in a query", QUERY OPT "0009 0002 0005 0000003c 00",
		false, EDNS_OK},
	    {"NSID", QUERY OPT "0004 0003 0000", false, EDNS_OK},
	    {"NSID with data", QUERY OPT "0005 0003 0001 61", false, EDNS_OK},
	    {"cookie of 8", QUERY OPT "000c 000a 0008 0102030405060708", false,
		EDNS_OK},
	    {"cookie of 7", QUERY OPT "000b 000a 0007 01020304050607", false,
		EDNS_FORMERR},
	    {"cookie of 9", QUERY OPT "000d 000a 0009 010203040506070809",
		false, EDNS_FORMERR},
	    {"cookie of 41",
		QUERY OPT "002d 000a 0029 01020304050607080102030405060708"
			  "0102030405060708 0102030405060708"
			  "0102030405060708 01",
		false, EDNS_FORMERR},
	    {"keepalive", QUERY OPT "0004 000b 0000", true, EDNS_OK},
	    {"keepalive with a timeout", QUERY OPT "0006 000b 0002 0064", true,
		EDNS_FORMERR},
	    {"the same over UDP", QUERY OPT "0006 000b 0002 0064", false,
		EDNS_OK},
	    {"padding", QUERY OPT "0007 000c 0003 000000", false, EDNS_OK},
	    {"EDE of a client", QUERY OPT "0006 000f 0002 0000", false,
		EDNS_OK},
	};

	CHECK(samples);
}

Test(edns, a_client_subnet_is_no_longer_than_its_prefix, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"IPv4 /24", QUERY OPT "000b 0008 0007 0001 18 00 c00002", false,
		EDNS_OK},
	    {"IPv4 /0", QUERY OPT "0008 0008 0004 0001 00 00", false, EDNS_OK},
	    {"IPv6 /48", QUERY OPT "000e 0008 000a 0002 30 00 20010db80001",
		false, EDNS_OK},
	    {"IPv4 /33", QUERY OPT "000d 0008 0009 0001 21 00 c000020180",
		false, EDNS_FORMERR},
	    {"a scope", QUERY OPT "000b 0008 0007 0001 18 18 c00002", false,
		EDNS_FORMERR},
	    {"an octet too many",
		QUERY OPT "000c 0008 0008 0001 18 00 c0000200", false,
		EDNS_FORMERR},
	    {"an octet too few", QUERY OPT "000a 0008 0006 0001 18 00 c000",
		false, EDNS_FORMERR},
	    {"a bit too many", QUERY OPT "000b 0008 0007 0001 17 00 c00003",
		false, EDNS_FORMERR},
	    {"no prefix", QUERY OPT "0007 0008 0003 0001 00", false,
		EDNS_FORMERR},
	    {"another family", QUERY OPT "000a 0008 0006 0003 18 00 c000",
		false, EDNS_OK},
	};

	CHECK(samples);
}

Test(edns, options_are_kept, .timeout = 5)
{
	struct edns e;

	cr_assert_eq(
	    parse(UPDATE OPT "0042 0003 0000 000b 0000 000c 0000"
			     "0002 0008 0000003c 00000e10"
			     "000a 0010 01020304050607081112131415161718"
			     "0008 0006 0001 10 00 c0a8"
			     "000a 0008 ffffffffffffffff", /* the second */
		true, &e),
	    EDNS_OK);
	cr_assert(e.nsid);
	cr_assert(e.keepalive);
	cr_assert(e.padding);
	cr_assert_eq(e.lease_len, 8);
	cr_assert_eq(e.lease_s, 60);
	cr_assert_eq(e.key_lease_s, 3600);
	cr_assert_eq(e.cookie_len, 16);
	cr_assert_eq(e.cookie[15], 0x18);
	cr_assert_eq(e.subnet_len, 6);
	cr_assert_eq(e.subnet[5], 0xa8);
}

Test(edns, the_short_lease_is_that_of_keys_too, .timeout = 5)
{
	struct edns e;

	cr_assert_eq(
	    parse(UPDATE OPT "0008 0002 0004 ffffffff", false, &e), EDNS_OK);
	cr_assert_eq(e.lease_len, 4);
	cr_assert_eq(e.lease_s, UINT32_MAX);
	cr_assert_eq(e.key_lease_s, UINT32_MAX);
}

Test(edns, sixteen_thousand_options_are_nothing, .timeout = 5)
{
	static uint8_t in[MESSAGE_MAX_LEN];
	size_t at = hex_read(QUERY OPT "0000", in);
	size_t rdata = at;
	struct message m;
	struct edns e;
	clock_t start = clock();

	for (; at + 4 <= sizeof(in); at += 4)
		wire_store_u16(in + at, OPTION_NSID);
	wire_store_u16(in + rdata - 2, (uint16_t)(at - rdata));
	cr_assert_eq(message_parse(&m, in, at), MESSAGE_OK);
	cr_assert_eq(edns_parse(&e, &m, false), EDNS_OK);
	cr_assert_lt(clock() - start, CLOCKS_PER_SEC / 100);
}

/* Writes a reply behind a header and compares it. */
static void
check_reply(const struct edns_reply *reply, unsigned rcode, const char *hex)
{
	uint8_t out[256], want[256];
	size_t len = hex_read(hex, want);
	struct wire_writer w;

	wire_writer_init(&w, out, sizeof(out));
	message_put_request_header(&w, 0x1234, OPCODE_QUERY, 0);
	edns_put(&w, reply, rcode);
	cr_assert_not(w.failed);
	cr_expect_eq(w.len, MESSAGE_HEADER_LEN + len);
	cr_expect_eq(edns_reply_len(reply), len);
	cr_expect_arr_eq(out + MESSAGE_HEADER_LEN, want, len);
	cr_expect_eq(out[11], 1, "it counts itself");
}

Test(edns, the_least_reply_echoes_do, .timeout = 5)
{
	struct edns e = {.present = true, .dnssec_ok = true};
	struct edns_reply reply;

	edns_reply_init(&reply, &e);
	check_reply(&reply, RCODE_NOERROR, "00 0029 04d0 00008000 0000");
	reply.dnssec_ok = false;
	check_reply(&reply, RCODE_BADVERS, "00 0029 04d0 01000000 0000");
}

Test(edns, a_reply_holds_its_options, .timeout = 5)
{
	static const uint8_t subnet[] = {0, 1, 16, 0, 192, 168};
	static const uint8_t cookie[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct edns_reply reply = {
	    .payload = 1232,
	    .keepalive = true,
	    .keepalive_ds = 100,
	    .lease_len = 4,
	    .lease_s = 60,
	    .key_lease_s = 3600,
	    .nsid = (const uint8_t *)"ns1",
	    .nsid_len = 3,
	    .cookie = cookie,
	    .cookie_len = 8,
	    .subnet = subnet,
	    .subnet_len = 6,
	    .subnet_scope = 16,
	    .ede = EDE_PROHIBITED,
	    .ede_text = "rule 1",
	};

	check_reply(&reply, RCODE_REFUSED,
	    "00 0029 04d0 00000000 0037"
	    "0002 0004 0000003c"
	    "0003 0003 6e7331"
	    "0008 0006 0001 10 10 c0a8"
	    "000a 0008 0102030405060708"
	    "000b 0002 0064"
	    "000f 0008 0012 72756c652031");
	reply = (struct edns_reply){.payload = 1232,
	    .lease_len = 8,
	    .lease_s = 60,
	    .key_lease_s = 3600,
	    .ede = EDE_OTHER};
	check_reply(&reply, RCODE_NOERROR,
	    "00 0029 04d0 00000000 0012 0002 0008 0000003c 00000e10"
	    "000f 0002 0000");
}

Test(edns, the_text_of_an_error_goes_first_then_the_error, .timeout = 5)
{
	struct edns_reply reply = {
	    .payload = 1232, .ede = EDE_PROHIBITED, .ede_text = "rule 1"};
	uint8_t out[64];
	size_t room;

	for (room = 0; room <= 23; room++) {
		struct wire_writer w;
		size_t want = room >= 23 ? 23 : room >= 17 ? 17 : 11;

		wire_writer_init(&w, out, MESSAGE_HEADER_LEN + room);
		message_put_request_header(&w, 0, OPCODE_QUERY, 0);
		edns_put(&w, &reply, RCODE_REFUSED);
		cr_expect_eq(w.failed, room < 11);
		if (!w.failed)
			cr_expect_eq(w.len, MESSAGE_HEADER_LEN + want);
	}
}
