/* SPDX-License-Identifier: Apache-2.0 */
/* What libmuster finds, and how it is used in an event loop. */
#include "tests/unit/client_context.h"

TestSuite(client, .init = set_up, .fini = tear_down, .timeout = 20);

/* --- what is found --- */

Test(client, endpoints_go_by_priority_and_each_is_handed_out_once)
{
	const struct muster_endpoint *to;
	struct muster_call *call;

	client_dns_add_srv(&dns, WEB, 30, 20, 1, 82, "c.web.test");
	client_dns_add_srv(&dns, WEB, 30, 10, 0, 81, "b.web.test");
	client_dns_add_srv(&dns, WEB, 30, 10, 5, 80, "a.web.test");
	client_dns_add_address(&dns, "a.web.test", 30, "127.0.0.1");
	client_dns_add_address(&dns, "b.web.test", 30, "127.0.0.2");
	client_dns_add_address(&dns, "c.web.test", 30, "127.0.0.3");
	open_near();
	call = call_for(WEB, NULL);
	for (uint16_t i = 0; i < 3; i++) {
		cr_assert_eq(muster_next(call, &to), MUSTER_OK);
		cr_assert_eq(to->port, 80 + i);
		cr_assert_eq(to->host[0], 'a' + i);
	}
	cr_assert_eq(muster_next(call, &to), MUSTER_EXHAUSTED);
	cr_assert_eq(client_dns_asked(&dns), 1, "additional addresses count");
	muster_call_free(call);
}

Test(client, addresses_that_did_not_come_along_are_asked_for)
{
	const struct muster_endpoint *to;
	struct muster_call *call;

	dns.no_additional = true;
	client_dns_add_srv(&dns, WEB, 30, 10, 0, 80, "a.web.test");
	client_dns_add_srv(&dns, WEB, 30, 10, 0, 80, "gone.web.test");
	client_dns_add_cname(&dns, "a.web.test", 30, "real.web.test");
	client_dns_add_address(&dns, "real.web.test", 30, "127.0.0.1");
	client_dns_add_address(&dns, "real.web.test", 30, "127.0.0.2");
	open_near();
	call = call_for(WEB, NULL);
	cr_assert_eq(muster_lookup(call), MUSTER_OK);
	cr_assert_eq(client_dns_asked(&dns), 5, "SRV, and A and AAAA of two");
	cr_assert_not_null(muster_endpoint_at(call, 1));
	cr_assert_null(muster_endpoint_at(call, 2));
	cr_assert_eq(muster_next(call, &to), MUSTER_OK);
	cr_assert_str_eq(to->host, "a.web.test");
	muster_call_free(call);
}

Test(client, without_srv_the_host_and_the_default_port_are_used)
{
	struct muster_request request = {
	    .size = sizeof(request), .default_port = 8080};

	client_dns_add_address(&dns, "web.test", 30, "127.0.0.9");
	open_near();
	cr_expect_str_eq(first_of(WEB, &request), "127.0.0.9:8080");
	cr_expect_str_eq(first_of("web.test", &request), "127.0.0.9:8080");
	cr_expect_str_eq(first_of(WEB, NULL), "no such service");
	cr_expect_str_eq(first_of("nobody.test", &request), "no such service");
}

Test(client, a_root_target_says_that_the_service_is_not_available)
{
	struct muster_request request = {
	    .size = sizeof(request), .default_port = 8080};

	client_dns_add_srv(&dns, WEB, 30, 0, 0, 0, ".");
	client_dns_add_address(&dns, "web.test", 30, "127.0.0.9");
	open_near();
	cr_expect_str_eq(
	    first_of(WEB, &request), muster_status_text(MUSTER_UNAVAILABLE));
}

Test(client, targets_without_addresses_are_told_apart)
{
	client_dns_add_srv(&dns, WEB, 30, 0, 0, 80, "gone.web.test");
	open_near();
	cr_expect_str_eq(
	    first_of(WEB, NULL), muster_status_text(MUSTER_NO_ADDRESS));
}

