/* client_cache.h - what DNS said of services, and until when that holds.
 *
 *     asked   refresh_at       fresh_until                    stale_until
 *       |--------|------------------|------------------------------|
 *         fresh    fresh, asked      stale: used when no server      nothing
 *                  again meanwhile   answers (RFC 8767)
 *
 * TTLs count from when the question was sent, since nobody knows how long the
 * answer waited to be read.  After a failure nothing is asked for a second,
 * doubled each time up to 30 (RFC 9520).  The number of services is bounded:
 * the one not used for the longest time goes first; those that somebody
 * holds stay.
 *
 * Threads:   one.
 * Ownership: client_cache_hold() and client_cache_release() count; a service
 *            that is held stays where it is.  A service holds its endpoints.
 * Units:     monotonic milliseconds, TTLs in seconds.
 * Errors:    NULL without memory.
 * Standards: RFC 1035 7.4; RFC 2308 5; RFC 8767 4, 5; RFC 9520 3.2.
 */
#ifndef RESOLVER_CLIENT_CLIENT_CACHE_H
#define RESOLVER_CLIENT_CLIENT_CACHE_H

#include "resolver/client/endpoints.h"

#define CLIENT_CACHE_FAILURE_MS 1000 /* RFC 9520 3.2: at least 1 s */
#define CLIENT_CACHE_FAILURE_MAX_MS 30000

struct lookup;

struct client_cache_settings {
	size_t services; /* that are kept though nobody holds them */
	int64_t ttl_max_ms;
	int64_t negative_ttl_max_ms;
	int64_t stale_ms; /* 0: never */
	uint32_t refresh_percent; /* of the TTL; 0: never ahead */
};

struct service {
	/* what is known */
	struct endpoints *set; /* NULL: nothing, or that there are none */
	enum muster_status status; /* of the last answer; OK with a set */
	bool known; /* there was an answer */
	int64_t fresh_until_ms;
	int64_t refresh_at_ms;
	int64_t stale_until_ms;
	/* failures */
	enum muster_status failure; /* of the last question, OK if it did not */
	uint32_t failures; /* in a row */
	int64_t retry_at_ms;
	/* of those who use it */
	uint32_t results; /* answers and failures so far */
	uint64_t cursor; /* of round robin */
	int64_t sweep_at_ms; /* for outliers */
	struct lookup *lookup; /* under way */
	/* of the cache */
	char *name; /* lower case */
	uint16_t default_port;
	uint32_t holders;
	struct service *next; /* in its bucket */
	struct service *newer, *older; /* while nobody holds it */
};

enum client_cache_state {
	CLIENT_CACHE_NOTHING,
	CLIENT_CACHE_FRESH, /* there is a set */
	CLIENT_CACHE_NEGATIVE, /* there is none: service->status */
	CLIENT_CACHE_STALE, /* there is a set, but an old one */
};

struct client_cache;

struct client_cache *client_cache_new(
    const struct client_cache_settings *, uint64_t secret);
void client_cache_free(struct client_cache *);

/* The service of a name (compared without case) and default port, made if
 * there is none. */
struct service *client_cache_hold(
    struct client_cache *, const char *name, uint16_t default_port);
void client_cache_release(struct client_cache *, struct service *);

/* How many there are. */
size_t client_cache_count(const struct client_cache *);

/* Forgets what is known of a name, or of all if it is NULL. */
void client_cache_flush(struct client_cache *, const char *name);

enum client_cache_state client_cache_look(
    const struct service *, int64_t now_ms);

/* Whether it is time to ask ahead; whether one may ask at all. */
bool client_cache_wants_refresh(const struct service *, int64_t now_ms);
bool client_cache_may_ask(const struct service *, int64_t now_ms);

/* An answer to what was asked at asked_ms: a set with MUSTER_OK (taken over),
 * NULL with another status. */
void client_cache_put(struct client_cache *, struct service *,
    enum muster_status, struct endpoints *, uint32_t ttl_s, int64_t asked_ms);

/* Nobody could tell.  What is known stays. */
void client_cache_fail(struct service *, enum muster_status, int64_t now_ms);

#endif
