/* service_addresses.h - A and AAAA at the domain of services.
 *
 * Who cannot do SRV asks for the addresses of web.svc.example and gets those
 * of the instances of _*._*.web.svc.example: of each service the best tier,
 * without those that drain.  An address is as likely as its instances
 * together: their weights add up.
 *
 * Addresses registered at the domain itself stand for all that; then only
 * those are left out that no served instance has, but one that is not served.
 *
 * Threads:   any worker, inside snapshot_enter().
 * Ownership: fills the caller's answer.
 * Errors:    none.
 * Standards: RFC 2782 (priority, weight).
 */
#ifndef SERVER_NAMESERVER_SERVICE_ADDRESSES_H
#define SERVER_NAMESERVER_SERVICE_ADDRESSES_H

#include "server/nameserver/service.h"

/* Whether records at the domain switch the synthesis off there. */
bool addresses_has_own(const struct node *domain, int64_t now_ms);

/* Answers A or AAAA from the services below a domain. */
enum service_found addresses_synthesise(
    struct answer *, struct owner, const struct node *domain, uint16_t qtype);

/* Answers with the addresses registered at a domain of services; false if none
 * is live. */
bool addresses_answer_own(
    struct answer *, struct owner, const struct node *, const struct rrset *);

#endif
