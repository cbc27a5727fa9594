/* client_context.h - a context of libmuster that asks a server of ours, and a
 * clock that can be moved.
 *
 * Threads:   one, and that of the server.
 * Ownership: set_up() and tear_down() of the suite.
 */
#ifndef TESTS_UNIT_CLIENT_CONTEXT_H
#define TESTS_UNIT_CLIENT_CONTEXT_H

#include <criterion/criterion.h>
#include <time.h>

#include "resolver/client/client.h"
#include "tests/unit/client_dns.h"

#define WEB "_http._tcp.web.test"

static struct client_dns dns;
static struct muster *m;
static int64_t offset_ms; /* how far the clock has been moved */

static inline int64_t
moved_clock(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + offset_ms;
}

/* Settings for a server that is near. */
static inline struct muster_settings
near(void)
{
	return (struct muster_settings){
	    .size = sizeof(struct muster_settings),
	    .servers = dns.servers,
	    .dns_timeout_ms = 3000,
	    .dns_tries = 1,
	};
}

static inline void
open_with(const struct muster_settings *settings)
{
	cr_assert_eq(muster_new(settings, &m), MUSTER_OK);
	m->clock = moved_clock;
}

static inline void
open_near(void)
{
	struct muster_settings settings = near();

	open_with(&settings);
}

static inline void
set_up(void)
{
	client_dns_start(&dns);
}

static inline void
tear_down(void)
{
	muster_free(m);
	client_dns_stop(&dns);
}

static inline struct muster_call *
call_for(const char *service, const struct muster_request *request)
{
	struct muster_call *call;

	cr_assert_eq(muster_call_new(m, service, request, &call), MUSTER_OK);
	return call;
}

/* The endpoint that a new call gets, as text, or its status. */
static inline const char *
first_of(const char *service, const struct muster_request *request)
{
	static char text[MUSTER_ENDPOINT_TEXT];
	struct muster_call *call = call_for(service, request);
	const struct muster_endpoint *to;
	enum muster_status status = muster_next(call, &to);

	if (status == MUSTER_OK) {
		muster_endpoint_text(to, text);
		muster_report(call, MUSTER_GOOD);
	}
	muster_call_free(call);
	return status == MUSTER_OK ? text : muster_status_text(status);
}

static inline void
fail_once(const char *service)
{
	struct muster_call *call = call_for(service, NULL);
	const struct muster_endpoint *to;

	cr_assert_eq(muster_next(call, &to), MUSTER_OK);
	cr_assert_eq(muster_report(call, MUSTER_BAD), MUSTER_OK);
	muster_call_free(call);
}

static inline void
add_web(uint32_t ttl_s, const char *address)
{
	client_dns_add_srv(&dns, WEB, ttl_s, 0, 0, 80, "a.web.test");
	client_dns_add_address(&dns, "a.web.test", ttl_s, address);
}

#endif
