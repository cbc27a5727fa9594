/* SPDX-License-Identifier: Apache-2.0 */
/* config_field.c - the readers of single values and of their lists. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_read.h"
#include "server/config_value.h"

#define DURATION "a duration (such as 500ms, 30s, 5m, 24h, 7d)"

/* Whether a number is in the field's range; an error if not. */
static bool
check_range(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, uint64_t number, const char *unit)
{
	if (number >= field->min && number <= field->max)
		return true;
	read_error(r, node, ERR_RANGE,
	    "%s: \"%.80s\" is out of range: %" PRIu64 "%s to %" PRIu64 "%s",
	    field->key, node->text, field->min, unit, field->max, unit);
	return false;
}

static bool
parse_unsigned(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, uint64_t *number)
{
	enum error error;

	if (!read_is_scalar(r, field, node))
		return false;
	error = value_number(node->text, number);
	if (error == ERR_RANGE)
		*number = UINT64_MAX;
	else if (error != OK) {
		read_fail(r, field, node, error, "a number");
		return false;
	}
	return check_range(r, field, node, *number, "");
}

void
read_unsigned(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	uint64_t number;

	if (parse_unsigned(r, field, node, &number))
		*(unsigned *)to = (unsigned)number;
}

void
read_u16(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	uint64_t number;

	if (parse_unsigned(r, field, node, &number))
		*(uint16_t *)to = (uint16_t)number;
}

void
read_bool(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	if (read_is_scalar(r, field, node) && value_bool(node->text, to) != OK)
		read_fail(r, field, node, ERR_SYNTAX, "true or false");
}

void
read_seconds(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	uint64_t ms;
	enum error error;

	if (!read_is_scalar(r, field, node))
		return;
	error = value_duration(node->text, &ms);
	if (error == ERR_RANGE)
		ms = UINT64_MAX / 1000 * 1000;
	else if (error != OK) {
		read_fail(r, field, node, error, DURATION);
		return;
	}
	if (ms % 1000 != 0)
		read_fail(
		    r, field, node, ERR_RANGE, "a whole number of seconds");
	else if (check_range(r, field, node, ms / 1000, "s"))
		*(uint32_t *)to = (uint32_t)(ms / 1000);
}

void
read_ms(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	uint64_t ms;
	enum error error;

	if (!read_is_scalar(r, field, node))
		return;
	error = value_duration(node->text, &ms);
	if (error == ERR_RANGE)
		ms = UINT64_MAX;
	else if (error != OK) {
		read_fail(r, field, node, error, DURATION);
		return;
	}
	if (check_range(r, field, node, ms, "ms"))
		*(uint64_t *)to = ms;
}

void
read_size(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	uint64_t octets;
	enum error error;

	if (!read_is_scalar(r, field, node))
		return;
	error = value_size(node->text, &octets);
	if (error == ERR_RANGE)
		octets = UINT64_MAX;
	else if (error != OK) {
		read_fail(
		    r, field, node, error, "a size (such as 64MiB, 1GiB)");
		return;
	}
	if (check_range(r, field, node, octets, " bytes"))
		*(uint64_t *)to = octets;
}

void
read_text(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	size_t len;

	if (!read_is_scalar(r, field, node))
		return;
	len = strlen(node->text);
	if (len < field->min || len > field->max) {
		read_error(r, node, ERR_RANGE,
		    "%s must have %" PRIu64 " to %" PRIu64 " bytes", field->key,
		    field->min, field->max);
		return;
	}
	free(*(char **)to);
	*(char **)to = read_copy(r, node->text);
}

void
read_texts(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct yaml_node *item;
	char **texts = read_new_array(r, field, node, sizeof(*texts), to);

	if (texts == NULL)
		return;
	for (size_t i = 0; (item = read_item(node, i)) != NULL; i++)
		read_text(r, field, item, &texts[i]);
}

void
read_text_or_hide(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	if (node->kind == YAML_TEXT && strcmp(node->text, "hide") == 0) {
		free(*(char **)to);
		*(char **)to = NULL;
		return;
	}
	read_text(r, field, node, to);
}

void
read_path(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	if (!read_is_scalar(r, field, node))
		return;
	if (node->text[0] == '\0') {
		read_fail(r, field, node, ERR_SYNTAX, "a path");
		return;
	}
	free(*(char **)to);
	*(char **)to = read_join(r, node->text);
}

