/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "server/events.h"

static struct events *events;
static unsigned woken;

static void
wake(void *arg)
{
	++*(unsigned *)arg;
}

static void
set_up(void)
{
	events = events_new();
	cr_assert_not_null(events);
	woken = 0;
	events_on_put(events, wake, &woken);
}

static void
tear_down(void)
{
	events_free(events);
}

/* Puts `count` events about instances with port `from` and up. */
static void
put(unsigned from, unsigned count)
{
	char host[32];

	for (unsigned i = 0; i < count; i++) {
		const struct roster_event event = {.kind = EVENT_HEALTH,
		    .service = "_http._tcp.web.svc.example",
		    .host = host,
		    .port = (uint16_t)(from + i),
		    .real = WHY_UNHEALTHY,
		    .reason = "HTTP 503"};

		snprintf(host, sizeof(host), "host-%u", from + i);
		events_put(events, &event);
	}
}

/* Takes what there is for a watcher; the ports are to be as given. */
static void
expect(struct event_watcher *w, unsigned from, unsigned count)
{
	char host[32];
	uint64_t lost;

	for (unsigned i = 0; i < count; i++) {
		const struct event_note *note = events_next(events, w, &lost);

		cr_assert_not_null(note);
		cr_assert_eq(lost, 0);
		cr_assert_eq(note->event.port, from + i);
		snprintf(host, sizeof(host), "host-%u", from + i);
		cr_assert_str_eq(note->event.host, host);
		cr_assert_str_eq(note->event.reason, "HTTP 503");
	}
}

static void
expect_nothing(struct event_watcher *w)
{
	uint64_t lost;

	cr_assert_null(events_next(events, w, &lost));
	cr_assert_eq(lost, 0);
}

TestSuite(events, .init = set_up, .fini = tear_down, .timeout = 10);

Test(events, nobody_watches_nothing_happens)
{
	struct event_watcher w = {0};

	put(1, 10);
	cr_assert_eq(woken, 0);
	events_watch(events, &w);
	expect_nothing(&w);
	events_leave(events, &w);
}

Test(events, all_watchers_see_all_events)
{
	struct event_watcher a = {0}, b = {0};

	events_watch(events, &a);
	put(1, 3);
	cr_assert_eq(woken, 3);
	expect(&a, 1, 2);
	events_watch(events, &b);
	put(4, 2);
	expect(&a, 3, 3);
	expect(&b, 4, 2);
	expect_nothing(&a);
	expect_nothing(&b);
	events_leave(events, &a);
	put(6, 1);
	expect(&b, 6, 1);
	events_leave(events, &b);
	events_leave(events, &b);
}

Test(events, what_does_not_fit_is_counted)
{
	struct event_watcher w = {0};
	uint64_t lost;

	events_watch(events, &w);
	put(1, EVENTS_MAX + 7);
	cr_assert_eq(woken, EVENTS_MAX + 7, "a loss wakes too");
	expect(&w, 1, EVENTS_MAX);
	/* Nothing has come behind them, and yet it is told. */
	cr_assert_null(events_next(events, &w, &lost));
	cr_assert_eq(lost, 7);
	expect_nothing(&w);
	put(1, 1);
	expect(&w, 1, 1);
	events_leave(events, &w);
}

Test(events, a_slow_watcher_misses_what_scrolled_by)
{
	struct event_watcher slow = {0}, fast = {0};
	const struct event_note *note;
	uint64_t lost;

	events_watch(events, &slow);
	events_watch(events, &fast);
	put(1, 1000);
	expect(&fast, 1, 1000);
	put(1001, EVENTS_MAX);
	expect(&fast, 1001, EVENTS_MAX);
	note = events_next(events, &slow, &lost);
	cr_assert_not_null(note);
	cr_assert_eq(lost, 1000);
	cr_assert_eq(note->event.port, 1001);
	expect(&slow, 1002, EVENTS_MAX - 1);
	expect_nothing(&slow);
	events_leave(events, &slow);
	events_leave(events, &fast);
}

Test(events, a_loss_between_two_events_is_told_before_the_second)
{
	struct event_watcher w = {0};
	const struct event_note *note;
	uint64_t lost;

	events_watch(events, &w);
	put(1, EVENTS_MAX + 1);
	/* One is taken, and all of them have moved to the ring with it. */
	expect(&w, 1, 1);
	put(7, 1);
	expect(&w, 2, EVENTS_MAX - 1);
	note = events_next(events, &w, &lost);
	cr_assert_not_null(note);
	cr_assert_eq(lost, 1);
	cr_assert_eq(note->event.port, 7);
	events_leave(events, &w);
}

Test(events, the_last_one_to_leave_clears_up)
{
	struct event_watcher a = {0}, b = {0};

	events_watch(events, &a);
	put(1, 5);
	events_leave(events, &a);
	put(6, 5);
	events_watch(events, &b);
	expect_nothing(&b);
	put(11, 1);
	expect(&b, 11, 1);
	events_leave(events, &b);
}
