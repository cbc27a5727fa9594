/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "server/health/probe.h"

TestSuite(probe, .timeout = 10);

/* What it was copied from is overwritten: the order must not notice. */
Test(probe, an_order_owns_what_it_says)
{
	char path[] = "/usr/lib/check", one[] = "-v", two[] = "x y",
	     host[] = "www", ca[] = "ca.pem", body[] = "well", send[] = "PING",
	     receive[] = "PONG", target[] = "a.example",
	     service[] = "_x._tcp.example";
	char *texts[] = {
	    path, one, two, host, ca, body, send, receive, target, service};
	char *args[] = {one, two};
	struct config_network networks[] = {
	    {.family = AF_INET, .address = {10}, .prefix = 8},
	    {.family = AF_INET6, .prefix = 64},
	};
	struct config_check check = {
	    .type = CHECK_EXEC,
	    .path = path,
	    .args = args,
	    .args_count = 2,
	    .host = host,
	    .ca = ca,
	    .body = body,
	    .send = send,
	    .receive = receive,
	    .rise = 2,
	    .networks = networks,
	    .networks_count = 2,
	};
	struct probe_order *order =
	    probe_order_new(PROBE_BEGIN, 7, &check, target, service);

	cr_assert_not_null(order);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		memset(texts[i], '!', strlen(texts[i]));
	memset(networks, 0, sizeof(networks));
	memset(args, 0, sizeof(args));
	cr_assert_eq(order->mail.kind, PROBE_BEGIN);
	cr_assert_eq(order->instance, 7);
	cr_assert_eq(order->check.rise, 2);
	cr_assert_str_eq(order->check.path, "/usr/lib/check");
	cr_assert_str_eq(order->check.args[0], "-v");
	cr_assert_str_eq(order->check.args[1], "x y");
	cr_assert_str_eq(order->check.host, "www");
	cr_assert_str_eq(order->check.ca, "ca.pem");
	cr_assert_str_eq(order->check.body, "well");
	cr_assert_str_eq(order->check.send, "PING");
	cr_assert_str_eq(order->check.receive, "PONG");
	cr_assert_eq(order->check.networks[0].address[0], 10);
	cr_assert_eq(order->check.networks[1].prefix, 64);
	cr_assert_str_eq(order->host, "a.example");
	cr_assert_str_eq(order->service, "_x._tcp.example");
	free(order);
}

Test(probe, an_end_needs_no_check)
{
	struct probe_order *order =
	    probe_order_new(PROBE_END, 8, NULL, NULL, NULL);

	cr_assert_not_null(order);
	cr_assert_eq(order->mail.kind, PROBE_END);
	cr_assert_eq(order->instance, 8);
	cr_assert_eq(order->check.type, CHECK_NONE);
	cr_assert_null(order->host);
	cr_assert_null(order->check.args);
	cr_assert_null(order->check.networks);
	free(order);
}
