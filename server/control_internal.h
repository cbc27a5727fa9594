/* control_internal.h - what the files of the control socket share.
 *
 *   control.c          the thread, the listener, what main asks for
 *   control_client.c   one client: lines in, lines out, limits
 *   control_command.c  the table of commands, and the short ones
 *   control_dump.c     dump
 *
 * Threads:   the control thread's, but for the fields that say otherwise.
 * Ownership: control owns its clients, a client its request and state.
 * Units:     see each field.
 * Errors:    see each function.
 */
#ifndef SERVER_CONTROL_INTERNAL_H
#define SERVER_CONTROL_INTERNAL_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "server/control.h"

/* Clients at once: operators and their scripts, no more. */
#define CONTROL_CLIENTS 32
/* A client that asks nothing for so long is forgotten. */
#define CONTROL_IDLE_S 300
/* One that takes nothing of its answer for so long is cut off. */
#define CONTROL_STALL_S 30
/* Commands pause while so many octets of answers are unsent; one line more is
 * the most that waits for a client. */
#define CONTROL_UNSENT_HIGH ((size_t)64 << 10)
/* ... and go on below so many. */
#define CONTROL_UNSENT_LOW ((size_t)16 << 10)

struct bufferevent;
struct control_client;
struct dump_job;
struct event;
struct event_base;

enum control_step {
	STEP_MORE, /* call again when the client has read on */
	STEP_WAIT, /* call again when control_resume() was called */
	STEP_DONE,
	STEP_FAILED, /* control_client_fail() said why */
};

struct control_command {
	const char *name;
	/* Does a bounded part of the work (milliseconds). */
	enum control_step (*step)(struct control_client *);
	/* Frees client->state, also if the client has gone; or NULL. */
	void (*end)(struct control_client *);
};

struct control_client {
	struct control *control;
	struct control_client *next;
	struct bufferevent *stream;
	bool ended; /* sends no more */
	bool closing; /* to be closed when it has read everything */
	/* the command under way; NULL: none */
	const struct control_command *command;
	json_t *request;
	/* the command's own, zeroed at its start */
	bool begun;
	size_t position;
	uint64_t ticket; /* reload: which one it waits for */
	struct dump_job *dump;
};

/* What a reload came to. */
struct control_outcome {
	uint64_t begun; /* answers tickets up to this one */
	bool ok;
	char text[];
};

struct control {
	struct control_plan plan;
	char *path;
	int64_t started_ms; /* monotonic */
	/* shared with main */
	_Atomic bool stopping;
	_Atomic uint64_t reloads; /* tickets given out */
	_Atomic(struct control_outcome *) news; /* taken by the thread */
	int wake_fd;
	/* main's */
	pthread_t thread;
	bool started;
	/* the control thread's */
	int listen_fd;
	struct event_base *base;
	struct event *listener;
	struct event *wake;
	struct control_client *clients;
	size_t client_count;
	struct control_client *dumping; /* one at a time; control_dump.c */
	struct control_outcome *outcome; /* the last one; NULL: none yet */
};

/* Any thread: calls the step of all that wait, soon. */
void control_resume(struct control *);

/* Takes over a connection; it is closed if there is no room. */
void control_client_new(struct control *, int fd);

/* Ends what is under way and forgets the client. */
void control_client_free(struct control_client *);

/* Goes on with what the client asked for, as far as it has read; it may be
 * gone afterwards. */
void control_client_go(struct control_client *);

/* Sends one line and releases the value (stolen reference); NULL, as jansson
 * returns it without memory, ends the client's connection. */
void control_client_say(struct control_client *, json_t *);

/* Says why a command failed. */
void control_client_fail(struct control_client *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A text of unknown encoding as a JSON string: what is not UTF-8 becomes '?';
 * NULL without memory. */
json_t *control_text(const char *text);

/* control_command.c: NULL if there is none of that name. */
const struct control_command *control_command_find(const char *name);

/* control_dump.c */
enum control_step control_dump_step(struct control_client *);
void control_dump_end(struct control_client *);

#endif
