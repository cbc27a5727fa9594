/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/name.h"

TestSuite(name, .timeout = 10);

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static struct name
parse(const char *text)
{
	struct name name;

	cr_assert_eq(name_from_text(text, NULL, &name), OK, "%s", text);
	return name;
}

/* A name of exactly 255 octets, and of 127 labels. */
static const char *
longest_text(char text[300])
{
	size_t i;

	for (i = 0; i < NAME_MAX_LABELS; i++)
		memcpy(text + 2 * i, "a.", 3);
	return text;
}

Test(name, check_accepts_what_is_whole_and_no_more)
{
	static const struct {
		const char *wire;
		size_t avail;
		size_t expected; /* 0: refused */
	} rows[] = {
	    {"\0", 1, 1},
	    {"\0", 0, 0},
	    {"\1a\0", 3, 3},
	    {"\1a\0zzz", 6, 3},
	    {"\1a\0", 2, 0},
	    {"\1a", 1, 0},
	    {"\3www\2ab\0", 8, 8},
	    {"\100aaaaaaaa", 9, 0},
	    {"\1a\300\0", 4, 0},
	    {"\200\0", 2, 0},
	};
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		size_t len = 0;
		bool ok = name_check(
		    (const uint8_t *)rows[i].wire, rows[i].avail, &len);

		cr_expect_eq(ok, rows[i].expected != 0, "row %zu", i);
		cr_expect_eq(len, rows[i].expected, "row %zu", i);
	}
}

Test(name, check_refuses_more_than_255_octets)
{
	uint8_t wire[300] = {0};
	size_t i, len;

	for (i = 0; i < NAME_MAX_LABELS; i++)
		wire[2 * i] = 1;
	cr_expect(name_check(wire, sizeof(wire), &len));
	cr_expect_eq(len, 255);
	cr_expect_eq(name_labels(wire), NAME_MAX_LABELS);
	wire[252] = 2;
	cr_expect(!name_check(wire, sizeof(wire), &len));
}

Test(name, text_goes_in_and_comes_out)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {".", "."},
	    {"@", "."},
	    {"a", "a."},
	    {"Web.Svc.Example.", "Web.Svc.Example."},
	    {"_http._tcp.web", "_http._tcp.web."},
	    {"a\\.b.c", "a\\.b.c."},
	    {"a\\046b.c", "a\\.b.c."},
	    {"\\065.", "A."},
	    {"\\000\\255.x", "\\000\\255.x."},
	    {"My\\ Printer._ipp", "My\\032Printer._ipp."},
	    {"\\@.x", "\\@.x."},
	    {"a\\\\b", "a\\\\b."},
	    {"\\\"\\(\\)\\;\\$", "\\\"\\(\\)\\;\\$."},
	    {"*.x.", "*.x."},
	};
	char text[NAME_TEXT_LEN];
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		struct name name = parse(rows[i].in);

		cr_expect_str_eq(name_to_text(name.wire, text), rows[i].out);
		cr_expect_eq(name.len, name_len(name.wire));
	}
}

Test(name, broken_text_is_refused_and_the_result_untouched)
{
	static const struct {
		const char *in;
		enum error expected;
	} rows[] = {
	    {"", ERR_SYNTAX},
	    {"..", ERR_SYNTAX},
	    {".a", ERR_SYNTAX},
	    {"a..b", ERR_SYNTAX},
	    {"a..", ERR_SYNTAX},
	    {"a\\", ERR_SYNTAX},
	    {"a\\1", ERR_SYNTAX},
	    {"a\\12", ERR_SYNTAX},
	    {"a\\12x", ERR_SYNTAX},
	    {"a\\256", ERR_SYNTAX},
	    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234",
		ERR_LIMIT},
	};
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		struct name name = {.len = 77};

		cr_expect_eq(name_from_text(rows[i].in, NULL, &name),
		    rows[i].expected, "%s", rows[i].in);
		cr_expect_eq(name.len, 77);
	}
}

Test(name, text_of_a_name_too_long_is_refused)
{
	char text[300];
	struct name name = parse(longest_text(text));

	cr_expect_eq(name.len, NAME_MAX_LEN);
	memcpy(text + 254, "b", 2);
	cr_expect_eq(name_from_text(text, NULL, &name), ERR_LIMIT);
	memcpy(text + 252, "bb", 3);
	cr_expect_eq(name_from_text(text, NULL, &name), ERR_LIMIT);
	/* The origin counts too. */
	text[252] = '\0';
	cr_expect_eq(name_from_text("a.b", name.wire, &name), ERR_LIMIT);
}

