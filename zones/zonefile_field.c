/* SPDX-License-Identifier: Apache-2.0 */
/* Fields with a syntax of their own.  ldns reads most of them, but wraps
 * numbers, ignores what follows, and takes half octets: each is checked here
 * before it goes there. */
#include "zones/zonefile_rdata.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/rdata.h"

#define HEX "0123456789abcdefABCDEF"
#define DIGITS "0123456789"

static bool
consists_of(const char *text, const char *set)
{
	return *text != '\0' && text[strspn(text, set)] == '\0';
}

static enum error
fail_field(const struct zonefile_fields *f, const struct zonefile_word *word)
{
	char type[16];

	return zonefile_fail(f->lex, word, ERR_SYNTAX,
	    "%.200s is malformed here (%s record)", word->text,
	    type_to_text(f->type, type));
}

/* The words that are left as one text with separator between them; the
 * caller frees it. */
static char *
join(struct zonefile_fields *f, const char *separator)
{
	size_t gap = strlen(separator);
	size_t len = 0;
	char *text;
	char *at;

	for (size_t i = f->next; i < f->lex->count; i++)
		len += f->lex->word[i].len + gap;
	if ((text = at = malloc(len + 1)) == NULL) {
		(void)zonefile_fail(f->lex, NULL, ERR_MEMORY, "out of memory");
		return NULL;
	}
	for (; f->next < f->lex->count; f->next++) {
		const struct zonefile_word *word = &f->lex->word[f->next];

		at = mempcpy(at, word->text, word->len);
		at = mempcpy(at, separator, gap);
	}
	*at = '\0';
	return text;
}

/* Has ldns read text, which the word is blamed for. */
static enum error
put_through_ldns(struct zonefile_fields *f, const struct zonefile_word *word,
    ldns_rdf_type kind, const char *text)
{
	ldns_rdf *field = ldns_rdf_new_frm_str(kind, text);

	if (field == NULL)
		return fail_field(f, word);
	zonefile_put_octets(f, ldns_rdf_data(field), ldns_rdf_size(field));
	ldns_rdf_deep_free(field);
	return OK;
}

enum error
zonefile_put_base64(struct zonefile_fields *f, const struct zonefile_word *word,
    const char *text)
{
	size_t len = strlen(text);

	/* Room for what can fit; beyond it ldns would cut the length. */
	if (len > (RDATA_MAX_LEN + 2) / 3 * 4) {
		f->out->failed = true;
		return OK;
	}
	/* "0" and "-" mean nothing at all to ldns. */
	if (len < 2)
		return fail_field(f, word);
	return put_through_ldns(f, word, LDNS_RDF_TYPE_B64, text);
}

static enum error
put_base64_rest(struct zonefile_fields *f)
{
	const struct zonefile_word *first = zonefile_take_bare(f);
	char *text;
	enum error err;

	if (first == NULL)
		return ERR_SYNTAX;
	f->next--;
	if ((text = join(f, "")) == NULL)
		return ERR_MEMORY;
	err = zonefile_put_base64(f, first, text);
	free(text);
	return err;
}

/* Algorithms and the like: a number or a word that ldns knows. */
static enum error
put_mnemonic(struct zonefile_fields *f, ldns_rdf_type kind)
{
	const struct zonefile_word *word = zonefile_take_bare(f);

	if (word == NULL)
		return ERR_SYNTAX;
	if (consists_of(word->text, DIGITS)) {
		f->next--;
		return zonefile_put_number(
		    f, kind == LDNS_RDF_TYPE_CERT_ALG ? 2 : 1);
	}
	/* Otherwise ldns would take it for a number once more, with sign. */
	if (strchr("+-", *word->text) != NULL)
		return fail_field(f, word);
	return put_through_ldns(f, word, kind, word->text);
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
	if (word->len != 14 || !consists_of(word->text, DIGITS)) {
		f->next--;
		return zonefile_put_number(f, 4);
	}
	if (sscanf(word->text, "%4u%2u%2u", &year, &month, &day) != 3 ||
	    year < 1970 || year > 2105 || day < 1 ||
	    day > days_in_month(year, month))
		return fail_field(f, word);
	return put_through_ldns(f, word, LDNS_RDF_TYPE_TIME, word->text);
}

