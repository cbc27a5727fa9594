/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "server/pattern.h"

static struct name
name_of(const char *text)
{
	struct name name;

	cr_assert_eq(name_from_text(text, NULL, &name), OK, "%s", text);
	return name;
}

static struct pattern
pattern_of(const char *text)
{
	struct pattern p;

	cr_assert_eq(pattern_compile(text, &p), OK, "%s", text);
	return p;
}

struct match {
	const char *pattern;
	const char *name;
	bool expected;
};

static void
check(const struct match *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pattern p = pattern_of(table[i].pattern);
		struct name name = name_of(table[i].name);

		cr_expect_eq(pattern_matches(&p, name.wire), table[i].expected,
		    "%s against %s", table[i].pattern, table[i].name);
	}
}

#define CHECK(table) check(table, sizeof(table) / sizeof((table)[0]))

Test(pattern, without_globs_it_is_that_name_alone, .timeout = 5)
{
	static const struct match table[] = {
	    {"web.svc.example", "web.svc.example.", true},
	    {"web.svc.example.", "WEB.Svc.Example.", true},
	    {"WEB.svc.example", "web.svc.example.", true},
	    {"web.svc.example", "a.web.svc.example.", false},
	    {"web.svc.example", "svc.example.", false},
	    {"web.svc.example", "wex.svc.example.", false},
	    {".", ".", true},
	    {".", "example.", false},
	};

	CHECK(table);
}

Test(pattern, first_star_matches_one_or_more_labels, .timeout = 5)
{
	static const struct match table[] = {
	    {"*.web.svc.example", "a.web.svc.example.", true},
	    {"*.web.svc.example", "_http._tcp.web.svc.example.", true},
	    {"*.web.svc.example", "web.svc.example.", false},
	    {"*.web.svc.example", "a.db.svc.example.", false},
	    {"*.web.svc.example", "aweb.svc.example.", false},
	    {"*", "example.", true},
	    {"*", "a.b.c.d.", true},
	    {"*", ".", false},
	};

	CHECK(table);
}

Test(pattern, later_star_matches_exactly_one_label, .timeout = 5)
{
	static const struct match table[] = {
	    {"_http._tcp.*.svc.example", "_http._tcp.web.svc.example.", true},
	    {"_http._tcp.*.svc.example", "_http._tcp.svc.example.", false},
	    {"_http._tcp.*.svc.example", "_http._tcp.a.b.svc.example.", false},
	    {"*.*.svc.example", "web.svc.example.", false},
	    {"*.*.svc.example", "a.web.svc.example.", true},
	    {"*.*.svc.example", "a.b.web.svc.example.", true},
	    {"**.svc.example", "web.svc.example.", true},
	    {"**.svc.example", "a.web.svc.example.", false},
	};

	CHECK(table);
}

Test(pattern, globs_work_inside_labels, .timeout = 5)
{
	static const struct match table[] = {
	    {"web-*.svc.example", "web-1.svc.example.", true},
	    {"web-*.svc.example", "web-.svc.example.", true},
	    {"web-*.svc.example", "WEB-17.svc.example.", true},
	    {"web-*.svc.example", "web.svc.example.", false},
	    {"web-*.svc.example", "a.web-1.svc.example.", false},
	    {"web-?.svc.example", "web-1.svc.example.", true},
	    {"web-?.svc.example", "web-12.svc.example.", false},
	    {"web-?.svc.example", "web-.svc.example.", false},
	    {"*a*b*.x", "zazbz.x.", true},
	    {"*a*b*.x", "zbza.x.", false},
	    {"*ab.x", "aab.x.", true},
	    {"a*bc.x", "abcbc.x.", true},
	    {"a*bc.x", "abcbcd.x.", false},
	    {"*.a*.x", "q.r.abc.x.", true},
	    {"*.a*.x", "q.r.babc.x.", false},
	};

	CHECK(table);
}

