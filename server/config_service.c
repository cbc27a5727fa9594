/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "server/config_section.h"

/* `instance-checks` is known when the check is read. */
enum {
	SERVICE_MATCH,
	SERVICE_STRATEGY,
	SERVICE_MAX_ANSWERS,
	SERVICE_HASH_IPV4,
	SERVICE_HASH_IPV6,
	SERVICE_SRV_WEIGHTS,
	SERVICE_SITES,
	SERVICE_PANIC_THRESHOLD,
	SERVICE_WHEN_NONE,
	SERVICE_SLOW_START,
	SERVICE_DRAIN,
	SERVICE_INSTANCE_CHECKS,
	SERVICE_CHECK,
	SERVICE_EXPIRY_GUARD,
	SERVICE_FIELDS
};

#define SERVICES_MAX UINT16_MAX /* the number of a shape: ready.h */
#define DAY_MS (24 * 60 * 60 * 1000)

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

static const struct config_word whens[] = {
    {"nodata", WHEN_NONE_NODATA},
    {"all", WHEN_NONE_ALL},
    {"last-good", WHEN_NONE_LAST_GOOD},
    {NULL, 0},
};

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

static void
read_srv_weights(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	static const struct config_word words[] = {
	    {"as-is", false},
	    {"full-range", true},
	    {NULL, 0},
	};
	struct config_field row = *field;
	int full = *(bool *)to;

	row.words = words;
	read_word(r, &row, node, &full);
	*(bool *)to = full != 0;
}

static void
read_has_sites(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	read_bool(r, field, node, to);
	if (*(bool *)to && r->config->site_count == 0)
		read_error(r, node, ERR_NOT_FOUND,
		    "sites: the file has no section \"sites:\" with any");
}

#define SERVICE(member) offsetof(struct config_service, member)

static const struct config_field fields[SERVICE_FIELDS] = {
    [SERVICE_MATCH] = FIELD("match", read_match, SERVICE(match)),
    [SERVICE_STRATEGY] =
	FIELD_WORDS("strategy", read_word, SERVICE(shape.strategy), strategies),
    [SERVICE_MAX_ANSWERS] = FIELD_RANGE("max-answers", read_unsigned,
	SERVICE(shape.max_answers), 0, UINT16_MAX),
    [SERVICE_HASH_IPV4] = FIELD_RANGE(
	"hash-ipv4", read_unsigned, SERVICE(shape.prefix_ipv4), 1, 32),
    [SERVICE_HASH_IPV6] = FIELD_RANGE(
	"hash-ipv6", read_unsigned, SERVICE(shape.prefix_ipv6), 1, 128),
    [SERVICE_SRV_WEIGHTS] =
	FIELD("srv-weights", read_srv_weights, SERVICE(shape.full_range)),
    [SERVICE_SITES] = FIELD("sites", read_has_sites, SERVICE(shape.sites)),
    [SERVICE_PANIC_THRESHOLD] = FIELD_RANGE(
	"panic-threshold", read_unsigned, SERVICE(panic_threshold), 0, 100),
    [SERVICE_WHEN_NONE] =
	FIELD_WORDS("when-none", read_word, SERVICE(when_none), whens),
    [SERVICE_SLOW_START] =
	FIELD_RANGE("slow-start", read_ms, SERVICE(slow_start_ms), 0, DAY_MS),
    [SERVICE_DRAIN] =
	FIELD_RANGE("drain", read_ms, SERVICE(drain_ms), 0, DAY_MS),
    [SERVICE_INSTANCE_CHECKS] =
	FIELD("instance-checks", read_bool, SERVICE(instance_checks)),
    [SERVICE_CHECK] = FIELD("check", read_check, SERVICE(check)),
    [SERVICE_EXPIRY_GUARD] = FIELD("expiry-guard", read_guard, SERVICE(guard)),
};

static void
service_init(struct config_service *service)
{
	*service = (struct config_service){
	    .shape = shape_default,
	    .drain_ms = 30 * 1000,
	    .guard =
		{
		    .share = 50,
		    .least = 5,
		    .window_ms = 30 * 1000,
		    .max_ms = 10 * 60 * 1000,
		},
	};
	config_check_init(&service->check);
}

/* No healthy instance leaves sooner than that (gdnsd counts so too). */
static void
settle_ttl(struct config_service *service)
{
	const struct config_check *check = &service->check;
	uint64_t ttl_s = check->fall * check->interval_ms / 1000;

	if (config_check_has_probes(check))
		service->shape.ttl_max_s = ttl_s > 0 ? (uint32_t)ttl_s : 1;
}

/* What is allowed but does nothing. */
static void
warn_idle(struct config_reading *r, const struct config_service *service,
    const struct yaml_node *const *present)
{
	static const int of_health[] = {
	    SERVICE_PANIC_THRESHOLD, SERVICE_WHEN_NONE, SERVICE_SLOW_START};

	if (service->shape.strategy == STRATEGY_ALL &&
	    service->shape.max_answers != 0)
		read_warning(r, present[SERVICE_MAX_ANSWERS],
		    "max-answers: strategy all answers all of them");
	if (service->instance_checks && present[SERVICE_CHECK] == NULL)
		read_warning(r, present[SERVICE_INSTANCE_CHECKS],
		    "instance-checks: without a check with networks they may "
		    "probe nothing");
	if (service->instance_checks ||
	    config_check_has_probes(&service->check))
		return;
	for (size_t i = 0; i < COUNT_OF(of_health); i++)
		if (present[of_health[i]] != NULL)
			read_warning(r, present[of_health[i]],
			    "%s: without a check that probes it says nothing",
			    fields[of_health[i]].key);
}

static bool
same_pattern(const struct pattern *a, const struct pattern *b)
{
	return a->name.len == b->name.len &&
	       memcmp(a->name.wire, b->name.wire, a->name.len) == 0 &&
	       memcmp(a->literal, b->literal, sizeof(a->literal)) == 0;
}

static void
check_match(struct config_reading *r, const struct config_service *service,
    const struct yaml_node *map, const struct yaml_node *node)
{
	const struct config_service *other = r->config->service;

	if (node == NULL) {
		read_error(r, map, ERR_NOT_FOUND, "a service needs a match");
		return;
	}
	for (; other < service && service->match.name.len != 0; other++)
		if (same_pattern(&other->match, &service->match)) {
			read_warning(r, node,
			    "match: \"%.80s\" is above already; the first one "
			    "counts",
			    node->text);
			return;
		}
}

void
read_services(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct yaml_node *present[SERVICE_FIELDS];
	const struct yaml_node *item;
	struct config_service *service;

	if (read_count(node) > SERVICES_MAX) {
		read_error(
		    r, node, ERR_LIMIT, "services: more than %d", SERVICES_MAX);
		return;
	}
	if (read_count(node) == 0)
		return;
	service = read_new_array(r, field, node, sizeof(*service), to);
	if (service == NULL)
		return;
	for (size_t i = 0; (item = read_item(node, i)) != NULL;
	     i++, service++) {
		service_init(service);
		if (!read_map(
			r, item, fields, SERVICE_FIELDS, service, present))
			continue;
		check_match(r, service, item, present[SERVICE_MATCH]);
		settle_ttl(service);
		warn_idle(r, service, present);
	}
}
