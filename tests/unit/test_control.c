/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/control_world.h"

static const char records[] =
    "a A 192.0.2.1\nb A 192.0.2.2\n"
    "a TXT \"tags=v2,canary\" \"version=2\"\n"
    "_http._tcp.web SRV 10 100 8080 a\n"
    "_http._tcp.web SRV 10 30 8080 b\n"
    "_http._tcp.web SRV 20 5 8081 b\n"
    "_ipp._tcp PTR Front\\032Desk._ipp._tcp\n"
    "Front\\032Desk._ipp._tcp SRV 0 0 631 a\n"
    "Front\\032Desk._ipp._tcp TXT \"rp=\\027[31m\\255\"\n";

static void
start(void)
{
	world_start(records);
}

TestSuite(control, .init = start, .fini = world_stop, .timeout = 60);

/* --- lists --- */

Test(control, services_are_listed_with_both_shapes)
{
	FILE *client = say("{\"command\":\"services\"}");

	HEAR(client, "\"service\":\"_ipp._tcp.svc.example\"",
	    "\"registered\":1", "\"served\":1", "\"condition\":\"normal\"",
	    "\"strategy\":\"weighted\"");
	HEAR(client, "\"service\":\"_http._tcp.web.svc.example\"",
	    "\"zone\":\"svc.example\"", "\"registered\":3", "\"served\":3");
	HEAR(client, "{\"done\":true}");
	fclose(client);
}

Test(control, a_pattern_chooses_services)
{
	FILE *client =
	    say("{\"command\":\"services\",\"pattern\":\"*.WEB.svc.*\"}");

	HEAR(client, "_http._tcp.web.svc.example");
	HEAR(client, "{\"done\":true}");
	fclose(client);
	client = say("{\"command\":\"services\",\"pattern\":\"nothing\"}");
	HEAR(client, "{\"done\":true}");
	fclose(client);
}

Test(control, instances_are_listed_with_their_attributes)
{
	FILE *client = say("{\"command\":\"instances\"}");

	HEAR(client, "\"host\":\"a.svc.example\"", "\"port\":631",
	    "\"name\":\"Front\\\\032Desk._ipp._tcp.svc.example.\"",
	    "\"txt\":[\"rp=\\u001B[31m?\"]", "\"tags\":[]");
	HEAR(client, "\"host\":\"b.svc.example\"", "\"port\":8080",
	    "\"priority\":10", "\"weight\":30", "\"served\":\"up\"");
	HEAR(client, "\"host\":\"a.svc.example\"", "\"port\":8080",
	    "\"tags\":[\"v2\",\"canary\"]",
	    "\"txt\":[\"tags=v2,canary\",\"version=2\"]");
	HEAR(client, "\"port\":8081", "\"priority\":20");
	HEAR(client, "{\"done\":true}");
	fclose(client);
}

