/* random.h - random words for selection: xoshiro256++.
 *
 * Fast and well distributed, not secret: message IDs and the like never come
 * from here.  Whoever draws brings the state along, so that tests can fix it.
 *
 * Threads:   a state belongs to one.
 * Ownership: the caller's.
 * Errors:    none.
 */
#ifndef ZONES_RANDOM_H
#define ZONES_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t s[4];
};

/* Any seed will do, 0 included. */
void random_seed(struct random *, uint64_t seed);

static inline uint64_t
random_next(struct random *r)
{
	uint64_t *s = r->s, sum = s[0] + s[3];
	uint64_t result = (sum << 23 | sum >> 41) + s[0], t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = s[3] << 45 | s[3] >> 19;
	return result;
}

/* Uniform below n, which must not be 0.  The bias of multiplying instead of
 * rejecting is below n / 2^64. */
static inline uint64_t
random_below(struct random *r, uint64_t n)
{
	return (uint64_t)((unsigned __int128)random_next(r) * n >> 64);
}

#endif
