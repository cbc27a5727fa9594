/* SPDX-License-Identifier: Apache-2.0 */
/* What scenarios cannot see: what a roster is told and puts, and when. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "server/health/roster.h"
#include "tests/unit/zone_fixture.h"

#define CHECKED \
	"services:\n" \
	"  - match: \"_a._tcp.z\"\n" \
	"    check: {type: tcp, interval: 5s, rise: 1, fall: 1, networks: " \
	"[192.0.2.0/24]}\n"
#define PLAIN \
	"services:\n" \
	"  - match: \"*.z\"\n"

/* What was put last, and how often. */
static struct {
	unsigned times;
	uint64_t service;
	enum condition condition;
	size_t count;
	enum error err; /* what put() answers */
} put;

static struct probe_order *last_order;
static unsigned orders, ends;
static struct config *config;
static struct roster *roster;

static const struct zone *
find_zone(void *arg, const uint8_t *name)
{
	(void)arg;
	return name_is_in(name, fixture_info.apex.wire)
		   ? (change.zone ? change.zone : zone)
		   : NULL;
}

static void
on_order(void *arg, struct probe_order *order)
{
	(void)arg;
	if (order->mail.kind == PROBE_END)
		ends++;
	else
		orders++;
	free(last_order);
	last_order = order;
}

static enum error
on_put(void *arg, uint16_t zone_number, uint64_t service,
    enum condition condition, const struct standing *list, size_t count)
{
	(void)arg;
	cr_assert_eq(zone_number, fixture_info.number);
	for (size_t i = 1; i < count; i++)
		cr_assert_lt(list[i - 1].instance, list[i].instance);
	put.times++;
	if (put.err != OK)
		return put.err;
	put.service = service;
	put.condition = condition;
	put.count = count;
	return OK;
}

static struct roster *
roster_of(const struct config *c)
{
	const struct roster_plan plan = {.config = c, .zone = find_zone};
	struct roster *r = roster_new(&plan);

	cr_assert_not_null(r);
	return r;
}

static void
start(const char *services)
{
	char text[CONFIG_TEXT_LEN], yaml[1024];

	fixture_start();
	snprintf(yaml, sizeof(yaml), "zones:\n  - {name: z}\n%s", services);
	cr_assert_eq(config_parse(yaml, strlen(yaml), "test", &config, text,
			 sizeof(text)),
	    OK, "%s", text);
	roster = roster_of(config);
	/* What comes from now on is new. */
	roster_turn(roster, NOW_MS, on_put, NULL);
}

static void
stop(void)
{
	roster_free(roster);
	config_free(config);
	free(last_order);
	fixture_stop();
}

static void
srv(bool there, const char *owner, const char *host, uint16_t port,
    uint16_t weight)
{
	const struct change_grant grant = {.granted_s = 60};
	struct name_key key = key_of(owner);
	uint8_t rdata[300];
	struct name name;

	cr_assert_eq(name_from_text(host, NULL, &name), OK);
	wire_store_u16(rdata, 0);
	wire_store_u16(rdata + 2, weight);
	wire_store_u16(rdata + 4, port);
	memcpy(rdata + 6, name.wire, name.len);
	cr_assert_eq(there ? change_add(&change, &key, TYPE_SRV, 60, rdata,
				 name.len + 6u, &grant)
			   : change_remove(
				 &change, &key, TYPE_SRV, rdata, name.len + 6u),
	    OK);
}

/* Lets the roster learn what the change comes to. */
static void
learn(int64_t now_ms)
{
	struct block_list retired;

	if (!change_settle(&change)) {
		roll_back();
		change.zone = NULL;
		return;
	}
	cr_assert_eq(roster_learn(roster, fixture_info.number, change.zone,
			 change.entry, change.entries, now_ms),
	    OK);
	zone = change.zone;
	change.zone = NULL;
	retired = edition_publish(&fixture_ed);
	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
}

static void
result(bool good, int64_t now_ms)
{
	struct probe_result *r = calloc(1, sizeof(*r));

	r->instance = last_order->instance;
	r->generation = last_order->generation;
	r->good = good;
	r->percent = r->load = -1;
	roster_take_result(roster, r, now_ms);
}

static void
turn(int64_t now_ms)
{
	roster_turn(roster, now_ms, on_put, NULL);
}

/* --- what is put --- */

Test(roster, puts_only_what_readers_do_not_know, .timeout = 10)
{
	start(CHECKED);
	roster_on_health(roster, on_order, NULL, NULL);
	begin();
	add("h.z.", TYPE_A, "1");
	srv(true, "_a._tcp.z.", "h.z.", 80, 1);
	learn(NOW_MS);
	turn(NOW_MS);
	cr_expect_eq(put.times, 1);
	cr_expect_eq(put.count, 1, "it waits for its first result");
	turn(NOW_MS + 10);
	cr_expect_eq(put.times, 1);
	result(true, NOW_MS + 20);
	turn(NOW_MS + 20);
	cr_expect_eq(put.times, 2);
	cr_expect_eq(put.count, 0, "a healthy one is no exception");
	result(true, NOW_MS + 30);
	turn(NOW_MS + 30);
	cr_expect_eq(put.times, 2);
	stop();
}

