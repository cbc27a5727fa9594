/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoint a call gets, and what becomes of those that fail. */
#include "tests/unit/client_context.h"

TestSuite(client_use, .init = set_up, .fini = tear_down, .timeout = 20);

/* --- breakers, retries --- */

static void
add_pair(void)
{
	client_dns_add_srv(&dns, WEB, 3600, 1, 0, 80, "a.web.test");
	client_dns_add_srv(&dns, WEB, 3600, 2, 0, 80, "b.web.test");
	client_dns_add_address(&dns, "a.web.test", 3600, "127.0.0.1");
	client_dns_add_address(&dns, "b.web.test", 3600, "127.0.0.2");
}

Test(client_use, who_fails_in_a_row_is_left_alone_and_tried_again_later)
{
	struct muster_stats stats = {.size = sizeof(stats)};

	add_pair();
	open_near();
	for (int i = 0; i < 5; i++)
		fail_once(WEB);
	/* Its tier is broken: the next one serves. */
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.2:80");
	offset_ms += 1001;
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80", "a probe");
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80", "the second");
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80", "closed");
	muster_get_stats(m, &stats);
	cr_expect_eq(stats.opened, 1);
}

Test(client_use, one_probe_at_a_time)
{
	struct muster_call *probe;
	const struct muster_endpoint *to;

	add_pair();
	open_near();
	for (int i = 0; i < 5; i++)
		fail_once(WEB);
	offset_ms += 1001;
	probe = call_for(WEB, NULL);
	cr_assert_eq(muster_next(probe, &to), MUSTER_OK);
	cr_expect_eq(muster_endpoint_state(m, to), MUSTER_HALF_OPEN);
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.2:80");
	muster_call_free(probe);
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80");
}

Test(client_use, all_broken_is_said_at_once)
{
	add_web(3600, "127.0.0.1");
	open_near();
	for (int i = 0; i < 5; i++)
		fail_once(WEB);
	cr_expect_str_eq(
	    first_of(WEB, NULL), muster_status_text(MUSTER_ALL_OPEN));
}

Test(client_use, what_was_not_reported_has_failed)
{
	const struct muster_endpoint *to;

	add_pair();
	open_near();
	for (int i = 0; i < 5; i++) {
		struct muster_call *call = call_for(WEB, NULL);

		cr_assert_eq(muster_next(call, &to), MUSTER_OK);
		cr_assert_eq(muster_next(call, &to), MUSTER_OK);
		cr_assert_eq(muster_report(call, MUSTER_GOOD), MUSTER_OK);
		muster_call_free(call);
	}
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.2:80");
}

Test(client_use, rounds_are_separated_by_delays)
{
	struct muster_request request = {
	    .size = sizeof(request), .attempts = 4};
	struct muster_settings settings = near();
	const struct muster_endpoint *to;
	struct muster_call *call;
	int64_t begin_ms;

	settings.delay_ms = 30;
	settings.jitter_percent = -1;
	add_pair();
	open_with(&settings);
	call = call_for(WEB, &request);
	cr_assert_eq(muster_next(call, &to), MUSTER_OK);
	cr_assert_eq(muster_next(call, &to), MUSTER_OK);
	begin_ms = moved_clock(NULL);
	cr_assert_eq(muster_next(call, &to), MUSTER_OK);
	cr_expect_geq(moved_clock(NULL) - begin_ms, 30);
	cr_expect_str_eq(to->host, "a.web.test");
	cr_assert_eq(muster_next(call, &to), MUSTER_OK);
	cr_assert_eq(muster_next(call, &to), MUSTER_EXHAUSTED);
	muster_call_free(call);
}

Test(client_use, no_delay_goes_beyond_the_deadline)
{
	struct muster_request request = {
	    .size = sizeof(request), .attempts = 9, .deadline_ms = 5000};
	struct muster_settings settings = near();
	const struct muster_endpoint *to;
	struct muster_call *call;

	settings.delay_ms = 6000;
	settings.jitter_percent = -1;
	add_web(3600, "127.0.0.1");
	open_with(&settings);
	call = call_for(WEB, &request);
	cr_assert_eq(muster_next(call, &to), MUSTER_OK);
	cr_assert_eq(muster_next(call, &to), MUSTER_DEADLINE);
	muster_call_free(call);
}

