/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/cache_table.h"

#include <assert.h>
#include <stdlib.h>

#define SEGMENT_LEN (CACHE_SEGMENT * sizeof(struct cache_link *))

static struct cache_link **
get_chain(const struct cache_table *t, size_t number)
{
	return &t->segment[number / CACHE_SEGMENT][number % CACHE_SEGMENT];
}

enum error
cache_table_init(struct cache_table *t, size_t links_max)
{
	struct cache_link **first;

	t->segments_max = links_max / CACHE_SEGMENT + 1;
	t->segment = calloc(t->segments_max, sizeof(struct cache_link **));
	if (t->segment == NULL)
		return ERR_MEMORY;
	first = calloc(1, SEGMENT_LEN);
	if (first == NULL) {
		free(t->segment);
		return ERR_MEMORY;
	}
	t->segment[0] = first;
	t->chains = CACHE_SEGMENT;
	t->links = 0;
	t->octets =
	    t->segments_max * sizeof(struct cache_link **) + SEGMENT_LEN;
	return OK;
}

void
cache_table_fini(struct cache_table *t)
{
	size_t i;

	for (i = 0; i < t->segments_max; i++)
		free(t->segment[i]);
	free(t->segment);
}

/* The largest power of two that is not above the number of chains. */
static size_t
half(const struct cache_table *t)
{
	return (size_t)1 << (63 - __builtin_clzll((uint64_t)t->chains));
}

struct cache_link **
cache_table_chain(const struct cache_table *t, uint64_t hash)
{
	size_t low = half(t);
	size_t number = hash & (2 * low - 1);

	if (number >= t->chains)
		number = hash & (low - 1);
	return get_chain(t, number);
}

/* Adds one chain, half of which comes from another. */
static void
grow(struct cache_table *t)
{
	size_t number = t->chains, segment = number / CACHE_SEGMENT;
	struct cache_link **from, **to;
	size_t low = half(t);

	if (segment == t->segments_max)
		return;
	if (t->segment[segment] == NULL) {
		t->segment[segment] = calloc(1, SEGMENT_LEN);
		if (t->segment[segment] == NULL)
			return;
		t->octets += SEGMENT_LEN;
	}
	from = get_chain(t, number - low);
	to = get_chain(t, number);
	t->chains++;
	while (*from != NULL) {
		struct cache_link *link = *from;

		if ((link->hash & (2 * low - 1)) != number) {
			from = &link->next;
			continue;
		}
		*from = link->next;
		link->next = *to;
		*to = link;
	}
}

void
cache_table_add(struct cache_table *t, struct cache_link *link)
{
	struct cache_link **chain = cache_table_chain(t, link->hash);

	link->next = *chain;
	*chain = link;
	if (++t->links > t->chains)
		grow(t);
}

void
cache_table_remove(struct cache_table *t, struct cache_link *link)
{
	struct cache_link **at = cache_table_chain(t, link->hash);

	for (; *at != link; at = &(*at)->next)
		assert(*at != NULL);
	*at = link->next;
	t->links--;
}
