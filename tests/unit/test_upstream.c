/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/upstream_world.h"
#include "zones/dns/message.h"
#include "zones/dns/rdata.h"

static struct world w;
static struct upstream_stats stats;

/* Sockets that are full: so many times send() will say so.  (This one is
 * found before the C library's.) */
static int full;

ssize_t
send(int fd, const void *from, size_t len, int flags)
{
	if (full > 0) {
		full--;
		errno = EAGAIN;
		return -1;
	}
	return syscall(SYS_sendto, fd, from, len, flags, NULL, 0);
}

static void
teardown(void)
{
	if (w.u != NULL)
		world_close(&w);
}

TestSuite(upstream, .fini = teardown, .timeout = 30);

static void
start(answer_fn *answer)
{
	world_open(&w, AF_INET, answer);
}

static const struct result *
last_result(void)
{
	cr_assert_gt(w.results, 0);
	return &w.result[w.results - 1];
}

static void
check_outcome(unsigned results, enum upstream_outcome outcome)
{
	cr_assert_eq(w.results, results, "%u results", w.results);
	cr_assert_eq(last_result()->outcome, outcome, "outcome %d",
	    (int)last_result()->outcome);
}

static const struct upstream_stats *
figures(void)
{
	upstream_get_stats(w.u, &stats);
	return &stats;
}

/* ---- questions ----------------------------------------------------------- */

Test(upstream, hands_on_the_answer_and_the_name_as_it_was_sent)
{
	static const uint8_t www[] = "\3WWW\7example";
	const struct result *r;

	start(world_answer_well);
	world_ask(&w, www);
	w.now_us += 1234;
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	r = last_result();
	cr_assert_eq(r->len, w.last.len);
	cr_assert_arr_eq(r->wire, w.last.wire, 2, "the ID");
	cr_assert_arr_eq(r->qname, w.last.wire + 12, sizeof(www));
	cr_assert_arr_eq(r->wire + 12, w.last.wire + 12, sizeof(www) + 4);
	cr_assert(name_equal(r->qname, www));
	cr_assert_eq(r->rtt_us, 1234);
	cr_assert(upstream_is_busy(w.u), "the socket is still open");
	world_pass_ms(&w, 1100);
	cr_assert_not(upstream_is_busy(w.u));
}

Test(upstream, asks_with_rd_ad_and_a_bare_opt_at_the_end)
{
	static const uint8_t name[] = "\1a";
	static const struct {
		bool dnssec_ok, checking_disabled;
		uint16_t flags;
		uint8_t opt[11];
	} cases[] = {
	    {false, false, 0x0120, {0, 0, 41, 4, 0xd0}},
	    {true, false, 0x0120, {0, 0, 41, 4, 0xd0, 0, 0, 0x80}},
	    {true, true, 0x0130, {0, 0, 41, 4, 0xd0, 0, 0, 0x80}},
	};

	start(world_answer_well);
	for (unsigned i = 0; i < 3; i++) {
		struct upstream_question question = {
		    .qname = name,
		    .qtype = TYPE_SRV,
		    .dnssec_ok = cases[i].dnssec_ok,
		    .checking_disabled = cases[i].checking_disabled,
		    .timeout_ms = 1000,
		};

		cr_assert_eq(world_ask_question(&w, &question), OK);
		world_run(&w, i + 1);
		cr_assert_eq(wire_load_u16(w.last.wire + 2), cases[i].flags);
		cr_assert_arr_eq(
		    w.last.wire + 4, "\0\1\0\0\0\0\0\1", 8, "counts");
		cr_assert_eq(w.last.len, 12 + 3 + 4 + 11);
		cr_assert_eq(wire_load_u16(w.last.wire + 15), TYPE_SRV);
		cr_assert_eq(wire_load_u16(w.last.wire + 17), CLASS_IN);
		cr_assert_arr_eq(w.last.wire + 19, cases[i].opt, 11);
	}
}

Test(upstream, asks_the_root_and_the_longest_name)
{
	uint8_t longest[NAME_MAX_LEN] = {0};

	for (int i = 0; i < 4; i++) {
		longest[i * 64] = i < 3 ? 63 : 61;
		memset(longest + i * 64 + 1, 'a', i < 3 ? 63 : 61);
	}
	start(world_answer_well);
	world_ask(&w, (const uint8_t *)"");
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	world_ask(&w, longest);
	world_run(&w, 2);
	check_outcome(2, UPSTREAM_ANSWERED);
}

