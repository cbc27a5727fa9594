/* pointers.h - PTR for the addresses that our zones have.
 *
 * At the name of an address, in a zone with `reverse: synthesise`, there is an
 * index of those who have it (reverse.h).  A name is answered if its address
 * record is: in the zone that is responsible for it, with a lease that runs,
 * not below a cut (glue), not made from a wildcard.  PTR records that somebody
 * has registered win; these here are in no dump, transfer or prerequisite.
 * Health does not matter: what a machine is called does not depend on it.
 *
 * Threads:   any worker, inside snapshot_enter().
 * Ownership: fills the caller's answer.
 * Errors:    none.
 * Standards: RFC 1035 3.5; RFC 3596 2.5; RFC 2181 10.2 (several names).
 */
#ifndef SERVER_NAMESERVER_POINTERS_H
#define SERVER_NAMESERVER_POINTERS_H

#include "server/nameserver/answer.h"

/* More names of one address help nobody, and would make an amplifier. */
#define POINTERS_MAX 16

/* Whether somebody has the address whose name the node is. */
bool pointers_exist(const struct answer *, const struct node *);

/* Answers a question for PTR or ANY; false if nobody has the address, or the
 * question is for something else. */
bool pointers_answer(
    struct answer *, struct owner, const struct node *, uint16_t qtype);

#endif
