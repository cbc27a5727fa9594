/* store_state.h - entries of the folded state.
 *
 * A key, at most 275 octets (LMDB takes 511):
 *   class 1 | zone                                      zone
 *   class 1 | zone | owner without zone | 0 | type 2    changed TTL
 *   class 1 | zone | owner without zone | 0 | type 2 | digest 8 | slot 2
 *                                                       record
 * Records stand for their RDATA with a keyed digest; those with the same
 * digest are told apart by the slot and compared in full.
 * A value:
 *   checksum 4 | serial 4 | ttl 4 | lease 4 | digest 8 | rdlen 2 |
 *   key name, or 0 | rdata
 *
 * Threads:   one transaction, one thread.
 * Ownership: none.
 * Errors:    0, or what LMDB says.
 */
#ifndef ZONES_STORE_STATE_H
#define ZONES_STORE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "zones/store.h"

/* Classes in the order in which recovery gives them. */
enum store_class {
	STORE_CLASS_HEADER = 0,
	STORE_CLASS_ZONE,
	STORE_CLASS_BURIED,
	STORE_CLASS_TTL,
	STORE_CLASS_RECORD,
	STORE_CLASS_END
};

struct MDB_txn; /* LMDB's; its header stays behind the door */
struct MDB_cursor;

/* One transaction's view of the state. */
struct store_state {
	struct MDB_txn *txn;
	struct MDB_cursor *cursor;
	unsigned dbi;
	uint64_t id;
	/* the zone that the last operation changed; serial not yet written */
	bool zone_is_dirty;
	uint32_t zone_serial;
	uint8_t zone[256];
};

/* Starts on a transaction. */
int store_state_begin(
    struct store_state *, struct MDB_txn *, unsigned dbi, uint64_t id);

/* Writes what is pending and lets the cursor go. */
int store_state_end(struct store_state *);

/* Does what op says.  Doing so twice is harmless.  STORE_ZONE_FORGET removes
 * at most max entries and sets *more if some are left: then it must be
 * applied again. */
int store_state_apply(
    struct store_state *, const struct store_op *, size_t max, bool *more);

/* Gives every entry to fn; ERR_DAMAGED with text if one is no entry. */
enum error store_state_walk(struct store_state *, const char *path,
    store_op_fn *, void *arg, char *text, size_t text_len) MUST_CHECK;

#endif
