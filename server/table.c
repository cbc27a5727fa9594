/* SPDX-License-Identifier: Apache-2.0 */
#include "server/table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- safe texts --- */

/* Reads a character of UTF-8 (RFC 3629 4: no overlong forms, no surrogates);
 * returns its length, or 0 if there is none. */
static size_t
read_utf8(const char *text, uint32_t *character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = (const unsigned char *)text;
	size_t len = *at < 0x80   ? 1
		     : *at < 0xc0 ? 0
		     : *at < 0xe0 ? 2
		     : *at < 0xf0 ? 3
		     : *at < 0xf8 ? 4
				  : 0;
	uint32_t value = len == 1 ? *at : *at & (0x7fu >> len);

	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3fu);
	}
	if (len == 0 || (len > 1 && value < least[len]) || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return 0;
	*character = value;
	return len;
}

struct range {
	uint32_t first, last;
};

static bool
is_among(const struct range *range, size_t count, uint32_t character)
{
	for (size_t i = 0; i < count; i++)
		if (character >= range[i].first && character <= range[i].last)
			return true;
	return false;
}

#define IS_AMONG(table, c) is_among(table, sizeof(table) / sizeof(table[0]), c)

/* Controls, and what is not seen but moves what is. */
static const struct range unsafe[] = {
    {0x00, 0x1f},
    {0x7f, 0x9f},
    {0xad, 0xad},
    {0x61c, 0x61c},
    {0x200b, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x206f},
    {0xfeff, 0xfeff},
    {0xfff9, 0xfffb},
    {0xe0000, 0xe0fff},
};

/* Marks that stand above or below the character before them. */
static const struct range narrow[] = {
    {0x300, 0x36f},
    {0x483, 0x489},
    {0x591, 0x5bd},
    {0x610, 0x61a},
    {0x64b, 0x65f},
    {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},
    {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f},
};

/* What takes two columns: East Asian scripts, emoji. */
static const struct range wide[] = {
    {0x1100, 0x115f},
    {0x2e80, 0x303e},
    {0x3041, 0xa4cf},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},
    {0xff00, 0xff60},
    {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f},
    {0x1f900, 0x1f9ff},
    {0x20000, 0x3fffd},
};

size_t
table_print_text(FILE *to, const char *text)
{
	uint32_t character = 0;
	size_t width = 0, len;

	for (; *text != '\0'; text += len) {
		len = read_utf8(text, &character);
		if (len == 0 || IS_AMONG(unsafe, character)) {
			if (to != NULL)
				fputc('?', to);
			len = len == 0 ? 1 : len;
			width++;
			continue;
		}
		if (to != NULL)
			fwrite(text, 1, len, to);
		width += IS_AMONG(narrow, character) ? 0
			 : IS_AMONG(wide, character) ? 2
						     : 1;
	}
	return width;
}

/* --- colours --- */

static const char *const codes[COLOUR_COUNT] = {
    [COLOUR_GOOD] = "\033[32m",
    [COLOUR_WARN] = "\033[33m",
    [COLOUR_BAD] = "\033[31m",
    [COLOUR_FAINT] = "\033[2m",
    [COLOUR_HEAD] = "\033[1m",
};

bool
table_has_colours(FILE *to)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(fileno(to)) == 1 &&
	       (no_colour == NULL || no_colour[0] == '\0') &&
	       terminal != NULL && strcmp(terminal, "dumb") != 0;
}

void
table_print_coloured(
    FILE *to, enum colour colour, bool colours, const char *text)
{
	const char *code = colours ? codes[colour] : NULL;

	if (code != NULL)
		fputs(code, to);
	table_print_text(to, text);
	if (code != NULL)
		fputs("\033[0m", to);
}

/* --- tables --- */

struct row {
	enum colour colour[TABLE_COLUMNS];
	char *cell[TABLE_COLUMNS]; /* in one block with the row */
	char text[];
};

struct table {
	FILE *to;
	const struct table_column *column;
	size_t columns;
	bool colours;
	bool sorted;
	bool begun; /* the head was printed: widths are what they are */
	size_t rows; /* in all */
	size_t width[TABLE_COLUMNS];
	struct row **row; /* gathered */
	size_t gathered, room;
};

