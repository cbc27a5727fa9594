/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/zone_fixture.h"

TestSuite(change, .init = fixture_start, .fini = fixture_stop, .timeout = 10);

/* How many entries of a kind are left. */
static size_t
count(enum change_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < change.entries; i++)
		n += change.entry[i].kind == kind;
	return n;
}

static void
have(const char *owner, uint16_t type, const char *text)
{
	begin();
	add(owner, type, text);
	cr_assert(finish());
}

/* --- net effect --- */

Test(change, what_is_deleted_and_added_again_has_not_changed)
{
	have("a.z.", TYPE_TXT, "x");
	begin();
	drop("a.z.", TYPE_TXT, "x");
	add_for("a.z.", TYPE_TXT, "x", 60, 30);
	cr_assert_not(finish());
	cr_assert_eq(change.entries, 1);
	cr_assert_eq(change.entry[0].kind, CHANGE_RENEWED);
	cr_assert_eq(change.entry[0].granted_s, 30);
}

Test(change, the_owner_of_a_renewal_outlives_the_rollback)
{
	struct name_key key = key_of("a.z.");

	have("a.z.", TYPE_TXT, "x");
	begin();
	drop("a.z.", TYPE_TXT, "x");
	add("a.z.", TYPE_TXT, "x");
	cr_assert_not(finish());
	cr_assert(name_equal(change.entry[0].owner, key.wire));
}

Test(change, what_is_added_and_deleted_never_was)
{
	begin();
	add("a.b.z.", TYPE_TXT, "x");
	drop("a.b.z.", TYPE_TXT, "x");
	cr_assert_not(finish());
	cr_assert_eq(change.entries, 0);
	cr_assert_eq(zone->tree.count, 1);
}

Test(change, deleted_added_and_deleted_is_deleted_once)
{
	have("a.z.", TYPE_TXT, "x");
	begin();
	drop("a.z.", TYPE_TXT, "x");
	add("a.z.", TYPE_TXT, "x");
	drop("a.z.", TYPE_TXT, "x");
	cr_assert(finish());
	cr_assert_eq(change.entries, 1);
	cr_assert_eq(change.entry[0].kind, CHANGE_REMOVED);
	cr_assert_null(node_at("a.z."));
}

Test(change, deleting_what_is_not_there_changes_nothing)
{
	have("a.z.", TYPE_TXT, "x");
	begin();
	drop("a.z.", TYPE_TXT, "y");
	drop("b.z.", TYPE_TXT, "x");
	drop_set("a.z.", TYPE_A);
	cr_assert_not(finish());
	cr_assert_eq(change.entries, 0);
}

Test(change, the_same_record_after_resurrection)
{
	const struct record *before;

	have("a.z.", TYPE_TXT, "x");
	before = rrset_at(node_find(node_at("a.z."), TYPE_TXT), 0);
	begin();
	drop_set("a.z.", TYPE_TXT);
	add("a.z.", TYPE_TXT, "y");
	add("a.z.", TYPE_TXT, "x");
	cr_assert(finish());
	cr_assert_eq(count(CHANGE_ADDED), 1);
	cr_assert_eq(count(CHANGE_REMOVED), 0);
	cr_assert_eq(rrset_at(node_find(node_at("a.z."), TYPE_TXT), 0), before);
}

Test(change, a_static_record_stays_static_when_it_is_added_again)
{
	begin();
	add_static("a.z.", TYPE_TXT, "x");
	cr_assert(finish());
	begin();
	add_for("a.z.", TYPE_TXT, "x", 60, 30);
	cr_assert_not(finish());
	begin();
	drop("a.z.", TYPE_TXT, "x");
	add_for("a.z.", TYPE_TXT, "x", 60, 30);
	cr_assert_not(finish());
	cr_assert(record_is_static(
	    rrset_at(node_find(node_at("a.z."), TYPE_TXT), 0)));
}

Test(change, what_has_expired_is_not_there_any_more)
{
	struct record *old, *new;

	begin();
	add_for("a.z.", TYPE_TXT, "x", 60, 30);
	cr_assert(finish());
	old = rrset_at(node_find(node_at("a.z."), TYPE_TXT), 0);
	atomic_store(&record_lease(old)->deadline_ms, NOW_MS);
	begin();
	add_for("a.z.", TYPE_TXT, "x", 60, 30);
	new = rrset_at(node_find(change_find(&change,
				     &(struct name_key[]){key_of("a.z.")}[0]),
			   TYPE_TXT),
	    0);
	cr_assert_neq(old, new);
	cr_assert(finish());
	cr_assert_eq(count(CHANGE_ADDED), 1);
	cr_assert_eq(count(CHANGE_REMOVED), 1);
}

/* --- TTLs, RFC 2181 5.2 --- */

Test(change, the_last_add_sets_the_ttl_of_the_set)
{
	have("a.z.", TYPE_TXT, "x");
	begin();
	add_for("a.z.", TYPE_TXT, "y", 10, 0);
	cr_assert(finish());
	cr_assert_eq(count(CHANGE_TTL), 1);
	cr_assert_eq(node_find(node_at("a.z."), TYPE_TXT)->ttl, 10);
}

