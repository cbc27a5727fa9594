/* zonefile_field.h - fields with a syntax of their own.
 *
 * ldns reads most of them, but wraps numbers, ignores what follows and takes
 * half octets: each is checked here before it goes there.
 *
 * Threads:   any.
 * Ownership: all borrowed.
 * Errors:    as zonefile_rdata.h.
 * Standards: RFC 1706 8; RFC 1876 3; RFC 3123 5; RFC 4025 3.1; RFC 4034 2 to
 *            5; RFC 5155 3.3; RFC 6742 2; RFC 7043 3.2, 4.2; RFC 8005 6.
 */
#ifndef ZONES_ZONEFILE_FIELD_H
#define ZONES_ZONEFILE_FIELD_H

#include "zones/zonefile_rdata.h"

#define DIGITS "0123456789"
#define HEX DIGITS "abcdefABCDEF"

/* Whether text has an octet at least, and none outside set. */
bool zonefile_consists_of(const char *text, const char *set);

/* Complains that the word cannot be what the type has there. */
enum error zonefile_fail_field(
    const struct zonefile_fields *, const struct zonefile_word *);

/* Has ldns read text as a kind of field (an ldns_rdf_type); the word is to
 * blame if it cannot. */
enum error zonefile_put_by_ldns(struct zonefile_fields *,
    const struct zonefile_word *, int kind, const char *text) MUST_CHECK;

/* The same with the next word, which must consist of set and fit. */
enum error zonefile_put_word_of(struct zonefile_fields *, int kind,
    const char *set, bool (*fits)(const struct zonefile_word *)) MUST_CHECK;

/* Reads base64 from text, which the word is blamed for. */
enum error zonefile_put_base64(struct zonefile_fields *,
    const struct zonefile_word *, const char *text) MUST_CHECK;

/* Reads the kinds that DNSSEC has (zonefile_dnssec.c). */
enum error zonefile_put_dnssec(struct zonefile_fields *, int kind) MUST_CHECK;

#endif
