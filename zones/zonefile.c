/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/zonefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zones/dns/rdata.h"
#include "zones/zonefile_rdata.h"
#include "zones/zonefile_reader.h"

static enum error read_file(struct zonefile_input *);

/* Refuses words behind those that a directive uses. */
static enum error
end_directive(const struct zonefile_input *file, size_t min, size_t max)
{
	const struct zonefile_word *word = file->lex.word;

	if (file->lex.count < min)
		return zonefile_fail(&file->lex, word, ERR_SYNTAX,
		    "%s says nothing", word->text);
	if (file->lex.count > max)
		return zonefile_fail(&file->lex, &word[max], ERR_SYNTAX,
		    "%s should end before this", word->text);
	return OK;
}

/* The path that $INCLUDE means: relative to the directory of its file. */
static char *
include_path(const char *from, const char *path, size_t len)
{
	const char *slash = strrchr(from, '/');
	size_t dir_len = 0;
	char *joined;

	if (slash != NULL && path[0] != '/')
		dir_len = (size_t)(slash + 1 - from);
	if ((joined = malloc(dir_len + len + 1)) == NULL)
		return NULL;
	memcpy(joined, from, dir_len);
	memcpy(joined + dir_len, path, len);
	joined[dir_len + len] = '\0';
	return joined;
}

/* Notes which file fd is and refuses it if it is being read already. */
static enum error
identify(struct zonefile_input *file, int fd)
{
	const struct zonefile_lexer *lex = &file->parent->lex;
	const struct zonefile_word *word = &lex->word[1];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return zonefile_fail(
		    lex, word, ERR_IO, "cannot read %s: %m", file->path);
	if (S_ISDIR(st.st_mode))
		return zonefile_fail(
		    lex, word, ERR_IO, "%s is a directory", file->path);
	file->has_id = true;
	file->device = st.st_dev;
	file->inode = st.st_ino;
	for (const struct zonefile_input *up = file->parent; up != NULL;
	     up = up->parent)
		if (up->has_id && up->device == st.st_dev &&
		    up->inode == st.st_ino)
			return zonefile_fail(lex, word, ERR_SYNTAX,
			    "%s includes itself", file->path);
	return OK;
}

/* Opens, reads and closes the file that the record in parent includes. */
static enum error
read_included(struct zonefile_input *file)
{
	const struct zonefile_lexer *lex = &file->parent->lex;
	struct zonefile_reader *reader = file->reader;
	enum error err;
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return zonefile_fail(lex, &lex->word[1],
		    errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
		    "cannot open %s: %m", file->path);
	if ((err = identify(file, fd)) == OK) {
		zonefile_lexer_init_fd(
		    &file->lex, fd, file->path, reader->text, reader->text_len);
		err = read_file(file);
		zonefile_lexer_fini(&file->lex);
	}
	close(fd);
	return err;
}

/* $INCLUDE file [origin] (RFC 1035 5.1): neither the origin nor the last
 * owner of this file change. */
static enum error
read_include(struct zonefile_input *file)
{
	const struct zonefile_lexer *lex = &file->lex;
	uint8_t path[PATH_MAX];
	struct zonefile_input *included;
	char *joined;
	size_t len;
	enum error err;

	if ((err = end_directive(file, 2, 3)) != OK)
		return err;
	if (zonefile_unescape(&lex->word[1], path, sizeof(path), &len) != OK ||
	    len == 0 || memchr(path, '\0', len) != NULL)
		return zonefile_fail(
		    lex, &lex->word[1], ERR_SYNTAX, "malformed file name");
	if (file->depth == ZONEFILE_INCLUDE_DEPTH)
		return zonefile_fail(lex, lex->word, ERR_LIMIT,
		    "$INCLUDE deeper than %d files", ZONEFILE_INCLUDE_DEPTH);
	joined = include_path(file->path, (const char *)path, len);
	included = calloc(1, sizeof(*included));
	err = ERR_MEMORY;
	if (joined == NULL || included == NULL) {
		(void)zonefile_fail_memory(file);
		goto done;
	}
	included->reader = file->reader;
	included->parent = file;
	included->depth = file->depth + 1;
	included->path = joined;
	included->origin = file->origin;
	if (lex->count == 3 &&
	    (err = zonefile_name(lex, &lex->word[2], file->origin.wire,
		 &included->origin)) != OK)
		goto done;
	err = read_included(included);
done:
	free(included);
	free(joined);
	return err;
}

