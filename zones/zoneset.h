/* zoneset.h - all zones of one snapshot.
 *
 * An immutable table from apex to zone.  The index (which apexes there are)
 * is shared by all versions between two reloads; a version is an array of
 * zones in the order of their numbers.
 *
 * Threads:   readers any; the writer makes them, through an edition.
 * Ownership: blocks of editions.
 * Errors:    NULL without memory.
 */
#ifndef ZONES_ZONESET_H
#define ZONES_ZONESET_H

#include <stddef.h>
#include <stdint.h>

#include "zones/zone.h"

struct zoneset_index;

struct zoneset {
	const struct zoneset_index *index;
	size_t count;
	const struct zone *zone[]; /* by number */
};

/* An index over count zones; infos[i]->number must be i, apexes distinct. */
struct zoneset_index *zoneset_index_new(
    struct edition *, const struct zone_info *const *infos, size_t count);

/* A version: copies the array of zones. */
struct zoneset *zoneset_new(struct edition *, const struct zoneset_index *,
    struct zone *const *zones, size_t count);

/* The number of the zone closest to the name (RFC 1034 4.3.2 step 2): the one
 * with the longest apex among those the name is in, skipping the first
 * `skip` labels of the name (1: the zone above a name, for DS at a cut,
 * RFC 4035 3.1.4.1).  -1 if there is none. */
int zoneset_find(
    const struct zoneset_index *, const struct name_key *, unsigned skip);

/* The zone with exactly this apex, or -1. */
int zoneset_find_apex(const struct zoneset_index *, const struct name_key *);

#endif
