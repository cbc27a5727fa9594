/* roster_model.h - who is to be served, in the plainest way.
 *
 * What a roster must come to, worked out from scratch each time, without
 * lists, timers or counters, for comparison with the real one.  Services,
 * hosts, metadata, patterns and configurations come from small tables, so
 * that lives made at random meet.
 *
 * Threads:   none.
 * Ownership: plain values; configurations are the caller's.
 * Units:     monotonic milliseconds.
 * Errors:    assert.
 */
#ifndef TESTS_LIB_ROSTER_MODEL_H
#define TESTS_LIB_ROSTER_MODEL_H

#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "server/health/roster.h"

/* --- the words --- */

#define SERVICES 3
#define HOSTS 5
#define PORT(host) (80 + (host) % 2)
#define WEIGHTS 2
#define CONFIGS 3
#define ADDRESSES 2

static const char *const service_text[] = {
    "_a._tcp.z.", "_b._tcp.w.z.", "_c._udp.w.z."};
static const char *const host_text[] = {
    "h0.z.", "h1.w.z.", "far.y.", "h3.z.", "h4.z."};
static const char *const txts[] = {"", "check=tcp", "check=none",
    "check=http:/x", "site=eu", "load=5", "interval=1", "check-port=99",
    "check=agent:7"};
#define TXTS (sizeof(txts) / sizeof(txts[0]))
static const char *const patterns[] = {
    "*", "_a._tcp.z", "h0.z", "*:81", "_?._tcp.*/h1*", "nobody"};
#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

#define CHECK "interval: 2s, timeout: 1s, networks: [192.0.2.0/25]"
static const char *const yaml[CONFIGS] = {
    "sites: [{name: eu, networks: [192.0.2.0/24]}]\n"
    "zones: [{name: z}]\n"
    "services:\n"
    "  - match: _a._tcp.z\n"
    "    instance-checks: true\n    drain: 3s\n"
    "    check: {type: tcp, rise: 2, fall: 3, " CHECK "}\n"
    "  - match: _b._tcp.*\n"
    "    when-none: all\n    panic-threshold: 50\n    slow-start: 10s\n"
    "    check: {type: http, initial: up, rise: 1, fall: 2, " CHECK "}\n",
    "sites: [{name: eu, networks: [192.0.2.0/24]}]\n"
    "zones: [{name: z}]\n"
    "services:\n"
    "  - match: _c._udp.*\n"
    "    drain: 0\n    strategy: least-load\n"
    "    check: {type: agent, port: 9, rise: 1, fall: 1, " CHECK "}\n"
    "  - match: _a._tcp.z\n"
    "    when-none: last-good\n    slow-start: 5s\n"
    "    check: {type: http, rise: 2, fall: 1, " CHECK "}\n",
    "zones: [{name: z}]\n"
    "services:\n"
    "  - match: \"*.z\"\n"
    "    instance-checks: true\n    panic-threshold: 60\n    drain: 1s\n"
    "    check: {type: tcp, rise: 1, fall: 1, " CHECK "}\n",
};

/* --- the model --- */

/* What is known of an instance from results since its check is this one. */
struct model_instance {
	bool there;
	const struct config_service *config;
	struct config_check check; /* type CHECK_NONE: none */
	bool probed;
	unsigned epoch; /* of the checker's knowledge: orders seen for it */
	enum { UNKNOWN, UP, DOWN } state;
	unsigned bad, good;
	enum probe_word word;
	bool down; /* it said so */
	unsigned percent;
	unsigned load;
	bool recovered;
	int64_t drain_ms, slow_ms, fell_ms; /* 0: not */
	/* what came out */
	enum standing_why real, why;
	enum served served;
	uint16_t scale, told_load;
	uint8_t site;
};

struct model_service {
	struct model_instance instance[HOSTS];
	bool srv[HOSTS][WEIGHTS];
	bool named[HOSTS]; /* a DNS-SD name for it */
	uint8_t named_txt[HOSTS]; /* of txts, + 1; 0: none */
	uint8_t txt;
	int64_t fall_ms;
	enum condition condition;
	bool touched; /* by a pattern */
	/* what the roster has put */
	struct standing list[HOSTS];
	size_t listed;
	enum condition put_condition;
};

static struct {
	struct model_service service[SERVICES];
	bool address[HOSTS][ADDRESSES];
	uint8_t txt[HOSTS];
	const struct config *config;
	struct {
		const char *pattern;
		enum force_state state;
	} force[PATTERNS + 1];
	size_t forces;
} model;

