/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/index.h"

#include "zones/change_node.h"

enum error
index_add(struct edition *ed, struct zone *z, const struct name_key *at,
    enum index_type type, const uint8_t *entry, size_t len, bool *first)
{
	struct node *n = NULL;
	struct rrset *set;
	struct record *r;
	enum error err = change_node_open(ed, z, at, &n);

	if (err != OK)
		return err;
	set = node_find(n, type);
	*first = set == NULL;
	if (set == NULL)
		set = rrset_new(ed, type, 0);
	r = record_new(ed, type, entry, len, RECORD_STATIC);
	if (set == NULL || r == NULL)
		return ERR_MEMORY;
	err = rrset_add(ed, &set, r);
	return err == OK ? node_put(n, set) : err;
}

enum error
index_remove(struct edition *ed, struct zone *z, const struct name_key *at,
    enum index_type type, const uint8_t *entry, size_t len, bool *last)
{
	struct node *n = NULL;
	struct rrset *set;
	struct record *r;
	enum error err = change_node_open(ed, z, at, &n);

	if (err != OK)
		return err;
	set = node_find(n, type);
	r = rrset_find(set, entry, len);
	err = rrset_remove(ed, &set, r);
	if (err == OK)
		err = edition_reserve(ed, 2);
	if (err != OK)
		return err;
	record_retire(ed, r);
	*last = set->count == 0;
	if (!*last)
		return node_put(n, set);
	node_take(n, type);
	return rrset_retire(ed, set, false);
}
