/* retry.h - how long to wait before trying everything again.
 *
 *     round 2: delay;  3: delay x percent;  4: x percent again ...  at most max
 *
 * of which a part is random, so that those who failed together do not come
 * back together.
 *
 * Threads:   any.
 * Ownership: none.
 * Units:     milliseconds.
 * Errors:    none.
 */
#ifndef RESOLVER_CLIENT_RETRY_H
#define RESOLVER_CLIENT_RETRY_H

#include <stdint.h>

#include "zones/random.h"

struct retry_settings {
	uint32_t delay_ms;
	uint32_t delay_max_ms;
	uint32_t percent; /* 200: doubles; below 100 counts as 100 */
	uint32_t jitter_percent; /* 0..100: that part of the delay is random */
};

/* The delay before a round; none before the first. */
uint32_t retry_delay_ms(
    const struct retry_settings *, uint32_t round, struct random *);

#endif
