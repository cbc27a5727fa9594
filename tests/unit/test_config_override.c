/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "server/config.h"

TestSuite(config_override, .timeout = 10);

static char health[] = "/health", name[] = "my.Service", body[] = "ok";
static char program[] = "/usr/lib/muster/check";
static char *args[] = {program};
static struct config_network net = {2, {10}, 8};

/* The check of a service. */
static struct config_check
base_of(enum config_check_type type)
{
	struct config_check base = {
	    .type = type,
	    .body = body,
	    .status_least = 200,
	    .status_most = 299,
	    .verify = true,
	    .interval_ms = 5000,
	    .timeout_ms = 1000,
	    .rise = 2,
	    .fall = 3,
	    .networks = &net,
	    .networks_count = 1,
	};

	if (type == CHECK_HTTP || type == CHECK_HTTPS)
		base.path = health;
	if (type == CHECK_GRPC)
		base.path = name;
	if (type == CHECK_EXEC) {
		base.path = program;
		base.args = args;
		base.args_count = 1;
	}
	return base;
}

Test(config_override, an_instance_names_its_kind_of_check)
{
	static const struct {
		enum config_check_type base;
		uint16_t base_port;
		const char *value;
		enum config_check_type type;
		const char *path;
		uint16_t port;
	} rows[] = {
	    {CHECK_NONE, 0, "http:/x?y=z", CHECK_HTTP, "/x?y=z", 0},
	    {CHECK_NONE, 81, "https:/", CHECK_HTTPS, "/", 81},
	    {CHECK_TTL, 81, "http", CHECK_HTTP, "/", 81},
	    {CHECK_HTTP, 81, "http", CHECK_HTTP, "/health", 81},
	    {CHECK_HTTP, 81, "http:/y", CHECK_HTTP, "/y", 81},
	    /* The port was for the other check. */
	    {CHECK_HTTP, 81, "https", CHECK_HTTPS, "/", 0},
	    {CHECK_HTTP, 81, "tcp", CHECK_TCP, NULL, 0},
	    {CHECK_AGENT, 81, "agent", CHECK_AGENT, NULL, 81},
	    {CHECK_AGENT, 81, "agent:65535", CHECK_AGENT, NULL, 65535},
	    {CHECK_TCP, 0, "agent", CHECK_AGENT, NULL, 0},
	    {CHECK_TCP, 0, "grpc", CHECK_GRPC, NULL, 0},
	    {CHECK_GRPC, 0, "grpc", CHECK_GRPC, "my.Service", 0},
	    {CHECK_GRPC, 0, "grpc:b", CHECK_GRPC, "b", 0},
	    {CHECK_HTTP, 81, "ttl", CHECK_TTL, NULL, 0},
	    {CHECK_EXEC, 0, "none", CHECK_NONE, NULL, 0},
	    {CHECK_EXEC, 0, "tcp", CHECK_TCP, NULL, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_check base = base_of(rows[i].base), to;

		base.port = rows[i].base_port;
		to = base;
		cr_assert(
		    config_check_override(&to, &base, "check", rows[i].value),
		    "%s", rows[i].value);
		cr_expect_eq(to.type, rows[i].type);
		cr_expect_eq(to.port, rows[i].port, "%s", rows[i].value);
		if (rows[i].path == NULL)
			cr_expect_null(to.path, "%s", rows[i].value);
		else
			cr_expect_str_eq(to.path, rows[i].path);
		/* No program's arguments are left over. */
		cr_expect_eq(to.args_count, 0);
		/* The rest is the service's. */
		cr_expect_eq(to.body, body);
		cr_expect_eq(to.status_most, 299);
		cr_expect_eq(to.interval_ms, 5000);
		cr_expect_eq(to.networks, &net);
	}
}

Test(config_override, what_is_not_understood_changes_nothing)
{
	static const char *const rows[][2] = {
	    {"check", ""},
	    {"check", "exec"},
	    {"check", "exec:/bin/sh"},
	    {"check", "HTTP"},
	    {"check", "http:"},
	    {"check", "http:health"},
	    {"check", "http:/a b"},
	    {"check", "http:/a\r\nHost: x"},
	    {"check", "http:/\xc3\xa9"},
	    {"check", "tcp:80"},
	    {"check", "tcp:"},
	    {"check", "agent:"},
	    {"check", "agent:0"},
	    {"check", "agent:65536"},
	    {"check", "agent:80x"},
	    {"check", "grpc:"},
	    {"check", "grpc:a b"},
	    {"check", "ttl:5"},
	    {"check", "none:"},
	    {"check", " none"},
	    {"check-port", "0"},
	    {"check-port", "65536"},
	    {"check-port", "99999999999999999999"},
	    {"check-port", ""},
	    {"check-port", "-1"},
	    {"interval", ""},
	    {"interval", "5 s"},
	    {"interval", "-5s"},
	    {"interval", "1e3"},
	    {"timeout", "s"},
	    {"rise", "two"},
	    {"rise", "2s"},
	    {"fall", ""},
	    {"networks", "0.0.0.0/0"},
	    {"Check", "tcp"},
	    {"type", "tcp"},
	    {"", ""},
	};
	struct config_check base = base_of(CHECK_HTTP), to = base;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_not(
		    config_check_override(&to, &base, rows[i][0], rows[i][1]),
		    "%s=%s", rows[i][0], rows[i][1]);
		cr_expect_eq(memcmp(&to, &base, sizeof(to)), 0, "%s=%s",
		    rows[i][0], rows[i][1]);
	}
}

