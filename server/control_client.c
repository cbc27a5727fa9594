/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/control_internal.h"
#include "server/log.h"

static size_t
count_unsent(const struct control_client *client)
{
	return evbuffer_get_length(bufferevent_get_output(client->stream));
}

bool
control_client_is_full(const struct control_client *client)
{
	return client->closing || count_unsent(client) >= CONTROL_UNSENT_HIGH;
}

/* --- answers --- */

void
control_client_say(struct control_client *client, json_t *value)
{
	struct evbuffer *out = bufferevent_get_output(client->stream);
	char *line = value ? json_dumps(value, JSON_COMPACT) : NULL;

	/* Half an answer must not look like a whole one. */
	if (line == NULL || evbuffer_add(out, line, strlen(line)) != 0 ||
	    evbuffer_add(out, "\n", 1) != 0)
		client->closing = true;
	free(line);
	json_decref(value);
}

json_t *
control_octets(const uint8_t *octets, size_t len)
{
	json_t *value = NULL;
	char *copy;

	if (memchr(octets, '\0', len) == NULL)
		value = json_stringn((const char *)octets, len);
	if (value != NULL)
		return value;
	copy = malloc(len + 1);
	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++)
		copy[i] =
		    octets[i] == 0 || octets[i] > '~' ? '?' : (char)octets[i];
	value = json_stringn(copy, len);
	free(copy);
	return value;
}

json_t *
control_text(const char *text)
{
	return control_octets((const uint8_t *)text, strlen(text));
}

void
control_client_fail(struct control_client *client, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	control_client_say(
	    client, json_pack("{s:o}", "error", control_text(text)));
}

const char *
control_argument(const struct control_client *client, const char *key)
{
	return json_string_value(json_object_get(client->request, key));
}

/* --- requests --- */

static void
end_command(struct control_client *client)
{
	if (client->command != NULL && client->command->end != NULL)
		client->command->end(client);
	client->command = NULL;
	client->state = NULL;
	control_forget(client);
	json_decref(client->request);
	client->request = NULL;
}

/* Reads one request; what is wrong with it is answered here. */
static void
begin_command(struct control_client *client, const char *line, size_t len)
{
	json_error_t error;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	const char *name =
	    json_string_value(json_object_get(request, "command"));

	if (request == NULL)
		control_client_fail(client, "not JSON: %s", error.text);
	else if (name == NULL)
		control_client_fail(client, "a request is an object with a "
					    "\"command\"");
	else if ((client->command = control_command_find(name)) == NULL)
		control_client_fail(client, "unknown command: %s", name);
	if (client->command == NULL) {
		json_decref(request);
		return;
	}
	client->request = request;
	client->begun = false;
	client->position = 0;
	client->ticket = 0;
}

/* Takes one line of the input as a request; false if there is none. */
static bool
take_request(struct control_client *client)
{
	struct evbuffer *in = bufferevent_get_input(client->stream);
	size_t len = 0;
	char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);

	if (line == NULL ? evbuffer_get_length(in) > CONTROL_LINE_LEN
			 : len > CONTROL_LINE_LEN) {
		free(line);
		control_client_fail(client, "a request has at most %zu octets",
		    CONTROL_LINE_LEN);
		client->closing = true;
		return false;
	}
	if (line == NULL)
		return false;
	begin_command(client, line, len);
	free(line);
	return true;
}

/* Does a step of the command; false if the next one must wait. */
static bool
go_step(struct control_client *client)
{
	enum control_step step = client->command->step(client);

	if (step == STEP_WAIT)
		return false;
	if (step == STEP_MORE)
		return true;
	end_command(client);
	if (step == STEP_DONE)
		control_client_say(client, json_pack("{s:b}", "done", 1));
	return true;
}

void
control_client_go(struct control_client *client)
{
	unsigned steps = 0;
	bool more = true;

	client->paused = false;
	while (more && !client->closing &&
	       count_unsent(client) < CONTROL_UNSENT_HIGH) {
		if (++steps > CONTROL_STEPS) {
			client->paused = true;
			control_resume(client->control);
			return;
		}
		if (client->command != NULL)
			more = go_step(client);
		else
			more = take_request(client);
	}
	if (client->ended && !more && client->command == NULL)
		client->closing = true;
	if (client->closing && count_unsent(client) == 0)
		control_client_free(client);
}

/* --- the connection --- */

static void
client_ready(struct bufferevent *stream, void *arg)
{
	(void)stream;
	control_client_go(arg);
}

static bool
is_idle(const struct control_client *client)
{
	return client->command == NULL && count_unsent(client) == 0;
}

static void
client_event(struct bufferevent *stream, short what, void *arg)
{
	struct control_client *client = arg;

	if ((what & BEV_EVENT_EOF) != 0) {
		client->ended = true;
		control_client_go(client);
	} else if ((what & BEV_EVENT_TIMEOUT) == 0) {
		control_client_free(client);
	} else if ((what & BEV_EVENT_WRITING) != 0) {
		log_write(LEVEL_WARNING,
		    "control: a client that did not read was cut off");
		control_client_free(client);
	} else if (is_idle(client)) {
		control_client_free(client);
	} else {
		/* It has nothing to say while it is being answered. */
		bufferevent_enable(stream, EV_READ);
	}
}

static void
refuse(int fd)
{
	static const char line[] = "{\"error\":\"too many clients\"}\n";

	/* Nothing is in its way yet, so it fits, or the client has gone. */
	if (send(fd, line, sizeof(line) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_write(LEVEL_DEBUG, "control: a client has gone");
	close(fd);
}

void
control_client_new(struct control *control, int fd)
{
	const struct timeval idle = {.tv_sec = CONTROL_IDLE_S};
	const struct timeval stall = {.tv_sec = CONTROL_STALL_S};
	struct control_client *client = NULL;

	if (control->client_count < CONTROL_CLIENTS)
		client = calloc(1, sizeof(*client));
	if (client != NULL)
		client->stream = bufferevent_socket_new(
		    control->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (client == NULL || client->stream == NULL) {
		free(client);
		refuse(fd);
		return;
	}
	client->control = control;
	client->next = control->clients;
	control->clients = client;
	control->client_count++;
	bufferevent_setcb(
	    client->stream, client_ready, client_ready, client_event, client);
	bufferevent_setwatermark(
	    client->stream, EV_READ, 0, CONTROL_LINE_LEN + 1);
	bufferevent_setwatermark(
	    client->stream, EV_WRITE, CONTROL_UNSENT_LOW, 0);
	bufferevent_set_timeouts(client->stream, &idle, &stall);
	bufferevent_enable(client->stream, EV_READ | EV_WRITE);
}

void
control_client_free(struct control_client *client)
{
	struct control_client **at = &client->control->clients;

	end_command(client);
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->control->client_count--;
	bufferevent_free(client->stream);
	free(client);
}
