/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/servers.h"
#include "server/config_section.h"
#include "server/config_value.h"

enum {
	FORWARD_ZONE,
	FORWARD_TO,
	FORWARD_FROM,
	FORWARD_PRIVATE,
	FORWARD_UPDATES,
	FORWARD_LOCAL,
	FORWARD_FIELDS
};

static void
read_bool_word(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct config_field row = *field;
	int value = *(bool *)to;

	read_word(r, &row, node, &value);
	*(bool *)to = value != 0;
}

static const struct config_word private_words[] = {
    {"allow", false},
    {"drop", true},
    {NULL, 0},
};
static const struct config_word local_words[] = {
    {"refuse", true},
    {NULL, 0},
};

#define FORWARD(member) offsetof(struct config_forward, member)

static const struct config_field fields[FORWARD_FIELDS] = {
    [FORWARD_ZONE] = FIELD("zone", read_name, FORWARD(zone)),
    [FORWARD_TO] = FIELD_RANGE("to", read_endpoints, FORWARD(to), 53, 0),
    [FORWARD_FROM] = FIELD("from", read_networks, FORWARD(from)),
    [FORWARD_PRIVATE] = FIELD_WORDS("private-answers", read_bool_word,
	FORWARD(drop_private), private_words),
    [FORWARD_UPDATES] = FIELD("updates", read_bool, FORWARD(updates)),
    [FORWARD_LOCAL] =
	FIELD_WORDS("local", read_bool_word, FORWARD(refuse), local_words),
};

static bool
is_any_address(const struct endpoint *endpoint)
{
	if (endpoint->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&endpoint->in6.sin6_addr);
	return endpoint->in.sin_addr.s_addr == htonl(INADDR_ANY);
}

static bool
is_loopback(const struct endpoint *endpoint)
{
	if (endpoint->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&endpoint->in6.sin6_addr);
	return ntohl(endpoint->in.sin_addr.s_addr) >> 24 == 127;
}

/* Whether what is sent to a server comes in at an address of ours.  Which
 * other addresses the machine has is not known here. */
static bool
is_ourselves(const struct endpoint *ours, const struct endpoint *server)
{
	if (value_same_endpoint(ours, server))
		return true;
	return ours->sa.sa_family == server->sa.sa_family &&
	       ours->in.sin_port == server->in.sin_port &&
	       is_any_address(ours) && is_loopback(server);
}

/* The servers are such as can be asked. */
static void
check_servers(struct config_reading *r, const struct config_forward *forward,
    const struct yaml_node *node)
{
	const struct config_server *server = &r->config->server;

	if (forward->to_count > SERVERS_MAX)
		read_error(r, node, ERR_RANGE, "to: more than %d servers",
		    SERVERS_MAX);
	for (size_t i = 0; i < forward->to_count; i++) {
		const struct endpoint *to = &forward->to[i];
		const struct yaml_node *item = read_item(node, i);

		if (to->len != 0 && is_any_address(to))
			read_error(r, item, ERR_CONFLICT,
			    "to: \"%.80s\" is no server's address", item->text);
		for (size_t j = 0; j < server->listen_count; j++)
			if (to->len != 0 &&
			    is_ourselves(&server->listen[j], to)) {
				read_error(r, item, ERR_CONFLICT,
				    "to: \"%.80s\" is where we listen: a loop",
				    item->text);
				break;
			}
	}
}

/* Where nobody is asked there is nothing else to say. */
static void
check_refused(struct config_reading *r, const struct yaml_node *const *present)
{
	for (size_t i = FORWARD_TO; i < FORWARD_LOCAL; i++)
		if (present[i] != NULL)
			read_error(r, present[i], ERR_CONFLICT,
			    "%s: with \"local: refuse\" nobody is asked",
			    fields[i].key);
}

static void
check_asked(struct config_reading *r, struct config_forward *forward,
    const struct yaml_node *map, const struct yaml_node *const *present)
{
	if (present[FORWARD_TO] == NULL)
		read_error(r, map, ERR_NOT_FOUND,
		    "a forward needs an address in \"to\"");
	else
		check_servers(r, forward, present[FORWARD_TO]);
	/* An open forwarder is an amplifier: who asks from outside must be
	 * allowed by name. */
	if (present[FORWARD_FROM] == NULL)
		read_private(r, &forward->from);
	for (size_t i = 0; i < forward->from_count; i++)
		if (forward->from[i].family != 0 &&
		    forward->from[i].prefix == 0)
			read_warning(r, read_item(present[FORWARD_FROM], i),
			    "this lets everyone use the server as a resolver");
	/* The Internet has no business with our addresses. */
	if (present[FORWARD_PRIVATE] == NULL)
		forward->drop_private = forward->zone.len == 1;
	if (forward->updates && forward->zone.len == 1)
		read_warning(r, present[FORWARD_UPDATES],
		    "updates of all zones that are not ours go to servers of "
		    "\".\"");
}

static void
check_zone(struct config_reading *r, const struct config_forward *forward,
    const struct yaml_node *node)
{
	const struct config_forward *other = r->config->forward;
	const struct config_zone *zones = r->config->zone;

	if (forward->zone.len == 0)
		return;
	for (; other < forward; other++)
		if (other->zone.len != 0 &&
		    name_equal(other->zone.wire, forward->zone.wire)) {
			read_error(r, node, ERR_EXISTS,
			    "zone \"%.80s\" is forwarded twice", node->text);
			return;
		}
	for (size_t i = 0; i < r->config->zone_count; i++)
		if (zones[i].name.len != 0 &&
		    name_equal(zones[i].name.wire, forward->zone.wire))
			read_warning(r, node,
			    "zone \"%.80s\" is one of ours (line %u): nobody "
			    "is asked",
			    node->text, zones[i].line);
}

static void
check_forward(struct config_reading *r, struct config_forward *forward,
    const struct yaml_node *map, const struct yaml_node *const *present)
{
	if (present[FORWARD_ZONE] == NULL)
		read_error(r, map, ERR_NOT_FOUND,
		    "a forward needs a zone (\".\" for all)");
	else
		check_zone(r, forward, present[FORWARD_ZONE]);
	if (forward->refuse)
		check_refused(r, present);
	else
		check_asked(r, forward, map, present);
}

void
read_forwards(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct yaml_node *present[FORWARD_FIELDS];
	const struct yaml_node *item;
	struct config_forward *forward;

	if (read_count(node) == 0)
		return;
	forward = read_new_array(r, field, node, sizeof(*forward), to);
	if (forward == NULL)
		return;
	for (size_t i = 0; (item = read_item(node, i)) != NULL; i++, forward++)
		if (read_map(r, item, fields, FORWARD_FIELDS, forward, present))
			check_forward(r, forward, item, present);
}
