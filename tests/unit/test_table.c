/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/table.h"

static char *printed;
static size_t printed_len;
static FILE *to;

static void
set_up(void)
{
	to = open_memstream(&printed, &printed_len);
	cr_assert_not_null(to);
}

static void
tear_down(void)
{
	fclose(to);
	free(printed);
}

static void
expect(const char *expected)
{
	fflush(to);
	cr_assert_str_eq(printed, expected);
}

TestSuite(table, .init = set_up, .fini = tear_down, .timeout = 10);

Test(table, what_moves_a_terminal_is_not_printed)
{
	static const struct {
		const char *text, *expected;
		size_t width;
	} rows[] = {
	    {"", "", 0},
	    {"plain text", "plain text", 10},
	    {"a\tb\nc\rd", "a?b?c?d", 7},
	    {"\033[2J", "?[2J", 4},
	    {"\177", "?", 1},
	    {"\xc2\x9b"
	     "31m",
		"?31m", 4}, /* CSI in one character */
	    {"B\xc3\xbcro", "B\xc3\xbcro", 4},
	    {"e\xcc\x81", "e\xcc\x81", 1}, /* a mark above */
	    {"\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac", 4},
	    {"\xe2\x80\xae"
	     "evil",
		"?evil", 5}, /* right to left */
	    {"\xef\xbb\xbfx", "?x", 2},
	    {"\xff\xfe", "??", 2},
	    {"\xc3", "?", 1}, /* cut off */
	    {"\xc0\x80", "??", 2}, /* overlong */
	    {"\xe0\x80\x80", "???", 3},
	    {"\xed\xa0\x80", "???", 3}, /* a surrogate */
	    {"\xf4\x90\x80\x80", "????", 4}, /* above U+10FFFF */
	    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tear_down();
		set_up();
		cr_expect_eq(table_print_text(to, rows[i].text), rows[i].width,
		    "%zu", i);
		expect(rows[i].expected);
		cr_expect_eq(
		    table_print_text(NULL, rows[i].text), rows[i].width);
	}
}

static const struct table_column columns[] = {
    {"NAME", false}, {"COUNT", true}, {"WHY", false}};

static void
add(struct table *table, const char *a, const char *b, const char *c)
{
	const struct table_cell cell[] = {
	    {a, COLOUR_NONE}, {b, COLOUR_GOOD}, {c, COLOUR_NONE}};

	cr_assert(table_add(table, cell));
}

Test(table, columns_are_as_wide_as_their_widest_cell)
{
	struct table *table = table_new(to, columns, 3, false, false);

	add(table, "a", "1", "x");
	add(table, "B\xc3\xbcro-1", "123456", "");
	add(table, "c\n", "12", "why\033[2J not");
	table_end(table);
	cr_assert_eq(table_rows(table), 3);
	table_free(table);
	expect("NAME     COUNT  WHY\n"
	       "a            1  x\n"
	       "B\xc3\xbcro-1  123456\n"
	       "c?          12  why?[2J not\n");
}

Test(table, without_rows_there_is_no_head)
{
	struct table *table = table_new(to, columns, 3, false, false);

	table_end(table);
	cr_assert_eq(table_rows(table), 0);
	table_free(table);
	expect("");
}

Test(table, rows_are_sorted_as_people_count)
{
	struct table *table = table_new(to, columns, 3, false, true);

	add(table, "web-10", "1", "");
	add(table, "web-9", "2", "b");
	add(table, "web-9", "2", "a");
	add(table, "app", "9", "");
	table_end(table);
	table_free(table);
	expect("NAME    COUNT  WHY\n"
	       "app         9\n"
	       "web-9       2  a\n"
	       "web-9       2  b\n"
	       "web-10      1\n");
}

Test(table, colours_are_around_the_text_alone)
{
	struct table *table = table_new(to, columns, 3, true, false);

	add(table, "a", "1", "x");
	table_end(table);
	table_free(table);
	expect("\033[1mNAME\033[0m  \033[1mCOUNT\033[0m  \033[1mWHY\033[0m\n"
	       "a         \033[32m1\033[0m  x\n");
}

Test(table, a_long_table_is_printed_as_it_comes)
{
	struct table *table = table_new(to, columns, 3, false, false);
	size_t lines = 0;

	for (int i = 0; i < TABLE_ROWS - 1; i++)
		add(table, "a", "1", "x");
	expect("");
	add(table, "b", "1", "x");
	fflush(to);
	for (const char *c = printed; *c != '\0'; c++)
		lines += *c == '\n';
	cr_assert_eq(lines, TABLE_ROWS + 1, "the head, and all rows");
	add(table, "longer", "1", "x");
	fflush(to);
	cr_assert_not_null(strstr(printed, "\nlonger      1  x\n"));
	table_end(table);
	table_free(table);
}

Test(table, a_file_is_no_terminal)
{
	FILE *file = tmpfile();

	cr_assert_not(table_has_colours(file));
	fclose(file);
}