Test(change, another_ttl_alone_is_a_change)
{
	have("a.z.", TYPE_TXT, "x");
	begin();
	add_for("a.z.", TYPE_TXT, "x", 10, 0);
	cr_assert(finish());
	cr_assert_eq(count(CHANGE_TTL), 1);
	cr_assert_eq(count(CHANGE_RENEWED), 1);
}

Test(change, a_ttl_to_and_fro_is_none)
{
	have("a.z.", TYPE_TXT, "x");
	begin();
	add_for("a.z.", TYPE_TXT, "x", 10, 0);
	add_for("a.z.", TYPE_TXT, "x", 60, 0);
	cr_assert_not(finish());
	cr_assert_eq(count(CHANGE_TTL), 0);
}

Test(change, a_new_set_brings_its_ttl_along)
{
	begin();
	add_for("a.z.", TYPE_TXT, "x", 10, 0);
	add_for("a.z.", TYPE_TXT, "y", 20, 0);
	cr_assert(finish());
	cr_assert_eq(count(CHANGE_TTL), 0);
	cr_assert_eq(node_find(node_at("a.z."), TYPE_TXT)->ttl, 20);
}

/* --- names: RFC 8020, RFC 4592 --- */

Test(change, ancestors_come_and_go_with_a_name)
{
	have("a.b.c.z.", TYPE_TXT, "x");
	cr_assert_eq(node_at("c.z.")->children, 1);
	cr_assert_eq(node_at("b.c.z.")->rrsets, 0);
	have("d.c.z.", TYPE_TXT, "x");
	cr_assert_eq(node_at("c.z.")->children, 2);
	begin();
	drop_set("a.b.c.z.", TYPE_TXT);
	cr_assert(finish());
	cr_assert_null(node_at("b.c.z."));
	cr_assert_eq(node_at("c.z.")->children, 1);
	begin();
	drop_set("d.c.z.", TYPE_TXT);
	cr_assert(finish());
	cr_assert_eq(zone->tree.count, 1);
}

Test(change, a_name_with_children_stays_when_its_records_go)
{
	have("b.z.", TYPE_TXT, "x");
	have("a.b.z.", TYPE_TXT, "x");
	begin();
	drop_set("b.z.", TYPE_TXT);
	cr_assert(finish());
	cr_assert_not_null(node_at("b.z."));
	cr_assert_eq(node_at("b.z.")->rrsets, 0);
}

Test(change, a_wildcard_marks_the_node_above_it)
{
	have("*.w.z.", TYPE_TXT, "x");
	cr_assert_neq(node_at("w.z.")->flags & NODE_WILDCARD, 0);
	have("a.w.z.", TYPE_TXT, "x");
	begin();
	drop_set("*.w.z.", TYPE_TXT);
	cr_assert(finish());
	cr_assert_eq(node_at("w.z.")->flags & NODE_WILDCARD, 0);
}

Test(change, a_wildcard_may_be_an_empty_non_terminal)
{
	have("a.*.w.z.", TYPE_TXT, "x");
	cr_assert_neq(node_at("w.z.")->flags & NODE_WILDCARD, 0);
	begin();
	drop_set("a.*.w.z.", TYPE_TXT);
	cr_assert(finish());
	cr_assert_null(node_at("w.z."));
}

Test(change, cuts_are_counted)
{
	have("d.z.", TYPE_NS, "ns.d.z.");
	have("n.z.", TYPE_DNAME, "a.z.");
	have("z.", TYPE_NS, "ns.z."); /* the apex is none */
	cr_assert_eq(zone->cuts, 2);
	begin();
	drop_set("d.z.", TYPE_NS);
	add("n.z.", TYPE_NS, "ns.z.");
	cr_assert(finish());
	cr_assert_eq(zone->cuts, 1);
}

/* Each name that goes takes more blocks along than the change makes. */
Test(change, any_number_of_names_go_in_one_change)
{
	char name[32];

	for (int round = 0; round < 2; round++) {
		begin();
		for (int i = 0; i < 1500; i++) {
			snprintf(name, sizeof(name), "a%d.b%d.z.", i, i);
			if (round == 0)
				add(name, TYPE_A, "1");
			else
				drop_set(name, TYPE_A);
		}
		cr_assert(finish());
		cr_assert_eq(change.entries, 1500);
	}
	cr_assert_eq(zone->tree.count, 1);
}

/* --- the directory --- */

static size_t
entries_at(const char *owner, enum index_type type)
{
	const struct node *n = node_at(owner);
	const struct rrset *set = n ? node_find(n, type) : NULL;

	return set ? set->count : 0;
}

Test(change, services_are_entered_at_their_domain)
{
	have("_http._tcp.web.z.", TYPE_SRV, "h.z.");
	have("_ipp._tcp.web.z.", TYPE_PTR, "i._ipp._tcp.web.z.");
	have("_dns._udp.z.", TYPE_SRV, "h.z.");
	cr_assert_eq(entries_at("web.z.", INDEX_SERVICES), 2);
	cr_assert_eq(entries_at("z.", INDEX_SERVICES), 1);
	cr_assert_eq(entries_at("z.", INDEX_DOMAINS), 2);
}

