/* SPDX-License-Identifier: Apache-2.0 */
/* Which questions lead from a name to endpoints; and the search list. */
#include <criterion/criterion.h>

#include "resolver/client/client_search.h"
#include "resolver/client/lookup.h"
#include "tests/unit/client_dns.h"

static struct client_dns dns; /* only its records: nothing is sent */
static struct lookup *lookup;
static struct lookup_search search;
static struct lookup_question *asked[128]; /* may be used anew meanwhile */
static struct lookup_question copy[128];
static size_t asked_count, answered;

static void
set_up(void)
{
	cr_assert_eq(pthread_mutex_init(&dns.lock, NULL), 0);
	dns.negative_ttl_s = 60;
	search.ndots = 1;
}

static void
tear_down(void)
{
	lookup_free(lookup);
}

TestSuite(lookup, .init = set_up, .fini = tear_down, .timeout = 5);

static void
note(void *arg, struct lookup_question *question)
{
	(void)arg;
	cr_assert_lt(asked_count, 128);
	copy[asked_count] = *question;
	asked[asked_count++] = question;
}

static void
start(const char *service, uint16_t default_port)
{
	cr_assert_eq(lookup_new(service, &search, &lookup), OK);
	lookup->ask = note;
	lookup->default_port = default_port;
	lookup_start(lookup);
}

/* Answers one question from the records. */
static void
answer(struct lookup_question *question)
{
	uint8_t in[512], out[4096];
	struct wire_writer w;

	wire_writer_init(&w, in, sizeof(in));
	wire_put_bytes(&w, "\0\0\1\0\0\1\0\0\0\0\0\0", 12);
	wire_put_name_plain(&w, question->name.wire);
	wire_put_u16(&w, question->type);
	wire_put_u16(&w, CLASS_IN);
	lookup_answered(question, LOOKUP_ANSWERED, out,
	    client_dns_answer(&dns, in, w.len, out, sizeof(out)));
}

static void
answer_all(void)
{
	while (answered < asked_count)
		answer(asked[answered++]);
	cr_assert_eq(lookup->stage, LOOKUP_DONE);
}

/* The names that were asked for, "SRV name, A name". */
static const char *
questions(void)
{
	static char text[4096];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < asked_count; i++) {
		char name[NAME_TEXT_LEN];

		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s%s %s", i ? ", " : "",
		    copy[i].type == TYPE_SRV ? "SRV"
		    : copy[i].type == TYPE_A ? "A"
					     : "AAAA",
		    name_to_text(copy[i].name.wire, name));
	}
	return text;
}

static void
add_domains(const char *line)
{
	client_search_line(&search, line);
}

Test(lookup, additional_addresses_end_it)
{
	client_dns_add_srv(&dns, "_s._tcp.x", 30, 1, 1, 80, "a.x");
	client_dns_add_address(&dns, "a.x", 20, "127.0.0.1");
	start("_s._tcp.x", 0);
	answer_all();
	cr_expect_eq(asked_count, 1);
	cr_expect_eq(lookup->status, MUSTER_OK);
	cr_expect_eq(lookup->ttl_s, 20);
}

Test(lookup, each_target_is_asked_about_once_the_best_first)
{
	dns.no_additional = true;
	client_dns_add_srv(&dns, "_s._tcp.x", 30, 2, 1, 80, "b.x");
	client_dns_add_srv(&dns, "_s._tcp.x", 30, 1, 1, 80, "a.x");
	client_dns_add_srv(&dns, "_s._tcp.x", 30, 1, 1, 81, "a.x");
	client_dns_add_address(&dns, "a.x", 20, "127.0.0.1");
	start("_s._tcp.x", 0);
	answer(asked[answered++]);
	cr_expect_str_eq(questions(),
	    "SRV _s._tcp.x., AAAA a.x., A a.x., AAAA b.x., A b.x.", "%s",
	    questions());
	asked_count = answered = 0;
	for (size_t i = 0; i < 4; i++)
		answer(&lookup->questions[i]);
	cr_expect_eq(lookup->status, MUSTER_OK);
	cr_expect_eq(lookup->answer.addresses_count, 1);
	cr_expect_eq(lookup->ttl_s, 20);
}

Test(lookup, targets_beyond_a_bound_are_not_asked_about)
{
	char host[] = "aa.x";

	dns.no_additional = true;
	for (int i = 0; i < 60; i++) {
		host[0] = (char)('a' + i / 26);
		host[1] = (char)('a' + i % 26);
		client_dns_add_srv(&dns, "_s._tcp.x", 30, 1, 1, 80, host);
	}
	start("_s._tcp.x", 0);
	answer_all();
	cr_expect_eq(asked_count, 1 + 2 * LOOKUP_TARGETS_MAX);
	cr_expect_eq(lookup->status, MUSTER_NO_ADDRESS);
}

