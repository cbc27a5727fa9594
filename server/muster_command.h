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
	FLAG_BELOW = 4,
};

struct muster_options {
	const char *socket; /* NULL: found through the configuration */
	const char *config; /* NULL: the default one */
	const char *output; /* NULL: standard output */
	bool json;
	bool leases;
	bool below;
	unsigned flags; /* enum muster_flag that were given */
};

struct muster_command {
	const char *name;
	const char *arguments; /* as in the help */
	const char *summary;
	const char *help; /* what else its own help says, whole lines */
	int least, most; /* arguments */
	unsigned flags; /* enum muster_flag that it takes */
	int (*run)(struct muster_client *, const struct muster_options *,
	    char **arguments);
	/* Instead of run: one that needs no control socket and reads what is
	 * behind its name by itself, options included; argv[0] is the name. */
	int (*run_alone)(const struct muster_options *, int argc, char **argv);
};

/* NULL if there is none of that name. */
const struct muster_command *muster_command_find(const char *name);

/* All of them, by number; NULL at the end. */
const struct muster_command *muster_command_at(unsigned number);

/* Prints the help of a command. */
void muster_command_help(const struct muster_command *);

/* Asks and prints the answer: each line as it came with --json, else by
 * print.  Returns the exit status. */
typedef void muster_print_fn(
    void *arg, FILE *, const struct muster_options *, const json_t *line);
int muster_answer(struct muster_client *, const struct muster_options *,
    json_t *request, FILE *to, muster_print_fn *print, void *arg);

/* A member of a line: 0 or "" if there is none of that kind. */
int64_t muster_number(const json_t *line, const char *key);
const char *muster_text(const json_t *line, const char *key);
bool muster_is_true(const json_t *line, const char *key);

/* A member that is an object; NULL if there is none. */
const json_t *muster_object(const json_t *line, const char *key);

/* For people: "1 h 2 min", "37 s"; a moment in local time, both in a buffer
 * of MUSTER_TIME_LEN.  Return text. */
#define MUSTER_TIME_LEN 64
char *muster_duration(int64_t seconds, char *text);
char *muster_moment(int64_t wall_s, char *text);

/* Prints a line about a zone. */
muster_print_fn muster_print_zone;

/* The commands of other files. */
typedef int muster_run_fn(
    struct muster_client *, const struct muster_options *, char **arguments);
muster_run_fn muster_dump; /* muster_dump.c */
muster_run_fn muster_status; /* muster_status.c */
muster_run_fn muster_services; /* muster_list.c */
muster_run_fn muster_instances;
muster_run_fn muster_explain; /* muster_explain.c */
muster_run_fn muster_forget; /* muster_forget.c */
muster_run_fn muster_force; /* muster_force.c */
muster_run_fn muster_forced;
muster_run_fn muster_watch; /* muster_watch.c */

#endif
