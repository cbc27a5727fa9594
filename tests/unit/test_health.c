/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "server/health/health.h"
#include "zones/standing.h"

static const struct config_check check = {
    .type = CHECK_AGENT,
    .rise = 2,
    .fall = 3,
    .interval_ms = 5000,
};

/* One letter a result: + good, - bad, l a late bad one; agents: u(p) r(eady)
 * d(rain) m(aint) x (down). */
static struct probe_result
result_of(char letter)
{
	static const struct {
		char letter;
		bool good;
		enum probe_word word;
	} table[] = {
	    {'+', true, WORD_NONE},
	    {'-', false, WORD_NONE},
	    {'l', false, WORD_NONE},
	    {'u', true, WORD_UP},
	    {'r', true, WORD_READY},
	    {'d', true, WORD_DRAIN},
	    {'m', true, WORD_MAINT},
	    {'x', false, WORD_DOWN},
	};
	struct probe_result r = {.percent = -1, .load = -1};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].letter != letter)
			continue;
		r.good = table[i].good;
		r.word = table[i].word;
	}
	r.late = letter == 'l';
	return r;
}

static void
take(struct health *h, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		struct probe_result r = result_of(*letters);

		health_take(h, &check, &r, 1000);
	}
}

/* What came of all results so far. */
static char
letter_of(const struct health *h)
{
	if (h->state == HEALTH_UNKNOWN)
		return '?';
	return h->state == HEALTH_HEALTHY ? 'H' : 'U';
}

Test(health, rises_and_falls_as_counted, .timeout = 5)
{
	/* The state after each result. */
	static const struct {
		const char *results, *states;
	} table[] = {
	    {"+", "H"}, /* the first one decides */
	    {"-", "U"},
	    {"+---", "HHHU"}, /* fall in all */
	    {"+-+--", "HHHHU"}, /* one good one forgives nothing */
	    {"+--+-", "HHHHU"},
	    {"+--++--", "HHHHHHH"}, /* rise in a row forgive all */
	    {"+--++---", "HHHHHHHU"},
	    {"-++", "UUH"}, /* rise in a row */
	    {"-+-+-+", "UUUUUU"},
	    {"-+-++", "UUUUH"},
	    {"+---++--", "HHHUUHHH"}, /* nothing is carried over */
	    {"l", "?"},
	    {"+lll", "HHHH"}, /* late ones say nothing */
	    {"+--l-", "HHHHU"},
	    {"-+l+", "UUUH"},
	    {"+x", "HU"}, /* an agent knows */
	    {"+xuu", "HUUH"},
	    {"-+x+", "UUUU"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char states[16] = "";
		struct health h;

		health_init(&h);
		for (size_t k = 0; table[i].results[k] != '\0'; k++) {
			char one[2] = {table[i].results[k], '\0'};

			take(&h, one);
			states[k] = letter_of(&h);
		}
		cr_expect_str_eq(
		    states, table[i].states, "%s", table[i].results);
	}
}

Test(health, drain_and_maint_stay_until_up_or_ready, .timeout = 5)
{
	static const struct {
		const char *results;
		enum probe_word word;
	} table[] = {
	    {"u", WORD_NONE},
	    {"d", WORD_DRAIN},
	    {"d+-+", WORD_DRAIN},
	    {"dm", WORD_MAINT},
	    {"md", WORD_DRAIN},
	    {"du", WORD_NONE},
	    {"m---r", WORD_NONE},
	    {"mx", WORD_MAINT},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct health h;

		health_init(&h);
		take(&h, table[i].results);
		cr_expect_eq(h.agent, table[i].word, "%s", table[i].results);
	}
}

Test(health, percent_and_load_stay_until_said_again, .timeout = 5)
{
	struct probe_result r = result_of('+');
	struct health h;

	health_init(&h);
	cr_expect_eq(h.percent, 100);
	cr_expect_eq(h.load, LOAD_UNKNOWN);
	r.percent = 75;
	r.load = 0;
	cr_expect(health_take(&h, &check, &r, 0));
	r.percent = r.load = -1;
	cr_expect_not(health_take(&h, &check, &r, 0), "nothing is new");
	cr_expect_eq(h.percent, 75);
	cr_expect_eq(h.load, 0);
	r.percent = 250;
	r.load = 70000;
	cr_expect(health_take(&h, &check, &r, 0));
	cr_expect_eq(h.percent, 100, "at most all of it");
	cr_expect_eq(h.load, 0, "out of range");
}

Test(health, ttl_is_the_time_until_the_next_state, .timeout = 5)
{
	static const struct {
		const char *results;
		uint32_t ttl_s;
	} table[] = {
	    {"", 5}, /* the next one decides */
	    {"+", 15},
	    {"+-", 10},
	    {"+--", 5},
	    {"+--+", 5},
	    {"+--++", 15},
	    {"-", 10},
	    {"-+", 5},
	};
	struct config_check fast = check;
	struct health h;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		health_init(&h);
		take(&h, table[i].results);
		cr_expect_eq(health_ttl_max_s(&h, &check), table[i].ttl_s, "%s",
		    table[i].results);
	}
	fast.interval_ms = 100;
	health_init(&h);
	cr_expect_eq(health_ttl_max_s(&h, &fast), 1, "never 0");
	fast.interval_ms = UINT64_MAX / 8;
	cr_expect_eq(health_ttl_max_s(&h, &fast), UINT32_MAX);
}

Test(health, history_is_a_ring_of_ten_newest_first, .timeout = 5)
{
	struct probe_result r = result_of('+');
	struct health h;

	health_init(&h);
	cr_expect_null(health_event_at(&h, 0));
	for (int i = 1; i <= 14; i++) {
		r.wall_s = i;
		r.late = i == 14;
		snprintf(r.reason, sizeof(r.reason), "number %d", i);
		health_take(&h, &check, &r, 0);
	}
	for (unsigned i = 0; i < HEALTH_HISTORY; i++) {
		const struct health_event *e = health_event_at(&h, i);

		cr_assert_not_null(e);
		cr_expect_eq(e->wall_s, 14 - (int)i);
		cr_expect_eq(e->late, i == 0);
	}
	cr_expect_str_eq(health_event_at(&h, 0)->reason, "number 14");
	cr_expect_null(health_event_at(&h, HEALTH_HISTORY));
	cr_expect_eq(h.results, 14);
}

Test(health, moments_are_those_of_the_change, .timeout = 5)
{
	struct probe_result r = result_of('+');
	struct health h;

	health_init(&h);
	r.wall_s = 100;
	health_take(&h, &check, &r, 5000);
	r.wall_s = 200;
	health_take(&h, &check, &r, 6000);
	cr_expect_eq(h.since_wall_s, 100);
	cr_expect_eq(h.healthy_from_ms, 5000);
}
