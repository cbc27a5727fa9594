/* muster_update_find.h - the questions that come before an update: which zone
 * a name is in, who serves it, what is there.
 *
 * Threads:   one.
 * Ownership: the caller's.
 * Units:     none.
 * Errors:    enum muster_sent and a line that says why, MUSTER_WHY_LEN octets;
 *            SENT_ANSWERED without what was looked for: false in *found.
 * Standards: RFC 1035 4.1.1; RFC 2136 6.1 (the zone by its SOA, the server
 *            by its MNAME); RFC 2308 3.
 */
#ifndef SERVER_MUSTER_UPDATE_FIND_H
#define SERVER_MUSTER_UPDATE_FIND_H

#include "server/muster_update_send.h"

struct muster_zone {
	struct name apex;
	struct name mname;
};

/* The zone that a name is in, as the servers of the way see it. */
enum muster_sent muster_find_zone(const struct muster_way *,
    const uint8_t *name, struct muster_zone *, bool *found, char *why);

/* Puts the name servers of /etc/resolv.conf into the way (RFC 1035 7.2 would
 * call them the SBELT). */
void muster_find_resolvers(struct muster_way *);

/* Puts the addresses of a host, port 53, into the way, instead of the
 * resolvers there. */
enum muster_sent muster_find_host(
    struct muster_way *, const uint8_t *host, bool *found, char *why);

/* Calls seen() for the RDATA of each record of that type that a name has,
 * aliases not followed.  Where nothing is known nothing is seen. */
typedef void muster_seen_fn(void *arg, const uint8_t *rdata, size_t len);
enum muster_sent muster_find_records(const struct muster_way *,
    const uint8_t *name, uint16_t type, muster_seen_fn *, void *arg, char *why);

#endif
