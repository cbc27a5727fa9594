/* probe_exec_spawn.h - starting a check's program.
 *
 * Threads:   any.
 * Ownership: of what was started: the caller.
 * Units:     milliseconds.
 * Errors:    an errno.
 */
#ifndef SERVER_HEALTH_PROBE_EXEC_SPAWN_H
#define SERVER_HEALTH_PROBE_EXEC_SPAWN_H

#include <sys/types.h>

#include "server/health/probe.h"

struct spawned {
	pid_t pid; /* also the number of its process group */
	int pidfd; /* readable when it has ended */
	int output; /* its standard output and error; non-blocking */
};

/* Starts it as probe_exec.h says; address: the first to be named, or NULL.
 * 0, or an errno with nothing started. */
int exec_spawn(const struct probe_order *, const struct endpoint *address,
    struct spawned *);

#endif
