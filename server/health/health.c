/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/health.h"

#include <string.h>

#include "zones/standing.h"

#define PERCENT_WHOLE 100

void
health_init(struct health *h)
{
	memset(h, 0, sizeof(*h));
	h->percent = PERCENT_WHOLE;
	h->load = LOAD_UNKNOWN;
}

static void
remember(struct health *h, const struct probe_result *r)
{
	struct health_event *e = &h->history[h->results++ % HEALTH_HISTORY];

	e->wall_s = r->wall_s;
	e->duration_us = r->duration_us;
	e->good = r->good;
	e->late = r->late;
	memcpy(e->reason, r->reason, sizeof(e->reason));
	e->reason[sizeof(e->reason) - 1] = '\0';
}

static void
enter(struct health *h, enum health_state state, int64_t wall_s, int64_t now_ms)
{
	if (h->state == state)
		return;
	h->state = state;
	h->since_wall_s = wall_s;
	h->bad = h->good = 0;
	if (state == HEALTH_HEALTHY)
		h->healthy_from_ms = now_ms;
}

/* While up, good ones forgive only after rise of them in a row, so that an
 * instance that fails every other time does not stay. */
static void
count_up(struct health *h, const struct config_check *check, bool good)
{
	if (!good) {
		h->good = 0;
		h->bad++;
	} else if (h->bad > 0 && ++h->good >= check->rise) {
		h->bad = h->good = 0;
	}
}

static void
count_down(struct health *h, bool good)
{
	h->good = good ? (uint16_t)(h->good + 1) : 0;
}

/* An agent's words about itself.  They stay until it says otherwise, also
 * while it cannot be asked. */
static void
hear(struct health *h, const struct probe_result *r)
{
	h->agent_down = r->word == WORD_DOWN;
	switch (r->word) {
	case WORD_DRAIN:
	case WORD_MAINT:
		h->agent = r->word;
		break;
	case WORD_UP:
	case WORD_READY:
		h->agent = WORD_NONE;
		break;
	case WORD_DOWN:
	case WORD_NONE:
		break;
	}
	if (r->percent >= 0)
		h->percent =
		    (uint16_t)(r->percent < PERCENT_WHOLE ? r->percent
							  : PERCENT_WHOLE);
	if (r->load >= 0 && r->load < LOAD_UNKNOWN)
		h->load = (uint16_t)r->load;
}

static void
judge(struct health *h, const struct config_check *check,
    const struct probe_result *r, int64_t now_ms)
{
	bool good = r->good && r->word != WORD_DOWN;

	switch (h->state) {
	case HEALTH_UNKNOWN:
		enter(h, good ? HEALTH_HEALTHY : HEALTH_UNHEALTHY, r->wall_s,
		    now_ms);
		break;
	case HEALTH_HEALTHY:
		count_up(h, check, good);
		if (h->bad >= check->fall || h->agent_down)
			enter(h, HEALTH_UNHEALTHY, r->wall_s, now_ms);
		break;
	case HEALTH_UNHEALTHY:
		count_down(h, good);
		if (h->good >= check->rise)
			enter(h, HEALTH_HEALTHY, r->wall_s, now_ms);
		break;
	}
}

static bool
is_same(const struct health *a, const struct health *b)
{
	return a->state == b->state && a->agent == b->agent &&
	       a->agent_down == b->agent_down && a->percent == b->percent &&
	       a->load == b->load && a->bad == b->bad && a->good == b->good;
}

bool
health_take(struct health *h, const struct config_check *check,
    const struct probe_result *r, int64_t now_ms)
{
	struct health before = *h;

	remember(h, r);
	if (r->late)
		return false;
	hear(h, r);
	judge(h, check, r, now_ms);
	return !is_same(&before, h);
}

uint32_t
health_ttl_max_s(const struct health *h, const struct config_check *check)
{
	uint64_t needed = 1, ms;

	if (h->state == HEALTH_HEALTHY && check->fall > h->bad)
		needed = check->fall - h->bad;
	else if (h->state == HEALTH_UNHEALTHY && check->rise > h->good)
		needed = check->rise - h->good;
	ms = needed * check->interval_ms;
	if (ms < 1000)
		return 1;
	return ms / 1000 < UINT32_MAX ? (uint32_t)(ms / 1000) : UINT32_MAX;
}

const struct health_event *
health_event_at(const struct health *h, unsigned i)
{
	if (i >= HEALTH_HISTORY || i >= h->results)
		return NULL;
	return &h->history[(h->results - 1 - i) % HEALTH_HISTORY];
}

const char *
health_state_text(enum health_state state)
{
	switch (state) {
	case HEALTH_HEALTHY:
		return "healthy";
	case HEALTH_UNHEALTHY:
		return "unhealthy";
	case HEALTH_UNKNOWN:
		break;
	}
	return "unknown";
}