Test(change, a_service_leaves_with_its_last_record)
{
	have("_http._tcp.web.z.", TYPE_SRV, "h.z.");
	have("_http._tcp.web.z.", TYPE_PTR, "i._http._tcp.web.z.");
	have("_http._tcp.web.z.", TYPE_TXT, "x");
	begin();
	drop_set("_http._tcp.web.z.", TYPE_SRV);
	cr_assert(finish());
	cr_assert_eq(entries_at("web.z.", INDEX_SERVICES), 1);
	begin();
	drop_set("_http._tcp.web.z.", TYPE_PTR);
	cr_assert(finish());
	cr_assert_eq(entries_at("web.z.", INDEX_SERVICES), 0);
	cr_assert_eq(entries_at("z.", INDEX_DOMAINS), 0);
	cr_assert_not_null(node_at("web.z."));
}

struct service_name {
	char name[48];
	size_t entries;
};

Test(change, only_names_of_services_are_entered)
{
	static const struct service_name names[] = {
	    {"_http._tcp.w.z.", 1},
	    {"i._http._tcp.w.z.", 0},
	    {"_v2._sub._http._tcp.w.z.", 0},
	    {"_services._dns-sd._udp.w.z.", 0},
	    {"b._dns-sd._udp.w.z.", 0},
	    {"_http.w.z.", 0},
	    {"http._tcp.w.z.", 0},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		have(names[i].name, TYPE_PTR, "x.z.");
		cr_assert_eq(entries_at("w.z.", INDEX_SERVICES),
		    names[i].entries, "%s", names[i].name);
		begin();
		drop_set(names[i].name, TYPE_PTR);
		cr_assert(finish());
	}
}

Test(change, index_entries_are_no_records)
{
	size_t before = zone->records;

	have("_http._tcp.web.z.", TYPE_SRV, "h.z.");
	cr_assert_eq(zone->records, before + 1);
	cr_assert_not(node_has_data(node_at("web.z."), NOW_MS));
}

/* --- the SOA --- */

Test(change, a_new_serial_is_in_the_soa_and_in_the_zone)
{
	const struct record *soa;

	begin();
	cr_assert_eq(change_set_serial(&change, 77), OK);
	cr_assert(finish());
	cr_assert_eq(zone->serial, 77);
	soa = rrset_at(node_find(zone->apex, TYPE_SOA), 0);
	cr_assert_eq(wire_load_u32(soa->rdata + soa->rdlen - 20), 77);
	cr_assert_eq(zone->records, 1);
}

/* --- taking back --- */

Test(change, rolled_back_it_never_happened)
{
	struct zone before;

	have("_http._tcp.web.z.", TYPE_SRV, "h.z.");
	have("*.w.z.", TYPE_TXT, "x");
	have("d.z.", TYPE_NS, "ns.z.");
	before = *zone;
	begin();
	drop_set("_http._tcp.web.z.", TYPE_SRV);
	drop_set("*.w.z.", TYPE_TXT);
	add("d.z.", TYPE_A, "5");
	drop_set("d.z.", TYPE_NS);
	add_for("_http._tcp.web.z.", TYPE_SRV, "i.z.", 5, 5);
	cr_assert_eq(change_set_serial(&change, 99), OK);
	roll_back();
	cr_assert_eq(memcmp(&before, zone, sizeof(before)), 0);
	zone_check(zone, NOW_MS, false);
	cr_assert_not_null(node_find(node_at("d.z."), TYPE_NS));
	cr_assert_eq(entries_at("web.z.", INDEX_SERVICES), 1);
}

Test(change, an_old_version_stays_whole_beside_a_new_one)
{
	struct zone *old;
	const struct node *n;

	for (int i = 0; i < 40; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", i);
		have("a.z.", TYPE_A, text);
	}
	old = zone;
	begin();
	for (int i = 0; i < 40; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", i);
		drop("a.z.", TYPE_A, text);
		add("b.a.z.", TYPE_TXT, text);
	}
	cr_assert(change_settle(&change));
	zone_check(change.zone, NOW_MS, false);
	zone_check(old, NOW_MS, false);
	n = tree_find(&old->tree, &(struct name_key[]){key_of("a.z.")}[0], 0);
	cr_assert_eq(node_find(n, TYPE_A)->count, 40);
	roll_back();
}

Test(change, no_name_has_too_many_types)
{
	const struct change_grant grant = {0};
	struct name_key key = key_of("a.z.");
	enum error err = OK;
	uint16_t type;

	begin();
	for (type = 1000; type < 1300 && err == OK; type++)
		err = change_add(
		    &change, &key, type, 60, (const uint8_t *)"x", 1, &grant);
	cr_assert_eq(err, ERR_LIMIT);
	cr_assert_eq(type, 1000 + NODE_MAX_RRSETS + 1);
	roll_back();
	zone_check(zone, NOW_MS, false);
}
