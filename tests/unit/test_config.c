/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "server/config.h"
#include "zones/dns/rdata.h"

TestSuite(config, .timeout = 10);

/* Reads what must be right; text gets the warnings. */
static struct config *
parse_with(const char *yaml, char text[CONFIG_TEXT_LEN])
{
	struct config *config = NULL;

	cr_assert_eq(config_parse(yaml, strlen(yaml), "/etc/muster/m.yaml",
			 &config, text, CONFIG_TEXT_LEN),
	    OK, "%s", text);
	return config;
}

static struct config *
parse(const char *yaml)
{
	char text[CONFIG_TEXT_LEN];
	struct config *config = parse_with(yaml, text);

	cr_expect_str_eq(text, "");
	return config;
}

static void
expect_name(const struct name *name, const char *expected)
{
	char text[NAME_TEXT_LEN];

	cr_expect_str_eq(name_to_text(name->wire, text), expected);
}

static void
expect_ipv4(const struct endpoint *endpoint, const char *address, unsigned port)
{
	cr_expect_eq(endpoint->in.sin_addr.s_addr, inet_addr(address));
	cr_expect_eq(ntohs(endpoint->in.sin_port), port);
}

static void
expect_defaults(const char *yaml)
{
	struct config *config = parse(yaml);
	const struct config_server *server = &config->server;

	cr_expect_str_eq(config->path, "/etc/muster/m.yaml");
	cr_assert_eq(server->listen_count, 2);
	expect_ipv4(&server->listen[0], "127.0.0.1", 5300);
	cr_expect(IN6_IS_ADDR_LOOPBACK(&server->listen[1].in6.sin6_addr));
	cr_expect_eq(ntohs(server->listen[1].in6.sin6_port), 5300);
	cr_expect_eq(server->workers, 0);
	cr_expect_str_eq(server->data, "/etc/muster/data");
	cr_expect_null(server->user);
	cr_expect_null(server->nsid);
	cr_expect_eq(strncmp(server->version, "muster ", 7), 0);
	cr_expect_null(server->identity);
	cr_expect_eq(server->edns_payload, 1232);
	cr_expect_eq(server->tcp_clients, 10000);
	cr_expect_eq(server->tcp_clients_per_address, 1000);
	cr_expect_eq(server->tcp_pipeline, 64);
	cr_expect_eq(server->tcp_idle_ms, 10000);
	cr_expect_eq(server->history_len, 64 << 20);
	cr_expect_eq(config->api_listen_count, 0);
	cr_expect_eq(config->key_count, 0);
	cr_expect_eq(config->zone_count, 0);
	cr_expect_eq(config->service_count, 0);
	cr_expect_eq(config->forward_count, 0);
	cr_expect_eq(config->cache_len, 64 << 20);
	cr_expect_eq(config->serve_stale_ms, 86400000);
	cr_expect_eq(config->cache_max_ttl_s, 86400);
	cr_expect(config->prefetch);
	config_free(config);
}

Test(config, an_empty_section_is_like_a_missing_one)
{
	expect_defaults("");
	expect_defaults("# nothing yet\n");
	expect_defaults("---\n...\n");
	expect_defaults("~\n");
	expect_defaults("{}\n");
	expect_defaults("server:\napi:\nkeys:\nzones:\nservices:\nforward:\n"
			"cache:\n");
	expect_defaults("server: {}\napi: {}\nkeys: []\nzones: []\n"
			"services: []\nforward: []\ncache: {}\n");
}

Test(config, a_server_is_read_whole)
{
	struct config *config = parse("server:\n"
				      "  listen: 192.0.2.1\n"
				      "  workers: 3\n"
				      "  data: /var/lib/muster\n"
				      "  user: muster\n"
				      "  nsid: no\n"
				      "  version: hide\n"
				      "  identity: ns1\n"
				      "  edns-payload: 4096\n"
				      "  tcp-clients: 5\n"
				      "  tcp-clients-per-address: 4\n"
				      "  tcp-idle: 1m\n"
				      "  tcp-pipeline: 010\n"
				      "  history: 1GiB\n"
				      "api: {listen: [127.0.0.1, '[::1]:80']}\n"
				      "cache: {size: 0, serve-stale: 3d,\n"
				      "  prefetch: no, max-ttl: 1h}\n");
	const struct config_server *server = &config->server;

	cr_assert_eq(server->listen_count, 1);
	expect_ipv4(&server->listen[0], "192.0.2.1", 53);
	cr_expect_eq(server->workers, 3);
	cr_expect_str_eq(server->data, "/var/lib/muster");
	cr_expect_str_eq(server->user, "muster");
	cr_expect_str_eq(server->nsid, "no");
	cr_expect_null(server->version);
	cr_expect_str_eq(server->identity, "ns1");
	cr_expect_eq(server->edns_payload, 4096);
	cr_expect_eq(server->tcp_clients, 5);
	cr_expect_eq(server->tcp_clients_per_address, 4);
	cr_expect_eq(server->tcp_idle_ms, 60000);
	cr_expect_eq(server->tcp_pipeline, 10);
	cr_expect_eq(server->history_len, 1 << 30);
	cr_assert_eq(config->api_listen_count, 2);
	expect_ipv4(&config->api_listen[0], "127.0.0.1", 5380);
	cr_expect_eq(config->cache_len, 0);
	cr_expect_eq(config->serve_stale_ms, 3 * 86400000);
	cr_expect_eq(config->cache_max_ttl_s, 3600);
	cr_expect_not(config->prefetch);
	config_free(config);
}

