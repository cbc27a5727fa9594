/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "server/health/probe_http.h"

TestSuite(probe_http, .timeout = 10);

struct url {
	enum config_check_type type;
	bool tls;
	const char *path, *host, *target, *address;
	unsigned port;
	const char *expected; /* NULL: refused */
};

static const struct url urls[] = {
    {CHECK_HTTP, false, "/health", NULL, "a.example", "192.0.2.1", 8080,
	"http://a.example:8080/health"},
    {CHECK_HTTPS, false, "/", NULL, "a.example", "192.0.2.1", 443,
	"https://a.example:443/"},
    {CHECK_HTTP, false, NULL, "www.example", "a.example", "192.0.2.1", 80,
	"http://www.example:80/"},
    {CHECK_GRPC, false, "some.Service", NULL, "a.example", "192.0.2.1", 9000,
	"http://a.example:9000/grpc.health.v1.Health/Check"},
    {CHECK_GRPC, true, NULL, NULL, "a.example", "192.0.2.1", 9000,
	"https://a.example:9000/grpc.health.v1.Health/Check"},
    /* What registrants call their hosts cannot change the URL. */
    {CHECK_HTTP, false, "/", NULL, "x/y?z.example", "192.0.2.1", 80,
	"http://192.0.2.1:80/"},
    {CHECK_HTTP, false, "/", NULL, "u:p@h.example", "2001:db8::1", 80,
	"http://[2001:db8::1]:80/"},
    {CHECK_HTTP, false, "/", NULL, "", "192.0.2.1", 80, "http://192.0.2.1:80/"},
    {CHECK_HTTP, false, "/", NULL, NULL, "192.0.2.1", 80,
	"http://192.0.2.1:80/"},
    {CHECK_HTTP, false, "/a b", NULL, "a.example", "192.0.2.1", 80, NULL},
    {CHECK_HTTP, false, "/a\r\nX: y", NULL, "a.example", "192.0.2.1", 80, NULL},
    {CHECK_HTTP, false, "/\xc3\xa4", NULL, "a.example", "192.0.2.1", 80, NULL},
    {CHECK_HTTP, false, "@other.example/", NULL, "a.example", "192.0.2.1", 80,
	"http://a.example:80/@other.example/"},
};

static struct endpoint
endpoint(const char *text, unsigned port)
{
	struct endpoint to = {.len = sizeof(to.in)};

	if (inet_pton(AF_INET, text, &to.in.sin_addr) == 1) {
		to.in.sin_family = AF_INET;
		to.in.sin_port = htons((uint16_t)port);
		return to;
	}
	to.len = sizeof(to.in6);
	to.in6.sin6_family = AF_INET6;
	to.in6.sin6_port = htons((uint16_t)port);
	cr_assert_eq(inet_pton(AF_INET6, text, &to.in6.sin6_addr), 1);
	return to;
}

Test(probe_http, a_url_is_made_of_the_check_and_the_target)
{
	char got[HTTP_URL_LEN];

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		const struct url *u = &urls[i];
		struct config_check check = {.type = u->type,
		    .tls = u->tls,
		    .path = (char *)u->path,
		    .host = (char *)u->host};
		struct probe_order *order =
		    probe_order_new(PROBE_BEGIN, 1, &check, u->target, NULL);
		struct endpoint to = endpoint(u->address, u->port);

		cr_assert_not_null(order);
		if (u->expected == NULL)
			cr_expect_not(http_url(order, &to, got), "%zu", i);
		else {
			cr_expect(http_url(order, &to, got), "%zu", i);
			cr_expect_str_eq(got, u->expected);
		}
		free(order);
	}
}

Test(probe_http, a_path_may_be_too_long)
{
	static char path[HTTP_URL_LEN + 1];
	struct config_check check = {.type = CHECK_HTTP, .path = path};
	struct endpoint to = endpoint("192.0.2.1", 80);
	struct probe_order *order;
	char got[HTTP_URL_LEN];

	memset(path, '/', sizeof(path) - 1);
	order = probe_order_new(PROBE_BEGIN, 1, &check, "a.example", NULL);
	cr_assert_not_null(order);
	cr_expect_not(http_url(order, &to, got));
	free(order);
}
