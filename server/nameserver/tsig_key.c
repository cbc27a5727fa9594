/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/tsig_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct algorithm {
	const char *text;
	const char *wire; /* the literal's NUL is the root label */
	char digest[8]; /* OpenSSL's word for the hash */
	uint8_t wire_len;
	uint8_t mac_len;
};

#define WIRE(name) .wire = name, .wire_len = sizeof(name)

/* RFC 8945 6, table 3. */
static const struct algorithm algorithms[TSIG_ALGORITHMS] = {
    [TSIG_HMAC_MD5] = {"hmac-md5",
	WIRE("\010hmac-md5\007sig-alg\003reg\003int"), .digest = "MD5",
	.mac_len = 16},
    [TSIG_HMAC_SHA1] = {"hmac-sha1", WIRE("\011hmac-sha1"), .digest = "SHA1",
	.mac_len = 20},
    [TSIG_HMAC_SHA224] = {"hmac-sha224", WIRE("\013hmac-sha224"),
	.digest = "SHA224", .mac_len = 28},
    [TSIG_HMAC_SHA256] = {"hmac-sha256", WIRE("\013hmac-sha256"),
	.digest = "SHA256", .mac_len = 32},
    [TSIG_HMAC_SHA384] = {"hmac-sha384", WIRE("\013hmac-sha384"),
	.digest = "SHA384", .mac_len = 48},
    [TSIG_HMAC_SHA512] = {"hmac-sha512", WIRE("\013hmac-sha512"),
	.digest = "SHA512", .mac_len = 64},
};

struct tsig_hmac {
	EVP_MAC_CTX *context; /* NULL: an empty place in the table */
	enum tsig_algorithm algorithm;
	struct name name;
};

/* An open-addressed hash table, at most half full. */
struct tsig_table {
	EVP_MAC *hmac;
	size_t mask; /* places - 1, places being a power of two */
	struct tsig_hmac place[];
};

bool
tsig_algorithm_from_text(const char *text, enum tsig_algorithm *algorithm)
{
	static const char long_md5[] = "hmac-md5.sig-alg.reg.int";
	size_t len = strlen(text);
	unsigned i;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == strlen(long_md5) && strncasecmp(text, long_md5, len) == 0) {
		*algorithm = TSIG_HMAC_MD5;
		return true;
	}
	for (i = 0; i < TSIG_ALGORITHMS; i++) {
		if (strlen(algorithms[i].text) == len &&
		    strncasecmp(algorithms[i].text, text, len) == 0) {
			*algorithm = (enum tsig_algorithm)i;
			return true;
		}
	}
	return false;
}

const char *
tsig_algorithm_text(enum tsig_algorithm algorithm)
{
	return algorithms[algorithm].text;
}

const uint8_t *
tsig_algorithm_name(enum tsig_algorithm algorithm)
{
	return (const uint8_t *)algorithms[algorithm].wire;
}

enum tsig_algorithm
tsig_algorithm_find(const struct name *name)
{
	unsigned i;

	for (i = 0; i < TSIG_ALGORITHMS; i++)
		if (algorithms[i].wire_len == name->len &&
		    memcmp(algorithms[i].wire, name->wire, name->len) == 0)
			break;
	return (enum tsig_algorithm)i;
}

size_t
tsig_algorithm_len(enum tsig_algorithm algorithm)
{
	return algorithms[algorithm].mac_len;
}

/* The place of a key, or the empty one where it would be. */
static size_t
find_place(const struct tsig_table *table, const uint8_t *name,
    enum tsig_algorithm algorithm)
{
	size_t i = name_hash(name) & table->mask;

	while (table->place[i].context != NULL &&
	       (table->place[i].algorithm != algorithm ||
		   !name_equal(table->place[i].name.wire, name)))
		i = (i + 1) & table->mask;
	return i;
}

/* A context with its key in it, or NULL. */
static EVP_MAC_CTX *
new_context(EVP_MAC *hmac, const struct tsig_key *key)
{
	/* OpenSSL wants to write to it, and does not. */
	char digest[sizeof(algorithms[0].digest)];
	OSSL_PARAM params[2];
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);
	const uint8_t *secret = key->secret;

	if (context == NULL)
		return NULL;
	memcpy(digest, algorithms[key->algorithm].digest, sizeof(digest));
	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (secret == NULL) /* NULL would mean: no key yet */
		secret = (const uint8_t *)"";
	if (EVP_MAC_init(context, secret, key->secret_len, params) != 1) {
		EVP_MAC_CTX_free(context);
		return NULL;
	}
	return context;
}

static enum error
add_key(struct tsig_table *table, const struct tsig_key *key)
{
	struct tsig_hmac *place =
	    table->place + find_place(table, key->name.wire, key->algorithm);

	if (place->context != NULL)
		return ERR_EXISTS;
	place->context = new_context(table->hmac, key);
	if (place->context == NULL)
		return ERR_CRYPTO;
	place->algorithm = key->algorithm;
	name_set(&place->name, key->name.wire);
	return OK;
}

enum error
tsig_table_new(
    const struct tsig_key *keys, size_t count, struct tsig_table **made)
{
	struct tsig_table *table;
	enum error err = OK;
	size_t places = 2;
	size_t i;

	while (places / 2 < count)
		places *= 2;
	table = calloc(1, sizeof(*table) + places * sizeof(table->place[0]));
	if (table == NULL)
		return ERR_MEMORY;
	table->mask = places - 1;
	table->hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	if (table->hmac == NULL)
		err = ERR_CRYPTO;
	for (i = 0; i < count && err == OK; i++)
		err = add_key(table, keys + i);
	if (err != OK) {
		tsig_table_free(table);
		return err;
	}
	*made = table;
	return OK;
}

void
tsig_table_free(struct tsig_table *table)
{
	size_t i;

	if (table == NULL)
		return;
	for (i = 0; i <= table->mask; i++)
		EVP_MAC_CTX_free(table->place[i].context);
	EVP_MAC_free(table->hmac);
	free(table);
}

struct tsig_hmac *
tsig_table_find(const struct tsig_table *table, const uint8_t *name,
    enum tsig_algorithm algorithm)
{
	const struct tsig_hmac *place;

	if (table == NULL || algorithm >= TSIG_ALGORITHMS)
		return NULL;
	place = table->place + find_place(table, name, algorithm);
	return place->context == NULL ? NULL : (struct tsig_hmac *)place;
}

bool
tsig_hmac_begin(struct tsig_hmac *hmac)
{
	/* Without a key: the one it has, from the start. */
	return EVP_MAC_init(hmac->context, NULL, 0, NULL) == 1;
}

bool
tsig_hmac_add(struct tsig_hmac *hmac, const void *data, size_t len)
{
	return EVP_MAC_update(hmac->context, data, len) == 1;
}

bool
tsig_hmac_end(struct tsig_hmac *hmac, uint8_t mac[TSIG_MAC_MAX])
{
	size_t len;

	return EVP_MAC_final(hmac->context, mac, &len, TSIG_MAC_MAX) == 1 &&
	       len == tsig_algorithm_len(hmac->algorithm);
}
