/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>
#include <stdlib.h>

#include "server/control_internal.h"
#include "server/dump.h"
#include "server/log.h"
#include "server/now.h"
#include "zones/snapshot.h"
#include "zones/zonefile.h"

/* Records in one step. */
#define STEP_RECORDS 32

/* Nothing that the writer replaces is freed while a dump goes on: a client
 * gets so long, and a second more for each so many names. */
#define LIMIT_S 30
#define LIMIT_NAMES 10000

struct dump_job {
	struct dump *dump;
	struct event *limit;
};

/* A client that takes too long over a dump. */
static void
dump_overdue(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	log_write(LEVEL_WARNING,
	    "control: a client that read a dump too slowly was cut off");
	control_client_free(arg);
}

static enum error
make_job(struct control_client *client, const struct zone *zone)
{
	const struct timeval limit = {
	    .tv_sec = LIMIT_S + (time_t)(zone->tree.count / LIMIT_NAMES)};
	struct dump_job *job = calloc(1, sizeof(*job));
	enum error err = job ? OK : ERR_MEMORY;

	if (err != OK)
		return err;
	job->limit = evtimer_new(client->control->base, dump_overdue, client);
	if (job->limit == NULL || event_add(job->limit, &limit) != 0)
		err = ERR_MEMORY;
	if (err == OK)
		err = dump_new(zone, &job->dump);
	if (err == OK) {
		client->dump = job;
		return OK;
	}
	if (job->limit != NULL)
		event_free(job->limit);
	free(job);
	return err;
}

/* The zone that the request names; NULL: said why not. */
static const struct zone *
find_zone(struct control_client *client, const struct zoneset *zones)
{
	const char *text =
	    json_string_value(json_object_get(client->request, "zone"));
	char printed[NAME_TEXT_LEN];
	struct name_key key;
	struct name name;
	int number;

	if (text == NULL || name_from_text(text, NULL, &name) != OK) {
		control_client_fail(client, "dump needs the name of a zone");
		return NULL;
	}
	name_key_init(&key, name.wire);
	number = zoneset_find_apex(zones->index, &key);
	if (number < 0) {
		control_client_fail(client, "no zone is named %s",
		    name_to_text(name.wire, printed));
		return NULL;
	}
	if (zones->zone[number]->broken) {
		control_client_fail(
		    client, "%s has no data", name_to_text(name.wire, printed));
		return NULL;
	}
	return zones->zone[number];
}

/* Enters a snapshot for as long as the dump takes. */
static enum control_step
begin(struct control_client *client)
{
	struct control *control = client->control;
	const struct zone *zone;
	enum error err;

	/* Between two dumps there is a moment without a snapshot, so that the
	 * writer gets rid of what it has replaced. */
	if (control->dumping != NULL)
		return STEP_WAIT;
	control->dumping = client;
	zone = find_zone(client, snapshot_enter(control->plan.hub)->zones);
	if (zone == NULL)
		return STEP_FAILED;
	err = make_job(client, zone);
	if (err == OK)
		return STEP_MORE;
	control_client_fail(client, "%s", error_text(err));
	return STEP_FAILED;
}

static json_t *
describe(const struct dump_record *record)
{
	char owner[NAME_TEXT_LEN], type[16];
	char *rdata =
	    zonefile_rdata_text(record->type, record->rdata, record->rdlen);
	json_t *line = json_pack("{s:s, s:I, s:s, s:o}", "owner",
	    name_to_text(record->owner, owner), "ttl", (json_int_t)record->ttl,
	    "type", type_to_text(record->type, type), "rdata",
	    rdata ? control_text(rdata) : NULL);

	free(rdata);
	if (line == NULL || record->granted_s == 0)
		return line;
	if (json_object_set_new(line, "lease", json_integer(record->left_s)) ==
		0 &&
	    json_object_set_new(
		line, "granted", json_integer(record->granted_s)) == 0)
		return line;
	json_decref(line);
	return NULL;
}

enum control_step
control_dump_step(struct control_client *client)
{
	int64_t now_ms = now_monotonic_ms();
	struct dump_record record;

	if (client->dump == NULL)
		return begin(client);
	for (int i = 0; i < STEP_RECORDS && !client->closing; i++) {
		if (!dump_next(client->dump->dump, now_ms, &record))
			return STEP_DONE;
		control_client_say(client, describe(&record));
	}
	return STEP_MORE;
}

void
control_dump_end(struct control_client *client)
{
	struct control *control = client->control;
	struct dump_job *job = client->dump;

	if (control->dumping != client)
		return; /* its turn had not come */
	if (job != NULL) {
		event_free(job->limit);
		dump_free(job->dump);
		free(job);
	}
	client->dump = NULL;
	snapshot_leave(control->plan.hub);
	control->dumping = NULL;
	control_resume(control);
}
