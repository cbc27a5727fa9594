/* SPDX-License-Identifier: Apache-2.0 */
/* Standings, sites, limits, addresses, weights in the answer. */
#include "tests/unit/selection_fixture.h"

#define DRAWS 20000

static const struct pick *
find(uint16_t port)
{
	for (size_t i = 0; i < sel.count; i++)
		if (port_of(&sel.pick[i]) == port)
			return &sel.pick[i];
	return NULL;
}

/* --- standings --- */

ParameterizedTestParameters(rules, who_is_out_is_left_out_and_drains_are_last)
{
	return strategies();
}

ParameterizedTest(struct strategy_param *p, rules,
    who_is_out_is_left_out_and_drains_are_last, .timeout = 20)
{
	make_same(40, 10);
	for (uint16_t i = 0; i < 3; i++)
		add_srv(2, 10, (uint16_t)(100 + i), DEADLINE_NONE);
	shape.strategy = p->strategy;
	except(0, SERVED_OUT, SCALE_WHOLE);
	except(1, SERVED_DRAIN, SCALE_WHOLE);
	except(101, SERVED_DRAIN, SCALE_WHOLE);
	for (rules.turn = 0; rules.turn < 100; rules.turn++) {
		draw(SELECTION_MAX);
		cr_assert(sel.count == 42 && sel.whole && sel.changed);
		cr_assert_null(find(0));
		cr_assert(is_sorted());
		cr_assert_eq(port_of(&sel.pick[38]), 1);
		cr_assert_eq(sel.pick[38].weight, 0);
		cr_assert_eq(port_of(&sel.pick[41]), 101);
		cr_assert_eq(find(2)->weight, 10);
	}
	selection_stop();
}

Test(rules, nobody_left_is_empty_and_whole, .timeout = 20)
{
	make_same(5, 10);
	for (uint16_t i = 0; i < 5; i++)
		except(i, SERVED_OUT, SCALE_WHOLE);
	draw(100);
	cr_assert(sel.count == 0 && sel.whole);
	draw(3);
	cr_assert(sel.count == 0 && sel.whole);
	selection_stop();
}

Test(rules, without_exceptions_nothing_is_changed, .timeout = 20)
{
	make_same(5, 10);
	except(2, SERVED_UP, SCALE_WHOLE)->why = WHY_PANIC;
	draw(100);
	cr_assert(sel.count == 5 && !sel.changed);
	selection_stop();
}

struct scale_param {
	uint16_t weight, scale;
	uint16_t others, scaled; /* weights in the answer */
};

ParameterizedTestParameters(rules, a_scaled_weight_keeps_its_ratio)
{
	static struct scale_param params[] = {{1000, 128, 1000, 500},
	    {1000, 26, 1000, 102},
	    {65535, 1, 65535, 256}, /* small ones need finer steps */
	    {1, 26, 100, 10}, {1, 1, 100, 1}, {10, 128, 1000, 500},
	    {0, 26, 100, 10}, /* all of weight 0 are the same */
	    {50, 0, 50, 0}, {0, 0, 1, 0}};

	return cr_make_param_array(
	    struct scale_param, params, sizeof(params) / sizeof(params[0]));
}

ParameterizedTest(struct scale_param *p, rules, a_scaled_weight_keeps_its_ratio,
    .timeout = 20)
{
	make_same(4, p->weight);
	except(2, SERVED_UP, p->scale);
	draw(100);
	cr_assert(sel.count == 4 && sel.changed);
	for (uint16_t i = 0; i < 4; i++)
		cr_assert_eq(find(i)->weight, i == 2 ? p->scaled : p->others,
		    "%u: %u", i, find(i)->weight);
	selection_stop();
}

Test(rules, a_registered_weight_of_0_drains_beside_others, .timeout = 20)
{
	make_same(3, 7);
	add_srv(1, 0, 50, DEADLINE_NONE);
	except(0, SERVED_UP, 64);
	draw(100);
	cr_assert_eq(port_of(&sel.pick[3]), 50);
	cr_assert_eq(sel.pick[3].weight, 0);
	selection_stop();
}

