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

/* RFC 2181 8: the top bit of a TTL is not to be set. */
#define TTL_MAX INT32_MAX
#define TYPE_WORD_LEN 16

/* What holds for the zone, through all its files. */
struct reader {
	const uint8_t *apex;
	zonefile_fn *fn;
	void *arg;
	char *text;
	size_t text_len;
	uint32_t ttl; /* of records that give none */
	bool has_ttl; /* $TTL was there: an explicit TTL no longer sets ttl */
	/* the SOA, once it was there */
	unsigned soa_line;
	char *soa_path;
	/* the last type, as most records have the type of the one before */
	char type_word[TYPE_WORD_LEN];
	uint16_t type;
	uint8_t *rdata; /* RDATA_MAX_LEN octets */
};

/* What holds for one file. */
struct file {
	struct reader *reader;
	const struct file *parent; /* whose $INCLUDE this is */
	unsigned depth;
	const char *path;
	/* its identity, if it has one */
	bool has_id;
	dev_t device;
	ino_t inode;
	struct name origin;
	bool has_owner;
	uint8_t owner[NAME_MAX_LEN]; /* of the last record */
	struct zonefile_lexer lex;
};

static enum error read_file(struct file *);

static enum error
fail_memory(const struct file *file)
{
	return zonefile_fail(&file->lex, NULL, ERR_MEMORY, "out of memory");
}

/* Refuses words behind those that a directive uses. */
static enum error
end_directive(const struct file *file, size_t min, size_t max)
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
identify(struct file *file, int fd)
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
	for (const struct file *up = file->parent; up != NULL; up = up->parent)
		if (up->has_id && up->device == st.st_dev &&
		    up->inode == st.st_ino)
			return zonefile_fail(lex, word, ERR_SYNTAX,
			    "%s includes itself", file->path);
	return OK;
}

