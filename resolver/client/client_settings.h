/* client_settings.h - settings and requests of libmuster, filled in and
 * checked.
 *
 * What the program gives has the size that it was compiled with; what is
 * beyond it is 0.  Here 0 has become the default, and "none" what the modules
 * take for none.
 *
 * Threads:   any.
 * Ownership: a copy, except for the text of servers, which is borrowed.
 * Units:     milliseconds.
 * Errors:    MUSTER_BAD_VALUE.
 */
#ifndef RESOLVER_CLIENT_CLIENT_SETTINGS_H
#define RESOLVER_CLIENT_CLIENT_SETTINGS_H

#include "resolver/client/breaker.h"
#include "resolver/client/client_ares.h"
#include "resolver/client/client_cache.h"
#include "resolver/client/outlier.h"
#include "resolver/client/pick.h"
#include "resolver/client/retry.h"
#include "resolver/muster.h"

struct client_settings {
	struct client_ares_settings ares;
	int family;
	struct client_cache_settings cache;
	int64_t stale_after_ms;
	enum pick_strategy strategy;
	uint32_t attempts; /* 0: each once */
	int64_t deadline_ms; /* 0: none */
	struct retry_settings retry;
	struct breaker_settings breaker;
	struct outlier_settings outlier;
	int64_t outlier_interval_ms;
	void (*timer)(void *arg, int timeout_ms);
	void *arg;
};

/* settings may be NULL: all defaults. */
enum muster_status client_settings_init(
    struct client_settings *, const struct muster_settings *);

/* Copies a request (NULL: all 0) and checks it. */
enum muster_status client_request_init(
    struct muster_request *, const struct muster_request *);

/* The strategy that is asked for, or the other one for MUSTER_DEFAULT. */
enum pick_strategy client_strategy(enum muster_strategy, enum pick_strategy);

#endif
