/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/roster_table.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_BUCKETS 64

enum error
table_init(struct table *t)
{
	t->bucket = calloc(FIRST_BUCKETS, sizeof(t->bucket[0]));
	t->mask = FIRST_BUCKETS - 1;
	t->count = 0;
	return t->bucket ? OK : ERR_MEMORY;
}

void
table_fini(struct table *t)
{
	free(t->bucket);
	t->bucket = NULL;
}

static size_t
place_of(const struct table *t, uint64_t key)
{
	return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & t->mask;
}

static void
grow(struct table *t)
{
	struct table wider = {.mask = 2 * t->mask + 1};

	wider.bucket = calloc(wider.mask + 1, sizeof(wider.bucket[0]));
	if (wider.bucket == NULL)
		return;
	for (size_t i = 0; i <= t->mask; i++) {
		struct table_link *l = t->bucket[i], *next;

		for (; l != NULL; l = next) {
			size_t at = place_of(&wider, l->key);

			next = l->next;
			l->next = wider.bucket[at];
			wider.bucket[at] = l;
		}
	}
	free(t->bucket);
	t->bucket = wider.bucket;
	t->mask = wider.mask;
}

void
table_put(struct table *t, struct table_link *l, uint64_t key)
{
	size_t at;

	if (t->count > t->mask)
		grow(t);
	at = place_of(t, key);
	l->key = key;
	l->next = t->bucket[at];
	t->bucket[at] = l;
	t->count++;
}

void
table_take(struct table *t, struct table_link *l)
{
	struct table_link **at = &t->bucket[place_of(t, l->key)];

	while (*at != l) {
		assert(*at != NULL);
		at = &(*at)->next;
	}
	*at = l->next;
	t->count--;
}

struct table_link *
table_find(const struct table *t, uint64_t key)
{
	struct table_link *l = t->bucket[place_of(t, key)];

	while (l != NULL && l->key != key)
		l = l->next;
	return l;
}

struct table_link *
table_find_next(const struct table_link *l)
{
	uint64_t key = l->key;

	for (l = l->next; l != NULL && l->key != key;)
		l = l->next;
	return (struct table_link *)(uintptr_t)l;
}

struct table_link *
table_walk(const struct table *t, struct table_walk *w)
{
	struct table_link *l = w->next;

	while (l == NULL && w->bucket <= t->mask)
		l = t->bucket[w->bucket++];
	w->next = l ? l->next : NULL;
	return l;
}

/* --- timers --- */

void
heap_fini(struct heap *h)
{
	free(h->timer);
	*h = (struct heap){0};
}

enum error
heap_reserve(struct heap *h, size_t timers)
{
	size_t capacity = h->capacity ? h->capacity : 64;
	struct timer **grown;

	if (timers <= h->capacity)
		return OK;
	while (capacity < timers)
		capacity *= 2;
	grown = realloc(h->timer, capacity * sizeof(*grown));
	if (grown == NULL)
		return ERR_MEMORY;
	h->timer = grown;
	h->capacity = capacity;
	return OK;
}

/* Puts a timer into place i, counted from 1. */
static void
put_at(struct heap *h, size_t i, struct timer *t)
{
	h->timer[i - 1] = t;
	t->place = i;
}

static void
rise(struct heap *h, size_t i, struct timer *t)
{
	while (i > 1 && h->timer[i / 2 - 1]->due_ms > t->due_ms) {
		put_at(h, i, h->timer[i / 2 - 1]);
		i /= 2;
	}
	put_at(h, i, t);
}

static void
sink(struct heap *h, size_t i, struct timer *t)
{
	for (;;) {
		size_t child = 2 * i;

		if (child > h->count)
			break;
		if (child < h->count &&
		    h->timer[child]->due_ms < h->timer[child - 1]->due_ms)
			child++;
		if (h->timer[child - 1]->due_ms >= t->due_ms)
			break;
		put_at(h, i, h->timer[child - 1]);
		i = child;
	}
	put_at(h, i, t);
}

static void
move(struct heap *h, struct timer *t)
{
	rise(h, t->place, t);
	sink(h, t->place, t);
}

void
heap_set(struct heap *h, struct timer *t, int64_t due_ms)
{
	struct timer *last;
	size_t place = t->place;

	t->due_ms = due_ms;
	if (due_ms != INT64_MAX) {
		if (place == 0) {
			assert(h->count < h->capacity);
			t->place = ++h->count;
		}
		move(h, t);
		return;
	}
	if (place == 0)
		return;
	last = h->timer[--h->count];
	t->place = 0;
	if (last == t)
		return;
	last->place = place;
	move(h, last);
}

struct timer *
heap_top(const struct heap *h)
{
	return h->count > 0 ? h->timer[0] : NULL;
}
