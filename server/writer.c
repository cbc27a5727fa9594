/* SPDX-License-Identifier: Apache-2.0 */
#include "server/writer.h"

#include <event2/event.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "server/inquiry.h"
#include "server/loop.h"
#include "server/nameserver/update.h"
#include "server/now.h"
#include "server/queue.h"
#include "server/registry.h"
#include "server/stats.h"
#include "zones/snapshot.h"

/* Updates per turn: a few milliseconds of work at most. */
#define TURN_UPDATES 512

/* What main asks for, on its stack while it waits. */
struct reload {
	const struct config *config;
	char *text;
	size_t text_len;
	enum error result;
	sem_t done;
};

/* Replies for one worker, gathered in a turn. */
struct outbox {
	struct update *first;
	struct update **last;
};

struct writer {
	struct writer_plan plan;
	/* shared */
	_Atomic bool decided; /* the store has: call registry_durable() */
	_Atomic bool stopping;
	_Atomic(struct reload *) reload;
	struct mailbox mail;
	/* main's */
	pthread_t thread;
	bool started;
	/* the writer thread's */
	struct event_base *base;
	struct event *wake;
	struct event *timer;
	int64_t timer_ms; /* when the timer fires; INT64_MAX: not set */
	struct update *backlog; /* taken from the inbox, not yet applied */
	size_t under_way; /* applied, not yet finished */
	struct outbox *outbox; /* [workers] */
};

/* Applies a bounded number of updates. */
static void
take_updates(struct writer *writer, int64_t now_ms)
{
	for (int n = 0; writer->backlog != NULL && n < TURN_UPDATES; n++) {
		struct update *update = writer->backlog;

		writer->backlog = update->next;
		update->next = NULL;
		writer->under_way++;
		registry_take(writer->plan.registry, update, now_ms);
	}
}

/* Hands finished updates back, to each worker its own in one step. */
static void
return_updates(struct writer *writer)
{
	struct update *update = registry_collect(writer->plan.registry);

	if (update == NULL)
		return;
	for (uint16_t i = 0; i < writer->plan.workers; i++)
		writer->outbox[i] =
		    (struct outbox){.last = &writer->outbox[i].first};
	while (update != NULL) {
		struct outbox *box = &writer->outbox[update->route.worker];
		struct update *next = update->next;

		update->next = NULL;
		*box->last = update;
		box->last = &update->next;
		writer->under_way--;
		update = next;
	}
	for (uint16_t i = 0; i < writer->plan.workers; i++)
		if (writer->outbox[i].first != NULL)
			writer->plan.reply(
			    writer->plan.arg, i, writer->outbox[i].first);
}

/* Results and questions; there are never more than a turn can take: probes in
 * flight and clients of the control socket are bounded. */
static void
take_mail(struct writer *writer, int64_t now_ms)
{
	struct registry *registry = writer->plan.registry;
	struct mail *mail = mailbox_take(&writer->mail), *next;

	for (; mail != NULL; mail = next) {
		next = mail->next;
		if (mail->kind == MAIL_RESULT)
			roster_take_result(registry_roster(registry),
			    (struct probe_result *)mail, now_ms);
		else
			registry_ask(registry, (struct inquiry *)mail, now_ms);
	}
}

static void
serve_reload(struct writer *writer, int64_t now_ms)
{
	struct reload *reload = atomic_exchange_explicit(
	    &writer->reload, NULL, memory_order_acquire);

	if (reload == NULL)
		return;
	reload->result = registry_reload(writer->plan.registry, reload->config,
	    now_ms, reload->text, reload->text_len);
	sem_post(&reload->done);
}

/* Arranges for the next turn at the time the registry asks for. */
static void
set_timer(struct writer *writer, int64_t now_ms)
{
	int64_t due_ms = registry_next_ms(writer->plan.registry);
	int64_t wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
	struct timeval wait = {
	    .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};

	if (due_ms == writer->timer_ms)
		return;
	writer->timer_ms = due_ms;
	if (due_ms == INT64_MAX)
		event_del(writer->timer);
	else
		event_add(writer->timer, &wait);
}

/* Whether everything that was asked for is done and main wants to end. */
static bool
is_over(struct writer *writer)
{
	return atomic_load_explicit(&writer->stopping, memory_order_acquire) &&
	       writer->backlog == NULL && writer->under_way == 0 &&
	       !registry_is_waiting(writer->plan.registry);
}

/* What the writer counts by itself. */
static void
set_levels(struct stats *stats, struct registry *registry)
{
	static const struct {
		enum stat stat;
		enum condition condition;
	} times[] = {
	    {STAT_PANIC, CONDITION_PANIC},
	    {STAT_NONE_LEFT, CONDITION_NONE_LEFT},
	    {STAT_LAST_GOOD, CONDITION_LAST_GOOD},
	    {STAT_GUARD, CONDITION_GUARD},
	};
	const struct roster *roster = registry_roster(registry);

	stats_set(stats, STAT_LEASES, registry_leases(registry));
	stats_set(stats, STAT_LEASES_FOUND, registry_found(registry));
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		stats_set(stats, times[i].stat,
		    roster_times(roster, times[i].condition));
}

