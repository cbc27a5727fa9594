/* muster.h - libmuster: find the instances of a service, and use them well.
 *
 * A program names a service, "_http._tcp.web.svc.example", and asks for an
 * endpoint after the other until one works:
 *
 *     struct muster *m;
 *     struct muster_call *call;
 *     const struct muster_endpoint *to;
 *
 *     muster_new(NULL, &m);
 *     muster_call_new(m, "_http._tcp.web.svc.example", NULL, &call);
 *     while (muster_next(call, &to) == MUSTER_OK) {
 *         bool ok = talk(to->address, to->address_len);
 *
 *         muster_report(call, ok ? MUSTER_GOOD : MUSTER_BAD);
 *         if (ok)
 *             break;
 *     }
 *     muster_call_free(call);
 *
 * Below that: SRV records or else addresses (RFC 2782), a cache that asks
 * again before its data is too old and goes on for a while when no DNS server
 * answers, a choice by priority, weight and strategy, a circuit breaker for
 * each endpoint, ejection of those that fail more than their peers, retries
 * with growing delays.
 *
 * Threads:   a context (struct muster) and its calls belong to one thread at a
 *            time, nothing is locked; give each thread its own.  The library
 *            has no state outside of contexts.
 * Ownership: muster_free() after muster_call_free() of all its calls.  An
 *            endpoint is valid until the next call of muster_lookup*(),
 *            muster_next*() or muster_call_free() for its call.  Text that is
 *            passed in is copied.
 * Units:     milliseconds on the monotonic clock.  In settings and requests 0
 *            stands for the default, a negative number for "none" where the
 *            comment says so.
 * Errors:    enum muster_status; *out is written with MUSTER_OK only.
 * Standards: RFC 2782; RFC 1035 7.4; RFC 2308; RFC 8767; RFC 9520.
 *
 * Structs that the program fills in start with .size = sizeof(it): a newer
 * library takes what an older program does not know as 0.  Structs that the
 * library fills in may grow at their ends.
 */
#ifndef MUSTER_H
#define MUSTER_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MUSTER_API __attribute__((visibility("default")))

struct muster; /* a context: cache, breakers, questions under way */
struct muster_call; /* one use of a service */

enum muster_status {
	MUSTER_OK = 0,
	MUSTER_NOT_FOUND, /* there is no such service, and no default port or
			   * no address to fall back to */
	MUSTER_UNAVAILABLE, /* the service says that it is not here: "." */
	MUSTER_NO_ADDRESS, /* there are SRV records, but no addresses */
	MUSTER_DNS_SILENT, /* no DNS server answered; with older c-ares
			    * also: each said SERVFAIL or REFUSED */
	MUSTER_DNS_FAILED, /* the DNS servers could not tell, or made no sense
			    */
	MUSTER_ALL_OPEN, /* the breaker of each endpoint left is open */
	MUSTER_EXHAUSTED, /* everything was tried, or often enough */
	MUSTER_DEADLINE, /* the deadline of the call has passed */
	MUSTER_BAD_NAME, /* no domain name */
	MUSTER_BAD_VALUE, /* a setting or argument makes no sense */
	MUSTER_BUSY, /* the call waits for something already */
	MUSTER_NO_MEMORY,
	MUSTER_SYSTEM, /* no socket, no random numbers; errno tells more */
};

/* A constant English phrase; never NULL. */
MUSTER_API const char *muster_status_text(enum muster_status);

/* Which of the endpoints of the best priority comes first. */
enum muster_strategy {
	MUSTER_DEFAULT = 0, /* of the context; there: MUSTER_WEIGHTED */
	MUSTER_WEIGHTED, /* drawn by weight, RFC 2782 */
	MUSTER_ROUND_ROBIN, /* one after the other */
	MUSTER_RANDOM, /* drawn without regard to weight */
	MUSTER_LEAST_USED, /* the fewest uses under way, in relation to weight
			    */
	MUSTER_HASH, /* by the key of the request: the same one for the same
		      * key, as long as it is there (weighted rendezvous) */
	MUSTER_FIRST, /* in the order of the answer */
};

/* --- a context --- */

struct muster_settings {
	size_t size; /* sizeof(struct muster_settings) */

