/* worker_relay.h - updates for zones that are not ours, handed on.
 *
 *     client -- message --> relay -- the same, by TCP --> first server
 *            <-- reply ---        <-- reply --            (that answers)
 *
 * Octet by octet, the ID included: a signature is between the client and whom
 * it reaches.  Servers are tried in their order, each with a connection of its
 * own.  A client that sends its message again while it is under way is not
 * heard: what was applied once must not fail its prerequisites the second time.
 *
 * Threads:   one worker's.
 * Ownership: updates that were taken; the servers' addresses are copied.
 * Units:     milliseconds.
 * Errors:    ERR_MEMORY; later: SERVFAIL for who asked.
 * Standards: RFC 2136 6.
 */
#ifndef SERVER_WORKER_RELAY_H
#define SERVER_WORKER_RELAY_H

#include "server/door.h"
#include "zones/dns/error.h"

/* At a time; with messages of at most 64 KiB this bounds the memory. */
#define RELAYS_MAX 128
/* For one server, from connecting to its reply. */
#define RELAY_SERVER_MS 3000

struct worker_relay;

enum error worker_relay_new(struct door *, struct worker_relay **) MUST_CHECK;

/* Those under way get no reply. */
void worker_relay_free(struct worker_relay *);

/* Takes an update with a forward zone, inside of the same snapshot; its reply
 * comes by its route.  False if too many are under way: then it is finished
 * with SERVFAIL, and the caller's. */
bool worker_relay_take(struct worker_relay *, struct update *);

#endif
