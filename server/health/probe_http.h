/* probe_http.h - one request: checks of type http, https and grpc.
 *
 * Through libcurl, with everything that is not this one request switched off:
 * no redirect is followed, no proxy, cookie, password file or name lookup is
 * used, no connection or TLS session is used again.  The connection goes to
 * the attempt's address whatever the URL's host says: that is for Host: and
 * SNI.
 *
 * The answer is read to its end or 64 KiB, or as far as the verdict needs
 * (probe_answer.h).
 *
 * grpc: the call grpc.health.v1.Health/Check over HTTP/2, with prior knowledge
 * or (tls) by ALPN; `path` names the service, if any.
 *
 * Threads:   the checker's; http_new and http_free: while it does not run.
 * Ownership: none outside.
 * Errors:    outcomes; http_new: NULL.
 * Standards: RFC 9110; RFC 9112; RFC 9113 3.3 (prior knowledge).
 */
#ifndef SERVER_HEALTH_PROBE_HTTP_H
#define SERVER_HEALTH_PROBE_HTTP_H

#include <stdbool.h>

#include "server/health/attempt.h"

extern const struct probe_kind probe_http;

struct http *http_new(struct event_base *);
void http_free(struct http *);

/* --- for tests --- */

#define HTTP_URL_LEN 8192

/* Writes what libcurl is to fetch; false if the path cannot be in a URL.  A
 * host that cannot gives way to the address. */
bool http_url(const struct probe_order *, const struct endpoint *,
    char url[HTTP_URL_LEN]);

#endif
