/* rdata_form.h - of which fields the RDATA of each type consists.
 *
 * A form is a row of field codes.  Codes below FIELD_NAME stand for that many
 * octets of any value; the others are described beside them.  Only rdata*.c
 * needs this.
 *
 * Threads:   any.
 * Ownership: forms are constants.
 * Units:     octets.
 * Errors:    bool: false says malformed.
 * Standards: the RFC of each type, named in rdata_form.c.
 */
#ifndef ZONES_DNS_RDATA_FORM_H
#define ZONES_DNS_RDATA_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rdata_field {
	FIELD_END = 0,
	/* 1 to 63: that many octets. */
	FIELD_NAME = 64, /* from here to FIELD_NAME_LAST: a domain name */
	FIELD_NAME_1035 = FIELD_NAME, /* compressed in and out, lower-cased */
	FIELD_NAME_OLD, /* compressed in only (RFC 3597 4), lower-cased */
	FIELD_NAME_LOWER, /* never compressed, lower-cased (RFC 4034 6.2) */
	FIELD_NAME_EXACT, /* never compressed, case counts */
	FIELD_NAME_LAST = FIELD_NAME_EXACT,
	FIELD_STRING, /* a length octet and so many octets */
	FIELD_STRING_FULL, /* the same, of at least one octet */
	FIELD_TAG, /* the same, of letters and digits (RFC 8659 4.1) */
	/* These reach to the end of the RDATA. */
	FIELD_STRINGS, /* one or more strings */
	FIELD_STRINGS_1_2, /* one or two strings */
	FIELD_REST, /* any octets, or none */
	FIELD_REST_FULL, /* one octet or more */
	FIELD_REST_12, /* twelve octets or more */
	FIELD_TYPES, /* type bit maps (RFC 4034 4.1.2) */
	FIELD_TYPES_FULL, /* the same, of at least one type */
	/* These are the whole RDATA. */
	FORM_DS,
	FORM_LOC,
	FORM_APL,
	FORM_HIP,
	FORM_IPSECKEY,
	FORM_AMTRELAY,
	FORM_SVCB,
};

#define RDATA_FIELDS 6

struct rdata_form {
	char name[11]; /* of the type; empty: it has none */
	uint8_t field[RDATA_FIELDS]; /* ends with FIELD_END */
};

/* The form of a type; never NULL: unknown types are any octets. */
const struct rdata_form *rdata_form(uint16_t type);

static inline bool
field_is_name(uint8_t field)
{
	return field >= FIELD_NAME && field <= FIELD_NAME_LAST;
}

/* Whether receivers accept a compressed name there (RFC 3597 4). */
static inline bool
field_may_be_compressed(uint8_t field)
{
	return field == FIELD_NAME_1035 || field == FIELD_NAME_OLD;
}

/* Whether case does not count there (RFC 4034 6.2). */
static inline bool
field_ignores_case(uint8_t field)
{
	return field >= FIELD_NAME && field <= FIELD_NAME_LOWER;
}

/* Whether an uncompressed field starts at at, where avail octets are left of
 * the RDATA; *len is set to its length if so. */
bool rdata_field_check(
    uint8_t field, const uint8_t *at, size_t avail, size_t *len);

#endif
