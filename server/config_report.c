/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config_report.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SHOWN_MAX 76 /* octets of a source line */
#define EXCERPT_LEN 2048 /* longer than a secret and its key */
#define MESSAGE_LEN 600
#define LAST_LEN 40 /* "... and 5 more" */
#define WORD_MAX 64 /* longer words have no near neighbours */

void
config_report_init(struct config_report *r, const char *path,
    const char *source, size_t source_len, char *text, size_t text_cap)
{
	*r = (struct config_report){
	    .path = path,
	    .source = source,
	    .source_len = source_len,
	    .text = text,
	    .text_cap = text_cap,
	};
	if (text_cap > 0)
		text[0] = '\0';
}

/* Appends a block of text, or nothing if it and what must follow it do not
 * fit. */
static bool
append(struct config_report *r, const char *block, size_t len, size_t spare)
{
	if (r->text_cap <= r->text_len ||
	    r->text_cap - r->text_len <= len + spare)
		return false;
	memcpy(r->text + r->text_len, block, len);
	r->text_len += len;
	r->text[r->text_len] = '\0';
	return true;
}

/* Finds a line of the source, without its line break. */
static const char *
find_line(const struct config_report *r, unsigned line, size_t *len)
{
	const char *at = r->source;
	const char *end = r->source + r->source_len;
	const char *stop;

	if (r->source == NULL)
		return NULL;
	for (; line > 1; line--) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (at == NULL)
			return NULL;
		at++;
	}
	stop = memchr(at, '\n', (size_t)(end - at));
	*len = (size_t)((stop != NULL ? stop : end) - at);
	if (*len > 0 && at[*len - 1] == '\r')
		--*len;
	return at;
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static bool
is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The octet at which a column starts. */
static size_t
find_column(const char *line, size_t len, unsigned column)
{
	size_t at = 0;

	for (; column > 1 && at < len; column--)
		for (at++; at < len && is_inside_character(line[at]);)
			at++;
	return at;
}

/* Finds the end of a value that starts at at: its quote, or what ends a plain
 * scalar. */
static size_t
value_end(const char *line, size_t len, size_t at)
{
	char quote = line[at];

	if (quote == '"' || quote == '\'') {
		for (at++; at < len && line[at] != quote;)
			at++;
		return at;
	}
	while (at < len && strchr(",}]#", line[at]) == NULL)
		at++;
	return at;
}

/* Overwrites what follows each `secret:`. */
static void
blot_secrets(char *line, size_t len)
{
	static const char word[] = "secret";

	for (size_t at = 0; at + sizeof(word) <= len; at++) {
		if (memcmp(line + at, word, sizeof(word) - 1) != 0)
			continue;
		at += sizeof(word) - 1;
		while (at < len && strchr("\"' \t", line[at]) != NULL)
			at++;
		if (at >= len || line[at] != ':')
			continue;
		for (at++; at < len && (line[at] == ' ' || line[at] == '\t');)
			at++;
		if (at >= len)
			return;
		size_t end = value_end(line, len, at);
		at += line[at] == '"' || line[at] == '\'';
		while (at < end && at < len)
			line[at++] = '*';
	}
}

/* A source line, or that part of a long one that is worth showing. */
struct excerpt {
	char text[EXCERPT_LEN];
	size_t len;
	size_t at; /* octet of the column */
};

/* Copies the surroundings of a column; false if there is nothing there. */
static bool
find_excerpt(const struct config_report *r, unsigned line, unsigned column,
    struct excerpt *e)
{
	size_t len, from = 0;
	const char *source = find_line(r, line, &len);

	if (source == NULL || len == 0)
		return false;
	e->at = find_column(source, len, column);
	if (e->at > EXCERPT_LEN / 2)
		from = e->at - EXCERPT_LEN / 2;
	e->at -= from;
	e->len = len - from < EXCERPT_LEN ? len - from : EXCERPT_LEN;
	memcpy(e->text, source + from, e->len);
	return true;
}

/* Cuts an excerpt to what fits a terminal, at whole characters. */
static void
trim_excerpt(struct excerpt *e)
{
	size_t from = 0;

	if (e->len > SHOWN_MAX && e->at > SHOWN_MAX / 2)
		from = e->at - SHOWN_MAX / 2;
	while (from < e->at && is_inside_character(e->text[from]))
		from++;
	e->len -= from;
	e->at -= from;
	memmove(e->text, e->text + from, e->len);
	if (e->len <= SHOWN_MAX)
		return;
	e->len = SHOWN_MAX;
	while (e->len > e->at && is_inside_character(e->text[e->len]))
		e->len--;
}

