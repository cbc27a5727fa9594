/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/store_env.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "zones/dns/wire.h"
#include "zones/store_codec.h"
#include "zones/store_repair.h"

/* magic 8 | format 4 | id 8 */
#define HEADER_LEN 20

/* Files grow by so much at a time; less than that free is a full disk. */
#define GROWTH_LEN (1u << 20)

enum error
store_env_error(int rc)
{
	switch (rc) {
	case 0:
		return OK;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
		return ERR_FULL;
	case ENOMEM:
		return ERR_MEMORY;
	case MDB_VERSION_MISMATCH:
		return ERR_VERSION;
	case MDB_INVALID:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INCOMPATIBLE:
		return ERR_DAMAGED;
	default:
		return ERR_IO;
	}
}

enum error
store_env_fail(const char *path, enum error err, char *text, size_t text_len,
    const char *format, ...)
{
	va_list args;
	int n;

	if (text_len == 0)
		return err;
	n = snprintf(text, text_len, "%s: ", path);
	if (n < 0 || (size_t)n >= text_len)
		return err;
	va_start(args, format);
	vsnprintf(text + n, text_len - (size_t)n, format, args);
	va_end(args);
	return err;
}

enum error
store_env_sync_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return ERR_IO;
	rc = fsync(fd);
	close(fd);
	return rc ? ERR_IO : OK;
}

static enum error
check_header(const struct store_env *e, const struct store_env_kind *kind,
    const MDB_val *value, uint64_t *id, char *text, size_t text_len)
{
	const uint8_t *at = value->mv_data;
	uint32_t format;

	if (value->mv_size < 12 || memcmp(at, kind->magic, 8) != 0)
		return store_env_fail(e->path, ERR_DAMAGED, text, text_len,
		    "not the %s of a muster store", kind->name);
	format = wire_load_u32(at + 8);
	if (format > kind->format)
		return store_env_fail(e->path, ERR_VERSION, text, text_len,
		    "written in format %" PRIu32 " by a newer muster; this one"
		    " knows formats up to %" PRIu32,
		    format, kind->format);
	if (value->mv_size < HEADER_LEN)
		return store_env_fail(e->path, ERR_DAMAGED, text, text_len,
		    "the header is cut short");
	*id = store_load_u64(at + 12);
	return OK;
}

static int
put_header(struct store_env *e, MDB_txn *txn, const struct store_env_kind *kind,
    uint64_t id)
{
	uint8_t octets[HEADER_LEN];
	MDB_val key = {kind->key_len, (void *)kind->key},
		value = {HEADER_LEN, octets};

	memcpy(octets, kind->magic, 8);
	wire_store_u32(octets + 8, kind->format);
	store_put_u64(octets + 12, id);
	return mdb_put(txn, e->dbi, &key, &value, 0);
}

/* Opens the table and checks or writes the header, in one transaction. */
static enum error
open_table(struct store_env *e, const struct store_env_kind *kind, uint64_t *id,
    bool *created, char *text, size_t text_len)
{
	MDB_val key = {kind->key_len, (void *)kind->key}, value;
	MDB_txn *txn;
	enum error err;
	int rc;

	rc = mdb_txn_begin(e->env, NULL, 0, &txn);
	if (rc)
		goto fail;
	rc = mdb_dbi_open(
	    txn, NULL, kind->keys_are_numbers ? MDB_INTEGERKEY : 0, &e->dbi);
	if (rc)
		goto fail_txn;
	rc = mdb_get(txn, e->dbi, &key, &value);
	if (rc == 0) {
		*created = false;
		err = check_header(e, kind, &value, id, text, text_len);
		/* The unnamed table keeps its handle over an abort. */
		mdb_txn_abort(txn);
		return err;
	}
	if (rc != MDB_NOTFOUND)
		goto fail_txn;
	*created = true;
	rc = put_header(e, txn, kind, *id);
	if (rc)
		goto fail_txn;
	rc = mdb_txn_commit(txn);
	if (rc)
		goto fail;
	return OK;
fail_txn:
	mdb_txn_abort(txn);
fail:
	return store_env_fail(e->path, store_env_error(rc), text, text_len,
	    "%s", mdb_strerror(rc));
}

