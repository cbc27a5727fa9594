/* control_internal.h - what the files of the control socket share.
 *
 *   control.c          the thread, the listener, what main asks for
 *   control_client.c   one client: lines in, lines out, limits
 *   control_ask.c      questions to the writer or the workers, and answers
 *   control_command.c  the table of commands, and the short ones
 *   control_status.c   status
 *   control_list.c     services, instances
 *   control_explain.c  explain
 *   control_force.c    force, forced
 *   control_forward.c  flush, and upstreams for status
 *   control_watch.c    watch
 *   control_dump.c     dump
 *   control_walk.h, control_view.h   what the lists are made of
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
#include "server/inquiry.h"
#include "server/stats.h"

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

/* Steps for one client until others have their turn. */
#define CONTROL_STEPS 32
/* Records that a step looks at: less than a millisecond. */
#define CONTROL_STEP_WORK ((size_t)512)
/* Questions that the writer has not answered yet: its memory is bounded even
 * if clients come, ask and go. */
#define CONTROL_QUESTIONS 256
/* The writer answers within milliseconds; after so long it is stuck. */
#define CONTROL_ANSWER_MS 10000
/* status is for when something is stuck: it does not wait as long. */
#define CONTROL_STATUS_MS 2000
/* Seconds over which rates are taken. */
#define CONTROL_RATE_S 10

struct bufferevent;
struct control_client;
struct control_question;
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
	bool paused; /* others have their turn */
	/* the command under way; NULL: none */
	const struct control_command *command;
	json_t *request;
	/* the command's own, zeroed at its start */
	bool begun;
	size_t position;
	uint64_t ticket; /* reload: which one it waits for */
	struct dump_job *dump;
	void *state; /* of other commands; freed by their end() */
	struct control_question *question; /* to the writer; NULL: none */
};

/* What a reload came to. */
struct control_outcome {
	uint64_t begun; /* answers tickets up to this one */
	bool ok;
	char text[];
};

struct control {
	struct control_plan plan;
	char *data; /* plan.data: a reload frees what that was */
	char *path;
	int64_t started_ms; /* monotonic */
	/* shared with main */
	_Atomic bool stopping;
	_Atomic uint64_t reloads; /* tickets given out */
	_Atomic(struct control_outcome *) news; /* taken by the thread */
	int wake_fd;
	struct mailbox answers; /* of the writer */
	/* main's */
	pthread_t thread;
	bool started;
	/* the control thread's */
	int listen_fd;
	struct event_base *base;
	struct event *listener;
	struct event *wake;
	struct event *tick; /* once a second */
	size_t questions; /* that the writer has not answered yet */
	/* probes that had ended, at each of the last ticks */
	uint64_t checks[CONTROL_RATE_S + 1];
	size_t ticks;
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

/* Whether so much is unsent that a step should end. */
bool control_client_is_full(const struct control_client *);

/* Says why a command failed. */
void control_client_fail(struct control_client *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A text of unknown encoding as a JSON string: what is not UTF-8, and a zero
 * octet, become '?'; NULL without memory. */
json_t *control_octets(const uint8_t *octets, size_t len);
json_t *control_text(const char *text);

/* A text member of the request; NULL if there is none. */
const char *control_argument(const struct control_client *, const char *key);

/* Counters of all threads together. */
uint64_t control_stat(const struct control *, enum stat);

/* control_command.c: NULL if there is none of that name. */
const struct control_command *control_command_find(const char *name);

/* --- control_ask.c --- */

enum control_answer {
	ANSWER_WAIT, /* STEP_WAIT, and ask again */
	ANSWER_HERE,
	ANSWER_NEVER, /* the writer is stuck */
};

/* Asks the writer, for a client that has no question under way; takes the
 * inquiry (NULL: without memory) over.  NULL, or why that cannot be. */
const char *control_ask(struct control_client *, struct inquiry *);

/* Whether the answer is here: it stays the client's until control_forget(). */
enum control_answer control_answer(
    struct control_client *, int64_t limit_ms, struct inquiry **);

/* Drops the question, answered or not; harmless without. */
void control_forget(struct control_client *);

/* Takes what the writer has answered; wishes of operators are saved. */
void control_take_answers(struct control *);

/* --- the commands of other files --- */

typedef enum control_step control_step_fn(struct control_client *);
typedef void control_end_fn(struct control_client *);

control_step_fn control_dump_step; /* control_dump.c */
control_end_fn control_dump_end;
control_step_fn control_status_step; /* control_status.c */
control_end_fn control_status_end;
control_step_fn control_zones_step;
control_step_fn control_services_step; /* control_list.c */
control_step_fn control_instances_step;
control_end_fn control_list_end;
control_step_fn control_explain_step; /* control_explain.c */
control_end_fn control_explain_end;
control_step_fn control_force_step; /* control_force.c */
control_step_fn control_forced_step;
control_end_fn control_force_end;
control_step_fn control_flush_step; /* control_forward.c */
/* As a step of status: says a line for each upstream. */
control_step_fn control_upstreams_step;
control_step_fn control_watch_step; /* control_watch.c */
control_end_fn control_watch_end;

#endif
