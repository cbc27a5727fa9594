/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "server/log.h"
#include "server/notify_systemd.h"
#include "server/registry.h"
#include "server/server_internal.h"
#include "server/socket.h"
#include "server/stats.h"
#include "zones/dns/name.h"

/* Says who we are, where, and for which zones, in one line. */
static void
log_ready(const struct server *server)
{
	const struct config *config = server->config;
	char name[SOCKET_NAME_LEN], zone[NAME_TEXT_LEN], line[1024];
	size_t len = 0;

	for (size_t i = 0;
	     i < config->server.listen_count && len < sizeof(line); i++) {
		socket_print(&config->server.listen[i], name);
		len += (size_t)snprintf(
		    line + len, sizeof(line) - len, " %s", name);
	}
	for (size_t i = 0; i < config->zone_count && len < sizeof(line); i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s %s",
		    i == 0 ? "; zones" : "",
		    name_to_text(config->zone[i].name.wire, zone));
	log_write(LEVEL_NOTICE, "ready: muster %s; %zu workers; listening on%s",
	    PACKAGE_VERSION, server->workers, line);
}

static void
log_stats(const struct server *server)
{
	char line[2048];
	size_t len = 0;

	for (int i = 0; i < STAT_COUNT && len < sizeof(line); i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len,
		    " %s=%" PRIu64, stats_name((enum stat)i),
		    stats_sum(server->stats, server->workers + STATS_OTHERS,
			(enum stat)i));
	log_write(LEVEL_INFO, "stats:%s updates_under_way=%" PRIu32, line,
	    queue_under_way(&server->inbox));
}

/* Does what signals ask for until one says stop. */
static void
obey_signals(struct server *server, const sigset_t *signals)
{
	for (;;) {
		switch (sigwaitinfo(signals, NULL)) {
		case SIGHUP:
			notify_systemd_reloading();
			server_reload(server);
			notify_systemd_ready();
			break;
		case SIGUSR1:
			log_stats(server);
			break;
		case SIGTERM:
		case SIGINT:
			return;
		default: /* EINTR: stopped and continued */
			break;
		}
	}
}

/* Signals come to main alone, when it waits for them. */
static void
hold_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Names hash differently in each process: nobody can aim at one bucket. */
static void
seed_hashes(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) == sizeof(seed))
		name_hash_seed(seed);
}

int
server_run(const char *config_path)
{
	struct server *server =
	    aligned_alloc(_Alignof(struct server), sizeof(*server));
	sigset_t signals;
	int status;

	if (server == NULL)
		return EXIT_FAILED;
	memset(server, 0, sizeof(*server));
	server->config_path = config_path;
	log_open();
	hold_signals(&signals);
	seed_hashes();
	status = server_start(server);
	if (status == EXIT_SUCCESS) {
		log_ready(server);
		notify_systemd_ready();
		obey_signals(server, &signals);
		log_write(LEVEL_NOTICE, "stopping");
		notify_systemd_stopping();
	}
	server_fini(server);
	free(server);
	if (status == EXIT_SUCCESS)
		log_write(LEVEL_NOTICE, "stopped");
	return status;
}

static void
say(const char *text)
{
	size_t len = strlen(text);

	if (len > 0)
		fprintf(
		    stderr, "%s%s", text, text[len - 1] == '\n' ? "" : "\n");
}

int
server_check(const char *config_path)
{
	char text[CONFIG_TEXT_LEN] = "";
	struct config *config;
	enum error err = config_load(config_path, &config, text, sizeof(text));

	say(text);
	if (err != OK)
		return EXIT_CONFIG;
	err = registry_check(config, text, sizeof(text));
	say(text);
	config_free(config);
	return err == OK ? EXIT_SUCCESS : EXIT_CONFIG;
}
