/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/wire.h"

TestSuite(wire, .timeout = 10);

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static struct name
parse(const char *text)
{
	struct name name;

	cr_assert_eq(name_from_text(text, NULL, &name), OK, "%s", text);
	return name;
}

static void
put(struct wire_writer *w, const char *text)
{
	struct name name = parse(text);

	wire_put_name(w, name.wire);
}

Test(wire, integers_are_in_network_order)
{
	uint8_t buf[7];
	struct wire_writer w;
	struct wire_reader r;

	wire_writer_init(&w, buf, sizeof(buf));
	wire_put_u8(&w, 0x01);
	wire_put_u16(&w, 0x0203);
	wire_put_u32(&w, 0x84050607);
	cr_assert(!w.failed);
	cr_expect_arr_eq(buf, "\x01\x02\x03\x84\x05\x06\x07", 7);
	r = wire_reader(buf, w.len);
	cr_expect_eq(wire_get_u8(&r), 0x01);
	cr_expect_eq(wire_get_u16(&r), 0x0203);
	cr_expect_eq(wire_get_u32(&r), 0x84050607);
	cr_expect(!r.failed);
	cr_expect_eq(r.pos, 7);
}

Test(wire, a_reader_that_failed_stays_failed)
{
	struct wire_reader r = wire_reader((const uint8_t *)"\1\2\3", 3);
	struct name name;

	cr_expect_eq(wire_get_u32(&r), 0);
	cr_expect(r.failed);
	cr_expect_eq(wire_get_u8(&r), 0);
	cr_expect_null(wire_get_bytes(&r, 0));
	wire_get_name(&r, &name);
	cr_expect_eq(name.len, 1);
	cr_expect_eq(r.pos, 0);
}

Test(wire, a_writer_that_overflowed_stays_failed_and_whole)
{
	uint8_t buf[4] = {9, 9, 9, 9};
	struct wire_writer w;

	wire_writer_init(&w, buf, 3);
	wire_put_u16(&w, 1);
	wire_put_u16(&w, 2);
	cr_expect(w.failed);
	wire_put_u8(&w, 3);
	put(&w, ".");
	wire_put_bytes(&w, "x", 1);
	cr_expect_eq(w.len, 2);
	cr_expect_eq(w.targets, 0);
	cr_expect_arr_eq(buf, "\0\1\x09\x09", 4);
	cr_expect_null(wire_put_room(&w, SIZE_MAX));
}

/* RFC 1035 4.1.4, strictly: each row is a message with the name at start. */
Test(wire, names_are_read_through_pointers_that_lead_back)
{
	static const struct {
		const char *msg;
		size_t len, start;
		const char *expected; /* NULL: refused */
		size_t end;
	} rows[] = {
	    {"\0", 1, 0, ".", 1},
	    {"\1a\0", 3, 0, "a.", 3},
	    {"\1a\0\300\0", 5, 3, "a.", 5},
	    {"\1a\0\1b\300\0", 7, 3, "b.a.", 7},
	    {"\1a\0\1b\300\0\300\3", 9, 7, "b.a.", 9},
	    {"\0\300\0\300\1", 5, 3, ".", 5},
	    /* cut off */
	    {"", 0, 0, NULL, 0},
	    {"\1", 1, 0, NULL, 0},
	    {"\1a", 2, 0, NULL, 0},
	    {"\0\300", 2, 1, NULL, 0},
	    /* to itself, forward, and into the labels read so far */
	    {"\300\0", 2, 0, NULL, 0},
	    {"\300\2\0", 3, 0, NULL, 0},
	    {"\1a\300\0", 4, 0, NULL, 0},
	    {"\0\1a\300\1", 5, 1, NULL, 0},
	    {"\0\1a\300\2", 5, 1, NULL, 0},
	    /* two that point at each other */
	    {"\300\2\300\0", 4, 2, NULL, 0},
	    {"\300\377\0", 3, 0, NULL, 0},
	    /* reserved kinds of label */
	    {"\100a\0", 3, 0, NULL, 0},
	    {"\200\0\0", 3, 0, NULL, 0},
	};
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		uint8_t *exact = malloc(rows[i].len + 1);
		struct wire_reader r = wire_reader(exact + 1, rows[i].len);
		struct wire_reader skip;
		struct name name;
		char text[NAME_TEXT_LEN];

		memcpy(exact + 1, rows[i].msg, rows[i].len);
		r.pos = rows[i].start;
		skip = r;
		wire_get_name(&r, &name);
		wire_skip_name(&skip);
		cr_expect_eq(r.failed, rows[i].expected == NULL, "row %zu", i);
		cr_expect_eq(skip.failed, r.failed, "row %zu", i);
		name_to_text(name.wire, text);
		if (rows[i].expected != NULL) {
			cr_expect_str_eq(text, rows[i].expected);
			cr_expect_eq(r.pos, rows[i].end, "row %zu", i);
			cr_expect_eq(skip.pos, rows[i].end, "row %zu", i);
		} else {
			cr_expect_str_eq(text, ".");
		}
		free(exact);
	}
}

