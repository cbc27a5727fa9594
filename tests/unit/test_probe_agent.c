/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "server/health/probe_agent.h"

TestSuite(probe_agent, .timeout = 10);

struct line {
	const char *said;
	bool good;
	enum probe_word word;
	int percent;
	const char *reason; /* NULL: what was said */
};

static const struct line lines[] = {
    {"up", true, WORD_UP, -1, NULL},
    {"UP\n", true, WORD_UP, -1, "UP"},
    {"ready\r\n", true, WORD_READY, -1, "ready"},
    {"drain", true, WORD_DRAIN, -1, NULL},
    {"maint", true, WORD_MAINT, -1, NULL},
    {"down", false, WORD_DOWN, -1, NULL},
    {"failed", false, WORD_DOWN, -1, NULL},
    {"stopped", false, WORD_DOWN, -1, NULL},
    {"fail", false, WORD_DOWN, -1, NULL},
    {"75%", true, WORD_NONE, 75, NULL},
    {"0%", true, WORD_NONE, 0, NULL},
    {"25600%", true, WORD_NONE, 25600, NULL},
    {"maxconn:30", true, WORD_NONE, -1, NULL},
    {"up 50% maxconn:2", true, WORD_UP, 50, NULL},
    {"50%,up\tready", true, WORD_READY, 50, "50%,up?ready"},
    {"drain up", true, WORD_DRAIN, -1, NULL},
    {"down ready 10%", false, WORD_DOWN, 10, NULL},
    {"maint down", false, WORD_MAINT, -1, NULL},
    {"down #up 50%", false, WORD_DOWN, -1, NULL},
    {"up strange", true, WORD_UP, -1, NULL},
    {"", false, WORD_NONE, -1, "agent: an empty line"},
    {"\r\n", false, WORD_NONE, -1, "agent: an empty line"},
    {" ", false, WORD_NONE, -1, "agent: no word we know:  "},
    {"upward", false, WORD_NONE, -1, "agent: no word we know: upward"},
    {"25601%", false, WORD_NONE, -1, "agent: no word we know: 25601%"},
    {"75", false, WORD_NONE, -1, "agent: no word we know: 75"},
    {"-5%", false, WORD_NONE, -1, "agent: no word we know: -5%"},
    {"%", false, WORD_NONE, -1, "agent: no word we know: %"},
    {"#up", false, WORD_NONE, -1, "agent: no word we know: #up"},
};

Test(probe_agent, words_mean_what_haproxy_says)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct line *l = &lines[i];
		struct outcome outcome;

		agent_parse(l->said, strlen(l->said), &outcome);
		cr_expect_eq(outcome.good, l->good, "%s", l->said);
		cr_expect_eq(outcome.word, l->word, "%s", l->said);
		cr_expect_eq(outcome.percent, l->percent, "%s", l->said);
		cr_expect_eq(outcome.load, -1, "%s", l->said);
		cr_expect_str_eq(
		    outcome.reason, l->reason == NULL ? l->said : l->reason);
	}
}

Test(probe_agent, octets_that_are_no_text_do_no_harm)
{
	static const char said[] = "down #\0\x1b[31m\xff";
	char longest[2 * AGENT_LINE_LEN];
	struct outcome outcome;

	agent_parse(said, sizeof(said) - 1, &outcome);
	cr_expect_eq(outcome.word, WORD_DOWN);
	cr_expect_str_eq(outcome.reason, "down #??[31m?");
	memset(longest, 'x', sizeof(longest));
	agent_parse(longest, sizeof(longest), &outcome);
	cr_expect_not(outcome.good);
	cr_expect_lt(strlen(outcome.reason), PROBE_REASON_LEN);
}
