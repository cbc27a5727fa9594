/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/rrset_edit.h"

/* Where a full node splits when something comes to place i.  What comes last
 * starts a node of its own: ascending additions leave full ones behind. */
static unsigned
split_place(unsigned i)
{
	return i == RRSET_FANOUT ? RRSET_FANOUT : RRSET_FANOUT / 2;
}

static struct rrset_node *
leaf_add(struct rrset_node *node, struct rrset_node *right, unsigned i,
    struct record *r)
{
	unsigned place = split_place(i);

	if (right == NULL) {
		rrset_leaf_insert(rrset_leaf(node), i, r);
		return NULL;
	}
	rrset_leaf_split(rrset_leaf(node), rrset_leaf(right), place);
	if (i < place)
		rrset_leaf_insert(rrset_leaf(node), i, r);
	else
		rrset_leaf_insert(rrset_leaf(right), i - place, r);
	return right;
}

/* Puts a child that has split in two back into entry i; returns what splits
 * off the node itself, or NULL. */
static struct rrset_node *
inner_add(struct rrset_node *node, struct rrset_node *right, unsigned i,
    struct rrset_node *child, struct rrset_node *sibling, unsigned child_level)
{
	unsigned place = split_place(i + 1);

	rrset_inner_set(rrset_inner(node), i, child, child_level);
	if (sibling == NULL)
		return NULL;
	if (right == NULL) {
		rrset_inner_insert(
		    rrset_inner(node), i + 1, sibling, child_level);
		return NULL;
	}
	rrset_inner_split(rrset_inner(node), rrset_inner(right), place);
	if (i + 1 < place)
		rrset_inner_insert(
		    rrset_inner(node), i + 1, sibling, child_level);
	else
		rrset_inner_insert(
		    rrset_inner(right), i + 1 - place, sibling, child_level);
	return right;
}

/* Gets the blocks for an addition at the end of the path. */
static enum error
add_plan(struct edition *ed, struct rrset_plan *plan, struct rrset *set,
    const struct rrset_path *path)
{
	unsigned level;

	for (level = 0; level < set->height; level++) {
		if (path->node[level]->used < RRSET_FANOUT)
			break;
		plan->right[level] = rrset_plan_get_node(ed, plan, level);
		if (plan->right[level] == NULL)
			return rrset_plan_drop(ed, plan);
	}
	if (level == set->height) {
		if (set->height == RRSET_MAX_HEIGHT) {
			rrset_plan_drop(ed, plan);
			return ERR_LIMIT;
		}
		plan->root = rrset_plan_get_node(ed, plan, level);
		if (plan->root == NULL)
			return rrset_plan_drop(ed, plan);
	}
	if (!rrset_plan_get_copies(ed, plan, set, path, 0))
		return rrset_plan_drop(ed, plan);
	return OK;
}

static enum error
tree_add(struct edition *ed, struct rrset **at, struct record *r)
{
	struct rrset_node *node = NULL, *sibling = NULL;
	struct rrset_plan plan = {0};
	struct rrset_path path;
	struct rrset *set = *at;
	enum error err;

	if (rrset_search_tree(set, r->rdata, r->rdlen, &path))
		return ERR_EXISTS;
	err = add_plan(ed, &plan, set, &path);
	if (err)
		return err;
	for (unsigned level = 0; level < set->height; level++) {
		struct rrset_node *child = node;

		node = rrset_plan_edit(ed, &plan, &path, level);
		if (level == 0)
			sibling =
			    leaf_add(node, plan.right[0], path.index[0], r);
		else
			sibling = inner_add(node, plan.right[level],
			    path.index[level], child, sibling, level - 1);
	}
	rrset_replace(ed, at, plan.set);
	set = plan.set;
	if (sibling) {
		rrset_inner_insert(
		    rrset_inner(plan.root), 0, node, set->height - 1u);
		rrset_inner_insert(
		    rrset_inner(plan.root), 1, sibling, set->height - 1u);
		node = plan.root;
		set->height++;
	}
	rrset_set_root(set, node);
	set->count++;
	return OK;
}

/* Makes a tree of one leaf from a set that is full, and adds to it. */
static enum error
set_grow(struct edition *ed, struct rrset **at, struct record *r)
{
	struct rrset_plan plan = {0};
	struct rrset *set;
	struct rrset_node *leaf;
	enum error err;

	leaf = rrset_plan_get_node(ed, &plan, 0);
	if (leaf == NULL)
		return ERR_MEMORY;
	set = rrset_make(ed, 1);
	if (set == NULL)
		return rrset_plan_drop(ed, &plan);
	plan.block[plan.got++] = set;
	for (unsigned i = 0; i < (*at)->used; i++)
		rrset_leaf_insert(rrset_leaf(leaf), i, (*at)->item[i]);
	rrset_copy_head(set, *at);
	set->height = 1;
	set->used = 1;
	rrset_set_root(set, leaf);
	err = tree_add(ed, &set, r);
	if (err) {
		rrset_plan_drop(ed, &plan);
		return err;
	}
	rrset_replace(ed, at, set);
	return OK;
}

static enum error
set_add(struct edition *ed, struct rrset **at, struct record *r)
{
	struct rrset *old = *at, *set;
	bool found;
	unsigned i;

	i = rrset_search_records(
	    old->type, old->item, old->used, r->rdata, r->rdlen, &found);
	if (found)
		return ERR_EXISTS;
	if (old->used == RRSET_FANOUT)
		return set_grow(ed, at, r);
	set = rrset_edit(ed, old, old->used + 1u);
	if (set == NULL)
		return ERR_MEMORY;
	rrset_records_insert(set->item, set->used, i, r);
	set->used++;
	set->count++;
	rrset_replace(ed, at, set);
	return OK;
}

enum error
rrset_add(struct edition *ed, struct rrset **at, struct record *r)
{
	enum error err;

	err = (*at)->height == 0 ? set_add(ed, at, r) : tree_add(ed, at, r);
	if (err)
		return err;
	if (!record_is_static(r))
		(*at)->leased = true;
	return OK;
}
