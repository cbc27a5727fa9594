/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/zoneset.h"

#include <string.h>

/* Open addressing over the hash of the apex; at most half full. */
struct zoneset_index {
	uint8_t depth[NAME_MAX_LABELS + 1]; /* 1: an apex has so many labels */
	unsigned max_labels;
	size_t mask;
	const struct zone_info *slot[];
};

struct zoneset_index *
zoneset_index_new(
    struct edition *ed, const struct zone_info *const *infos, size_t count)
{
	struct zoneset_index *x;
	size_t slots = 4;

	while (slots < 2 * count)
		slots *= 2;
	x = edition_alloc(ed, sizeof(*x) + slots * sizeof(x->slot[0]));
	if (x == NULL)
		return NULL;
	x->mask = slots - 1;
	for (size_t i = 0; i < count; i++) {
		size_t at = infos[i]->apex_hash & x->mask;

		while (x->slot[at] != NULL)
			at = (at + 1) & x->mask;
		x->slot[at] = infos[i];
		x->depth[infos[i]->labels] = 1;
		if (infos[i]->labels > x->max_labels)
			x->max_labels = infos[i]->labels;
	}
	return x;
}

struct zoneset *
zoneset_new(struct edition *ed, const struct zoneset_index *index,
    struct zone *const *zones, size_t count)
{
	struct zoneset *s;

	s = edition_alloc(ed, sizeof(*s) + count * sizeof(s->zone[0]));
	if (s == NULL)
		return NULL;
	s->index = index;
	s->count = count;
	for (size_t i = 0; i < count; i++)
		s->zone[i] = zones[i];
	return s;
}

static int
find_exact(
    const struct zoneset_index *x, const struct name_key *key, unsigned strip)
{
	const uint8_t *name = key->wire + key->label[strip];
	size_t len = (size_t)key->len - key->label[strip];
	size_t at = key->hash[strip] & x->mask;

	for (; x->slot[at] != NULL; at = (at + 1) & x->mask) {
		const struct zone_info *info = x->slot[at];

		if (info->apex_hash == key->hash[strip] &&
		    info->apex.len == len &&
		    memcmp(info->apex.wire, name, len) == 0)
			return info->number;
	}
	return -1;
}

int
zoneset_find(
    const struct zoneset_index *x, const struct name_key *key, unsigned skip)
{
	unsigned strip = skip;

	if (key->labels > x->max_labels && key->labels - x->max_labels > strip)
		strip = key->labels - x->max_labels;
	for (; strip <= key->labels; strip++) {
		int number;

		if (!x->depth[key->labels - strip])
			continue;
		number = find_exact(x, key, strip);
		if (number >= 0)
			return number;
	}
	return -1;
}

int
zoneset_find_apex(const struct zoneset_index *x, const struct name_key *key)
{
	return find_exact(x, key, 0);
}