Test(lookup, a_target_that_fails_shortens_the_ttl)
{
	dns.no_additional = true;
	client_dns_add_srv(&dns, "_s._tcp.x", 300, 1, 1, 80, "a.x");
	client_dns_add_srv(&dns, "_s._tcp.x", 300, 1, 1, 80, "b.x");
	client_dns_add_address(&dns, "a.x", 300, "127.0.0.1");
	start("_s._tcp.x", 0);
	answer(asked[answered++]);
	answer(&lookup->questions[0]);
	answer(&lookup->questions[1]);
	lookup_answered(&lookup->questions[2], LOOKUP_SILENT, NULL, 0);
	cr_expect_neq(lookup->stage, LOOKUP_DONE);
	lookup_answered(&lookup->questions[3], LOOKUP_FAILED, NULL, 0);
	cr_expect_eq(lookup->stage, LOOKUP_DONE);
	cr_expect_eq(lookup->status, MUSTER_OK);
	cr_expect_eq(lookup->ttl_s, LOOKUP_PARTIAL_TTL_S);
}

Test(lookup, all_names_are_asked_for_srv_then_for_addresses)
{
	add_domains("search one.x two.x");
	client_dns_add_address(&dns, "web.two.x", 30, "127.0.0.1");
	start("_s._tcp.web", 80);
	for (size_t i = 0; i < asked_count && lookup->stage == LOOKUP_SRV;
	     i++) {
		struct lookup_question question = *asked[i];
		static const char *const expected[] = {
		    "_s._tcp.web.", "_s._tcp.web.one.x.", "_s._tcp.web.two.x."};
		char name[NAME_TEXT_LEN];

		cr_expect_str_eq(
		    name_to_text(question.name.wire, name), expected[i]);
		answer(asked[i]);
	}
	cr_expect_eq(asked_count, 5, "%zu", asked_count);
	answered = 3;
	answer_all();
	cr_expect_eq(asked_count, 9);
	cr_expect_eq(lookup->status, MUSTER_OK);
	cr_expect_eq(lookup->answer.records_count, 1);
	cr_expect_eq(lookup->answer.records[0].port, 80);
	cr_expect_eq(lookup->answer.records[0].target.wire[1], 'w');
}

Test(lookup, without_a_default_port_there_is_no_fallback)
{
	client_dns_add_address(&dns, "web.x", 30, "127.0.0.1");
	start("_s._tcp.web.x.", 0);
	answer_all();
	cr_expect_eq(asked_count, 1);
	cr_expect_eq(lookup->status, MUSTER_NOT_FOUND);
	cr_expect_eq(lookup->ttl_s, 60);
}

Test(lookup, failures_are_no_reason_to_fall_back)
{
	static const struct {
		enum lookup_reply reply;
		enum muster_status status;
	} samples[] = {
	    {LOOKUP_SILENT, MUSTER_DNS_SILENT},
	    {LOOKUP_FAILED, MUSTER_DNS_FAILED},
	};

	for (size_t i = 0; i < 2; i++) {
		lookup_free(lookup);
		asked_count = 0;
		start("_s._tcp.web.x.", 80);
		lookup_answered(asked[0], samples[i].reply, NULL, 0);
		cr_expect_eq(lookup->stage, LOOKUP_DONE);
		cr_expect_eq(lookup->status, samples[i].status);
		cr_expect(lookup_has_failed(lookup));
	}
}

Test(lookup, one_family_asks_half)
{
	dns.no_additional = true;
	client_dns_add_srv(&dns, "_s._tcp.x", 30, 1, 1, 80, "a.x");
	client_dns_add_address(&dns, "a.x", 20, "::1");
	cr_assert_eq(lookup_new("_s._tcp.x", &search, &lookup), OK);
	lookup->ask = note;
	lookup->family = AF_INET6;
	lookup_start(lookup);
	answer_all();
	cr_expect_eq(asked_count, 2);
	cr_expect_eq(lookup->status, MUSTER_OK);
}

/* --- the order of names --- */

Test(lookup, dots_decide_what_is_first)
{
	static const struct {
		const char *text;
		unsigned ndots;
		unsigned candidates;
		unsigned as_it_is; /* which one */
	} samples[] = {
	    {"web", 1, 3, 2},
	    {"web.svc", 1, 3, 0},
	    {"web.svc", 2, 3, 2},
	    {"web.svc.", 2, 1, 0},
	    {"web", 0, 3, 0},
	};

	add_domains("search one.x two.x");
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		search.ndots = samples[i].ndots;
		lookup_free(lookup);
		cr_assert_eq(lookup_new(samples[i].text, &search, &lookup), OK);
		cr_expect_eq(
		    lookup->candidates, samples[i].candidates, "%zu", i);
		cr_expect_lt(
		    name_labels(lookup->candidate[samples[i].as_it_is].wire), 3,
		    "%zu", i);
	}
}

Test(lookup, the_last_line_counts)
{
	add_domains("search a.x b.x");
	add_domains("# search no.x");
	add_domains("domain c.x d.x");
	cr_expect_eq(search.count, 1);
	cr_expect_eq(search.domain[0].wire[1], 'c');
	add_domains("search 1.x 2.x 3.x 4.x 5.x 6.x 7.x\n");
	cr_expect_eq(search.count, LOOKUP_SEARCH_MAX);
	add_domains("search a..b . ok.x");
	cr_expect_eq(search.count, 1);
	cr_expect_eq(search.domain[0].wire[1], 'o');
	add_domains("options rotate ndots:3 timeout:1");
	cr_expect_eq(search.ndots, 3);
	add_domains("options ndots:99999999999999999999");
	cr_expect_eq(search.ndots, CLIENT_SEARCH_NDOTS_MAX);
}
