/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/store_repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zones/store_env.h"

#define META_FLAG 0x08
#define META_MAGIC 0xBEEFC0DEu
#define META_VERSION 1
#define NO_PAGE SIZE_MAX
#define DEPTH_MAX 32

/* The last pages of a file may never have been written if they were given
 * back in the transaction that took them; a file shorter than that has lost
 * something. */
#define UNWRITTEN_LEN (1u << 20)

struct meta_table {
	uint32_t pad; /* of the first table: the page size */
	uint16_t flags;
	uint16_t depth;
	size_t branch, leaf, overflow, entries;
	size_t root;
};

/* A meta page as LMDB 0.9 lays it out. */
struct meta {
	size_t page;
	uint16_t pad;
	uint16_t flags;
	uint32_t bounds;
	uint32_t magic;
	uint32_t version;
	void *address;
	size_t map_len;
	struct meta_table table[2];
	size_t last_page;
	size_t txn;
};

static bool
table_is_sane(const struct meta_table *t, const struct meta *m)
{
	return t->depth <= DEPTH_MAX &&
	       (t->root == NO_PAGE || (t->root > 1 && t->root <= m->last_page));
}

static bool
meta_is_whole(const struct meta *m, size_t slot)
{
	size_t page_len = m->table[0].pad;

	if (m->magic != META_MAGIC || m->version != META_VERSION)
		return false;
	if (!(m->flags & META_FLAG) || m->page != slot)
		return false;
	if (page_len < 512 || page_len > 65536 || page_len & (page_len - 1))
		return false;
	/* Commit n goes to page n & 1; a new file has 0 in both. */
	if (m->txn != 0 && (m->txn & 1) != slot)
		return false;
	return table_is_sane(&m->table[0], m) && table_is_sane(&m->table[1], m);
}

/* A later LMDB wrote this: its own check says so best. */
static bool
meta_is_foreign(int fd)
{
	struct meta m;

	return pread(fd, &m, sizeof(m), 0) == (ssize_t)sizeof(m) &&
	       m.magic == META_MAGIC && m.version > META_VERSION;
}

static bool
read_meta(int fd, size_t page_len, size_t slot, struct meta *m)
{
	ssize_t n = pread(fd, m, sizeof(*m), (off_t)(slot * page_len));

	return n == (ssize_t)sizeof(*m) && meta_is_whole(m, slot);
}

/* Writes what `from` says into the other page, as the commit before it: LMDB
 * goes on from `from` and overwrites the other page first. */
static int
write_other(int fd, const struct meta *from, size_t page_len)
{
	size_t slot = from->page ^ 1;
	struct meta m = *from;
	uint8_t *page = calloc(1, page_len);
	ssize_t n;

	if (!page) {
		errno = ENOMEM;
		return -1;
	}
	m.page = slot;
	m.txn = from->txn > 0 ? from->txn - 1 : 0;
	memcpy(page, &m, sizeof(m));
	n = pwrite(fd, page, page_len, (off_t)(slot * page_len));
	free(page);
	if (n != (ssize_t)page_len) {
		errno = n < 0 ? errno : EIO;
		return -1;
	}
	return fdatasync(fd);
}

/* Whether nothing was ever written to the first len octets. */
static bool
head_is_empty(int fd, size_t len)
{
	uint8_t octets[512];
	ssize_t n = 0;

	for (size_t at = 0; at < len; at += (size_t)n) {
		n = pread(fd, octets, sizeof(octets), (off_t)at);
		if (n <= 0)
			return n == 0;
		for (ssize_t i = 0; i < n; i++) {
			if (octets[i] != 0)
				return false;
		}
	}
	return true;
}

static enum error
repair_file(
    int fd, const char *file, bool *repaired, char *text, size_t text_len)
{
	size_t page_len = (size_t)sysconf(_SC_PAGESIZE);
	struct meta m[2];
	struct stat st;
	bool whole[2];

	if (fstat(fd, &st))
		goto fail;
	if (st.st_size == 0 || meta_is_foreign(fd))
		return OK;
	whole[0] = read_meta(fd, page_len, 0, &m[0]);
	if (whole[0])
		page_len = m[0].table[0].pad;
	whole[1] = read_meta(fd, page_len, 1, &m[1]);
	if (!whole[0] && !whole[1]) {
		/* The power failed before the first commit: nothing was ever
		 * acknowledged.  Start anew. */
		if (!head_is_empty(fd, 2 * page_len))
			return store_env_fail(file, ERR_DAMAGED, text, text_len,
			    "both meta pages are damaged");
		if (ftruncate(fd, 0))
			goto fail;
		return OK;
	}
	if (!whole[0] || !whole[1]) {
		if (write_other(fd, &m[whole[1]], page_len))
			goto fail;
		m[whole[0]] = m[whole[1]];
		*repaired = true;
	}
	if (m[m[1].txn > m[0].txn].last_page * page_len >
	    (size_t)st.st_size + UNWRITTEN_LEN)
		return store_env_fail(
		    file, ERR_DAMAGED, text, text_len, "the file is cut short");
	return OK;
fail:
	return store_env_fail(
	    file, store_env_error(errno), text, text_len, "%m");
}

enum error
store_repair(const char *path, bool *repaired, char *text, size_t text_len)
{
	enum error err = OK;
	char *file;
	int fd;

	if (asprintf(&file, "%s/data.mdb", path) < 0)
		return store_env_fail(
		    path, ERR_MEMORY, text, text_len, "out of memory");
	fd = open(file, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		err = repair_file(fd, file, repaired, text, text_len);
		close(fd);
	} else if (errno != ENOENT) {
		err = store_env_fail(
		    file, store_env_error(errno), text, text_len, "%m");
	}
	free(file);
	return err;
}
