/* selection_internal.h - what the files of selection share.
 *
 *   selection.c          taking, cutting, addresses: selection.h
 *   selection_weight.c   what standings do to weights
 *   selection_order.c    the strategies: orders inside a tier
 *   selection_rank.c     the client's own order: who is in a sample
 *   selection_sample.c   drawing from sets too large to be looked through
 *
 * Threads:   as selection.h.
 * Ownership: as selection.h.
 * Units:     none.
 * Errors:    none.
 */
#ifndef ZONES_SELECTION_INTERNAL_H
#define ZONES_SELECTION_INTERNAL_H

#include "zones/selection.h"

/* Set in keys of what comes behind all that has a positive weight. */
#define KEY_BEHIND (UINT64_C(1) << 63)

static inline void
selection_swap(struct pick *a, struct pick *b)
{
	struct pick t = *a;

	*a = *b;
	*b = t;
}

/* The end of the run of picks with the priority of the first one. */
static inline size_t
selection_tier_end(const struct pick *p, size_t from, size_t count)
{
	uint16_t priority = p[from].priority;
	size_t end = from + 1;

	while (end < count && p[end].priority == priority)
		end++;
	return end;
}

/* A positive double as a number that sorts like it, and back. */
static inline uint64_t
selection_key(double d)
{
	uint64_t key;

	__builtin_memcpy(&key, &d, sizeof(key));
	return key;
}

static inline double
selection_key_value(uint64_t key)
{
	double d;

	__builtin_memcpy(&d, &key, sizeof(d));
	return d;
}

/* How many are answered at most by the shape's wish; SIZE_MAX: no limit. */
static inline size_t
selection_limit(const struct shape *shape)
{
	if (shape->max_answers == 0 || shape->strategy == STRATEGY_ALL)
		return SIZE_MAX;
	return shape->max_answers;
}

/* Sorts by key, the lowest first. */
void selection_sort(struct pick *, size_t count);

/* Once picks are sorted by priority: works out the weights of those that are
 * scaled, in finer steps where they are small. */
void selection_settle_weights(struct selection *);

/* RFC 2782 order of each tier. */
void selection_order_weighted(struct pick *, size_t count, struct random *);

/* The order of the strategy in each tier. */
void selection_order_tiers(struct pick *, size_t count,
    const struct selection_rules *, struct random *);

/* The order of records that are not SRV. */
void selection_order_plain(struct selection *, bool is_address,
    const struct selection_rules *, struct random *);

/* A rotation that begins with a given one, and a random order. */
void selection_rotate(struct pick *, size_t count, size_t first);
void selection_shuffle(struct pick *, size_t count, struct random *);

/* What tells an instance from others for a client's choice. */
uint64_t selection_identity(const struct pick *);

/* Weighted rendezvous: the time at which an instance comes by for a client, as
 * a key; the earlier the more it weighs (Efraimidis and Spirakis 2006). */
uint64_t selection_arrival(uint64_t client, uint64_t instance, uint16_t weight);

/* Ranks picks, which are sorted by priority unless they are no SRV records,
 * and makes count the least of it and max.  pick[count] is the first that is
 * left out, or has a key of KEY_BEHIND or more. */
void selection_rank_top(
    struct selection *, const struct selection_rules *, size_t max);

/* Draws the order of SRV picks of which the ranking left some out.  A heavy
 * instance is in most samples: inside of them it comes first so much less
 * that in all its share is nearly that of its weight. */
void selection_order_sample(
    struct selection *, const struct selection_rules *, struct random *);

/* selection_draw() for sets of which not all records can be looked at, or need
 * to be; there are no picks yet. */
void selection_sample(struct selection *, const struct rrset *,
    const struct selection_rules *, int64_t now_ms, struct random *,
    size_t max);

#endif
