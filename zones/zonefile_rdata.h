/* zonefile_rdata.h - the words of a record into RDATA.
 *
 * The descriptors of ldns say which fields a type has.  Numbers, names,
 * addresses, strings and hex are read here, with their ranges.  Fields with a
 * syntax of their own (zonefile_field.c) are checked for what ldns would let
 * through and then go to ldns, except the parameters of SVCB (zonefile_svcb.c).
 * Every result has passed rdata_check().
 *
 *     zonefile_rdata.c    the fields of a type, one after the other
 *     zonefile_scalar.c   types, numbers, times, strings, names as words
 *     zonefile_field.c    fields with a syntax of their own
 *     zonefile_dnssec.c   those of DNSSEC
 *     zonefile_svcb.c     the parameters of SVCB and HTTPS
 *
 * Threads:   any.
 * Ownership: all borrowed.
 * Errors:    ERR_SYNTAX, ERR_RANGE, ERR_LIMIT, ERR_MEMORY, explained through
 *            zonefile_fail().
 * Standards: RFC 1035 5.1; RFC 3597 5; RFC 9460 2.1.
 */
#ifndef ZONES_ZONEFILE_RDATA_H
#define ZONES_ZONEFILE_RDATA_H

#include <stdbool.h>
#include <stdint.h>

#include "zones/dns/wire.h"
#include "zones/zonefile_lex.h"

/* RDATA in the making. */
struct zonefile_fields {
	const struct zonefile_lexer *lex;
	size_t next; /* the first word not used */
	uint16_t type;
	const uint8_t *origin; /* completes relative names */
	struct wire_writer *out;
};

/* Reads all words from next on; out holds RDATA_MAX_LEN octets and is empty
 * before. */
enum error zonefile_rdata_parse(struct zonefile_fields *) MUST_CHECK;

/* Whether the type has a text form beside \# LENGTH HEX, which all have. */
bool zonefile_has_text_form(uint16_t type);

/* The type that a word names, as mnemonic or TYPE123; 0 if none. */
uint16_t zonefile_type(const char *text);

/* A time in seconds, or with units as in 1h30m; ERR_SYNTAX, ERR_RANGE. */
enum error zonefile_period(
    const char *text, uint32_t max, uint32_t *seconds) MUST_CHECK;

/* A decimal number without sign; ERR_SYNTAX, ERR_RANGE. */
enum error zonefile_number(
    const char *text, uint32_t max, uint32_t *number) MUST_CHECK;

/* Decodes \X and \DDD of a word into at most max octets; ERR_SYNTAX,
 * ERR_LIMIT. */
enum error zonefile_unescape(const struct zonefile_word *, uint8_t *to,
    size_t max, size_t *len) MUST_CHECK;

/* Reads a name, complaining about it in the words of the field. */
enum error zonefile_name(const struct zonefile_lexer *,
    const struct zonefile_word *, const uint8_t *origin,
    struct name *) MUST_CHECK;

/* Steps of reading RDATA; each takes words from f and puts octets. */

/* The next word, or NULL after complaining that one is missing. */
const struct zonefile_word *zonefile_take_word(struct zonefile_fields *);

/* The same, refusing quoted strings. */
const struct zonefile_word *zonefile_take_bare(struct zonefile_fields *);

/* Puts octets as they are. */
void zonefile_put_octets(struct zonefile_fields *, const void *, size_t len);

/* Puts an integer of size octets (1, 2 or 4). */
void zonefile_put_integer(
    struct zonefile_fields *, uint32_t value, size_t size);

/* Reads a number that must fit into size octets. */
enum error zonefile_put_number(
    struct zonefile_fields *, size_t size) MUST_CHECK;

enum error zonefile_put_name(struct zonefile_fields *) MUST_CHECK;

/* Reads an address of AF_INET or AF_INET6. */
enum error zonefile_put_address(
    struct zonefile_fields *, int family) MUST_CHECK;

/* Reads words of hexadecimal digits: the next one, or all that are left. */
enum error zonefile_put_hex(struct zonefile_fields *, bool all) MUST_CHECK;

/* Complains about a number that zonefile_number() or zonefile_period() did
 * not take. */
enum error zonefile_fail_number(const struct zonefile_fields *,
    const struct zonefile_word *, enum error, uint32_t max);

/* Reads a field of a kind that has a syntax of its own; kind is an
 * ldns_rdf_type (zonefile_field.c). */
enum error zonefile_put_field(struct zonefile_fields *, int kind) MUST_CHECK;

/* Reads the parameters of SVCB and HTTPS (zonefile_svcb.c). */
enum error zonefile_put_svcparams(struct zonefile_fields *) MUST_CHECK;

#endif
