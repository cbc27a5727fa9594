/* SPDX-License-Identifier: Apache-2.0 */
/* One record: owner, TTL, class, type, and what a single pass can check. */
#include "zones/zonefile_reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "zones/dns/rdata.h"
#include "zones/zonefile_rdata.h"

/* RFC 2181 8: the top bit of a TTL is not to be set. */
#define TTL_MAX INT32_MAX

enum error
zonefile_fail_memory(const struct zonefile_input *file)
{
	return zonefile_fail(&file->lex, NULL, ERR_MEMORY, "out of memory");
}

enum error
zonefile_read_ttl(const struct zonefile_input *file,
    const struct zonefile_word *word, uint32_t *ttl)
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

/* Reads the first word as the owner, unless the line starts with a blank;
 * *next is the first word behind it. */
static enum error
read_owner(struct zonefile_input *file, size_t *next)
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
check_class(const struct zonefile_input *file, const struct zonefile_word *word)
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
read_ttl_and_class(struct zonefile_input *file, size_t *next, uint32_t *ttl)
{
	const struct zonefile_lexer *lex = &file->lex;
	bool has_ttl = false;
	bool has_class = false;
	enum error err;

	for (; *next < lex->count; (*next)++) {
		const struct zonefile_word *word = &lex->word[*next];

		if (!has_ttl && *word->text >= '0' && *word->text <= '9') {
			if ((err = zonefile_read_ttl(file, word, ttl)) != OK)
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
read_type(struct zonefile_input *file, size_t *next, uint16_t *type)
{
	const struct zonefile_lexer *lex = &file->lex;
	const struct zonefile_word *word = &lex->word[*next];

	if (*next == lex->count)
		return zonefile_fail(lex, word - 1, ERR_SYNTAX,
		    "record ends here without a type");
	(*next)++;
	*type = word->quoted ? 0 : zonefile_type(word->text);
	if (*type == 0)
		return zonefile_fail(lex, word, ERR_SYNTAX,
		    "unknown type %.200s: write TYPE123 \\# LENGTH HEX for "
		    "one that is not known here",
		    word->text);
	if (type_is_meta(*type))
		return zonefile_fail(lex, word, ERR_SYNTAX,
		    "type %.200s cannot be in a zone", word->text);
	return OK;
}

/* RFC 1035 5.2: one SOA, at the top of the zone. */
static enum error
check_soa(struct zonefile_input *file)
{
	const struct zonefile_lexer *lex = &file->lex;
	struct zonefile_reader *reader = file->reader;
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
	return reader->soa_path != NULL ? OK : zonefile_fail_memory(file);
}

static enum error
hand_over(struct zonefile_input *file, uint16_t type, uint32_t ttl,
    const struct wire_writer *rdata)
{
	struct zonefile_reader *reader = file->reader;
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

enum error
zonefile_read_record(struct zonefile_input *file)
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
