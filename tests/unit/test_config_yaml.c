/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/config_yaml.h"

/* A parsed text. */
struct parsed {
	struct config_arena *arena;
	struct config_report report;
	struct yaml_node *root;
	enum error err;
	char text[8192];
};

static void
parse(struct parsed *p, const char *source, size_t len)
{
	p->arena = config_arena_new();
	cr_assert_not_null(p->arena);
	p->root = NULL;
	config_report_init(
	    &p->report, "m.yaml", source, len, p->text, sizeof(p->text));
	p->err = yaml_parse(&p->report, p->arena, &p->root);
	config_report_finish(&p->report);
}

/* Prints a tree in one line: [a, b], {k: v}, ~ for nothing. */
static size_t
print(const struct yaml_node *node, char *to, size_t cap)
{
	size_t used = 0;
	bool map = node->kind == YAML_MAP;
	size_t items = map ? 2 * node->count : node->count;

	if (node->kind == YAML_NULL)
		return (size_t)snprintf(to, cap, "~");
	if (node->kind == YAML_TEXT)
		return (size_t)snprintf(to, cap, "'%s'", node->text);
	used += (size_t)snprintf(to, cap, map ? "{" : "[");
	for (size_t i = 0; i < items; i++) {
		if (i > 0)
			used += (size_t)snprintf(to + used, cap - used, "%s",
			    map && i % 2 == 1 ? ": " : ", ");
		used += print(node->item[i], to + used, cap - used);
	}
	used += (size_t)snprintf(to + used, cap - used, map ? "}" : "]");
	return used;
}

struct tree {
	const char *source;
	const char *expected;
};

static void
check_trees(const struct tree *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct parsed p;
		char shown[1024];

		parse(&p, table[i].source, strlen(table[i].source));
		cr_assert_eq(p.err, OK, "%s\n%s", table[i].source, p.text);
		print(p.root, shown, sizeof(shown));
		cr_expect_str_eq(shown, table[i].expected);
		cr_expect_str_eq(p.text, "");
		config_arena_free(p.arena);
	}
}

#define CHECK(check, table) check(table, sizeof(table) / sizeof((table)[0]))

Test(config_yaml, scalars_are_strings_as_written, .timeout = 5)
{
	static const struct tree table[] = {
	    {"a: no", "{'a': 'no'}"},
	    {"a: 012", "{'a': '012'}"},
	    {"a: 1e3", "{'a': '1e3'}"},
	    {"a: 12:30:45", "{'a': '12:30:45'}"},
	    {"a: 'it''s'", "{'a': 'it's'}"},
	    {"a: \"x\\ty\"", "{'a': 'x\ty'}"},
	    {"a: |\n  x\n  y\n", "{'a': 'x\ny\n'}"},
	    {"a: ::1", "{'a': '::1'}"},
	};

	CHECK(check_trees, table);
}

/* Each escape and each line is a piece of its own to the library. */
Test(config_yaml, texts_in_many_pieces_are_whole, .timeout = 5)
{
	char quoted[512] = "a: '", block[512] = "a: |\n";
	struct tree table[] = {{quoted, NULL}, {block, NULL}};
	char expected[2][256] = {"{'a': '", "{'a': '"};

	for (unsigned i = 0; i < 60; i++) {
		strcat(quoted, "x''");
		strcat(expected[0], "x'");
		strcat(block, "  y\n");
		strcat(expected[1], "y\n");
	}
	strcat(quoted, "'\n");
	for (unsigned i = 0; i < 2; i++) {
		strcat(expected[i], "'}");
		table[i].expected = expected[i];
	}
	CHECK(check_trees, table);
}

Test(config_yaml, nothing_is_null_unless_it_is_quoted, .timeout = 5)
{
	static const struct tree table[] = {
	    {"", "~"},
	    {"# only a comment\n", "~"},
	    {"---\n", "~"},
	    {"a:\nb: ~\nc: null\n", "{'a': ~, 'b': ~, 'c': ~}"},
	    {"a: \"\"\nb: 'null'\nc: nothing",
		"{'a': '', 'b': 'null', 'c': 'nothing'}"},
	    {"[a, ~]", "['a', ~]"},
	};

	CHECK(check_trees, table);
}

Test(config_yaml, maps_and_lists_nest, .timeout = 5)
{
	static const struct tree table[] = {
	    {"zones:\n  - name: x\n    update:\n    - {key: k, own: true}\n"
	     "  - name: y\n",
		"{'zones': [{'name': 'x', 'update': [{'key': 'k', 'own': "
		"'true'}]}, {'name': 'y'}]}"},
	    {"a: []\nb: {}\n", "{'a': [], 'b': {}}"},
	    {"{\"a\": [1, 2], \"b\": {\"c\": null}}",
		"{'a': ['1', '2'], 'b': {'c': ~}}"},
	};

	CHECK(check_trees, table);
}

