/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets how much of what is asked at a domain of services. */
#include <math.h>

#include "tests/unit/view_fixture.h"

#define MANY 1000

/* Up to here chi-square goes by chance once in 100,000 times (Wilson and
 * Hilferty). */
static double
critical(size_t degrees)
{
	double d = 2.0 / (9.0 * (double)degrees);

	return (double)degrees * pow(1 - d + 4.26 * sqrt(d), 3);
}

static void
start(size_t count, const char *config, unsigned (*weight)(size_t i))
{
	char host[32], srv[64], address[32];

	view_start(config);
	for (size_t i = 0; i < count; i++) {
		snprintf(host, sizeof(host), "h%zu", i);
		snprintf(srv, sizeof(srv), "0 %u 80 %s", weight(i), host);
		snprintf(address, sizeof(address), "%zu", i);
		view_add(host, TYPE_A, address);
		view_add("_x._tcp.web", TYPE_SRV, srv);
	}
	view_commit();
	view.tcp = true;
}

/* Asks often, and counts who was first and who was in. */
static void
count_draws(size_t draws, size_t *first, size_t *in)
{
	for (size_t i = 0; i < draws; i++) {
		const char *at = view_ask("web", TYPE_A);

		cr_assert_not(view.tc);
		first[strtoul(at, NULL, 10)]++;
		for (; at != NULL; at = strchr(at, '|')) {
			at += at[0] == '|';
			in[strtoul(at, NULL, 10)]++;
		}
	}
}

/* Instances are taken together in groups, by their number modulo groups. */
static void
check_shares(size_t count, size_t groups, unsigned (*weight)(size_t i))
{
	static size_t first[MANY], in[MANY];
	const size_t draws = count > 100 ? 3000 : 20000;
	double sum = 0, most = 0, chi = 0, part[16] = {0}, got[16] = {0};

	start(count, "", weight);
	count_draws(draws, first, in);
	for (size_t i = 0; i < count; i++) {
		sum += weight(i);
		most = weight(i) > most ? weight(i) : most;
		part[i % groups] += weight(i);
		got[i % groups] += (double)first[i];
	}
	for (size_t g = 0; g < groups; g++) {
		double want = (double)draws * part[g] / sum;

		chi += (got[g] - want) * (got[g] - want) / want;
	}
	cr_expect_lt(chi, critical(groups - 1), "first: %f", chi);
	/* In with weight / largest weight: a binomial for each. */
	for (size_t i = 0; i < count; i++) {
		double p = weight(i) / most, n = (double)draws;
		double off = (double)in[i] - n * p;

		cr_expect_leq(fabs(off), 5.5 * sqrt(n * p * (1 - p)) + 1e-9,
		    "%zu: %zu of %zu", i, in[i], draws);
	}
	view_stop();
}

static unsigned
one_or_three(size_t i)
{
	return i == 0 ? 1 : 3;
}

static unsigned
one_to_ten(size_t i)
{
	return 1 + (unsigned)i % 10;
}

Test(view_shares, two_instances_share_by_weight, .timeout = 20)
{
	check_shares(2, 2, one_or_three);
}

Test(view_shares, ten_instances_share_by_weight, .timeout = 20)
{
	check_shares(10, 10, one_to_ten);
}

Test(view_shares, a_thousand_instances_share_by_weight, .timeout = 60)
{
	check_shares(MANY, 10, one_to_ten);
}

static unsigned
one(size_t i)
{
	(void)i;
	return 1;
}

/* A service too large for the message: each client's own part of it. */
Test(view_shares, a_sample_of_addresses_is_sticky, .timeout = 20)
{
	size_t first[MANY] = {0}, in[MANY] = {0}, some = 0, firsts = 0;

	start(MANY, "", one);
	view.tcp = false;
	for (int i = 0; i < 200; i++) {
		const char *at = view_ask("web", TYPE_A);

		first[strtoul(at, NULL, 10)]++;
		for (; at != NULL; at = strchr(at, '|')) {
			at += at[0] == '|';
			in[strtoul(at, NULL, 10)]++;
		}
	}
	for (size_t i = 0; i < MANY; i++) {
		cr_expect(in[i] == 0 || in[i] == 200);
		some += in[i] > 0;
		firsts += first[i] > 0;
	}
	cr_expect_geq(some, 64);
	cr_expect_geq(firsts, 32);
	view_stop();
}

/* max-answers is no shortage: everybody gets his turn. */
Test(view_shares, max_answers_draws_anew_each_time, .timeout = 20)
{
	size_t first[MANY] = {0}, in[MANY] = {0}, some = 0;

	start(MANY, "services: [{match: \"*.z\", max-answers: 8}]\n", one);
	for (int i = 0; i < 2; i++) {
		view.tcp = i == 0;
		for (int k = 0; k < 1000; k++) {
			const char *at = view_ask("web", TYPE_A);

			cr_assert_eq(view.answers, 8);
			cr_assert_not(view.tc);
			first[strtoul(at, NULL, 10)]++;
			for (; at != NULL; at = strchr(at, '|')) {
				at += at[0] == '|';
				in[strtoul(at, NULL, 10)]++;
			}
		}
	}
	for (size_t i = 0; i < MANY; i++)
		some += in[i] > 0;
	cr_expect_eq(some, MANY);
	view_stop();
}

/* DNS-SD instances that are more than fit. */
Test(view_shares, many_dns_sd_instances_are_sampled_for_each_client,
    .timeout = 20)
{
	char name[32], srv[64], last[4096] = "";
	struct standing *st = calloc(300, sizeof(*st));

	view_start("services: [{match: \"*.z\"}]\n");
	for (size_t i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "h%zu", i);
		st[i] = view_standing(name, 80,
		    i % 3 == 0 ? SERVED_OUT : SERVED_UP, WHY_UNHEALTHY);
		view_add(name, TYPE_A, i % 3 == 0 ? "777" : name + 1);
		snprintf(srv, sizeof(srv), "0 1 80 %s", name);
		snprintf(name, sizeof(name), "i%zu._x._tcp.web", i);
		view_add(name, TYPE_SRV, srv);
		view_add("_x._tcp.web", TYPE_PTR, name);
	}
	view_commit();
	view_stand("_x._tcp.web", CONDITION_NORMAL, st, 300);
	for (int i = 0; i < 20; i++) {
		const char *got = view_ask("_x._tcp.web", TYPE_PTR);

		cr_expect(view.tc);
		cr_expect_gt(view.answers, 10);
		cr_expect_null(strstr(got, "PTR i66."));
		cr_expect(i == 0 || strcmp(last, got) == 0);
		snprintf(last, sizeof(last), "%s", got);
		(void)view_ask("_x._tcp.web", TYPE_SRV);
		cr_expect(view.tc);
		cr_expect_gt(view.answers, 5);
		(void)view_ask("_x._tcp.web", TYPE_SVCB);
		cr_expect_gt(view.answers, 5);
		cr_expect_null(strstr(view_ask("web", TYPE_A), "777"));
		cr_expect_gt(view.answers, 30);
	}
	view.tcp = true;
	(void)view_ask("_x._tcp.web", TYPE_PTR);
	cr_expect_eq(view.answers, 200);
	(void)view_ask("_x._tcp.web", TYPE_SRV);
	cr_expect_eq(view.answers, 200);
	free(st);
	view_stop();
}
