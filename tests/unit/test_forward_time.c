/* SPDX-License-Identifier: Apache-2.0 */
/* What a forwarder does as time passes: stale answers, failures, prefetching,
 * probes. */
#include "tests/unit/forward_fixture.h"

static const struct message_text good =
    TEXT("ra 0", "a.example. A", "a.example. 300 IN A 192.0.2.1\n");
static const struct message_text servfail = TEXT("ra 2", "a.example. A", NULL);

static void
expect_told(size_t i, enum forward_source source)
{
	cr_assert_lt(i, tolds, "only %zu were told", tolds);
	cr_expect_eq(told[i].source, source, "%zu: %d", i, (int)told[i].source);
}

/* One server, whose answer is stale by now. */
static void
start_stale(size_t servers)
{
	start_one(servers);
	ask("a.example. A");
	answer(0, &good);
	now_ms += 301000;
	asks = tolds = 0;
}

Test(forward_time, what_is_stale_comes_after_1800_ms, .timeout = 5)
{
	start_stale(1);
	ask("a.example. A");
	ask("a.example. A");
	cr_expect_eq(asks, 1);
	pass(FORWARD_STALE_AFTER_MS - 1);
	cr_expect_eq(tolds, 0);
	pass(1);
	cr_assert_eq(tolds, 2);
	expect_told(0, FORWARD_STALE);
	cr_expect(told[0].stale);
	cr_expect_gt(told[0].len, 0);
	/* RFC 8767 5: the question goes on, others need not wait. */
	cr_expect_eq(stats().in_flight, 1);
	ask("a.example. A");
	cr_assert_eq(tolds, 3);
	expect_told(2, FORWARD_STALE);
	answer(asks - 1, &good);
	cr_expect_eq(tolds, 3);
	ask("a.example. A");
	expect_told(3, FORWARD_CACHE);
	cr_expect_eq(stats().stale, 3);
	stop_all();
}

Test(forward_time, a_failure_is_answered_with_what_is_stale, .timeout = 5)
{
	start_stale(1);
	ask("a.example. A");
	answer(0, &servfail);
	expect_told(0, FORWARD_STALE);
	/* And at once, until it is time to ask again. */
	ask("a.example. A");
	expect_told(1, FORWARD_STALE);
	cr_expect_eq(asks, 1);
	now_ms += 1000;
	ask("a.example. A");
	cr_expect_eq(asks, 2);
	answer(1, &good);
	expect_told(2, FORWARD_ANSWER);
	stop_all();
}

Test(forward_time, what_is_stale_is_better_than_too_much_to_do, .timeout = 5)
{
	start_stale(1);
	for (int i = 0; i < FORWARD_WAITERS; i++)
		ask("a.example. A");
	cr_expect_eq(tolds, 0);
	ask("a.example. A");
	expect_told(0, FORWARD_STALE);
	stop_all();
}

Test(forward_time, failures_are_asked_for_less_and_less_often, .timeout = 20)
{
	size_t before;

	start_one(1);
	prompt = 1;
	prompt_outcome = UPSTREAM_FAILED;
	for (int s = 0; s < 300; s++) {
		ask("a.example. A");
		now_ms += 1000;
	}
	/* 1 + 2 + 4 + 8 + 16 + 30 * n seconds: 5 + 9 failures or so, each
	 * after FORWARD_ROUNDS tries. */
	cr_expect_leq(asks, 15 * FORWARD_ROUNDS);
	cr_expect_geq(asks, 12 * FORWARD_ROUNDS);
	cr_expect_eq(tolds, 300);
	/* An answer ends it. */
	prompt_outcome = UPSTREAM_ANSWERED;
	prompt_text = &good;
	now_ms += 30000;
	before = tolds;
	ask("a.example. A");
	expect_told(before, FORWARD_ANSWER);
	stop_all();
}

Test(forward_time, what_is_popular_and_soon_stale_is_asked_for_again,
    .timeout = 5)
{
	start_one(1);
	ask("a.example. A");
	answer(0, &good);
	/* Not popular yet, then not soon stale. */
	ask("a.example. A");
	ask("a.example. A");
	ask("a.example. A");
	ask("a.example. A");
	now_ms += 269000;
	ask("a.example. A");
	cr_expect_eq(asks, 1);
	now_ms += 2000;
	ask("a.example. A");
	cr_assert_eq(asks, 2);
	expect_told(5, FORWARD_CACHE);
	/* Once. */
	ask("a.example. A");
	cr_expect_eq(asks, 2);
	cr_expect_eq(stats().prefetched, 1);
	answer(1, &good);
	now_ms += 200000;
	ask("a.example. A");
	expect_told(7, FORWARD_CACHE);
	cr_expect_eq(asks, 2);
	stop_all();
}

Test(forward_time, a_prefetch_that_fails_is_not_repeated_at_once, .timeout = 5)
{
	start_one(1);
	ask("a.example. A");
	answer(0, &good);
	now_ms += 280000;
	for (int i = 0; i < 3; i++)
		ask("a.example. A");
	cr_assert_eq(asks, 2);
	answer(1, &servfail);
	for (int i = 0; i < 100; i++)
		ask("a.example. A");
	cr_expect_eq(asks, 2);
	expect_told(tolds - 1, FORWARD_CACHE);
	now_ms += 1000;
	ask("a.example. A");
	cr_expect_eq(asks, 3);
	stop_all();
}

