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

struct tcp_limits {
	uint32_t connections; /* of this worker */
	uint32_t per_address; /* of those */
	uint32_t pipeline; /* updates under way for one connection */
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

/* Renders a finished update's reply for the connection that asked, if it is
 * still there.  Inside snapshot_enter() ... snapshot_leave(). */
void tcp_late(struct tcp *, const struct update *, int64_t wall_s);

/* Sends what tcp_late() has gathered.  Outside of it. */
void tcp_flush(struct tcp *);

#endif
