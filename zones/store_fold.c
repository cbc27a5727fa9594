/* SPDX-License-Identifier: Apache-2.0 */
/* The folder.  One step reads operations from the log, from the place that
 * the state remembers, applies a bounded number of them to the state, and
 * commits them together with the new place.  Steps are small because the disk
 * is shared with the committer, whose batches somebody waits for. */
#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "zones/store_internal.h"
#include "zones/store_state.h"

/* Room in the state's file before a step. */
#define STEP_RESERVE (1u << 20)

static MDB_val
place_key(void)
{
	return (MDB_val){2, (void *)"\0p"};
}

static enum error
read_place(struct store *s, struct store_pos *pos, char *text, size_t text_len)
{
	MDB_val key = place_key(), value;
	MDB_txn *txn;
	int rc;

	rc = mdb_txn_begin(s->state.env, NULL, MDB_RDONLY, &txn);
	if (rc)
		goto fail;
	rc = mdb_get(txn, s->state.dbi, &key, &value);
	*pos = (struct store_pos){.seq = 1};
	if (rc == 0 && value.mv_size == 16) {
		pos->seq = store_load_u64(value.mv_data);
		pos->offset = store_load_u64((uint8_t *)value.mv_data + 8);
	} else if (rc == 0) {
		rc = MDB_CORRUPTED;
	} else if (rc == MDB_NOTFOUND) {
		rc = 0;
	}
	mdb_txn_abort(txn);
	if (rc)
		goto fail;
	return OK;
fail:
	return store_env_fail(s->state.path, store_env_error(rc), text,
	    text_len, "%s", mdb_strerror(rc));
}

static int
write_place(struct store *s, MDB_txn *txn, struct store_pos pos)
{
	uint8_t octets[16];
	MDB_val key = place_key(), value = {sizeof(octets), octets};

	store_put_u64(octets, pos.seq);
	store_put_u64(octets + 8, pos.offset);
	return mdb_put(txn, s->state.dbi, &key, &value, 0);
}

/* Adds the lengths of all entries up, and sees that their numbers have no
 * gap. */
static enum error
measure_log(struct store *s, char *text, size_t text_len)
{
	uint64_t first = 1, seq = 0;
	MDB_val key = {sizeof(first), &first}, value;
	MDB_cursor *cursor;
	enum error err = OK;
	MDB_txn *txn;
	int rc;

	s->first_seq = 0;
	rc = mdb_txn_begin(s->log.env, NULL, MDB_RDONLY, &txn);
	if (rc)
		goto fail;
	rc = mdb_cursor_open(txn, s->log.dbi, &cursor);
	if (rc)
		goto fail_txn;
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == 0 && !err) {
		uint64_t last = seq;

		memcpy(&seq, key.mv_data, sizeof(seq));
		if (s->first_seq == 0)
			s->first_seq = seq;
		else if (seq != last + 1 && seq > s->folded.seq)
			err = store_env_fail(s->log.path, ERR_DAMAGED, text,
			    text_len,
			    "batches %" PRIu64 " to %" PRIu64 " are missing",
			    last + 1, seq - 1);
		if (seq < s->folded.seq)
			s->stats.history_len += value.mv_size;
		else
			s->stats.unfolded_len += value.mv_size;
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	s->durable_seq = seq;
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	if (rc && rc != MDB_NOTFOUND)
		goto fail;
	return err;
fail_txn:
	mdb_txn_abort(txn);
fail:
	return store_env_fail(s->log.path, store_env_error(rc), text, text_len,
	    "%s", mdb_strerror(rc));
}

enum error
store_fold_load(struct store *s, char *text, size_t text_len)
{
	enum error err;

	err = read_place(s, &s->folded, text, text_len);
	if (err)
		return err;
	err = measure_log(s, text, text_len);
	if (err)
		return err;
	if (s->first_seq > s->folded.seq)
		return store_env_fail(s->log.path, ERR_DAMAGED, text, text_len,
		    "batches %" PRIu64 " to %" PRIu64 " are missing",
		    s->folded.seq, s->first_seq - 1);
	/* What is folded was durable, even if the log lost it since. */
	if (s->durable_seq + 1 < s->folded.seq)
		s->durable_seq = s->folded.seq - 1;
	if (s->first_seq == 0)
		s->first_seq = s->durable_seq + 1;
	if (s->folded.seq <= s->durable_seq)
		s->unfolded_since_ms = store_now_ms();
	s->trim_before = s->first_seq;
	return OK;
}

