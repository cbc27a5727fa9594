/* SPDX-License-Identifier: Apache-2.0 */
/* Fields with a syntax of their own.  ldns reads most of them, but wraps
 * numbers, ignores what follows, and takes half octets: each is checked here
 * before it goes there. */
#include "zones/zonefile_field.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/rdata.h"

bool
zonefile_consists_of(const char *text, const char *set)
{
	return *text != '\0' && text[strspn(text, set)] == '\0';
}

enum error
zonefile_fail_field(
    const struct zonefile_fields *f, const struct zonefile_word *word)
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

enum error
zonefile_put_by_ldns(struct zonefile_fields *f,
    const struct zonefile_word *word, int kind, const char *text)
{
	ldns_rdf *field = ldns_rdf_new_frm_str((ldns_rdf_type)kind, text);

	if (field == NULL)
		return zonefile_fail_field(f, word);
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
		return zonefile_fail_field(f, word);
	return zonefile_put_by_ldns(f, word, LDNS_RDF_TYPE_B64, text);
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
		return zonefile_fail_field(f, word);
	prefix = strchr(family, '/');
	if (prefix == NULL || zonefile_number(prefix + 1, max, &value) != OK)
		return zonefile_fail_field(f, word);
	return zonefile_put_by_ldns(f, word, LDNS_RDF_TYPE_APL, word->text);
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
		return zonefile_fail_field(f, first);
	/* altitude, then size and two precisions in metres */
	if (!is_decimal(word->text, -100000, 42849672.95, 2, true))
		return zonefile_fail_field(f, word);
	for (int i = 0; ++word < end; i++)
		if (i == 3 || !is_decimal(word->text, 0, 90000000, 2, true))
			return zonefile_fail_field(f, word);
	f->next--;
	if ((text = join(f, " ")) == NULL)
		return ERR_MEMORY;
	/* ldns does not take a blank at the end. */
	text[strlen(text) - 1] = '\0';
	err = zonefile_put_by_ldns(f, first, LDNS_RDF_TYPE_LOC, text);
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
	    !zonefile_consists_of(word->text + 2, HEX "."))
		return zonefile_fail_field(f, word);
	if ((text = malloc(word->len)) == NULL)
		return zonefile_fail(f->lex, word, ERR_MEMORY, "out of memory");
	for (const char *p = word->text + 2; *p != '\0'; p++)
		if (*p != '.')
			text[len++] = *p;
	text[len] = '\0';
	err = len % 2 == 0
		  ? zonefile_put_by_ldns(f, word, LDNS_RDF_TYPE_HEX, text)
		  : zonefile_fail_field(f, word);
	free(text);
	return err;
}

enum error
zonefile_put_word_of(struct zonefile_fields *f, int kind, const char *set,
    bool (*fits)(const struct zonefile_word *))
{
	const struct zonefile_word *word = zonefile_take_bare(f);

	if (word == NULL)
		return ERR_SYNTAX;
	if (!zonefile_consists_of(word->text, set) || !fits(word))
		return zonefile_fail_field(f, word);
	return zonefile_put_by_ldns(f, word, kind, word->text);
}

/* Pairs of digits with a hyphen between them (RFC 7043 3.2, 4.2): sscanf(),
 * which ldns uses, would take -1 for a pair. */
static bool
is_eui(const struct zonefile_word *word, size_t pairs)
{
	for (size_t i = 0; i < word->len; i++)
		if ((word->text[i] == '-') != (i % 3 == 2))
			return false;
	return word->len == 3 * pairs - 1;
}

static bool
is_eui48(const struct zonefile_word *word)
{
	return is_eui(word, 6);
}

static bool
is_eui64(const struct zonefile_word *word)
{
	return is_eui(word, 8);
}

/* Four groups of up to four digits (RFC 6742 2.1.2). */
static bool
is_locator(const struct zonefile_word *word)
{
	return word->len >= 7 && word->len <= 19;
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
		return strcmp(word->text, ".") == 0
			   ? OK
			   : zonefile_fail_field(f, word);
	case 1:
		return zonefile_put_address(f, AF_INET);
	case 2:
		return zonefile_put_address(f, AF_INET6);
	case 3:
		return zonefile_put_name(f);
	default:
		return zonefile_fail_field(f, &f->lex->word[f->next - 1]);
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
		return zonefile_fail_field(f, &f->lex->word[f->next - 1]);
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
	case LDNS_RDF_TYPE_APL:
		return put_apl(f);
	case LDNS_RDF_TYPE_LOC:
		return put_location(f);
	case LDNS_RDF_TYPE_NSAP:
		return put_nsap(f);
	case LDNS_RDF_TYPE_EUI48:
		return zonefile_put_word_of(f, kind, HEX "-", is_eui48);
	case LDNS_RDF_TYPE_EUI64:
		return zonefile_put_word_of(f, kind, HEX "-", is_eui64);
	case LDNS_RDF_TYPE_ILNP64:
		return zonefile_put_word_of(f, kind, HEX ":", is_locator);
	case LDNS_RDF_TYPE_IPSECKEY:
		return put_ipseckey(f);
	case LDNS_RDF_TYPE_HIP:
		return put_hip(f);
	default:
		return zonefile_put_dnssec(f, kind);
	}
}
