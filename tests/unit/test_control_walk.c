/* SPDX-License-Identifier: Apache-2.0 */
#include "server/control_walk.h"
#include "tests/unit/control_world.h"

static struct control_walk walk;
static struct control_tour tour;

static void
start(void)
{
	walk = (struct control_walk){.zone = 0};
	tour = (struct control_tour){.inside = false};
}

static void
stop(void)
{
	registry_stop();
}

TestSuite(control_walk, .init = start, .fini = stop, .timeout = 60);

/* One step that comes to at most count services; they are appended to text as
 * first labels. */
static void
step_services(unsigned count, char *text)
{
	const struct zoneset *zones = snapshot_enter(hub)->zones;
	const struct node *n;

	control_walk_enter(&walk, zones);
	while (count-- > 0 && (n = control_walk_next(&walk)) != NULL) {
		const uint8_t *owner = node_owner(n);

		sprintf(text + strlen(text), "%.*s ", owner[0],
		    (const char *)owner + 1);
	}
	snapshot_leave(hub);
}

/* The same for instances: hosts and ports. */
static void
step_instances(size_t work, char *text)
{
	const struct zoneset *zones = snapshot_enter(hub)->zones;
	struct control_instance i;

	control_tour_enter(&tour, zones, now_monotonic_ms());
	while (control_tour_next(&tour, &i, &work)) {
		const uint8_t *host = i.srv->rdata + 6;

		sprintf(text + strlen(text), "%.*s%s:%u ", host[0],
		    (const char *)host + 1, i.name ? "*" : "",
		    wire_load_u16(i.srv->rdata + 4));
	}
	snapshot_leave(hub);
}

Test(control_walk, each_service_comes_once_however_short_the_steps)
{
	static const char records[] =
	    "a A 192.0.2.1\n"
	    "_a._tcp.one SRV 0 0 1 a\n_b._tcp.one SRV 0 0 1 a\n"
	    "_c._tcp.two SRV 0 0 1 a\n_d._tcp SRV 0 0 1 a\n"
	    "_e._udp.three PTR x._e._udp.three\n";

	registry_start(records);
	for (unsigned count = 1; count < 7; count++) {
		char text[256] = "";

		walk = (struct control_walk){.zone = 0};
		for (int i = 0; i < 8; i++)
			step_services(count, text);
		cr_expect_eq(strlen(text), 5 * 3, "%s", text);
		for (char c = 'a'; c <= 'e'; c++)
			cr_expect_not_null(
			    strstr(text, (char[]){'_', c, ' ', '\0'}));
	}
}

Test(control_walk, it_goes_on_behind_what_has_gone_meanwhile)
{
	char text[256] = "";

	registry_start("a A 192.0.2.1\n"
		       "_b._tcp.one SRV 0 0 1 a\n_d._tcp.one SRV 0 0 1 a\n"
		       "_f._tcp.one SRV 0 0 1 a\n_b._tcp.two SRV 0 0 1 a\n");
	step_services(2, text);
	cr_expect_str_eq(text, "_b _d ");
	/* Where it stood has gone, and others have come around it. */
	registry_change("a A 192.0.2.1\n"
			"_a._tcp.one SRV 0 0 1 a\n_e._tcp.one SRV 0 0 1 a\n"
			"_f._tcp.one SRV 0 0 1 a\n_b._tcp.two SRV 0 0 1 a\n");
	step_services(2, text);
	cr_expect_str_eq(text, "_b _d _e _f ");
	/* The whole domain has gone. */
	registry_change("a A 192.0.2.1\n_b._tcp.two SRV 0 0 1 a\n"
			"_c._tcp.two SRV 0 0 1 a\n");
	step_services(9, text);
	cr_expect_str_eq(text, "_b _d _e _f _b _c ");
	step_services(9, text);
	cr_expect_str_eq(text, "_b _d _e _f _b _c ");
}

Test(control_walk, instances_of_both_shapes_come_once)
{
	char text[512], whole[512] = "";

	registry_start("a A 192.0.2.1\n"
		       "_x._tcp.one SRV 1 0 1 a\n_x._tcp.one SRV 0 0 2 b\n"
		       "_x._tcp.one SRV 0 0 3 c\n"
		       "_x._tcp.one PTR n._x._tcp.one\n"
		       "_x._tcp.one PTR o._x._tcp.one\n"
		       "_x._tcp.one PTR nowhere._x._tcp.one\n"
		       "n._x._tcp.one SRV 0 0 4 d\n"
		       "n._x._tcp.one SRV 0 0 5 d\n"
		       "o._x._tcp.one SRV 0 0 2 b\n" /* as one of the others */
		       "_y._tcp.one SRV 0 0 6 e\n");
	step_instances(1000, whole);
	cr_assert(tour.done);
	cr_expect_str_eq(whole, "b:2 c:3 a:1 d*:4 d*:5 e:6 ");
	for (size_t work = 1; work < 12; work++) {
		text[0] = '\0';
		tour = (struct control_tour){.inside = false};
		for (int i = 0; i < 100 && !tour.done; i++)
			step_instances(work, text);
		cr_expect(tour.done);
		cr_expect_str_eq(text, whole, "%zu: %s", work, text);
	}
}

