/* SPDX-License-Identifier: Apache-2.0 */
/* What health and operators do to the views of a service. */
#include "tests/unit/view_fixture.h"

#define FIRST "services: [{match: \"*.z\", strategy: first}]\n"
#define CHECKED \
	"services:\n" \
	"  - match: \"*.z\"\n" \
	"    strategy: first\n" \
	"    check: {type: tcp, interval: 5s, fall: 3, networks: " \
	"[192.0.2.0/24]}\n"

#define expect_answer(qname, qtype, text) \
	do { \
		const char *got = view_ask(qname, qtype); \
		cr_expect_eq(view.rcode, RCODE_NOERROR); \
		cr_expect_str_eq(got, text, "%s: %s", qname, got); \
	} while (0)

/* Three plain instances in two tiers. */
static void
start_plain(const char *config)
{
	view_start(config);
	view_add("h1", TYPE_A, "1");
	view_add("h2", TYPE_A, "2");
	view_add("h3", TYPE_A, "3");
	view_add("h1", TYPE_TXT, "tags=one");
	view_add("_x._tcp.web", TYPE_SRV, "0 10 80 h1");
	view_add("_x._tcp.web", TYPE_SRV, "0 20 80 h2");
	view_add("_x._tcp.web", TYPE_SRV, "5 30 80 h3");
	view_commit();
}

Test(views, who_is_out_is_in_no_view, .timeout = 5)
{
	start_plain(FIRST);
	view_out("_x._tcp.web", "h1", 80);
	expect_answer(
	    "_x._tcp.web", TYPE_SRV, "SRV 0 20 80 h2.z.|SRV 5 30 80 h3.z.");
	expect_answer("_x._tcp.web", TYPE_PTR,
	    "PTR h2-80._x._tcp.web.z.|PTR h3-80._x._tcp.web.z.");
	expect_answer("_x._tcp.web", TYPE_SVCB, "SVCB 1 h2.z.|SVCB 2 h3.z.");
	expect_answer("web", TYPE_A, "2");
	expect_answer(
	    "_x._tcp.web", TYPE_ANY, "SRV 0 20 80 h2.z.|SRV 5 30 80 h3.z.");
	/* Its own name stays, without that record. */
	expect_answer("h1-80._x._tcp.web", TYPE_SRV, "");
	expect_answer("h1-80._x._tcp.web", TYPE_TXT, "tags=one");
	expect_answer("h2-80._x._tcp.web", TYPE_SRV, "SRV 0 20 80 h2.z.");
	/* So does its tag. */
	expect_answer("one._sub._x._tcp.web", TYPE_SRV, "");
	expect_answer("one._sub._x._tcp.web", TYPE_PTR, "");
	/* A host is no instance. */
	expect_answer("h1", TYPE_A, "1");
	view_stop();
}

Test(views, an_instance_is_a_target_and_a_port, .timeout = 5)
{
	view_start(FIRST);
	view_add("h1", TYPE_A, "1");
	view_add("_x._tcp.web", TYPE_SRV, "0 0 80 h1");
	view_add("_x._tcp.web", TYPE_SRV, "0 0 81 h1");
	view_commit();
	view_out("_x._tcp.web", "H1", 80);
	expect_answer("_x._tcp.web", TYPE_SRV, "SRV 0 0 81 h1.z.");
	expect_answer("web", TYPE_A, "1");
	view_stop();
}

Test(views, a_single_instance_needs_no_prepared_answer, .timeout = 5)
{
	view_start(FIRST);
	view_add("h1", TYPE_A, "1");
	view_add("_x._tcp.web", TYPE_SRV, "0 0 80 h1");
	view_commit();
	expect_answer("_x._tcp.web", TYPE_SRV, "SRV 0 0 80 h1.z.");
	view_out("_x._tcp.web", "h1", 80);
	expect_answer("_x._tcp.web", TYPE_SRV, "");
	view_stand("_x._tcp.web", CONDITION_NORMAL, NULL, 0);
	expect_answer("_x._tcp.web", TYPE_SRV, "SRV 0 0 80 h1.z.");
	view_stop();
}