Test(config, a_zone_has_defaults)
{
	struct config *config = parse("zones:\n- name: SVC.Example\n");
	const struct config_zone *zone = &config->zone[0];

	cr_assert_eq(config->zone_count, 1);
	expect_name(&zone->name, "svc.example.");
	cr_expect_null(zone->file);
	cr_expect_eq(zone->line, 2);
	cr_expect_eq(zone->ttl_s, 30);
	cr_expect_eq(zone->negative_ttl_s, 5);
	cr_expect_eq(zone->lease.kind, LEASE_FROM_TTL);
	cr_expect_eq(zone->lease_min_s, 5);
	cr_expect_eq(zone->lease_max_s, 86400);
	cr_expect_eq(zone->key_lease_max_s, 7 * 86400);
	cr_expect(zone->addresses);
	cr_expect_eq(zone->update_count, 0);
	cr_expect_eq(zone->transfer_count, 0);
	cr_expect_eq(zone->notify_count, 0);
	config_free(config);
}

Test(config, a_zone_is_read_whole)
{
	struct config *config = parse("zones:\n"
				      "  - name: other.example.\n"
				      "  - name: svc.example\n"
				      "    file: ./svc.zone\n"
				      "    ttl: 1h\n"
				      "    negative-ttl: 0\n"
				      "    lease: 90s\n"
				      "    lease-min: 1s\n"
				      "    lease-max: 1w\n"
				      "    key-lease-max: 1d\n"
				      "    addresses: no\n"
				      "    update:\n"
				      "    transfer: {from: '::1'}\n"
				      "    notify: [192.0.2.53, '::1']\n");
	const struct config_zone *zone = &config->zone[1];

	cr_assert_eq(config->zone_count, 2);
	cr_expect_str_eq(zone->file, "/etc/muster/svc.zone");
	cr_expect_eq(zone->ttl_s, 3600);
	cr_expect_eq(zone->negative_ttl_s, 0);
	cr_expect_eq(zone->lease.kind, LEASE_FIXED);
	cr_expect_eq(zone->lease.length_s, 90);
	cr_expect_eq(zone->lease_min_s, 1);
	cr_expect_eq(zone->lease_max_s, 604800);
	cr_expect_eq(zone->key_lease_max_s, 86400);
	cr_expect_not(zone->addresses);
	cr_assert_eq(zone->transfer_count, 1);
	cr_expect_str_eq(
	    zone->transfer[0].text, "zones[1].transfer[0] (m.yaml:13)");
	cr_expect_eq(zone->transfer[0].key, CONFIG_KEY_NONE);
	cr_expect_eq(zone->transfer[0].from_count, 1);
	cr_assert_eq(zone->notify_count, 2);
	expect_ipv4(&zone->notify[0], "192.0.2.53", 53);
	config_free(config);
}

Test(config, keys_are_read_before_the_rules_that_name_them)
{
	struct config *config =
	    parse("zones:\n"
		  "- name: svc.example\n"
		  "  update: {key: Web-Team.}\n"
		  "keys:\n"
		  "- {name: first, secret: c2VjcmV0}\n"
		  "- {name: WEB-team, algorithm: HMAC-SHA512, secret: AAEC}\n");
	const struct tsig_key *key = &config->key[1].tsig;

	cr_assert_eq(config->key_count, 2);
	cr_expect_eq(config->key[0].tsig.algorithm, TSIG_HMAC_SHA256);
	cr_expect_eq(config->key[1].line, 6);
	expect_name(&key->name, "web-team.");
	cr_expect_eq(key->algorithm, TSIG_HMAC_SHA512);
	cr_assert_eq(key->secret_len, 3);
	cr_expect_arr_eq(key->secret, "\0\1\2", 3);
	cr_expect_eq(config->zone[0].update[0].key, 1);
	config_free(config);
}

