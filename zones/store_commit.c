/* SPDX-License-Identifier: Apache-2.0 */
/* The committer.  Each round takes all batches that wait, writes them as log
 * entries in one transaction, takes some old entries off in the same one, and
 * commits: one sync for all of them.  Then come the callbacks, in order.
 * What is submitted meanwhile waits for the next round. */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "zones/store_internal.h"

/* The log is full when a third of its map is in use: rounding entries up to
 * pages may double them, and LMDB needs free pages to delete. */
#define LOG_SHARE 3

#define PAGE 4096 /* roughly: LMDB's are the system's */
#define PAGES_EXTRA 64 /* for the tree and the list of free pages */

/* One round: what goes in and how much may come off. */
struct round {
	struct store_batch *first;
	size_t len;
	uint64_t count; /* entries to write */
	uint64_t next_seq;
	uint64_t trim_seq; /* oldest entry */
	uint64_t trim_before;
	size_t trim_len; /* octets that may go */
	/* results */
	uint64_t trimmed;
	size_t trimmed_len;
};

size_t
store_trimmable(const struct store *s)
{
	size_t len = s->stats.history_len;

	if (len <= s->limits.history_len || s->first_seq >= s->trim_before)
		return 0;
	return len - s->limits.history_len;
}

static bool
is_written(const struct store_batch *b)
{
	return !b->doomed && b->len > 0;
}

/* Takes batches off the queue up to STORE_GROUP_LEN; lock held. */
static void
take_batches(struct store *s, struct round *r)
{
	struct store_batch **end = &s->first;

	while (*end && (r->len == 0 || r->len < STORE_GROUP_LEN)) {
		if (is_written(*end)) {
			r->len += (*end)->len + STORE_ENTRY_HEAD;
			r->count++;
		}
		end = &(*end)->next;
	}
	r->first = s->first;
	s->first = *end;
	*end = NULL;
	if (end == &s->first)
		r->first = NULL;
	if (!s->first)
		s->last = &s->first;
}

/* Waits for something to do; false when there is nothing left and the store
 * closes.  After a round that found no room, trimming has its turn first. */
static bool
next_round(struct store *s, struct round *r, bool was_full)
{
	*r = (struct round){0};
	pthread_mutex_lock(&s->lock);
	while (!s->first && !s->stop && (s->broken || !store_trimmable(s)))
		pthread_cond_wait(&s->work, &s->lock);
	if (s->first && !(was_full && store_trimmable(s) && !s->stop))
		take_batches(s, r);
	r->next_seq = s->durable_seq + 1;
	r->trim_seq = s->first_seq;
	r->trim_before = s->trim_before;
	r->trim_len = s->stop || s->broken ? 0 : store_trimmable(s);
	pthread_mutex_unlock(&s->lock);
	return r->first || r->trim_len > 0;
}

static int
put_batches(struct store *s, MDB_txn *txn, const struct round *r)
{
	uint64_t seq = r->next_seq;
	MDB_val key = {sizeof(seq), &seq}, value;
	int rc;

	for (const struct store_batch *b = r->first; b; b = b->next) {
		if (!is_written(b))
			continue;
		value.mv_size = STORE_ENTRY_HEAD + b->len;
		rc = mdb_put(
		    txn, s->log.dbi, &key, &value, MDB_APPEND | MDB_RESERVE);
		if (rc)
			return rc;
		store_entry_write(value.mv_data, b, s->id, seq);
		seq++;
	}
	return 0;
}

