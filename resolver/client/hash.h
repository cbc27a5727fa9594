/* hash.h - hashing octets: for tables, and for choosing by a key.
 *
 * FNV-1a, mixed at the end so that all bits count.  Tables start from a
 * secret word (no peer can aim at collisions), rendezvous from 0 (the same
 * everywhere).
 *
 * Threads:   any.
 * Ownership: none.
 * Units:     octets.
 * Errors:    none.
 */
#ifndef RESOLVER_CLIENT_HASH_H
#define RESOLVER_CLIENT_HASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t
hash_mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline uint64_t
hash_octets(uint64_t start, const void *octets, size_t len)
{
	const uint8_t *at = octets;
	uint64_t h = 0xcbf29ce484222325 ^ hash_mix(start);

	for (size_t i = 0; i < len; i++)
		h = (h ^ at[i]) * 0x100000001b3;
	return hash_mix(h);
}

#endif
