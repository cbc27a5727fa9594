/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server_internal.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/confine.h"
#include "server/control.h"
#include "server/events.h"
#include "server/health/checker.h"
#include "server/inquiry.h"
#include "server/log.h"
#include "server/now.h"
#include "server/registry.h"
#include "server/server.h"
#include "server/stats.h"
#include "server/worker.h"
#include "server/writer.h"
#include "zones/snapshot.h"

/* Updates under way, from a worker's door until the reply is sent: some
 * hundred milliseconds of work for the writer, and a bound on memory. */
#define UPDATES_UNDER_WAY 4096

/* Descriptors that are not for TCP connections: sockets, store, loops. */
#define OTHER_FILES 64

/* Replies that nobody reads for so long end a connection. */
#define TCP_STALL_MS 10000

/* A client counts from when it got our promise, RFC 7828 3.4. */
#define KEEPALIVE_GRACE_MS 1000

int
server_fail(struct server *server, enum error err, int status)
{
	if (server->text[0] != '\0')
		log_lines(LEVEL_ERROR, server->text);
	else
		log_write(LEVEL_ERROR, "cannot start: %s", error_text(err));
	return status;
}

/* As many as configured, or else as the CPUs we may use. */
static size_t
count_workers(const struct config_server *config)
{
	cpu_set_t cpus;
	size_t count = config->workers;

	if (count == 0 && sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		count = (size_t)CPU_COUNT(&cpus);
	if (count == 0)
		count = 1;
	return count < MAX_WORKERS ? count : MAX_WORKERS;
}

/* Sections that are read and checked but move nothing in this version. */
static void
warn_unused(const struct config *config)
{
	const struct {
		const char *name;
		size_t entries;
	} section[] = {
	    {"api", config->api_listen_count},
	};

	for (size_t i = 0; i < sizeof(section) / sizeof(section[0]); i++)
		if (section[i].entries > 0)
			log_write(LEVEL_WARNING,
			    "%s: this version only reads this section: it has "
			    "no effect yet",
			    section[i].name);
}

static int
load_config(struct server *server)
{
	enum error err = config_load(server->config_path, &server->config,
	    server->text, sizeof(server->text));

	if (err != OK)
		return server_fail(server, err, EXIT_CONFIG);
	log_lines(LEVEL_WARNING, server->text);
	warn_unused(server->config);
	return EXIT_SUCCESS;
}

static int
open_sockets(struct server *server)
{
	const struct config_server *config = &server->config->server;
	enum error err;

	server->open_files = confine_open_files();
	server->workers = count_workers(config);
	err = listen_open(config->listen, config->listen_count, server->workers,
	    &server->sockets, server->text, sizeof(server->text));
	return err == OK ? EXIT_SUCCESS : server_fail(server, err, EXIT_FAILED);
}

static int
drop_privileges(struct server *server)
{
	const char *user = server->config->server.user;
	enum error err = OK;

	if (user != NULL)
		err = confine_to_user(user, server->text, sizeof(server->text));
	if (err != OK)
		return server_fail(server, err,
		    err == ERR_NOT_FOUND ? EXIT_CONFIG : EXIT_FAILED);
	confine_privileges();
	return EXIT_SUCCESS;
}

static int
open_registry(struct server *server)
{
	enum error err = ERR_MEMORY;

	server->text[0] = '\0';
	server->hub = snapshot_hub_new();
	if (server->hub != NULL)
		err = registry_open(server->config, server->hub,
		    now_monotonic_ms(), &server->registry, server->text,
		    sizeof(server->text));
	if (err != OK)
		return server_fail(
		    server, err, err == ERR_SYNTAX ? EXIT_CONFIG : EXIT_FAILED);
	log_lines(LEVEL_WARNING, server->text);
	server->text[0] = '\0';
	return EXIT_SUCCESS;
}

/* The writer has replies for a worker. */
static void
pass_replies(void *arg, uint16_t worker, struct update *list)
{
	struct server *server = arg;

	worker_reply(server->worker[worker], list);
}

static uint32_t
at_least_one(size_t n)
{
	return n == 0 ? 1 : (uint32_t)n;
}

/* What of the server's limits is one worker's. */
static struct tcp_limits
tcp_share(const struct server *server)
{
	const struct config_server *config = &server->config->server;
	size_t files = server->open_files > 2 * OTHER_FILES
			   ? server->open_files - OTHER_FILES
			   : OTHER_FILES;
	size_t clients =
	    config->tcp_clients < files ? config->tcp_clients : files;
	int64_t idle_ms = (int64_t)config->tcp_idle_ms;

	return (struct tcp_limits){
	    .connections =
		at_least_one((clients + server->workers - 1) / server->workers),
	    .per_address = at_least_one(config->tcp_clients_per_address),
	    .pipeline = at_least_one(config->tcp_pipeline),
	    .idle_ms = idle_ms,
	    .keepalive_ms = idle_ms + KEEPALIVE_GRACE_MS,
	    .stall_ms = TCP_STALL_MS,
	};
}

/* A worker has answered its part of an inquiry: the next one's turn. */
static void
pass_on(void *arg, uint16_t n, struct inquiry *inquiry)
{
	struct server *server = arg;
	size_t next = (size_t)n + 1;

	if (next < server->workers)
		worker_mail(server->worker[next], inquiry);
	else
		inquiry->finish(inquiry);
}

static enum error
make_worker(struct server *server, size_t w)
{
	struct listen_set *sockets = &server->sockets;
	struct worker_plan plan = {
	    .number = (uint16_t)w,
	    .hub = server->hub,
	    .writer = &server->inbox,
	    .stats = &server->stats[w],
	    .tcp = tcp_share(server),
	    .cache_len = server->config->cache_len / server->workers,
	    .stale_ms = (int64_t)server->config->serve_stale_ms,
	    .pass_on = pass_on,
	    .arg = server,
	    .sockets = sockets->addresses,
	    .udp_fd = sockets->udp_fd + w * sockets->addresses,
	    .tcp_fd = sockets->tcp_fd + w * sockets->addresses,
	};
	enum error err = worker_new(&plan, &server->worker[w]);

	listen_release(sockets, w);
	return err;
}

/* A check has a result. */
static void
pass_result(void *arg, struct probe_result *result)
{
	struct server *server = arg;

	result->mail.kind = MAIL_RESULT;
	writer_mail(server->writer, &result->mail);
}

/* The roster has an order for the checker. */
static void
pass_order(void *arg, struct probe_order *order)
{
	struct server *server = arg;

	checker_order(server->checker, order);
}

/* The roster has news for watchers. */
static void
pass_event(void *arg, const struct roster_event *event)
{
	struct server *server = arg;

	events_put(server->events, event);
}

static enum error
make_checker(struct server *server)
{
	struct checker_plan plan = {
	    .at_once = server->config->server.checks_at_once,
	    .stats = &server->stats[server->workers + 1],
	    .report = pass_result,
	    .arg = server,
	};

	return checker_new(&plan, &server->checker);
}

static enum error
make_threads(struct server *server)
{
	struct writer_plan plan = {
	    .registry = server->registry,
	    .inbox = &server->inbox,
	    .workers = (uint16_t)server->workers,
	    .reply = pass_replies,
	    .arg = server,
	};
	enum error err = queue_init(&server->inbox, UPDATES_UNDER_WAY);

	if (err != OK)
		return err;
	server->has_inbox = true;
	server->stats = stats_table_new(server->workers + STATS_OTHERS);
	server->events = events_new();
	if (server->stats == NULL || server->events == NULL)
		return ERR_MEMORY;
	plan.stats = &server->stats[server->workers];
	for (size_t w = 0; w < server->workers && err == OK; w++)
		err = make_worker(server, w);
	if (err == OK)
		err = writer_new(&plan, &server->writer);
	return err == OK ? make_checker(server) : err;
}

static int
start_threads(struct server *server)
{
	enum error err = make_threads(server);

	if (err == OK) {
		registry_on_health(
		    server->registry, pass_order, pass_event, server);
		err = checker_start(server->checker);
	}
	if (err == OK)
		err = writer_start(server->writer);
	for (size_t w = 0; w < server->workers && err == OK; w++)
		err = worker_start(server->worker[w]);
	return err == OK ? EXIT_SUCCESS : server_fail(server, err, EXIT_FAILED);
}

/* Operators' reload is that of SIGHUP: main waits for signals. */
static void
ask_reload(void *arg)
{
	(void)arg;
	kill(getpid(), SIGHUP);
}

/* Operators ask what only the writer knows, or the workers. */
static void
pass_inquiry(void *arg, struct inquiry *inquiry)
{
	struct server *server = arg;

	if (inquiry->kind == INQUIRY_FLUSH ||
	    inquiry->kind == INQUIRY_UPSTREAMS)
		worker_mail(server->worker[0], inquiry);
	else
		writer_mail(server->writer, &inquiry->mail);
}

static int
start_control(struct server *server)
{
	struct control_plan plan = {
	    .data = server->config->server.data,
	    .hub = server->hub,
	    .registry = server->registry,
	    .inbox = &server->inbox,
	    .stats = server->stats,
	    .workers = server->workers,
	    .events = server->events,
	    .reload = ask_reload,
	    .ask = pass_inquiry,
	    .arg = server,
	};
	enum error err = control_new(
	    &plan, &server->control, server->text, sizeof(server->text));

	if (err == OK)
		err = control_start(server->control);
	return err == OK ? EXIT_SUCCESS : server_fail(server, err, EXIT_FAILED);
}

/* Takes no more, finishes what is under way, sends the replies. */
static void
stop_threads(struct server *server)
{
	if (server->control != NULL)
		control_stop(server->control);
	if (server->checker != NULL)
		checker_stop(server->checker);
	for (size_t w = 0; w < server->workers; w++)
		if (server->worker[w] != NULL)
			worker_close_doors(server->worker[w]);
	if (server->writer != NULL)
		writer_stop(server->writer);
	for (size_t w = 0; w < server->workers; w++)
		if (server->worker[w] != NULL)
			worker_stop(server->worker[w]);
}

void
server_fini(struct server *server)
{
	stop_threads(server);
	control_free(server->control);
	writer_free(server->writer);
	checker_free(server->checker);
	events_free(server->events);
	for (size_t w = 0; w < server->workers; w++)
		worker_free(server->worker[w]);
	stats_table_free(server->stats);
	if (server->registry != NULL)
		registry_close(server->registry);
	if (server->has_inbox)
		queue_fini(&server->inbox);
	snapshot_hub_free(server->hub);
	listen_close(&server->sockets);
	config_free(server->config);
}

int
server_start(struct server *server)
{
	static int (*const steps[])(struct server *) = {load_config,
	    open_sockets, drop_privileges, open_registry, start_threads,
	    start_control};
	int status = EXIT_SUCCESS;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		status = steps[i](server);
		if (status != EXIT_SUCCESS)
			break;
	}
	return status;
}
