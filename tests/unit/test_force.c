/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/health/force.h"

#define SERVICE "_http._tcp.web.svc.example"
#define HOST "a.web.svc.example"

static enum force_state
find(const struct force_list *list)
{
	return force_find(list, SERVICE, HOST, 8080, NULL);
}

Test(force, patterns_match_instances_services_and_targets, .timeout = 5)
{
	static const struct {
		const char *pattern;
		bool matches;
	} table[] = {
	    {SERVICE, true},
	    {HOST, true},
	    {HOST ":8080", true},
	    {SERVICE "/" HOST ":8080", true},
	    {"_HTTP._TCP.Web.svc.example", true}, /* case-blind */
	    {HOST ":808", false},
	    {HOST ":80801", false},
	    {SERVICE "/" HOST, false}, /* an instance has a port */
	    {SERVICE "/*", true},
	    {"*", true},
	    {"*.svc.example", true}, /* dots are nothing special */
	    {"*.example:80*", true},
	    {"a.???.svc.example", true},
	    {"a.??.svc.example", false},
	    {"*/a.*:8080", true},
	    {"*/b.*:8080", false},
	    {"web.svc.example", false}, /* the whole of it */
	    {"**a**", true},
	    {"?", false},
	    {HOST ".", false},
	    {"a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct force_list list = {0};

		cr_assert_eq(
		    force_put(&list, table[i].pattern, FORCE_DOWN, 1), OK);
		cr_expect_eq(find(&list),
		    table[i].matches ? FORCE_DOWN : FORCE_AUTO, "%s",
		    table[i].pattern);
		force_fini(&list);
	}
}

Test(force, the_last_that_matches_decides, .timeout = 5)
{
	const struct force_entry *entry;
	struct force_list list = {0};

	cr_expect_eq(find(&list), FORCE_AUTO);
	cr_assert_eq(force_put(&list, SERVICE, FORCE_DOWN, 1), OK);
	cr_assert_eq(force_put(&list, HOST, FORCE_UP, 2), OK);
	cr_expect_eq(find(&list), FORCE_UP);
	cr_assert_eq(force_put(&list, "b.*", FORCE_DRAIN, 3), OK);
	cr_expect_eq(force_find(&list, SERVICE, HOST, 1, &entry), FORCE_UP);
	cr_expect_str_eq(entry->pattern, HOST);
	cr_expect_eq(entry->wall_s, 2);
	/* The same again goes to the end. */
	cr_assert_eq(force_put(&list, SERVICE, FORCE_DRAIN, 4), OK);
	cr_expect_eq(list.count, 3);
	cr_expect_eq(find(&list), FORCE_DRAIN);
	force_fini(&list);
}

Test(force, auto_takes_its_like_away_or_is_an_exception, .timeout = 5)
{
	const struct force_entry *entry;
	struct force_list list = {0};

	cr_assert_eq(force_put(&list, "*", FORCE_DOWN, 1), OK);
	cr_assert_eq(force_put(&list, HOST, FORCE_AUTO, 2), OK);
	cr_expect_eq(list.count, 2);
	cr_expect_eq(force_find(&list, SERVICE, HOST, 1, &entry), FORCE_AUTO);
	cr_expect_str_eq(entry->pattern, HOST);
	cr_assert_eq(force_put(&list, "A.WEB.svc.example", FORCE_AUTO, 3), OK);
	cr_expect_eq(list.count, 1, "its like, whatever its case");
	cr_expect_eq(find(&list), FORCE_DOWN);
	cr_assert_eq(force_put(&list, "*", FORCE_AUTO, 3), OK);
	cr_expect_eq(list.count, 0);
	force_fini(&list);
}

Test(force, what_is_no_pattern_is_refused, .timeout = 5)
{
	char longest[FORCE_PATTERN_LEN + 1], name[32];
	struct force_list list = {0};

	cr_expect_eq(force_put(&list, "", FORCE_UP, 1), ERR_SYNTAX);
	cr_expect_eq(force_put(&list, "a b", FORCE_UP, 1), ERR_SYNTAX);
	cr_expect_eq(force_put(&list, "a\nup 1 *", FORCE_UP, 1), ERR_SYNTAX);
	cr_expect_eq(force_put(&list, "\xc3\xa4", FORCE_UP, 1), ERR_SYNTAX);
	memset(longest, 'a', sizeof(longest));
	longest[FORCE_PATTERN_LEN] = '\0';
	cr_expect_eq(force_put(&list, longest, FORCE_UP, 1), ERR_LIMIT);
	longest[FORCE_PATTERN_LEN - 1] = '\0';
	cr_expect_eq(force_put(&list, longest, FORCE_UP, 1), OK);
	for (int i = 1; i < FORCE_MAX; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		cr_assert_eq(force_put(&list, name, FORCE_UP, 1), OK);
	}
	cr_expect_eq(force_put(&list, "more", FORCE_UP, 1), ERR_LIMIT);
	cr_expect_eq(force_put(&list, "name1", FORCE_DOWN, 1), OK);
	cr_expect_eq(list.count, FORCE_MAX);
	force_fini(&list);
}

/* --- the file --- */

static char data[64];

static void
make_data(void)
{
	strcpy(data, "/tmp/force-XXXXXX");
	cr_assert_not_null(mkdtemp(data));
}

static void
remove_data(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/forced", data);
	unlink(path);
	cr_expect_eq(rmdir(data), 0, "nothing else is left");
}

static void
write_file(const char *content)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/forced", data);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	fputs(content, f);
	fclose(f);
}