Test(wire, names_longer_than_255_octets_are_refused)
{
	uint8_t msg[600] = {0};
	struct wire_reader r;
	struct name name;
	size_t i;

	/* 127 labels and the root are 255 octets; one more label in front,
	 * joined by a pointer, is too much. */
	for (i = 0; i < NAME_MAX_LABELS; i++)
		msg[2 * i] = 1;
	msg[255] = 1;
	msg[257] = 0xc0;
	msg[259] = 1;
	msg[261] = 0xc0;
	msg[262] = 2;
	r = wire_reader(msg, sizeof(msg));
	wire_get_name(&r, &name);
	cr_expect(!r.failed);
	cr_expect_eq(name.len, 255);
	wire_get_name(&r, &name);
	cr_expect(r.failed);
	r = wire_reader(msg, sizeof(msg));
	r.pos = 259;
	wire_get_name(&r, &name);
	cr_expect(!r.failed);
	cr_expect_eq(name.len, 255);
}

/* As many pointers as fit, each to the one before: still linear. */
Test(wire, chains_of_pointers_are_bounded)
{
	static uint8_t msg[0x4000];
	struct wire_reader r;
	struct name name;
	size_t at;

	for (at = 2; at + 2 <= sizeof(msg); at += 2)
		wire_store_u16(
		    msg + at, (uint16_t)(0xc000 | (at == 2 ? 0 : at - 2)));
	r = wire_reader(msg, sizeof(msg));
	r.pos = 2 * (NAME_MAX_LABELS - 1) + 2;
	wire_get_name(&r, &name);
	cr_expect(!r.failed);
	cr_expect_eq(name.len, 1);
	r = wire_reader(msg, sizeof(msg));
	r.pos = sizeof(msg) - 2;
	wire_get_name(&r, &name);
	cr_expect(r.failed);
}

Test(wire, the_longest_known_suffix_becomes_a_pointer)
{
	uint8_t buf[512];
	struct wire_writer w;

	wire_writer_init(&w, buf, sizeof(buf));
	wire_put_bytes(&w, "123456789012", 12);
	put(&w, "web.svc.example"); /* at 12 */
	cr_expect_eq(w.len, 12 + 17);
	put(&w, "WEB.svc.example"); /* whole */
	cr_expect_arr_eq(buf + 29, "\xc0\x0c", 2);
	put(&w, "a.Svc.example"); /* from svc on; at 31 */
	cr_expect_arr_eq(buf + 31, "\1a\xc0\x10", 4);
	put(&w, "b.a.svc.example"); /* through the one before */
	cr_expect_arr_eq(buf + 35, "\1b\xc0\x1f", 4);
	put(&w, "svc.other"); /* same label, other parent */
	cr_expect_arr_eq(buf + 39, "\3svc\5other\0", 11);
	put(&w, ".");
	cr_expect_arr_eq(buf + 50, "\0", 1);
	put(&w, "example");
	cr_expect_arr_eq(buf + 51, "\xc0\x14", 2);
	cr_expect(!w.failed);
	cr_expect_eq(w.len, 53);
}

Test(wire, plain_names_are_neither_compressed_nor_remembered)
{
	uint8_t buf[64];
	struct wire_writer w;
	struct name name = parse("a.b");

	wire_writer_init(&w, buf, sizeof(buf));
	wire_put_name_plain(&w, name.wire);
	wire_put_name(&w, name.wire);
	wire_put_name_plain(&w, name.wire);
	cr_expect_eq(w.len, 15);
	cr_expect_arr_eq(buf, "\1a\1b\0\1a\1b\0\1a\1b\0", 15);
}

Test(wire, a_noted_name_can_be_pointed_at)
{
	uint8_t buf[64];
	struct wire_writer w;

	wire_writer_init(&w, buf, sizeof(buf));
	wire_put_bytes(&w, "xx\3Web\3svc\0", 11);
	wire_note_name(&w, 2);
	put(&w, "web.svc");
	put(&w, "a.svc");
	cr_expect_arr_eq(buf + 11, "\xc0\x02\1a\xc0\x06", 6);
}

