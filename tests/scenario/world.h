/* world.h - musterd without sockets, threads or clocks of its own.
 *
 * The real configuration, registry and nameserver in one thread.  Time passes
 * only when a scenario says so; the store's decisions are waited for, so that
 * after each step everything that was acknowledged is visible.
 *
 * A crash is a real one: the process is replaced by a new image of itself
 * (execve), which is as sudden for the store as SIGKILL, and the new one goes
 * on with the scenario behind the CRASH.
 *
 * Threads:   one.
 * Ownership: all of it belongs to the world; configurations are kept until
 *            its end.
 * Units:     as their names say.
 * Errors:    world_fail() counts; what makes going on useless ends the
 *            process.
 */
#ifndef TESTS_SCENARIO_WORLD_H
#define TESTS_SCENARIO_WORLD_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/nameserver/nameserver.h"
#include "tests/scenario/script.h"
#include "zones/dns/name.h"
#include "zones/snapshot.h"

#define WORLD_START_MS 1000000
#define WORLD_START_WALL_S 1800000000
#define WORLD_ZONES 64
#define WORLD_CONFIGS 64
#define WORLD_BATCH 64

struct exchange;
struct order;
struct others;
struct registry;
struct update;

struct world {
	struct script script;
	char dir[64]; /* of configuration, zone files and store */
	bool verbose;
	unsigned failures;
	int64_t now_ms;
	int64_t wall_offset_s; /* wall clock minus monotonic clock */
	struct random random;
	char origin[NAME_TEXT_LEN + 1]; /* of names without a final dot */
	long log_from; /* octets of the log that were looked at */
	unsigned syncs; /* batches that the store got */
	/* serials as they were looked at last */
	struct {
		char zone[NAME_TEXT_LEN];
		uint32_t serial;
	} serial[WORLD_ZONES];
	size_t serials;
	/* while it runs */
	struct config *config[WORLD_CONFIGS]; /* the last one holds */
	size_t configs;
	struct snapshot_hub *hub;
	struct registry *registry;
	struct nameserver_local *local;
	sem_t decided;
	unsigned refuse; /* so many batches to come */
	struct order *order; /* of the checker: command_health.c */
	char *events; /* a line each */
	struct others *others; /* who is asked; NULL: nobody so far */
	/* updates of a BATCH */
	bool batching;
	struct exchange *batch[WORLD_BATCH];
	struct step batch_step[WORLD_BATCH];
	size_t batched;
};

/* Counts and tells a failure at a line of the scenario. */
void world_fail(struct world *, unsigned number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void world_init(struct world *, const char *path);
void world_fini(struct world *);

/* Starts the server from the files; false, with the message in text, if it
 * does not. */
bool world_start(struct world *, char *text, size_t text_len);
void world_stop(struct world *);

/* Reads the files again; false if the configuration is broken.  text may hold
 * messages either way. */
bool world_reload(struct world *, char *text, size_t text_len);

/* Ends everything at once, without closing anything, and goes on in a new
 * process. */
void world_crash(struct world *) __attribute__((noreturn));
/* In the new process: true if this is one, and the world is as it was. */
bool world_resume(struct world *);

/* Lets the writer work until nothing is left to do now. */
void world_settle(struct world *);
/* Lets time pass, with the writer at work whenever it asks for it. */
void world_advance(struct world *, int64_t to_ms);

int64_t world_wall_s(const struct world *);

/* The log since it was looked at last, as a string to free. */
char *world_take_log(struct world *);

/* Makes that directory. */
void world_make_dir(struct world *);
/* A path below the world's directory. */
const char *world_path(const struct world *, const char *name, char path[256]);

#endif
