/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/rrset_edit.h"

static enum error
set_remove(struct edition *ed, struct rrset **at, struct record *r)
{
	struct rrset *set = *at;
	bool found;
	unsigned i;

	i = rrset_search_records(
	    set->type, set->item, set->used, r->rdata, r->rdlen, &found);
	if (!found || set->item[i] != r)
		return ERR_NOT_FOUND;
	set = rrset_edit(ed, set, set->used);
	if (set == NULL)
		return ERR_MEMORY;
	rrset_records_delete(set->item, set->used, i);
	set->used--;
	set->count--;
	rrset_replace(ed, at, set);
	return OK;
}

/* Makes a plain set of a tree without one of its records. */
static enum error
tree_fold(struct edition *ed, struct rrset **at, const struct record *without)
{
	struct rrset *tree = *at, *set;
	struct rrset_cursor c;
	enum error err;

	err = edition_reserve(ed, rrset_count_nodes(tree));
	if (err)
		return err;
	set = rrset_make(ed, tree->count - 1);
	if (set == NULL)
		return ERR_MEMORY;
	rrset_copy_head(set, tree);
	set->height = 0;
	set->used = 0;
	for (struct record *r = rrset_first(tree, &c); r; r = rrset_next(&c))
		if (r != without)
			set->item[set->used++] = r;
	set->count = set->used;
	rrset_retire_nodes(ed, tree);
	rrset_replace(ed, at, set);
	return OK;
}

/* Gets blocks and slots for removing the end of the path: the nodes of the
 * levels below from, which it was the last record of, go as a whole. */
static enum error
remove_plan(struct edition *ed, struct rrset_plan *plan, struct rrset *set,
    const struct rrset_path *path, unsigned from)
{
	size_t gone = from;
	enum error err;

	/* With one child left the root goes too, and what was below it may
	 * have one child only. */
	if (from + 1u == set->height && path->node[from]->used == 2)
		gone += set->height;
	if (gone > 0) {
		err = edition_reserve(ed, gone);
		if (err)
			return err;
	}
	if (!rrset_plan_get_copies(ed, plan, set, path, from))
		return rrset_plan_drop(ed, plan);
	return OK;
}

/* Changes the path's nodes from a level up; returns the new root. */
static struct rrset_node *
path_remove(struct edition *ed, struct rrset_plan *plan,
    const struct rrset_path *path, unsigned from, unsigned height)
{
	struct rrset_node *node = NULL;

	for (unsigned level = from; level < height; level++) {
		struct rrset_node *child = node;
		unsigned i = path->index[level];

		node = rrset_plan_edit(ed, plan, path, level);
		if (level > from)
			rrset_inner_set(rrset_inner(node), i, child, level - 1);
		else if (level > 0)
			rrset_inner_delete(rrset_inner(node), i);
		else
			rrset_leaf_delete(rrset_leaf(node), i);
	}
	return node;
}

static enum error
tree_remove(struct edition *ed, struct rrset **at, struct record *r)
{
	struct rrset_plan plan = {0};
	struct rrset_path path;
	struct rrset_node *root;
	unsigned from = 0;
	enum error err;

	if (!rrset_search_tree(*at, r->rdata, r->rdlen, &path) ||
	    rrset_leaf(path.node[0])->record[path.index[0]] != r)
		return ERR_NOT_FOUND;
	if ((*at)->count - 1 <= RRSET_INLINE_BACK)
		return tree_fold(ed, at, r);
	while (path.node[from]->used == 1)
		from++;
	err = remove_plan(ed, &plan, *at, &path, from);
	if (err)
		return err;
	root = path_remove(ed, &plan, &path, from, (*at)->height);
	for (unsigned level = 0; level < from; level++)
		edition_retire(ed, path.node[level]);
	rrset_replace(ed, at, plan.set);
	plan.set->count--;
	while (plan.set->height > 1 && root->used == 1) {
		struct rrset_node *child = rrset_inner(root)->child[0];

		edition_retire(ed, root);
		root = child;
		plan.set->height--;
	}
	rrset_set_root(plan.set, root);
	return OK;
}

enum error
rrset_remove(struct edition *ed, struct rrset **at, struct record *r)
{
	if ((*at)->height == 0)
		return set_remove(ed, at, r);
	return tree_remove(ed, at, r);
}
