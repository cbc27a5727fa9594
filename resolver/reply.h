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
 * What belongs:
 *
 *   answer      the chain of CNAME and DNAME that starts at the name asked
 *               for, as far as it stays in the forward zone, in its order,
 *               and the records asked for at its end
 *   authority   where there are none: the SOA of a zone above that end; for
 *               those who asked for DNSSEC also NSEC and NSEC3
 *   additional  addresses of hosts that the answer names, in the zone
 *
 * and the signatures of each with DNSSEC.  All records of an RRset get the
 * least TTL of them (RFC 2181 5.2).
 *
 * Threads:   any.
 * Ownership: fills the caller's buffer.
 * Units:     octets; TTLs in seconds.
 * Errors:    enum reply_state.
 * Standards: RFC 1035 7.3; RFC 2181 5.2, 5.4.1, 8 (TTL), 9 (TC); RFC 2308 2,
 *            5; RFC 5452 6, 9.1; RFC 6672 (DNAME); RFC 8914.
 */
#ifndef RESOLVER_REPLY_H
#define RESOLVER_REPLY_H

#include <stdbool.h>

#include "zones/dns/message.h"

#define REPLY_TTL_MAX (7 * 24 * 3600) /* nothing is remembered for longer */
/* What is not there is not there for this long at most (RFC 2308 5). */
#define REPLY_NEGATIVE_TTL_MAX (3 * 3600)
/* Aliases that are followed; the field's resolvers stop at 8 to 16. */
#define REPLY_CHAIN_MAX 16
/* Hosts whose addresses are taken along; bounds the work for each record. */
#define REPLY_TARGETS_MAX 64
/* Places of TTLs that no message can exceed: a record has 11 octets. */
#define REPLY_TTLS_MAX ((MESSAGE_MAX_LEN - MESSAGE_HEADER_LEN) / 11)

enum reply_state {
	REPLY_OK, /* NOERROR or NXDOMAIN, with or without records */
	REPLY_TRUNCATED, /* TC: ask again by TCP */
	REPLY_LAME, /* REFUSED, NOTAUTH, NOTIMP, FORMERR, a referral, a chain
		     * without end: another server may do better */
	REPLY_SERVFAIL, /* likewise, but the server tried */
	REPLY_WRONG, /* malformed, of another question, or (here) no memory */
};

/* What was asked. */
struct reply_question {
	const uint8_t *qname; /* in the case that was sent (0x20) */
	uint16_t qtype;
	const uint8_t *zone; /* the forward zone that the server answers for:
			      * records outside of it are left out */
	bool exact_case; /* the case must come back as it was sent */
	bool dnssec_ok; /* DO was sent: DNSSEC's records are kept */
};

/* Written in the states OK (all of it) and LAME and SERVFAIL (ede); out and
 * ttl_at are scratch otherwise. */
struct reply {
	uint8_t *out; /* in: a buffer; then the clean message: ID 0, QR, RA
		       * and RCODE, the question in lower case */
	size_t cap;
	size_t len;
	enum rcode rcode; /* NOERROR, NXDOMAIN */
	bool authentic; /* AD */
	bool nodata; /* no record of the type asked for at the chain's end */
	bool leads_out; /* nodata, since the chain leaves the zone, or what
			 * its server knows: the rest is for others to tell;
			 * RCODE is NOERROR */
	uint32_t ttl; /* how long it may be remembered: the least of its TTLs,
		       * or by RFC 2308 5 for what is not there; 0: not at
		       * all */
	uint16_t *ttl_at; /* in: room for ttl_cap places; then where TTLs are */
	size_t ttl_cap;
	size_t ttls;
	bool private_address; /* an A or AAAA (or the hint of an SVCB) of RFC
			       * 1918, 4193, loopback, link-local...:
			       * rebinding protection */
	int ede; /* of the upstream's OPT, or -1 */
};

/* The work is bounded by the length of the message times REPLY_CHAIN_MAX,
 * REPLY_TARGETS_MAX or WIRE_COMPRESS_NAMES, whatever it says. */
enum reply_state reply_check(const uint8_t *in, size_t len,
    const struct reply_question *, struct reply *);

/* Whether an address (4 octets of an A, 16 of an AAAA) is not of the Internet
 * but may lead to something here: this host, its link, its private networks,
 * also when an IPv4 address is wrapped in an IPv6 one (RFC 6890 and friends).
 * Networks for documentation lead nowhere and are not counted. */
bool reply_is_private(uint16_t type, const uint8_t *address);

#endif
