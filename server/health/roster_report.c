/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/health/roster_internal.h"
#include "server/log.h"

/* --- events --- */

void
roster_tell_instance(const struct roster *r, enum roster_event_kind kind,
    const struct instance *i)
{
	const struct health_event *last =
	    i->health ? health_event_at(i->health, 0) : NULL;
	struct texts t;
	struct roster_event event;

	if (r->plan.event == NULL)
		return;
	event = (struct roster_event){
	    .kind = kind,
	    .wall_s = roster_wall_s(r),
	    .service = roster_name_text(i->service->owner, t.service),
	    .host = roster_name_text(i->host->name, t.host),
	    .port = i->port,
	    .real = i->standing.real,
	    .why = i->standing.why,
	    .served = i->standing.served,
	    .condition = service_condition(i->service),
	    .reason = last ? last->reason : "",
	};
	r->plan.event(r->plan.arg, &event);
}

void
roster_tell_condition(const struct roster *r, const struct service *s)
{
	enum condition condition = service_condition(s);
	char text[NAME_TEXT_LEN];
	struct roster_event event = {
	    .kind = EVENT_CONDITION,
	    .wall_s = roster_wall_s(r),
	    .service = roster_name_text(s->owner, text),
	    .host = "",
	    .condition = condition,
	    .reason = "",
	};

	log_write(condition == CONDITION_NORMAL ? LEVEL_NOTICE : LEVEL_WARNING,
	    "%s: %s (%zu healthy, %zu unhealthy)", text,
	    condition_text(condition), s->healthy, s->unhealthy);
	if (r->plan.event != NULL)
		r->plan.event(r->plan.arg, &event);
}

/* --- counts --- */

uint64_t
roster_times(const struct roster *r, enum condition condition)
{
	return r->times[condition];
}

static void
count_service(const struct service *s, struct roster_counts *to)
{
	enum condition condition = service_condition(s);

	to->services++;
	to->panic += condition == CONDITION_PANIC;
	to->none_left += condition == CONDITION_NONE_LEFT;
	to->last_good += condition == CONDITION_LAST_GOOD;
	to->guarded += s->guard_from_ms != 0;
}

static void
count_instance(const struct instance *i, struct roster_counts *to)
{
	to->instances++;
	to->forced += i->force != FORCE_AUTO;
	to->draining +=
	    i->standing.served == SERVED_DRAIN ||
	    (i->drain_from_ms != 0 && i->standing.served == SERVED_UP);
	if (i->health == NULL)
		return;
	to->healthy += i->health->state == HEALTH_HEALTHY;
	to->unhealthy += i->health->state == HEALTH_UNHEALTHY;
	to->unknown += i->health->state == HEALTH_UNKNOWN;
}

void
roster_count(const struct roster *r, struct roster_counts *to)
{
	struct table_walk services = {0}, instances = {0};
	struct table_link *l;

	*to = (struct roster_counts){0};
	while ((l = table_walk(&r->services, &services)) != NULL)
		count_service((struct service *)l, to);
	while ((l = table_walk(&r->numbers, &instances)) != NULL)
		count_instance((struct instance *)l, to);
}

/* --- reports --- */

static void
print_check(const struct config_check *c, char *to, size_t len)
{
	static const char *const word[] = {
	    [CHECK_NONE] = "none",
	    [CHECK_HTTP] = "http",
	    [CHECK_HTTPS] = "https",
	    [CHECK_TCP] = "tcp",
	    [CHECK_EXEC] = "exec",
	    [CHECK_AGENT] = "agent",
	    [CHECK_GRPC] = "grpc",
	    [CHECK_TTL] = "ttl",
	};
	char port[8] = "";

	to[0] = '\0';
	if (c == NULL)
		return;
	if (!check_probes(c)) {
		snprintf(to, len, "%s", word[c->type]);
		return;
	}
	if (c->port > 0)
		snprintf(port, sizeof(port), ":%u", c->port);
	snprintf(to, len, "%s%s%s%s every %g s, rise %u, fall %u",
	    word[c->type], port, c->path ? ":" : "", c->path ? c->path : "",
	    (double)c->interval_ms / 1000, c->rise, c->fall);
}

/* One sentence: what is done, why, and what the checks say if that is another
 * thing. */