Test(views, when_all_are_out_there_is_no_data, .timeout = 5)
{
	struct standing out[3];

	start_plain(FIRST);
	out[0] = view_standing("h1", 80, SERVED_OUT, WHY_UNHEALTHY);
	out[1] = view_standing("h2", 80, SERVED_OUT, WHY_UNKNOWN);
	out[2] = view_standing("h3", 80, SERVED_OUT, WHY_FORCED_DOWN);
	view_stand("_x._tcp.web", CONDITION_NORMAL, out, 3);
	expect_answer("_x._tcp.web", TYPE_SRV, "");
	expect_answer("_x._tcp.web", TYPE_PTR, "");
	expect_answer("_x._tcp.web", TYPE_SVCB, "");
	expect_answer("_x._tcp.web", TYPE_ANY, "");
	expect_answer("web", TYPE_A, "");
	cr_expect_eq(view.ede, -1);
	view_stop();
}

Test(views, dns_sd_instances_go_with_their_records, .timeout = 5)
{
	view_start(FIRST);
	view_add("h1", TYPE_A, "1");
	view_add("h2", TYPE_A, "2");
	view_add("_x._tcp.web", TYPE_PTR, "a._x._tcp.web");
	view_add("_x._tcp.web", TYPE_PTR, "b._x._tcp.web");
	view_add("_x._tcp.web", TYPE_PTR, "nobody._x._tcp.web");
	view_add("a._x._tcp.web", TYPE_SRV, "0 0 80 h1");
	view_add("a._x._tcp.web", TYPE_TXT, "k=v");
	view_add("b._x._tcp.web", TYPE_SRV, "0 0 80 h2");
	view_add("_s._sub._x._tcp.web", TYPE_PTR, "a._x._tcp.web");
	view_add("_s._sub._x._tcp.web", TYPE_PTR, "b._x._tcp.web");
	view_commit();
	view_out("_x._tcp.web", "h1", 80);
	expect_answer("_x._tcp.web", TYPE_SRV, "SRV 0 0 80 h2.z.");
	expect_answer("_x._tcp.web", TYPE_PTR,
	    "PTR b._x._tcp.web.z.|PTR nobody._x._tcp.web.z.");
	expect_answer("a._x._tcp.web", TYPE_SRV, "");
	expect_answer("a._x._tcp.web", TYPE_TXT, "k=v");
	expect_answer("a._x._tcp.web", TYPE_ANY, "k=v");
	expect_answer("b._x._tcp.web", TYPE_SRV, "SRV 0 0 80 h2.z.");
	expect_answer("_s._sub._x._tcp.web", TYPE_PTR, "PTR b._x._tcp.web.z.");
	expect_answer("_s._sub._x._tcp.web", TYPE_SRV, "SRV 0 0 80 h2.z.");
	expect_answer("web", TYPE_A, "2");
	view_stop();
}

Test(views, who_drains_comes_last_and_has_no_address, .timeout = 5)
{
	struct standing st[2];

	start_plain(FIRST);
	st[0] = view_standing("h1", 80, SERVED_DRAIN, WHY_FORCED_DRAIN);
	view_stand("_x._tcp.web", CONDITION_NORMAL, st, 1);
	expect_answer("_x._tcp.web", TYPE_SRV,
	    "SRV 0 20 80 h2.z.|SRV 0 0 80 h1.z.|SRV 5 30 80 h3.z.");
	expect_answer("web", TYPE_A, "2");
	expect_answer("_x._tcp.web", TYPE_SVCB, "SVCB 1 h2.z.|SVCB 2 h3.z.");
	/* The whole tier does: the next one. */
	st[0] = view_standing("h1", 80, SERVED_DRAIN, WHY_FORCED_DRAIN);
	st[1] = view_standing("h2", 80, SERVED_DRAIN, WHY_AGENT_DRAIN);
	view_stand("_x._tcp.web", CONDITION_NORMAL, st, 2);
	expect_answer("web", TYPE_A, "3");
	view_stop();
}

Test(views, a_part_of_the_weight_is_answered, .timeout = 5)
{
	struct standing st;

	start_plain(FIRST);
	st = view_standing("h2", 80, SERVED_UP, WHY_SLOW_START);
	st.scale = SCALE_WHOLE / 2;
	view_stand("_x._tcp.web", CONDITION_NORMAL, &st, 1);
	/* In finer steps, all of them: the ratios are what counts. */
	expect_answer("_x._tcp.web", TYPE_SRV,
	    "SRV 0 1000 80 h1.z.|SRV 0 1000 80 h2.z.|SRV 5 3000 80 h3.z.");
	view_stop();
}

