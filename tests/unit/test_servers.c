/* SPDX-License-Identifier: Apache-2.0 */
/* Which upstream server is asked first, and which later. */
#include <criterion/criterion.h>

#include "resolver/servers.h"

static struct servers servers;
static struct random rnd;
static uint8_t order[SERVERS_MAX];

static void
start(size_t count)
{
	servers_init(&servers, count);
	random_seed(&rnd, 7);
}

/* So many answers of one round trip. */
static void
answer(unsigned number, uint32_t rtt_us, unsigned times)
{
	while (times-- > 0)
		servers_answered(&servers, number, rtt_us, 0);
}

static void
silence(unsigned number, unsigned times, int64_t now_ms)
{
	while (times-- > 0)
		servers_silent(&servers, number, now_ms);
}

/* How often of 1600 times a server comes first. */
static unsigned
count_first(unsigned number)
{
	unsigned count = 0;

	for (unsigned i = 0; i < 1600; i++) {
		servers_order(&servers, &rnd, 0, order);
		count += order[0] == number;
	}
	return count;
}

/* Whether all numbers are in the order, once each. */
static void
expect_all(size_t count)
{
	unsigned seen = 0;

	cr_expect_eq(servers_order(&servers, &rnd, 0, order), count);
	for (size_t i = 0; i < count; i++)
		seen |= 1U << order[i];
	cr_expect_eq(seen, (1U << count) - 1);
}

Test(servers, the_fastest_comes_first_and_others_now_and_then, .timeout = 5)
{
	start(3);
	answer(0, 20000, 5);
	answer(1, 2000, 5);
	answer(2, 200000, 5);
	cr_expect_gt(count_first(1), 1500);
	cr_expect_lt(count_first(1), 1600);
	expect_all(3);
}

Test(servers, who_is_not_known_is_tried, .timeout = 5)
{
	start(2);
	answer(0, 1000, 5);
	cr_expect_gt(count_first(1), 1500);
}

Test(servers, patience_follows_round_trips_within_bounds, .timeout = 5)
{
	static const struct {
		uint32_t rtt_us, patience_ms;
	} rows[] = {{100, SERVERS_PATIENCE_MIN_MS}, {50000, 50}, {250000, 250},
	    {4000000, SERVERS_PATIENCE_MS}, {UINT32_MAX, SERVERS_PATIENCE_MS}};

	start(1);
	cr_expect_eq(servers_patience_ms(&servers, 0), SERVERS_PATIENCE_MS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t ms;

		start(1);
		answer(0, rows[i].rtt_us, 100);
		ms = servers_patience_ms(&servers, 0);
		cr_expect(
		    ms >= rows[i].patience_ms && ms <= rows[i].patience_ms + 5,
		    "%u: %u", rows[i].rtt_us, ms);
	}
}

Test(servers, the_first_round_trip_counts_threefold, .timeout = 5)
{
	/* RFC 6298 2.2: SRTT + 4 * R / 2 */
	start(1);
	answer(0, 40000, 1);
	cr_expect_eq(servers_patience_ms(&servers, 0), 120);
}

Test(servers, three_silences_in_a_row_are_death, .timeout = 5)
{
	start(2);
	answer(0, 1000, 1);
	answer(1, 90000, 1);
	silence(0, 2, 100);
	cr_expect(!servers.state[0].dead);
	answer(0, 1000, 1);
	silence(0, 2, 200);
	cr_expect(!servers.state[0].dead);
	silence(0, 1, 300);
	cr_expect(servers.state[0].dead);
	cr_expect_eq(count_first(1), 1600);
	expect_all(2);
}

Test(servers, one_silence_lets_others_go_first, .timeout = 5)
{
	start(2);
	answer(0, 1000, 5);
	answer(1, 50000, 5);
	silence(0, 1, 0);
	cr_expect_gt(count_first(1), 1500);
}

Test(servers, useless_answers_let_others_go_first, .timeout = 5)
{
	start(2);
	answer(1, 50000, 5);
	for (int i = 0; i < 100000; i++)
		servers_refused(&servers, 0, 0);
	cr_expect_gt(count_first(1), 1500);
	cr_expect(!servers.state[0].dead);
	answer(0, 1000, 1);
	cr_expect_gt(count_first(0), 1500);
}

Test(servers, the_dead_are_probed_less_and_less_often, .timeout = 5)
{
	static const int64_t waits_ms[] = {
	    1000, 2000, 4000, 8000, 16000, 30000, 30000};
	int64_t now_ms = 5000;

	start(2);
	cr_expect_eq(servers_next_probe_ms(&servers), INT64_MAX);
	cr_expect_eq(servers_probe(&servers, now_ms), -1);
	silence(1, 3, now_ms);
	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(*waits_ms); i++) {
		now_ms += waits_ms[i];
		cr_expect_eq(servers_next_probe_ms(&servers), now_ms);
		cr_expect_eq(servers_probe(&servers, now_ms - 1), -1);
		cr_expect_eq(servers_probe(&servers, now_ms), 1);
		/* Its silence changes nothing. */
		silence(1, 1, now_ms + 500);
		cr_expect_eq(servers_probe(&servers, now_ms), -1);
	}
}

Test(servers, who_comes_back_takes_a_growing_share, .timeout = 5)
{
	unsigned before = 0;

	start(2);
	answer(0, 1000, 5);
	answer(1, 50000, 5);
	silence(0, 3, 0);
	for (unsigned share = 1; share <= 15; share++) {
		unsigned first;

		answer(0, 1000, 1);
		first = count_first(0);
		cr_expect_gt(first + 100, share * 100);
		cr_expect_lt(first, share * 100 + 100);
		cr_expect_gt(first + 60, before);
		before = first;
	}
	answer(0, 1000, 1);
	cr_expect_gt(count_first(0), 1500);
}

Test(servers, who_comes_back_and_is_silent_again_is_dead_at_once, .timeout = 5)
{
	start(2);
	silence(0, 3, 0);
	answer(0, 1000, 1);
	cr_expect(!servers.state[0].dead);
	silence(0, 1, 9000);
	cr_expect(servers.state[0].dead);
	cr_expect_eq(servers_next_probe_ms(&servers), 10000);
}

Test(servers, when_all_are_dead_all_are_asked, .timeout = 5)
{
	start(SERVERS_MAX);
	for (unsigned i = 0; i < SERVERS_MAX; i++)
		silence(i, 3, 0);
	expect_all(SERVERS_MAX);
}
