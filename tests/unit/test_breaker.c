/* SPDX-License-Identifier: Apache-2.0 */
/* Breakers, outliers, and the delays between rounds. */
#include <criterion/criterion.h>

#include "resolver/client/breaker.h"
#include "resolver/client/outlier.h"
#include "resolver/client/retry.h"

static const struct breaker_settings usual = {
    .failures = 3,
    .percent = 50,
    .least = 10,
    .window_ms = 10000,
    .open_ms = 1000,
    .open_max_ms = 5000,
    .probes = 2,
    .successes = 2,
};

static void
report(struct breaker *b, const char *results, int64_t now_ms)
{
	for (; *results != '\0'; results++)
		breaker_report(b, &usual, *results == '+', now_ms);
}

Test(breaker, opens_after_failures_in_a_row, .timeout = 5)
{
	struct breaker b = {.state = BREAKER_CLOSED};

	report(&b, "--+--+--", 100);
	cr_expect(breaker_allows(&b, &usual, 100));
	cr_expect(breaker_report(&b, &usual, false, 100));
	cr_expect_not(breaker_allows(&b, &usual, 100));
	cr_expect_not(breaker_allows(&b, &usual, 1099));
	cr_expect_eq(breaker_look(&b, &usual, 1100), BREAKER_HALF_OPEN);
}

Test(breaker, opens_when_a_share_of_the_window_fails, .timeout = 5)
{
	struct breaker b = {.state = BREAKER_CLOSED};

	report(&b, "+-+-+-+--", 100);
	cr_expect_eq(b.state, BREAKER_CLOSED, "too few to tell");
	report(&b, "+-", 100);
	cr_expect_eq(b.state, BREAKER_OPEN);
}

Test(breaker, results_leave_the_window, .timeout = 5)
{
	struct breaker b = {.state = BREAKER_CLOSED};
	uint32_t good, bad;

	report(&b, "-+-+-+-+", 0);
	breaker_count(&b, &usual, 6000, &good, &bad);
	cr_expect_eq(good + bad, 8);
	report(&b, "+", 6000);
	breaker_count(&b, &usual, 10000, &good, &bad);
	cr_expect_eq(good, 1, "%u", good);
	cr_expect_eq(bad, 0);
	breaker_count(&b, &usual, 100000, &good, &bad);
	cr_expect_eq(good + bad, 0);
}

Test(breaker, successes_close_it_and_a_failure_opens_it_again, .timeout = 5)
{
	struct breaker b = {.state = BREAKER_CLOSED};

	report(&b, "---", 0);
	cr_expect_eq(breaker_look(&b, &usual, 1000), BREAKER_HALF_OPEN);
	report(&b, "+", 1000);
	cr_expect_eq(b.state, BREAKER_HALF_OPEN);
	report(&b, "-", 1000);
	cr_expect_eq(b.state, BREAKER_OPEN);
	cr_expect_eq(breaker_look(&b, &usual, 2999), BREAKER_OPEN, "doubled");
	cr_expect_eq(breaker_look(&b, &usual, 3000), BREAKER_HALF_OPEN);
	report(&b, "++", 3000);
	cr_expect_eq(b.state, BREAKER_CLOSED);
}

Test(
    breaker, the_time_open_doubles_up_to_a_bound_and_is_forgotten, .timeout = 5)
{
	static const int64_t expected[] = {1000, 2000, 4000, 5000, 5000};
	struct breaker b = {.state = BREAKER_CLOSED};
	int64_t now = 0;

	for (size_t i = 0; i < 5; i++) {
		report(&b, "---", now);
		cr_expect_eq(b.until_ms - now, expected[i], "%zu", i);
		now = b.until_ms;
		breaker_look(&b, &usual, now);
		report(&b, "++", now);
	}
	/* Well for longer than the window. */
	now += 10001;
	report(&b, "---", now);
	cr_expect_eq(b.until_ms - now, 1000);
}

Test(breaker, half_open_lets_only_some_through, .timeout = 5)
{
	struct breaker b = {.state = BREAKER_CLOSED};

	cr_expect_not(breaker_begin(&b, &usual, 0), "no probe when closed");
	report(&b, "---", 0);
	breaker_end(&b, false);
	cr_expect(breaker_begin(&b, &usual, 1000));
	cr_expect(breaker_begin(&b, &usual, 1000));
	cr_expect_not(breaker_allows(&b, &usual, 1000));
	breaker_end(&b, true);
	cr_expect(breaker_allows(&b, &usual, 1000));
}

Test(breaker, what_is_said_while_open_is_too_late, .timeout = 5)
{
	struct breaker b = {.state = BREAKER_CLOSED};

	report(&b, "---", 0);
	cr_expect_not(breaker_report(&b, &usual, false, 500));
	report(&b, "++++", 500);
	cr_expect_eq(breaker_look(&b, &usual, 999), BREAKER_OPEN);
	cr_expect_eq(breaker_look(&b, &usual, 1000), BREAKER_HALF_OPEN);
}

