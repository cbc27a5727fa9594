/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/grant.h"

static uint32_t
clamp(uint32_t value, uint32_t min, uint32_t max)
{
	return value < min ? min : value > max ? max : value;
}

uint32_t
grant_ttl(const struct config_zone *zone, uint32_t ttl)
{
	return ttl == 0 || ttl > INT32_MAX ? zone->ttl_s : ttl;
}

uint32_t
grant_lease(const struct config_zone *zone, const struct edns *edns)
{
	return clamp(edns->lease_s, zone->lease_min_s, zone->lease_max_s);
}

uint32_t
grant_key_lease(const struct config_zone *zone, const struct edns *edns)
{
	/* In the short form the key's lease is the lease, RFC 9664 4.2. */
	if (edns->lease_len == 4)
		return grant_lease(zone, edns);
	return clamp(
	    edns->key_lease_s, zone->lease_min_s, zone->key_lease_max_s);
}

uint32_t
grant_record(const struct config_zone *zone, const struct config_rule *rule,
    const struct edns *edns, uint16_t type, uint32_t ttl)
{
	struct config_lease lease = rule->lease;

	if (edns->lease_len > 0)
		return type == TYPE_KEY ? grant_key_lease(zone, edns)
					: grant_lease(zone, edns);
	if (lease.kind == LEASE_FROM_ZONE)
		lease = zone->lease;
	switch (lease.kind) {
	case LEASE_NONE:
		return 0;
	case LEASE_FIXED:
		return clamp(
		    lease.length_s, zone->lease_min_s, zone->lease_max_s);
	default:
		return clamp(ttl, zone->lease_min_s, zone->lease_max_s);
	}
}
