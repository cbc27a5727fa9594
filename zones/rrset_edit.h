/* rrset_edit.h - what adding to an RRset and removing from it share.
 *
 * Private to the rrset files.  Each edit has three parts: find the way to the
 * place and what will have to be copied or made (nothing is changed); get all
 * blocks and slots for it, in a plan (the only part that can fail); change.
 *
 * Threads:   writer only.
 * Ownership: blocks of editions; a plan that is dropped retires its own.
 * Errors:    NULL, false or ERR_MEMORY; nothing can be seen of the edit then.
 */
#ifndef ZONES_RRSET_EDIT_H
#define ZONES_RRSET_EDIT_H

#include "zones/rrset_node.h"

/* The blocks of one edit, by level. */
struct rrset_plan {
	struct rrset_node *copy[RRSET_MAX_HEIGHT]; /* of the path's node */
	struct rrset_node *right[RRSET_MAX_HEIGHT]; /* what splits off */
	struct rrset_node *root; /* a level more */
	struct rrset *set;
	size_t got;
	void *block[2 * RRSET_MAX_HEIGHT + 2];
};

/* A zeroed set of this step with room for a number of items. */
struct rrset *rrset_make(struct edition *, unsigned items);

/* Copies all but step, capacity and items. */
void rrset_copy_head(struct rrset *to, const struct rrset *from);

/* A set of this step with the same items and room for a number of them: the
 * given one if it is fit, else a copy; the old one is still to be retired. */
struct rrset *rrset_edit(struct edition *, struct rrset *old, unsigned items);

/* Makes set the current version and retires the one before, if it was
 * another; a slot comes with each set made.  Cannot fail. */
void rrset_replace(struct edition *, struct rrset **at, struct rrset *set);

/* A new node of a level, noted in the plan. */
struct rrset_node *rrset_plan_get_node(
    struct edition *, struct rrset_plan *, unsigned level);

/* Gets copies of the head and of the path's nodes from a level up to the root
 * where they are not of this step. */
bool rrset_plan_get_copies(struct edition *, struct rrset_plan *,
    struct rrset *, const struct rrset_path *, unsigned from);

/* The edit is off: retires what the plan got, as nothing reaches it; returns
 * ERR_MEMORY. */
enum error rrset_plan_drop(struct edition *, struct rrset_plan *);

/* The path's node of a level, ready to be changed: copied and the old one
 * retired if the plan holds a copy.  Cannot fail. */
struct rrset_node *rrset_plan_edit(struct edition *, struct rrset_plan *,
    const struct rrset_path *, unsigned level);

/* How many nodes a set has, and retiring them all; room must have been
 * reserved. */
size_t rrset_count_nodes(const struct rrset *);
void rrset_retire_nodes(struct edition *, const struct rrset *);

#endif