/* [!]family:address/prefix (RFC 3123 5). */
static enum error
put_apl(struct zonefile_fields *f)
{
	const struct zonefile_word *word = zonefile_take_bare(f);
	const char *family;
	const char *prefix;
	uint32_t value;
	uint32_t max;

	if (word == NULL)
		return ERR_SYNTAX;
	family = word->text + (*word->text == '!');
	if (strncmp(family, "1:", 2) == 0)
		max = 32;
	else if (strncmp(family, "2:", 2) == 0)
		max = 128;
	else
		return fail_field(f, word);
	prefix = strchr(family, '/');
	if (prefix == NULL || zonefile_number(prefix + 1, max, &value) != OK)
		return fail_field(f, word);
	return put_through_ldns(f, word, LDNS_RDF_TYPE_APL, word->text);
}

/* Whether text is a decimal number from min to max, with at most decimals
 * digits behind the point and at most one m at the end if may_be_metres. */
static bool
is_decimal(const char *text, double min, double max, size_t decimals,
    bool may_be_metres)
{
	const char *p = text + (*text == '-');
	size_t digits = strspn(p, DIGITS);
	size_t behind = 0;

	p += digits;
	if (*p == '.') {
		behind = strspn(p + 1, DIGITS);
		p += 1 + behind;
	}
	if (may_be_metres && (*p == 'm' || *p == 'M'))
		p++;
	if (digits == 0 || digits > 9 || behind > decimals || *p != '\0')
		return false;
	return strtod(text, NULL) >= min && strtod(text, NULL) <= max;
}

/* Checks degrees [minutes [seconds]] and the hemisphere (RFC 1876 3) from
 * word i on; returns the word behind, or NULL. */
static const struct zonefile_word *
check_angle(const struct zonefile_word *word, const struct zonefile_word *end,
    double degrees, const char *hemisphere)
{
	static const size_t decimals[] = {0, 0, 3};
	double max[] = {degrees, 59, 59.999};
	size_t i = 0;

	for (; i < 3 && word < end; i++, word++)
		if (*word->text < '0' || *word->text > '9' ||
		    !is_decimal(word->text, 0, max[i], decimals[i], false))
			break;
	if (i == 0 || word >= end || word->len != 1 ||
	    strchr(hemisphere, *word->text) == NULL)
		return NULL;
	return word + 1;
}

static enum error
put_location(struct zonefile_fields *f)
{
	const struct zonefile_word *end = f->lex->word + f->lex->count;
	const struct zonefile_word *first = zonefile_take_bare(f);
	const struct zonefile_word *word = first;
	char *text;
	enum error err;

	if (first == NULL)
		return ERR_SYNTAX;
	word = check_angle(word, end, 90, "NS");
	if (word != NULL)
		word = check_angle(word, end, 180, "EW");
	if (word == NULL || word >= end)
		return fail_field(f, first);
	/* altitude, then size and two precisions in metres */
	if (!is_decimal(word->text, -100000, 42849672.95, 2, true))
		return fail_field(f, word);
	for (int i = 0; ++word < end; i++)
		if (i == 3 || !is_decimal(word->text, 0, 90000000, 2, true))
			return fail_field(f, word);
	f->next--;
	if ((text = join(f, " ")) == NULL)
		return ERR_MEMORY;
	/* ldns does not take a blank at the end. */
	text[strlen(text) - 1] = '\0';
	err = put_through_ldns(f, first, LDNS_RDF_TYPE_LOC, text);
	free(text);
	return err;
}

/* 0x and hexadecimal digits with dots anywhere (RFC 1706 8). */
static enum error
put_nsap(struct zonefile_fields *f)
{
	const struct zonefile_word *word = zonefile_take_bare(f);
	char *text;
	size_t len = 0;
	enum error err;

	if (word == NULL)
		return ERR_SYNTAX;
	if (strncasecmp(word->text, "0x", 2) != 0 ||
	    !consists_of(word->text + 2, HEX "."))
		return fail_field(f, word);
	if ((text = malloc(word->len)) == NULL)
		return zonefile_fail(f->lex, word, ERR_MEMORY, "out of memory");
	for (const char *p = word->text + 2; *p != '\0'; p++)
		if (*p != '.')
			text[len++] = *p;
	text[len] = '\0';
	err = len % 2 == 0 ? put_through_ldns(f, word, LDNS_RDF_TYPE_HEX, text)
			   : fail_field(f, word);
	free(text);
	return err;
}

