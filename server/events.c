/* SPDX-License-Identifier: Apache-2.0 */
#include "server/events.h"

#include <stdlib.h>
#include <string.h>

struct events {
	_Atomic unsigned watchers;
	/* between the two threads */
	_Atomic size_t under_way; /* in the mailbox */
	_Atomic uint64_t count; /* the highest number given, set when what has
				 * it is in the mailbox or lost */
	struct mailbox mailbox;
	/* the serving thread's: what was taken, by number, with gaps */
	struct event_note **ring; /* [EVENTS_MAX] */
	size_t first, held;
};

struct events *
events_new(void)
{
	struct events *events =
	    aligned_alloc(_Alignof(struct events), sizeof(*events));

	if (events == NULL)
		return NULL;
	memset(events, 0, sizeof(*events));
	events->ring = calloc(EVENTS_MAX, sizeof(events->ring[0]));
	if (events->ring == NULL) {
		free(events);
		return NULL;
	}
	return events;
}

/* --- the writer's side --- */

static char *
put_text(char **at, const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = *at;

	memcpy(copy, text, len);
	*at += len;
	return copy;
}

static struct event_note *
copy_event(const struct roster_event *event, uint64_t number)
{
	size_t len = strlen(event->service) + strlen(event->host) +
		     strlen(event->reason) + 3;
	struct event_note *note = malloc(sizeof(*note) + len);
	char *at;

	if (note == NULL)
		return NULL;
	note->mail = (struct mail){.kind = 0};
	note->number = number;
	note->event = *event;
	at = note->text;
	note->event.service = put_text(&at, event->service);
	note->event.host = put_text(&at, event->host);
	note->event.reason = put_text(&at, event->reason);
	return note;
}

void
events_put(struct events *events, const struct roster_event *event)
{
	struct event_note *note = NULL;
	uint64_t number;

	if (atomic_load_explicit(&events->watchers, memory_order_acquire) == 0)
		return;
	number = atomic_load_explicit(&events->count, memory_order_relaxed) + 1;
	if (atomic_load_explicit(&events->under_way, memory_order_acquire) <
	    EVENTS_MAX)
		note = copy_event(event, number);
	if (note != NULL) {
		atomic_fetch_add_explicit(
		    &events->under_way, 1, memory_order_relaxed);
		mailbox_push(&events->mailbox, &note->mail);
	}
	atomic_store_explicit(&events->count, number, memory_order_release);
	/* Once the number is there: the loss may be the end of it all. */
	if (note == NULL)
		events->mailbox.wake(events->mailbox.arg);
}

/* --- the watchers' side --- */

void
events_on_put(struct events *events, void (*wake)(void *arg), void *arg)
{
	mailbox_init(&events->mailbox, wake, arg);
}

static struct event_note **
ring_at(struct events *events, size_t i)
{
	return &events->ring[(events->first + i) % EVENTS_MAX];
}

static void
ring_drop_first(struct events *events)
{
	free(*ring_at(events, 0));
	events->first = (events->first + 1) % EVENTS_MAX;
	events->held--;
}

/* Takes what has come into the ring; the oldest make room. */
static void
take_all(struct events *events)
{
	struct mail *mail = mailbox_take(&events->mailbox), *next;
	size_t taken = 0;

	for (; mail != NULL; mail = next) {
		next = mail->next;
		if (events->held == EVENTS_MAX)
			ring_drop_first(events);
		*ring_at(events, events->held++) = (struct event_note *)mail;
		taken++;
	}
	atomic_fetch_sub_explicit(
	    &events->under_way, taken, memory_order_release);
}

void
events_watch(struct events *events, struct event_watcher *watcher)
{
	atomic_fetch_add_explicit(&events->watchers, 1, memory_order_release);
	watcher->watching = true;
	watcher->next =
	    atomic_load_explicit(&events->count, memory_order_acquire) + 1;
}

void
events_leave(struct events *events, struct event_watcher *watcher)
{
	if (!watcher->watching)
		return;
	watcher->watching = false;
	if (atomic_fetch_sub_explicit(
		&events->watchers, 1, memory_order_release) > 1)
		return;
	take_all(events);
	while (events->held > 0)
		ring_drop_first(events);
}

/* The place of the first note with at least that number. */
static size_t
ring_find(struct events *events, uint64_t number)
{
	size_t low = 0, high = events->held;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((*ring_at(events, middle))->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct event_note *
events_next(
    struct events *events, struct event_watcher *watcher, uint64_t *lost)
{
	/* Whatever has a number up to this one is in the ring after
	 * take_all(), or lost. */
	uint64_t count =
	    atomic_load_explicit(&events->count, memory_order_acquire);
	const struct event_note *note = NULL;
	uint64_t next;
	size_t place;

	take_all(events);
	place = ring_find(events, watcher->next);
	if (place < events->held)
		note = *ring_at(events, place);
	next = note ? note->number : count + 1;
	*lost = next > watcher->next ? next - watcher->next : 0;
	if (next > watcher->next)
		watcher->next = next;
	if (note != NULL)
		watcher->next++;
	return note;
}

void
events_free(struct events *events)
{
	if (events == NULL)
		return;
	take_all(events);
	while (events->held > 0)
		ring_drop_first(events);
	free(events->ring);
	free(events);
}
