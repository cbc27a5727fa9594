/* inquiry.h - a question to the writer, and its answer.
 *
 * What operators ask and only the writer knows (the roster: health, wishes).
 *
 *     control  -- writer_mail() -->  writer  -- finish() -->  control
 *
 * Threads:   one at a time, as drawn; finish() is called by the writer and
 *            must only hand the inquiry back (a mailbox).
 * Ownership: one block from calloc; inquiry_free() frees the answers too.
 * Units:     see each field.
 * Errors:    err and text.
 */
#ifndef SERVER_INQUIRY_H
#define SERVER_INQUIRY_H

#include "server/health/roster.h"
#include "server/mailbox.h"

/* Kinds of mail to the writer. */
enum writer_mail {
	MAIL_RESULT, /* struct probe_result */
	MAIL_INQUIRY,
};

enum inquiry_kind {
	INQUIRY_EXPLAIN, /* service: reports, about a service's instances */
	INQUIRY_COUNT, /* counts */
	INQUIRY_FORCE, /* pattern, state */
	INQUIRY_FORCED, /* list */
};

struct inquiry {
	struct mail mail; /* kind MAIL_INQUIRY; later the asker's */
	enum inquiry_kind kind;
	struct name service; /* lower case */
	char pattern[FORCE_PATTERN_LEN];
	enum force_state state;
	void (*finish)(struct inquiry *);
	void *asker;
	/* the answer */
	enum error err;
	char text[256]; /* why not */
	struct roster_report *report; /* [reports], owned */
	size_t reports;
	struct roster_counts counts;
	/* INQUIRY_FORCE and INQUIRY_FORCED: a copy of all wishes, owned; after
	 * INQUIRY_FORCE the asker saves it (force_save()). */
	struct force_list forced;
};

void inquiry_free(struct inquiry *);

#endif
