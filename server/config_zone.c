/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "server/config_section.h"

enum {
	ZONE_NAME,
	ZONE_FILE,
	ZONE_TTL,
	ZONE_NEGATIVE_TTL,
	ZONE_LEASE,
	ZONE_LEASE_MIN,
	ZONE_LEASE_MAX,
	ZONE_KEY_LEASE_MAX,
	ZONE_ADDRESSES,
	ZONE_REVERSE,
	ZONE_UPDATE,
	ZONE_TRANSFER,
	ZONE_NOTIFY,
	ZONE_FIELDS
};

static void
read_notify(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	if (read_count(node) > 0)
		read_endpoints(r, field, node, to);
}

static void
read_reverse(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	static const struct config_word words[] = {
	    {"none", false},
	    {"synthesise", true},
	    {NULL, 0},
	};
	struct config_field row = *field;
	int synthesise = *(bool *)to;

	row.words = words;
	read_word(r, &row, node, &synthesise);
	*(bool *)to = synthesise != 0;
}

#define ZONE(member) offsetof(struct config_zone, member)

static const struct config_field fields[ZONE_FIELDS] = {
    [ZONE_NAME] = FIELD("name", read_name, ZONE(name)),
    [ZONE_FILE] = FIELD("file", read_path, ZONE(file)),
    [ZONE_TTL] =
	FIELD_RANGE("ttl", read_seconds, ZONE(ttl_s), 1, CONFIG_SECONDS_MAX),
    [ZONE_NEGATIVE_TTL] = FIELD_RANGE("negative-ttl", read_seconds,
	ZONE(negative_ttl_s), 0, CONFIG_SECONDS_MAX),
    [ZONE_LEASE] =
	FIELD_RANGE("lease", read_lease, ZONE(lease), 1, CONFIG_SECONDS_MAX),
    [ZONE_LEASE_MIN] = FIELD_RANGE(
	"lease-min", read_seconds, ZONE(lease_min_s), 1, CONFIG_SECONDS_MAX),
    [ZONE_LEASE_MAX] = FIELD_RANGE(
	"lease-max", read_seconds, ZONE(lease_max_s), 1, CONFIG_SECONDS_MAX),
    [ZONE_KEY_LEASE_MAX] = FIELD_RANGE("key-lease-max", read_seconds,
	ZONE(key_lease_max_s), 1, CONFIG_SECONDS_MAX),
    [ZONE_ADDRESSES] = FIELD("addresses", read_bool, ZONE(addresses)),
    [ZONE_REVERSE] = FIELD("reverse", read_reverse, ZONE(reverse)),
    [ZONE_UPDATE] = FIELD("update", read_update_rules, ZONE(update)),
    [ZONE_TRANSFER] = FIELD("transfer", read_transfer_rules, ZONE(transfer)),
    [ZONE_NOTIFY] = FIELD_RANGE("notify", read_notify, ZONE(notify), 53, 0),
};

static void
zone_init(struct config_zone *zone, unsigned line)
{
	*zone = (struct config_zone){
	    .line = line,
	    .ttl_s = 30,
	    .negative_ttl_s = 5,
	    .lease = {.kind = LEASE_FROM_TTL},
	    .lease_min_s = 5,
	    .lease_max_s = 24 * 60 * 60,
	    .key_lease_max_s = 7 * 24 * 60 * 60,
	    .addresses = true,
	};
}

static void
check_leases(struct config_reading *r, const struct config_zone *zone,
    const struct yaml_node *const *present)
{
	const struct yaml_node *at = present[ZONE_LEASE_MIN];

	if (zone->lease_min_s <= zone->lease_max_s)
		return;
	if (at == NULL)
		at = present[ZONE_LEASE_MAX];
	read_error(r, at, ERR_CONFLICT,
	    "lease-min (%us) is more than lease-max (%us)", zone->lease_min_s,
	    zone->lease_max_s);
}

/* Where names of addresses are (RFC 1035 3.5, RFC 3596 2.5). */
static void
check_reverse(struct config_reading *r, const struct config_zone *zone,
    const struct yaml_node *node)
{
	static const uint8_t ipv4[] = "\7in-addr\4arpa";
	static const uint8_t ipv6[] = "\3ip6\4arpa";

	if (!zone->reverse || zone->name.len == 0 ||
	    name_is_in(zone->name.wire, ipv4) ||
	    name_is_in(zone->name.wire, ipv6))
		return;
	read_error(r, node, ERR_CONFLICT,
	    "reverse: the zone is not in in-addr.arpa or ip6.arpa, where "
	    "names of addresses are");
}

static void
check_name(struct config_reading *r, const struct config_zone *zone,
    const struct yaml_node *map, const struct yaml_node *node)
{
	const struct config_zone *other = r->config->zone;

	if (node == NULL) {
		read_error(r, map, ERR_NOT_FOUND, "a zone needs a name");
		return;
	}
	for (; other < zone && zone->name.len != 0; other++)
		if (other->name.len == zone->name.len &&
		    name_equal(other->name.wire, zone->name.wire)) {
			read_error(r, node, ERR_EXISTS,
			    "zone \"%.80s\" is here twice; first in line %u",
			    node->text, other->line);
			return;
		}
}

void
read_zones(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct yaml_node *present[ZONE_FIELDS];
	const struct yaml_node *item;
	struct config_zone *zone;

	if (read_count(node) == 0)
		return;
	zone = read_new_array(r, field, node, sizeof(*zone), to);
	if (zone == NULL)
		return;
	for (size_t i = 0; (item = read_item(node, i)) != NULL; i++, zone++) {
		zone_init(zone, item->line);
		r->zone = (size_t)(zone - r->config->zone);
		if (!read_map(r, item, fields, ZONE_FIELDS, zone, present))
			continue;
		check_name(r, zone, item, present[ZONE_NAME]);
		check_leases(r, zone, present);
		check_reverse(r, zone, present[ZONE_REVERSE]);
		if (present[ZONE_UPDATE] != NULL && zone->name.len != 0)
			config_rules_check(r, zone, present[ZONE_UPDATE]);
	}
}
