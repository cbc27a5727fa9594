/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/upstream_world.h"
#include "zones/dns/message.h"
#include "zones/dns/rdata.h"

static struct world w;

static void
teardown(void)
{
	if (w.u != NULL)
		world_close(&w);
}

TestSuite(upstream_tcp, .fini = teardown, .timeout = 30);

static void
start(answer_fn *answer)
{
	world_open(&w, AF_INET, answer);
}

/* ---- TCP ----------------------------------------------------------------- */

static void
truncate_udp(struct world *world, const struct request *r)
{
	uint8_t wire[512];

	world_send(
	    world, r, wire, world_answer(r, r->tcp < 0 ? FLAG_TC : 0, wire));
}

Test(upstream_tcp, asks_by_tcp_when_the_answer_is_truncated)
{
	start(truncate_udp);
	world_ask(&w, NULL);
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	cr_assert_eq(world_last(&w)->wire[2] & 2, 0, "TC");
	cr_assert_eq(w.by_udp, 1);
	cr_assert_eq(w.by_tcp, 1);
	cr_assert_eq(w.last.wire[w.last.len - 11 + 2], 41, "an OPT again");
	cr_assert_eq(world_figures(&w)->suspect, 0);
}

/* A record of that many octets between question and OPT: a datagram that is
 * longer than we said we take, or a long message. */
static void
answer_long(struct world *world, const struct request *r)
{
	static uint8_t wire[60000];
	size_t len = r->tcp < 0 ? 5000 : sizeof(wire), at = r->len - 11;

	world_answer(r, 0, wire);
	wire_store_u16(wire + 6, 1);
	memmove(wire + len - 11, wire + at, 11);
	memcpy(wire + at, "\300\14\376\0\0\1\0\0\0\1", 10);
	wire_store_u16(wire + at + 10, (uint16_t)(len - 11 - at - 12));
	memset(wire + at + 12, 'x', len - 11 - at - 12);
	world_send(world, r, wire, len);
}

Test(upstream_tcp, takes_long_answers_by_tcp)
{
	start(answer_long);
	world_ask(&w, NULL);
	world_run(&w, 1);
	cr_assert_eq(w.by_tcp, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	cr_assert_eq(world_last(&w)->len, 60000);
}

static int closings;

/* Half an answer, and the end; a few times. */
static void
close_in_the_middle(struct world *world, const struct request *r)
{
	if (r->tcp < 0) {
		truncate_udp(world, r);
	} else if (closings-- > 0) {
		cr_assert_eq(send(r->tcp, "\0\100abcdef", 8, 0), 8);
		world_close_connection(world, r->tcp);
	} else {
		world_answer_well(world, r);
	}
}

Test(upstream_tcp, a_connection_that_is_closed_is_opened_once_more)
{
	start(close_in_the_middle);
	closings = 2;
	world_ask(&w, NULL);
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_tcp, 3);
}

Test(upstream_tcp, a_server_that_always_closes_refuses)
{
	start(close_in_the_middle);
	closings = 1000;
	world_ask(&w, NULL);
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_REFUSED);
	cr_assert_leq(w.by_tcp, 20);
}

Test(upstream_tcp, a_server_without_tcp_refuses)
{
	start(truncate_udp);
	close(w.listener);
	w.listener = -1;
	world_ask(&w, NULL);
	world_settle(&w);
	world_pass_ms(&w, 50);
	world_check(&w, 1, UPSTREAM_REFUSED);
}

Test(upstream_tcp, time_goes_on_when_tcp_is_asked)
{
	start(truncate_udp);
	world_ask(&w, NULL);
	world_pass_ms(&w, 2000);
	w.answer = close_in_the_middle;
	closings = 0;
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	/* Accepted by the kernel, never answered. */
	w.answer = truncate_udp;
	world_ask(&w, NULL);
	world_pass_ms(&w, 2950);
	cr_assert_eq(w.results, 1);
	world_pass_ms(&w, 50);
	world_check(&w, 2, UPSTREAM_SILENT);
}

static struct request kept[64];
static unsigned keeping;

static void
answer_backwards(struct world *world, const struct request *r)
{
	kept[keeping++] = *r;
	while (keeping >= 8) {
		for (unsigned i = keeping; i-- > 0;)
			world_answer_well(world, &kept[i]);
		keeping = 0;
	}
}

Test(upstream_tcp, takes_answers_by_tcp_in_any_order)
{
	struct upstream_question question = {
	    .qname = (const uint8_t *)"\1a",
	    .qtype = TYPE_A,
	    .tcp = true,
	    .timeout_ms = 1000,
	};

	start(answer_backwards);
	for (int i = 0; i < 32; i++)
		cr_assert_eq(world_ask_question(&w, &question), OK);
	world_run(&w, 32);
	cr_assert_eq(world_figures(&w)->answered, 32);
}

Test(upstream_tcp, asks_thousands_on_a_few_connections)
{
	struct upstream_question question = {
	    .qname = (const uint8_t *)"\1a",
	    .qtype = TYPE_A,
	    .tcp = true,
	    .timeout_ms = 1000,
	};

	start(world_answer_well);
	for (unsigned i = 0; i < 5000; i++) {
		cr_assert_eq(world_ask_question(&w, &question), OK);
		world_run(&w, i + 1);
	}
	cr_assert_eq(world_figures(&w)->answered, 5000);
	cr_assert_leq(w.watching, 4);
}

