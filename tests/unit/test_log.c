/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "server/log.h"

/* What standard error got since it was replaced by a pipe. */
static int pipe_fd[2];
static char got[3 * LOG_LINE_LEN];

static void
setup(void)
{
	cr_assert_eq(pipe(pipe_fd), 0);
	cr_assert_geq(dup2(pipe_fd[1], STDERR_FILENO), 0);
}

TestSuite(log, .init = setup, .timeout = 10);

static const char *
written(void)
{
	ssize_t n = read(pipe_fd[0], got, sizeof(got) - 1);

	cr_assert_gt(n, 0);
	got[n] = '\0';
	return got;
}

Test(log, no_event_can_forge_a_second_line)
{
	log_write(LEVEL_INFO, "name %s", "a\n2026-01-01 error: b\x7f\x1b");
	cr_assert_not_null(
	    strstr(written(), "name a\\x0a2026-01-01 error: b\\x7f\\x1b\n"));
	cr_assert_eq(strchr(got, '\n'), got + strlen(got) - 1);
}

Test(log, a_long_line_is_cut)
{
	char text[2 * LOG_LINE_LEN];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_write(LEVEL_INFO, "%s", text);
	cr_assert_leq(strlen(written()), (size_t)LOG_LINE_LEN);
	cr_assert_eq(got[strlen(got) - 1], '\n');
}

Test(log, a_text_of_several_lines_is_as_many_events)
{
	log_lines(LEVEL_ERROR, "one\ntwo\n");
	written();
	cr_assert_not_null(strstr(got, "error: one\n"));
	cr_assert_not_null(strstr(got, "error: two\n"));
}

Test(log, a_reader_that_does_not_read_costs_lines_and_is_told)
{
	char text[1024];
	size_t lines = 0;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 1000; i++)
		log_write(LEVEL_INFO, "%s", text);
	/* Make room, then say one more thing. */
	for (int i = 0; i < 4; i++)
		for (const char *at = written();
		     (at = strchr(at, '\n')) != NULL; at++)
			lines++;
	cr_assert_gt(lines, 0);
	log_write(LEVEL_INFO, "the last word");
	while (strstr(written(), "the last word") == NULL)
		;
	cr_assert_not_null(strstr(got, " log lines lost\n"));
}

Test(log, an_event_beyond_the_burst_is_counted)
{
	struct log_limit limit = LOG_LIMIT(2);
	uint32_t skipped = 99;

	cr_assert(log_limit_pass(&limit, 5000, &skipped));
	cr_assert_eq(skipped, 0);
	cr_assert(log_limit_pass(&limit, 5001, &skipped));
	cr_assert_not(log_limit_pass(&limit, 5500, &skipped));
	cr_assert_not(log_limit_pass(&limit, 5999, &skipped));
	cr_assert(log_limit_pass(&limit, 6000, &skipped));
	cr_assert_eq(skipped, 2);
}

Test(log, levels_above_the_highest_are_skipped)
{
	cr_assert_not(log_is_on(LEVEL_DEBUG));
	log_write(LEVEL_DEBUG, "hidden");
	log_set_level(LEVEL_DEBUG);
	log_write(LEVEL_DEBUG, "shown");
	cr_assert_null(strstr(written(), "hidden"));
	cr_assert_not_null(strstr(got, "debug: shown\n"));
}