/* One step under way. */
struct step {
	struct store *store;
	struct store_pos pos; /* next operation */
	uint64_t durable_seq;
	size_t left; /* operations that may still be done */
	size_t len; /* octets of entries folded whole */
	char *text;
	size_t text_len;
};

static enum error
step_damaged(struct step *st)
{
	return store_env_fail(st->store->log.path, ERR_DAMAGED, st->text,
	    st->text_len, "batch %" PRIu64 " is damaged at octet %" PRIu64,
	    st->pos.seq, st->pos.offset);
}

static enum error
step_failed(struct step *st, const struct store_env *env, int rc)
{
	const char *why;
	enum error err = store_env_write_error(env, rc, &why);

	return store_env_fail(
	    env->path, err, st->text, st->text_len, "%s", why);
}

/* Folds the rest of one entry, or as much as may still be done. */
static enum error
fold_entry(struct step *st, const MDB_val *value, struct store_state *state)
{
	const uint8_t *ops = (const uint8_t *)value->mv_data + STORE_ENTRY_HEAD;
	size_t len = value->mv_size - STORE_ENTRY_HEAD;
	size_t pos = st->pos.offset;
	struct store_op op;
	bool more;
	int rc;

	if (pos > len)
		return step_damaged(st);
	while (pos < len && st->left > 0) {
		if (!store_op_decode(ops, len, &pos, &op))
			return step_damaged(st);
		rc = store_state_apply(state, &op, st->left, &more);
		if (rc)
			return step_failed(st, &st->store->state, rc);
		st->left = more ? 0 : st->left - 1;
		if (!more)
			st->pos.offset = pos;
	}
	if (st->pos.offset == len) {
		st->len += value->mv_size;
		st->pos = (struct store_pos){.seq = st->pos.seq + 1};
	}
	return OK;
}

/* Folds entries one after the other. */
static enum error
fold_entries(struct step *st, MDB_txn *log, struct store_state *state)
{
	struct store *s = st->store;
	enum error err = OK;
	MDB_val key, value;
	int rc;

	while (!err && st->left > 0 && st->pos.seq <= st->durable_seq) {
		key = (MDB_val){sizeof(st->pos.seq), &st->pos.seq};
		rc = mdb_get(log, s->log.dbi, &key, &value);
		if (rc == MDB_NOTFOUND ||
		    (rc == 0 && !store_entry_check(value.mv_data, value.mv_size,
				    s->id, st->pos.seq)))
			return step_damaged(st);
		if (rc)
			return step_failed(st, &s->log, rc);
		err = fold_entry(st, &value, state);
	}
	return err;
}

/* Writes the place and commits. */
static int
commit_step(struct step *st, MDB_txn *txn)
{
	int rc = write_place(st->store, txn, st->pos);

	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	store_step(STORE_STEP_FOLD_BEFORE_COMMIT);
	rc = mdb_txn_commit(txn);
	if (rc == 0)
		store_step(STORE_STEP_FOLD_AFTER_COMMIT);
	return rc;
}

static enum error
run_step(struct step *st)
{
	struct store *s = st->store;
	struct store_state state;
	MDB_txn *log, *txn;
	enum error err;
	int rc, end;

	rc = mdb_txn_begin(s->log.env, NULL, MDB_RDONLY, &log);
	if (rc)
		return step_failed(st, &s->log, rc);
	store_env_reserve(&s->state, STEP_RESERVE);
	rc = mdb_txn_begin(s->state.env, NULL, 0, &txn);
	if (rc) {
		mdb_txn_abort(log);
		return step_failed(st, &s->state, rc);
	}
	rc = store_state_begin(&state, txn, s->state.dbi, s->id);
	if (rc) {
		err = step_failed(st, &s->state, rc);
	} else {
		err = fold_entries(st, log, &state);
		end = store_state_end(&state);
		if (!err && end)
			err = step_failed(st, &s->state, end);
	}
	/* Readers hold pages back: be done with the log before the sync. */
	mdb_txn_abort(log);
	if (err) {
		mdb_txn_abort(txn);
		return err;
	}
	rc = commit_step(st, txn);
	if (!rc)
		return OK;
	err = step_failed(st, &s->state, rc);
	if (err != ERR_FULL && err != ERR_MEMORY)
		s->fold_broken = true;
	return err;
}