TestSuite(force_file, .init = make_data, .fini = remove_data);

Test(force_file, comes_back_as_it_was_saved, .timeout = 5)
{
	struct force_list list = {0}, again = {0};
	char text[256] = "";

	cr_assert_eq(force_load(&again, data, text, sizeof(text)), OK);
	cr_expect_eq(again.count, 0, "no file is no wish");
	cr_assert_eq(force_put(&list, "*", FORCE_DOWN, 1800000000), OK);
	cr_assert_eq(force_put(&list, HOST ":80", FORCE_AUTO, 5), OK);
	cr_assert_eq(force_put(&list, SERVICE "/*", FORCE_DRAIN, 7), OK);
	cr_assert_eq(force_save(&list, data, text, sizeof(text)), OK);
	cr_assert_eq(force_load(&again, data, text, sizeof(text)), OK);
	cr_assert_eq(again.count, 3);
	for (size_t i = 0; i < 3; i++) {
		cr_expect_eq(again.entry[i].state, list.entry[i].state);
		cr_expect_eq(again.entry[i].wall_s, list.entry[i].wall_s);
		cr_expect_str_eq(again.entry[i].pattern, list.entry[i].pattern);
	}
	force_fini(&list);
	/* The empty list takes the place of the other. */
	cr_assert_eq(force_save(&list, data, text, sizeof(text)), OK);
	force_fini(&again);
	cr_assert_eq(force_load(&again, data, text, sizeof(text)), OK);
	cr_expect_eq(again.count, 0);
	force_fini(&again);
}

Test(force_file, a_broken_line_is_named, .timeout = 5)
{
	static const struct {
		const char *content, *message;
	} table[] = {
	    {"sideways 1 a\n", ":1: the first word is not up, down, drain or "
			       "auto"},
	    {"# fine\n\nup 1 a\nup\n",
		":4: the second word is not a time in seconds"},
	    {"up 1x a\n", ":1: the second word is not a time in seconds"},
	    {"up -1 a\n", ":1: the second word is not a time in seconds"},
	    {"up 99999999999999999999 a\n",
		":1: the second word is not a time in seconds"},
	    {"up 1\n", ":1: the pattern is missing"},
	    {"up 1 a b\n", ":1: there is something behind the pattern"},
	    {"up 1 \x01\n", ":1: "},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct force_list list = {0};
		char text[256] = "";

		write_file(table[i].content);
		cr_expect_neq(force_load(&list, data, text, sizeof(text)), OK);
		cr_expect(strstr(text, table[i].message) != NULL, "%s", text);
		cr_expect(strncmp(text, data, strlen(data)) == 0);
		cr_expect_eq(list.count, 0);
	}
}

Test(force_file, a_line_without_end_is_a_line, .timeout = 5)
{
	char line[2000] = "up 1 ", text[256] = "";
	struct force_list list = {0};

	write_file("up 1 a\ndown 2 b");
	cr_assert_eq(force_load(&list, data, text, sizeof(text)), OK);
	cr_expect_eq(list.count, 2);
	force_fini(&list);
	memset(line + 5, 'x', sizeof(line) - 6);
	write_file(line);
	cr_expect_eq(force_load(&list, data, text, sizeof(text)), ERR_SYNTAX);
	cr_expect(strstr(text, ":1: the line is too long") != NULL);
}

Test(force_file, a_folder_that_is_not_there_is_an_error, .timeout = 5)
{
	struct force_list list = {0};
	char text[256] = "", none[80];

	snprintf(none, sizeof(none), "%s/none", data);
	cr_expect_eq(force_save(&list, none, text, sizeof(text)), ERR_IO);
	cr_expect(strstr(text, "No such file") != NULL, "%s", text);
}
