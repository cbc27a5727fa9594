/* zonefile_reader.h - the state of reading a zone.
 *
 * zonefile.c opens files and follows directives; zonefile_record.c reads
 * records and hands them over.
 *
 *     reader <--- input (main file) <--- input ($INCLUDE) <--- ...
 *
 * Threads:   a reader belongs to one.
 * Ownership: an input lives while its file is read; its parents outlive it.
 * Units:     ttl seconds.
 * Errors:    as zonefile.h.
 */
#ifndef ZONES_ZONEFILE_READER_H
#define ZONES_ZONEFILE_READER_H

#include <sys/types.h>

#include "zones/dns/name.h"
#include "zones/zonefile.h"
#include "zones/zonefile_lex.h"

/* What holds for the zone, through all its files. */
struct zonefile_reader {
	const uint8_t *apex;
	zonefile_fn *fn;
	void *arg;
	char *text;
	size_t text_len;
	uint32_t ttl; /* of records that give none */
	bool has_ttl; /* $TTL was there: an explicit TTL no longer sets ttl */
	/* the SOA, once it was there */
	unsigned soa_line;
	char *soa_path;
	uint8_t *rdata; /* RDATA_MAX_LEN octets */
};

/* What holds for one file. */
struct zonefile_input {
	struct zonefile_reader *reader;
	const struct zonefile_input *parent; /* whose $INCLUDE this is */
	unsigned depth;
	const char *path;
	/* its identity, if it has one */
	bool has_id;
	dev_t device;
	ino_t inode;
	struct name origin;
	bool has_owner;
	uint8_t owner[NAME_MAX_LEN]; /* of the last record */
	struct zonefile_lexer lex;
};

/* Says that memory ran out; returns ERR_MEMORY. */
enum error zonefile_fail_memory(const struct zonefile_input *);

/* Reads a word as a TTL. */
enum error zonefile_read_ttl(const struct zonefile_input *,
    const struct zonefile_word *, uint32_t *ttl) MUST_CHECK;

/* Reads the record that the lexer holds and hands it over. */
enum error zonefile_read_record(struct zonefile_input *) MUST_CHECK;

#endif
