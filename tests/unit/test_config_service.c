/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

#include "server/config.h"

TestSuite(config_service, .timeout = 10);

/* Reads what must be right; text gets the warnings. */
static struct config *
parse_with(const char *yaml, char text[CONFIG_TEXT_LEN])
{
	struct config *config = NULL;

	cr_assert_eq(config_parse(yaml, strlen(yaml), "/etc/muster/m.yaml",
			 &config, text, CONFIG_TEXT_LEN),
	    OK, "%s", text);
	return config;
}

static struct config *
parse(const char *yaml)
{
	char text[CONFIG_TEXT_LEN];
	struct config *config = parse_with(yaml, text);

	cr_expect_str_eq(text, "");
	return config;
}

Test(config_service, a_service_has_defaults)
{
	struct config *config = parse("services: {match: a.b}\n");
	const struct config_service *s = &config->service[0];

	cr_assert_eq(config->service_count, 1);
	cr_expect_eq(s->shape.strategy, STRATEGY_WEIGHTED);
	cr_expect_eq(s->shape.max_answers, 0);
	cr_expect_eq(s->shape.prefix_ipv4, 24);
	cr_expect_eq(s->shape.prefix_ipv6, 56);
	cr_expect_not(s->shape.full_range);
	cr_expect_not(s->shape.sites);
	cr_expect_eq(s->shape.ttl_max_s, 0);
	cr_expect_eq(s->panic_threshold, 0);
	cr_expect_eq(s->when_none, WHEN_NONE_NODATA);
	cr_expect_eq(s->slow_start_ms, 0);
	cr_expect_eq(s->drain_ms, 30000);
	cr_expect_not(s->instance_checks);
	cr_expect_eq(s->check.type, CHECK_NONE);
	cr_expect_not(s->guard.on);
	config_free(config);
}

Test(config_service, a_service_is_read_whole)
{
	struct config *config =
	    parse("sites: [{name: eu}]\n"
		  "services:\n"
		  "- match: a.b\n"
		  "  strategy: hash\n"
		  "  max-answers: 3\n"
		  "  hash-ipv4: 32\n"
		  "  hash-ipv6: 128\n"
		  "  srv-weights: full-range\n"
		  "  sites: yes\n"
		  "  panic-threshold: 100\n"
		  "  when-none: last-good\n"
		  "  slow-start: 1m\n"
		  "  drain: 500ms\n"
		  "  instance-checks: on\n"
		  "  expiry-guard: {share: 85, instances: 2, window: 10s,"
		  " max: 1h}\n"
		  "  check: {type: none, networks: '::/0'}\n"
		  "- {match: a.c, when-none: all, srv-weights: as-is,"
		  " check: {type: tcp, networks: '::/0'}, expiry-guard: on}\n"
		  "- {match: a.d, when-none: nodata, expiry-guard: off,"
		  " check: {type: exec, path: /bin/sh}}\n");
	const struct config_service *s = config->service;

	cr_expect_eq(s->shape.strategy, STRATEGY_HASH);
	cr_expect_eq(s->shape.max_answers, 3);
	cr_expect_eq(s->shape.prefix_ipv4, 32);
	cr_expect_eq(s->shape.prefix_ipv6, 128);
	cr_expect(s->shape.full_range);
	cr_expect(s->shape.sites);
	cr_expect_eq(s->panic_threshold, 100);
	cr_expect_eq(s->when_none, WHEN_NONE_LAST_GOOD);
	cr_expect_eq(s->slow_start_ms, 60000);
	cr_expect_eq(s->drain_ms, 500);
	cr_expect(s->instance_checks);
	cr_expect(s->guard.on);
	cr_expect_eq(s->guard.share, 85);
	cr_expect_eq(s->guard.least, 2);
	cr_expect_eq(s->guard.window_ms, 10000);
	cr_expect_eq(s->guard.max_ms, 3600000);
	cr_expect_eq(s[1].when_none, WHEN_NONE_ALL);
	cr_expect_not(s[1].shape.full_range);
	cr_expect(s[1].guard.on);
	cr_expect_eq(s[1].guard.share, 50);
	cr_expect_eq(s[1].guard.least, 5);
	cr_expect_eq(s[1].guard.window_ms, 30000);
	cr_expect_eq(s[1].guard.max_ms, 600000);
	cr_expect_eq(s[2].when_none, WHEN_NONE_NODATA);
	cr_expect_not(s[2].guard.on);
	config_free(config);
}