void
read_name(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct name name, *lower = to;
	enum error error;

	if (!read_is_scalar(r, field, node))
		return;
	error = name_from_text(node->text, NULL, &name);
	if (error == OK && strcmp(node->text, "@") == 0)
		error = ERR_SYNTAX;
	if (error != OK)
		read_fail(r, field, node, error, "a domain name");
	else
		lower->len = (uint8_t)name_lower(lower->wire, name.wire);
}

void
read_word(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct config_word *word = field->words;
	char list[200] = "one of";
	size_t len = strlen(list);

	if (!read_is_scalar(r, field, node))
		return;
	for (; word->word != NULL; word++) {
		if (strcmp(word->word, node->text) == 0) {
			*(int *)to = word->value;
			return;
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s %s",
		    word == field->words ? "" : ",", word->word);
	}
	read_fail(r, field, node, ERR_NOT_FOUND, list);
}

static void
read_endpoint(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, struct endpoint *to)
{
	enum error error;

	if (!read_is_scalar(r, field, node))
		return;
	error = value_endpoint(node->text, (uint16_t)field->min, to);
	if (error == ERR_RANGE)
		read_fail(r, field, node, error,
		    "an address with a port of 1 to 65535");
	else if (error == ERR_NOT_FOUND)
		read_fail(r, field, node, error,
		    "an address of an interface of this machine");
	else if (error != OK)
		read_fail(r, field, node, error,
		    "an address (such as 192.0.2.1:53, [2001:db8::1]:53)");
}

void
read_endpoints(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct endpoint *endpoints;
	const struct yaml_node *item;
	size_t i = 0;

	endpoints = read_new_array(r, field, node, sizeof(*endpoints), to);
	if (endpoints == NULL)
		return;
	for (i = 0; (item = read_item(node, i)) != NULL; i++) {
		read_endpoint(r, field, item, &endpoints[i]);
		for (size_t j = 0; j < i && endpoints[i].len != 0; j++)
			if (value_same_endpoint(&endpoints[i], &endpoints[j])) {
				read_error(r, item, ERR_EXISTS,
				    "%s: \"%s\" is here twice", field->key,
				    item->text);
				break;
			}
	}
}

static void
read_network(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, struct config_network *to)
{
	char text[VALUE_NETWORK_LEN];
	enum error error;

	if (!read_is_scalar(r, field, node))
		return;
	error = value_network(node->text, to);
	if (error == ERR_CONFLICT)
		read_error(r, node, error,
		    "%s: \"%s\" has bits behind its prefix; the network is %s",
		    field->key, node->text, value_network_text(to, text));
	else if (error == ERR_RANGE)
		read_fail(r, field, node, error,
		    "a network: IPv4 has 32 bits, IPv6 has 128");
	else if (error != OK)
		read_fail(r, field, node, error,
		    "a network (such as 10.0.0.0/8, 2001:db8::/32)");
}

void
read_networks(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct config_network *networks;
	const struct yaml_node *item;
	size_t i = 0;

	networks = read_new_array(r, field, node, sizeof(*networks), to);
	if (networks == NULL)
		return;
	for (i = 0; (item = read_item(node, i)) != NULL; i++)
		read_network(r, field, item, &networks[i]);
}

/* The first two are the loopback. */
static const struct config_network own_networks[] = {
    {AF_INET, {127}, 8},
    {AF_INET6, {[15] = 1}, 128},
    {AF_INET, {10}, 8},
    {AF_INET, {172, 16}, 12},
    {AF_INET, {192, 168}, 16},
    {AF_INET6, {0xfc}, 7},
    {AF_INET6, {0xfe, 0x80}, 10},
};

#define LOOPBACK_COUNT 2

static void
put_networks(struct config_reading *r, size_t count, void *to)
{
	struct config_network *networks = calloc(count, sizeof(*networks));

	if (networks == NULL) {
		read_no_memory(r);
		return;
	}
	memcpy(networks, own_networks, count * sizeof(*networks));
	read_put_array(to, networks, count);
}

void
read_loopback(struct config_reading *r, void *to)
{
	put_networks(r, LOOPBACK_COUNT, to);
}

void
read_private(struct config_reading *r, void *to)
{
	put_networks(r, COUNT_OF(own_networks), to);
}
