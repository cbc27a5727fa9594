/* SPDX-License-Identifier: Apache-2.0 */

/* fuzz_config - a configuration of any octets.
 *
 * What comes in is refused with at least one error that fits the buffer, or
 * accepted and then keeps what config.h says of it: names are names, lists
 * have items, minima do not exceed maxima, keys are there.  Checks are ifs
 * with abort(), so that they stay whatever NDEBUG says. */
#include <stdlib.h>
#include <string.h>

#include "server/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EXPECT(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

static void
try_name(const struct name *name)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len;

	EXPECT(name_check(name->wire, name->len, &len) && len == name->len);
	EXPECT(name_lower(lower, name->wire) == len);
	EXPECT(memcmp(lower, name->wire, len) == 0);
}

static void
try_endpoints(const struct endpoint *e, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		EXPECT(e[i].sa.sa_family == AF_INET ||
		       e[i].sa.sa_family == AF_INET6);
		EXPECT(e[i].in.sin_port != 0);
		/* Neither finds anything nor reads beyond its end. */
		EXPECT(!config_networks_contain(NULL, 0, &e[i]));
	}
}

static void
try_networks(const struct config_network *n, size_t count)
{
	struct endpoint e = {.in = {.sin_family = AF_INET}};

	config_networks_contain(n, count, &e);
	for (size_t i = 0; i < count; i++) {
		EXPECT(n[i].family == AF_INET || n[i].family == AF_INET6);
		EXPECT(n[i].prefix <= (n[i].family == AF_INET ? 32 : 128));
	}
}

static void
try_rules(const struct config *config, const struct config_zone *zone,
    const struct config_rule *rule, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		EXPECT(rule[i].text != NULL);
		EXPECT(rule[i].key == CONFIG_KEY_NONE ||
		       (rule[i].key >= 0 &&
			   (size_t)rule[i].key < config->key_count));
		EXPECT(!rule[i].own || rule[i].key != CONFIG_KEY_NONE);
		try_networks(rule[i].from, rule[i].from_count);
		for (size_t n = 0; n < rule[i].names_count; n++)
			pattern_matches(&rule[i].names[n], zone->name.wire);
		for (size_t n = 0; n < rule[i].types_count; n++)
			EXPECT(rule[i].types[n] != 0);
	}
}

static void
try_zone(const struct config *config, const struct config_zone *zone)
{
	try_name(&zone->name);
	EXPECT(zone->ttl_s > 0 && zone->ttl_s <= INT32_MAX);
	EXPECT(zone->lease_min_s > 0);
	EXPECT(zone->lease_min_s <= zone->lease_max_s);
	EXPECT(zone->lease.kind != LEASE_FROM_ZONE);
	EXPECT(zone->lease.kind != LEASE_FIXED || zone->lease.length_s > 0);
	try_rules(config, zone, zone->update, zone->update_count);
	try_rules(config, zone, zone->transfer, zone->transfer_count);
	try_endpoints(zone->notify, zone->notify_count);
}

static void
try_config(const struct config *config)
{
	EXPECT(config->path != NULL && config->server.data != NULL);
	EXPECT(config->server.listen_count > 0);
	try_endpoints(config->server.listen, config->server.listen_count);
	try_endpoints(config->api_listen, config->api_listen_count);
	for (size_t i = 0; i < config->key_count; i++) {
		try_name(&config->key[i].tsig.name);
		EXPECT(config->key[i].tsig.secret_len > 0);
	}
	for (size_t i = 0; i < config->zone_count; i++)
		try_zone(config, &config->zone[i]);
	for (size_t i = 0; i < config->service_count; i++)
		EXPECT(config->service[i].match.name.len > 0);
	for (size_t i = 0; i < config->forward_count; i++) {
		try_name(&config->forward[i].zone);
		EXPECT(config->forward[i].to_count > 0);
		try_endpoints(
		    config->forward[i].to, config->forward[i].to_count);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[CONFIG_TEXT_LEN];
	struct config *config = NULL;
	enum error err = config_parse((const char *)data, size,
	    "fuzz/muster.yaml", &config, text, sizeof(text));

	EXPECT(memchr(text, '\0', sizeof(text)) != NULL);
	if (err != OK) {
		EXPECT(text[0] != '\0' && config == NULL);
		return 0;
	}
	try_config(config);
	config_free(config);
	return 0;
}