/* Publishes where the state stands now, and lets the committer trim. */
static void
step_done(struct step *st, bool *more)
{
	struct store *s = st->store;

	pthread_mutex_lock(&s->lock);
	/* Invariant 4: the commit before this one must be able to go on. */
	s->trim_before = s->folded.seq;
	s->folded = st->pos;
	s->stats.unfolded_len -= st->len;
	s->stats.history_len += st->len;
	*more = st->pos.seq <= s->durable_seq;
	if (!*more)
		s->unfolded_since_ms = 0;
	if (store_trimmable(s))
		pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
}

enum error
store_fold_step(
    struct store *s, size_t max, bool *more, char *text, size_t text_len)
{
	struct step st = {
	    .store = s, .left = max, .text = text, .text_len = text_len};
	enum error err;

	pthread_mutex_lock(&s->lock);
	st.pos = s->folded;
	st.durable_seq = s->durable_seq;
	pthread_mutex_unlock(&s->lock);
	*more = false;
	if (st.pos.seq > st.durable_seq)
		return OK;
	if (s->fold_broken)
		return store_env_fail(s->state.path, ERR_IO, text, text_len,
		    "a sync failed; not folded until restart");
	err = run_step(&st);
	if (!err)
		step_done(&st, more);
	return err;
}

/* Waits until enough is in the log, or it is old enough; false to stop. */
static bool
wait_for_log(struct store *s, bool failed)
{
	int64_t due_ms, since_ms = failed ? store_now_ms() : 0;
	struct timespec due;
	bool stop;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		if (!failed && s->stats.unfolded_len >= STORE_FOLD_LEN)
			break;
		if (!failed && s->unfolded_since_ms == 0) {
			pthread_cond_wait(&s->fold, &s->lock);
			continue;
		}
		due_ms = failed ? since_ms + STORE_FOLD_RETRY_MS
				: s->unfolded_since_ms + STORE_FOLD_MS;
		if (store_now_ms() >= due_ms)
			break;
		due.tv_sec = due_ms / 1000;
		due.tv_nsec = due_ms % 1000 * 1000000;
		pthread_cond_timedwait(&s->fold, &s->lock, &due);
	}
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return !stop;
}

static bool
is_stopping(struct store *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

void *
store_fold_main(void *store)
{
	struct store *s = store;
	enum error err = OK;
	char text[160];
	bool more;

	while (wait_for_log(s, err != OK)) {
		do {
			pthread_mutex_lock(&s->fold_lock);
			err = store_fold_step(
			    s, STORE_FOLD_OPS, &more, text, sizeof(text));
			pthread_mutex_unlock(&s->fold_lock);
		} while (!err && more && !is_stopping(s));
		if (err)
			store_note_error(s, err, text);
	}
	return NULL;
}

static enum error
walk_state(
    struct store *s, store_op_fn *fn, void *arg, char *text, size_t text_len)
{
	struct store_state state;
	enum error err = OK;
	MDB_txn *txn;
	int rc;

	rc = mdb_txn_begin(s->state.env, NULL, MDB_RDONLY, &txn);
	if (!rc) {
		rc = store_state_begin(&state, txn, s->state.dbi, s->id);
		if (!rc) {
			err = store_state_walk(
			    &state, s->state.path, fn, arg, text, text_len);
			mdb_cursor_close(state.cursor);
		}
		mdb_txn_abort(txn);
	}
	if (rc)
		err = store_env_fail(s->state.path, store_env_error(rc), text,
		    text_len, "%s", mdb_strerror(rc));
	return err;
}

enum error
store_recover(
    struct store *s, store_op_fn *fn, void *arg, char *text, size_t text_len)
{
	enum error err = OK;
	bool more = true;

	pthread_mutex_lock(&s->fold_lock);
	while (!err && more)
		err = store_fold_step(
		    s, STORE_RECOVER_OPS, &more, text, text_len);
	if (!err)
		err = walk_state(s, fn, arg, text, text_len);
	if (!err)
		store_env_unload(&s->state);
	pthread_mutex_unlock(&s->fold_lock);
	return err;
}
