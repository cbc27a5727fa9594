/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include "server/control_view.h"

TestSuite(control_view, .timeout = 10);

Test(control_view, names_are_lower_case_without_a_final_dot)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
	    {"_HTTP._tcp.Web.SVC.example.", "_http._tcp.web.svc.example"},
	    {".", "."},
	    {"a\\.b.example", "a\\.b.example"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[NAME_TEXT_LEN];
		struct name name;

		cr_assert_eq(name_from_text(rows[i].name, NULL, &name), OK);
		cr_expect_str_eq(
		    control_name_text(name.wire, text), rows[i].text);
	}
}

Test(control_view, all_states_have_a_word_and_a_sentence)
{
	for (enum standing_why why = 0; why < WHY_COUNT; why++) {
		cr_expect_gt(strlen(control_why_word(why)), 0);
		cr_expect_null(strchr(control_why_word(why), ' '));
		cr_expect_gt(strlen(control_why_sentence(why)), 10);
	}
	for (enum condition c = CONDITION_PANIC; c < CONDITION_COUNT; c++)
		cr_expect_gt(strlen(control_condition_sentence(c)), 10);
	cr_expect_str_eq(control_condition_sentence(CONDITION_NORMAL), "");
}

Test(control_view, octets_become_text_whatever_they_are)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *text;
	} rows[] = {
	    {"plain", 5, "plain"},
	    {"", 0, ""},
	    {"B\xc3\xbcro", 5, "B\xc3\xbcro"},
	    {"a\0b", 3, "a?b"},
	    {"a\xff\xc3\xbc", 4, "a???"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *value = control_octets(
		    (const uint8_t *)rows[i].octets, rows[i].len);

		cr_assert_not_null(value);
		cr_expect_str_eq(json_string_value(value), rows[i].text);
		json_decref(value);
	}
}

/* An SRV record outside of any zone. */
static struct record *
make_srv(uint8_t priority, uint8_t weight)
{
	struct record *r = calloc(1, sizeof(*r) + 16);

	cr_assert_not_null(r);
	r->type = TYPE_SRV;
	r->flags = RECORD_STATIC;
	r->rdlen = 9;
	r->rdata[1] = priority;
	r->rdata[3] = weight;
	r->rdata[5] = 80;
	memcpy(r->rdata + 6, "\1a", 3);
	return r;
}

struct weight_row {
	uint8_t priority, weight;
	struct standing standing; /* served up, scale 0: none */
	enum strategy strategy;
	uint64_t tier_weight;
	bool behind;
	unsigned percent;
	uint16_t served;
	const char *text;
};

static const struct weight_row weight_rows[] = {
    {10, 100, {0}, STRATEGY_WEIGHTED, 130, false, 100, 100,
	"weight 100 of 130 in tier 10"},
    {10, 100, {.scale = 77, .why = WHY_SLOW_START}, STRATEGY_WEIGHTED, 130,
	false, 100, 30, "weight 100 x 30% slow start = 30 of 130 in tier 10"},
    {10, 100, {.scale = 102, .why = WHY_SLOW_START}, STRATEGY_WEIGHTED, 140,
	false, 100, 40, "weight 100 x 40% slow start = 40 of 140 in tier 10"},
    {10, 100, {.scale = 128, .why = WHY_HEALTHY}, STRATEGY_WEIGHTED, 80, false,
	50, 50, "weight 100 x 50% of its agent = 50 of 80 in tier 10"},
    {10, 100, {.scale = 64, .why = WHY_SLOW_START}, STRATEGY_HASH, 80, false,
	50, 25,
	"weight 100 x 25% slow start and of its agent = 25 of 80 in tier 10"},
    {10, 1, {.scale = 26, .why = WHY_SLOW_START}, STRATEGY_WEIGHTED, 9, false,
	100, 1, "weight 1 x 10% slow start = 1 of 9 in tier 10"},
    {20, 5, {0}, STRATEGY_WEIGHTED, 5, true, 100, 5,
	"weight 5 of 5 in tier 20, behind the tiers before it"},
    {10, 0, {0}, STRATEGY_WEIGHTED, 130, false, 100, 0,
	"weight 0: last in tier 10, without addresses"},
    {10, 0, {0}, STRATEGY_WEIGHTED, 0, false, 100, 0,
	"weight 0 as all in tier 10: they are equal"},
    {10, 7, {.served = SERVED_OUT, .scale = 256}, STRATEGY_WEIGHTED, 130, false,
	100, 0, "weight 7 counts for nothing while it is left out"},
    {10, 7, {.served = SERVED_DRAIN, .scale = 256}, STRATEGY_WEIGHTED, 130,
	false, 100, 0,
	"weight 7 x 0 while it drains: last in tier 10, without addresses"},
    {10, 7, {0}, STRATEGY_RANDOM, 14, false, 100, 7,
	"weight 7 of 14 in tier 10; weights do not count with random"},
};

Test(control_view, the_arithmetic_of_weights_is_told_in_words)
{
	for (size_t n = 0; n < sizeof(weight_rows) / sizeof(weight_rows[0]);
	     n++) {
		const struct weight_row *row = &weight_rows[n];
		struct record *srv = make_srv(row->priority, row->weight);
		const struct control_tier tier = {
		    row->priority, row->tier_weight, !row->behind};
		struct control_instance i = {.srv = srv};
		char text[256];

		if (row->standing.scale > 0)
			i.standing = &row->standing;
		cr_expect_eq(control_served_weight(&i), row->served, "%s: %u",
		    row->text, control_served_weight(&i));
		control_weight_text(
		    &i, row->strategy, &tier, row->percent, text, sizeof(text));
		cr_expect_str_eq(text, row->text);
		free(srv);
	}
}

Test(control_view, patterns_are_those_of_force)
{
	static const struct {
		const char *pattern;
		bool matches;
	} rows[] = {
	    {"*", true},
	    {"_http._tcp.web.example/a.example:80", true},
	    {"_HTTP*", true},
	    {"a.example:8?", true},
	    {"a.example", true},
	    {"a.example:81", false},
	    {"b*", false},
	    {"", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(control_matches(rows[i].pattern,
				 "_http._tcp.web.example", "a.example", 80),
		    rows[i].matches, "%s", rows[i].pattern);
}