Test(name, relative_text_is_completed_by_the_origin)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"@", "svc.example."},
	    {"web", "web.svc.example."},
	    {"a.b", "a.b.svc.example."},
	    {"web.", "web."},
	    {"web\\.", "web\\..svc.example."},
	    {".", "."},
	};
	struct name origin = parse("svc.example");
	char text[NAME_TEXT_LEN];
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		struct name name;

		cr_assert_eq(
		    name_from_text(rows[i].in, origin.wire, &name), OK);
		cr_expect_str_eq(name_to_text(name.wire, text), rows[i].out);
	}
	/* The result may take the place of the origin. */
	cr_assert_eq(name_from_text("x", origin.wire, &origin), OK);
	cr_expect_str_eq(name_to_text(origin.wire, text), "x.svc.example.");
}

Test(name, the_longest_text_fits_its_buffer)
{
	struct name name = {.len = 255};
	char text[NAME_TEXT_LEN];
	size_t at = 0;

	memset(name.wire, 0xff, sizeof(name.wire));
	for (; at < 192; at += 64)
		name.wire[at] = 63;
	name.wire[192] = 61;
	name.wire[254] = 0;
	cr_assert_eq(name_len(name.wire), 255);
	cr_expect_eq(strlen(name_to_text(name.wire, text)), 250 * 4 + 4);
}

Test(name, equality_ignores_ascii_case_only)
{
	static const struct {
		const char *a, *b;
		bool expected;
	} rows[] = {
	    {".", ".", true},
	    {".", "a", false},
	    {"a", "A", true},
	    {"a", "b", false},
	    {"abcdefgh.ijklmnop", "ABCDEFGH.IJKLMNOP", true},
	    {"abcdefgh.ijklmnop", "ABCDEFGH.IJKLMNOQ", false},
	    {"web.svc.example", "WEB.svc.example", true},
	    {"web.svc.example", "web.svc.example.com", false},
	    {"ab.c", "a.bc", false},
	    {"[", "{", false},
	    {"@longer.than.eight", "`longer.than.eight", false},
	    {"\\193longer.than.eight", "\\225longer.than.eight", false},
	    {"x\\000longer.than.eight", "x\\032longer.than.eight", false},
	};
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		struct name a = parse(rows[i].a), b = parse(rows[i].b);

		cr_expect_eq(name_equal(a.wire, b.wire), rows[i].expected,
		    "%s %s", rows[i].a, rows[i].b);
		cr_expect_eq(name_equal(b.wire, a.wire), rows[i].expected);
		cr_expect_eq(name_hash(a.wire) == name_hash(b.wire),
		    rows[i].expected, "hash of %s %s", rows[i].a, rows[i].b);
	}
}

Test(name, a_name_is_in_itself_and_its_ancestors)
{
	static const struct {
		const char *name, *ancestor;
		bool expected;
	} rows[] = {
	    {"a.b.c", ".", true},
	    {"a.b.c", "C", true},
	    {"a.b.c", "B.c", true},
	    {"a.b.c", "a.b.c", true},
	    {"a.b.c", "x.a.b.c", false},
	    {"xb.c", "b.c", false},
	    {".", ".", true},
	    {".", "a", false},
	    {"a.b", "c", false},
	    /* The ancestor's octets stand at the end, but inside a label. */
	    {"x\\001c", "c", false},
	};
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		struct name a = parse(rows[i].name);
		struct name b = parse(rows[i].ancestor);

		cr_expect_eq(name_is_in(a.wire, b.wire), rows[i].expected,
		    "%s %s", rows[i].name, rows[i].ancestor);
	}
}

/* The example of RFC 4034 6.1, with more at its ends. */
Test(name, canonical_order)
{
	static const char *const rows[] = {".", "example", "a.example",
	    "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example",
	    "\\001.z.example", "*.z.example", "\\200.z.example", "examplf"};
	size_t i, k;

	for (i = 0; i < ROWS(rows); i++)
		for (k = 0; k < ROWS(rows); k++) {
			struct name a = parse(rows[i]), b = parse(rows[k]);
			int got = name_compare(a.wire, b.wire);

			cr_expect_eq((got > 0) - (got < 0), (i > k) - (i < k),
			    "%s %s", rows[i], rows[k]);
		}
}

Test(name, strip_takes_labels_from_the_front)
{
	struct name name = parse("a.bc.d");

	cr_expect_eq(name_labels(name.wire), 3);
	cr_expect_eq(name_strip(name.wire, 0), name.wire);
	cr_expect_eq(name_strip(name.wire, 1), name.wire + 2);
	cr_expect_eq(name_strip(name.wire, 3), name.wire + 7);
	cr_expect_eq(name_labels(name_strip(name.wire, 3)), 0);
}

