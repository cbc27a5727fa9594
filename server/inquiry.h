/* inquiry.h - a question to the writer or the workers, and its answer.
 *
 * What operators ask and only the writer knows (the roster: health, wishes),
 * or only the workers do (caches, upstreams).
 *
 *     control  -- writer_mail() -->  writer  -- finish() -->  control
 *              -- worker_mail() -->  worker 0 --> 1 ... -- finish() -->
 *
 * Threads:   one at a time, as drawn; finish() is called by the last of them
 *            and must only hand the inquiry back (a mailbox).
 * Ownership: one block from calloc; inquiry_free() frees the answers too.
 * Units:     see each field.
 * Errors:    err and text.
 */
#ifndef SERVER_INQUIRY_H
#define SERVER_INQUIRY_H

#include "server/health/roster.h"
#include "server/mailbox.h"
#include "server/nameserver/request.h"

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
	/* To the workers, one after the other: */
	INQUIRY_FLUSH, /* service, below: flushed */
	INQUIRY_UPSTREAMS, /* upstream */
};

/* A server that names of a forward zone are asked of, over all workers. */
struct upstream_line {
	struct name zone;
	struct endpoint at;
	unsigned workers; /* that have it */
	unsigned dead; /* for so many of them */
	unsigned known; /* has answered so many of them */
	uint64_t srtt_us; /* their sum */
	/* However many zones it is asked for: */
	uint64_t asked, answered, silent, refused, by_tcp, wrong;
};

struct inquiry {
	struct mail mail; /* kind MAIL_INQUIRY; later the asker's */
	enum inquiry_kind kind;
	struct name service; /* lower case; or what is flushed */
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
	bool below; /* INQUIRY_FLUSH: the name, and what is below it */
	size_t flushed; /* entries */
	struct upstream_line *upstream; /* [upstreams], owned */
	size_t upstreams;
};

void inquiry_free(struct inquiry *);

#endif
