/* SPDX-License-Identifier: Apache-2.0 */
/* Which one of several instances. */
#include <criterion/criterion.h>
#include <math.h>

#include "resolver/client/pick.h"

#define DRAWS 20000

static struct random source;

static void
seed(void)
{
	random_seed(&source, 7);
}

TestSuite(pick, .init = seed, .timeout = 10);

/* Items with these weights, all allowed. */
static void
make(struct pick_item *items, const uint16_t *weights, size_t count)
{
	for (size_t i = 0; i < count; i++)
		items[i] = (struct pick_item){.identity = i * 7919 + 1,
		    .weight = weights[i],
		    .order = (uint16_t)(count - i),
		    .allowed = true};
}

/* How often each was picked. */
static void
draw(const struct pick_item *items, size_t count, struct pick_state *state,
    unsigned *picked)
{
	state->random = &source;
	memset(picked, 0, count * sizeof(*picked));
	for (int i = 0; i < DRAWS; i++) {
		size_t at;

		state->key = (uint64_t)i * 0x9e3779b97f4a7c15;
		at = pick_one(items, count, state);
		cr_assert_lt(at, count);
		picked[at]++;
	}
}

/* Within five standard deviations of a share. */
static void
expect_share(unsigned picked, double share, size_t at)
{
	double sd = sqrt(DRAWS * share * (1 - share));

	cr_expect_leq(fabs(picked - DRAWS * share), 5 * sd + 0.5,
	    "item %zu: %u of %d, not %g", at, picked, DRAWS, share);
}

Test(pick, weights_are_shares_and_0_is_never_drawn_beside_them)
{
	static const uint16_t weights[] = {10, 0, 30, 60};
	static const enum pick_strategy by_weight[] = {
	    PICK_WEIGHTED, PICK_HASH};
	struct pick_item items[4];
	unsigned picked[4];

	make(items, weights, 4);
	for (size_t s = 0; s < 2; s++) {
		struct pick_state state = {.strategy = by_weight[s]};

		draw(items, 4, &state, picked);
		for (size_t i = 0; i < 4; i++)
			expect_share(picked[i], weights[i] / 100.0, i);
	}
}

Test(pick, weights_that_are_all_0_are_equal)
{
	static const uint16_t weights[] = {0, 0, 0, 0};
	static const enum pick_strategy strategies[] = {
	    PICK_WEIGHTED, PICK_HASH, PICK_RANDOM, PICK_LEAST_USED};
	struct pick_item items[4];
	unsigned picked[4];

	make(items, weights, 4);
	for (size_t s = 0; s < 4; s++) {
		struct pick_state state = {.strategy = strategies[s]};

		draw(items, 4, &state, picked);
		for (size_t i = 0; i < 4; i++)
			expect_share(picked[i], 0.25, i);
	}
}

Test(pick, random_does_not_look_at_weights)
{
	static const uint16_t weights[] = {1, 0, 65535};
	struct pick_state state = {.strategy = PICK_RANDOM};
	struct pick_item items[3];
	unsigned picked[3];

	make(items, weights, 3);
	draw(items, 3, &state, picked);
	for (size_t i = 0; i < 3; i++)
		expect_share(picked[i], 1.0 / 3, i);
}

Test(pick, only_what_is_allowed)
{
	static const uint16_t weights[] = {5, 5, 0, 5};
	uint64_t cursor = 0;
	struct pick_item items[4];

	make(items, weights, 4);
	items[0].allowed = items[1].allowed = items[3].allowed = false;
	for (int s = PICK_WEIGHTED; s <= PICK_FIRST; s++) {
		struct pick_state state = {.strategy = (enum pick_strategy)s,
		    .cursor = &cursor,
		    .random = &source};

		cr_expect_eq(pick_one(items, 4, &state), 2, "%d", s);
		items[2].allowed = false;
		cr_expect_eq(pick_one(items, 4, &state), PICK_NONE, "%d", s);
		cr_expect_eq(pick_one(items, 0, &state), PICK_NONE, "%d", s);
		items[2].allowed = true;
	}
}

Test(pick, round_robin_goes_around_and_passes_over)
{
	static const uint16_t weights[] = {1, 1, 1, 1};
	static const size_t expected[] = {0, 1, 3, 0, 1, 3, 0};
	uint64_t cursor = 0;
	struct pick_state state = {
	    .strategy = PICK_ROUND_ROBIN, .cursor = &cursor};
	struct pick_item items[4];

	make(items, weights, 4);
	items[2].allowed = false;
	for (size_t i = 0; i < 7; i++)
		cr_expect_eq(pick_one(items, 4, &state), expected[i], "%zu", i);
}

Test(pick, least_used_in_relation_to_weight)
{
	static const uint16_t weights[] = {10, 20, 0};
	static const struct {
		uint32_t uses[3];
		size_t expected;
	} samples[] = {
	    {{0, 0, 0}, 1},
	    {{0, 2, 0}, 0},
	    {{5, 2, 0}, 1},
	    {{900, 900, 0}, 1},
	};
	struct pick_state state = {
	    .strategy = PICK_LEAST_USED, .random = &source};
	struct pick_item items[3];

	make(items, weights, 3);
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		for (size_t j = 0; j < 3; j++)
			items[j].uses = samples[i].uses[j];
		cr_expect_eq(
		    pick_one(items, 3, &state), samples[i].expected, "%zu", i);
	}
}

Test(pick, first_is_the_servers_first)
{
	static const uint16_t weights[] = {9, 9, 9};
	struct pick_state state = {.strategy = PICK_FIRST};
	struct pick_item items[3];

	make(items, weights, 3);
	cr_expect_eq(pick_one(items, 3, &state), 2);
}

Test(pick, when_one_goes_only_its_keys_move)
{
	static const uint16_t weights[] = {1, 2, 3, 4, 5};
	struct pick_state state = {.strategy = PICK_HASH};
	struct pick_item items[5];
	unsigned moved = 0;

	make(items, weights, 5);
	for (uint64_t key = 0; key < 1000; key++) {
		size_t before, after;

		state.key = key * 0x9e3779b97f4a7c15;
		before = pick_one(items, 5, &state);
		items[2].allowed = false;
		after = pick_one(items, 5, &state);
		items[2].allowed = true;
		cr_expect_neq(after, 2);
		cr_expect(before == 2 || after == before);
		moved += before == 2;
	}
	cr_expect(moved > 130 && moved < 270, "%u", moved);
}
