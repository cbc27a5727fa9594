/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/zonefile_rdata.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <string.h>

#include "zones/dns/rdata.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

const struct zonefile_word *
zonefile_take_word(struct zonefile_fields *f)
{
	char type[16];

	if (f->next < f->lex->count)
		return &f->lex->word[f->next++];
	(void)zonefile_fail(f->lex, &f->lex->word[f->lex->count - 1],
	    ERR_SYNTAX, "%s record ends here with fields missing",
	    type_to_text(f->type, type));
	return NULL;
}

const struct zonefile_word *
zonefile_take_bare(struct zonefile_fields *f)
{
	const struct zonefile_word *word = zonefile_take_word(f);

	if (word == NULL || !word->quoted)
		return word;
	(void)zonefile_fail(
	    f->lex, word, ERR_SYNTAX, "no quoted string is expected here");
	return NULL;
}

void
zonefile_put_octets(struct zonefile_fields *f, const void *octets, size_t len)
{
	uint8_t *to = wire_put_room(f->out, len);

	if (to != NULL && len > 0)
		memcpy(to, octets, len);
}

enum error
zonefile_fail_number(const struct zonefile_fields *f,
    const struct zonefile_word *word, enum error err, uint32_t max)
{
	if (err == ERR_RANGE)
		return zonefile_fail(f->lex, word, err,
		    "%.40s does not fit: at most %u", word->text, max);
	return zonefile_fail(f->lex, word, err,
	    "a number is expected here, not %.200s", word->text);
}

void
zonefile_put_integer(struct zonefile_fields *f, uint32_t value, size_t size)
{
	uint8_t *to = wire_put_room(f->out, size);

	if (to == NULL)
		return;
	for (size_t i = size; i-- > 0; value >>= 8)
		to[i] = (uint8_t)value;
}

enum error
zonefile_put_number(struct zonefile_fields *f, size_t size)
{
	const struct zonefile_word *word = zonefile_take_bare(f);
	uint32_t max = (uint32_t)((UINT64_C(1) << 8 * size) - 1);
	uint32_t value;
	enum error err;

	if (word == NULL)
		return ERR_SYNTAX;
	if ((err = zonefile_number(word->text, max, &value)) != OK)
		return zonefile_fail_number(f, word, err, max);
	zonefile_put_integer(f, value, size);
	return OK;
}

static enum error
put_period(struct zonefile_fields *f)
{
	const struct zonefile_word *word = zonefile_take_bare(f);
	uint32_t value;
	enum error err;

	if (word == NULL)
		return ERR_SYNTAX;
	if ((err = zonefile_period(word->text, UINT32_MAX, &value)) != OK)
		return zonefile_fail_number(f, word, err, UINT32_MAX);
	zonefile_put_integer(f, value, 4);
	return OK;
}

enum error
zonefile_put_name(struct zonefile_fields *f)
{
	const struct zonefile_word *word = zonefile_take_word(f);
	struct name name;
	enum error err;

	if (word == NULL)
		return ERR_SYNTAX;
	if ((err = zonefile_name(f->lex, word, f->origin, &name)) != OK)
		return err;
	zonefile_put_octets(f, name.wire, name.len);
	return OK;
}

enum error
zonefile_put_address(struct zonefile_fields *f, int family)
{
	const struct zonefile_word *word = zonefile_take_bare(f);
	uint8_t address[16];

	if (word == NULL)
		return ERR_SYNTAX;
	if (inet_pton(family, word->text, address) != 1)
		return zonefile_fail(f->lex, word, ERR_SYNTAX,
		    "malformed %s address %.200s",
		    family == AF_INET ? "IPv4" : "IPv6", word->text);
	zonefile_put_octets(f, address, family == AF_INET ? 4 : 16);
	return OK;
}

static enum error
fail_string(const struct zonefile_fields *f, const struct zonefile_word *word,
    enum error err, size_t max)
{
	if (err == ERR_LIMIT)
		return zonefile_fail(
		    f->lex, word, err, "string longer than %zu octets", max);
	return zonefile_fail(f->lex, word, err,
	    "malformed string: an escape is \\X or \\DDD up to \\255, and a "
	    "quote inside is written \\\"");
}