Test(control_walk, an_instance_that_goes_does_not_stop_it)
{
	char text[512] = "";

	registry_start("_x._tcp.one SRV 0 0 1 a\n_x._tcp.one SRV 0 0 3 a\n"
		       "_x._tcp.one SRV 0 0 5 a\n_y._tcp.one SRV 0 0 6 a\n");
	/* A step for the service, one for each record. */
	step_instances(2, text);
	cr_expect_str_eq(text, "a:1 a:3 ");
	registry_change("_x._tcp.one SRV 0 0 2 a\n_x._tcp.one SRV 0 0 4 a\n"
			"_y._tcp.one SRV 0 0 6 a\n");
	step_instances(2, text);
	cr_expect_str_eq(text, "a:1 a:3 a:4 ");
	registry_change("_z._tcp.one SRV 0 0 7 a\n");
	step_instances(100, text);
	cr_expect_str_eq(text, "a:1 a:3 a:4 a:7 ");
}

/* The first service of the zone. */
static const struct node *
first_service(const struct zoneset *zones)
{
	control_walk_enter(&walk, zones);
	return control_walk_next(&walk);
}

Test(control_walk, a_target_and_port_count_once)
{
	const struct zoneset *zones;
	struct control_count count;

	registry_start("_x._tcp.one SRV 0 0 1 a\n_x._tcp.one SRV 1 0 1 A\n"
		       "_x._tcp.one SRV 0 0 2 a\n"
		       "_x._tcp.one PTR n._x._tcp.one\n"
		       "n._x._tcp.one SRV 5 0 2 a\n"
		       "n._x._tcp.one SRV 5 0 3 a\n");
	zones = snapshot_enter(hub)->zones;
	count = control_instances_count(
	    zones->zone[0], first_service(zones), now_monotonic_ms());
	cr_expect_eq(count.registered, 3);
	cr_expect_eq(count.served, 3);
	snapshot_leave(hub);
}

Test(control_walk, attributes_come_from_the_nearest_txt)
{
	static const struct {
		const char *host, *txt; /* "" : none */
	} rows[] = {{"a", "of-target"}, {"b", "of-service"}, {"d", "of-name"}};
	struct control_instances at = {.behind_own = false};
	const struct zoneset *zones;
	struct control_instance i;
	size_t work = 100;

	registry_start("a A 192.0.2.1\na TXT of-target\n"
		       "_x._tcp.one SRV 0 0 1 a\n_x._tcp.one SRV 0 0 1 b\n"
		       "_x._tcp.one TXT of-service\n"
		       "_x._tcp.one PTR N._x._tcp.one\n"
		       "n._x._tcp.one SRV 0 0 1 d\nd TXT of-host\n"
		       "n._x._tcp.one TXT of-name\n");
	zones = snapshot_enter(hub)->zones;
	control_instances_enter(
	    &at, zones->zone[0], first_service(zones), now_monotonic_ms());
	for (size_t n = 0; n < 3; n++) {
		const struct record *txt;

		cr_assert(control_instances_next(&at, &i, &work));
		txt = control_instance_txt(&i, now_monotonic_ms());
		cr_assert_not_null(txt);
		cr_expect_eq(i.srv->rdata[7], rows[n].host[0]);
		cr_expect_eq(txt->rdata[0], strlen(rows[n].txt));
		cr_expect_eq(
		    memcmp(txt->rdata + 1, rows[n].txt, strlen(rows[n].txt)),
		    0);
	}
	snapshot_leave(hub);
}

Test(control_walk, a_long_list_is_walked_in_bounded_steps)
{
	enum { SERVICES = 3000 };
	char *records = malloc(SERVICES * 64), *at = records;
	unsigned seen = 0, steps = 0;

	cr_assert_not_null(records);
	for (int i = 0; i < SERVICES; i++)
		at += sprintf(at, "_s%d._tcp.d%d SRV 0 0 1 a\n", i, i % 500);
	registry_start(records);
	free(records);
	while (!tour.done) {
		char text[8192] = "";

		step_instances(64, text);
		for (const char *c = text; *c != '\0'; c++)
			seen += *c == ' ';
		steps++;
	}
	cr_expect_eq(seen, SERVICES);
	cr_expect_geq(steps, SERVICES * 2 / 64);
}