Test(wire, what_is_no_plain_name_is_not_noted)
{
	uint8_t buf[64];
	struct wire_writer w;

	wire_writer_init(&w, buf, sizeof(buf));
	wire_put_bytes(&w, "\1a\0\1b\xc0\0\1c", 9);
	wire_note_name(&w, 3);
	wire_note_name(&w, 7);
	wire_note_name(&w, 9);
	wire_note_name(&w, 1000);
	cr_expect_eq(w.targets, 0);
}

/* RFC 1035 4.1.4: an offset has 14 bits. */
Test(wire, no_pointer_leads_beyond_16383)
{
	static uint8_t buf[0x4100];
	static uint8_t filler[0x4000];
	struct wire_writer w;

	/* The label "b" starts at 0x4000, "a" before it. */
	wire_writer_init(&w, buf, sizeof(buf));
	wire_put_bytes(&w, filler, 0x3ffe);
	put(&w, "a.b");
	put(&w, "a.b");
	cr_expect_eq(w.len, 0x3ffe + 5 + 5);
	/* "b" at 0x3fff is the last that can be named. */
	wire_writer_init(&w, buf, sizeof(buf));
	wire_put_bytes(&w, filler, 0x3ffd);
	put(&w, "a.b");
	put(&w, "b");
	put(&w, "a.b");
	cr_expect_eq(w.len, 0x3ffd + 5 + 2 + 2);
	cr_expect_arr_eq(buf + 0x3ffd + 5, "\xff\xff\xff\xfd", 4);
}

Test(wire, rewinding_forgets_names_beyond_and_clears_the_failure)
{
	uint8_t buf[32];
	struct wire_writer w;
	size_t len;

	wire_writer_init(&w, buf, sizeof(buf));
	put(&w, "svc.example");
	len = w.len;
	put(&w, "a.svc.example");
	put(&w, "other");
	put(&w, "this-one-is-too-long-for-it");
	cr_expect(w.failed);
	wire_rewind(&w, len);
	cr_expect(!w.failed);
	cr_expect_eq(w.len, len);
	cr_expect_eq(w.targets, 2);
	wire_put_bytes(&w, "xxxxxxxxx", 9);
	put(&w, "a.svc.example");
	cr_expect_arr_eq(buf + len + 9, "\1a\xc0\0", 4);
}

/* Also where the length falls inside a name, which is then no target. */
Test(wire, rewinding_into_a_name_forgets_it)
{
	struct name name = parse("a.b.c");
	size_t len;

	for (len = 0; len <= 16; len++) {
		uint8_t buf[64];
		struct wire_writer w;
		unsigned i;

		wire_writer_init(&w, buf, sizeof(buf));
		wire_put_name(&w, name.wire);
		put(&w, "x.b.c");
		put(&w, "y.x.b.c");
		wire_rewind(&w, len < w.len ? len : w.len);
		memset(buf + w.len, 0xff, sizeof(buf) - w.len);
		for (i = 0; i < w.targets; i++) {
			struct wire_reader r = wire_reader(buf, w.len);

			r.pos = w.target[i];
			wire_skip_name(&r);
			cr_expect(!r.failed, "length %zu target %u", len, i);
		}
	}
}

/* Whatever is written comes out again, however many names there are. */
Test(wire, random_names_survive_compression)
{
	enum { NAMES = 400 };
	static uint8_t buf[65535];
	static struct name names[NAMES];
	struct wire_writer w;
	struct wire_reader r;
	uint32_t random = 12345;
	unsigned i, n;

	wire_writer_init(&w, buf, sizeof(buf));
	for (i = 0; i < NAMES; i++) {
		struct name name = {.len = 1};

		random = random * 1664525 + 1013904223;
		for (n = random >> 24 & 7; n > 0; n--) {
			struct name longer;
			uint8_t label[2];

			random = random * 1664525 + 1013904223;
			label[0] = (uint8_t)("abAB"[random >> 30]);
			label[1] = (uint8_t)("xyXY"[random >> 28 & 3]);
			cr_assert(name_prepend(
			    &longer, label, 1 + (random >> 20 & 1), name.wire));
			name = longer;
		}
		names[i] = name;
		wire_put_name(&w, name.wire);
	}
	cr_assert(!w.failed);
	cr_expect_eq(w.targets, WIRE_COMPRESS_NAMES);
	r = wire_reader(buf, w.len);
	for (i = 0; i < NAMES; i++) {
		struct name name;

		wire_get_name(&r, &name);
		cr_assert(!r.failed);
		cr_expect(name_equal(name.wire, names[i].wire), "%u", i);
	}
	cr_expect_eq(r.pos, w.len);
}
