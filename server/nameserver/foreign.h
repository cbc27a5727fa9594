/* foreign.h - what others answered, as a part of our answer.
 *
 * As a rule their message is the answer, but for ID, OPT and what does not
 * fit.  Where aliases led to it, or lead on from it to somebody else, its
 * records are added one by one as far as they belong to whom was asked.
 *
 * What does not fit: additional records go first, without TC (promise 8,
 * RFC 2181 9); then TC is set behind as many records as there is room for,
 * since there are clients that know no TCP.
 *
 * Threads:   one worker, inside snapshot_enter().
 * Ownership: fills the answer of the judging.
 * Units:     octets.
 * Errors:    none: what comes out is well-formed.
 * Standards: RFC 1034 4.3.2, 5.3.3; RFC 2181 9; RFC 6672; RFC 6840 5.8;
 *            RFC 8767 4.
 */
#ifndef SERVER_NAMESERVER_FOREIGN_H
#define SERVER_NAMESERVER_FOREIGN_H

#include "resolver/cache.h"
#include "server/nameserver/resolve.h"

/* Takes an entry with a message, about way->name, into the answer; NEXT: it
 * leads to another name, which is way->name then. */
enum resolve_step foreign_answer(
    struct judging *, struct way *, const struct cache_entry *);

#endif
