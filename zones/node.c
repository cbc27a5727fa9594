/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/node.h"

#include <assert.h>
#include <string.h>

#include "zones/dns/name.h"

bool
rrset_is_live(const struct rrset *set, int64_t now_ms)
{
	struct rrset_cursor c;

	if (!set->leased)
		return set->count > 0;
	for (struct record *r = rrset_first(set, &c); r; r = rrset_next(&c))
		if (record_is_live(r, now_ms))
			return true;
	return false;
}

uint32_t
rrset_live_count(const struct rrset *set, int64_t now_ms)
{
	struct rrset_cursor c;
	uint32_t live = 0;

	if (!set->leased)
		return set->count;
	for (struct record *r = rrset_first(set, &c); r; r = rrset_next(&c))
		live += record_is_live(r, now_ms);
	return live;
}

bool
node_has_data(const struct node *n, int64_t now_ms)
{
	for (unsigned i = 0; i < n->rrsets; i++)
		if (!node_is_index(n->rrset[i]) &&
		    rrset_is_live(n->rrset[i], now_ms))
			return true;
	return false;
}

bool
type_goes_with_cname(uint16_t type)
{
	return type == TYPE_CNAME || type == TYPE_KEY || type == TYPE_SIG ||
	       type == TYPE_RRSIG || type == TYPE_NSEC;
}

static bool
has_other_than_cname(const struct node *n, int64_t now_ms)
{
	for (unsigned i = 0; i < n->rrsets; i++)
		if (!node_is_index(n->rrset[i]) &&
		    !type_goes_with_cname(n->rrset[i]->type) &&
		    rrset_is_live(n->rrset[i], now_ms))
			return true;
	return false;
}

bool
node_conflicts_with_cname(const struct node *n, uint16_t type, int64_t now_ms)
{
	if (type == TYPE_CNAME)
		return has_other_than_cname(n, now_ms);
	return (n->flags & NODE_CNAME) != 0 && !type_goes_with_cname(type) &&
	       node_find_live(n, TYPE_CNAME, now_ms);
}

bool
node_has_another(const struct node *n, uint16_t type, const uint8_t *rdata,
    size_t rdlen, int64_t now_ms)
{
	const struct rrset *set;

	if (type != TYPE_CNAME && type != TYPE_DNAME)
		return false;
	set = node_find_live(n, type, now_ms);
	return set != NULL && rrset_find(set, rdata, rdlen) == NULL;
}

static struct node *
node_make(struct edition *ed, size_t name_len, unsigned capacity)
{
	struct node *n;

	n = edition_alloc(
	    ed, sizeof(*n) + capacity * sizeof(n->rrset[0]) + name_len);
	if (n == NULL)
		return NULL;
	n->step = ed->step;
	n->capacity = (uint8_t)capacity;
	n->name_len = (uint8_t)name_len;
	return n;
}

struct node *
node_new(
    struct edition *ed, const uint8_t *owner, uint64_t hash, unsigned capacity)
{
	struct node *n = node_make(ed, name_len(owner), capacity);

	if (n == NULL)
		return NULL;
	n->hash = hash;
	name_lower((uint8_t *)(n->rrset + n->capacity), owner);
	return n;
}

struct node *
node_edit(struct edition *ed, struct node *old)
{
	struct node *n;

	if (old->step == ed->step && old->rrsets < old->capacity)
		return old;
	n = node_make(ed, old->name_len, old->rrsets + 1u);
	if (n == NULL)
		return NULL;
	n->hash = old->hash;
	n->children = old->children;
	n->flags = old->flags;
	n->rrsets = old->rrsets;
	n->ready = old->ready;
	memcpy(n->rrset, old->rrset, old->rrsets * sizeof(n->rrset[0]));
	memcpy(n->rrset + n->capacity, node_owner(old), old->name_len);
	edition_retire(ed, old);
	return n;
}

enum error
node_put(struct node *n, struct rrset *set)
{
	for (unsigned i = 0; i < n->rrsets; i++) {
		if (n->rrset[i]->type == set->type) {
			n->rrset[i] = set;
			return OK;
		}
	}
	if (n->rrsets == NODE_MAX_RRSETS)
		return ERR_LIMIT;
	assert(n->rrsets < n->capacity);
	n->rrset[n->rrsets++] = set;
	return OK;
}

void
node_take(struct node *n, uint16_t type)
{
	for (unsigned i = 0; i < n->rrsets; i++) {
		if (n->rrset[i]->type == type) {
			n->rrset[i] = n->rrset[--n->rrsets];
			return;
		}
	}
}
