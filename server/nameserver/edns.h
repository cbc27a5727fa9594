/* edns.h - the OPT record: what a client can do, and what we tell it.
 *
 * struct edns is what the request said, a plain value without pointers into
 * the request, so that it may wait with an update.  struct edns_reply is what
 * the response shall say.  Options that we do not know are skipped.
 *
 * Threads:   any.
 * Ownership: edns_reply borrows its texts until edns_put() is done.
 * Units:     leases in seconds, the keepalive timeout in units of 100 ms.
 * Errors:    enum edns_state.
 * Standards: RFC 6891; RFC 5001 (NSID); RFC 7828 (tcp-keepalive); RFC 7871
 *            (client subnet); RFC 7873 (cookies); RFC 8914 (extended errors);
 *            RFC 9664 (update lease).
 */
#ifndef SERVER_NAMESERVER_EDNS_H
#define SERVER_NAMESERVER_EDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/message.h"
#include "zones/dns/wire.h"

#define EDNS_OPT_LEN 11 /* an OPT record without options */
#define EDNS_PAYLOAD_MIN 512 /* smaller ones mean 512, RFC 6891 6.2.3 */
#define EDNS_PAYLOAD 1232 /* no fragments on any path, DNS flag day 2020 */
#define EDNS_COOKIE_MAX 40 /* 8 of the client, 8..32 of a server */
#define EDNS_SUBNET_MAX 20 /* 4 and an IPv6 address */

enum edns_option {
	OPTION_LEASE = 2,
	OPTION_NSID = 3,
	OPTION_SUBNET = 8,
	OPTION_COOKIE = 10,
	OPTION_KEEPALIVE = 11,
	OPTION_PADDING = 12,
	OPTION_EDE = 15,
};

/* Extended DNS Errors, RFC 8914 4. */
enum ede {
	EDE_NONE = -1,
	EDE_OTHER = 0,
	EDE_STALE_ANSWER = 3,
	EDE_CACHED_ERROR = 13,
	EDE_NOT_READY = 14,
	EDE_BLOCKED = 15,
	EDE_FILTERED = 17,
	EDE_PROHIBITED = 18,
	EDE_STALE_NXDOMAIN = 19,
	EDE_NOT_AUTHORITATIVE = 20,
	EDE_NOT_SUPPORTED = 21,
	EDE_NO_REACHABLE_AUTHORITY = 22,
	EDE_NETWORK_ERROR = 23,
	EDE_INVALID_DATA = 24,
};

struct edns {
	bool present;
	bool dnssec_ok; /* DO, RFC 3225 */
	bool nsid; /* the client asks for our identity */
	bool keepalive; /* over TCP only */
	bool padding;
	uint8_t version;
	uint8_t lease_len; /* 0: no Update Lease option; 4 or 8 */
	uint8_t cookie_len; /* 0: none; 8, or 16 to 40 */
	uint8_t subnet_len; /* 0: none; 4 to 20 */
	uint16_t payload; /* never below EDNS_PAYLOAD_MIN */
	uint32_t lease_s;
	uint32_t key_lease_s; /* equals lease_s in the form of 4 octets */
	uint8_t cookie[EDNS_COOKIE_MAX];
	uint8_t subnet[EDNS_SUBNET_MAX]; /* the option's data, checked */
};

enum edns_state {
	EDNS_OK, /* well-formed, or absent */
	EDNS_FORMERR, /* an option is malformed or does not fit */
	EDNS_BADVERS, /* a version other than 0: RFC 6891 6.1.3 */
};

/* Reads the OPT record that message_parse() found, if any.  All fields are
 * set in each case, and present is true in the error cases too, as far as the
 * answer needs it.  The work is linear in the RDATA; of an option that comes
 * more than once the first counts. */
enum edns_state edns_parse(struct edns *, const struct message *, bool tcp);

/* How large a response over UDP may be: the least of what the client takes
 * and max; 512 without EDNS. */
size_t edns_udp_limit(const struct edns *, uint16_t max);

/* What the OPT record of a response says.  {0} with ede = EDE_NONE is the
 * least one; edns_reply_init() makes it. */
struct edns_reply {
	uint16_t payload; /* what we take */
	bool dnssec_ok;
	bool keepalive;
	uint16_t keepalive_ds; /* 100 ms each */
	uint8_t lease_len; /* 0, 4 or 8: as in the request */
	uint32_t lease_s;
	uint32_t key_lease_s;
	const uint8_t *nsid; /* NULL: none */
	uint16_t nsid_len;
	const uint8_t *cookie; /* NULL: none */
	uint16_t cookie_len;
	const uint8_t *subnet; /* NULL: none; the request's */
	uint16_t subnet_len;
	uint8_t subnet_scope; /* bits that decided, RFC 7871 7.2.1 */
	enum ede ede;
	const char *ede_text; /* NULL or UTF-8 */
};

/* The answer to a request: DO and the size of the lease option as there, our
 * payload, no options. */
void edns_reply_init(struct edns_reply *, const struct edns *);

/* The octets that edns_put() needs: keep them free while the answer grows. */
size_t edns_reply_len(const struct edns_reply *);

/* Appends the OPT record with the upper eight bits of rcode, and counts it.
 * Where there is too little room the text of the extended error goes first,
 * then the extended error itself, before the writer fails. */
void edns_put(struct wire_writer *, const struct edns_reply *, unsigned rcode);

#endif
