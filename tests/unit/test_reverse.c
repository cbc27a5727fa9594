/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/zone_fixture.h"

#include <arpa/inet.h>

#include "zones/reverse.h"

TestSuite(reverse, .init = fixture_start, .fini = fixture_stop, .timeout = 30);

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

Test(reverse, an_address_has_a_name)
{
	static const struct {
		const char *address;
		const char *expected;
	} rows[] = {
	    {"192.0.2.1", "1.2.0.192.in-addr.arpa."},
	    {"0.0.0.0", "0.0.0.0.in-addr.arpa."},
	    {"255.254.100.9", "9.100.254.255.in-addr.arpa."},
	    {"::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
		    "0.0.0.0.ip6.arpa."},
	    /* RFC 3596 2.5 */
	    {"4321:0:1:2:3:4:567:89ab",
		"b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2."
		"3.4.ip6.arpa."},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		bool six = strchr(rows[i].address, ':') != NULL;
		uint8_t address[16];
		char text[NAME_TEXT_LEN];
		struct name name;
		size_t len;

		cr_assert_eq(inet_pton(six ? AF_INET6 : AF_INET,
				 rows[i].address, address),
		    1);
		reverse_name(six ? TYPE_AAAA : TYPE_A, address, &name);
		cr_expect(name_check(name.wire, name.len, &len));
		cr_expect_eq(len, name.len);
		cr_expect_str_eq(
		    name_to_text(name.wire, text), rows[i].expected);
	}
}

Test(reverse, its_zones_are_in_two_places)
{
	static const struct {
		const char *apex;
		bool expected;
	} rows[] = {
	    {"in-addr.arpa.", true},
	    {"10.IN-ADDR.ARPA.", true},
	    {"ip6.arpa.", true},
	    {"d.f.ip6.arpa.", true},
	    {"arpa.", false},
	    {".", false},
	    {"svc.example.", false},
	    {"xip6.arpa.", false},
	    {"in-addr.arpa.example.", false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct name_key key = key_of(rows[i].apex);

		cr_expect_eq(reverse_is_zone(key.wire), rows[i].expected, "%s",
		    rows[i].apex);
	}
}

/* Makes one entry be there or not, in a step of its own. */
static void
set_entry(const char *at, const char *owner, unsigned number, bool is_there)
{
	static const uint8_t address[] = {192, 0, 2, 1};
	struct name_key key = key_of(at), own = key_of(owner);
	const struct reverse_entry e = {.owner = own.wire,
	    .zone = (uint16_t)number,
	    .type = TYPE_A,
	    .address = address,
	    .address_len = sizeof(address)};
	struct zone *z = zone_edit(&fixture_ed, zone);

	cr_assert_not_null(z);
	cr_assert_eq(reverse_set(&fixture_ed, z, &key, &e, is_there), OK);
	zone = z;
}

static void
publish(void)
{
	struct block_list retired = edition_publish(&fixture_ed);

	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
	zone_check(zone, NOW_MS, false);
}

static const struct rrset *
index_at(const char *at)
{
	struct name_key key = key_of(at);
	const struct node *n = tree_find(&zone->tree, &key, 0);

	return n ? node_find(n, INDEX_NAMES) : NULL;
}

Test(reverse, an_entry_says_where_the_address_is)
{
	struct reverse_entry e;
	struct name_key web = key_of("web.svc.example.");

	set_entry("1.2.0.z.", "Web.svc.example.", 513, true);
	publish();
	cr_assert_eq(index_at("1.2.0.z.")->count, 1);
	e = reverse_read(rrset_at(index_at("1.2.0.z."), 0));
	cr_expect(name_equal(e.owner, web.wire));
	cr_expect_eq(e.zone, 513);
	cr_expect_eq(e.type, TYPE_A);
	cr_expect_eq(e.address_len, 4);
	cr_expect_eq(e.address[0], 192);
	cr_expect_eq(e.address[3], 1);
}

Test(reverse, what_is_there_is_not_added_and_what_is_not_is_not_removed)
{
	set_entry("1.z.", "a.", 1, false);
	cr_expect_eq(zone->tree.count, 1);
	set_entry("1.z.", "a.", 1, true);
	set_entry("1.z.", "A.", 1, true);
	cr_expect_eq(index_at("1.z.")->count, 1);
	/* The same name in two zones of ours is two entries. */
	set_entry("1.z.", "a.", 2, true);
	cr_expect_eq(index_at("1.z.")->count, 2);
	set_entry("1.z.", "b.", 1, false);
	publish();
	cr_expect_eq(index_at("1.z.")->count, 2);
}

Test(reverse, names_go_with_their_last_entry)
{
	set_entry("1.2.3.z.", "a.", 1, true);
	set_entry("1.2.3.z.", "b.", 1, true);
	publish();
	cr_expect_eq(zone->tree.count, 4);
	set_entry("1.2.3.z.", "a.", 1, false);
	publish();
	cr_expect_eq(zone->tree.count, 4);
	set_entry("1.2.3.z.", "b.", 1, false);
	publish();
	cr_expect_eq(zone->tree.count, 1);
	cr_expect_eq(zone->records, 1);
}

Test(reverse, data_at_the_name_stays)
{
	begin();
	add("1.z.", TYPE_PTR, "host.");
	cr_assert(finish());
	set_entry("1.z.", "a.", 1, true);
	publish();
	begin();
	drop("1.z.", TYPE_PTR, "host.");
	cr_assert(finish());
	cr_expect_not_null(index_at("1.z."));
	begin();
	add("1.z.", TYPE_PTR, "host.");
	cr_assert(finish());
	set_entry("1.z.", "a.", 1, false);
	publish();
	cr_expect_eq(zone->tree.count, 2);
	cr_expect_eq(zone->records, 2);
}

Test(reverse, to_clear_a_zone_leaves_its_data)
{
	char at[40], owner[40];

	begin();
	add("7.1.z.", TYPE_TXT, "x");
	cr_assert(finish());
	for (unsigned i = 0; i < 300; i++) {
		snprintf(at, sizeof(at), "%u.%u.z.", i % 20, i % 3);
		snprintf(owner, sizeof(owner), "h%u.", i);
		set_entry(at, owner, i % 2, true);
	}
	publish();
	(void)edition_savepoint(&fixture_ed);
	zone = zone_edit(&fixture_ed, zone);
	cr_assert_not_null(zone);
	cr_assert_eq(reverse_clear(&fixture_ed, zone), OK);
	publish();
	cr_expect_eq(zone->tree.count, 3);
	cr_expect_null(index_at("7.1.z."));
}

Test(reverse, a_step_can_be_taken_back)
{
	struct zone *before;
	struct savepoint sp;

	set_entry("1.2.z.", "a.", 1, true);
	publish();
	before = zone;
	sp = edition_savepoint(&fixture_ed);
	set_entry("1.2.z.", "b.", 1, true);
	set_entry("1.2.z.", "a.", 1, false);
	set_entry("3.4.5.z.", "a.", 1, true);
	edition_rollback(&fixture_ed, sp);
	zone = before;
	zone_check(zone, NOW_MS, false);
	cr_expect_eq(zone->tree.count, 3);
	cr_expect_eq(index_at("1.2.z.")->count, 1);
}