/* Opens, reads and closes the file that the record in parent includes. */
static enum error
read_included(struct file *file)
{
	const struct zonefile_lexer *lex = &file->parent->lex;
	struct reader *reader = file->reader;
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
read_include(struct file *file)
{
	const struct zonefile_lexer *lex = &file->lex;
	uint8_t path[PATH_MAX];
	struct file *included;
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
		(void)fail_memory(file);
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
read_origin(struct file *file)
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

static enum error
read_ttl(
    const struct file *file, const struct zonefile_word *word, uint32_t *ttl)
{
	enum error err = zonefile_period(word->text, TTL_MAX, ttl);

	if (err == ERR_RANGE)
		return zonefile_fail(&file->lex, word, err,
		    "TTL %.40s does not fit: at most %d seconds", word->text,
		    TTL_MAX);
	if (err != OK)
		return zonefile_fail(&file->lex, word, err,
		    "malformed TTL %.200s: seconds, or units as in 1h30m",
		    word->text);
	return OK;
}

/* $TTL (RFC 2308 4) */
static enum error
read_default_ttl(struct file *file)
{
	enum error err;

	if ((err = end_directive(file, 2, 2)) != OK)
		return err;
	err = read_ttl(file, &file->lex.word[1], &file->reader->ttl);
	if (err == OK)
		file->reader->has_ttl = true;
	return err;
}

static enum error
read_directive(struct file *file)
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

/* Reads the first word as the owner, unless the line starts with a blank;
 * *next is the first word behind it. */
static enum error
read_owner(struct file *file, size_t *next)
{
	const struct zonefile_lexer *lex = &file->lex;
	const uint8_t *apex = file->reader->apex;
	char owner_text[NAME_TEXT_LEN];
	char apex_text[NAME_TEXT_LEN];
	struct name owner;
	enum error err;

	*next = lex->blank ? 0 : 1;
	if (lex->blank)
		return file->has_owner
			   ? OK
			   : zonefile_fail(lex, lex->word, ERR_SYNTAX,
				 "a blank repeats the last owner, and there "
				 "was none in this file");
	err = zonefile_name(lex, lex->word, file->origin.wire, &owner);
	if (err != OK)
		return err;
	if (!name_is_in(owner.wire, apex))
		return zonefile_fail(lex, lex->word, ERR_CONFLICT,
		    "%.200s is outside the zone %.200s",
		    name_to_text(owner.wire, owner_text),
		    name_to_text(apex, apex_text));
	name_lower(file->owner, owner.wire);
	file->has_owner = true;
	return OK;
}

static bool
is_class(const char *text)
{
	static const char *const classes[] = {
	    "IN", "CH", "HS", "CS", "CHAOS", "HESIOD", "NONE", "ANY"};
	uint32_t number;

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcasecmp(text, classes[i]) == 0)
			return true;
	return strncasecmp(text, "CLASS", 5) == 0 &&
	       zonefile_number(text + 5, UINT16_MAX, &number) == OK;
}

static enum error
check_class(const struct file *file, const struct zonefile_word *word)
{
	if (strcasecmp(word->text, "IN") == 0 ||
	    strcasecmp(word->text, "CLASS1") == 0)
		return OK;
	return zonefile_fail(&file->lex, word, ERR_CONFLICT,
	    "class %s: the zones here are of class IN", word->text);
}

/* Reads TTL and class, each at most once and in either order (RFC 1035 5.1),
 * from word *next on; *ttl stays as it is if there is none. */
static enum error
read_ttl_and_class(struct file *file, size_t *next, uint32_t *ttl)
{
	const struct zonefile_lexer *lex = &file->lex;
	bool has_ttl = false;
	bool has_class = false;
	enum error err;

	for (; *next < lex->count; (*next)++) {
		const struct zonefile_word *word = &lex->word[*next];

		if (!has_ttl && *word->text >= '0' && *word->text <= '9') {
			if ((err = read_ttl(file, word, ttl)) != OK)
				return err;
			has_ttl = true;
		} else if (!has_class && is_class(word->text)) {
			if ((err = check_class(file, word)) != OK)
				return err;
			has_class = true;
		} else {
			break;
		}
	}
	/* RFC 1035 5.1: the last stated one, until $TTL says otherwise. */
	if (has_ttl && !file->reader->has_ttl)
		file->reader->ttl = *ttl;
	return OK;
}

static enum error
read_type(struct file *file, size_t *next, uint16_t *type)
{
	const struct zonefile_lexer *lex = &file->lex;
	struct reader *reader = file->reader;
	const struct zonefile_word *word = &lex->word[*next];

	if (*next == lex->count)
		return zonefile_fail(lex, word - 1, ERR_SYNTAX,
		    "record ends here without a type");
	(*next)++;
	if (!word->quoted && strcmp(word->text, reader->type_word) == 0) {
		*type = reader->type;
		return OK;
	}
	*type = word->quoted ? 0 : zonefile_type(word->text);
	if (*type == 0)
		return zonefile_fail(lex, word, ERR_SYNTAX,
		    "unknown type %.200s: write TYPE123 \\# LENGTH HEX for "
		    "one that is not known here",
		    word->text);
	if (type_is_meta(*type))
		return zonefile_fail(lex, word, ERR_SYNTAX,
		    "type %.200s cannot be in a zone", word->text);
	if (word->len < TYPE_WORD_LEN) {
		memcpy(reader->type_word, word->text, word->len + 1);
		reader->type = *type;
	}
	return OK;
}

/* RFC 1035 5.2: one SOA, at the top of the zone. */
static enum error
check_soa(struct file *file)
{
	const struct zonefile_lexer *lex = &file->lex;
	struct reader *reader = file->reader;
	char apex[NAME_TEXT_LEN];
	char owner[NAME_TEXT_LEN];

	if (!name_equal(file->owner, reader->apex))
		return zonefile_fail(lex, lex->word, ERR_CONFLICT,
		    "SOA at %.200s, which is not the apex %.200s",
		    name_to_text(file->owner, owner),
		    name_to_text(reader->apex, apex));
	if (reader->soa_path != NULL)
		return zonefile_fail(lex, lex->word, ERR_CONFLICT,
		    "second SOA: the first is at %.300s:%u", reader->soa_path,
		    reader->soa_line);
	reader->soa_line = lex->line;
	reader->soa_path = strdup(file->path);
	return reader->soa_path != NULL ? OK : fail_memory(file);
}

static enum error
hand_over(struct file *file, uint16_t type, uint32_t ttl,
    const struct wire_writer *rdata)
{
	struct reader *reader = file->reader;
	struct zonefile_record record = {
	    .owner = file->owner,
	    .type = type,
	    .ttl = ttl,
	    .rdata = rdata->buf,
	    .rdlen = rdata->len,
	    .file = file->path,
	    .line = file->lex.line,
	};
	enum error err = reader->fn(reader->arg, &record);

	/* A callback that has explained itself is not to be corrected. */
	if (err != OK && reader->text_len > 0 && reader->text[0] == '\0')
		(void)zonefile_fail(
		    &file->lex, NULL, err, "%s", error_text(err));
	return err;
}

static enum error
read_record(struct file *file)
{
	struct zonefile_fields fields = {
	    .lex = &file->lex, .origin = file->origin.wire};
	struct wire_writer rdata;
	uint32_t ttl;
	enum error err;

	if ((err = read_owner(file, &fields.next)) != OK)
		return err;
	ttl = UINT32_MAX; /* none yet: no TTL can be that large */
	if ((err = read_ttl_and_class(file, &fields.next, &ttl)) != OK)
		return err;
	if ((err = read_type(file, &fields.next, &fields.type)) != OK)
		return err;
	wire_writer_init(&rdata, file->reader->rdata, RDATA_MAX_LEN);
	fields.out = &rdata;
	if ((err = zonefile_rdata_parse(&fields)) != OK)
		return err;
	if (fields.type == TYPE_SOA && (err = check_soa(file)) != OK)
		return err;
	return hand_over(file, fields.type,
	    ttl == UINT32_MAX ? file->reader->ttl : ttl, &rdata);
}

static bool
is_directive(const struct zonefile_lexer *lex)
{
	return !lex->blank && !lex->word->quoted && *lex->word->text == '$';
}

static enum error
read_file(struct file *file)
{
	enum error err;

	for (;;) {
		if ((err = zonefile_lexer_next(&file->lex)) != OK)
			return err;
		if (file->lex.count == 0)
			return OK;
		err = is_directive(&file->lex) ? read_directive(file)
					       : read_record(file);
		if (err != OK)
			return err;
	}
}

/* Reads the zone from a file whose lexer is set up. */
static enum error
read_zone(struct file *file, struct reader *reader, const uint8_t *apex)
{
	enum error err;

	reader->apex = apex;
	reader->rdata = malloc(RDATA_MAX_LEN);
	file->reader = reader;
	name_set(&file->origin, apex);
	err = reader->rdata != NULL ? read_file(file) : fail_memory(file);
	zonefile_lexer_fini(&file->lex);
	free(reader->rdata);
	free(reader->soa_path);
	return err;
}

enum error
zonefile_read(const char *path, const uint8_t *apex, uint32_t default_ttl,
    zonefile_fn *fn, void *arg, char *text, size_t text_len)
{
	struct reader reader = {.fn = fn,
	    .arg = arg,
	    .ttl = default_ttl,
	    .text = text,
	    .text_len = text_len};
	struct file file = {.path = path};
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
	struct reader reader = {.fn = fn,
	    .arg = arg,
	    .ttl = default_ttl,
	    .text = text,
	    .text_len = text_len};
	struct file file = {.path = name};

	if (text_len > 0)
		text[0] = '\0';
	zonefile_lexer_init_text(
	    &file.lex, content, strlen(content), name, text, text_len);
	return read_zone(&file, &reader, apex);
}
