/* service_browse.h - names below which a domain's services are listed.
 *
 * _services._dns-sd._udp.<domain> leads to the service types of a domain, b.
 * and lb._dns-sd._udp.<zone> to the domains that have services.
 *
 * Threads:   any worker, inside snapshot_enter().
 * Ownership: fills the caller's answer.
 * Errors:    none.
 * Standards: RFC 6763 9, 11.
 */
#ifndef SERVER_NAMESERVER_SERVICE_BROWSE_H
#define SERVER_NAMESERVER_SERVICE_BROWSE_H

#include "server/nameserver/service.h"

/* Answers a name that ends in _dns-sd._udp.<domain>, or in _udp.<domain> on
 * the way there. */
enum service_found service_browse(struct answer *, struct owner,
    const struct name_key *, const struct zone_walk *, uint16_t qtype);

#endif
