/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "server/config.h"
#include "tests/unit/config_rows.h"

TestSuite(config_forward, .timeout = 10);

static struct config *
parse_with(const char *yaml, char text[CONFIG_TEXT_LEN])
{
	struct config *config = NULL;

	cr_assert_eq(config_parse(yaml, strlen(yaml), "m.yaml", &config, text,
			 CONFIG_TEXT_LEN),
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

static bool
is_for(const struct config_forward *forward, const char *address)
{
	struct endpoint client = {.in.sin_family = AF_INET};

	if (strchr(address, ':') != NULL) {
		client.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
		cr_assert_eq(
		    inet_pton(AF_INET6, address, &client.in6.sin6_addr), 1);
	} else {
		cr_assert_eq(
		    inet_pton(AF_INET, address, &client.in.sin_addr), 1);
	}
	return config_networks_contain(
	    forward->from, forward->from_count, &client);
}

Test(config_forward, forwards_are_read_whole)
{
	struct config *config =
	    parse("forward:\n"
		  "- {zone: ., to: [192.0.2.1, '192.0.2.2:5353']}\n"
		  "- zone: Corp.example\n"
		  "  to: '::1'\n"
		  "  from: 10.0.0.0/8\n"
		  "  private-answers: drop\n"
		  "  updates: yes\n"
		  "- {zone: ads.example, local: refuse}\n");
	const struct config_forward *forward = config->forward;

	cr_assert_eq(config->forward_count, 3);
	cr_expect_eq(forward[0].zone.len, 1);
	cr_assert_eq(forward[0].to_count, 2);
	cr_expect_eq(
	    forward[0].to[0].in.sin_addr.s_addr, inet_addr("192.0.2.1"));
	cr_expect_eq(ntohs(forward[0].to[0].in.sin_port), 53);
	cr_expect_eq(ntohs(forward[0].to[1].in.sin_port), 5353);
	cr_expect(name_equal(
	    forward[1].zone.wire, (const uint8_t *)"\4corp\7example"));
	cr_expect_eq(forward[1].from_count, 1);
	cr_expect(forward[1].drop_private);
	cr_expect(forward[1].updates);
	cr_expect_not(forward[1].refuse);
	cr_expect(forward[2].refuse);
	cr_expect_eq(forward[2].to_count, 0);
	cr_expect_eq(forward[2].from_count, 0);
	config_free(config);
}

Test(config_forward, updates_stay_here_unless_told)
{
	struct config *config = parse("forward: [{zone: a, to: 192.0.2.1}]\n");

	cr_expect_not(config->forward[0].updates);
	cr_expect_not(config->forward[0].refuse);
	config_free(config);
}

Test(config_forward, private_answers_are_dropped_where_the_internet_is_asked)
{
	struct config *config =
	    parse("forward:\n"
		  "- {zone: ., to: 192.0.2.1}\n"
		  "- {zone: corp.example, to: 192.0.2.1}\n");

	cr_expect(config->forward[0].drop_private);
	cr_expect_not(config->forward[1].drop_private);
	config_free(config);
	config = parse("forward:\n"
		       "- {zone: ., to: 192.0.2.1, private-answers: allow}\n");
	cr_expect_not(config->forward[0].drop_private);
	config_free(config);
}

Test(config_forward, it_is_for_loopback_and_private_networks_unless_told)
{
	static const struct {
		const char *address;
		bool expected;
	} rows[] = {
	    {"127.0.0.53", true},
	    {"10.255.0.1", true},
	    {"172.31.255.255", true},
	    {"172.32.0.0", false},
	    {"172.15.255.255", false},
	    {"192.168.7.7", true},
	    {"192.169.0.0", false},
	    {"192.0.2.1", false},
	    {"169.254.0.1", false},
	    {"::1", true},
	    {"::2", false},
	    {"fd00::1", true},
	    {"fc00::1", true},
	    {"fe00::1", false},
	    {"fe80::1", true},
	    {"febf::1", true},
	    {"fec0::1", false},
	    {"2001:db8::1", false},
	    {"::ffff:10.0.0.1", true},
	    {"::ffff:8.8.8.8", false},
	};
	struct config *config = parse("forward: [{zone: ., to: 192.0.2.1}]\n");

	for (size_t i = 0; i < ROWS(rows); i++)
		cr_expect_eq(is_for(config->forward, rows[i].address),
		    rows[i].expected, "%s", rows[i].address);
	config_free(config);
}

Test(config_forward, what_belongs_together_is_there)
{
	static const struct row rows[] = {
	    {"forward: [{to: 192.0.2.1}]", ERR_NOT_FOUND,
		"1:11: a forward needs a zone (\".\" for all)"},
	    {"forward: [{zone: .}]", ERR_NOT_FOUND,
		"1:11: a forward needs an address in \"to\""},
	    {"forward: [{zone: ., to: []}]", ERR_SYNTAX,
		"1:25: to is empty: leave it out or fill it in"},
	    {"forward: [{local: refuse}]", ERR_NOT_FOUND,
		"1:11: a forward needs a zone (\".\" for all)"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_forward, what_contradicts_itself_is_refused)
{
	static const struct row rows[] = {
	    {"forward:\n- {zone: a, to: ::1}\n- {zone: A, to: ::1}", ERR_EXISTS,
		"3:10: zone \"A\" is forwarded twice"},
	    {"forward: [{zone: a, local: refuse, to: ::1}]", ERR_CONFLICT,
		"1:40: to: with \"local: refuse\" nobody is asked"},
	    {"forward: [{zone: a, local: refuse, from: ::1}]", ERR_CONFLICT,
		"1:42: from: with \"local: refuse\" nobody is asked"},
	    {"forward: [{zone: a, local: refuse, updates: no}]", ERR_CONFLICT,
		"1:45: updates: with \"local: refuse\" nobody is asked"},
	    {"forward: [{zone: a, local: ask}]", ERR_NOT_FOUND,
		"1:28: local: \"ask\" is not one of refuse"},
	    {"forward: [{zone: a, to: ::1, private-answers: no}]",
		ERR_NOT_FOUND,
		"1:47: private-answers: \"no\" is not one of allow, drop"},
	    {"forward: [{zone: a, to: [::1, '[::1]:53']}]", ERR_EXISTS,
		"1:32: to: \"[::1]:53\" is here twice"},
	    {"cache: {max-ttl: 0}", ERR_RANGE,
		"1:18: max-ttl: \"0\" is out of range: 1s to 604800s"},
	    {"cache: {max-ttl: 8d}", ERR_RANGE,
		"1:18: max-ttl: \"8d\" is out of range: 1s to 604800s"},
	    {"cache: {prefetch: 1}", ERR_SYNTAX,
		"1:19: prefetch: \"1\" is not true or false"},
	};

	check_rows(rows, ROWS(rows));
}

Test(config_forward, it_never_asks_itself)
{
	static const struct row rows[] = {
	    {"forward: [{zone: ., to: '127.0.0.1:5300'}]", ERR_CONFLICT,
		"1:26: to: \"127.0.0.1:5300\" is where we listen: a loop"},
	    /* Whatever comes first in the file. */
	    {"forward: [{zone: ., to: [192.0.2.1, 192.0.2.9]}]\n"
	     "server: {listen: 192.0.2.9}",
		ERR_CONFLICT,
		"1:37: to: \"192.0.2.9\" is where we listen: a loop"},
	    {"server: {listen: 0.0.0.0}\n"
	     "forward: [{zone: ., to: 127.0.0.53}]",
		ERR_CONFLICT,
		"2:25: to: \"127.0.0.53\" is where we listen: a loop"},
	    {"server: {listen: '::'}\n"
	     "forward: [{zone: ., to: ::1}]",
		ERR_CONFLICT, "2:25: to: \"::1\" is where we listen: a loop"},
	    {"forward: [{zone: ., to: 0.0.0.0}]", ERR_CONFLICT,
		"1:25: to: \"0.0.0.0\" is no server's address"},
	    {"forward: [{zone: ., to: '::'}]", ERR_CONFLICT,
		"1:26: to: \"::\" is no server's address"},
	};

	check_rows(rows, ROWS(rows));
	/* A socket for all IPv6 addresses takes no IPv4. */
	config_free(parse("server: {listen: '::'}\n"
			  "forward: [{zone: ., to: 127.0.0.1}]\n"));
	config_free(parse("server: {listen: 0.0.0.0}\n"
			  "forward: [{zone: ., to: '127.0.0.1:54'}]\n"));
}

Test(config_forward, sixteen_servers_are_enough)
{
	static const struct row rows[] = {
	    {"forward:\n- zone: .\n  to: [::2, ::3, ::4, ::5, ::6, ::7, ::8, "
	     "::9, ::10, ::11, ::12, ::13, ::14, ::15, ::16, ::17, ::18]",
		ERR_RANGE, "3:7: to: more than 16 servers"},
	};

	check_rows(rows, ROWS(rows));
	config_free(
	    parse("forward:\n- zone: .\n  to: [::2, ::3, ::4, ::5, ::6, "
		  "::7, ::8, ::9, ::10, ::11, ::12, ::13, ::14, ::15, "
		  "::16, ::17]\n"));
}

Test(config_forward, what_is_strange_but_right_is_a_warning)
{
	char text[CONFIG_TEXT_LEN];
	struct config *config =
	    parse_with("zones: [{name: a.example}]\n"
		       "forward:\n"
		       "- {zone: A.example, to: 192.0.2.1}\n"
		       "- {zone: b, to: 192.0.2.1, from: [10.0.0.0/8, ::/0]}\n"
		       "- {zone: ., to: 192.0.2.1, updates: yes}\n",
		text);

	cr_expect_str_eq(text,
	    "m.yaml:3:10: warning: zone \"A.example\" is one of ours (line "
	    "1): nobody is asked\n"
	    "m.yaml:4:47: warning: this lets everyone use the server as a "
	    "resolver\n"
	    "m.yaml:5:37: warning: updates of all zones that are not ours go "
	    "to servers of \".\"\n");
	config_free(config);
}

Test(config_forward, reverse_names_are_made_where_they_belong)
{
	static const struct row rows[] = {
	    {"zones: [{name: svc.example, reverse: synthesise}]", ERR_CONFLICT,
		"1:38: reverse: the zone is not in in-addr.arpa or ip6.arpa, "
		"where names of addresses are"},
	    {"zones: [{name: arpa, reverse: synthesise}]", ERR_CONFLICT,
		"1:31: reverse: the zone is not in in-addr.arpa or ip6.arpa, "
		"where names of addresses are"},
	    {"zones: [{name: 10.in-addr.arpa, reverse: yes}]", ERR_NOT_FOUND,
		"1:42: reverse: \"yes\" is not one of none, synthesise"},
	};
	struct config *config;

	check_rows(rows, ROWS(rows));
	config = parse("zones:\n"
		       "- {name: 10.IN-ADDR.arpa, reverse: synthesise}\n"
		       "- {name: d.f.ip6.arpa, reverse: synthesise}\n"
		       "- {name: 11.in-addr.arpa}\n"
		       "- {name: svc.example, reverse: none}\n");
	cr_expect(config->zone[0].reverse);
	cr_expect(config->zone[1].reverse);
	cr_expect_not(config->zone[2].reverse);
	cr_expect_not(config->zone[3].reverse);
	config_free(config);
}
