/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "zones/edition.h"

/* What the owner of a published edition does after the grace period. */
static size_t
free_retired(struct block_list retired)
{
	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
	return retired.count;
}

Test(edition, a_block_is_zeroed, .timeout = 5)
{
	struct edition ed;
	unsigned char *block;

	edition_init(&ed, 1);
	block = edition_alloc(&ed, 1000);
	cr_assert_not_null(block);
	for (size_t i = 0; i < 1000; i++)
		cr_assert_eq(block[i], 0);
	edition_rollback(&ed, (struct savepoint){0});
	edition_fini(&ed);
}

Test(edition, each_savepoint_and_each_publishing_starts_a_step, .timeout = 5)
{
	struct edition ed;
	uint64_t step;

	edition_init(&ed, 7);
	cr_assert_eq(ed.step, 7);
	edition_savepoint(&ed);
	cr_assert_gt(ed.step, 7);
	step = ed.step;
	edition_savepoint(&ed);
	cr_assert_gt(ed.step, step);
	step = ed.step;
	free_retired(edition_publish(&ed));
	cr_assert_gt(ed.step, step);
	edition_fini(&ed);
}

Test(edition, rolling_back_forgets_what_came_since_and_nothing_else,
    .timeout = 5)
{
	struct block_list retired;
	struct savepoint outer, inner;
	struct edition ed;
	void *kept, *live = malloc(1);

	edition_init(&ed, 1);
	outer = edition_savepoint(&ed);
	kept = edition_alloc(&ed, 8);
	edition_retire(&ed, live);
	inner = edition_savepoint(&ed);
	cr_assert_not_null(edition_alloc(&ed, 8));
	edition_retire(&ed, kept);
	edition_rollback(&ed, inner);
	cr_assert_eq(ed.made.count, outer.made + 1);
	cr_assert_eq(ed.made.block[outer.made], kept);
	cr_assert_eq(ed.retired.count, outer.retired + 1);

	retired = edition_publish(&ed);
	cr_assert_eq(retired.count, 1);
	cr_assert_eq(retired.block[0], live);
	free_retired(retired);
	free(kept);
	edition_fini(&ed);
}

Test(edition, a_savepoint_may_be_rolled_back_to_again, .timeout = 5)
{
	struct edition ed;
	struct savepoint sp;

	edition_init(&ed, 1);
	sp = edition_savepoint(&ed);
	for (int i = 0; i < 3; i++) {
		cr_assert_not_null(edition_alloc(&ed, 8));
		edition_rollback(&ed, sp);
		cr_assert_eq(ed.made.count, 0);
	}
	edition_fini(&ed);
}

Test(edition, publishing_hands_over_the_retired_and_leaves_it_empty,
    .timeout = 5)
{
	struct edition ed;

	edition_init(&ed, 1);
	for (int round = 0; round < 3; round++) {
		void *first = edition_alloc(&ed, 8);
		void *second = edition_alloc(&ed, 8);

		edition_retire(&ed, first);
		edition_retire(&ed, second);
		cr_assert_eq(free_retired(edition_publish(&ed)), 2);
		cr_assert_eq(ed.made.count, 0);
		cr_assert_eq(ed.retired.count, 0);
	}
	edition_fini(&ed);
}

Test(edition, blocks_and_reservations_each_pay_for_a_slot, .timeout = 5)
{
	enum { BLOCKS = 1000, RESERVED = 500 };
	struct edition ed;

	edition_init(&ed, 1);
	for (int i = 0; i < BLOCKS; i++) {
		cr_assert_not_null(edition_alloc(&ed, 8));
		if (i == BLOCKS / 2)
			cr_assert_eq(edition_reserve(&ed, RESERVED), OK);
	}
	for (int i = 0; i < BLOCKS; i++)
		edition_retire(&ed, ed.made.block[i]);
	for (int i = 0; i < RESERVED; i++)
		edition_retire(&ed, malloc(1));
	cr_assert_eq(free_retired(edition_publish(&ed)), BLOCKS + RESERVED);
	edition_fini(&ed);
}

Test(edition, a_long_list_is_not_kept, .timeout = 5)
{
	struct edition ed;

	edition_init(&ed, 1);
	for (int i = 0; i < 100000; i++)
		edition_retire(&ed, edition_alloc(&ed, 1));
	free_retired(edition_publish(&ed));
	cr_assert_leq(ed.made.capacity, 16384);
	cr_assert_eq(ed.retired.capacity, 0);
	edition_fini(&ed);
}

/* Heartbeats come to nothing for weeks without anything being published. */
Test(edition, rolling_back_gives_reserved_room_back, .timeout = 5)
{
	struct edition ed;

	edition_init(&ed, 1);
	for (size_t i = 0; i < 100000; i++) {
		struct savepoint sp = edition_savepoint(&ed);

		cr_assert_eq(edition_reserve(&ed, 2), OK);
		edition_rollback(&ed, sp);
	}
	cr_assert_leq(ed.retired.capacity, 64);
	edition_fini(&ed);
}
