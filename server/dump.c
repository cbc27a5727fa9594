/* SPDX-License-Identifier: Apache-2.0 */
#include "server/dump.h"

#include <stdlib.h>

#include "zones/zone.h"

struct dump {
	const struct zone *zone;
	/* names that own records, in canonical order */
	const struct node **node;
	size_t nodes;
	size_t next; /* node to come to */
	/* where we are */
	const struct node *at; /* NULL: at the SOA, before all nodes */
	int type; /* of the RRset done last at the node; -1: none */
	const struct rrset *set; /* under way; NULL: none */
	struct record *record; /* the next one of it */
	struct rrset_cursor cursor;
};

static enum error
collect(void *arg, struct node *n)
{
	struct dump *d = arg;

	if (n->rrsets > 0)
		d->node[d->nodes++] = n;
	return OK;
}

static int
by_owner(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;

	return name_compare(node_owner(*x), node_owner(*y));
}

static void
begin_set(struct dump *d, const struct rrset *set)
{
	d->set = set;
	d->record = set ? rrset_first(set, &d->cursor) : NULL;
}

enum error
dump_new(const struct zone *zone, struct dump **made)
{
	struct dump *d = calloc(1, sizeof(*d));
	enum error err;

	if (d == NULL)
		return ERR_MEMORY;
	d->zone = zone;
	d->node = malloc((zone->tree.count + 1) * sizeof(struct node *));
	if (d->node == NULL) {
		free(d);
		return ERR_MEMORY;
	}
	err = tree_walk(&zone->tree, collect, d);
	if (err != OK) {
		dump_free(d);
		return err;
	}
	qsort(d->node, d->nodes, sizeof(d->node[0]), by_owner);
	begin_set(d, node_find(zone->apex, TYPE_SOA));
	*made = d;
	return OK;
}

void
dump_free(struct dump *d)
{
	if (d == NULL)
		return;
	free(d->node);
	free(d);
}

/* Whether a set belongs here; the apex's SOA was the first of all. */
static bool
is_dumped(const struct dump *d, const struct rrset *set)
{
	return !node_is_index(set) &&
	       (set->type != TYPE_SOA || d->at != d->zone->apex);
}

/* The node's RRset with the lowest type above the one that was done last. */
static const struct rrset *
next_set(const struct dump *d)
{
	const struct rrset *best = NULL;

	for (unsigned i = 0; i < d->at->rrsets; i++) {
		const struct rrset *set = d->at->rrset[i];

		if (set->type > d->type && is_dumped(d, set) &&
		    (best == NULL || set->type < best->type))
			best = set;
	}
	return best;
}

/* Comes to the next RRset, if need be at the next name; false at the end. */
static bool
advance(struct dump *d)
{
	const struct rrset *set;

	for (;;) {
		set = d->at ? next_set(d) : NULL;
		if (set != NULL) {
			d->type = set->type;
			begin_set(d, set);
			return true;
		}
		if (d->next == d->nodes)
			return false;
		d->at = d->node[d->next++];
		d->type = -1;
	}
}

/* left_ms is DEADLINE_NONE without a lease. */
static void
describe(const struct dump *d, const struct record *record, int64_t left_ms,
    struct dump_record *out)
{
	const struct node *at = d->at ? d->at : d->zone->apex;

	*out = (struct dump_record){.owner = node_owner(at),
	    .ttl = d->set->ttl,
	    .type = d->set->type,
	    .rdlen = record->rdlen,
	    .rdata = record->rdata};
	if (left_ms == DEADLINE_NONE)
		return;
	out->granted_s = record_lease(record)->granted_s;
	out->left_s = (uint32_t)((left_ms + 999) / 1000);
}

bool
dump_next(struct dump *d, int64_t now_ms, struct dump_record *out)
{
	for (;;) {
		while (d->record != NULL) {
			const struct record *record = d->record;
			/* Asked once: the writer may move it meanwhile. */
			int64_t end_ms = record_deadline_ms(record);

			d->record = rrset_next(&d->cursor);
			if (end_ms <= now_ms)
				continue;
			describe(d, record,
			    end_ms == DEADLINE_NONE ? end_ms : end_ms - now_ms,
			    out);
			return true;
		}
		if (!advance(d))
			return false;
	}
}