static void
demand_cookie(struct world *world, const struct request *r)
{
	uint8_t wire[512];
	size_t len = world_answer(r, r->tcp < 0 ? 7 : 0, wire);

	if (r->tcp < 0)
		wire[len - 6] = 1; /* BADCOOKIE is 23 */
	world_send(world, r, wire, len);
}

Test(upstream_tcp, asks_by_tcp_who_wants_a_cookie)
{
	start(demand_cookie);
	world_ask(&w, NULL);
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_tcp, 1);
}

/* ---- old servers --------------------------------------------------------- */

static void
know_no_edns(struct world *world, const struct request *r)
{
	uint8_t wire[512];
	size_t len;

	if (wire_load_u16(r->wire + 10) == 0) {
		world_answer_well(world, r);
		return;
	}
	len = world_answer(r, RCODE_FORMERR, wire);
	wire_store_u16(wire + 10, 0);
	world_send(world, r, wire, len - 11);
}

Test(upstream_tcp, asks_without_opt_who_does_not_know_it)
{
	struct upstream_question question = {
	    .qname = (const uint8_t *)"\1a",
	    .qtype = TYPE_A,
	    .tcp = true,
	    .dnssec_ok = true,
	    .timeout_ms = 1000,
	};

	start(know_no_edns);
	world_ask(&w, NULL);
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 2);
	cr_assert_eq(w.last.len, 12 + 13 + 4);
	cr_assert_eq(wire_load_u16(w.last.wire + 2), FLAG_RD);
	world_ask(&w, NULL);
	world_run(&w, 2);
	world_check(&w, 2, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 3, "it is remembered");
	world_pass_ms(&w, 15 * 60 * 1000);
	world_ask(&w, NULL);
	world_run(&w, 3);
	cr_assert_eq(w.by_udp, 5, "but not for ever");
	world_pass_ms(&w, 15 * 60 * 1000);
	cr_assert_eq(world_ask_question(&w, &question), OK);
	world_run(&w, 4);
	world_check(&w, 4, UPSTREAM_ANSWERED);
}

static void
send_bare_formerr(struct world *world, const struct request *r)
{
	uint8_t wire[512];

	if (wire_load_u16(r->wire + 10) == 0) {
		world_answer_well(world, r);
		return;
	}
	world_answer(r, RCODE_FORMERR, wire);
	memset(wire + 4, 0, 8);
	world_send(world, r, wire, 12);
}

Test(upstream_tcp, a_formerr_without_a_question_is_believed_by_tcp_only)
{
	start(send_bare_formerr);
	world_ask(&w, NULL);
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 1);
	cr_assert_eq(w.by_tcp, 1);
}

static void
refuse_with_formerr(struct world *world, const struct request *r)
{
	uint8_t wire[512];

	world_send(world, r, wire, world_answer(r, RCODE_FORMERR, wire));
}

Test(upstream_tcp, a_formerr_is_an_answer_when_it_comes_with_opt)
{
	start(refuse_with_formerr);
	world_ask(&w, NULL);
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 1);
	cr_assert_eq(world_last(&w)->wire[3] & 15, RCODE_FORMERR);
}

static bool fold_tcp;

static void
fold_case(struct world *world, const struct request *r)
{
	uint8_t wire[512];
	size_t len = world_answer(r, 0, wire);

	if (r->tcp < 0 || fold_tcp) {
		for (size_t i = 12; i < len - 15; i++)
			if (wire[i] >= 'A' && wire[i] <= 'Z')
				wire[i] |= 0x20;
	}
	world_send(world, r, wire, len);
}

/* All in lower case by chance: once in a googol. */
static const uint8_t many_letters[] =
    "\77aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "\77bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

Test(upstream_tcp, another_case_is_asked_again_by_tcp)
{
	start(fold_case);
	fold_tcp = false;
	world_ask(&w, many_letters);
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 1);
	cr_assert_eq(w.by_tcp, 1);
	cr_assert_eq(world_figures(&w)->suspect, 1);
	cr_assert_arr_eq(world_last(&w)->wire + 12, world_last(&w)->qname,
	    sizeof(many_letters));
	world_ask(&w, many_letters);
	world_run(&w, 2);
	cr_assert_eq(w.by_tcp, 2, "the case was not the server's doing");
}

Test(upstream_tcp, a_server_that_folds_case_by_tcp_too_is_asked_in_lower_case)
{
	start(fold_case);
	fold_tcp = true;
	world_ask(&w, many_letters);
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_tcp, 1);
	cr_assert_arr_eq(world_last(&w)->wire + 12, world_last(&w)->qname,
	    sizeof(many_letters), "the name in the answer is ours");
	world_ask(&w, many_letters);
	world_run(&w, 2);
	world_check(&w, 2, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_tcp, 1);
	cr_assert_arr_eq(
	    world_last(&w)->qname, many_letters, sizeof(many_letters));
}
