/* worker_forward.h - what a worker has to ask others with.
 *
 *     nameserver -- resolve.h --> forward.h -- ops --> upstream.h -- sockets
 *         ^                          |                     |
 *         `---- room, put -----------'      timer, events -'
 *
 * A forwarder, its cache, and one upstream for each server that the
 * configuration names, on the worker's event loop.  After a reload they are
 * made anew when something needs them, if what they are made from has changed;
 * the cache stays, and so do upstreams with the same address.
 *
 * Threads:   one worker's.
 * Ownership: owns all but the door.
 * Units:     octets, monotonic milliseconds.
 * Errors:    ERR_MEMORY; later: SERVFAIL for who asked.
 */
#ifndef SERVER_WORKER_FORWARD_H
#define SERVER_WORKER_FORWARD_H

#include "server/door.h"
#include "zones/dns/error.h"

struct inquiry;
struct worker_forward;

struct worker_forward_plan {
	struct door *door;
	uint64_t cache_len; /* of this worker */
	int64_t stale_ms;
};

/* The door's nameserver asks others from now on; replies go by door->late. */
enum error worker_forward_new(
    const struct worker_forward_plan *, struct worker_forward **) MUST_CHECK;

/* Those who wait get nothing.  The door's nameserver must still be there. */
void worker_forward_free(struct worker_forward *);

/* Adds this worker's part to the answer (INQUIRY_FLUSH, INQUIRY_UPSTREAMS). */
void worker_forward_inquiry(struct worker_forward *, struct inquiry *);

#endif
