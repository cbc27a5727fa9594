/* pattern.h - patterns for names.
 *
 * Case-blind.  `*` as the first label matches one or more labels, elsewhere a
 * label `*` matches exactly one; inside labels * and ? are globs.
 *
 * Threads:   any; a pattern is immutable.
 * Ownership: a pattern is a plain value.
 * Errors:    ERR_SYNTAX, ERR_LIMIT.
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
};

/* Compiles an absolute pattern, with or without a final dot. */
enum error pattern_compile(const char *text, struct pattern *) MUST_CHECK;

/* Whether the pattern matches a name; linear in its length. */
bool pattern_matches(const struct pattern *, const uint8_t *name);

#endif
