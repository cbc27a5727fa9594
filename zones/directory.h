/* directory.h - from a domain to its services.
 *
 * A service is an owner such as _http._tcp.web.svc.example that has SRV or
 * PTR records (RFC 2782; RFC 6763 4).  Its domain, web.svc.example, keeps an
 * index of its services, and the apex an index of the domains that have any,
 * so that browse records (RFC 6763 9, 11) and the addresses at a service name
 * can be answered without a search.
 *
 * Threads:   writer (directory_update); readers any.
 * Ownership: index RRsets are blocks of editions.
 * Errors:    ERR_MEMORY.
 * Standards: RFC 6763 4.1, 9, 11; RFC 2782.
 */
#ifndef ZONES_DIRECTORY_H
#define ZONES_DIRECTORY_H

#include <stdbool.h>

#include "zones/zone.h"

/* Whether a name has the form _service._proto.domain with a domain at or below
 * the apex: the domain is what is left without the first two labels. */
bool directory_is_service_name(const uint8_t *name, unsigned apex_labels);

/* Whether the node has records that make it a service. */
bool directory_has_service(const struct node *);

/* Enters a service into the indexes, or removes it.  The key's name must be a
 * service name of the zone. */
enum error directory_enter(
    struct edition *, struct zone *, const struct name_key *) MUST_CHECK;
enum error directory_remove(
    struct edition *, struct zone *, const struct name_key *) MUST_CHECK;

#endif
