/* zonefile.h - master files in and out.
 *
 * The only door to ldns (zonefile_*.c are its rooms).  Reading gives records
 * one by one to a callback, as uncompressed wire RDATA that rdata_check()
 * accepted, and checks what a single pass can: syntax, numbers in range (ldns
 * lets SRV port 65536 through as 0), owner inside the zone, at most one SOA
 * and that at the apex, $INCLUDE depth and cycles.  What needs the whole zone
 * (CNAME beside data, a missing SOA or NS) is checked by the zone's owner, who
 * shows the line with zonefile_error().
 *
 * Threads:   any; a reader belongs to one.
 * Ownership: borrowed pointers are valid during the callback only.
 * Units:     ttl seconds; lines and columns count from 1.
 * Errors:    ERR_SYNTAX, ERR_RANGE, ERR_CONFLICT, ERR_IO, ERR_NOT_FOUND,
 *            ERR_LIMIT, ERR_MEMORY, each with "file:line: what (column n)" in
 *            the text buffer and the line itself below it.
 * Standards: RFC 1035 5; RFC 2308 4 ($TTL); RFC 3597 5 (TYPE123 \# ...).
 */
#ifndef ZONES_ZONEFILE_H
#define ZONES_ZONEFILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "zones/dns/error.h"

#define ZONEFILE_TEXT_LEN 1024
#define ZONEFILE_INCLUDE_DEPTH 10

/* One record as read. */
struct zonefile_record {
	const uint8_t *owner; /* wire, lower case */
	uint16_t type;
	uint32_t ttl;
	const uint8_t *rdata;
	size_t rdlen;
	const char *file;
	unsigned line;
};

typedef enum error zonefile_fn(void *arg, const struct zonefile_record *);

/* Reads a master file for the zone at apex; default_ttl holds where the file
 * gives none ($TTL, or an explicit one before).  Stops at the first error,
 * which may be the callback's: it is explained with the line unless the
 * callback wrote into text itself. */
enum error zonefile_read(const char *path, const uint8_t *apex,
    uint32_t default_ttl, zonefile_fn *, void *arg, char *text,
    size_t text_len) MUST_CHECK;

/* As zonefile_read, from memory; name stands for the path in messages. */
enum error zonefile_read_text(const char *content, const char *name,
    const uint8_t *apex, uint32_t default_ttl, zonefile_fn *, void *arg,
    char *text, size_t text_len) MUST_CHECK;

/* Writes "path:line: message" and that line of the file, if it is there still,
 * into text, in the same form as the errors above, for checks made later. */
void zonefile_error(const char *path, unsigned line, const char *message,
    char *text, size_t text_len);

/* Prints one record as a master file line with an absolute owner name, which
 * reads back as the same octets; unknown types, and what is not well-formed
 * for its type, in RFC 3597 form.  ERR_IO if the stream failed, ERR_MEMORY. */
enum error zonefile_print(FILE *, const uint8_t *owner, uint32_t ttl,
    uint16_t type, const uint8_t *rdata, size_t rdlen) MUST_CHECK;

/* Prints only the RDATA into a string the caller frees; NULL without
 * memory. */
char *zonefile_rdata_text(uint16_t type, const uint8_t *rdata, size_t rdlen);

#endif
