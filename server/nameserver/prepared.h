/* prepared.h - answering SRV from a ready block.
 *
 * Threads:   any worker, inside snapshot_enter().
 * Ownership: fills the caller's answer.
 * Errors:    none.
 * Standards: RFC 2782; RFC 2181 5.2, 9.
 */
#ifndef SERVER_NAMESERVER_PREPARED_H
#define SERVER_NAMESERVER_PREPARED_H

#include "server/nameserver/answer.h"
#include "zones/ready.h"

enum prepared {
	PREPARED_DONE, /* SRV records and addresses are in */
	PREPARED_EMPTY, /* no record is live and served */
	PREPARED_LARGE, /* they do not all fit: nothing was added */
};

/* Adds the live SRV records by the rules of the answer, which are those of the
 * service (rules.h), and the addresses of their hosts as far as there is
 * room.  The block must be prepared. */
enum prepared prepared_answer(
    struct answer *, struct owner, const struct ready *);

#endif
