/* upstream.h - sending questions to other servers: the only door to c-ares.
 *
 * One upstream is one server.  What is asked over UDP has to be guessed three
 * times over by who wants to answer in the server's place (RFC 5452 9): the
 * source port, since a pool of sockets is opened anew all the time; the ID;
 * and the case of the name (0x20).  The question ends in a bare OPT.  What
 * comes in is looked at before c-ares sees it:
 *
 *      datagram --- ID was asked from this socket? --no--> wrong: the
 *         |                                                third: the guard
 *         |-------- question, case as they were sent? -no-> asked by TCP
 *         |-------- TC, BADCOOKIE? ------------------yes--> asked by TCP
 *         |-------- FORMERR without OPT? ------------yes--> without OPT
 *         `-> c-ares -> answered
 *
 * The guard: all UDP sockets are closed, and all that waits and all that comes
 * for UPSTREAM_GUARD_MS is asked by TCP.  So who sends forged answers has
 * three guesses, then a long wait, whatever he knows of our ports and however
 * fast he is.
 *
 * Nothing is decided here about which server, for how long, or what an answer
 * means: forward.h.  Each question is sent once (again for the reasons above).
 *
 * Works with c-ares from 1.18.1 on; what newer ones do by themselves (cache,
 * 0x20, failover) is switched off.
 *
 * Threads:   one (a worker's, or a client's).
 * Ownership: an upstream owns its channels and sockets; what is asked is
 *            copied; an answer is valid during the call.
 * Units:     monotonic microseconds for moments and round trips, milliseconds
 *            for what is configured.
 * Errors:    ERR_MEMORY; ERR_LIMIT: too many in flight; ERR_RANGE: neither
 *            IPv4 nor IPv6; ERR_IO: the system has no random octets.
 * Standards: RFC 1035 4.2, 7.3; RFC 5452; RFC 6840 5.7 (AD); RFC 6891 6.2.2,
 *            7; RFC 7766; RFC 7873 5.3; draft-vixie-dnsext-dns0x20.
 */
#ifndef RESOLVER_UPSTREAM_H
#define RESOLVER_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "zones/dns/error.h"

/* Questions without an answer yet; a client gives up after seconds, so this
 * is thousands of new questions a second for a server that is silent. */
#define UPSTREAM_IN_FLIGHT 8192
/* What a datagram may hold: passes everywhere unfragmented. */
#define UPSTREAM_UDP_LEN 1232
/* Datagrams that answer nothing, within UPSTREAM_GUARD_MS, before the guard;
 * one may be a stray of those who had our port before. */
#define UPSTREAM_WRONG_MAX 3
/* All by TCP for so long: at three a turn, 65536 guesses take a day. */
#define UPSTREAM_GUARD_MS 5000
/* How often upstream_tick() wants to be called. */
#define UPSTREAM_TICK_MS 50

struct upstream;

/* The caller's event loop. */
struct upstream_loop {
	/* Wants to know when fd is readable or writable; neither: no more. */
	void (*watch)(void *arg, int fd, bool readable, bool writable);
	void *arg;
};

struct upstream_question {
	const uint8_t *qname; /* any case */
	uint16_t qtype;
	bool dnssec_ok;
	bool checking_disabled;
	bool tcp; /* at once */
	uint32_t timeout_ms; /* in all, however it is asked */
};

enum upstream_outcome {
	UPSTREAM_ANSWERED, /* ID, question, case are right; nothing else was
			    * looked at */
	UPSTREAM_SILENT, /* no answer within the timeout */
	UPSTREAM_REFUSED, /* nobody listens, the network is unreachable, TCP
			   * is closed */
	UPSTREAM_FAILED, /* of our own: no socket, no memory */
	UPSTREAM_ENDED, /* upstream_free() */
};

/* The end of a question: exactly once for each, and never from within
 * upstream_ask().  qname is the name as it was sent, wire an answer with that
 * very question (NULL unless ANSWERED).  rtt_us is counted from when it was
 * last sent.  May ask again; must not free the upstream. */
typedef void upstream_fn(void *arg, enum upstream_outcome, const uint8_t *qname,
    const uint8_t *wire, size_t len, uint32_t rtt_us);

/* Opens no socket yet. */
enum error upstream_new(const struct sockaddr *server, socklen_t len,
    const struct upstream_loop *, struct upstream **) MUST_CHECK;
/* Calls back for all that is in flight. */
void upstream_free(struct upstream *);

enum error upstream_ask(struct upstream *, const struct upstream_question *,
    int64_t now_us, upstream_fn *, void *arg) MUST_CHECK;

/* A socket that is watched is ready (others are passed over). */
void upstream_ready(
    struct upstream *, int fd, bool readable, bool writable, int64_t now_us);

/* Time passes: each UPSTREAM_TICK_MS as long as it is busy. */
void upstream_tick(struct upstream *, int64_t now_us);

/* Whether something is in flight, or sockets are open (for some seconds). */
bool upstream_is_busy(const struct upstream *);

struct upstream_stats {
	uint64_t asked;
	uint64_t answered;
	uint64_t silent;
	uint64_t refused;
	uint64_t failed;
	uint64_t by_tcp; /* sent that way, for whatever reason */
	uint64_t wrong; /* datagrams that answer nothing */
	uint64_t late; /* that come too late, or twice */
	uint64_t suspect; /* with the ID, but another question or case */
	uint64_t guards; /* times that the guard went up */
	uint64_t ports; /* UDP sockets opened so far */
	size_t in_flight;
};
void upstream_get_stats(const struct upstream *, struct upstream_stats *);

#endif
