/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/rrset.h"

#include <assert.h>

#include "zones/rrset_node.h"

unsigned
rrset_search_records(uint16_t type, struct record *const *record, unsigned n,
    const uint8_t *rdata, size_t rdlen, bool *found)
{
	unsigned low = 0, high = n;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		const struct record *r = record[middle];
		int order =
		    rdata_compare(type, r->rdata, r->rdlen, rdata, rdlen);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = false;
	return low;
}

/* The child under which RDATA belongs: the last one that does not begin
 * behind it, or the first. */
static unsigned
search_child(uint16_t type, const struct rrset_inner *inner,
    const uint8_t *rdata, size_t rdlen)
{
	bool found;
	unsigned i = rrset_search_records(
	    type, inner->first, inner->node.used, rdata, rdlen, &found);

	return found || i == 0 ? i : i - 1;
}

bool
rrset_search_tree(const struct rrset *set, const uint8_t *rdata, size_t rdlen,
    struct rrset_path *path)
{
	struct rrset_node *node = rrset_root(set);
	unsigned level = set->height;
	bool found;

	while (--level > 0) {
		unsigned i =
		    search_child(set->type, rrset_inner(node), rdata, rdlen);

		path->node[level] = node;
		path->index[level] = (uint8_t)i;
		node = rrset_inner(node)->child[i];
	}
	path->node[0] = node;
	path->index[0] = (uint8_t)rrset_search_records(set->type,
	    rrset_leaf(node)->record, node->used, rdata, rdlen, &found);
	return found;
}

struct record *
rrset_find(const struct rrset *set, const uint8_t *rdata, size_t rdlen)
{
	struct rrset_path path;
	unsigned i;
	bool found;

	if (set->height == 0) {
		i = rrset_search_records(
		    set->type, set->item, set->used, rdata, rdlen, &found);
		return found ? set->item[i] : NULL;
	}
	if (!rrset_search_tree(set, rdata, rdlen, &path))
		return NULL;
	return rrset_leaf(path.node[0])->record[path.index[0]];
}

/* The child that holds *position, which becomes one below that child. */
static unsigned
child_at(const struct rrset_inner *inner, uint32_t *position)
{
	unsigned i = 0;

	while (*position >= inner->count[i])
		*position -= inner->count[i++];
	return i;
}

struct record *
rrset_at(const struct rrset *set, uint32_t position)
{
	struct rrset_node *node;

	assert(position < set->count);
	if (set->height == 0)
		return set->item[position];
	node = rrset_root(set);
	for (unsigned level = set->height; --level > 0;)
		node = rrset_inner(node)
			   ->child[child_at(rrset_inner(node), &position)];
	return rrset_leaf(node)->record[position];
}

/* How many of n SRV records in order have a priority up to the given one. */
static unsigned
count_up_to(struct record *const *record, unsigned n, uint16_t priority)
{
	unsigned low = 0, high = n;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (record_priority(record[middle]) <= priority)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t
rrset_tier_end(const struct rrset *set, uint16_t priority)
{
	const struct rrset_inner *inner;
	struct rrset_node *node;
	uint32_t before = 0;

	if (set->height == 0)
		return count_up_to(set->item, set->used, priority);
	node = rrset_root(set);
	for (unsigned level = set->height; --level > 0;) {
		unsigned i;

		inner = rrset_inner(node);
		i = count_up_to(inner->first, node->used, priority);
		if (i == 0)
			return before;
		for (unsigned j = 0; j < i - 1; j++)
			before += inner->count[j];
		node = inner->child[i - 1];
	}
	return before +
	       count_up_to(rrset_leaf(node)->record, node->used, priority);
}

uint64_t
rrset_weight_before(const struct rrset *set, uint32_t position)
{
	const struct rrset_inner *inner;
	struct rrset_node *node;
	uint64_t sum = 0;

	assert(position <= set->count);
	if (set->height == 0) {
		for (uint32_t i = 0; i < position; i++)
			sum += record_weight(set->item[i]);
		return sum;
	}
	node = rrset_root(set);
	for (unsigned level = set->height; --level > 0;) {
		unsigned i = 0;

		/* The end of the last child is a place of that child. */
		inner = rrset_inner(node);
		while (position > inner->count[i]) {
			sum += inner->weight[i];
			position -= inner->count[i++];
		}
		node = inner->child[i];
	}
	for (uint32_t i = 0; i < position; i++)
		sum += rrset_leaf(node)->weight[i];
	return sum;
}

uint32_t
rrset_at_weight(const struct rrset *set, uint64_t weight)
{
	const struct rrset_inner *inner;
	struct rrset_node *node;
	uint32_t before = 0;
	unsigned i;

	if (set->height == 0) {
		for (i = 0; i + 1 < set->used; i++) {
			if (weight < record_weight(set->item[i]))
				break;
			weight -= record_weight(set->item[i]);
		}
		return i;
	}
	node = rrset_root(set);
	for (unsigned level = set->height; --level > 0;) {
		inner = rrset_inner(node);
		for (i = 0; i + 1u < node->used; i++) {
			if (weight < inner->weight[i])
				break;
			weight -= inner->weight[i];
			before += inner->count[i];
		}
		node = inner->child[i];
	}
	for (i = 0; i + 1u < node->used; i++) {
		if (weight < rrset_leaf(node)->weight[i])
			break;
		weight -= rrset_leaf(node)->weight[i];
	}
	return before + i;
}

/* Leads the cursor from a node of a level down to a place below it. */
static struct record *
cursor_descend(struct rrset_cursor *c, struct rrset_node *node, unsigned level,
    uint32_t place)
{
	for (; level > 0; level--) {
		unsigned i = child_at(rrset_inner(node), &place);

		c->node[level] = node;
		c->index[level] = (uint8_t)i;
		node = rrset_inner(node)->child[i];
	}
	c->item = rrset_leaf(node)->record;
	c->used = node->used;
	c->index[0] = (uint8_t)place;
	return c->item[place];
}

struct record *
rrset_first(const struct rrset *set, struct rrset_cursor *c)
{
	return rrset_seek(set, c, 0);
}

struct record *
rrset_seek(const struct rrset *set, struct rrset_cursor *c, uint32_t position)
{
	c->set = set;
	c->position = position;
	if (position >= set->count) {
		c->position = set->count;
		return NULL;
	}
	if (set->height > 0)
		return cursor_descend(
		    c, rrset_root(set), set->height - 1u, position);
	c->item = set->item;
	c->used = set->used;
	c->index[0] = (uint8_t)position;
	return c->item[position];
}

struct record *
rrset_next(struct rrset_cursor *c)
{
	const struct rrset_inner *inner;
	unsigned level = 0;

	if (c->position >= c->set->count || ++c->position == c->set->count)
		return NULL;
	if (++c->index[0] < c->used)
		return c->item[c->index[0]];
	/* Behind a leaf: up to where there is a next child, then down. */
	do {
		level++;
		inner = c->node[level];
	} while (++c->index[level] == inner->node.used);
	return cursor_descend(c, inner->child[c->index[level]], level - 1, 0);
}
