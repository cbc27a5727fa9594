/* SPDX-License-Identifier: Apache-2.0 */
/* One writer that tells as fast as it can, and watchers that come, read and go
 * on the other thread: what each of them is told, and what it is told to have
 * lost, is all that happened while it watched, in order.  Ends with 0 if so; a
 * lost wake-up shows as a reader that waits in vain. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/events.h"

#define EVENTS 60000
#define WATCHERS 3
#define PATIENCE_MS 60000

static struct events *events;
static int wake_fd;

static void
wake(void *arg)
{
	const uint64_t one = 1;

	(void)arg;
	if (write(wake_fd, &one, sizeof(one)) < 0)
		abort();
}

static void *
produce(void *arg)
{
	(void)arg;
	for (unsigned i = 1; i <= EVENTS; i++) {
		const struct roster_event event = {.kind = EVENT_HEALTH,
		    .wall_s = i,
		    .service = "service",
		    .host = "host",
		    .reason = ""};

		events_put(events, &event);
	}
	return NULL;
}

/* Reads what there is; *at is the number come to. */
static int
read_all(struct event_watcher *w, uint64_t *at, unsigned most)
{
	const struct event_note *note;
	uint64_t lost;

	do {
		note = events_next(events, w, &lost);
		*at += lost;
		if (note == NULL)
			break;
		++*at;
		if ((uint64_t)note->event.wall_s != *at) {
			fprintf(stderr, "event %lld after %llu\n",
			    (long long)note->event.wall_s,
			    (unsigned long long)*at);
			return 1;
		}
	} while (--most > 0);
	return 0;
}

static int
consume(void)
{
	struct pollfd ready = {.fd = wake_fd, .events = POLLIN};
	struct event_watcher w[WATCHERS] = {{.watching = false}};
	uint64_t at[WATCHERS] = {0}, count;
	pthread_t writer;

	/* All from the first event on: nobody tells anything yet. */
	for (int i = 0; i < WATCHERS; i++)
		events_watch(events, &w[i]);
	if (pthread_create(&writer, NULL, produce, NULL) != 0)
		abort();
	while (at[0] < EVENTS || at[1] < EVENTS || at[2] < EVENTS) {
		/* The last one is slow, but is woken by itself. */
		if (at[2] == at[0] && at[0] < EVENTS) {
			if (poll(&ready, 1, PATIENCE_MS) != 1) {
				fprintf(stderr, "nobody wakes us\n");
				return 1;
			}
			if (read(wake_fd, &count, sizeof(count)) < 0)
				abort();
		}
		for (int i = 0; i < WATCHERS; i++)
			if (read_all(&w[i], &at[i], i == 2 ? 500 : 100000))
				return 1;
	}
	pthread_join(writer, NULL);
	for (int i = 0; i < WATCHERS; i++)
		events_leave(events, &w[i]);
	return 0;
}

int
main(void)
{
	int status;

	events = events_new();
	wake_fd = eventfd(0, EFD_CLOEXEC);
	if (events == NULL || wake_fd < 0)
		return 99;
	events_on_put(events, wake, NULL);
	status = consume();
	events_free(events);
	close(wake_fd);
	return status;
}