/* RFC 1035 5.1: what is escaped loses its meaning. */
Test(pattern, escaped_globs_are_themselves, .timeout = 5)
{
	static const struct match table[] = {
	    {"\\*.web.example", "\\*.web.example.", true},
	    {"\\*.web.example", "a.web.example.", false},
	    {"\\042.web.example", "\\*.web.example.", true},
	    {"\\042.web.example", "a.web.example.", false},
	    {"a\\?.web.example", "a\\?.web.example.", true},
	    {"a\\?.web.example", "ab.web.example.", false},
	    {"*.web.example", "\\*.web.example.", true},
	    {"a\\.b*.example", "a\\.bc.example.", true},
	    {"a\\.b*.example", "a.bc.example.", false},
	    {"\\065*.example", "abc.example.", true},
	};

	CHECK(table);
}

Test(pattern, octets_above_ascii_are_octets, .timeout = 5)
{
	static const struct match table[] = {
	    {"\\195\\164?.example", "\\195\\164x.example.", true},
	    {"??.example", "\\195\\164.example.", true},
	    {"?.example", "\\195\\164.example.", false},
	    {"\\000*.example", "\\000.example.", true},
	};

	CHECK(table);
}

Test(pattern, broken_text_is_no_pattern, .timeout = 5)
{
	static const char label64[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaa.example";
	struct pattern p;

	cr_expect_eq(pattern_compile("", &p), ERR_SYNTAX);
	cr_expect_eq(pattern_compile("@", &p), ERR_SYNTAX);
	cr_expect_eq(pattern_compile("a..b", &p), ERR_SYNTAX);
	cr_expect_eq(pattern_compile("a\\", &p), ERR_SYNTAX);
	cr_expect_eq(pattern_compile("\\999.x", &p), ERR_SYNTAX);
	cr_expect_eq(pattern_compile(label64, &p), ERR_LIMIT);
}

/* A label of stars against one that fits only nearly: no exponential case. */
Test(pattern, many_stars_cost_no_more_than_the_product, .timeout = 5)
{
	char text[80], name[80];
	struct pattern p;
	struct name wire;

	for (size_t i = 0; i < 62; i += 2)
		memcpy(text + i, "*a", 2);
	strcpy(text + 62, "b.x");
	memset(name, 'a', 63);
	strcpy(name + 63, ".x");
	p = pattern_of(text);
	wire = name_of(name);
	for (unsigned i = 0; i < 100000; i++)
		cr_assert(!pattern_matches(&p, wire.wire));
}

Test(pattern, lies_in_a_zone_if_its_tail_is_the_apex, .timeout = 5)
{
	static const struct match table[] = {
	    {"*.web.svc.example", "svc.example.", true},
	    {"*.svc.example", "SVC.example.", true},
	    {"svc.example", "svc.example.", true},
	    {"*.example", "svc.example.", false},
	    {"*", "svc.example.", false},
	    {"*", ".", true},
	    {"a.s?c.example", "svc.example.", false},
	    {"a.*.example", "svc.example.", false},
	    {"xsvc.example", "svc.example.", false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct pattern p = pattern_of(table[i].pattern);
		struct name name = name_of(table[i].name);

		cr_expect_eq(pattern_is_in(&p, name.wire), table[i].expected,
		    "%s in %s", table[i].pattern, table[i].name);
	}
}

Test(pattern, reaches_a_zone_if_any_name_there_matches)
{
	static const struct {
		const char *pattern;
		const char *apex;
		bool expected;
	} table[] = {
	    {"*", "svc.example", true},
	    {"*.web.svc.example", "svc.example", true},
	    {"svc.example", "svc.example", true},
	    {"SVC.example", "svc.Example", true},
	    {"*.example", "svc.example", true},
	    {"*.svc.example", "svc.example", true},
	    {"a.*.example", "svc.example", true},
	    {"a.s?c.*", "svc.example", true},
	    {"*.example", "a.b.svc.example", true},
	    {"example", "svc.example", false},
	    {"web.example", "svc.example", false},
	    {"*.web.example", "svc.example", false},
	    {"*.org", "svc.example", false},
	    {"*.svc.example", "a.svd.example", false},
	    {"a.b", ".", true},
	    {"*", ".", true},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct pattern p;
		struct name apex;

		cr_assert_eq(pattern_compile(table[i].pattern, &p), OK);
		cr_assert_eq(name_from_text(table[i].apex, NULL, &apex), OK);
		cr_expect_eq(pattern_reaches(&p, apex.wire), table[i].expected,
		    "%s in %s", table[i].pattern, table[i].apex);
	}
}
