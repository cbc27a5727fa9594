/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/dns/txt.h"

#include <string.h>

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Octets, so that a zero is one like the others. */
static bool
equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

/* The length of a string's key: up to the first `=`, or all of it. */
static size_t
key_len(const uint8_t *string, size_t len)
{
	const uint8_t *end = memchr(string, '=', len);

	return end ? (size_t)(end - string) : len;
}

const uint8_t *
txt_find(const uint8_t *rdata, size_t rdlen, const char *key, size_t *len)
{
	size_t wanted = strlen(key), n;

	for (size_t at = 0; at < rdlen; at += 1 + n) {
		const uint8_t *string = rdata + at + 1;
		size_t name_len;

		n = rdata[at];
		if (at + 1 + n > rdlen)
			return NULL;
		name_len = key_len(string, n);
		if (name_len != wanted || wanted == 0 ||
		    !equal(string, (const uint8_t *)key, wanted))
			continue;
		*len = name_len == n ? 0 : n - name_len - 1;
		return string + n - *len;
	}
	return NULL;
}

/* Whether one of the words between commas is the label. */
static bool
has_word(
    const uint8_t *list, size_t len, const uint8_t *label, size_t label_len)
{
	while (len > 0) {
		const uint8_t *comma = memchr(list, ',', len);
		size_t word = comma ? (size_t)(comma - list) : len;

		if (word == label_len && equal(list, label, word))
			return true;
		if (comma == NULL)
			return false;
		list += word + 1;
		len -= word + 1;
	}
	return false;
}

bool
txt_has_label(
    const uint8_t *rdata, size_t rdlen, const uint8_t *label, size_t label_len)
{
	const uint8_t *tags;
	size_t n, len;

	if (label_len == 0 || label[0] == '=')
		return false;
	for (size_t at = 0; at < rdlen; at += 1 + n) {
		n = rdata[at];
		if (at + 1 + n > rdlen)
			return false;
		if (n == label_len && equal(rdata + at + 1, label, n))
			return true;
	}
	tags = txt_find(rdata, rdlen, "tags", &len);
	return tags != NULL && has_word(tags, len, label, label_len);
}
