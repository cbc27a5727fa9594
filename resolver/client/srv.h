/* srv.h - what a DNS answer says of a service.
 *
 * Reads one answer to a question for SRV, A or AAAA: follows the chain of
 * CNAMEs in it, takes the records at its end, and any addresses of targets
 * that came along.  Answers come from the resolver that the program has
 * chosen to trust; they are parsed strictly all the same.
 *
 *     service --CNAME--> ... --> end: SRV, SRV ...   answer
 *                                target: A, AAAA      additional
 *
 * Threads:   any.
 * Ownership: an answer owns its arrays; srv_answer_fini().
 * Units:     TTLs in seconds.
 * Errors:    enum srv_outcome.
 * Standards: RFC 2782; RFC 1035 4.1; RFC 2181 8 (TTLs); RFC 2308 5.
 */
#ifndef RESOLVER_CLIENT_SRV_H
#define RESOLVER_CLIENT_SRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/name.h"
#include "zones/dns/rdata.h"

#define SRV_RECORDS_MAX 1024 /* of one service; a message holds about 2000 */
#define SRV_ADDRESSES_MAX 2048 /* of all its targets */
#define SRV_CHAIN_MAX 8 /* CNAMEs */

struct srv_record {
	struct name target;
	uint16_t priority;
	uint16_t weight;
	uint16_t port;
	uint16_t order; /* in the answer */
};

struct srv_address {
	struct name owner; /* a target, or the name that was asked for */
	uint16_t type; /* TYPE_A, TYPE_AAAA */
	uint8_t octets[16]; /* 4 of them for A */
};

struct srv_answer {
	struct name end; /* of the chain */
	uint32_t ttl_s; /* least of all that was used; of a negative answer
			 * how long it holds, 0 without a SOA */
	struct srv_record *records;
	size_t records_count;
	struct srv_address *addresses;
	size_t addresses_count;
};

enum srv_outcome {
	SRV_FOUND,
	SRV_NONE, /* NXDOMAIN or NODATA */
	SRV_CHASE, /* the chain ends in a name that was not looked up */
	SRV_SERVFAIL, /* another RCODE: the server could not tell */
	SRV_MALFORMED,
	SRV_MEMORY,
};

void srv_answer_fini(struct srv_answer *);

/* Reads the answer to a question for SRV, A or AAAA of a name.  Fills the
 * answer in with all outcomes up to SRV_CHASE; addresses of an A or AAAA
 * question have the name that was asked for as their owner. */
enum srv_outcome srv_read(const uint8_t *message, size_t len,
    const uint8_t *qname, uint16_t qtype, struct srv_answer *);

/* Adds an address; false without memory.  One too many is left out. */
bool srv_answer_add_address(struct srv_answer *, const uint8_t *owner,
    uint16_t type, const uint8_t *octets);

/* Whether any address of a host is known. */
bool srv_answer_has_address(const struct srv_answer *, const uint8_t *host);

/* RFC 2782: a single record with the target "." says that the service is
 * decidedly not available.  Takes such records away; whether none is left. */
bool srv_answer_drop_roots(struct srv_answer *);

/* Sorts records by priority, then host and port: the same order whatever the
 * server's. */
void srv_answer_sort(struct srv_answer *);

#endif