Test(config_service, figures_that_are_not_named_stay)
{
	struct config *config =
	    parse("services: [{match: a, expiry-guard: {share: 30}},"
		  " {match: b, expiry-guard: }]\n");

	cr_expect(config->service[0].guard.on);
	cr_expect_eq(config->service[0].guard.share, 30);
	cr_expect_eq(config->service[0].guard.least, 5);
	cr_expect_not(config->service[1].guard.on);
	config_free(config);
}

Test(config_service, a_check_has_defaults)
{
	struct config *config =
	    parse("services: [{match: a, check: {type: http,"
		  " networks: 10.0.0.0/8}}]\n");
	const struct config_check *check = &config->service[0].check;

	cr_expect_eq(check->type, CHECK_HTTP);
	cr_expect_str_eq(check->path, "/");
	cr_expect_eq(check->args_count, 0);
	cr_expect_null(check->host);
	cr_expect_null(check->ca);
	cr_expect_null(check->body);
	cr_expect_null(check->send);
	cr_expect_null(check->receive);
	cr_expect_eq(check->status_least, 200);
	cr_expect_eq(check->status_most, 399);
	cr_expect_eq(check->port, 0);
	cr_expect_not(check->tls);
	cr_expect(check->verify);
	cr_expect_not(check->initial_up);
	cr_expect_eq(check->interval_ms, 5000);
	cr_expect_eq(check->timeout_ms, 1000);
	cr_expect_eq(check->rise, 2);
	cr_expect_eq(check->fall, 3);
	cr_expect_eq(check->networks_count, 1);
	config_free(config);
}

#define CHECK_OF(check) \
	"services: [{match: a, check: {networks: 10.0.0.0/8, " check "}}]\n"

static void
expect_web_check(const struct config_check *check)
{
	cr_expect_eq(check->type, CHECK_HTTPS);
	cr_expect_str_eq(check->path, "/a%20b?c=d");
	cr_expect_str_eq(check->host, "web.example");
	cr_expect_eq(check->port, 8443);
	cr_expect_not(check->verify);
	cr_expect_eq(check->status_least, 204);
	cr_expect_eq(check->status_most, 204);
	cr_expect_str_eq(check->body, "I am: fine");
	cr_expect(check->initial_up);
}

Test(config_service, each_type_of_check_has_keys_of_its_own)
{
	struct config *config;
	const struct config_check *check;

	config = parse(CHECK_OF("type: https, path: /a%20b?c=d, "
				"host: web.example, port: 8443, verify: no, "
				"status: 204, body: 'I am: fine', "
				"initial: up"));
	expect_web_check(&config->service[0].check);
	config_free(config);

	config = parse(CHECK_OF("type: tcp, send: \"PING\\r\\n\", "
				"receive: PONG, tls: true, host: x, "
				"initial: probe, ca: /dev/../etc/passwd"));
	check = &config->service[0].check;
	cr_expect_str_eq(check->send, "PING\r\n");
	cr_expect_str_eq(check->receive, "PONG");
	cr_expect(check->tls);
	cr_expect_str_eq(check->host, "x");
	cr_expect_str_eq(check->ca, "/dev/../etc/passwd");
	cr_expect_not(check->initial_up);
	config_free(config);

	config = parse(CHECK_OF("type: grpc, path: my.Service, port: 50051"));
	check = &config->service[0].check;
	cr_expect_str_eq(check->path, "my.Service");
	cr_expect_eq(check->port, 50051);
	config_free(config);

	config = parse(CHECK_OF("type: exec, path: /bin/sh, args: [-c, '']"));
	check = &config->service[0].check;
	cr_expect_str_eq(check->path, "/bin/sh");
	cr_assert_eq(check->args_count, 2);
	cr_expect_str_eq(check->args[0], "-c");
	cr_expect_str_eq(check->args[1], "");
	config_free(config);
}

Test(config_service, status_is_one_or_a_range)
{
	struct config *config = parse(CHECK_OF("type: http, status: 100-599"));

	cr_expect_eq(config->service[0].check.status_least, 100);
	cr_expect_eq(config->service[0].check.status_most, 599);
	config_free(config);
}

