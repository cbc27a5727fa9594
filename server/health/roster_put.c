/* SPDX-License-Identifier: Apache-2.0 */
/* roster_put.c - what readers are told, and how often.
 *
 * A service keeps the list of its exceptions, sorted, as readers have it or are
 * about to; the keys of instances whose entry is another one since are noted
 * and merged in when the list is put: what was decided meanwhile is looked at,
 * all else only copied. */
#include <stdlib.h>
#include <string.h>

#include "server/health/roster_internal.h"

/* A list is put at most that often: so much time for each instance.  A
 * hundred wait for a millisecond, ten thousand for a tenth of a second, so that
 * it is a hundredth of the writer's time.  New instances do not wait. */
#define PUT_PAUSE_US 10
/* Without memory, or when a change could not be made. */
#define RETRY_MS 1000

void
service_note(struct roster *r, struct service *s, uint64_t key)
{
	s->stale = true;
	roster_touch(r, s);
	if (s->anew)
		return;
	if (s->keys == s->key_capacity) {
		size_t capacity = s->keys ? 2 * s->keys : 8;
		uint64_t *grown = realloc(s->key, capacity * sizeof(*grown));

		if (grown == NULL) {
			s->anew = true;
			return;
		}
		s->key = grown;
		s->key_capacity = capacity;
	}
	s->key[s->keys++] = key;
	/* Then it is no more work to make the list from all of them. */
	if (s->keys > s->instances + 8)
		s->anew = true;
}

static int
by_key(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int
by_instance(const void *a, const void *b)
{
	uint64_t x = ((const struct standing *)a)->instance;
	uint64_t y = ((const struct standing *)b)->instance;

	return (x > y) - (x < y);
}

static enum error
reserve(struct roster *r, size_t count)
{
	struct standing *grown;

	if (count <= r->capacity)
		return OK;
	grown = realloc(r->scratch, 2 * count * sizeof(*grown));
	if (grown == NULL)
		return ERR_MEMORY;
	r->scratch = grown;
	r->capacity = 2 * count;
	return OK;
}

static size_t
gather(struct roster *r, const struct service *s)
{
	size_t n = 0;

	for (const struct instance *i = s->first; i != NULL; i = i->next)
		if (i->special)
			r->scratch[n++] = i->standing;
	if (n > 1)
		qsort(r->scratch, n, sizeof(r->scratch[0]), by_instance);
	return n;
}

/* The old entries up to a key are copied, that of the key itself is made
 * anew. */
static size_t
merge(struct roster *r, struct service *s)
{
	size_t n = 0, old = 0;

	if (s->keys > 1)
		qsort(s->key, s->keys, sizeof(s->key[0]), by_key);
	for (size_t k = 0; k < s->keys; k++) {
		uint64_t key = s->key[k];
		const struct instance *i;

		if (k > 0 && key == s->key[k - 1])
			continue;
		while (old < s->listed && s->list[old].instance < key)
			r->scratch[n++] = s->list[old++];
		while (old < s->listed && s->list[old].instance == key)
			old++;
		i = roster_find_instance(r, s, key);
		if (i != NULL && i->special)
			r->scratch[n++] = i->standing;
	}
	while (old < s->listed)
		r->scratch[n++] = s->list[old++];
	return n;
}

static enum error
renew_list(struct roster *r, struct service *s)
{
	struct standing *list = NULL;
	enum error err;
	size_t n;

	if (s->keys == 0 && !s->anew)
		return OK;
	err = reserve(r, s->anew ? s->instances : s->listed + s->keys);
	if (err != OK)
		return err;
	n = s->anew ? gather(r, s) : merge(r, s);
	if (n > 0) {
		list = realloc(s->list, n * sizeof(*list));
		if (list == NULL)
			return ERR_MEMORY;
		memcpy(list, r->scratch, n * sizeof(*list));
	} else {
		free(s->list);
	}
	s->list = list;
	s->listed = n;
	s->keys = 0;
	s->anew = false;
	return OK;
}

/* Whether nothing is left to do for the service. */
static bool
put_service(struct roster *r, struct service *s, int64_t now_ms,
    roster_put_fn *put, void *arg)
{
	enum condition condition;
	enum error err;

	/* Settling may look at all of a large service, too. */
	if (now_ms < s->put_from_ms)
		return false;
	service_settle(r, s, now_ms);
	condition = service_condition(s);
	if (!s->stale && condition == s->put_condition)
		return true;
	err = renew_list(r, s);
	if (err == OK)
		err = put(
		    arg, s->zone, s->link.key, condition, s->list, s->listed);
	if (err != OK) {
		s->put_from_ms = now_ms + RETRY_MS;
		return false;
	}
	s->put_from_ms = now_ms + (int64_t)(s->instances * PUT_PAUSE_US / 1000);
	s->put_condition = condition;
	s->stale = false;
	return true;
}

void
roster_put_all(struct roster *r, int64_t now_ms, roster_put_fn *put, void *arg)
{
	struct service *s = r->changed, *next;

	r->changed = NULL;
	for (; s != NULL; s = next) {
		next = s->next_changed;
		s->changed = false;
		if (!put_service(r, s, now_ms, put, arg))
			roster_touch(r, s);
		else if (s->instances == 0)
			service_free(r, s);
	}
}
