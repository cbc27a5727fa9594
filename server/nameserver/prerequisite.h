/* prerequisite.h - does the zone look as the requester thinks?
 *
 * Threads:   the writer.
 * Ownership: none; looks at a zone.
 * Errors:    the RCODE; SERVFAIL without memory.
 * Standards: RFC 2136 2.4, 3.2.
 */
#ifndef SERVER_NAMESERVER_PREREQUISITE_H
#define SERVER_NAMESERVER_PREREQUISITE_H

#include "zones/dns/message.h"
#include "zones/zone.h"

/* Checks the prerequisite section against the registered zone: no health, no
 * selection, no synthesis; what has expired is not there. */
enum rcode prerequisite_check(
    const struct message *, const struct zone *, int64_t now_ms);

#endif
