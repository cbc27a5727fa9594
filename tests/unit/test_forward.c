/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a question to upstreams and back, on a fake clock. */
#include "tests/unit/forward_fixture.h"

static const struct message_text good =
    TEXT("ra 0", "a.example. A", "a.example. 300 IN A 192.0.2.1\n");
static const struct message_text refused = TEXT("ra 5", "a.example. A", NULL);
static const struct message_text servfail = TEXT("ra 2", "a.example. A", NULL);
static const struct message_text gone = TEXT("ra 3", "a.example. A", NULL,
    "example. 600 IN SOA a. a. 1 7200 3600 86400 300\n");

/* Makes a server known with a round trip. */
static void
acquaint(unsigned server, uint32_t rtt_us)
{
	struct servers *s = (struct servers *)forward_servers(f, 0);

	for (unsigned i = 0; i < 50; i++)
		servers_answered(s, server, rtt_us, now_ms);
}

static void
expect_told(size_t i, enum forward_source source, enum rcode rcode)
{
	cr_assert_lt(i, tolds, "only %zu were told", tolds);
	cr_expect_eq(told[i].source, source, "%zu: %d", i, (int)told[i].source);
	cr_expect_eq(told[i].rcode, rcode, "%zu: %d", i, (int)told[i].rcode);
}

Test(forward, an_answer_is_told_and_remembered, .timeout = 5)
{
	start_one(1);
	ask("a.example. A");
	cr_assert_eq(asks, 1);
	cr_expect_eq(tolds, 0);
	cr_expect_eq(asked[0].qtype, TYPE_A);
	cr_expect(!asked[0].tcp);
	now_ms += 20;
	answer(0, &good);
	cr_assert_eq(tolds, 1);
	expect_told(0, FORWARD_ANSWER, RCODE_NOERROR);
	ask("A.example. A");
	cr_assert_eq(tolds, 2);
	expect_told(1, FORWARD_CACHE, RCODE_NOERROR);
	cr_expect_eq(asks, 1);
	cr_expect_eq(stats().in_flight, 0);
	cr_expect_eq(forward_next_ms(f), INT64_MAX);
	stop_all();
}

Test(forward, no_name_is_an_answer_for_each_type, .timeout = 5)
{
	start_one(1);
	ask("a.example. A");
	answer(0, &gone);
	expect_told(0, FORWARD_ANSWER, RCODE_NXDOMAIN);
	ask("a.example. AAAA");
	expect_told(1, FORWARD_CACHE, RCODE_NXDOMAIN);
	stop_all();
}

Test(forward, the_same_question_is_asked_once, .timeout = 5)
{
	start_one(1);
	for (int i = 0; i < 5; i++)
		ask("a.example. A");
	ask("a.example. AAAA");
	cr_expect_eq(asks, 2);
	cr_expect_eq(stats().merged, 4);
	answer(0, &good);
	cr_expect_eq(tolds, 5);
	for (size_t i = 0; i < 5; i++)
		expect_told(i, FORWARD_ANSWER, RCODE_NOERROR);
	cr_expect_eq(stats().in_flight, 1);
	stop_all();
	expect_told(5, FORWARD_ENDED, RCODE_NOERROR);
}

Test(forward, do_and_cd_make_another_question, .timeout = 5)
{
	static const struct message_text answer_signed =
	    TEXT("ra 0", "a.example. A",
		"a.example. 300 IN A 192.0.2.1\n"
		"a.example. 300 IN RRSIG A 8 2 300 1893456000 1577836800 1 "
		"example. AAAA\n");
	struct cache_key key = {
	    .qname = (const uint8_t *)"\1a\7example", .qtype = TYPE_A};

	start_one(1);
	key.hash = name_hash(key.qname);
	for (unsigned bits = 0; bits < 4; bits++) {
		key.dnssec_ok = (bits & 1) != 0;
		key.checking_disabled = (bits & 2) != 0;
		cr_assert_eq(
		    forward_ask(f, 0, &key, now_ms, note_told, NULL), OK);
		cr_assert_eq(asks, bits + 1);
		cr_expect_eq(asked[bits].dnssec_ok, key.dnssec_ok);
		cr_expect_eq(
		    asked[bits].checking_disabled, key.checking_disabled);
	}
	for (unsigned bits = 0; bits < 4; bits++)
		answer(bits, &answer_signed);
	/* Signatures are for those who asked. */
	cr_assert_eq(tolds, 4);
	cr_expect_lt(told[0].len, told[1].len);
	cr_expect_eq(told[0].len, told[2].len);
	cr_expect_eq(told[1].len, told[3].len);
	stop_all();
}

