/* events.h - what changes, told to whoever watches.
 *
 *     roster -- events_put() -->  mailbox  -- events_next() -->  watchers
 *     (writer)                    at most EVENTS_MAX    (one thread, many
 *                                                        places in one ring)
 *
 *  1. While nobody watches nothing is copied: one look at a number.
 *  2. The writer never waits: what does not fit is counted and left out.
 *  3. Each event has a number, those left out too, so a watcher that was too
 *     slow, or the writer too fast, is told how many it has missed.
 *
 * Threads:   events_put: the writer.  All others: the one thread that serves
 *            the watchers; events_new and events_free before and after both.
 * Ownership: notes belong to the ring, until events_next() is called again or
 *            the last watcher leaves.
 * Units:     wall_s seconds since 1970.
 * Errors:    NULL without memory; an event without memory counts as lost.
 */
#ifndef SERVER_EVENTS_H
#define SERVER_EVENTS_H

#include "server/health/roster.h"
#include "server/mailbox.h"

/* Under way from the writer, and as many kept for slow watchers: some
 * seconds of a large failure. */
#define EVENTS_MAX 4096

struct events;

/* An event with texts of its own: one block. */
struct event_note {
	struct mail mail;
	uint64_t number; /* from 1 on */
	struct roster_event event;
	char text[];
};

/* One who watches. */
struct event_watcher {
	bool watching;
	uint64_t next; /* number of the event to be told next */
};

struct events *events_new(void);
void events_free(struct events *);

/* Tells all watchers. */
void events_put(struct events *, const struct roster_event *);

/* How the serving thread is told that there is something new: wake is called
 * by the writer.  To be called before the first watcher comes. */
void events_on_put(struct events *, void (*wake)(void *arg), void *arg);

/* Begins with what happens from now on, and ends. */
void events_watch(struct events *, struct event_watcher *);
void events_leave(struct events *, struct event_watcher *);

/* The next event for a watcher, or NULL if there is none yet.  *lost is how
 * many it has missed just before (with NULL: up to now). */
const struct event_note *events_next(
    struct events *, struct event_watcher *, uint64_t *lost);

#endif
