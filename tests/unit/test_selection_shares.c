/* SPDX-License-Identifier: Apache-2.0 */
/* Whether instances come up as often as they should, by chi-square. */
#include "tests/unit/selection_fixture.h"

#define DRAWS 20000
#define MANY 1000

struct size_param {
	unsigned count;
};

static struct criterion_test_params
sizes(void)
{
	static struct size_param params[] = {{2}, {10}, {MANY}};

	return cr_make_param_array(
	    struct size_param, params, sizeof(params) / sizeof(params[0]));
}

/* Instances 0, 1, ... with weights between 1 and 5. */
static uint16_t
weight_of(unsigned i)
{
	return (uint16_t)(1 + i * 7 % 5);
}

static double
make(unsigned count, double share[MANY])
{
	double sum = 0;

	selection_start(TYPE_SRV);
	for (unsigned i = 0; i < count; i++) {
		add_srv(1, weight_of(i), (uint16_t)i, DEADLINE_NONE);
		sum += weight_of(i);
	}
	for (unsigned i = 0; i < count; i++)
		share[i] = weight_of(i) / sum;
	return sum;
}

/* Draws so often that the least share is met often enough. */
static unsigned
draws_for(unsigned count)
{
	return count == MANY ? 40000 : DRAWS;
}

static void
count_first(unsigned draws, unsigned first[MANY], bool other_clients)
{
	memset(first, 0, MANY * sizeof(first[0]));
	for (unsigned i = 0; i < draws; i++) {
		if (other_clients)
			rules.client = i;
		draw(SELECTION_MAX);
		cr_assert(sel.whole && sel.count == set->count);
		first[port_of(&sel.pick[0])]++;
	}
}

ParameterizedTestParameters(shares, first_by_weight)
{
	return sizes();
}

ParameterizedTest(struct size_param *p, shares, first_by_weight, .timeout = 60)
{
	unsigned first[MANY], draws = draws_for(p->count);
	double share[MANY];

	make(p->count, share);
	count_first(draws, first, false);
	check_shares(first, share, p->count, draws, "first");
	selection_stop();
}

ParameterizedTestParameters(shares, hash_spreads_clients_by_weight)
{
	return sizes();
}

ParameterizedTest(
    struct size_param *p, shares, hash_spreads_clients_by_weight, .timeout = 60)
{
	unsigned first[MANY], draws = draws_for(p->count);
	double share[MANY];

	make(p->count, share);
	shape.strategy = STRATEGY_HASH;
	count_first(draws, first, true);
	check_shares(first, share, p->count, draws, "first");
	selection_stop();
}

ParameterizedTestParameters(shares, random_does_not_look_at_weights)
{
	return sizes();
}

ParameterizedTest(struct size_param *p, shares, random_does_not_look_at_weights,
    .timeout = 60)
{
	unsigned first[MANY], draws = draws_for(p->count);
	double share[MANY];

	make(p->count, share);
	for (unsigned i = 0; i < p->count; i++)
		share[i] = 1.0 / p->count;
	shape.strategy = STRATEGY_RANDOM;
	count_first(draws, first, false);
	check_shares(first, share, p->count, draws, "random");
	/* Loads that nobody reports are all the same. */
	shape.strategy = STRATEGY_LEAST_LOAD;
	count_first(draws, first, false);
	check_shares(first, share, p->count, draws, "least-load");
	selection_stop();
}

ParameterizedTestParameters(shares, round_robin_takes_turns)
{
	return sizes();
}

ParameterizedTest(
    struct size_param *p, shares, round_robin_takes_turns, .timeout = 60)
{
	unsigned first[MANY] = {0};
	double share[MANY];

	make(p->count, share);
	shape.strategy = STRATEGY_ROUND_ROBIN;
	for (rules.turn = 0; rules.turn < 3 * p->count; rules.turn++) {
		draw(SELECTION_MAX);
		first[port_of(&sel.pick[0])]++;
	}
	for (unsigned i = 0; i < p->count; i++)
		cr_assert_eq(first[i], 3);
	selection_stop();
}

ParameterizedTestParameters(shares, addresses_by_weight)
{
	return sizes();
}

/* In with w / largest w, first with w / sum: both at once. */
ParameterizedTest(
    struct size_param *p, shares, addresses_by_weight, .timeout = 60)
{
	unsigned first[MANY] = {0}, in[MANY] = {0};
	unsigned draws = draws_for(p->count);
	double share[MANY];