	/* DNS servers, "192.0.2.1, [2001:db8::1]:5353"; NULL: those of
	 * /etc/resolv.conf. */
	const char *servers;
	int32_t dns_timeout_ms; /* for one try; 1000 */
	int32_t dns_tries; /* of each server; 2 */
	int family; /* AF_INET, AF_INET6; 0: both */

	/* Cache.  What is older than its TTL is used for stale_ms more when no
	 * server answers within stale_after_ms. */
	int32_t cache_services; /* 256 */
	int32_t ttl_max_ms; /* 1 day */
	int32_t negative_ttl_max_ms; /* 1 minute */
	int32_t refresh_percent; /* asked again when less of the TTL is left;
				  * 20, <0: never ahead */
	int32_t stale_ms; /* 1 hour; <0: never */
	int32_t stale_after_ms; /* 1800 (RFC 8767 5) */

	/* Defaults of calls. */
	enum muster_strategy strategy;
	int32_t attempts; /* endpoints handed out in one call; 0: each once */
	int32_t deadline_ms; /* since muster_call_new(); 0: none */
	/* When all have been tried and attempts are left: the delay before
	 * the second round, how it grows, its bound, and which part of it is
	 * random. */
	int32_t delay_ms; /* 100 */
	int32_t delay_percent; /* 200: doubles */
	int32_t delay_max_ms; /* 10000 */
	int32_t jitter_percent; /* 50; <0: none */

	/* Circuit breaker of an endpoint.  It opens after so many failures in
	 * a row, or when such a part of at least so many results fails within
	 * the window. */
	int32_t breaker_failures; /* 5; <0: there are no breakers */
	int32_t breaker_percent; /* 50; <0: the share does not matter */
	int32_t breaker_least; /* 20 results */
	int32_t breaker_window_ms; /* 10000 */
	int32_t breaker_open_ms; /* 1000; doubled each time it opens again */
	int32_t breaker_open_max_ms; /* 60000 */
	int32_t breaker_probes; /* uses at a time when half open; 1 */
	int32_t breaker_successes; /* that close it; 2 */

	/* Outliers: endpoints that fail more than the others of their service
	 * are left out for a time, though never more than a share of them. */
	int32_t outlier_percent; /* of the endpoints; 30, <0: none ever */
	int32_t outlier_deviations; /* below the mean of success, in tenths of
				     * a standard deviation; 19 */
	int32_t outlier_least; /* results of an endpoint; 10 */
	int32_t outlier_interval_ms; /* 10000 */
	int32_t outlier_eject_ms; /* 30000; times how often in a row */

	/* For event loops; may be NULL.  watch: wants to know when fd is
	 * readable (POLLIN) or writable (POLLOUT); 0: no more.  timer: wants
	 * muster_process() in timeout_ms; -1: no more. */
	void (*watch)(void *arg, int fd, short events);
	void (*timer)(void *arg, int timeout_ms);
	void *arg;
};

/* Makes a context; settings may be NULL. */
MUSTER_API enum muster_status muster_new(
    const struct muster_settings *, struct muster **out);

/* Ends a context; NULL does nothing.  Not within its own callbacks. */
MUSTER_API void muster_free(struct muster *);

/* Forgets what DNS said of a service, or of all if NULL; not how endpoints
 * behaved. */
MUSTER_API void muster_flush(struct muster *, const char *service);

/* --- endpoints --- */

struct muster_endpoint {
	const char *host; /* target of the SRV record, without a final dot */
	const struct sockaddr *address; /* with its port */
	socklen_t address_len;
	uint16_t port;
	uint16_t priority; /* the lower the better; 0 without SRV */
	uint16_t weight; /* 0 without SRV */
};

enum muster_state {
	MUSTER_CLOSED, /* the breaker lets everything through */
	MUSTER_OPEN, /* nothing */
	MUSTER_HALF_OPEN, /* a try */
	MUSTER_EJECTED, /* an outlier */
};

enum muster_result {
	MUSTER_GOOD, /* it did what it was asked */
	MUSTER_BAD, /* it could not be reached, or failed */
};

/* Octets that muster_endpoint_text() needs at most. */
#define MUSTER_ENDPOINT_TEXT 64

/* Prints "192.0.2.1:80" or "[2001:db8::1]:80"; returns text. */
MUSTER_API const char *muster_endpoint_text(
    const struct muster_endpoint *, char text[MUSTER_ENDPOINT_TEXT]);

