/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/pointers.h"

#include "server/nameserver/settings.h"
#include "zones/reverse.h"

/* Entries looked at for an answer: what has expired waits for the reaper. */
#define ENTRIES_LOOKED_AT 256

/* The node that answers for a name, unless the name is below a cut. */
static const struct node *
find_node(const struct answer *a, const struct zone *z, struct name_key *key)
{
	struct zone_walk w;

	zone_find(z, key, &w);
	while (w.cut != NULL && !node_is_live_cut(w.cut, a->now_ms))
		zone_next_cut(z, key, &w);
	return w.cut == NULL ? w.node : NULL;
}

/* Whether the address record that an entry is about is answered; *ttl is then
 * lowered to its own (RFC 2181 5.2, promise 4). */
static bool
is_answered(const struct answer *a, const struct record *entry, uint32_t *ttl)
{
	const struct zoneset *zones = a->snapshot->zones;
	struct reverse_entry e = reverse_read(entry);
	const struct record *r;
	const struct rrset *set;
	const struct zone *z;
	const struct node *n;
	struct name_key key;
	uint32_t own;

	name_key_init(&key, e.owner);
	/* Another zone, or others' servers, may be asked about the name. */
	if (zoneset_find(zones->index, &key, 0) != e.zone)
		return false;
	z = zones->zone[e.zone];
	if (settings_is_inside(a->settings, &z->info->apex, e.owner, e.type))
		return false;
	n = find_node(a, z, &key);
	set = n ? node_find(n, e.type) : NULL;
	r = set ? rrset_find(set, e.address, e.address_len) : NULL;
	if (r == NULL || !record_is_live(r, a->now_ms))
		return false;
	own = answer_ttl(set->ttl, record_deadline_ms(r), a->now_ms);
	*ttl = own < *ttl ? own : *ttl;
	return true;
}

bool
pointers_exist(const struct answer *a, const struct node *n)
{
	const struct rrset *index = node_find(n, INDEX_NAMES);
	uint32_t ttl = UINT32_MAX;
	struct rrset_cursor c;

	if (index == NULL)
		return false;
	for (const struct record *r = rrset_first(index, &c);
	     r && c.position < ENTRIES_LOOKED_AT; r = rrset_next(&c))
		if (is_answered(a, r, &ttl))
			return true;
	return false;
}

bool
pointers_answer(
    struct answer *a, struct owner owner, const struct node *n, uint16_t qtype)
{
	const struct rrset *index = node_find(n, INDEX_NAMES);
	const uint8_t *name[POINTERS_MAX];
	uint32_t ttl = UINT32_MAX;
	struct rrset_cursor c;
	size_t count = 0;

	if (index == NULL || (qtype != TYPE_PTR && qtype != TYPE_ANY))
		return false;
	for (const struct record *r = rrset_first(index, &c);
	     r && c.position < ENTRIES_LOOKED_AT && count < POINTERS_MAX;
	     r = rrset_next(&c))
		if (is_answered(a, r, &ttl))
			name[count++] = r->rdata;
	for (size_t i = 0; i < count; i++) {
		if (answer_put(a, SECTION_ANSWER, owner, TYPE_PTR, ttl, name[i],
			name_len(name[i])))
			continue;
		answer_truncate(a);
		break;
	}
	return count > 0;
}