	make(p->count, share);
	for (unsigned i = 0; i < draws; i++) {
		draw(SELECTION_MAX);
		selection_keep_addresses(&sel, &rules, &rnd);
		cr_assert_gt(sel.count, 0);
		first[port_of(&sel.pick[0])]++;
		for (size_t k = 0; k < sel.count; k++)
			in[port_of(&sel.pick[k])]++;
	}
	check_shares(first, share, p->count, draws, "first");
	for (unsigned i = 0; i < p->count; i++) {
		double most = p->count == 2 ? 3 : 5;
		double part = weight_of(i) / most;
		double deviation = sqrt(draws * part * (1 - part));

		cr_assert_leq(fabs(in[i] - draws * part), 4.5 * deviation,
		    "%u is in %u times", i, in[i]);
	}
	selection_stop();
}

/* The probability of an order by RFC 2782, one by one over 1..sum; all that
 * are left have the same chance where no weight is left. */
static double
chance(const uint16_t *weight, unsigned count, const unsigned *order)
{
	bool gone[8] = {false};
	double p = 1;

	for (unsigned i = 0; i < count; i++) {
		double sum = 0;

		for (unsigned k = 0; k < count; k++)
			sum += gone[k] ? 0 : weight[k];
		p *= sum > 0 ? weight[order[i]] / sum : 1.0 / (count - i);
		gone[order[i]] = true;
	}
	return p;
}

/* The n-th order of count things, by the factorial number system. */
static void
unrank(unsigned n, unsigned count, unsigned *order)
{
	unsigned left[8], of = count;

	for (unsigned i = 0; i < count; i++)
		left[i] = i;
	for (unsigned i = 0; i < count; i++, of--) {
		unsigned at = n % of;

		n /= of;
		order[i] = left[at];
		memmove(
		    left + at, left + at + 1, (of - at - 1) * sizeof(left[0]));
	}
}

static unsigned
rank_of(const unsigned *order, unsigned count)
{
	unsigned try[8];

	for (unsigned n = 0;; n++) {
		unrank(n, count, try);
		if (memcmp(try, order, count * sizeof(try[0])) == 0)
			return n;
	}
}

struct weights_param {
	uint16_t weight[4];
};

ParameterizedTestParameters(shares, whole_orders_are_those_of_rfc_2782)
{
	static struct weights_param params[] = {{{1, 2, 3, 4}}, {{0, 0, 1, 2}},
	    {{5, 5, 5, 5}}, {{0, 0, 0, 0}}, {{1, 1, 1, 9}}};

	return cr_make_param_array(
	    struct weights_param, params, sizeof(params) / sizeof(params[0]));
}

ParameterizedTest(struct weights_param *p, shares,
    whole_orders_are_those_of_rfc_2782, .timeout = 60)
{
	unsigned is[24] = {0}, order[8];
	double share[24];

	selection_start(TYPE_SRV);
	for (unsigned i = 0; i < 4; i++)
		add_srv(0, p->weight[i], (uint16_t)i, DEADLINE_NONE);
	for (unsigned i = 0; i < DRAWS; i++) {
		draw(SELECTION_MAX);
		for (unsigned k = 0; k < 4; k++)
			order[k] = port_of(&sel.pick[k]);
		is[rank_of(order, 4)]++;
	}
	for (unsigned n = 0; n < 24; n++) {
		unrank(n, 4, order);
		share[n] = chance(p->weight, 4, order);
	}
	check_shares(is, share, 24, DRAWS, "orders");
	selection_stop();
}

/* Many are drawn in another way: the first two of forty, by class. */
Test(shares, many_are_drawn_one_after_the_other_too, .timeout = 60)
{
	static const double weight[4] = {40, 100, 60, 1};
	static const unsigned size[4] = {20, 10, 9, 1};
	unsigned is[16] = {0};
	double share[16], sum = 0;

	selection_start(TYPE_SRV);
	for (unsigned c = 0, port = 0; c < 4; c++)
		for (unsigned i = 0; i < size[c]; i++, port++) {
			add_srv(0, (uint16_t)weight[c],
			    (uint16_t)(c * 100 + port), DEADLINE_NONE);
			sum += weight[c];
		}
	for (unsigned i = 0; i < 5 * DRAWS; i++) {
		draw(SELECTION_MAX);
		is[port_of(&sel.pick[0]) / 100 * 4 +
		    port_of(&sel.pick[1]) / 100]++;
	}
	for (unsigned a = 0; a < 4; a++)
		for (unsigned b = 0; b < 4; b++)
			share[a * 4 + b] = size[a] * weight[a] / sum *
					   (size[b] - (a == b)) * weight[b] /
					   (sum - weight[a]);
	check_shares(is, share, 16, 5 * DRAWS, "first and second");
	selection_stop();
}

