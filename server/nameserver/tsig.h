/* tsig.h - transaction signatures: who sent a message, and is it whole.
 *
 *   request    message_parse -> tsig_verify -> struct tsig
 *   response   ... answer ... -> tsig_sign
 *   transfer   tsig_sign once for each message, in order
 *
 *   client     tsig_start -> tsig_sign -> ... -> tsig_verify_answer
 *
 * struct tsig is a plain value: it names its key instead of pointing at it,
 * so it may wait with an update while keys are replaced.
 *
 * When a key was last used is not remembered: many clients share a key and
 * their messages overtake each other (the SHOULD of RFC 8945 5.2.3 would
 * refuse them).
 *
 * Threads:   a tsig_table belongs to one thread, struct tsig to who holds it.
 * Ownership: none.
 * Units:     seconds since 1970, unsigned 48 bits on the wire.
 * Errors:    ERR_CRYPTO, ERR_NOT_FOUND, ERR_LIMIT for what we could not do;
 *            what peers do wrong is a tsig_state.
 * Standards: RFC 8945.
 */
#ifndef SERVER_NAMESERVER_TSIG_H
#define SERVER_NAMESERVER_TSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/message.h"
#include "server/nameserver/tsig_key.h"
#include "zones/dns/error.h"
#include "zones/dns/name.h"
#include "zones/dns/wire.h"

#define TSIG_FUDGE_S 300 /* what we send: RFC 8945 10 recommends it */
#define TSIG_FUDGE_MAX_S 3600 /* what we believe: bounds the time of replay */

enum tsig_state {
	TSIG_NONE, /* the message is not signed */
	TSIG_OK, /* signed by tsig->key */
	TSIG_NOTAUTH, /* a check failed: tsig->error says which; answer NOTAUTH,
		       * tsig_sign() makes the record that goes with it */
	TSIG_FORMERR, /* answer FORMERR, without TSIG */
	TSIG_REFUSED, /* client only: the server did not take our signature */
	TSIG_FAILED, /* the crypto library refused: SERVFAIL */
};

/* What is known of a message's signature, and what its answer needs. */
struct tsig {
	enum tsig_state state;
	uint16_t error; /* 0, RCODE_BADSIG, RCODE_BADKEY, RCODE_BADTIME */
	enum tsig_algorithm algorithm; /* TSIG_ALGORITHMS: not one of ours */
	uint16_t fudge_s; /* of the message that was verified */
	uint64_t time_s; /* when that was signed, by the signer's clock */
	bool next; /* messages of this exchange are later ones of a stream */
	uint8_t mac_len; /* of the exchange's last MAC; 0: none so far */
	uint8_t mac[TSIG_MAC_MAX];
	struct name key; /* lower case */
	struct name algorithm_name; /* lower case */
};

/* Checks the signature of a request that is MESSAGE_OK, in the order of
 * RFC 8945 5.2 (key, MAC, time), and fills in *tsig: after TSIG_NONE,
 * TSIG_FORMERR and TSIG_FAILED nothing but state.  The key is known by its
 * name only after TSIG_OK (and in NOTAUTH what the peer pretends). */
enum tsig_state tsig_verify(const struct tsig_table *, const struct message *,
    int64_t wall_s, struct tsig *);

/* The octets that tsig_sign() will append: keep them free while the answer
 * grows.  0 if there is nothing to append: TSIG_NONE, FORMERR, FAILED. */
size_t tsig_reserve_len(const struct tsig *);

/* Appends the TSIG record to the message that the writer's buffer holds from
 * its first octet on, complete but for it, and counts it.  Does nothing where
 * tsig_reserve_len() is 0.  MACs are whole even where the request's was
 * truncated, which every policy accepts.
 *
 * On an error the writer is as it was: ERR_NOT_FOUND if the key has left the
 * table meanwhile, ERR_LIMIT if there is no room. */
enum error tsig_sign(const struct tsig_table *, struct tsig *,
    struct wire_writer *, int64_t wall_s) MUST_CHECK;

/* Client side: makes tsig_sign() sign a request with that key. */
void tsig_start(struct tsig *, const struct tsig_key *);

/* Client side: checks the answer, which message_parse_answer() found OK, to
 * the request that tsig_sign() signed; after a TSIG_OK, the next message of
 * the same answer (each of them must be signed).
 *
 *   TSIG_OK       it is the server's
 *   TSIG_NONE     it is not signed
 *   TSIG_NOTAUTH  our check failed and *error says which (RCODE_BADSIG, ...)
 *   TSIG_REFUSED  the server's check failed, *error; BADKEY and BADSIG come
 *                 unsigned, so it is good for a message to people only
 *
 * Only TSIG_OK changes *tsig, so that a forged answer does not end the wait
 * for the true one (RFC 8945 5.4). */
enum tsig_state tsig_verify_answer(const struct tsig_table *, struct tsig *,
    const struct message *, int64_t wall_s, uint16_t *error);

#endif
