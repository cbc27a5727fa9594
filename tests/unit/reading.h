/* reading.h - zones as text, read and printed again.
 *
 * Threads:   any; a reading belongs to one.
 * Ownership: reading.records is the caller's to free.
 */
#ifndef TESTS_UNIT_READING_H
#define TESTS_UNIT_READING_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones/zonefile.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* The apex of all these zones. */
static const uint8_t apex[] = "\3svc\7example";

/* What was read, printed again. */
struct reading {
	enum error err;
	char complaint[ZONEFILE_TEXT_LEN];
	char *records;
	size_t records_len;
	FILE *to;
};

static inline enum error
note_record(void *arg, const struct zonefile_record *r)
{
	struct reading *reading = arg;

	return zonefile_print(
	    reading->to, r->owner, r->ttl, r->type, r->rdata, r->rdlen);
}

static inline void
start_reading(struct reading *reading)
{
	memset(reading, 0, sizeof(*reading));
	reading->to = open_memstream(&reading->records, &reading->records_len);
	cr_assert_not_null(reading->to);
}

static inline void
read_content(struct reading *reading, const char *content)
{
	start_reading(reading);
	reading->err =
	    zonefile_read_text(content, "z.zone", apex, 60, note_record,
		reading, reading->complaint, sizeof(reading->complaint));
	fclose(reading->to);
}

static inline void
read_path(struct reading *reading, const char *path)
{
	start_reading(reading);
	reading->err = zonefile_read(path, apex, 60, note_record, reading,
	    reading->complaint, sizeof(reading->complaint));
	fclose(reading->to);
}

/* Content, and what it prints as. */
struct good {
	const char *content, *expected;
};

static inline void
check_good(const struct good *rows, size_t count)
{
	struct reading reading;

	for (size_t i = 0; i < count; i++) {
		read_content(&reading, rows[i].content);
		cr_expect_eq(reading.err, OK, "%s: %s", rows[i].content,
		    reading.complaint);
		cr_expect_str_eq(reading.records, rows[i].expected,
		    "%s\nread as\n%s", rows[i].content, reading.records);
		free(reading.records);
	}
}

/* Content, and the complaint about it. */
struct bad {
	const char *content;
	enum error err;
	const char *complaint;
};

static inline void
check_bad(const struct bad *rows, size_t count)
{
	struct reading reading;

	for (size_t i = 0; i < count; i++) {
		read_content(&reading, rows[i].content);
		cr_expect_eq(reading.err, rows[i].err, "%s: %s",
		    rows[i].content, error_text(reading.err));
		cr_expect_str_eq(reading.complaint, rows[i].complaint,
		    "%s\ncomplains\n%s", rows[i].content, reading.complaint);
		free(reading.records);
	}
}

/* A record's line with an address, for zones that need one. */
#define A1 "a.svc.example. 60 IN A 192.0.2.1\n"

#endif