static void
print_why(const struct instance *i, int64_t now_ms, char *to, size_t len)
{
	static const char *const done[] = {
	    [SERVED_UP] = "answered",
	    [SERVED_DRAIN] = "answered with weight 0, without addresses",
	    [SERVED_OUT] = "not answered",
	};
	const struct standing *s = &i->standing;
	int used = snprintf(
	    to, len, "%s: %s", done[s->served], standing_why_text(s->why));

	if (used > 0 && s->real != s->why && (size_t)used < len)
		used += snprintf(to + used, len - (size_t)used,
		    "; by itself it is %s", standing_why_text(s->real));
	if (used > 0 && (size_t)used < len && s->scale != SCALE_WHOLE)
		used += snprintf(to + used, len - (size_t)used,
		    "; %u%% of its weight",
		    (s->scale * 100U + SCALE_WHOLE / 2) / SCALE_WHOLE);
	if (used > 0 && (size_t)used < len && s->until_ms != INT64_MAX)
		snprintf(to + used, len - (size_t)used,
		    "; next step in %" PRId64 " s",
		    (s->until_ms - now_ms + 999) / 1000);
}

static void
report_force(
    const struct roster *r, struct roster_report *to, const struct instance *i)
{
	const struct force_entry *entry;
	char service[NAME_TEXT_LEN];

	roster_name_text(i->service->owner, service);
	force_find(&r->forced, service, to->host, i->port, &entry);
	if (entry == NULL)
		return;
	snprintf(to->forced_by, sizeof(to->forced_by), "%s", entry->pattern);
	to->forced_wall_s = entry->wall_s;
}

/* As selection.c does it. */
static uint16_t
served_weight(const struct instance *i, uint16_t weight)
{
	uint32_t scaled =
	    ((uint32_t)weight * i->standing.scale + SCALE_WHOLE / 2) /
	    SCALE_WHOLE;

	if (i->standing.served != SERVED_UP)
		return 0;
	if (scaled == 0 && weight > 0 && i->standing.scale > 0)
		return 1;
	return (uint16_t)scaled;
}

static void
report(const struct roster *r, const struct instance *i, int64_t now_ms,
    struct roster_report *to)
{
	const struct record *srv = i->ref->srv;
	uint32_t granted_s;
	int64_t deadline_ms = instance_deadline_ms(i, &granted_s);

	roster_name_text(i->host->name, to->host);
	to->port = i->port;
	to->priority = record_priority(srv);
	to->weight = record_weight(srv);
	to->served_weight = served_weight(i, to->weight);
	to->served = i->standing.served;
	to->real = i->standing.real;
	to->why = i->standing.why;
	to->condition = service_condition(i->service);
	print_why(i, now_ms, to->why_text, sizeof(to->why_text));
	print_check(i->check, to->check, sizeof(to->check));
	report_force(r, to, i);
	to->lease_left_ms = -1;
	if (deadline_ms != DEADLINE_NONE)
		to->lease_left_ms =
		    deadline_ms > now_ms ? deadline_ms - now_ms : 0;
	to->until_ms = i->standing.until_ms == INT64_MAX
			   ? -1
			   : i->standing.until_ms - now_ms;
	if (i->health != NULL)
		to->health = *i->health;
	else
		health_init(&to->health);
}

static int
by_host(const void *a, const void *b)
{
	const struct roster_report *x = a, *y = b;
	int order = strcmp(x->host, y->host);

	return order != 0 ? order : (int)x->port - (int)y->port;
}

enum error
roster_explain(const struct roster *r, const uint8_t *service, int64_t now_ms,
    struct roster_report **out, size_t *count)
{
	const struct zone *z = r->plan.zone(r->plan.zone_arg, service);
	const struct service *s =
	    z ? roster_find_service(r, z->info->number, service) : NULL;
	struct roster_report *made;
	size_t n = 0;

	if (s == NULL || s->instances == 0) {
		*out = NULL;
		*count = 0;
		return OK;
	}
	made = calloc(s->instances, sizeof(*made));
	if (made == NULL)
		return ERR_MEMORY;
	for (const struct instance *i = s->first; i != NULL; i = i->next)
		if (i->ref != NULL) /* else being learned again */
			report(r, i, now_ms, &made[n++]);
	qsort(made, n, sizeof(*made), by_host);
	*out = made;
	*count = n;
	return OK;
}
