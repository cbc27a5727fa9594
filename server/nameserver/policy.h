/* policy.h - who may register what.
 *
 * A zone's update rules are tried in order for each record; the first whose
 * fields all match (key, address, name, type, transport) decides.  No match:
 * REFUSED.  A message that no rule could match by key and address is refused
 * before anything else is looked at, so that strangers cannot probe the zone
 * with prerequisites.
 *
 * Threads:   any; rules are immutable.
 * Ownership: rules belong to the configuration.
 * Errors:    none.
 * Standards: RFC 2136 3.3.
 */
#ifndef SERVER_NAMESERVER_POLICY_H
#define SERVER_NAMESERVER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "server/config.h"

/* Who asks. */
struct policy_asker {
	int key; /* number in the configuration, CONFIG_KEY_NONE: unsigned */
	const struct endpoint *peer;
	bool tcp;
};

/* Whether some rule matches the asker. */
bool policy_allows_asker(
    const struct config_zone *, const struct policy_asker *);

/* The rule that allows the asker to change records of a type at a name, or
 * NULL. */
const struct config_rule *policy_find(const struct config_zone *,
    const struct policy_asker *, const uint8_t *owner, uint16_t type);

#endif
