/* ready_make.h - puts together the block of one service.
 *
 * Threads:   writer only.
 * Ownership: blocks of the edition; standings are borrowed.
 * Units:     none.
 * Errors:    ERR_MEMORY.
 */
#ifndef ZONES_READY_MAKE_H
#define ZONES_READY_MAKE_H

#include "zones/ready.h"

/* What a block keeps that is not in the zone's records. */
struct ready_terms {
	const struct standings *standings; /* NULL: no exceptions */
	uint16_t shape;
	uint8_t condition;
	bool nobody;
};

/* Those of a block; NULL: the default ones. */
struct ready_terms ready_terms_of(const struct ready *);

/* The SRV set of a service that is worth preparing, or NULL. */
const struct rrset *ready_worth_it(const struct node *);

/* Makes the block of a service, or leaves *out NULL where there is to be
 * none. */
enum error ready_make(struct edition *, const struct zone *,
    const struct node *, const struct referrers *, const struct ready_terms *,
    struct ready **out) MUST_CHECK;

/* Standings of an edition: a copy of the items, sorted, each instance once;
 * *out is NULL for none. */
enum error ready_make_standings(struct edition *, const struct standing *,
    size_t count, const struct standings **out) MUST_CHECK;

#endif
