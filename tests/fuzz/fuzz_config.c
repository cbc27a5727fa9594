/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config.c - any octets as a configuration: refused with a reason, or
 * read, and freed either way.  The text may be as short as it likes.  The same
 * octets as lines of TXT: whatever they say, the check stays in its bounds. */
#include <assert.h>
#include <string.h>

#include "server/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char slash[] = "/";

/* What the checker relies on. */
static void
check_check(const struct config_check *check)
{
	assert(check->interval_ms >= 100);
	assert(
	    check->timeout_ms >= 1 && check->timeout_ms <= check->interval_ms);
	assert(check->rise >= 1 && check->rise <= 100);
	assert(check->fall >= 1 && check->fall <= 100);
	assert(check->status_least <= check->status_most);
	if (check->type == CHECK_HTTP || check->type == CHECK_HTTPS)
		assert(check->path != NULL && check->path[0] == '/' &&
		       strpbrk(check->path, " \r\n") == NULL);
	if (check->type == CHECK_EXEC)
		assert(check->path != NULL);
	for (size_t i = 0; i < check->args_count; i++)
		assert(check->args[i] != NULL);
}

static void
check_service(const struct config *config, const struct config_service *service)
{
	const struct shape *shape = &service->shape;

	assert(name_len(service->match.name.wire) == service->match.name.len);
	assert(shape->prefix_ipv4 >= 1 && shape->prefix_ipv4 <= 32);
	assert(shape->prefix_ipv6 >= 1 && shape->prefix_ipv6 <= 128);
	assert(!shape->sites || config->site_count > 0);
	assert(service->guard.window_ms <= service->guard.max_ms);
	check_check(&service->check);
}

static void
check_site(const struct config *config, size_t number)
{
	const struct config_site *site = &config->site[number];

	assert(config->site_count <= CONFIG_SITES_MAX);
	assert(strlen(site->name) >= 1 && strlen(site->name) <= 63);
	assert(site->tier[0] == 20 && site->tier[number + 1] == 0);
	for (size_t i = 0; i < number; i++)
		assert(strcmp(config->site[i].name, site->name) != 0);
}

/* What an instance says of its check: each line is a key and its value. */
static void
override_check(const uint8_t *data, size_t len, const struct config_check *base)
{
	struct config_check to = *base;
	char line[256], *value;
	size_t at = 0;

	while (at < len) {
		const uint8_t *end = memchr(data + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - data) - at : len - at;

		if (n < sizeof(line)) {
			memcpy(line, data + at, n);
			line[n] = '\0';
			value = strchr(line, '=');
			if (value != NULL)
				*value++ = '\0';
			(void)!config_check_override(
			    &to, base, line, value != NULL ? value : "");
			assert(
			    to.type != CHECK_EXEC || base->type == CHECK_EXEC);
			assert(to.type == CHECK_EXEC || to.args_count == 0);
			check_check(&to);
			/* The value is gone with the line. */
			to.path = base->type == to.type ? base->path : slash;
		}
		at += n + 1;
	}
}

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
	assert(config->server.checks_at_once >= 1);
	for (size_t i = 0; i < config->site_count; i++)
		check_site(config, i);
	for (size_t i = 0; i < config->service_count; i++)
		check_service(config, &config->service[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char program[] = "/bin/true";
	static const struct config_check base[] = {
	    {.interval_ms = 5000, .timeout_ms = 1000, .rise = 2, .fall = 3},
	    {.type = CHECK_EXEC,
		.path = program,
		.interval_ms = 100,
		.timeout_ms = 100,
		.rise = 100,
		.fall = 1},
	};
	char text[CONFIG_TEXT_LEN];
	struct config *config;
	/* The first octet says how much room there is for errors. */
	size_t text_len = len > 0 && data[0] < 32 ? data[0] : sizeof(text);

	for (size_t i = 0; i < sizeof(base) / sizeof(base[0]); i++)
		override_check(data, len, &base[i]);
	if (config_parse((const char *)data, len, "dir/fuzz.yaml", &config,
		text, text_len) == OK) {
		check_config(config);
		config_free(config);
	} else if (text_len == sizeof(text)) {
		assert(strncmp(text, "dir/fuzz.yaml", 13) == 0);
	}
	return 0;
}
