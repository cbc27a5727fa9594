/* socket.h - opening sockets the way a name server needs them.
 *
 * Threads:   any.
 * Ownership: an opened file descriptor is the caller's.
 * Units:     none.
 * Errors:    ERR_IO with errno set.
 * Standards: RFC 3542 4, 6 (IPV6_PKTINFO); RFC 3493 5.3 (IPV6_V6ONLY);
 *            draft-ietf-dnsop-avoid-fragmentation (no path MTU from ICMP).
 */
#ifndef SERVER_SOCKET_H
#define SERVER_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "server/nameserver/request.h"
#include "zones/dns/error.h"

#define SOCKET_NAME_LEN 64 /* "[address%scope]:port" */

/* Whether nobody else serves the address: ERR_IO if a socket of the type
 * (SOCK_DGRAM, SOCK_STREAM) cannot be bound to it.  Another server of the same
 * user could share it with us unnoticed otherwise, since it allows that too
 * (SO_REUSEPORT).  To be asked before the first socket is opened. */
enum error socket_probe(const struct endpoint *, int type) MUST_CHECK;

/* A bound socket, non-blocking, that shares its address with others of this
 * user; a TCP socket listens. */
enum error socket_open_udp(const struct endpoint *, int *fd) MUST_CHECK;
enum error socket_open_tcp(const struct endpoint *, int *fd) MUST_CHECK;

/* Whether the socket is bound to 0.0.0.0 or ::, so that each reply must name
 * the address it leaves from. */
bool socket_is_wildcard(int fd);

/* Changes ancillary data as received with a datagram (which address was it
 * sent to) into what makes the reply leave from there. */
void socket_turn_control(void *control, size_t len);

/* Prints an endpoint as in a configuration file. */
void socket_print(const struct endpoint *, char text[SOCKET_NAME_LEN]);

#endif
