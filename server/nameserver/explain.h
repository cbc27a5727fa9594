/* explain.h - who is answered, and why, told by DNS itself.
 *
 *     dig TXT _explain._http._tcp.web.svc.example
 *
 * One TXT record for each instance of a service, or of all services of a
 * domain, made of what the snapshot knows: what is done with it, why, what its
 * checks say, priority, weight, and the lease that is left.  The TTL is 0.
 * Only for networks that the configuration names (server.explain); others get
 * REFUSED.  The long form has `muster explain`.
 *
 * Threads:   any worker, inside snapshot_enter().
 * Ownership: fills the caller's answer.
 * Errors:    none.
 */
#ifndef SERVER_NAMESERVER_EXPLAIN_H
#define SERVER_NAMESERVER_EXPLAIN_H

#include "server/nameserver/service.h"

/* Answers a name of the form _explain.NAME; NAME is a service, or a domain
 * that has services. */
enum service_found explain_answer(
    struct answer *, struct owner, const struct name_key *, uint16_t qtype);

#endif