Test(breaker, without_a_threshold_it_never_opens, .timeout = 5)
{
	struct breaker_settings none = usual;
	struct breaker b = {.state = BREAKER_CLOSED};

	none.failures = 0;
	for (int i = 0; i < 100; i++)
		cr_expect_not(breaker_report(&b, &none, false, 0));
	cr_expect(breaker_allows(&b, &none, 0));
}

/* --- outliers --- */

static const struct outlier_settings sweeping = {
    .percent = 30,
    .deviations = 19,
    .least = 10,
    .eject_ms = 30000,
};

/* Hosts with so many bad results of 20 each; returns which were ejected, as
 * bits. */
static unsigned
sweep(
    struct outlier *outliers, const uint32_t *bad, size_t count, int64_t now_ms)
{
	struct outlier_host hosts[16];
	unsigned ejected = 0;

	for (size_t i = 0; i < count; i++)
		hosts[i] =
		    (struct outlier_host){&outliers[i], 20 - bad[i], bad[i]};
	outlier_sweep(hosts, count, &sweeping, now_ms);
	for (size_t i = 0; i < count; i++)
		if (outlier_is_ejected(&outliers[i], now_ms))
			ejected |= 1u << i;
	return ejected;
}

Test(outlier, who_fails_more_than_the_others_is_ejected, .timeout = 5)
{
	static const struct {
		uint32_t bad[10];
		unsigned ejected;
	} samples[] = {
	    {{0, 0, 0, 20, 0, 0, 0, 0, 0, 0}, 0x008},
	    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0x000},
	    {{20, 20, 20, 20, 20, 20, 20, 20, 20, 20}, 0x000},
	    {{1, 2, 1, 2, 1, 2, 1, 2, 1, 9}, 0x200},
	    {{9, 10, 11, 10, 9, 10, 11, 10, 9, 10}, 0x000},
	    {{20, 20, 0, 0, 0, 0, 0, 0, 0, 0}, 0x003},
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct outlier outliers[10] = {{.ejected = false}};

		cr_expect_eq(sweep(outliers, samples[i].bad, 10, 0),
		    samples[i].ejected, "%zu", i);
	}
}

Test(outlier, no_more_than_a_share_is_ejected, .timeout = 5)
{
	static const uint32_t bad[] = {20, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct outlier outliers[10] = {{.ejected = false}};

	/* Three are out already: that is all there may be. */
	for (int i = 7; i < 10; i++)
		outliers[i] = (struct outlier){true, 1000, 1};
	cr_expect_eq(sweep(outliers, bad, 10, 0), 0x380);
	cr_expect_eq(sweep(outliers, bad, 10, 1000), 0x001);
}

Test(outlier, of_a_few_hosts_none_is_an_outlier, .timeout = 5)
{
	static const uint32_t bad[] = {20, 0, 0, 0};
	struct outlier outliers[4] = {{.ejected = false}};

	cr_expect_eq(sweep(outliers, bad, 4, 0), 0);
}

Test(outlier, ejections_grow_longer_and_are_forgotten, .timeout = 5)
{
	static const uint32_t bad[] = {20, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint32_t good[10];
	struct outlier outliers[10] = {{.ejected = false}};

	sweep(outliers, bad, 10, 0);
	cr_expect_eq(outliers[0].until_ms, 30000);
	cr_expect_eq(sweep(outliers, bad, 10, 29999), 1);
	sweep(outliers, bad, 10, 30000);
	cr_expect_eq(outliers[0].until_ms, 90000, "twice as long");
	cr_expect_eq(sweep(outliers, good, 10, 90000), 0);
	cr_expect_eq(sweep(outliers, good, 10, 100000), 0);
	sweep(outliers, bad, 10, 110000);
	cr_expect_eq(outliers[0].until_ms, 140000);
}

/* --- delays --- */

Test(retry, delays_grow_up_to_a_bound, .timeout = 5)
{
	static const struct retry_settings settings = {
	    .delay_ms = 100, .delay_max_ms = 1000, .percent = 200};
	static const uint32_t expected[] = {
	    0, 0, 100, 200, 400, 800, 1000, 1000};
	struct random random;

	random_seed(&random, 1);
	for (uint32_t round = 0; round < 8; round++)
		cr_expect_eq(retry_delay_ms(&settings, round, &random),
		    expected[round], "%u", round);
	cr_expect_eq(retry_delay_ms(&settings, UINT32_MAX, &random), 1000);
}

Test(retry, a_part_of_the_delay_is_random, .timeout = 5)
{
	static const struct retry_settings settings = {.delay_ms = 100,
	    .delay_max_ms = 1000,
	    .percent = 100,
	    .jitter_percent = 50};
	struct random random;
	unsigned low = 0, high = 0;

	random_seed(&random, 1);
	for (int i = 0; i < 1000; i++) {
		uint32_t delay = retry_delay_ms(&settings, 9, &random);

		cr_assert(delay >= 50 && delay <= 100, "%u", delay);
		low += delay < 60;
		high += delay > 90;
	}
	cr_expect_gt(low, 100);
	cr_expect_gt(high, 100);
}
