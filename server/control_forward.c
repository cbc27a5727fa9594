/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "server/control_internal.h"
#include "server/log.h"
#include "server/nameserver/settings.h"
#include "server/socket.h"
#include "zones/snapshot.h"

/* --- flush --- */

/* The inquiry that the request is about; NULL: said why there is none. */
static struct inquiry *
read_flush(struct control_client *client)
{
	const char *text = control_argument(client, "name");
	struct inquiry *inquiry;
	struct name name;

	if (text == NULL || name_from_text(text, NULL, &name) != OK) {
		control_client_fail(client, "flush needs a name");
		return NULL;
	}
	inquiry = calloc(1, sizeof(*inquiry));
	if (inquiry == NULL) {
		control_client_fail(client, "%s", error_text(ERR_MEMORY));
		return NULL;
	}
	inquiry->kind = INQUIRY_FLUSH;
	inquiry->below =
	    json_is_true(json_object_get(client->request, "below"));
	inquiry->service.len =
	    (uint8_t)name_lower(inquiry->service.wire, name.wire);
	return inquiry;
}

static enum control_step
ask_flush(struct control_client *client)
{
	struct inquiry *inquiry = read_flush(client);
	const char *why;

	if (inquiry == NULL)
		return STEP_FAILED;
	why = control_ask(client, inquiry);
	if (why == NULL)
		return STEP_WAIT;
	control_client_fail(client, "%s", why);
	return STEP_FAILED;
}

enum control_step
control_flush_step(struct control_client *client)
{
	struct inquiry *inquiry;
	char name[NAME_TEXT_LEN];

	if (client->question == NULL)
		return ask_flush(client);
	switch (control_answer(client, CONTROL_ANSWER_MS, &inquiry)) {
	case ANSWER_WAIT:
		return STEP_WAIT;
	case ANSWER_NEVER:
		control_client_fail(client, "a worker does not answer");
		return STEP_FAILED;
	case ANSWER_HERE:
		break;
	}
	control_client_say(client,
	    json_pack("{s:s, s:b, s:I}", "name",
		name_to_text(inquiry->service.wire, name), "below",
		(int)inquiry->below, "entries", (json_int_t)inquiry->flushed));
	return STEP_DONE;
}

/* --- upstreams, a part of status --- */

static bool
are_there_any(struct snapshot_hub *hub)
{
	const struct settings *settings = snapshot_enter(hub)->settings;
	bool any = settings->config->forward_count > 0;

	snapshot_leave(hub);
	return any;
}

static json_t *
describe_upstream(const struct upstream_line *line)
{
	char zone[NAME_TEXT_LEN], server[SOCKET_NAME_LEN];
	json_t *rtt = json_null();

	socket_print(&line->at, server);
	if (line->known > 0)
		rtt = json_real((double)line->srtt_us / line->known / 1000);
	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, "
			 "s:I}",
	    "upstream", server, "forward", name_to_text(line->zone.wire, zone),
	    "workers", (json_int_t)line->workers, "dead",
	    (json_int_t)line->dead, "rtt_ms", rtt, "asked",
	    (json_int_t)line->asked, "answered", (json_int_t)line->answered,
	    "silent", (json_int_t)line->silent, "refused",
	    (json_int_t)line->refused, "by_tcp", (json_int_t)line->by_tcp,
	    "wrong", (json_int_t)line->wrong);
}

enum control_step
control_upstreams_step(struct control_client *client)
{
	struct inquiry *inquiry = NULL;

	if (client->question == NULL) {
		if (!are_there_any(client->control->plan.hub))
			return STEP_DONE;
		inquiry = calloc(1, sizeof(*inquiry));
		if (inquiry != NULL)
			inquiry->kind = INQUIRY_UPSTREAMS;
		return control_ask(client, inquiry) == NULL ? STEP_WAIT
							    : STEP_DONE;
	}
	if (control_answer(client, CONTROL_STATUS_MS, &inquiry) == ANSWER_WAIT)
		return STEP_WAIT;
	for (size_t i = 0; inquiry != NULL && i < inquiry->upstreams; i++)
		control_client_say(
		    client, describe_upstream(&inquiry->upstream[i]));
	control_forget(client);
	return STEP_DONE;
}
