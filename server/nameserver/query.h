/* query.h - the way of a question through our zones.
 *
 * RFC 1034 4.3.2, step by step; each step either ends the answer or follows
 * a CNAME or DNAME to the next name:
 *
 *   zone? --no--> REFUSED (first name) or end of chain
 *     | yes
 *   cut? --delegation--> referral      --DNAME--> CNAME made, next name
 *     | no
 *   node? --CNAME--> next name, else data, else synthesis, else NODATA
 *     | no
 *   synthesis? (service.h)  wildcard? (RFC 4592)  else NXDOMAIN
 *
 * Threads:   any worker, inside snapshot_enter().
 * Ownership: fills the caller's answer.
 * Errors:    the RCODE.
 * Standards: RFC 1034 4.3.2; RFC 2308; RFC 4592; RFC 6672; RFC 8020; RFC 8482.
 */
#ifndef SERVER_NAMESERVER_QUERY_H
#define SERVER_NAMESERVER_QUERY_H

#include "server/nameserver/answer.h"

/* What came out, beside the records. */
struct query_result {
	enum rcode rcode;
	bool authoritative; /* AA: about the first name, RFC 1034 4.1 */
	bool prohibited; /* REFUSED because of who asks */
	bool not_ready; /* SERVFAIL because the zone has no data */
};

/* Answers a question of class IN.  The answer holds header and question. */
struct query_result query_answer(struct answer *, const uint8_t *qname,
    uint16_t qtype, const struct name_key *key);

#endif
