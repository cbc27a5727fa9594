/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/selection_fixture.h"

#define DRAWS 20000

/* By a client's default rules. */
static void
draw_for(uint64_t client, size_t max)
{
	rules.client = client;
	draw(max);
}

/* The picks are distinct, alive, and ascend in priority. */
static void
check_picks(void)
{
	for (size_t i = 0; i < sel.count; i++) {
		const struct record *r = sel.pick[i].record;

		cr_assert(record_is_live(r, LATER));
		for (size_t k = 0; k < i; k++)
			cr_assert_neq(sel.pick[k].record, r);
		if (set->type == TYPE_SRV && i > 0)
			cr_assert_leq(record_priority(sel.pick[i - 1].record),
			    record_priority(r));
	}
}

static void
check_share(unsigned count, double share, const char *what)
{
	double is = (double)count / DRAWS;

	cr_assert(is > share - 0.02 && is < share + 0.02,
	    "%s: %.3f in place of %.3f", what, is, share);
}

Test(selection, who_comes_first_is_drawn_by_weight, .timeout = 20)
{
	static const uint16_t weight[] = {1, 2, 3, 4};
	unsigned first[4] = {0};

	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 4; i++)
		add_srv(0, weight[i], i, DEADLINE_NONE);
	for (int i = 0; i < DRAWS; i++) {
		draw_for(1, 100);
		cr_assert(sel.whole && sel.count == 4);
		check_picks();
		first[port_of(&sel.pick[0])]++;
	}
	for (int i = 0; i < 4; i++)
		check_share(first[i], weight[i] / 10.0, "first");
	selection_stop();
}

/* RFC 2782: the second is drawn in the same way from those that are left. */
Test(selection, the_whole_order_is_that_of_rfc_2782, .timeout = 20)
{
	unsigned order[3][3] = {{0}};

	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 3; i++)
		add_srv(0, (uint16_t)(i + 1), i, DEADLINE_NONE);
	for (int i = 0; i < DRAWS; i++) {
		draw_for(1, 100);
		order[port_of(&sel.pick[0])][port_of(&sel.pick[1])]++;
	}
	for (unsigned a = 0; a < 3; a++)
		for (unsigned b = 0; b < 3; b++)
			if (a != b)
				check_share(order[a][b],
				    (a + 1) / 6.0 * (b + 1) / (6.0 - a - 1),
				    "first and second");
	selection_stop();
}

/* More than are drawn one by one: another algorithm, the same shares. */
Test(selection, many_are_drawn_by_weight_too, .timeout = 20)
{
	unsigned heavy = 0;

	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 40; i++)
		add_srv(0, i == 0 ? 39 : 1, i, DEADLINE_NONE);
	for (int i = 0; i < DRAWS; i++) {
		draw_for(1, 100);
		cr_assert_eq(sel.count, 40);
		heavy += port_of(&sel.pick[0]) == 0;
	}
	check_share(heavy, 0.5, "heavy");
	selection_stop();
}

struct count_param {
	unsigned count;
};

ParameterizedTestParameters(selection, weight_0_comes_last_of_its_priority)
{
	static struct count_param params[] = {{3}, {20}, {60}};

	return cr_make_param_array(
	    struct count_param, params, sizeof(params) / sizeof(params[0]));
}

ParameterizedTest(struct count_param *p, selection,
    weight_0_comes_last_of_its_priority, .timeout = 20)
{
	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < p->count; i++)
		add_srv(1, i % 2, i, DEADLINE_NONE);
	add_srv(2, 5, 1000, DEADLINE_NONE);
	for (int i = 0; i < 200; i++) {
		bool seen_0 = false;

		draw_for(1, 100);
		cr_assert_eq(sel.count, p->count + 1);
		check_picks();
		for (size_t k = 0; k + 1 < sel.count; k++) {
			bool is_0 = record_weight(sel.pick[k].record) == 0;

			cr_assert(is_0 || !seen_0);
			seen_0 = is_0;
		}
		cr_assert_eq(port_of(&sel.pick[p->count]), 1000);
	}
	selection_stop();
}

Test(selection, all_of_weight_0_take_turns, .timeout = 20)
{
	unsigned first[4] = {0};

	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 4; i++)
		add_srv(0, 0, i, DEADLINE_NONE);
	for (int i = 0; i < DRAWS; i++) {
		draw_for(1, 100);
		first[port_of(&sel.pick[0])]++;
	}
	for (int i = 0; i < 4; i++)
		check_share(first[i], 0.25, "first");
	selection_stop();
}

