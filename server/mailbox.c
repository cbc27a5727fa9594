/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mailbox.h"

void
mailbox_init(struct mailbox *m, void (*wake)(void *arg), void *arg)
{
	atomic_init(&m->newest, NULL);
	m->wake = wake;
	m->arg = arg;
}

void
mailbox_push(struct mailbox *m, struct mail *mail)
{
	struct mail *newest =
	    atomic_load_explicit(&m->newest, memory_order_relaxed);

	do {
		mail->next = newest;
	} while (!atomic_compare_exchange_weak_explicit(&m->newest, &newest,
	    mail, memory_order_release, memory_order_relaxed));
	m->wake(m->arg);
}

struct mail *
mailbox_take(struct mailbox *m)
{
	struct mail *newest =
	    atomic_exchange_explicit(&m->newest, NULL, memory_order_acquire);
	struct mail *oldest = NULL;

	while (newest != NULL) {
		struct mail *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}
