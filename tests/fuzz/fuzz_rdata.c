/* SPDX-License-Identifier: Apache-2.0 */

/* fuzz_rdata - names and RDATA of a hostile message.
 *
 * The first two octets say a type, the next where the RDATA starts; the rest
 * is the message.  Whatever comes in must be refused, or come out again the
 * same through each of the ways it can take.  Checks are ifs with abort(), so
 * that they stay whatever NDEBUG says. */
#include <stdlib.h>
#include <string.h>

#include "zones/dns/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EXPECT(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

/* A name that was read is valid, prints, parses, hashes and compares. */
static void
try_name(const struct name *name)
{
	char text[NAME_TEXT_LEN];
	struct name again;
	struct name_key key;
	uint8_t lower[NAME_MAX_LEN];
	size_t len;

	EXPECT(name_check(name->wire, name->len, &len) && len == name->len);
	name_to_text(name->wire, text);
	EXPECT(strlen(text) < NAME_TEXT_LEN);
	EXPECT(name_from_text(text, NULL, &again) == OK);
	EXPECT(again.len == name->len);
	EXPECT(memcmp(again.wire, name->wire, name->len) == 0);
	EXPECT(name_lower(lower, name->wire) == name->len);
	EXPECT(name_equal(lower, name->wire));
	EXPECT(name_compare(lower, name->wire) == 0);
	name_key_init(&key, name->wire);
	EXPECT(key.labels == name_labels(name->wire));
	EXPECT(key.hash[0] == name_hash(lower));
	EXPECT(memcmp(key.wire, lower, name->len) == 0);
}

/* All names that stand one behind the other, written into one message. */
static void
try_names(const uint8_t *msg, size_t len)
{
	static uint8_t buf[65535];
	struct wire_reader r = wire_reader(msg, len);
	struct wire_reader back;
	struct wire_writer w;
	struct name name, before = {.len = 1};
	size_t half = 0;
	unsigned i, n = 0;

	wire_writer_init(&w, buf, len < 64 ? 300 : sizeof(buf));
	for (; r.pos < r.len; n++) {
		wire_get_name(&r, &name);
		if (r.failed)
			break;
		try_name(&name);
		EXPECT((name_compare(name.wire, before.wire) == 0) ==
		       name_equal(name.wire, before.wire));
		before = name;
		wire_put_name(&w, name.wire);
		if (w.failed)
			break;
		if (n == 5)
			half = w.len;
	}
	/* Forgetting the later ones must not hurt those that follow. */
	wire_rewind(&w, half);
	if (half > 0)
		wire_put_name(&w, before.wire);
	back = wire_reader(w.buf, w.len);
	for (r.pos = 0, r.failed = false, i = 0; half > 0 && i <= 5; i++) {
		wire_get_name(&r, &name);
		wire_get_name(&back, &before);
		EXPECT(!back.failed && name_equal(name.wire, before.wire));
	}
}

/* RDATA that was read is well-formed, equals itself, and survives writing. */
static void
try_rdata(uint16_t type, const uint8_t *rdata, size_t len)
{
	static uint8_t buf[65535 + 512], again[RDATA_MAX_LEN];
	uint8_t *exact = malloc(len + 1);
	const uint8_t *target;
	struct wire_writer w;
	struct wire_reader r;
	size_t again_len, target_len;

	/* The octet in front is no part of it: steps beyond it are seen. */
	memcpy(exact + 1, rdata, len);
	EXPECT(rdata_check(type, exact + 1, len));
	EXPECT(rdata_compare(type, exact + 1, len, rdata, len) == 0);
	target = rdata_target(type, exact + 1, len);
	if (target != NULL)
		EXPECT(name_check(
		    target, len - (size_t)(target - exact - 1), &target_len));
	wire_writer_init(&w, buf, sizeof(buf));
	wire_put_name(&w, (const uint8_t *)"\1a\1b");
	rdata_put(&w, type, exact + 1, len);
	EXPECT(!w.failed);
	r = wire_reader(buf, w.len);
	wire_skip_name(&r);
	again_len = wire_get_u16(&r);
	EXPECT(rdata_read(&r, type, (uint16_t)again_len, again, &again_len));
	EXPECT(r.pos == w.len && again_len == len);
	/* A pointer may stand for a name in other case. */
	EXPECT(rdata_compare(type, again, len, exact + 1, len) == 0);
	free(exact);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t rdata[RDATA_MAX_LEN];
	struct wire_reader r;
	uint16_t type;
	size_t rdata_len, place;
	char text[16];

	if (size < 3 || size - 3 > RDATA_MAX_LEN)
		return 0;
	type = wire_load_u16(data);
	place = data[2];
	EXPECT(type == type_from_text(type_to_text(type, text)));
	data += 3;
	size -= 3;
	try_names(data, size);
	if (place > size)
		return 0;
	/* Any octets may be asked about, well-formed or not. */
	rdata_target(type, data + place, size - place);
	rdata_compare(type, data, place, data + place, size - place);
	r = wire_reader(data, size);
	r.pos = place;
	if (rdata_read(&r, type, (uint16_t)(size - place), rdata, &rdata_len)) {
		EXPECT(r.pos == size);
		try_rdata(type, rdata, rdata_len);
	} else {
		EXPECT(r.pos == place);
	}
	return 0;
}
