/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config_yaml.h"

#include <libfyaml.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_yaml_text.h"

#define MAX_KEYS 64 /* in one map; no map has a meaning for as many */

/* An anchor, and the node that its aliases are. */
struct anchor {
	struct anchor *next;
	const char *name;
	struct yaml_node *node; /* NULL as long as it is being built */
};

/* A list while its length is not known. */
struct link {
	struct link *next;
	struct yaml_node *node;
};

/* What the library found wrong first. */
struct complaint {
	char what[400]; /* "": nothing */
	unsigned line;
	unsigned column;
};

struct builder {
	struct fy_parser *parser;
	struct config_report *report;
	struct config_arena *arena;
	struct anchor *anchor;
	unsigned line; /* of the last event that had a place */
	unsigned column;
};

static enum error build_node(
    struct builder *, struct fy_event *, unsigned depth, struct yaml_node **);

static enum error
fail(struct builder *b, enum error err, const char *what)
{
	config_report_error(b->report, err, b->line, b->column, "%s", what);
	return err;
}

/* Takes the place of an event over; implicit ones (an empty value) have none
 * and count as standing where the one before them stood. */
static void
take_place(struct builder *b, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);

	if (mark == NULL || mark->line < 0 || mark->column < 0)
		return;
	b->line = (unsigned)mark->line + 1;
	b->column = (unsigned)mark->column + 1;
}

/* The next event, or NULL at the end and after an error. */
static struct fy_event *
next_event(struct builder *b)
{
	struct fy_event *event = fy_parser_parse(b->parser);

	if (event != NULL)
		take_place(b, event);
	return event;
}

/* Reads the text of a token into a buffer, or only counts; returns its length,
 * or -1 without memory.  (fy_token_get_text() leaks where the text is in many
 * pieces, as of 0.7.12.) */
static ssize_t
read_text(struct fy_token *token, char *to)
{
	struct fy_token_iter *iter = fy_token_iter_create(token);
	const struct fy_iter_chunk *chunk = NULL;
	ssize_t len = 0;
	int failed = 0;

	if (iter == NULL)
		return -1;
	while (
	    (chunk = fy_token_iter_chunk_next(iter, chunk, &failed)) != NULL) {
		if (to != NULL)
			memcpy(to + len, chunk->str, chunk->len);
		len += (ssize_t)chunk->len;
	}
	fy_token_iter_destroy(iter);
	return failed ? -1 : len;
}

/* Copies the text of a token; a string here ends at its NUL, so there may be
 * none inside. */
static enum error
copy_text(struct builder *b, struct fy_token *token, const char **to)
{
	ssize_t len = token != NULL ? read_text(token, NULL) : 0;
	char *text;

	if (len < 0)
		return ERR_MEMORY;
	text = config_arena_alloc(b->arena, (size_t)len + 1, 1);
	if (text == NULL || (len > 0 && read_text(token, text) != len))
		return ERR_MEMORY;
	if (strlen(text) != (size_t)len)
		return fail(b, ERR_SYNTAX, "a NUL character in a string");
	*to = text;
	return OK;
}

/* Plain (unquoted) scalars of the core schema that mean nothing. */
static bool
is_null(const char *text)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		if (strcmp(text, nulls[i]) == 0)
			return true;
	return false;
}

static enum error
build_scalar(struct builder *b, struct fy_event *event, struct yaml_node *node)
{
	struct fy_token *token = event->scalar.value;
	enum error err = copy_text(b, token, &node->text);

	if (err != OK)
		return err;
	node->kind = YAML_TEXT;
	if (token == NULL || fy_token_scalar_style(token) == FYSS_PLAIN)
		node->kind = is_null(node->text) ? YAML_NULL : YAML_TEXT;
	return OK;
}

/* Turns the items that were gathered, the last one first, into an array. */
static enum error
settle_items(
    struct builder *b, struct link *last, size_t count, struct yaml_node *node)
{
	node->item =
	    config_arena_alloc(b->arena, count, sizeof(struct yaml_node *));
	if (node->item == NULL)
		return ERR_MEMORY;
	for (size_t i = count; i > 0; i--, last = last->next)
		node->item[i - 1] = last->node;
	node->count = node->kind == YAML_MAP ? count / 2 : count;
	return OK;
}