static enum error
open_env(struct store_env *e, size_t map_len, char *text, size_t text_len)
{
	int rc, fd;

	rc = mdb_env_create(&e->env);
	if (rc)
		goto fail;
	rc = mdb_env_set_mapsize(e->env, map_len);
	/* No MDB_WRITEMAP, MDB_NOSYNC or MDB_NOMETASYNC: promise 1.  With
	 * MDB_NOTLS a reader's slot belongs to its transaction. */
	if (!rc)
		rc = mdb_env_open(e->env, e->path, MDB_NOTLS, 0600);
	if (rc)
		goto fail_env;
	/* LMDB closes its other descriptors on exec, but not this one. */
	rc = mdb_env_get_fd(e->env, &fd);
	if (!rc && fcntl(fd, F_SETFD, FD_CLOEXEC))
		rc = errno;
	if (rc)
		goto fail_env;
	return OK;
fail_env:
	mdb_env_close(e->env);
	e->env = NULL;
fail:
	return store_env_fail(e->path, store_env_error(rc), text, text_len,
	    "%s", mdb_strerror(rc));
}

enum error
store_env_open(struct store_env *e, const char *dir,
    const struct store_env_kind *kind, size_t map_len, uint64_t *id,
    bool *created, bool *repaired, char *text, size_t text_len)
{
	enum error err;

	if (asprintf(&e->path, "%s/%s", dir, kind->name) < 0) {
		e->path = NULL;
		return store_env_fail(
		    dir, ERR_MEMORY, text, text_len, "out of memory");
	}
	if (mkdir(e->path, 0700) && errno != EEXIST) {
		err = store_env_error(errno);
		store_env_fail(e->path, err, text, text_len, "%m");
		goto fail_path;
	}
	err = store_repair(e->path, repaired, text, text_len);
	if (err)
		goto fail_path;
	err = open_env(e, map_len, text, text_len);
	if (err)
		goto fail_path;
	err = open_table(e, kind, id, created, text, text_len);
	if (err)
		goto fail_env;
	err = store_env_sync_dir(e->path);
	if (err) {
		store_env_fail(e->path, err, text, text_len, "%m");
		goto fail_env;
	}
	return OK;
fail_env:
	mdb_env_close(e->env);
	e->env = NULL;
fail_path:
	free(e->path);
	e->path = NULL;
	return err;
}

void
store_env_close(struct store_env *e)
{
	if (e->env)
		mdb_env_close(e->env);
	free(e->path);
	*e = (struct store_env){0};
}

void
store_env_reserve(struct store_env *e, size_t octets)
{
	MDB_envinfo info;
	struct stat st;
	MDB_stat table;
	off_t need, chunk;
	int fd;

	e->no_room = false;
	if (mdb_env_info(e->env, &info) || mdb_env_stat(e->env, &table) ||
	    mdb_env_get_fd(e->env, &fd) || fstat(fd, &st))
		return;
	need = (off_t)((info.me_last_pgno + 1) * table.ms_psize + octets);
	if (need <= st.st_size || need > (off_t)info.me_mapsize)
		return;
	chunk = (need / GROWTH_LEN + 1) * GROWTH_LEN;
	if (fallocate(fd, 0, st.st_size, chunk - st.st_size) == 0)
		return;
	if (fallocate(fd, 0, st.st_size, need - st.st_size) == 0)
		return;
	/* There may still be free pages inside the file. */
	e->no_room = store_env_error(errno) == ERR_FULL;
}

static bool
disk_is_full(const struct store_env *e)
{
	struct statvfs fs;

	if (e->no_room)
		return true;
	return statvfs(e->path, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize < GROWTH_LEN;
}

enum error
store_env_write_error(const struct store_env *e, int rc, const char **why)
{
	if (rc == EIO && disk_is_full(e))
		rc = ENOSPC;
	*why = mdb_strerror(rc);
	return store_env_error(rc);
}

/* Where the file is mapped: a page starts with its number.  NULL if that
 * cannot be told. */
static uint8_t *
find_map(MDB_txn *txn, MDB_dbi dbi, size_t page_len)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	uintptr_t page;
	size_t number;
	int rc;

	if (mdb_cursor_open(txn, dbi, &cursor))
		return NULL;
	/* The header entry comes first and is small, so it lies in a leaf. */
	rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
	mdb_cursor_close(cursor);
	if (rc)
		return NULL;
	page = (uintptr_t)value.mv_data & ~(uintptr_t)(page_len - 1);
	memcpy(&number, (void *)page, sizeof(number));
	return (uint8_t *)(page - number * page_len);
}

void
store_env_unload(const struct store_env *e)
{
	MDB_envinfo info;
	MDB_stat table;
	MDB_txn *txn;
	uint8_t *map;

	if (mdb_env_info(e->env, &info) || mdb_env_stat(e->env, &table) ||
	    mdb_txn_begin(e->env, NULL, MDB_RDONLY, &txn))
		return;
	map = find_map(txn, e->dbi, table.ms_psize);
	mdb_txn_abort(txn);
	/* Only our view of a shared file goes: what is read again comes from
	 * the page cache. */
	if (map)
		(void)madvise(map, (info.me_last_pgno + 1) * table.ms_psize,
		    MADV_DONTNEED);
}