Test(views, records_that_became_equal_are_one, .timeout = 5)
{
	struct standing st;

	view_start(FIRST);
	view_add("_x._tcp.web", TYPE_SRV, "0 1 80 h1");
	view_add("_x._tcp.web", TYPE_SRV, "0 2 80 h1");
	view_add("_x._tcp.web", TYPE_SRV, "0 3 80 h2");
	view_commit();
	st = view_standing("h1", 80, SERVED_DRAIN, WHY_FORCED_DRAIN);
	view_stand("_x._tcp.web", CONDITION_NORMAL, &st, 1);
	expect_answer(
	    "_x._tcp.web", TYPE_SRV, "SRV 0 3 80 h2.z.|SRV 0 0 80 h1.z.");
	view_stop();
}

static uint32_t
ttl_of(const char *qname, uint16_t qtype)
{
	(void)view_ask(qname, qtype);
	cr_expect_gt(view.answers, 0, "%s", qname);
	return view.ttl;
}

Test(views, ttls_end_with_the_next_change, .timeout = 5)
{
	static const struct {
		const char *qname;
		uint16_t qtype;
	} asked[] = {{"_x._tcp.web", TYPE_SRV}, {"_x._tcp.web", TYPE_PTR},
	    {"_x._tcp.web", TYPE_SVCB}, {"web", TYPE_A},
	    {"h2-80._x._tcp.web", TYPE_SRV}};
	const size_t count = sizeof(asked) / sizeof(asked[0]);
	struct standing st;

	start_plain(FIRST);
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(ttl_of(asked[i].qname, asked[i].qtype), 300);
	/* A drain that goes on in 20.5 seconds. */
	st = view_standing("h2", 80, SERVED_UP, WHY_FORCED_DRAIN);
	st.until_ms = VIEW_NOW_MS + 20500;
	view_stand("_x._tcp.web", CONDITION_NORMAL, &st, 1);
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(ttl_of(asked[i].qname, asked[i].qtype), 20,
		    "%s %u: %u", asked[i].qname, asked[i].qtype, view.ttl);
	/* One failed check already. */
	st.until_ms = INT64_MAX;
	st.ttl_max_s = 7;
	view_stand("_x._tcp.web", CONDITION_NORMAL, &st, 1);
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(ttl_of(asked[i].qname, asked[i].qtype), 7);
	/* Others are not concerned. */
	cr_expect_eq(ttl_of("h1-80._x._tcp.web", TYPE_SRV), 300);
	cr_expect_eq(ttl_of("h2", TYPE_A), 300);
	/* Held leases. */
	view_stand("_x._tcp.web", CONDITION_GUARD, NULL, 0);
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(ttl_of(asked[i].qname, asked[i].qtype), 5);
	view_stop();
}

Test(views, checked_services_are_not_remembered_beyond_the_next_failure,
    .timeout = 5)
{
	uint32_t cap;

	start_plain(CHECKED);
	cap = view.config->service[0].shape.ttl_max_s;
	cr_assert(cap > 0 && cap < 300);
	cr_expect_eq(ttl_of("_x._tcp.web", TYPE_SRV), cap);
	cr_expect_eq(ttl_of("_x._tcp.web", TYPE_PTR), cap);
	cr_expect_eq(ttl_of("web", TYPE_A), cap);
	view_stop();
}

Test(views, leases_bound_all_views, .timeout = 5)
{
	view_start(FIRST);
	view_add("h1", TYPE_A, "1");
	view_add_for("_x._tcp.web", TYPE_SRV, "0 0 80 h1", 40);
	view_add_for("_x._tcp.web", TYPE_PTR, "a._x._tcp.web", 30);
	view_add("a._x._tcp.web", TYPE_SRV, "0 0 81 h1");
	view_commit();
	cr_expect_eq(ttl_of("_x._tcp.web", TYPE_SRV), 30);
	cr_expect_eq(ttl_of("_x._tcp.web", TYPE_PTR), 30);
	cr_expect_eq(ttl_of("_x._tcp.web", TYPE_SVCB), 30);
	cr_expect_eq(ttl_of("web", TYPE_A), 30);
	view.now_ms += 30000;
	expect_answer("_x._tcp.web", TYPE_PTR, "PTR h1-80._x._tcp.web.z.");
	cr_expect_eq(view.ttl, 10);
	view_stop();
}