Test(config, a_rule_is_read_whole)
{
	struct config *config = parse(
	    "keys: [{name: k, secret: AAEC}]\n"
	    "zones:\n"
	    "- name: svc.example\n"
	    "  update:\n"
	    "  - {key: k, from: [10.0.0.0/8, '::1'], names: "
	    "['*.web.svc.example',"
	    " svc.example.], types: [srv, TYPE65280], lease: none, tcp: true,"
	    " own: true}\n"
	    "  - {names: '*', types: A, lease: 1m}\n"
	    "  - {from: 127.0.0.1}\n");
	const struct config_rule *rule = config->zone[0].update;

	cr_assert_eq(config->zone[0].update_count, 3);
	cr_expect_str_eq(rule[0].text, "zones[0].update[0] (m.yaml:5)");
	cr_expect_eq(rule[0].key, 0);
	cr_expect_eq(rule[0].from_count, 2);
	cr_assert_eq(rule[0].names_count, 2);
	cr_expect(pattern_matches(
	    &rule[0].names[0], (const uint8_t *)"\1a\3web\3svc\7example"));
	cr_assert_eq(rule[0].types_count, 2);
	cr_expect_eq(rule[0].types[0], TYPE_SRV);
	cr_expect_eq(rule[0].types[1], 65280);
	cr_expect_eq(rule[0].lease.kind, LEASE_NONE);
	cr_expect(rule[0].tcp);
	cr_expect(rule[0].own);
	cr_expect_str_eq(rule[1].text, "zones[0].update[1] (m.yaml:6)");
	cr_expect_eq(rule[1].key, CONFIG_KEY_NONE);
	cr_expect_eq(rule[1].names_count, 1);
	cr_expect_eq(rule[1].types_count, 1);
	cr_expect_eq(rule[1].lease.kind, LEASE_FIXED);
	cr_expect_eq(rule[1].lease.length_s, 60);
	cr_expect_eq(rule[2].lease.kind, LEASE_FROM_ZONE);
	cr_expect_not(rule[2].tcp);
	cr_expect_not(rule[2].own);
	config_free(config);
}

Test(config, services_are_read_whole)
{
	struct config *config =
	    parse("services:\n"
		  "- match: _http._tcp.*.svc.example\n"
		  "  strategy: least-load\n"
		  "  max-answers: 8\n"
		  "  panic-threshold: 50\n"
		  "  check: {type: http, path: /health, interval: 2s,"
		  " timeout: 500ms, rise: 1, fall: 5, networks: 10.0.0.0/8}\n"
		  "- match: '*'\n"
		  "  check: {type: ttl, interval: 500ms}\n"
		  "- match: a.b\n");
	const struct config_service *service = config->service;

	cr_assert_eq(config->service_count, 3);
	cr_expect_eq(service[0].shape.strategy, STRATEGY_LEAST_LOAD);
	cr_expect_eq(service[0].shape.max_answers, 8);
	cr_expect_eq(service[0].panic_threshold, 50);
	cr_expect_eq(service[0].check.type, CHECK_HTTP);
	cr_expect_str_eq(service[0].check.path, "/health");
	cr_expect_eq(service[0].check.interval_ms, 2000);
	cr_expect_eq(service[0].check.timeout_ms, 500);
	cr_expect_eq(service[0].check.rise, 1);
	cr_expect_eq(service[0].check.fall, 5);
	cr_expect_eq(service[0].check.networks_count, 1);
	/* A default gives way to what is said. */
	cr_expect_eq(service[1].check.timeout_ms, 500);
	cr_expect_eq(service[2].shape.strategy, STRATEGY_WEIGHTED);
	cr_expect_eq(service[2].shape.max_answers, 0);
	cr_expect_eq(service[2].check.type, CHECK_NONE);
	config_free(config);
}

Test(config, what_is_strange_but_right_is_a_warning)
{
	char text[CONFIG_TEXT_LEN];
	struct config *config =
	    parse_with("zones: [{name: a, update: [{}]}]\n"
		       "services: [{match: b, check: {type: tcp}}]\n",
		text);

	cr_expect_str_eq(text,
	    "/etc/muster/m.yaml:1:28: warning: this rule lets everyone "
	    "change everything\n"
	    "/etc/muster/m.yaml:2:30: warning: check: without networks it "
	    "may probe nothing\n");
	config_free(config);
}
