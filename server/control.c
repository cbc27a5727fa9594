/* SPDX-License-Identifier: Apache-2.0 */
#include "server/control.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/control_internal.h"
#include "server/control_socket.h"
#include "server/events.h"
#include "server/log.h"
#include "server/loop.h"
#include "server/now.h"
#include "zones/snapshot.h"

/* After accept() failed for lack of descriptors or memory. */
#define ACCEPT_PAUSE_MS 100

static void
control_accept(evutil_socket_t listen_fd, short what, void *arg)
{
	const struct timespec pause = {.tv_nsec = ACCEPT_PAUSE_MS * 1000000};
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd >= 0)
		control_client_new(arg, fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		nanosleep(&pause, NULL);
}

uint64_t
control_stat(const struct control *control, enum stat which)
{
	return stats_sum(
	    control->plan.stats, control->plan.workers + STATS_OTHERS, which);
}

void
control_resume(struct control *control)
{
	const uint64_t one = 1;

	/* It fails only when the thread is to wake already. */
	while (write(control->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void
take_news(struct control *control)
{
	struct control_outcome *news = atomic_exchange_explicit(
	    &control->news, NULL, memory_order_acquire);

	if (news == NULL)
		return;
	free(control->outcome);
	control->outcome = news;
}

/* Goes on with all that wait for something. */
static void
go_on(struct control *control)
{
	struct control_client *client, *next;

	for (client = control->clients; client != NULL; client = next) {
		next = client->next;
		if (client->command != NULL || client->paused)
			control_client_go(client);
	}
}

static void
control_woken(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;
	uint64_t count;

	(void)what;
	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	if (atomic_load_explicit(&control->stopping, memory_order_acquire)) {
		event_base_loopbreak(control->base);
		return;
	}
	take_news(control);
	control_take_answers(control);
	go_on(control);
}

/* Once a second: whoever waits for too long is told so. */
static void
control_tick(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;

	(void)fd;
	(void)what;
	control->checks[control->ticks++ % (CONTROL_RATE_S + 1)] =
	    control_stat(control, STAT_CHECKS);
	go_on(control);
}

static void
wake_control(void *arg)
{
	control_resume(arg);
}

static void *
control_main(void *arg)
{
	struct control *control = arg;

	pthread_setname_np(pthread_self(), "control");
	snapshot_register_thread();
	event_base_loop(control->base, EVLOOP_NO_EXIT_ON_EMPTY);
	while (control->clients != NULL)
		control_client_free(control->clients);
	snapshot_unregister_thread();
	return NULL;
}

static enum error
make_loop(struct control *control)
{
	const struct timeval second = {.tv_sec = 1};

	control->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (control->wake_fd < 0)
		return ERR_IO;
	control->base = loop_new();
	if (control->base == NULL)
		return ERR_MEMORY;
	control->wake = event_new(control->base, control->wake_fd,
	    EV_READ | EV_PERSIST, control_woken, control);
	control->listener = event_new(control->base, control->listen_fd,
	    EV_READ | EV_PERSIST, control_accept, control);
	control->tick =
	    event_new(control->base, -1, EV_PERSIST, control_tick, control);
	if (control->wake == NULL || control->listener == NULL ||
	    control->tick == NULL || event_add(control->wake, NULL) != 0 ||
	    event_add(control->listener, NULL) != 0 ||
	    event_add(control->tick, &second) != 0)
		return ERR_MEMORY;
	return OK;
}

enum error
control_new(const struct control_plan *plan, struct control **made, char *text,
    size_t text_len)
{
	struct control *control =
	    aligned_alloc(_Alignof(struct control), sizeof(*control));
	enum error err;

	text[0] = '\0';
	if (control == NULL)
		return ERR_MEMORY;
	memset(control, 0, sizeof(*control));
	control->plan = *plan;
	control->plan.data = control->data = strdup(plan->data);
	control->started_ms = now_monotonic_ms();
	control->listen_fd = control->wake_fd = -1;
	mailbox_init(&control->answers, wake_control, control);
	if (plan->events != NULL)
		events_on_put(plan->events, wake_control, control);
	control->path = control_socket_path(plan->data);
	err = control->data && control->path ? OK : ERR_MEMORY;
	if (err == OK)
		err = control_socket_listen(
		    control->path, &control->listen_fd, text, text_len);
	if (err == OK)
		err = make_loop(control);
	if (err != OK) {
		control_free(control);
		return err;
	}
	*made = control;
	return OK;
}

/* Whoever comes now finds nobody. */
static void
close_listener(struct control *control)
{
	if (control->listener != NULL)
		event_free(control->listener);
	control->listener = NULL;
	if (control->listen_fd < 0)
		return;
	unlink(control->path);
	close(control->listen_fd);
	control->listen_fd = -1;
}

void
control_free(struct control *control)
{
	if (control == NULL)
		return;
	close_listener(control);
	/* What the writer has answered since the thread ended. */
	control_take_answers(control);
	if (control->tick != NULL)
		event_free(control->tick);
	if (control->wake != NULL)
		event_free(control->wake);
	if (control->base != NULL)
		event_base_free(control->base);
	if (control->wake_fd >= 0)
		close(control->wake_fd);
	free(atomic_load(&control->news));
	free(control->outcome);
	free(control->path);
	free(control->data);
	free(control);
}

enum error
control_start(struct control *control)
{
	if (pthread_create(&control->thread, NULL, control_main, control) != 0)
		return ERR_IO;
	control->started = true;
	return OK;
}

void
control_stop(struct control *control)
{
	if (!control->started)
		return;
	atomic_store_explicit(&control->stopping, true, memory_order_release);
	control_resume(control);
	pthread_join(control->thread, NULL);
	control->started = false;
	close_listener(control);
}

uint64_t
control_reload_begins(struct control *control)
{
	return atomic_load_explicit(&control->reloads, memory_order_acquire);
}

void
control_reload_ends(
    struct control *control, uint64_t begun, bool ok, const char *text)
{
	struct control_outcome *news = malloc(sizeof(*news) + strlen(text) + 1);

	if (news == NULL) {
		log_write(LEVEL_ERROR, "control: %s", error_text(ERR_MEMORY));
		return;
	}
	news->begun = begun;
	news->ok = ok;
	memcpy(news->text, text, strlen(text) + 1);
	news = atomic_exchange_explicit(
	    &control->news, news, memory_order_acq_rel);
	free(news);
	control_resume(control);
}
