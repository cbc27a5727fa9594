/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "zones/change.h"

#define NAMES 500

static struct zone_info info = {.labels = 2, .ttl = 30, .addresses = true};

/* Adds (or removes) the address of host i. */
static enum error
edit_host(struct change *c, unsigned i, bool add)
{
	const uint8_t address[] = {192, 0, (uint8_t)(i >> 8), (uint8_t)i};
	const struct change_grant grant = {.granted_s = 60};
	struct name_key key;
	struct name name;
	char text[64];

	snprintf(text, sizeof(text), "%u.host-%u.svc.example", i % 3, i);
	cr_assert_eq(name_from_text(text, NULL, &name), OK);
	name_key_init(&key, name.wire);
	return add ? change_add(c, &key, TYPE_A, 30, address, 4, &grant)
		   : change_remove(c, &key, TYPE_A, address, 4);
}

static void
free_all(struct block_list list)
{
	for (size_t i = 0; i < list.count; i++)
		free(list.block[i]);
	free(list.block);
}

/* One change to all hosts; the zone afterwards. */
static struct zone *
edit_hosts(struct edition *ed, struct zone *zone, bool add)
{
	struct change c = {0};

	edition_savepoint(ed);
	change_begin(&c, ed, zone, 1000);
	for (unsigned i = 0; i < NAMES; i++)
		cr_assert_eq(edit_host(&c, i, add), OK);
	cr_assert(change_settle(&c));
	zone = c.zone;
	change_fini(&c);
	return zone;
}

/* Each name that goes takes more blocks along than the change makes. */
Test(change, any_number_of_names_go_in_one_change, .timeout = 10)
{
	struct edition ed;
	struct zone *zone;

	cr_assert_eq(name_from_text("svc.example", NULL, &info.apex), OK);
	info.apex_hash = name_hash(info.apex.wire);
	edition_init(&ed, 1);
	zone = zone_new(&ed, &info);
	cr_assert_not_null(zone);
	zone = edit_hosts(&ed, zone, true);
	free_all(edition_publish(&ed));
	cr_assert_eq(zone->records, NAMES);
	zone = edit_hosts(&ed, zone, false);
	free_all(edition_publish(&ed));
	cr_assert_eq(zone->records, 0);
	cr_assert_eq(zone->tree.count, 1);
	cr_assert_eq(zone_retire(&ed, zone), OK);
	free_all(edition_publish(&ed));
	edition_fini(&ed);
}
