/* writer.h - the thread that changes the registry: exactly one.
 *
 *   workers --> inbox --> registry_take ... registry_turn --> store
 *   checker, operators --> mail --> roster, registry_ask
 *                                                               |
 *   workers <-- reply() <-- registry_collect <-- registry_durable
 *
 * Each turn takes a bounded number of updates and lets the registry do a
 * bounded amount of reaping, so that neither makes the other wait long.  The
 * rules themselves are the registry's (registry.h).
 *
 * Threads:   writer_mail: any.  All others: main.  reply() is called by the
 *            writer.
 * Ownership: registry and inbox are borrowed and outlive the writer.
 * Units:     none.
 * Errors:    ERR_MEMORY, ERR_IO; writer_reload: those of registry_reload.
 */
#ifndef SERVER_WRITER_H
#define SERVER_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

struct config;
struct mail;
struct queue;
struct registry;
struct stats;
struct update;
struct writer;

/* Gets finished updates that one worker has asked for, oldest first. */
typedef void writer_reply_fn(void *arg, uint16_t worker, struct update *list);

struct writer_plan {
	struct registry *registry;
	struct queue *inbox;
	struct stats *stats; /* of the writer */
	uint16_t workers;
	writer_reply_fn *reply;
	void *arg;
};

enum error writer_new(const struct writer_plan *, struct writer **) MUST_CHECK;

/* Starts the thread; from now on it alone may use the registry. */
enum error writer_start(struct writer *) MUST_CHECK;

/* Sends the writer a result of a check or an inquiry (inquiry.h). */
void writer_mail(struct writer *, struct mail *);

/* Has the writer call registry_reload() and waits for it. */
enum error writer_reload(struct writer *, const struct config *, char *text,
    size_t text_len) MUST_CHECK;

/* Finishes every update in the inbox, ends the thread and waits for it.  No
 * more may come in.  Harmless if it was never started. */
void writer_stop(struct writer *);

void writer_free(struct writer *);

#endif