Test(client, a_chain_that_the_server_does_not_follow_is_followed)
{
	dns.no_chase = true;
	client_dns_add_cname(&dns, WEB, 30, "_http._tcp.other.test");
	client_dns_add_srv(
	    &dns, "_http._tcp.other.test", 30, 0, 0, 80, "a.other.test");
	client_dns_add_address(&dns, "a.other.test", 30, "127.0.0.1");
	open_near();
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80");
	cr_expect_eq(client_dns_asked(&dns), 2);
}

Test(client, a_circle_of_names_ends)
{
	dns.no_chase = true;
	dns.negative_ttl_s = 0;
	client_dns_add_cname(&dns, WEB, 30, "_http._tcp.b.test");
	client_dns_add_cname(&dns, "_http._tcp.b.test", 30, WEB);
	open_near();
	cr_expect_str_eq(first_of(WEB, NULL), "no such service");
	cr_expect_leq(client_dns_asked(&dns), SRV_CHAIN_MAX + 1);
}

Test(client, one_family_only_if_asked_for)
{
	struct muster_settings settings = near();

	client_dns_add_srv(&dns, WEB, 30, 0, 0, 80, "a.web.test");
	client_dns_add_address(&dns, "a.web.test", 30, "::1");
	client_dns_add_address(&dns, "a.web.test", 30, "127.0.0.1");
	settings.family = AF_INET;
	open_with(&settings);
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80");
	muster_free(m);
	settings.family = AF_INET6;
	open_with(&settings);
	cr_expect_str_eq(first_of(WEB, NULL), "[::1]:80");
}

Test(client, relative_names_go_through_the_search_list)
{
	client_dns_add_srv(&dns, WEB, 30, 0, 0, 80, "a.web.test");
	client_dns_add_address(&dns, "a.web.test", 30, "127.0.0.1");
	cr_assert_eq(setenv("LOCALDOMAIN", "no.example test", 1), 0);
	open_near();
	cr_expect_str_eq(first_of("_http._tcp.web", NULL), "127.0.0.1:80");
	cr_expect_str_eq(first_of("_http._tcp.web.", NULL), "no such service");
}

Test(client, what_is_no_name_is_refused)
{
	char long_label[80];
	const char *names[] = {"", ".", "a..b", long_label, "a\\"};
	struct muster_call *call;

	memset(long_label, 'a', sizeof(long_label) - 1);
	long_label[sizeof(long_label) - 1] = '\0';
	open_near();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_eq(muster_call_new(m, names[i], NULL, &call),
		    MUSTER_BAD_NAME, "%s", names[i]);
}

/* --- in an event loop --- */

struct outcome {
	unsigned calls;
	enum muster_status status;
	uint16_t port;
	bool frees;
};

static void
note(struct muster_call *call, enum muster_status status,
    const struct muster_endpoint *to, void *arg)
{
	struct outcome *outcome = arg;

	outcome->calls++;
	outcome->status = status;
	outcome->port = to ? to->port : 0;
	if (outcome->frees)
		muster_call_free(call);
}

/* A loop, until the callback came or ms have passed. */
static void
loop(const struct outcome *outcome, int ms)
{
	int64_t end_ms = moved_clock(NULL) + ms;

	while (outcome->calls == 0 && moved_clock(NULL) < end_ms) {
		struct pollfd fds[8];
		size_t count = muster_fds(m, fds, 8);
		int timeout_ms = muster_timeout(m);

		cr_assert_leq(count, 8);
		if (timeout_ms < 0 || timeout_ms > ms)
			timeout_ms = ms;
		poll(fds, count, timeout_ms);
		for (size_t i = 0; i < count; i++)
			if (fds[i].revents)
				muster_process(m, fds[i].fd, fds[i].revents);
		muster_process(m, -1, 0);
	}
}

Test(client, a_loop_is_called_back_once)
{
	struct outcome outcome = {.calls = 0};
	struct muster_call *call;

	add_web(30, "127.0.0.1");
	open_near();
	call = call_for(WEB, NULL);
	cr_assert_eq(muster_next_start(call, note, &outcome), MUSTER_OK);
	cr_expect_eq(muster_next_start(call, note, &outcome), MUSTER_BUSY);
	cr_expect_eq(outcome.calls, 0, "never before it returns");
	loop(&outcome, 3000);
	cr_expect_eq(outcome.calls, 1);
	cr_expect_eq(outcome.status, MUSTER_OK);
	cr_expect_eq(outcome.port, 80);
	/* Known at once, called back all the same from the loop only. */
	outcome = (struct outcome){.frees = true};
	cr_assert_eq(muster_lookup_start(call, note, &outcome), MUSTER_OK);
	cr_expect_eq(outcome.calls, 0);
	cr_expect_eq(muster_timeout(m), 0);
	loop(&outcome, 3000);
	cr_expect_eq(outcome.calls, 1);
	cr_expect_eq(muster_timeout(m), -1);
}

