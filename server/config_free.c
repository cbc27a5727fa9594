/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "server/config.h"
#include "server/config_value.h"

static void
free_server(struct config_server *server)
{
	free(server->listen);
	free(server->data);
	free(server->user);
	free(server->nsid);
	free(server->version);
	free(server->identity);
	free(server->client_subnet_from);
	free(server->explain);
}

static void
free_rules(struct config_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(rules[i].text);
		free(rules[i].from);
		free(rules[i].names);
		free(rules[i].types);
	}
	free(rules);
}

static void
free_zone(struct config_zone *zone)
{
	free(zone->file);
	free_rules(zone->update, zone->update_count);
	free_rules(zone->transfer, zone->transfer_count);
	free(zone->notify);
}

static void
free_check(struct config_check *check)
{
	free(check->path);
	for (size_t i = 0; i < check->args_count; i++)
		free(check->args[i]);
	free(check->args);
	free(check->host);
	free(check->ca);
	free(check->body);
	free(check->send);
	free(check->receive);
	free(check->networks);
}

static void
free_site(struct config_site *site)
{
	free(site->name);
	free(site->networks);
	free(site->tier);
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	free(config->path);
	free_server(&config->server);
	free(config->api_listen);
	for (size_t i = 0; i < config->key_count; i++)
		value_wipe((void *)config->key[i].tsig.secret,
		    config->key[i].tsig.secret_len);
	free(config->key);
	for (size_t i = 0; i < config->zone_count; i++)
		free_zone(&config->zone[i]);
	free(config->zone);
	for (size_t i = 0; i < config->service_count; i++)
		free_check(&config->service[i].check);
	free(config->service);
	for (size_t i = 0; i < config->site_count; i++)
		free_site(&config->site[i]);
	free(config->site);
	for (size_t i = 0; i < config->forward_count; i++) {
		free(config->forward[i].to);
		free(config->forward[i].from);
	}
	free(config->forward);
	free(config);
}