static int
trim(struct store *s, MDB_txn *txn, struct round *r)
{
	uint64_t max =
	    r->first ? 2 * r->count + STORE_TRIM_BUSY : STORE_TRIM_IDLE;
	/* More than what is put in, so that the log does not grow. */
	size_t max_len = 2 * r->len + STORE_TRIM_LEN;
	MDB_val key = {sizeof(r->trim_seq), &r->trim_seq}, value;
	MDB_cursor *cursor;
	uint64_t seq;
	int rc;

	if (r->trim_len == 0)
		return 0;
	if (max_len > r->trim_len)
		max_len = r->trim_len;
	rc = mdb_cursor_open(txn, s->log.dbi, &cursor);
	if (rc)
		return rc;
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == 0 && r->trimmed < max && r->trimmed_len < max_len) {
		memcpy(&seq, key.mv_data, sizeof(seq));
		if (seq >= r->trim_before)
			break;
		r->trimmed_len += value.mv_size;
		r->trimmed++;
		rc = mdb_cursor_del(cursor, 0);
		if (rc)
			break;
		r->trim_seq = seq + 1;
		/* The cursor stands on what followed. */
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
write_round(struct store *s, struct round *r)
{
	MDB_txn *txn;
	int rc;

	store_step(STORE_STEP_BEFORE_TXN);
	/* Entries are rounded up to pages. */
	store_env_reserve(&s->log, r->len + (r->count + PAGES_EXTRA) * PAGE);
	rc = mdb_txn_begin(s->log.env, NULL, 0, &txn);
	if (rc)
		return rc;
	rc = put_batches(s, txn, r);
	store_step(STORE_STEP_AFTER_PUT);
	if (!rc)
		rc = trim(s, txn, r);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	if (r->trimmed > 0)
		store_step(STORE_STEP_TRIMMED);
	store_step(STORE_STEP_BEFORE_COMMIT);
	rc = mdb_txn_commit(txn);
	if (rc)
		return rc;
	store_step(
	    r->first ? STORE_STEP_AFTER_COMMIT : STORE_STEP_TRIM_COMMITTED);
	return 0;
}

/* Whether LMDB has given the environment up: its last commit may or may not
 * have reached the disk. */
static bool
env_is_lost(struct store *s)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(s->log.env, NULL, 0, &txn);

	if (rc == 0)
		mdb_txn_abort(txn);
	return rc != 0;
}

/* The file that names the first entry whose fate a failed sync left open. */
static char *
cut_path(const struct store *s)
{
	char *path;

	return asprintf(&path, "%s/refused", s->dir) < 0 ? NULL : path;
}

/* Notes that entries from seq on were refused, whatever the disk says later.
 * The disk that failed may fail here too; nothing more can be done then. */
static void
note_cut(struct store *s, uint64_t seq)
{
	char *path = cut_path(s), line[32];
	int fd, n;

	if (!path)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		n = snprintf(
		    line, sizeof(line), "%llu\n", (unsigned long long)seq);
		if (write(fd, line, (size_t)n) == n && fsync(fd) == 0)
			(void)!store_env_sync_dir(s->dir);
		close(fd);
	}
	free(path);
}

/* Removes the entries from seq on. */
static int
cut_log(struct store *s, uint64_t seq)
{
	MDB_val key = {sizeof(seq), &seq}, value;
	MDB_cursor *cursor;
	MDB_txn *txn;
	int rc;

	rc = mdb_txn_begin(s->log.env, NULL, 0, &txn);
	if (rc)
		return rc;
	rc = mdb_cursor_open(txn, s->log.dbi, &cursor);
	if (rc)
		goto fail;
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == 0) {
		rc = mdb_cursor_del(cursor, 0);
		if (!rc)
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	if (rc != MDB_NOTFOUND)
		goto fail;
	return mdb_txn_commit(txn);
fail:
	mdb_txn_abort(txn);
	return rc;
}

enum error
store_commit_cut(struct store *s, char *text, size_t text_len)
{
	char *path = cut_path(s), line[32] = "";
	enum error err = OK;
	uint64_t seq;
	int fd, rc;

	if (!path)
		return store_env_fail(
		    s->dir, ERR_MEMORY, text, text_len, "out of memory");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		goto out;
	/* An empty file means that the disk refused the number as well. */
	seq =
	    read(fd, line, sizeof(line) - 1) > 0 ? strtoull(line, NULL, 10) : 0;
	close(fd);
	rc = seq > 0 ? cut_log(s, seq) : 0;
	if (rc)
		err = store_env_fail(s->log.path, store_env_error(rc), text,
		    text_len, "%s", mdb_strerror(rc));
	else if (unlink(path) || store_env_sync_dir(s->dir))
		err = store_env_fail(path, ERR_IO, text, text_len, "%m");
out:
	free(path);
	return err;
}

/* A round was refused: so is everything that waits, for it may stand on it. */
static void
refuse(struct store *s, struct round *r, enum error err, bool broken)
{
	pthread_mutex_lock(&s->lock);
	*s->last = NULL;
	if (r->first) {
		struct store_batch *b = r->first;

		while (b->next)
			b = b->next;
		b->next = s->first;
		s->first = NULL;
		s->last = &s->first;
	}
	s->broken = s->broken || broken;
	s->held = s->limits.pipelined;
	s->held_error = err;
	pthread_mutex_unlock(&s->lock);
	for (struct store_batch *b = r->first; b; b = b->next)
		b->outcome = err;
}

