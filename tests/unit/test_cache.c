/* SPDX-License-Identifier: Apache-2.0 */
/* How long what others answered is remembered, and what goes first. */
#include <criterion/criterion.h>
#include <time.h>

#include "resolver/cache.h"
#include "tests/unit/reply_fixture.h"

#define MIB (1 << 20)
#define DAY_MS (24 * 3600 * 1000)

static struct cache *cache;
static struct cache_entry entry;

static void
start(size_t octets)
{
	cache = cache_new(octets, DAY_MS);
	cr_assert_not_null(cache);
}

static void
stop(void)
{
	cache_free(cache);
}

/* A key of "name type", in static memory. */
static const struct cache_key *
key_of(const char *question)
{
	static struct name name;
	static struct cache_key key;
	char text[1100], type[20];

	cr_assert_eq(sscanf(question, "%1099s %19s", text, type), 2);
	text_name(text, &name);
	key = (struct cache_key){.qname = name.wire,
	    .hash = name_hash(name.wire),
	    .qtype = type_from_text(type)};
	return &key;
}

static void
put(const struct message_text *text, int64_t now_ms)
{
	cr_assert_eq(check_in(text, ".", false), REPLY_OK);
	cr_assert_eq(
	    cache_put(cache, key_of(text->question), &reply, now_ms), OK);
}

/* An address of 300 s at a name. */
static void
put_address(const char *owner, int64_t now_ms)
{
	char question[300], record[300];
	struct message_text text = TEXT("ra 0", question, record);

	snprintf(question, sizeof(question), "%s A", owner);
	snprintf(record, sizeof(record), "%s 300 IN A 192.0.2.1\n", owner);
	put(&text, now_ms);
}

static bool
find(const char *question, int64_t now_ms)
{
	return cache_find(cache, key_of(question), now_ms, &entry);
}

static void
put_failure(const char *question, int64_t now_ms)
{
	cr_assert_eq(
	    cache_put_failure(cache, key_of(question), 22, now_ms), OK);
}

static struct cache_stats
stats(void)
{
	struct cache_stats s;

	cache_get_stats(cache, &s);
	return s;
}

Test(cache, an_answer_is_fresh_for_its_ttl, .timeout = 5)
{
	start(MIB);
	cr_expect(!find("a.example. A", 1000));
	put_address("a.example.", 1000);
	cr_expect(find("A.Example. A", 1000));
	cr_expect(!entry.stale);
	cr_expect_eq(entry.ttl_s, 300);
	cr_expect_eq(entry.left_s, 300);
	cr_expect_eq(entry.age_s, 0);
	cr_expect(find("a.example. A", 1000 + 299999));
	cr_expect(!entry.stale);
	cr_expect_eq(entry.age_s, 299);
	cr_expect_eq(entry.left_s, 1);
	cr_expect_eq(entry.hits, 2);
	cr_expect(find("a.example. A", 1000 + 300000));
	cr_expect(entry.stale);
	cr_expect(find("a.example. A", 1000 + 300000 + DAY_MS - 1));
	cr_expect(entry.stale);
	cr_expect(!find("a.example. A", 1000 + 300000 + DAY_MS));
	cr_expect_eq(stats().hits, 2);
	cr_expect_eq(stats().stale_hits, 2);
	cr_expect_eq(stats().misses, 2);
	stop();
}

Test(cache, a_clock_that_goes_back_makes_nothing_older, .timeout = 5)
{
	start(MIB);
	put_address("a.example.", 100000);
	cr_expect(find("a.example. A", 5));
	cr_expect_eq(entry.age_s, 0);
	stop();
}

Test(cache, type_and_bits_are_part_of_the_key, .timeout = 5)
{
	struct cache_key key;

	start(MIB);
	put_address("a.example.", 0);
	cr_expect(!find("a.example. AAAA", 0));
	cr_expect(!find("b.example. A", 0));
	cr_expect(!find("example. A", 0));
	key = *key_of("a.example. A");
	key.dnssec_ok = true;
	cr_expect(!cache_find(cache, &key, 0, &entry));
	key.dnssec_ok = false;
	key.checking_disabled = true;
	cr_expect(!cache_find(cache, &key, 0, &entry));
	key.checking_disabled = false;
	cr_expect(cache_find(cache, &key, 0, &entry));
	stop();
}

#define SOA300 "example. 600 IN SOA a. a. 1 7200 3600 86400 300\n"

