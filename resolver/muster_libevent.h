/* muster_libevent.h - libmuster in a libevent loop.
 *
 *     struct muster_libevent *loop;
 *
 *     muster_libevent_new(base, NULL, &loop);
 *     muster_call_new(loop->muster, "_http._tcp.web.svc.example", NULL, &call);
 *     muster_next_start(call, on_endpoint, arg);
 *
 * Only this header knows libevent, and the program that includes it links it;
 * it is an example for other loops too: watch, timer, muster_process().
 *
 * Threads:   the one of the event_base.
 * Ownership: muster_libevent_free() frees the context and its events; not from
 *            within a callback of libmuster.
 * Units:     milliseconds.
 * Errors:    enum muster_status.
 */
#ifndef MUSTER_LIBEVENT_H
#define MUSTER_LIBEVENT_H

#include <event2/event.h>
#include <muster.h>
#include <stdlib.h>

struct muster_libevent_fd {
	struct muster_libevent_fd *next;
	struct muster_libevent *loop;
	struct event *event;
	int fd;
};

struct muster_libevent {
	struct muster *muster;
	struct event_base *base;
	struct event *timer;
	struct muster_libevent_fd *fds;
};

static inline void
muster_libevent_ready(evutil_socket_t fd, short what, void *arg)
{
	struct muster_libevent_fd *at = (struct muster_libevent_fd *)arg;
	short events = (short)(((what & EV_READ) ? POLLIN : 0) |
			       ((what & EV_WRITE) ? POLLOUT : 0));

	muster_process(at->loop->muster, (int)fd, events);
}

static inline void
muster_libevent_due(evutil_socket_t none, short what, void *arg)
{
	(void)none;
	(void)what;
	muster_process(((struct muster_libevent *)arg)->muster, -1, 0);
}

static inline void
muster_libevent_forget(struct muster_libevent *loop, int fd)
{
	struct muster_libevent_fd **at = &loop->fds, *gone;

	while (*at != NULL && (*at)->fd != fd)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	gone = *at;
	*at = gone->next;
	event_free(gone->event);
	free(gone);
}

/* A socket that cannot be watched is as if nothing ever came; the timer goes
 * on. */
static inline void
muster_libevent_watch(void *arg, int fd, short events)
{
	struct muster_libevent *loop = (struct muster_libevent *)arg;
	struct muster_libevent_fd *at;
	short what = (short)(EV_PERSIST | ((events & POLLIN) ? EV_READ : 0) |
			     ((events & POLLOUT) ? EV_WRITE : 0));

	muster_libevent_forget(loop, fd);
	if (events == 0)
		return;
	at = (struct muster_libevent_fd *)calloc(1, sizeof(*at));
	if (at == NULL)
		return;
	at->loop = loop;
	at->fd = fd;
	at->event = event_new(loop->base, fd, what, muster_libevent_ready, at);
	if (at->event == NULL || event_add(at->event, NULL) != 0) {
		if (at->event != NULL)
			event_free(at->event);
		free(at);
		return;
	}
	at->next = loop->fds;
	loop->fds = at;
}

static inline void
muster_libevent_set_timer(void *arg, int timeout_ms)
{
	struct muster_libevent *loop = (struct muster_libevent *)arg;
	struct timeval tv;

	if (timeout_ms < 0) {
		event_del(loop->timer);
		return;
	}
	tv.tv_sec = timeout_ms / 1000;
	tv.tv_usec = timeout_ms % 1000 * 1000;
	event_add(loop->timer, &tv);
}

/* Ends the context and its events; NULL does nothing. */
static inline void
muster_libevent_free(struct muster_libevent *loop)
{
	if (loop == NULL)
		return;
	muster_free(loop->muster);
	while (loop->fds != NULL)
		muster_libevent_forget(loop, loop->fds->fd);
	if (loop->timer != NULL)
		event_free(loop->timer);
	free(loop);
}

/* Makes a context that lives in a loop; settings may be NULL, its watch, timer
 * and arg are not used. */
static inline enum muster_status
muster_libevent_new(struct event_base *base,
    const struct muster_settings *given, struct muster_libevent **out)
{
	struct muster_settings settings = {sizeof(settings)};
	struct muster_libevent *loop;
	enum muster_status status = MUSTER_NO_MEMORY;

	if (given != NULL)
		settings = *given;
	loop = (struct muster_libevent *)calloc(1, sizeof(*loop));
	if (loop == NULL)
		return status;
	loop->base = base;
	loop->timer = event_new(base, -1, 0, muster_libevent_due, loop);
	settings.watch = muster_libevent_watch;
	settings.timer = muster_libevent_set_timer;
	settings.arg = loop;
	if (loop->timer != NULL)
		status = muster_new(&settings, &loop->muster);
	if (status == MUSTER_OK)
		*out = loop;
	else
		muster_libevent_free(loop);
	return status;
}

#endif
