/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "zones/store_internal.h"

/* History may take so much of the log's map, lest it leave no room to log. */
#define HISTORY_SHARE 8

void (*store_test_step)(enum store_step);

int64_t
store_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
store_note_error(struct store *s, enum error err, const char *text)
{
	pthread_mutex_lock(&s->lock);
	s->stats.last_error = err;
	snprintf(s->stats.last_text, sizeof(s->stats.last_text), "%s", text);
	pthread_mutex_unlock(&s->lock);
}

/* Makes the directory and takes the lock that keeps a second process out. */
static enum error
open_dir(struct store *s, char *text, size_t text_len)
{
	enum error err = OK;
	char *path;

	if (mkdir(s->dir, 0700) && errno != EEXIST)
		return store_env_fail(
		    s->dir, store_env_error(errno), text, text_len, "%m");
	if (asprintf(&path, "%s/lock", s->dir) < 0)
		return store_env_fail(
		    s->dir, ERR_MEMORY, text, text_len, "out of memory");
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0) {
		err = store_env_error(errno);
		store_env_fail(path, err, text, text_len, "%m");
	} else if (flock(s->lock_fd, LOCK_EX | LOCK_NB)) {
		err = errno == EWOULDBLOCK ? ERR_CONFLICT : ERR_IO;
		store_env_fail(path, err, text, text_len, "%s",
		    err == ERR_CONFLICT ? "another process uses this store"
					: strerror(errno));
		close(s->lock_fd);
	}
	free(path);
	return err;
}

/* Makes the name of the directory itself durable. */
static enum error
sync_names(struct store *s, char *text, size_t text_len)
{
	enum error err = store_env_sync_dir(s->dir);
	char *parent;

	if (!err) {
		if (asprintf(&parent, "%s/..", s->dir) < 0)
			return ERR_MEMORY;
		/* A parent that we may not read was not made by us. */
		(void)!store_env_sync_dir(parent);
		free(parent);
	}
	if (err)
		store_env_fail(s->dir, err, text, text_len, "%m");
	return err;
}

/* Opens both environments and sees that they belong together. */
static enum error
open_envs(struct store *s, char *text, size_t text_len)
{
	static const uint64_t zero = 0;
	const struct store_env_kind log = {.name = "log",
	    .magic = "musterLG",
	    .format = STORE_LOG_FORMAT,
	    .keys_are_numbers = true,
	    .key = &zero,
	    .key_len = sizeof(zero)};
	const struct store_env_kind state = {.name = "state",
	    .magic = "musterST",
	    .format = STORE_STATE_FORMAT,
	    .key = "\0h",
	    .key_len = 2};
	bool log_is_new, state_is_new;
	uint64_t id, state_id;
	enum error err;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return store_env_fail(
		    s->dir, ERR_IO, text, text_len, "no random octets: %m");
	err = store_env_open(&s->log, s->dir, &log, s->limits.map_len, &id,
	    &log_is_new, &s->repaired, text, text_len);
	if (err)
		return err;
	s->id = state_id = id;
	err = store_env_open(&s->state, s->dir, &state, s->limits.map_len,
	    &state_id, &state_is_new, &s->repaired, text, text_len);
	if (err)
		goto fail_log;
	if (state_id != id) {
		err = store_env_fail(s->dir, ERR_DAMAGED, text, text_len,
		    log_is_new ? "there is a state but its log is missing"
			       : "log and state are of different stores");
		goto fail_state;
	}
	err = sync_names(s, text, text_len);
	if (err)
		goto fail_state;
	return OK;
fail_state:
	store_env_close(&s->state);
fail_log:
	store_env_close(&s->log);
	return err;
}

static void
init_locks(struct store *s)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->fold_lock, NULL);
	pthread_cond_init(&s->work, &attr);
	pthread_cond_init(&s->done, &attr);
	pthread_cond_init(&s->fold, &attr);
	pthread_condattr_destroy(&attr);
}

static void
fini_locks(struct store *s)
{
	pthread_cond_destroy(&s->fold);
	pthread_cond_destroy(&s->done);
	pthread_cond_destroy(&s->work);
	pthread_mutex_destroy(&s->fold_lock);
	pthread_mutex_destroy(&s->lock);
}

/* Lets the threads finish: the committer takes all that was submitted. */
static void
stop_thread(struct store *s, pthread_t thread)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->work);
	pthread_cond_broadcast(&s->fold);
	pthread_mutex_unlock(&s->lock);
	pthread_join(thread, NULL);
}

static enum error
start_threads(struct store *s, char *text, size_t text_len)
{
	if (pthread_create(&s->committer, NULL, store_commit_main, s))
		goto fail;
	if (pthread_create(&s->folder, NULL, store_fold_main, s))
		goto fail_committer;
	return OK;
fail_committer:
	stop_thread(s, s->committer);
fail:
	return store_env_fail(
	    s->dir, ERR_MEMORY, text, text_len, "cannot start a thread");
}

static struct store *
store_new(const char *dir, const struct store_limits *limits)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->dir = strdup(dir);
	if (!s->dir) {
		free(s);
		return NULL;
	}
	s->limits = *limits;
	if (s->limits.history_len > s->limits.map_len / HISTORY_SHARE)
		s->limits.history_len = s->limits.map_len / HISTORY_SHARE;
	s->last = &s->first;
	init_locks(s);
	return s;
}

enum error
store_open(const char *dir, const struct store_limits *limits,
    struct store **store, char *text, size_t text_len)
{
	struct store *s = store_new(dir, limits);
	enum error err;

	if (!s)
		return store_env_fail(
		    dir, ERR_MEMORY, text, text_len, "out of memory");
	err = open_dir(s, text, text_len);
	if (err)
		goto fail_new;
	err = open_envs(s, text, text_len);
	if (err)
		goto fail_dir;
	err = store_commit_cut(s, text, text_len);
	if (!err)
		err = store_fold_load(s, text, text_len);
	if (!err)
		err = start_threads(s, text, text_len);
	if (err)
		goto fail_envs;
	s->stats.repaired = s->repaired;
	*store = s;
	return OK;
fail_envs:
	store_env_close(&s->state);
	store_env_close(&s->log);
fail_dir:
	close(s->lock_fd);
fail_new:
	fini_locks(s);
	free(s->dir);
	free(s);
	return err;
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	stop_thread(s, s->committer);
	stop_thread(s, s->folder);
	store_env_close(&s->state);
	store_env_close(&s->log);
	close(s->lock_fd);
	fini_locks(s);
	free(s->dir);
	free(s);
}

void
store_submit(
    struct store *s, struct store_batch *b, store_done_fn *done, void *arg)
{
	b->next = NULL;
	b->done = done;
	b->arg = arg;
	pthread_mutex_lock(&s->lock);
	b->doomed = s->held;
	*s->last = b;
	s->last = &b->next;
	s->submitted++;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
}

void
store_resume(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->held = false;
	pthread_mutex_unlock(&s->lock);
}

void
store_drain(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->finished < s->submitted)
		pthread_cond_wait(&s->done, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void
store_get_stats(struct store *s, struct store_stats *stats)
{
	pthread_mutex_lock(&s->lock);
	*stats = s->stats;
	stats->broken = s->broken;
	pthread_mutex_unlock(&s->lock);
}