Test(cache, a_name_that_does_not_exist_has_no_type, .timeout = 5)
{
	static const struct message_text gone =
	    TEXT("ra 3", "a.example. A", NULL, SOA300);
	static const struct message_text behind = TEXT("ra 3", "b.example. A",
	    "b.example. 60 IN CNAME c.example.\n", SOA300);

	start(MIB);
	put(&gone, 0);
	cr_expect(find("a.example. AAAA", 0));
	cr_expect_eq(entry.rcode, RCODE_NXDOMAIN);
	cr_expect(find("a.example. A", 0));
	/* Below it may be anything that the upstream knows. */
	cr_expect(!find("x.a.example. A", 0));
	/* Records of any type make it exist. */
	put_address("a.example.", 0);
	cr_expect(!find("a.example. AAAA", 0));
	cr_expect(find("a.example. A", 0));
	/* An alias in front of it is no such thing. */
	put(&behind, 0);
	cr_expect(!find("b.example. CNAME", 0));
	cr_expect(find("b.example. A", 0));
	stop();
}

Test(cache, no_data_is_of_one_type, .timeout = 5)
{
	static const struct message_text text =
	    TEXT("ra 0", "a.example. TYPE0", NULL, SOA300);

	start(MIB);
	put(&text, 0);
	cr_expect(!find("a.example. A", 0));
	cr_expect(find("a.example. TYPE0", 0));
	cr_expect(entry.nodata);
	stop();
}

Test(cache, what_is_for_once_is_not_remembered, .timeout = 5)
{
	static const struct message_text once =
	    TEXT("ra 0", "a.example. A", "a.example. 0 IN A 192.0.2.1\n");
	static const struct message_text bare =
	    TEXT("ra 3", "b.example. A", NULL);

	start(MIB);
	put(&once, 0);
	put(&bare, 0);
	cr_expect(!find("a.example. A", 0));
	cr_expect(!find("b.example. A", 0));
	cr_expect_eq(stats().entries, 0);
	stop();
}

Test(cache, a_failure_is_remembered_longer_each_time, .timeout = 5)
{
	static const int64_t waits_ms[] = {
	    1000, 2000, 4000, 8000, 16000, 30000, 30000};
	int64_t now_ms = 0;

	start(MIB);
	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(*waits_ms); i++) {
		put_failure("a.example. A", now_ms);
		cr_expect(find("a.example. A", now_ms + waits_ms[i] - 1));
		cr_expect(entry.failure);
		cr_expect_eq(entry.rcode, RCODE_SERVFAIL);
		cr_expect_eq(entry.ede, 22);
		cr_expect_null(entry.wire);
		cr_expect(!find("a.example. A", now_ms + waits_ms[i]));
		now_ms += waits_ms[i];
	}
	/* Long ago, it says nothing. */
	now_ms += CACHE_FAILURE_MAX_S * 1000 + 1;
	put_failure("a.example. A", now_ms);
	cr_expect(!find("a.example. A", now_ms + 1000));
	stop();
}

Test(cache, an_answer_ends_failures, .timeout = 5)
{
	static const struct message_text once =
	    TEXT("ra 0", "a.example. A", "a.example. 0 IN A 192.0.2.1\n");

	start(MIB);
	put_failure("a.example. A", 0);
	put_failure("a.example. A", 1000);
	put_address("a.example.", 1500);
	cr_expect(find("a.example. A", 1500));
	cr_expect(!entry.failure);
	/* The next one is a first one. */
	put_failure("a.example. A", 302000);
	cr_expect(find("a.example. A", 302999));
	cr_expect(entry.failure);
	cr_expect(find("a.example. A", 303000));
	cr_expect(!entry.failure);
	/* Also an answer that is not remembered. */
	put_failure("a.example. A", 400000);
	put(&once, 400100);
	cr_expect(find("a.example. A", 400100));
	cr_expect(!entry.failure);
	put_failure("b.example. A", 0);
	stop();
}

Test(cache, a_failure_leaves_the_message, .timeout = 5)
{
	start(MIB);
	put_address("a.example.", 0);
	put_failure("a.example. A", 1000);
	cr_expect(find("a.example. A", 1000));
	cr_expect(!entry.stale);
	cr_expect(entry.failure);
	cr_expect_not_null(entry.wire);
	put_failure("a.example. A", 300000);
	cr_expect(find("a.example. A", 300000));
	cr_expect(entry.stale);
	cr_expect(entry.failure);
	cr_expect(find("a.example. A", 301000));
	cr_expect(entry.stale);
	cr_expect(!entry.failure);
	stop();
}