Test(rules, a_slow_start_gets_its_part_of_the_draws, .timeout = 20)
{
	unsigned first[4] = {0};
	static const double share[4] = {2 / 7.0, 2 / 7.0, 1 / 7.0, 2 / 7.0};

	make_same(4, 1);
	except(2, SERVED_UP, 128);
	for (int i = 0; i < DRAWS; i++) {
		draw(100);
		first[port_of(&sel.pick[0])]++;
	}
	check_shares(first, share, 4, DRAWS, "first");
	selection_stop();
}

Test(rules, caps_are_the_least_of_what_was_looked_at, .timeout = 20)
{
	make_same(5, 10);
	shape.ttl_max_s = 20;
	draw(100);
	cr_assert_eq(sel.ttl_max_s, 20);
	cr_assert_eq(sel.until_ms, INT64_MAX);
	except(0, SERVED_UP, SCALE_WHOLE)->ttl_max_s = 8;
	except(1, SERVED_UP, SCALE_WHOLE)->until_ms = LATER + 700;
	except(2, SERVED_OUT, SCALE_WHOLE)->until_ms = LATER + 500;
	draw(100);
	cr_assert_eq(sel.ttl_max_s, 8);
	cr_assert_eq(sel.until_ms, LATER + 500);
	/* No state can change that is not checked. */
	shape.ttl_max_s = 0;
	rules.standings = NULL;
	draw(100);
	cr_assert_eq(sel.ttl_max_s, UINT32_MAX);
	selection_stop();
}

/* A standing may allow more than the shape: it speaks for its instance. */
Test(rules, the_shapes_cap_is_for_those_without_one, .timeout = 20)
{
	make_same(1, 10);
	shape.ttl_max_s = 5;
	except(0, SERVED_UP, SCALE_WHOLE)->ttl_max_s = 9;
	draw(100);
	cr_assert_eq(sel.ttl_max_s, 9);
	selection_stop();
}

/* --- load --- */

Test(rules, the_least_load_for_its_weight_comes_first, .timeout = 20)
{
	static const uint16_t load[] = {40, 10, 30, 20, LOAD_UNKNOWN};

	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 5; i++)
		add_srv(1, i == 2 ? 4 : 1, i, DEADLINE_NONE);
	shape.strategy = STRATEGY_LEAST_LOAD;
	for (uint16_t i = 0; i < 5; i++)
		except(i, SERVED_UP, SCALE_WHOLE)->load = load[i];
	/* 40, 10, 7.5, 20, and the median of what is known: 30. */
	draw(100);
	cr_assert_eq(port_of(&sel.pick[0]), 2);
	cr_assert_eq(port_of(&sel.pick[1]), 1);
	cr_assert_eq(port_of(&sel.pick[2]), 3);
	cr_assert_eq(port_of(&sel.pick[3]), 4);
	cr_assert_eq(port_of(&sel.pick[4]), 0);
	selection_stop();
}

/* --- sites --- */

Test(rules, priorities_are_by_the_clients_site, .timeout = 20)
{
	static const uint8_t tier[] = {20, 0, 10};

	make_same(6, 10);
	add_srv(65530, 10, 100, DEADLINE_NONE);
	rules.site_tier = tier;
	for (uint16_t i = 0; i < 6; i++)
		if (i % 3 > 0)
			except(i, SERVED_UP, SCALE_WHOLE)->site =
			    (uint8_t)(i % 3);
	for (int i = 0; i < 50; i++) {
		draw(100);
		cr_assert(sel.count == 7 && sel.changed && is_sorted());
		for (int k = 0; k < 6; k++)
			cr_assert_eq(sel.pick[k].priority, 1 + k / 2 * 10);
		cr_assert_eq(port_of(&sel.pick[0]) % 3, 1);
		cr_assert_eq(port_of(&sel.pick[4]) % 3, 0);
		cr_assert_eq(sel.pick[6].priority, UINT16_MAX);
	}
	selection_stop();
}