Test(views, conditions_are_told, .timeout = 5)
{
	static const struct {
		enum condition condition;
		int ede;
		const char *text;
	} cases[] = {
	    {CONDITION_NORMAL, -1, ""},
	    {CONDITION_PANIC, EDE_OTHER, "panic: health is ignored"},
	    {CONDITION_NONE_LEFT, EDE_OTHER, "all are answered"},
	    {CONDITION_LAST_GOOD, EDE_STALE_ANSWER, "those that last were"},
	    {CONDITION_GUARD, EDE_STALE_ANSWER, "leases are held"},
	};

	start_plain(FIRST);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		view_stand("_x._tcp.web", cases[i].condition, NULL, 0);
		(void)view_ask("_x._tcp.web", TYPE_SRV);
		cr_expect_eq(view.ede, cases[i].ede);
		cr_expect(strstr(view.ede_text, cases[i].text));
		(void)view_ask("web", TYPE_A);
		cr_expect_eq(view.ede, cases[i].ede);
		(void)view_ask("h1", TYPE_A);
		cr_expect_eq(view.ede, -1);
		view.noedns = true;
		(void)view_ask("_x._tcp.web", TYPE_SRV);
		cr_expect_eq(view.ede, -1);
		view.noedns = false;
	}
	view_stop();
}

/* RFC 6891 6.2.5: also with what is said beside the records. */
Test(views, a_told_condition_fits_what_the_client_takes, .timeout = 10)
{
	char srv[64];

	view_start(FIRST);
	view_add("h1", TYPE_A, "1");
	for (int i = 0; i < 60; i++) {
		snprintf(srv, sizeof(srv), "0 0 %d h1", i + 1);
		view_add("_x._tcp.web", TYPE_SRV, srv);
	}
	view_commit();
	view_stand("_x._tcp.web", CONDITION_PANIC, NULL, 0);
	for (unsigned size = 512; size <= 1232; size++) {
		view.bufsize = (uint16_t)size;
		(void)view_ask("_x._tcp.web", TYPE_SRV);
		cr_assert_leq(view.len, size);
		cr_assert_eq(view.ede, EDE_OTHER);
		cr_assert(strstr(view.ede_text, "panic"));
	}
	view_stop();
}

Test(
    views, own_addresses_that_only_the_unserved_have_are_left_out, .timeout = 5)
{
	struct standing st[2];

	view_start(FIRST);
	view_add("h1", TYPE_A, "1");
	view_add("h2", TYPE_A, "2");
	view_add("h3", TYPE_A, "1");
	view_add("web", TYPE_A, "1");
	view_add("web", TYPE_A, "2");
	view_add("web", TYPE_A, "9"); /* nobody's */
	view_add("_x._tcp.web", TYPE_SRV, "0 0 80 h1");
	view_add("_x._tcp.web", TYPE_SRV, "9 0 80 h2");
	view_add("_y._tcp.web", TYPE_SRV, "0 0 80 h3");
	view_commit();
	/* No tiers. */
	(void)view_ask("web", TYPE_A);
	cr_expect_eq(view.answers, 3);
	view_out("_x._tcp.web", "h2", 80);
	(void)view_ask("web", TYPE_A);
	cr_expect_eq(view.answers, 2);
	cr_expect_null(strstr(view_ask("web", TYPE_A), "2"));
	/* The other service's instance has that address and is served. */
	view_out("_x._tcp.web", "h1", 80);
	(void)view_ask("web", TYPE_A);
	cr_expect_eq(view.answers, 3);
	/* Both of them: nobody's is left. */
	st[0] = view_standing("h1", 80, SERVED_OUT, WHY_UNHEALTHY);
	st[1] = view_standing("h2", 80, SERVED_OUT, WHY_UNHEALTHY);
	st[1].until_ms = VIEW_NOW_MS + 9000;
	view_stand("_x._tcp.web", CONDITION_NORMAL, st, 2);
	view_out("_y._tcp.web", "h3", 80);
	expect_answer("web", TYPE_A, "9");
	cr_expect_eq(view.ttl, 9);
	view_stop();
}

Test(views, if_no_own_address_were_left_all_stay, .timeout = 5)
{
	view_start(FIRST);
	view_add("web", TYPE_A, "1");
	view_add("_x._tcp.web", TYPE_SRV, "0 0 80 web");
	view_commit();
	view_out("_x._tcp.web", "web", 80);
	expect_answer("web", TYPE_A, "1");
	expect_answer("_x._tcp.web", TYPE_SRV, "");
	view_stop();
}