Test(roster, an_instance_without_anything_special_costs_no_list, .timeout = 10)
{
	start(PLAIN);
	for (unsigned i = 0; i < 10; i++) {
		begin();
		srv(true, "_a._tcp.z.", "h.z.", (uint16_t)(i + 1), 1);
		learn(NOW_MS);
		turn(NOW_MS);
	}
	cr_expect_eq(put.times, 0);
	stop();
}

Test(roster, what_cannot_be_put_is_tried_again_later, .timeout = 10)
{
	start(CHECKED);
	begin();
	srv(true, "_a._tcp.z.", "h.z.", 80, 1);
	learn(NOW_MS);
	put.err = ERR_MEMORY;
	turn(NOW_MS);
	turn(NOW_MS + 1);
	cr_expect_eq(put.times, 1);
	cr_expect_eq(roster_next_ms(roster), NOW_MS + 1000);
	put.err = OK;
	turn(NOW_MS + 1000);
	cr_expect_eq(put.times, 2);
	cr_expect_eq(put.count, 1);
	cr_expect_eq(roster_next_ms(roster), INT64_MAX);
	roster_put_again(roster);
	turn(NOW_MS + 1001);
	cr_expect_eq(put.times, 3);
	stop();
}

Test(roster, a_large_service_is_put_less_often, .timeout = 20)
{
	const unsigned n = 10000;

	start(CHECKED);
	roster_on_health(roster, on_order, NULL, NULL);
	begin();
	add("h.z.", TYPE_A, "1");
	for (unsigned i = 1; i <= n; i++)
		srv(true, "_a._tcp.z.", "h.z.", (uint16_t)i, 1);
	learn(NOW_MS);
	turn(NOW_MS);
	cr_expect_eq(put.times, 1);
	cr_expect_eq(put.count, n);
	cr_expect_eq(orders, n);
	/* A result each millisecond for a second. */
	for (int64_t ms = 1; ms <= 1000; ms++) {
		result(ms % 2 != 0, NOW_MS + ms);
		turn(NOW_MS + ms);
	}
	cr_expect_eq(put.times, 11, "%u", put.times);
	turn(roster_next_ms(roster));
	cr_expect_eq(put.count, n);
	stop();
}

/* --- what the checker is told --- */

Test(roster, orders_are_sent_again_to_another_checker, .timeout = 10)
{
	uint64_t number;
	uint32_t generation;

	start(CHECKED);
	begin();
	add("h.z.", TYPE_A, "1");
	srv(true, "_a._tcp.z.", "h.z.", 80, 1);
	learn(NOW_MS);
	cr_expect_eq(orders, 0);
	roster_on_health(roster, on_order, NULL, NULL);
	cr_assert_eq(orders, 1);
	number = last_order->instance;
	generation = last_order->generation;
	roster_on_health(roster, on_order, NULL, NULL);
	cr_expect_eq(orders, 2);
	cr_expect_eq(last_order->instance, number);
	cr_expect_eq(last_order->generation, generation + 1);
	/* Nothing new: no order. */
	begin();
	add("h.z.", TYPE_TXT, "a=b");
	learn(NOW_MS);
	cr_expect_eq(orders, 2);
	begin();
	add("h.z.", TYPE_A, "2");
	learn(NOW_MS);
	cr_expect_eq(orders, 3);
	cr_expect_eq(last_order->addresses, 2);
	begin();
	drop_set("_a._tcp.z.", TYPE_SRV);
	learn(NOW_MS);
	cr_expect_eq(ends, 1);
	cr_expect_eq(last_order->instance, number);
	/* A result of what has ended. */
	result(true, NOW_MS);
	stop();
}

/* --- what it knows --- */

static char
letter(uint64_t x)
{
	return (char)('a' + x % 4);
}

static struct random dice;

static void
random_edit(void)
{
	char owner[64], host[16];
	uint64_t x = random_below(&dice, UINT32_MAX);

	snprintf(host, sizeof(host), "%c.z.", letter(x >> 2));
	snprintf(owner, sizeof(owner), x % 3 ? "_%c._tcp.z." : "i._%c._tcp.z.",
	    letter(x >> 4));
	switch (random_below(&dice, 8)) {
	case 0:
		drop_set(owner, TYPE_SRV);
		break;
	case 1:
		add(host, TYPE_TXT, x % 2 ? "load=5" : "site=eu");
		break;
	case 2:
		drop_set(host, TYPE_TXT);
		break;
	default:
		srv(random_below(&dice, 3) != 0, owner, host,
		    (uint16_t)(1 + x % 2), (uint16_t)random_below(&dice, 2));
	}
}

