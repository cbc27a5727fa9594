/* forward_fixture.h - a forwarder on a fake clock, with upstreams that are
 * this test.
 *
 * What it asks is noted in asked[]; what clients are told in told[].
 *
 * Threads:   one.
 * Ownership: all is static.
 */
#ifndef TESTS_UNIT_FORWARD_FIXTURE_H
#define TESTS_UNIT_FORWARD_FIXTURE_H

#include "resolver/forward.h"
#include "tests/unit/message_text.h"

#define ASKED_MAX 20100
#define TOLD_MAX 20100

static struct {
	unsigned zone, server;
	uint64_t ticket;
	struct name qname;
	uint16_t qtype;
	bool tcp, dnssec_ok, checking_disabled;
	uint32_t timeout_ms;
	int64_t at_ms;
	bool ended;
} asked[ASKED_MAX];
static size_t asks;
static unsigned deaf; /* servers that cannot be asked, one bit each */
static unsigned prompt; /* servers that answer inside of ask() */
static enum upstream_outcome prompt_outcome;
static const struct message_text *prompt_text;

static struct {
	enum forward_source source;
	enum rcode rcode;
	size_t len;
	int ede;
	bool stale;
	int64_t at_ms;
} told[TOLD_MAX];
static size_t tolds;

static struct forward *f;
static struct cache *cache;
static struct random rnd;
static int64_t now_ms;

static inline void
finish(size_t i, enum upstream_outcome outcome)
{
	cr_assert_lt(i, asks);
	cr_assert(!asked[i].ended);
	asked[i].ended = true;
	forward_answered(f, asked[i].ticket, outcome, asked[i].qname.wire, NULL,
	    0, 0, now_ms);
}

static inline void
answer(size_t i, const struct message_text *text)
{
	uint8_t buf[4096];
	size_t len = write_text(text, buf, sizeof(buf));

	cr_assert_lt(i, asks);
	cr_assert(!asked[i].ended);
	asked[i].ended = true;
	forward_answered(f, asked[i].ticket, UPSTREAM_ANSWERED,
	    asked[i].qname.wire, buf, len,
	    (uint32_t)(now_ms - asked[i].at_ms) * 1000, now_ms);
}

static inline bool
note_ask(void *arg, unsigned zone, unsigned server, uint64_t ticket,
    const struct upstream_question *q)
{
	size_t i = asks++;

	(void)arg;
	cr_assert_lt(i, ASKED_MAX);
	asked[i].zone = zone;
	asked[i].server = server;
	asked[i].ticket = ticket;
	name_set(&asked[i].qname, q->qname);
	asked[i].qtype = q->qtype;
	asked[i].tcp = q->tcp;
	asked[i].dnssec_ok = q->dnssec_ok;
	asked[i].checking_disabled = q->checking_disabled;
	asked[i].timeout_ms = q->timeout_ms;
	asked[i].at_ms = now_ms;
	asked[i].ended = false;
	if ((deaf >> server & 1) != 0) {
		asked[i].ended = true;
		return false;
	}
	if ((prompt >> server & 1) != 0) {
		if (prompt_outcome == UPSTREAM_ANSWERED)
			answer(i, prompt_text);
		else
			finish(i, prompt_outcome);
	}
	return true;
}

static inline void
note_told(void *arg, enum forward_source source, const struct cache_entry *e)
{
	(void)arg;
	cr_assert_lt(tolds, TOLD_MAX);
	cr_assert_not_null(e);
	told[tolds].source = source;
	told[tolds].rcode = e->rcode;
	told[tolds].len = e->len;
	told[tolds].ede = e->ede;
	told[tolds].stale = e->stale;
	told[tolds++].at_ms = now_ms;
	/* All of it must be there. */
	if (e->wire != NULL) {
		struct message m;

		cr_assert_eq(
		    message_parse_answer(&m, e->wire, e->len), MESSAGE_OK);
	}
}

/* Zones with so many servers each; the cache is for 1 MiB, stale for a day. */
static inline void
start_zones(const struct forward_zone *zones, size_t count)
{
	static const struct forward_ops ops = {.ask = note_ask};

	random_seed(&rnd, 1);
	now_ms = 1000000;
	asks = tolds = 0;
	deaf = prompt = 0;
	cache = cache_new(1 << 20, 24 * 3600 * 1000);
	cr_assert_not_null(cache);
	cr_assert_eq(forward_new(zones, count, cache, &ops, &rnd, &f), OK);
}

static inline void
start_one(size_t servers)
{
	struct forward_zone zone = {(const uint8_t *)"", servers, false};

	start_zones(&zone, 1);
}

static inline void
stop_all(void)
{
	forward_free(f);
	cache_free(cache);
}

static inline enum error
try_ask(const char *question, forward_fn *fn)
{
	struct name name;
	struct cache_key key;
	char text[1100], type[20];
	int zone;

	cr_assert_eq(sscanf(question, "%1099s %19s", text, type), 2);
	text_name(text, &name);
	key = (struct cache_key){.qname = name.wire,
	    .hash = name_hash(name.wire),
	    .qtype = type_from_text(type)};
	zone = forward_find_zone(f, name.wire);
	cr_assert_geq(zone, 0);
	return forward_ask(f, (unsigned)zone, &key, now_ms, fn, NULL);
}

static inline void
ask(const char *question)
{
	cr_assert_eq(try_ask(question, note_told), OK);
}

/* Time passes, in the steps that the forwarder asks for; upstreams that were
 * asked for longer than they had are silent. */
static inline void
pass(int64_t ms)
{
	int64_t end_ms = now_ms + ms;

	for (;;) {
		int64_t next_ms = forward_next_ms(f);
		size_t i, next = asks;

		for (i = 0; i < asks; i++) {
			int64_t due_ms = asked[i].at_ms + asked[i].timeout_ms;

			if (!asked[i].ended && due_ms <= next_ms) {
				next_ms = due_ms;
				next = i;
			}
		}
		if (next_ms > end_ms)
			break;
		if (next_ms > now_ms)
			now_ms = next_ms;
		if (next < asks)
			finish(next, UPSTREAM_SILENT);
		else
			forward_turn(f, now_ms);
	}
	now_ms = end_ms;
}

static inline struct forward_stats
stats(void)
{
	struct forward_stats s;

	forward_get_stats(f, &s);
	return s;
}

#endif
