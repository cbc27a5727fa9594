/* selection.h - which records of a set are answered, and in which order.
 *
 * SRV sets are ordered by priority, and inside a priority by the weighted
 * random order of RFC 2782, drawn over 1..sum (the literal 0..sum favours the
 * first entry), so that a client that just takes the first record honours the
 * weights too; weight 0 comes after all positive ones.  Address sets start at
 * a random record.  Others stay in canonical order.
 *
 * A set that has more records than the answer can hold is sampled: who is in
 * it depends on the client alone (the same client sees the same instances, by
 * UDP and TCP alike; an instance that goes takes only its own place along),
 * only the order is drawn anew.
 *
 * That is the default strategy, `weighted`; shape.h has the others.  Their
 * max_answers is no shortage of room: who is among them is drawn anew each
 * time, but for `hash` and `first`.  One place is kept for the next tier, so
 * that a client can fail over without asking again.
 *
 * Threads:   any; scratch and random states belong to the caller.
 * Ownership: records are borrowed from the snapshot.
 * Units:     now_ms monotonic milliseconds.
 * Errors:    none.
 * Standards: RFC 2782.
 */
#ifndef ZONES_SELECTION_H
#define ZONES_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/random.h"
#include "zones/rrset.h"
#include "zones/shape.h"
#include "zones/standing.h"

/* No message holds more: 65,535 octets, 16 for the least address record. */
#define SELECTION_MAX 4096

/* One candidate; also scratch for sorting. */
struct pick {
	struct record *record;
	uint64_t key;
	uint16_t priority; /* SRV only, as are the next two */
	uint16_t weight;
	uint16_t item; /* ready.h: for picks of prepared records */
};

struct selection {
	struct pick pick[SELECTION_MAX];
	size_t count;
	bool whole; /* nothing was left out for want of room */
	bool changed; /* priority or weight of a pick are not its record's */
	/* Of the standings of all that was looked at: TTLs end there. */
	int64_t until_ms;
	uint32_t ttl_max_s; /* UINT32_MAX: no cap */
};

/* By what is drawn; {.shape = &shape_default} for what is no service. */
struct selection_rules {
	const struct shape *shape;
	const struct standings *standings; /* NULL: none */
	uint64_t client; /* hash of the client's network */
	uint32_t turn; /* round-robin: how often it was this worker's */
	/* by struct standing's site: added to priorities; NULL: nothing is.
	 * [0] is for instances without a site. */
	const uint8_t *site_tier;
};

/* Appends a record to the picks; there must be room. */
static inline void
selection_add(struct selection *s, struct record *r)
{
	struct pick *p = &s->pick[s->count++];

	p->record = r;
	if (r->type == TYPE_SRV) {
		p->priority = record_priority(r);
		p->weight = record_weight(r);
	}
}

/* Fills in the live records to answer with, in order; at most max (itself at
 * most SELECTION_MAX).  Instances that are not served are left out, weights
 * scaled, those that drain come last with weight 0.  An empty selection that
 * is whole means that no record is live and served. */
void selection_draw(struct selection *, const struct rrset *,
    const struct selection_rules *, int64_t now_ms, struct random *,
    size_t max);

/* Takes all live and served SRV records of a set (at most max; room has been
 * looked at) behind the picks that are there, without ordering: for services
 * of several sets.  Call selection_begin() before the first. */
void selection_begin(struct selection *);
void selection_take(struct selection *, const struct rrset *,
    const struct selection_rules *, int64_t now_ms, size_t max);

/* Applies the standing (may be NULL) to the newest pick, whose priority and
 * weight are those of its record: false, with the pick taken back, if the
 * instance is not served. */
bool selection_apply(struct selection *, const struct selection_rules *,
    const struct standing *);

/* Orders picks that the caller put together (of several sets, or prepared
 * ones; priority and weight are set), and cuts them to max_answers and max. */
void selection_order(struct selection *, const struct selection_rules *,
    struct random *, size_t max);
/* The same where the picks are sorted by priority already. */
void selection_order_sorted(struct selection *, const struct selection_rules *,
    struct random *, size_t max);

/* From ordered SRV picks to those whose addresses are answered: the first
 * tier, without weight 0 (unless there is nothing else).  With `weighted` an
 * instance is in with probability weight / largest weight, and first in
 * proportion to its weight. */
void selection_keep_addresses(
    struct selection *, const struct selection_rules *, struct random *);

/* With full_range: scales weights so that the largest is 65280; ratios stay,
 * and what was positive stays so. */
void selection_scale_weights(struct selection *);

/* After the caller found that only the first count picks fit: keeps a sticky
 * choice of that many and draws their order. */
void selection_cut(struct selection *, const struct selection_rules *,
    size_t count, struct random *);

#endif
