/* tsig_key.h - shared secrets, and HMACs keyed with them (the OpenSSL door of
 * TSIG).
 *
 * Keying an HMAC costs more than running it over a message, so a table keeps
 * one keyed context for each key, and starting anew is only a copy of it.
 *
 * Threads:   a table and its contexts belong to one thread.
 * Ownership: tables copy what they need from the keys; OpenSSL wipes its copy
 *            of a secret when the table is freed.
 * Units:     octets.
 * Errors:    ERR_MEMORY; ERR_CRYPTO; ERR_EXISTS, a name and algorithm twice;
 *            bool of tsig_hmac_*: the crypto library refused.
 * Standards: RFC 8945 6 (algorithms); RFC 2104.
 */
#ifndef SERVER_NAMESERVER_TSIG_KEY_H
#define SERVER_NAMESERVER_TSIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"
#include "zones/dns/name.h"

#define TSIG_MAC_MAX 64 /* SHA-512 */

enum tsig_algorithm {
	TSIG_HMAC_MD5,
	TSIG_HMAC_SHA1,
	TSIG_HMAC_SHA224,
	TSIG_HMAC_SHA256,
	TSIG_HMAC_SHA384,
	TSIG_HMAC_SHA512,
	TSIG_ALGORITHMS, /* how many there are; also: none of them */
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

/* Its name on the wire, and the algorithm that has a name in lower case
 * (TSIG_ALGORITHMS if none). */
const uint8_t *tsig_algorithm_name(enum tsig_algorithm);
enum tsig_algorithm tsig_algorithm_find(const struct name *);

/* The octets of a whole MAC. */
size_t tsig_algorithm_len(enum tsig_algorithm);

struct tsig_table;
struct tsig_hmac; /* one key, ready to sign */

/* Makes the keyed contexts of one thread. */
enum error tsig_table_new(
    const struct tsig_key *keys, size_t count, struct tsig_table **) MUST_CHECK;
void tsig_table_free(struct tsig_table *);

/* The key of that name (any case) and algorithm, or NULL; none is in NULL. */
struct tsig_hmac *tsig_table_find(
    const struct tsig_table *, const uint8_t *name, enum tsig_algorithm);

/* One MAC: begin, add as often as needed, end.  mac gets
 * tsig_algorithm_len() octets. */
bool tsig_hmac_begin(struct tsig_hmac *) MUST_CHECK;
bool tsig_hmac_add(struct tsig_hmac *, const void *, size_t) MUST_CHECK;
bool tsig_hmac_end(struct tsig_hmac *, uint8_t mac[TSIG_MAC_MAX]) MUST_CHECK;

#endif
