/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/checker_turns.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "server/health/attempt.h"
#include "server/health/checker_schedule.h"
#include "server/log.h"
#include "server/now.h"
#include "server/stats.h"

/* First probes that find no room are spread over that. */
#define FIRST_SPREAD_MS 1000
/* Begun in one turn of the loop, then what has come is looked at. */
#define BEGIN_BATCH 64
/* How often we look whether the loop itself comes late. */
#define PULSE_MS 50

/* One instance.  It waits for its turn, or a probe of it is under way. */
struct subject {
	struct turn turn; /* first: a turn is a subject */
	struct attempt attempt;
	struct probe_order *order;
	struct turns *turns;
	/* of those under way; previous is NULL otherwise */
	struct subject *next, **previous;
	int64_t began_us;
	int64_t began_wall_s;
	unsigned answered; /* the address that did last time */
	bool late; /* the loop has stalled since it began */
};

struct turns {
	const struct checker_plan *plan;
	struct prober *prober;
	struct event *due, *pulse;
	struct schedule schedule;
	struct subject *under_way;
	unsigned in_flight;
	int64_t pulse_ms; /* when the loop was last seen alive */
	int64_t armed_ms; /* what `due` waits for; INT64_MAX: nothing */
};

/* ---- whether the loop itself is late ---- */

static bool
is_late(const struct subject *subject, int64_t now_ms)
{
	int64_t lag = now_ms - subject->turns->pulse_ms - PULSE_MS;

	return lag > (int64_t)subject->order->check.interval_ms;
}

/* Marks what was under way during a stall. */
static void
mark_late(struct turns *turns, int64_t now_ms)
{
	for (struct subject *s = turns->under_way; s != NULL; s = s->next)
		s->late = s->late || is_late(s, now_ms);
}

/* Turns that a stall has swallowed are not made up for, all at once: each goes
 * on in its own place. */
static void
skip_turns(struct turns *turns, int64_t now_ms)
{
	struct schedule *schedule = &turns->schedule;
	struct subject *kept = NULL, *next;
	struct turn *turn;
	uint64_t skipped = 0;

	while ((turn = schedule_first(schedule)) != NULL &&
	       turn->due_ms <= now_ms) {
		struct subject *subject = (struct subject *)turn;

		if (is_late(subject, now_ms)) {
			schedule_wait(schedule, turn,
			    schedule_next_ms(turn->number,
				subject->order->check.interval_ms, now_ms));
			skipped++;
			continue;
		}
		schedule_unwait(schedule, turn);
		subject->next = kept;
		kept = subject;
	}
	for (; kept != NULL; kept = next) {
		next = kept->next;
		schedule_wait(schedule, &kept->turn, kept->turn.due_ms);
	}
	if (skipped == 0)
		return;
	stats_add(turns->plan->stats, STAT_CHECKS_SKIPPED, skipped);
	log_write(LEVEL_WARNING,
	    "checks: stalled for %" PRId64 " ms: %" PRIu64
	    " probes were left out; states stay as they are",
	    now_ms - turns->pulse_ms, skipped);
}

/* The loop is alive; was it all the time? */
static void
feel_pulse(struct turns *turns, int64_t now_ms)
{
	if (now_ms - turns->pulse_ms > 2 * PULSE_MS) {
		mark_late(turns, now_ms);
		skip_turns(turns, now_ms);
	}
	turns->pulse_ms = now_ms;
}

static void
on_pulse(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	feel_pulse(arg, now_monotonic_ms());
}

/* ---- turns ---- */

static bool
is_under_way(const struct subject *subject)
{
	return subject->previous != NULL;
}

/* Sets the timer for whoever is first, if there is room. */
static void
arm(struct turns *turns, int64_t now_ms)
{
	struct turn *first = schedule_first(&turns->schedule);
	struct timeval left;
	int64_t at_ms = INT64_MAX;

	if (first != NULL && turns->in_flight < turns->plan->at_once)
		at_ms = first->due_ms;
	if (at_ms == turns->armed_ms)
		return;
	turns->armed_ms = at_ms;
	if (at_ms == INT64_MAX) {
		evtimer_del(turns->due);
		return;
	}
	left = attempt_timeval(at_ms > now_ms ? at_ms - now_ms : 0);
	evtimer_add(turns->due, &left);
}

