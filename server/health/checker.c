/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/checker.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/health/attempt.h"
#include "server/health/checker_turns.h"
#include "server/health/probe_exec.h"
#include "server/health/probe_http.h"
#include "server/health/probe_tls.h"
#include "server/log.h"
#include "server/loop.h"
#include "server/now.h"

struct checker {
	struct checker_plan plan;
	/* shared */
	struct mailbox orders;
	atomic_bool woken; /* wake_fd is readable, or about to be */
	atomic_bool stopping;
	int wake_fd;
	/* main's */
	pthread_t thread;
	bool started;
	/* the thread's */
	struct prober prober;
	struct event *wake;
	struct turns *turns;
};

/* ---- orders ---- */

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct checker *checker = arg;
	struct mail *mail, *next;
	int64_t now_ms = now_monotonic_ms();
	uint64_t pushes;

	(void)what;
	(void)!read(fd, &pushes, sizeof(pushes));
	/* Before the mailbox is emptied: who pushes later wakes us again. */
	atomic_exchange(&checker->woken, false);
	for (mail = mailbox_take(&checker->orders); mail != NULL; mail = next) {
		next = mail->next;
		turns_take(checker->turns, (struct probe_order *)mail, now_ms);
	}
	turns_begin(checker->turns);
	if (atomic_load(&checker->stopping))
		event_base_loopbreak(checker->prober.base);
}

/* Any thread's. */
static void
wake(void *arg)
{
	struct checker *checker = arg;
	const uint64_t one = 1;

	if (!atomic_exchange(&checker->woken, true))
		(void)!write(checker->wake_fd, &one, sizeof(one));
}

void
checker_order(struct checker *checker, struct probe_order *order)
{
	mailbox_push(&checker->orders, &order->mail);
}

/* ---- the thread ---- */

static void *
checker_main(void *arg)
{
	struct checker *checker = arg;
	sigset_t all;

	pthread_setname_np(pthread_self(), "checker");
	/* A peer that has gone is an error of a write, not a signal. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	if (turns_start(checker->turns) != OK)
		log_write(LEVEL_ERROR, "checks: stalls will not be seen");
	event_base_loop(checker->prober.base, EVLOOP_NO_EXIT_ON_EMPTY);
	turns_stop(checker->turns);
	return NULL;
}

enum error
checker_start(struct checker *checker)
{
	if (pthread_create(&checker->thread, NULL, checker_main, checker) != 0)
		return ERR_IO;
	checker->started = true;
	return OK;
}

void
checker_stop(struct checker *checker)
{
	if (!checker->started)
		return;
	atomic_store(&checker->stopping, true);
	wake(checker);
	pthread_join(checker->thread, NULL);
	checker->started = false;
}

/* ---- made and unmade ---- */

static enum error
make_prober(struct prober *prober)
{
	prober->base = loop_new();
	if (prober->base == NULL)
		return ERR_MEMORY;
	prober->trust = trust_new();
	prober->http = http_new(prober->base);
	prober->programs = programs_new(prober->base);
	return prober->trust != NULL && prober->http != NULL &&
		       prober->programs != NULL
		   ? OK
		   : ERR_MEMORY;
}

static enum error
make_turns(struct checker *checker)
{
	checker->turns = turns_new(&checker->plan, &checker->prober);
	checker->wake = event_new(checker->prober.base, checker->wake_fd,
	    EV_READ | EV_PERSIST, on_wake, checker);
	if (checker->turns == NULL || checker->wake == NULL ||
	    event_add(checker->wake, NULL) != 0)
		return ERR_MEMORY;
	return OK;
}

enum error
checker_new(const struct checker_plan *plan, struct checker **made)
{
	struct checker *checker =
	    aligned_alloc(_Alignof(struct checker), sizeof(*checker));
	enum error err;

	if (checker == NULL)
		return ERR_MEMORY;
	memset(checker, 0, sizeof(*checker));
	checker->plan = *plan;
	if (checker->plan.at_once == 0)
		checker->plan.at_once = 1;
	mailbox_init(&checker->orders, wake, checker);
	checker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	err = checker->wake_fd < 0 ? ERR_IO : make_prober(&checker->prober);
	if (err == OK)
		err = make_turns(checker);
	if (err == OK)
		*made = checker;
	else
		checker_free(checker);
	return err;
}

void
checker_free(struct checker *checker)
{
	struct mail *mail, *next;

	if (checker == NULL)
		return;
	checker_stop(checker);
	for (mail = mailbox_take(&checker->orders); mail != NULL; mail = next) {
		next = mail->next;
		free(mail); /* first in an order, which is one block */
	}
	turns_free(checker->turns);
	programs_free(checker->prober.programs);
	http_free(checker->prober.http);
	trust_free(checker->prober.trust);
	if (checker->wake != NULL)
		event_free(checker->wake);
	if (checker->prober.base != NULL)
		event_base_free(checker->prober.base);
	if (checker->wake_fd >= 0)
		close(checker->wake_fd);
	free(checker);
}
