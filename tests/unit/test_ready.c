/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/ready_check.h"
#include "tests/unit/zone_fixture.h"

#define SERVICE "_http._tcp.web.z."

static struct referrers *referrers;

/* What the shaper says: a shape for all services, and whether instances wait
 * for a first result. */
static uint16_t shape_now;
static bool waits;
static unsigned asked;

static uint16_t
say_shape(const void *arg, const uint8_t *service)
{
	(void)arg;
	cr_assert_eq(service[1], '_');
	return shape_now;
}

static bool
say_initial(const void *arg, const struct zone *z, const uint8_t *service,
    const struct record *srv, struct standing *to)
{
	(void)arg;
	cr_assert(z != NULL && service != NULL);
	cr_assert_eq(srv->type, TYPE_SRV);
	asked++;
	if (!waits)
		return false;
	to->served = SERVED_OUT;
	to->why = to->real = WHY_UNKNOWN;
	return true;
}

static const struct shaper shaper = {
    .shape = say_shape, .initial = say_initial};

static void
start(void)
{
	fixture_start();
	referrers = referrers_new();
	cr_assert_not_null(referrers);
	shape_now = 0;
	waits = false;
	asked = 0;
}

static void
stop(void)
{
	fixture_stop();
	referrers_free(referrers);
}

static void
swap_versions(void)
{
	struct block_list retired;

	zone = change.zone;
	retired = edition_publish(&fixture_ed);
	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
	zone_check(zone, NOW_MS, false);
	ready_check(zone);
}

/* Settles, prepares and publishes, as the registry does. */
static void
publish(void)
{
	cr_assert(change_settle(&change));
	cr_assert_eq(ready_refresh(&change, referrers, &shaper), OK);
	swap_versions();
}

/* A version with other standings, or reshaped; no record has changed. */
static void
publish_view(void)
{
	cr_assert_not(change_settle(&change));
	swap_versions();
}

static uint64_t
hash_of(const char *text)
{
	struct name name;

	name_hash_seed(1); /* as the fixture does, perhaps later */
	cr_assert_eq(name_from_text(text, NULL, &name), OK);
	return name_hash(name.wire);
}

/* The instance at a host; ports of this file are 0. */
static uint64_t
instance_at(const char *host)
{
	return standing_key(hash_of(host), 0);
}

static struct standing
standing_of(const char *host, enum served served, enum standing_why why)
{
	return (struct standing){.instance = instance_at(host),
	    .until_ms = INT64_MAX,
	    .scale = SCALE_WHOLE,
	    .load = LOAD_UNKNOWN,
	    .served = (uint8_t)served,
	    .why = (uint8_t)why};
}

static void
set_standings(
    enum condition condition, const struct standing *list, size_t count)
{
	begin();
	cr_assert_eq(ready_set_standings(&change, referrers, hash_of(SERVICE),
			 condition, list, count),
	    OK);
	publish_view();
}

static const struct ready *
ready_of(const char *service)
{
	struct node *n = node_at(service);

	return n ? n->ready : NULL;
}

static const struct standing *
find_standing(const char *host)
{
	const struct ready *r = ready_of(SERVICE);

	return r ? standings_find(r->standings, instance_at(host)) : NULL;
}

static void
add_three(void)
{
	begin();
	add(SERVICE, TYPE_SRV, "a.z.");
	add(SERVICE, TYPE_SRV, "b.z.");
	add(SERVICE, TYPE_SRV, "c.z.");
	add("a.z.", TYPE_A, "1");
	publish();
}

Test(ready, a_plain_service_of_one_has_no_block, .timeout = 10)
{
	start();
	begin();
	add(SERVICE, TYPE_SRV, "a.z.");
	publish();
	cr_assert_null(ready_of(SERVICE));
	add_three();
	cr_assert(ready_of(SERVICE)->prepared);
	cr_assert_eq(ready_of(SERVICE)->items, 3);
	stop();
}

