/* tcp.h - the TCP door of a worker: its listeners and all its connections.
 *
 *   accept -> [tcp_table: somebody may have to leave] -> tcp_connection
 *   tick   -> tcp_table_find_expired -> closed
 *   late   -> tcp_table_find -> tcp_connection, or nobody is there any more
 *
 * Threads:   one worker's.
 * Ownership: borrows the door; owns listeners and connections.
 * Units:     monotonic milliseconds.
 * Errors:    ERR_MEMORY; later failures close one connection, or pause
 *            accepting for a moment.
 * Standards: RFC 1035 4.2.2; RFC 7766; RFC 7828.
 */
#ifndef SERVER_TCP_H
#define SERVER_TCP_H

#include <stdint.h>

#include "server/door.h"
#include "zones/dns/error.h"

struct tcp;

#define TCP_LATE_LEN 65535

struct tcp_limits {
	uint32_t connections; /* of this worker */
	uint32_t per_address; /* of those */
	uint32_t pipeline; /* requests under way for one connection */
	int64_t idle_ms; /* nothing asked: closed */
	int64_t keepalive_ms; /* the same with edns-tcp-keepalive */
	int64_t stall_ms; /* replies not read: closed */
};

/* A door without listeners. */
enum error tcp_new(
    struct door *, const struct tcp_limits *, struct tcp **) MUST_CHECK;

/* Closes everything. */
void tcp_free(struct tcp *);

/* Accepts from a listening, non-blocking socket; takes it over on success. */
enum error tcp_listen(struct tcp *, int fd) MUST_CHECK;

/* Stops accepting and reading; replies under way are still sent. */
void tcp_stop(struct tcp *);

/* Where to write a reply that comes late, TCP_LATE_LEN octets; NULL if who
 * asked has gone.  Not to be called while messages are being answered. */
uint8_t *tcp_late_room(struct tcp *, const struct route *);

/* Takes what was written there, len octets, for that connection; each request
 * under way ends with this, with 0 if there is no reply. */
void tcp_late_put(struct tcp *, const struct route *, size_t len);

/* Sends what has gathered.  Outside of snapshot_enter(). */
void tcp_flush(struct tcp *);

#endif
