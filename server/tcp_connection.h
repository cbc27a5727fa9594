/* tcp_connection.h - one TCP connection: messages in, replies out.
 *
 *             readable                      late reply
 *   +-------------------------+       +------------------+
 *   v                         |       v                  |
 * [open] --end of stream--> [ended: replies go on] --all sent--> closed
 *   |                                                              ^
 *   +--error, eviction, time up------------------------------------+
 *
 * Messages are answered as they come, several from one segment or one from
 * many; replies leave when they are ready, so an update's may come after those
 * of later queries (RFC 7766 7).  A connection is read only while little is
 * under way for it and its replies are being read: the kernel then slows the
 * peer down, and what one peer can make us keep is bounded by
 *
 *     TCP_SEGMENT_LEN + one message + TCP_OUT_HIGH + one reply.
 *
 * An idle connection has no buffers at all; an input buffer never grows
 * beyond twice what has been received of a message.
 *
 * Threads:   one worker's.
 * Ownership: a connection owns its socket and frees itself when it is over.
 * Units:     octets; monotonic milliseconds.
 * Errors:    ERR_MEMORY; whatever else goes wrong closes the connection.
 * Standards: RFC 1035 4.2.2; RFC 7766 6.2, 7, 8.
 */
#ifndef SERVER_TCP_CONNECTION_H
#define SERVER_TCP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "server/door.h"
#include "server/tcp_output.h"
#include "server/tcp_table.h"

#define TCP_MESSAGE_MAX 65535
#define TCP_FRAME_MAX (2 + TCP_MESSAGE_MAX)

/* Read at once: enough for some hundred queries in a row, little enough for
 * others to have their turn. */
#define TCP_SEGMENT_LEN 16384

/* Replies that may wait for the peer before we stop reading from it. */
#define TCP_OUT_HIGH 65536

/* Octets that the connections of a worker may hold together: half-sent
 * messages and unread replies of strangers. */
#define TCP_HELD_MAX (16U << 20)

SLIST_HEAD(tcp_connection_list, tcp_connection);

/* What the connections of a worker share. */
struct tcp_house {
	struct door *door;
	struct tcp_table *table;
	uint32_t pipeline; /* requests under way before we stop reading */
	bool stopped; /* no connection is read any more */
	/* connections with late replies to send */
	struct tcp_connection_list late;
	uint8_t *segment; /* [TCP_SEGMENT_LEN] as received */
	uint8_t *replies; /* [2 * TCP_FRAME_MAX] of the segment at hand */
	size_t replies_len;
	size_t held; /* octets in the buffers of all connections */
};

struct event;

struct tcp_connection {
	struct tcp_seat seat;
	struct tcp_house *house;
	struct event *readable;
	struct event *writable; /* NULL until something has to wait */
	int fd;
	struct endpoint peer;
	uint32_t under_way; /* with the writer, or with others */
	bool reading; /* readable is pending */
	bool writing; /* writable is pending */
	bool ended; /* the peer has sent everything */
	bool broken; /* to be closed */
	bool keepalive; /* the peer asked for patience */
	bool is_late; /* member of house->late */
	SLIST_ENTRY(tcp_connection) late;
	/* The start of a message, or whole ones if reading is stopped. */
	uint8_t *in; /* NULL: nothing */
	size_t in_len;
	size_t in_cap;
	struct tcp_output out;
	size_t held; /* octets of in and out as house->held knows them */
};

/* Gives a new connection a seat (there is one free) and starts reading from
 * it.  Takes fd over on success. */
enum error tcp_connection_new(struct tcp_house *, int fd,
    const struct endpoint *peer, int64_t now_ms) MUST_CHECK;

/* Closes and frees it, whatever its state. */
void tcp_connection_close(struct tcp_connection *);

/* The connection of a seat. */
struct tcp_connection *tcp_connection_of(struct tcp_seat *);

/* Stops reading; closes it if it has nothing more to send. */
void tcp_connection_stop(struct tcp_connection *);

/* Where to write a reply that comes late, TCP_MESSAGE_MAX octets; not while
 * messages are being answered. */
uint8_t *tcp_connection_late_room(struct tcp_connection *);

/* Adds what was written there, len octets (0: there is no reply), to what is
 * to be sent; the connection joins house->late. */
void tcp_connection_late_put(struct tcp_connection *, size_t len);

/* Sends late replies and goes on with what had to wait for them; may close
 * the connection. */
void tcp_connection_flush(struct tcp_connection *);

#endif
