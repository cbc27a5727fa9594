/* SPDX-License-Identifier: Apache-2.0 */
/* What answers say of a service, those of liars included. */
#include <criterion/criterion.h>

#include "resolver/client/srv.h"
#include "tests/unit/hex.h"

/* The question _s.x, type SRV (or A), and pointers to its parts. */
#define QNAME "025f73 0178 00"
#define SRV_Q QNAME "0021 0001"
#define A_Q QNAME "0001 0001"
#define OWNER "c00c" /* _s.x */
#define SRV_RR(prio, target) \
	OWNER "0021 0001 0000001e 0009" prio "0005 0050" target
#define TARGET_A "0161 00" /* a. */
#define TARGET_B "0162 00" /* b. */
#define A_RR(owner, ttl) owner "0001 0001" ttl "0004 7f000001"
#define SOA_RR(ttl, min) \
	"00 0006 0001" ttl "0016 00 00 00000001 00000001 00000001 " \
	"00000001" min

static struct name qname;

static enum srv_outcome
read_hex(const char *hex, uint16_t type, struct srv_answer *answer)
{
	uint8_t octets[1024];
	size_t len = hex_read(hex, octets);
	/* Of its own size, so that a sanitizer sees each step beyond. */
	uint8_t *message = malloc(len);
	enum srv_outcome outcome;

	cr_assert_eq(name_from_text("_s.x", NULL, &qname), OK);
	memcpy(message, octets, len);
	outcome = srv_read(message, len, qname.wire, type, answer);
	free(message);
	return outcome;
}

Test(srv, records_and_the_addresses_of_their_targets_are_taken, .timeout = 5)
{
	struct srv_answer answer;

	cr_assert_eq(read_hex("0001 8180 0001 0002 0000 0003" SRV_Q SRV_RR(
				  "0014", TARGET_A) SRV_RR("000a", TARGET_B)
				  A_RR(TARGET_A, "00000010") A_RR("0163 00",
				      "00000001") "00 0029 04d0 00000000 0000",
			 TYPE_SRV, &answer),
	    SRV_FOUND);
	cr_expect_eq(answer.records_count, 2);
	cr_expect_eq(answer.addresses_count, 1, "c. is no target");
	cr_expect_eq(answer.ttl_s, 16);
	srv_answer_sort(&answer);
	cr_expect_eq(answer.records[0].priority, 10);
	cr_expect_eq(answer.records[0].weight, 5);
	cr_expect_eq(answer.records[0].port, 80);
	cr_expect_eq(answer.records[0].order, 1);
	cr_expect(
	    srv_answer_has_address(&answer, answer.records[1].target.wire));
	cr_expect_not(
	    srv_answer_has_address(&answer, answer.records[0].target.wire));
	srv_answer_fini(&answer);
}

Test(srv, chains_are_followed_in_any_order, .timeout = 5)
{
	struct srv_answer answer;

	cr_assert_eq(
	    read_hex("0001 8180 0001 0003 0000 0000" SRV_Q
		     "0163 00 0021 0001 0000001e 0009 0001 0001 0050" TARGET_A
		     "0162 00 0005 0001 00000007 0003 0163 00" OWNER
		     "0005 0001 00000009 0003 0162 00",
		TYPE_SRV, &answer),
	    SRV_FOUND);
	cr_expect_eq(answer.records_count, 1);
	cr_expect_eq(answer.ttl_s, 7);
	cr_expect_eq(answer.end.wire[1], 'c');
	srv_answer_fini(&answer);
}

Test(srv, nothing_is_remembered_as_the_soa_says, .timeout = 5)
{
	static const struct {
		const char *hex;
		uint32_t ttl_s;
	} samples[] = {
	    {"0001 8183 0001 0000 0001 0000" SRV_Q SOA_RR(
		 "0000003c", "00000005"),
		5},
	    {"0001 8180 0001 0000 0001 0000" SRV_Q SOA_RR(
		 "00000003", "00000005"),
		3},
	    {"0001 8180 0001 0000 0001 0000" SRV_Q SOA_RR(
		 "80000003", "00000005"),
		0},
	    {"0001 8183 0001 0000 0000 0000" SRV_Q, 0},
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct srv_answer answer;

		cr_assert_eq(read_hex(samples[i].hex, TYPE_SRV, &answer),
		    SRV_NONE, "%zu", i);
		cr_expect_eq(answer.ttl_s, samples[i].ttl_s, "%zu", i);
		srv_answer_fini(&answer);
	}
}

Test(srv, a_chain_that_leads_out_of_the_answer_is_told, .timeout = 5)
{
	struct srv_answer answer;

	cr_assert_eq(read_hex("0001 8180 0001 0001 0000 0000" SRV_Q OWNER
			      "0005 0001 00000009 0003 0162 00",
			 TYPE_SRV, &answer),
	    SRV_CHASE);
	cr_expect_eq(answer.ttl_s, 9);
	srv_answer_fini(&answer);
}

