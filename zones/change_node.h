/* change_node.h - opening and closing one node in the course of a change.
 *
 *   change_node_open: the node is of this step, in the tree, and has its
 *       ancestors (empty non-terminals) down from the apex.
 *   change_node_close: marks, the count of cuts and the directory agree with
 *       its RRsets again; nodes that are empty now are gone.
 *
 * Threads:   writer only.
 * Ownership: nodes are blocks of editions.
 * Errors:    ERR_MEMORY, ERR_LIMIT: the caller rolls the edition back.
 * Standards: RFC 8020 (empty non-terminals); RFC 4592 (wildcards).
 */
#ifndef ZONES_CHANGE_NODE_H
#define ZONES_CHANGE_NODE_H

#include "zones/zone.h"

/* *n may be the node in the tree (saves looking for it) or NULL. */
enum error change_node_open(struct edition *, struct zone *,
    const struct name_key *, struct node **n) MUST_CHECK;

enum error change_node_close(struct edition *, struct zone *,
    const struct name_key *, struct node *n) MUST_CHECK;

#endif