Test(forward, so_many_wait_for_one_question, .timeout = 5)
{
	start_one(1);
	for (int i = 0; i < FORWARD_WAITERS; i++)
		ask("a.example. A");
	cr_expect_eq(try_ask("a.example. A", note_told), ERR_LIMIT);
	answer(0, &good);
	cr_expect_eq(tolds, FORWARD_WAITERS);
	stop_all();
}

Test(forward, so_many_are_in_flight, .timeout = 20)
{
	char question[64];

	start_one(1);
	for (int i = 0; i < FORWARD_IN_FLIGHT; i++) {
		snprintf(question, sizeof(question), "n%d.example. A", i);
		cr_assert_eq(try_ask(question, note_told), OK);
	}
	cr_expect_eq(try_ask("x.example. A", note_told), ERR_LIMIT);
	cr_expect_eq(stats().in_flight, FORWARD_IN_FLIGHT);
	/* One turn looks at so many; the rest is due at once. */
	now_ms += 100000;
	forward_turn(f, now_ms);
	cr_expect_eq(tolds, FORWARD_TURN);
	cr_expect_leq(forward_next_ms(f), now_ms);
	while (stats().in_flight > 0)
		forward_turn(f, now_ms);
	cr_expect_eq(tolds, FORWARD_IN_FLIGHT);
	cr_assert_eq(try_ask("x.example. A", note_told), OK);
	stop_all();
}

Test(forward, the_next_server_is_asked_after_patience, .timeout = 5)
{
	start_one(2);
	acquaint(0, 30000);
	acquaint(1, 50000);
	ask("a.example. A");
	cr_assert_eq(asks, 1);
	cr_expect_eq(asked[0].server, 0);
	pass(29);
	cr_expect_eq(asks, 1);
	pass(11);
	cr_assert_eq(asks, 2);
	cr_expect_eq(asked[1].server, 1);
	answer(1, &good);
	expect_told(0, FORWARD_ANSWER, RCODE_NOERROR);
	/* The first one's answer is worth its round trip, no more. */
	now_ms += 10;
	answer(0, &good);
	cr_expect_eq(tolds, 1);
	cr_expect_eq(forward_servers(f, 0)->state[0].silences, 0);
	stop_all();
}

Test(forward, nobody_waits_longer_than_300_ms_for_a_dead_server, .timeout = 5)
{
	start_one(2);
	acquaint(0, 1000);
	acquaint(1, 2000);
	/* The first one dies. */
	for (int i = 0; i < 100; i++) {
		char question[64];
		struct message_text text = TEXT("ra 3", question, NULL);
		size_t before = tolds;
		int64_t from_ms = now_ms;

		snprintf(question, sizeof(question), "n%d.example. A", i);
		ask(question);
		while (tolds == before && now_ms < from_ms + 1000) {
			for (size_t a = 0; a < asks; a++)
				if (!asked[a].ended && asked[a].server == 1 &&
				    now_ms >= asked[a].at_ms + 2) {
					char name[NAME_TEXT_LEN];
					char q[NAME_TEXT_LEN + 8];

					snprintf(q, sizeof(q), "%s A",
					    name_to_text(
						asked[a].qname.wire, name));
					text.question = q;
					answer(a, &text);
				}
			if (tolds == before)
				pass(1);
		}
		cr_expect_leq(now_ms - from_ms, 302, "%d", i);
		pass(100);
	}
	cr_expect(forward_servers(f, 0)->state[0].dead);
	stop_all();
}

Test(forward, a_useless_answer_moves_on_at_once, .timeout = 5)
{
	static const struct message_text *const useless[] = {
	    &refused, &servfail};

	for (size_t i = 0; i < 2; i++) {
		start_one(2);
		acquaint(0, 1000);
		acquaint(1, 50000);
		ask("a.example. A");
		answer(0, useless[i]);
		cr_assert_eq(asks, 2);
		cr_expect_eq(asked[1].server, 1);
		cr_expect_eq(tolds, 0);
		answer(1, &good);
		expect_told(0, FORWARD_ANSWER, RCODE_NOERROR);
		cr_expect_eq(stats().wrong, 1);
		stop_all();
	}
}