/* A <character-string> (RFC 1035 3.3). */
static enum error
put_string(struct zonefile_fields *f)
{
	const struct zonefile_word *word = zonefile_take_word(f);
	uint8_t string[256];
	size_t len;
	enum error err;

	if (word == NULL)
		return ERR_SYNTAX;
	if ((err = zonefile_unescape(word, string + 1, 255, &len)) != OK)
		return fail_string(f, word, err, 255);
	string[0] = (uint8_t)len;
	zonefile_put_octets(f, string, len + 1);
	return OK;
}

/* A string up to the end of the RDATA: CAA value, URI target. */
static enum error
put_long_string(struct zonefile_fields *f)
{
	const struct zonefile_word *word = zonefile_take_word(f);
	struct wire_writer *out = f->out;
	size_t len;
	enum error err;

	if (word == NULL)
		return ERR_SYNTAX;
	if (out->failed)
		return OK; /* told at the end */
	err = zonefile_unescape(
	    word, out->buf + out->len, out->cap - out->len, &len);
	if (err != OK)
		return fail_string(f, word, err, out->cap - out->len);
	out->len += len;
	return OK;
}

/* The property tag of CAA (RFC 8659 4.1). */
static enum error
put_tag(struct zonefile_fields *f)
{
	size_t at = f->out->len;
	size_t len;
	const uint8_t *tag;
	enum error err;

	if ((err = put_string(f)) != OK || f->out->failed)
		return err;
	tag = f->out->buf + at + 1;
	len = f->out->len - at - 1;
	for (size_t i = 0; i < len; i++)
		if (!is_digit((char)tag[i]) &&
		    !(tag[i] >= 'a' && tag[i] <= 'z') &&
		    !(tag[i] >= 'A' && tag[i] <= 'Z'))
			len = 0;
	if (len == 0)
		return zonefile_fail(f->lex, &f->lex->word[f->next - 1],
		    ERR_SYNTAX, "a tag consists of letters and digits");
	return OK;
}

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Blanks may stand anywhere (RFC 3597 5), so the halves of an octet may come
 * from two words. */
enum error
zonefile_put_hex(struct zonefile_fields *f, bool all)
{
	const struct zonefile_word *word = NULL;
	int high = -1;

	do {
		if ((word = zonefile_take_bare(f)) == NULL)
			return ERR_SYNTAX;
		for (const char *p = word->text; *p != '\0'; p++) {
			int value = hex_value(*p);
			uint8_t octet;

			if (value < 0)
				return zonefile_fail(f->lex, word, ERR_SYNTAX,
				    "hexadecimal digits are expected here, "
				    "not %.200s",
				    word->text);
			if (high < 0) {
				high = value;
				continue;
			}
			octet = (uint8_t)(high << 4 | value);
			zonefile_put_octets(f, &octet, 1);
			high = -1;
		}
	} while (all && f->next < f->lex->count);
	if (high >= 0)
		return zonefile_fail(f->lex, word, ERR_SYNTAX,
		    "odd number of hexadecimal digits");
	return OK;
}

/* \# length hex (RFC 3597 5). */
static enum error
put_generic(struct zonefile_fields *f)
{
	const struct zonefile_word *length;
	uint32_t len;
	enum error err;

	f->next++;
	if ((length = zonefile_take_bare(f)) == NULL)
		return ERR_SYNTAX;
	if ((err = zonefile_number(length->text, RDATA_MAX_LEN, &len)) != OK)
		return zonefile_fail_number(f, length, err, RDATA_MAX_LEN);
	if (f->next < f->lex->count && (err = zonefile_put_hex(f, true)) != OK)
		return err;
	if (!f->out->failed && f->out->len != len)
		return zonefile_fail(f->lex, length, ERR_SYNTAX,
		    "%zu octets follow, not %u", f->out->len, len);
	return OK;
}

