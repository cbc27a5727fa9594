/* control.h - the door for operators: muster.sock.
 *
 * A Unix socket under server.data that whoever may write to it (mode 0660)
 * sends commands to: one JSON object a line,
 *
 *     {"command":"dump","zone":"svc.example."}
 *
 * answered by any number of JSON objects, one a line, and at last by
 * {"done":true} or {"error":"why not"}.  Commands of one client are done one
 * after the other.  The table of commands is in control_command.c.
 *
 *      main                 control thread               clients
 *       |  <-- plan.reload() --  |  <-- {"command":...} --  |
 *       |  -- reload_ends() -->  |  -- lines ------------>  |
 *
 * What only the writer knows is asked of it (inquiry.h):
 *
 *      writer  <-- plan.ask() --  control thread
 *              -- finish() --->
 *
 * Threads:   its own serves the clients; all functions here are main's.
 *            plan.reload() and plan.ask() are called by the control thread.
 *            Before control_free() the writer has ended, and answered all
 *            that it was asked.
 * Ownership: hub, counters, events and registry are borrowed and outlive
 *            it.
 * Units:     none.
 * Errors:    ERR_MEMORY, ERR_IO, ERR_CONFLICT (control_socket.h).
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

/* A request is a line of at most so many octets. */
#define CONTROL_LINE_LEN ((size_t)64 << 10)

struct control;
struct events;
struct inquiry;
struct queue;
struct registry;
struct snapshot_hub;
struct stats;

struct control_plan {
	const char *data; /* folder of the socket, and of operators' wishes */
	struct snapshot_hub *hub;
	struct registry *registry;
	const struct queue *inbox; /* of the writer */
	const struct stats *stats; /* [workers + STATS_OTHERS] */
	size_t workers;
	struct events *events; /* for watch; NULL: there are none */
	void (*reload)(void *arg); /* makes main reload soon */
	/* Hands an inquiry to the writer, which calls its finish(); NULL:
	 * nobody answers. */
	void (*ask)(void *arg, struct inquiry *);
	void *arg;
};

/* Opens the socket; on failure text says why. */
enum error control_new(const struct control_plan *, struct control **,
    char *text, size_t text_len) MUST_CHECK;

enum error control_start(struct control *) MUST_CHECK;

/* Takes the socket away and ends the thread; answers that are under way break
 * off.  Harmless if it was never started. */
void control_stop(struct control *);
void control_free(struct control *);

/* To be called before the configuration is read again, and when that is over,
 * with what the first call returned: whoever asked for a reload before it
 * began is told the outcome, a text of some lines. */
uint64_t control_reload_begins(struct control *);
void control_reload_ends(
    struct control *, uint64_t begun, bool ok, const char *text);

#endif