Test(srv, circles_end, .timeout = 5)
{
	struct srv_answer answer;

	cr_assert_eq(read_hex("0001 8180 0001 0001 0000 0000" SRV_Q OWNER
			      "0005 0001 00000009 0002 c00c",
			 TYPE_SRV, &answer),
	    SRV_CHASE);
	srv_answer_fini(&answer);
}

Test(srv, addresses_belong_to_the_name_that_was_asked_for, .timeout = 5)
{
	struct srv_answer answer;

	cr_assert_eq(read_hex("0001 8180 0001 0002 0000 0000" A_Q OWNER
			      "0005 0001 00000009 0003" TARGET_A A_RR(
				  TARGET_A, "00000010"),
			 TYPE_A, &answer),
	    SRV_FOUND);
	cr_assert_eq(answer.addresses_count, 1);
	cr_expect(name_equal(answer.addresses[0].owner.wire, qname.wire));
	srv_answer_fini(&answer);
}

Test(srv, other_rcodes_say_that_the_server_could_not_tell, .timeout = 5)
{
	struct srv_answer answer;

	cr_expect_eq(
	    read_hex("0001 8182 0001 0000 0000 0000" SRV_Q, TYPE_SRV, &answer),
	    SRV_SERVFAIL);
	cr_expect_eq(
	    read_hex("0001 8185 0001 0000 0000 0000" SRV_Q, TYPE_SRV, &answer),
	    SRV_SERVFAIL);
}

Test(srv, what_is_malformed_or_not_asked_for_is_refused, .timeout = 5)
{
	static const char *const samples[] = {
	    "",
	    "0001 8180 0001 0000 0000",
	    /* a question, not an answer */
	    "0001 0100 0001 0000 0000 0000" SRV_Q,
	    /* another question, none, two */
	    "0001 8180 0001 0000 0000 0000 0279 73 0178 00 0021 0001",
	    "0001 8180 0001 0000 0000 0000" A_Q,
	    "0001 8180 0001 0000 0000 0000" QNAME "0021 0003",
	    "0001 8180 0000 0000 0000 0000",
	    "0001 8180 0002 0000 0000 0000" SRV_Q SRV_Q,
	    /* counts beyond the end, octets left over */
	    "0001 8180 0001 0002 0000 0000" SRV_Q SRV_RR("0001", TARGET_A),
	    "0001 8180 0001 0000 0000 0000" SRV_Q "00",
	    /* RDATA too short, too long, its name beyond it */
	    "0001 8180 0001 0001 0000 0000" SRV_Q OWNER
	    "0021 0001 0000001e 0006 0001 0001 0050",
	    "0001 8180 0001 0001 0000 0000" SRV_Q OWNER
	    "0021 0001 0000001e 000b 0001 0001 0050 0161 00 00",
	    "0001 8180 0001 0001 0000 0000" SRV_Q OWNER
	    "0021 0001 0000001e 0008 0001 0001 0050 0361",
	    "0001 8180 0001 0001 0000 0000" A_Q OWNER
	    "0001 0001 0000001e 0003 7f0000",
	    "0001 8180 0001 0000 0001 0000" SRV_Q
	    "00 0006 0001 0000003c 0006 00 00 00000001",
	    /* a pointer that leads nowhere */
	    "0001 8180 0001 0001 0000 0000" SRV_Q
	    "c0ff 0021 0001 0000001e 0009 0001 0001 0050" TARGET_A,
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct srv_answer answer;
		uint16_t type = i == 13 ? TYPE_A : TYPE_SRV;

		cr_expect_eq(read_hex(samples[i], type, &answer), SRV_MALFORMED,
		    "%zu", i);
	}
}

Test(srv, every_truncation_is_refused, .timeout = 5)
{
	uint8_t octets[1024];
	size_t len = hex_read(
	    "0001 8180 0001 0002 0000 0001" SRV_Q SRV_RR("0014", TARGET_A)
		SRV_RR("000a", TARGET_B) A_RR(TARGET_A, "00000010"),
	    octets);

	cr_assert_eq(name_from_text("_s.x", NULL, &qname), OK);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *message = malloc(cut + 1);
		struct srv_answer answer;

		memcpy(message, octets, cut);
		cr_expect_eq(
		    srv_read(message, cut, qname.wire, TYPE_SRV, &answer),
		    SRV_MALFORMED, "%zu", cut);
		free(message);
	}
}

Test(srv, root_targets_are_dropped, .timeout = 5)
{
	struct srv_answer answer;

	cr_assert_eq(
	    read_hex("0001 8180 0001 0002 0000 0000" SRV_Q OWNER
		     "0021 0001 0000001e 0007 0000 0000 0000 00" SRV_RR(
			 "0001", TARGET_A),
		TYPE_SRV, &answer),
	    SRV_FOUND);
	cr_expect_not(srv_answer_drop_roots(&answer));
	cr_expect_eq(answer.records_count, 1);
	answer.records[0].target.len = 1;
	cr_expect(srv_answer_drop_roots(&answer));
	srv_answer_fini(&answer);
}