Test(upstream, ids_case_and_ports_differ_from_question_to_question)
{
	static uint8_t ids[65536];
	unsigned different_ids = 0, upper = 0;

	start(world_answer_well);
	for (unsigned i = 0; i < 400; i++) {
		world_ask(&w, NULL);
		world_run(&w, i + 1);
		different_ids += ids[wire_load_u16(w.last.wire)]++ == 0;
		for (unsigned k = 12; k < 12 + 12; k++)
			upper += w.last.wire[k] >= 'A' && w.last.wire[k] <= 'Z';
		w.now_us += 10000;
		upstream_tick(w.u, w.now_us);
	}
	cr_assert_geq(different_ids, 390, "%u IDs of 400", different_ids);
	/* 10 letters each: half of 4000, 32 is a standard deviation. */
	cr_assert(upper > 1800 && upper < 2200, "%u letters of 4000", upper);
	/* Each of 16 lasts for a second, in four seconds. */
	cr_assert_geq(w.ports_seen, 48, "%u ports", w.ports_seen);
}

Test(upstream, takes_a_new_port_after_so_many_questions)
{
	start(world_answer_well);
	for (unsigned i = 0; i < 20000; i++) {
		world_ask(&w, NULL);
		world_run(&w, i % 8000 + 1);
		if (w.results == 8000)
			w.results = 0;
	}
	cr_assert_geq(w.ports_seen, 30, "%u ports", w.ports_seen);
}

Test(upstream, asks_by_tcp_at_once_if_told_so)
{
	struct upstream_question question = {
	    .qname = (const uint8_t *)"\1a",
	    .qtype = TYPE_A,
	    .tcp = true,
	    .timeout_ms = 1000,
	};

	start(world_answer_well);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(world_ask_question(&w, &question), OK);
	world_run(&w, 10);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(w.result[i].outcome, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 0);
	cr_assert_eq(w.by_tcp, 10);
}

Test(upstream, works_over_ipv6)
{
	struct upstream_question question = {
	    .qname = (const uint8_t *)"\1a",
	    .qtype = TYPE_A,
	    .tcp = true,
	    .timeout_ms = 1000,
	};
	int probe = socket(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_in6 here = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	if (probe < 0 ||
	    bind(probe, (struct sockaddr *)&here, sizeof(here)) != 0)
		cr_skip_test("no IPv6 here");
	close(probe);
	world_open(&w, AF_INET6, world_answer_well);
	world_ask(&w, NULL);
	cr_assert_eq(world_ask_question(&w, &question), OK);
	world_run(&w, 2);
	cr_assert_eq(w.result[0].outcome, UPSTREAM_ANSWERED);
	cr_assert_eq(w.result[1].outcome, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 1);
	cr_assert_eq(w.by_tcp, 1);
}

Test(upstream, knows_ipv4_and_ipv6_only)
{
	struct sockaddr other = {.sa_family = AF_UNIX};
	struct upstream_loop loop = {0};
	struct upstream *u;

	cr_assert_eq(upstream_new(&other, sizeof(other), &loop, &u), ERR_RANGE);
}

/* Thousands at a time, answered in the end. */
static struct request kept[UPSTREAM_IN_FLIGHT];
static unsigned keeping;

static void
keep(struct world *world, const struct request *r)
{
	(void)world;
	kept[keeping++ % UPSTREAM_IN_FLIGHT] = *r;
}

Test(upstream, has_thousands_in_flight_and_not_more)
{
	struct upstream_question question = {
	    .qname = (const uint8_t *)"\1a",
	    .qtype = TYPE_A,
	    .timeout_ms = 1000,
	};

	start(keep);
	for (unsigned i = 0; i < UPSTREAM_IN_FLIGHT; i++) {
		cr_assert_eq(world_ask_question(&w, &question), OK, "%u", i);
		if (i % 256 == 255)
			world_settle(&w);
	}
	cr_assert_eq(world_ask_question(&w, &question), ERR_LIMIT);
	cr_assert_eq(keeping, UPSTREAM_IN_FLIGHT);
	for (unsigned i = 0; i < keeping; i++) {
		world_answer_well(&w, &kept[i]);
		if (i % 256 == 255)
			world_settle(&w);
	}
	world_run(&w, UPSTREAM_IN_FLIGHT);
	for (unsigned i = 0; i < UPSTREAM_IN_FLIGHT; i++)
		cr_assert_eq(w.result[i].outcome, UPSTREAM_ANSWERED, "%u", i);
	cr_assert_eq(figures()->in_flight, 0);
	cr_assert_eq(world_ask_question(&w, &question), OK);
}

/* ---- servers that are not there ------------------------------------------ */

Test(upstream, gives_up_when_the_time_is_over)
{
	start(world_say_nothing);
	world_ask(&w, NULL);
	world_settle(&w);
	world_pass_ms(&w, 2999);
	cr_assert_eq(w.results, 0);
	world_pass_ms(&w, 1);
	check_outcome(1, UPSTREAM_SILENT);
	cr_assert_eq(last_result()->len, 0);
	world_pass_ms(&w, 50);
	cr_assert_not(upstream_is_busy(w.u));
}

Test(upstream, a_dead_server_is_asked_again_and_again_without_growing)
{
	start(world_say_nothing);
	for (int second = 0; second < 8; second++) {
		for (int i = 0; i < 1000; i++)
			world_ask(&w, NULL);
		world_settle(&w);
		world_pass_ms(&w, 1000);
		cr_assert_leq(figures()->in_flight, 3000);
	}
	world_pass_ms(&w, 3000);
	cr_assert_eq(w.results, 8000);
	cr_assert_eq(figures()->silent, 8000);
	world_pass_ms(&w, 50);
	cr_assert_not(upstream_is_busy(w.u));
	cr_assert_eq(w.watching, 0);
}

Test(upstream, notices_that_nobody_listens)
{
	start(world_answer_well);
	close(w.udp);
	w.udp = -1;
	world_ask(&w, NULL);
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_REFUSED);
}