static int64_t now_ms;

static inline struct name
name_of(const char *text)
{
	struct name name;

	assert(name_from_text(text, NULL, &name) == OK);
	return name;
}

/* --- what the model says --- */

static inline const struct config_service *
config_of(unsigned s)
{
	for (size_t i = 0; i < model.config->service_count; i++)
		if (pattern_matches(&model.config->service[i].match,
			name_of(service_text[s]).wire))
			return &model.config->service[i];
	return NULL;
}

/* A glob the plain way. */
static inline bool
glob(const char *g, const char *t)
{
	if (*g == '\0')
		return *t == '\0';
	if (*g == '*')
		return glob(g + 1, t) || (*t != '\0' && glob(g, t + 1));
	return *t != '\0' && (*g == '?' || *g == *t) && glob(g + 1, t + 1);
}

static inline enum force_state
force_of(unsigned s, unsigned h, bool *touched)
{
	char service[100], host[100], target[120], all[250];

	snprintf(service, sizeof(service), "%.*s",
	    (int)strlen(service_text[s]) - 1, service_text[s]);
	snprintf(host, sizeof(host), "%.*s", (int)strlen(host_text[h]) - 1,
	    host_text[h]);
	snprintf(target, sizeof(target), "%s:%u", host, PORT(h));
	snprintf(all, sizeof(all), "%s/%s", service, target);
	for (size_t i = model.forces; i-- > 0;) {
		const char *g = model.force[i].pattern;

		if (!glob(g, all) && !glob(g, service) && !glob(g, target) &&
		    !glob(g, host))
			continue;
		*touched = true;
		return model.force[i].state;
	}
	return FORCE_AUTO;
}

/* The TXT that counts for an instance, of txts, + 1; 0: none. */
static inline unsigned
txt_of(const struct model_service *m, unsigned h)
{
	if (m->named[h] && m->named_txt[h] != 0)
		return m->named_txt[h];
	return model.txt[h] != 0 ? model.txt[h] : m->txt;
}

static inline struct config_check
check_of(const struct config_service *config, unsigned txt)
{
	static const struct config_check none = {.type = CHECK_NONE};
	struct config_check check = config ? config->check : none;
	const char *value;
	char key[20];

	if (config == NULL || !config->instance_checks || txt == 0 ||
	    (value = strchr(txts[txt - 1], '=')) == NULL)
		return check;
	snprintf(key, sizeof(key), "%.*s", (int)(value - txts[txt - 1]),
	    txts[txt - 1]);
	(void)!config_check_override(&check, &config->check, key, value + 1);
	return check;
}

static inline bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static inline bool
same_check(const struct config_check *a, const struct config_check *b)
{
	return a->type == b->type && a->port == b->port &&
	       same_text(a->path, b->path) &&
	       a->interval_ms == b->interval_ms &&
	       a->timeout_ms == b->timeout_ms && a->rise == b->rise &&
	       a->fall == b->fall && a->initial_up == b->initial_up;
}

static inline bool
probes(const struct config_check *check)
{
	return check->type != CHECK_NONE && check->type != CHECK_TTL;
}

/* Brings in what is registered; found: it is no registration that makes an
 * instance be there. */
static inline void
take_instance(unsigned s, unsigned h, bool found)
{
	struct model_service *m = &model.service[s];
	struct model_instance *i = &m->instance[h];
	const struct config_service *config = config_of(s);
	struct config_check check = check_of(config, txt_of(m, h));
	bool there = m->named[h];

	for (unsigned w = 0; w < WEIGHTS; w++)
		there |= m->srv[h][w];
	there = there && (config != NULL || m->touched);
	if (!there) {
		*i = (struct model_instance){.there = false};
		return;
	}
	if (!i->there) {
		*i = (struct model_instance){.there = true,
		    .served = found ? SERVED_UP : SERVED_OUT,
		    .recovered = found,
		    .percent = 100,
		    .load = LOAD_UNKNOWN,
		    .check = check};
	} else if (!same_check(&check, &i->check)) {
		i->recovered = i->served != SERVED_OUT;
		i->check = check;
		i->state = UNKNOWN;
		i->bad = i->good = 0;
		i->word = WORD_NONE;
		i->down = false;
		i->percent = 100;
		i->load = LOAD_UNKNOWN;
		i->slow_ms = i->fell_ms = 0;
	}
	i->check = check;
	i->config = config;
	i->probed = probes(&check);
	if (!i->probed)
		i->recovered = false;
}