Test(config_override, figures_stay_in_the_range_of_the_file)
{
	static const struct {
		const char *key, *value;
		uint64_t interval_ms, timeout_ms;
		unsigned rise, fall;
	} rows[] = {
	    {"interval", "10s", 10000, 1000, 2, 3},
	    {"interval", "2", 2000, 1000, 2, 3},
	    {"interval", "500ms", 500, 500, 2, 3},
	    {"interval", "0", 100, 100, 2, 3},
	    {"interval", "9w", 86400000, 1000, 2, 3},
	    {"interval", "99999999999999999999", 86400000, 1000, 2, 3},
	    {"timeout", "250ms", 5000, 250, 2, 3},
	    {"timeout", "0", 5000, 1, 2, 3},
	    {"timeout", "1d", 5000, 5000, 2, 3},
	    {"rise", "5", 5000, 1000, 5, 3},
	    {"rise", "0", 5000, 1000, 1, 3},
	    {"fall", "1", 5000, 1000, 2, 1},
	    {"fall", "99999999999999999999", 5000, 1000, 2, 100},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_check base = base_of(CHECK_TCP), to = base;

		cr_assert(config_check_override(
			      &to, &base, rows[i].key, rows[i].value),
		    "%s", rows[i].value);
		cr_expect_eq(to.interval_ms, rows[i].interval_ms, "%s=%s",
		    rows[i].key, rows[i].value);
		cr_expect_eq(to.timeout_ms, rows[i].timeout_ms, "%s=%s",
		    rows[i].key, rows[i].value);
		cr_expect_eq(to.rise, rows[i].rise);
		cr_expect_eq(to.fall, rows[i].fall);
	}
}

Test(config_override, programs_run_no_more_often_than_the_service_says)
{
	struct config_check base = base_of(CHECK_EXEC), to = base;

	cr_assert(config_check_override(&to, &base, "interval", "100ms"));
	cr_expect_eq(to.interval_ms, 5000);
	cr_assert(config_check_override(&to, &base, "interval", "1m"));
	cr_expect_eq(to.interval_ms, 60000);
	cr_expect_eq(to.args_count, 1);
}

Test(config_override, applied_in_their_order_keys_add_up)
{
	static const char *const values[] = {
	    "agent:9000", "9001", "30s", "20s", "1", "2"};
	struct config_check base = base_of(CHECK_HTTP), to = base;

	for (size_t i = 0; config_check_keys[i] != NULL; i++)
		cr_assert(config_check_override(
			      &to, &base, config_check_keys[i], values[i]),
		    "%s", config_check_keys[i]);
	cr_expect_eq(to.type, CHECK_AGENT);
	cr_expect_eq(to.port, 9001);
	cr_expect_eq(to.interval_ms, 30000);
	cr_expect_eq(to.timeout_ms, 20000);
	cr_expect_eq(to.rise, 1);
	cr_expect_eq(to.fall, 2);
}