Test(forward_time, what_is_rare_is_not_prefetched, .timeout = 5)
{
	start_one(1);
	ask("a.example. A");
	answer(0, &good);
	now_ms += 290000;
	ask("a.example. A");
	ask("a.example. A");
	cr_expect_eq(asks, 1);
	stop_all();
}

Test(
    forward_time, who_joins_a_prefetch_gets_what_is_stale_in_time, .timeout = 5)
{
	start_one(1);
	ask("a.example. A");
	answer(0, &good);
	now_ms += 299000;
	for (int i = 0; i < 3; i++)
		ask("a.example. A");
	cr_assert_eq(asks, 2);
	pass(1500);
	tolds = 0;
	ask("a.example. A");
	cr_expect_eq(tolds, 0);
	pass(FORWARD_STALE_AFTER_MS);
	cr_assert_eq(tolds, 1);
	expect_told(0, FORWARD_STALE);
	stop_all();
}

/* Kills a server by three questions that it does not answer. */
static void
kill_server(void)
{
	char question[64];

	for (int i = 0; i < 3; i++) {
		snprintf(question, sizeof(question), "k%d.example. A", i);
		ask(question);
	}
	pass(FORWARD_TIMEOUT_MS);
	cr_assert(forward_servers(f, 0)->state[0].dead);
}

Test(forward_time, dead_servers_are_probed_until_they_answer, .timeout = 20)
{
	size_t before, probes = 0;
	static const struct message_text soa =
	    TEXT("ra 0", ". SOA", ". 60 IN SOA a. a. 1 1 1 1 1\n");

	start_one(1);
	kill_server();
	before = asks;
	pass(120000);
	for (size_t i = before; i < asks; i++)
		probes += asked[i].qtype == TYPE_SOA;
	/* 1 + 2 + 4 + 8 + 16 + 30 * n */
	cr_expect_eq(probes, asks - before);
	cr_expect_geq(probes, 6);
	cr_expect_leq(probes, 9);
	/* It answers, and is probed no more. */
	now_ms = forward_next_ms(f);
	forward_turn(f, now_ms);
	now_ms += 5;
	answer(asks - 1, &soa);
	cr_expect(!forward_servers(f, 0)->state[0].dead);
	before = asks;
	pass(120000);
	cr_expect_eq(asks, before);
	cr_expect_eq(forward_next_ms(f), INT64_MAX);
	stop_all();
}

Test(forward_time, who_refuses_lives, .timeout = 5)
{
	static const struct message_text refused = TEXT("ra 5", ". SOA", NULL);

	start_one(1);
	kill_server();
	now_ms = forward_next_ms(f);
	forward_turn(f, now_ms);
	answer(asks - 1, &refused);
	cr_expect(!forward_servers(f, 0)->state[0].dead);
	stop_all();
}

static unsigned late;

/* Told about a failure when its time was over. */
static void
note_time(void *arg, enum forward_source source, const struct cache_entry *e)
{
	(void)e;
	if (source == FORWARD_FAILED)
		late += now_ms != (int64_t)(intptr_t)arg;
}

Test(forward_time, each_of_many_ends_in_time, .timeout = 20)
{
	char question[64];
	struct random order;

	start_one(2);
	random_seed(&order, 3);
	late = 0;
	for (int i = 0; i < 700; i++) {
		struct name name;
		struct cache_key key = {.qname = name.wire, .qtype = TYPE_A};

		snprintf(question, sizeof(question), "n%d.example.", i);
		text_name(question, &name);
		key.hash = name_hash(name.wire);
		cr_assert_eq(
		    forward_ask(f, 0, &key, now_ms, note_time,
			(void *)(intptr_t)(now_ms + FORWARD_TIMEOUT_MS)),
		    OK);
		/* Some are answered in between, so that places move. */
		if (i % 3 == 0) {
			size_t a = (size_t)random_below(&order, asks);
			char text[NAME_TEXT_LEN], q[NAME_TEXT_LEN + 8];
			struct message_text reply = TEXT("ra 3", q, NULL);

			snprintf(q, sizeof(q), "%s A",
			    name_to_text(asked[a].qname.wire, text));
			if (!asked[a].ended)
				answer(a, &reply);
		}
		pass((int64_t)random_below(&order, 10));
	}
	pass(FORWARD_TIMEOUT_MS);
	cr_expect_eq(stats().in_flight, 0);
	cr_expect_eq(late, 0);
	stop_all();
}

Test(forward_time, when_upstreams_end_nobody_is_asked_from_inside, .timeout = 5)
{
	start_one(2);
	ask("a.example. A");
	finish(0, UPSTREAM_ENDED);
	cr_expect_eq(asks, 1);
	cr_expect_leq(forward_next_ms(f), now_ms);
	stop_all();
	expect_told(0, FORWARD_ENDED);
}

Test(forward_time, tickets_of_the_past_mean_nobody, .timeout = 5)
{
	char question[64];

	start_one(1);
	ask("a.example. A");
	answer(0, &good);
	/* The slot is used again. */
	for (int i = 0; i < 10; i++) {
		snprintf(question, sizeof(question), "n%d.example. A", i);
		ask(question);
	}
	tolds = 0;
	asked[0].ended = false;
	answer(0, &good);
	asked[0].ended = false;
	finish(0, UPSTREAM_SILENT);
	cr_expect_eq(tolds, 0);
	cr_expect_eq(stats().in_flight, 10);
	stop_all();
}