Test(ready, a_service_with_a_shape_has_a_block, .timeout = 10)
{
	start();
	shape_now = 7;
	begin();
	add(SERVICE, TYPE_SRV, "a.z.");
	add("_ipp._tcp.z.", TYPE_PTR, "one._ipp._tcp.z.");
	add("host.z.", TYPE_SRV, "a.z.");
	publish();
	cr_assert_eq(ready_of(SERVICE)->shape, 7);
	cr_assert_not(ready_of(SERVICE)->prepared);
	cr_assert_eq(ready_of("_ipp._tcp.z.")->shape, 7);
	cr_assert_null(ready_of("host.z."));
	/* It is the service's until it is reshaped. */
	shape_now = 8;
	add_three();
	cr_assert_eq(ready_of(SERVICE)->shape, 7);
	cr_assert(ready_of(SERVICE)->prepared);
	stop();
}

Test(ready, a_reload_gives_services_their_shapes, .timeout = 10)
{
	struct standing out = standing_of("b.z.", SERVED_OUT, WHY_UNHEALTHY);

	start();
	add_three();
	begin();
	add("_ipp._tcp.z.", TYPE_SRV, "a.z.");
	publish();
	set_standings(CONDITION_PANIC, &out, 1);
	shape_now = 3;
	begin();
	cr_assert_eq(ready_reshape(&change, referrers, &shaper), OK);
	publish_view();
	cr_assert_eq(ready_of(SERVICE)->shape, 3);
	cr_assert_eq(ready_of(SERVICE)->condition, CONDITION_PANIC);
	cr_assert_not_null(find_standing("b.z."));
	cr_assert_eq(ready_of("_ipp._tcp.z.")->shape, 3);
	shape_now = 0;
	begin();
	cr_assert_eq(ready_reshape(&change, referrers, &shaper), OK);
	publish_view();
	cr_assert_null(ready_of("_ipp._tcp.z."));
	cr_assert_not_null(find_standing("b.z."));
	stop();
}

Test(ready, standings_are_sorted_and_marked, .timeout = 10)
{
	struct standing list[] = {
	    standing_of("c.z.", SERVED_DRAIN, WHY_FORCED_DRAIN),
	    standing_of("a.z.", SERVED_OUT, WHY_UNHEALTHY),
	    standing_of("gone.z.", SERVED_OUT, WHY_UNHEALTHY)};
	const struct ready *r;
	unsigned special = 0;

	start();
	add_three();
	set_standings(CONDITION_NORMAL, list, 3);
	r = ready_of(SERVICE);
	cr_assert_eq(r->standings->count, 3);
	cr_assert_eq(find_standing("a.z.")->why, WHY_UNHEALTHY);
	cr_assert_eq(find_standing("c.z.")->served, SERVED_DRAIN);
	cr_assert_null(find_standing("b.z."));
	for (unsigned i = 0; i < r->items; i++)
		special += r->item[i].special;
	cr_assert_eq(special, 2);
	set_standings(CONDITION_NORMAL, NULL, 0);
	cr_assert_null(ready_of(SERVICE)->standings);
	stop();
}

Test(ready, what_is_no_service_has_no_standings, .timeout = 10)
{
	struct standing out = standing_of("a.z.", SERVED_OUT, WHY_UNHEALTHY);

	start();
	begin();
	add("host.z.", TYPE_SRV, "a.z.");
	publish();
	set_standings(CONDITION_NORMAL, &out, 1);
	begin();
	cr_assert_eq(ready_set_standings(&change, referrers, hash_of("host.z."),
			 CONDITION_NORMAL, &out, 1),
	    OK);
	publish_view();
	cr_assert_null(ready_of("host.z."));
	stop();
}

Test(ready, standings_stay_when_records_change, .timeout = 10)
{
	struct standing out = standing_of("b.z.", SERVED_OUT, WHY_UNHEALTHY);

	start();
	add_three();
	set_standings(CONDITION_LAST_GOOD, &out, 1);
	begin();
	add("a.z.", TYPE_A, "2");
	publish();
	cr_assert_eq(ready_of(SERVICE)->condition, CONDITION_LAST_GOOD);
	cr_assert_not_null(find_standing("b.z."));
	begin();
	drop(SERVICE, TYPE_SRV, "a.z.");
	drop(SERVICE, TYPE_SRV, "c.z.");
	publish();
	cr_assert_not(ready_of(SERVICE)->prepared);
	cr_assert_not_null(find_standing("b.z."));
	begin();
	drop(SERVICE, TYPE_SRV, "b.z.");
	publish();
	cr_assert_null(node_at(SERVICE));
	stop();
}

/* A message that deletes all and adds other records takes the node away and
 * makes another one. */