Test(views, explanations_say_what_and_why, .timeout = 5)
{
	struct standing st[3];

	start_plain(FIRST);
	st[0] = view_standing("h1", 80, SERVED_OUT, WHY_UNHEALTHY);
	st[1] = view_standing("h2", 80, SERVED_UP, WHY_FORCED_UP);
	st[1].real = WHY_UNHEALTHY;
	st[1].load = 37;
	st[2] = view_standing("h3", 80, SERVED_UP, WHY_SLOW_START);
	st[2].scale = SCALE_WHOLE / 10;
	view_stand("_x._tcp.web", CONDITION_PANIC, st, 3);
	expect_answer("_explain._x._tcp.web", TYPE_TXT,
	    "panic"
	    "|h1.z:80 out: unhealthy, priority 0, weight 0/10, lease none"
	    "|h2.z:80 up: forced up (unhealthy), priority 0, weight 20/20, "
	    "lease none, load 37"
	    "|h3.z:80 up: slow start, priority 5, weight 3/30, lease none");
	cr_expect_eq(view.ttl, 0);
	view_stop();
}

Test(views, large_services_answer_nobody_who_is_out, .timeout = 20)
{
	struct standing *st = calloc(1000, sizeof(*st));
	char host[32], srv[64];

	view_start("services: [{match: \"*.z\"}]\n");
	for (int i = 0; i < 1000; i++) {
		snprintf(host, sizeof(host), "h%d", i);
		snprintf(srv, sizeof(srv), "0 1 80 %s", host);
		view_add(host, TYPE_A, i % 2 ? "1" : "2");
		view_add("_x._tcp.web", TYPE_SRV, srv);
		st[i] = view_standing(
		    host, 80, i % 2 ? SERVED_OUT : SERVED_UP, WHY_UNHEALTHY);
	}
	view_commit();
	view_stand("_x._tcp.web", CONDITION_NORMAL, st, 1000);
	for (int i = 0; i < 20; i++) {
		view.tcp = i % 2;
		expect_answer("web", TYPE_A, "2");
		(void)view_ask("_x._tcp.web", TYPE_SRV);
		cr_expect_gt(view.answers, 10);
		cr_expect_eq(view.tc, !view.tcp);
	}
	cr_expect_eq(view.answers, 500);
	for (int i = 0; i < 1000; i++)
		st[i].served = SERVED_OUT;
	view_stand("_x._tcp.web", CONDITION_NORMAL, st, 1000);
	expect_answer("web", TYPE_A, "");
	expect_answer("_x._tcp.web", TYPE_SRV, "");
	free(st);
	view_stop();
}

/* An address counts with the sum of its instances' weights: 1 + 2 against 9. */
Test(views, weights_of_one_address_add_up, .timeout = 20)
{
	int first = 0, in = 0, draws = 20000;

	view_start("");
	view_add("h1", TYPE_A, "1");
	view_add("h2", TYPE_A, "1");
	view_add("h3", TYPE_A, "3");
	view_add("_x._tcp.web", TYPE_SRV, "0 1 80 h1");
	view_add("_x._tcp.web", TYPE_SRV, "0 2 80 h2");
	view_add("_x._tcp.web", TYPE_SRV, "0 9 80 h3");
	view_commit();
	for (int i = 0; i < draws; i++) {
		const char *got = view_ask("web", TYPE_A);

		first += got[0] == '1';
		in += strchr(got, '1') != NULL;
	}
	/* 3/12 and 3/9, within five standard deviations. */
	cr_expect(abs(first - draws / 4) < 307, "%d", first);
	cr_expect(abs(in - draws / 3) < 334, "%d", in);
	view_stop();
}

/* More than are prepared: their set is not looked through. */
Test(views, nobody_of_many_is_served_until_one_comes, .timeout = 5)
{
	struct standing list[100];
	char text[40];

	view_start(FIRST);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "0 10 80 h%u", i);
		view_add("_x._tcp.web", TYPE_SRV, text);
		snprintf(text, sizeof(text), "h%u", i);
		view_add(text, TYPE_A, "1");
		list[i] = view_standing(text, 80, SERVED_OUT, WHY_UNHEALTHY);
	}
	view_commit();
	view_stand("_x._tcp.web", CONDITION_NORMAL, list, 100);
	expect_answer("_x._tcp.web", TYPE_SRV, "");
	expect_answer("_x._tcp.web", TYPE_PTR, "");
	expect_answer("web", TYPE_A, "");
	view_add("h100", TYPE_A, "7");
	view_add("_x._tcp.web", TYPE_SRV, "5 0 80 h100");
	view_commit();
	expect_answer("_x._tcp.web", TYPE_SRV, "SRV 5 0 80 h100.z.");
	expect_answer("web", TYPE_A, "7");
	view_stop();
}