Test(control, a_pattern_chooses_instances)
{
	static const struct {
		const char *pattern;
		unsigned count;
	} rows[] = {
	    {"*", 4},
	    {"b.svc.example", 2},
	    {"b.svc.example:8081", 1},
	    {"_http*", 3},
	    {"_http._tcp.web.svc.example/a.svc.example:8080", 1},
	    {"_ipp._tcp.svc.example/b*", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char request[256];
		FILE *client;

		snprintf(request, sizeof(request),
		    "{\"command\":\"instances\",\"pattern\":\"%s\"}",
		    rows[i].pattern);
		client = say(request);
		for (unsigned n = 0; n < rows[i].count; n++)
			HEAR(client, "\"host\"");
		HEAR(client, "{\"done\":true}");
		fclose(client);
	}
}

/* --- status --- */

Test(control, status_has_what_the_roster_counts)
{
	FILE *client = say("{\"command\":\"status\"}");
	struct inquiry *inquiry = take_inquiry();

	cr_assert_eq(inquiry->kind, INQUIRY_COUNT);
	inquiry->counts.unhealthy = 7;
	inquiry->counts.guarded = 1;
	inquiry->finish(inquiry);
	HEAR(client, "\"unhealthy\":7", "\"guard\":1",
	    "\"per_second\":", "\"late\":0", "\"store\":{");
	HEAR(client, "\"zone\":\"svc.example.\"");
	HEAR(client, "{\"done\":true}");
	fclose(client);
}

Test(control, status_does_not_need_the_writer)
{
	FILE *client = say("{\"command\":\"status\"}");

	HEAR(client, "\"health\":null", "\"version\"");
	HEAR(client, "\"zone\":\"svc.example.\"");
	HEAR(client, "{\"done\":true}");
	fclose(client);
	answer_inquiry();
}

/* --- force --- */

/* The file of wishes; NULL if it is not there. */
static char *
read_wishes(void)
{
	static char text[4096];
	char path[128];
	FILE *file;
	size_t len;

	world_path(path, sizeof(path), "forced");
	file = fopen(path, "r");
	if (file == NULL)
		return NULL;
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

Test(control, a_wish_is_on_the_disk_when_it_is_done)
{
	FILE *client = say("{\"command\":\"force\",\"pattern\":\"b.*\","
			   "\"state\":\"drain\"}");
	struct inquiry *inquiry = take_inquiry();

	cr_assert_eq(inquiry->kind, INQUIRY_FORCE);
	cr_assert_eq(inquiry->state, FORCE_DRAIN);
	cr_assert_str_eq(inquiry->pattern, "b.*");
	cr_assert_null(read_wishes());
	answer(inquiry);
	HEAR(client, "\"pattern\":\"b.*\"", "\"state\":\"drain\"",
	    "\"instances\":2");
	cr_assert_not_null(read_wishes());
	cr_assert_not_null(strstr(read_wishes(), "b.*"));
	HEAR(client, "{\"done\":true}");
	fclose(client);

	client = say("{\"command\":\"forced\"}");
	answer_inquiry();
	HEAR(client, "\"pattern\":\"b.*\"", "\"state\":\"drain\"", "\"time\":");
	HEAR(client, "{\"done\":true}");
	fclose(client);
}

Test(control, what_cannot_be_saved_holds_until_a_restart_only)
{
	FILE *client;

	/* Not even root replaces a folder with something in it. */
	run("mkdir -p forced/full");
	client = say("{\"command\":\"force\",\"pattern\":\"b.*\","
		     "\"state\":\"down\"}");
	answer_inquiry();
	HEAR(client, "{\"error\":", "until a restart only");
	fclose(client);
}

Test(control, a_wish_outlives_who_wished_it)
{
	FILE *client = say("{\"command\":\"force\",\"pattern\":\"b.*\","
			   "\"state\":\"down\"}");
	struct inquiry *inquiry = take_inquiry();

	fclose(client);
	/* The client is forgotten with the thread. */
	control_stop(control);
	answer(inquiry);
	cr_assert_null(read_wishes());
	control_free(control);
	control = NULL;
	cr_assert_not_null(read_wishes());
	cr_assert_not_null(strstr(read_wishes(), "b.*"));
	/* For world_stop(). */
	cr_assert_eq(control_new(&(struct control_plan){.data = world_folder,
				     .stats = stats,
				     .workers = WORLD_WORKERS},
			 &control, (char[512]){""}, 512),
	    OK);
}

Test(control, what_is_no_wish_is_refused)
{
	static const struct {
		const char *request, *why;
	} rows[] = {
	    {"{\"command\":\"force\"}", "pattern"},
	    {"{\"command\":\"force\",\"pattern\":\"\",\"state\":\"up\"}",
		"pattern"},
	    {"{\"command\":\"force\",\"pattern\":\"a\"}", "state"},
	    {"{\"command\":\"force\",\"pattern\":\"a\",\"state\":\"UP\"}",
		"up, down, drain or auto"},
	    {"{\"command\":\"force\",\"pattern\":1,\"state\":\"up\"}",
		"pattern"},
	};
	char long_one[1024];
	FILE *client;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		client = say(rows[i].request);
		HEAR(client, "{\"error\":", rows[i].why);
		fclose(client);
	}
	snprintf(long_one, sizeof(long_one),
	    "{\"command\":\"force\",\"pattern\":\"%0600d\",\"state\":\"up\"}",
	    0);
	client = say(long_one);
	HEAR(client, "{\"error\":", "599 octets");
	fclose(client);
}

Test(control, the_roster_says_what_is_wrong_with_a_wish)
{
	FILE *client = say("{\"command\":\"force\",\"pattern\":\"a b\","
			   "\"state\":\"up\"}");

	answer_inquiry();
	HEAR(client, "{\"error\":\"");
	fclose(client);
	cr_assert_null(read_wishes());
}

/* --- explain --- */

/* A report as the roster may give it. */
static void
answer_report(void)
{
	struct inquiry *inquiry = take_inquiry();
	struct roster_report *r = calloc(2, sizeof(*r));
	const struct probe_result good = {.good = true,
	    .percent = -1,
	    .load = -1,
	    .duration_us = 1500,
	    .wall_s = 1000000000,
	    .reason = "HTTP 200"};
	const struct config_check check = {
	    .type = CHECK_HTTP, .rise = 2, .fall = 3, .interval_ms = 1000};

	cr_assert_eq(inquiry->kind, INQUIRY_EXPLAIN);
	cr_assert_not_null(r);
	snprintf(r[0].host, sizeof(r[0].host), "b.svc.example");
	r[0].port = 8081;
	r[0].lease_left_ms = r[0].until_ms = -1;
	snprintf(r[1].host, sizeof(r[1].host), "a.svc.example");
	r[1].port = 8080;
	r[1].until_ms = 2500;
	snprintf(r[1].why_text, sizeof(r[1].why_text), "because of tests");
	snprintf(r[1].check, sizeof(r[1].check), "http:/health every 1 s");
	snprintf(r[1].forced_by, sizeof(r[1].forced_by), "a.*");
	r[1].forced_wall_s = 7;
	health_init(&r[1].health);
	health_take(&r[1].health, &check, &good, 1);
	inquiry->report = r;
	inquiry->reports = 2;
	inquiry->finish(inquiry);
}

Test(control, explain_joins_zone_and_roster)
{
	FILE *client = say("{\"command\":\"explain\",\"name\":"
			   "\"_HTTP._tcp.web.svc.example\"}");

	answer_report();
	HEAR(client, "\"service\":\"_http._tcp.web.svc.example\"",
	    "\"registered\":3", "\"note\":\"\"");
	HEAR(client, "\"host\":\"b.svc.example\"", "\"port\":8080",
	    "\"tier_weight\":130",
	    "\"weight_text\":\"weight 30 of 130 in tier 10");
	HEAR(client, "\"host\":\"a.svc.example\"",
	    "\"text\":\"because of tests\"",
	    "\"check\":\"http:/health every 1 s\"", "\"state\":\"healthy\"",
	    "\"reason\":\"HTTP 200\"", "\"duration\":1.5", "\"good\":true",
	    "\"forced\":{\"pattern\":\"a.*\",\"time\":7}", "\"until\":2.5");
	HEAR(client, "\"port\":8081", "behind the tiers before it");
	HEAR(client, "{\"done\":true}");
	fclose(client);
}

Test(control, explain_knows_domains_hosts_and_instances)
{
	static const struct {
		const char *name;
		unsigned services, instances;
	} rows[] = {
	    {"web.svc.example", 1, 3},
	    {"WEB.svc.example.", 1, 3},
	    {"a.svc.example", 2, 2},
	    {"b.svc.example", 1, 2},
	    {"b.svc.example:8081", 1, 1},
	    {"svc.example", 1, 1}, /* the services of that domain itself */
	    {"example", 2, 4}, /* above all domains */
	    {"_http._tcp.web.svc.example/b.svc.example", 1, 2},
	    {"_http._tcp.web.svc.example/b.svc.example:8080", 1, 1},
	    {"front\\\\032desk._ipp._tcp.svc.example", 1, 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned instances = 0;
		char request[256], line[4096];
		FILE *client;

		snprintf(request, sizeof(request),
		    "{\"command\":\"explain\",\"name\":\"%s\"}", rows[i].name);
		client = say(request);
		for (unsigned n = 0; n < rows[i].services; n++)
			answer_inquiry();
		while (fgets(line, sizeof(line), client) != NULL &&
		       strstr(line, "\"done\"") == NULL) {
			cr_assert_null(strstr(line, "\"error\""), "%s: %s",
			    rows[i].name, line);
			instances += strstr(line, "\"host\"") != NULL;
		}
		cr_expect_eq(instances, rows[i].instances, "%s: %u",
		    rows[i].name, instances);
		fclose(client);
	}
}

Test(control, explain_of_nothing_is_an_error)
{
	static const char *const names[] = {"nothing.svc.example",
	    "a.svc.example:9", "_x._tcp.web.svc.example", "other"};
	char request[256];
	FILE *client;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(request, sizeof(request),
		    "{\"command\":\"explain\",\"name\":\"%s\"}", names[i]);
		client = say(request);
		HEAR(client, "{\"error\":", "nothing is registered for",
		    names[i]);
		fclose(client);
	}
	client = say("{\"command\":\"explain\",\"name\":\"a..b\"}");
	HEAR(client, "{\"error\":", "needs the name");
	fclose(client);
	client = say("{\"command\":\"explain\"}");
	HEAR(client, "{\"error\":", "needs the name");
	fclose(client);
}

/* --- watch --- */

static void
put(enum roster_event_kind kind, const char *service, const char *host)
{
	const struct roster_event event = {.kind = kind,
	    .wall_s = 5,
	    .service = service,
	    .host = host,
	    .port = 80,
	    .real = WHY_UNHEALTHY,
	    .why = kind == EVENT_FORCED ? WHY_FORCED_DOWN : WHY_PANIC,
	    .condition = CONDITION_PANIC,
	    .reason = "HTTP 503"};

	events_put(events, &event);
}

Test(control, watchers_are_told_what_they_asked_for)
{
	FILE *all = say("{\"command\":\"watch\"}");
	FILE *some = say("{\"command\":\"watch\",\"pattern\":\"b.*\"}");

	HEAR(all, "\"event\":\"watching\"");
	HEAR(some, "\"event\":\"watching\"");
	put(EVENT_HEALTH, "_http._tcp.web.svc.example", "a.svc.example");
	put(EVENT_SERVED, "_http._tcp.web.svc.example", "b.svc.example");
	put(EVENT_CONDITION, "_http._tcp.web.svc.example", "");
	put(EVENT_FORCED, "x.*", "");
	HEAR(all, "\"event\":\"health\"", "\"time\":5",
	    "\"service\":\"_http._tcp.web.svc.example\"",
	    "\"host\":\"a.svc.example\"", "\"port\":80",
	    "\"real\":\"unhealthy\"", "\"reason\":\"HTTP 503\"");
	HEAR(all, "\"event\":\"served\"", "\"served\":\"up\"",
	    "\"why\":\"panic\"");
	HEAR(all, "\"event\":\"condition\"", "\"condition\":\"panic\"");
	HEAR(all, "\"event\":\"forced\"", "\"pattern\":\"x.*\"",
	    "\"state\":\"down\"");
	HEAR(some, "\"event\":\"served\"", "b.svc.example");
	HEAR(some, "\"event\":\"forced\"");
	fclose(all);
	fclose(some);
}
