/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/client_settings.h"

#include <string.h>

#define DAY_MS (24 * 3600 * 1000)
#define HOUR_MS (3600 * 1000)

/* The size of the first versions of the structs: nobody's is smaller. */
#define SETTINGS_SIZE_MIN \
	(offsetof(struct muster_settings, arg) + sizeof(void *))
#define REQUEST_SIZE_MIN \
	(offsetof(struct muster_request, deadline_ms) + sizeof(int32_t))

/* A number with its default for 0 and its value for "none"; where none makes
 * no sense, it must not be negative.  bad remembers what was wrong. */
static uint32_t
number(int32_t given, uint32_t otherwise, bool *bad)
{
	if (given < 0)
		*bad = true;
	return given > 0 ? (uint32_t)given : otherwise;
}

static uint32_t
number_or_none(int32_t given, uint32_t otherwise, uint32_t none)
{
	if (given < 0)
		return none;
	return given > 0 ? (uint32_t)given : otherwise;
}

enum pick_strategy
client_strategy(enum muster_strategy asked, enum pick_strategy otherwise)
{
	switch (asked) {
	case MUSTER_DEFAULT:
		break;
	case MUSTER_WEIGHTED:
		return PICK_WEIGHTED;
	case MUSTER_ROUND_ROBIN:
		return PICK_ROUND_ROBIN;
	case MUSTER_RANDOM:
		return PICK_RANDOM;
	case MUSTER_LEAST_USED:
		return PICK_LEAST_USED;
	case MUSTER_HASH:
		return PICK_HASH;
	case MUSTER_FIRST:
		return PICK_FIRST;
	}
	return otherwise;
}

static bool
is_strategy(enum muster_strategy strategy)
{
	return (unsigned)strategy <= MUSTER_FIRST;
}

static void
init_cache(
    struct client_settings *to, const struct muster_settings *from, bool *bad)
{
	to->cache = (struct client_cache_settings){
	    .services = number(from->cache_services, 256, bad),
	    .ttl_max_ms = number(from->ttl_max_ms, DAY_MS, bad),
	    .negative_ttl_max_ms =
		number(from->negative_ttl_max_ms, 60000, bad),
	    .stale_ms = number_or_none(from->stale_ms, HOUR_MS, 0),
	    .refresh_percent = number_or_none(from->refresh_percent, 20, 0),
	};
	if (to->cache.refresh_percent > 100)
		*bad = true;
	to->stale_after_ms = number(from->stale_after_ms, 1800, bad);
}

static void
init_calls(
    struct client_settings *to, const struct muster_settings *from, bool *bad)
{
	to->strategy = client_strategy(from->strategy, PICK_WEIGHTED);
	to->attempts = number(from->attempts, 0, bad);
	to->deadline_ms = number(from->deadline_ms, 0, bad);
	to->retry = (struct retry_settings){
	    .delay_ms = number(from->delay_ms, 100, bad),
	    .delay_max_ms = number(from->delay_max_ms, 10000, bad),
	    .percent = number(from->delay_percent, 200, bad),
	    .jitter_percent = number_or_none(from->jitter_percent, 50, 0),
	};
	if (to->retry.jitter_percent > 100 || !is_strategy(from->strategy))
		*bad = true;
}

static void
init_breaker(
    struct client_settings *to, const struct muster_settings *from, bool *bad)
{
	to->breaker = (struct breaker_settings){
	    .failures = number_or_none(from->breaker_failures, 5, 0),
	    .percent = number_or_none(from->breaker_percent, 50, 101),
	    .least = number(from->breaker_least, 20, bad),
	    .window_ms = number(from->breaker_window_ms, 10000, bad),
	    .open_ms = number(from->breaker_open_ms, 1000, bad),
	    .open_max_ms = number(from->breaker_open_max_ms, 60000, bad),
	    .probes = number(from->breaker_probes, 1, bad),
	    .successes = number(from->breaker_successes, 2, bad),
	};
	to->outlier = (struct outlier_settings){
	    .percent = number_or_none(from->outlier_percent, 30, 0),
	    .deviations = number(from->outlier_deviations, 19, bad),
	    .least = number(from->outlier_least, 10, bad),
	    .eject_ms = number(from->outlier_eject_ms, 30000, bad),
	};
	if (to->outlier.percent > 100)
		*bad = true;
	to->outlier_interval_ms = number(from->outlier_interval_ms, 10000, bad);
}

enum muster_status
client_settings_init(
    struct client_settings *out, const struct muster_settings *given)
{
	struct muster_settings from = {.size = sizeof(from)};
	struct client_settings to = {.family = 0};
	bool bad = false;

	if (given != NULL) {
		if (given->size < SETTINGS_SIZE_MIN)
			return MUSTER_BAD_VALUE;
		memcpy(&from, given,
		    given->size < sizeof(from) ? given->size : sizeof(from));
	}
	to.family = from.family;
	to.timer = from.timer;
	to.arg = from.arg;
	to.ares = (struct client_ares_settings){
	    .servers = from.servers,
	    .timeout_ms = (int)number(from.dns_timeout_ms, 1000, &bad),
	    .tries = (int)number(from.dns_tries, 2, &bad),
	    .watch = from.watch,
	    .arg = from.arg,
	};
	init_cache(&to, &from, &bad);
	init_calls(&to, &from, &bad);
	init_breaker(&to, &from, &bad);
	if (bad ||
	    (to.family != 0 && to.family != AF_INET && to.family != AF_INET6))
		return MUSTER_BAD_VALUE;
	*out = to;
	return MUSTER_OK;
}

enum muster_status
client_request_init(
    struct muster_request *out, const struct muster_request *given)
{
	struct muster_request from = {.size = sizeof(from)};

	if (given != NULL) {
		if (given->size < REQUEST_SIZE_MIN)
			return MUSTER_BAD_VALUE;
		memcpy(&from, given,
		    given->size < sizeof(from) ? given->size : sizeof(from));
	}
	if (!is_strategy(from.strategy) ||
	    (from.key == NULL && from.key_len > 0))
		return MUSTER_BAD_VALUE;
	*out = from;
	return MUSTER_OK;
}
