/* SPDX-License-Identifier: Apache-2.0 */
/* Sets that do not fit, or are too large to be looked through. */
#include "tests/unit/selection_fixture.h"

/* --- what does not fit --- */

static void
remember(bool member[200])
{
	memset(member, 0, 200 * sizeof(member[0]));
	for (size_t i = 0; i < sel.count; i++)
		member[port_of(&sel.pick[i])] = true;
}

ParameterizedTestParameters(samples, what_is_cut_is_the_clients_own)
{
	return strategies();
}

/* By UDP and TCP, of a set looked through or cut at once, with and without a
 * limit: one order per client. */
ParameterizedTest(struct strategy_param *p, samples,
    what_is_cut_is_the_clients_own, .timeout = 20)
{
	bool few[200], more[200];

	make_same(150, 10);
	shape.strategy = p->strategy;
	draw_cut(SELECTION_MAX, 20);
	cr_assert(sel.count == 20 && !sel.whole);
	remember(few);
	for (rules.turn = 0; rules.turn < 30; rules.turn++) {
		shape.max_answers = rules.turn % 2 ? 60 : 0;
		draw_cut(100 + rules.turn, 30);
		cr_assert(sel.count == 30 && !sel.whole);
		remember(more);
		for (int i = 0; i < 200; i++)
			cr_assert(!few[i] || more[i]);
		draw_cut(rules.turn % 3 ? SELECTION_MAX : 20, 20);
		remember(more);
		cr_assert_eq(memcmp(few, more, sizeof(few)), 0);
	}
	shape.max_answers = 10;
	draw_cut(SELECTION_MAX, 15);
	cr_assert_eq(sel.count, p->strategy == STRATEGY_ALL ? 15 : 10);
	selection_stop();
}

Test(
    samples, one_that_goes_leaves_only_its_own_place_in_a_sample, .timeout = 20)
{
	bool before[200], after[200];
	unsigned came;

	make_same(150, 10);
	for (rules.client = 0; rules.client < 300; rules.client++) {
		rules.standings = NULL;
		exceptions.list.count = 0;
		draw_cut(SELECTION_MAX, 20);
		remember(before);
		except(77, SERVED_OUT, SCALE_WHOLE);
		draw_cut(SELECTION_MAX, 20);
		remember(after);
		came = 0;
		for (int i = 0; i < 200; i++) {
			cr_assert(!before[i] || after[i] || i == 77);
			came += after[i] && !before[i];
		}
		cr_assert_eq(came, before[77]);
	}
	selection_stop();
}

Test(samples, other_records_are_sampled_so_too, .timeout = 20)
{
	uint64_t seen = 0, again = 0, one;

	selection_start(TYPE_A);
	for (uint32_t i = 0; i < 60; i++)
		add_address(i, DEADLINE_NONE);
	for (int i = 0; i < 50; i++) {
		draw_cut(i % 2 ? 30 : 100, 15);
		cr_assert_eq(sel.count, 15);
		again = 0;
		for (size_t k = 0; k < 15; k++) {
			one = wire_load_u32(sel.pick[k].record->rdata);
			again |= UINT64_C(1) << one;
		}
		cr_assert(i == 0 || again == seen);
		seen = again;
	}
	selection_stop();
}

/* Who does not cut a large selection draws its order himself. */
Test(samples, addresses_of_a_sample_are_drawn, .timeout = 20)
{
	unsigned first[200] = {0}, some = 0;

	make_same(150, 10);
	for (int i = 0; i < 2000; i++) {
		draw(64);
		cr_assert(sel.count == 64 && !sel.whole);
		selection_keep_addresses(&sel, &rules, &rnd);
		cr_assert_eq(sel.count, 64);
		first[port_of(&sel.pick[0])]++;
	}
	for (int i = 0; i < 150; i++)
		some += first[i] > 0;
	cr_assert_eq(some, 64);
	selection_stop();
}

/* --- ten thousand --- */

#define LARGE 10000

/* Ports below 1,000 are out, up to 2,000 drain, up to 3,000 are at half. */
static void
make_large(void)
{
	make_same(LARGE, 10);
	for (uint16_t i = 0; i < 3000; i++) {
		if (i < 1000)
			except(i, SERVED_OUT, SCALE_WHOLE);
		else if (i < 2000)
			except(i, SERVED_DRAIN, SCALE_WHOLE);
		else
			except(i, SERVED_UP, SCALE_WHOLE / 2);
	}
}

