/* udp.h - the UDP door: a batch of datagrams in, a batch of replies out.
 *
 *     udp_readable: recvmmsg -> snapshot_enter -> nameserver_answer, each
 *                   -> snapshot_leave -> door_flush -> udp_flush: sendmmsg
 *
 * Each worker has a socket of its own for each address (SO_REUSEPORT), so the
 * kernel spreads the clients and nothing is shared.  All headers and buffers
 * are laid out once; at saturation a datagram costs 1/64 of two system calls
 * and no copy but the nameserver's.
 *
 * When the kernel has no room for replies, the rest of the batch waits for
 * it, and the socket is not read meanwhile: datagrams pile up in the kernel's
 * queue, which is bounded, and not here.
 *
 * Threads:   one worker's.
 * Ownership: borrows the door; owns its file descriptor.
 * Units:     octets.
 * Errors:    ERR_MEMORY from udp_new(); later ones are counted.
 * Standards: RFC 1035 4.2.1; RFC 1123 6.1.3 (reply from the address asked);
 *            RFC 3542 6 (IPV6_PKTINFO).
 */
#ifndef SERVER_UDP_H
#define SERVER_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/door.h"
#include "zones/dns/error.h"

#define UDP_BATCH 64 /* datagrams per recvmmsg: more gains nothing */
#define UDP_TURN_BATCHES 4 /* per callback, so that TCP is served too */
#define UDP_BUFFER_LEN 4096

struct route;
struct udp;

/* Serves a bound, non-blocking socket (socket.h), number n of its worker.
 * Takes over fd on success. */
enum error udp_new(
    struct door *, int fd, uint16_t number, struct udp **) MUST_CHECK;
void udp_free(struct udp *);

/* Stops reading; late replies can still be sent. */
void udp_stop(struct udp *);

/* Where to write a reply that comes late, UDP_BUFFER_LEN octets; NULL if the
 * kernel has no room for replies now (the reply is then lost, as a datagram
 * may be).  Not to be called while a batch is being answered. */
uint8_t *udp_late_room(struct udp *);

/* Queues what was written there, len octets, for the asker.  The room is used
 * up; the route is copied. */
void udp_late_put(struct udp *, const struct route *, size_t len);

/* Sends what is queued. */
void udp_flush(struct udp *);

#endif
