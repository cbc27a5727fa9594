/* query.h - the way of a question through our zones.
 *
 * RFC 1034 4.3.2, step by step; each step either ends the answer or follows
 * a CNAME or DNAME to the next name:
 *
 *   zone? --no--> outside: REFUSED (first name) or end of chain, unless
 *     |          others are asked (resolve.h)
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

/* Names in a chain of CNAMEs and DNAMEs: more is a loop or abuse. */
#define QUERY_CHAIN_MAX 16

/* The names so far that lead to the one being looked up. */
struct chain {
	unsigned length; /* 0: the name in question itself */
	uint64_t asked[QUERY_CHAIN_MAX]; /* their hashes */
};

/* Notes that a name leads to another.  False if that is a loop, which is told
 * once (no record comes twice, RFC 2181 5), or the chain is too long. */
bool chain_follow(struct chain *, uint64_t from, uint64_t to);

/* What came out, beside the records. */
struct query_result {
	enum rcode rcode;
	bool authoritative; /* AA: about the first name, RFC 1034 4.1 */
	bool prohibited; /* REFUSED because of who asks */
	bool not_ready; /* SERVFAIL because the zone has no data */
	bool authentic; /* AD: whom we asked has verified all of it */
	/* A name that is not ours, where the rest is to be found: the one in
	 * question (REFUSED so far) or in the worker's scratch; NULL: none. */
	const uint8_t *outside;
};

/* Answers a question of class IN.  The answer holds header and question; with
 * a chain that has a length, also what led to this name, which is not the one
 * in question. */
struct query_result query_answer(struct answer *, struct chain *,
    const uint8_t *name, uint16_t qtype, const struct name_key *key);

#endif
