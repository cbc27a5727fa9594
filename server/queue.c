/* SPDX-License-Identifier: Apache-2.0 */
#include "server/queue.h"

#include <assert.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/nameserver/update.h"

/* What head says when it is not the address of an update. */
#define HEAD_EMPTY ((uintptr_t)0)
#define HEAD_ASLEEP ((uintptr_t)1)

/* The same list, the other way round. */
static struct update *
reverse(struct update *list)
{
	struct update *reversed = NULL;

	while (list != NULL) {
		struct update *next = list->next;

		list->next = reversed;
		reversed = list;
		list = next;
	}
	return reversed;
}

enum error
queue_init(struct queue *queue, uint32_t limit)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		return ERR_IO;
	/* Asleep: whatever comes before the consumer's first look wakes it. */
	atomic_init(&queue->head, HEAD_ASLEEP);
	atomic_init(&queue->under_way, 0);
	queue->limit = limit;
	queue->wake_fd = fd;
	return OK;
}

void
queue_fini(struct queue *queue)
{
	assert(atomic_load(&queue->head) <= HEAD_ASLEEP);
	close(queue->wake_fd);
	queue->wake_fd = -1;
}

bool
queue_reserve(struct queue *queue, uint32_t n)
{
	uint32_t before = atomic_fetch_add_explicit(
	    &queue->under_way, n, memory_order_relaxed);

	if (before < queue->limit && n <= queue->limit - before)
		return true;
	queue_release(queue, n);
	return false;
}

void
queue_release(struct queue *queue, uint32_t n)
{
	atomic_fetch_sub_explicit(&queue->under_way, n, memory_order_relaxed);
}

uint32_t
queue_under_way(const struct queue *queue)
{
	return atomic_load_explicit(&queue->under_way, memory_order_relaxed);
}

void
queue_push(struct queue *queue, struct update *list)
{
	struct update *oldest = list, *newest = reverse(list);
	uintptr_t head;

	if (list == NULL)
		return;
	/* Only the consumer takes anything off, and it takes all: a head that
	 * compares equal is the same list, whatever happened in between. */
	head = atomic_load_explicit(&queue->head, memory_order_relaxed);
	do
		oldest->next =
		    head <= HEAD_ASLEEP ? NULL : (struct update *)head;
	while (!atomic_compare_exchange_weak_explicit(&queue->head, &head,
	    (uintptr_t)newest, memory_order_release, memory_order_relaxed));
	if (head == HEAD_ASLEEP)
		queue_wake(queue);
}

void
queue_wake(struct queue *queue)
{
	const uint64_t one = 1;

	/* EAGAIN would mean that 2^64 wake-ups are pending: awake enough. */
	while (write(queue->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

struct update *
queue_take(struct queue *queue)
{
	uintptr_t head = atomic_exchange_explicit(
	    &queue->head, HEAD_EMPTY, memory_order_acquire);

	return head <= HEAD_ASLEEP ? NULL : reverse((struct update *)head);
}

bool
queue_sleep(struct queue *queue)
{
	uintptr_t expected = HEAD_EMPTY;

	return atomic_compare_exchange_strong_explicit(&queue->head, &expected,
		   HEAD_ASLEEP, memory_order_relaxed, memory_order_relaxed) ||
	       expected == HEAD_ASLEEP;
}

void
queue_drain_wake(struct queue *queue)
{
	uint64_t count;

	while (
	    read(queue->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}
