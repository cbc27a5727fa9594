/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "zones/lease.h"

#define START_MS INT64_C(1000000)
#define MAX_DUE 512

/* Records with clocks alone; all else is of no concern here. */
static struct lease *
leases_new(size_t n)
{
	struct lease *r = calloc(n, sizeof(*r));

	cr_assert_not_null(r);
	for (size_t i = 0; i < n; i++)
		atomic_init(&r[i].deadline_ms, DEADLINE_NONE);
	return r;
}

static uint64_t seed = 1;

static uint64_t
random_below(uint64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 11) % n;
}

/* When a deadline must have been taken by: it, rounded up to a tick. */
static int64_t
round_up(int64_t deadline_ms)
{
	int64_t past = (deadline_ms - START_MS) % LEASE_TICK_MS;

	return past ? deadline_ms - past + LEASE_TICK_MS : deadline_ms;
}

/* Takes all that is due at now_ms; none may come before its deadline. */
static size_t
take_all(struct lease_wheel *w, int64_t now_ms)
{
	struct lease *due[MAX_DUE];
	size_t n, count = 0;
	bool more;

	do {
		n = lease_take_due(w, now_ms, due, MAX_DUE, &more);
		cr_assert_leq(n, MAX_DUE);
		for (size_t i = 0; i < n; i++) {
			cr_assert_leq(lease_deadline_ms(due[i]), now_ms);
			cr_assert_null(due[i]->wheel_prev);
		}
		count += n;
	} while (more);
	return count;
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

Test(lease, an_empty_wheel_has_nothing_to_say, .timeout = 5)
{
	struct lease_wheel *w = lease_wheel_new(START_MS);

	cr_assert_eq(lease_next_ms(w), INT64_MAX);
	cr_assert_eq(lease_count(w), 0);
	cr_assert_eq(take_all(w, START_MS + 86400000), 0);
	cr_assert_eq(take_all(w, INT64_MAX), 0);
	cr_assert_eq(lease_next_ms(w), INT64_MAX);
	lease_wheel_free(w);
	lease_wheel_free(NULL);
}

Test(lease, taken_within_the_tick_after_the_deadline_and_never_before,
    .timeout = 20)
{
	static const int64_t after_ms[] = {1, 63, 64, 65, 128, 4095, 4096, 4097,
	    64 * 64, 262143, 262144, 262145, 16777216, 16777217, 30000,
	    86400000, 31536000000, INT64_C(1) << 50};
	static const int64_t starts_ms[] = {
	    START_MS, START_MS + 63, START_MS + 999999};

	for (size_t s = 0; s < 3; s++) {
		for (size_t i = 0; i < sizeof(after_ms) / sizeof(int64_t);
		     i++) {
			struct lease_wheel *w = lease_wheel_new(START_MS);
			struct lease *r = leases_new(1);
			int64_t deadline_ms = starts_ms[s] + after_ms[i];
			int64_t now_ms = starts_ms[s];

			cr_assert_eq(take_all(w, now_ms), 0);
			lease_arm(w, r, deadline_ms);
			cr_assert_eq(take_all(w, deadline_ms - 1), 0);
			cr_assert_leq(lease_next_ms(w), round_up(deadline_ms));
			cr_assert_eq(take_all(w, round_up(deadline_ms)), 1);
			cr_assert_eq(lease_count(w), 0);
			lease_wheel_free(w);
			free(r);
		}
	}
}

Test(lease, a_deadline_in_the_past_is_due_at_once, .timeout = 5)
{
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(3);

	lease_arm(w, &r[0], START_MS - 5000);
	cr_assert_leq(lease_next_ms(w), START_MS);
	cr_assert_eq(take_all(w, START_MS), 1);
	cr_assert_eq(take_all(w, START_MS + 12345), 0);
	lease_arm(w, &r[1], START_MS + 12345);
	lease_arm(w, &r[2], INT64_MIN);
	cr_assert_eq(take_all(w, START_MS + 12345), 1);
	cr_assert_eq(take_all(w, START_MS + 12345 + LEASE_TICK_MS), 1);
	lease_wheel_free(w);
	free(r);
}

Test(lease, calling_when_next_says_so_is_enough, .timeout = 60)
{
	enum { RECORDS = 20000 };
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(RECORDS);
	int64_t *deadline = malloc(RECORDS * sizeof(*deadline));
	size_t taken = 0, calls = 0;
	int64_t next;

	for (size_t i = 0; i < RECORDS; i++) {
		/* some seconds, up to some years */
		deadline[i] =
		    START_MS + (int64_t)random_below(
				   UINT64_C(1) << (10 + random_below(28)));
		lease_arm(w, &r[i], deadline[i]);
	}
	qsort(deadline, RECORDS, sizeof(*deadline), by_number);
	for (; (next = lease_next_ms(w)) != INT64_MAX; calls++) {
		cr_assert_leq(next, round_up(deadline[taken]));
		taken += take_all(w, next);
		/* all before are gone, none of those after */
		cr_assert(taken == 0 || deadline[taken - 1] <= next);
		cr_assert(taken == RECORDS || deadline[taken] > next);
	}
	cr_assert_eq(taken, RECORDS);
	cr_assert_lt(calls, 4 * RECORDS);
	lease_wheel_free(w);
	free(r);
	free(deadline);
}

Test(lease, a_million_agree_with_a_sorted_array, .timeout = 60)
{
	enum { RECORDS = 1000000 };
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(RECORDS);
	int64_t *deadline = malloc(RECORDS * sizeof(*deadline));
	int64_t now_ms = START_MS;
	size_t taken = 0;

	for (size_t i = 0; i < RECORDS; i++) {
		deadline[i] = START_MS + (int64_t)random_below(3600000);
		lease_arm(w, &r[i], deadline[i]);
	}
	cr_assert_eq(lease_count(w), RECORDS);
	qsort(deadline, RECORDS, sizeof(*deadline), by_number);
	while (taken < RECORDS) {
		now_ms += (int64_t)random_below(3000);
		taken += take_all(w, now_ms);
		cr_assert(taken == 0 || deadline[taken - 1] <= now_ms);
		cr_assert(taken == RECORDS ||
			  deadline[taken] > now_ms - LEASE_TICK_MS);
		cr_assert_eq(lease_count(w), RECORDS - taken);
	}
	lease_wheel_free(w);
	free(r);
	free(deadline);
}

/* How many records hang elsewhere than when last looked at. */
static size_t
count_moved(const struct lease *r, size_t n, struct lease ***seen)
{
	size_t moved = 0;

	for (size_t i = 0; i < n; i++) {
		moved += r[i].wheel_prev != seen[i];
		seen[i] = r[i].wheel_prev;
	}
	return moved;
}

/* All due at one moment behind a border of many levels: what is taken, and
 * what is moved nearer, is bounded in each call. */
Test(lease, all_due_at_once_is_bounded_work_per_call, .timeout = 60)
{
	enum { RECORDS = 100000, MAX = 500 };
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(RECORDS), *due[MAX];
	struct lease ***seen = calloc(RECORDS, sizeof(*seen));
	int64_t deadline_ms = START_MS + (INT64_C(1) << 24) + 4321;
	size_t taken = 0, calls = 0;
	bool more;

	for (size_t i = 0; i < RECORDS; i++)
		lease_arm(w, &r[i], deadline_ms);
	count_moved(r, RECORDS, seen);
	do {
		size_t n =
		    lease_take_due(w, round_up(deadline_ms), due, MAX, &more);

		cr_assert_leq(n, MAX);
		taken += n;
		/* each move changes the link of a neighbour at most */
		cr_assert_leq(count_moved(r, RECORDS, seen), 4 * (2 * MAX + 1));
		calls++;
	} while (more);
	cr_assert_eq(taken, RECORDS);
	cr_assert_leq(calls, 5 * RECORDS / MAX);
	lease_wheel_free(w);
	free(r);
	free(seen);
}

Test(lease, a_million_due_at_once_come_in_chunks, .timeout = 60)
{
	enum { RECORDS = 1000000, MAX = 1000 };
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(RECORDS), *due[MAX];
	size_t taken = 0, calls = 0;
	bool more;

	for (size_t i = 0; i < RECORDS; i++)
		lease_arm(w, &r[i], START_MS + 30000);
	cr_assert_eq(take_all(w, START_MS + 29999), 0);
	do {
		taken += lease_take_due(w, START_MS + 30016, due, MAX, &more);
		calls++;
	} while (more);
	cr_assert_eq(taken, RECORDS);
	cr_assert_leq(calls, 2 * RECORDS / MAX);
	lease_wheel_free(w);
	free(r);
}

Test(
    lease, a_million_renewed_cost_bounded_work_and_none_is_taken, .timeout = 60)
{
	enum { RECORDS = 1000000, MAX = 1000 };
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(RECORDS), *due[MAX];
	size_t calls = 0;
	bool more;

	for (size_t i = 0; i < RECORDS; i++)
		lease_arm(w, &r[i], START_MS + 30000);
	for (size_t i = 0; i < RECORDS; i++)
		lease_arm(w, &r[i], START_MS + 50000);
	do {
		cr_assert_eq(
		    lease_take_due(w, START_MS + 40000, due, MAX, &more), 0);
		calls++;
	} while (more);
	cr_assert_geq(calls, RECORDS / (2 * MAX + 1));
	cr_assert_eq(lease_count(w), RECORDS);
	cr_assert_eq(take_all(w, START_MS + 50064), RECORDS);
	lease_wheel_free(w);
	free(r);
}

Test(lease, what_is_armed_during_a_cascade_is_not_lost, .timeout = 20)
{
	enum { RECORDS = 5000, MAX = 10 };
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(2 * RECORDS), *due[MAX];
	int64_t now_ms = START_MS + 64 * 64 * 64, end_ms = now_ms + 900000;
	size_t taken = 0, armed = RECORDS;
	bool more;

	for (size_t i = 0; i < RECORDS; i++)
		lease_arm(w, &r[i], now_ms + (int64_t)random_below(200000));
	while (lease_count(w) > 0 || armed < 2 * RECORDS) {
		size_t n = lease_take_due(w, now_ms, due, MAX, &more);

		for (size_t i = 0; i < n; i++)
			cr_assert_leq(lease_deadline_ms(due[i]), now_ms);
		taken += n;
		if (armed < 2 * RECORDS)
			lease_arm(w, &r[armed++],
			    now_ms + (int64_t)random_below(300000));
		if (!more)
			now_ms += (int64_t)random_below(100);
		cr_assert_lt(now_ms, end_ms);
	}
	cr_assert_eq(taken, 2 * RECORDS);
	lease_wheel_free(w);
	free(r);
}

Test(lease, renewing_moves_nothing_until_the_old_slot_comes, .timeout = 5)
{
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(1), **at;

	lease_arm(w, r, START_MS + 1000);
	at = r->wheel_prev;
	lease_arm(w, r, START_MS + 100000);
	cr_assert_eq(r->wheel_prev, at);
	cr_assert_eq(lease_deadline_ms(r), START_MS + 100000);
	cr_assert_leq(lease_next_ms(w), START_MS + 1024);
	cr_assert_eq(take_all(w, START_MS + 1024), 0);
	cr_assert_gt(lease_next_ms(w), START_MS + 1024);
	cr_assert_eq(take_all(w, START_MS + 99999), 0);
	cr_assert_eq(take_all(w, START_MS + 100064), 1);
	lease_wheel_free(w);
	free(r);
}

Test(lease, an_earlier_deadline_counts_at_once, .timeout = 5)
{
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(1);

	lease_arm(w, r, START_MS + 1000);
	lease_arm(w, r, START_MS + 5000000);
	lease_arm(w, r, START_MS + 2000);
	cr_assert_eq(lease_count(w), 1);
	cr_assert_eq(take_all(w, START_MS + 1999), 0);
	cr_assert_eq(take_all(w, START_MS + 2048), 1);
	lease_wheel_free(w);
	free(r);
}

Test(lease, no_deadline_is_no_lease, .timeout = 5)
{
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(1);

	lease_arm(w, r, DEADLINE_NONE);
	cr_assert_eq(lease_count(w), 0);
	lease_arm(w, r, START_MS + 1000);
	lease_arm(w, r, DEADLINE_NONE);
	cr_assert_eq(lease_count(w), 0);
	cr_assert_eq(lease_next_ms(w), INT64_MAX);
	cr_assert_eq(take_all(w, INT64_MAX), 0);
	lease_wheel_free(w);
	free(r);
}

Test(lease, disarming_is_right_in_any_state, .timeout = 5)
{
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(5);

	/* never armed */
	lease_disarm(w, &r[0]);
	/* first, middle and last of one slot, in each order, then alone */
	for (size_t i = 0; i < 5; i++)
		lease_arm(w, &r[i], START_MS + 60000);
	lease_disarm(w, &r[2]);
	lease_disarm(w, &r[0]);
	lease_disarm(w, &r[4]);
	lease_disarm(w, &r[4]);
	cr_assert_eq(lease_count(w), 2);
	lease_disarm(w, &r[1]);
	lease_disarm(w, &r[3]);
	cr_assert_eq(lease_count(w), 0);
	cr_assert_eq(lease_next_ms(w), INT64_MAX);
	cr_assert_eq(lease_deadline_ms(&r[3]), START_MS + 60000);
	/* taken already */
	lease_arm(w, &r[0], START_MS + 10);
	cr_assert_eq(take_all(w, START_MS + 64), 1);
	lease_disarm(w, &r[0]);
	/* renewed, not yet queued again */
	lease_arm(w, &r[1], START_MS + 100);
	lease_arm(w, &r[1], START_MS + 99999999);
	lease_disarm(w, &r[1]);
	cr_assert_eq(lease_count(w), 0);
	cr_assert_eq(take_all(w, INT64_MAX), 0);
	lease_wheel_free(w);
	free(r);
}

Test(lease, a_day_of_standing_still_is_one_step, .timeout = 5)
{
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(3), *due[4];
	bool more;

	lease_arm(w, &r[0], START_MS + 30000);
	lease_arm(w, &r[1], START_MS + 7 * 86400000LL);
	cr_assert_eq(lease_take_due(w, START_MS + 86400000, due, 4, &more), 1);
	cr_assert_not(more);
	cr_assert_eq(due[0], &r[0]);
	lease_arm(w, &r[2], START_MS + 86400000 + 30000);
	cr_assert_eq(take_all(w, START_MS + 86400000 + 29000), 0);
	cr_assert_eq(take_all(w, START_MS + 86400000 + 30064), 1);
	cr_assert_eq(take_all(w, START_MS + 8 * 86400000LL), 1);
	lease_wheel_free(w);
	free(r);
}

Test(lease, a_clock_that_goes_back_expires_nothing, .timeout = 5)
{
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(2);

	lease_arm(w, &r[0], START_MS - 10);
	cr_assert_eq(take_all(w, START_MS - 100), 0);
	cr_assert_eq(take_all(w, START_MS + 50000), 1);
	lease_arm(w, &r[0], START_MS + 40000);
	lease_arm(w, &r[1], START_MS + 60000);
	cr_assert_eq(take_all(w, START_MS + 30000), 0);
	cr_assert_eq(take_all(w, START_MS + 60000 + LEASE_TICK_MS), 2);
	lease_wheel_free(w);
	free(r);
}

Test(lease, the_ends_of_time_are_no_special_case, .timeout = 5)
{
	struct lease_wheel *w = lease_wheel_new(INT64_MIN);
	struct lease *r = leases_new(3);

	lease_arm(w, &r[0], INT64_MIN + 1);
	lease_arm(w, &r[1], 0);
	lease_arm(w, &r[2], INT64_MAX - 1);
	cr_assert_eq(take_all(w, INT64_MIN), 0);
	cr_assert_eq(take_all(w, -1), 1);
	cr_assert_eq(take_all(w, 0), 1);
	cr_assert_eq(take_all(w, INT64_MAX - LEASE_TICK_MS - 1), 0);
	cr_assert_eq(lease_count(w), 1);
	lease_wheel_free(w);
	free(r);
}

/* Arms, renews, shortens, disarms and takes at random, against one look at
 * every deadline. */
Test(lease, any_mixture_agrees_with_looking_at_every_deadline, .timeout = 60)
{
	enum { RECORDS = 300, STEPS = 20000 };
	struct lease_wheel *w = lease_wheel_new(START_MS);
	struct lease *r = leases_new(RECORDS);
	bool armed[RECORDS] = {false};
	int64_t now_ms = START_MS;

	for (int step = 0; step < STEPS; step++) {
		int64_t earliest = INT64_MAX;
		size_t count = 0;

		for (int i = 0; i < 5; i++) {
			size_t n = random_below(RECORDS);

			armed[n] = random_below(4) != 0;
			if (armed[n])
				lease_arm(w, &r[n],
				    now_ms +
					(int64_t)random_below(
					    UINT64_C(1) << random_below(24)));
			else
				lease_disarm(w, &r[n]);
		}
		for (size_t n = 0; n < RECORDS; n++) {
			count += armed[n];
			if (armed[n] && lease_deadline_ms(&r[n]) < earliest)
				earliest = lease_deadline_ms(&r[n]);
		}
		cr_assert_eq(lease_count(w), count);
		if (count > 0)
			cr_assert_leq(lease_next_ms(w), round_up(earliest));
		now_ms +=
		    (int64_t)random_below(UINT64_C(1) << random_below(14));
		take_all(w, now_ms);
		for (size_t n = 0; n < RECORDS; n++) {
			int64_t deadline_ms = lease_deadline_ms(&r[n]);

			if (armed[n] && r[n].wheel_prev == NULL) {
				cr_assert_leq(deadline_ms, now_ms);
				armed[n] = false;
			}
			if (armed[n])
				cr_assert_gt(round_up(deadline_ms), now_ms);
		}
	}
	lease_wheel_free(w);
	free(r);
}
