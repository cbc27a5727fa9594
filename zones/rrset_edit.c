/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/rrset_edit.h"

#include <assert.h>
#include <string.h>

struct record *
record_new(struct edition *ed, uint16_t type, const uint8_t *rdata,
    size_t rdlen, uint8_t flags)
{
	size_t size = offsetof(struct record, rdata) + rdlen;
	const uint8_t *target;
	struct record *r;
	struct lease *l;

	assert(rdlen <= RDATA_MAX_LEN);
	if (size < sizeof(*r))
		size = sizeof(*r);
	if ((flags & RECORD_STATIC) != 0) {
		r = edition_alloc(ed, size);
		if (r == NULL)
			return NULL;
	} else {
		l = edition_alloc(ed, sizeof(*l) + size);
		if (l == NULL)
			return NULL;
		atomic_init(&l->deadline_ms, DEADLINE_NONE);
		r = lease_record(l);
	}
	r->flags = flags;
	r->type = type;
	r->rdlen = (uint16_t)rdlen;
	memcpy(r->rdata, rdata, rdlen);
	target = rdata_target(type, r->rdata, rdlen);
	r->target_hash = target ? name_hash(target) : 0;
	return r;
}

void
record_retire(struct edition *ed, struct record *r)
{
	if (record_is_static(r))
		edition_retire(ed, r);
	else
		edition_retire(ed, record_lease(r));
}

struct rrset *
rrset_make(struct edition *ed, unsigned items)
{
	unsigned capacity = 2;
	struct rrset *set;

	while (capacity < items)
		capacity *= 2;
	set = edition_alloc(ed, sizeof(*set) + capacity * sizeof(set->item[0]));
	if (set == NULL)
		return NULL;
	set->step = ed->step;
	set->capacity = (uint8_t)capacity;
	return set;
}

struct rrset *
rrset_new(struct edition *ed, uint16_t type, uint32_t ttl)
{
	struct rrset *set = rrset_make(ed, 0);

	if (set == NULL)
		return NULL;
	set->type = type;
	set->ttl = ttl;
	return set;
}

void
rrset_copy_head(struct rrset *to, const struct rrset *from)
{
	to->ttl = from->ttl;
	to->count = from->count;
	to->type = from->type;
	to->height = from->height;
	to->leased = from->leased;
	to->retimed = from->retimed;
	to->used = from->used;
}

struct rrset *
rrset_edit(struct edition *ed, struct rrset *old, unsigned items)
{
	struct rrset *set;

	if (old->step == ed->step && old->capacity >= items)
		return old;
	set = rrset_make(ed, items > old->used ? items : old->used);
	if (set == NULL)
		return NULL;
	rrset_copy_head(set, old);
	memcpy(set->item, old->item, old->used * sizeof(set->item[0]));
	return set;
}

void
rrset_replace(struct edition *ed, struct rrset **at, struct rrset *set)
{
	if (*at != set)
		edition_retire(ed, *at);
	*at = set;
}

struct rrset_node *
rrset_plan_get_node(struct edition *ed, struct rrset_plan *plan, unsigned level)
{
	struct rrset_node *node =
	    edition_alloc(ed, level == 0 ? sizeof(struct rrset_leaf)
					 : sizeof(struct rrset_inner));

	if (node == NULL)
		return NULL;
	node->step = ed->step;
	plan->block[plan->got++] = node;
	return node;
}

bool
rrset_plan_get_copies(struct edition *ed, struct rrset_plan *plan,
    struct rrset *set, const struct rrset_path *path, unsigned from)
{
	for (unsigned level = from; level < set->height; level++) {
		if (path->node[level]->step == ed->step)
			continue;
		plan->copy[level] = rrset_plan_get_node(ed, plan, level);
		if (plan->copy[level] == NULL)
			return false;
	}
	plan->set = rrset_edit(ed, set, 1);
	if (plan->set == NULL)
		return false;
	if (plan->set != set)
		plan->block[plan->got++] = plan->set;
	return true;
}

enum error
rrset_plan_drop(struct edition *ed, struct rrset_plan *plan)
{
	while (plan->got > 0)
		edition_retire(ed, plan->block[--plan->got]);
	return ERR_MEMORY;
}

struct rrset_node *
rrset_plan_edit(struct edition *ed, struct rrset_plan *plan,
    const struct rrset_path *path, unsigned level)
{
	struct rrset_node *old = path->node[level], *node = plan->copy[level];
	uint64_t step;

	if (node == NULL)
		return old;
	step = node->step;
	if (level == 0)
		*rrset_leaf(node) = *rrset_leaf(old);
	else
		*rrset_inner(node) = *rrset_inner(old);
	node->step = step;
	edition_retire(ed, old);
	return node;
}

enum error
rrset_set_ttl(struct edition *ed, struct rrset **at, uint32_t ttl)
{
	struct rrset *set;

	if ((*at)->ttl == ttl)
		return OK;
	set = rrset_edit(ed, *at, (*at)->used);
	if (set == NULL)
		return ERR_MEMORY;
	set->ttl = ttl;
	rrset_replace(ed, at, set);
	return OK;
}

/* How many nodes there are from a node of a level down. */
static size_t
nodes_count(struct rrset_node *node, unsigned level)
{
	size_t count = 1;

	if (level == 1)
		return 1u + node->used;
	for (unsigned i = 0; level > 0 && i < node->used; i++)
		count += nodes_count(rrset_inner(node)->child[i], level - 1);
	return count;
}

static void
nodes_retire(struct edition *ed, struct rrset_node *node, unsigned level)
{
	for (unsigned i = 0; level > 0 && i < node->used; i++)
		nodes_retire(ed, rrset_inner(node)->child[i], level - 1);
	edition_retire(ed, node);
}

size_t
rrset_count_nodes(const struct rrset *set)
{
	if (set->height == 0)
		return 0;
	return nodes_count(rrset_root(set), set->height - 1u);
}

void
rrset_retire_nodes(struct edition *ed, const struct rrset *set)
{
	if (set->height > 0)
		nodes_retire(ed, rrset_root(set), set->height - 1u);
}

enum error
rrset_retire(struct edition *ed, struct rrset *set, bool records)
{
	struct rrset_cursor c;
	enum error err;

	err = edition_reserve(
	    ed, 1 + rrset_count_nodes(set) + (records ? set->count : 0));
	if (err)
		return err;
	if (records)
		for (struct record *r = rrset_first(set, &c); r;
		     r = rrset_next(&c))
			record_retire(ed, r);
	rrset_retire_nodes(ed, set);
	edition_retire(ed, set);
	return OK;
}