Test(config_service, ttls_end_before_an_instance_can_have_fallen)
{
	static const struct {
		const char *yaml;
		uint32_t ttl_max_s;
	} rows[] = {
	    {CHECK_OF("type: tcp"), 15},
	    {CHECK_OF("type: tcp, interval: 700ms, timeout: 1ms, fall: 2"), 1},
	    {CHECK_OF("type: tcp, interval: 100ms, timeout: 1ms, fall: 1"), 1},
	    {CHECK_OF("type: tcp, interval: 1d, fall: 100"), 8640000},
	    {CHECK_OF("type: ttl"), 0},
	    {CHECK_OF("type: none"), 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config = parse(rows[i].yaml);

		cr_expect_eq(config->service[0].shape.ttl_max_s,
		    rows[i].ttl_max_s, "%s", rows[i].yaml);
		config_free(config);
	}
}

Test(config_service, with_instance_checks_keys_of_other_types_are_for_them)
{
	struct config *config =
	    parse("services: [{match: a, instance-checks: true, check: "
		  "{type: none, networks: 10.0.0.0/8, status: 204, "
		  "body: ok, host: h, port: 81, interval: 1s}}]\n");

	cr_expect_eq(config->service[0].check.status_most, 204);
	cr_expect_eq(config->service[0].check.port, 81);
	config_free(config);
}

Test(config_service, what_does_nothing_is_a_warning)
{
	char text[CONFIG_TEXT_LEN];
	struct config *config = parse_with("services:\n"
					   "- match: a.b\n"
					   "  strategy: all\n"
					   "  max-answers: 2\n"
					   "  slow-start: 10s\n"
					   "- match: A.b.\n"
					   "- match: c\n"
					   "  instance-checks: yes\n",
	    text);

	cr_expect_str_eq(text,
	    "/etc/muster/m.yaml:4:16: warning: max-answers: strategy all "
	    "answers all of them\n"
	    "/etc/muster/m.yaml:5:15: warning: slow-start: without a check "
	    "that probes it says nothing\n"
	    "/etc/muster/m.yaml:6:10: warning: match: \"A.b.\" is above "
	    "already; the first one counts\n"
	    "/etc/muster/m.yaml:8:20: warning: instance-checks: without a "
	    "check with networks they may probe nothing\n");
	config_free(config);
}

Test(config_service, sites_know_how_far_they_are)
{
	static const uint8_t tiers[3][4] = {
	    {20, 0, 10, 20},
	    {20, 20, 0, 20}, /* near is not symmetric */
	    {20, 10, 10, 0},
	};
	struct config *config =
	    parse("sites:\n"
		  "- {name: EU-1, networks: [10.1.0.0/16, '2001:db8::/32'],"
		  " near: eu-2}\n"
		  "- {name: eu-2, networks: 10.0.0.0/8}\n"
		  "- {name: us, near: [EU-2, eu-1, eu-1]}\n");

	cr_assert_eq(config->site_count, 3);
	cr_expect_str_eq(config->site[0].name, "eu-1");
	cr_expect_eq(config->site[0].networks_count, 2);
	cr_expect_eq(config->site[1].networks_count, 1);
	cr_expect_eq(config->site[1].networks[0].prefix, 8);
	cr_expect_eq(config->site[2].networks_count, 0);
	for (size_t i = 0; i < 3; i++)
		cr_expect_arr_eq(config->site[i].tier, tiers[i], 4);
	config_free(config);
}

Test(config_service, the_server_says_who_may_ask_what)
{
	struct config *config = parse("");

	cr_expect_eq(config->server.checks_at_once, 256);
	cr_expect_eq(config->server.client_subnet_from_count, 0);
	cr_assert_eq(config->server.explain_count, 2);
	cr_expect_eq(config->server.explain[0].family, AF_INET);
	cr_expect_eq(config->server.explain[0].address[0], 127);
	cr_expect_eq(config->server.explain[0].prefix, 8);
	cr_expect_eq(config->server.explain[1].family, AF_INET6);
	cr_expect_eq(config->server.explain[1].prefix, 128);
	config_free(config);

	config = parse("server: {checks-at-once: 10000, client-subnet-from: "
		       "[10.0.0.53], explain: 10.0.0.0/8}\n");
	cr_expect_eq(config->server.checks_at_once, 10000);
	cr_expect_eq(config->server.client_subnet_from_count, 1);
	cr_assert_eq(config->server.explain_count, 1);
	cr_expect_eq(config->server.explain[0].address[0], 10);
	config_free(config);

	/* Nobody is a list too. */
	config = parse("server: {client-subnet-from: [], explain: []}\n");
	cr_expect_eq(config->server.client_subnet_from_count, 0);
	cr_expect_eq(config->server.explain_count, 0);
	config_free(config);
}
