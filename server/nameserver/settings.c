/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/settings.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "zones/dns/rdata.h"

/* Forward zones below the apex of a zone of ours; returns how many. */
static size_t
find_inside(const struct config *config, const struct config_forward **inside)
{
	size_t count = 0;

	for (size_t i = 0; i < config->forward_count; i++) {
		const struct name *name = &config->forward[i].zone;

		for (size_t z = 0; z < config->zone_count; z++)
			if (name->len > config->zone[z].name.len &&
			    name_is_in(name->wire, config->zone[z].name.wire)) {
				inside[count++] = &config->forward[i];
				break;
			}
	}
	return count;
}

struct settings *
settings_new(const struct config *config)
{
	static _Atomic uint64_t generations;
	struct settings *s = malloc(sizeof(*s));
	struct tsig_key *key = malloc((config->key_count + 1) * sizeof(*key));

	const struct config_forward **inside =
	    malloc((config->forward_count + 1) * sizeof(*inside));

	if (s == NULL || key == NULL || inside == NULL) {
		free(s);
		free(key);
		free(inside);
		return NULL;
	}
	for (size_t i = 0; i < config->key_count; i++)
		key[i] = config->key[i].tsig;
	s->generation = atomic_fetch_add(&generations, 1) + 1;
	s->config = config;
	s->key = key;
	s->key_count = config->key_count;
	s->inside = inside;
	s->inside_count = find_inside(config, inside);
	return s;
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	free((void *)(uintptr_t)s->key);
	free(s->inside);
	free(s);
}

int
settings_find_key(const struct settings *s, const uint8_t *name)
{
	for (size_t i = 0; i < s->key_count; i++)
		if (name_equal(s->key[i].name.wire, name))
			return (int)i;
	return CONFIG_KEY_NONE;
}

const struct config_zone *
settings_find_zone(const struct settings *s, const uint8_t *apex)
{
	for (size_t i = 0; i < s->config->zone_count; i++)
		if (name_equal(s->config->zone[i].name.wire, apex))
			return &s->config->zone[i];
	return NULL;
}

bool
settings_is_inside(const struct settings *s, const struct name *apex,
    const uint8_t *name, uint16_t qtype)
{
	for (size_t i = 0; i < s->inside_count; i++) {
		const struct name *zone = &s->inside[i]->zone;

		if (zone->len > apex->len && name_is_in(name, zone->wire) &&
		    (qtype != TYPE_DS || !name_equal(name, zone->wire)))
			return true;
	}
	return false;
}
