/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "server/health/probe_answer.h"

TestSuite(probe_answer, .timeout = 10);

static struct answer answer;
static struct outcome outcome;

static void
begin(const struct config_check *check)
{
	answer_init(&answer, check);
}

static bool
header(const char *line)
{
	return answer_take_header(&answer, line, strlen(line));
}

static bool
body(const char *piece)
{
	return answer_take_body(&answer, piece, strlen(piece));
}

static void
expect(bool good, const char *reason)
{
	answer_judge(&answer, &outcome);
	cr_expect_eq(outcome.good, good, "%s", outcome.reason);
	cr_expect(outcome.connected);
	cr_expect_str_eq(outcome.reason, reason);
	answer_fini(&answer);
}

struct status {
	unsigned least, most;
	const char *line;
	bool good;
	const char *reason;
};

Test(probe_answer, the_status_must_be_in_range)
{
	static const struct status cases[] = {
	    {0, 0, "HTTP/1.1 200 OK\r\n", true, "HTTP 200"},
	    {0, 0, "HTTP/1.0 399\r\n", true, "HTTP 399"},
	    {0, 0, "HTTP/1.1 400 Bad\r\n", false, "HTTP 400"},
	    {200, 299, "HTTP/1.1 302 Found\r\n", false, "HTTP 302"},
	    {404, 404, "HTTP/1.1 404 Not\r\n", true, "HTTP 404"},
	    {200, 200, "HTTP/1.1 abc\r\n", false, "HTTP 0"},
	    {200, 200, "HTTP/1.1\r\n", false, "HTTP 0"},
	    {200, 200, "HTTP/1.1 20", false, "HTTP 0"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_check check = {.type = CHECK_HTTP,
		    .status_least = cases[i].least,
		    .status_most = cases[i].most};

		begin(&check);
		cr_expect(header(cases[i].line));
		expect(cases[i].good, cases[i].reason);
	}
}

struct load {
	const char *line;
	int load;
};

Test(probe_answer, the_load_is_a_number_up_to_65534)
{
	static const struct load cases[] = {
	    {"X-Load: 37\r\n", 37},
	    {"x-load:0\r\n", 0},
	    {"X-LOAD: \t65534 \r\n", 65534},
	    {"X-Load: 65535\r\n", -1},
	    {"X-Load: 99999999999999999999\r\n", -1},
	    {"X-Load: -1\r\n", -1},
	    {"X-Load: 3.5\r\n", -1},
	    {"X-Load: \r\n", -1},
	    {"X-Load:", -1},
	    {"X-Loads: 5\r\n", -1},
	};
	struct config_check check = {.type = CHECK_HTTP};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&check);
		cr_expect(header(cases[i].line));
		cr_expect_eq(answer.load, cases[i].load, "%s", cases[i].line);
		answer_fini(&answer);
	}
}

Test(probe_answer, the_final_status_counts)
{
	struct config_check check = {.type = CHECK_HTTP};

	begin(&check);
	header("HTTP/1.1 100 Continue\r\n");
	cr_expect_not(answer_is_refused(&answer));
	header("HTTP/1.1 503 Busy\r\n");
	cr_expect(answer_is_refused(&answer));
	expect(false, "HTTP 503");
}

Test(probe_answer, a_text_is_found_across_pieces)
{
	struct config_check check = {.type = CHECK_HTTP, .body = "all is well"};

	begin(&check);
	header("HTTP/1.1 200 OK\r\n");
	cr_expect(body("all is all "));
	cr_expect(body("is"));
	cr_expect(body(" w"));
	cr_expect_not(body("ell and more"), "nothing more is needed");
	expect(true, "HTTP 200");
}

Test(probe_answer, a_text_that_is_not_there_is_bad)
{
	struct config_check check = {.type = CHECK_HTTP, .body = "well"};

	begin(&check);
	header("HTTP/1.1 200 OK\r\n");
	cr_expect(body("we"));
	expect(false, "HTTP 200, the text is not in the answer");
}

Test(probe_answer, no_more_than_64_KiB_is_read)
{
	struct config_check check = {.type = CHECK_HTTP};
	char line[1026];
	int pieces = 1;

	memset(line, 'x', 1024);
	line[1024] = '\0';
	begin(&check);
	header("HTTP/1.1 200 OK\r\n");
	while (body(line))
		pieces++;
	cr_expect_eq(pieces, 64);
	expect(true, "HTTP 200");
	begin(&check);
	for (pieces = 0; header(line); pieces++)
		;
	cr_expect_eq(pieces, 64);
	answer_fini(&answer);
}

Test(probe_answer, the_body_of_a_bad_answer_is_not_waited_for)
{
	struct config_check check = {.type = CHECK_HTTP};

	begin(&check);
	header("HTTP/1.1 500 Oops\r\n");
	cr_expect_not(body("x"));
	expect(false, "HTTP 500");
}