static enum error
read_origin(struct zonefile_input *file)
{
	struct name origin;
	enum error err;

	if ((err = end_directive(file, 2, 2)) != OK)
		return err;
	err = zonefile_name(
	    &file->lex, &file->lex.word[1], file->origin.wire, &origin);
	if (err == OK)
		file->origin = origin;
	return err;
}

/* $TTL (RFC 2308 4) */
static enum error
read_default_ttl(struct zonefile_input *file)
{
	enum error err;

	if ((err = end_directive(file, 2, 2)) != OK)
		return err;
	err = zonefile_read_ttl(file, &file->lex.word[1], &file->reader->ttl);
	if (err == OK)
		file->reader->has_ttl = true;
	return err;
}

static enum error
read_directive(struct zonefile_input *file)
{
	const struct zonefile_word *word = file->lex.word;

	if (strcasecmp(word->text, "$ORIGIN") == 0)
		return read_origin(file);
	if (strcasecmp(word->text, "$TTL") == 0)
		return read_default_ttl(file);
	if (strcasecmp(word->text, "$INCLUDE") == 0)
		return read_include(file);
	if (strcasecmp(word->text, "$GENERATE") == 0)
		return zonefile_fail(&file->lex, word, ERR_SYNTAX,
		    "$GENERATE is an extension of BIND and not read here; "
		    "write the records out");
	return zonefile_fail(&file->lex, word, ERR_SYNTAX,
	    "unknown directive %.200s: there are $ORIGIN, $TTL and $INCLUDE",
	    word->text);
}

static bool
is_directive(const struct zonefile_lexer *lex)
{
	return !lex->blank && !lex->word->quoted && *lex->word->text == '$';
}

static enum error
read_file(struct zonefile_input *file)
{
	enum error err;

	for (;;) {
		if ((err = zonefile_lexer_next(&file->lex)) != OK)
			return err;
		if (file->lex.count == 0)
			return OK;
		err = is_directive(&file->lex) ? read_directive(file)
					       : zonefile_read_record(file);
		if (err != OK)
			return err;
	}
}

/* Reads the zone from a file whose lexer is set up. */
static enum error
read_zone(struct zonefile_input *file, struct zonefile_reader *reader,
    const uint8_t *apex)
{
	enum error err;

	reader->apex = apex;
	reader->rdata = malloc(RDATA_MAX_LEN);
	file->reader = reader;
	name_set(&file->origin, apex);
	err = reader->rdata != NULL ? read_file(file)
				    : zonefile_fail_memory(file);
	zonefile_lexer_fini(&file->lex);
	free(reader->rdata);
	free(reader->soa_path);
	return err;
}

enum error
zonefile_read(const char *path, const uint8_t *apex, uint32_t default_ttl,
    zonefile_fn *fn, void *arg, char *text, size_t text_len)
{
	struct zonefile_reader reader = {.fn = fn,
	    .arg = arg,
	    .ttl = default_ttl,
	    .text = text,
	    .text_len = text_len};
	struct zonefile_input file = {.path = path};
	struct stat st;
	enum error err;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (text_len > 0)
		text[0] = '\0';
	if (fd < 0 || fstat(fd, &st) != 0) {
		err = errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
		snprintf(text, text_len, "%s: cannot open: %m", path);
		goto done;
	}
	file.has_id = true;
	file.device = st.st_dev;
	file.inode = st.st_ino;
	zonefile_lexer_init_fd(&file.lex, fd, path, text, text_len);
	err = read_zone(&file, &reader, apex);
done:
	if (fd >= 0)
		close(fd);
	return err;
}

enum error
zonefile_read_text(const char *content, const char *name, const uint8_t *apex,
    uint32_t default_ttl, zonefile_fn *fn, void *arg, char *text,
    size_t text_len)
{
	struct zonefile_reader reader = {.fn = fn,
	    .arg = arg,
	    .ttl = default_ttl,
	    .text = text,
	    .text_len = text_len};
	struct zonefile_input file = {.path = name};

	if (text_len > 0)
		text[0] = '\0';
	zonefile_lexer_init_text(
	    &file.lex, content, strlen(content), name, text, text_len);
	return read_zone(&file, &reader, apex);
}
