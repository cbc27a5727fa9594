/* script.h - a scenario file, read into steps.
 *
 * A file is a list of commands.  A command starts in the first column with a
 * word in capitals; what belongs to it follows, indented, or between "<<" at
 * its end and a line ">>".  An EXPECT, on the same line or on the next, says
 * what must come of it, and may have indented lines of its own.  "#" in the
 * first column starts a comment.
 *
 *     UPDATE key web              <- text
 *       add www 30 A 192.0.2.1    <- body
 *     EXPECT NOERROR lease 30     <- expect, expect_body
 *
 * Two shorthands are unfolded when the file is read: the commands between
 * "LOOP 1..3" and "ENDLOOP" are repeated with $i replaced by the number, and
 * an indented "repeat 1..100 ..." is repeated with each %d replaced.
 *
 * Threads:   one.
 * Ownership: steps borrow from the script.
 * Units:     lines count from 1.
 * Errors:    a file that cannot be read or understood ends the process.
 */
#ifndef TESTS_SCENARIO_SCRIPT_H
#define TESTS_SCENARIO_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct line {
	unsigned number; /* in the file */
	char *text; /* without indentation */
	bool indented;
	bool literal; /* between << and >> */
};

struct script {
	const char *path;
	struct line *line;
	size_t count;
	size_t capacity;
	size_t at; /* the next one to be read */
};

/* A range of a script's lines. */
struct lines {
	const struct line *line;
	size_t count;
};

struct step {
	unsigned number;
	const char *text; /* the command, without its EXPECT */
	struct lines body;
	unsigned expect_number;
	const char *expect; /* what stands behind EXPECT; NULL: nothing */
	struct lines expect_body;
};

void script_load(struct script *, const char *path);
void script_free(struct script *);

/* The next command; false at the end. */
bool script_next(struct script *, struct step *);

/* Splits off the first word of *text (a "quoted text" counts as one, without
 * its quotes) into word; false if there is none. */
#define WORD_LEN 1024
bool word_next(const char **text, char word[WORD_LEN]);

/* Ends the process: the scenario itself is wrong. */
void script_complain(const char *path, unsigned number, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));

#endif