/* --- max-answers --- */

ParameterizedTestParameters(rules, max_answers_keep_a_place_for_the_next_tier)
{
	return strategies();
}

ParameterizedTest(struct strategy_param *p, rules,
    max_answers_keep_a_place_for_the_next_tier, .timeout = 20)
{
	make_same(30, 10);
	for (uint16_t i = 0; i < 3; i++)
		add_srv(2, 10, (uint16_t)(100 + i), DEADLINE_NONE);
	shape.strategy = p->strategy;
	for (rules.turn = 0; rules.turn < 50; rules.turn++) {
		shape.max_answers = 8;
		draw(SELECTION_MAX);
		cr_assert(sel.whole && is_sorted());
		if (p->strategy == STRATEGY_ALL) {
			cr_assert_eq(sel.count, 33);
			continue;
		}
		cr_assert_eq(sel.count, 8);
		cr_assert_lt(port_of(&sel.pick[6]), 30);
		cr_assert_geq(port_of(&sel.pick[7]), 100);
		shape.max_answers = 31;
		draw(SELECTION_MAX);
		cr_assert_eq(sel.count, 31);
		shape.max_answers = 1;
		draw(SELECTION_MAX);
		cr_assert(sel.count == 1 && sel.pick[0].priority == 1);
	}
	selection_stop();
}

/* Few of many are drawn by position: with the same shares. */
Test(rules, few_of_many_are_drawn_by_weight, .timeout = 20)
{
	unsigned first[101] = {0};
	double share[101];

	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 100; i++)
		add_srv(1, (uint16_t)(1 + i % 4), i, DEADLINE_NONE);
	add_srv(9, 1, 100, DEADLINE_NONE);
	shape.max_answers = 5;
	except(4, SERVED_OUT, SCALE_WHOLE);
	except(5, SERVED_DRAIN, SCALE_WHOLE);
	except(7, SERVED_UP, SCALE_WHOLE / 2);
	for (unsigned i = 0; i <= 100; i++)
		share[i] = (1 + i % 4) / (250.0 - 1 - 2 - 2);
	share[4] = share[5] = share[100] = 0;
	share[7] /= 2;
	for (int i = 0; i < DRAWS; i++) {
		draw(SELECTION_MAX);
		cr_assert(sel.count == 5 && sel.whole && is_sorted());
		cr_assert_eq(port_of(&sel.pick[4]), 100);
		first[port_of(&sel.pick[0])]++;
	}
	check_shares(first, share, 101, DRAWS, "first");
	selection_stop();
}

Test(rules, the_limit_is_for_other_records_too, .timeout = 20)
{
	unsigned first[6] = {0};
	static const double share[6] = {
	    1 / 6.0, 1 / 6.0, 1 / 6.0, 1 / 6.0, 1 / 6.0, 1 / 6.0};

	selection_start(TYPE_A);
	for (uint32_t i = 0; i < 6; i++)
		add_address(i, DEADLINE_NONE);
	shape.max_answers = 2;
	for (int i = 0; i < DRAWS; i++) {
		draw(100);
		cr_assert(sel.count == 2 && sel.whole);
		first[wire_load_u32(sel.pick[1].record->rdata)]++;
	}
	check_shares(first, share, 6, DRAWS, "second");
	selection_stop();
}

/* --- addresses --- */

/* The best tier that has a positive weight; what drains by somebody's wish is
 * in no case among them. */
