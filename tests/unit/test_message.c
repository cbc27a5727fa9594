/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests are looked at, and what is seen in them. */
#include <criterion/criterion.h>
#include <time.h>

#include "zones/dns/message.h"
#include "tests/unit/hex.h"
#include "zones/dns/rdata.h"

#define QNAME "03576562 03737663 076578616d706c65 00" /* Web.svc.example */
#define QUESTION QNAME "0021 0001"
#define QUERY "1234 0100"
#define UPDATE "1234 2800"
#define OPT "00 0029 04d0 00000000 0000"
#define TSIG "016b00 00fa 00ff 00000000 0000"
#define RR_A "c00c 0001 0001 0000001e 0004 c0000201"

struct sample {
	const char *why;
	const char *hex;
	enum message_state state;
};

static void
check_states(const struct sample *samples, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		uint8_t in[512];
		size_t len = hex_read(samples[i].hex, in);
		struct message m;
		enum message_state state = message_parse(&m, in, len);

		cr_expect_eq(state, samples[i].state, "%s: got %d",
		    samples[i].why, (int)state);
	}
}

#define CHECK(samples) check_states(samples, sizeof(samples) / sizeof(*samples))

Test(message, silence_answers_what_is_no_request, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"nothing", "", MESSAGE_DROP},
	    {"11 octets", "1234 0100 0001 0000 0000 00", MESSAGE_DROP},
	    {"an answer", "1234 8100 0001 0000 0000 0000" QUESTION,
		MESSAGE_DROP},
	    {"a broken answer", "1234 8100 0001 0000 0000 0000", MESSAGE_DROP},
	};

	CHECK(samples);
}

Test(message, a_request_has_one_plain_question, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"a query", QUERY "0001 0000 0000 0000" QUESTION, MESSAGE_OK},
	    {"the root", QUERY "0001 0000 0000 0000 00 0002 0001", MESSAGE_OK},
	    {"no question", QUERY "0000 0000 0000 0000", MESSAGE_FORMERR},
	    {"none, but OPT", QUERY "0000 0000 0000 0001" OPT, MESSAGE_FORMERR},
	    {"two questions", QUERY "0002 0000 0000 0000" QUESTION QUESTION,
		MESSAGE_FORMERR},
	    {"two zones", UPDATE "0002 0000 0000 0000" QUESTION QUESTION,
		MESSAGE_FORMERR},
	    {"65535 questions", QUERY "ffff 0000 0000 0000" QUESTION,
		MESSAGE_FORMERR},
	    {"a question announced", QUERY "0001 0000 0000 0000",
		MESSAGE_FORMERR},
	    {"no class", QUERY "0001 0000 0000 0000" QNAME "0021 00",
		MESSAGE_FORMERR},
	    {"no root", QUERY "0001 0000 0000 0000 03576562", MESSAGE_FORMERR},
	    {"a pointer to itself", QUERY "0001 0000 0000 0000 c00c 0001 0001",
		MESSAGE_FORMERR},
	    {"a pointer into the header",
		QUERY "0001 0000 0000 0000 c004 0001 0001", MESSAGE_FORMERR},
	    {"a label of a reserved kind",
		QUERY "0001 0000 0000 0000 4100 0001 0001", MESSAGE_FORMERR},
	};

	CHECK(samples);
}

Test(message, counts_are_true_and_nothing_is_left_over, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"an answer in a query", QUERY "0001 0001 0000 0000" QUESTION RR_A,
		MESSAGE_OK},
	    {"one octet more", QUERY "0001 0000 0000 0000" QUESTION "00",
		MESSAGE_FORMERR},
	    {"a record more", QUERY "0001 0000 0000 0000" QUESTION OPT,
		MESSAGE_FORMERR},
	    {"an octet behind OPT",
		QUERY "0001 0000 0000 0001" QUESTION OPT "00", MESSAGE_FORMERR},
	    {"a record less", QUERY "0001 0000 0000 0002" QUESTION OPT,
		MESSAGE_FORMERR},
	    {"65535 records less", QUERY "0001 ffff ffff ffff" QUESTION OPT,
		MESSAGE_FORMERR},
	    {"a cut header",
		UPDATE "0001 0000 0001 0000" QUESTION "c00c 0001 0001 0000",
		MESSAGE_FORMERR},
	    {"RDATA beyond the end",
		UPDATE "0001 0000 0001 0000" QUESTION
		       "c00c 0001 0001 0000001e 0005 c0000201",
		MESSAGE_FORMERR},
	    {"an owner that points forward",
		UPDATE "0001 0000 0001 0000" QUESTION
		       "c0ff 0001 0001 0000001e 0000",
		MESSAGE_FORMERR},
	    {"an owner that points at itself",
		UPDATE "0001 0000 0001 0000" QUESTION
		       "c021 0001 0001 0000001e 0000",
		MESSAGE_FORMERR},
	    {"half a pointer", UPDATE "0001 0000 0001 0000" QUESTION "c0",
		MESSAGE_FORMERR},
	};

	CHECK(samples);
}

