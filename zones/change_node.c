/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/change_node.h"

#include <assert.h>

#include "zones/directory.h"
#include "zones/ready_block.h"

/* The part of a key that names an ancestor. */
struct place {
	const struct name_key *key;
	unsigned strip;
};

static const uint8_t *
place_name(struct place p)
{
	return p.key->wire + p.key->label[p.strip];
}

static uint64_t
place_hash(struct place p)
{
	return p.key->hash[p.strip];
}

static bool
place_is_wildcard(struct place p)
{
	const uint8_t *name = place_name(p);

	return name[0] == 1 && name[1] == '*';
}

static enum error
put_edited(struct edition *ed, struct zone *z, struct node *old, struct node *n)
{
	if (n == old)
		return OK;
	if ((n->flags & NODE_APEX) != 0)
		z->apex = n;
	return tree_put(ed, &z->tree, n);
}

/* Makes sure that the node at a place exists and is of this step, which may
 * mean to make its ancestors first. */
static enum error
open_at(struct edition *ed, struct zone *z, struct place p, struct node **out)
{
	struct place up = {p.key, p.strip + 1};
	struct node *old = tree_find(&z->tree, p.key, p.strip), *n, *parent;
	enum error err;

	if (old != NULL) {
		n = node_edit(ed, old);
		if (n == NULL)
			return ERR_MEMORY;
		*out = n;
		return put_edited(ed, z, old, n);
	}
	assert(p.key->labels - p.strip > z->info->labels);
	err = open_at(ed, z, up, &parent);
	if (err != OK)
		return err;
	parent->children++;
	if (place_is_wildcard(p))
		parent->flags |= NODE_WILDCARD;
	n = node_new(ed, place_name(p), place_hash(p), 1);
	if (n == NULL)
		return ERR_MEMORY;
	*out = n;
	return tree_put(ed, &z->tree, n);
}

enum error
change_node_open(struct edition *ed, struct zone *z, const struct name_key *key,
    struct node **n)
{
	struct node *old = *n, *edited;

	if (old == NULL)
		return open_at(ed, z, (struct place){key, 0}, n);
	edited = node_edit(ed, old);
	if (edited == NULL)
		return ERR_MEMORY;
	*n = edited;
	return put_edited(ed, z, old, edited);
}

static void
mark(struct zone *z, struct node *n)
{
	uint8_t cut = NODE_DELEGATION | NODE_DNAME;
	bool was_cut = (n->flags & cut) != 0, is_cut;

	n->flags &= (uint8_t) ~(cut | NODE_CNAME);
	if (node_find(n, TYPE_NS) && (n->flags & NODE_APEX) == 0)
		n->flags |= NODE_DELEGATION;
	if (node_find(n, TYPE_DNAME))
		n->flags |= NODE_DNAME;
	if (node_find(n, TYPE_CNAME))
		n->flags |= NODE_CNAME;
	is_cut = (n->flags & cut) != 0;
	if (is_cut && !was_cut)
		z->cuts++;
	if (!is_cut && was_cut)
		z->cuts--;
}

static enum error
enter_directory(struct edition *ed, struct zone *z, const struct name_key *key,
    struct node *n)
{
	bool was = (n->flags & NODE_SERVICE) != 0;
	bool is = directory_has_service(n) &&
		  directory_is_service_name(key->wire, z->info->labels);

	if (was == is)
		return OK;
	n->flags ^= NODE_SERVICE;
	return is ? directory_enter(ed, z, key) : directory_remove(ed, z, key);
}

/* Takes nodes that own nothing and have no children out, from a place
 * upwards; the apex stays. */
static enum error
prune(struct edition *ed, struct zone *z, struct place p)
{
	struct node *n = tree_find(&z->tree, p.key, p.strip), *parent;
	enum error err;

	while (
	    n->rrsets == 0 && n->children == 0 && (n->flags & NODE_APEX) == 0) {
		bool wildcard = place_is_wildcard(p);

		err = tree_remove(ed, &z->tree, n);
		if (err == OK)
			err = edition_reserve(ed, 1);
		if (err == OK)
			err = ready_retire(ed, n->ready);
		if (err != OK)
			return err;
		edition_retire(ed, n);
		p.strip++;
		err = open_at(ed, z, p, &parent);
		if (err != OK)
			return err;
		parent->children--;
		if (wildcard)
			parent->flags &= (uint8_t)~NODE_WILDCARD;
		n = parent;
	}
	return OK;
}

enum error
change_node_close(struct edition *ed, struct zone *z,
    const struct name_key *key, struct node *n)
{
	enum error err;

	mark(z, n);
	err = enter_directory(ed, z, key, n);
	if (err != OK || n->rrsets > 0)
		return err;
	return prune(ed, z, (struct place){key, 0});
}
