/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/rrset_node.h"

#include <assert.h>
#include <string.h>

void
rrset_records_insert(
    struct record **record, unsigned used, unsigned i, struct record *r)
{
	memmove(record + i + 1, record + i, (used - i) * sizeof(*record));
	record[i] = r;
}

void
rrset_records_delete(struct record **record, unsigned used, unsigned i)
{
	memmove(record + i, record + i + 1, (used - i - 1) * sizeof(*record));
}

static uint16_t
weight_of(const struct record *r)
{
	return r->type == TYPE_SRV ? record_weight(r) : 0;
}

void
rrset_leaf_insert(struct rrset_leaf *leaf, unsigned i, struct record *r)
{
	unsigned used = leaf->node.used++;

	assert(used < RRSET_FANOUT && i <= used);
	rrset_records_insert(leaf->record, used, i, r);
	memmove(leaf->weight + i + 1, leaf->weight + i,
	    (used - i) * sizeof(leaf->weight[0]));
	leaf->weight[i] = weight_of(r);
}

void
rrset_leaf_delete(struct rrset_leaf *leaf, unsigned i)
{
	unsigned used = leaf->node.used--;

	rrset_records_delete(leaf->record, used, i);
	memmove(leaf->weight + i, leaf->weight + i + 1,
	    (used - i - 1) * sizeof(leaf->weight[0]));
}

void
rrset_leaf_split(struct rrset_leaf *left, struct rrset_leaf *right, unsigned i)
{
	unsigned moved = left->node.used - i;

	memcpy(
	    right->record, left->record + i, moved * sizeof(right->record[0]));
	memcpy(
	    right->weight, left->weight + i, moved * sizeof(right->weight[0]));
	right->node.used = (uint8_t)moved;
	left->node.used = (uint8_t)i;
}

/* Moves n entries of inner nodes; they may overlap. */
static void
inner_move(struct rrset_inner *to, unsigned to_i, struct rrset_inner *from,
    unsigned from_i, unsigned n)
{
	memmove(
	    to->count + to_i, from->count + from_i, n * sizeof(to->count[0]));
	memmove(to->weight + to_i, from->weight + from_i,
	    n * sizeof(to->weight[0]));
	memmove(
	    to->first + to_i, from->first + from_i, n * sizeof(to->first[0]));
	memmove(
	    to->child + to_i, from->child + from_i, n * sizeof(to->child[0]));
}

void
rrset_inner_set(struct rrset_inner *inner, unsigned i, struct rrset_node *child,
    unsigned child_level)
{
	uint32_t count = 0;
	uint64_t weight = 0;

	if (child_level == 0) {
		count = child->used;
		for (unsigned j = 0; j < child->used; j++)
			weight += rrset_leaf(child)->weight[j];
		inner->first[i] = rrset_leaf(child)->record[0];
	} else {
		for (unsigned j = 0; j < child->used; j++) {
			count += rrset_inner(child)->count[j];
			weight += rrset_inner(child)->weight[j];
		}
		inner->first[i] = rrset_inner(child)->first[0];
	}
	inner->count[i] = count;
	inner->weight[i] = weight;
	inner->child[i] = child;
}

void
rrset_inner_insert(struct rrset_inner *inner, unsigned i,
    struct rrset_node *child, unsigned child_level)
{
	assert(inner->node.used < RRSET_FANOUT && i <= inner->node.used);
	inner_move(inner, i + 1, inner, i, inner->node.used - i);
	inner->node.used++;
	rrset_inner_set(inner, i, child, child_level);
}

void
rrset_inner_delete(struct rrset_inner *inner, unsigned i)
{
	inner->node.used--;
	inner_move(inner, i, inner, i + 1, inner->node.used - i);
}

void
rrset_inner_split(
    struct rrset_inner *left, struct rrset_inner *right, unsigned i)
{
	unsigned moved = left->node.used - i;

	inner_move(right, 0, left, i, moved);
	right->node.used = (uint8_t)moved;
	left->node.used = (uint8_t)i;
}
