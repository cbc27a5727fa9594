/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/health/roster_internal.h"

/* Services up to that size get a list for each instance that comes. */
#define INITIAL_MAX 64

struct roster *
roster_new(const struct roster_plan *plan)
{
	struct roster *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->plan = *plan;
	r->config = plan->config;
	r->starting = true;
	if (table_init(&r->services) == OK && table_init(&r->numbers) == OK &&
	    table_init(&r->keys) == OK && table_init(&r->hosts) == OK &&
	    table_init(&r->refs) == OK)
		return r;
	roster_free(r);
	return NULL;
}

void
roster_free(struct roster *r)
{
	struct table_walk walk = {0};
	struct table_link *l;

	if (r == NULL)
		return;
	r->plan.order = NULL; /* the checker ends as a whole */
	r->plan.event = NULL;
	if (r->services.bucket != NULL)
		while ((l = table_walk(&r->services, &walk)) != NULL)
			service_free(r, (struct service *)l);
	table_fini(&r->services);
	table_fini(&r->numbers);
	table_fini(&r->keys);
	table_fini(&r->hosts);
	table_fini(&r->refs);
	heap_fini(&r->timers);
	heap_fini(&r->guards);
	force_fini(&r->forced);
	free(r->scratch);
	free(r);
}

void
roster_on_health(struct roster *r,
    void (*order)(void *arg, struct probe_order *),
    void (*event)(void *arg, const struct roster_event *), void *arg)
{
	struct table_walk walk = {0};
	struct table_link *l;

	r->plan.order = order;
	r->plan.event = event;
	r->plan.arg = arg;
	while ((l = table_walk(&r->numbers, &walk)) != NULL) {
		struct instance *i = (struct instance *)l;

		i->order_print = 0;
		instance_order(r, i);
	}
}

/* --- finding --- */

uint16_t
roster_match(const struct roster *r, const uint8_t *service)
{
	for (size_t i = 0; i < r->config->service_count; i++)
		if (pattern_matches(&r->config->service[i].match, service))
			return (uint16_t)(i + 1);
	return 0;
}

struct service *
roster_find_service(const struct roster *r, uint16_t zone, const uint8_t *owner)
{
	struct table_link *l = table_find(&r->services, name_hash(owner));

	for (; l != NULL; l = table_find_next(l)) {
		struct service *s = (struct service *)l;

		if (s->zone == zone && name_equal(s->owner, owner))
			return s;
	}
	return NULL;
}

static struct instance *
of_key(struct table_link *l)
{
	return (
	    struct instance *)((char *)l - offsetof(struct instance, by_key));
}

struct instance *
roster_find_instance(
    const struct roster *r, const struct service *s, uint64_t key)
{
	struct table_link *l = table_find(&r->keys, key ^ s->link.key);

	for (; l != NULL; l = table_find_next(l)) {
		struct instance *i = of_key(l);

		if (i->service == s && i->key == key)
			return i;
	}
	return NULL;
}

char *
roster_name_text(const uint8_t *name, char text[NAME_TEXT_LEN])
{
	size_t len = strlen(name_to_text(name, text));

	if (len > 1)
		text[len - 1] = '\0';
	return text;
}

int64_t
roster_wall_s(const struct roster *r)
{
	return r->plan.wall_s ? r->plan.wall_s() : 0;
}

/* --- for ready.h --- */

static uint16_t
shape_of(const void *arg, const uint8_t *service)
{
	const struct roster *r = arg;
	struct table_link *l;

	if (r->config->service_count == 0)
		return 0;
	/* The same in whichever zone. */
	for (l = table_find(&r->services, name_hash(service)); l != NULL;
	     l = table_find_next(l))
		if (name_equal(((struct service *)l)->owner, service))
			return ((struct service *)l)->shape;
	return roster_match(r, service);
}

static enum force_state
force_of(
    const struct roster *r, const uint8_t *service, const struct record *srv)
{
	struct texts t;

	if (r->forced.count == 0)
		return FORCE_AUTO;
	roster_name_text(service, t.service);
	roster_name_text(srv->rdata + 6, t.host);
	return force_find(
	    &r->forced, t.service, t.host, wire_load_u16(srv->rdata + 4), NULL);
}

/* What the roster is about to decide of a new instance, as far as it matters:
 * that nobody gets it before. */
static bool
initial_of(const void *arg, const struct zone *z, const uint8_t *service,
    const struct record *srv, struct standing *to)
{
	const struct roster *r = arg;
	const struct service *s =
	    roster_find_service(r, z->info->number, service);
	uint16_t shape = s ? s->shape : roster_match(r, service);
	const struct config_check *check;
	const struct instance *i;

	*to = (struct standing){
	    .instance =
		standing_key(srv->target_hash, wire_load_u16(srv->rdata + 4)),
	    .until_ms = INT64_MAX,
	    .scale = SCALE_WHOLE,
	    .load = LOAD_UNKNOWN,
	    .served = SERVED_OUT,
	    .why = WHY_UNKNOWN,
	    .real = WHY_UNKNOWN,
	};
	i = s ? roster_find_instance(r, s, to->instance) : NULL;
	if (i != NULL) {
		*to = i->standing;
		return i->special;
	}
	switch (force_of(r, service, srv)) {
	case FORCE_UP:
		return false;
	case FORCE_DOWN:
		to->why = WHY_FORCED_DOWN;
		return true;
	case FORCE_DRAIN:
		to->why = WHY_FORCED_DRAIN;
		return true;
	case FORCE_AUTO:
		break;
	}
	/* What is decided is put before the batch is sealed: that is enough
	 * where a list for each registration would be too much. */
	if (s != NULL && s->instances > INITIAL_MAX)
		return false;
	check = shape > 0 ? &r->config->service[shape - 1].check : NULL;
	return check != NULL && check_probes(check) && !check->initial_up;
}

