/* SPDX-License-Identifier: Apache-2.0 */
/* Single words: types, numbers, times, strings and names. */
#include "zones/zonefile_rdata.h"

#include <ldns/ldns.h>
#include <string.h>
#include <strings.h>

#include "zones/dns/rdata.h"

uint16_t
zonefile_type(const char *text)
{
	uint16_t type = type_from_text(text);

	/* ldns reads TYPE65537 as 1; only its mnemonics are of use. */
	if (type == 0 && strncasecmp(text, "TYPE", 4) != 0)
		type = (uint16_t)ldns_get_rr_type_by_name(text);
	return type;
}

enum error
zonefile_number(const char *text, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;

	if (*text == '\0')
		return ERR_SYNTAX;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return ERR_SYNTAX;
		if (value <= max)
			value = value * 10 + (uint64_t)(*p - '0');
	}
	if (value > max)
		return ERR_RANGE;
	*number = (uint32_t)value;
	return OK;
}

static uint64_t
unit_seconds(char unit)
{
	switch (unit) {
	case 's':
	case 'S':
		return 1;
	case 'm':
	case 'M':
		return 60;
	case 'h':
	case 'H':
		return 3600;
	case 'd':
	case 'D':
		return 86400;
	case 'w':
	case 'W':
		return 604800;
	default:
		return 0;
	}
}

enum error
zonefile_period(const char *text, uint32_t max, uint32_t *seconds)
{
	uint64_t sum = 0;
	const char *p = text;

	if (*p == '\0')
		return ERR_SYNTAX;
	while (*p != '\0') {
		uint64_t value = 0;
		uint64_t unit = 1;

		if (*p < '0' || *p > '9')
			return ERR_SYNTAX;
		for (; *p >= '0' && *p <= '9'; p++)
			if (value <= max)
				value = value * 10 + (uint64_t)(*p - '0');
		if (*p != '\0' && (unit = unit_seconds(*p++)) == 0)
			return ERR_SYNTAX;
		if (sum <= max)
			sum += value * unit;
	}
	if (sum > max)
		return ERR_RANGE;
	*seconds = (uint32_t)sum;
	return OK;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

enum error
zonefile_unescape(
    const struct zonefile_word *word, uint8_t *to, size_t max, size_t *len)
{
	size_t n = 0;

	for (const char *p = word->text; *p != '\0'; p++) {
		int octet = (unsigned char)*p;

		if (*p == '\\') {
			octet = (unsigned char)*++p;
			if (is_digit(p[0])) {
				if (!is_digit(p[1]) || !is_digit(p[2]))
					return ERR_SYNTAX;
				octet = (p[0] - '0') * 100 + (p[1] - '0') * 10 +
					(p[2] - '0');
				p += 2;
			}
			if (octet > 255)
				return ERR_SYNTAX;
		} else if (*p == '"') {
			return ERR_SYNTAX;
		}
		if (n == max)
			return ERR_LIMIT;
		to[n++] = (uint8_t)octet;
	}
	*len = n;
	return OK;
}

enum error
zonefile_name(const struct zonefile_lexer *lex,
    const struct zonefile_word *word, const uint8_t *origin, struct name *name)
{
	enum error err;

	if (word->quoted)
		return zonefile_fail(lex, word, ERR_SYNTAX,
		    "a name is expected here, not a quoted string");
	err = name_from_text(word->text, origin, name);
	if (err == ERR_LIMIT)
		return zonefile_fail(lex, word, err,
		    "name %.200s is too long: labels end at %d octets, names "
		    "at %d",
		    word->text, LABEL_MAX_LEN, NAME_MAX_LEN);
	if (err != OK)
		return zonefile_fail(
		    lex, word, err, "malformed name %.200s", word->text);
	return OK;
}
