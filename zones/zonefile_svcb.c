/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of SVCB and HTTPS records.  ldns lets port=70000 through,
 * merges repeated keys, and knows one level of escapes in alpn where RFC 9460
 * appendix A.1 has two. */
#include "zones/zonefile_field.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/rdata.h"

#define KEY_NONE UINT32_MAX /* no key */
#define PIECE_LEN 64 /* of a list; an IPv6 address is 45 at most */

/* RFC 9460 14.3.2, RFC 9461 5, RFC 9540 4; the index is the key. */
static const char *const keys[] = {"mandatory", "alpn", "no-default-alpn",
    "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"};

enum {
	MANDATORY,
	ALPN,
	NO_DEFAULT_ALPN,
	PORT,
	IPV4HINT,
	ECH,
	IPV6HINT,
	DOHPATH,
	OHTTP
};

/* A parameter as written; value is NULL if there is no `=`. */
struct param {
	const struct zonefile_word *word;
	uint32_t key;
	const char *value;
	size_t len;
};

static uint32_t
key_from_text(const char *text, size_t len)
{
	char number[8];
	uint32_t key;

	for (uint32_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i]) == len && memcmp(text, keys[i], len) == 0)
			return i;
	/* keyNNNNN without leading zeros (RFC 9460 2.1) */
	if (len < 4 || len > 8 || memcmp(text, "key", 3) != 0 ||
	    (text[3] == '0' && len > 4))
		return KEY_NONE;
	memcpy(number, text + 3, len - 3);
	number[len - 3] = '\0';
	return zonefile_number(number, UINT16_MAX, &key) == OK ? key : KEY_NONE;
}

static enum error
fail_value(const struct zonefile_fields *f, const struct param *param)
{
	return zonefile_fail(f->lex, param->word, ERR_SYNTAX,
	    "malformed value of parameter %.200s", param->word->text);
}

/* Splits a word at its `=` and takes the quotes off the value. */
static enum error
split_param(const struct zonefile_fields *f, struct param *param)
{
	const char *text = param->word->text;
	size_t key_len = strcspn(text, "=");

	param->key = key_from_text(text, key_len);
	if (param->key == KEY_NONE)
		return zonefile_fail(f->lex, param->word, ERR_SYNTAX,
		    "unknown parameter %.*s",
		    (int)(key_len < 200 ? key_len : 200), text);
	param->value = NULL;
	param->len = 0;
	if (text[key_len] == '\0')
		return OK;
	param->value = text + key_len + 1;
	param->len = param->word->len - key_len - 1;
	if (param->len == 0 || *param->value != '"')
		return OK;
	param->value++;
	param->len -= 2;
	/* The lexer found the closing quote, but more may follow it. */
	for (size_t i = 0; i < param->len; i++) {
		if (param->value[i] == '"')
			return fail_value(f, param);
		if (param->value[i] == '\\')
			i++;
	}
	return param->value[param->len] == '"' ? OK : fail_value(f, param);
}

/* Decodes the escapes of a value into the tail of out. */
static enum error
put_decoded(struct zonefile_fields *f, const struct param *param)
{
	struct zonefile_word word = {.text = strndup(param->value, param->len)};
	struct wire_writer *out = f->out;
	size_t len = 0;
	enum error err;

	if (word.text == NULL)
		return zonefile_fail(
		    f->lex, param->word, ERR_MEMORY, "out of memory");
	err = zonefile_unescape(
	    &word, out->buf + out->len, out->cap - out->len, &len);
	free((char *)word.text);
	if (err == ERR_LIMIT)
		out->failed = true;
	else if (err != OK)
		return fail_value(f, param);
	out->len += len;
	return OK;
}

/* Takes a piece of a list up to its comma; false at the end and if the piece
 * is too long to be anything. */
static bool
next_piece(const struct param *param, size_t *pos, char piece[PIECE_LEN])
{
	size_t len = 0;

	if (*pos > param->len)
		return false;
	while (*pos + len < param->len && param->value[*pos + len] != ',')
		len++;
	if (len >= PIECE_LEN)
		return false;
	memcpy(piece, param->value + *pos, len);
	piece[len] = '\0';
	*pos += len + 1;
	return true;
}

static enum error
put_hints(struct zonefile_fields *f, const struct param *param, int family)
{
	char piece[PIECE_LEN];
	uint8_t address[16];
	size_t pos = 0;

	while (next_piece(param, &pos, piece)) {
		if (inet_pton(family, piece, address) != 1)
			return zonefile_fail(f->lex, param->word, ERR_SYNTAX,
			    "malformed address %s", piece);
		zonefile_put_octets(f, address, family == AF_INET ? 4 : 16);
	}
	return pos > param->len ? OK : fail_value(f, param);
}

static int
compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, 2);
}

/* The keys are written in any order and stored ascending (RFC 9460 8). */
static enum error
put_mandatory(struct zonefile_fields *f, const struct param *param)
{
	char piece[PIECE_LEN];
	size_t start = f->out->len;
	size_t pos = 0;

	while (next_piece(param, &pos, piece)) {
		uint32_t key = key_from_text(piece, strlen(piece));

		if (key == KEY_NONE)
			return zonefile_fail(f->lex, param->word, ERR_SYNTAX,
			    "unknown parameter %s", piece);
		zonefile_put_integer(f, key, 2);
	}
	if (pos <= param->len)
		return fail_value(f, param);
	if (!f->out->failed)
		qsort(f->out->buf + start, (f->out->len - start) / 2, 2,
		    compare_keys);
	return OK;
}

