/* store_internal.h - what the parts of the store share; for zones/store*.c and
 * the crash tests only.
 *
 *   store.c          opens, closes, takes batches in
 *   store_commit.c   the committer: queue -> log, one sync for all that waits
 *   store_fold.c     the folder: log -> state, in small steps
 *   store_state.c    entries of the state: keys, values, recovery
 *   store_history.c  the log read back for IXFR
 *   store_codec.c    operations and log entries as octets
 *   store_env.c      one LMDB environment: files, versions, errors
 *   store_repair.c   a torn page at the head of an LMDB file
 *
 * Invariants:
 *   1. Only the committer writes to the log environment; only the folder (or
 *      store_recover, under fold_lock) writes to the state.
 *   2. Log entries are numbered without a gap.  Nobody reads one beyond
 *      durable_seq: before its sync is done it may still be refused.
 *   3. `folded` names the next operation to fold and is written in the
 *      transaction that folded the one before, so folding is exact.
 *   4. An entry leaves the log only when the *previous* commit of the state
 *      holds it too: LMDB may fall back by one commit after a torn page.
 *   5. After a failed sync nothing is acknowledged until a restart, and what
 *      was refused then is cut off the log at the next start.
 *
 * Threads:   fields are grouped by who may touch them.
 * Ownership: the store owns everything here.
 */
#ifndef ZONES_STORE_INTERNAL_H
#define ZONES_STORE_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/store.h"
#include "zones/store_codec.h"
#include "zones/store_env.h"

#define STORE_LOG_FORMAT 1 /* highest format of the log we can read */
#define STORE_STATE_FORMAT 1 /* the same of the state */

/* One commit takes at most so many octets: LMDB keeps them in memory, and the
 * first of them waits for the last. */
#define STORE_GROUP_LEN (16u << 20)

/* Entries taken off the log in one transaction when there is time, and
 * beyond two for each one put when batches are waiting. */
#define STORE_TRIM_IDLE 1000
#define STORE_TRIM_BUSY 8
/* The same in octets, since an entry may be a batch of thousands: a batch that
 * comes while the log is trimmed waits for no more than a few milliseconds. */
#define STORE_TRIM_LEN (2u << 20)

/* The log is folded when so much waits, or for so long.  Folding takes disk
 * time away from the committer, so one step is small. */
#define STORE_FOLD_LEN (1u << 20)
#define STORE_FOLD_MS 10000
#define STORE_FOLD_RETRY_MS 1000 /* after a failure */
#define STORE_FOLD_OPS 2048
/* Nobody waits for an answer yet; fewer steps write hot pages less often.
 * LMDB keeps at most 512 MiB of changed pages in memory. */
#define STORE_RECOVER_OPS 262144

/* The next operation to fold: octet offset of entry seq. */
struct store_pos {
	uint64_t seq;
	uint64_t offset;
};

struct store {
	/* set by store_open, then read by all */
	char *dir;
	int lock_fd;
	struct store_limits limits;
	struct store_env log;
	struct store_env state;
	uint64_t id; /* random; keys the checksums and digests */
	bool repaired;
	pthread_t committer;
	pthread_t folder;

	/* held while folding */
	pthread_mutex_t fold_lock;

	/* all below: under lock */
	pthread_mutex_t lock;
	pthread_cond_t work; /* for the committer: queue, trimming, stop */
	pthread_cond_t done; /* for store_drain */
	pthread_cond_t fold; /* for the folder */
	bool stop;
	struct store_batch *first, **last;
	uint64_t submitted, finished; /* batches */
	bool held; /* refuse until store_resume() */
	enum error held_error;
	bool broken; /* a sync failed: refuse until restart */
	uint64_t durable_seq;
	uint64_t first_seq; /* oldest in the log; durable_seq + 1: none */
	uint64_t trim_before; /* invariant 4: entries before may go */
	struct store_pos folded;
	int64_t unfolded_since_ms; /* monotonic; when the oldest came */
	bool fold_broken; /* a sync of the state failed */
	struct store_stats stats;
};

/* Moments at which a crash test may want to kill the process. */
enum store_step {
	STORE_STEP_NONE,
	STORE_STEP_BEFORE_TXN,
	STORE_STEP_AFTER_PUT,
	STORE_STEP_TRIMMED, /* entries deleted, not committed */
	STORE_STEP_BEFORE_COMMIT,
	STORE_STEP_AFTER_COMMIT, /* durable, callbacks not yet run */
	STORE_STEP_AFTER_CALLBACK,
	STORE_STEP_FOLD_BEFORE_COMMIT,
	STORE_STEP_FOLD_AFTER_COMMIT,
	STORE_STEP_TRIM_COMMITTED,
	STORE_STEPS
};

/* Called at each step if set; for tests, before store_open(). */
extern void (*store_test_step)(enum store_step);

static inline void
store_step(enum store_step step)
{
	if (store_test_step)
		store_test_step(step);
}

/* Monotonic milliseconds. */
int64_t store_now_ms(void);

/* Remembers an error for store_get_stats(); the lock must not be held. */
void store_note_error(struct store *, enum error, const char *text);

/* The committer's and the folder's thread. */
void *store_commit_main(void *store);
void *store_fold_main(void *store);

/* How many octets may leave the log now; lock held. */
size_t store_trimmable(const struct store *);

/* At open: takes off the log what a failed sync left in doubt
 * (invariant 5). */
enum error store_commit_cut(
    struct store *, char *text, size_t text_len) MUST_CHECK;

/* At open: reads where log and state stand and checks that they meet. */
enum error store_fold_load(
    struct store *, char *text, size_t text_len) MUST_CHECK;

/* Folds at most max operations; fold_lock held.  *more says whether some are
 * left. */
enum error store_fold_step(struct store *, size_t max, bool *more, char *text,
    size_t text_len) MUST_CHECK;

#endif
