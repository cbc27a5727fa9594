/* SPDX-License-Identifier: Apache-2.0 */
/* What libmuster remembers, and what it does when no server answers. */
#include "tests/unit/client_context.h"

TestSuite(client_caching, .init = set_up, .fini = tear_down, .timeout = 20);

/* --- the cache --- */

Test(client_caching, answers_are_remembered_for_their_ttl)
{
	struct muster_settings settings = near();

	settings.refresh_percent = -1;
	add_web(30, "127.0.0.1");
	open_with(&settings);
	first_of(WEB, NULL);
	offset_ms += 29000;
	cr_expect_str_eq(first_of("_HTTP._tcp.Web.test", NULL), "127.0.0.1:80");
	cr_expect_eq(client_dns_asked(&dns), 1);
	offset_ms += 1000;
	client_dns_clear(&dns);
	add_web(30, "127.0.0.2");
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.2:80");
	cr_expect_eq(client_dns_asked(&dns), 2);
}

Test(client_caching, a_ttl_of_0_is_used_once)
{
	add_web(0, "127.0.0.1");
	open_near();
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80");
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80");
	cr_expect_eq(client_dns_asked(&dns), 2);
}

Test(client_caching, that_there_is_none_is_remembered_too)
{
	open_near();
	cr_expect_str_eq(first_of(WEB, NULL), "no such service");
	cr_expect_str_eq(first_of(WEB, NULL), "no such service");
	cr_expect_eq(client_dns_asked(&dns), 1);
	offset_ms += 5000;
	add_web(30, "127.0.0.1");
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80");
}

/* Lets the loop turn until a number of questions has been asked. */
static void
wait_for_questions(unsigned asked)
{
	for (int i = 0; i < 1000 && client_dns_asked(&dns) < asked; i++)
		poll(NULL, 0, 1);
	cr_assert_eq(client_dns_asked(&dns), asked);
}

Test(client_caching, old_answers_are_renewed_ahead_without_waiting)
{
	struct muster_stats stats = {.size = sizeof(stats)};
	char servers[32];

	add_web(100, "127.0.0.1");
	open_near();
	first_of(WEB, NULL);
	client_dns_clear(&dns);
	add_web(100, "127.0.0.2");
	offset_ms += 79000;
	first_of(WEB, NULL);
	cr_expect_eq(client_dns_asked(&dns), 1);
	offset_ms += 2000;
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80");
	wait_for_questions(2);
	/* Its answer is read by the next call, sooner or later. */
	for (int i = 0; i < 1000; i++) {
		memcpy(servers, first_of(WEB, NULL), 13);
		if (memcmp(servers, "127.0.0.2:80", 12) == 0)
			break;
		poll(NULL, 0, 1);
	}
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.2:80");
	muster_get_stats(m, &stats);
	cr_expect_eq(stats.refreshes, 1);
	cr_expect_eq(stats.misses, 1);
}

Test(client_caching, stale_answers_serve_for_a_while_when_nobody_answers)
{
	struct muster_settings settings = near();
	struct muster_stats stats = {.size = sizeof(stats)};

	settings.dns_timeout_ms = 50;
	settings.stale_after_ms = 20;
	settings.stale_ms = 600000;
	add_web(30, "127.0.0.1");
	open_with(&settings);
	first_of(WEB, NULL);
	client_dns_set_mode(&dns, CLIENT_DNS_SILENT);
	offset_ms += 31000;
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80");
	offset_ms += 599000;
	cr_expect_str_eq(
	    first_of(WEB, NULL), muster_status_text(MUSTER_DNS_SILENT));
	client_dns_set_mode(&dns, CLIENT_DNS_ANSWERS);
	offset_ms += 60000;
	cr_expect_str_eq(first_of(WEB, NULL), "127.0.0.1:80");
	muster_get_stats(m, &stats);
	cr_expect_eq(stats.stale, 1);
}

/* Which of the two it is depends on the version of c-ares. */
static void
expect_dns_failure(void)
{
	const char *text = first_of(WEB, NULL);

	cr_expect(strcmp(text, muster_status_text(MUSTER_DNS_FAILED)) == 0 ||
		      strcmp(text, muster_status_text(MUSTER_DNS_SILENT)) == 0,
	    "%s", text);
}

Test(client_caching, a_failure_is_remembered_for_a_second)
{
	struct muster_settings settings = near();

	settings.dns_timeout_ms = 50;
	client_dns_set_mode(&dns, CLIENT_DNS_SERVFAIL);
	open_with(&settings);
	for (int i = 0; i < 3; i++)
		expect_dns_failure();
	cr_expect_eq(client_dns_asked(&dns), 1);
	offset_ms += 1100;
	expect_dns_failure();
	cr_expect_eq(client_dns_asked(&dns), 2);
}

Test(client_caching, an_answer_that_makes_no_sense_is_a_failure)
{
	add_web(30, "127.0.0.1");
	client_dns_set_mode(&dns, CLIENT_DNS_GARBAGE);
	open_near();
	cr_expect_str_eq(
	    first_of(WEB, NULL), muster_status_text(MUSTER_DNS_FAILED));
}

Test(client_caching, an_unreachable_server_is_known_soon)
{
	struct muster_settings settings = near();

	settings.servers = "127.0.0.1:1";
	open_with(&settings);
	cr_expect_str_eq(
	    first_of(WEB, NULL), muster_status_text(MUSTER_DNS_SILENT));
}

Test(client_caching, flush_forgets)
{
	add_web(30, "127.0.0.1");
	open_near();
	first_of(WEB, NULL);
	muster_flush(m, "other.test");
	first_of(WEB, NULL);
	cr_expect_eq(client_dns_asked(&dns), 1);
	muster_flush(m, WEB);
	first_of(WEB, NULL);
	cr_expect_eq(client_dns_asked(&dns), 2);
}
