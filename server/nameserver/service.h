/* service.h - one registration, all views.
 *
 * A service is registered in one of two shapes, and each serves the other:
 *
 *   RFC 2782                          RFC 6763
 *   _http._tcp.web SRV  ... host      _http._tcp.web PTR a._http._tcp.web
 *                                     a._http._tcp.web SRV ... host, TXT
 *
 * From either come, where nobody registered them: SRV at the service owner
 * over all instances; PTR to instances (named <first label of target>-<port>
 * for plain SRV) with their SRV and TXT; browse records; A and AAAA at the
 * domain; SVCB at the service owner; HTTPS at the domain of _https._tcp;
 * subtypes, sites and explanations (service_names.h, explain.h).  Synthesised
 * names are in no transfer, prerequisite or dump.
 *
 * All of them keep to the rules of the service (rules.h): which instances are
 * served, how they are chosen and ordered, how long that may be remembered.
 *
 * Threads:   any worker, inside snapshot_enter().
 * Ownership: fills the caller's answer.
 * Errors:    none.
 * Standards: RFC 2782; RFC 6763 4, 6, 9, 11; RFC 9460 2, 7.
 */
#ifndef SERVER_NAMESERVER_SERVICE_H
#define SERVER_NAMESERVER_SERVICE_H

#include "server/nameserver/answer.h"

enum service_found {
	SERVICE_NONE, /* no view has anything to do with this name */
	SERVICE_NODATA, /* the name exists by synthesis, without that type */
	SERVICE_ANSWERED, /* records were added */
	SERVICE_REFUSED, /* the name exists, but not for this client */
};

/* Whether the first label of a name is that, whatever its case. */
bool service_label_is(const uint8_t *name, const char *label);

/* Whether a type at a service owner is merged from both shapes. */
static inline bool
service_merges(uint16_t qtype)
{
	return qtype == TYPE_SRV || qtype == TYPE_PTR;
}

/* Whether a registered set of that type, at a name that is no service owner,
 * may be about instances; hosts have no more than their addresses. */
static inline bool
service_concerns(const struct node *n, uint16_t qtype)
{
	return service_merges(qtype) ||
	       ((qtype == TYPE_A || qtype == TYPE_AAAA) && n->rrsets > 1 &&
		   node_find(n, INDEX_SERVICES) != NULL);
}

/* Answers SRV or PTR at a service owner from both shapes; false if no instance
 * is live and served. */
bool service_answer_merged(
    struct answer *, struct owner, const struct node *service, uint16_t qtype);

/* Answers with a set of a node that service_concerns(): the SRV records of a
 * DNS-SD instance, the PTR records of a subtype, the addresses of a domain
 * that has services; or of something else.  key: of the node's name, NULL if
 * it is not at hand.  False if no record is live and served. */
bool service_answer_set(struct answer *, struct owner, const struct node *,
    const struct rrset *, const struct name_key *key);

/* Answers what the registered zone has no data for. */
enum service_found service_synthesise(struct answer *, struct owner,
    const struct name_key *, const struct zone_walk *, uint16_t qtype);

#endif
