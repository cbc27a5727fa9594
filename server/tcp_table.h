/* tcp_table.h - who sits where: the book of a worker's TCP connections.
 *
 * Every connection has a seat: a numbered slot, and a serial number that no
 * other tenant of the slot ever gets, so that a reply which comes late finds
 * its connection or learns that it has gone.
 *
 * When the house is full, a newcomer still gets in.  The one to leave is the
 * connection idle longest of the address that holds most seats, so whoever
 * fills the house alone only ever turns out himself.  An IPv6 address counts
 * by its /64, which is what one customer gets.
 *
 *     by_count[3]: address -> address        (touched longest ago first)
 *                     |
 *                   seat -> seat -> seat     (idle longest first)
 *
 *     patience[IDLE]:   seat -> seat -> ...  (idle longest first)
 *     patience[STALLED]: ...
 *
 * Everything is O(1), however many connections there are.
 *
 * Threads:   one worker's.
 * Ownership: seats are embedded in their connections; the table owns its
 *            addresses.
 * Units:     monotonic milliseconds.
 * Errors:    ERR_MEMORY.
 * Standards: RFC 7766 6.1, 6.2.2, 6.2.3.
 */
#ifndef SERVER_TCP_TABLE_H
#define SERVER_TCP_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "server/nameserver/request.h"
#include "zones/dns/error.h"

/* How long a connection may go on as it is. */
enum tcp_patience {
	PATIENCE_IDLE, /* nothing asked */
	PATIENCE_KEEPALIVE, /* nothing asked; edns-tcp-keepalive (RFC 7828) */
	PATIENCE_STALLED, /* does not read what it asked for */
	PATIENCE_COUNT
};

struct tcp_address;
struct tcp_table;

/* A connection's place in the book; its owner reads, the table writes. */
struct tcp_seat {
	uint32_t slot;
	uint64_t serial;
	enum tcp_patience patience;
	int64_t active_ms; /* when it last did something */
	struct tcp_address *address;
	TAILQ_ENTRY(tcp_seat) by_address;
	TAILQ_ENTRY(tcp_seat) by_patience;
};

/* A table of `seats` seats, of which one address may hold per_address;
 * timeout_ms says how long each patience lasts.  NULL without memory. */
struct tcp_table *tcp_table_new(uint32_t seats, uint32_t per_address,
    const int64_t timeout_ms[PATIENCE_COUNT]);

/* All seats must be free. */
void tcp_table_free(struct tcp_table *);

/* Who has to leave before a newcomer from this address can sit down; NULL if
 * there is a free seat. */
struct tcp_seat *tcp_table_find_victim(
    struct tcp_table *, const struct endpoint *newcomer);

/* Who has to leave if any one must; NULL if nobody is there. */
struct tcp_seat *tcp_table_find_longest_idle(struct tcp_table *);

/* Gives a newcomer a seat, with PATIENCE_IDLE.  There must be a free one. */
enum error tcp_table_enter(struct tcp_table *, struct tcp_seat *,
    const struct endpoint *newcomer, int64_t now_ms) MUST_CHECK;
void tcp_table_leave(struct tcp_table *, struct tcp_seat *);

/* Notes that the connection did something, and how patient to be now. */
void tcp_table_touch(
    struct tcp_table *, struct tcp_seat *, enum tcp_patience, int64_t now_ms);

/* A connection whose time is up; NULL if there is none. */
struct tcp_seat *tcp_table_find_expired(struct tcp_table *, int64_t now_ms);

/* The tenant with that serial, NULL if it has gone. */
struct tcp_seat *tcp_table_find(
    const struct tcp_table *, uint32_t slot, uint64_t serial);

/* The tenant of a slot below tcp_table_slots(), or NULL. */
struct tcp_seat *tcp_table_at(const struct tcp_table *, uint32_t slot);
uint32_t tcp_table_slots(const struct tcp_table *);

/* Seats taken. */
uint32_t tcp_table_count(const struct tcp_table *);

#endif
