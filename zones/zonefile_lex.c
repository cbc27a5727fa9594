/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/zonefile_lex.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_LEN (256 << 10) /* large enough that read() costs nothing */
#define SHOWN_LEN 160 /* of a source line, in a complaint */
#define MESSAGE_LEN 512

enum kind { WORD, BLANK, QUOTE, OPEN, CLOSE, COMMENT, CONTROL };

static enum kind
kind_of(unsigned char c)
{
	switch (c) {
	case ' ':
	case '\t':
		return BLANK;
	case '"':
		return QUOTE;
	case '(':
		return OPEN;
	case ')':
		return CLOSE;
	case ';':
		return COMMENT;
	default:
		return c < ' ' || c == 0x7f ? CONTROL : WORD;
	}
}

void
zonefile_report(char *text, size_t text_len, const char *path, unsigned line,
    size_t column, const char *message, const char *source, size_t source_len)
{
	char shown[SHOWN_LEN + 1];
	char place[32] = "";
	size_t n = source_len < SHOWN_LEN ? source_len : SHOWN_LEN;

	if (column > 0)
		snprintf(place, sizeof(place), " (column %zu)", column);
	if (source == NULL) {
		snprintf(
		    text, text_len, "%s:%u: %s%s", path, line, message, place);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)source[i];

		shown[i] = source[i];
		if (c == '\t')
			shown[i] = ' ';
		else if (kind_of(c) == CONTROL)
			shown[i] = '?';
	}
	shown[n] = '\0';
	snprintf(text, text_len, "%s:%u: %s%s\n    %s%s", path, line, message,
	    place, shown, n < source_len ? "..." : "");
}

enum error
zonefile_fail(const struct zonefile_lexer *lex,
    const struct zonefile_word *word, enum error err, const char *format, ...)
{
	char message[MESSAGE_LEN];
	size_t at = word != NULL ? word->at : 0;
	const char *record = lex->data + lex->start;
	size_t from = at;
	size_t to = at;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	while (from > 0 && record[from - 1] != '\n')
		from--;
	while (lex->start + to < lex->len && record[to] != '\n')
		to++;
	if (to > from && record[to - 1] == '\r')
		to--;
	zonefile_report(lex->text, lex->text_len, lex->path,
	    word != NULL ? word->line : lex->line,
	    word != NULL ? at - from + 1 : 0, message,
	    to > from ? record + from : NULL, to - from);
	return err;
}

/* As zonefile_fail, at an octet of the line that is being read. */
static enum error
fail_at(const struct zonefile_lexer *lex, const char *at, const char *message)
{
	struct zonefile_word here = {
	    .at = (size_t)(at - (lex->data + lex->start)),
	    .line = lex->lines,
	};

	return zonefile_fail(lex, &here, ERR_SYNTAX, "%s", message);
}

static enum error
fail_control(const struct zonefile_lexer *lex, const char *at)
{
	char message[64];

	snprintf(message, sizeof(message), "control character 0x%02x",
	    (unsigned)(unsigned char)*at);
	return fail_at(lex, at, message);
}

void
zonefile_lexer_init_fd(struct zonefile_lexer *lex, int fd, const char *path,
    char *text, size_t text_len)
{
	*lex = (struct zonefile_lexer){
	    .fd = fd, .path = path, .text = text, .text_len = text_len};
}

void
zonefile_lexer_init_text(struct zonefile_lexer *lex, const char *content,
    size_t len, const char *path, char *text, size_t text_len)
{
	zonefile_lexer_init_fd(lex, -1, path, text, text_len);
	lex->data = content;
	lex->len = len;
	lex->eof = true;
}

void
zonefile_lexer_fini(struct zonefile_lexer *lex)
{
	free(lex->buffer);
	free(lex->word);
	free(lex->words);
}

/* Makes room behind what is read, dropping the records before this one. */
static enum error
make_room(struct zonefile_lexer *lex)
{
	size_t kept = lex->len - lex->start;
	size_t capacity = kept + READ_LEN;
	char *buffer;

	if (kept > 0 && lex->start > 0)
		memmove(lex->buffer, lex->buffer + lex->start, kept);
	lex->next -= lex->start;
	lex->start = 0;
	lex->len = kept;
	if (capacity <= lex->capacity)
		return OK;
	buffer = realloc(lex->buffer, capacity);
	if (buffer == NULL)
		return zonefile_fail(lex, NULL, ERR_MEMORY, "out of memory");
	lex->buffer = buffer;
	lex->data = buffer;
	lex->capacity = capacity;
	return OK;
}