static inline enum standing_why
real_of(const struct model_instance *i)
{
	if (i->check.type == CHECK_NONE)
		return WHY_PLAIN;
	if (!i->probed)
		return WHY_HEALTHY;
	if (i->word == WORD_MAINT)
		return WHY_AGENT_MAINT;
	if (i->state == DOWN)
		return WHY_UNHEALTHY;
	if (i->state == UNKNOWN)
		return i->recovered ? WHY_RECOVERED : WHY_UNKNOWN;
	return i->word == WORD_DRAIN || i->percent == 0 ? WHY_AGENT_DRAIN
							: WHY_HEALTHY;
}

static inline void
model_drain(struct model_instance *i, enum served was)
{
	int64_t step_ms = i->config ? (int64_t)i->config->drain_ms : 30000;

	if (i->drain_ms == 0)
		i->drain_ms = was == SERVED_OUT ? now_ms - 2 * step_ms : now_ms;
	if (now_ms >= i->drain_ms + 2 * step_ms)
		i->served = SERVED_OUT;
	else if (now_ms >= i->drain_ms + step_ms)
		i->served = SERVED_DRAIN;
}

static inline void
judge_instance(unsigned s, unsigned h, enum condition mode)
{
	struct model_service *m = &model.service[s];
	struct model_instance *i = &m->instance[h];
	bool touched;
	enum force_state force = force_of(s, h, &touched);
	enum served was = i->served;
	int64_t span = (int64_t)(i->check.interval_ms + i->check.timeout_ms);
	bool draining = false;

	i->real = i->why = real_of(i);
	i->scale = SCALE_WHOLE;
	i->served = SERVED_UP;
	if (i->real == WHY_UNHEALTHY || i->real == WHY_AGENT_MAINT ||
	    (i->real == WHY_UNKNOWN && !i->check.initial_up))
		i->served = SERVED_OUT;
	if (force == FORCE_UP) {
		i->served = SERVED_UP;
		i->why = WHY_FORCED_UP;
	} else if (force == FORCE_DOWN) {
		i->served = SERVED_OUT;
		i->why = WHY_FORCED_DOWN;
	} else if (force == FORCE_DRAIN) {
		i->why = WHY_FORCED_DRAIN;
		draining = true;
		if (i->served == SERVED_UP)
			model_drain(i, was);
	} else if (i->real == WHY_AGENT_DRAIN) {
		draining = true;
		model_drain(i, was);
	} else if (i->probed) {
		i->scale = (uint16_t)((256 * i->percent + 50) / 100);
	}
	if (!draining)
		i->drain_ms = 0;
	if (force == FORCE_AUTO && i->real == WHY_HEALTHY && i->slow_ms != 0) {
		int64_t whole =
		    i->config ? (int64_t)i->config->slow_start_ms : 0;
		int64_t tenth =
		    whole == 0 ? 10 : (now_ms - i->slow_ms) * 10 / whole + 1;

		if (tenth >= 10) {
			i->slow_ms = 0;
		} else {
			i->why = WHY_SLOW_START;
			i->scale = (uint16_t)((i->scale * tenth + 5) / 10);
		}
	}
	if (force == FORCE_AUTO && i->real == WHY_UNHEALTHY) {
		if (mode == CONDITION_PANIC)
			i->why = WHY_PANIC;
		else if (mode == CONDITION_NONE_LEFT)
			i->why = WHY_NONE_LEFT;
		else if (mode == CONDITION_LAST_GOOD && i->fell_ms > 0 &&
			 m->fall_ms - i->fell_ms <= span)
			i->why = WHY_LAST_GOOD;
		if (i->why != WHY_UNHEALTHY)
			i->served = SERVED_UP;
	}
}

