/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_section.h"
#include "server/config_value.h"

/* Both may go into one DNS string (RFC 1035 3.3), the NSID into a small OPT. */
#define TEXT_MAX 255
#define NSID_MAX 128

#define WORKERS_MAX 256
#define TCP_IDLE_MAX_MS (60 * 60 * 1000)
#define GIB (1ULL << 30)

#define CHECKS_MAX 10000 /* each in flight is a socket */

/* Nobody at all is a wish that makes sense. */
static void
read_explain(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	if (node->kind == YAML_LIST && node->count == 0)
		read_put_array(to, NULL, 0);
	else
		read_networks(r, field, node, to);
}

static void
read_subnet_from(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	if (read_count(node) > 0)
		read_networks(r, field, node, to);
}

#define SERVER(member) offsetof(struct config_server, member)

static const struct config_field fields[] = {
    FIELD_RANGE("listen", read_endpoints, SERVER(listen), 53, 0),
    FIELD_RANGE("workers", read_unsigned, SERVER(workers), 0, WORKERS_MAX),
    FIELD("data", read_path, SERVER(data)),
    FIELD_RANGE("user", read_text, SERVER(user), 1, 32),
    FIELD_RANGE("nsid", read_text, SERVER(nsid), 1, NSID_MAX),
    FIELD_RANGE("version", read_text_or_hide, SERVER(version), 1, TEXT_MAX),
    FIELD_RANGE("identity", read_text_or_hide, SERVER(identity), 1, TEXT_MAX),
    FIELD_RANGE("edns-payload", read_u16, SERVER(edns_payload), 512, 4096),
    FIELD_RANGE("tcp-clients", read_unsigned, SERVER(tcp_clients), 1, 1000000),
    FIELD_RANGE("tcp-clients-per-address", read_unsigned,
	SERVER(tcp_clients_per_address), 1, 1000000),
    FIELD_RANGE("tcp-idle", read_ms, SERVER(tcp_idle_ms), 100, TCP_IDLE_MAX_MS),
    FIELD_RANGE("tcp-pipeline", read_unsigned, SERVER(tcp_pipeline), 1, 10000),
    FIELD_RANGE("history", read_size, SERVER(history_len), 0, 1024 * GIB),
    FIELD_RANGE(
	"checks-at-once", read_unsigned, SERVER(checks_at_once), 1, CHECKS_MAX),
    FIELD("client-subnet-from", read_subnet_from, SERVER(client_subnet_from)),
    FIELD("explain", read_explain, SERVER(explain)),
};

static void
listen_by_default(struct config_reading *r, struct config_server *server)
{
	static const char *const addresses[] = {"127.0.0.1", "::1"};

	server->listen = calloc(COUNT_OF(addresses), sizeof(*server->listen));
	if (server->listen == NULL) {
		read_no_memory(r);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		if (value_endpoint(addresses[i], 5300, &server->listen[i]) ==
		    OK)
			server->listen_count++;
}

void
config_server_init(struct config_reading *r, struct config_server *server)
{
	*server = (struct config_server){
	    .data = read_join(r, "data"),
	    .version = read_copy(r, "muster " PACKAGE_VERSION),
	    .edns_payload = 1232,
	    .tcp_clients = 10000,
	    .tcp_clients_per_address = 1000,
	    .tcp_pipeline = 64,
	    .tcp_idle_ms = 10000,
	    .history_len = 64 << 20,
	    .checks_at_once = 256,
	};
	listen_by_default(r, server);
	read_loopback(r, &server->explain);
}

void
read_server(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	(void)field;
	if (node->kind != YAML_NULL)
		(void)read_map(r, node, fields, COUNT_OF(fields), to, NULL);
}

/* Both listen by TCP. */
static void
check_api(struct config_reading *r, const struct yaml_node *node)
{
	const struct config *config = r->config;

	for (size_t i = 0; i < config->api_listen_count; i++)
		for (size_t j = 0; j < config->server.listen_count; j++)
			if (value_same_endpoint(&config->api_listen[i],
				&config->server.listen[j]))
				read_error(r, read_item(node, i), ERR_EXISTS,
				    "listen: \"%.80s\" is an address of "
				    "server: already",
				    read_item(node, i)->text);
}

void
read_api(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	static const struct config_field api_fields[] = {
	    FIELD_RANGE("listen", read_endpoints, 0, 5380, 0),
	};
	const struct yaml_node *present[COUNT_OF(api_fields)];

	(void)field;
	if (node->kind == YAML_NULL)
		return;
	if (read_map(r, node, api_fields, COUNT_OF(api_fields), to, present) &&
	    present[0] != NULL)
		check_api(r, present[0]);
}
