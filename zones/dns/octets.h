/* octets.h - ASCII case, eight octets at a time.
 *
 * The length octets of a name are below 64 and thus below 'A', so a whole
 * name in wire form may go through here without minding its labels.
 *
 * Threads:   any.
 * Ownership: none; nothing is read or written beyond the n octets named.
 * Units:     octets.
 * Errors:    none.
 * Standards: RFC 4343 3 (only A to Z have case).
 */
#ifndef ZONES_DNS_OCTETS_H
#define ZONES_DNS_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t
octets_load(const uint8_t *at)
{
	uint64_t w;

	memcpy(&w, at, sizeof(w));
	return w;
}

/* Each octet of the word in lower case; the same on any byte order. */
static inline uint64_t
octets_lower_word(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t low = w & 0x7f * ones;
	/* The top bit of each octet: it is at least 'A'; it is beyond 'Z'. */
	uint64_t from_a = low + (0x80 - 'A') * ones;
	uint64_t beyond_z = low + (0x7f - 'Z') * ones;
	uint64_t upper = (from_a ^ beyond_z) & ~w & 0x80 * ones;

	return w | upper >> 2;
}

static inline uint8_t
octets_lower_one(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Copies n octets in lower case; to may be from. */
static inline void
octets_lower(uint8_t *to, const uint8_t *from, size_t n)
{
	uint64_t w;
	size_t i;

	if (n < 8) {
		for (i = 0; i < n; i++)
			to[i] = octets_lower_one(from[i]);
		return;
	}
	for (i = 0; i + 8 <= n; i += 8) {
		w = octets_lower_word(octets_load(from + i));
		memcpy(to + i, &w, sizeof(w));
	}
	/* The rest together with octets done already: doing them again
	 * changes nothing. */
	w = octets_lower_word(octets_load(from + n - 8));
	memcpy(to + n - 8, &w, sizeof(w));
}

static inline bool
octets_equal_nocase(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t x, y;
	size_t i;

	if (n < 8) {
		for (i = 0; i < n; i++)
			if (octets_lower_one(a[i]) != octets_lower_one(b[i]))
				return false;
		return true;
	}
	for (i = 0; i + 8 <= n; i += 8) {
		x = octets_load(a + i);
		y = octets_load(b + i);
		if (x != y && octets_lower_word(x) != octets_lower_word(y))
			return false;
	}
	x = octets_load(a + n - 8);
	y = octets_load(b + n - 8);
	return x == y || octets_lower_word(x) == octets_lower_word(y);
}

#endif