static void
enter_flight(struct turns *turns, struct subject *subject)
{
	subject->next = turns->under_way;
	subject->previous = &turns->under_way;
	if (subject->next != NULL)
		subject->next->previous = &subject->next;
	turns->under_way = subject;
	turns->in_flight++;
	stats_set(turns->plan->stats, STAT_CHECKS_IN_FLIGHT, turns->in_flight);
}

static void
leave_flight(struct turns *turns, struct subject *subject)
{
	*subject->previous = subject->next;
	if (subject->next != NULL)
		subject->next->previous = subject->previous;
	subject->previous = NULL;
	turns->in_flight--;
	stats_set(turns->plan->stats, STAT_CHECKS_IN_FLIGHT, turns->in_flight);
}

static void
begin(struct turns *turns, struct subject *subject, int64_t now_ms)
{
	const struct probe_order *order = subject->order;

	schedule_unwait(&turns->schedule, &subject->turn);
	enter_flight(turns, subject);
	subject->late = false;
	subject->began_us = now_monotonic_us();
	subject->began_wall_s = now_read().wall_s;
	subject->attempt.prober = turns->prober;
	subject->attempt.order = order;
	subject->attempt.first =
	    subject->answered < order->addresses ? subject->answered : 0;
	attempt_start(&subject->attempt, now_ms);
}

/* Begins what is due and has room. */
void
turns_begin(struct turns *turns)
{
	int64_t now_ms = now_monotonic_ms();

	/* Before anything begins that was not under way during a stall. */
	feel_pulse(turns, now_ms);
	for (int i = 0; i < BEGIN_BATCH; i++) {
		struct turn *turn = schedule_first(&turns->schedule);

		if (turn == NULL || turn->due_ms > now_ms ||
		    turns->in_flight >= turns->plan->at_once)
			break;
		begin(turns, (struct subject *)turn, now_ms);
	}
	arm(turns, now_ms);
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	struct turns *turns = arg;

	(void)fd;
	(void)what;
	turns->armed_ms = INT64_MAX;
	turns_begin(turns);
}

/* ---- results ---- */

static void
count(struct stats *stats, const struct probe_result *result)
{
	stats_add(stats, STAT_CHECKS, 1);
	if (!result->good)
		stats_add(stats, STAT_CHECKS_FAILED, 1);
	if (result->late)
		stats_add(stats, STAT_CHECKS_LATE, 1);
}

static void
report(struct turns *turns, const struct subject *subject, bool late)
{
	const struct outcome *outcome = &subject->attempt.outcome;
	int64_t took_us = now_monotonic_us() - subject->began_us;
	struct probe_result *result = calloc(1, sizeof(*result));

	if (result == NULL)
		return; /* the next one will come */
	result->instance = subject->turn.number;
	result->generation = subject->order->generation;
	result->good = outcome->good;
	result->late = late;
	result->word = outcome->word;
	result->percent = outcome->percent;
	result->load = outcome->load;
	result->duration_us =
	    took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX;
	result->wall_s = subject->began_wall_s;
	attempt_clean(result->reason, sizeof(result->reason), outcome->reason,
	    strlen(outcome->reason));
	count(turns->plan->stats, result);
	turns->plan->report(turns->plan->arg, result);
}

/* A probe has ended by itself: the next turn is in its own place, but not
 * right behind this one. */
static void
on_done(struct attempt *attempt)
{
	struct subject *subject =
	    (struct subject *)((char *)attempt -
			       offsetof(struct subject, attempt));
	struct turns *turns = subject->turns;
	uint64_t interval = subject->order->check.interval_ms;
	int64_t now_ms = now_monotonic_ms();
	int64_t began_ms = subject->began_us / 1000;

	leave_flight(turns, subject);
	if (attempt->outcome.good)
		subject->answered = attempt->at;
	schedule_wait(&turns->schedule, &subject->turn,
	    schedule_next_ms(subject->turn.number, interval,
		began_ms + (int64_t)interval / 2));
	if (subject->turn.due_ms < now_ms)
		schedule_wait(&turns->schedule, &subject->turn,
		    schedule_next_ms(subject->turn.number, interval, now_ms));
	report(turns, subject,
	    subject->late || attempt->outcome.ours || is_late(subject, now_ms));
	arm(turns, now_ms);
}

/* ---- orders ---- */

/* Ends what is under way, without a result. */
static void
quiet(struct turns *turns, struct subject *subject)
{
	if (!is_under_way(subject))
		return;
	attempt_cancel(&subject->attempt);
	leave_flight(turns, subject);
}

