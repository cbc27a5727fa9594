/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "server/health/roster_internal.h"
#include "server/log.h"

/* Of services that no entry of the configuration matches. */
#define DRAIN_MS 30000

#define SLOW_STEPS 10
#define PERCENT_WHOLE 100
/* While the guard holds a lease, so that the end of it is seen soon. */
#define GUARD_TTL_S 5

/* What checks alone say. */
static enum standing_why
real_of(const struct instance *i)
{
	const struct health *h = i->health;

	if (i->check == NULL)
		return WHY_PLAIN;
	if (h == NULL) /* a probing one without health: memory was short */
		return check_probes(i->check) ? WHY_UNKNOWN : WHY_HEALTHY;
	if (h->agent == WORD_MAINT)
		return WHY_AGENT_MAINT;
	if (h->state == HEALTH_UNHEALTHY)
		return WHY_UNHEALTHY;
	if (h->state == HEALTH_UNKNOWN)
		return i->recovered ? WHY_RECOVERED : WHY_UNKNOWN;
	if (h->agent == WORD_DRAIN || h->percent == 0)
		return WHY_AGENT_DRAIN;
	return WHY_HEALTHY;
}

/* Whether it is answered by what its checks say. */
static bool
is_fit(const struct instance *i, enum standing_why real)
{
	if (real == WHY_UNKNOWN)
		return i->check->initial_up;
	return real != WHY_UNHEALTHY && real != WHY_AGENT_MAINT;
}

/* Served as before, with a TTL that ends at T1; then without addresses and
 * with weight 0; from T2 on not at all. */
static void
drain(struct instance *i, struct standing *s, int64_t now_ms)
{
	const struct config_service *config = i->service->config;
	int64_t step_ms = config ? (int64_t)config->drain_ms : DRAIN_MS;

	if (i->drain_from_ms == 0) {
		/* What is not answered has nothing to give notice of. */
		i->drain_from_ms = now_ms;
		if (i->standing.served == SERVED_OUT)
			i->drain_from_ms -= 2 * step_ms;
	}
	if (now_ms < i->drain_from_ms + step_ms) {
		s->until_ms = i->drain_from_ms + step_ms;
	} else if (now_ms < i->drain_from_ms + 2 * step_ms) {
		s->until_ms = i->drain_from_ms + 2 * step_ms;
		s->served = SERVED_DRAIN;
	} else {
		s->served = SERVED_OUT;
	}
}

/* 10, 20, ... 100 percent of the weight, a tenth of the time each. */
static void
start_slowly(struct instance *i, struct standing *s, int64_t now_ms)
{
	const struct config_service *config = i->service->config;
	int64_t whole_ms = config ? (int64_t)config->slow_start_ms : 0;
	int64_t step;

	if (i->slow_from_ms == 0)
		return;
	step = whole_ms > 0 ? (now_ms - i->slow_from_ms) * SLOW_STEPS / whole_ms
			    : SLOW_STEPS;
	if (step + 1 >= SLOW_STEPS) {
		i->slow_from_ms = 0;
		return;
	}
	s->why = WHY_SLOW_START;
	s->scale =
	    (uint16_t)((s->scale * (step + 1) + SLOW_STEPS / 2) / SLOW_STEPS);
	/* Rounded up, so that the step has come when it is looked at. */
	s->until_ms = i->slow_from_ms +
		      ((step + 1) * whole_ms + SLOW_STEPS - 1) / SLOW_STEPS;
}

/* Instances that fell together: probes are spread over the interval, so the
 * last failures of one event are as far apart. */
static bool
is_last_good(const struct instance *i)
{
	return i->fell_ms > 0 && i->check != NULL &&
	       i->service->fall_ms - i->fell_ms <=
		   (int64_t)(i->check->interval_ms + i->check->timeout_ms);
}

static void
judge_unhealthy(const struct instance *i, struct standing *s)
{
	switch (i->service->mode) {
	case CONDITION_PANIC:
		s->why = WHY_PANIC;
		break;
	case CONDITION_NONE_LEFT:
		s->why = WHY_NONE_LEFT;
		break;
	case CONDITION_LAST_GOOD:
		if (!is_last_good(i))
			return;
		s->why = WHY_LAST_GOOD;
		break;
	default:
		return;
	}
	s->served = SERVED_UP;
}

