/* config.h - what the operator wants: the configuration, read and checked.
 *
 * The result of reading one YAML file (DESIGN: the contract is in
 * docs/configuration.md) is one immutable value of plain structs and arrays.
 * Names are in wire form and lower case, durations and sizes are numbers with
 * their unit in the field's name, keys are referred to by number.
 *
 * Threads:   config_load by anyone; the result is read by all.
 * Ownership: config_free() frees all of it.
 * Units:     see each field.
 * Errors:    ERR_SYNTAX, ERR_RANGE, ERR_NOT_FOUND, ERR_EXISTS, ERR_CONFLICT,
 *            ERR_IO, ERR_MEMORY; each with "file:line:column: what", the
 *            source line and a caret in the text buffer.
 * Standards: YAML 1.2; RFC 8945 6 (algorithm names).
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/nameserver/request.h"
#include "server/nameserver/tsig.h"
#include "server/pattern.h"
#include "zones/dns/error.h"
#include "zones/dns/name.h"
#include "zones/shape.h"

#define CONFIG_TEXT_LEN 8192 /* room for some twenty errors */
#define CONFIG_KEY_NONE (-1)
#define CONFIG_SITES_MAX 254 /* a number + 1 is one octet of a standing */

/* A network: family AF_INET or AF_INET6, address left-justified. */
struct config_network {
	int family;
	uint8_t address[16];
	uint8_t prefix; /* bits */
};

/* What a lease comes from where the client names none. */
enum config_lease_kind {
	LEASE_FROM_ZONE, /* rules only: as the zone says */
	LEASE_FROM_TTL,
	LEASE_FIXED,
	LEASE_NONE,
};

struct config_lease {
	enum config_lease_kind kind;
	uint32_t length_s; /* LEASE_FIXED */
};

struct config_server {
	struct endpoint *listen;
	size_t listen_count;
	unsigned workers; /* 0: one per CPU */
	char *data; /* directory of the store */
	char *user; /* NULL: stay who we are */
	char *nsid; /* NULL: none */
	char *version; /* version.bind; NULL: hidden */
	char *identity; /* id.server; NULL: hidden */
	uint16_t edns_payload;
	unsigned tcp_clients; /* in all */
	unsigned tcp_clients_per_address;
	unsigned tcp_pipeline; /* queries in flight on one connection */
	uint64_t tcp_idle_ms;
	uint64_t history_len; /* octets of change history */
	unsigned checks_at_once; /* probes in flight */
	/* forwarders whose EDNS Client Subnet counts (RFC 7871) */
	struct config_network *client_subnet_from;
	size_t client_subnet_from_count;
	struct config_network *explain; /* who may ask _explain.NAME */
	size_t explain_count;
};

/* A key is also a struct tsig_key; the secret belongs to the config. */
struct config_key {
	struct tsig_key tsig;
	unsigned line;
};

/* One line of `update:` or `transfer:`; empty lists mean any. */
struct config_rule {
	char *text; /* such as "zones[0].update[1] (muster.yaml:23)" */
	int key; /* number in config->key, or CONFIG_KEY_NONE for any */
	struct config_network *from;
	size_t from_count;
	struct pattern *names;
	size_t names_count;
	uint16_t *types;
	size_t types_count;
	struct config_lease lease;
	bool tcp; /* only by TCP */
	bool own; /* changes and deletes only what its key added */
};

struct config_zone {
	struct name name; /* lower case */
	char *file; /* NULL: none */
	unsigned line;
	uint32_t ttl_s;
	uint32_t negative_ttl_s;
	struct config_lease lease; /* never LEASE_FROM_ZONE */
	uint32_t lease_min_s;
	uint32_t lease_max_s;
	uint32_t key_lease_max_s;
	bool addresses;
	bool reverse; /* PTR for the addresses that all our zones have */
	struct config_rule *update;
	size_t update_count;
	struct config_rule *transfer;
	size_t transfer_count;
	struct endpoint *notify;
	size_t notify_count;
};

enum config_check_type {
	CHECK_NONE,
	CHECK_HTTP,
	CHECK_HTTPS,
	CHECK_TCP,
	CHECK_EXEC,
	CHECK_AGENT,
	CHECK_GRPC,
	CHECK_TTL,
};