Test(samples, a_sample_of_thousands_knows_standings, .timeout = 60)
{
	unsigned half = 0, all = 0;

	make_large();
	for (unsigned i = 0; i < 1000; i++) {
		rules.client = i;
		draw_cut(200, 20);
		cr_assert(sel.count == 20 && !sel.whole);
		for (size_t k = 0; k < sel.count; k++) {
			uint16_t port = port_of(&sel.pick[k]);

			cr_assert_geq(port, 2000);
			half += port < 3000;
			all++;
		}
	}
	/* 500 of 7,500. */
	cr_assert_float_eq((double)half / all, 1 / 15.0, 0.01);
	selection_stop();
}

Test(samples, only_drains_left_of_thousands_are_found, .timeout = 60)
{
	make_same(LARGE, 10);
	for (uint16_t i = 0; i < LARGE; i++)
		except(i, i < 9990 ? SERVED_OUT : SERVED_DRAIN, SCALE_WHOLE);
	draw(200);
	cr_assert_eq(sel.count, 10);
	for (size_t i = 0; i < sel.count; i++)
		cr_assert_eq(sel.pick[i].weight, 0);
	selection_stop();
}

Test(samples, nobody_left_of_thousands_is_empty_and_whole, .timeout = 60)
{
	make_same(LARGE, 10);
	for (uint16_t i = 0; i < LARGE; i++)
		except(i, SERVED_OUT, SCALE_WHOLE);
	draw(200);
	cr_assert(sel.count == 0 && sel.whole);
	selection_stop();
}

ParameterizedTestParameters(samples, few_of_thousands)
{
	return strategies();
}

ParameterizedTest(
    struct strategy_param *p, samples, few_of_thousands, .timeout = 60)
{
	uint16_t last = UINT16_MAX;

	make_large();
	add_srv(7, 1, 20000, DEADLINE_NONE);
	shape.strategy = p->strategy;
	shape.max_answers = 8;
	for (uint16_t i = 2000; i < 3000; i++)
		except(i, SERVED_UP, SCALE_WHOLE)->load = i;
	for (rules.turn = 5000; rules.turn < 5100; rules.turn++) {
		draw(200);
		cr_assert(is_sorted());
		if (p->strategy == STRATEGY_ALL) {
			cr_assert(sel.count == 200 && !sel.whole);
			continue;
		}
		cr_assert(sel.count == 8 && sel.whole);
		for (size_t i = 0; i < sel.count; i++)
			cr_assert_geq(port_of(&sel.pick[i]), 2000);
		if (p->strategy == STRATEGY_ROUND_ROBIN)
			cr_assert_eq(port_of(&sel.pick[0]), rules.turn);
		if (p->strategy == STRATEGY_FIRST)
			cr_assert_eq(port_of(&sel.pick[0]), 2000);
		if (p->strategy == STRATEGY_HASH)
			cr_assert(last == UINT16_MAX ||
				  port_of(&sel.pick[0]) == last);
		last = port_of(&sel.pick[0]);
	}
	selection_stop();
}

/* Local ones come first although they are few among thousands. */
Test(samples, sites_count_among_thousands, .timeout = 60)
{
	static const uint8_t tier[] = {20, 0};

	make_same(LARGE, 10);
	for (uint16_t i = 0; i < LARGE; i += 20)
		except(i, SERVED_UP, SCALE_WHOLE)->site = 1;
	rules.site_tier = tier;
	for (rules.client = 0; rules.client < 50; rules.client++) {
		draw_cut(200, 20);
		cr_assert_eq(sel.count, 20);
		for (size_t i = 0; i < sel.count; i++)
			cr_assert_eq(port_of(&sel.pick[i]) % 20, 0);
	}
	selection_stop();
}

ParameterizedTestParameters(samples, weight_0_comes_behind_among_thousands)
{
	return strategies();
}

/* Whether weights count or not: 0 is for when there is nothing else. */
ParameterizedTest(struct strategy_param *p, samples,
    weight_0_comes_behind_among_thousands, .timeout = 60)
{
	make_same(LARGE, 0);
	for (uint16_t i = 0; i < 5; i++)
		add_srv(1, 10, (uint16_t)(20000 + i), DEADLINE_NONE);
	shape.strategy = p->strategy;
	shape.max_answers = 8;
	for (rules.turn = 0; rules.turn < 50; rules.turn++) {
		draw(200);
		cr_assert_eq(sel.count, p->strategy == STRATEGY_ALL ? 200 : 8);
		if (p->strategy == STRATEGY_LEAST_LOAD || !sel.whole)
			continue; /* looks at some of them only; or is cut */
		for (size_t i = 0; i < sel.count; i++)
			cr_assert_eq(sel.pick[i].weight, i < 5 ? 10 : 0);
	}
	selection_stop();
}
