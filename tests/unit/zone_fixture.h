/* zone_fixture.h - a small zone to change, for tests.
 *
 * Threads:   none.
 * Ownership: static storage; fixture_stop() frees what was made.
 * Errors:    a failed assertion of the test.
 */
#ifndef TESTS_UNIT_ZONE_FIXTURE_H
#define TESTS_UNIT_ZONE_FIXTURE_H

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/zone_check.h"
#include "zones/change.h"

#define NOW_MS INT64_C(1000000)

static struct edition fixture_ed;
static struct zone_info fixture_info;
static struct zone *zone; /* what is published */
static struct change change; /* under way */
static struct savepoint fixture_sp;

static inline struct name_key
key_of(const char *text)
{
	struct name name;
	struct name_key key;

	cr_assert_eq(name_from_text(text, NULL, &name), OK);
	name_key_init(&key, name.wire);
	return key;
}

static inline void
begin(void)
{
	fixture_sp = edition_savepoint(&fixture_ed);
	change_begin(&change, &fixture_ed, zone, NOW_MS);
}

static inline void
roll_back(void)
{
	edition_rollback(&fixture_ed, fixture_sp);
}

/* Settles and publishes; whether anything changed.  New leases run from
 * NOW_MS on. */
static inline bool
finish(void)
{
	bool changed = change_settle(&change);
	struct block_list retired;

	if (!changed) {
		roll_back();
		return false;
	}
	for (size_t i = 0; i < change.entries; i++) {
		const struct change_entry *e = &change.entry[i];

		if (e->kind == CHANGE_ADDED && e->granted_s > 0)
			atomic_store(&record_lease(e->record)->deadline_ms,
			    NOW_MS + (int64_t)e->granted_s * 1000);
	}
	zone = change.zone;
	retired = edition_publish(&fixture_ed);
	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
	zone_check(zone, NOW_MS, false);
	return true;
}

/* RDATA is text for TXT, a name for NS, CNAME, DNAME, PTR and the target of
 * SRV, an octet for A. */
static inline size_t
rdata_of(uint16_t type, const char *text, uint8_t rdata[300])
{
	struct name name;

	switch (type) {
	case TYPE_TXT:
		rdata[0] = (uint8_t)strlen(text);
		memcpy(rdata + 1, text, rdata[0]);
		return 1u + rdata[0];
	case TYPE_A:
		memcpy(rdata, (uint8_t[]){192, 0, 2, (uint8_t)atoi(text)}, 4);
		return 4;
	default:
		cr_assert_eq(name_from_text(text, NULL, &name), OK);
		memset(rdata, 0, 6);
		memcpy(rdata + (type == TYPE_SRV ? 6 : 0), name.wire, name.len);
		return name.len + (type == TYPE_SRV ? 6u : 0u);
	}
}

static inline void
add_for(const char *owner, uint16_t type, const char *text, uint32_t ttl,
    uint32_t granted_s)
{
	const struct change_grant grant = {.granted_s = granted_s};
	struct name_key key = key_of(owner);
	uint8_t rdata[300];
	size_t len = rdata_of(type, text, rdata);

	cr_assert_eq(
	    change_add(&change, &key, type, ttl, rdata, len, &grant), OK);
}

static inline void
add(const char *owner, uint16_t type, const char *text)
{
	add_for(owner, type, text, 60, 0);
}

static inline void
add_static(const char *owner, uint16_t type, const char *text)
{
	const struct change_grant grant = {.flags = RECORD_STATIC};
	struct name_key key = key_of(owner);
	uint8_t rdata[300];
	size_t len = rdata_of(type, text, rdata);

	cr_assert_eq(
	    change_add(&change, &key, type, 60, rdata, len, &grant), OK);
}

static inline void
drop(const char *owner, uint16_t type, const char *text)
{
	struct name_key key = key_of(owner);
	uint8_t rdata[300];
	size_t len = rdata_of(type, text, rdata);

	cr_assert_eq(change_remove(&change, &key, type, rdata, len), OK);
}

static inline void
drop_set(const char *owner, uint16_t type)
{
	struct name_key key = key_of(owner);

	cr_assert_eq(change_remove_set(&change, &key, type), OK);
}

/* The node of a name in what is published. */
static inline struct node *
node_at(const char *owner)
{
	struct name_key key = key_of(owner);

	return tree_find(&zone->tree, &key, 0);
}

static inline void
fixture_start(void)
{
	static const uint8_t soa[22] = {[5] = 1}; /* ".", ".", serial 1 */
	struct name_key apex;

	name_hash_seed(1);
	apex = key_of("z.");
	edition_init(&fixture_ed, 1);
	fixture_info = (struct zone_info){
	    .apex_hash = apex.hash[0], .labels = 1, .number = 3};
	name_set(&fixture_info.apex, apex.wire);
	zone = zone_new(&fixture_ed, &fixture_info);
	cr_assert_not_null(zone);
	begin();
	cr_assert_eq(change_set_soa(&change, 60, soa, sizeof(soa)), OK);
	cr_assert(finish());
}

static inline void
fixture_stop(void)
{
	struct block_list retired;

	cr_assert_eq(zone_retire(&fixture_ed, zone), OK);
	retired = edition_publish(&fixture_ed);
	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
	edition_fini(&fixture_ed);
	change_fini(&change);
}

#endif
