/* muster_resolve.h - muster resolve and muster exec: libmuster for the shell.
 *
 *     muster resolve [OPTION]... NAME
 *     muster exec [OPTION]... NAME -- COMMAND [ARGUMENT]...
 *
 * Neither talks to a musterd: they ask the DNS servers of the system, or those
 * of --server, as any program with libmuster does.
 *
 * Threads:   one.
 * Ownership: arguments are borrowed, and put into another order.
 * Units:     milliseconds.
 * Errors:    exit statuses; one line each on standard error.
 */
#ifndef SERVER_MUSTER_RESOLVE_H
#define SERVER_MUSTER_RESOLVE_H

#include <stdbool.h>

#include "resolver/muster.h"

/* Statuses of exec besides those of the command, as env(1) has them. */
enum {
	MUSTER_CANNOT_RUN = 126,
	MUSTER_NO_COMMAND = 127,
	MUSTER_SIGNALLED = 128, /* and the number of the signal */
};

struct muster_resolve_options {
	struct muster_settings settings;
	struct muster_request request;
	const char *name;
	bool json; /* resolve */
	bool pick; /* resolve */
	bool retry; /* exec */
};

/* Runs "resolve", argv[0], and its arguments (json: as with --json); returns
 * the exit status: 0, MUSTER_FAILED (nothing found, nobody answered),
 * MUSTER_USAGE. */
int muster_resolve_main(bool json, int argc, char **argv);

/* Runs "exec", argv[0], and its arguments; returns the exit status: that of
 * the command, or as above where none was run.  Does not return where the
 * command takes the place of this program. */
int muster_exec_main(int argc, char **argv);

/* Reads the options of either; returns the index of what follows the name, or
 * a negative number when all is done: -1 - status. */
int muster_resolve_read(
    struct muster_resolve_options *, bool exec, int argc, char **argv);

/* A line on standard error about a name. */
void muster_resolve_complain(const char *name, enum muster_status);

#endif
