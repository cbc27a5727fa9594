/* SPDX-License-Identifier: Apache-2.0 */
/* Records as text.  What is printed reads back as the same octets: names,
 * strings and numbers are ours to print, other fields are printed by ldns and
 * read back before they are trusted, and whatever fails takes the form of
 * RFC 3597 5, which every type has. */
#include "zones/zonefile.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/rdata.h"
#include "zones/zonefile_rdata.h"

#define SOURCE_LINE_LEN 4096

/* How many characters an octet can become: "TYPE65535 " for each bit of a
 * type bit map.  Some printers of ldns do not make their buffer grow, and
 * assert() that it is large enough. */
#define FIELD_GROWTH (8 * 10)

/* \# length hex */
static void
print_generic(FILE *to, const uint8_t *rdata, size_t len)
{
	fprintf(to, "\\# %zu%s", len, len > 0 ? " " : "");
	for (size_t i = 0; i < len; i++)
		fprintf(to, "%02x", rdata[i]);
}

static void
print_string(FILE *to, const uint8_t *octets, size_t len)
{
	fputc('"', to);
	for (size_t i = 0; i < len; i++) {
		if (octets[i] < ' ' || octets[i] > '~')
			fprintf(to, "\\%03u", octets[i]);
		else if (octets[i] == '"' || octets[i] == '\\')
			fprintf(to, "\\%c", octets[i]);
		else
			fputc(octets[i], to);
	}
	fputc('"', to);
}

static bool
print_by_ldns(FILE *to, const ldns_rdf *field)
{
	ldns_buffer *buffer = ldns_buffer_new(
	    LDNS_MIN_BUFLEN + FIELD_GROWTH * ldns_rdf_size(field));
	const char *text;
	size_t len;
	bool ok = false;

	if (buffer != NULL &&
	    ldns_rdf2buffer_str(buffer, field) == LDNS_STATUS_OK) {
		text = (const char *)ldns_buffer_begin(buffer);
		len = ldns_buffer_position(buffer);
		/* Some of its fields end with a blank. */
		while (len > 0 && text[len - 1] == ' ')
			len--;
		fwrite(text, 1, len, to);
		ok = true;
	}
	ldns_buffer_free(buffer);
	return ok;
}

static bool
print_field(FILE *to, const ldns_rdf *field)
{
	const uint8_t *data = ldns_rdf_data(field);
	size_t len = ldns_rdf_size(field);
	char name[NAME_TEXT_LEN];

	switch (ldns_rdf_get_type(field)) {
	case LDNS_RDF_TYPE_DNAME:
		fputs(name_to_text(data, name), to);
		return true;
	case LDNS_RDF_TYPE_STR:
		print_string(to, data + 1, len - 1);
		return true;
	case LDNS_RDF_TYPE_LONG_STR:
		print_string(to, data, len);
		return true;
	/* ldns prints a name where it knows one, and reads only some. */
	case LDNS_RDF_TYPE_CERT_ALG:
	case LDNS_RDF_TYPE_ALG:
		fprintf(to, "%u", len == 2 ? wire_load_u16(data) : *data);
		return true;
	/* ldns asks the clock which century is meant (RFC 4034 3.2 has both
	 * forms). */
	case LDNS_RDF_TYPE_TIME:
		fprintf(to, "%u", wire_load_u32(data));
		return true;
	default:
		return print_by_ldns(to, field);
	}
}

/* The RDATA cut into fields by ldns; NULL if it cannot.  Only RDATA that
 * rdata_check() accepted may come here. */
static ldns_rr *
split(uint16_t type, const uint8_t *rdata, size_t len)
{
	ldns_rr *rr = ldns_rr_new();
	uint8_t *wire = malloc(len + 2);
	size_t pos = 0;

	if (rr == NULL || wire == NULL)
		goto fail;
	wire_store_u16(wire, (uint16_t)len);
	memcpy(wire + 2, rdata, len);
	ldns_rr_set_type(rr, (ldns_rr_type)type);
	if (ldns_wire2rdf(rr, wire, len + 2, &pos) != LDNS_STATUS_OK ||
	    pos != len + 2)
		goto fail;
	free(wire);
	return rr;
fail:
	free(wire);
	ldns_rr_free(rr);
	return NULL;
}