Test(client_use, a_deadline_ends_the_waiting_for_servers)
{
	struct muster_request request = {
	    .size = sizeof(request), .deadline_ms = 50};

	client_dns_set_mode(&dns, CLIENT_DNS_SILENT);
	open_near();
	cr_expect_str_eq(
	    first_of(WEB, &request), muster_status_text(MUSTER_DEADLINE));
}

/* --- strategies and uses --- */

static void
add_four(void)
{
	char host[] = "a.web.test", address[] = "127.0.0.1";

	for (char i = 0; i < 4; i++) {
		host[0] = (char)('a' + i);
		address[8] = (char)('1' + i);
		client_dns_add_srv(&dns, WEB, 3600, 0, 1, 80, host);
		client_dns_add_address(&dns, host, 3600, address);
	}
}

Test(client_use, round_robin_counts_over_calls)
{
	struct muster_request request = {
	    .size = sizeof(request), .strategy = MUSTER_ROUND_ROBIN};

	add_four();
	open_near();
	cr_expect_str_eq(first_of(WEB, &request), "127.0.0.1:80");
	cr_expect_str_eq(first_of(WEB, &request), "127.0.0.2:80");
	cr_expect_str_eq(first_of(WEB, &request), "127.0.0.3:80");
	cr_expect_str_eq(first_of(WEB, &request), "127.0.0.4:80");
	cr_expect_str_eq(first_of(WEB, &request), "127.0.0.1:80");
}

Test(client_use, the_least_used_comes_first)
{
	struct muster_request request = {
	    .size = sizeof(request), .strategy = MUSTER_LEAST_USED};
	const struct muster_endpoint *to, *again;
	struct muster_call *call[4], *last;
	unsigned seen = 0;

	add_four();
	open_near();
	for (int i = 0; i < 4; i++) {
		call[i] = call_for(WEB, &request);
		cr_assert_eq(muster_next(call[i], &to), MUSTER_OK);
		seen |= 1u << (to->host[0] - 'a');
	}
	cr_expect_eq(seen, 0xf, "each is used once");
	cr_assert_eq(muster_begin(m, to), MUSTER_OK);
	muster_call_free(call[0]);
	last = call_for(WEB, &request);
	cr_assert_eq(muster_next(last, &again), MUSTER_OK);
	cr_expect_neq(again->host[0], to->host[0]);
	muster_end(m, to);
	muster_end(m, to);
	muster_call_free(last);
	for (int i = 1; i < 4; i++)
		muster_call_free(call[i]);
}

Test(client_use, a_key_stays_with_its_endpoint)
{
	struct muster_request request = {.size = sizeof(request),
	    .strategy = MUSTER_HASH,
	    .key = "user-17",
	    .key_len = 7};
	char text[MUSTER_ENDPOINT_TEXT];
	unsigned seen = 0;

	add_four();
	open_near();
	snprintf(text, sizeof(text), "%s", first_of(WEB, &request));
	for (int i = 0; i < 5; i++)
		cr_expect_str_eq(first_of(WEB, &request), text);
	for (char key = 0; key < 64; key++) {
		request.key = &key;
		request.key_len = 1;
		seen |= 1u << (first_of(WEB, &request)[8] - '1');
	}
	cr_expect_eq(seen, 0xf, "keys spread");
}

Test(client_use, outliers_are_left_out)
{
	struct muster_settings settings = near();
	struct muster_stats stats = {.size = sizeof(stats)};
	const struct muster_endpoint *to;
	struct muster_call *call;
	unsigned seen = 0;

	settings.breaker_failures = 1000;
	settings.breaker_percent = -1;
	settings.strategy = MUSTER_ROUND_ROBIN;
	add_four();
	client_dns_add_srv(&dns, WEB, 3600, 0, 1, 80, "e.web.test");
	client_dns_add_address(&dns, "e.web.test", 3600, "127.0.0.5");
	open_with(&settings);
	for (int i = 0; i < 50; i++) {
		call = call_for(WEB, NULL);
		cr_assert_eq(muster_next(call, &to), MUSTER_OK);
		muster_report(
		    call, to->host[0] == 'c' ? MUSTER_BAD : MUSTER_GOOD);
		muster_call_free(call);
	}
	/* The next sweep, while the results are in the window. */
	call = call_for(WEB, NULL);
	call->service->sweep_at_ms = 0;
	muster_call_free(call);
	for (int i = 0; i < 10; i++)
		seen |= 1u << (first_of(WEB, NULL)[8] - '1');
	cr_expect_eq(seen, 0x1b);
	muster_get_stats(m, &stats);
	cr_expect_eq(stats.ejected, 1);
}
