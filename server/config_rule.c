/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_section.h"
#include "server/config_value.h"
#include "zones/dns/rdata.h"

enum {
	RULE_KEY,
	RULE_FROM,
	RULE_NAMES,
	RULE_TYPES,
	RULE_LEASE,
	RULE_TCP,
	RULE_OWN,
	UPDATE_FIELDS
};

static void
fail_unknown_key(struct config_reading *r, const struct yaml_node *node)
{
	const char *nearest = config_report_nearest(
	    node->text, r->key_names, r->config->key_count);

	if (nearest != NULL)
		read_error(r, node, ERR_NOT_FOUND,
		    "no key is named \"%.80s\"; did you mean \"%.80s\"?",
		    node->text, nearest);
	else
		read_error(r, node, ERR_NOT_FOUND, "no key is named \"%.80s\"",
		    node->text);
}

static void
read_key_number(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct name name = {0};

	read_name(r, field, node, &name);
	if (name.len == 0)
		return;
	for (size_t i = 0; i < r->config->key_count; i++)
		if (name_equal(r->config->key[i].tsig.name.wire, name.wire)) {
			*(int *)to = (int)i;
			return;
		}
	fail_unknown_key(r, node);
}

static void
read_patterns(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct pattern *pattern =
	    read_new_array(r, field, node, sizeof(*pattern), to);
	const struct yaml_node *item;

	if (pattern == NULL)
		return;
	for (size_t i = 0; (item = read_item(node, i)) != NULL;
	     i++, pattern++) {
		if (!read_is_scalar(r, field, item))
			continue;
		enum error error = pattern_compile(item->text, pattern);
		if (error != OK)
			read_fail(r, field, item, error,
			    "a pattern (such as \"*.web.svc.example\")");
	}
}

static void
fail_type(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node)
{
	static const char *const usual[] = {"A", "AAAA", "CAA", "CNAME",
	    "DHCID", "DNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA",
	    "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI"};
	const char *nearest =
	    config_report_nearest(node->text, usual, COUNT_OF(usual));

	if (nearest != NULL)
		read_error(r, node, ERR_NOT_FOUND,
		    "%s: \"%.80s\" is not a record type; did you mean \"%s\"?",
		    field->key, node->text, nearest);
	else
		read_fail(r, field, node, ERR_NOT_FOUND, "a record type");
}

static void
read_type(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, uint16_t *to)
{
	uint16_t type;

	if (!read_is_scalar(r, field, node))
		return;
	type = type_from_text(node->text);
	if (type == 0)
		fail_type(r, field, node);
	else if (type_is_meta(type))
		read_fail(
		    r, field, node, ERR_RANGE, "a type that a zone can hold");
	else
		*to = type;
}

static void
read_types(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	uint16_t *type = read_new_array(r, field, node, sizeof(*type), to);
	const struct yaml_node *item;

	if (type == NULL)
		return;
	for (size_t i = 0; (item = read_item(node, i)) != NULL; i++, type++)
		read_type(r, field, item, type);
}

void
read_lease(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct config_lease *lease = to;
	uint64_t ms;
	uint32_t length_s = 0;

	if (!read_is_scalar(r, field, node))
		return;
	if (strcmp(node->text, "ttl") == 0) {
		lease->kind = LEASE_FROM_TTL;
	} else if (strcmp(node->text, "none") == 0) {
		lease->kind = LEASE_NONE;
	} else if (value_duration(node->text, &ms) == ERR_SYNTAX) {
		read_fail(r, field, node, ERR_SYNTAX,
		    "ttl, none or a duration (such as 90s)");
	} else {
		lease->kind = LEASE_FIXED;
		read_seconds(r, field, node, &length_s);
		lease->length_s = length_s;
	}
}

#define RULE(member) offsetof(struct config_rule, member)

static const struct config_field update_fields[UPDATE_FIELDS] = {
    [RULE_KEY] = FIELD("key", read_key_number, RULE(key)),
    [RULE_FROM] = FIELD("from", read_networks, RULE(from)),
    [RULE_NAMES] = FIELD("names", read_patterns, RULE(names)),
    [RULE_TYPES] = FIELD("types", read_types, RULE(types)),
    [RULE_LEASE] =
	FIELD_RANGE("lease", read_lease, RULE(lease), 1, CONFIG_SECONDS_MAX),
    [RULE_TCP] = FIELD("tcp", read_bool, RULE(tcp)),
    [RULE_OWN] = FIELD("own", read_bool, RULE(own)),
};

static const struct config_field transfer_fields[] = {
    FIELD("key", read_key_number, RULE(key)),
    FIELD("from", read_networks, RULE(from)),
};

/* "zones[0].update[1] (muster.yaml:23)": peers may see it, so no folder. */
static char *
make_text(const struct config_reading *r, const struct config_field *field,
    size_t number, unsigned line)
{
	const char *file = strrchr(r->report->path, '/');
	char *text;

	file = file != NULL ? file + 1 : r->report->path;
	if (asprintf(&text, "zones[%zu].%s[%zu] (%.64s:%u)", r->zone,
		field->key, number, file, line) < 0)
		return NULL;
	return text;
}

static void
read_rules(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to, const struct config_field *fields,
    size_t count)
{
	const struct yaml_node *item;
	struct config_rule *rule;
	size_t number = 0;

	if (read_count(node) == 0)
		return;
	rule = read_new_array(r, field, node, sizeof(*rule), to);
	if (rule == NULL)
		return;
	for (size_t i = 0; (item = read_item(node, i)) != NULL; i++, rule++) {
		rule->key = CONFIG_KEY_NONE;
		rule->text = make_text(r, field, number++, item->line);
		if (rule->text == NULL)
			read_no_memory(r);
		(void)read_map(r, item, fields, count, rule, NULL);
	}
}

void
read_update_rules(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	read_rules(r, field, node, to, update_fields, UPDATE_FIELDS);
}

void
read_transfer_rules(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	read_rules(
	    r, field, node, to, transfer_fields, COUNT_OF(transfer_fields));
}

/* The value of a key in a map, or NULL. */
static const struct yaml_node *
find_value(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->item[2 * i]->text, key) == 0)
			return map->item[2 * i + 1];
	return NULL;
}

static void
check_names(struct config_reading *r, const struct config_zone *zone,
    const struct config_rule *rule, const struct yaml_node *names)
{
	char apex[NAME_TEXT_LEN];

	for (size_t i = 0; i < rule->names_count; i++)
		if (rule->names[i].name.len != 0 &&
		    !pattern_reaches(&rule->names[i], zone->name.wire))
			read_error(r, read_item(names, i), ERR_CONFLICT,
			    "names: \"%.80s\" matches nothing in the zone "
			    "%.80s",
			    read_item(names, i)->text,
			    name_to_text(zone->name.wire, apex));
}

void
config_rules_check(struct config_reading *r, const struct config_zone *zone,
    const struct yaml_node *update)
{
	const struct yaml_node *item, *names, *own;

	/* Without memory there are fewer rules than items: none. */
	for (size_t i = 0; i < zone->update_count; i++) {
		const struct config_rule *rule = &zone->update[i];

		item = read_item(update, i);
		if (item->kind != YAML_MAP)
			continue;
		names = find_value(item, "names");
		if (names != NULL)
			check_names(r, zone, rule, names);
		if (item->count == 0)
			read_warning(r, item,
			    "this rule lets everyone change everything");
		own = find_value(item, "own");
		if (own != NULL && rule->own && find_value(item, "key") == NULL)
			read_error(r, own, ERR_CONFLICT,
			    "own: this rule names no key");
	}
}
