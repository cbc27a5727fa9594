/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server/control_internal.h"

/* --- reload --- */

static void
say_lines(struct control_client *client, const char *text)
{
	size_t len;
	char *line;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		line = strndup(text, len);
		control_client_say(
		    client, json_pack("{s:o}", "text",
				line ? control_text(line) : NULL));
		free(line);
	}
}

/* Main does it, as for SIGHUP; the answer is what it says. */
static enum control_step
reload_step(struct control_client *client)
{
	struct control *control = client->control;
	const struct control_outcome *outcome = control->outcome;

	if (client->ticket == 0) {
		client->ticket = atomic_fetch_add(&control->reloads, 1) + 1;
		control->plan.reload(control->plan.arg);
		return STEP_WAIT;
	}
	if (outcome == NULL || outcome->begun < client->ticket)
		return STEP_WAIT;
	say_lines(client, outcome->text);
	if (outcome->ok)
		return STEP_DONE;
	control_client_fail(client, "not reloaded, or not wholly");
	return STEP_FAILED;
}

/* --- the table --- */

static const struct control_command commands[] = {
    {"dump", control_dump_step, control_dump_end},
    {"explain", control_explain_step, control_explain_end},
    {"flush", control_flush_step, NULL},
    {"force", control_force_step, control_force_end},
    {"forced", control_forced_step, NULL},
    {"instances", control_instances_step, control_list_end},
    {"reload", reload_step, NULL},
    {"services", control_services_step, control_list_end},
    {"status", control_status_step, control_status_end},
    {"watch", control_watch_step, control_watch_end},
    {"zones", control_zones_step, NULL},
};

const struct control_command *
control_command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}