Test(ready, standings_stay_when_all_records_are_replaced, .timeout = 10)
{
	struct standing out = standing_of("b.z.", SERVED_OUT, WHY_UNHEALTHY);

	start();
	add_three();
	set_standings(CONDITION_NORMAL, &out, 1);
	begin();
	drop_set(SERVICE, TYPE_SRV);
	add(SERVICE, TYPE_SRV, "b.z.");
	add(SERVICE, TYPE_SRV, "d.z.");
	publish();
	cr_assert_not_null(find_standing("b.z."));
	cr_assert_eq(ready_of(SERVICE)->standings->count, 1);
	waits = true;
	begin();
	drop_set(SERVICE, TYPE_SRV);
	add(SERVICE, TYPE_SRV, "b.z.");
	add(SERVICE, TYPE_SRV, "e.z.");
	publish();
	cr_assert_eq(find_standing("b.z.")->why, WHY_UNHEALTHY);
	cr_assert_eq(find_standing("e.z.")->why, WHY_UNKNOWN);
	stop();
}

Test(ready, a_service_that_was_gone_begins_anew, .timeout = 10)
{
	struct standing out = standing_of("b.z.", SERVED_OUT, WHY_UNHEALTHY);

	start();
	add_three();
	set_standings(CONDITION_PANIC, &out, 1);
	begin();
	add(SERVICE, TYPE_TXT, "x");
	drop_set(SERVICE, TYPE_SRV);
	publish();
	cr_assert_not_null(node_at(SERVICE));
	cr_assert_null(ready_of(SERVICE));
	add_three();
	cr_assert_null(find_standing("b.z."));
	cr_assert_eq(ready_of(SERVICE)->condition, CONDITION_NORMAL);
	stop();
}

Test(ready, new_instances_begin_as_the_shaper_says, .timeout = 10)
{
	start();
	add_three();
	cr_assert_eq(asked, 3);
	waits = true;
	begin();
	add(SERVICE, TYPE_SRV, "d.z.");
	add("x.z.", TYPE_SRV, "e.z.");
	publish();
	cr_assert_null(find_standing("a.z."));
	cr_assert_eq(find_standing("d.z.")->why, WHY_UNKNOWN);
	cr_assert_eq(find_standing("d.z.")->scale, SCALE_WHOLE);
	cr_assert_null(find_standing("e.z."));
	/* Renewing and other changes do not ask again. */
	asked = 0;
	begin();
	add(SERVICE, TYPE_SRV, "d.z.");
	add("d.z.", TYPE_A, "3");
	publish();
	cr_assert_eq(asked, 0);
	stop();
}

Test(ready, the_instance_of_dns_sd_begins_so_too, .timeout = 10)
{
	start();
	waits = true;
	begin();
	add(SERVICE, TYPE_PTR, "one." SERVICE);
	add("one." SERVICE, TYPE_SRV, "a.z.");
	publish();
	cr_assert_eq(find_standing("a.z.")->why, WHY_UNKNOWN);
	/* Another one, by a message of its own. */
	begin();
	add("two." SERVICE, TYPE_SRV, "b.z.");
	publish();
	cr_assert_eq(find_standing("b.z.")->why, WHY_UNKNOWN);
	stop();
}

Test(ready, a_ptr_makes_a_service_of_what_was_there, .timeout = 10)
{
	start();
	waits = true;
	begin();
	add("one." SERVICE, TYPE_SRV, "a.z.");
	publish();
	cr_assert_eq(asked, 0);
	cr_assert_null(ready_of(SERVICE));
	begin();
	add(SERVICE, TYPE_PTR, "one." SERVICE);
	add(SERVICE, TYPE_PTR, "elsewhere.z.");
	publish();
	cr_assert_eq(find_standing("a.z.")->why, WHY_UNKNOWN);
	stop();
}

/* One instance by many records, and many instances at once. */
Test(ready, each_instance_has_one_standing, .timeout = 10)
{
	char host[20];

	start();
	waits = true;
	begin();
	add(SERVICE, TYPE_PTR, "one." SERVICE);
	add("one." SERVICE, TYPE_SRV, "a.z.");
	add("two." SERVICE, TYPE_SRV, "a.z.");
	add(SERVICE, TYPE_SRV, "a.z.");
	for (int i = 0; i < 100; i++) {
		snprintf(host, sizeof(host), "h%d.z.", i);
		add(SERVICE, TYPE_SRV, host);
	}
	publish();
	cr_assert_eq(ready_of(SERVICE)->standings->count, 101);
	cr_assert_not(ready_of(SERVICE)->prepared);
	stop();
}