/* Turns a decoded comma-separated list behind one free octet into strings
 * with length octets; in it \, and \\ stand for , and \ (RFC 9460 A.1).
 * Returns its end, or NULL if it is malformed. */
static uint8_t *
list_to_strings(uint8_t *to, const uint8_t *end)
{
	const uint8_t *from = to + 1;
	uint8_t *length = to++;

	for (; from < end; from++) {
		if (*from == ',') {
			if (to - length - 1 > 255)
				return NULL;
			*length = (uint8_t)(to - length - 1);
			length = to++;
			continue;
		}
		if (*from == '\\' && ++from == end)
			return NULL;
		*to++ = *from;
	}
	if (to - length - 1 > 255)
		return NULL;
	*length = (uint8_t)(to - length - 1);
	return to;
}

static enum error
put_alpn(struct zonefile_fields *f, const struct param *param)
{
	struct wire_writer *out = f->out;
	size_t start = out->len;
	uint8_t *end;
	enum error err;

	zonefile_put_integer(f, 0, 1);
	if ((err = put_decoded(f, param)) != OK || out->failed)
		return err;
	end = list_to_strings(out->buf + start, out->buf + out->len);
	if (end == NULL)
		return fail_value(f, param);
	out->len = (size_t)(end - out->buf);
	return OK;
}

static enum error
put_port(struct zonefile_fields *f, const struct param *param)
{
	char piece[PIECE_LEN];
	size_t pos = 0;
	uint32_t port;
	enum error err;

	if (!next_piece(param, &pos, piece) || pos <= param->len)
		return fail_value(f, param);
	err = zonefile_number(piece, UINT16_MAX, &port);
	if (err == ERR_RANGE)
		return zonefile_fail_number(f, param->word, err, UINT16_MAX);
	if (err != OK)
		return fail_value(f, param);
	zonefile_put_integer(f, port, 2);
	return OK;
}

static enum error
put_ech(struct zonefile_fields *f, const struct param *param)
{
	char *text = strndup(param->value, param->len);
	enum error err;

	if (text == NULL)
		return zonefile_fail(
		    f->lex, param->word, ERR_MEMORY, "out of memory");
	err = zonefile_put_base64(f, param->word, text);
	free(text);
	return err;
}

static enum error
put_value(struct zonefile_fields *f, const struct param *param)
{
	if (param->value == NULL)
		return OK;
	switch (param->key) {
	case MANDATORY:
		return put_mandatory(f, param);
	case ALPN:
		return put_alpn(f, param);
	case NO_DEFAULT_ALPN:
	case OHTTP:
		return zonefile_fail(f->lex, param->word, ERR_SYNTAX,
		    "parameter %s has no value", keys[param->key]);
	case PORT:
		return put_port(f, param);
	case IPV4HINT:
		return put_hints(f, param, AF_INET);
	case IPV6HINT:
		return put_hints(f, param, AF_INET6);
	case ECH:
		return put_ech(f, param);
	default:
		return put_decoded(f, param);
	}
}

static void
reverse(uint8_t *from, uint8_t *to)
{
	while (from < to) {
		uint8_t octet = *from;

		*from++ = *--to;
		*to = octet;
	}
}

/* Moves the last parameter, len octets long, to its place among those before
 * it, which start at first and ascend (RFC 9460 2.2); false if its key is
 * there already. */
static bool
sort_in(struct wire_writer *out, size_t first, size_t len)
{
	uint8_t *at = out->buf + first;
	uint8_t *end = out->buf + out->len;
	uint8_t *last = end - len;
	uint16_t key = wire_load_u16(last);

	while (at < last && wire_load_u16(at) < key)
		at += 4 + wire_load_u16(at + 2);
	if (at == last)
		return true;
	if (wire_load_u16(at) == key)
		return false;
	/* Both halves reversed, then the whole: they have changed places. */
	reverse(at, last);
	reverse(last, end);
	reverse(at, end);
	return true;
}

enum error
zonefile_put_svcparams(struct zonefile_fields *f)
{
	struct wire_writer *out = f->out;
	size_t first = out->len;
	enum error err;

	while (f->next < f->lex->count && !out->failed) {
		struct param param = {.word = zonefile_take_bare(f)};
		size_t start = out->len;

		if (param.word == NULL)
			return ERR_SYNTAX;
		if ((err = split_param(f, &param)) != OK)
			return err;
		zonefile_put_integer(f, param.key, 2);
		zonefile_put_integer(f, 0, 2);
		if (out->failed)
			break;
		if ((err = put_value(f, &param)) != OK)
			return err;
		if (out->failed)
			break;
		wire_store_u16(
		    out->buf + start + 2, (uint16_t)(out->len - start - 4));
		if (!sort_in(out, first, out->len - start))
			return zonefile_fail(f->lex, param.word, ERR_CONFLICT,
			    "parameter %.200s is there already",
			    param.word->text);
	}
	f->next = out->failed ? f->lex->count : f->next;
	return OK;
}