Test(rules, addresses_are_those_of_the_best_tier, .timeout = 20)
{
	selection_start(TYPE_SRV);
	add_srv(1, 5, 1, DEADLINE_NONE);
	add_srv(2, 0, 2, DEADLINE_NONE);
	add_srv(2, 5, 3, DEADLINE_NONE);
	add_srv(3, 5, 4, DEADLINE_NONE);
	draw(100);
	selection_keep_addresses(&sel, &rules, &rnd);
	cr_assert(sel.count == 1 && port_of(&sel.pick[0]) == 1);
	except(1, SERVED_DRAIN, SCALE_WHOLE);
	draw(100);
	selection_keep_addresses(&sel, &rules, &rnd);
	cr_assert(sel.count == 1 && port_of(&sel.pick[0]) == 3);
	except(3, SERVED_OUT, SCALE_WHOLE);
	except(4, SERVED_OUT, SCALE_WHOLE);
	draw(100);
	selection_keep_addresses(&sel, &rules, &rnd);
	cr_assert(sel.count == 1 && port_of(&sel.pick[0]) == 2);
	except(2, SERVED_DRAIN, SCALE_WHOLE);
	draw(100);
	cr_assert_eq(sel.count, 2);
	selection_keep_addresses(&sel, &rules, &rnd);
	cr_assert_eq(sel.count, 0);
	selection_stop();
}

/* The limit comes after the choice: what it left out of the SRV records is
 * back. */
Test(rules, addresses_have_their_own_limit, .timeout = 20)
{
	unsigned first[20] = {0};
	double share[20];

	make_same(20, 10);
	add_srv(2, 10, 100, DEADLINE_NONE);
	shape.max_answers = 4;
	for (int i = 0; i < DRAWS; i++) {
		draw(100);
		selection_keep_addresses(&sel, &rules, &rnd);
		cr_assert_eq(sel.count, 4);
		first[port_of(&sel.pick[3])]++;
	}
	for (int i = 0; i < 20; i++)
		share[i] = 1 / 20.0;
	check_shares(first, share, 20, DRAWS, "fourth");
	shape.strategy = STRATEGY_FIRST;
	draw(100);
	selection_keep_addresses(&sel, &rules, &rnd);
	for (uint16_t i = 0; i < 4; i++)
		cr_assert_eq(port_of(&sel.pick[i]), i);
	selection_stop();
}

/* --- full range --- */

static unsigned
weight_in_haproxy(uint16_t weight)
{
	return (weight + 255u) / 256;
}

Test(rules, full_range_keeps_ratios_as_haproxy_sees_them, .timeout = 20)
{
	static const uint16_t weight[] = {1, 2, 5, 10, 100, 50, 0};

	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 7; i++)
		add_srv(1, weight[i], i, DEADLINE_NONE);
	draw(100);
	selection_scale_weights(&sel);
	cr_assert(sel.changed);
	for (uint16_t i = 0; i < 7; i++) {
		double seen = weight_in_haproxy(find(i)->weight);

		cr_assert_float_eq(seen, weight[i] * 255.0 / 100, 1,
		    "%u is seen as %g", weight[i], seen);
		cr_assert_eq(seen > 0, weight[i] > 0);
	}
	cr_assert_eq(find(4)->weight, 65280);
	cr_assert_eq(find(5)->weight, 32640);
	selection_stop();
}

Test(rules, full_range_of_the_largest_and_the_least, .timeout = 20)
{
	selection_start(TYPE_SRV);
	add_srv(1, 65535, 1, DEADLINE_NONE);
	add_srv(1, 1, 2, DEADLINE_NONE);
	draw(100);
	selection_scale_weights(&sel);
	cr_assert_eq(find(1)->weight, 65280);
	cr_assert_eq(find(2)->weight, 1);
	selection_stop();
}

/* Instances of DNS-SD mostly have weight 0: to HAProxy that would be none. */
Test(rules, full_range_of_all_0_is_the_same_for_all, .timeout = 20)
{
	make_same(3, 0);
	draw(100);
	selection_scale_weights(&sel);
	for (uint16_t i = 0; i < 3; i++)
		cr_assert_eq(find(i)->weight, 65280);
	for (uint16_t i = 0; i < 3; i++)
		except(i, SERVED_DRAIN, SCALE_WHOLE);
	draw(100);
	selection_scale_weights(&sel);
	for (uint16_t i = 0; i < 3; i++)
		cr_assert_eq(find(i)->weight, 0);
	selection_stop();
}
