/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/referrers.h"

#include <stdlib.h>

/* Open addressing by the host's hash; the pairs of one host stand in one run
 * of the probe sequence.  A pair (host, POPULAR) marks a popular host; hashes
 * 0 and 1 of services are as good as never met, and if so cost a look-up. */
#define EMPTY 0
#define POPULAR 1

struct pair {
	uint64_t host;
	uint64_t service; /* EMPTY: the slot is free */
};

struct referrers {
	struct pair *slot;
	size_t mask; /* slots - 1 */
	size_t count;
};

#define FIRST_SLOTS 64

struct referrers *
referrers_new(void)
{
	struct referrers *x = malloc(sizeof(*x));

	if (x == NULL)
		return NULL;
	x->slot = calloc(FIRST_SLOTS, sizeof(x->slot[0]));
	x->mask = FIRST_SLOTS - 1;
	x->count = 0;
	if (x->slot == NULL) {
		free(x);
		return NULL;
	}
	return x;
}

void
referrers_free(struct referrers *x)
{
	if (x == NULL)
		return;
	free(x->slot);
	free(x);
}

static void
insert(struct pair *slot, size_t mask, struct pair pair)
{
	size_t at = pair.host & mask;

	while (slot[at].service != EMPTY)
		at = (at + 1) & mask;
	slot[at] = pair;
}

static enum error
grow(struct referrers *x)
{
	size_t mask = 2 * x->mask + 1;
	struct pair *slot = calloc(mask + 1, sizeof(*slot));

	if (slot == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i <= x->mask; i++)
		if (x->slot[i].service != EMPTY)
			insert(slot, mask, x->slot[i]);
	free(x->slot);
	x->slot = slot;
	x->mask = mask;
	return OK;
}

enum error
referrers_add(
    struct referrers *x, uint64_t host, uint64_t service, bool *popular)
{
	size_t same = 0;
	enum error err;

	*popular = false;
	for (size_t at = host & x->mask; x->slot[at].service != EMPTY;
	     at = (at + 1) & x->mask) {
		const struct pair *p = &x->slot[at];

		if (p->host != host)
			continue;
		if (p->service == service || p->service == POPULAR)
			return OK;
		same++;
	}
	/* Three quarters full is enough. */
	if (4 * (x->count + 1) > 3 * (x->mask + 1)) {
		err = grow(x);
		if (err != OK)
			return err;
	}
	*popular = same == REFERRERS_MAX;
	if (*popular)
		service = POPULAR;
	insert(x->slot, x->mask, (struct pair){host, service});
	x->count++;
	return OK;
}

/* Frees a slot and moves back what had been pushed past it. */
static void
vacate(struct referrers *x, size_t hole)
{
	for (size_t at = (hole + 1) & x->mask; x->slot[at].service != EMPTY;
	     at = (at + 1) & x->mask) {
		size_t home = x->slot[at].host & x->mask;

		if (((at - home) & x->mask) < ((at - hole) & x->mask))
			continue;
		x->slot[hole] = x->slot[at];
		hole = at;
	}
	x->slot[hole].service = EMPTY;
	x->count--;
}

void
referrers_remove(struct referrers *x, uint64_t host, uint64_t service)
{
	for (size_t at = host & x->mask; x->slot[at].service != EMPTY;
	     at = (at + 1) & x->mask) {
		if (x->slot[at].host != host || x->slot[at].service != service)
			continue;
		vacate(x, at);
		return;
	}
}

size_t
referrers_find(
    const struct referrers *x, uint64_t host, uint64_t service[REFERRERS_MAX])
{
	size_t count = 0;

	for (size_t at = host & x->mask;
	     x->slot[at].service != EMPTY && count < REFERRERS_MAX;
	     at = (at + 1) & x->mask)
		if (x->slot[at].host == host && x->slot[at].service != POPULAR)
			service[count++] = x->slot[at].service;
	return count;
}

bool
referrers_is_popular(const struct referrers *x, uint64_t host)
{
	for (size_t at = host & x->mask; x->slot[at].service != EMPTY;
	     at = (at + 1) & x->mask)
		if (x->slot[at].host == host && x->slot[at].service == POPULAR)
			return true;
	return false;
}
