/* control_world.h - a registry with a zone and its control socket, for tests.
 *
 * The test's thread is the writer: it answers what the control thread asks.
 *
 * Threads:   the test's, and the control thread that it starts.
 * Ownership: static storage; world_stop() frees what was made.
 * Errors:    a failed assertion of the test.
 */
#ifndef TESTS_UNIT_CONTROL_WORLD_H
#define TESTS_UNIT_CONTROL_WORLD_H

#include <criterion/criterion.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/config.h"
#include "server/control.h"
#include "server/control_socket.h"
#include "server/events.h"
#include "server/inquiry.h"
#include "server/now.h"
#include "server/queue.h"
#include "server/registry.h"
#include "server/stats.h"
#include "zones/snapshot.h"

#define WORLD_WORKERS 1
#define WORLD_WAIT_MS 10000

static char world_folder[64];
static struct config *config;
static struct snapshot_hub *hub;
static struct registry *registry;
static struct queue inbox;
static struct stats *stats;
static struct events *events;
static struct control *control;
/* what the control thread asks */
static struct mailbox asked;
static int asked_fd;
static struct mail *asked_list;

static inline void
world_path(char *path, size_t len, const char *name)
{
	snprintf(path, len, "%s/%s", world_folder, name);
}

static inline void
write_zone(const char *records)
{
	char path[128];
	FILE *file;

	world_path(path, sizeof(path), "zone");
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fprintf(file,
	    "$TTL 30\n@ SOA ns h 1 3600 600 86400 60\n@ NS ns\n"
	    "ns A 127.0.0.1\n%s",
	    records);
	fclose(file);
}

static inline struct config *
read_config(void)
{
	static const char yaml[] =
	    "server: {listen: \"127.0.0.1:5300\", data: .}\n"
	    "zones: [{name: svc.example, file: zone}]\n"
	    "services:\n"
	    "- match: \"_http._tcp.*.svc.example\"\n"
	    "  strategy: random\n"
	    "  max-answers: 8\n";
	char text[CONFIG_TEXT_LEN], path[128];
	struct config *made;

	world_path(path, sizeof(path), "muster.yaml");
	cr_assert_eq(config_parse(yaml, sizeof(yaml) - 1, path, &made, text,
			 sizeof(text)),
	    OK, "%s", text);
	return made;
}

/* A registry over a zone file with these records. */
static inline void
registry_start(const char *records)
{
	char text[CONFIG_TEXT_LEN] = "";

	snprintf(
	    world_folder, sizeof(world_folder), "/tmp/muster-control-XXXXXX");
	cr_assert_not_null(mkdtemp(world_folder));
	write_zone(records);
	config = read_config();
	hub = snapshot_hub_new();
	cr_assert_not_null(hub);
	cr_assert_eq(registry_open(config, hub, now_monotonic_ms(), &registry,
			 text, sizeof(text)),
	    OK, "%s", text);
}

/* The zone file has these records now. */
static inline void
registry_change(const char *records)
{
	char text[CONFIG_TEXT_LEN] = "";

	write_zone(records);
	cr_assert_eq(registry_reload(registry, config, now_monotonic_ms(), text,
			 sizeof(text)),
	    OK, "%s", text);
}

/* A shell's work in the folder. */
static inline void
run(const char *what)
{
	char command[256];

	snprintf(command, sizeof(command), "cd %s && %s", world_folder, what);
	cr_assert_eq(system(command), 0);
}

static inline void
registry_stop(void)
{

	registry_close(registry);
	snapshot_hub_free(hub);
	config_free(config);
	run("rm -r $PWD");
}

/* --- the socket --- */

static inline void
wake_writer(void *arg)
{
	const uint64_t one = 1;

	(void)arg;
	cr_assert_eq(write(asked_fd, &one, sizeof(one)), sizeof(one));
}

static inline void
ask_writer(void *arg, struct inquiry *inquiry)
{
	(void)arg;
	mailbox_push(&asked, &inquiry->mail);
}

/* The next inquiry. */
static inline struct inquiry *
take_inquiry(void)
{
	struct pollfd ready = {.fd = asked_fd, .events = POLLIN};
	struct inquiry *inquiry;
	uint64_t count;

	if (asked_list == NULL) {
		cr_assert_eq(poll(&ready, 1, WORLD_WAIT_MS), 1);
		cr_assert_eq(
		    read(asked_fd, &count, sizeof(count)), sizeof(count));
		asked_list = mailbox_take(&asked);
	}
	inquiry = (struct inquiry *)asked_list;
	asked_list = asked_list->next;
	return inquiry;
}

/* What the writer does with an inquiry, in one turn. */
static inline void
answer(struct inquiry *inquiry)
{
	registry_ask(registry, inquiry, now_monotonic_ms());
	(void)registry_turn(registry, now_monotonic_ms());
}

static inline void
answer_inquiry(void)
{
	answer(take_inquiry());
}

static inline void
world_start(const char *records)
{
	struct control_plan plan = {
	    .data = world_folder, .workers = WORLD_WORKERS, .ask = ask_writer};
	char text[512];

	/* As the server: a client may have gone. */
	signal(SIGPIPE, SIG_IGN);
	registry_start(records);
	cr_assert_eq(queue_init(&inbox, 1), OK);
	stats = stats_table_new(WORLD_WORKERS + STATS_OTHERS);
	events = events_new();
	asked_fd = eventfd(0, EFD_CLOEXEC);
	mailbox_init(&asked, wake_writer, NULL);
	cr_assert(stats != NULL && events != NULL && asked_fd >= 0);
	plan.hub = hub;
	plan.registry = registry;
	plan.inbox = &inbox;
	plan.stats = stats;
	plan.events = events;
	cr_assert_eq(
	    control_new(&plan, &control, text, sizeof(text)), OK, "%s", text);
	cr_assert_eq(control_start(control), OK);
}

static inline void
world_stop(void)
{
	control_stop(control);
	control_free(control);
	events_free(events);
	stats_table_free(stats);
	queue_fini(&inbox);
	close(asked_fd);
	registry_stop();
}

/* A client that has asked. */
static inline FILE *
say(const char *request)
{
	char *path = control_socket_path(world_folder);
	FILE *client;
	int fd;

	cr_assert_eq(control_socket_connect(path, &fd), OK);
	free(path);
	client = fdopen(fd, "r+");
	cr_assert_not_null(client);
	fprintf(client, "%s\n", request);
	fflush(client);
	return client;
}

/* The next line of the answer must hold all these words, up to a NULL. */
static inline void
hear(FILE *client, const char *const *words)
{
	char *line = NULL;
	size_t room = 0;

	cr_assert_gt(getline(&line, &room, client), 0);
	for (; *words != NULL; words++)
		cr_expect_not_null(
		    strstr(line, *words), "%s in %s", *words, line);
	free(line);
}

#define HEAR(client, ...) hear(client, (const char *const[]){__VA_ARGS__, NULL})

#endif
