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

/* ---- questions ----------------------------------------------------------- */

Test(upstream, hands_on_the_answer_and_the_name_as_it_was_sent)
{
	static const uint8_t www[] = "\3WWW\7example";
	const struct result *r;

	start(world_answer_well);
	world_ask(&w, www);
	w.now_us += 1234;
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	r = world_last(&w);
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
	world_check(&w, 1, UPSTREAM_ANSWERED);
	world_ask(&w, longest);
	world_run(&w, 2);
	world_check(&w, 2, UPSTREAM_ANSWERED);
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
	cr_assert_eq(world_figures(&w)->in_flight, 0);
	cr_assert_eq(world_ask_question(&w, &question), OK);
}

/* This one is answered in the end only, and keeps its socket until then. */
static const uint8_t lost[] = "\4lost";

static void
answer_most(struct world *world, const struct request *r)
{
	if (name_equal(r->wire + MESSAGE_HEADER_LEN, lost))
		keep(world, r);
	else
		world_answer_well(world, r);
}

Test(upstream, those_that_wait_do_not_hold_up_the_others)
{
	const unsigned silent = 600;

	start(answer_most);
	for (unsigned i = 1; i <= 100 * silent; i++) {
		world_ask(&w, i % 100 == 0 ? lost : NULL);
		if (i % 100 != 0)
			continue;
		world_run(&w, 99);
		w.results = 0;
	}
	cr_assert_eq(world_figures(&w)->answered, 99 * silent);
	cr_assert_eq(world_figures(&w)->in_flight, silent);
	/* Newer versions of c-ares ask again, each time from a new one. */
	cr_assert_leq(w.watching, 6 * 64, "%zu sockets", w.watching);
	w.answer = world_answer_well;
	for (unsigned i = 0; i < keeping; i++)
		world_answer_well(&w, &kept[i]);
	world_run(&w, silent);
	cr_assert_eq(world_figures(&w)->answered, 100 * silent);
	cr_assert_eq(world_figures(&w)->wrong, 0);
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
	world_check(&w, 1, UPSTREAM_SILENT);
	cr_assert_eq(world_last(&w)->len, 0);
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
		cr_assert_leq(world_figures(&w)->in_flight, 3000);
	}
	world_pass_ms(&w, 3000);
	cr_assert_eq(w.results, 8000);
	cr_assert_eq(world_figures(&w)->silent, 8000);
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
	world_check(&w, 1, UPSTREAM_REFUSED);
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
	world_check(&w, 1, UPSTREAM_REFUSED);
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
	cr_assert_eq(world_figures(&w)->answered, 100);
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
