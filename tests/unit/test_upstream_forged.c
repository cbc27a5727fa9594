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

TestSuite(upstream_forged, .fini = teardown, .timeout = 30);

static void
start(answer_fn *answer)
{
	world_open(&w, AF_INET, answer);
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
	cr_assert_eq(world_last(&w)->outcome, UPSTREAM_ANSWERED);
	cr_assert_eq(world_last(&w)->wire[3] & 15, 0, "it was the forged one");
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

Test(upstream_forged, an_answer_to_something_else_is_none)
{
	start(answer_after_forged);
	/* Without the ID it is passed over. */
	check_forgery(forge_id, 0);
	cr_assert_eq(world_figures(&w)->wrong, 1);
	cr_assert_eq(world_figures(&w)->late, 0);
	world_pass_ms(&w, UPSTREAM_GUARD_MS);
	check_forgery(forge_header, 0);
	check_forgery(forge_nothing_at_all, 0);
	cr_assert_eq(world_figures(&w)->wrong, 3);
	cr_assert_eq(world_figures(&w)->suspect, 0);
	/* With it, TCP is asked, and the next is too late. */
	check_forgery(forge_name, 1);
	check_forgery(forge_type, 2);
	check_forgery(forge_class, 3);
	check_forgery(forge_case, 4);
	check_forgery(forge_question, 5);
	check_forgery(forge_no_question, 6);
	check_forgery(forge_opcode, 7);
	check_forgery(forge_length, 8);
	cr_assert_eq(world_figures(&w)->suspect, 8);
	cr_assert_eq(world_figures(&w)->late, 8);
	cr_assert_eq(world_figures(&w)->guards, 0);
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

Test(upstream_forged, an_answer_from_another_source_is_none)
{
	start(answer_from_elsewhere);
	world_ask(&w, NULL);
	world_settle(&w);
	cr_assert_eq(w.results, 0);
	world_answer_well(&w, &w.last);
	world_run(&w, 1);
	world_check(&w, 1, UPSTREAM_ANSWERED);
	cr_assert_eq(world_figures(&w)->wrong, 0, "the kernel drops them");
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

Test(upstream_forged, who_guesses_has_three_guesses_then_all_goes_by_tcp)
{
	start(flood);
	for (int i = 0; i < 20; i++)
		world_ask(&w, NULL);
	world_run(&w, 20);
	for (int i = 0; i < 20; i++) {
		cr_assert_eq(w.result[i].outcome, UPSTREAM_ANSWERED);
		cr_assert_eq(w.result[i].wire[3] & 15, 0);
	}
	cr_assert_eq(world_figures(&w)->guards, 1);
	cr_assert_eq(world_figures(&w)->wrong, UPSTREAM_WRONG_MAX);
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

Test(upstream_forged, guesses_at_many_ports_are_counted_together)
{
	start(answer_after_forged);
	forge = forge_id;
	for (int i = 0; i < 64; i++)
		world_ask(&w, NULL);
	world_run(&w, 64);
	cr_assert_eq(world_figures(&w)->guards, 1);
	cr_assert_eq(world_figures(&w)->answered, 64);
	cr_assert_eq(world_figures(&w)->wrong, UPSTREAM_WRONG_MAX);
}

Test(upstream_forged, a_stray_now_and_then_is_no_attack)
{
	start(answer_after_forged);
	for (unsigned i = 0; i < 10; i++) {
		check_forgery(forge_id, 0);
		world_pass_ms(&w, UPSTREAM_GUARD_MS / 2);
	}
	cr_assert_eq(world_figures(&w)->wrong, 10);
	cr_assert_eq(world_figures(&w)->guards, 0);
}

static void
answer_twice(struct world *world, const struct request *r)
{
	for (int i = 0; i < 5; i++)
		world_answer_well(world, r);
}

Test(upstream_forged, the_second_answer_is_too_late_and_no_forgery)
{
	start(answer_twice);
	for (unsigned i = 0; i < 10; i++) {
		world_ask(&w, NULL);
		world_run(&w, i + 1);
	}
	world_settle(&w);
	cr_assert_eq(w.results, 10);
	cr_assert_eq(world_figures(&w)->late, 40);
	cr_assert_eq(world_figures(&w)->wrong, 0);
}

static struct request kept[64];
static unsigned keeping;

static void
keep(struct world *world, const struct request *r)
{
	(void)world;
	kept[keeping++ % 64] = *r;
}

Test(upstream_forged, an_answer_after_the_timeout_is_too_late_and_no_forgery)
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
	cr_assert_eq(world_figures(&w)->wrong, 0);
	cr_assert_eq(world_figures(&w)->silent, 7);
	cr_assert_eq(world_figures(&w)->guards, 0);
}
