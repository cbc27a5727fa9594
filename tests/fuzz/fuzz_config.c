/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config.c - any octets as a configuration: refused with a reason, or
 * read, and freed either way.  The text may be as short as it likes. */
#include <assert.h>
#include <string.h>

#include "server/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What the rest of the server relies on. */
static void
check_config(const struct config *config)
{
	assert(config->server.listen_count > 0);
	assert(config->server.edns_payload >= 512);
	for (size_t i = 0; i < config->key_count; i++)
		assert(config->key[i].tsig.secret_len > 0);
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct config_zone *zone = &config->zone[i];

		assert(name_len(zone->name.wire) == zone->name.len);
		assert(zone->lease.kind != LEASE_FROM_ZONE);
		assert(zone->lease_min_s <= zone->lease_max_s);
		for (size_t j = 0; j < zone->update_count; j++) {
			assert(zone->update[j].text != NULL);
			assert(zone->update[j].key < (int)config->key_count);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[CONFIG_TEXT_LEN];
	struct config *config;
	/* The first octet says how much room there is for errors. */
	size_t text_len = len > 0 && data[0] < 32 ? data[0] : sizeof(text);

	if (config_parse((const char *)data, len, "dir/fuzz.yaml", &config,
		text, text_len) == OK) {
		check_config(config);
		config_free(config);
	} else if (text_len == sizeof(text)) {
		assert(strncmp(text, "dir/fuzz.yaml", 13) == 0);
	}
	return 0;
}
