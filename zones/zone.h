/* zone.h - one version of one zone.
 *
 * Small and immutable once published; each change makes a new one that shares
 * all it did not touch.
 *
 * Threads:   readers any; edits by the writer (change.h).
 * Ownership: a block of an edition, as are its tree, nodes and info.
 * Units:     ttl seconds.
 * Errors:    ERR_MEMORY; NULL without memory.
 * Standards: RFC 1034 4.2, 4.3.2.
 */
#ifndef ZONES_ZONE_H
#define ZONES_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "zones/dns/name.h"
#include "zones/tree.h"

/* What the configuration says of a zone; the same for all its versions until
 * a reload. */
struct zone_info {
	struct name apex; /* lower case */
	uint64_t apex_hash;
	uint8_t labels; /* of the apex */
	uint16_t number; /* the zone's place in its zoneset */
	uint32_t ttl; /* default of records added with TTL 0 */
	uint32_t negative_ttl; /* of the SOA in negative answers */
	bool addresses; /* synthesise addresses at service names */
};

struct zone {
	uint64_t step; /* edition step that made this block */
	const struct zone_info *info;
	struct tree tree;
	struct node *apex;
	uint32_t serial;
	uint32_t cuts; /* delegations and DNAMEs in the zone */
	size_t records; /* expired ones that wait for the reaper included */
	uint64_t digest; /* of the zone file's content; order-independent */
	bool broken; /* no data to answer from: SERVFAIL */
	bool own_soa; /* the SOA's RDATA was set by an UPDATE */
};

/* A new, empty zone with an apex node and no records. */
struct zone *zone_new(struct edition *, const struct zone_info *);

/* The given zone if it is of the current step, else a copy (the old block is
 * retired). */
struct zone *zone_edit(struct edition *, struct zone *);

/* Retires everything in the zone and the zone itself. */
enum error zone_retire(struct edition *, struct zone *) MUST_CHECK;

/* Where a walk from the apex towards a name ended. */
struct zone_walk {
	struct node *node; /* the name itself, or NULL */
	struct node *encloser; /* closest encloser: an existing ancestor */
	unsigned encloser_strip; /* labels to strip from the key to get there */
	struct node *cut; /* the topmost delegation at or above the name, or
			   * the topmost DNAME above it; NULL without */
	unsigned cut_strip;
};

/* Looks for a name that is in the zone (RFC 1034 4.3.2 step 3).  Without cuts
 * in the zone and with the name found this is one lookup. */
void zone_find(
    const struct zone *, const struct name_key *, struct zone_walk *);

/* Goes on from a cut whose records have expired to the next one below it. */
void zone_next_cut(
    const struct zone *, const struct name_key *, struct zone_walk *);

#endif