Test(upstream, a_network_out_of_reach_is_no_answer_either_but_later)
{
	struct sockaddr_in nowhere = {
	    .sin_family = AF_INET,
	    .sin_port = htons(53),
	    .sin_addr.s_addr = htonl(INADDR_BROADCAST), /* EACCES */
	};
	struct upstream_loop loop = {0};
	struct upstream *other;
	struct upstream *ours;

	start(world_answer_well);
	cr_assert_eq(upstream_new((struct sockaddr *)&nowhere, sizeof(nowhere),
			 &loop, &other),
	    OK);
	ours = w.u;
	w.u = other;
	world_ask(&w, NULL);
	cr_assert_eq(w.results, 0, "not from within upstream_ask()");
	world_pass_ms(&w, 50);
	check_outcome(1, UPSTREAM_REFUSED);
	w.u = ours;
	upstream_free(other);
}

Test(upstream, a_full_socket_is_tried_again)
{
	start(world_answer_well);
	full = 2;
	world_ask(&w, NULL);
	world_ask(&w, NULL);
	world_ask(&w, NULL);
	world_run(&w, 1);
	world_settle(&w);
	cr_assert_eq(w.by_udp, 1);
	full = 0;
	world_pass_ms(&w, 50);
	world_run(&w, 3);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(w.result[i].outcome, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 3);
}

static void
ask_again(void *arg, enum upstream_outcome outcome, const uint8_t *qname,
    const uint8_t *wire, size_t len, uint32_t rtt_us)
{
	(void)arg;
	(void)outcome;
	(void)wire;
	(void)len;
	(void)rtt_us;
	if (w.results < 100)
		world_ask(&w, qname);
}

Test(upstream, may_be_asked_by_who_gets_the_answer)
{
	start(world_answer_well);
	w.then = ask_again;
	world_ask(&w, NULL);
	world_run(&w, 100);
	cr_assert_eq(figures()->answered, 100);
}

Test(upstream, calls_back_for_all_that_is_in_flight_when_it_goes)
{
	struct upstream_question question = {
	    .qname = (const uint8_t *)"\1a",
	    .qtype = TYPE_A,
	    .timeout_ms = 1000,
	};

	start(world_say_nothing);
	for (int i = 0; i < 300; i++) {
		question.tcp = i % 3 == 0;
		cr_assert_eq(world_ask_question(&w, &question), OK);
	}
	world_settle(&w);
	upstream_free(w.u);
	w.u = NULL;
	cr_assert_eq(w.results, 300);
	for (int i = 0; i < 300; i++)
		cr_assert_eq(w.result[i].outcome, UPSTREAM_ENDED);
	cr_assert_eq(w.watching, 0);
	upstream_free(NULL);
}

/* ---- TCP ----------------------------------------------------------------- */

static void
truncate_udp(struct world *world, const struct request *r)
{
	uint8_t wire[512];

	world_send(
	    world, r, wire, world_answer(r, r->tcp < 0 ? FLAG_TC : 0, wire));
}

