/* service_names.h - names of instances, and of some of a service's instances.
 *
 *   <host>-<port>._http._tcp.web     the DNS-SD instance of a plain SRV
 *   _v2._sub._http._tcp.web          those whose PTR is registered there, or
 *                                    else whose TXT has the label (txt.h)
 *   eu._site._http._tcp.web          all, as a client at that site sees them;
 *   eu._http._tcp.web, eu.web        so do these
 *
 * What is registered at such a name wins.
 *
 * Threads:   any worker, inside snapshot_enter().
 * Ownership: fills the caller's answer.
 * Errors:    none.
 * Standards: RFC 6763 4.1, 6.1, 7.1.
 */
#ifndef SERVER_NAMESERVER_SERVICE_NAMES_H
#define SERVER_NAMESERVER_SERVICE_NAMES_H

#include "server/nameserver/service.h"

/* Whether a name has the form <label>._sub.<anything>. */
bool names_is_subtype(const uint8_t *name);

/* Answers PTR at a service owner, by the rules that were taken over: what is
 * registered, and a name for each plain SRV.  False without any. */
bool names_answer_ptr(
    struct answer *, struct owner, const struct node *service);

/* Answers SRV or PTR at a subtype from the PTR records registered there; false
 * if none of their instances is live and served. */
bool names_answer_subtype(struct answer *, struct owner,
    const struct node *service, const struct rrset *ptrs, uint16_t qtype);

enum service_found names_synthesise_instance(struct answer *, struct owner,
    const struct name_key *, const struct node *service, uint16_t qtype);
enum service_found names_synthesise_subtype(struct answer *, struct owner,
    const struct name_key *, const struct zone_walk *, uint16_t qtype);
enum service_found names_synthesise_site(
    struct answer *, struct owner, const struct name_key *, uint16_t qtype);

#endif
