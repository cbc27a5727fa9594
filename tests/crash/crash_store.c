/* SPDX-License-Identifier: Apache-2.0 */
/* Kills a process that uses the store, and looks at what is left.
 *
 *   crash_store random DIR ROUNDS  SIGKILL at random moments
 *   crash_store steps DIR          exit at each step of a commit, of folding
 *                                  and of trimming
 *   crash_store load DIR           work until killed; prints each batch that
 *                                  was acknowledged
 *   crash_store verify DIR ACKED   look; batch ACKED was acknowledged
 *
 * Batch n adds the records "n a" and "n b", removes those of batch n - KEPT,
 * and leads to serial n.  So after batch k the state is known exactly: the
 * records of the last KEPT batches up to k, and serial k.  Anything else, or a
 * k below the last batch acknowledged, is a lost or torn batch. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "zones/dns/rdata.h"
#include "zones/store_internal.h"

#define KEPT 100
#define WINDOW 32
#define PAUSE_EVERY 1500 /* batches; then the log is trimmed at leisure */
#define RDATA_LEN 500
#define STEP_EXIT 42
/* Waited for only if all is lost: a slow disk takes long to get to a step. */
#define STEP_WAIT_MS 300000
#define END_WAIT_MS 60000

static const struct store_limits limits = {
    .map_len = 256u << 20, .history_len = 64u << 10};
static const uint8_t zone[] = "\3svc\7example";
static const uint8_t owner[] = "\3web\3svc\7example";

/* ---- the process that dies ---- */

static atomic_int pending;
static int ack_fd;
static enum store_step target_step;
static int target_count;

static void
on_step(enum store_step step)
{
	static atomic_int count;

	if (step == target_step &&
	    atomic_fetch_add(&count, 1) + 1 == target_count)
		_exit(STEP_EXIT);
}

static void
on_done(void *arg, struct store_batch *b, enum error err)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "%lu\n", (unsigned long)arg);

	if (err) {
		fprintf(stderr, "batch %lu: %s\n", (unsigned long)arg,
		    error_text(err));
		_exit(1);
	}
	if (write(ack_fd, line, (size_t)n) != n)
		_exit(0);
	store_batch_free(b);
	pending--;
}

static void
put(struct store_batch *b, enum store_kind kind, uint32_t serial, uint32_t n,
    char part)
{
	char rdata[RDATA_LEN] = {0};
	struct store_op op = {.kind = kind,
	    .serial = serial,
	    .ttl = 30,
	    .type = TYPE_TXT,
	    .zone = zone,
	    .owner = owner,
	    .rdata = (const uint8_t *)rdata,
	    .rdlen = RDATA_LEN};

	snprintf(rdata, sizeof(rdata), "%u %c", n, part);
	if (store_batch_put(b, &op))
		_exit(1);
}

static void
submit(struct store *s, uint32_t n)
{
	struct store_batch *b = store_batch_new();

	if (!b)
		_exit(1);
	put(b, STORE_ADD, n, n, 'a');
	put(b, STORE_ADD, n, n, 'b');
	if (n > KEPT) {
		put(b, STORE_REMOVE, n, n - KEPT, 'a');
		put(b, STORE_REMOVE, n, n - KEPT, 'b');
	}
	pending++;
	store_submit(s, b, on_done, (void *)(unsigned long)n);
}

static enum error
read_serial(void *arg, const struct store_op *op)
{
	uint32_t *serial = arg;

	if (op->kind == STORE_ZONE)
		*serial = op->serial;
	return OK;
}

/* Goes on from where the store stands, for ever. */
static void
load(const char *dir, int fd)
{
	struct timespec pause = {.tv_nsec = 3000000};
	uint32_t n = 0;
	struct store *s;
	char text[256];

	ack_fd = fd;
	store_test_step = on_step;
	if (store_open(dir, &limits, &s, text, sizeof(text)) ||
	    store_recover(s, read_serial, &n, text, sizeof(text))) {
		fprintf(stderr, "%s\n", text);
		_exit(1);
	}
	for (;;) {
		while (pending >= WINDOW)
			sched_yield();
		submit(s, ++n);
		if (n % PAUSE_EVERY == 0) {
			store_drain(s);
			nanosleep(&pause, NULL);
		}
	}
}

/* ---- the process that looks ---- */

struct sight {
	uint32_t serial;
	uint32_t low, high; /* batches seen */
	unsigned records;
	uint8_t seen[KEPT]; /* by n % KEPT: 1 for a, 2 for b */
	bool wrong;
};

static enum error
look(void *arg, const struct store_op *op)
{
	struct sight *sight = arg;
	uint32_t n;
	char part;

	if (op->kind == STORE_ZONE) {
		sight->serial = op->serial;
		return OK;
	}
	if (op->kind != STORE_ADD || op->rdlen != RDATA_LEN ||
	    sscanf((const char *)op->rdata, "%u %c", &n, &part) != 2) {
		sight->wrong = true;
		return OK;
	}
	if (sight->records == 0 || n < sight->low)
		sight->low = n;
	if (n > sight->high)
		sight->high = n;
	sight->records++;
	sight->seen[n % KEPT] |= part == 'a' ? 1 : 2;
	return OK;
}

