/* store_env.h - one LMDB environment: its files, its version, its errors.
 *
 * Each environment has one unnamed table.  A header entry in it says what it
 * is, in which format, and to which store it belongs.
 *
 * Threads:   store_open's; the others any.
 * Ownership: the caller owns the struct.
 * Errors:    as enum error, with one line of text naming the path.
 */
#ifndef ZONES_STORE_ENV_H
#define ZONES_STORE_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

struct MDB_env; /* LMDB's; its header stays behind the door */

struct store_env {
	char *path; /* of the environment's directory */
	struct MDB_env *env;
	unsigned dbi;
	bool no_room; /* the last store_env_reserve() found none */
};

/* What an environment must be. */
struct store_env_kind {
	const char *name; /* of its directory */
	const char *magic; /* 8 octets */
	uint32_t format; /* the highest known */
	bool keys_are_numbers; /* uint64_t; else octets */
	const void *key; /* of the header entry */
	size_t key_len;
};

/* Our word for an LMDB or system error. */
enum error store_env_error(int rc);

/* Writes "path: message" and returns err. */
enum error store_env_fail(const char *path, enum error err, char *text,
    size_t text_len, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Opens dir/name, creating it if it is missing; *repaired is set if a torn
 * page had to be put right.  A header is written with *id if there is none;
 * *created says so.  Else *id becomes what the header says. */
enum error store_env_open(struct store_env *, const char *dir,
    const struct store_env_kind *, size_t map_len, uint64_t *id, bool *created,
    bool *repaired, char *text, size_t text_len) MUST_CHECK;

void store_env_close(struct store_env *);

/* Gives the memory back that reading the whole file has mapped; the kernel
 * keeps what is worth keeping. */
void store_env_unload(const struct store_env *);

/* Gives the file room for so many octets more, before a transaction wants
 * them: LMDB calls a short write on a full disk EIO, as if it were broken. */
void store_env_reserve(struct store_env *, size_t octets);

/* As store_env_error() for a failed write or commit: ERR_FULL for the EIO of
 * a full disk.  *why is a phrase for it. */
enum error store_env_write_error(
    const struct store_env *, int rc, const char **why);

/* Makes the names in a directory durable. */
enum error store_env_sync_dir(const char *path) MUST_CHECK;

#endif
