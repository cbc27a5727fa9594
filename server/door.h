/* door.h - what the two doors of a worker, UDP and TCP, have in common.
 *
 * A door turns bytes from a socket into requests, asks the nameserver and
 * sends what it says.  Updates gather here while a batch of messages is being
 * answered, and go to the writer in one step at its end.
 *
 * Threads:   one worker's, all of it.
 * Ownership: everything is borrowed from the worker; updates kept back by
 *            door_submit() belong to the door until door_flush().
 * Errors:    none.
 */
#ifndef SERVER_DOOR_H
#define SERVER_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "server/nameserver/request.h"

struct event_base;
struct nameserver_local;
struct queue;
struct snapshot_hub;
struct stats;
struct update;

struct worker_relay;

/* Replies that come late, whatever socket they go to. */
struct door_late {
	/* Where to write one (its size in *cap); NULL: nobody would get it.
	 * Not while messages are being answered. */
	uint8_t *(*room)(void *arg, const struct route *, size_t *cap);
	/* What was written there; 0: there is no reply. */
	void (*put)(void *arg, const struct route *, size_t len);
	/* Sends what was put; outside of snapshot_enter(). */
	void (*flush)(void *arg);
	void *arg;
};

struct door {
	struct event_base *base;
	struct nameserver_local *local;
	struct snapshot_hub *hub;
	struct stats *stats;
	struct queue *writer; /* where updates go */
	struct worker_relay *relay; /* ... if they are for others */
	struct door_late late;
	uint16_t worker; /* number of this worker */
	struct random random;
	/* updates of the batch being answered, oldest first */
	struct update *first;
	struct update **last;
};

/* Nothing gathered yet; the other fields are the caller's to fill in. */
void door_init(struct door *);

/* Takes an update to hand to the writer at the next door_flush(), or to others.
 * False if
 * too many are under way: then the update is finished here with SERVFAIL and
 * stays with the caller, to be answered by nameserver_finish() at once. */
bool door_submit(struct door *, struct update *);

/* Hands over what has gathered. */
void door_flush(struct door *);

#endif