Test(upstream, asks_by_tcp_when_the_answer_is_truncated)
{
	start(truncate_udp);
	world_ask(&w, NULL);
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	cr_assert_eq(last_result()->wire[2] & 2, 0, "TC");
	cr_assert_eq(w.by_udp, 1);
	cr_assert_eq(w.by_tcp, 1);
	cr_assert_eq(w.last.wire[w.last.len - 11 + 2], 41, "an OPT again");
	cr_assert_eq(figures()->suspect, 0);
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

Test(upstream, takes_long_answers_by_tcp)
{
	start(answer_long);
	world_ask(&w, NULL);
	world_run(&w, 1);
	cr_assert_eq(w.by_tcp, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	cr_assert_eq(last_result()->len, 60000);
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

Test(upstream, a_connection_that_is_closed_is_opened_once_more)
{
	start(close_in_the_middle);
	closings = 2;
	world_ask(&w, NULL);
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_tcp, 3);
}

Test(upstream, a_server_that_always_closes_refuses)
{
	start(close_in_the_middle);
	closings = 1000;
	world_ask(&w, NULL);
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_REFUSED);
	cr_assert_leq(w.by_tcp, 20);
}

Test(upstream, a_server_without_tcp_refuses)
{
	start(truncate_udp);
	close(w.listener);
	w.listener = -1;
	world_ask(&w, NULL);
	world_settle(&w);
	world_pass_ms(&w, 50);
	check_outcome(1, UPSTREAM_REFUSED);
}

Test(upstream, time_goes_on_when_tcp_is_asked)
{
	start(truncate_udp);
	world_ask(&w, NULL);
	world_pass_ms(&w, 2000);
	w.answer = close_in_the_middle;
	closings = 0;
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	/* Accepted by the kernel, never answered. */
	w.answer = truncate_udp;
	world_ask(&w, NULL);
	world_pass_ms(&w, 2950);
	cr_assert_eq(w.results, 1);
	world_pass_ms(&w, 50);
	check_outcome(2, UPSTREAM_SILENT);
}

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

Test(upstream, takes_answers_by_tcp_in_any_order)
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
	cr_assert_eq(figures()->answered, 32);
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

Test(upstream, asks_by_tcp_who_wants_a_cookie)
{
	start(demand_cookie);
	world_ask(&w, NULL);
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
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

Test(upstream, asks_without_opt_who_does_not_know_it)
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
	check_outcome(1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 2);
	cr_assert_eq(w.last.len, 12 + 13 + 4);
	cr_assert_eq(wire_load_u16(w.last.wire + 2), FLAG_RD);
	world_ask(&w, NULL);
	world_run(&w, 2);
	check_outcome(2, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 3, "it is remembered");
	world_pass_ms(&w, 15 * 60 * 1000);
	world_ask(&w, NULL);
	world_run(&w, 3);
	cr_assert_eq(w.by_udp, 5, "but not for ever");
	world_pass_ms(&w, 15 * 60 * 1000);
	cr_assert_eq(world_ask_question(&w, &question), OK);
	world_run(&w, 4);
	check_outcome(4, UPSTREAM_ANSWERED);
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

Test(upstream, a_formerr_without_a_question_is_believed_by_tcp_only)
{
	start(send_bare_formerr);
	world_ask(&w, NULL);
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 1);
	cr_assert_eq(w.by_tcp, 1);
}

static void
refuse_with_formerr(struct world *world, const struct request *r)
{
	uint8_t wire[512];

	world_send(world, r, wire, world_answer(r, RCODE_FORMERR, wire));
}

Test(upstream, a_formerr_is_an_answer_when_it_comes_with_opt)
{
	start(refuse_with_formerr);
	world_ask(&w, NULL);
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 1);
	cr_assert_eq(last_result()->wire[3] & 15, RCODE_FORMERR);
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

Test(upstream, another_case_is_asked_again_by_tcp)
{
	start(fold_case);
	fold_tcp = false;
	world_ask(&w, many_letters);
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_udp, 1);
	cr_assert_eq(w.by_tcp, 1);
	cr_assert_eq(figures()->suspect, 1);
	cr_assert_arr_eq(last_result()->wire + 12, last_result()->qname,
	    sizeof(many_letters));
	world_ask(&w, many_letters);
	world_run(&w, 2);
	cr_assert_eq(w.by_tcp, 2, "the case was not the server's doing");
}