/* A service as a whole, from all of its instances. */
static inline void
judge_service(unsigned s)
{
	struct model_service *m = &model.service[s];
	const struct config_service *config = config_of(s);
	unsigned healthy = 0, unhealthy = 0, served = 0, last_good = 0;
	bool touched;

	m->condition = CONDITION_NORMAL;
	for (unsigned k = 0; k < HOSTS; k++) {
		struct model_instance *i = &m->instance[k];
		int64_t span =
		    (int64_t)(i->check.interval_ms + i->check.timeout_ms);
		bool free;

		if (!i->there)
			continue;
		judge_instance(s, k, CONDITION_NORMAL);
		free = i->probed && force_of(s, k, &touched) == FORCE_AUTO;
		served += i->served != SERVED_OUT;
		healthy += free && i->real == WHY_HEALTHY;
		if (!free || i->real != WHY_UNHEALTHY)
			continue;
		unhealthy++;
		last_good += i->fell_ms > 0 && m->fall_ms - i->fell_ms <= span;
	}
	if (config == NULL || unhealthy == 0)
		return;
	if (healthy * 100 < config->panic_threshold * (healthy + unhealthy))
		m->condition = CONDITION_PANIC;
	else if (served > 0)
		return;
	else if (config->when_none == WHEN_NONE_ALL)
		m->condition = CONDITION_NONE_LEFT;
	else if (config->when_none == WHEN_NONE_LAST_GOOD && last_good > 0)
		m->condition = CONDITION_LAST_GOOD;
	for (unsigned k = 0; k < HOSTS; k++)
		if (m->instance[k].there)
			judge_instance(s, k, m->condition);
}

static inline uint16_t
load_of(const struct model_instance *i, unsigned txt)
{
	if (i->config == NULL ||
	    i->config->shape.strategy != STRATEGY_LEAST_LOAD)
		return LOAD_UNKNOWN;
	if (i->probed && i->load != LOAD_UNKNOWN)
		return (uint16_t)i->load;
	return txt > 0 && strcmp(txts[txt - 1], "load=5") == 0 ? 5
							       : LOAD_UNKNOWN;
}

/* --- what comes --- */

static inline void
take_all(bool found)
{
	for (unsigned s = 0; s < SERVICES; s++) {
		struct model_service *m = &model.service[s];

		m->touched = false;
		for (unsigned h = 0; h < HOSTS; h++) {
			bool any = m->named[h];

			for (unsigned w = 0; w < WEIGHTS; w++)
				any |= m->srv[h][w];
			if (any)
				(void)force_of(s, h, &m->touched);
		}
		for (unsigned k = 0; k < HOSTS; k++)
			take_instance(s, k, found);
	}
}

/* After a registration: what is new is new, unless a pattern has only now
 * touched the service: then the others were there. */
static inline void
take_service(unsigned s, unsigned h)
{
	struct model_service *m = &model.service[s];

	take_instance(s, h, false);
	if (config_of(s) == NULL && !m->touched) {
		bool any = m->named[h];

		for (unsigned w = 0; w < WEIGHTS; w++)
			any |= m->srv[h][w];
		if (any)
			(void)force_of(s, h, &m->touched);
		if (m->touched)
			take_instance(s, h, false);
	}
	for (unsigned k = 0; k < HOSTS; k++)
		take_instance(s, k, true);
	for (unsigned k = 0; k < HOSTS; k++)
		if (m->instance[k].there)
			return;
	m->touched = false; /* the roster has forgotten it */
}

static inline void
model_result(unsigned s, unsigned h, const struct probe_result *r)
{
	struct model_service *m = &model.service[s];
	struct model_instance *i = &m->instance[h];
	bool touched;
	bool good = r->good && r->word != WORD_DOWN;
	int was = i->state;

	if (r->late)
		return;
	i->down = r->word == WORD_DOWN;
	if (r->word == WORD_DRAIN || r->word == WORD_MAINT)
		i->word = r->word;
	if (r->word == WORD_UP || r->word == WORD_READY)
		i->word = WORD_NONE;
	if (r->percent >= 0)
		i->percent = (unsigned)r->percent;
	if (r->load >= 0)
		i->load = (unsigned)r->load;
	if (i->state == UNKNOWN) {
		i->state = good ? UP : DOWN;
	} else if (i->state == UP) {
		i->good = good && i->bad > 0 ? i->good + 1 : 0;
		i->bad += !good;
		if (i->good >= i->check.rise)
			i->good = i->bad = 0;
		if (i->bad >= i->check.fall || i->down)
			i->state = DOWN;
	} else {
		i->good = good ? i->good + 1 : 0;
		if (i->good >= i->check.rise)
			i->state = UP;
	}
	if ((int)i->state == was)
		return;
	i->good = i->bad = 0;
	if (i->state == UP && i->config->slow_start_ms > 0 &&
	    !(was == UNKNOWN && (i->recovered || i->check.initial_up)))
		i->slow_ms = now_ms;
	if (i->state == DOWN) {
		i->slow_ms = 0;
		if ((was == UP || i->recovered) && i->word != WORD_MAINT &&
		    force_of(s, h, &touched) == FORCE_AUTO)
			i->fell_ms = m->fall_ms = now_ms;
	}
	i->recovered = false;
}

#endif