static void
writer_turn(struct writer *writer)
{
	struct registry *registry = writer->plan.registry;
	int64_t now_ms;
	bool more;

	/* Before the clock is read: a lease must not begin before its holder
	 * has asked for it. */
	if (writer->backlog == NULL)
		writer->backlog = queue_take(writer->plan.inbox);
	now_ms = now_monotonic_ms();
	if (atomic_exchange_explicit(
		&writer->decided, false, memory_order_acquire))
		registry_durable(registry, now_ms);
	take_updates(writer, now_ms);
	take_mail(writer, now_ms);
	serve_reload(writer, now_ms);
	more = registry_turn(registry, now_ms);
	return_updates(writer);
	stats_add(writer->plan.stats, STAT_WRITER_TURNS, 1);
	set_levels(writer->plan.stats, registry);
	if (more || writer->backlog != NULL || !queue_sleep(writer->plan.inbox))
		queue_wake(writer->plan.inbox);
	else if (is_over(writer))
		event_base_loopbreak(writer->base);
	else
		set_timer(writer, now_ms);
}

static void
writer_woken(evutil_socket_t fd, short what, void *arg)
{
	struct writer *writer = arg;

	(void)fd;
	(void)what;
	queue_drain_wake(writer->plan.inbox);
	writer_turn(writer);
}

static void
writer_due(evutil_socket_t fd, short what, void *arg)
{
	struct writer *writer = arg;

	(void)fd;
	(void)what;
	writer->timer_ms = INT64_MAX;
	writer_turn(writer);
}

/* The committer's: carries the store's decision over to the writer. */
static void
writer_decided(void *arg)
{
	struct writer *writer = arg;

	atomic_store_explicit(&writer->decided, true, memory_order_release);
	queue_wake(writer->plan.inbox);
}

/* Any thread: there is mail. */
static void
writer_called(void *arg)
{
	struct writer *writer = arg;

	queue_wake(writer->plan.inbox);
}

static void *
writer_main(void *arg)
{
	struct writer *writer = arg;

	pthread_setname_np(pthread_self(), "writer");
	snapshot_register_thread();
	writer_turn(writer);
	event_base_loop(writer->base, EVLOOP_NO_EXIT_ON_EMPTY);
	snapshot_unregister_thread();
	return NULL;
}

enum error
writer_new(const struct writer_plan *plan, struct writer **made)
{
	struct writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL)
		return ERR_MEMORY;
	writer->plan = *plan;
	writer->timer_ms = INT64_MAX;
	mailbox_init(&writer->mail, writer_called, writer);
	writer->outbox = calloc(plan->workers, sizeof(*writer->outbox));
	writer->base = loop_new();
	if (writer->outbox == NULL || writer->base == NULL)
		goto fail;
	writer->wake = event_new(writer->base, plan->inbox->wake_fd,
	    EV_READ | EV_PERSIST, writer_woken, writer);
	writer->timer = evtimer_new(writer->base, writer_due, writer);
	if (writer->wake == NULL || writer->timer == NULL ||
	    event_add(writer->wake, NULL) != 0)
		goto fail;
	*made = writer;
	return OK;
fail:
	writer_free(writer);
	return ERR_MEMORY;
}

/* Results that came when the writer had ended; nobody asks any more then. */
static void
return_mail(struct writer *writer)
{
	struct mail *mail = mailbox_take(&writer->mail), *next;

	for (; mail != NULL; mail = next) {
		next = mail->next;
		if (mail->kind == MAIL_RESULT)
			free(mail);
		else
			inquiry_free((struct inquiry *)mail);
	}
}

void
writer_free(struct writer *writer)
{
	if (writer == NULL)
		return;
	if (writer->timer != NULL)
		event_free(writer->timer);
	if (writer->wake != NULL)
		event_free(writer->wake);
	if (writer->base != NULL)
		event_base_free(writer->base);
	return_mail(writer);
	free(writer->outbox);
	free(writer);
}

enum error
writer_start(struct writer *writer)
{
	registry_on_durable(writer->plan.registry, writer_decided, writer);
	if (pthread_create(&writer->thread, NULL, writer_main, writer) != 0)
		return ERR_IO;
	writer->started = true;
	return OK;
}

void
writer_mail(struct writer *writer, struct mail *mail)
{
	mailbox_push(&writer->mail, mail);
}

enum error
writer_reload(struct writer *writer, const struct config *config, char *text,
    size_t text_len)
{
	struct reload reload = {
	    .config = config,
	    .text = text,
	    .text_len = text_len,
	};

	sem_init(&reload.done, 0, 0);
	atomic_store_explicit(&writer->reload, &reload, memory_order_release);
	queue_wake(writer->plan.inbox);
	while (sem_wait(&reload.done) != 0)
		;
	sem_destroy(&reload.done);
	return reload.result;
}

void
writer_stop(struct writer *writer)
{
	if (!writer->started)
		return;
	atomic_store_explicit(&writer->stopping, true, memory_order_release);
	queue_wake(writer->plan.inbox);
	pthread_join(writer->thread, NULL);
	writer->started = false;
}
