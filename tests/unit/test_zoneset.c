/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "zones/zoneset.h"

static const char *const apexes[] = {
    "example.", "svc.example.", "a.b.svc.example.", "other.", "x.other."};
#define ZONES (sizeof(apexes) / sizeof(apexes[0]))

static struct edition ed;
static struct zone_info info[ZONES + 1];
static struct zone *zones[ZONES + 1];
static const struct zoneset_index *zoneset_index;

static struct name_key
key_of(const char *text)
{
	struct name_key key;
	struct name name;

	cr_assert_eq(name_from_text(text, NULL, &name), OK);
	name_key_init(&key, name.wire);
	return key;
}

static void
add_zone(size_t i, const char *apex)
{
	struct name_key key = key_of(apex);

	name_set(&info[i].apex, key.wire);
	info[i].apex_hash = key.hash[0];
	info[i].labels = key.labels;
	info[i].number = (uint16_t)i;
	zones[i] = zone_new(&ed, &info[i]);
	cr_assert_not_null(zones[i]);
}

static void
make_index(size_t count)
{
	const struct zone_info *infos[ZONES + 1];

	for (size_t i = 0; i < count; i++)
		infos[i] = &info[i];
	zoneset_index = zoneset_index_new(&ed, infos, count);
	cr_assert_not_null(zoneset_index);
}

static void
start(void)
{
	name_hash_seed(1);
	edition_init(&ed, 1);
	for (size_t i = 0; i < ZONES; i++)
		add_zone(i, apexes[i]);
	make_index(ZONES);
}

static void
stop(void)
{
	edition_rollback(&ed, (struct savepoint){0});
	edition_fini(&ed);
}

TestSuite(zoneset, .init = start, .fini = stop, .timeout = 10);

struct lookup {
	const char *name;
	unsigned skip;
	int number;
};

static void
check_lookup(const struct lookup *l)
{
	struct name_key key = key_of(l->name);
	int number = zoneset_find(zoneset_index, &key, l->skip);

	cr_assert_eq(number, l->number, "%s: %d", l->name, number);
}

Test(zoneset, the_longest_apex_above_a_name_is_its_zone)
{
	static const struct lookup lookups[] = {
	    {"example.", 0, 0},
	    {"EXAMPLE.", 0, 0},
	    {"www.example.", 0, 0},
	    {"svc.example.", 0, 1},
	    {"b.svc.example.", 0, 1},
	    {"a.b.svc.example.", 0, 2},
	    {"1.2.3.4.5.a.b.svc.example.", 0, 2},
	    {"nosvc.example.", 0, 0},
	    {"x.x.other.", 0, 4},
	    {".", 0, -1},
	    {"com.", 0, -1},
	    {"example.com.", 0, -1},
	    {"ample.", 0, -1},
	};

	for (size_t i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++)
		check_lookup(&lookups[i]);
}

Test(zoneset, skipping_labels_leads_to_the_zone_above)
{
	static const struct lookup lookups[] = {
	    {"svc.example.", 1, 0},
	    {"a.b.svc.example.", 1, 1},
	    {"www.svc.example.", 1, 1},
	    {"example.", 1, -1},
	    {".", 1, -1},
	};

	for (size_t i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++)
		check_lookup(&lookups[i]);
}

Test(zoneset, an_apex_is_found_exactly)
{
	struct name_key key = key_of("svc.example.");

	cr_assert_eq(zoneset_find_apex(zoneset_index, &key), 1);
	key = key_of("www.svc.example.");
	cr_assert_eq(zoneset_find_apex(zoneset_index, &key), -1);
	key = key_of(".");
	cr_assert_eq(zoneset_find_apex(zoneset_index, &key), -1);
}

Test(zoneset, the_root_may_be_a_zone)
{
	struct lookup l = {"com.", 0, ZONES};

	add_zone(ZONES, ".");
	make_index(ZONES + 1);
	check_lookup(&l);
	l.name = ".";
	check_lookup(&l);
	l = (struct lookup){"www.svc.example.", 0, 1};
	check_lookup(&l);
}

Test(zoneset, without_zones_nothing_is_found)
{
	struct lookup l = {"www.example.", 0, -1};

	make_index(0);
	check_lookup(&l);
	l.name = ".";
	check_lookup(&l);
}

Test(zoneset, a_version_holds_the_zones_by_number)
{
	struct zoneset *set = zoneset_new(&ed, zoneset_index, zones, ZONES);

	cr_assert_not_null(set);
	cr_assert_eq(set->count, ZONES);
	zones[1] = NULL;
	for (size_t i = 0; i < ZONES; i++)
		cr_assert_eq(set->zone[i]->info, &info[i]);
}
