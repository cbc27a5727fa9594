/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "server/config.h"
#include "tests/unit/config_rows.h"

TestSuite(config_service_errors, .timeout = 10);

#define SERVICE "services: [{match: a, "
#define CHECK SERVICE "check: {type: "

Test(config_service_errors, values_have_their_form)
{
	static const struct row rows[] = {
	    {SERVICE "hash-ipv4: 33}]", ERR_RANGE,
		"1:34: hash-ipv4: \"33\" is out of range: 1 to 32"},
	    {SERVICE "hash-ipv6: 0}]", ERR_RANGE,
		"1:34: hash-ipv6: \"0\" is out of range: 1 to 128"},
	    {SERVICE "srv-weights: full}]", ERR_NOT_FOUND,
		"1:36: srv-weights: \"full\" is not one of as-is, "
		"full-range"},
	    {SERVICE "when-none: any}]", ERR_NOT_FOUND,
		"1:34: when-none: \"any\" is not one of nodata, all, "
		"last-good"},
	    {SERVICE "slow-start: 2d}]", ERR_RANGE,
		"1:35: slow-start: \"2d\" is out of range: 0ms to "
		"86400000ms"},
	    {SERVICE "drain: soon}]", ERR_SYNTAX,
		"1:30: drain: \"soon\" is not a duration (such as 500ms, "
		"30s, 5m, 24h, 7d)"},
	    {SERVICE "expiry-guard: maybe}]", ERR_SYNTAX,
		"1:37: expiry-guard: \"maybe\" is not on, off, or {share: "
		"..., instances: ..., window: ..., max: ...}"},
	    {SERVICE "expiry-guard: [on]}]", ERR_SYNTAX,
		"1:37: expected keys and values, such as \"share: ...\""},
	    {SERVICE "expiry-guard: {share: 0}}]", ERR_RANGE,
		"1:45: share: \"0\" is out of range: 1 to 100"},
	    {SERVICE "expiry-guard: {window: 500ms}}]", ERR_RANGE,
		"1:46: window: \"500ms\" is out of range: 1000ms to "
		"3600000ms"},
	    {SERVICE "expiry-guard: {windows: 5s}}]", ERR_NOT_FOUND,
		"1:38: unknown key \"windows\"; did you mean \"window\"?"},
	    {"server: {checks-at-once: 0}", ERR_RANGE,
		"1:26: checks-at-once: \"0\" is out of range: 1 to 10000"},
	    {"server: {explain: }", ERR_SYNTAX,
		"1:10: explain is empty: leave it out or fill it in"},
	    {"server: {client-subnet-from: x}", ERR_SYNTAX,
		"1:30: client-subnet-from: \"x\" is not a network (such as "
		"10.0.0.0/8, 2001:db8::/32)"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_service_errors, values_of_checks_have_their_form)
{
	static const struct row rows[] = {
	    {CHECK "http, status: 20}}]", ERR_SYNTAX,
		"1:51: status: \"20\" is not a status of 100 to 599, or two "
		"(such as 204, 200-399)"},
	    {CHECK "http, status: 200-}}]", ERR_SYNTAX,
		"1:51: status: \"200-\" is not a status of 100 to 599, or "
		"two (such as 204, 200-399)"},
	    {CHECK "http, status: 200-6000}}]", ERR_SYNTAX,
		"1:51: status: \"200-6000\" is not a status of 100 to 599, "
		"or two (such as 204, 200-399)"},
	    {CHECK "http, status: 600}}]", ERR_SYNTAX,
		"1:51: status: \"600\" is not a status of 100 to 599, or two "
		"(such as 204, 200-399)"},
	    {CHECK "http, status: 300-200}}]", ERR_RANGE,
		"1:51: status: \"300-200\" is not a range: it ends before it "
		"begins"},
	    {CHECK "http, path: '/a b'}}]", ERR_SYNTAX,
		"1:50: path: a blank or another character that is not "
		"allowed there; write it as %20"},
	    {CHECK "http, path: \"/a\\r\\nX: y\"}}]", ERR_SYNTAX,
		"1:50: path: a blank or another character that is not "
		"allowed there; write it as %20"},
	    {CHECK "http, host: 'a b'}}]", ERR_SYNTAX,
		"1:50: host: \"a b\" is not the name of a host"},
	    {CHECK "http, port: 0}}]", ERR_RANGE,
		"1:49: port: \"0\" is out of range: 1 to 65535"},
	    {CHECK "http, initial: down}}]", ERR_NOT_FOUND,
		"1:52: initial: \"down\" is not one of probe, up"},
	    {CHECK "http, interval: 99ms}}]", ERR_RANGE,
		"1:53: interval: \"99ms\" is out of range: 100ms to "
		"86400000ms"},
	    {CHECK "http, fall: 0}}]", ERR_RANGE,
		"1:49: fall: \"0\" is out of range: 1 to 100"},
	    {CHECK "htpp}}]", ERR_NOT_FOUND,
		"1:37: type: \"htpp\" is not one of none, http, https, tcp, "
		"exec, agent, grpc, ttl"},
	    {CHECK "[http]}}]", ERR_SYNTAX,
		"1:37: type must be a single value, not a list"},
	    {CHECK "exec, path: /no/gone}}]", ERR_IO,
		"1:49: path: /no/gone: No such file or directory"},
	    {CHECK "exec, path: /etc/passwd}}]", ERR_IO,
		"1:49: path: /etc/passwd: Permission denied"},
	    {CHECK "exec, path: /etc}}]", ERR_IO,
		"1:49: path: /etc: Is a directory"},
	    {CHECK "exec, path: /bin/sh, args: []}}]", ERR_SYNTAX,
		"1:64: args is empty: leave it out or fill it in"},
	    {CHECK "https, ca: gone.pem}}]", ERR_IO,
		"1:48: ca: dir/gone.pem: No such file or directory"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_service_errors, each_key_has_a_type_that_it_is_for)
{
	static const struct row rows[] = {
	    {CHECK "tcp, body: x}}]", ERR_CONFLICT,
		"1:48: body: a check of type tcp has none"},
	    {CHECK "http, ca: /etc/passwd}}]", ERR_CONFLICT,
		"1:47: ca: a check of type http has none"},
	    {CHECK "http, verify: no}}]", ERR_CONFLICT,
		"1:51: verify: a check of type http has none"},
	    {CHECK "https, tls: yes}}]", ERR_CONFLICT,
		"1:49: tls: a check of type https has none"},
	    {CHECK "grpc, ca: /etc/passwd}}]", ERR_CONFLICT,
		"1:47: ca: without \"tls: true\" there is no certificate"},
	    {CHECK "tcp, host: x}}]", ERR_CONFLICT,
		"1:48: host: without \"tls: true\" nobody is told"},
	    {CHECK "https, verify: no, ca: /etc/passwd}}]", ERR_CONFLICT,
		"1:60: ca: with \"verify: false\" nobody looks at it"},
	    {CHECK "grpc, status: 200}}]", ERR_CONFLICT,
		"1:51: status: a check of type grpc has none"},
	    {CHECK "agent, path: /}}]", ERR_CONFLICT,
		"1:50: path: a check of type agent has none"},
	    {CHECK "exec, path: /bin/sh, send: x}}]", ERR_CONFLICT,
		"1:64: send: a check of type exec has none"},
	    {CHECK "http, args: [x]}}]", ERR_CONFLICT,
		"1:49: args: a check of type http has none"},
	    {CHECK "ttl, port: 1}}]", ERR_CONFLICT,
		"1:48: port: a check of type ttl has none"},
	    {CHECK "none, receive: x}}]", ERR_CONFLICT,
		"1:52: receive: a check of type none has none"},
	    {SERVICE "expiry-guard: {max: 20s}}]", ERR_CONFLICT,
		"1:43: expiry-guard: max is shorter than the window"},
	    {SERVICE "sites: true}]", ERR_NOT_FOUND,
		"1:30: sites: the file has no section \"sites:\" with any"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_service_errors, sites_have_one_name_and_one_place)
{
	static const struct row rows[] = {
	    {"sites: [{networks: 10.0.0.0/8}]", ERR_NOT_FOUND,
		"1:9: a site needs a name"},
	    {"sites: [{name: eu.west}]", ERR_SYNTAX,
		"1:16: name: \"eu.west\" is not one label of letters, digits "
		"and hyphens (such as eu-west)"},
	    {"sites: [{name: _tcp}]", ERR_SYNTAX,
		"1:16: name: \"_tcp\" is not one label of letters, digits and "
		"hyphens (such as eu-west)"},
	    {"sites: [{name: ''}]", ERR_SYNTAX,
		"1:17: name: \"\" is not one label of letters, digits and "
		"hyphens (such as eu-west)"},
	    {"sites: [{name: eu}, {name: EU}]", ERR_EXISTS,
		"1:28: site \"EU\" is here twice"},
	    {"sites: [{name: eu, near: us-2}, {name: us-1}]", ERR_NOT_FOUND,
		"1:26: near: there is no site \"us-2\"; did you mean "
		"\"us-1\"?"},
	    {"sites: [{name: eu, near: [mars]}]", ERR_NOT_FOUND,
		"1:27: near: there is no site \"mars\""},
	    {"sites: [{name: eu, near: eu}]", ERR_CONFLICT,
		"1:26: near: \"eu\" is this site itself"},
	    {"sites: [{name: eu, near: [{a: b}]}]", ERR_SYNTAX,
		"1:27: near must be a single value, not keys and values"},
	    {"sites: [{name: eu, networks: []}]", ERR_SYNTAX,
		"1:30: networks is empty: leave it out or fill it in"},
	    {"sites:\n- {name: eu, networks: [10.0.0.0/8, 10.1.0.0/16]}\n"
	     "- {name: us, networks: 10.0.0.0/8}\n",
		ERR_EXISTS,
		"3:24: networks: \"10.0.0.0/8\" is a network of site \"eu\" "
		"already"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_service_errors, there_are_at_most_254_sites)
{
	for (unsigned count = 254; count <= 255; count++) {
		char yaml[8192] = "sites:\n", text[CONFIG_TEXT_LEN];
		size_t len = strlen(yaml);
		struct config *config = NULL;
		enum error error;

		for (unsigned i = 0; i < count; i++)
			len += (size_t)snprintf(yaml + len, sizeof(yaml) - len,
			    "- {name: s%u}\n", i);
		error = config_parse(
		    yaml, len, "m.yaml", &config, text, sizeof(text));
		cr_expect_eq(error, count == 254 ? OK : ERR_LIMIT, "%s", text);
		if (error == OK) {
			cr_expect_eq(config->site_count, 254);
			cr_expect_eq(config->site[253].tier[254], 0);
			config_free(config);
		}
	}
}