struct config_check {
	enum config_check_type type;
	char *path; /* http: what to ask for; exec: the program; grpc: the
		     * service, NULL: the server as a whole */
	char **args; /* exec: its arguments */
	size_t args_count;
	char *host; /* Host: and SNI instead of the target; NULL */
	char *ca; /* https, grpc: file of trusted certificates; NULL: the
		   * system's */
	char *body; /* http: text that must be in the answer; NULL */
	char *send, *receive; /* tcp: what to say, what must come; NULL */
	unsigned status_least, status_most; /* http: 200..399 */
	uint16_t port; /* instead of the instance's; 0 */
	bool tls; /* tcp, grpc: over TLS */
	bool verify; /* TLS: the certificate and its name */
	bool initial_up; /* answered before the first result */
	uint64_t interval_ms;
	uint64_t timeout_ms;
	unsigned rise;
	unsigned fall;
	struct config_network *networks;
	size_t networks_count;
};

enum config_when_none { /* no instance of a service is healthy */
	WHEN_NONE_NODATA,
	WHEN_NONE_ALL,
	WHEN_NONE_LAST_GOOD,
};

/* Holds leases of a service most of which would end at once. */
struct config_guard {
	bool on;
	unsigned share; /* percent of the leased instances */
	unsigned least; /* instances: smaller services are not guarded */
	uint64_t window_ms; /* that end within it */
	uint64_t max_ms; /* how long leases are held */
};

struct config_service {
	struct pattern match;
	struct shape shape;
	unsigned panic_threshold; /* percent */
	enum config_when_none when_none;
	uint64_t slow_start_ms; /* 0: none */
	uint64_t drain_ms; /* of each step of an operator's drain */
	bool instance_checks; /* TXT check=, interval=... of instances count */
	struct config_check check;
	struct config_guard guard;
};

/* A place where clients and instances are. */
struct config_site {
	char *name; /* as in TXT site=, lower case */
	struct config_network *networks; /* of its clients */
	size_t networks_count;
	uint8_t *tier; /* by site number + 1: 0 itself, 10 near, 20 far; [0] is
			* for instances without a site: 20 */
};

/* Names that others know.  Of zones and forwards the longest match decides. */
struct config_forward {
	struct name zone;
	struct endpoint *to; /* none with refuse, else up to SERVERS_MAX */
	size_t to_count;
	struct config_network *from; /* none with refuse: nobody */
	size_t from_count;
	bool drop_private; /* rebinding: no private addresses in answers */
	bool updates; /* go to the servers too (RFC 2136 6) */
	bool refuse; /* nobody is asked: REFUSED */
};

struct config {
	char *path;
	struct config_server server;
	struct endpoint *api_listen;
	size_t api_listen_count;
	struct config_key *key;
	size_t key_count;
	struct config_zone *zone;
	size_t zone_count;
	struct config_service *service; /* shape n is service[n - 1] */
	size_t service_count;
	struct config_site *site;
	size_t site_count;
	struct config_forward *forward;
	size_t forward_count;
	uint64_t cache_len;
	uint64_t serve_stale_ms;
	uint32_t cache_max_ttl_s;
	bool prefetch; /* what is popular, before it is over */
};

/* Reads and checks a file.  On failure text holds one or more errors; on
 * success it may hold warnings (else it is ""), each a line. */
enum error config_load(
    const char *path, struct config **, char *text, size_t text_len) MUST_CHECK;

/* The same from memory; path is for messages and relative paths. */
enum error config_parse(const char *content, size_t len, const char *path,
    struct config **, char *text, size_t text_len) MUST_CHECK;

void config_free(struct config *);

/* Whether an address lies in one of the networks; an IPv4-mapped IPv6
 * address counts as IPv4. */
bool config_networks_contain(
    const struct config_network *, size_t count, const struct endpoint *);

/* What an instance may say of its own check (in TXT), in the order in which
 * config_check_override() wants it: check, check-port, interval, timeout,
 * rise, fall; NULL ends it. */
extern const char *const config_check_keys[];

/* Applies one such key to *to, which begins as a copy of *base, the service's
 * check.  The value is anybody's text: false and *to as it was if the key or
 * the form of the value is unknown; numbers beyond the range of the file
 * become its nearest bound.
 *
 *     check=http:/health | https:/x | tcp | agent:9000 | grpc:name | ttl |
 *     none.  http, https, grpc and agent alone are as *base says if it is of
 *     that type; else the path is "/", the server as a whole is asked, the
 *     port is the instance's.  Never exec.
 *
 * Nothing is allocated: afterwards *to points into *base and value, and both
 * must outlive it; it is not to be freed.  The networks are *base's. */
bool config_check_override(struct config_check *to,
    const struct config_check *base, const char *key,
    const char *value) MUST_CHECK;

#endif