Test(upstream, a_server_that_folds_case_by_tcp_too_is_asked_in_lower_case)
{
	start(fold_case);
	fold_tcp = true;
	world_ask(&w, many_letters);
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_tcp, 1);
	cr_assert_arr_eq(last_result()->wire + 12, last_result()->qname,
	    sizeof(many_letters), "the name in the answer is ours");
	world_ask(&w, many_letters);
	world_run(&w, 2);
	check_outcome(2, UPSTREAM_ANSWERED);
	cr_assert_eq(w.by_tcp, 1);
	cr_assert_arr_eq(
	    last_result()->qname, many_letters, sizeof(many_letters));
}

/* ---- forged answers ------------------------------------------------------ */

/* A forged answer precedes the right one; by TCP there is none. */
static uint8_t forged[512];
static size_t forged_len;
static void (*forge)(const struct request *);

static void
answer_after_forged(struct world *world, const struct request *r)
{
	if (r->tcp < 0) {
		forged_len = world_answer(r, RCODE_REFUSED, forged);
		forge(r);
		world_send(world, r, forged, forged_len);
	}
	world_answer_well(world, r);
}

static void
check_forgery(void (*how)(const struct request *), unsigned by_tcp)
{
	forge = how;
	world_ask(&w, NULL);
	world_run(&w, w.results + 1);
	cr_assert_eq(last_result()->outcome, UPSTREAM_ANSWERED);
	cr_assert_eq(last_result()->wire[3] & 15, 0, "it was the forged one");
	cr_assert_eq(w.by_tcp, by_tcp);
	world_settle(&w);
}

static void
forge_id(const struct request *r)
{
	(void)r;
	forged[1] ^= 1;
}

static void
forge_name(const struct request *r)
{
	(void)r;
	forged[13] = 'x';
}

static void
forge_type(const struct request *r)
{
	(void)r;
	forged[12 + 13 + 1] = 28;
}

static void
forge_class(const struct request *r)
{
	(void)r;
	forged[12 + 13 + 3] = 3;
}

static void
forge_case(const struct request *r)
{
	(void)r;
	forged[13] ^= 0x20;
}

static void
forge_question(const struct request *r)
{
	(void)r;
	wire_store_u16(forged + 2, FLAG_RD);
}

static void
forge_no_question(const struct request *r)
{
	(void)r;
	forged[5] = 0;
}

static void
forge_opcode(const struct request *r)
{
	(void)r;
	forged[2] |= OPCODE_UPDATE << 3;
}

static void
forge_length(const struct request *r)
{
	(void)r;
	forged_len = 20;
}

static void
forge_header(const struct request *r)
{
	(void)r;
	forged_len = 11;
}

static void
forge_nothing_at_all(const struct request *r)
{
	(void)r;
	forged_len = 0;
}

Test(upstream, an_answer_to_something_else_is_none)
{
	start(answer_after_forged);
	/* Without the ID it is passed over. */
	check_forgery(forge_id, 0);
	cr_assert_eq(figures()->wrong, 1);
	cr_assert_eq(figures()->late, 0);
	world_pass_ms(&w, UPSTREAM_GUARD_MS);
	check_forgery(forge_header, 0);
	check_forgery(forge_nothing_at_all, 0);
	cr_assert_eq(figures()->wrong, 3);
	cr_assert_eq(figures()->suspect, 0);
	/* With it, TCP is asked, and the next is too late. */
	check_forgery(forge_name, 1);
	check_forgery(forge_type, 2);
	check_forgery(forge_class, 3);
	check_forgery(forge_case, 4);
	check_forgery(forge_question, 5);
	check_forgery(forge_no_question, 6);
	check_forgery(forge_opcode, 7);
	check_forgery(forge_length, 8);
	cr_assert_eq(figures()->suspect, 8);
	cr_assert_eq(figures()->late, 8);
	cr_assert_eq(figures()->guards, 0);
}

/* The right answer, from another port of the server. */
static void
answer_from_elsewhere(struct world *world, const struct request *r)
{
	uint8_t wire[512];
	size_t len = world_answer(r, RCODE_REFUSED, wire);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	cr_assert_eq(sendto(fd, wire, len, 0, (const struct sockaddr *)&r->from,
			 r->from_len),
	    (ssize_t)len);
	close(fd);
	(void)world;
}

