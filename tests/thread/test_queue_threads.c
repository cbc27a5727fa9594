/* SPDX-License-Identifier: Apache-2.0 */
/* Four producers and one consumer that sleeps whenever it can: everything
 * arrives once, in its producer's order, and no wake-up is lost.  Ends with 0
 * if so; a lost wake-up shows as a consumer that waits in vain. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/nameserver/update.h"
#include "server/queue.h"

#define PRODUCERS 4
#define EACH 20000
#define BATCH 3
#define PLACES 64
#define PATIENCE_MS 60000

static struct queue queue;

static struct update *
make(uint16_t producer, uint32_t number)
{
	struct update *update = calloc(1, sizeof(*update));

	if (update == NULL)
		abort();
	update->route.worker = producer;
	update->route.connection = number;
	return update;
}

static void *
produce(void *arg)
{
	uint16_t me = *(uint16_t *)arg;
	struct update *first = NULL, **last = &first;
	unsigned gathered = 0;

	for (uint32_t i = 0; i < EACH; i++) {
		while (!queue_reserve(&queue, 1)) {
			/* A full batch of others may wait for ours. */
			queue_push(&queue, first);
			first = NULL;
			last = &first;
			gathered = 0;
			sched_yield();
		}
		*last = make(me, i);
		last = &(*last)->next;
		if (++gathered < BATCH && i + 1 < EACH)
			continue;
		queue_push(&queue, first);
		first = NULL;
		last = &first;
		gathered = 0;
	}
	return NULL;
}

/* Waits until there is something; false if nobody wakes us. */
static bool
rest(void)
{
	struct pollfd fd = {.fd = queue.wake_fd, .events = POLLIN};

	if (!queue_sleep(&queue))
		return true;
	if (poll(&fd, 1, PATIENCE_MS) != 1)
		return false;
	queue_drain_wake(&queue);
	return true;
}

static int
consume(void)
{
	uint32_t next[PRODUCERS] = {0}, got = 0;

	while (got < PRODUCERS * EACH) {
		struct update *list = queue_take(&queue);

		if (list == NULL && !rest()) {
			fprintf(stderr, "nobody woke the consumer\n");
			return 1;
		}
		while (list != NULL) {
			struct update *update = list;

			list = update->next;
			if (update->route.connection !=
			    next[update->route.worker]++) {
				fprintf(stderr, "out of order\n");
				return 1;
			}
			free(update);
			queue_release(&queue, 1);
			got++;
		}
	}
	return queue_under_way(&queue) == 0 ? 0 : 1;
}

int
main(void)
{
	pthread_t thread[PRODUCERS];
	uint16_t number[PRODUCERS];
	int status;

	if (queue_init(&queue, PLACES) != OK)
		return 1;
	for (uint16_t i = 0; i < PRODUCERS; i++) {
		number[i] = i;
		if (pthread_create(&thread[i], NULL, produce, &number[i]) != 0)
			return 1;
	}
	status = consume();
	if (status != 0)
		return status;
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(thread[i], NULL);
	queue_fini(&queue);
	return 0;
}
