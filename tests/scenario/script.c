/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/script.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_WRONG 99 /* automake: a hard error */

void
script_complain(const char *path, unsigned number, const char *format, ...)
{
	va_list args;

	printf("# %s:%u: ", path, number);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_Exit(STATUS_WRONG);
}

static void
append(struct script *s, struct line line)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity ? 2 * s->capacity : 256;
		s->line = realloc(s->line, s->capacity * sizeof(*s->line));
	}
	s->line[s->count++] = line;
}

/* A copy of text in which each pattern is replaced by a number. */
static char *
replace(const char *text, const char *pattern, long number)
{
	size_t room = strlen(text) + 1, len = strlen(pattern);
	char digits[24], *made, *to;

	snprintf(digits, sizeof(digits), "%ld", number);
	for (const char *p = text; (p = strstr(p, pattern)); p += len)
		room += strlen(digits);
	made = to = malloc(room);
	while (*text != '\0') {
		if (strncmp(text, pattern, len) == 0) {
			to = stpcpy(to, digits);
			text += len;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
	return made;
}

/* "repeat 1..100 add %d.web A 192.0.2.%d" */
static bool
append_repeated(struct script *s, const struct line *line)
{
	long from, to;
	int used = 0;

	if (sscanf(line->text, "repeat %ld..%ld %n", &from, &to, &used) < 2 ||
	    used == 0)
		return false;
	for (long i = from; i <= to; i++) {
		struct line made = *line;

		made.text = replace(line->text + used, "%d", i);
		append(s, made);
	}
	return true;
}

/* Replaces what stands behind the LOOP line by what it unfolds to. */
static void
unfold_loop(struct script *s, size_t at)
{
	size_t body = s->count - at - 1;
	struct line *copy = malloc((body + 1) * sizeof(*copy));
	long from, to;

	if (sscanf(s->line[at].text, "LOOP %ld..%ld", &from, &to) != 2)
		script_complain(
		    s->path, s->line[at].number, "LOOP needs FROM..TO");
	memcpy(copy, &s->line[at + 1], body * sizeof(*copy));
	free(s->line[at].text);
	s->count = at;
	for (long i = from; i <= to; i++) {
		for (size_t k = 0; k < body; k++) {
			struct line made = copy[k];

			made.text = replace(copy[k].text, "$i", i);
			append(s, made);
		}
	}
	for (size_t k = 0; k < body; k++)
		free(copy[k].text);
	free(copy);
}

static void
take_line(struct script *s, struct line line, size_t *loop, bool *literal)
{
	size_t len = strlen(line.text);

	if (*literal) {
		*literal = strcmp(line.text, ">>") != 0;
		line.literal = true;
	} else if (!line.indented && strncmp(line.text, "LOOP ", 5) == 0) {
		*loop = s->count;
	} else if (!line.indented && strcmp(line.text, "ENDLOOP") == 0) {
		unfold_loop(s, *loop);
		return;
	} else if (len == 0 || (!line.indented && line.text[0] == '#')) {
		return;
	} else if (!line.indented && len > 2 &&
		   strcmp(line.text + len - 2, "<<") == 0) {
		*literal = true;
	} else if (line.indented && append_repeated(s, &line)) {
		return;
	}
	line.text = strdup(line.text);
	append(s, line);
}

void
script_load(struct script *s, const char *path)
{
	FILE *f = fopen(path, "r");
	size_t capacity = 0, loop = 0;
	unsigned number = 0;
	char *text = NULL;
	bool literal = false;
	ssize_t len;

	memset(s, 0, sizeof(*s));
	s->path = path;
	if (f == NULL)
		script_complain(path, 1, "cannot be read");
	while ((len = getline(&text, &capacity, f)) >= 0) {
		char *start = text;

		while (len > 0 && isspace((unsigned char)text[len - 1]))
			text[--len] = '\0';
		if (!literal)
			start += strspn(start, " \t");
		take_line(s,
		    (struct line){.number = ++number,
			.text = start,
			.indented = start > text},
		    &loop, &literal);
	}
	free(text);
	fclose(f);
	if (literal)
		script_complain(path, number, "<< without >>");
}

void
script_free(struct script *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->line[i].text);
	free(s->line);
}

/* The indented lines, or those up to ">>", that come next. */
static struct lines
take_body(struct script *s)
{
	struct lines lines = {&s->line[s->at], 0};

	while (s->at < s->count && s->line[s->at].literal) {
		s->at++;
		if (strcmp(s->line[s->at - 1].text, ">>") == 0)
			return lines;
		lines.count++;
	}
	while (s->at < s->count && s->line[s->at].indented) {
		s->at++;
		lines.count++;
	}
	return lines;
}

bool
script_next(struct script *s, struct step *step)
{
	struct line *line;
	char *expect;

	if (s->at == s->count)
		return false;
	line = &s->line[s->at++];
	if (line->indented)
		script_complain(s->path, line->number, "no command before it");
	memset(step, 0, sizeof(*step));
	step->number = line->number;
	step->text = line->text;
	expect = strstr(line->text, " EXPECT ");
	if (expect != NULL)
		*expect = '\0';
	if (expect == NULL)
		step->body = take_body(s);
	if (expect == NULL && s->at < s->count &&
	    strncmp(s->line[s->at].text, "EXPECT ", 7) == 0) {
		line = &s->line[s->at++];
		expect = line->text - 1;
	}
	if (expect == NULL)
		return true;
	step->expect = expect + 8;
	step->expect_number = line->number;
	step->expect_body = take_body(s);
	return true;
}

bool
word_next(const char **text, char word[WORD_LEN])
{
	const char *p = *text + strspn(*text, " \t");
	bool quoted = *p == '"';
	size_t len;

	if (*p == '\0')
		return false;
	p += quoted;
	len = strcspn(p, quoted ? "\"" : " \t");
	if (len >= WORD_LEN)
		len = WORD_LEN - 1;
	memcpy(word, p, len);
	word[len] = '\0';
	p += len;
	*text = p + (quoted && *p == '"');
	return true;
}
