/* message_text.h - whole messages of a test, written and read as text.
 *
 * A section is master file lines with absolute owners; "rd ra aa tc ad cd" and
 * the RCODE's number stand in front, as in
 *
 *     TEXT("ra 0", "www.example. A", "www.example. 60 IN A 192.0.2.1\n")
 *
 * Threads:   one.
 * Ownership: text that is made is the caller's to free.
 */
#ifndef TESTS_UNIT_MESSAGE_TEXT_H
#define TESTS_UNIT_MESSAGE_TEXT_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/message.h"
#include "zones/dns/rdata.h"
#include "zones/zonefile.h"

struct message_text {
	const char *flags;
	const char *question; /* "name type" */
	const char *section[3]; /* answer, authority, additional; or NULL */
};

/* TEXT(flags, question, answer, authority, additional), where those at the
 * end may be missing. */
#define TEXT(f, q, ...) \
	{ \
		.flags = f, .question = q, .section = { __VA_ARGS__ } \
	}

static inline void
text_name(const char *text, struct name *name)
{
	cr_assert_eq(name_from_text(text, NULL, name), OK, "%s", text);
}

static inline enum error
put_text_record(void *arg, const struct zonefile_record *r)
{
	struct wire_writer *w = arg;

	wire_put_name(w, r->owner);
	wire_put_u16(w, r->type);
	wire_put_u16(w, CLASS_IN);
	wire_put_u32(w, r->ttl);
	rdata_put(w, r->type, r->rdata, r->rdlen);
	return OK;
}

/* Each line by itself, so that an SOA may stand anywhere. */
static inline void
put_text_section(
    struct wire_writer *w, enum message_section section, const char *lines)
{
	char line[2048], owner[1100], why[ZONEFILE_TEXT_LEN];
	struct name apex;
	int used;

	for (;
	     lines != NULL && sscanf(lines, "%2000[^\n]\n%n", line, &used) == 1;
	     lines += used) {
		cr_assert_eq(sscanf(line, "%1099s", owner), 1);
		text_name(owner, &apex);
		strcat(line, "\n");
		cr_assert_eq(zonefile_read_text(line, "t", apex.wire, 60,
				 put_text_record, w, why, sizeof(why)),
		    OK, "%s", why);
		message_add_count(w, section, 1);
	}
}

static inline unsigned
text_flags(const char *text)
{
	static const struct {
		const char *name;
		unsigned flag;
	} names[] = {{"aa", FLAG_AA}, {"tc", FLAG_TC}, {"rd", FLAG_RD},
	    {"ra", FLAG_RA}, {"ad", FLAG_AD}, {"cd", FLAG_CD}};
	unsigned flags = FLAG_QR, i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(text, names[i].name) != NULL)
			flags |= names[i].flag;
	text += strcspn(text, "0123456789");
	return flags | (unsigned)strtoul(text, NULL, 10);
}

/* Writes a message; returns its length. */
static inline size_t
write_text(const struct message_text *text, uint8_t *buf, size_t cap)
{
	struct wire_writer w;
	struct name qname;
	char name[1100], type[20];

	wire_writer_init(&w, buf, cap);
	message_put_request_header(
	    &w, 0, OPCODE_QUERY, text_flags(text->flags));
	cr_assert_eq(sscanf(text->question, "%1099s %19s", name, type), 2);
	text_name(name, &qname);
	wire_put_name(&w, qname.wire);
	wire_put_u16(&w, type_from_text(type));
	wire_put_u16(&w, CLASS_IN);
	message_set_count(&w, SECTION_QUESTION, 1);
	put_text_section(&w, SECTION_ANSWER, text->section[0]);
	put_text_section(&w, SECTION_AUTHORITY, text->section[1]);
	put_text_section(&w, SECTION_ADDITIONAL, text->section[2]);
	cr_assert(!w.failed);
	return w.len;
}

static inline void
print_text_record(FILE *f, struct message_rr *rr)
{
	static uint8_t rdata[RDATA_MAX_LEN];
	size_t len;

	cr_assert(rdata_read(&rr->rdata, rr->type, rr->rdlength, rdata, &len));
	cr_assert_eq(
	    zonefile_print(f, rr->owner.wire, rr->ttl, rr->type, rdata, len),
	    OK);
}

/* The records of one section as text; blanks are single. */
static inline char *
print_text(const uint8_t *in, size_t in_len, enum message_section section)
{
	struct message m;
	struct message_rr rr;
	struct message_cursor c;
	char *text, *at;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cr_assert_not_null(f);
	cr_assert_eq(message_parse_answer(&m, in, in_len), MESSAGE_OK);
	c = message_section(&m, section);
	while (message_rr_next(&c, &rr))
		print_text_record(f, &rr);
	fclose(f);
	for (at = text; *at != '\0'; at++)
		if (*at == '\t')
			*at = ' ';
	return text;
}

static inline void
expect_section(const uint8_t *in, size_t len, enum message_section section,
    const char *expected, const char *why)
{
	char *text = print_text(in, len, section);

	cr_expect_str_eq(text, expected == NULL ? "" : expected,
	    "%s: section %d is\n%s", why, (int)section, text);
	free(text);
}

#endif