static bool
print_fields(FILE *to, uint16_t type, const uint8_t *rdata, size_t len)
{
	ldns_rr *rr = split(type, rdata, len);
	bool ok = rr != NULL;

	for (size_t i = 0; ok && i < ldns_rr_rd_count(rr); i++) {
		if (i > 0)
			fputc(' ', to);
		ok = print_field(to, ldns_rr_rdf(rr, i));
	}
	ldns_rr_free(rr);
	return ok;
}

/* Whether text reads as that RDATA. */
static bool
reads_back(const char *text, size_t text_len, uint16_t type,
    const uint8_t *rdata, size_t len)
{
	static const uint8_t root[1] = {0};
	struct zonefile_lexer lex;
	struct wire_writer out;
	struct zonefile_fields fields = {
	    .lex = &lex, .type = type, .origin = root, .out = &out};
	uint8_t *buf = malloc(RDATA_MAX_LEN);
	char complaint[1];
	bool same = false;

	zonefile_lexer_init_text(
	    &lex, text, text_len, "", complaint, sizeof(complaint));
	if (buf != NULL && zonefile_lexer_next(&lex) == OK && lex.count > 0) {
		wire_writer_init(&out, buf, RDATA_MAX_LEN);
		same = zonefile_rdata_parse(&fields) == OK && out.len == len &&
		       memcmp(buf, rdata, len) == 0;
	}
	zonefile_lexer_fini(&lex);
	free(buf);
	return same;
}

/* Types that consist of fields printed and read here alone. */
static bool
needs_no_proof(uint16_t type)
{
	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_SRV:
	case TYPE_TXT:
		return true;
	default:
		return false;
	}
}

static char *
generic_text(const uint8_t *rdata, size_t len)
{
	char *text = NULL;
	size_t text_len;
	FILE *to = open_memstream(&text, &text_len);

	if (to == NULL)
		return NULL;
	print_generic(to, rdata, len);
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

char *
zonefile_rdata_text(uint16_t type, const uint8_t *rdata, size_t rdlen)
{
	char *text = NULL;
	size_t text_len;
	FILE *to;
	bool ok;

	if (rdlen > RDATA_MAX_LEN)
		return NULL;
	if (rdlen == 0 || !zonefile_has_text_form(type) ||
	    !rdata_check(type, rdata, rdlen))
		return generic_text(rdata, rdlen);
	if ((to = open_memstream(&text, &text_len)) == NULL)
		return NULL;
	ok = print_fields(to, type, rdata, rdlen);
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	if (ok && (needs_no_proof(type) ||
		      reads_back(text, text_len, type, rdata, rdlen)))
		return text;
	free(text);
	return generic_text(rdata, rdlen);
}

enum error
zonefile_print(FILE *to, const uint8_t *owner, uint32_t ttl, uint16_t type,
    const uint8_t *rdata, size_t rdlen)
{
	char name[NAME_TEXT_LEN];
	char type_text[16];
	char *text = zonefile_rdata_text(type, rdata, rdlen);

	if (text == NULL)
		return ERR_MEMORY;
	fprintf(to, "%s %u IN %s %s\n", name_to_text(owner, name), ttl,
	    type_to_text(type, type_text), text);
	free(text);
	return ferror(to) ? ERR_IO : OK;
}

/* Reads line number line of a file into to; false if there is none. */
static bool
find_line(const char *path, unsigned line, char *to, int to_len)
{
	FILE *from = fopen(path, "re");
	unsigned at = 0;
	bool starts = true;

	if (from == NULL)
		return false;
	while (at < line && fgets(to, to_len, from) != NULL) {
		if (starts)
			at++;
		starts = strchr(to, '\n') != NULL;
	}
	fclose(from);
	return line > 0 && at == line;
}

void
zonefile_error(const char *path, unsigned line, const char *message, char *text,
    size_t text_len)
{
	char source[SOURCE_LINE_LEN];
	bool found = find_line(path, line, source, sizeof(source));

	zonefile_report(text, text_len, path, line, 0, message,
	    found ? source : NULL, found ? strcspn(source, "\r\n") : 0);
}