static enum error
read_more(struct zonefile_lexer *lex)
{
	enum error err;
	ssize_t got;

	if (lex->len - lex->start > ZONEFILE_RECORD_LEN)
		return zonefile_fail(lex, NULL, ERR_LIMIT,
		    "record longer than %d octets", ZONEFILE_RECORD_LEN);
	if ((err = make_room(lex)) != OK)
		return err;
	do
		got = read(lex->fd, lex->buffer + lex->len, READ_LEN);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return zonefile_fail(lex, NULL, ERR_IO, "cannot read: %m");
	lex->len += (size_t)got;
	lex->eof = got == 0;
	return OK;
}

/* Takes the next line, without its end; *line is NULL at the end of the
 * file.  Earlier lines of the record may move. */
static enum error
take_line(struct zonefile_lexer *lex, const char **line, size_t *len)
{
	size_t searched = 0;
	size_t ready;
	const char *end = NULL;
	enum error err;

	for (;;) {
		ready = lex->len - lex->next;
		if (ready > searched)
			end = memchr(lex->data + lex->next + searched, '\n',
			    ready - searched);
		if (end != NULL || lex->eof)
			break;
		searched = ready;
		if ((err = read_more(lex)) != OK)
			return err;
	}
	if (ready == 0) {
		*line = NULL;
		return OK;
	}
	*line = lex->data + lex->next;
	*len = end != NULL ? (size_t)(end - *line) : ready;
	lex->next += end != NULL ? *len + 1 : *len;
	lex->lines++;
	if (*len > 0 && (*line)[*len - 1] == '\r')
		(*len)--;
	/* Some editors start a file with a byte order mark. */
	if (lex->lines == 1 && *len >= 3 &&
	    memcmp(*line, "\xef\xbb\xbf", 3) == 0) {
		*line += 3;
		*len -= 3;
	}
	if (lex->next - lex->start > ZONEFILE_RECORD_LEN)
		return zonefile_fail(lex, NULL, ERR_LIMIT,
		    "record longer than %d octets", ZONEFILE_RECORD_LEN);
	return OK;
}

/* Doubles *block until need items fit. */
static bool
grow(void **block, size_t *capacity, size_t need, size_t size)
{
	size_t wanted = *capacity > 0 ? *capacity : 64;
	void *grown;

	if (need <= *capacity)
		return true;
	while (wanted < need)
		wanted *= 2;
	grown = realloc(*block, wanted * size);
	if (grown == NULL)
		return false;
	*block = grown;
	*capacity = wanted;
	return true;
}

/* Adds source[0..len) as a word that starts at `at`.  Its text is an offset
 * into words until the record is complete, as words may move. */
static enum error
add_word(struct zonefile_lexer *lex, const char *source, size_t len,
    const char *at, bool quoted)
{
	struct zonefile_word *word;

	if (!grow((void **)&lex->words, &lex->words_capacity,
		lex->words_len + len + 1, 1) ||
	    !grow((void **)&lex->word, &lex->word_capacity, lex->count + 1,
		sizeof(*lex->word)))
		return zonefile_fail(lex, NULL, ERR_MEMORY, "out of memory");
	word = &lex->word[lex->count++];
	word->len = len;
	word->at = (size_t)(at - (lex->data + lex->start));
	word->line = lex->lines;
	word->quoted = quoted;
	memcpy(lex->words + lex->words_len, source, len);
	lex->words[lex->words_len + len] = '\0';
	lex->words_len += len + 1;
	return OK;
}

static void
set_texts(struct zonefile_lexer *lex)
{
	const char *text = lex->words;

	for (size_t i = 0; i < lex->count; i++) {
		lex->word[i].text = text;
		text += lex->word[i].len + 1;
	}
}

