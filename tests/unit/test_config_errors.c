/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/config.h"
#include "tests/unit/config_rows.h"

TestSuite(config_errors, .timeout = 10);

#define SECRET "secret: c2VjcmV0"
#define ZONE "zones: [{name: svc.example, "

Test(config_errors, an_error_shows_its_line_and_a_caret)
{
	static const char yaml[] = "server:\n  lisen: [127.0.0.1]\n";
	struct config *config = NULL;
	char text[CONFIG_TEXT_LEN];

	cr_assert_eq(config_parse(yaml, strlen(yaml), "m.yaml", &config, text,
			 sizeof(text)),
	    ERR_NOT_FOUND);
	cr_expect_str_eq(text,
	    "m.yaml:2:3: unknown key \"lisen\"; did you mean \"listen\"?\n"
	    "  lisen: [127.0.0.1]\n"
	    "  ^\n");
}

Test(config_errors, unknown_keys_find_their_neighbour)
{
	static const struct row rows[] = {
	    {"zone: []", ERR_NOT_FOUND,
		"1:1: unknown key \"zone\"; did you mean \"zones\"?"},
	    {"whatever: 1", ERR_NOT_FOUND, "1:1: unknown key \"whatever\""},
	    {"api: {lsiten: 1}", ERR_NOT_FOUND,
		"1:7: unknown key \"lsiten\"; did you mean \"listen\"?"},
	    {"cache: {sise: 1}", ERR_NOT_FOUND,
		"1:9: unknown key \"sise\"; did you mean \"size\"?"},
	    {ZONE "negative_ttl: 5}]", ERR_NOT_FOUND,
		"1:29: unknown key \"negative_ttl\"; did you mean "
		"\"negative-ttl\"?"},
	    {ZONE "transfer: [{names: x}]}]", ERR_NOT_FOUND,
		"1:41: unknown key \"names\""},
	    {"server: {<<: {}}", ERR_NOT_FOUND, "1:10: unknown key \"<<\""},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_errors, values_have_their_kind)
{
	static const struct row rows[] = {
	    {"- a", ERR_SYNTAX,
		"1:1: expected keys and values, such as \"server: ...\""},
	    {"server: 5", ERR_SYNTAX,
		"1:9: expected keys and values, such as \"listen: ...\""},
	    {"server: {workers: [1]}", ERR_SYNTAX,
		"1:19: workers must be a single value, not a list"},
	    {"server: {workers: {a: 1}}", ERR_SYNTAX,
		"1:19: workers must be a single value, not keys and values"},
	    {"server: {workers: }", ERR_SYNTAX, "1:10: workers has no value"},
	    {"server: {workers: many}", ERR_SYNTAX,
		"1:19: workers: \"many\" is not a number"},
	    {"server: {listen: []}", ERR_SYNTAX,
		"1:18: listen is empty: leave it out or fill it in"},
	    {"zones: [svc.example]", ERR_SYNTAX,
		"1:9: expected keys and values, such as \"name: ...\""},
	    {ZONE "addresses: 1}]", ERR_SYNTAX,
		"1:40: addresses: \"1\" is not true or false"},
	    {ZONE "ttl: 1.5s}]", ERR_SYNTAX,
		"1:34: ttl: \"1.5s\" is not a duration (such as 500ms, 30s, "
		"5m, 24h, 7d)"},
	    {ZONE "ttl: 500ms}]", ERR_RANGE,
		"1:34: ttl: \"500ms\" is not a whole number of seconds"},
	    {ZONE "lease: never}]", ERR_SYNTAX,
		"1:36: lease: \"never\" is not ttl, none or a duration (such "
		"as 90s)"},
	    {"cache: {size: 64MB}", ERR_SYNTAX,
		"1:15: size: "
		"\"64MB\" is not a size (such as 64MiB, 1GiB)"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_errors, numbers_are_in_range)
{
	static const struct row rows[] = {
	    {"server: {edns-payload: 511}", ERR_RANGE,
		"1:24: edns-payload: \"511\" is out of range: 512 to 4096"},
	    {"server: {edns-payload: 4097}", ERR_RANGE,
		"1:24: edns-payload: \"4097\" is out of range: 512 to 4096"},
	    {"server: {workers: 99999999999999999999}", ERR_RANGE,
		"1:19: workers: \"99999999999999999999\" is out of range: 0 "
		"to 256"},
	    {"server: {tcp-idle: 1ms}", ERR_RANGE,
		"1:20: tcp-idle: \"1ms\" is out of range: 100ms to 3600000ms"},
	    {"server: {nsid: ''}", ERR_RANGE,
		"1:17: nsid must have 1 to 128 bytes"},
	    {ZONE "ttl: 0}]", ERR_RANGE,
		"1:34: ttl: \"0\" is out of range: 1s to 2147483647s"},
	    {ZONE "ttl: 99999999999999999999w}]", ERR_RANGE,
		"1:34: ttl: \"99999999999999999999w\" is out of range: 1s to "
		"2147483647s"},
	    {ZONE "lease: 0}]", ERR_RANGE,
		"1:36: lease: \"0\" is out of range: 1s to 2147483647s"},
	    {"server: {listen: '127.0.0.1:0'}", ERR_RANGE,
		"1:19: listen: \"127.0.0.1:0\" is not an address with a port "
		"of 1 to 65535"},
	    {"services: [{match: a.b, panic-threshold: 101}]", ERR_RANGE,
		"1:42: panic-threshold: \"101\" is out of range: 0 to 100"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_errors, nothing_is_there_twice)
{
	static const struct row rows[] = {
	    {"server: {workers: 1}\nserver: {workers: 2}", ERR_EXISTS,
		"2:1: key \"server\" is there twice (first on line 1)"},
	    {"zones:\n- name: a.example\n- name: A.Example.", ERR_EXISTS,
		"3:9: zone \"A.Example.\" is here twice; first in line 2"},
	    {"keys:\n- {name: k, " SECRET "}\n- {name: K., " SECRET "}",
		ERR_EXISTS, "3:10: key \"K.\" is here twice; first in line 2"},
	    {"server: {listen: ['::1', '[::1]:53']}", ERR_EXISTS,
		"1:27: listen: \"[::1]:53\" is here twice"},
	    {"api: {listen: 127.0.0.1:5300}", ERR_EXISTS,
		"1:15: listen: \"127.0.0.1:5300\" is an address of server: "
		"already"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_errors, what_belongs_together_is_there)
{
	static const struct row rows[] = {
	    {"zones: [{ttl: 5}]", ERR_NOT_FOUND, "1:9: a zone needs a name"},
	    {"keys: [{" SECRET "}]", ERR_NOT_FOUND, "1:8: a key needs a name"},
	    {"keys: [{name: k}]", ERR_NOT_FOUND,
		"1:8: a key needs a secret or a secret-file"},
	    {"services: [{strategy: all}]", ERR_NOT_FOUND,
		"1:12: a service needs a match"},
	    {"services: [{match: a, check: {rise: 2}}]", ERR_NOT_FOUND,
		"1:30: a check needs a type"},
	    {"services: [{match: a, check: {type: exec}}]", ERR_NOT_FOUND,
		"1:30: a check of type exec needs a path"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_errors, what_contradicts_itself_is_refused)
{
	static const struct row rows[] = {
	    {ZONE "lease-min: 2h, lease-max: 1h}]", ERR_CONFLICT,
		"1:40: lease-min (7200s) is more than lease-max (3600s)"},
	    {ZONE "lease-max: 4s}]", ERR_CONFLICT,
		"1:40: lease-min (5s) is more than lease-max (4s)"},
	    {"keys: [{name: k, " SECRET ", secret-file: s}]", ERR_CONFLICT,
		"1:49: either secret or secret-file, not both"},
	    {"keys: [{name: k, secret-file: s}]", ERR_IO,
		"1:31: secret-file: dir/s: No such file or directory"},
	    {"services: [{match: a, check: {type: tcp, path: /}}]",
		ERR_CONFLICT, "1:48: path: a check of type tcp has none"},
	    {"services: [{match: a, check: {type: ttl, timeout: 9s}}]",
		ERR_CONFLICT, "1:51: timeout is longer than the interval"},
	    {"services: [{match: a, check: {type: http, path: x}}]", ERR_SYNTAX,
		"1:49: path: \"x\" does not begin with a slash"},
	    {ZONE "update: {own: true}}]", ERR_CONFLICT,
		"1:43: own: this rule names no key"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_errors, rules_name_what_exists)
{
	static const struct row rows[] = {
	    {"keys: [{name: web-team, " SECRET "}]\n" ZONE
	     "update: {key: web-taem}}]",
		ERR_NOT_FOUND,
		"2:43: no key is named \"web-taem\"; did you mean "
		"\"web-team\"?"},
	    {ZONE "transfer: {key: x}}]", ERR_NOT_FOUND,
		"1:45: no key is named \"x\""},
	    {ZONE "update: {key: ''}}]", ERR_SYNTAX,
		"1:44: key: \"\" is not a domain name"},
	    {ZONE "update: {types: [SRV, AAA]}}]", ERR_NOT_FOUND,
		"1:51: types: \"AAA\" is not a record type; did you mean "
		"\"AAAA\"?"},
	    {ZONE "update: {types: ANY}}]", ERR_RANGE,
		"1:45: types: \"ANY\" is not a type that a zone can hold"},
	    {ZONE "update: {names: '*.web.example'}}]", ERR_CONFLICT,
		"1:46: names: \"*.web.example\" matches nothing in the zone "
		"svc.example."},
	    {ZONE "update: {names: 'a..b'}}]", ERR_SYNTAX,
		"1:46: names: \"a..b\" is not a pattern (such as "
		"\"*.web.svc.example\")"},
	    {ZONE "update: {from: 127.0.0.1/8}}]", ERR_CONFLICT,
		"1:44: from: \"127.0.0.1/8\" has bits behind its prefix; the "
		"network is 127.0.0.0/8"},
	    {ZONE "update: {from: 10.0.0.0/99}}]", ERR_RANGE,
		"1:44: from: \"10.0.0.0/99\" is not a network: IPv4 has 32 "
		"bits, IPv6 has 128"},
	    /* Absent means any: what is left empty is a slip. */
	    {ZONE "update: {names: []}}]", ERR_SYNTAX,
		"1:45: names is empty: leave it out or fill it in"},
	    {ZONE "update: {key: }}]", ERR_SYNTAX, "1:38: key has no value"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_errors, secrets_are_base64_and_never_shown)
{
	static const struct row rows[] = {
	    {"keys: [{name: k, secret: 'top%secret'}]", ERR_SYNTAX,
		"1:18: secret is not base64"},
	    {"keys: [{name: k, secret: ''}]", ERR_SYNTAX,
		"1:18: secret is empty"},
	    {"keys:\n- name: k\n  secret:\n    top%secret", ERR_SYNTAX,
		"3:3: secret is not base64"},
	    {"keys: [{name: k, algorithm: md5, secret: top%secret}]",
		ERR_NOT_FOUND,
		"1:29: algorithm: \"md5\" is not one of hmac-md5, hmac-sha1, "
		"hmac-sha224, hmac-sha256, hmac-sha384, hmac-sha512"},
	};

	check_rows(rows, ROWS(rows));
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct config *config;
		char text[CONFIG_TEXT_LEN];

		cr_expect_neq(config_parse(rows[i].yaml, strlen(rows[i].yaml),
				  "m.yaml", &config, text, sizeof(text)),
		    OK);
		cr_expect_null(strstr(text, "top"), "%s", text);
	}
}

Test(config_errors, all_errors_of_a_file_are_told_up_to_twenty)
{
	char yaml[2000] = "server:\n", text[CONFIG_TEXT_LEN];
	struct config *config;
	unsigned lines = 0;

	for (unsigned i = 0; i < 30; i++)
		snprintf(yaml + strlen(yaml), 24, "  zzz%02u: 1\n", i);
	cr_expect_eq(config_parse(yaml, strlen(yaml), "m.yaml", &config, text,
			 sizeof(text)),
	    ERR_NOT_FOUND);
	for (char *at = text; (at = strstr(at, "unknown key")); at++)
		lines++;
	cr_expect_eq(lines, 20, "%u:\n%s", lines, text);
	cr_expect_str_eq(text + strlen(text) - strlen("... and 10 more\n"),
	    "... and 10 more\n");
}

Test(config_errors, a_short_buffer_is_never_overrun)
{
	static const char yaml[] = "server: {a: 1, b: 2}\nzones: [{ttl: x}]\n";
	char text[200];

	for (size_t len = 0; len < sizeof(text); len++) {
		struct config *config;

		memset(text, '#', sizeof(text));
		cr_expect_neq(config_parse(yaml, strlen(yaml), "m.yaml",
				  &config, text, len),
		    OK);
		cr_expect_eq(text[len], '#');
		if (len > 0)
			cr_expect_neq(memchr(text, '\0', len), NULL);
	}
}
