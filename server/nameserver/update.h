/* update.h - one UPDATE between its arrival and its reply.
 *
 *   worker                     writer                      worker
 *   update_new  --queue-->  update_apply ... durable  --queue-->  finish
 *
 * Until it is handed over an update holds what the worker found out: message,
 * EDNS, signature.  The writer adds the outcome.  Between the two nobody else
 * touches it.
 *
 * Threads:   one at a time, as drawn.
 * Ownership: one block from malloc, the message included; update_free().
 * Units:     leases in seconds.
 * Errors:    update_new: NULL without memory.
 * Standards: RFC 2136; RFC 8914 (Extended DNS Errors); RFC 9664.
 */
#ifndef SERVER_NAMESERVER_UPDATE_H
#define SERVER_NAMESERVER_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/nameserver/edns.h"
#include "zones/dns/message.h"
#include "server/nameserver/request.h"
#include "server/nameserver/tsig.h"

#define UPDATE_REASON_LEN 200

struct config_forward;

struct update {
	struct update *next; /* of whatever list it is in */
	/* set by the door */
	struct route route;
	/* set by the worker */
	bool tcp;
	struct endpoint peer;
	struct message message; /* over in[] */
	struct edns edns;
	struct tsig tsig;
	/* To whose servers it goes, valid in the snapshot that it was judged
	 * in; NULL: to the writer. */
	const struct config_forward *forward;
	/* set by the writer */
	enum rcode rcode;
	enum ede ede;
	uint32_t granted_s; /* for the Update Lease option of the reply */
	uint32_t key_granted_s;
	char reason[UPDATE_REASON_LEN]; /* why it was refused; "" if not */
	size_t in_len;
	uint8_t in[];
};

/* A copy of a parsed request. */
struct update *update_new(const struct message *, const struct edns *,
    const struct tsig *, const struct request *);
void update_free(struct update *);

/* How many places the update takes among those under way: one, and one more
 * for each KiB, so that the bound on updates is one on memory too. */
static inline uint32_t
update_weight(const struct update *u)
{
	return 1 + (uint32_t)(u->in_len >> 10);
}

/* Sets the outcome of an update that is not done, with a printf-like reason
 * for the log and the Extended DNS Error. */
void update_fail(struct update *, enum rcode, enum ede, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