/* The quote that closes the one at open, NULL with the error in *err. */
static const char *
find_quote(const struct zonefile_lexer *lex, const char *open, const char *end,
    enum error *err)
{
	for (const char *p = open + 1; p < end; p++) {
		if (*p == '"')
			return p;
		if (*p == '\\' && p + 1 < end)
			p++;
		if (kind_of((unsigned char)*p) == CONTROL) {
			*err = fail_control(lex, p);
			return NULL;
		}
	}
	*err = fail_at(lex, open, "quote is not closed on its line");
	return NULL;
}

static enum error
scan_quoted(struct zonefile_lexer *lex, const char **p, const char *end)
{
	enum error err = OK;
	const char *open = *p;
	const char *close = find_quote(lex, open, end, &err);

	if (close == NULL)
		return err;
	*p = close + 1;
	return add_word(lex, open + 1, (size_t)(close - open - 1), open, true);
}

static enum error
scan_word(struct zonefile_lexer *lex, const char **p, const char *end)
{
	const char *start = *p;
	const char *s = start;
	enum error err = OK;

	for (; s < end; s++) {
		enum kind kind = kind_of((unsigned char)*s);

		if (kind == QUOTE && s[-1] == '=') {
			if ((s = find_quote(lex, s, end, &err)) == NULL)
				return err;
		} else if (kind == QUOTE) {
			return fail_at(lex, s, "quote inside a word");
		} else if (kind != WORD) {
			break;
		} else if (*s == '\\') {
			if (++s == end)
				return fail_at(
				    lex, s - 1, "nothing follows the escape");
			if (kind_of((unsigned char)*s) == CONTROL)
				return fail_control(lex, s);
		}
	}
	*p = s;
	return add_word(lex, start, (size_t)(s - start), start, false);
}

static enum error
scan_comment(const struct zonefile_lexer *lex, const char **p, const char *end)
{
	for (; *p < end; (*p)++)
		if (kind_of((unsigned char)**p) == CONTROL)
			return fail_control(lex, *p);
	return OK;
}

static enum error
scan_parenthesis(struct zonefile_lexer *lex, const char **p)
{
	if (**p == ')' && lex->depth == 0)
		return fail_at(lex, *p, "parenthesis was never opened");
	if (**p == '(' && lex->depth == 0)
		lex->open = (struct zonefile_word){
		    .at = (size_t)(*p - (lex->data + lex->start)),
		    .line = lex->lines,
		};
	lex->depth += **p == '(' ? 1U : -1U;
	(*p)++;
	return OK;
}

static enum error
scan_line(struct zonefile_lexer *lex, const char *p, size_t len)
{
	const char *end = p + len;
	enum error err = OK;

	while (p < end && err == OK) {
		switch (kind_of((unsigned char)*p)) {
		case BLANK:
			p++;
			break;
		case WORD:
			err = scan_word(lex, &p, end);
			break;
		case QUOTE:
			err = scan_quoted(lex, &p, end);
			break;
		case OPEN:
		case CLOSE:
			err = scan_parenthesis(lex, &p);
			break;
		case COMMENT:
			err = scan_comment(lex, &p, end);
			break;
		case CONTROL:
			err = fail_control(lex, p);
			break;
		}
	}
	return err;
}

/* Starts a record with the line just taken. */
static void
start_record(struct zonefile_lexer *lex, const char *line, size_t len)
{
	lex->start = (size_t)(line - lex->data);
	lex->line = lex->lines;
	lex->blank = len > 0 && kind_of((unsigned char)*line) == BLANK;
}

enum error
zonefile_lexer_next(struct zonefile_lexer *lex)
{
	const char *line;
	size_t len = 0;
	enum error err;

	lex->count = 0;
	lex->words_len = 0;
	while (lex->count == 0 || lex->depth > 0) {
		if (lex->depth == 0) {
			lex->start = lex->next;
			lex->line = lex->lines + 1;
		}
		if ((err = take_line(lex, &line, &len)) != OK)
			return err;
		if (line == NULL && lex->depth > 0)
			return zonefile_fail(lex, &lex->open, ERR_SYNTAX,
			    "parenthesis is not closed");
		if (line == NULL)
			return OK;
		if (lex->depth == 0)
			start_record(lex, line, len);
		if ((err = scan_line(lex, line, len)) != OK)
			return err;
	}
	set_texts(lex);
	return OK;
}
