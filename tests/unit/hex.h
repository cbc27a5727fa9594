/* hex.h - messages of a test, written as hex.
 *
 * Threads:   any.
 * Ownership: callers own all buffers.
 */
#ifndef TESTS_UNIT_HEX_H
#define TESTS_UNIT_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline unsigned
hex_digit(char c)
{
	return (unsigned)(strchr("0123456789abcdef", c) - "0123456789abcdef");
}

/* Converts lower-case hex, blanks between octets ignored; returns how many
 * octets it made. */
static inline size_t
hex_read(const char *text, uint8_t *to)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		to[n++] =
		    (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
		text++;
	}
	return n;
}

#endif
