/* tree.h - the names of one zone.
 *
 * A hash array mapped trie: six bits of the name's hash choose one of 64
 * slots, which is empty, a node, or the next branch.  Two million names are
 * four branches deep.  An edit copies the branches on the way to the root
 * (unless they are of the current step), and old versions stay whole.
 *
 *   branch: | step | bitmap of used slots | slot slot slot ... |
 *                                            |    `- node
 *                                            `- branch (lowest bit set)
 *
 * There is no order in it: ancestors are found by hash, since a name_key
 * holds the hash of each suffix; who needs canonical order sorts.
 *
 * Threads:   readers any; edits by the writer, through an edition.
 * Ownership: branches are blocks of editions; nodes are the caller's.
 * Errors:    ERR_MEMORY; ERR_LIMIT if two names share all 64 bits of the keyed
 *            hash.  The tree is as it was then.
 */
#ifndef ZONES_TREE_H
#define ZONES_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/name.h"
#include "zones/node.h"

struct branch;

struct tree {
	struct branch *root; /* NULL: empty */
	size_t count; /* nodes */
};

/* The node of the name that is left of key after its first strip labels. */
struct node *tree_find(
    const struct tree *, const struct name_key *key, unsigned strip);

/* The node with that hash and name (lower case). */
struct node *tree_find_name(
    const struct tree *, uint64_t hash, const uint8_t *name, size_t name_len);

/* A node by its hash alone; the caller knows that its name is in the tree. */
struct node *tree_find_hash(const struct tree *, uint64_t hash);

/* Finds many nodes by their hashes at once: all walks go down level by level
 * together, so that they wait for memory together and not one after the
 * other. */
#define TREE_MANY 16
void tree_find_many(const struct tree *, const uint64_t *hash,
    struct node **node, size_t count);

/* Puts a node in, in place of the one with the same name. */
enum error tree_put(struct edition *, struct tree *, struct node *) MUST_CHECK;

/* Takes the node out; it must be in the tree. */
enum error tree_remove(
    struct edition *, struct tree *, const struct node *) MUST_CHECK;

/* Calls fn for each node in no particular order until it returns an error,
 * which is returned. */
typedef enum error tree_fn(void *arg, struct node *);
enum error tree_walk(const struct tree *, tree_fn *, void *arg);

/* Retires all branches (not the nodes). */
enum error tree_retire(struct edition *, struct tree *) MUST_CHECK;

#endif
