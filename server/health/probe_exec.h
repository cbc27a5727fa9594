/* probe_exec.h - runs a program: checks of type exec.
 *
 *     running --exits--> reaped: exit status 0 is good
 *        |
 *        '--timeout, too much output--> killed --> reaped: bad
 *
 * The program gets a process group of its own, which is killed as a whole when
 * the time is over and when the program itself has ended; no descriptor but
 * /dev/null and a pipe for its output; the folder /; no signal blocked or
 * ignored; and this environment:
 *
 *     PATH             the usual folders
 *     MUSTER_HOST      the target
 *     MUSTER_ADDRESS   its first address, or ""
 *     MUSTER_ADDRESSES all of them, separated by spaces
 *     MUSTER_PORT      its port
 *     MUSTER_SERVICE   the service's owner
 *
 * Limits, set by /bin/sh, which then becomes the program: CPU time (the timeout
 * and a second), size of files, number of open files, no core.  The first line
 * of what it says is the reason.  Whoever leaves the group (setsid) is not
 * followed.
 *
 * Threads:   the checker's.  Children of others are left alone: each of ours is
 *            waited for by its own pidfd.
 * Ownership: none outside.
 * Errors:    outcomes; programs_new: NULL.
 */
#ifndef SERVER_HEALTH_PROBE_EXEC_H
#define SERVER_HEALTH_PROBE_EXEC_H

#include "server/health/attempt.h"

#define EXEC_OUTPUT_LEN 65536 /* more, and it is killed */

extern const struct probe_kind probe_exec;

/* The programs that run, and those that were killed and not reaped yet. */
struct programs *programs_new(struct event_base *);

/* Kills and reaps what is left, for up to a second; no probe is under way. */
void programs_free(struct programs *);

#endif
