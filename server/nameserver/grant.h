/* grant.h - how long a lease shall be.
 *
 *   Update Lease option  >  the rule's `lease`  >  the zone's `lease`
 *                  clamped to lease-min .. lease-max
 *
 * KEY records have a limit of their own (RFC 9664 4).
 *
 * Threads:   any.
 * Ownership: none.
 * Units:     seconds; 0 is no lease.
 * Errors:    none.
 * Standards: RFC 9664 4, 5.
 */
#ifndef SERVER_NAMESERVER_GRANT_H
#define SERVER_NAMESERVER_GRANT_H

#include "server/config.h"
#include "server/nameserver/edns.h"
#include "zones/dns/rdata.h"

/* The TTL of a record to be added: the zone's default for 0, and for what is
 * to be taken as 0 (RFC 2181 8). */
uint32_t grant_ttl(const struct config_zone *, uint32_t ttl);

/* The lease of one record; ttl is the record's, after the zone's default was
 * put in for 0. */
uint32_t grant_record(const struct config_zone *, const struct config_rule *,
    const struct edns *, uint16_t type, uint32_t ttl);

/* What the reply says for the option in the request, whatever records there
 * were. */
uint32_t grant_lease(const struct config_zone *, const struct edns *);
uint32_t grant_key_lease(const struct config_zone *, const struct edns *);

#endif
