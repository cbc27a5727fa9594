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
 * only the order is drawn anew.  Up to SELECTION_MAX records that is weighted
 * rendezvous, beyond them a draw of positions.
 *
 * That is the default strategy, `weighted`; shape.h has the others.  Their
 * max_answers is no shortage of room: who is among them is drawn anew each
 * time, but for `hash` and `first`.  One place is kept for the next tier, so
 * that a client can fail over without asking again.
 *
 *   whole, fits:    draw or begin, take, apply, order                 -> put
 *   else:           ... -> rank -> count what fits -> cut             -> put
 *
 * Picks behind count are those that max_answers left out; they come back when
 * the picks are ranked.
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
	uint64_t sort_key; /* scratch of ordering */
	uint64_t instance; /* SRV only, as the next: standing_key() */
	uint16_t priority;
	uint16_t weight;
	uint16_t scale; /* of the weight, applied already; 0: drains */
	uint16_t item; /* ready.h: for picks of prepared records */
};

struct selection {
	/* One more than can be picked: the first that is left out. */
	struct pick pick[SELECTION_MAX + 1];
	size_t count;
	size_t all; /* picks, with those that max_answers left out */
	size_t reserved; /* place of the pick that gave way to the next tier
			  * (selection.c); 0: none did */
	bool whole; /* nothing was left out for want of room */
	bool changed; /* priority or weight of a pick are not its record's */
	bool scaled; /* a weight is: picks with scale are not whole */
	bool ranked; /* by selection_rank() */
	/* Of the standings of all that was looked at: TTLs end there. */
	int64_t until_ms;
	uint32_t ttl_max_s; /* UINT32_MAX: no cap */
};

/* By what is drawn; {.shape = &shape_default} for what is no service. */
struct selection_rules {
	const struct shape *shape;
	const struct standings *standings; /* NULL: none */
	const struct rrset *nobody; /* an SRV set of which nothing is served;
				     * NULL: not known of any */
	uint64_t client; /* hash of the client's network */
	uint32_t turn; /* round-robin: how often it was this worker's */
	/* by struct standing's site: added to priorities; NULL: nothing is.
	 * [0] is for instances without a site. */
	const uint8_t *site_tier;
};

/* Whether the rules ask for nothing that selection_apply() has to do. */
static inline bool
selection_is_plain(const struct selection_rules *rules)
{
	return rules->standings == NULL && rules->site_tier == NULL &&
	       rules->shape->ttl_max_s == 0;
}

/* Starts a selection that the caller puts together. */
static inline void
selection_begin(struct selection *s)
{
	s->count = s->all = s->reserved = 0;
	s->whole = true;
	s->changed = s->scaled = s->ranked = false;
	s->until_ms = INT64_MAX;
	s->ttl_max_s = UINT32_MAX;
}

/* Appends a record to the picks; there must be room. */
static inline void
selection_add(struct selection *s, struct record *r)
{
	struct pick *p = &s->pick[s->count++];

	p->record = r;
	if (r->type == TYPE_SRV) {
		p->priority = record_priority(r);
		p->weight = record_weight(r);
		p->instance =
		    standing_key(r->target_hash, wire_load_u16(r->rdata + 4));
	}
}

/* What `hash` and samples know an instance by: its port and target.  Unlike
 * standing_key() it is the same in all processes, so that a client keeps its
 * instances over restarts and servers.  Prepared picks have no record and,
 * with the strategy `hash`, this as their instance. */
uint64_t selection_hash_srv(const uint8_t *rdata, size_t rdlen);

/* Does what the rules say of one instance to the newest pick, whose priority,
 * weight and instance are those of its record (selection_add() does it; of a
 * prepared record the caller sets them, instance only for rules that are not
 * plain or strategies other than `weighted`); standing may be NULL.  False,
 * with the pick taken back, if the instance is not served.  To be called for
 * each pick, unless the rules are plain. */
bool selection_apply(struct selection *, const struct selection_rules *,
    const struct standing *);

/* Takes all live and served SRV records of a set behind the picks that are
 * there, applied but without ordering: for services of several sets.  Where
 * there are more than max picks then, the selection is not whole. */
void selection_take(struct selection *, const struct rrset *,
    const struct selection_rules *, int64_t now_ms, size_t max);

/* Fills in the live records to answer with, in order; at most max (itself at
 * most SELECTION_MAX).  Instances that are not served are left out, weights
 * scaled, those that drain come last with weight 0.  An empty selection that
 * is whole means that no record is live and served.  One that is not whole is
 * ranked: whoever takes fewer cuts it, whoever takes all cuts it to count. */
void selection_draw(struct selection *, const struct rrset *,
    const struct selection_rules *, int64_t now_ms, struct random *,
    size_t max);

/* Orders picks that the caller put together (of several sets, or prepared
 * ones), and cuts them to max_answers and max.  If there are more than max
 * they are ranked, as with selection_draw(). */
void selection_order(struct selection *, const struct selection_rules *,
    struct random *, size_t max);
/* The same where the picks are sorted by priority already. */
void selection_order_sorted(struct selection *, const struct selection_rules *,
    struct random *, size_t max);

/* Puts the picks, those that max_answers left out included, into the client's
 * own order, in which they are kept when there is no room for all; SRV
 * records by priority first.  Nothing is done if they are in it. */
void selection_rank(struct selection *, const struct selection_rules *);

/* After the caller found that only the first count picks fit, in the order of
 * selection_rank() (which is called here if it was not): keeps those, and no
 * more than max_answers, and draws their order. */
void selection_cut(struct selection *, const struct selection_rules *,
    size_t count, struct random *);

/* From ordered SRV picks to those whose addresses are answered: the first
 * tier, without weight 0 (unless there is nothing else).  With `weighted` an
 * instance is in with probability weight / largest weight, and first in
 * proportion to its weight. */
void selection_keep_addresses(
    struct selection *, const struct selection_rules *, struct random *);

/* With full_range: scales weights so that the largest is 65280; ratios stay,
 * and what was positive stays so.  Where no weight is positive they are 65280
 * but for those that drain. */
void selection_scale_weights(struct selection *);

#endif