Test(message, opt_comes_once_in_additional_from_the_root, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"OPT", QUERY "0001 0000 0000 0001" QUESTION OPT, MESSAGE_OK},
	    {"OPT before a record",
		QUERY "0001 0000 0000 0002" QUESTION OPT RR_A, MESSAGE_OK},
	    {"two OPT", QUERY "0001 0000 0000 0002" QUESTION OPT OPT,
		MESSAGE_FORMERR},
	    {"OPT in answer", QUERY "0001 0001 0000 0000" QUESTION OPT,
		MESSAGE_FORMERR},
	    {"OPT in authority", QUERY "0001 0000 0001 0000" QUESTION OPT,
		MESSAGE_FORMERR},
	    {"OPT with an owner",
		QUERY "0001 0000 0000 0001" QUESTION
		      "c00c 0029 04d0 00000000 0000",
		MESSAGE_FORMERR},
	};

	CHECK(samples);
}

Test(message, tsig_is_the_last_record, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"TSIG", QUERY "0001 0000 0000 0001" QUESTION TSIG, MESSAGE_OK},
	    {"OPT, TSIG", QUERY "0001 0000 0000 0002" QUESTION OPT TSIG,
		MESSAGE_OK},
	    {"TSIG, OPT", QUERY "0001 0000 0000 0002" QUESTION TSIG OPT,
		MESSAGE_FORMERR},
	    {"two TSIG", QUERY "0001 0000 0000 0002" QUESTION TSIG TSIG,
		MESSAGE_FORMERR},
	    {"TSIG in answer", QUERY "0001 0001 0000 0000" QUESTION TSIG,
		MESSAGE_FORMERR},
	    {"TSIG in update", UPDATE "0001 0000 0001 0000" QUESTION TSIG,
		MESSAGE_FORMERR},
	    {"class IN",
		QUERY "0001 0000 0000 0001" QUESTION
		      "016b00 00fa 0001 00000000 0000",
		MESSAGE_FORMERR},
	    {"TTL 1",
		QUERY "0001 0000 0000 0001" QUESTION
		      "016b00 00fa 00ff 00000001 0000",
		MESSAGE_FORMERR},
	};

	CHECK(samples);
}

Test(message, an_unknown_opcode_is_not_implemented_whatever_it_brings,
    .timeout = 5)
{
	static const struct sample samples[] = {
	    {"IQUERY", "1234 0800 0001 0000 0000 0000" QUESTION,
		MESSAGE_NOTIMP},
	    {"STATUS without question", "1234 1000 0000 0000 0000 0000",
		MESSAGE_NOTIMP},
	    {"DSO with a TLV", "1234 3000 0000 0000 0000 0000 0001 0000",
		MESSAGE_NOTIMP},
	    {"opcode 15", "1234 7800 ffff ffff ffff ffff", MESSAGE_NOTIMP},
	    {"NOTIFY", "1234 2000 0001 0000 0000 0000" QUESTION, MESSAGE_OK},
	    {"NOTIFY without question", "1234 2000 0000 0000 0000 0000",
		MESSAGE_FORMERR},
	};

	CHECK(samples);
}

Test(message, opt_is_found_in_an_unknown_opcode_too, .timeout = 5)
{
	uint8_t in[64];
	size_t len = hex_read("1234 7800 0000 0000 0000 0001" OPT, in);
	struct message m;

	cr_assert_eq(message_parse(&m, in, len), MESSAGE_NOTIMP);
	cr_assert_eq(m.opt, 12);
	cr_assert_eq(message_question_len(&m), 0);
}

Test(message, a_parsed_request_tells_where_everything_is, .timeout = 5)
{
	uint8_t in[256];
	size_t len = hex_read(
	    UPDATE "0001 0001 0001 0002" QUESTION RR_A RR_A OPT TSIG, in);
	struct message m;

	cr_assert_eq(message_parse(&m, in, len), MESSAGE_OK);
	cr_assert_eq(m.id, 0x1234);
	cr_assert_eq(message_opcode(&m), OPCODE_UPDATE);
	cr_assert_eq(m.qname_len, 17);
	cr_assert_eq(m.qtype, TYPE_SRV);
	cr_assert_eq(m.qclass, CLASS_IN);
	cr_assert_eq(message_qname(&m), in + 12);
	cr_assert_eq(m.at[SECTION_PREREQUISITE], 33);
	cr_assert_eq(m.at[SECTION_UPDATE], 49);
	cr_assert_eq(m.at[SECTION_ADDITIONAL], 65);
	cr_assert_eq(m.opt, 65);
	cr_assert_eq(m.tsig, 76);
	cr_assert_eq(m.at[4], len);
}

