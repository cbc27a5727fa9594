/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "zones/dns/name.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads one octet of a label, past its escape if it has one (RFC 1035 5.1);
 * false if the escape is broken. */
static bool
parse_octet(const char **text, uint8_t *octet)
{
	const char *at = *text;
	int value;

	if (*at != '\\') {
		*octet = (uint8_t)*at;
		*text = at + 1;
		return true;
	}
	at++;
	if (!is_digit(*at)) {
		if (*at == '\0')
			return false;
		*octet = (uint8_t)*at;
		*text = at + 1;
		return true;
	}
	if (!is_digit(at[1]) || !is_digit(at[2]))
		return false;
	value = (at[0] - '0') * 100 + (at[1] - '0') * 10 + (at[2] - '0');
	if (value > 255)
		return false;
	*octet = (uint8_t)value;
	*text = at + 3;
	return true;
}

/* Reads one label up to its dot or the end of the text and appends it. */
static enum error
parse_label(const char **text, struct name *name)
{
	size_t start = name->len;
	size_t len = 0;
	uint8_t octet;

	while (**text != '\0' && **text != '.') {
		if (!parse_octet(text, &octet))
			return ERR_SYNTAX;
		/* The root label needs the last octet of a name. */
		if (++len > LABEL_MAX_LEN || start + len >= NAME_MAX_LEN - 1)
			return ERR_LIMIT;
		name->wire[start + len] = octet;
	}
	if (len == 0)
		return ERR_SYNTAX;
	name->wire[start] = (uint8_t)len;
	name->len = (uint8_t)(start + 1 + len);
	return OK;
}

enum error
name_from_text(const char *text, const uint8_t *origin, struct name *to)
{
	static const uint8_t root[1] = {0};
	struct name name = {.len = 0};
	size_t rest_len;
	enum error error;

	if (origin == NULL)
		origin = root;
	if (strcmp(text, "@") == 0) {
		name_set(&name, origin);
		*to = name;
		return OK;
	}
	if (strcmp(text, ".") == 0)
		text++;
	else if (*text == '\0')
		return ERR_SYNTAX;
	else
		for (;;) {
			error = parse_label(&text, &name);
			if (error != OK)
				return error;
			if (*text == '\0')
				break;
			/* A final dot ends an absolute name. */
			if (*++text == '\0') {
				origin = root;
				break;
			}
		}
	if (name.len == 0)
		origin = root;
	rest_len = name_len(origin);
	if (name.len + rest_len > NAME_MAX_LEN)
		return ERR_LIMIT;
	memcpy(name.wire + name.len, origin, rest_len);
	name.len = (uint8_t)(name.len + rest_len);
	*to = name;
	return OK;
}

/* Prints one octet of a label, escaped if a reader of master files would take
 * it for something else. */
static char *
print_octet(uint8_t octet, char *at)
{
	if (octet <= ' ' || octet > '~') {
		*at++ = '\\';
		*at++ = (char)('0' + octet / 100);
		*at++ = (char)('0' + octet / 10 % 10);
		*at++ = (char)('0' + octet % 10);
		return at;
	}
	if (strchr(".\\\"();@$", octet) != NULL)
		*at++ = '\\';
	*at++ = (char)octet;
	return at;
}

char *
name_to_text(const uint8_t *name, char *text)
{
	char *at = text;
	unsigned left;

	if (*name == 0)
		*at++ = '.';
	while (*name != 0) {
		for (left = *name++; left > 0; left--)
			at = print_octet(*name++, at);
		*at++ = '.';
	}
	*at = '\0';
	return text;
}
