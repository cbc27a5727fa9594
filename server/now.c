/* SPDX-License-Identifier: Apache-2.0 */
#include "server/now.h"

#include <time.h>

int64_t
now_monotonic_ms(void)
{
	struct timespec t;

	/* Cannot fail with a clock that Linux has had since 2.6.39. */
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
now_monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct moment
now_read(void)
{
	struct timespec wall;

	/* A tick of the kernel late at most, and TSIG counts seconds. */
	clock_gettime(CLOCK_REALTIME_COARSE, &wall);
	return (struct moment){.ms = now_monotonic_ms(), .wall_s = wall.tv_sec};
}
