/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include "resolver/upstream_internal.h"

bool
upstream_secret_ready(struct secret *s, size_t n)
{
	if (s->left >= n)
		return true;
	/* So few octets come whole, whatever signals do (getrandom(2)). */
	if (getrandom(s->octets, sizeof(s->octets), 0) !=
	    (ssize_t)sizeof(s->octets)) {
		s->left = 0;
		return false;
	}
	s->left = sizeof(s->octets);
	return true;
}

const uint8_t *
upstream_secret_take(struct secret *s, size_t n)
{
	assert(n <= s->left);
	s->left -= n;
	return s->octets + s->left;
}

uint16_t
upstream_secret_u16(struct secret *s)
{
	return wire_load_u16(upstream_secret_take(s, 2));
}
