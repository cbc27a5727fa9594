/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "server/config_section.h"

enum { FORWARD_ZONE, FORWARD_TO, FORWARD_FROM, FORWARD_FIELDS };

static const struct config_field fields[FORWARD_FIELDS] = {
    [FORWARD_ZONE] =
	FIELD("zone", read_name, offsetof(struct config_forward, zone)),
    [FORWARD_TO] = FIELD_RANGE(
	"to", read_endpoints, offsetof(struct config_forward, to), 53, 0),
    [FORWARD_FROM] =
	FIELD("from", read_networks, offsetof(struct config_forward, from)),
};

static void
check_forward(struct config_reading *r, struct config_forward *forward,
    const struct yaml_node *map, const struct yaml_node *const *present)
{
	const struct config_forward *other = r->config->forward;

	if (present[FORWARD_ZONE] == NULL)
		read_error(r, map, ERR_NOT_FOUND,
		    "a forward needs a zone (\".\" for all)");
	if (present[FORWARD_TO] == NULL)
		read_error(r, map, ERR_NOT_FOUND,
		    "a forward needs an address in \"to\"");
	/* Who asks from outside must be allowed by name: an open forwarder is
	 * an amplifier. */
	if (present[FORWARD_FROM] == NULL)
		read_loopback(r, &forward->from);
	for (; other < forward && forward->zone.len != 0; other++)
		if (other->zone.len != 0 &&
		    name_equal(other->zone.wire, forward->zone.wire))
			read_error(r, present[FORWARD_ZONE], ERR_EXISTS,
			    "zone \"%.80s\" is forwarded twice",
			    present[FORWARD_ZONE]->text);
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