Test(config_yaml, aliases_are_what_they_name, .timeout = 5)
{
	static const struct tree table[] = {
	    {"a: &x [1, {b: 2}]\nc: *x\n",
		"{'a': ['1', {'b': '2'}], 'c': ['1', {'b': '2'}]}"},
	    {"a: &x 1\nb: &x 2\nc: *x\n", "{'a': '1', 'b': '2', 'c': '2'}"},
	};

	CHECK(check_trees, table);
}

Test(config_yaml, nodes_know_where_they_stand, .timeout = 5)
{
	static const char source[] = "server:\n"
				     "  user: \xc3\xa4\xc3\xb6, # x\n"
				     "  data: {a: \"\xc3\xa4\", b: c}\n";
	struct yaml_node *server, *data;
	struct parsed p;

	parse(&p, source, strlen(source));
	cr_assert_eq(p.err, OK, "%s", p.text);
	server = p.root->item[1];
	cr_expect_eq(server->item[0]->line, 2);
	cr_expect_eq(server->item[0]->column, 3);
	cr_expect_eq(server->item[1]->column, 9);
	data = server->item[3];
	cr_expect_eq(data->line, 3);
	cr_expect_eq(data->column, 9);
	/* Characters, not octets. */
	cr_expect_eq(data->item[3]->column, 21);
	config_arena_free(p.arena);
}

struct broken {
	const char *source;
	enum error err;
	const char *expected; /* NULL: the library's words */
};

static void
check_broken(const struct broken *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct parsed p;

		parse(&p, table[i].source, strlen(table[i].source));
		cr_expect_eq(p.err, table[i].err, "%s: %d\n%s", table[i].source,
		    p.err, p.text);
		cr_expect_eq(p.report.errors, 1U, "%s", p.text);
		cr_expect(strncmp(p.text, "m.yaml:", 7) == 0, "%s", p.text);
		if (table[i].expected != NULL)
			cr_expect_str_eq(p.text, table[i].expected);
		config_arena_free(p.arena);
	}
}

Test(config_yaml, errors_show_line_column_source_and_caret, .timeout = 5)
{
	static const struct broken table[] = {
	    {"a: b\nc: d\na: e\n", ERR_EXISTS,
		"m.yaml:3:1: key \"a\" is there twice (first on line 1)\n"
		"a: e\n^\n"},
	    {"x: {a: 1, b: 2, a: 3}\n", ERR_EXISTS,
		"m.yaml:1:17: key \"a\" is there twice (first on line 1)\n"
		"x: {a: 1, b: 2, a: 3}\n                ^\n"},
	    {"a: *x\n", ERR_NOT_FOUND,
		"m.yaml:1:5: no anchor is named \"x\" here\na: *x\n    ^\n"},
	    {"a: &x [*x]\n", ERR_NOT_FOUND,
		"m.yaml:1:9: no anchor is named \"x\" here\n"
		"a: &x [*x]\n        ^\n"},
	    {"a: !!int 5\n", ERR_SYNTAX,
		"m.yaml:1:10: tags (\"!\") have no meaning here\n"
		"a: !!int 5\n         ^\n"},
	    {"a: b\n---\nc: d\n", ERR_SYNTAX, NULL},
	    {"? [a]\n: b\n", ERR_SYNTAX, NULL},
	    {"a: \"x\\0y\"\n", ERR_SYNTAX,
		"m.yaml:1:5: a NUL character in a string\n"
		"a: \"x\\0y\"\n    ^\n"},
	};

	CHECK(check_broken, table);
}

Test(config_yaml, what_is_no_yaml_is_one_error, .timeout = 5)
{
	static const struct broken table[] = {
	    {"a: [b, c\nd: e\n", ERR_SYNTAX, NULL},
	    {"a: b\n c: d\n", ERR_SYNTAX, NULL},
	    {"\ta: b\n", ERR_SYNTAX, NULL},
	    {"a: \"unterminated\n", ERR_SYNTAX, NULL},
	    {"a: }\n", ERR_SYNTAX, NULL},
	    {"a: %x\n", ERR_SYNTAX, NULL},
	    {"%YAML 5.5\n---\na: b\n", ERR_SYNTAX, NULL},
	    {"- a\nb: c\n", ERR_SYNTAX, NULL},
	};

	CHECK(check_broken, table);
}

Test(config_yaml, octets_that_are_no_text_are_errors, .timeout = 5)
{
	static const struct broken table[] = {
	    {"a: \xff\n", ERR_SYNTAX,
		"m.yaml:1:4: octet 0xff is no text (UTF-8)\na: \xff\n   ^\n"},
	    {"a: 1\nb: \xc3\xa4\x01\n", ERR_SYNTAX, NULL},
	    {"a: \xc0\x80\n", ERR_SYNTAX, NULL}, /* overlong */
	    {"a: \xed\xa0\x80\n", ERR_SYNTAX, NULL}, /* surrogate */
	    {"a: \xf4\x90\x80\x80\n", ERR_SYNTAX, NULL}, /* too large */
	    {"a: \xe2\x82", ERR_SYNTAX, NULL}, /* cut off */
	};

	CHECK(check_broken, table);
}