Test(name, prepend_stops_at_255_octets)
{
	char text[300];
	struct name suffix = parse("svc.example"), to;
	uint8_t label[LABEL_MAX_LEN];

	memset(label, 'x', sizeof(label));
	cr_assert(name_prepend(&to, (const uint8_t *)"Web", 3, suffix.wire));
	cr_expect_str_eq(name_to_text(to.wire, text), "Web.svc.example.");
	cr_expect_eq(to.len, name_len(to.wire));
	longest_text(text);
	/* 191 octets and 64 are 255. */
	suffix = parse(text + 254 - 190);
	cr_assert_eq(suffix.len, 191);
	cr_expect(name_prepend(&to, label, 63, suffix.wire));
	cr_expect_eq(to.len, 255);
	suffix = parse(text + 254 - 192);
	cr_expect(!name_prepend(&to, label, 63, suffix.wire));
}

Test(name, lower_copies_exactly_the_name)
{
	static const char *const rows[][2] = {
	    {".", "."},
	    {"AbC", "abc."},
	    {"ABCDEF", "abcdef."},
	    {"ABCDEFG", "abcdefg."},
	    {"@AZ[`az{.\\193\\218", "\\@az[`az{.\\193\\218."},
	    {"WEB-01.Svc.EXAMPLE.Com", "web-01.svc.example.com."},
	};
	char text[NAME_TEXT_LEN];
	size_t i, len;

	for (i = 0; i < ROWS(rows); i++) {
		struct name name = parse(rows[i][0]);
		/* A sanitizer sees a step beyond either end of these. */
		uint8_t *from = malloc(name.len), *to = malloc(name.len);

		memcpy(from, name.wire, name.len);
		len = name_lower(to, from);
		cr_expect_eq(len, name.len);
		cr_expect_str_eq(name_to_text(to, text), rows[i][1]);
		free(from);
		free(to);
	}
}

/* What the tree of zones relies on: each suffix hashes as if it stood alone. */
Test(name, a_key_holds_every_suffix_and_its_hash)
{
	static const char *const rows[] = {".", "a", "A.b", "web.svc.example",
	    "_HTTP._tcp.Web.svc.EXAMPLE",
	    "fifteen-octets1.sixteen--octets1.seventeen-octets.x",
	    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffffff12."
	    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffffff12."
	    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffffff12."
	    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffffff"};
	char longest[300];
	size_t i;
	unsigned n;

	for (i = 0; i <= ROWS(rows); i++) {
		struct name name =
		    parse(i < ROWS(rows) ? rows[i] : longest_text(longest));
		uint8_t *exact = malloc(name.len);
		struct name_key key;

		memset(&key, 0xa5, sizeof(key));
		memcpy(exact, name.wire, name.len);
		name_key_init(&key, exact);
		cr_expect_eq(key.len, name.len);
		cr_expect_eq(key.labels, name_labels(name.wire));
		cr_expect(name_equal(key.wire, name.wire));
		for (n = 0; n <= key.labels; n++) {
			const uint8_t *suffix = name_strip(name.wire, n);

			cr_expect_eq(key.label[n], suffix - name.wire);
			cr_expect_eq(key.hash[n], name_hash(suffix),
			    "row %zu, suffix %u", i, n);
		}
		free(exact);
	}
}

Test(name, hashes_depend_on_the_seed_and_on_every_octet)
{
	struct name name = parse("seventeen-octets.web.svc.example");
	uint64_t hash, other;
	size_t i;

	name_hash_seed(1);
	hash = name_hash(name.wire);
	name_hash_seed(2);
	cr_expect_neq(name_hash(name.wire), hash);
	name_hash_seed(1);
	cr_expect_eq(name_hash(name.wire), hash);
	for (i = 1; i < name.len; i++) {
		struct name changed = name;

		if (changed.wire[i] < 32)
			continue;
		changed.wire[i] ^= 1;
		other = name_hash(changed.wire);
		cr_expect_neq(other, hash);
		/* Tables use the low bits, sketches the high ones. */
		cr_expect_neq((uint32_t)other, (uint32_t)hash);
		cr_expect_neq(other >> 32, hash >> 32);
	}
}

/* Tables of names that count up must not degenerate. */
Test(name, hashes_of_similar_names_spread)
{
	enum { NAMES = 1 << 14 };
	static uint8_t bucket[NAMES];
	char text[64];
	unsigned i, used = 0;

	for (i = 0; i < NAMES; i++) {
		struct name name;

		snprintf(text, sizeof(text), "host%u.svc.example.", i);
		name = parse(text);
		bucket[name_hash(name.wire) % NAMES] = 1;
	}
	for (i = 0; i < NAMES; i++)
		used += bucket[i];
	/* 1 - 1/e of them are expected: 10357, deviation about 40. */
	cr_expect(used > 10100 && used < 10600, "%u buckets used", used);
}
