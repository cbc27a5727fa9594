/* rrset_node.h - the blocks inside a large RRset.
 *
 * Private to the rrset files.  A set of more than RRSET_FANOUT records is a
 * B+tree of these; here with height 2:
 *
 *   struct rrset     inner                     leaf
 *   +----------+    +---------------------+   +-------------------+
 *   | item[0] ----->| child[0] child[1] ..|-->| record[0] ... [31]|--> records
 *   +----------+    | first[0] first[1] ..|   | weight[0] ... [31]|
 *                   | count[0] count[1] ..|   +-------------------+
 *                   | weight[0]        .. |
 *                   +---------------------+
 *
 * Invariants:
 *  1. A tree has more than RRSET_INLINE_BACK records; all leaves are at the
 *     same depth; no node is empty; an inner root has two children or more.
 *  2. For child i of an inner node first[i] is the first record, count[i] the
 *     number of records and weight[i] the sum of weights below it.
 *  3. Blocks whose step is not the edition's are never written to.
 *
 * Nodes are not refilled when records go: only empty ones are taken out.  The
 * height stays bounded all the same, as a node splits only when it is full:
 * each level takes some 16 times as many additions as the one below it.
 *
 * Threads:   as rrset.h.
 * Ownership: as rrset.h.
 * Errors:    none.
 */
#ifndef ZONES_RRSET_NODE_H
#define ZONES_RRSET_NODE_H

#include "zones/rrset.h"

/* A tree that shrinks to this many records becomes a plain set again; half
 * the fan-out, so that a set near the border does not flap. */
#define RRSET_INLINE_BACK (RRSET_FANOUT / 2)

/* What leaf and inner node begin with. */
struct rrset_node {
	uint64_t step;
	uint8_t used;
};

struct rrset_leaf {
	struct rrset_node node;
	uint16_t weight[RRSET_FANOUT]; /* of an SRV, else 0 */
	struct record *record[RRSET_FANOUT];
};

struct rrset_inner {
	struct rrset_node node;
	uint32_t count[RRSET_FANOUT];
	uint64_t weight[RRSET_FANOUT];
	struct record *first[RRSET_FANOUT];
	struct rrset_node *child[RRSET_FANOUT];
};

/* The way from the root to a place in a leaf; level 0 is the leaf. */
struct rrset_path {
	struct rrset_node *node[RRSET_MAX_HEIGHT];
	uint8_t index[RRSET_MAX_HEIGHT];
};

static inline struct rrset_leaf *
rrset_leaf(struct rrset_node *node)
{
	return (struct rrset_leaf *)node;
}

static inline struct rrset_inner *
rrset_inner(struct rrset_node *node)
{
	return (struct rrset_inner *)node;
}

/* The root of the tree; the set's height must not be 0.  It takes the place
 * of the only record, so that sets of one record have no field for it. */
static inline struct rrset_node *
rrset_root(const struct rrset *set)
{
	return (struct rrset_node *)(void *)set->item[0];
}

static inline void
rrset_set_root(struct rrset *set, struct rrset_node *root)
{
	set->item[0] = (struct record *)(void *)root;
}

/* The place of equal RDATA among n records in order, or where it would be
 * put; *found says which. */
unsigned rrset_search_records(uint16_t type, struct record *const *record,
    unsigned n, const uint8_t *rdata, size_t rdlen, bool *found);

/* As above in a tree: fills in the path; whether it was found. */
bool rrset_search_tree(const struct rrset *, const uint8_t *rdata, size_t rdlen,
    struct rrset_path *);

/* Makes room in an array of used records and puts one in, or takes the one at
 * place i out. */
void rrset_records_insert(
    struct record **, unsigned used, unsigned i, struct record *);
void rrset_records_delete(struct record **, unsigned used, unsigned i);

/* The same in a leaf, which must be of this step and, to put one in, not
 * full. */
void rrset_leaf_insert(struct rrset_leaf *, unsigned i, struct record *);
void rrset_leaf_delete(struct rrset_leaf *, unsigned i);

/* Moves the entries from place i on to the empty right. */
void rrset_leaf_split(
    struct rrset_leaf *left, struct rrset_leaf *right, unsigned i);
void rrset_inner_split(
    struct rrset_inner *left, struct rrset_inner *right, unsigned i);

/* Makes a child, which is of a level, entry i: what invariant 2 says of it is
 * counted afresh.  Insert makes room for it first. */
void rrset_inner_set(struct rrset_inner *, unsigned i, struct rrset_node *child,
    unsigned child_level);
void rrset_inner_insert(struct rrset_inner *, unsigned i,
    struct rrset_node *child, unsigned child_level);
void rrset_inner_delete(struct rrset_inner *, unsigned i);

#endif