/* The reports of a roster about all services, but for what only time tells. */
static void
compare(const struct roster *a, const struct roster *b)
{
	for (unsigned i = 0; i < 4; i++) {
		struct roster_report *x = NULL, *y = NULL;
		size_t n = 0, m = 0;
		char owner[16];
		struct name_key key;

		snprintf(owner, sizeof(owner), "_%c._tcp.z.", letter(i));
		key = key_of(owner);
		cr_assert_eq(roster_explain(a, key.wire, NOW_MS, &x, &n), OK);
		cr_assert_eq(roster_explain(b, key.wire, NOW_MS, &y, &m), OK);
		cr_assert_eq(n, m, "%s: %zu, %zu", owner, n, m);
		for (size_t k = 0; k < n; k++) {
			cr_assert_str_eq(x[k].host, y[k].host);
			cr_assert_eq(x[k].port, y[k].port);
			cr_assert_eq(x[k].served, y[k].served);
			cr_assert_eq(x[k].why, y[k].why);
			cr_assert_str_eq(x[k].forced_by, y[k].forced_by);
		}
		free(x);
		free(y);
	}
}

/* What readers of a roster see. */
#define KEPT 32
struct seen {
	size_t count[4];
	struct standing item[4][KEPT];
};

static enum error
keep(void *arg, uint16_t zone_number, uint64_t service,
    enum condition condition, const struct standing *list, size_t count)
{
	struct seen *seen = arg;

	(void)zone_number;
	(void)condition;
	cr_assert_leq(count, KEPT);
	for (unsigned i = 0; i < 4; i++) {
		struct name_key key;
		char owner[16];

		snprintf(owner, sizeof(owner), "_%c._tcp.z.", letter(i));
		key = key_of(owner);
		if (key.hash[0] != service)
			continue;
		seen->count[i] = count;
		if (count > 0)
			memcpy(seen->item[i], list, count * sizeof(*list));
	}
	return OK;
}

static void
compare_seen(const struct seen *a, const struct seen *b)
{
	for (unsigned i = 0; i < 4; i++) {
		cr_assert_eq(a->count[i], b->count[i]);
		for (size_t k = 0; k < a->count[i]; k++) {
			const struct standing *x = &a->item[i][k];
			const struct standing *y = &b->item[i][k];

			cr_assert_eq(x->instance, y->instance);
			cr_assert_eq(x->served, y->served);
			cr_assert_eq(x->why, y->why);
			cr_assert_eq(x->real, y->real);
		}
	}
}

Test(roster, learns_the_same_bit_by_bit_as_at_once, .timeout = 60)
{
	static struct seen seen, fresh_seen;
	char text[256];
	struct roster *fresh;
	struct roster_counts is, was;

	random_seed(&dice, 1);
	start("services:\n"
	      "  - match: \"_a._tcp.z\"\n"
	      "  - match: \"_b._tcp.z\"\n");
	cr_assert_eq(
	    roster_force(roster, "b.z", FORCE_DOWN, text, sizeof(text)), OK);
	cr_assert_eq(
	    roster_force(roster, "*/c.z:1", FORCE_UP, text, sizeof(text)), OK);
	begin();
	for (char c = 'a'; c <= 'd'; c++) {
		char service[16], name[32];

		snprintf(service, sizeof(service), "_%c._tcp.z.", c);
		snprintf(name, sizeof(name), "i.%s", service);
		add(service, TYPE_PTR, name);
	}
	learn(NOW_MS);
	for (int round = 0; round < 3000; round++) {
		begin();
		for (uint64_t n = 1 + random_below(&dice, 4); n > 0; n--)
			random_edit();
		learn(NOW_MS);
		roster_turn(roster, NOW_MS, keep, &seen);
		if (round % 10 != 0)
			continue;
		fresh = roster_of(config);
		cr_assert_eq(
		    roster_force(fresh, "b.z", FORCE_DOWN, text, sizeof(text)),
		    OK);
		cr_assert_eq(roster_force(fresh, "*/c.z:1", FORCE_UP, text,
				 sizeof(text)),
		    OK);
		cr_assert_eq(
		    roster_learn_zone(fresh, fixture_info.number, zone, NOW_MS),
		    OK);
		memset(&fresh_seen, 0, sizeof(fresh_seen));
		roster_turn(fresh, NOW_MS, keep, &fresh_seen);
		compare_seen(&seen, &fresh_seen);
		/* As it stands, learned again by the same and by another. */
		roster_count(roster, &was);
		cr_assert_eq(roster_learn_zone(
				 roster, fixture_info.number, zone, NOW_MS),
		    OK);
		roster_turn(roster, NOW_MS, keep, &seen);
		roster_count(roster, &is);
		/* A service stays known until a zone is learned again. */
		cr_assert_leq(is.instances, was.instances);
		compare_seen(&seen, &fresh_seen);
		compare(roster, fresh);
		roster_count(fresh, &was);
		cr_assert_eq(is.instances, was.instances);
		cr_assert_eq(is.services, was.services);
		cr_assert_eq(is.forced, was.forced);
		roster_free(fresh);
	}
	/* A zone that is not answered any more. */
	cr_assert_eq(
	    roster_learn_zone(roster, fixture_info.number, NULL, NOW_MS), OK);
	turn(NOW_MS);
	roster_count(roster, &is);
	cr_expect_eq(is.instances, 0);
	cr_expect_eq(is.services, 0);
	stop();
}
