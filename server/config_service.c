/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "server/config_section.h"

enum {
	CHECK_KEY_TYPE,
	CHECK_KEY_PATH,
	CHECK_KEY_INTERVAL,
	CHECK_KEY_TIMEOUT,
	CHECK_KEY_RISE,
	CHECK_KEY_FALL,
	CHECK_KEY_NETWORKS,
	CHECK_FIELDS
};

enum {
	SERVICE_MATCH,
	SERVICE_STRATEGY,
	SERVICE_MAX_ANSWERS,
	SERVICE_PANIC_THRESHOLD,
	SERVICE_CHECK,
	SERVICE_FIELDS
};

#define INTERVAL_MIN_MS 100 /* faster checks are load, not knowledge */
#define INTERVAL_MAX_MS (24 * 60 * 60 * 1000)
#define RISE_MAX 100

static const struct config_word strategies[] = {
    {"weighted", STRATEGY_WEIGHTED},
    {"round-robin", STRATEGY_ROUND_ROBIN},
    {"random", STRATEGY_RANDOM},
    {"hash", STRATEGY_HASH},
    {"least-load", STRATEGY_LEAST_LOAD},
    {"first", STRATEGY_FIRST},
    {"all", STRATEGY_ALL},
    {NULL, 0},
};

static const struct config_word check_types[] = {
    {"none", CHECK_NONE},
    {"http", CHECK_HTTP},
    {"https", CHECK_HTTPS},
    {"tcp", CHECK_TCP},
    {"exec", CHECK_EXEC},
    {"agent", CHECK_AGENT},
    {"grpc", CHECK_GRPC},
    {"ttl", CHECK_TTL},
    {NULL, 0},
};

#define CHECK(member) offsetof(struct config_check, member)

static const struct config_field check_fields[CHECK_FIELDS] = {
    [CHECK_KEY_TYPE] = FIELD_WORDS("type", read_word, CHECK(type), check_types),
    [CHECK_KEY_PATH] = FIELD_RANGE("path", read_text, CHECK(path), 1, 4096),
    [CHECK_KEY_INTERVAL] = FIELD_RANGE("interval", read_ms, CHECK(interval_ms),
	INTERVAL_MIN_MS, INTERVAL_MAX_MS),
    [CHECK_KEY_TIMEOUT] =
	FIELD_RANGE("timeout", read_ms, CHECK(timeout_ms), 1, INTERVAL_MAX_MS),
    [CHECK_KEY_RISE] =
	FIELD_RANGE("rise", read_unsigned, CHECK(rise), 1, RISE_MAX),
    [CHECK_KEY_FALL] =
	FIELD_RANGE("fall", read_unsigned, CHECK(fall), 1, RISE_MAX),
    [CHECK_KEY_NETWORKS] = FIELD("networks", read_networks, CHECK(networks)),
};

/* What a path is depends on the type. */
static void
settle_path(struct config_reading *r, struct config_check *check,
    const struct yaml_node *map, const struct yaml_node *node)
{
	char *path;

	switch (check->type) {
	case CHECK_HTTP:
	case CHECK_HTTPS:
		if (node == NULL)
			check->path = read_copy(r, "/");
		else if (check->path != NULL && check->path[0] != '/')
			read_error(r, node, ERR_SYNTAX,
			    "path: \"%.80s\" does not begin with a slash",
			    check->path);
		break;
	case CHECK_EXEC:
		if (node == NULL)
			read_error(r, map, ERR_NOT_FOUND,
			    "a check of type exec needs a path");
		if (check->path == NULL)
			break;
		path = read_join(r, check->path);
		free(check->path);
		check->path = path;
		break;
	case CHECK_GRPC:
		break; /* the name of a service, or none */
	default:
		if (node != NULL)
			read_error(r, node, ERR_CONFLICT,
			    "path: this type of check has none");
	}
}

/* A probe must be over before the next one begins. */
static void
settle_timeout(struct config_reading *r, struct config_check *check,
    const struct yaml_node *node)
{
	if (check->timeout_ms <= check->interval_ms)
		return;
	if (node == NULL)
		check->timeout_ms = check->interval_ms;
	else
		read_error(r, node, ERR_CONFLICT,
		    "timeout is longer than the interval");
}

static bool
has_probes(const struct config_check *check)
{
	return check->type != CHECK_NONE && check->type != CHECK_TTL &&
	       check->type != CHECK_EXEC;
}

static void
read_check(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct yaml_node *present[CHECK_FIELDS];
	struct config_check *check = to;

	(void)field;
	if (node->kind == YAML_NULL)
		return;
	if (!read_map(r, node, check_fields, CHECK_FIELDS, check, present))
		return;
	if (present[CHECK_KEY_TYPE] == NULL) {
		read_error(r, node, ERR_NOT_FOUND, "a check needs a type");
		return;
	}
	settle_path(r, check, node, present[CHECK_KEY_PATH]);
	settle_timeout(r, check, present[CHECK_KEY_TIMEOUT]);
	if (has_probes(check) && present[CHECK_KEY_NETWORKS] == NULL)
		read_warning(
		    r, node, "check: without networks it may probe nothing");
}

static void
read_match(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	enum error error;

	if (!read_is_scalar(r, field, node))
		return;
	error = pattern_compile(node->text, to);
	if (error != OK)
		read_fail(r, field, node, error,
		    "a pattern (such as \"_http._tcp.*.svc.example\")");
}

#define SERVICE(member) offsetof(struct config_service, member)

static const struct config_field fields[SERVICE_FIELDS] = {
    [SERVICE_MATCH] = FIELD("match", read_match, SERVICE(match)),
    [SERVICE_STRATEGY] =
	FIELD_WORDS("strategy", read_word, SERVICE(shape.strategy), strategies),
    [SERVICE_MAX_ANSWERS] = FIELD_RANGE("max-answers", read_unsigned,
	SERVICE(shape.max_answers), 0, UINT16_MAX),
    [SERVICE_PANIC_THRESHOLD] = FIELD_RANGE(
	"panic-threshold", read_unsigned, SERVICE(panic_threshold), 0, 100),
    [SERVICE_CHECK] = FIELD("check", read_check, SERVICE(check)),
};

void
read_services(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct yaml_node *present[SERVICE_FIELDS];
	const struct yaml_node *item;
	struct config_service *service;

	if (read_count(node) == 0)
		return;
	service = read_new_array(r, field, node, sizeof(*service), to);
	if (service == NULL)
		return;
	for (size_t i = 0; (item = read_item(node, i)) != NULL;
	     i++, service++) {
		service->shape = shape_default;
		service->check = (struct config_check){
		    .interval_ms = 5000,
		    .timeout_ms = 1000,
		    .rise = 2,
		    .fall = 3,
		};
		if (!read_map(
			r, item, fields, SERVICE_FIELDS, service, present))
			continue;
		if (present[SERVICE_MATCH] == NULL)
			read_error(
			    r, item, ERR_NOT_FOUND, "a service needs a match");
	}
}