static void
subject_free(struct turns *turns, struct subject *subject)
{
	quiet(turns, subject);
	schedule_remove(&turns->schedule, &subject->turn);
	stats_set(
	    turns->plan->stats, STAT_CHECKS_INSTANCES, turns->schedule.known);
	free(subject->order);
	free(subject);
}

static struct subject *
subject_new(struct turns *turns, uint64_t number)
{
	struct subject *subject = calloc(1, sizeof(*subject));

	if (subject == NULL)
		return NULL;
	if (schedule_add(&turns->schedule, &subject->turn, number) != OK) {
		free(subject);
		return NULL;
	}
	subject->turns = turns;
	subject->attempt.done = on_done;
	stats_set(
	    turns->plan->stats, STAT_CHECKS_INSTANCES, turns->schedule.known);
	return subject;
}

/* When a new or changed instance has its first turn. */
static int64_t
first_turn_ms(
    const struct turns *turns, const struct subject *subject, int64_t now_ms)
{
	uint64_t spread = subject->order->check.interval_ms;

	/* Those that wait before it are due already, or in their place. */
	if (turns->in_flight < turns->plan->at_once)
		return now_ms;
	if (spread > FIRST_SPREAD_MS)
		spread = FIRST_SPREAD_MS;
	return now_ms +
	       (int64_t)schedule_place_ms(subject->turn.number, spread);
}

static void
take_begin(struct turns *turns, struct probe_order *order, int64_t now_ms)
{
	struct turn *turn = schedule_find(&turns->schedule, order->instance);
	struct subject *subject = (struct subject *)turn;

	if (subject == NULL)
		subject = subject_new(turns, order->instance);
	else
		quiet(turns, subject);
	if (subject == NULL) {
		log_write(LEVEL_ERROR, "no memory to check %s",
		    order->host == NULL ? "an instance" : order->host);
		free(order);
		return;
	}
	free(subject->order);
	subject->order = order;
	if (order->check.interval_ms == 0)
		order->check.interval_ms = 1;
	schedule_wait(&turns->schedule, &subject->turn,
	    first_turn_ms(turns, subject, now_ms));
	turns_begin(turns);
}

void
turns_take(struct turns *turns, struct probe_order *order, int64_t now_ms)
{
	struct turn *turn;

	if (order->mail.kind == PROBE_BEGIN) {
		take_begin(turns, order, now_ms);
		return;
	}
	turn = schedule_find(&turns->schedule, order->instance);
	if (turn != NULL && order->mail.kind == PROBE_END)
		subject_free(turns, (struct subject *)turn);
	else if (turn != NULL && !is_under_way((struct subject *)turn))
		schedule_wait(&turns->schedule, turn, now_ms);
	free(order);
}

/* ---- made and unmade ---- */

struct turns *
turns_new(const struct checker_plan *plan, struct prober *prober)
{
	struct turns *turns = calloc(1, sizeof(*turns));

	if (turns == NULL)
		return NULL;
	turns->plan = plan;
	turns->prober = prober;
	turns->armed_ms = INT64_MAX;
	schedule_init(&turns->schedule);
	turns->due = evtimer_new(prober->base, on_due, turns);
	turns->pulse = event_new(prober->base, -1, EV_PERSIST, on_pulse, turns);
	if (turns->due != NULL && turns->pulse != NULL)
		return turns;
	turns_free(turns);
	return NULL;
}

enum error
turns_start(struct turns *turns)
{
	const struct timeval period = attempt_timeval(PULSE_MS);

	turns->pulse_ms = now_monotonic_ms();
	return event_add(turns->pulse, &period) == 0 ? OK : ERR_MEMORY;
}

void
turns_stop(struct turns *turns)
{
	event_del(turns->pulse);
	evtimer_del(turns->due);
	turns->armed_ms = INT64_MAX;
	while (turns->under_way != NULL)
		quiet(turns, turns->under_way);
}

static void
free_turn(void *arg, struct turn *turn)
{
	subject_free(arg, (struct subject *)turn);
}

void
turns_free(struct turns *turns)
{
	if (turns == NULL)
		return;
	schedule_each(&turns->schedule, free_turn, turns);
	schedule_fini(&turns->schedule);
	if (turns->due != NULL)
		event_free(turns->due);
	if (turns->pulse != NULL)
		event_free(turns->pulse);
	free(turns);
}
