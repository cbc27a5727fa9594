/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/dump.h"
#include "zones/change.h"

#define NOW_MS 1000000
#define MANY 5000

static struct zone_info info = {.labels = 2, .ttl = 30, .addresses = true};
static struct edition ed;
static struct change change;

static const uint8_t soa[] = "\2ns\3svc\7example\0\1h\3svc\7example\0"
			     "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";

/* An empty zone, being changed. */
static void
begin(void)
{
	struct zone *zone;

	cr_assert_eq(name_from_text("svc.example", NULL, &info.apex), OK);
	info.apex_hash = name_hash(info.apex.wire);
	edition_init(&ed, 1);
	zone = zone_new(&ed, &info);
	cr_assert_not_null(zone);
	edition_savepoint(&ed);
	change = (struct change){0};
	change_begin(&change, &ed, zone, NOW_MS);
}

static void
set_up(void)
{
	begin();
	cr_assert_eq(change_set_soa(&change, 30, soa, sizeof(soa) - 1), OK);
}

static void
sweep(void)
{
	struct block_list list = edition_publish(&ed);

	for (size_t i = 0; i < list.count; i++)
		free(list.block[i]);
	free(list.block);
}

static void
tear_down(void)
{
	struct zone *zone = change.zone;

	change_fini(&change);
	sweep();
	cr_assert_eq(zone_retire(&ed, zone), OK);
	sweep();
	edition_fini(&ed);
}

/* Adds a record; lease_s 0: static. */
static void
add(const char *owner, uint16_t type, const void *rdata, size_t rdlen,
    uint32_t lease_s)
{
	const struct change_grant grant = {
	    .granted_s = lease_s, .flags = lease_s == 0 ? RECORD_STATIC : 0};
	struct name_key key;
	struct name name;

	cr_assert_eq(name_from_text(owner, info.apex.wire, &name), OK);
	name_key_init(&key, name.wire);
	cr_assert_eq(
	    change_add(&change, &key, type, 30, rdata, rdlen, &grant), OK);
}

/* Gives the record that was added last its clock. */
static void
start_lease(uint32_t granted_s, int64_t left_ms)
{
	struct lease *lease =
	    record_lease(change.entry[change.entries - 1].record);

	lease->granted_s = granted_s;
	lease->deadline_ms = NOW_MS + left_ms;
}

/* The whole dump as "owner type lease/granted" lines. */
static char *
dump_text(void)
{
	struct dump_record record;
	struct dump *dump;
	char name[NAME_TEXT_LEN], type[16], *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	cr_assert(change_settle(&change));
	cr_assert_eq(dump_new(change.zone, &dump), OK);
	while (dump_next(dump, NOW_MS, &record)) {
		fprintf(to, "%s %s", name_to_text(record.owner, name),
		    type_to_text(record.type, type));
		if (record.granted_s > 0)
			fprintf(to, " %u/%u", record.left_s, record.granted_s);
		fputc('\n', to);
	}
	dump_free(dump);
	fclose(to);
	return text;
}

static void
expect(const char *expected)
{
	char *text = dump_text();

	cr_assert_str_eq(text, expected);
	free(text);
}

TestSuite(dump, .init = set_up, .fini = tear_down, .timeout = 10);

Test(dump, the_soa_comes_first_then_canonical_order)
{
	static const uint8_t a[] = {192, 0, 2, 1};

	add("z", TYPE_A, a, 4, 0);
	add("b.a", TYPE_A, a, 4, 0);
	add("*.a", TYPE_TXT, "\1x", 2, 0);
	add("a", TYPE_TXT, "\1x", 2, 0);
	add("a", TYPE_A, a, 4, 0);
	add("@", TYPE_A, a, 4, 0);
	expect("svc.example. SOA\nsvc.example. A\na.svc.example. A\n"
	       "a.svc.example. TXT\n*.a.svc.example. TXT\n"
	       "b.a.svc.example. A\nz.svc.example. A\n");
}

Test(dump, indexes_and_empty_names_are_not_in_it)
{
	static const uint8_t srv[] = "\0\1\0\1\0\120\1t";

	add("_http._tcp.web", TYPE_SRV, srv, sizeof(srv), 0);
	expect("svc.example. SOA\n_http._tcp.web.svc.example. SRV\n");
}

Test(dump, what_has_expired_is_not_in_it)
{
	static const uint8_t a[2][4] = {{192, 0, 2, 1}, {192, 0, 2, 2}};

	add("a", TYPE_A, a[0], 4, 60);
	start_lease(60, 0);
	add("a", TYPE_A, a[1], 4, 60);
	start_lease(60, 1);
	add("b", TYPE_A, a[0], 4, 60);
	start_lease(60, -5000);
	expect("svc.example. SOA\na.svc.example. A 1/60\n");
}

Test(dump, the_rest_of_a_lease_is_rounded_up)
{
	static const uint8_t a[4][4] = {{1}, {2}, {3}, {4}};
	static const int64_t left_ms[] = {60000, 59001, 59000, 1};

	for (int i = 0; i < 4; i++) {
		add("a", TYPE_A, a[i], 4, 60);
		start_lease(60, left_ms[i]);
	}
	expect("svc.example. SOA\na.svc.example. A 60/60\n"
	       "a.svc.example. A 60/60\na.svc.example. A 59/60\n"
	       "a.svc.example. A 1/60\n");
}

Test(dump, a_registered_record_may_have_no_lease)
{
	static const uint8_t a[] = {192, 0, 2, 1};

	add("a", TYPE_A, a, 4, 60);
	start_lease(0, 0);
	record_lease(change.entry[change.entries - 1].record)->deadline_ms =
	    DEADLINE_NONE;
	expect("svc.example. SOA\na.svc.example. A\n");
}

Test(dump, each_record_of_a_large_set_comes_once_in_order)
{
	struct dump_record record;
	struct dump *dump;
	uint32_t before = 0, count = 0;

	for (uint32_t i = 0; i < MANY; i++) {
		uint8_t address[4];

		wire_store_u32(address, i * 7919 % MANY + 1);
		add("many", TYPE_A, address, 4, 0);
	}
	cr_assert(change_settle(&change));
	cr_assert_eq(dump_new(change.zone, &dump), OK);
	cr_assert(dump_next(dump, NOW_MS, &record));
	cr_assert_eq(record.type, TYPE_SOA);
	while (dump_next(dump, NOW_MS, &record)) {
		cr_assert_gt(wire_load_u32(record.rdata), before);
		before = wire_load_u32(record.rdata);
		count++;
	}
	cr_assert_eq(count, MANY);
	cr_assert_not(dump_next(dump, NOW_MS, &record), "the end stays");
	dump_free(dump);
}

Test(dump, a_zone_without_a_soa_has_its_other_records)
{
	static const uint8_t a[] = {192, 0, 2, 1};

	/* As one that holds what is buried. */
	tear_down();
	begin();
	add("a", TYPE_A, a, 4, 0);
	expect("a.svc.example. A\n");
}