Test(message, a_good_question_is_known_even_if_the_rest_is_malformed,
    .timeout = 5)
{
	uint8_t in[256];
	size_t len = hex_read(QUERY "0001 0000 0000 0001" QUESTION "07", in);
	struct message m;

	cr_assert_eq(message_parse(&m, in, len), MESSAGE_FORMERR);
	cr_assert_eq(message_question_len(&m), 21);
}

Test(message, the_records_of_a_section_come_one_by_one, .timeout = 5)
{
	uint8_t in[256];
	size_t len =
	    hex_read(UPDATE "0001 0000 0002 0001" QUESTION RR_A
			    "0161c010 0010 00fe 00000000 0002 0161" OPT,
		in);
	struct message m;
	struct message_cursor c;
	struct message_rr rr;

	cr_assert_eq(message_parse(&m, in, len), MESSAGE_OK);
	c = message_section(&m, SECTION_PREREQUISITE);
	cr_assert_not(message_rr_next(&c, &rr));
	c = message_section(&m, SECTION_UPDATE);
	cr_assert(message_rr_next(&c, &rr));
	cr_assert(name_equal(rr.owner.wire, message_qname(&m)));
	cr_assert_eq(rr.type, TYPE_A);
	cr_assert_eq(rr.class, CLASS_IN);
	cr_assert_eq(rr.ttl, 30);
	cr_assert_eq(rr.rdlength, 4);
	cr_assert_eq(wire_get_u32(&rr.rdata), 0xc0000201);
	wire_get_u8(&rr.rdata);
	cr_assert(rr.rdata.failed, "the reader ends with the RDATA");
	cr_assert(message_rr_next(&c, &rr));
	cr_assert_eq(rr.owner.len, 15);
	cr_assert_eq(rr.class, CLASS_NONE);
	cr_assert_not(message_rr_next(&c, &rr));
}

Test(message, a_response_echoes_id_opcode_rd_and_the_question, .timeout = 5)
{
	uint8_t in[64], out[64], want[64];
	/* AA, TC, Z and AD of a request mean nothing; CD stays (RFC 4035). */
	size_t len = hex_read("1234 0770 0001 0000 0000 0000" QUESTION, in);
	size_t want_len =
	    hex_read("1234 8513 0001 0000 0000 0000" QUESTION, want);
	struct wire_writer w;
	struct message m;

	cr_assert_eq(message_parse(&m, in, len), MESSAGE_OK);
	wire_writer_init(&w, out, sizeof(out));
	message_put_response_header(&w, &m, FLAG_AA, RCODE_NXDOMAIN);
	cr_assert_eq(w.len, want_len);
	cr_assert_arr_eq(out, want, want_len);
	/* The question's name can be pointed at. */
	wire_put_name(&w, message_qname(&m) + 4);
	cr_assert_eq(w.len, want_len + 2);
	cr_assert_eq(wire_load_u16(out + want_len), 0xc010);
}

Test(message, a_response_to_no_question_is_a_header, .timeout = 5)
{
	uint8_t in[64], out[64], want[64];
	size_t len = hex_read("1234 7ff0 0000 0000 0000 0000", in);
	struct wire_writer w;
	struct message m;

	cr_assert_eq(message_parse(&m, in, len), MESSAGE_NOTIMP);
	wire_writer_init(&w, out, sizeof(out));
	message_put_response_header(&w, &m, 0, RCODE_NOTIMP);
	hex_read("1234 f904 0000 0000 0000 0000", want);
	cr_assert_eq(w.len, 12);
	cr_assert_arr_eq(out, want, 12);
}

Test(message, the_header_of_a_message_under_way_can_be_changed, .timeout = 5)
{
	uint8_t out[64], want[64];
	struct wire_writer w;

	wire_writer_init(&w, out, sizeof(out));
	message_put_request_header(&w, 0x1234, OPCODE_UPDATE, FLAG_RD);
	message_set_flags(&w, FLAG_TC);
	message_set_rcode(&w, RCODE_REFUSED);
	message_set_rcode(&w, RCODE_BADVERS);
	message_set_count(&w, SECTION_QUESTION, 1);
	message_set_count(&w, SECTION_ANSWER, 300);
	message_add_count(&w, SECTION_ADDITIONAL, 2);
	message_add_count(&w, SECTION_ADDITIONAL, 1);
	hex_read("1234 2b00 0001 012c 0000 0003", want);
	cr_assert_arr_eq(out, want, 12);
}

