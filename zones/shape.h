/* shape.h - how the answers of a service are shaped.
 *
 * The configuration has a list of shapes (its services: section); each
 * service's ready block (ready.h) names the one that applies by number, 1 for
 * the first; 0 is the default.  This floor only knows what they say.
 *
 * Threads:   any; immutable values.
 * Ownership: the configuration's.
 * Units:     see each field.
 * Errors:    none.
 */
#ifndef ZONES_SHAPE_H
#define ZONES_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

enum strategy {
	STRATEGY_WEIGHTED, /* RFC 2782 */
	STRATEGY_ROUND_ROBIN, /* the next one first, a worker's turn each */
	STRATEGY_RANDOM, /* weights do not count */
	STRATEGY_HASH, /* weighted rendezvous on the client's network */
	STRATEGY_LEAST_LOAD, /* by load over weight, as instances report it */
	STRATEGY_FIRST, /* canonical order: the first that is healthy */
	STRATEGY_ALL, /* all, in canonical order; max_answers does not count */
};

#define SHAPE_PREFIX_IPV4 24
#define SHAPE_PREFIX_IPV6 56

struct shape {
	enum strategy strategy;
	unsigned max_answers; /* 0: as many as fit */
	unsigned prefix_ipv4; /* bits of the client that make it the same */
	unsigned prefix_ipv6;
	bool full_range; /* the largest SRV weight of an answer is 65280 */
	bool sites; /* instances have sites: priorities by the client's */
	/* Of healthy instances: no state can change sooner than that; 0: there
	 * are no checks.  Caps TTLs. */
	uint32_t ttl_max_s;
};

/* For services that no pattern matches: weighted, no limits. */
extern const struct shape shape_default;

#endif