struct shaper
roster_shaper(const struct roster *r)
{
	return (struct shaper){
	    .arg = r, .shape = shape_of, .initial = initial_of};
}

/* --- operators --- */

enum error
roster_force(struct roster *r, const char *pattern, enum force_state state,
    char *text, size_t text_len)
{
	static const enum standing_why why[] = {
	    [FORCE_AUTO] = WHY_PLAIN,
	    [FORCE_UP] = WHY_FORCED_UP,
	    [FORCE_DOWN] = WHY_FORCED_DOWN,
	    [FORCE_DRAIN] = WHY_FORCED_DRAIN,
	};
	enum error err =
	    force_put(&r->forced, pattern, state, roster_wall_s(r));
	struct roster_event event = {.kind = EVENT_FORCED,
	    .wall_s = roster_wall_s(r),
	    .service = pattern,
	    .host = "",
	    .why = why[state],
	    .reason = ""};

	if (err == ERR_SYNTAX)
		snprintf(text, text_len,
		    "a pattern is one word of printable characters");
	else if (err == ERR_LIMIT)
		snprintf(text, text_len,
		    "a pattern has at most %d characters, and there are at "
		    "most %d of them",
		    FORCE_PATTERN_LEN - 1, FORCE_MAX);
	else if (err != OK)
		snprintf(text, text_len, "%s", error_text(err));
	else if (r->plan.event != NULL)
		r->plan.event(r->plan.arg, &event);
	return err;
}

void
roster_take_forced(struct roster *r, struct force_list *list)
{
	force_fini(&r->forced);
	r->forced = *list;
	*list = (struct force_list){0};
}

const struct force_list *
roster_forced(const struct roster *r)
{
	return &r->forced;
}

void
roster_reload(struct roster *r, const struct config *config)
{
	struct table_walk walk = {0};
	struct table_link *l;

	r->config = config;
	while ((l = table_walk(&r->services, &walk)) != NULL) {
		struct service *s = (struct service *)l;

		s->shape = roster_match(r, s->owner);
		s->config =
		    s->shape > 0 ? &config->service[s->shape - 1] : NULL;
		/* Nobody looks into the old one any more. */
		for (struct instance *i = s->first; i != NULL; i = i->next)
			i->check = NULL;
	}
}

/* --- results --- */

/* What a result means beyond health itself. */
static void
note_turn(struct instance *i, enum health_state was, int64_t now_ms)
{
	bool answered = i->recovered || i->check->initial_up;
	const struct config_service *config = i->service->config;
	enum health_state is = i->health->state;

	if (is == was)
		return;
	if (is == HEALTH_HEALTHY) {
		if (config != NULL && config->slow_start_ms > 0 &&
		    !(was == HEALTH_UNKNOWN && answered))
			i->slow_from_ms = now_ms;
	} else {
		i->slow_from_ms = 0;
		/* Who was not answered by his health has nothing to do with
		 * whom that leaves (when-none: last-good). */
		if ((was == HEALTH_HEALTHY || i->recovered) &&
		    i->force == FORCE_AUTO && i->health->agent != WORD_MAINT) {
			i->fell_ms = now_ms;
			i->service->fall_ms = now_ms;
		}
	}
	i->recovered = false;
}

void
roster_take_result(
    struct roster *r, struct probe_result *result, int64_t now_ms)
{
	struct instance *i =
	    (struct instance *)table_find(&r->numbers, result->instance);
	enum health_state was;

	if (i == NULL || i->health == NULL || i->check == NULL ||
	    i->generation != result->generation) {
		free(result);
		return;
	}
	was = i->health->state;
	if (health_take(i->health, i->check, result, now_ms)) {
		note_turn(i, was, now_ms);
		instance_decide(r, i, now_ms);
	}
	free(result);
}

/* --- turns --- */

void
roster_touch(struct roster *r, struct service *s)
{
	if (s->changed)
		return;
	s->changed = true;
	s->next_changed = r->changed;
	r->changed = s;
}

static void
order_again(struct roster *r)
{
	struct table_walk walk = {0};
	struct table_link *l;

	r->unordered = false;
	while ((l = table_walk(&r->numbers, &walk)) != NULL)
		instance_order(r, (struct instance *)l);
}

void
roster_turn(struct roster *r, int64_t now_ms, roster_put_fn *put, void *arg)
{
	struct timer *t;

	r->starting = false;
	if (r->unordered)
		order_again(r);
	while ((t = heap_top(&r->timers)) != NULL && t->due_ms <= now_ms)
		instance_decide(r,
		    (struct instance *)((char *)t -
					offsetof(struct instance, timer)),
		    now_ms);
	roster_put_all(r, now_ms, put, arg);
}

int64_t
roster_guard_ms(const struct roster *r)
{
	const struct timer *guard = heap_top(&r->guards);

	return guard ? guard->due_ms : INT64_MAX;
}

int64_t
roster_next_ms(const struct roster *r)
{
	const struct timer *instance = heap_top(&r->timers);
	int64_t next_ms = roster_guard_ms(r);

	if (instance != NULL && instance->due_ms < next_ms)
		next_ms = instance->due_ms;
	for (const struct service *s = r->changed; s; s = s->next_changed)
		if (s->put_from_ms < next_ms)
			next_ms = s->put_from_ms;
	return next_ms;
}

void
roster_put_again(struct roster *r)
{
	struct table_walk walk = {0};
	struct table_link *l;

	while ((l = table_walk(&r->services, &walk)) != NULL) {
		struct service *s = (struct service *)l;

		s->stale = true;
		s->put_from_ms = 0;
		roster_touch(r, s);
	}
}