static void
judge_health(struct instance *i, struct standing *s, int64_t now_ms)
{
	if (i->health != NULL)
		s->scale = (uint16_t)((SCALE_WHOLE * i->health->percent +
					  PERCENT_WHOLE / 2) /
				      PERCENT_WHOLE);
	switch (s->real) {
	case WHY_UNHEALTHY:
		judge_unhealthy(i, s);
		break;
	case WHY_AGENT_DRAIN:
		s->scale = SCALE_WHOLE;
		drain(i, s, now_ms);
		break;
	case WHY_HEALTHY:
		start_slowly(i, s, now_ms);
		break;
	default:
		break;
	}
}

/* An operator's wish comes first; what is unfit does not come back by being
 * drained. */
static void
judge(struct instance *i, struct standing *s, int64_t now_ms)
{
	switch (i->force) {
	case FORCE_UP:
		s->served = SERVED_UP;
		s->why = WHY_FORCED_UP;
		break;
	case FORCE_DOWN:
		s->served = SERVED_OUT;
		s->why = WHY_FORCED_DOWN;
		break;
	case FORCE_DRAIN:
		s->why = WHY_FORCED_DRAIN;
		if (s->served == SERVED_UP)
			drain(i, s, now_ms);
		break;
	default:
		judge_health(i, s, now_ms);
		break;
	}
}

/* How long an answer with it may be kept: until its checks can say something
 * else (gdnsd counts so). */
static void
cap_ttl(const struct instance *i, struct standing *s)
{
	const struct config_service *config = i->service->config;
	uint32_t usual_s = config ? config->shape.ttl_max_s : 0;
	uint32_t ttl_s;

	if (s->served != SERVED_OUT && i->held_ms != 0) {
		s->ttl_max_s = GUARD_TTL_S;
		if (usual_s > 0 && usual_s < GUARD_TTL_S)
			s->ttl_max_s = (uint16_t)usual_s;
		if (s->why == WHY_PLAIN || s->why == WHY_HEALTHY)
			s->why = WHY_GUARD;
	}
	if (s->served == SERVED_OUT || i->health == NULL || i->check == NULL ||
	    i->force != FORCE_AUTO)
		return;
	ttl_s = health_ttl_max_s(i->health, i->check);
	if (ttl_s >= UINT16_MAX || (usual_s > 0 && ttl_s >= usual_s))
		return;
	if (s->ttl_max_s == 0 || ttl_s < s->ttl_max_s)
		s->ttl_max_s = (uint16_t)ttl_s;
}

static bool
is_special(const struct standing *s)
{
	return s->served != SERVED_UP || s->until_ms != INT64_MAX ||
	       s->ttl_max_s != 0 || s->scale != SCALE_WHOLE ||
	       s->load != LOAD_UNKNOWN || s->site != 0 ||
	       (s->why != WHY_PLAIN && s->why != WHY_HEALTHY);
}

static bool
is_same(const struct standing *a, const struct standing *b)
{
	return a->until_ms == b->until_ms && a->ttl_max_s == b->ttl_max_s &&
	       a->scale == b->scale && a->load == b->load &&
	       a->site == b->site && a->served == b->served &&
	       a->why == b->why && a->real == b->real;
}

/* The load counts only where it decides: elsewhere each report would be a
 * change. */
static uint16_t
load_of(const struct instance *i)
{
	const struct config_service *config = i->service->config;

	if (config == NULL || config->shape.strategy != STRATEGY_LEAST_LOAD)
		return LOAD_UNKNOWN;
	if (i->health != NULL && i->health->load != LOAD_UNKNOWN)
		return i->health->load;
	return i->load;
}

