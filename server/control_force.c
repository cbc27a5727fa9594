/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>

#include "server/control_view.h"
#include "server/log.h"
#include "server/now.h"
#include "zones/snapshot.h"

/* --- force --- */

/* A wish that holds: what is there of it is counted. */
struct force_job {
	struct control_tour tour;
	size_t matched;
};

void
control_force_end(struct control_client *client)
{
	free(client->state);
}

/* Who has spoken: the log keeps it. */
static long
user_of(const struct control_client *client)
{
	struct ucred who = {.uid = (uid_t)-1};
	socklen_t len = sizeof(who);

	if (getsockopt(bufferevent_getfd(client->stream), SOL_SOCKET,
		SO_PEERCRED, &who, &len) != 0)
		return -1;
	return (long)(int32_t)who.uid;
}

/* The inquiry that the request is about; NULL: said why there is none. */
static struct inquiry *
read_wish(struct control_client *client)
{
	const char *pattern = control_argument(client, "pattern");
	const char *word = control_argument(client, "state");
	int state = word ? force_parse(word) : -1;
	struct inquiry *inquiry;

	if (pattern == NULL || pattern[0] == '\0')
		control_client_fail(client, "force needs a pattern");
	else if (strlen(pattern) >= FORCE_PATTERN_LEN)
		control_client_fail(client, "a pattern has at most %d octets",
		    FORCE_PATTERN_LEN - 1);
	else if (state < 0)
		control_client_fail(
		    client, "force needs a state: up, down, drain or auto");
	else if ((inquiry = calloc(1, sizeof(*inquiry))) == NULL)
		control_client_fail(client, "%s", error_text(ERR_MEMORY));
	else {
		inquiry->kind = INQUIRY_FORCE;
		inquiry->state = (enum force_state)state;
		memcpy(inquiry->pattern, pattern, strlen(pattern) + 1);
		return inquiry;
	}
	return NULL;
}

static enum control_step
ask_force(struct control_client *client)
{
	struct inquiry *inquiry = read_wish(client);
	const char *why;

	if (inquiry == NULL)
		return STEP_FAILED;
	log_write(LEVEL_NOTICE, "control: user %ld forces %s %s",
	    user_of(client), inquiry->pattern, force_text(inquiry->state));
	why = control_ask(client, inquiry);
	if (why == NULL)
		return STEP_WAIT;
	control_client_fail(client, "%s", why);
	return STEP_FAILED;
}

/* Whether the wish holds and is saved. */
static enum control_step
hear_force(struct control_client *client)
{
	struct inquiry *inquiry;

	switch (control_answer(client, CONTROL_ANSWER_MS, &inquiry)) {
	case ANSWER_WAIT:
		return STEP_WAIT;
	case ANSWER_NEVER:
		control_client_fail(client,
		    "the writer does not answer: what was wished for may "
		    "still happen");
		return STEP_FAILED;
	case ANSWER_HERE:
		break;
	}
	if (inquiry->err != OK) {
		control_client_fail(client, "%s",
		    inquiry->text[0] != '\0' ? inquiry->text
					     : error_text(inquiry->err));
		return STEP_FAILED;
	}
	client->state = calloc(1, sizeof(struct force_job));
	if (client->state != NULL)
		return STEP_MORE;
	control_client_fail(client, "%s", error_text(ERR_MEMORY));
	return STEP_FAILED;
}

static bool
is_concerned(const char *pattern, const struct control_instance *instance)
{
	char service[NAME_TEXT_LEN], host[NAME_TEXT_LEN];

	return control_matches(pattern,
	    control_name_text(node_owner(instance->service), service),
	    control_name_text(instance->srv->rdata + 6, host),
	    wire_load_u16(instance->srv->rdata + 4));
}

/* Counts what there is of it now: a pattern that matches nothing may be
 * meant for what is to come, or be a slip. */
static enum control_step
count_matches(struct control_client *client, struct force_job *job)
{
	const char *pattern = control_argument(client, "pattern");
	struct snapshot_hub *hub = client->control->plan.hub;
	size_t work = CONTROL_STEP_WORK;
	struct control_instance instance;

	control_tour_enter(
	    &job->tour, snapshot_enter(hub)->zones, now_monotonic_ms());
	while (control_tour_next(&job->tour, &instance, &work))
		job->matched += is_concerned(pattern, &instance);
	snapshot_leave(hub);
	if (!job->tour.done)
		return STEP_MORE;
	control_client_say(client,
	    json_pack("{s:o, s:s, s:I}", "pattern", control_text(pattern),
		"state", control_argument(client, "state"), "instances",
		(json_int_t)job->matched));
	return STEP_DONE;
}

enum control_step
control_force_step(struct control_client *client)
{
	if (client->state != NULL)
		return count_matches(client, client->state);
	return client->question == NULL ? ask_force(client)
					: hear_force(client);
}

/* --- forced --- */

static json_t *
describe_wish(const struct force_entry *entry)
{
	return json_pack("{s:o, s:s, s:I}", "pattern",
	    control_text(entry->pattern), "state", force_text(entry->state),
	    "time", (json_int_t)entry->wall_s);
}

/* At most FORCE_MAX lines, said in one step: a client reads them at its own
 * pace. */
enum control_step
control_forced_step(struct control_client *client)
{
	struct inquiry *inquiry = NULL;
	const char *why = NULL;

	if (client->question == NULL) {
		inquiry = calloc(1, sizeof(*inquiry));
		if (inquiry != NULL)
			inquiry->kind = INQUIRY_FORCED;
		why = control_ask(client, inquiry);
		if (why == NULL)
			return STEP_WAIT;
		control_client_fail(client, "%s", why);
		return STEP_FAILED;
	}
	switch (control_answer(client, CONTROL_ANSWER_MS, &inquiry)) {
	case ANSWER_WAIT:
		return STEP_WAIT;
	case ANSWER_NEVER:
		control_client_fail(client, "the writer does not answer");
		return STEP_FAILED;
	case ANSWER_HERE:
		break;
	}
	if (inquiry->err != OK) {
		control_client_fail(client, "%s", error_text(inquiry->err));
		return STEP_FAILED;
	}
	for (size_t i = 0; i < inquiry->forced.count; i++)
		control_client_say(
		    client, describe_wish(&inquiry->forced.entry[i]));
	return STEP_DONE;
}
