/* attempt.h - one probe under way: its addresses, its time, what came of it.
 *
 *     attempt_start --> kind.start(address) --> attempt_end --> done
 *                            ^                       |
 *                            '--- next address ------'  bad, and time is left
 *
 * A kind of probe (HTTP, TCP, a program) knows how to ask one address; which
 * one and for how long is decided here, as probe.h says.
 *
 * Threads:   the checker's.
 * Ownership: the caller owns attempt and order, and keeps both until done() or
 *            attempt_cancel(); the kind owns what it hangs on `way`.
 * Units:     monotonic milliseconds.
 * Errors:    all that goes wrong is an outcome.
 */
#ifndef SERVER_HEALTH_ATTEMPT_H
#define SERVER_HEALTH_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "server/health/probe.h"

#define ATTEMPT_ANSWER_LEN 65536 /* more of an answer is not read */

struct event_base;
struct http;
struct programs;
struct timeval;
struct trust;

/* What all probes of a thread share. */
struct prober {
	struct event_base *base;
	struct trust *trust; /* probe_tls.h */
	struct http *http; /* probe_http.h */
	struct programs *programs; /* probe_exec.h */
};

/* What came of asking one address, or of all of it. */
struct outcome {
	bool good;
	bool connected; /* somebody was there */
	bool ours; /* we could not ask: says nothing about the instance */
	enum probe_word word;
	int percent, load; /* -1: nothing */
	char reason[PROBE_REASON_LEN];
};

struct attempt;

struct probe_kind {
	/* Asks attempt->address; ends with attempt_end(), maybe at once. */
	void (*start)(struct attempt *);
	/* Undoes it: attempt_end() is not called any more. */
	void (*cancel)(struct attempt *);
};

struct attempt {
	/* the caller's, set before the start */
	struct prober *prober;
	const struct probe_order *order;
	unsigned first; /* the address to begin with */
	void (*done)(struct attempt *); /* may start it again or free it */
	/* for all to read */
	const struct endpoint *address; /* NULL: a program without one */
	unsigned at; /* its number; the one that answered if all is good */
	struct outcome outcome;
	/* own */
	const struct probe_kind *kind;
	void *way; /* of the kind; NULL if nothing is under way */
	unsigned tried;
	int64_t deadline_ms;
};

void attempt_start(struct attempt *, int64_t now_ms);

/* Harmless if nothing is under way. */
void attempt_cancel(struct attempt *);

/* --- for kinds --- */

/* Nothing good yet, nothing said. */
extern const struct outcome outcome_none;

/* The address has been asked; way must be NULL by now. */
void attempt_end(struct attempt *, const struct outcome *);

/* The same with a reason alone. */
void attempt_fail(struct attempt *, bool connected, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void attempt_fail_timeout(struct attempt *, bool connected);

/* The same for an errno, which may be one of ours (ENOMEM). */
void attempt_fail_errno(struct attempt *, bool connected, int error);

/* Whether an errno says that we lack something. */
bool attempt_is_ours(int error);

/* "timeout after 1 s" */
void attempt_timeout_text(const struct attempt *, char text[PROBE_REASON_LEN]);

/* What time the address has, to let us connect and in all; at least 1. */
int64_t attempt_connect_ms(const struct attempt *);
int64_t attempt_left_ms(const struct attempt *);
struct timeval attempt_timeval(int64_t ms);

/* A short phrase: "connection refused". */
const char *attempt_errno_text(int error, char text[PROBE_REASON_LEN]);

/* Makes a foreign text one line of printable ASCII, cut to len. */
void attempt_clean(char *to, size_t to_len, const char *from, size_t len);

#endif
