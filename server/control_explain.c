/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "server/control_report.h"
#include "server/now.h"
#include "zones/directory.h"
#include "zones/snapshot.h"

/* A service with more instances is explained without their checks: a report
 * of one takes some kilobytes, and the writer's time. */
#define EXPLAIN_REPORTS 4096
/* Instances told in one step. */
#define STEP_INSTANCES 32

/* What the name turned out to be. */
enum explain_mode {
	EXPLAIN_SERVICE, /* or a DNS-SD instance of it */
	EXPLAIN_DOMAIN,
	EXPLAIN_SCAN, /* a host, or something above domains: all services are
		       * looked at */
};

enum explain_stage {
	STAGE_FIND, /* the next service */
	STAGE_ASK,
	STAGE_HEAR,
	STAGE_TELL, /* its instances */
};

struct explain_job {
	enum explain_mode mode;
	enum explain_stage stage;
	size_t told; /* instances */
	bool looked; /* EXPLAIN_SERVICE: it was found */
	/* what was asked for; length 0 and port 0: not that closely */
	struct name name;
	struct name host;
	struct name instance;
	unsigned port;
	/* the search */
	struct control_walk walk; /* EXPLAIN_DOMAIN */
	struct control_tour tour; /* EXPLAIN_SCAN */
	/* the present service */
	size_t zone;
	struct name service;
	struct control_instances at;
	struct control_sums sums;
	struct inquiry *reports; /* the client's question holds it */
};

void
control_explain_end(struct control_client *client)
{
	struct explain_job *job = client->state;

	if (job == NULL)
		return;
	control_sums_fini(&job->sums);
	free(job);
}

/* --- what is asked for --- */

static bool
read_name(const char *text, size_t len, struct name *name)
{
	char copy[NAME_TEXT_LEN];
	struct name parsed;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (name_from_text(copy, NULL, &parsed) != OK)
		return false;
	name->len = (uint8_t)name_lower(name->wire, parsed.wire);
	return true;
}

/* Cuts the port from what tables show as host:port; returns what is left. */
static size_t
read_port(const char *text, unsigned *port)
{
	const char *colon = strrchr(text, ':');
	size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

	if (digits == 0 || digits > 5 || colon[1 + digits] != '\0')
		return strlen(text);
	*port = (unsigned)strtoul(colon + 1, NULL, 10);
	return (size_t)(colon - text);
}

/* SERVICE, DOMAIN or HOST, HOST:PORT, or SERVICE/HOST:PORT. */
static bool
read_request(struct explain_job *job, const char *text)
{
	const char *slash = text[0] == '_' ? strchr(text, '/') : NULL;
	size_t len;

	if (slash != NULL) {
		len = read_port(slash + 1, &job->port);
		return read_name(text, (size_t)(slash - text), &job->name) &&
		       read_name(slash + 1, len, &job->host);
	}
	len = read_port(text, &job->port);
	return read_name(text, len, &job->name);
}

static const struct node *
find_service(const struct zone *zone, const uint8_t *name)
{
	const struct node *n;

	if (name_labels(name) < 2 ||
	    !directory_is_service_name(name, zone->info->labels))
		return NULL;
	n = tree_find_name(&zone->tree, name_hash(name), name, name_len(name));
	return n && directory_has_service(n) ? n : NULL;
}

/* Finds out what the name is. */
static void
choose_mode(struct explain_job *job, const struct zoneset *zones)
{
	const struct zone *zone;
	const struct node *n;
	struct name_key key;
	int number;

	job->mode = EXPLAIN_SCAN;
	name_key_init(&key, job->name.wire);
	number = zoneset_find(zones->index, &key, 0);
	if (number < 0 || zones->zone[number]->broken)
		return;
	zone = zones->zone[number];
	job->zone = (size_t)number;
	n = tree_find(&zone->tree, &key, 0);
	if (find_service(zone, job->name.wire) != NULL) {
		job->mode = EXPLAIN_SERVICE;
		job->service = job->name;
	} else if (n != NULL && node_find(n, INDEX_SERVICES) != NULL &&
		   job->port == 0) {
		job->mode = EXPLAIN_DOMAIN;
		job->walk.zone = job->zone;
		job->walk.domain = job->name;
	} else if (n != NULL && node_find(n, TYPE_SRV) != NULL &&
		   find_service(zone, name_strip(job->name.wire, 1)) != NULL) {
		job->mode = EXPLAIN_SERVICE;
		job->instance = job->name;
		name_set(&job->service, name_strip(job->name.wire, 1));
	}
}

