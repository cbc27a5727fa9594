/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any table has. */
#define FIELDS_MAX 32

#define MESSAGE_LEN 512

void
read_error(struct config_reading *r, const struct yaml_node *node,
    enum error error, const char *format, ...)
{
	char message[MESSAGE_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	config_report_error(
	    r->report, error, node->line, node->column, "%s", message);
}

void
read_warning(struct config_reading *r, const struct yaml_node *node,
    const char *format, ...)
{
	char message[MESSAGE_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	config_report_warning(
	    r->report, node->line, node->column, "%s", message);
}

void
read_no_memory(struct config_reading *r)
{
	config_report_error(
	    r->report, ERR_MEMORY, 0, 0, "%s", error_text(ERR_MEMORY));
}

void
read_fail(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, enum error error, const char *expected)
{
	if (error == ERR_MEMORY) {
		read_no_memory(r);
		return;
	}
	read_error(r, node, error, "%s: \"%.80s\" is not %s", field->key,
	    node->text, expected);
}

static size_t
find_field(const struct config_field *fields, size_t count, const char *key)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(fields[i].key, key) == 0)
			break;
	return i;
}

static void
fail_unknown(struct config_reading *r, const struct config_field *fields,
    size_t count, const struct yaml_node *key)
{
	const char *keys[FIELDS_MAX], *nearest;

	for (size_t i = 0; i < count; i++)
		keys[i] = fields[i].key;
	nearest = config_report_nearest(key->text, keys, count);
	if (nearest != NULL)
		read_error(r, key, ERR_NOT_FOUND,
		    "unknown key \"%.80s\"; did you mean \"%s\"?", key->text,
		    nearest);
	else
		read_error(
		    r, key, ERR_NOT_FOUND, "unknown key \"%.80s\"", key->text);
}

/* Finds the key and value of each row.  No key is there twice. */
static void
sort_keys(struct config_reading *r, const struct yaml_node *map,
    const struct config_field *fields, size_t count, struct yaml_node **found[])
{
	for (size_t i = 0; i < map->count; i++) {
		struct yaml_node **pair = &map->item[2 * i];
		size_t number = find_field(fields, count, pair[0]->text);

		if (number == count)
			fail_unknown(r, fields, count, pair[0]);
		else
			found[number] = pair;
	}
}

size_t
read_count(const struct yaml_node *node)
{
	if (node->kind == YAML_NULL)
		return 0;
	return node->kind == YAML_LIST ? node->count : 1;
}

const struct yaml_node *
read_item(const struct yaml_node *node, size_t i)
{
	if (i >= read_count(node))
		return NULL;
	return node->kind == YAML_LIST ? node->item[i] : node;
}

bool
read_map(struct config_reading *r, const struct yaml_node *map,
    const struct config_field *fields, size_t count, void *to,
    const struct yaml_node **present)
{
	struct yaml_node **found[FIELDS_MAX] = {NULL};

	if (map->kind != YAML_MAP) {
		read_error(r, map, ERR_SYNTAX,
		    "expected keys and values, such as \"%s: ...\"",
		    fields[0].key);
		return false;
	}
	sort_keys(r, map, fields, count, found);
	for (size_t i = 0; i < count; i++) {
		if (present != NULL)
			present[i] = found[i] != NULL ? found[i][1] : NULL;
		if (found[i] == NULL)
			continue;
		r->key = found[i][0];
		fields[i].read(
		    r, &fields[i], found[i][1], (char *)to + fields[i].offset);
	}
	return true;
}

bool
read_is_scalar(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node)
{
	static const char *const wrong[] = {
	    [YAML_NULL] = "has no value",
	    [YAML_LIST] = "must be a single value, not a list",
	    [YAML_MAP] = "must be a single value, not keys and values",
	};

	if (node->kind == YAML_TEXT)
		return true;
	read_error(r, node, ERR_SYNTAX, "%s %s", field->key, wrong[node->kind]);
	return false;
}

/* An array and its count stand behind each other in our structs, whatever
 * the type of the elements: hence the copying. */
void
read_put_array(void *to, void *array, size_t count)
{
	void *old;

	memcpy(&old, to, sizeof(old));
	free(old);
	memcpy(to, &array, sizeof(array));
	memcpy((char *)to + sizeof(array), &count, sizeof(count));
}

void *
read_new_array(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, size_t element_len, void *to)
{
	size_t count = read_count(node);
	void *array;

	/* Where absent means any, empty must not. */
	if (count == 0) {
		read_error(r, node, ERR_SYNTAX,
		    "%s is empty: leave it out or fill it in", field->key);
		return NULL;
	}
	array = calloc(count, element_len);
	if (array == NULL)
		read_no_memory(r);
	else
		read_put_array(to, array, count);
	return array;
}

char *
read_copy(struct config_reading *r, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		read_no_memory(r);
	return copy;
}

char *
read_join(struct config_reading *r, const char *path)
{
	char *joined;

	while (strncmp(path, "./", 2) == 0 && path[2] != '\0')
		path += 2;
	if (asprintf(&joined, "%s%s", *path == '/' ? "" : r->folder, path) <
	    0) {
		read_no_memory(r);
		return NULL;
	}
	return joined;
}
