/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/policy.h"

static bool
matches_asker(const struct config_rule *rule, const struct policy_asker *who)
{
	if (rule->key != CONFIG_KEY_NONE && rule->key != who->key)
		return false;
	if (rule->tcp && !who->tcp)
		return false;
	return rule->from_count == 0 ||
	       config_networks_contain(rule->from, rule->from_count, who->peer);
}

static bool
matches_name(const struct config_rule *rule, const uint8_t *owner)
{
	for (size_t i = 0; i < rule->names_count; i++)
		if (pattern_matches(&rule->names[i], owner))
			return true;
	return rule->names_count == 0;
}

static bool
matches_type(const struct config_rule *rule, uint16_t type)
{
	for (size_t i = 0; i < rule->types_count; i++)
		if (rule->types[i] == type)
			return true;
	return rule->types_count == 0;
}

bool
policy_allows_asker(
    const struct config_zone *zone, const struct policy_asker *who)
{
	for (size_t i = 0; i < zone->update_count; i++)
		if (matches_asker(&zone->update[i], who))
			return true;
	return false;
}

const struct config_rule *
policy_find(const struct config_zone *zone, const struct policy_asker *who,
    const uint8_t *owner, uint16_t type)
{
	for (size_t i = 0; i < zone->update_count; i++) {
		const struct config_rule *rule = &zone->update[i];

		if (matches_asker(rule, who) && matches_type(rule, type) &&
		    matches_name(rule, owner))
			return rule;
	}
	return NULL;
}