/* Whether the state is exactly that after some batch not before acked. */
static bool
verify(const char *dir, uint32_t acked, char *why, size_t why_len)
{
	struct sight sight = {0};
	struct store *s;
	unsigned batches = 0;
	enum error err;

	err = store_open(dir, &limits, &s, why, why_len);
	if (err)
		return false;
	err = store_recover(s, look, &sight, why, why_len);
	store_close(s);
	if (err)
		return false;
	for (int i = 0; i < KEPT; i++)
		batches += sight.seen[i] == 3;
	snprintf(why, why_len,
	    "acknowledged %u, serial %u, batches %u to %u, %u whole, %u"
	    " records",
	    acked, sight.serial, sight.low, sight.high, batches, sight.records);
	if (sight.wrong || sight.serial < acked || sight.serial != sight.high)
		return false;
	if (batches != (sight.high < KEPT ? sight.high : KEPT))
		return false;
	return sight.records == 2 * batches &&
	       (batches == 0 || sight.high - sight.low + 1 == batches);
}

/* ---- one round ---- */

static int64_t
now_ms(void)
{
	return store_now_ms();
}

/* Reads acknowledgements until the writer is gone or the time is over;
 * returns the last, or `last` if there was none. */
static uint32_t
read_acks(int fd, uint32_t last, int64_t until_ms)
{
	static char buf[65536];
	static size_t len;
	int64_t left_ms;

	while ((left_ms = until_ms - now_ms()) > 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;
		char *end;

		if (poll(&p, 1, (int)left_ms) <= 0)
			continue;
		n = read(fd, buf + len, sizeof(buf) - 1 - len);
		if (n <= 0) {
			len = 0;
			break;
		}
		len += (size_t)n;
		buf[len] = 0;
		end = strrchr(buf, '\n');
		if (!end)
			continue;
		*end = 0;
		last = (uint32_t)strtoul(
		    strrchr(buf, '\n') ? strrchr(buf, '\n') + 1 : buf, NULL,
		    10);
		len = (size_t)(buf + len - (end + 1));
		memmove(buf, end + 1, len);
	}
	return last;
}

/* Starts a loader, kills it after kill_ms unless it exits by itself, and
 * returns how it ended; *acked moves on. */
static int
run_round(const char *dir, int64_t kill_ms, uint32_t *acked)
{
	int ends[2], status;
	pid_t pid;

	if (pipe(ends))
		exit(1);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		exit(1);
	if (pid == 0) {
		close(ends[0]);
		load(dir, ends[1]);
	}
	close(ends[1]);
	*acked = read_acks(ends[0], *acked, now_ms() + kill_ms);
	kill(pid, SIGKILL);
	*acked = read_acks(ends[0], *acked, now_ms() + END_WAIT_MS);
	close(ends[0]);
	waitpid(pid, &status, 0);
	return status;
}

static int failures;

static void
report(int number, bool ok, const char *name, const char *why)
{
	printf("%s %d - %s\n# %s\n", ok ? "ok" : "not ok", number, name, why);
	failures += !ok;
}

static void
random_moments(const char *dir, int rounds)
{
	char why[256], name[64];
	uint32_t acked = 0;

	printf("1..%d\n", rounds);
	srandom((unsigned)getpid());
	for (int i = 1; i <= rounds; i++) {
		int64_t kill_ms = 1 + random() % 400;
		int status = run_round(dir, kill_ms, &acked);
		bool ok =
		    verify(dir, acked, why, sizeof(why)) && WIFSIGNALED(status);

		snprintf(name, sizeof(name), "killed after %lld ms",
		    (long long)kill_ms);
		report(i, ok, name, why);
	}
}

static const char *const step_names[STORE_STEPS] = {
    [STORE_STEP_BEFORE_TXN] = "before the transaction",
    [STORE_STEP_AFTER_PUT] = "after the entries are put",
    [STORE_STEP_TRIMMED] = "after trimming in the same transaction",
    [STORE_STEP_BEFORE_COMMIT] = "before the commit",
    [STORE_STEP_AFTER_COMMIT] = "after the commit, before the callback",
    [STORE_STEP_AFTER_CALLBACK] = "after the callbacks",
    [STORE_STEP_FOLD_BEFORE_COMMIT] = "before the commit of a fold",
    [STORE_STEP_FOLD_AFTER_COMMIT] = "after the commit of a fold",
    [STORE_STEP_TRIM_COMMITTED] = "after the commit of a trim",
};

static void
each_step(const char *dir)
{
	static const int counts[] = {1, 2, 9};
	char why[256], name[128];
	uint32_t acked = 0;
	int number = 0;

	printf("1..%d\n", (STORE_STEPS - 1) * 3);
	for (int step = 1; step < STORE_STEPS; step++) {
		for (int i = 0; i < 3; i++) {
			int status;
			bool ok;

			target_step = (enum store_step)step;
			target_count = counts[i];
			status = run_round(dir, STEP_WAIT_MS, &acked);
			ok = verify(dir, acked, why, sizeof(why)) &&
			     WIFEXITED(status) &&
			     WEXITSTATUS(status) == STEP_EXIT;
			snprintf(name, sizeof(name), "exit %s, time %d",
			    step_names[step], counts[i]);
			report(++number, ok, name, why);
		}
	}
}

int
main(int argc, char **argv)
{
	char why[256];
	bool ok;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 4 && strcmp(argv[1], "random") == 0) {
		random_moments(argv[2], atoi(argv[3]));
	} else if (argc == 3 && strcmp(argv[1], "steps") == 0) {
		each_step(argv[2]);
	} else if (argc == 3 && strcmp(argv[1], "load") == 0) {
		load(argv[2], STDOUT_FILENO);
	} else if (argc == 4 && strcmp(argv[1], "verify") == 0) {
		ok = verify(argv[2], (uint32_t)strtoul(argv[3], NULL, 10), why,
		    sizeof(why));
		printf("%s\n", why);
		return ok ? 0 : 1;
	} else {
		fprintf(stderr, "usage: crash_store random DIR ROUNDS |"
				" steps DIR | load DIR | verify DIR ACKED\n");
		return 2;
	}
	return failures ? 1 : 0;
}
