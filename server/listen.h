/* listen.h - all sockets of the server, opened before anything else.
 *
 * They are opened while we may still bind low ports, once, and stay the same
 * until the end: taking one SO_REUSEPORT socket of several away would lose
 * what the kernel has queued in it.
 *
 *     fd of worker w for address a: [w * addresses + a]
 *
 * Threads:   main.
 * Ownership: descriptors that are not -1 belong to the set.
 * Units:     none.
 * Errors:    ERR_IO, ERR_MEMORY, with one line in the text buffer.
 */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include <stddef.h>

#include "server/nameserver/request.h"
#include "zones/dns/error.h"

struct listen_set {
	size_t addresses;
	size_t workers;
	int *udp_fd; /* [workers * addresses] */
	int *tcp_fd; /* the same */
};

/* Opens a UDP and a TCP socket for each worker and address.  On failure the
 * set is as good as closed. */
enum error listen_open(const struct endpoint *, size_t addresses,
    size_t workers, struct listen_set *, char *text,
    size_t text_len) MUST_CHECK;

/* Says that another owner has taken the sockets of a worker. */
void listen_release(struct listen_set *, size_t worker);

void listen_close(struct listen_set *);

#endif
