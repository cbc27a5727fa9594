/* index.h - RRsets that are no data: entries by which readers find things.
 *
 * An index is an RRset of a type that can never be data (node.h) at some node
 * of a zone; each of its records is an entry, whose RDATA says where to look.
 *
 * Threads:   writer only; readers walk them as RRsets.
 * Ownership: blocks of editions.
 * Errors:    ERR_MEMORY, ERR_LIMIT: the caller rolls the edition back;
 *            ERR_EXISTS, ERR_NOT_FOUND: about the entry.
 */
#ifndef ZONES_INDEX_H
#define ZONES_INDEX_H

#include <stdbool.h>

#include "zones/zone.h"

/* Adds an entry to the index of a node, which is made if need be; *first says
 * whether the index is new.  The zone must be of the current step. */
enum error index_add(struct edition *, struct zone *, const struct name_key *at,
    enum index_type, const uint8_t *entry, size_t len, bool *first) MUST_CHECK;

/* Takes an entry out; *last says whether the index is gone.  A node that is
 * left with nothing stays: change_node_close() knows. */
enum error index_remove(struct edition *, struct zone *,
    const struct name_key *at, enum index_type, const uint8_t *entry,
    size_t len, bool *last) MUST_CHECK;

#endif