/* Checks a key against those before it: every second link. */
static enum error
check_key(struct builder *b, const struct link *before,
    const struct yaml_node *key, size_t count)
{
	/* Behind the value now; the message is about the key. */
	b->line = key->line;
	b->column = key->column;
	if (key->kind != YAML_TEXT)
		return fail(b, ERR_SYNTAX, "a key must be a word");
	if (count >= 2 * MAX_KEYS)
		return fail(b, ERR_LIMIT, "too many keys");
	for (; before != NULL; before = before->next->next) {
		const struct yaml_node *other = before->next->node;

		if (strcmp(other->text, key->text) != 0)
			continue;
		config_report_error(b->report, ERR_EXISTS, key->line,
		    key->column, "key \"%s\" is there twice (first on line %u)",
		    key->text, other->line);
		return ERR_EXISTS;
	}
	return OK;
}

/* Builds the items of a list, or keys and values of a map, up to its end. */
static enum error
build_items(struct builder *b, enum fy_event_type end, unsigned depth,
    struct yaml_node *node)
{
	struct link *last = NULL;
	size_t count = 0;
	enum error err = OK;

	for (;;) {
		struct fy_event *event = next_event(b);
		struct link *link;

		if (event == NULL)
			return ERR_SYNTAX; /* reported by the library */
		if (event->type == end) {
			fy_parser_event_free(b->parser, event);
			return settle_items(b, last, count, node);
		}
		link = config_arena_alloc(b->arena, 1, sizeof(*link));
		if (link == NULL)
			err = ERR_MEMORY;
		else
			err = build_node(b, event, depth + 1, &link->node);
		fy_parser_event_free(b->parser, event);
		if (err == OK && node->kind == YAML_MAP && count % 2 == 0)
			err = check_key(b, last, link->node, count);
		if (err != OK)
			return err;
		link->next = last;
		last = link;
		count++;
	}
}

/* Finds the node of an alias. */
static enum error
find_alias(struct builder *b, struct fy_event *event, struct yaml_node **node)
{
	const char *name;
	enum error err = copy_text(b, event->alias.anchor, &name);

	if (err != OK)
		return err;
	for (struct anchor *a = b->anchor; a != NULL; a = a->next) {
		if (strcmp(a->name, name) != 0)
			continue;
		if (a->node == NULL)
			break;
		*node = a->node;
		return OK;
	}
	config_report_error(b->report, ERR_NOT_FOUND, b->line, b->column,
	    "no anchor is named \"%s\" here", name);
	return ERR_NOT_FOUND;
}

/* Remembers an anchor, if the event has one. */
static enum error
add_anchor(struct builder *b, struct fy_event *event, struct anchor **anchor)
{
	struct fy_token *token = fy_event_get_anchor_token(event);
	struct anchor *a;

	*anchor = NULL;
	if (token == NULL)
		return OK;
	a = config_arena_alloc(b->arena, 1, sizeof(*a));
	if (a == NULL)
		return ERR_MEMORY;
	a->next = b->anchor;
	b->anchor = *anchor = a;
	return copy_text(b, token, &a->name);
}

/* Builds the node that starts with an event. */
static enum error
build_node(struct builder *b, struct fy_event *event, unsigned depth,
    struct yaml_node **to)
{
	struct yaml_node *node;
	struct anchor *anchor;
	enum error err;

	if (event->type == FYET_ALIAS)
		return find_alias(b, event, to);
	if (depth > YAML_MAX_DEPTH)
		return fail(b, ERR_LIMIT, "nested too deeply");
	if (fy_event_get_tag_token(event) != NULL)
		return fail(b, ERR_SYNTAX, "tags (\"!\") have no meaning here");
	node = config_arena_alloc(b->arena, 1, sizeof(*node));
	if (node == NULL)
		return ERR_MEMORY;
	node->line = b->line;
	node->column = b->column;
	err = add_anchor(b, event, &anchor);
	if (err != OK)
		return err;
	switch (event->type) {
	case FYET_SCALAR:
		err = build_scalar(b, event, node);
		break;
	case FYET_SEQUENCE_START:
		node->kind = YAML_LIST;
		err = build_items(b, FYET_SEQUENCE_END, depth, node);
		break;
	case FYET_MAPPING_START:
		node->kind = YAML_MAP;
		err = build_items(b, FYET_MAPPING_END, depth, node);
		break;
	default:
		err = fail(b, ERR_SYNTAX, "something else is expected here");
	}
	if (err != OK)
		return err;
	if (anchor != NULL)
		anchor->node = node;
	*to = node;
	return OK;
}