/* A message that fails in the middle of a batch leaves all as it was; those
 * before and behind it count. */
Test(ready, a_rollback_takes_standings_back, .timeout = 10)
{
	struct standing list[] = {
	    standing_of("a.z.", SERVED_OUT, WHY_UNHEALTHY),
	    standing_of("b.z.", SERVED_OUT, WHY_UNHEALTHY)};
	const struct ready *before;
	struct zone *first;

	start();
	add_three();
	set_standings(CONDITION_NORMAL, list, 1);
	before = ready_of(SERVICE);
	/* In a batch: a view, ... */
	begin();
	cr_assert_eq(ready_set_standings(&change, referrers, hash_of(SERVICE),
			 CONDITION_PANIC, list, 2),
	    OK);
	first = change.zone;
	/* ... then what is taken back: another view, all records, ... */
	for (int i = 0; i < 3; i++) {
		struct savepoint sp = edition_savepoint(&fixture_ed);

		waits = true;
		change_begin(&change, &fixture_ed, first, NOW_MS);
		if (i == 0)
			cr_assert_eq(
			    ready_set_standings(&change, referrers,
				hash_of(SERVICE), CONDITION_NORMAL, NULL, 0),
			    OK);
		if (i > 0)
			drop_set(SERVICE, TYPE_SRV);
		if (i > 1)
			add(SERVICE, TYPE_SRV, "d.z.");
		if (i > 0) {
			cr_assert(change_settle(&change));
			cr_assert_eq(
			    ready_refresh(&change, referrers, &shaper), OK);
		}
		ready_check(change.zone);
		edition_rollback(&fixture_ed, sp);
	}
	cr_assert_eq(ready_of(SERVICE), before);
	ready_check(first);
	/* ... and one more message. */
	(void)edition_savepoint(&fixture_ed);
	change_begin(&change, &fixture_ed, first, NOW_MS);
	add(SERVICE, TYPE_SRV, "e.z.");
	publish();
	cr_assert_eq(ready_of(SERVICE)->condition, CONDITION_PANIC);
	cr_assert_eq(find_standing("b.z.")->why, WHY_UNHEALTHY);
	cr_assert_eq(find_standing("e.z.")->why, WHY_UNKNOWN);
	cr_assert_null(find_standing("d.z."));
	/* The whole batch is taken back: nothing has happened. */
	before = ready_of(SERVICE);
	begin();
	cr_assert_eq(ready_set_standings(&change, referrers, hash_of(SERVICE),
			 CONDITION_NORMAL, NULL, 0),
	    OK);
	roll_back();
	cr_assert_eq(ready_of(SERVICE), before);
	ready_check(zone);
	stop();
}

Test(ready, a_zone_is_prepared_as_a_whole, .timeout = 10)
{
	start();
	begin();
	add(SERVICE, TYPE_SRV, "a.z.");
	add("_ipp._tcp.z.", TYPE_SRV, "a.z.");
	add("_ipp._tcp.z.", TYPE_SRV, "b.z.");
	cr_assert(finish());
	shape_now = 2;
	waits = true;
	cr_assert_eq(ready_make_all(&fixture_ed, zone, referrers, &shaper), OK);
	ready_check(zone);
	cr_assert_eq(asked, 0); /* they were there before */
	cr_assert_eq(ready_of(SERVICE)->shape, 2);
	cr_assert(ready_of("_ipp._tcp.z.")->prepared);
	stop();
}

/* Tests, and a server that only checks its configuration, have none. */
Test(ready, there_need_not_be_a_shaper, .timeout = 10)
{
	start();
	begin();
	add(SERVICE, TYPE_SRV, "a.z.");
	add(SERVICE, TYPE_SRV, "b.z.");
	cr_assert(change_settle(&change));
	cr_assert_eq(ready_refresh(&change, referrers, NULL), OK);
	swap_versions();
	cr_assert_eq(ready_make_all(&fixture_ed, zone, referrers, NULL), OK);
	ready_check(zone);
	begin();
	cr_assert_eq(ready_reshape(&change, referrers, NULL), OK);
	roll_back();
	stop();
}
