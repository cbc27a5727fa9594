/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>

#include "server/nameserver/update.h"
#include "server/queue.h"

#define WAYS 4

static struct queue queue;
static struct update *items[WAYS];

static void
setup(void)
{
	cr_assert_eq(queue_init(&queue, 2), OK);
	for (int i = 0; i < WAYS; i++)
		items[i] = calloc(1, sizeof(*items[i]));
}

static void
teardown(void)
{
	queue_take(&queue);
	queue_fini(&queue);
	for (int i = 0; i < WAYS; i++)
		free(items[i]);
}

TestSuite(queue, .init = setup, .fini = teardown, .timeout = 10);

static bool
is_woken(void)
{
	struct pollfd fd = {.fd = queue.wake_fd, .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

/* Pushes items[from..to] as one list, oldest first. */
static void
push(int from, int to)
{
	for (int i = from; i < to; i++)
		items[i]->next = items[i + 1];
	items[to]->next = NULL;
	queue_push(&queue, items[from]);
}

Test(queue, gives_updates_in_the_order_in_which_they_came)
{
	struct update *list;

	push(0, 1);
	push(2, 2);
	push(3, 3);
	list = queue_take(&queue);
	for (int i = 0; i < WAYS; i++) {
		cr_assert_eq(list, items[i], "place %d", i);
		list = list->next;
	}
	cr_assert_null(list);
	cr_assert_null(queue_take(&queue));
}

Test(queue, wakes_only_a_consumer_that_sleeps)
{
	cr_assert_not(is_woken());
	push(0, 0);
	cr_assert(is_woken(), "the consumer slept from the start");
	queue_drain_wake(&queue);
	push(1, 1);
	cr_assert_not(is_woken(), "it has been told already");
	queue_take(&queue);
	push(2, 2);
	cr_assert_not(is_woken(), "it is awake");
	cr_assert_not(queue_sleep(&queue), "there is something to take");
	queue_take(&queue);
	cr_assert(queue_sleep(&queue));
	cr_assert(queue_sleep(&queue), "asleep already");
	push(3, 3);
	cr_assert(is_woken());
}

Test(queue, bounds_what_is_under_way_until_it_is_released)
{
	cr_assert(queue_reserve(&queue, 1));
	cr_assert(queue_reserve(&queue, 1));
	cr_assert_not(queue_reserve(&queue, 1));
	cr_assert_not(queue_reserve(&queue, 1), "a refusal takes no place");
	cr_assert_eq(queue_under_way(&queue), 2);
	push(0, 1);
	queue_take(&queue);
	cr_assert_not(queue_reserve(&queue, 1), "taken is still under way");
	queue_release(&queue, 1);
	cr_assert_not(queue_reserve(&queue, 2), "one place is no room for two");
	cr_assert(queue_reserve(&queue, 1));
}

Test(queue, takes_an_empty_list_for_nothing)
{
	queue_push(&queue, NULL);
	cr_assert_not(is_woken());
	cr_assert_null(queue_take(&queue));
}

Test(queue, can_be_woken_without_a_push)
{
	queue_wake(&queue);
	cr_assert(is_woken());
	queue_drain_wake(&queue);
	cr_assert_not(is_woken());
	cr_assert_null(queue_take(&queue));
}
