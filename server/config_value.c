/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config_value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	uint64_t factor;
};

/* Reads digits; *end is what follows them. */
static enum error
parse_digits(const char *text, uint64_t *number, const char **end)
{
	uint64_t value = 0;
	const char *at = text;
	unsigned digit;

	for (; *at >= '0' && *at <= '9'; at++) {
		digit = (unsigned)(*at - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return ERR_RANGE;
		value = value * 10 + digit;
	}
	if (at == text)
		return ERR_SYNTAX;
	*number = value;
	*end = at;
	return OK;
}

/* Reads a number and its unit; the first unit stands for none. */
static enum error
parse_with_unit(
    const char *text, const struct unit *units, size_t count, uint64_t *to)
{
	const char *rest = "";
	uint64_t number = 0;
	enum error error = parse_digits(text, &number, &rest);

	if (error != OK)
		return error;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rest, units[i].name) != 0)
			continue;
		if (number > UINT64_MAX / units[i].factor)
			return ERR_RANGE;
		*to = number * units[i].factor;
		return OK;
	}
	return ERR_SYNTAX;
}

enum error
value_number(const char *text, uint64_t *to)
{
	static const struct unit units[] = {{"", 1}};

	return parse_with_unit(text, units, 1, to);
}

enum error
value_duration(const char *text, uint64_t *ms)
{
	static const struct unit units[] = {
	    {"", 1000},
	    {"ms", 1},
	    {"s", 1000},
	    {"m", 60 * 1000},
	    {"h", 60 * 60 * 1000},
	    {"d", 24 * 60 * 60 * 1000},
	    {"w", 7 * 24 * 60 * 60 * 1000},
	};

	return parse_with_unit(
	    text, units, sizeof(units) / sizeof(units[0]), ms);
}

enum error
value_size(const char *text, uint64_t *octets)
{
	static const struct unit units[] = {
	    {"", 1},
	    {"KiB", 1 << 10},
	    {"MiB", 1 << 20},
	    {"GiB", 1 << 30},
	};

	return parse_with_unit(
	    text, units, sizeof(units) / sizeof(units[0]), octets);
}

enum error
value_bool(const char *text, bool *to)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
	    {"true", true},
	    {"false", false},
	    {"yes", true},
	    {"no", false},
	    {"on", true},
	    {"off", false},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i].word) == 0) {
			*to = words[i].value;
			return OK;
		}
	return ERR_SYNTAX;
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Reads one group of four; returns its octets, or 0 if it is wrong. */
static size_t
parse_group(const char *text, bool last, uint8_t *to)
{
	size_t pad = 0;
	uint32_t bits = 0;
	int digit;

	if (last && text[3] == '=')
		pad = text[2] == '=' ? 2 : 1;
	for (size_t i = 0; i < 4; i++) {
		digit = i < 4 - pad ? base64_digit(text[i]) : 0;
		if (digit < 0)
			return 0;
		bits = bits << 6 | (uint32_t)digit;
	}
	/* RFC 4648 3.5: bits that stand for nothing are zero. */
	if ((bits & ((1U << (8 * pad)) - 1)) != 0)
		return 0;
	for (size_t i = 0; i < 3 - pad; i++)
		to[i] = (uint8_t)(bits >> (16 - 8 * i));
	return 3 - pad;
}

enum error
value_base64(const char *text, uint8_t **octets, size_t *len)
{
	size_t text_len = strlen(text), used = 0, got, cap;
	uint8_t *to;

	if (text_len == 0 || text_len % 4 != 0)
		return ERR_SYNTAX;
	cap = text_len / 4 * 3;
	to = malloc(cap);
	if (to == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < text_len; i += 4) {
		got = parse_group(text + i, i + 4 == text_len, to + used);
		if (got == 0) {
			value_wipe(to, cap);
			return ERR_SYNTAX;
		}
		used += got;
	}
	*octets = to;
	*len = used;
	return OK;
}

void
value_wipe(void *octets, size_t len)
{
	if (octets != NULL)
		explicit_bzero(octets, len);
	free(octets);
}
