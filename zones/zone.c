/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/zone.h"

#include <assert.h>

#include "zones/ready_block.h"

struct zone *
zone_new(struct edition *ed, const struct zone_info *info)
{
	struct zone *z = edition_alloc(ed, sizeof(*z));

	if (z == NULL)
		return NULL;
	z->step = ed->step;
	z->info = info;
	z->apex = node_new(ed, info->apex.wire, info->apex_hash, 2);
	if (z->apex == NULL)
		return NULL;
	z->apex->flags = NODE_APEX;
	if (tree_put(ed, &z->tree, z->apex) != OK)
		return NULL;
	return z;
}

struct zone *
zone_edit(struct edition *ed, struct zone *old)
{
	struct zone *z;

	if (old->step == ed->step)
		return old;
	z = edition_alloc(ed, sizeof(*z));
	if (z == NULL)
		return NULL;
	*z = *old;
	z->step = ed->step;
	edition_retire(ed, old);
	return z;
}

static enum error
retire_node(void *arg, struct node *n)
{
	struct edition *ed = arg;
	enum error err = ready_retire(ed, n->ready);

	if (err == OK)
		err = edition_reserve(ed, 1);
	for (unsigned i = 0; i < n->rrsets && err == OK; i++)
		err = rrset_retire(ed, n->rrset[i], true);
	if (err == OK)
		edition_retire(ed, n);
	return err;
}

enum error
zone_retire(struct edition *ed, struct zone *z)
{
	enum error err = tree_walk(&z->tree, retire_node, ed);

	if (err == OK)
		err = tree_retire(ed, &z->tree);
	if (err == OK)
		err = edition_reserve(ed, 1);
	if (err == OK)
		edition_retire(ed, z);
	return err;
}

/* The topmost node at which the authority of this zone, or the name itself,
 * changes.  Goes down from the apex, because whatever lies below a cut is
 * glue or occluded (RFC 1034 4.3.2 step 3b, RFC 6672 2.4). */
static void
find_cut(const struct zone *z, const struct name_key *key, struct zone_walk *w,
    struct node *n, unsigned strip)
{
	for (;;) {
		bool is_cut = (n->flags & NODE_DELEGATION) != 0 ||
			      ((n->flags & NODE_DNAME) != 0 && strip > 0);
		if (is_cut) {
			w->cut = n;
			w->cut_strip = strip;
			return;
		}
		if (strip == 0)
			return;
		n = tree_find(&z->tree, key, --strip);
		if (n == NULL)
			return;
	}
}

void
zone_find(const struct zone *z, const struct name_key *key, struct zone_walk *w)
{
	unsigned below = key->labels - z->info->labels;

	assert(key->labels >= z->info->labels);
	w->cut = NULL;
	w->cut_strip = 0;
	w->node = tree_find(&z->tree, key, 0);
	w->encloser = w->node;
	w->encloser_strip = 0;
	if (z->cuts > 0)
		find_cut(z, key, w, z->apex, below);
	/* Empty non-terminals are nodes, so the first ancestor found is the
	 * closest encloser (RFC 4592 3.3.1). */
	while (w->encloser == NULL && w->encloser_strip < below)
		w->encloser = tree_find(&z->tree, key, ++w->encloser_strip);
}

void
zone_next_cut(
    const struct zone *z, const struct name_key *key, struct zone_walk *w)
{
	unsigned strip = w->cut_strip;
	struct node *n = NULL;

	w->cut = NULL;
	if (strip > 0)
		n = tree_find(&z->tree, key, --strip);
	if (n != NULL)
		find_cut(z, key, w, n, strip);
}