static struct standing
make_standing(struct instance *i, int64_t now_ms)
{
	struct standing s = {
	    .instance = i->key,
	    .until_ms = INT64_MAX,
	    .scale = SCALE_WHOLE,
	    .load = load_of(i),
	    .site = i->site,
	};

	s.real = s.why = (uint8_t)real_of(i);
	s.served = is_fit(i, s.real) ? SERVED_UP : SERVED_OUT;
	judge(i, &s, now_ms);
	if (i->force != FORCE_DRAIN &&
	    (i->force != FORCE_AUTO || s.real != WHY_AGENT_DRAIN))
		i->drain_from_ms = 0;
	cap_ttl(i, &s);
	return s;
}

/* --- counts --- */

void
instance_discount(struct instance *i)
{
	struct service *s = i->service;

	s->healthy -= i->vote == VOTE_HEALTHY;
	s->unhealthy -= i->vote == VOTE_UNHEALTHY;
	s->served -= i->is_served;
	i->vote = VOTE_NONE;
	i->is_served = false;
}

static void
count(struct roster *r, struct instance *i, const struct standing *to)
{
	struct service *s = i->service;
	int vote = VOTE_NONE;
	bool is_served = to->served != SERVED_OUT;

	if (i->health != NULL && i->force == FORCE_AUTO) {
		if (to->real == WHY_HEALTHY)
			vote = VOTE_HEALTHY;
		if (to->real == WHY_UNHEALTHY) {
			vote = VOTE_UNHEALTHY;
			is_served = false;
		}
	}
	if ((int)i->vote == vote && i->is_served == is_served)
		return;
	instance_discount(i);
	s->healthy += vote == VOTE_HEALTHY;
	s->unhealthy += vote == VOTE_UNHEALTHY;
	s->served += is_served;
	i->vote = (unsigned)vote;
	i->is_served = is_served;
	roster_touch(r, s);
}

void
instance_decide(struct roster *r, struct instance *i, int64_t now_ms)
{
	struct standing was = i->standing, is = make_standing(i, now_ms);
	bool special = is_special(&is), first = !i->decided;

	count(r, i, &is);
	heap_set(&r->timers, &i->timer, is.until_ms);
	if (!first && is_same(&was, &is))
		return;
	if (special || i->special)
		service_note(r, i->service, i->key);
	i->standing = is;
	i->special = special;
	i->decided = true;
	if (first)
		return;
	if (was.real != is.real)
		roster_tell_instance(r, EVENT_HEALTH, i);
	if (was.served != is.served || was.why != is.why)
		roster_tell_instance(r, EVENT_SERVED, i);
}

/* --- the service as a whole --- */

static bool
has_last_good(const struct service *s)
{
	for (const struct instance *i = s->first; i != NULL; i = i->next)
		if (i->vote == VOTE_UNHEALTHY && is_last_good(i))
			return true;
	return false;
}

static enum condition
mode_of(const struct service *s)
{
	size_t known = s->healthy + s->unhealthy;

	if (s->config == NULL || s->unhealthy == 0)
		return CONDITION_NORMAL;
	if (s->healthy * 100 < s->config->panic_threshold * known)
		return CONDITION_PANIC;
	if (s->served > 0)
		return CONDITION_NORMAL;
	switch (s->config->when_none) {
	case WHEN_NONE_ALL:
		return CONDITION_NONE_LEFT;
	case WHEN_NONE_LAST_GOOD:
		return has_last_good(s) ? CONDITION_LAST_GOOD
					: CONDITION_NORMAL;
	case WHEN_NONE_NODATA:
		break;
	}
	return CONDITION_NORMAL;
}

enum condition
service_condition(const struct service *s)
{
	if (s->mode == CONDITION_NORMAL && s->guard_from_ms != 0)
		return CONDITION_GUARD;
	return s->mode;
}

void
service_settle(struct roster *r, struct service *s, int64_t now_ms)
{
	enum condition mode = mode_of(s);

	if (mode == s->mode && mode != CONDITION_LAST_GOOD)
		return;
	if (mode != s->mode) {
		s->mode = mode;
		r->times[mode]++;
		roster_tell_condition(r, s);
	}
	for (struct instance *i = s->first; i != NULL; i = i->next)
		if (i->vote == VOTE_UNHEALTHY)
			instance_decide(r, i, now_ms);
}
