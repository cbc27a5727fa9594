/* pattern.h - patterns for names.
 *
 * Case-blind.  `*` as the first label matches one or more labels, elsewhere a
 * label `*` matches exactly one; inside labels * and ? are globs.  Escaped
 * (RFC 1035 5.1: \* and \?) they are themselves, so that `\*.web.example` is
 * the wildcard record's owner and nothing else.
 *
 * Threads:   any; a pattern is immutable.
 * Ownership: a pattern is a plain value.
 * Errors:    ERR_SYNTAX, ERR_LIMIT.
 * Standards: RFC 1035 5.1; RFC 4343.
 */
#ifndef SERVER_PATTERN_H
#define SERVER_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "zones/dns/error.h"
#include "zones/dns/name.h"

struct pattern {
	struct name name; /* lower case, globs as they are */
	uint8_t labels;
	bool any_depth; /* the first label is "*" */
	uint32_t
	    literal[NAME_MAX_LEN / 32 + 1]; /* bit i: wire[i] was escaped */
};

/* Compiles an absolute pattern, with or without a final dot. */
enum error pattern_compile(const char *text, struct pattern *) MUST_CHECK;

/* Whether the pattern matches a name.  A label costs at most the product of
 * its length and the pattern's, whatever the globs: there is no exponential
 * case. */
bool pattern_matches(const struct pattern *, const uint8_t *name);

/* Whether the pattern matches any name of a zone: its apex or below. */
bool pattern_reaches(const struct pattern *, const uint8_t *apex);

/* Whether all names that the pattern matches lie in a zone: its last labels
 * are the apex, without globs. */
bool pattern_is_in(const struct pattern *, const uint8_t *apex);

#endif