Test(
    selection, addresses_start_at_a_random_one_and_stay_in_order, .timeout = 20)
{
	unsigned first[5] = {0};

	selection_start(TYPE_A);
	for (uint32_t i = 0; i < 5; i++)
		add_address(i, DEADLINE_NONE);
	for (int i = 0; i < DRAWS; i++) {
		uint32_t at;

		draw_for(1, 100);
		at = wire_load_u32(sel.pick[0].record->rdata);
		first[at]++;
		for (uint32_t k = 0; k < 5; k++)
			cr_assert_eq(wire_load_u32(sel.pick[k].record->rdata),
			    (at + k) % 5);
	}
	for (int i = 0; i < 5; i++)
		check_share(first[i], 0.2, "first");
	selection_stop();
}

Test(selection, what_has_expired_is_not_drawn, .timeout = 20)
{
	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 30; i++)
		add_srv(0, 1, i, i % 3 == 0 ? LATER + 1 : LATER);
	for (int i = 0; i < 100; i++) {
		draw_for(1, 100);
		cr_assert(sel.count == 10 && sel.whole);
		check_picks();
	}
	selection_stop();
}

Test(selection, a_sample_is_the_clients_own, .timeout = 20)
{
	const struct record *mine[20];
	unsigned others = 0;

	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 1000; i++)
		add_srv(0, (uint16_t)(1 + i % 5), i, DEADLINE_NONE);
	draw_for(7, 20);
	cr_assert(sel.count == 20 && !sel.whole);
	for (size_t i = 0; i < 20; i++)
		mine[i] = sel.pick[i].record;
	draw_for(7, 20);
	for (size_t i = 0; i < 20; i++)
		cr_assert_eq(sel.pick[i].record, mine[i]);
	draw_for(8, 20);
	check_picks();
	for (size_t i = 0; i < 20; i++)
		others += sel.pick[i].record != mine[i];
	cr_assert_gt(others, 10);
	selection_stop();
}

Test(selection, samples_honour_the_weights, .timeout = 30)
{
	unsigned heavy = 0;

	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 200; i++)
		add_srv(0, i < 100 ? 3 : 1, i, DEADLINE_NONE);
	for (uint64_t client = 0; client < DRAWS; client++) {
		draw_for(client, 1);
		cr_assert_eq(sel.count, 1);
		heavy += port_of(&sel.pick[0]) < 100;
	}
	check_share(heavy, 0.75, "heavy");
	selection_stop();
}

Test(selection, a_sample_begins_with_the_best_priority, .timeout = 20)
{
	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 10; i++)
		add_srv(1, 1, i, DEADLINE_NONE);
	for (uint16_t i = 0; i < 500; i++)
		add_srv(2, 1, (uint16_t)(100 + i), DEADLINE_NONE);
	for (uint64_t client = 0; client < 200; client++) {
		draw_for(client, 50);
		cr_assert_eq(sel.count, 50);
		selection_cut(&sel, &rules, 50, &rnd);
		check_picks();
		for (size_t i = 0; i < 10; i++)
			cr_assert_eq(record_priority(sel.pick[i].record), 1);
	}
	selection_stop();
}

/* Nothing drawn must mean nothing live, however many have expired. */
Test(selection, a_last_live_record_is_found_among_thousands, .timeout = 20)
{
	selection_start(TYPE_A);
	for (uint32_t i = 0; i < 5000; i++)
		add_address(i, i == 4321 ? LATER + 1 : LATER);
	for (uint64_t client = 0; client < 20; client++) {
		draw_for(client, 30);
		cr_assert_eq(sel.count, 1);
		check_picks();
	}
	selection_stop();
}

Test(selection, a_sample_of_the_dead_is_empty_and_whole, .timeout = 20)
{
	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 2000; i++)
		add_srv(i % 3, 1, i, LATER);
	draw_for(1, 30);
	cr_assert(sel.count == 0 && sel.whole);
	selection_stop();
}

/* One that nearly always comes up leaves room for the others. */
Test(selection, a_heavy_one_does_not_empty_the_sample, .timeout = 20)
{
	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 500; i++)
		add_srv(0, i == 0 ? 65535 : i % 2, i, DEADLINE_NONE);
	draw_for(1, 40);
	cr_assert_eq(sel.count, 40);
	check_picks();
	selection_stop();
}

Test(selection, sets_put_together_are_ordered_as_one, .timeout = 20)
{
	unsigned first = 0;

	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 6; i++)
		add_srv((uint16_t)(i % 2), 1, i, DEADLINE_NONE);
	for (int i = 0; i < DRAWS; i++) {
		selection_begin(&sel);
		for (uint32_t k = 6; k-- > 0;)
			selection_add(&sel, rrset_at(set, k));
		selection_order(&sel, &rules, &rnd, SELECTION_MAX);
		check_picks();
		first += port_of(&sel.pick[0]) == 0;
	}
	check_share(first, 1 / 3.0, "first");
	selection_stop();
}
