/* queue.h - the way of an update between two threads.
 *
 * One word holds everything: "empty", "empty and the consumer sleeps", or the
 * newest update of a list.  Producers put a whole batch on in one step; the
 * consumer takes all there is in one step and turns it into arrival order.
 *
 *             queue_push()                   queue_push()
 *     asleep --------------> newest -> ... <--------------+
 *       ^    (writes eventfd)   |    ^--------------------+
 *       |                       | queue_take()
 *       +------ empty <---------+
 *   queue_sleep()
 *
 * The eventfd is written only by the push that finds the consumer asleep, so a
 * busy consumer costs its producers no system call.
 *
 * The bound is on what is *under way*, from queue_reserve() until the reply
 * has come home and queue_release() is called; a push after a reservation
 * cannot fail, and the way back needs no bound of its own.
 *
 * Threads:   queue_reserve, queue_release, queue_push, queue_wake: any.
 *            queue_take, queue_sleep, queue_drain_wake: the one consumer.
 * Ownership: updates belong to the queue between push and take.
 * Units:     updates.
 * Errors:    queue_init: ERR_IO.
 */
#ifndef SERVER_QUEUE_H
#define SERVER_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "zones/dns/error.h"

struct update;

struct queue {
	/* shared by all; each word on a cache line of its own */
	_Alignas(64) _Atomic uintptr_t head;
	_Alignas(64) _Atomic uint32_t under_way;
	/* constant after queue_init() */
	_Alignas(64) uint32_t limit;
	int wake_fd;
};

/* An empty queue with a sleeping consumer; at most limit under way. */
enum error queue_init(struct queue *, uint32_t limit) MUST_CHECK;

/* Closes the eventfd; the queue must be empty. */
void queue_fini(struct queue *);

/* Takes n places among those under way; false, with none taken, if there are
 * not so many. */
bool queue_reserve(struct queue *, uint32_t n);

/* Gives n places back. */
void queue_release(struct queue *, uint32_t n);

/* How many places are taken now; what other threads do meanwhile is missed. */
uint32_t queue_under_way(const struct queue *);

/* Appends a list (linked by update->next, oldest first; NULL does nothing)
 * and wakes the consumer if it sleeps. */
void queue_push(struct queue *, struct update *list);

/* Wakes the consumer though nothing was pushed. */
void queue_wake(struct queue *);

/* Takes everything: a list, oldest first; NULL if there is nothing. */
struct update *queue_take(struct queue *);

/* Says that the consumer is about to wait for wake_fd; false if there is
 * something to take instead. */
bool queue_sleep(struct queue *);

/* Makes wake_fd unreadable again: to be called before queue_take(). */
void queue_drain_wake(struct queue *);

#endif
