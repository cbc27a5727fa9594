/* SPDX-License-Identifier: Apache-2.0 */
/* muster register --keep.
 *
 *           check good          lease/3: check good
 *     +-----+       +---------+ <-----+
 *     | out | ----> | in      | ------+
 *     +-----+       +---------+
 *        ^   3 bad in a row |    a check that fails, a server that does not
 *        +------------------+    answer: again soon, more slowly each time
 *
 * SIGTERM and SIGINT end it from anywhere, by way of deregistering. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "server/muster_register.h"
#include "server/notify_systemd.h"
#include "server/now.h"

#define CHECKS_BAD 3 /* in a row, until an instance is deregistered */
#define CHECK_MS \
	10000 /* at most, and never longer than a third of the lease \
	       */
#define FIRST_PAUSE_MS 500 /* after a failure, doubled with each one */
#define LEAST_PAUSE_MS 100
#define GOODBYE_MS 5000 /* systemd gives 90 s, a container 10 s */

struct keeping {
	struct registration *r;
	bool is_in; /* registered, as far as we know */
	bool was_in; /* said READY */
	bool is_well; /* the last check, and the last message */
	unsigned checks_bad;
	int64_t pause_ms; /* after the next failure */
};

/* The lease that we live by: as granted, else as asked for. */
static int64_t
lease_ms(const struct registration *r)
{
	uint32_t lease_s = r->reply.has_lease ? r->reply.lease_s : 0;

	return (int64_t)(lease_s != 0 ? lease_s : r->lease_s) * 1000;
}

/* Up to a tenth earlier than a third, so that instances that were started
 * together do not stay so. */
static int64_t
refresh_ms(const struct registration *r)
{
	int64_t third = lease_ms(r) / 3;

	return third - (int64_t)(muster_random() % (uint64_t)(third / 10 + 1));
}

static int64_t
next_pause(struct keeping *k)
{
	int64_t pause = k->pause_ms, most = lease_ms(k->r) / 6;

	if (pause > most)
		pause = most;
	if (pause < LEAST_PAUSE_MS)
		pause = LEAST_PAUSE_MS;
	k->pause_ms = 2 * pause;
	/* A server that comes back is not to meet all at once. */
	return pause - (int64_t)(muster_random() % (uint64_t)(pause / 4));
}

/* Says a failure once, not each time that it happens. */
static void
complain(struct keeping *k, const char *event, const char *last)
{
	if (!k->is_well && strcmp(k->r->why, last) == 0)
		return;
	k->is_well = false;
	muster_complain("%s", k->r->why);
	if (k->r->json)
		registration_tell(k->r, event);
}

static void
recovered(struct keeping *k)
{
	bool was_in = k->is_in;

	k->is_in = true;
	k->pause_ms = FIRST_PAUSE_MS;
	if (!was_in)
		registration_tell(k->r, "registered");
	else if (!k->is_well)
		registration_tell(k->r, "refreshed");
	k->is_well = true;
	if (k->was_in)
		return;
	k->was_in = true;
	if (!k->r->reply.has_lease)
		muster_complain("the server grants no leases: what is "
				"registered stays until it is deregistered");
	notify_systemd_ready();
}

/* An exchange is not to take longer than what it is about. */
static void
limit(struct registration *r, int64_t ms)
{
	r->way.until_ms = now_monotonic_ms() + (ms < 1000 ? 1000 : ms);
}

/* Takes the instance out; true if it is. */
static bool
leave(struct keeping *k, int64_t ms)
{
	limit(k->r, ms);
	if (registration_remove(k->r) != REGISTERED)
		return false;
	k->is_in = false;
	return true;
}

/* What to do next. */
enum turn {
	TURN_REFRESH, /* at a third of the lease */
	TURN_SOON, /* after a pause */
	TURN_STOP,
	TURN_GIVE_UP,
};

static enum turn
turn_unwell(struct keeping *k, const char *last)
{
	complain(k, "failing", last);
	if (++k->checks_bad < CHECKS_BAD || !k->is_in)
		return TURN_SOON;
	if (leave(k, lease_ms(k->r) / 6))
		registration_tell(k->r, "deregistered");
	return TURN_SOON;
}

static enum turn
turn(struct keeping *k)
{
	struct registration *r = k->r;
	int64_t third = lease_ms(r) / 3;
	char last[MUSTER_WHY_LEN];
	bool stopped;

	memcpy(last, r->why, sizeof(last));
	if (r->check != NULL) {
		int64_t ms = third < CHECK_MS ? third : CHECK_MS;

		if (!registration_check(r, now_monotonic_ms() + ms, &stopped))
			return stopped ? TURN_STOP : turn_unwell(k, last);
		k->checks_bad = 0;
	}
	limit(r, third);
	switch (registration_add(r)) {
	case REGISTERED:
		recovered(k);
		return TURN_REFRESH;
	case REGISTERED_STOPPED:
		return TURN_STOP;
	case REGISTERED_NEVER:
		/* What worked before may work again. */
		if (!k->was_in)
			return TURN_GIVE_UP;
		break;
	case REGISTERED_LATER:
		break;
	}
	complain(k, "failing", last);
	return TURN_SOON;
}

static int
goodbye(struct keeping *k, sigset_t *signals)
{
	bool was_in = k->is_in || k->was_in;
	struct signalfd_siginfo taken;

	notify_systemd_stopping();
	/* This one is taken; a second one means it. */
	if (read(k->r->way.stop_fd, &taken, sizeof(taken)) < 0)
		taken.ssi_signo = 0;
	sigprocmask(SIG_UNBLOCK, signals, NULL);
	k->r->way.stop_fd = -1;
	if (was_in && !leave(k, GOODBYE_MS)) {
		muster_complain("not deregistered: %s", k->r->why);
		return MUSTER_FAILED;
	}
	if (was_in)
		registration_tell(k->r, "deregistered");
	return 0;
}

static int
stay(struct keeping *k, sigset_t *signals)
{
	for (;;) {
		enum turn next = turn(k);
		int64_t ms;

		if (next == TURN_GIVE_UP) {
			muster_complain("%s", k->r->why);
			return MUSTER_FAILED;
		}
		if (next == TURN_STOP)
			return goodbye(k, signals);
		ms = next == TURN_REFRESH ? refresh_ms(k->r) : next_pause(k);
		if (muster_wait(-1, 0, k->r->way.stop_fd,
			now_monotonic_ms() + ms) == WAIT_STOPPED)
			return goodbye(k, signals);
	}
}

int
registration_keep(struct registration *r)
{
	struct keeping k = {.r = r, .pause_ms = FIRST_PAUSE_MS};
	sigset_t signals;
	int fd, status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		muster_complain("signalfd: %s", strerror(errno));
		return MUSTER_FAILED;
	}
	r->way.stop_fd = fd;
	status = stay(&k, &signals);
	close(fd);
	return status;
}
