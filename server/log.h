/* log.h - what the operator is told: one line per event on standard error.
 *
 *     2026-03-01T12:00:00.123Z warning: svc.example: update refused: ...
 *
 * Where standard error is the journal (JOURNAL_STREAM, sd-daemon(3)) the line
 * carries a priority prefix in place of the time.  Whatever comes from a peer
 * or a file may be passed in: control characters are escaped here, so no event
 * can forge a second line.  Never pass a secret.
 *
 * A line is written at once if the reader of standard error keeps up, else it
 * is dropped and counted: a stuck log never stops an answer.
 *
 * Threads:   any, after log_open(); without it lines are plain.
 * Ownership: arguments are borrowed.
 * Units:     lines of at most LOG_LINE_LEN octets, cut beyond.
 * Errors:    none: a line that cannot be written is counted, and the next one
 *            that can tells how many were lost.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Below PIPE_BUF, so that lines of several processes do not mix. */
#define LOG_LINE_LEN 2048

/* Numbers as in syslog(3), which is what the journal reads. */
enum log_level {
	LEVEL_ERROR = 3, /* something does not work and needs a human */
	LEVEL_WARNING = 4, /* something will not work, or a peer was refused */
	LEVEL_NOTICE = 5, /* the life cycle: ready, reloaded, stopped */
	LEVEL_INFO = 6, /* what happened in the normal course */
	LEVEL_DEBUG = 7,
};

/* Finds out whether standard error is the journal.  Call once, before other
 * threads exist. */
void log_open(void);

/* Lines above this level are skipped; LEVEL_INFO at first. */
void log_set_level(enum log_level);
bool log_is_on(enum log_level);

void log_write(enum log_level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes a text of several lines as that many events. */
void log_lines(enum log_level, const char *text);

/* A brake for events that peers can cause: at most `burst` lines a second.
 * Static storage is initialised by LOG_LIMIT(burst). */
struct log_limit {
	uint32_t burst;
	_Atomic int64_t second;
	_Atomic uint32_t count; /* events in that second */
	_Atomic uint32_t skipped; /* since the last line that passed */
};
#define LOG_LIMIT(n) \
	{ \
		.burst = (n) \
	}

/* Whether an event may be logged now.  If so, skipped says how many like it
 * were not since the last one, for the line to mention. */
bool log_limit_pass(struct log_limit *, int64_t now_ms, uint32_t *skipped);

#endif