Test(cache, flush_forgets_a_name_or_all_below, .timeout = 5)
{
	static const struct message_text text =
	    TEXT("ra 0", "a.example. TXT", "a.example. 60 IN TXT \"x\"\n");

	start(MIB);
	put_address("a.example.", 0);
	put(&text, 0);
	put_address("x.a.example.", 0);
	put_address("b.example.", 0);
	put_failure("a.example. MX", 0);
	cr_expect_eq(
	    cache_flush(cache, key_of("A.example. A")->qname, false), 3);
	cr_expect(!find("a.example. A", 0));
	cr_expect(!find("a.example. TXT", 0));
	cr_expect(find("x.a.example. A", 0));
	cr_expect_eq(
	    cache_flush(cache, key_of("a.example. A")->qname, true), 1);
	cr_expect(find("b.example. A", 0));
	cr_expect_eq(cache_flush(cache, (const uint8_t *)"", true), 1);
	cr_expect_eq(stats().entries, 0);
	stop();
}

/* Octets stay within bounds, whatever comes. */
Test(cache, memory_is_bounded, .timeout = 20)
{
	size_t sizes[] = {0, 100, 4096, 8192, 100000, MIB};
	char owner[64];

	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		start(sizes[s]);
		for (int i = 0; i < 20000; i++) {
			snprintf(owner, sizeof(owner), "n%d.example.", i);
			put_address(owner, i);
			if (i % 3 == 0)
				put_failure("f.example. A", i);
			if (sizes[s] >= 8192)
				cr_assert_leq(stats().octets, sizes[s]);
		}
		if (sizes[s] > 100000)
			cr_expect_gt(stats().entries, 4000);
		stop();
	}
}

Test(cache, who_is_asked_for_stays, .timeout = 20)
{
	char owner[64], question[80];
	unsigned kept = 0;

	start(100000);
	for (int i = 0; i < 100; i++) {
		snprintf(owner, sizeof(owner), "hot%d.example.", i);
		put_address(owner, 0);
	}
	/* A flood of names that nobody asks for twice. */
	for (int i = 0; i < 20000; i++) {
		snprintf(
		    question, sizeof(question), "hot%d.example. A", i % 100);
		kept += find(question, 0);
		snprintf(owner, sizeof(owner), "cold%d.example.", i);
		put_address(owner, 0);
	}
	cr_expect_eq(kept, 20000);
	/* And one of names that are asked for once more. */
	for (int i = 0; i < 20000; i++) {
		snprintf(
		    question, sizeof(question), "hot%d.example. A", i % 100);
		kept += find(question, 0);
		snprintf(owner, sizeof(owner), "warm%d.example.", i);
		snprintf(question, sizeof(question), "warm%d.example. A", i);
		put_address(owner, 0);
		cr_expect(find(question, 0));
	}
	/* One bit tells no more apart: most stay. */
	cr_expect_gt(kept, 35000);
	stop();
}

Test(cache, who_is_asked_for_no_more_goes, .timeout = 20)
{
	char owner[64], question[80];
	unsigned kept = 0;

	start(100000);
	for (int i = 0; i < 100; i++) {
		snprintf(owner, sizeof(owner), "was%d.example.", i);
		snprintf(question, sizeof(question), "was%d.example. A", i);
		put_address(owner, 0);
		cr_expect(find(question, 0));
	}
	for (int i = 0; i < 5000; i++) {
		/* The hand passes over these, too, and comes round. */
		snprintf(owner, sizeof(owner), "is%d.example.", i);
		snprintf(question, sizeof(question), "is%d.example. A", i);
		put_address(owner, 0);
		cr_expect(find(question, 0));
	}
	for (int i = 0; i < 100; i++) {
		snprintf(question, sizeof(question), "was%d.example. A", i);
		kept += find(question, 0);
	}
	cr_expect_eq(kept, 0);
	stop();
}

Test(cache, an_answer_too_large_for_it_is_not_kept, .timeout = 5)
{
	char lines[20000];
	struct message_text text = TEXT("ra 0", "a.example. A", lines);
	int n = 0;

	for (int i = 0; i < 250; i++)
		n += sprintf(lines + n, "a.example. 60 IN A 192.0.2.%d\n", i);
	start(16384);
	put_address("b.example.", 0);
	put(&text, 0);
	cr_expect(!find("a.example. A", 0));
	cr_expect(find("b.example. A", 0));
	stop();
}

Test(cache, the_table_grows_and_finds_all, .timeout = 20)
{
	char owner[64], question[80];

	start(64 * MIB);
	for (int i = 0; i < 20000; i++) {
		snprintf(owner, sizeof(owner), "n%d.example.", i);
		put_address(owner, 0);
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(question, sizeof(question), "n%d.example. A", i);
		cr_assert(find(question, 0), "%s", question);
	}
	for (int i = 0; i < 20000; i += 2) {
		snprintf(owner, sizeof(owner), "n%d.example.", i);
		struct name name;

		text_name(owner, &name);
		if (i < 400)
			cr_assert_eq(cache_flush(cache, name.wire, true), 1);
	}
	cr_expect_eq(stats().entries, 19800);
	stop();
}

