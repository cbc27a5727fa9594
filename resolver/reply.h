/* reply.h - an upstream's answer, looked at before anybody uses it.
 *
 * What comes from outside is believed only as far as it must be: it has to
 * parse to the last octet, answer the question that was asked, and every
 * record has to belong to it.  reply_check() writes a clean message of its
 * own (header, question, records; no OPT) and notes where TTLs stand; what
 * does not belong is left out.
 *
 *     upstream's octets --reply_check()--> struct reply --> cache, client
 *
 * Threads:   any.
 * Ownership: fills the caller's buffer.
 * Units:     octets; TTLs in seconds.
 * Errors:    enum reply_state.
 * Standards: RFC 1035 7.3; RFC 2181 5.4.1, 8 (TTL); RFC 2308; RFC 5452 6;
 *            RFC 8020; RFC 8914.
 */
#ifndef RESOLVER_REPLY_H
#define RESOLVER_REPLY_H

#include <stdbool.h>

#include "zones/dns/message.h"

#define REPLY_TTL_MAX (7 * 24 * 3600) /* nothing is remembered for longer */

enum reply_state {
	REPLY_OK, /* NOERROR or NXDOMAIN, with or without records */
	REPLY_TRUNCATED, /* TC: ask again by TCP */
	REPLY_LAME, /* REFUSED, NOTAUTH, NOTIMP, FORMERR, a referral: another
		     * server may do better */
	REPLY_SERVFAIL, /* likewise, but the server tried */
	REPLY_WRONG, /* malformed, or of another question */
};

/* What was asked. */
struct reply_question {
	const uint8_t *qname; /* in the case that was sent (0x20) */
	uint16_t qtype;
	const uint8_t *zone; /* the forward zone that the server answers for:
			      * records outside of it are left out */
	bool exact_case; /* the case must come back as it was sent */
};

struct reply {
	uint8_t *out; /* in: a buffer; then the clean message */
	size_t cap;
	size_t len;
	enum rcode rcode; /* NOERROR, NXDOMAIN */
	bool authentic; /* AD */
	bool nodata; /* no record of the type asked for at the chain's end */
	uint32_t ttl; /* how long it may be remembered: the least of its TTLs,
		       * or by RFC 2308 5 for what is not there; 0: not at
		       * all */
	uint16_t *ttl_at; /* in: room for ttl_cap places; then where TTLs are */
	size_t ttl_cap;
	size_t ttls;
	bool private_address; /* an A or AAAA of RFC 1918, 4193, loopback,
			       * link-local...: rebinding protection */
	int ede; /* of the upstream's OPT, or -1 */
};

enum reply_state reply_check(const uint8_t *in, size_t len,
    const struct reply_question *, struct reply *);

/* Whether an address is not of the Internet (RFC 6890 and friends). */
bool reply_is_private(uint16_t type, const uint8_t *address);

#endif