/* --- samples --- */

/* Of forty only fourteen fit: over all clients, who takes the first record
 * still honours the weights, although heavy ones are in more samples. */
Test(shares, samples_keep_the_weights_of_the_whole, .timeout = 60)
{
	unsigned first[40] = {0};
	double share[MANY];

	make(40, share);
	for (unsigned i = 0; i < 5 * DRAWS; i++) {
		rules.client = i;
		draw_cut(SELECTION_MAX, 14);
		cr_assert_eq(sel.count, 14);
		first[port_of(&sel.pick[0])]++;
	}
	for (unsigned w = 1; w <= 5; w++) {
		double is = 0, should = 0;

		for (unsigned i = 0; i < 40; i++) {
			if (weight_of(i) != w)
				continue;
			is += first[i] / (5.0 * DRAWS);
			should += share[i];
		}
		cr_assert_float_eq(is / should, 1, 0.07,
		    "weight %u: %.3f of its share", w, is / should);
	}
	selection_stop();
}

/* The same where a few hold most of the weight, and beyond SELECTION_MAX. */
static void
check_heavy(size_t fit, double share)
{
	unsigned heavy = 0;

	for (unsigned i = 0; i < DRAWS; i++) {
		rules.client = i;
		draw_cut(200, fit);
		heavy += port_of(&sel.pick[0]) < 3;
	}
	cr_assert_float_eq((double)heavy / DRAWS, share, 0.02);
}

Test(shares, a_heavy_one_is_not_first_more_often_than_it_should, .timeout = 60)
{
	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 303; i++)
		add_srv(0, i < 3 ? 100 : 1, i, DEADLINE_NONE);
	check_heavy(20, 0.5);
	check_heavy(1, 0.5);
	selection_stop();
	selection_start(TYPE_SRV);
	for (uint16_t i = 0; i < 6003; i++)
		add_srv(0, i < 3 ? 2000 : 1, i, DEADLINE_NONE);
	check_heavy(20, 0.5);
	selection_stop();
}

/* --- rendezvous --- */

#define CLIENTS 20000

/* When an instance goes, its clients go over to others, and no other client
 * moves.  Those that come over honour the weights, too. */
Test(shares, an_instance_that_goes_moves_only_its_own_clients, .timeout = 60)
{
	static uint16_t before[CLIENTS];
	unsigned to[10] = {0}, moved = 0;
	double share[MANY], sum = make(10, share);

	shape.strategy = STRATEGY_HASH;
	for (unsigned i = 0; i < CLIENTS; i++) {
		rules.client = i;
		draw(SELECTION_MAX);
		before[i] = port_of(&sel.pick[0]);
	}
	except(3, SERVED_OUT, SCALE_WHOLE);
	for (unsigned i = 0; i < CLIENTS; i++) {
		rules.client = i;
		draw(SELECTION_MAX);
		if (before[i] != 3) {
			cr_assert_eq(port_of(&sel.pick[0]), before[i]);
			continue;
		}
		to[port_of(&sel.pick[0])]++;
		moved++;
	}
	for (unsigned i = 0; i < 10; i++)
		share[i] = i == 3 ? 0 : weight_of(i) / (sum - weight_of(3));
	check_shares(to, share, 10, moved, "new homes");
	selection_stop();
}

/* A weight that grows draws clients over, and sends none away. */
Test(shares, a_growing_weight_only_attracts, .timeout = 60)
{
	static uint16_t before[CLIENTS];
	double share[MANY];
	unsigned came = 0;

	make(10, share);
	shape.strategy = STRATEGY_HASH;
	except(4, SERVED_UP, SCALE_WHOLE / 2);
	for (unsigned i = 0; i < CLIENTS; i++) {
		rules.client = i;
		draw(SELECTION_MAX);
		before[i] = port_of(&sel.pick[0]);
	}
	rules.standings = NULL;
	for (unsigned i = 0; i < CLIENTS; i++) {
		rules.client = i;
		draw(SELECTION_MAX);
		if (port_of(&sel.pick[0]) == before[i])
			continue;
		cr_assert_eq(port_of(&sel.pick[0]), 4);
		came++;
	}
	cr_assert_gt(came, 0);
	selection_stop();
}