static enum control_step
begin(struct control_client *client)
{
	const char *text = control_argument(client, "name");
	struct snapshot_hub *hub = client->control->plan.hub;
	struct explain_job *job = calloc(1, sizeof(*job));

	client->state = job;
	if (job == NULL) {
		control_client_fail(client, "%s", error_text(ERR_MEMORY));
		return STEP_FAILED;
	}
	if (text == NULL || !read_request(job, text)) {
		control_client_fail(client, "explain needs the name of a "
					    "service, a domain or a host");
		return STEP_FAILED;
	}
	choose_mode(job, snapshot_enter(hub)->zones);
	snapshot_leave(hub);
	return STEP_MORE;
}

/* --- the next service --- */

/* Whether an instance is one of those that were asked for. */
static bool
is_meant(const struct explain_job *job, const struct control_instance *i)
{
	const struct name *host = &job->host;

	if (job->port != 0 && wire_load_u16(i->srv->rdata + 4) != job->port)
		return false;
	if (job->mode == EXPLAIN_SCAN)
		return name_equal(i->srv->rdata + 6, job->name.wire) ||
		       (job->port == 0 &&
			   name_is_in(node_owner(i->service), job->name.wire));
	if (job->instance.len > 0)
		return i->name && name_equal(i->name, job->instance.wire);
	return host->len == 0 || name_equal(i->srv->rdata + 6, host->wire);
}

/* The next service in which somebody is meant; *done: there is none. */
static bool
scan(struct explain_job *job, const struct zoneset *zones, bool *done)
{
	size_t work = CONTROL_STEP_WORK;
	struct control_instance i;

	control_tour_enter(&job->tour, zones, now_monotonic_ms());
	while (control_tour_next(&job->tour, &i, &work)) {
		if (!is_meant(job, &i))
			continue;
		job->zone = job->tour.walk.zone;
		name_set(&job->service, node_owner(i.service));
		/* Nobody else of this service needs to be found. */
		job->tour.inside = false;
		return true;
	}
	*done = job->tour.done;
	return false;
}

static bool
next_of_domain(struct explain_job *job, const struct zoneset *zones)
{
	const struct node *service;

	control_walk_enter(&job->walk, zones);
	service = control_walk_next(&job->walk);
	if (service == NULL || job->walk.zone != job->zone ||
	    !name_equal(job->walk.domain.wire, job->name.wire))
		return false;
	name_set(&job->service, node_owner(service));
	return true;
}

static enum control_step
find_next(struct control_client *client, struct explain_job *job)
{
	struct snapshot_hub *hub = client->control->plan.hub;
	const struct zoneset *zones = snapshot_enter(hub)->zones;
	bool found = false, done = false;

	switch (job->mode) {
	case EXPLAIN_SERVICE:
		found = !job->looked;
		job->looked = true;
		done = !found;
		break;
	case EXPLAIN_DOMAIN:
		found = next_of_domain(job, zones);
		done = !found;
		break;
	case EXPLAIN_SCAN:
		found = scan(job, zones, &done);
		break;
	}
	snapshot_leave(hub);
	if (found)
		job->stage = STAGE_ASK;
	if (!done)
		return STEP_MORE;
	if (job->told > 0)
		return STEP_DONE;
	control_client_fail(client, "nothing is registered for %s",
	    control_argument(client, "name"));
	return STEP_FAILED;
}

/* --- one service --- */

/* The node of the present service, if it is still there. */
static const struct node *
present(const struct explain_job *job, const struct zoneset *zones)
{
	return job->zone < zones->count
		   ? find_service(zones->zone[job->zone], job->service.wire)
		   : NULL;
}

static json_t *
describe_service(const struct explain_job *job, const struct snapshot *snapshot,
    const struct node *service, const char *note)
{
	const struct config_service *config =
	    control_service_config(snapshot->settings, service);
	const struct shape *shape = config ? &config->shape : &shape_default;
	enum condition condition =
	    service->ready ? (enum condition)service->ready->condition
			   : CONDITION_NORMAL;
	char name[NAME_TEXT_LEN];

	return json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:I, s:s}", "service",
	    control_name_text(job->service.wire, name), "registered",
	    (json_int_t)job->sums.registered, "served",
	    (json_int_t)job->sums.served, "condition",
	    condition_text(condition), "text",
	    control_condition_sentence(condition), "strategy",
	    control_strategy_word(shape->strategy), "max_answers",
	    (json_int_t)shape->max_answers, "note", note);
}

