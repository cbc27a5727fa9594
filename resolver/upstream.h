/* upstream.h - sending questions to other servers: the only door to c-ares.
 *
 * A pool of c-ares channels for each server spreads questions over source
 * ports (RFC 5452 9.2); channels are replaced after so many questions.  IDs
 * are random, the case of the name too (0x20), and both must come back; an
 * answer with another case is asked again by TCP.  The question ends in a
 * bare OPT.  TCP on TC.  Nothing is decided here about which server, for how
 * long, or what an answer means: forward.h.
 *
 * Works with c-ares from 1.18.1 on; what newer ones do by themselves (cache,
 * 0x20, failover) is switched off.
 *
 * Threads:   one (a worker's, or a client's of libmuster).
 * Ownership: an upstream owns its channels; answers are valid during the call.
 * Units:     milliseconds; round trips in microseconds.
 * Errors:    ERR_MEMORY, ERR_LIMIT (too many in flight).
 * Standards: RFC 1035; RFC 5452; RFC 6891; draft-vixie-dnsext-dns0x20.
 */
#ifndef RESOLVER_UPSTREAM_H
#define RESOLVER_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "zones/dns/error.h"
#include "zones/random.h"

struct upstream;

/* The caller's event loop. */
struct upstream_loop {
	/* Wants to know when fd is readable or writable; neither: no more. */
	void (*watch)(void *arg, int fd, bool readable, bool writable);
	void *arg;
};

struct upstream_question {
	const uint8_t *qname;
	uint16_t qtype;
	bool dnssec_ok;
	bool checking_disabled;
	bool tcp; /* at once */
	uint32_t timeout_ms;
};

enum upstream_outcome {
	UPSTREAM_ANSWERED, /* ID, question, case are right; nothing else was
			    * looked at */
	UPSTREAM_SILENT, /* no answer within the timeout */
	UPSTREAM_REFUSED, /* nobody listens, the network is unreachable */
	UPSTREAM_FAILED, /* of our own: no socket, no memory */
	UPSTREAM_ENDED, /* upstream_free() */
};

/* qname is the name as it was sent. */
typedef void upstream_fn(void *arg, enum upstream_outcome,
    const uint8_t *qname, const uint8_t *wire, size_t len, uint32_t rtt_us);

enum error upstream_new(const struct sockaddr *server, socklen_t len,
    const struct upstream_loop *, struct random *,
    struct upstream **) MUST_CHECK;
/* Calls back for all that is in flight. */
void upstream_free(struct upstream *);

enum error upstream_ask(struct upstream *, const struct upstream_question *,
    upstream_fn *, void *arg) MUST_CHECK;

/* A socket that is watched is ready; time passes (each 50 ms while something
 * is in flight: upstream_is_busy()). */
void upstream_ready(struct upstream *, int fd, bool readable, bool writable);
void upstream_tick(struct upstream *);
bool upstream_is_busy(const struct upstream *);

#endif
