/* health.h - one instance's state, from its results.
 *
 * A machine without clock, sockets or memory of its own:
 *
 *                    rise good ones in a row
 *     UNHEALTHY  ----------------------------->  HEALTHY
 *               <-----------------------------
 *                    fall bad ones; good ones in between forgive only
 *                    after rise of them in a row
 *
 *     UNKNOWN: the first result decides.
 *
 * Threads:   the writer's.
 * Ownership: a plain value.
 * Units:     see each field.
 * Errors:    none.
 */
#ifndef SERVER_HEALTH_HEALTH_H
#define SERVER_HEALTH_HEALTH_H

#include "server/health/probe.h"

#define HEALTH_HISTORY 10

enum health_state { HEALTH_UNKNOWN, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

struct health_event {
	int64_t wall_s;
	uint32_t duration_us;
	bool good;
	bool late;
	char reason[PROBE_REASON_LEN];
};

struct health {
	enum health_state state;
	enum probe_word agent; /* WORD_NONE, WORD_DRAIN or WORD_MAINT: stays
				* until another word (HAProxy 5.2) */
	bool agent_down; /* it said down: no waiting for fall of them */
	uint16_t percent; /* of the weight, as the agent says; 100 */
	uint16_t load; /* LOAD_UNKNOWN or as reported */
	uint16_t bad; /* failures that count */
	uint16_t good; /* in a row */
	int64_t since_wall_s; /* of the present state */
	int64_t healthy_from_ms; /* monotonic: slow start runs from here */
	uint32_t results; /* in all */
	struct health_event history[HEALTH_HISTORY]; /* a ring */
};

void health_init(struct health *);

/* Takes a result; returns whether anything but the history has changed. */
bool health_take(struct health *, const struct config_check *,
    const struct probe_result *, int64_t now_ms);

/* The least time until its state can be another one, rounded down to whole
 * seconds, at least 1: (results still needed) x interval, as gdnsd has it. */
uint32_t health_ttl_max_s(const struct health *, const struct config_check *);

/* Number i of the history, newest first; NULL behind the oldest. */
const struct health_event *health_event_at(const struct health *, unsigned i);

const char *health_state_text(enum health_state);

#endif