struct table *
table_new(FILE *to, const struct table_column *column, size_t count,
    bool colours, bool sorted)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	table->to = to;
	table->column = column;
	table->columns = count;
	table->colours = colours;
	table->sorted = sorted;
	for (size_t i = 0; i < count; i++)
		table->width[i] = table_print_text(NULL, column[i].title);
	return table;
}

static struct row *
row_new(const struct table *table, const struct table_cell *cell)
{
	size_t len = 0;
	struct row *row;
	char *at;

	for (size_t i = 0; i < table->columns; i++)
		len += strlen(cell[i].text) + 1;
	row = malloc(sizeof(*row) + len);
	if (row == NULL)
		return NULL;
	at = row->text;
	for (size_t i = 0; i < table->columns; i++) {
		row->colour[i] = cell[i].colour;
		row->cell[i] = at;
		at = stpcpy(at, cell[i].text) + 1;
	}
	return row;
}

static void
pad(FILE *to, size_t count)
{
	while (count-- > 0)
		fputc(' ', to);
}

/* Prints cells from the first to the last one with something in it: nothing
 * hangs behind that. */
static void
print_cells(const struct table *table, const struct table_cell *cell)
{
	size_t count = table->columns;

	while (count > 1 && cell[count - 1].text[0] == '\0')
		count--;
	for (size_t i = 0; i < count; i++) {
		size_t width = table_print_text(NULL, cell[i].text);
		size_t gap =
		    width < table->width[i] ? table->width[i] - width : 0;

		if (i > 0)
			fputs("  ", table->to);
		if (table->column[i].right)
			pad(table->to, gap);
		table_print_coloured(
		    table->to, cell[i].colour, table->colours, cell[i].text);
		if (!table->column[i].right && i + 1 < count)
			pad(table->to, gap);
	}
	fputc('\n', table->to);
}

static void
print_row(const struct table *table, const struct row *row)
{
	struct table_cell cell[TABLE_COLUMNS];

	for (size_t i = 0; i < table->columns; i++)
		cell[i] = (struct table_cell){row->cell[i], row->colour[i]};
	print_cells(table, cell);
}

static void
print_head(const struct table *table)
{
	struct table_cell cell[TABLE_COLUMNS];

	for (size_t i = 0; i < table->columns; i++)
		cell[i] =
		    (struct table_cell){table->column[i].title, COLOUR_HEAD};
	print_cells(table, cell);
}

static int
compare_rows(const void *a, const void *b, void *arg)
{
	const struct row *x = *(struct row *const *)a;
	const struct row *y = *(struct row *const *)b;
	const struct table *table = arg;
	int difference = 0;

	for (size_t i = 0; i < table->columns && difference == 0; i++)
		difference = strverscmp(x->cell[i], y->cell[i]);
	return difference;
}

/* Prints what was gathered. */
static void
flush_rows(struct table *table)
{
	if (!table->begun && table->gathered > 0)
		print_head(table);
	table->begun = table->begun || table->gathered > 0;
	if (table->sorted && table->gathered > 1)
		qsort_r(table->row, table->gathered, sizeof(table->row[0]),
		    compare_rows, table);
	for (size_t i = 0; i < table->gathered; i++) {
		print_row(table, table->row[i]);
		free(table->row[i]);
	}
	table->gathered = 0;
}

static bool
make_room(struct table *table)
{
	size_t room = table->room ? 2 * table->room : 64;
	struct row **grown;

	if (table->gathered < table->room)
		return true;
	grown = realloc(table->row, room * sizeof(*grown));
	if (grown == NULL)
		return false;
	table->row = grown;
	table->room = room;
	return true;
}

static void
widen(struct table *table, const struct row *row)
{
	for (size_t i = 0; i < table->columns; i++) {
		size_t width = table_print_text(NULL, row->cell[i]);

		if (width > table->width[i])
			table->width[i] = width;
	}
}

bool
table_add(struct table *table, const struct table_cell *cell)
{
	struct row *row;

	if (!make_room(table))
		return false;
	row = row_new(table, cell);
	if (row == NULL)
		return false;
	widen(table, row);
	table->row[table->gathered++] = row;
	table->rows++;
	if (table->begun || table->gathered == TABLE_ROWS)
		flush_rows(table);
	return true;
}

size_t
table_rows(const struct table *table)
{
	return table->rows;
}

void
table_end(struct table *table)
{
	flush_rows(table);
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->gathered; i++)
		free(table->row[i]);
	free(table->row);
	free(table);
}
