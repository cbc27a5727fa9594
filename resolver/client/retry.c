/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/retry.h"

uint32_t
retry_delay_ms(const struct retry_settings *settings, uint32_t round,
    struct random *random)
{
	uint64_t percent = settings->percent > 100 ? settings->percent : 100;
	uint64_t delay_ms = settings->delay_ms, jitter_ms;

	if (round < 2)
		return 0;
	/* Either it grows to its bound soon, or not at all. */
	for (uint32_t i = 2; i < round && percent > 100; i++) {
		uint64_t grown_ms = delay_ms * percent / 100;

		if (delay_ms >= settings->delay_max_ms || grown_ms == delay_ms)
			break;
		delay_ms = grown_ms;
	}
	if (delay_ms > settings->delay_max_ms)
		delay_ms = settings->delay_max_ms;
	jitter_ms = delay_ms * settings->jitter_percent / 100;
	if (jitter_ms > 0)
		delay_ms -= random_below(random, jitter_ms + 1);
	return (uint32_t)delay_ms;
}