static enum error
put_one(struct zonefile_fields *f, ldns_rdf_type kind)
{
	switch (kind) {
	case LDNS_RDF_TYPE_INT8:
		return zonefile_put_number(f, 1);
	case LDNS_RDF_TYPE_INT16:
		return zonefile_put_number(f, 2);
	case LDNS_RDF_TYPE_INT32:
		return zonefile_put_number(f, 4);
	case LDNS_RDF_TYPE_PERIOD:
		return put_period(f);
	case LDNS_RDF_TYPE_DNAME:
		return zonefile_put_name(f);
	case LDNS_RDF_TYPE_A:
		return zonefile_put_address(f, AF_INET);
	case LDNS_RDF_TYPE_AAAA:
		return zonefile_put_address(f, AF_INET6);
	case LDNS_RDF_TYPE_STR:
		return put_string(f);
	case LDNS_RDF_TYPE_LONG_STR:
		return put_long_string(f);
	case LDNS_RDF_TYPE_TAG:
		return put_tag(f);
	case LDNS_RDF_TYPE_HEX:
		return zonefile_put_hex(f, true);
	case LDNS_RDF_TYPE_SVCPARAMS:
		return zonefile_put_svcparams(f);
	default:
		return zonefile_put_field(f, (int)kind);
	}
}

bool
zonefile_has_text_form(uint16_t type)
{
	/* WKS asks the machine for service names through static buffers,
	 * NSAP-PTR takes a name for a string, and of the others ldns does not
	 * know some field. */
	switch (type) {
	case LDNS_RR_TYPE_NULL:
	case LDNS_RR_TYPE_WKS:
	case LDNS_RR_TYPE_NSAP_PTR:
	case LDNS_RR_TYPE_NXT:
	case LDNS_RR_TYPE_A6:
	case LDNS_RR_TYPE_SINK:
	case LDNS_RR_TYPE_ATMA:
	case LDNS_RR_TYPE_AMTRELAY:
		return false;
	default:
		return type != 0 && ldns_rr_descript(type)->_type == type;
	}
}

static enum error
put_fields(struct zonefile_fields *f)
{
	const ldns_rr_descriptor *descriptor = ldns_rr_descript(f->type);
	size_t min = ldns_rr_descriptor_minimum(descriptor);
	size_t max = ldns_rr_descriptor_maximum(descriptor);
	char type[16];
	enum error err = OK;

	if (!zonefile_has_text_form(f->type))
		return zonefile_fail(f->lex,
		    &f->lex->word[f->next < f->lex->count ? f->next
							  : f->next - 1],
		    ERR_SYNTAX, "data of type %s is written \\# LENGTH HEX",
		    type_to_text(f->type, type));
	for (size_t i = 0; i < max && err == OK; i++) {
		if (i >= min && f->next == f->lex->count)
			break;
		err = put_one(f, ldns_rr_descriptor_field_type(descriptor, i));
	}
	return err;
}

enum error
zonefile_rdata_parse(struct zonefile_fields *f)
{
	const struct zonefile_lexer *lex = f->lex;
	const struct zonefile_word *last = &lex->word[lex->count - 1];
	const struct zonefile_word *first = &lex->word[f->next];
	char type[16];
	enum error err;

	if (f->next < lex->count && !first->quoted &&
	    strcmp(first->text, "\\#") == 0)
		err = put_generic(f);
	else
		err = put_fields(f);
	if (err != OK)
		return err;
	if (f->next < lex->count)
		return zonefile_fail(lex, &lex->word[f->next], ERR_SYNTAX,
		    "%s record should end before this",
		    type_to_text(f->type, type));
	if (f->out->failed)
		return zonefile_fail(lex, last, ERR_LIMIT,
		    "data longer than %d octets", RDATA_MAX_LEN);
	if (!rdata_check(f->type, f->out->buf, f->out->len))
		return zonefile_fail(lex, first <= last ? first : last,
		    ERR_SYNTAX, "malformed %s data",
		    type_to_text(f->type, type));
	return OK;
}
