/* SPDX-License-Identifier: Apache-2.0 */
#include "server/control_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- weights by tier --- */

static bool
add_weight(struct control_sums *sums, uint16_t priority, uint64_t weight)
{
	struct control_tier *grown;
	size_t room = sums->room ? 2 * sums->room : 8;

	/* They come by priority: mostly it is the last one. */
	for (size_t i = sums->tiers; i-- > 0;) {
		if (sums->tier[i].priority != priority)
			continue;
		sums->tier[i].weight += weight;
		return true;
	}
	if (sums->tiers == sums->room) {
		grown = realloc(sums->tier, room * sizeof(*grown));
		if (grown == NULL)
			return false;
		sums->tier = grown;
		sums->room = room;
	}
	sums->tier[sums->tiers++] =
	    (struct control_tier){.priority = priority, .weight = weight};
	return true;
}

bool
control_sums_make(struct control_sums *sums, const struct zone *zone,
    const struct node *service, int64_t now_ms)
{
	struct control_instances at = {.behind_own = false};
	struct control_count count =
	    control_instances_count(zone, service, now_ms);
	struct control_instance i;
	size_t work = SIZE_MAX;

	*sums = (struct control_sums){
	    .registered = count.registered, .served = count.served};
	control_instances_enter(&at, zone, service, now_ms);
	while (control_instances_next(&at, &i, &work))
		if (control_served(&i) != SERVED_OUT &&
		    !add_weight(sums, record_priority(i.srv),
			control_served_weight(&i)))
			return false;
	return true;
}

void
control_sums_fini(struct control_sums *sums)
{
	free(sums->tier);
	*sums = (struct control_sums){.tier = NULL};
}

static struct control_tier
tier_of(const struct control_sums *sums, uint16_t priority)
{
	struct control_tier tier = {.priority = priority, .first = true};

	for (size_t i = 0; i < sums->tiers; i++) {
		if (sums->tier[i].priority == priority)
			tier.weight = sums->tier[i].weight;
		if (sums->tier[i].priority < priority)
			tier.first = false;
	}
	return tier;
}

/* --- what the roster knows --- */

static int
compare_reports(const void *a, const void *b)
{
	const struct roster_report *x = a, *y = b;
	int difference = strcasecmp(x->host, y->host);

	return difference != 0 ? difference : (int)x->port - (int)y->port;
}

void
control_reports_sort(struct inquiry *inquiry)
{
	if (inquiry->reports > 1)
		qsort(inquiry->report, inquiry->reports,
		    sizeof(inquiry->report[0]), compare_reports);
}

static const struct roster_report *
find_report(const struct inquiry *inquiry, const struct control_instance *i)
{
	size_t low = 0, high = inquiry ? inquiry->reports : 0;
	unsigned port = wire_load_u16(i->srv->rdata + 4);
	char host[NAME_TEXT_LEN];

	control_name_text(i->srv->rdata + 6, host);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct roster_report *r = &inquiry->report[middle];
		int difference = strcasecmp(r->host, host);

		if (difference == 0)
			difference = (int)r->port - (int)port;
		if (difference == 0)
			return r;
		if (difference < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static json_t *
describe_history(const struct health *health)
{
	json_t *history = json_array();
	const struct health_event *e;

	for (unsigned i = 0; (e = health_event_at(health, i)) != NULL; i++)
		json_array_append_new(
		    history, json_pack("{s:I, s:f, s:b, s:b, s:o}", "time",
				 (json_int_t)e->wall_s, "duration",
				 (double)e->duration_us / 1000, "good",
				 (int)e->good, "late", (int)e->late, "reason",
				 control_text(e->reason)));
	return history;
}

static const char *
agent_word(enum probe_word word)
{
	return word == WORD_DRAIN ? "drain" : word == WORD_MAINT ? "maint" : "";
}

static json_t *
describe_check(const struct roster_report *r)
{
	const struct health *health = &r->health;

	return json_pack("{s:o, s:s, s:I, s:i, s:i, s:I, s:i, s:s, s:o}",
	    "check", control_text(r->check), "state",
	    health_state_text(health->state), "since",
	    (json_int_t)health->since_wall_s, "bad", (int)health->bad, "good",
	    (int)health->good, "results", (json_int_t)health->results,
	    "percent", (int)health->percent, "agent", agent_word(health->agent),
	    "history", describe_history(health));
}

static bool
set_new(json_t *line, const char *key, json_t *value)
{
	return json_object_set_new(line, key, value) == 0;
}

static bool
add_report(json_t *line, const struct roster_report *r)
{
	if (r->check[0] != '\0' && !set_new(line, "health", describe_check(r)))
		return false;
	if (r->until_ms >= 0 &&
	    !set_new(line, "until", json_real((double)r->until_ms / 1000)))
		return false;
	return r->forced_by[0] == '\0' ||
	       set_new(line, "forced",
		   json_pack("{s:o, s:I}", "pattern",
		       control_text(r->forced_by), "time",
		       (json_int_t)r->forced_wall_s));
}

/* Why it is so, with what its last check said where that is what counts. */
static json_t *
describe_why(const struct control_instance *i, const struct settings *settings,
    const struct roster_report *r)
{
	enum standing_why why = control_why(i, settings);
	const char *sentence = control_why_sentence(why);
	const struct health_event *last = NULL;
	char text[sizeof(r->why_text) + PROBE_REASON_LEN + 32];

	if (r != NULL) {
		if (r->why_text[0] != '\0')
			sentence = r->why_text;
		last = health_event_at(&r->health, 0);
	}
	if (last == NULL || last->good || why != WHY_UNHEALTHY)
		return control_text(sentence);
	snprintf(text, sizeof(text), "%s (its last check: %s)", sentence,
	    last->reason);
	return control_text(text);
}

json_t *
control_report_instance(const struct control_instance *i,
    const struct settings *settings, const struct control_sums *sums,
    const struct inquiry *reports, int64_t now_ms)
{
	const struct roster_report *r = find_report(reports, i);
	struct control_tier tier = tier_of(sums, record_priority(i->srv));
	const struct config_service *service =
	    control_service_config(settings, i->service);
	json_t *line = control_view_instance(i, settings, now_ms);
	char weight[256];

	control_weight_text(i,
	    service ? service->shape.strategy : STRATEGY_WEIGHTED, &tier,
	    r ? r->health.percent : 100, weight, sizeof(weight));
	if (line != NULL &&
	    set_new(line, "text", describe_why(i, settings, r)) &&
	    set_new(
		line, "tier_weight", json_integer((json_int_t)tier.weight)) &&
	    set_new(line, "weight_text", json_string(weight)) &&
	    (r == NULL || add_report(line, r)))
		return line;
	json_decref(line);
	return NULL;
}
