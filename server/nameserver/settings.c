/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/settings.h"

#include <stdatomic.h>
#include <stdlib.h>

struct settings *
settings_new(const struct config *config)
{
	static _Atomic uint64_t generations;
	struct settings *s = malloc(sizeof(*s));
	struct tsig_key *key = malloc((config->key_count + 1) * sizeof(*key));

	if (s == NULL || key == NULL) {
		free(s);
		free(key);
		return NULL;
	}
	for (size_t i = 0; i < config->key_count; i++)
		key[i] = config->key[i].tsig;
	s->generation = atomic_fetch_add(&generations, 1) + 1;
	s->config = config;
	s->key = key;
	s->key_count = config->key_count;
	return s;
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	free((void *)(uintptr_t)s->key);
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