/* A round is durable. */
static void
accept(struct store *s, struct round *r)
{
	enum error held;
	bool wake = false;

	pthread_mutex_lock(&s->lock);
	if (r->count > 0 && s->folded.seq > s->durable_seq) {
		s->unfolded_since_ms = store_now_ms();
		wake = true;
	}
	s->durable_seq += r->count;
	s->stats.unfolded_len += r->len;
	s->first_seq = r->trim_seq;
	s->stats.history_len -= r->trimmed_len;
	held = s->held_error;
	for (struct store_batch *b = r->first; b; b = b->next) {
		b->outcome = b->doomed ? held : OK;
		if (!b->doomed) {
			s->stats.batches++;
			s->stats.ops += b->ops;
		}
	}
	if (wake || s->stats.unfolded_len >= STORE_FOLD_LEN)
		pthread_cond_signal(&s->fold);
	pthread_mutex_unlock(&s->lock);
}

static void
call_back(struct store *s, struct round *r)
{
	uint64_t count = 0, refused = 0;
	struct store_batch *next;

	for (struct store_batch *b = r->first; b; b = next) {
		/* The callback takes the batch back and may free it. */
		next = b->next;
		count++;
		if (b->outcome)
			refused++;
		b->done(b->arg, b, b->outcome);
	}
	pthread_mutex_lock(&s->lock);
	s->finished += count;
	s->stats.refused += refused;
	if (s->finished == s->submitted)
		pthread_cond_broadcast(&s->done);
	pthread_mutex_unlock(&s->lock);
	if (count > 0)
		store_step(STORE_STEP_AFTER_CALLBACK);
}

static enum error
check_room(struct store *s, const struct round *r)
{
	uint64_t live;

	pthread_mutex_lock(&s->lock);
	live = s->stats.unfolded_len + s->stats.history_len;
	pthread_mutex_unlock(&s->lock);
	return r->len > 0 && live + r->len > s->limits.map_len / LOG_SHARE
		   ? ERR_FULL
		   : OK;
}

/* Trimming failed with nothing else to do: wait before the next try, or until
 * there is work. */
static void
pause_trimming(struct store *s)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_mutex_lock(&s->lock);
	if (!s->first && !s->stop)
		pthread_cond_timedwait(&s->work, &s->lock, &until);
	pthread_mutex_unlock(&s->lock);
}

/* Makes a round durable or says why not. */
static enum error
commit_round(struct store *s, struct round *r, bool *lost)
{
	const char *why;
	char text[160];
	enum error err;
	int rc;

	*lost = false;
	if (s->broken)
		return ERR_IO;
	err = check_room(s, r);
	if (err) {
		store_env_fail(s->log.path, err, text, sizeof(text),
		    "the log has reached its limit");
		store_note_error(s, err, text);
		return err;
	}
	if (r->count == 0 && r->trim_len == 0)
		return OK;
	rc = write_round(s, r);
	if (!rc)
		return OK;
	err = store_env_write_error(&s->log, rc, &why);
	/* A sync that failed must not be tried again: the kernel may have
	 * dropped what it could not write.  No space is no such failure: the
	 * next transaction writes its pages anew. */
	*lost = (err != ERR_FULL && err != ERR_MEMORY) || env_is_lost(s);
	if (*lost)
		note_cut(s, r->next_seq);
	store_env_fail(s->log.path, err, text, sizeof(text), "%s%s",
	    mdb_strerror(rc),
	    *lost ? "; no change is taken until restart" : "");
	store_note_error(s, err, text);
	return err;
}

void *
store_commit_main(void *store)
{
	struct store *s = store;
	struct round r;
	enum error err;
	bool full = false, lost;

	while (next_round(s, &r, full)) {
		err = commit_round(s, &r, &lost);
		full = err == ERR_FULL && r.first;
		if (err) {
			refuse(s, &r, err, lost);
			if (!r.first)
				pause_trimming(s);
		} else {
			accept(s, &r);
		}
		call_back(s, &r);
	}
	return NULL;
}