Test(client, a_call_that_was_freed_is_not_called_back)
{
	struct outcome outcome = {.calls = 0};
	struct muster_call *call;

	add_web(30, "127.0.0.1");
	open_near();
	call = call_for(WEB, NULL);
	cr_assert_eq(muster_next_start(call, note, &outcome), MUSTER_OK);
	muster_call_free(call);
	loop(&outcome, 50);
	cr_expect_eq(outcome.calls, 0);
	/* What it asked for was not in vain. */
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80");
	cr_expect_eq(client_dns_asked(&dns), 1);
}

Test(client, calls_that_want_the_same_ask_once)
{
	struct outcome outcome[8] = {{.calls = 0}};
	struct muster_call *call[8];

	add_web(30, "127.0.0.1");
	open_near();
	for (int i = 0; i < 8; i++) {
		call[i] = call_for(WEB, NULL);
		cr_assert_eq(
		    muster_next_start(call[i], note, &outcome[i]), MUSTER_OK);
	}
	for (int i = 0; i < 8; i++) {
		loop(&outcome[i], 3000);
		cr_expect_eq(outcome[i].status, MUSTER_OK);
		muster_call_free(call[i]);
	}
	cr_expect_eq(client_dns_asked(&dns), 1);
}

Test(client, delays_are_the_loops)
{
	struct muster_request request = {
	    .size = sizeof(request), .attempts = 2};
	struct outcome outcome = {.calls = 0};
	struct muster_settings settings = near();
	const struct muster_endpoint *to;
	struct muster_call *call;

	settings.delay_ms = 5000;
	settings.jitter_percent = -1;
	add_web(3600, "127.0.0.1");
	open_with(&settings);
	call = call_for(WEB, &request);
	cr_assert_eq(muster_next(call, &to), MUSTER_OK);
	cr_assert_eq(muster_next_start(call, note, &outcome), MUSTER_OK);
	muster_process(m, -1, 0);
	cr_expect_eq(outcome.calls, 0);
	cr_expect_gt(muster_timeout(m), 4000);
	offset_ms += 5000;
	muster_process(m, -1, 0);
	cr_expect_eq(outcome.calls, 1);
	cr_expect_eq(outcome.status, MUSTER_OK);
	muster_call_free(call);
}

Test(client, freed_with_questions_under_way_nothing_leaks)
{
	struct outcome outcome = {.calls = 0};
	struct muster_call *call;

	client_dns_set_mode(&dns, CLIENT_DNS_SILENT);
	open_near();
	call = call_for(WEB, NULL);
	cr_assert_eq(muster_next_start(call, note, &outcome), MUSTER_OK);
	muster_call_free(call);
	muster_free(m);
	m = NULL;
	cr_expect_eq(outcome.calls, 0);
}

/* --- settings --- */

Test(client, settings_that_make_no_sense_are_refused)
{
	struct muster_settings settings[] = {
	    near(), near(), near(), near(), near(), near()};

	settings[0].size = 8;
	settings[1].servers = "not an address";
	settings[2].family = 99;
	settings[3].dns_tries = -1;
	settings[4].jitter_percent = 101;
	settings[5].strategy = (enum muster_strategy)77;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		cr_expect_eq(
		    muster_new(&settings[i], &m), MUSTER_BAD_VALUE, "%zu", i);
	m = NULL;
}

Test(client, a_program_of_tomorrow_may_have_larger_settings)
{
	struct {
		struct muster_settings known;
		uint64_t unknown[8];
	} settings = {.known = near(), .unknown = {1}};

	settings.known.size = sizeof(settings);
	cr_expect_eq(muster_new(&settings.known, &m), MUSTER_OK);
}
