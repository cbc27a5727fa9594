/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/txt.h"

TestSuite(txt, .timeout = 10);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* RDATA in strings: "\5a=b,c" is a string of five octets. */
#define RDATA(text) (const uint8_t *)(text), sizeof(text) - 1

static void
expect_value(
    const uint8_t *rdata, size_t rdlen, const char *key, const char *expected)
{
	size_t len = 4711;
	const uint8_t *value = txt_find(rdata, rdlen, key, &len);

	if (expected == NULL) {
		cr_expect_null(value, "%s", key);
		cr_expect_eq(len, 4711, "%s", key);
		return;
	}
	cr_assert_not_null(value, "%s", key);
	cr_assert_eq(len, strlen(expected), "%s", key);
	cr_expect_eq(memcmp(value, expected, len), 0, "%s", key);
}

Test(txt, a_key_has_what_follows_its_first_equals_sign)
{
	expect_value(RDATA("\3a=b"), "a", "b");
	expect_value(RDATA("\5a=b=c"), "a", "b=c");
	expect_value(RDATA("\2a="), "a", "");
	expect_value(RDATA("\1a"), "a", "");
	expect_value(RDATA("\3b=a\4ab=c\3a=d"), "a", "d");
	expect_value(RDATA("\3a=b"), "b", NULL);
	expect_value(RDATA("\3a=b"), "ab", NULL);
	expect_value(RDATA("\0"), "a", NULL);
	expect_value(RDATA(""), "a", NULL);
}

/* RFC 6763 6.4. */
Test(txt, keys_are_compared_case_blind_and_the_first_counts)
{
	expect_value(RDATA("\6SITE=x\6site=y"), "site", "x");
	expect_value(RDATA("\4Site\6site=y"), "site", "");
}

/* RFC 6763 6.4: a string that begins with = has no key. */
Test(txt, a_string_without_a_key_is_skipped)
{
	expect_value(RDATA("\2=x\3a=b"), "", NULL);
	expect_value(RDATA("\2=x\3a=b"), "a", "b");
	expect_value(RDATA("\0\3a=b"), "", NULL);
	expect_value(RDATA("\0\3a=b"), "a", "b");
}

Test(txt, a_string_that_overruns_the_rdata_ends_it)
{
	expect_value(RDATA("\4a=b"), "a", NULL);
	expect_value(RDATA("\3b=c\377a=b"), "a", NULL);
	expect_value(RDATA("\3b=c\377"), "b", "c");
	cr_expect_not(txt_has_label(RDATA("\377v2"), (const uint8_t *)"v2", 2));
}

Test(txt, a_label_is_a_string_or_one_of_the_tags)
{
	static const struct {
		const char *label;
		bool expected;
	} rows[] = {
	    {"v2", true},
	    {"V2", true},
	    {"canary", true},
	    {"eu west", true},
	    {"version=2", true},
	    {"VERSION=2", true},
	    {"version", false},
	    {"version=3", false},
	    {"version=", false},
	    {"alone", true},
	    {"alon", false},
	    {"alone=", false},
	    {"v", false},
	    {"v2,canary", false},
	    {"tags", false},
	    {"=x", false},
	    {"", false},
	};
	static const char rdata[] = "\2=x"
				    "\5alone"
				    "\24tags=v2,canary,,eu w"
				    "\11version=2"
				    "\3x=y";
	static const char whole[] = "\2=x"
				    "\5alone"
				    "\27tags=v2,canary,,eu west"
				    "\11version=2";

	for (size_t i = 0; i < COUNT(rows); i++)
		cr_expect_eq(
		    txt_has_label(RDATA(whole), (const uint8_t *)rows[i].label,
			strlen(rows[i].label)),
		    rows[i].expected, "%s", rows[i].label);
	cr_expect(txt_has_label(RDATA(rdata), (const uint8_t *)"eu w", 4));
	cr_expect_not(
	    txt_has_label(RDATA(rdata), (const uint8_t *)"eu west", 7));
}

Test(txt, the_first_tags_count_and_may_be_empty)
{
	cr_expect_not(
	    txt_has_label(RDATA("\5tags=\6tags=a"), (const uint8_t *)"b", 1));
	cr_expect(
	    txt_has_label(RDATA("\6TAGS=a\6tags=b"), (const uint8_t *)"a", 1));
	cr_expect_not(
	    txt_has_label(RDATA("\6TAGS=a\6tags=b"), (const uint8_t *)"b", 1));
}

Test(txt, a_label_holds_any_octets)
{
	static const uint8_t label[] = {0, '.', 0xff};

	cr_expect(txt_has_label(RDATA("\3\0.\377"), label, 3));
	cr_expect(txt_has_label(RDATA("\10tags=\0.\377"), label, 3));
	cr_expect_not(txt_has_label(RDATA("\10tags=\0.\376"), label, 3));
}

/* No octet beyond the RDATA is read, whatever it holds: the copies end where
 * it ends, for the sanitizer to see. */
Test(txt, any_rdata_is_walked_within_its_bounds)
{
	static const uint8_t some[] = {
	    0, 1, 2, 3, 7, 255, 't', 'a', 'g', 's', '=', ',', 'b'};
	uint32_t seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		size_t len = 1 + round % 40, found;
		uint8_t *rdata = malloc(len);

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			rdata[i] = some[(seed >> 24) % sizeof(some)];
		}
		const uint8_t *value = txt_find(rdata, len, "tags", &found);
		if (value != NULL)
			cr_assert(
			    value >= rdata && value + found <= rdata + len);
		(void)txt_has_label(rdata, len, (const uint8_t *)"a", 1);
		free(rdata);
	}
}
