/* SPDX-License-Identifier: Apache-2.0 */
/* config_guard.c - the expiry guard of a service. */
#include "server/config_section.h"
#include "server/config_value.h"

enum { GUARD_SHARE, GUARD_INSTANCES, GUARD_WINDOW, GUARD_MAX, GUARD_FIELDS };

#define INSTANCES_MAX 1000000
#define WINDOW_MIN_MS 1000 /* leases are looked at once a second */
#define WINDOW_MAX_MS (60 * 60 * 1000)
#define HELD_MAX_MS (24 * 60 * 60 * 1000)

#define GUARD(member) offsetof(struct config_guard, member)

static const struct config_field fields[GUARD_FIELDS] = {
    [GUARD_SHARE] = FIELD_RANGE("share", read_unsigned, GUARD(share), 1, 100),
    [GUARD_INSTANCES] =
	FIELD_RANGE("instances", read_unsigned, GUARD(least), 1, INSTANCES_MAX),
    [GUARD_WINDOW] = FIELD_RANGE(
	"window", read_ms, GUARD(window_ms), WINDOW_MIN_MS, WINDOW_MAX_MS),
    [GUARD_MAX] =
	FIELD_RANGE("max", read_ms, GUARD(max_ms), WINDOW_MIN_MS, HELD_MAX_MS),
};

static void
read_figures(struct config_reading *r, const struct yaml_node *node,
    struct config_guard *guard)
{
	const struct yaml_node *present[GUARD_FIELDS], *at;

	if (!read_map(r, node, fields, GUARD_FIELDS, guard, present))
		return;
	guard->on = true;
	at = present[GUARD_MAX] != NULL ? present[GUARD_MAX]
					: present[GUARD_WINDOW];
	if (at != NULL && guard->max_ms < guard->window_ms)
		read_error(r, at, ERR_CONFLICT,
		    "expiry-guard: max is shorter than the window");
}

void
read_guard(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct config_guard *guard = to;

	if (node->kind == YAML_NULL)
		return;
	if (node->kind != YAML_TEXT)
		read_figures(r, node, guard);
	else if (value_bool(node->text, &guard->on) != OK)
		read_fail(r, field, node, ERR_SYNTAX,
		    "on, off, or {share: ..., instances: ..., window: ..., "
		    "max: ...}");
}