Test(message, a_response_that_does_not_fit_fails_its_writer, .timeout = 5)
{
	uint8_t in[64], out[64];
	size_t len = hex_read(QUERY "0001 0000 0000 0000" QUESTION, in);
	struct message m;
	size_t cap;

	cr_assert_eq(message_parse(&m, in, len), MESSAGE_OK);
	for (cap = 0; cap < len; cap++) {
		struct wire_writer w;

		wire_writer_init(&w, out, cap);
		message_put_response_header(&w, &m, 0, RCODE_NOERROR);
		cr_expect(w.failed);
	}
}

Test(message, an_answer_is_read_only_where_one_is_expected, .timeout = 5)
{
	uint8_t in[128];
	size_t len =
	    hex_read("1234 8500 0001 0001 0000 0000" QUESTION RR_A, in);
	struct message m;

	cr_assert_eq(message_parse_answer(&m, in, len), MESSAGE_OK);
	cr_assert_eq(message_parse_answer(&m, in, len - 1), MESSAGE_FORMERR);
	in[2] = 0x05;
	cr_assert_eq(message_parse_answer(&m, in, len), MESSAGE_DROP);
}

/* Fills a message with a chain of pointers, each to the one before, and then
 * with records whose owners point at its end. */
static size_t
put_pointer_chain(uint8_t *in, size_t links)
{
	size_t at = hex_read(UPDATE "0001 0000 0000 0000" QUESTION, in);
	size_t count = 1, to = MESSAGE_HEADER_LEN;

	/* A NULL record, whose RDATA is the chain. */
	at += hex_read("00 000a 0001 00000000 0000", in + at);
	wire_store_u16(in + at - 2, (uint16_t)(2 * links));
	for (; links > 0; links--, at += 2) {
		wire_store_u16(in + at, (uint16_t)(0xc000 | to));
		to = at;
	}
	for (; at + 12 <= MESSAGE_MAX_LEN; at += 12, count++) {
		memset(in + at, 0, 12);
		wire_store_u16(in + at, (uint16_t)(0xc000 | to));
		in[at + 3] = TYPE_A;
		in[at + 5] = CLASS_ANY;
	}
	wire_store_u16(in + 8, (uint16_t)count);
	return at;
}

static double
cpu_ms(void)
{
	return (double)clock() * 1000 / CLOCKS_PER_SEC;
}

/* Whether chains are followed or refused, they cost little. */
Test(message, a_hostile_64_kib_costs_10_ms_at_most, .timeout = 10)
{
	static const size_t links[] = {
	    1, 16, 100, 125, 126, 127, 128, 129, 500, 8150};
	static uint8_t in[MESSAGE_MAX_LEN + 1];
	size_t i;

	for (i = 0; i < sizeof(links) / sizeof(*links); i++) {
		size_t len = put_pointer_chain(in, links[i]);
		struct message m;
		double start = cpu_ms(), ms;

		if (message_parse(&m, in, len) == MESSAGE_OK) {
			struct message_cursor c =
			    message_section(&m, SECTION_UPDATE);
			struct message_rr rr;

			while (message_rr_next(&c, &rr))
				;
		}
		ms = cpu_ms() - start;
		/* About 2 ms; sanitizers take several times as long. */
		cr_expect_lt(ms, 30, "%zu links: %g ms", links[i], ms);
	}
}

/* Owners whose labels run over the end of their section, by way of a pointer
 * into RDATA, can be read again. */
Test(message, what_the_walk_accepts_can_be_iterated, .timeout = 5)
{
	uint8_t in[256];
	size_t len = hex_read(UPDATE "0001 0000 0002 0001" QUESTION
				     "00 000a 0001 00000000 0001 0c"
				     "c02c 0001 00ff 00000000 0000" OPT,
	    in);
	struct message m;
	struct message_cursor c;
	struct message_rr rr;
	unsigned count = 0;

	cr_assert_eq(message_parse(&m, in, len), MESSAGE_OK);
	c = message_section(&m, SECTION_UPDATE);
	while (message_rr_next(&c, &rr))
		count++;
	cr_assert_eq(count, 2);
	cr_assert_eq(rr.owner.len, 14);
}
