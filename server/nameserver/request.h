/* request.h - one message on its way through the nameserver.
 *
 * The door that a message came through (UDP, TCP; a scenario in tests) fills
 * in the upper half of a request, calls nameserver_answer() and does what the
 * verdict says.  There are no sockets, no clock and no randomness below this
 * line: all three are fields.
 *
 * Threads:   a request belongs to the worker (or test) that made it.
 * Ownership: in and out are the door's buffers.
 * Units:     now_ms monotonic milliseconds (as leases), wall_s seconds since
 *            1970 (TSIG only).
 */
#ifndef SERVER_NAMESERVER_REQUEST_H
#define SERVER_NAMESERVER_REQUEST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "zones/random.h"

/* What to do with a message. */
enum verdict {
	VERDICT_SEND, /* send out[0..out_len) back */
	VERDICT_DROP, /* send nothing */
	VERDICT_WRITE, /* hand request->update to the writer; reply later */
	VERDICT_STREAM, /* a transfer: several messages (later) */
	VERDICT_WAIT, /* others are asked; reply later */
};

struct endpoint {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

/* Where a reply that comes later must go: filled in by the door before a
 * message is handed to the writer, given back untouched. */
struct route {
	uint16_t worker; /* number of the worker */
	uint16_t socket; /* number of its UDP socket */
	bool tcp;
	uint32_t connection; /* TCP: slot, and the serial that tells a slot's */
	uint64_t connection_serial; /* later tenants from the one who asked */
	struct endpoint peer;
	/* UDP: ancillary data naming the local address, sent back as is */
	uint8_t control[64];
	size_t control_len;
};

struct name_key;
struct update; /* update.h */
struct waiting; /* waiting.h */

struct request {
	/* filled in by the door */
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_cap; /* UDP: at least 4096; TCP: 65535 */
	bool tcp;
	const struct endpoint *peer;
	int64_t now_ms;
	int64_t wall_s;
	struct random *random;
	const struct name_key *key; /* ahead.h; NULL: not looked ahead */
	/* filled in by nameserver_answer() */
	size_t out_len;
	/* VERDICT_WRITE, and VERDICT_WAIT if it is for others: owned by the
	 * door now */
	struct update *update;
	struct waiting *waiting; /* VERDICT_WAIT: its route is to be set */
	bool keepalive; /* TCP: the client sent edns-tcp-keepalive (RFC 7828) */
};

#endif
