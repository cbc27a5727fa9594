/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of DNSSEC: algorithms, types and their bit maps, times, salts. */
#include "zones/zonefile_field.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

#define BASE32 DIGITS "abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUV"

/* Algorithms and the like: a number or a word that ldns knows. */
static enum error
put_mnemonic(struct zonefile_fields *f, ldns_rdf_type kind)
{
	const struct zonefile_word *word = zonefile_take_bare(f);

	if (word == NULL)
		return ERR_SYNTAX;
	if (zonefile_consists_of(word->text, DIGITS)) {
		f->next--;
		return zonefile_put_number(
		    f, kind == LDNS_RDF_TYPE_CERT_ALG ? 2 : 1);
	}
	/* Otherwise ldns would take it for a number once more, with sign. */
	if (strchr("+-", *word->text) != NULL)
		return zonefile_fail_field(f, word);
	return zonefile_put_by_ldns(f, word, kind, word->text);
}

static enum error
put_type(struct zonefile_fields *f)
{
	const struct zonefile_word *word = zonefile_take_bare(f);
	uint16_t type;

	if (word == NULL)
		return ERR_SYNTAX;
	if ((type = zonefile_type(word->text)) == 0)
		return zonefile_fail(f->lex, word, ERR_SYNTAX,
		    "unknown type %.200s", word->text);
	zonefile_put_integer(f, type, 2);
	return OK;
}

static void
put_window(struct zonefile_fields *f, uint8_t window, const uint8_t *bits)
{
	uint8_t len = 32;

	while (len > 0 && bits[len - 1] == 0)
		len--;
	if (len == 0)
		return;
	zonefile_put_octets(f, &window, 1);
	zonefile_put_octets(f, &len, 1);
	zonefile_put_octets(f, bits, len);
}

/* Type bit maps (RFC 4034 4.1.2); ldns knows fewer types, and repeated ones
 * could fill its stack. */
static enum error
put_types(struct zonefile_fields *f)
{
	uint8_t bits[256][32] = {{0}};

	while (f->next < f->lex->count) {
		const struct zonefile_word *word = zonefile_take_bare(f);
		uint16_t type;

		if (word == NULL)
			return ERR_SYNTAX;
		if ((type = zonefile_type(word->text)) == 0)
			return zonefile_fail(f->lex, word, ERR_SYNTAX,
			    "unknown type %.200s", word->text);
		bits[type >> 8][(type & 255) / 8] |=
		    (uint8_t)(0x80 >> type % 8);
	}
	for (unsigned window = 0; window < 256; window++)
		put_window(f, (uint8_t)window, bits[window]);
	return OK;
}

static unsigned
days_in_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month < 1 || month > 12)
		return 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

/* Seconds, or YYYYMMDDHHmmSS (RFC 4034 3.2), which ldns would let end in
 * a year that does not fit or a 31 February. */
static enum error
put_time(struct zonefile_fields *f)
{
	const struct zonefile_word *word = zonefile_take_bare(f);
	unsigned year, month, day;

	if (word == NULL)
		return ERR_SYNTAX;
	if (word->len != 14 || !zonefile_consists_of(word->text, DIGITS)) {
		f->next--;
		return zonefile_put_number(f, 4);
	}
	if (sscanf(word->text, "%4u%2u%2u", &year, &month, &day) != 3 ||
	    year < 1970 || year > 2105 || day < 1 ||
	    day > days_in_month(year, month))
		return zonefile_fail_field(f, word);
	return zonefile_put_by_ldns(f, word, LDNS_RDF_TYPE_TIME, word->text);
}

static bool
is_salt(const struct zonefile_word *word)
{
	return word->len % 2 == 0 && word->len <= 510;
}

/* Base 32 without padding (RFC 4648 7), 255 octets at most. */
static bool
is_base32(const struct zonefile_word *word)
{
	size_t rest = word->len % 8;

	return word->len <= 408 && rest != 1 && rest != 3 && rest != 6;
}

/* The salt of NSEC3, or `-` for none (RFC 5155 3.3). */
static enum error
put_salt(struct zonefile_fields *f)
{
	const struct zonefile_word *word = zonefile_take_bare(f);

	if (word == NULL)
		return ERR_SYNTAX;
	if (strcmp(word->text, "-") == 0) {
		zonefile_put_integer(f, 0, 1);
		return OK;
	}
	f->next--;
	return zonefile_put_word_of(f, LDNS_RDF_TYPE_NSEC3_SALT, HEX, is_salt);
}

enum error
zonefile_put_dnssec(struct zonefile_fields *f, int kind)
{
	switch ((ldns_rdf_type)kind) {
	case LDNS_RDF_TYPE_ALG:
	case LDNS_RDF_TYPE_CERT_ALG:
	case LDNS_RDF_TYPE_CERTIFICATE_USAGE:
	case LDNS_RDF_TYPE_SELECTOR:
	case LDNS_RDF_TYPE_MATCHING_TYPE:
		return put_mnemonic(f, (ldns_rdf_type)kind);
	case LDNS_RDF_TYPE_TYPE:
		return put_type(f);
	case LDNS_RDF_TYPE_NSEC:
		return put_types(f);
	case LDNS_RDF_TYPE_TIME:
		return put_time(f);
	case LDNS_RDF_TYPE_NSEC3_SALT:
		return put_salt(f);
	case LDNS_RDF_TYPE_NSEC3_NEXT_OWNER:
		return zonefile_put_word_of(f, kind, BASE32, is_base32);
	default:
		return zonefile_fail_field(f, &f->lex->word[f->next - 1]);
	}
}
