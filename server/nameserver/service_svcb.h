/* service_svcb.h - SVCB and HTTPS records made from SRV registrations.
 *
 * SvcPriority is 1 + the rank of the SRV priority among those of the service
 * (0 would be an alias); the weight has no counterpart, but the order of the
 * answer follows it; weight 0 beside others (draining) is left out.  Port and
 * address hints come from the registration.
 *
 * Threads:   any worker, inside snapshot_enter().
 * Ownership: fills the caller's answer.
 * Errors:    none.
 * Standards: RFC 9460 2, 7.2 (port), 7.3 (hints), 9 (HTTPS).
 */
#ifndef SERVER_NAMESERVER_SERVICE_SVCB_H
#define SERVER_NAMESERVER_SERVICE_SVCB_H

#include "server/nameserver/service.h"

/* One record of type qtype (SVCB or HTTPS) for each instance. */
enum service_found service_svcb(
    struct answer *, struct owner, const struct node *service, uint16_t qtype);

/* HTTPS at a domain, from its _https._tcp service. */
enum service_found service_https(
    struct answer *, struct owner, const struct node *domain);

#endif
