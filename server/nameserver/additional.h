/* additional.h - addresses that a client will ask for next.
 *
 * The hosts named by SRV, NS, MX, SVCB and the like were noted while the
 * answer grew.  Their nodes are found by hashes that were made when the
 * records were registered, so that ten targets cost ten probes of the tree
 * and no hashing.
 *
 * Threads:   belongs to one worker for the time of one message.
 * Ownership: see answer.h.
 * Errors:    none: what does not fit is left out (RFC 2181 9).
 * Standards: RFC 1034 4.3.2 step 6; RFC 2782; RFC 9460 4; RFC 9471.
 */
#ifndef SERVER_NAMESERVER_ADDITIONAL_H
#define SERVER_NAMESERVER_ADDITIONAL_H

#include "server/nameserver/answer.h"

/* The node of a host in one of our zones, or NULL. */
const struct node *additional_find(
    const struct answer *, const uint8_t *name, uint64_t hash);

/* The octets that the addresses of a record's target need, each behind an
 * owner of owner_len octets. */
size_t additional_len(
    const struct answer *, const struct record *, size_t owner_len);

/* Adds the addresses of all hosts noted since the first `from`; false if not
 * all of them fit. */
bool additional_put(struct answer *, size_t from);

#endif
