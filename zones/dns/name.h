/* name.h - domain names.
 *
 * A name is its uncompressed wire form: length-prefixed labels, root label
 * last, at most 255 octets, in the case in which it came.  A `const uint8_t *`
 * called owner, name or target always points at such a valid name; its
 * length is implied.  Comparison ignores ASCII case (RFC 4343).
 *
 * A name_key is a name prepared for looking up: lower case, with the place of
 * each label and a hash of each suffix, all made in one pass from the root
 * down.  The hash is keyed per process so that no peer can aim at collisions.
 *
 * Threads:   any; name_hash_seed once before all others.
 * Ownership: callers own all buffers; nothing here allocates.
 * Units:     *_len are octets, the root label included.
 * Errors:    ERR_SYNTAX, ERR_LIMIT for text; bool for wire data.
 * Standards: RFC 1035 2.3.4, 3.1, 5.1 (escapes); RFC 4343; RFC 4034 6.1.
 */
#ifndef ZONES_DNS_NAME_H
#define ZONES_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

#define NAME_MAX_LEN 255 /* RFC 1035 2.3.4 */
#define NAME_MAX_LABELS 127 /* 127 labels of one octet and the root */
#define LABEL_MAX_LEN 63 /* RFC 1035 2.3.4 */
#define NAME_TEXT_LEN 1024 /* 255 octets as \DDD, dots and a NUL fit */

/* An owned copy of a name, case preserved. */
struct name {
	uint8_t len; /* 1..255 */
	uint8_t wire[NAME_MAX_LEN];
};

/* A name ready for looking up.  Label i starts at wire[label[i]] and the
 * suffix that starts there has the hash hash[i]; label[labels] is the root,
 * whose hash is hash[labels].  So labels counts the labels without the root,
 * and stripping i labels gives (wire + label[i], hash[i]). */
struct name_key {
	uint8_t len;
	uint8_t labels;
	uint8_t label[NAME_MAX_LABELS + 1];
	uint8_t wire[NAME_MAX_LEN + 1 + 16]; /* lower case; slack for SWAR */
	uint64_t hash[NAME_MAX_LABELS + 1];
};

/* Sets the key of all name hashes: random in the server, fixed in tests. */
void name_hash_seed(uint64_t seed);

/* Whether at most avail octets at wire start with a valid uncompressed name;
 * *len is set to its length if so. */
bool name_check(const uint8_t *wire, size_t avail, size_t *len);

/* The length of a valid name, root label included. */
size_t name_len(const uint8_t *name);

/* The number of labels without the root. */
unsigned name_labels(const uint8_t *name);

/* The name without its first n labels; n must not exceed name_labels(). */
const uint8_t *name_strip(const uint8_t *name, unsigned n);

bool name_equal(const uint8_t *a, const uint8_t *b);

/* Whether name is ancestor or below it. */
bool name_is_in(const uint8_t *name, const uint8_t *ancestor);

/* <0, 0, >0 in the canonical order of RFC 4034 6.1. */
int name_compare(const uint8_t *a, const uint8_t *b);

/* Copies a name in lower case; returns its length. */
size_t name_lower(uint8_t *to, const uint8_t *name);

void name_set(struct name *, const uint8_t *name);

/* Puts one label (1..63 octets) in front of suffix; false, with *to
 * unspecified, if the result would exceed 255 octets.  to may not overlap. */
bool name_prepend(struct name *to, const uint8_t *label, size_t label_len,
    const uint8_t *suffix);

/* Parses presentation format: escapes \X and \DDD; relative names (no final
 * dot) are completed with origin, or with the root if origin is NULL; "@" is
 * the origin. */
enum error name_from_text(
    const char *text, const uint8_t *origin, struct name *) MUST_CHECK;

/* Prints with a final dot and escapes into a buffer of NAME_TEXT_LEN octets;
 * returns text. */
char *name_to_text(const uint8_t *name, char *text);

/* Fills in the key of a valid name. */
void name_key_init(struct name_key *, const uint8_t *name);

/* The hash that name_key_init() would put into hash[0]; any case. */
uint64_t name_hash(const uint8_t *name);

#endif
