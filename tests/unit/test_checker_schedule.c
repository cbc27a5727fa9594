/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "server/health/checker_schedule.h"
#include "zones/random.h"

TestSuite(checker_schedule, .timeout = 20);

#define MANY 20000

static struct turn turns[MANY];

static void
add_all(struct schedule *schedule)
{
	schedule_init(schedule);
	for (uint64_t i = 0; i < MANY; i++)
		cr_assert_eq(schedule_add(schedule, &turns[i], i), OK);
}

/* Whoever waits comes in the order of moments, whatever happened before. */
Test(checker_schedule, the_first_is_the_one_due_first)
{
	struct schedule schedule;
	struct random random;
	int64_t last = INT64_MIN;
	size_t waiting = 0;

	random_seed(&random, 1);
	add_all(&schedule);
	for (int i = 0; i < 3 * MANY; i++) {
		struct turn *turn = &turns[random_below(&random, MANY)];

		if (random_below(&random, 4) == 0)
			schedule_unwait(&schedule, turn);
		else
			schedule_wait(&schedule, turn,
			    (int64_t)random_below(&random, 1000));
	}
	for (size_t i = 0; i < MANY; i++)
		waiting += turns[i].place != TURN_NOT_WAITING;
	cr_assert_eq(schedule.waiting, waiting);
	for (struct turn *first; (first = schedule_first(&schedule)) != NULL;
	     waiting--) {
		cr_assert_geq(first->due_ms, last);
		last = first->due_ms;
		schedule_unwait(&schedule, first);
	}
	cr_assert_eq(waiting, 0);
	schedule_fini(&schedule);
}

Test(checker_schedule, a_number_is_found_until_it_is_removed)
{
	struct schedule schedule;

	add_all(&schedule);
	for (uint64_t i = 0; i < MANY; i += 2) {
		schedule_wait(&schedule, &turns[i], (int64_t)i);
		schedule_remove(&schedule, &turns[i]);
	}
	cr_assert_eq(schedule.known, MANY / 2);
	cr_assert_eq(schedule.waiting, 0);
	for (uint64_t i = 0; i < MANY; i++)
		cr_assert_eq(schedule_find(&schedule, i),
		    i % 2 == 0 ? NULL : &turns[i], "%lu", i);
	cr_assert_null(schedule_find(&schedule, MANY));
	schedule_fini(&schedule);
}

static void
remove_it(void *arg, struct turn *turn)
{
	schedule_remove(arg, turn);
}

Test(checker_schedule, all_can_be_removed_in_one_pass)
{
	struct schedule schedule;

	add_all(&schedule);
	schedule_each(&schedule, remove_it, &schedule);
	cr_assert_eq(schedule.known, 0);
	schedule_fini(&schedule);
}

Test(checker_schedule, an_empty_one_has_nobody)
{
	struct schedule schedule;

	schedule_init(&schedule);
	cr_assert_null(schedule_first(&schedule));
	cr_assert_null(schedule_find(&schedule, 7));
	schedule_fini(&schedule);
}

struct next {
	uint64_t number, interval_ms;
	int64_t after_ms;
};

/* After, at most an interval later, and again each interval. */
Test(checker_schedule, the_next_turn_is_in_ones_own_place)
{
	static const struct next cases[] = {
	    {0, 1, 0},
	    {1, 1000, 0},
	    {2, 1000, 999},
	    {3, 5000, 123456789},
	    {4, 100, -50},
	    {5, 24 * 60 * 60 * 1000, INT64_C(1) << 50},
	    {UINT64_MAX, 777, 5},
	    {6, 0, 5},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct next *c = &cases[i];
		int64_t interval =
		    c->interval_ms == 0 ? 1 : (int64_t)c->interval_ms;
		int64_t next =
		    schedule_next_ms(c->number, c->interval_ms, c->after_ms);

		cr_assert_gt(next, c->after_ms, "%zu", i);
		cr_assert_leq(next, c->after_ms + interval, "%zu", i);
		cr_assert_eq(schedule_next_ms(c->number, c->interval_ms, next),
		    next + interval, "%zu", i);
		cr_assert_eq(
		    schedule_next_ms(c->number, c->interval_ms, next - 1), next,
		    "%zu", i);
	}
}

/* 10,000 numbers in a row over 5 s: each of 50 slots of 100 ms has its share
 * of 200, give or take five standard deviations. */
Test(checker_schedule, numbers_in_a_row_are_spread)
{
	unsigned slot[50] = {0};

	for (uint64_t i = 0; i < 10000; i++)
		slot[schedule_place_ms(i, 5000) / 100]++;
	for (int i = 0; i < 50; i++) {
		cr_assert_gt(slot[i], 130, "slot %d: %u", i, slot[i]);
		cr_assert_lt(slot[i], 270, "slot %d: %u", i, slot[i]);
	}
}
