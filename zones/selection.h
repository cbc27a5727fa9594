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
 * UDP and TCP alike), only the order is drawn anew.
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
	bool whole; /* every live record of the set is among the picks */
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
 * most SELECTION_MAX).  client is a hash of the client's network.  An empty
 * selection means that no record is live. */
void selection_draw(struct selection *, const struct rrset *, int64_t now_ms,
    struct random *, uint64_t client, size_t max);

/* Draws the order of picks that the caller put together: SRV records of
 * several sets, or (sorted) prepared ones; priority and weight are set. */
void selection_order(struct selection *, struct random *);
void selection_order_sorted(struct selection *, struct random *);

/* After the caller found that only the first count picks fit: forgets the
 * others and draws the order of those that stay. */
void selection_cut(struct selection *, size_t count, struct random *);

#endif