/* Builds the tree of the first document and sees that there is no other. */
static enum error
build_documents(struct builder *b, struct yaml_node **root)
{
	unsigned documents = 0;
	enum error err = OK;

	while (err == OK) {
		struct fy_event *event = next_event(b);

		if (event == NULL)
			break;
		switch (event->type) {
		case FYET_STREAM_START:
		case FYET_STREAM_END:
		case FYET_DOCUMENT_END:
		case FYET_NONE:
			break;
		case FYET_DOCUMENT_START:
			if (++documents > 1)
				err = fail(b, ERR_SYNTAX,
				    "a second document: there is only one");
			break;
		default:
			err = build_node(b, event, 1, root);
		}
		fy_parser_event_free(b->parser, event);
	}
	return err;
}

/* Keeps the first error of the library; the others follow from it.  It comes
 * in pieces, the first of which is "input:line:column: error: what".  (Errors
 * that the library collects instead are never freed, as of 0.7.12.) */
static void
hear(struct fy_diag *diag, void *user, const char *text, size_t len)
{
	static const char sign[] = ": error: ";
	struct complaint *c = user;
	char piece[sizeof(c->what)];
	char *what, *at;

	(void)diag;
	if (c->what[0] != '\0' || len == 0)
		return;
	len = len < sizeof(piece) ? len : sizeof(piece) - 1;
	memcpy(piece, text, len);
	piece[len] = '\0';
	piece[strcspn(piece, "\n")] = '\0';
	what = strstr(piece, sign);
	memcpy(c->what, piece, strlen(piece) + 1);
	if (what == NULL)
		return;
	snprintf(c->what, sizeof(c->what), "%s", what + strlen(sign));
	*what = '\0';
	at = strrchr(piece, ':');
	if (at == NULL)
		return;
	c->column = (unsigned)strtoul(at + 1, NULL, 10);
	*at = '\0';
	at = strrchr(piece, ':');
	if (at != NULL)
		c->line = (unsigned)strtoul(at + 1, NULL, 10);
}

static struct fy_diag *
make_diag(struct complaint *complaint)
{
	struct fy_diag_cfg cfg;

	fy_diag_cfg_default(&cfg);
	/* It would print to standard error otherwise. */
	cfg.fp = NULL;
	cfg.output_fn = hear;
	cfg.user = complaint;
	cfg.level = FYET_ERROR;
	cfg.colorize = false;
	return fy_diag_create(&cfg);
}

/* Parses; what the library did not like is in the complaint. */
static enum error
parse(struct builder *b, struct complaint *complaint, struct yaml_node **root)
{
	struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_JSON_NONE};
	enum error err = ERR_MEMORY;

	cfg.diag = make_diag(complaint);
	if (cfg.diag == NULL)
		return ERR_MEMORY;
	b->parser = fy_parser_create(&cfg);
	if (b->parser == NULL)
		goto fail;
	if (fy_parser_set_string(
		b->parser, b->report->source, b->report->source_len) == 0)
		err = build_documents(b, root);
	fy_parser_destroy(b->parser);
fail:
	fy_diag_unref(cfg.diag);
	return err;
}

enum error
yaml_parse(struct config_report *report, struct config_arena *arena,
    struct yaml_node **to)
{
	struct builder b = {.report = report, .arena = arena};
	struct complaint complaint = {0};
	struct yaml_node *root = config_arena_alloc(arena, 1, sizeof(*root));
	enum error err;

	if (root == NULL)
		return ERR_MEMORY;
	root->line = root->column = 1;
	err = yaml_check_text(report);
	if (err == OK && report->source_len > 0)
		err = parse(&b, &complaint, &root);
	if (err == ERR_MEMORY || report->errors > 0)
		return err;
	if (complaint.what[0] != '\0') {
		config_report_error(report, ERR_SYNTAX, complaint.line,
		    complaint.column, "%s", complaint.what);
		return ERR_SYNTAX;
	}
	/* It ended early and said nothing. */
	if (err != OK)
		config_report_error(report, err, b.line, b.column,
		    "something is wrong after this");
	else
		*to = root;
	return err;
}