Test(forward, when_all_are_useless_it_has_failed, .timeout = 5)
{
	start_one(2);
	ask("a.example. A");
	answer(0, &servfail);
	answer(1, &refused);
	expect_told(0, FORWARD_FAILED, RCODE_SERVFAIL);
	cr_expect_eq(asks, 2);
	/* RFC 9520 3.2 */
	now_ms += 999;
	ask("a.example. A");
	expect_told(1, FORWARD_FAILED_BEFORE, RCODE_SERVFAIL);
	cr_expect_eq(asks, 2);
	now_ms += 1;
	ask("a.example. A");
	cr_expect_eq(asks, 3);
	cr_expect_eq(stats().failed, 2);
	stop_all();
}

Test(forward, silence_is_failure_in_the_end, .timeout = 5)
{
	start_one(1);
	ask("a.example. A");
	pass(FORWARD_TIMEOUT_MS - 1);
	cr_expect_eq(tolds, 0);
	cr_expect_eq(asks, FORWARD_ROUNDS);
	cr_expect_eq(asked[1].at_ms - asked[0].at_ms, FORWARD_AGAIN_MS);
	cr_expect_eq(asked[2].at_ms - asked[1].at_ms, 2 * FORWARD_AGAIN_MS);
	pass(1);
	expect_told(0, FORWARD_FAILED, RCODE_SERVFAIL);
	/* Three questions, one silence. */
	cr_expect_eq(forward_servers(f, 0)->state[0].silences, 1);
	stop_all();
}

Test(forward, a_lost_question_is_asked_again, .timeout = 5)
{
	start_one(1);
	ask("a.example. A");
	pass(FORWARD_AGAIN_MS);
	cr_assert_eq(asks, 2);
	answer(1, &good);
	expect_told(0, FORWARD_ANSWER, RCODE_NOERROR);
	stop_all();
}

Test(forward, nobody_listens_moves_on_at_once, .timeout = 5)
{
	start_one(3);
	ask("a.example. A");
	finish(0, UPSTREAM_REFUSED);
	cr_assert_eq(asks, 2);
	finish(1, UPSTREAM_FAILED);
	cr_assert_eq(asks, 3);
	answer(2, &good);
	expect_told(0, FORWARD_ANSWER, RCODE_NOERROR);
	cr_expect_eq(forward_servers(f, 0)->state[asked[0].server].silences, 1);
	cr_expect_eq(forward_servers(f, 0)->state[asked[1].server].silences, 0);
	stop_all();
}

Test(forward, who_cannot_be_asked_is_passed_over, .timeout = 5)
{
	start_one(2);
	acquaint(0, 1000);
	acquaint(1, 50000);
	deaf = 1;
	ask("a.example. A");
	cr_assert_eq(asks, 2);
	cr_expect_eq(asked[1].server, 1);
	answer(1, &good);
	expect_told(0, FORWARD_ANSWER, RCODE_NOERROR);
	/* None at all: each was tried, and it has failed at once. */
	deaf = 3;
	ask("b.example. A");
	expect_told(1, FORWARD_FAILED, RCODE_SERVFAIL);
	stop_all();
}

Test(forward, an_answer_may_come_before_ask_returns, .timeout = 5)
{
	start_one(2);
	prompt = 3;
	prompt_outcome = UPSTREAM_ANSWERED;
	prompt_text = &good;
	ask("a.example. A");
	expect_told(0, FORWARD_ANSWER, RCODE_NOERROR);
	prompt_text = &servfail;
	cache_flush(cache, (const uint8_t *)"", true);
	ask("a.example. A");
	expect_told(1, FORWARD_FAILED, RCODE_SERVFAIL);
	prompt_outcome = UPSTREAM_FAILED;
	ask("b.example. A");
	expect_told(2, FORWARD_FAILED, RCODE_SERVFAIL);
	cr_expect_eq(stats().in_flight, 0);
	stop_all();
}

