/* muster_command.h - what muster can be told to do.
 *
 * Threads:   one.
 * Ownership: arguments are borrowed.
 * Units:     none.
 * Errors:    exit statuses; one line each on standard error.
 */
#ifndef SERVER_MUSTER_COMMAND_H
#define SERVER_MUSTER_COMMAND_H

#include <stdbool.h>

#include "server/muster_client.h"

enum {
	MUSTER_FAILED = 1, /* no server, or it refused */
	MUSTER_USAGE = 2,
};

/* Options that only some commands take. */
enum muster_flag {
	FLAG_OUTPUT = 1,
	FLAG_LEASES = 2,
};

struct muster_options {
	const char *socket; /* NULL: found through the configuration */
	const char *config; /* NULL: the default one */
	const char *output; /* NULL: standard output */
	bool json;
	bool leases;
	unsigned flags; /* enum muster_flag that were given */
};

struct muster_command {
	const char *name;
	const char *arguments; /* as in the help */
	const char *summary;
	int least, most; /* arguments */
	unsigned flags; /* enum muster_flag that it takes */
	int (*run)(struct muster_client *, const struct muster_options *,
	    char **arguments);
};

/* NULL if there is none of that name. */
const struct muster_command *muster_command_find(const char *name);

/* All of them, by number; NULL at the end. */
const struct muster_command *muster_command_at(unsigned number);

/* Asks and prints the answer: each line as it came with --json, else by
 * print.  Returns the exit status. */
typedef void muster_print_fn(
    FILE *, const struct muster_options *, const json_t *line);
int muster_answer(struct muster_client *, const struct muster_options *,
    json_t *request, FILE *to, muster_print_fn *print);

/* muster_dump.c */
int muster_dump(
    struct muster_client *, const struct muster_options *, char **arguments);

#endif
