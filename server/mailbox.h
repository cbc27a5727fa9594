/* mailbox.h - messages from any thread to one.
 *
 * The same list as queue.h, for what is not an update: results of checks,
 * questions of operators, events.  Whoever pushes wakes the reader; a mailbox
 * has no bound of its own, its senders have.
 *
 * Threads:   mailbox_push: any.  mailbox_take: the one reader.
 * Ownership: mail belongs to the mailbox between push and take.
 * Units:     none.
 * Errors:    none.
 */
#ifndef SERVER_MAILBOX_H
#define SERVER_MAILBOX_H

#include <stdatomic.h>
#include <stddef.h>

/* First member of whatever is sent. */
struct mail {
	struct mail *next;
	int kind; /* for the reader to tell them apart */
};

struct mailbox {
	_Alignas(64) _Atomic(struct mail *) newest;
	void (*wake)(void *arg); /* called after each push; any thread */
	void *arg;
};

void mailbox_init(struct mailbox *, void (*wake)(void *arg), void *arg);

/* Sends one. */
void mailbox_push(struct mailbox *, struct mail *);

/* Takes everything: a list, oldest first; NULL if there is nothing. */
struct mail *mailbox_take(struct mailbox *);

#endif