Test(forward, what_is_truncated_is_asked_by_tcp, .timeout = 5)
{
	static const struct message_text tc =
	    TEXT("ra tc 0", "a.example. A", NULL);

	start_one(1);
	ask("a.example. A");
	answer(0, &tc);
	cr_assert_eq(asks, 2);
	cr_expect(asked[1].tcp);
	cr_expect_eq(asked[1].server, 0);
	answer(1, &good);
	expect_told(0, FORWARD_ANSWER, RCODE_NOERROR);
	/* By TCP it is a useless answer. */
	cache_flush(cache, (const uint8_t *)"", true);
	ask("a.example. A");
	answer(2, &tc);
	answer(3, &tc);
	expect_told(1, FORWARD_FAILED, RCODE_SERVFAIL);
	stop_all();
}

Test(forward, another_question_is_answered_by_nobody, .timeout = 5)
{
	static const struct message_text other =
	    TEXT("ra 0", "b.example. A", "b.example. 300 IN A 192.0.2.66\n");

	start_one(1);
	ask("a.example. A");
	answer(0, &other);
	expect_told(0, FORWARD_FAILED, RCODE_SERVFAIL);
	cr_expect_eq(stats().wrong, 1);
	ask("b.example. A");
	cr_expect_eq(asks, 2);
	stop_all();
}

Test(forward, the_longest_zone_wins, .timeout = 5)
{
	static const struct forward_zone zones[] = {
	    {(const uint8_t *)"\7example", 1, false},
	    {(const uint8_t *)"\4corp\7example", 1, false},
	    {(const uint8_t *)"\1x\1y\1z", 1, false},
	};
	static const struct {
		const char *name;
		int zone;
	} rows[] = {{"example.", 0}, {"a.Example.", 0}, {"a.b.c.example.", 0},
	    {"corp.example.", 1}, {"a.b.CORP.example.", 1},
	    {"acorp.example.", 0}, {"test.", -1}, {".", -1}, {"y.z.", -1},
	    {"x.y.z.", 2}};

	start_zones(zones, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct name name;

		text_name(rows[i].name, &name);
		cr_expect_eq(forward_find_zone(f, name.wire), rows[i].zone,
		    "%s", rows[i].name);
	}
	ask("a.corp.example. A");
	cr_expect_eq(asked[0].zone, 1);
	stop_all();
}

Test(forward, private_addresses_are_dropped_where_that_is_asked_for,
    .timeout = 5)
{
	static const struct forward_zone zones[] = {
	    {(const uint8_t *)"\7example", 1, true},
	    {(const uint8_t *)"\4corp", 1, false},
	};
	static const struct message_text example =
	    TEXT("ra 0", "a.example. A", "a.example. 300 IN A 10.0.0.1\n");
	static const struct message_text corp =
	    TEXT("ra 0", "a.corp. A", "a.corp. 300 IN A 10.0.0.1\n");

	start_zones(zones, 2);
	ask("a.example. A");
	answer(0, &example);
	expect_told(0, FORWARD_BLOCKED, RCODE_NOERROR);
	cr_expect_eq(told[0].len, 0);
	/* It need not be asked again. */
	ask("a.example. A");
	expect_told(1, FORWARD_BLOCKED, RCODE_NOERROR);
	cr_expect_eq(asks, 1);
	ask("a.corp. A");
	answer(1, &corp);
	expect_told(2, FORWARD_ANSWER, RCODE_NOERROR);
	cr_expect_eq(stats().blocked, 2);
	stop_all();
}

static unsigned chases;

/* Asks for the next name as long as it is told something. */
static void
chase(void *arg, enum forward_source source, const struct cache_entry *entry)
{
	char question[64];

	note_told(arg, source, entry);
	if (source == FORWARD_ENDED || chases == 0)
		return;
	snprintf(question, sizeof(question), "n%u.example. A", --chases);
	cr_assert_eq(try_ask(question, chase), OK);
	cr_assert_eq(try_ask(question, chase), OK);
}

Test(forward, who_is_told_may_ask_anew, .timeout = 5)
{
	start_one(1);
	prompt = 1;
	prompt_outcome = UPSTREAM_FAILED;
	chases = 5;
	cr_assert_eq(try_ask("a.example. A", chase), OK);
	cr_expect_gt(tolds, 5);
	cr_expect_eq(stats().in_flight, 0);
	/* While many are told of one answer, too. */
	prompt = 0;
	chases = 3;
	cr_assert_eq(try_ask("b.example. A", chase), OK);
	cr_assert_eq(try_ask("b.example. A", chase), OK);
	finish(asks - 1, UPSTREAM_REFUSED);
	pass(60000);
	cr_expect_eq(stats().in_flight, 0);
	stop_all();
}
