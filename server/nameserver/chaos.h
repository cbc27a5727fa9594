/* chaos.h - questions about the server itself: class CH, type TXT.
 *
 * version.bind and version.server, id.server and hostname.bind (RFC 4892).
 * What the configuration hides is refused.
 *
 * Threads:   any worker.
 * Ownership: fills the caller's answer.
 * Errors:    the RCODE.
 * Standards: RFC 4892.
 */
#ifndef SERVER_NAMESERVER_CHAOS_H
#define SERVER_NAMESERVER_CHAOS_H

#include "zones/dns/message.h"
#include "server/nameserver/settings.h"

enum rcode chaos_answer(struct wire_writer *, const struct settings *,
    const uint8_t *qname, uint16_t qtype);

#endif
