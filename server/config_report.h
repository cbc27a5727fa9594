/* config_report.h - what is wrong with a file, shown to the operator.
 *
 *   muster.yaml:3:5: unknown key "lisen" in server; did you mean "listen"?
 *       lisen: [127.0.0.1]
 *       ^
 *
 * Errors are gathered, so that one run shows more than the first.  Warnings
 * are one line each and go to the same buffer; they are dropped when there are
 * errors.  Secrets in the shown lines are blotted out.
 *
 * Threads:   one at a time.
 * Ownership: borrows path, source and the text buffer.
 * Units:     lines and columns from 1; columns count characters.
 * Errors:    none; what does not fit the buffer is counted in its last line.
 */
#ifndef SERVER_CONFIG_REPORT_H
#define SERVER_CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "zones/dns/error.h"

/* A screen full; what comes after it often follows from it. */
#define CONFIG_REPORT_MAX 20

struct config_report {
	const char *path;
	const char *source; /* the whole file */
	size_t source_len;
	char *text;
	size_t text_cap;
	size_t text_len; /* without the NUL */
	unsigned errors;
	unsigned shown; /* errors that found room */
	enum error error; /* of the first error; OK: none */
};

/* Starts with an empty text. */
void config_report_init(struct config_report *, const char *path,
    const char *source, size_t source_len, char *text, size_t text_cap);

/* Adds an error; line 0: about the file as a whole. */
void config_report_error(struct config_report *, enum error, unsigned line,
    unsigned column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Adds a warning. */
void config_report_warning(struct config_report *, unsigned line,
    unsigned column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Says in the last line how many errors were left out. */
void config_report_finish(struct config_report *);

/* The candidate nearest to a word that was not found, or NULL if none is near
 * (edit distance at most 2, and less than half of the word). */
const char *config_report_nearest(
    const char *word, const char *const *candidate, size_t count);

#endif
