/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/random.h"

/* splitmix64 spreads the seed, as the authors of xoshiro advise. */
void
random_seed(struct random *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		r->s[i] = z ^ z >> 31;
	}
}