Test(config_yaml, depth_and_keys_are_limited, .timeout = 5)
{
	char deep[128], many[1024] = "";
	size_t used = 0;
	struct broken table[] = {
	    {deep, ERR_LIMIT, NULL}, {many, ERR_LIMIT, NULL}};

	memset(deep, '[', 40);
	memset(deep + 40, ']', 40);
	deep[80] = '\0';
	for (unsigned i = 0; i < 70; i++)
		used += (size_t)snprintf(
		    many + used, sizeof(many) - used, "k%u: v\n", i);
	CHECK(check_broken, table);
}

/* A screen or a log may be read by others. */
Test(config_yaml, secrets_are_not_shown, .timeout = 5)
{
	static const char *const table[] = {
	    "- {secret: \"hidden\", name: x, name: y}\n",
	    "- {secret: 'hidden', name: x, name: y}\n",
	    "- {name: x, secret: hidden, name: y}\n",
	    "- {name: x, name: y, \"secret\": hidden}\n",
	    "- {name: x, name: y, secret:   hidden}\n",
	    "{secret: hidden\n",
	    "secret: \"hidden\n",
	    "a: 1\nsecret: hidden: x\n",
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct parsed p;

		parse(&p, table[i], strlen(table[i]));
		cr_expect_neq(p.err, OK, "%s", table[i]);
		cr_expect_null(strstr(p.text, "hidden"), "%s", p.text);
		config_arena_free(p.arena);
	}
}

Test(config_report, long_lines_are_shown_around_the_caret, .timeout = 5)
{
	char source[400], text[1024];
	struct config_report r;
	const char *shown, *caret;

	memset(source, 'a', 300);
	source[200] = 'X';
	source[300] = '\0';
	config_report_init(&r, "m", source, 300, text, sizeof(text));
	config_report_error(&r, ERR_SYNTAX, 1, 201, "here");
	shown = strchr(text, '\n') + 1;
	caret = strchr(shown, '\n') + 1;
	cr_expect_leq(caret - shown, 80);
	cr_expect_eq(strchr(caret, '^') - caret, strchr(shown, 'X') - shown);
}

Test(config_report, tabs_stay_so_that_the_caret_fits, .timeout = 5)
{
	static const char source[] = "\ta\t: b\x1b[31m";
	char text[256];
	struct config_report r;

	config_report_init(&r, "m", source, strlen(source), text, sizeof(text));
	config_report_error(&r, ERR_SYNTAX, 1, 4, "say \"%s\"", "\033[2J");
	cr_expect_str_eq(text, "m:1:4: say \"?[2J\"\n\ta\t: b?[31m\n\t \t^\n");
}

Test(config_report, more_than_fits_is_counted, .timeout = 5)
{
	char text[8192], small[96];
	struct config_report r;

	config_report_init(&r, "m", "x", 1, text, sizeof(text));
	for (unsigned i = 0; i < 25; i++)
		config_report_error(&r, ERR_RANGE, 1, 1, "error %u", i);
	config_report_finish(&r);
	cr_expect_eq(r.error, ERR_RANGE);
	cr_expect_not_null(strstr(text, "error 19\n"));
	cr_expect_null(strstr(text, "error 20\n"));
	cr_expect_not_null(strstr(text, "\n... and 5 more\n"));

	config_report_init(&r, "m", "x", 1, small, sizeof(small));
	for (unsigned i = 0; i < 25; i++)
		config_report_error(&r, ERR_RANGE, 1, 1, "number %u", i);
	config_report_finish(&r);
	cr_expect_str_eq(small,
	    "m:1:1: number 0\nx\n^\nm:1:1: number 1\nx\n^\n... and 23 more\n");
}

Test(config_report, warnings_give_way_to_errors, .timeout = 5)
{
	char text[256];
	struct config_report r;

	config_report_init(&r, "m", "x", 1, text, sizeof(text));
	config_report_warning(&r, 1, 1, "so so");
	cr_expect_str_eq(text, "m:1:1: warning: so so\n");
	cr_expect_eq(r.errors, 0U);
	config_report_error(&r, ERR_IO, 0, 0, "bad");
	config_report_warning(&r, 1, 1, "so so");
	config_report_finish(&r);
	cr_expect_str_eq(text, "m: bad\n");
}

Test(config_report, nearest_is_near, .timeout = 5)
{
	static const char *const word[] = {
	    "listen", "workers", "data", "user", "ttl"};
	static const struct {
		const char *text;
		const char *expected;
	} table[] = {
	    {"lisen", "listen"},
	    {"litsen", "listen"},
	    {"LISTEN", "listen"},
	    {"worker", "workers"},
	    {"date", "data"},
	    {"tl", "ttl"},
	    {"xyz", NULL},
	    {"listening-on", NULL},
	    {"", NULL},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *found = config_report_nearest(
		    table[i].text, word, sizeof(word) / sizeof(word[0]));

		if (table[i].expected == NULL)
			cr_expect_null(found, "%s", table[i].text);
		else
			cr_expect_str_eq(found, table[i].expected);
	}
}