Test(upstream, an_answer_from_another_source_is_none)
{
	start(answer_from_elsewhere);
	world_ask(&w, NULL);
	world_settle(&w);
	cr_assert_eq(w.results, 0);
	world_answer_well(&w, &w.last);
	world_run(&w, 1);
	check_outcome(1, UPSTREAM_ANSWERED);
	cr_assert_eq(figures()->wrong, 0, "the kernel drops them");
}

/* A thousand guesses for each question, then the answer. */
static void
flood(struct world *world, const struct request *r)
{
	uint8_t wire[512];
	size_t len = world_answer(r, RCODE_REFUSED, wire);

	if (r->tcp >= 0) {
		world_answer_well(world, r);
		return;
	}
	for (uint16_t i = 1; i <= 1000; i++) {
		wire_store_u16(wire, (uint16_t)(wire_load_u16(r->wire) + i));
		world_send(world, r, wire, len);
	}
	world_answer_well(world, r);
}

Test(upstream, who_guesses_has_three_guesses_then_all_goes_by_tcp)
{
	start(flood);
	for (int i = 0; i < 20; i++)
		world_ask(&w, NULL);
	world_run(&w, 20);
	for (int i = 0; i < 20; i++) {
		cr_assert_eq(w.result[i].outcome, UPSTREAM_ANSWERED);
		cr_assert_eq(w.result[i].wire[3] & 15, 0);
	}
	cr_assert_eq(figures()->guards, 1);
	cr_assert_eq(figures()->wrong, UPSTREAM_WRONG_MAX);
	cr_assert_eq(w.by_udp, 20);
	cr_assert_eq(w.by_tcp, 20);
	/* All that comes, too. */
	world_pass_ms(&w, UPSTREAM_GUARD_MS - 50);
	world_ask(&w, NULL);
	world_run(&w, 21);
	cr_assert_eq(w.by_udp, 20);
	cr_assert_eq(w.by_tcp, 21);
	/* Until there is peace. */
	w.answer = world_answer_well;
	world_pass_ms(&w, 50);
	world_ask(&w, NULL);
	world_run(&w, 22);
	cr_assert_eq(w.by_udp, 21);
	cr_assert_eq(w.by_tcp, 21);
}

Test(upstream, guesses_at_many_ports_are_counted_together)
{
	start(answer_after_forged);
	forge = forge_id;
	for (int i = 0; i < 64; i++)
		world_ask(&w, NULL);
	world_run(&w, 64);
	cr_assert_eq(figures()->guards, 1);
	cr_assert_eq(figures()->answered, 64);
	cr_assert_eq(figures()->wrong, UPSTREAM_WRONG_MAX);
}

Test(upstream, a_stray_now_and_then_is_no_attack)
{
	start(answer_after_forged);
	for (unsigned i = 0; i < 10; i++) {
		check_forgery(forge_id, 0);
		world_pass_ms(&w, UPSTREAM_GUARD_MS / 2);
	}
	cr_assert_eq(figures()->wrong, 10);
	cr_assert_eq(figures()->guards, 0);
}

static void
answer_twice(struct world *world, const struct request *r)
{
	for (int i = 0; i < 5; i++)
		world_answer_well(world, r);
}

Test(upstream, the_second_answer_is_too_late_and_no_forgery)
{
	start(answer_twice);
	for (unsigned i = 0; i < 10; i++) {
		world_ask(&w, NULL);
		world_run(&w, i + 1);
	}
	world_settle(&w);
	cr_assert_eq(w.results, 10);
	cr_assert_eq(figures()->late, 40);
	cr_assert_eq(figures()->wrong, 0);
}

Test(upstream, an_answer_after_the_timeout_is_too_late_and_no_forgery)
{
	start(keep);
	keeping = 0;
	for (int i = 0; i < 10; i++)
		world_ask(&w, NULL);
	world_settle(&w);
	w.now_us += 2999000;
	world_ask(&w, NULL); /* keeps no socket open but its own */
	w.now_us += 1000;
	upstream_tick(w.u, w.now_us - 1);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(w.results, 0);
	for (unsigned i = 0; i < 3; i++)
		world_answer_well(&w, &kept[i]);
	world_run(&w, 3);
	upstream_tick(w.u, w.now_us);
	cr_assert_eq(w.results, 10);
	for (unsigned i = 0; i < 10; i++)
		world_answer_well(&w, &kept[i]);
	world_settle(&w);
	cr_assert_eq(figures()->wrong, 0);
	cr_assert_eq(figures()->silent, 7);
	cr_assert_eq(figures()->guards, 0);
}
