/* zonefile_lex.h - a master file cut into records, and records into words.
 *
 * A record ends with its line unless a parenthesis is open.  The lexer hands
 * over one record at a time as a list of words, comments and parentheses
 * removed, and remembers where each word stood, so that every complaint can
 * show its line.
 *
 *     www 30 IN TXT ( "a b"      word 0..3, word 4 (quoted) on line 1
 *         alpn="h2" ) ; why      word 5 on line 2
 *
 * Escapes stay as written: what \. or \046 means depends on the field.  A
 * word that starts with a quote ends with the next one and is handed over
 * without them; quotes behind a `=` (RFC 9460) stay in the word.
 *
 * Threads:   a lexer belongs to one.
 * Ownership: words and the source text live until the next record is read.
 * Units:     lines and columns count from 1; everything else is octets.
 * Errors:    ERR_SYNTAX, ERR_LIMIT, ERR_IO, ERR_MEMORY, each explained in the
 *            text buffer through zonefile_fail().
 * Standards: RFC 1035 5.1.
 */
#ifndef ZONES_ZONEFILE_LEX_H
#define ZONES_ZONEFILE_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "zones/dns/error.h"

/* The longest record as text.  RDATA ends at 65535 octets, four characters
 * each at worst (\DDD); the rest is room for comments in between. */
#define ZONEFILE_RECORD_LEN (1 << 20)

struct zonefile_word {
	const char *text; /* ends with a NUL */
	size_t len;
	size_t at; /* place in the record's source */
	unsigned line;
	bool quoted;
};

struct zonefile_lexer {
	const char *path; /* for messages */
	/* where a complaint goes; borrowed */
	char *text;
	size_t text_len;
	/* the source: data[start..next) is the record, up to len is read */
	int fd; /* -1 if all is in memory already */
	const char *data;
	char *buffer; /* what data points at, if it is ours */
	size_t capacity;
	size_t start;
	size_t next;
	size_t len;
	bool eof;
	unsigned lines; /* lines taken so far */
	/* the record */
	unsigned line; /* its first line */
	bool blank; /* it starts with a blank: the owner is the last one */
	struct zonefile_word *word;
	size_t count;
	/* private */
	size_t word_capacity;
	char *words;
	size_t words_len;
	size_t words_capacity;
	unsigned depth; /* open parentheses */
	struct zonefile_word open; /* the outermost of them */
};

/* Reads from a file descriptor, which stays the caller's.  A zeroed lexer
 * may be given to zonefile_lexer_fini(). */
void zonefile_lexer_init_fd(struct zonefile_lexer *, int fd, const char *path,
    char *text, size_t text_len);

/* Reads len octets of content, which must outlive the lexer. */
void zonefile_lexer_init_text(struct zonefile_lexer *, const char *content,
    size_t len, const char *path, char *text, size_t text_len);

void zonefile_lexer_fini(struct zonefile_lexer *);

/* Reads the next record that has words; count is 0 at the end of the file. */
enum error zonefile_lexer_next(struct zonefile_lexer *) MUST_CHECK;

/* Writes "path:line: message (column c)" and the source line below it into
 * the text buffer and returns err.  The place is that of the word, or the
 * record's first line without a column if word is NULL. */
enum error zonefile_fail(const struct zonefile_lexer *,
    const struct zonefile_word *, enum error err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts a complaint together from its parts; column 0 is left out, and so is
 * the source if it is NULL.  Unprintable octets of the source become '?'. */
void zonefile_report(char *text, size_t text_len, const char *path,
    unsigned line, size_t column, const char *message, const char *source,
    size_t source_len);

#endif
