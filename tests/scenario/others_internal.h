/* others_internal.h - upstreams of a scenario, from inside.
 *
 *   others.c          questions and answers in time
 *   command_others.c  what scenarios say of them
 *
 * Threads:   one.
 * Ownership: the world's.
 * Units:     milliseconds.
 * Errors:    none.
 */
#ifndef TESTS_SCENARIO_OTHERS_INTERNAL_H
#define TESTS_SCENARIO_OTHERS_INTERNAL_H

#include "resolver/forward.h"
#include "server/nameserver/resolve.h"
#include "tests/scenario/exchange.h"
#include "tests/scenario/others.h"

#define FAR_MAX 16 /* servers */
#define FAR_ANSWERS 128 /* of one */
#define FAR_PENDING 256 /* questions on their way */

struct far_answer {
	struct name name;
	uint16_t type;
	size_t len;
	uint8_t *wire;
};

/* One server. */
struct far {
	char at[64]; /* as socket_print() has it */
	bool dead; /* says nothing */
	bool closed; /* nobody listens */
	int64_t delay_ms;
	struct far_answer answer[FAR_ANSWERS];
	size_t answers;
};

struct far_question {
	uint64_t ticket;
	uint64_t epoch;
	struct name name;
	int64_t asked_ms;
	int64_t due_ms;
	enum upstream_outcome outcome;
	const struct far_answer *answer; /* NULL: REFUSED */
	uint16_t type;
};

struct others {
	struct far far[FAR_MAX];
	size_t fars;
	struct far_question pending[FAR_PENDING];
	size_t pendings;
	char *asked; /* a line each, since it was looked at */
	/* while the server runs */
	struct resolve resolve;
	const struct config *config; /* that the forwarder was made from */
	uint64_t epoch; /* of the forwarder */
};

/* The server at an address, known from now on. */
struct far *others_far(struct world *, const char *at);

#endif
