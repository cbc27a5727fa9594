/* SPDX-License-Identifier: Apache-2.0 */
/* config_check_override.c - what an instance says of its own check.
 *
 * The text comes with a registration: whoever may register an instance may
 * say that.  So the words are few, the figures have bounds, and a program is
 * never among them. */
#include <string.h>

#include "server/config_section.h"
#include "server/config_value.h"

#define ROOT "/"

const char *const config_check_keys[] = {
    "check", "check-port", "interval", "timeout", "rise", "fall", NULL};

/* Fields of a check are not const; who reads it through *to does not write. */
static char *
borrow(const char *text)
{
	union {
		const char *from;
		char *to;
	} u = {.from = text};

	return u.to;
}

static bool
parse_port(const char *value, uint16_t *port)
{
	uint64_t number;

	if (value_number(value, &number) != OK || number < 1 ||
	    number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

/* What may stand behind the colon; argument is NULL without one. */
typedef bool argument_fn(struct config_check *to,
    const struct config_check *base, const char *argument);

static bool
take_nothing(struct config_check *to, const struct config_check *base,
    const char *argument)
{
	(void)to;
	(void)base;
	return argument == NULL;
}

static bool
take_path(struct config_check *to, const struct config_check *base,
    const char *argument)
{
	if (argument == NULL)
		argument = to->type == base->type ? base->path : ROOT;
	else if (argument[0] != '/' || !config_check_is_plain(argument))
		return false;
	to->path = borrow(argument);
	return true;
}

static bool
take_service(struct config_check *to, const struct config_check *base,
    const char *argument)
{
	if (argument == NULL)
		argument = to->type == base->type ? base->path : NULL;
	else if (!config_check_is_plain(argument))
		return false;
	to->path = borrow(argument);
	return true;
}

static bool
take_port(struct config_check *to, const struct config_check *base,
    const char *argument)
{
	(void)base;
	return argument == NULL || parse_port(argument, &to->port);
}

static const struct kind {
	const char *word;
	enum config_check_type type;
	argument_fn *take;
} kinds[] = {
    {"http", CHECK_HTTP, take_path},
    {"https", CHECK_HTTPS, take_path},
    {"tcp", CHECK_TCP, take_nothing},
    {"agent", CHECK_AGENT, take_port},
    {"grpc", CHECK_GRPC, take_service},
    {"ttl", CHECK_TTL, take_nothing},
    {"none", CHECK_NONE, take_nothing},
};

/* check=: another type leaves the service's port behind, which was meant for
 * its own. */
static bool
set_check(
    struct config_check *to, const struct config_check *base, const char *value)
{
	size_t len = strcspn(value, ":");
	const char *argument = value[len] == ':' ? value + len + 1 : NULL;

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct config_check check = *to;

		if (strlen(kinds[i].word) != len ||
		    memcmp(kinds[i].word, value, len) != 0)
			continue;
		check.type = kinds[i].type;
		check.path = NULL;
		check.args = NULL;
		check.args_count = 0;
		check.port = base->port;
		if (check.type != base->type && config_check_has_probes(base))
			check.port = 0;
		if (!kinds[i].take(&check, base, argument))
			return false;
		*to = check;
		return true;
	}
	return false;
}

static uint64_t
clamp(uint64_t number, uint64_t min, uint64_t max)
{
	if (number < min)
		return min;
	return number > max ? max : number;
}

/* Numbers beyond all bounds are numbers still. */
static bool
parse_clamped(enum error parse(const char *, uint64_t *), const char *value,
    uint64_t min, uint64_t max, uint64_t *to)
{
	uint64_t number = 0;
	enum error error = parse(value, &number);

	if (error != OK && error != ERR_RANGE)
		return false;
	*to = clamp(error == OK ? number : UINT64_MAX, min, max);
	return true;
}

static void
keep_timeout(struct config_check *to)
{
	if (to->timeout_ms > to->interval_ms)
		to->timeout_ms = to->interval_ms;
}

/* Programs cost more than packets: not more often than the service says. */
static bool
set_interval(
    struct config_check *to, const struct config_check *base, const char *value)
{
	uint64_t min = CHECK_INTERVAL_MIN_MS;

	if (to->type == CHECK_EXEC)
		min = base->interval_ms;
	if (!parse_clamped(value_duration, value, min, CHECK_INTERVAL_MAX_MS,
		&to->interval_ms))
		return false;
	keep_timeout(to);
	return true;
}

static bool
set_timeout(struct config_check *to, const char *value)
{
	return parse_clamped(
	    value_duration, value, 1, to->interval_ms, &to->timeout_ms);
}

static bool
set_count(unsigned *to, const char *value)
{
	uint64_t number;

	if (!parse_clamped(value_number, value, 1, CHECK_RISE_MAX, &number))
		return false;
	*to = (unsigned)number;
	return true;
}

bool
config_check_override(struct config_check *to, const struct config_check *base,
    const char *key, const char *value)
{
	if (strcmp(key, "check") == 0)
		return set_check(to, base, value);
	if (strcmp(key, "check-port") == 0)
		return parse_port(value, &to->port);
	if (strcmp(key, "interval") == 0)
		return set_interval(to, base, value);
	if (strcmp(key, "timeout") == 0)
		return set_timeout(to, value);
	if (strcmp(key, "rise") == 0)
		return set_count(&to->rise, value);
	if (strcmp(key, "fall") == 0)
		return set_count(&to->fall, value);
	return false;
}
