/* server_internal.h - what the files of the server share.
 *
 * Threads:   main.
 * Ownership: see each field; server_fini() frees all of it.
 * Units:     none.
 * Errors:    exit statuses.
 */
#ifndef SERVER_SERVER_INTERNAL_H
#define SERVER_SERVER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "server/config.h"
#include "server/listen.h"
#include "server/queue.h"
#include "zones/dns/error.h"

struct checker;
struct control;
struct events;
struct registry;
struct snapshot_hub;
struct stats;
struct worker;
struct writer;

#define MAX_WORKERS 256

struct server {
	const char *config_path;
	struct config *config;
	char text[CONFIG_TEXT_LEN]; /* what a step says */
	size_t open_files;
	struct listen_set sockets;
	struct snapshot_hub *hub;
	struct registry *registry;
	struct queue inbox; /* of the writer */
	bool has_inbox;
	struct stats *stats; /* [workers + STATS_OTHERS] */
	size_t workers;
	struct worker *worker[MAX_WORKERS];
	struct writer *writer;
	struct checker *checker;
	struct events *events;
	struct control *control;
};

/* Takes the steps of starting in order, up to the first that fails; returns
 * the exit status.  What was made is in *server, to be unmade by
 * server_fini(). */
int server_start(struct server *);

/* Closes the doors, finishes what is under way and undoes the steps that were
 * taken, the last one first. */
void server_fini(struct server *);

/* Reads the configuration again; what is wrong with it changes nothing. */
void server_reload(struct server *);

/* Logs what the last step said in server->text, or else what err means;
 * returns status. */
int server_fail(struct server *, enum error err, int status);

#endif
