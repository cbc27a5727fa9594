/* muster_update_send.h - muster's messages on their way, and the way back.
 *
 * By UDP, again after 1, 2 and 4 seconds of silence (the same octets, so that
 * the server may take them for one), by TCP if the message is long, the reply
 * says so or that is wanted; then the next address of the server.  Replies
 * that are not ours are passed over.
 *
 * Threads:   one.
 * Ownership: messages are borrowed.
 * Units:     monotonic milliseconds.
 * Errors:    enum muster_sent, and a line that says why, MUSTER_WHY_LEN octets.
 * Standards: RFC 1035 4.2.1, 4.2.2; RFC 2136 6; RFC 7766 8.
 */
#ifndef SERVER_MUSTER_UPDATE_SEND_H
#define SERVER_MUSTER_UPDATE_SEND_H

#include "server/muster_update.h"
#include "server/nameserver/request.h"

#define MUSTER_SERVERS 8 /* addresses of one server */

/* Where to, and how long. */
struct muster_way {
	struct endpoint server[MUSTER_SERVERS]; /* tried in order */
	unsigned servers;
	bool tcp; /* from the start */
	int stop_fd; /* readable: give up; -1: none */
	int64_t until_ms; /* INT64_MAX: as long as it takes */
};

enum muster_sent {
	SENT_ANSWERED,
	SENT_SILENCE, /* nobody answered, or could be reached */
	SENT_STOPPED, /* stop_fd said so */
};

/* What a message that came in is; called for each. */
typedef enum muster_take muster_take_fn(
    void *arg, const uint8_t *in, size_t len);

/* Sends a message until take() is done with a reply.  *by is the number of
 * the server that answered; else why says what happened. */
enum muster_sent muster_send(const struct muster_way *, const uint8_t *message,
    size_t len, muster_take_fn *, void *arg, unsigned *by, char *why);

enum muster_waited {
	WAIT_READY,
	WAIT_TIME, /* is over */
	WAIT_STOPPED,
};

/* Waits for events (poll(2)) on fd, or only for the time if it is -1. */
enum muster_waited muster_wait(
    int fd, short events, int stop_fd, int64_t until_ms);

/* Reads or writes all of it on a non-blocking socket.  WAIT_TIME is also a
 * failure: errno says which, ETIMEDOUT if none. */
enum muster_waited muster_transfer(int fd, uint8_t *octets, size_t len,
    short direction, int stop_fd, int64_t until_ms);

/* Connects by TCP, non-blocking; -1 with errno (ETIMEDOUT, ECANCELED). */
int muster_connect(const struct endpoint *, int stop_fd, int64_t until_ms);

/* The address that we have towards an endpoint; false without a route. */
bool muster_local_address(const struct endpoint *to, struct endpoint *local);

#endif
