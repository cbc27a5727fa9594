/* SPDX-License-Identifier: Apache-2.0 */
#include "server/muster_register.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/socket.h"

/* --- what is said --- */

/* Where it went; "" if that was never found out. */
static void
print_server(const struct registration *r, char text[SOCKET_NAME_LEN])
{
	text[0] = '\0';
	if (r->way.servers > 0)
		socket_print(&r->way.server[0], text);
}

static void
tell_json(const struct registration *r, const char *event)
{
	char service[NAME_TEXT_LEN], target[NAME_TEXT_LEN];
	char zone[NAME_TEXT_LEN], server[SOCKET_NAME_LEN];
	json_t *line;
	char *text;

	print_server(r, server);
	line = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "event", event,
	    "service", name_to_text(r->service.wire, service), "target",
	    name_to_text(r->target.wire, target), "port", (int)r->port, "zone",
	    name_to_text(r->zone.wire, zone), "server", server);
	if (r->why[0] != '\0')
		json_object_set_new(line, "why", json_string(r->why));
	else if (r->reply.has_lease)
		json_object_set_new(
		    line, "lease", json_integer((json_int_t)r->reply.lease_s));
	text = json_dumps(line, JSON_COMPACT);
	if (text != NULL)
		puts(text);
	free(text);
	json_decref(line);
}

static void
tell_people(const struct registration *r, const char *event)
{
	char service[NAME_TEXT_LEN], target[NAME_TEXT_LEN];
	char server[SOCKET_NAME_LEN];

	print_server(r, server);
	printf("%s: %s %s:%u", event, name_to_text(r->service.wire, service),
	    name_to_text(r->target.wire, target), r->port);
	if (server[0] != '\0')
		printf(", server %s", server);
	if (r->why[0] != '\0') {
		fputs(": ", stdout);
		muster_print_text(stdout, r->why);
	} else if (r->reply.has_lease) {
		printf(", lease %us", (unsigned)r->reply.lease_s);
	}
	putchar('\n');
}

void
registration_tell(const struct registration *r, const char *event)
{
	if (r->json)
		tell_json(r, event);
	else
		tell_people(r, event);
	/* Somebody may wait for the line. */
	fflush(stdout);
}

/* --- the commands --- */

static int
once(struct registration *r, bool deregister)
{
	enum registered done =
	    deregister ? registration_remove(r) : registration_add(r);

	if (done != REGISTERED) {
		muster_complain("%s", r->why);
		return MUSTER_FAILED;
	}
	registration_tell(r, deregister ? "deregistered" : "registered");
	if (ferror(stdout)) {
		muster_complain("cannot write: %s", strerror(errno));
		return MUSTER_FAILED;
	}
	return 0;
}

static int
run(const struct muster_options *options, bool deregister, int argc,
    char **argv)
{
	struct registration r;
	int status;

	switch (registration_read(&r, deregister, argc, argv)) {
	case OPTIONS_HELP:
		return 0;
	case OPTIONS_WRONG:
		return MUSTER_USAGE;
	case OPTIONS_READ:
		break;
	}
	r.json = r.json || options->json;
	status = r.keep ? registration_keep(&r) : once(&r, deregister);
	registration_fini(&r);
	return status;
}

int
muster_register(const struct muster_options *options, int argc, char **argv)
{
	return run(options, false, argc, argv);
}

int
muster_deregister(const struct muster_options *options, int argc, char **argv)
{
	return run(options, true, argc, argv);
}
