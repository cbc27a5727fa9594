/* SPDX-License-Identifier: Apache-2.0 */
/* The log read back.  A zone's operations carry the serial they led to, so
 * what follows the last operation with serial `from` is the history since
 * then.  That place is searched from the newest entry backwards: a secondary
 * is rarely far behind. */
#include <lmdb.h>
#include <string.h>

#include "zones/dns/name.h"
#include "zones/store_internal.h"

/* A pass over the log for one zone. */
struct pass {
	struct store *store;
	MDB_cursor *cursor;
	const uint8_t *zone;
	uint32_t from;
	uint64_t newest; /* last entry to look at */
	struct store_pos start; /* where the history starts */
};

/* The operations of an entry; ERR_NOT_FOUND if the log does not have it. */
static enum error
read_entry(struct pass *p, uint64_t seq, const uint8_t **ops, size_t *len)
{
	MDB_val key = {sizeof(seq), &seq}, value;
	int rc = mdb_cursor_get(p->cursor, &key, &value, MDB_SET);

	if (rc == MDB_NOTFOUND)
		return ERR_NOT_FOUND;
	if (rc)
		return store_env_error(rc);
	if (!store_entry_check(value.mv_data, value.mv_size, p->store->id, seq))
		return ERR_DAMAGED;
	*ops = (const uint8_t *)value.mv_data + STORE_ENTRY_HEAD;
	*len = value.mv_size - STORE_ENTRY_HEAD;
	return OK;
}

/* Whether serial a is before b (RFC 1982 3.2). */
static bool
serial_is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Looks for the start in one entry: OK if it is here, ERR_EXISTS if it is to
 * be looked for further back, ERR_NOT_FOUND if it is nowhere. */
static enum error
search_entry(struct pass *p, uint64_t seq, const uint8_t *ops, size_t len)
{
	enum error result = ERR_EXISTS;
	struct store_op op;
	size_t pos = 0;

	while (pos < len) {
		if (!store_op_decode(ops, len, &pos, &op))
			return ERR_DAMAGED;
		if (!name_equal(op.zone, p->zone))
			continue;
		if (op.kind == STORE_ZONE_FORGET) {
			result = ERR_NOT_FOUND;
		} else if (op.serial == p->from) {
			p->start = (struct store_pos){seq, pos};
			result = OK;
		} else if (serial_is_before(op.serial, p->from) &&
			   result == ERR_EXISTS) {
			result = ERR_NOT_FOUND;
		}
	}
	return result;
}

static enum error
find_start(struct pass *p)
{
	enum error err = ERR_EXISTS;
	const uint8_t *ops;
	size_t len;

	for (uint64_t seq = p->newest; seq > 0 && err == ERR_EXISTS; seq--) {
		err = read_entry(p, seq, &ops, &len);
		if (!err)
			err = search_entry(p, seq, ops, len);
	}
	return err == ERR_EXISTS ? ERR_NOT_FOUND : err;
}

/* Gives the zone's operations of one entry, from pos on. */
static enum error
give_entry(struct pass *p, const uint8_t *ops, size_t len, size_t pos,
    store_op_fn *fn, void *arg)
{
	enum error err = OK;
	struct store_op op;

	while (!err && pos < len) {
		if (!store_op_decode(ops, len, &pos, &op))
			return ERR_DAMAGED;
		if (op.kind != STORE_LEASE && name_equal(op.zone, p->zone))
			err = fn(arg, &op);
	}
	return err;
}

static enum error
run_pass(struct pass *p, store_op_fn *fn, void *arg)
{
	enum error err = find_start(p);
	size_t len, pos = p->start.offset;
	const uint8_t *ops;

	for (uint64_t seq = p->start.seq; !err && seq <= p->newest; seq++) {
		err = read_entry(p, seq, &ops, &len);
		/* The start was found, so a hole is damage. */
		if (err == ERR_NOT_FOUND)
			err = ERR_DAMAGED;
		if (!err)
			err = give_entry(p, ops, len, pos, fn, arg);
		pos = 0;
	}
	return err;
}

enum error
store_history(struct store *s, const uint8_t *zone, uint32_t from,
    store_op_fn *fn, void *arg)
{
	struct pass p = {.store = s, .zone = zone, .from = from};
	enum error err;
	MDB_txn *txn;
	int rc;

	/* Invariant 2: what is not durable yet may still be refused. */
	pthread_mutex_lock(&s->lock);
	p.newest = s->durable_seq;
	pthread_mutex_unlock(&s->lock);
	rc = mdb_txn_begin(s->log.env, NULL, MDB_RDONLY, &txn);
	if (rc)
		return store_env_error(rc);
	rc = mdb_cursor_open(txn, s->log.dbi, &p.cursor);
	if (rc) {
		mdb_txn_abort(txn);
		return store_env_error(rc);
	}
	err = run_pass(&p, fn, arg);
	mdb_cursor_close(p.cursor);
	mdb_txn_abort(txn);
	return err;
}