/* How an endpoint is thought of now. */
MUSTER_API enum muster_state muster_endpoint_state(
    struct muster *, const struct muster_endpoint *);

/* --- a call --- */

struct muster_request {
	size_t size; /* sizeof(struct muster_request) */
	/* Where there is no SRV record: look up addresses, with this port. 0:
	 * do not. */
	uint16_t default_port;
	enum muster_strategy strategy; /* 0: of the context */
	const void *key; /* for MUSTER_HASH */
	size_t key_len;
	int32_t attempts; /* 0: of the context; <0: each endpoint once */
	int32_t deadline_ms; /* 0: of the context; <0: none */
};

/* Begins a call; nothing is asked yet.  The name may be relative, then the
 * search list of the system completes it; with a final dot it is complete.
 * Without SRV records the labels that begin with "_" are left out to find
 * the host: web.svc.example.  The request may be NULL. */
MUSTER_API enum muster_status muster_call_new(struct muster *,
    const char *service, const struct muster_request *,
    struct muster_call **out);

/* Ends a call, what it waits for, and the use of its endpoint. */
MUSTER_API void muster_call_free(struct muster_call *);

/* Waits until it is known which endpoints there are. */
MUSTER_API enum muster_status muster_lookup(struct muster_call *);

/* The endpoints known after muster_lookup() or muster_next(), the best
 * priorities first; NULL beyond the last. */
MUSTER_API const struct muster_endpoint *muster_endpoint_at(
    const struct muster_call *, size_t number);

/* Chooses the next endpoint: of those of the best priority not tried yet in
 * this call and not broken, then of the next priority.  An endpoint that was
 * handed out before and not reported is taken for MUSTER_BAD.  When all have
 * been tried and attempts are left, waits for the delay and begins anew.
 * From here on until the next muster_next(), or the end of the call, the
 * endpoint counts as used (MUSTER_LEAST_USED). */
MUSTER_API enum muster_status muster_next(
    struct muster_call *, const struct muster_endpoint **out);

/* Says how the endpoint last handed out did; may be said more than once while
 * it is used.  MUSTER_BAD_VALUE: there is none. */
MUSTER_API enum muster_status muster_report(
    struct muster_call *, enum muster_result);

/* --- uses outside of calls, as in a pool of connections --- */

MUSTER_API enum muster_status muster_begin(
    struct muster *, const struct muster_endpoint *);
MUSTER_API void muster_end(struct muster *, const struct muster_endpoint *);
MUSTER_API void muster_report_endpoint(
    struct muster *, const struct muster_endpoint *, enum muster_result);

/* --- in an event loop --- */

/* Gets exactly one call for each *_start(), from within muster_process();
 * none if the call was freed before.  The endpoint is NULL unless it is the
 * answer of muster_next_start().  It may free the call. */
typedef void muster_fn(struct muster_call *, enum muster_status,
    const struct muster_endpoint *, void *arg);

/* As muster_lookup() and muster_next(), without waiting. */
MUSTER_API enum muster_status muster_lookup_start(
    struct muster_call *, muster_fn *, void *arg);
MUSTER_API enum muster_status muster_next_start(
    struct muster_call *, muster_fn *, void *arg);

/* What to poll for: fills in at most room entries, returns how many there
 * are. */
MUSTER_API size_t muster_fds(struct muster *, struct pollfd *, size_t room);

/* How long to poll, as poll() wants it: -1 without end.  May change with each
 * call of a function of this context. */
MUSTER_API int muster_timeout(struct muster *);

/* Goes on: fd is ready for events, or (fd -1) time has passed.  Calls back. */
MUSTER_API void muster_process(struct muster *, int fd, short events);

/* --- figures --- */

struct muster_stats {
	size_t size; /* sizeof(struct muster_stats) */
	uint64_t questions; /* sent to DNS servers, tries not counted */
	uint64_t hits; /* calls answered by the cache at once */
	uint64_t misses; /* calls that waited */
	uint64_t refreshes; /* lookups ahead of time */
	uint64_t stale; /* calls answered with old data */
	uint64_t opened; /* breakers */
	uint64_t ejected; /* outliers */
	uint64_t services; /* in the cache now */
};

/* Fills in as much as size says. */
MUSTER_API void muster_get_stats(const struct muster *, struct muster_stats *);

#ifdef __cplusplus
}
#endif

#endif