/* Makes the source line and the caret under its column; returns the octets
 * used, at most 2 * SHOWN_MAX + 3. */
static size_t
show_source(
    const struct config_report *r, unsigned line, unsigned column, char *to)
{
	struct excerpt e;
	size_t used = 0;

	if (!find_excerpt(r, line, column, &e))
		return 0;
	/* Before the cut: afterwards the key may be missing. */
	blot_secrets(e.text, e.len);
	trim_excerpt(&e);
	for (size_t i = 0; i < e.len; i++)
		to[used++] = is_control(e.text[i]) && e.text[i] != '\t'
				 ? '?'
				 : e.text[i];
	to[used++] = '\n';
	for (size_t i = 0; i < e.at; i++)
		if (!is_inside_character(e.text[i]))
			to[used++] = e.text[i] == '\t' ? '\t' : ' ';
	to[used++] = '^';
	to[used++] = '\n';
	return used;
}

/* Prints "path:line:column: kind" and the message; returns the length. */
static size_t
print_message(const struct config_report *r, unsigned line, unsigned column,
    const char *kind, const char *format, va_list args, char *to, size_t cap)
{
	int used, more;

	if (line > 0)
		used = snprintf(
		    to, cap, "%s:%u:%u: %s", r->path, line, column, kind);
	else
		used = snprintf(to, cap, "%s: %s", r->path, kind);
	if (used < 0 || (size_t)used >= cap)
		return 0;
	more = vsnprintf(to + used, cap - (size_t)used, format, args);
	if (more < 0)
		return 0;
	used += more;
	if ((size_t)used >= cap)
		used = (int)cap - 1;
	/* What was quoted from the file must not move the terminal's cursor. */
	for (int i = 0; i < used; i++)
		if (is_control(to[i]))
			to[i] = '?';
	return (size_t)used;
}

void
config_report_error(struct config_report *r, enum error err, unsigned line,
    unsigned column, const char *format, ...)
{
	char block[MESSAGE_LEN + 2 * SHOWN_MAX + 4];
	va_list args;
	size_t len;

	/* Warnings came first: they are of no interest now. */
	if (r->errors == 0) {
		r->error = err;
		r->text_len = 0;
	}
	r->errors++;
	if (r->errors > CONFIG_REPORT_MAX || r->shown + 1 < r->errors)
		return;
	va_start(args, format);
	len = print_message(
	    r, line, column, "", format, args, block, MESSAGE_LEN);
	va_end(args);
	block[len++] = '\n';
	if (line > 0)
		len += show_source(r, line, column, block + len);
	if (append(r, block, len, LAST_LEN))
		r->shown++;
}

void
config_report_warning(struct config_report *r, unsigned line, unsigned column,
    const char *format, ...)
{
	char block[MESSAGE_LEN + 1];
	va_list args;
	size_t len;

	if (r->errors > 0)
		return;
	va_start(args, format);
	len = print_message(
	    r, line, column, "warning: ", format, args, block, MESSAGE_LEN);
	va_end(args);
	block[len++] = '\n';
	append(r, block, len, 0);
}

void
config_report_finish(struct config_report *r)
{
	char last[LAST_LEN + 1];
	int len;

	if (r->errors == r->shown)
		return;
	len = snprintf(
	    last, sizeof(last), "... and %u more\n", r->errors - r->shown);
	append(r, last, (size_t)len, 0);
}

/* The edit distance (insert, delete, replace, swap neighbours) of two words
 * of at most WORD_MAX octets, case-blind. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[3][WORD_MAX + 1];
	size_t *before = row[0], *above = row[1], *now = row[2];
	size_t a_len = strlen(a), b_len = strlen(b);

	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			int x = tolower((unsigned char)a[i - 1]);
			int y = tolower((unsigned char)b[j - 1]);
			size_t best = above[j - 1] + (x != y);

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 &&
			    x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]) &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		size_t *oldest = before;
		before = above;
		above = now;
		now = oldest;
	}
	return above[b_len];
}

const char *
config_report_nearest(
    const char *word, const char *const *candidate, size_t count)
{
	size_t len = strlen(word);
	size_t best = len / 2 < 2 ? len / 2 + 1 : 3;
	const char *nearest = NULL;

	if (len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t d;

		if (strlen(candidate[i]) > WORD_MAX)
			continue;
		d = distance(word, candidate[i]);
		if (d < best) {
			best = d;
			nearest = candidate[i];
		}
	}
	return nearest;
}