/* A word of the octets in set that ldns reads right. */
static enum error
put_word_of(struct zonefile_fields *f, ldns_rdf_type kind, const char *set,
    bool (*fits)(const struct zonefile_word *))
{
	const struct zonefile_word *word = zonefile_take_bare(f);

	if (word == NULL)
		return ERR_SYNTAX;
	if (!consists_of(word->text, set) || !fits(word))
		return fail_field(f, word);
	return put_through_ldns(f, word, kind, word->text);
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

/* Pairs of digits with a hyphen between them (RFC 7043 3.2, 4.2). */
static bool
is_eui(const struct zonefile_word *word)
{
	for (size_t i = 0; i < word->len; i++)
		if ((word->text[i] == '-') != (i % 3 == 2))
			return false;
	return true;
}

/* Four groups of up to four digits (RFC 6742 2.1.2). */
static bool
is_locator(const struct zonefile_word *word)
{
	return word->len >= 7 && word->len <= 19;
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
	return put_word_of(f, LDNS_RDF_TYPE_NSEC3_SALT, HEX, is_salt);
}

/* The gateway whose kind has been read (RFC 4025 2.5). */
static enum error
put_gateway(struct zonefile_fields *f, uint8_t kind)
{
	const struct zonefile_word *word;

	switch (kind) {
	case 0:
		if ((word = zonefile_take_bare(f)) == NULL)
			return ERR_SYNTAX;
		return strcmp(word->text, ".") == 0 ? OK : fail_field(f, word);
	case 1:
		return zonefile_put_address(f, AF_INET);
	case 2:
		return zonefile_put_address(f, AF_INET6);
	case 3:
		return zonefile_put_name(f);
	default:
		return fail_field(f, &f->lex->word[f->next - 1]);
	}
}

/* precedence gateway-kind algorithm gateway [key] (RFC 4025 3.1) */
static enum error
put_ipseckey(struct zonefile_fields *f)
{
	size_t start = f->out->len;
	enum error err;

	for (int i = 0; i < 3; i++)
		if ((err = zonefile_put_number(f, 1)) != OK)
			return err;
	if ((err = put_gateway(f, f->out->buf[start + 1])) != OK)
		return err;
	return f->next < f->lex->count ? put_base64_rest(f) : OK;
}

/* algorithm tag key; rendezvous servers follow as names (RFC 8005 6). */
static enum error
put_hip(struct zonefile_fields *f)
{
	struct wire_writer *out = f->out;
	uint8_t *head = out->buf + out->len;
	const struct zonefile_word *word;
	size_t tag_len;
	enum error err;

	zonefile_put_integer(f, 0, 1);
	if ((err = zonefile_put_number(f, 1)) != OK)
		return err;
	zonefile_put_integer(f, 0, 2);
	if ((err = zonefile_put_hex(f, false)) != OK)
		return err;
	tag_len = (size_t)(out->buf + out->len - head) - 4;
	if (out->failed || tag_len > 255)
		return fail_field(f, &f->lex->word[f->next - 1]);
	head[0] = (uint8_t)tag_len;
	if ((word = zonefile_take_bare(f)) == NULL)
		return ERR_SYNTAX;
	if ((err = zonefile_put_base64(f, word, word->text)) != OK)
		return err;
	wire_store_u16(head + 2,
	    (uint16_t)((size_t)(out->buf + out->len - head) - 4 - tag_len));
	return OK;
}

enum error
zonefile_put_field(struct zonefile_fields *f, int kind)
{
	switch ((ldns_rdf_type)kind) {
	case LDNS_RDF_TYPE_B64:
		return put_base64_rest(f);
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
	case LDNS_RDF_TYPE_APL:
		return put_apl(f);
	case LDNS_RDF_TYPE_LOC:
		return put_location(f);
	case LDNS_RDF_TYPE_NSAP:
		return put_nsap(f);
	case LDNS_RDF_TYPE_NSEC3_SALT:
		return put_salt(f);
	case LDNS_RDF_TYPE_NSEC3_NEXT_OWNER:
		return put_word_of(f, LDNS_RDF_TYPE_NSEC3_NEXT_OWNER,
		    "0123456789abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUV",
		    is_base32);
	case LDNS_RDF_TYPE_EUI48:
		return put_word_of(f, LDNS_RDF_TYPE_EUI48, HEX "-", is_eui);
	case LDNS_RDF_TYPE_EUI64:
		return put_word_of(f, LDNS_RDF_TYPE_EUI64, HEX "-", is_eui);
	case LDNS_RDF_TYPE_ILNP64:
		return put_word_of(
		    f, LDNS_RDF_TYPE_ILNP64, HEX ":", is_locator);
	case LDNS_RDF_TYPE_IPSECKEY:
		return put_ipseckey(f);
	case LDNS_RDF_TYPE_HIP:
		return put_hip(f);
	default:
		return fail_field(f, &f->lex->word[f->next - 1]);
	}
}
