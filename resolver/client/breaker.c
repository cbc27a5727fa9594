/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/breaker.h"

/* --- the window --- */

/* Moves on to the half that now lies in. */
static void
turn_window(struct breaker_window *window, int64_t half_ms, int64_t now_ms)
{
	int64_t age_ms = now_ms - window->since_ms;

	if (age_ms < half_ms)
		return;
	if (age_ms < 2 * half_ms) {
		window->good_before = window->good;
		window->bad_before = window->bad;
		window->since_ms += half_ms;
	} else {
		window->good_before = window->bad_before = 0;
		window->since_ms = now_ms;
	}
	window->good = window->bad = 0;
}

void
breaker_count(struct breaker *breaker, const struct breaker_settings *settings,
    int64_t now_ms, uint32_t *good, uint32_t *bad)
{
	struct breaker_window *window = &breaker->window;

	turn_window(window, settings->window_ms / 2, now_ms);
	*good = window->good + window->good_before;
	*bad = window->bad + window->bad_before;
}

static void
count(struct breaker *breaker, const struct breaker_settings *settings,
    bool good, int64_t now_ms)
{
	turn_window(&breaker->window, settings->window_ms / 2, now_ms);
	if (good)
		breaker->window.good++;
	else
		breaker->window.bad++;
}

/* --- states --- */

static void
trip(struct breaker *breaker, const struct breaker_settings *settings,
    int64_t now_ms)
{
	int64_t wait_ms = settings->open_ms;

	if (breaker->state == BREAKER_CLOSED &&
	    now_ms - breaker->closed_ms > settings->window_ms)
		breaker->opens = 0;
	for (uint32_t i = 0; i < breaker->opens; i++) {
		if (wait_ms >= settings->open_max_ms)
			break;
		wait_ms *= 2;
	}
	if (wait_ms > settings->open_max_ms)
		wait_ms = settings->open_max_ms;
	breaker->state = BREAKER_OPEN;
	breaker->until_ms = now_ms + wait_ms;
	breaker->opens++;
	breaker->in_a_row = 0;
	/* What led here shall not open it again. */
	breaker->window = (struct breaker_window){.since_ms = now_ms};
}

static void
heal(struct breaker *breaker, int64_t now_ms)
{
	breaker->state = BREAKER_CLOSED;
	breaker->closed_ms = now_ms;
	breaker->in_a_row = 0;
}

enum breaker_state
breaker_look(struct breaker *breaker, const struct breaker_settings *settings,
    int64_t now_ms)
{
	(void)settings;
	if (breaker->state == BREAKER_OPEN && now_ms >= breaker->until_ms) {
		breaker->state = BREAKER_HALF_OPEN;
		breaker->in_a_row = 0;
	}
	return breaker->state;
}

bool
breaker_allows(struct breaker *breaker, const struct breaker_settings *settings,
    int64_t now_ms)
{
	switch (breaker_look(breaker, settings, now_ms)) {
	case BREAKER_OPEN:
		return false;
	case BREAKER_HALF_OPEN:
		return breaker->probes < settings->probes;
	default:
		return true;
	}
}

bool
breaker_begin(struct breaker *breaker, const struct breaker_settings *settings,
    int64_t now_ms)
{
	if (breaker_look(breaker, settings, now_ms) != BREAKER_HALF_OPEN)
		return false;
	breaker->probes++;
	return true;
}

void
breaker_end(struct breaker *breaker, bool probe)
{
	if (probe && breaker->probes > 0)
		breaker->probes--;
}

static bool
has_failed_enough(struct breaker *breaker,
    const struct breaker_settings *settings, int64_t now_ms)
{
	uint32_t good, bad;

	if (breaker->in_a_row >= settings->failures)
		return true;
	breaker_count(breaker, settings, now_ms, &good, &bad);
	return good + bad >= settings->least &&
	       (uint64_t)bad * 100 >=
		   (uint64_t)settings->percent * (good + bad);
}

bool
breaker_report(struct breaker *breaker, const struct breaker_settings *settings,
    bool good, int64_t now_ms)
{
	if (breaker_look(breaker, settings, now_ms) == BREAKER_OPEN)
		return false;
	count(breaker, settings, good, now_ms);
	if (settings->failures == 0)
		return false;
	if (breaker->state == BREAKER_CLOSED) {
		breaker->in_a_row = good ? 0 : breaker->in_a_row + 1;
		if (good || !has_failed_enough(breaker, settings, now_ms))
			return false;
		trip(breaker, settings, now_ms);
		return true;
	}
	if (!good) {
		trip(breaker, settings, now_ms);
		return true;
	}
	if (++breaker->in_a_row >= settings->successes)
		heal(breaker, now_ms);
	return false;
}
