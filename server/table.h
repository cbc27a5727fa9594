/* table.h - aligned columns for people, and texts that are safe to print.
 *
 * What comes from the network may hold anything; what reaches a terminal
 * holds neither controls nor what turns the direction of a line around: each
 * becomes "?", as does what is not UTF-8.
 *
 * A table gathers its rows to know how wide its columns are.  Of a long one
 * the first TABLE_ROWS decide; those behind are printed as they come.
 *
 * Threads:   one.
 * Ownership: cells are copied.
 * Units:     widths in columns of the terminal.
 * Errors:    false without memory; ferror() of the file.
 */
#ifndef SERVER_TABLE_H
#define SERVER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_ROWS 10000
#define TABLE_COLUMNS 12

enum colour {
	COLOUR_NONE,
	COLOUR_GOOD, /* green */
	COLOUR_WARN, /* yellow */
	COLOUR_BAD, /* red */
	COLOUR_FAINT,
	COLOUR_HEAD, /* bold */
	COLOUR_COUNT
};

struct table_column {
	const char *title;
	bool right; /* aligned to the right: numbers */
};

struct table_cell {
	const char *text;
	enum colour colour;
};

struct table;

/* Whether a file is a terminal that shows colours, and NO_COLOR is not set
 * (https://no-color.org). */
bool table_has_colours(FILE *);

/* A table of count columns (at most TABLE_COLUMNS; borrowed).  sorted: rows
 * come in the order of their cells, as far as the table gathers them. */
struct table *table_new(FILE *, const struct table_column *, size_t count,
    bool colours, bool sorted);

/* Adds a row of count cells. */
bool table_add(struct table *, const struct table_cell *);

size_t table_rows(const struct table *);

/* Prints what is left, if there was any row. */
void table_end(struct table *);
void table_free(struct table *);

/* Prints a text as it is safe to; returns its width.  to may be NULL: only
 * measures. */
size_t table_print_text(FILE *to, const char *text);

/* Prints a safe text in a colour (if colours). */
void table_print_coloured(
    FILE *to, enum colour, bool colours, const char *text);

#endif
