/* update_zones.h - reverse zones beside the model's zone, which follow it.
 *
 * Threads:   none shared.
 * Ownership: static storage.
 * Errors:    a failed assertion.
 */
#ifndef TESTS_LIB_UPDATE_ZONES_H
#define TESTS_LIB_UPDATE_ZONES_H

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/registry_internal.h"
#include "tests/lib/update_model.h"
#include "tests/lib/zone_check.h"
#include "zones/reverse.h"

/* --- reverse zones --- */

#define REVERSE_ZONES 2

/* Where the addresses of the model have their names. */
static inline void
configure_reverse(struct config_zone zone[REVERSE_ZONES])
{
	static const char *const apex[REVERSE_ZONES] = {
	    "192.in-addr.arpa.", "0.2.ip6.arpa."};

	for (size_t i = 0; i < REVERSE_ZONES; i++)
		zone[i] = (struct config_zone){.name = model_name(apex[i]),
		    .ttl_s = MODEL_ZONE_TTL,
		    .lease.kind = LEASE_NONE,
		    .reverse = true};
}

struct reverse_count {
	const struct registry *registry;
	size_t addresses; /* that should have an entry */
	size_t entries;
};

static inline enum error
count_addresses(void *arg, struct node *n)
{
	struct reverse_count *count = arg;
	const uint8_t *owner = node_owner(n);

	for (unsigned i = 0; i < n->rrsets; i++) {
		const struct rrset *set = n->rrset[i];

		if ((set->type == TYPE_A || set->type == TYPE_AAAA) &&
		    !(owner[0] == 1 && owner[1] == '*'))
			count->addresses += set->count;
	}
	return OK;
}

/* Each entry stands at the name of its address, and leads to it. */
static inline enum error
check_entries(void *arg, struct node *n)
{
	struct reverse_count *count = arg;
	const struct rrset *index = node_find(n, INDEX_NAMES), *set;
	struct rrset_cursor c;

	if (index == NULL)
		return OK;
	for (struct record *r = rrset_first(index, &c); r; r = rrset_next(&c)) {
		struct reverse_entry e = reverse_read(r);
		const struct node *at = zone_check_find(
		    count->registry->slot[e.zone].zone, e.owner);
		struct name name;

		reverse_name(e.type, e.address, &name);
		assert(name_equal(name.wire, node_owner(n)));
		set = at ? node_find(at, e.type) : NULL;
		assert(set && rrset_find(set, e.address, e.address_len));
		count->entries++;
	}
	return OK;
}

/* The working versions: each address has its entry, and nobody else. */
static inline void
reverse_check(const struct registry *r, int64_t now_ms)
{
	struct reverse_count count = {.registry = r};

	if (r->slots == 1)
		return;
	for (size_t i = 0; i < r->slots; i++) {
		const struct tree *tree = &r->slot[i].zone->tree;

		assert(tree_walk(tree, count_addresses, &count) == OK);
		assert(tree_walk(tree, check_entries, &count) == OK);
		if (i > 0)
			zone_check(r->slot[i].zone, now_ms, true);
	}
	assert(count.entries == count.addresses);
}

#endif
