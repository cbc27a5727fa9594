/* tsig.h - transaction signatures: who sent a message, and is it whole.
 *
 *   request   message_parse -> tsig_verify -> struct tsig
 *   response  ... answer ... -> tsig_sign (uses and changes struct tsig)
 *   transfer  tsig_sign for the first message, then tsig_sign for each next
 *
 *   client    tsig_start -> tsig_sign -> ... -> tsig_verify_answer
 *
 * A tsig_table holds one keyed HMAC context for each key, so that a message
 * costs no key set-up.  struct tsig is a plain value: it names its key instead
 * of pointing at it, so it may wait with an update while keys are replaced.
 *
 * The time a key was last used is not remembered: many clients share a key
 * and their messages overtake each other (the SHOULD of RFC 8945 5.2.3 would
 * refuse them).
 *
 * Threads:   a table belongs to one thread; struct tsig to who holds it.
 * Ownership: tables copy what they need from the keys.
 * Units:     seconds since 1970, unsigned 48 bits on the wire.
 * Errors:    ERR_MEMORY, ERR_CRYPTO, ERR_EXISTS (a key twice), ERR_NOT_FOUND,
 *            ERR_LIMIT (no room); what peers do wrong is a tsig_state.
 * Standards: RFC 8945; RFC 2104 (HMAC and its truncation).
 */
#ifndef SERVER_NAMESERVER_TSIG_H
#define SERVER_NAMESERVER_TSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/nameserver/message.h"
#include "zones/dns/error.h"
#include "zones/dns/name.h"
#include "zones/dns/wire.h"

#define TSIG_MAC_MAX 64       /* SHA-512 */
#define TSIG_FUDGE_S 300      /* what we send: RFC 8945 10 recommends it */
#define TSIG_FUDGE_MAX_S 3600 /* what we believe: bounds the time of replay */

enum tsig_algorithm {
	TSIG_HMAC_MD5,
	TSIG_HMAC_SHA1,
	TSIG_HMAC_SHA224,
	TSIG_HMAC_SHA256,
	TSIG_HMAC_SHA384,
	TSIG_HMAC_SHA512,
	TSIG_ALGORITHMS, /* how many there are */
};

/* A shared secret.  The name is in lower case. */
struct tsig_key {
	struct name name;
	enum tsig_algorithm algorithm;
	const uint8_t *secret;
	size_t secret_len;
};

/* "hmac-sha256" and the like, case-blind, with or without a final dot; MD5
 * also by its long name.  False if unknown. */
bool tsig_algorithm_from_text(const char *text, enum tsig_algorithm *);

/* Its short name, such as "hmac-sha256". */
const char *tsig_algorithm_text(enum tsig_algorithm);

/* The octets of a full MAC. */
size_t tsig_algorithm_len(enum tsig_algorithm);

struct tsig_table;

/* Makes the keyed contexts of one thread. */
enum error tsig_table_new(const struct tsig_key *keys, size_t count,
    struct tsig_table **) MUST_CHECK;
void tsig_table_free(struct tsig_table *);

enum tsig_state {
	TSIG_NONE,    /* the message is not signed */
	TSIG_OK,      /* signed by tsig->key */
	TSIG_NOTAUTH, /* answer NOTAUTH; tsig->error says why, tsig_sign()
	               * makes the record that 5.3.2 asks for */
	TSIG_FORMERR, /* answer FORMERR, without TSIG */
	TSIG_FAILED,  /* the crypto library refused: SERVFAIL */
};

/* What is known of a message's signature, and what its answer needs. */
struct tsig {
	enum tsig_state state;
	uint16_t error; /* RCODE_BADSIG, BADKEY, BADTIME, BADTRUNC; 0 */
	enum tsig_algorithm algorithm; /* TSIG_ALGORITHMS: one unknown to us */
	uint16_t original_id;
	uint16_t fudge_s;
	uint64_t time_s; /* when it was signed, by the signer's clock */
	bool request;    /* tsig_sign() signs a request of ours next */
	bool next;       /* it signs, or verifies, a later one of a stream */
	uint8_t mac_len; /* of the last MAC in the exchange */
	uint8_t mac[TSIG_MAC_MAX];
	struct name key; /* lower case */
	/* Lower case; only where the algorithm is not one of ours. */
	struct name algorithm_name;
};

/* Checks the signature of a request in the order of RFC 8945 5.2 (key, MAC,
 * time) and fills in *tsig (after TSIG_NONE nothing but state). */
enum tsig_state tsig_verify(struct tsig_table *, const struct message *,
    int64_t wall_s, struct tsig *);

/* The octets that tsig_sign() will append: keep them free; 0 if nothing is to
 * be appended (TSIG_NONE, TSIG_FORMERR, TSIG_FAILED). */
size_t tsig_reserve_len(const struct tsig *);

/* Appends the TSIG record to the message that the writer holds from its first
 * octet on, complete but for it, and counts it.  Responses are signed with the
 * whole MAC even where the request's was truncated (5.2.2.1 lets the signer
 * choose).  Does nothing where tsig_reserve_len() is 0.  ERR_NOT_FOUND, with
 * the writer as it was, if the key has left the table meanwhile. */
enum error tsig_sign(struct tsig_table *, struct tsig *, struct wire_writer *,
    int64_t wall_s) MUST_CHECK;

/* Client side: prepares for signing a request with a key. */
void tsig_start(struct tsig *, const struct tsig_key *);

/* Client side: checks the answer to the request that tsig_sign() signed last,
 * or (tsig->next, set here by each success) one more message of the stream,
 * each of which must be signed.  TSIG_NONE if it is not signed; TSIG_NOTAUTH
 * with error RCODE_BADSIG, BADKEY or BADTIME if our checks fail, or if the
 * server says that its checks of the request did: then *server_error is not 0
 * and the record is unsigned for BADKEY and BADSIG, so believe it no further
 * than to report it.  The message comes from message_parse_answer(). */
enum tsig_state tsig_verify_answer(struct tsig_table *, struct tsig *,
    const struct message *, int64_t wall_s, uint16_t *server_error);

#endif
