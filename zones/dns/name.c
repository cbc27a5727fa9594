/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/dns/name.h"

#include <assert.h>

#include "zones/dns/octets.h"

/* Secrets behind the hash, made from the seed.  The defaults serve programs
 * that hash no peer's names. */
static uint64_t hash_root = 0x9e3779b97f4a7c15;
static uint64_t hash_secret = 0xd1b54a32d192ed03;

/* SplitMix64: spreads one seed over several words. */
static uint64_t
seed_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void
name_hash_seed(uint64_t seed)
{
	hash_root = seed_next(&seed);
	hash_secret = seed_next(&seed);
}

bool
name_check(const uint8_t *wire, size_t avail, size_t *len)
{
	size_t pos = 0;
	size_t limit = avail < NAME_MAX_LEN ? avail : NAME_MAX_LEN;

	while (pos < limit && wire[pos] != 0) {
		if (wire[pos] > LABEL_MAX_LEN)
			return false;
		pos += (size_t)wire[pos] + 1;
	}
	if (pos >= limit)
		return false;
	*len = pos + 1;
	return true;
}

size_t
name_len(const uint8_t *name)
{
	size_t pos = 0;

	while (name[pos] != 0)
		pos += (size_t)name[pos] + 1;
	return pos + 1;
}

unsigned
name_labels(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name != 0; name += *name + 1)
		n++;
	return n;
}

const uint8_t *
name_strip(const uint8_t *name, unsigned n)
{
	for (; n > 0; n--) {
		assert(*name != 0);
		name += *name + 1;
	}
	return name;
}

bool
name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t pos = 0;

	/* Equal length octets all the way give equal lengths, so the octets
	 * can be compared without regard to labels afterwards. */
	while (a[pos] == b[pos]) {
		if (a[pos] == 0)
			return octets_equal_nocase(a, b, pos);
		pos += (size_t)a[pos] + 1;
	}
	return false;
}

bool
name_is_in(const uint8_t *name, const uint8_t *ancestor)
{
	size_t len = name_len(name);
	size_t ancestor_len = name_len(ancestor);

	while (len > ancestor_len) {
		len -= (size_t)*name + 1;
		name += *name + 1;
	}
	return len == ancestor_len && name_equal(name, ancestor);
}

/* Notes where each label of the name starts; returns their number, without
 * the root, whose place comes last. */
static unsigned
find_labels(const uint8_t *name, uint8_t label[NAME_MAX_LABELS + 1])
{
	unsigned n = 0;
	size_t pos = 0;

	while (name[pos] != 0) {
		label[n++] = (uint8_t)pos;
		pos += (size_t)name[pos] + 1;
	}
	label[n] = (uint8_t)pos;
	return n;
}

/* Compares two labels as left-justified strings of lower-case octets, where
 * a missing octet sorts first (RFC 4034 6.1). */
static int
compare_labels(const uint8_t *a, const uint8_t *b)
{
	size_t a_len = *a++;
	size_t b_len = *b++;
	size_t i;

	for (i = 0; i < a_len && i < b_len; i++) {
		int diff = octets_lower_one(a[i]) - octets_lower_one(b[i]);

		if (diff != 0)
			return diff;
	}
	return (int)a_len - (int)b_len;
}

int
name_compare(const uint8_t *a, const uint8_t *b)
{
	uint8_t a_label[NAME_MAX_LABELS + 1];
	uint8_t b_label[NAME_MAX_LABELS + 1];
	unsigned a_left = find_labels(a, a_label);
	unsigned b_left = find_labels(b, b_label);

	while (a_left > 0 && b_left > 0) {
		int diff = compare_labels(
		    a + a_label[--a_left], b + b_label[--b_left]);

		if (diff != 0)
			return diff;
	}
	return (int)a_left - (int)b_left;
}

size_t
name_lower(uint8_t *to, const uint8_t *name)
{
	size_t len = name_len(name);

	octets_lower(to, name, len);
	return len;
}

void
name_set(struct name *to, const uint8_t *name)
{
	size_t len = name_len(name);

	to->len = (uint8_t)len;
	memcpy(to->wire, name, len);
}

bool
name_prepend(struct name *to, const uint8_t *label, size_t label_len,
    const uint8_t *suffix)
{
	size_t suffix_len = name_len(suffix);

	assert(label_len >= 1 && label_len <= LABEL_MAX_LEN);
	if (1 + label_len + suffix_len > NAME_MAX_LEN)
		return false;
	to->len = (uint8_t)(1 + label_len + suffix_len);
	to->wire[0] = (uint8_t)label_len;
	memcpy(to->wire + 1, label, label_len);
	memcpy(to->wire + 1 + label_len, suffix, suffix_len);
	return true;
}

/* Both halves of the 128-bit product, folded: every input bit reaches every
 * output bit. */
static uint64_t
mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The hash of a suffix from that of its parent and its first label: n octets
 * in lower case, the length octet first, so that no label's octets are the
 * beginning of another's.  16 octets cost one multiplication; up to 15
 * octets beyond the label are read but do not count. */
static uint64_t
hash_label(uint64_t parent, const uint8_t *at, size_t n)
{
	static const uint8_t keep[32] = {255, 255, 255, 255, 255, 255, 255, 255,
	    255, 255, 255, 255, 255, 255, 255, 255};
	const uint8_t *mask;

	for (; n > 16; n -= 16, at += 16)
		parent = mix(octets_load(at) ^ hash_secret,
		    octets_load(at + 8) ^ parent);
	mask = keep + 16 - n;
	return mix((octets_load(at) & octets_load(mask)) ^ hash_secret,
	    (octets_load(at + 8) & octets_load(mask + 8)) ^ parent);
}

void
name_key_init(struct name_key *key, const uint8_t *name)
{
	unsigned i = find_labels(name, key->label);
	size_t len = (size_t)key->label[i] + 1;
	uint64_t hash = hash_root;

	octets_lower(key->wire, name, len);
	/* What follows is read by hash_label() though it does not count. */
	memset(key->wire + len, 0, 16);
	key->len = (uint8_t)len;
	key->labels = (uint8_t)i;
	key->hash[i] = hash;
	while (i-- > 0) {
		const uint8_t *label = key->wire + key->label[i];

		hash = hash_label(hash, label, (size_t)*label + 1);
		key->hash[i] = hash;
	}
}

uint64_t
name_hash(const uint8_t *name)
{
	struct name_key key;

	name_key_init(&key, name);
	return key.hash[0];
}
