/* local_answer.h - answers about names that nobody else is asked about.
 *
 * Threads:   any worker.
 * Ownership: fills the caller's answer.
 * Units:     TTLs in seconds.
 * Errors:    none.
 * Standards: RFC 6303 3; RFC 6761 6.3; RFC 7686 2; RFC 8375 4.
 */
#ifndef SERVER_NAMESERVER_LOCAL_ANSWER_H
#define SERVER_NAMESERVER_LOCAL_ANSWER_H

#include "resolver/local.h"
#include "server/nameserver/resolve.h"

/* These never change; three hours, as RFC 2308 5 has it for what is not there.
 */
#define LOCAL_TTL_S 10800

/* Answers about way->name, of a kind other than LOCAL_NOT. */
void local_answer(struct answer *, struct way *, uint16_t qtype,
    enum local_kind, const uint8_t *apex);

#endif
