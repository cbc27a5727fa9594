/* dump.h - one zone's records in the order of a master file.
 *
 * The SOA first, then all names in canonical order (RFC 4034 6.1), at each
 * name the RRsets by type.  What is registered or in the zone file and live;
 * neither indexes nor anything synthesised.
 *
 * A zone may have millions of records: a dump holds one pointer for each name
 * and gives the records one by one.
 *
 * Threads:   a reader's, which stays in one snapshot (snapshot.h) from
 *            dump_new() to dump_free().
 * Ownership: zone and records are borrowed from the snapshot.
 * Units:     see each field.
 * Errors:    ERR_MEMORY.
 * Standards: RFC 1035 5; RFC 4034 6.1.
 */
#ifndef SERVER_DUMP_H
#define SERVER_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

struct dump;
struct zone;

struct dump_record {
	const uint8_t *owner; /* wire, lower case */
	uint32_t ttl; /* seconds, as registered */
	uint16_t type;
	size_t rdlen;
	const uint8_t *rdata;
	uint32_t granted_s; /* length of the lease; 0: none */
	uint32_t left_s; /* of the lease, rounded up */
};

enum error dump_new(const struct zone *, struct dump **) MUST_CHECK;
void dump_free(struct dump *);

/* The next record that is live at now_ms; false at the end. */
bool dump_next(struct dump *, int64_t now_ms, struct dump_record *);

#endif