/* Says what the service is as a whole, with what its instances are seen
 * against; false if it has gone. */
static bool
say_service(
    struct control_client *client, struct explain_job *job, const char *note)
{
	struct snapshot_hub *hub = client->control->plan.hub;
	const struct snapshot *snapshot = snapshot_enter(hub);
	const struct node *service = present(job, snapshot->zones);
	bool there = false;

	control_sums_fini(&job->sums);
	if (service != NULL)
		there = control_sums_make(&job->sums,
			    snapshot->zones->zone[job->zone], service,
			    now_monotonic_ms()) &&
			job->sums.registered > 0;
	if (there)
		control_client_say(
		    client, describe_service(job, snapshot, service, note));
	snapshot_leave(hub);
	return there;
}

static size_t
count_instances(struct control_client *client, const struct explain_job *job)
{
	struct snapshot_hub *hub = client->control->plan.hub;
	const struct zoneset *zones = snapshot_enter(hub)->zones;
	const struct node *service = present(job, zones);
	size_t count = 0;

	if (service != NULL)
		count = control_instances_count(
		    zones->zone[job->zone], service, now_monotonic_ms())
			    .registered;
	snapshot_leave(hub);
	return count;
}

/* From the service as a whole to its instances. */
static void
begin_telling(
    struct control_client *client, struct explain_job *job, const char *note)
{
	job->at = (struct control_instances){.behind_own = false};
	if (say_service(client, job, note)) {
		job->stage = STAGE_TELL;
		return;
	}
	job->stage = STAGE_FIND;
	job->reports = NULL;
	control_forget(client);
}

static enum control_step
ask(struct control_client *client, struct explain_job *job)
{
	struct inquiry *inquiry;
	const char *why;

	job->reports = NULL;
	if (count_instances(client, job) > EXPLAIN_REPORTS) {
		begin_telling(client, job,
		    "there are too many instances to show their checks");
		return STEP_MORE;
	}
	inquiry = calloc(1, sizeof(*inquiry));
	if (inquiry != NULL) {
		inquiry->kind = INQUIRY_EXPLAIN;
		inquiry->service = job->service;
	}
	why = control_ask(client, inquiry);
	if (why == NULL) {
		job->stage = STAGE_HEAR;
		return STEP_WAIT;
	}
	begin_telling(client, job, why);
	return STEP_MORE;
}

static enum control_step
hear(struct control_client *client, struct explain_job *job)
{
	const char *note = "";

	switch (control_answer(client, CONTROL_ANSWER_MS, &job->reports)) {
	case ANSWER_WAIT:
		return STEP_WAIT;
	case ANSWER_NEVER:
		note = "the writer does not answer: checks are not shown";
		break;
	case ANSWER_HERE:
		if (job->reports->err != OK)
			note = error_text(job->reports->err);
		control_reports_sort(job->reports);
		break;
	}
	begin_telling(client, job, note);
	return STEP_MORE;
}

static enum control_step
tell(struct control_client *client, struct explain_job *job)
{
	struct snapshot_hub *hub = client->control->plan.hub;
	const struct snapshot *snapshot = snapshot_enter(hub);
	const struct node *service = present(job, snapshot->zones);
	int64_t now_ms = now_monotonic_ms();
	size_t work = STEP_INSTANCES;
	struct control_instance i;

	if (service != NULL) {
		control_instances_enter(&job->at,
		    snapshot->zones->zone[job->zone], service, now_ms);
		while (!control_client_is_full(client) &&
		       control_instances_next(&job->at, &i, &work)) {
			if (!is_meant(job, &i))
				continue;
			job->told++;
			control_client_say(client,
			    control_report_instance(&i, snapshot->settings,
				&job->sums, job->reports, now_ms));
		}
	}
	snapshot_leave(hub);
	if (service == NULL || job->at.done) {
		job->stage = STAGE_FIND;
		job->reports = NULL;
		control_forget(client);
	}
	return STEP_MORE;
}

enum control_step
control_explain_step(struct control_client *client)
{
	struct explain_job *job = client->state;

	if (job == NULL)
		return begin(client);
	switch (job->stage) {
	case STAGE_FIND:
		return find_next(client, job);
	case STAGE_ASK:
		return ask(client, job);
	case STAGE_HEAR:
		return hear(client, job);
	case STAGE_TELL:
		break;
	}
	return tell(client, job);
}