/* A request with a question, written to buf; parsed. */
static struct message
request(const char *flags, const char *question, uint8_t *buf, size_t cap)
{
	struct message_text text = TEXT(flags, question, NULL);
	struct message m;
	size_t len = write_text(&text, buf, cap);

	buf[0] = 0x12;
	buf[1] = 0x34;
	buf[2] &= 0x7f; /* QR */
	cr_assert_eq(message_parse(&m, buf, len), MESSAGE_OK);
	return m;
}

Test(cache, an_answer_is_written_for_its_request, .timeout = 5)
{
	static const struct message_text text = TEXT("ra 0", "a.example. MX",
	    "a.example. 70 IN MX 1 m.a.example.\n", NULL,
	    "m.a.example. 60 IN A 192.0.2.1\n");
	uint8_t buf[512];
	struct message m =
	    request("rd cd 0", "A.exAmple. MX", buf, sizeof(buf));
	size_t len;

	start(MIB);
	put(&text, 0);
	cr_assert(find("a.example. MX", 10999));
	cr_expect_eq(cache_write(&entry, &m, out, entry.len - 1), 0);
	len = cache_write(&entry, &m, out, sizeof(out));
	cr_expect_eq(len, entry.len);
	cr_expect_eq(wire_load_u16(out), 0x1234);
	cr_expect_eq(
	    wire_load_u16(out + 2), FLAG_QR | FLAG_RD | FLAG_RA | FLAG_CD);
	expect_section(out, len, SECTION_ANSWER,
	    "A.exAmple. 60 IN MX 1 m.A.exAmple.\n", "fresh");
	expect_section(out, len, SECTION_ADDITIONAL,
	    "m.A.exAmple. 50 IN A 192.0.2.1\n", "fresh");
	cr_assert(find("a.example. MX", 70000));
	len = cache_write(&entry, &m, out, sizeof(out));
	expect_section(out, len, SECTION_ANSWER,
	    "A.exAmple. 30 IN MX 1 m.A.exAmple.\n", "stale");
	stop();
}

Test(cache, no_name_is_written_for_any_type, .timeout = 5)
{
	static const struct message_text gone =
	    TEXT("ra 3", "a.example. A", NULL, SOA300);
	uint8_t buf[512];
	struct message m = request("rd 0", "a.example. TXT", buf, sizeof(buf));
	struct message answer;
	size_t len;

	start(MIB);
	put(&gone, 0);
	cr_assert(find("a.example. TXT", 0));
	len = cache_write(&entry, &m, out, sizeof(out));
	cr_assert_eq(message_parse_answer(&answer, out, len), MESSAGE_OK);
	cr_expect_eq(answer.qtype, TYPE_TXT);
	stop();
}

Test(cache, a_failure_alone_is_no_message, .timeout = 5)
{
	uint8_t buf[512];
	struct message m = request("rd 0", "a.example. A", buf, sizeof(buf));

	start(MIB);
	put_failure("a.example. A", 0);
	cr_assert(find("a.example. A", 0));
	cr_expect_eq(cache_write(&entry, &m, out, sizeof(out)), 0);
	stop();
}

Test(cache, a_hit_costs_less_than_half_a_microsecond, .timeout = 10)
{
	static const struct message_text text = TEXT("ra 0", "a.example. A",
	    "a.example. 60 IN A 192.0.2.1\na.example. 60 IN A 192.0.2.2\n"
	    "a.example. 60 IN A 192.0.2.3\na.example. 60 IN A 192.0.2.4\n"
	    "a.example. 60 IN A 192.0.2.5\na.example. 60 IN A 192.0.2.6\n"
	    "a.example. 60 IN A 192.0.2.7\na.example. 60 IN A 192.0.2.8\n"
	    "a.example. 60 IN A 192.0.2.9\na.example. 60 IN A 192.0.2.10\n");
	uint8_t buf[512];
	struct message m = request("rd 0", "A.exAmple. A", buf, sizeof(buf));
	const struct cache_key key = *key_of("a.example. A");
	struct timespec from, to;
	double ns;

	start(MIB);
	put(&text, 0);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (int i = 0; i < 100000; i++) {
		cache_find(cache, &key, 10000, &entry);
		cache_write(&entry, &m, out, sizeof(out));
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	ns = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
		 (double)(to.tv_nsec - from.tv_nsec)) /
	     100000;
	cr_log_info("%zu octets: %.0f ns", entry.len, ns);
	/* Under a sanitizer some more. */
	cr_expect_lt(ns, 5000);
	stop();
}
