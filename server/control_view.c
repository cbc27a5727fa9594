/* SPDX-License-Identifier: Apache-2.0 */
#include "server/control_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/txt.h"

/* --- texts --- */

char *
control_name_text(const uint8_t *name, char *text)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len;

	name_lower(lower, name);
	name_to_text(lower, text);
	len = strlen(text);
	if (len > 1)
		text[len - 1] = '\0';
	return text;
}

/* --- words --- */

const char *
control_why_word(enum standing_why why)
{
	static const char *const word[WHY_COUNT] = {
	    [WHY_PLAIN] = "plain",
	    [WHY_HEALTHY] = "healthy",
	    [WHY_UNHEALTHY] = "unhealthy",
	    [WHY_UNKNOWN] = "unknown",
	    [WHY_RECOVERED] = "recovered",
	    [WHY_SLOW_START] = "slow-start",
	    [WHY_AGENT_DRAIN] = "agent-drain",
	    [WHY_AGENT_MAINT] = "agent-maint",
	    [WHY_FORCED_UP] = "forced-up",
	    [WHY_FORCED_DOWN] = "forced-down",
	    [WHY_FORCED_DRAIN] = "forced-drain",
	    [WHY_PANIC] = "panic",
	    [WHY_NONE_LEFT] = "none-left",
	    [WHY_LAST_GOOD] = "last-good",
	    [WHY_GUARD] = "guard",
	};

	return (unsigned)why < WHY_COUNT ? word[why] : "";
}

const char *
control_served_word(enum served served)
{
	return served == SERVED_UP      ? "up"
	       : served == SERVED_DRAIN ? "drain"
					: "out";
}

const char *
control_strategy_word(enum strategy strategy)
{
	static const char *const word[] = {
	    [STRATEGY_WEIGHTED] = "weighted",
	    [STRATEGY_ROUND_ROBIN] = "round-robin",
	    [STRATEGY_RANDOM] = "random",
	    [STRATEGY_HASH] = "hash",
	    [STRATEGY_LEAST_LOAD] = "least-load",
	    [STRATEGY_FIRST] = "first",
	    [STRATEGY_ALL] = "all",
	};

	return word[strategy];
}

const char *
control_why_sentence(enum standing_why why)
{
	static const char *const text[WHY_COUNT] = {
	    [WHY_PLAIN] = "it is answered as registered: nothing checks it",
	    [WHY_HEALTHY] = "it is answered: its checks are good",
	    [WHY_UNHEALTHY] = "it is left out: its checks fail",
	    [WHY_UNKNOWN] = "it is left out until its first check",
	    [WHY_RECOVERED] = "it is answered as before the restart, until "
			      "its first check",
	    [WHY_SLOW_START] = "it is answered with a part of its weight, "
			       "which grows: it has just become healthy",
	    [WHY_AGENT_DRAIN] = "its agent says drain: no new clients",
	    [WHY_AGENT_MAINT] = "it is left out: its agent says maint",
	    [WHY_FORCED_UP] = "it is answered because an operator wants it",
	    [WHY_FORCED_DOWN] = "it is left out because an operator wants it",
	    [WHY_FORCED_DRAIN] = "an operator drains it: no new clients",
	    [WHY_PANIC] = "it is answered though it is unhealthy: so many "
			  "are that their health is ignored "
			  "(panic-threshold)",
	    [WHY_NONE_LEFT] = "it is answered though it is unhealthy: none "
			      "is healthy (when-none: all)",
	    [WHY_LAST_GOOD] = "it is answered though it is unhealthy: none "
			      "is healthy, and it was among the last that "
			      "were (when-none: last-good)",
	    [WHY_GUARD] = "it is answered though it did not renew its lease: "
			  "so many did not that their leases are held "
			  "(expiry-guard)",
	};

	return (unsigned)why < WHY_COUNT ? text[why] : "";
}

const char *
control_condition_sentence(enum condition condition)
{
	static const char *const text[CONDITION_COUNT] = {
	    [CONDITION_NORMAL] = "",
	    [CONDITION_PANIC] = "too few instances are healthy: their health "
				"is ignored",
	    [CONDITION_NONE_LEFT] = "no instance is healthy: all are answered",
	    [CONDITION_LAST_GOOD] = "no instance is healthy: those that last "
				    "were are answered",
	    [CONDITION_GUARD] = "most leases would end at once: they are held, "
				"and answers may be stale",
	};

	return (unsigned)condition < CONDITION_COUNT ? text[condition] : "";
}

/* --- what the zone says --- */

const struct config_service *
control_service_config(
    const struct settings *settings, const struct node *service)
{
	unsigned shape = service->ready ? service->ready->shape : 0;

	if (settings == NULL || shape == 0 ||
	    shape > settings->config->service_count)
		return NULL;
	return &settings->config->service[shape - 1];
}

/* What is no exception is checked and healthy, or not checked. */
static enum standing_why
why_without_standing(
    const struct control_instance *i, const struct settings *settings)
{
	const struct config_service *service =
	    control_service_config(settings, i->service);

	return service == NULL || service->check.type == CHECK_NONE ||
		       service->check.type == CHECK_TTL
		   ? WHY_PLAIN
		   : WHY_HEALTHY;
}

enum served
control_served(const struct control_instance *i)
{
	return i->standing ? (enum served)i->standing->served : SERVED_UP;
}

enum standing_why
control_why(const struct control_instance *i, const struct settings *settings)
{
	return i->standing ? (enum standing_why)i->standing->why
			   : why_without_standing(i, settings);
}

enum standing_why
control_real(const struct control_instance *i, const struct settings *settings)
{
	return i->standing ? (enum standing_why)i->standing->real
			   : why_without_standing(i, settings);
}

uint16_t
control_served_weight(const struct control_instance *i)
{
	uint32_t weight = record_weight(i->srv);

	if (i->standing == NULL)
		return (uint16_t)weight;
	if (i->standing->served != SERVED_UP)
		return 0;
	if (i->standing->scale < SCALE_WHOLE && weight > 0) {
		/* As answers have it: rounded; what was positive stays so,
		 * but for a scale of 0. */
		weight = (weight * i->standing->scale + SCALE_WHOLE / 2) /
			 SCALE_WHOLE;
		if (weight == 0 && i->standing->scale > 0)
			weight = 1;
	}
	return (uint16_t)weight;
}

/* What multiplies the registered weight: " x 30% slow start", or "". */
static void
scale_text(const struct control_instance *i, unsigned percent, char *text,
    size_t text_len)
{
	bool slow = i->standing && i->standing->why == WHY_SLOW_START;
	unsigned scale = i->standing ? i->standing->scale : SCALE_WHOLE;

	text[0] = '\0';
	if (scale == SCALE_WHOLE)
		return;
	snprintf(text, text_len, " x %u%%%s%s%s",
	    (scale * 100 + SCALE_WHOLE / 2) / SCALE_WHOLE,
	    slow ? " slow start" : "", slow && percent != 100 ? " and" : "",
	    slow && percent == 100 ? "" : " of its agent");
}

/* Strategies that take instances whatever they weigh. */
static bool
ignores_weights(enum strategy strategy)
{
	return strategy == STRATEGY_ROUND_ROBIN ||
	       strategy == STRATEGY_RANDOM || strategy == STRATEGY_FIRST ||
	       strategy == STRATEGY_ALL;
}

/* The weight of one that is answered. */
static void
share_text(const struct control_instance *i, const struct control_tier *tier,
    unsigned percent, char *text, size_t text_len)
{
	unsigned weight = record_weight(i->srv);
	char scale[64], product[24] = "";

	if (weight == 0 && tier->weight > 0) {
		snprintf(text, text_len,
		    "weight 0: last in tier %u, without "
		    "addresses",
		    tier->priority);
		return;
	}
	if (tier->weight == 0) {
		snprintf(text, text_len,
		    "weight 0 as all in tier %u: they "
		    "are equal",
		    tier->priority);
		return;
	}
	scale_text(i, percent, scale, sizeof(scale));
	if (scale[0] != '\0')
		snprintf(product, sizeof(product), " = %u",
		    control_served_weight(i));
	snprintf(text, text_len, "weight %u%s%s of %" PRIu64 " in tier %u",
	    weight, scale, product, tier->weight, tier->priority);
}

void
control_weight_text(const struct control_instance *i, enum strategy strategy,
    const struct control_tier *tier, unsigned percent, char *text,
    size_t text_len)
{
	char share[160];

	if (control_served(i) == SERVED_OUT) {
		snprintf(text, text_len,
		    "weight %u counts for nothing while it is left out",
		    record_weight(i->srv));
		return;
	}
	if (control_served(i) == SERVED_DRAIN) {
		snprintf(text, text_len,
		    "weight %u x 0 while it drains: last in tier %u, without "
		    "addresses",
		    record_weight(i->srv), tier->priority);
		return;
	}
	share_text(i, tier, percent, share, sizeof(share));
	snprintf(text, text_len, "%s%s%s%s", share,
	    tier->first ? "" : ", behind the tiers before it",
	    ignores_weights(strategy) ? "; weights do not count with " : "",
	    ignores_weights(strategy) ? control_strategy_word(strategy) : "");
}

bool
control_matches(
    const char *pattern, const char *service, const char *host, unsigned port)
{
	/* A list of one wish that is not to be changed. */
	struct force_entry one = {
	    .state = FORCE_UP, .pattern = (char *)(uintptr_t)pattern};
	const struct force_list list = {&one, 1};
	const struct force_entry *entry = NULL;

	force_find(&list, service, host, port, &entry);
	return entry != NULL;
}

/* --- as JSON --- */

/* The strings of a TXT record; those that are tags too. */
static bool
add_attributes(json_t *line, const struct record *txt)
{
	json_t *strings = json_array(), *tags = json_array();
	const uint8_t *list;
	size_t len = 0, word, n;

	for (size_t at = 0; txt != NULL && at < txt->rdlen; at += 1 + n) {
		n = txt->rdata[at];
		if (at + 1 + n > txt->rdlen)
			break;
		if (n > 0)
			json_array_append_new(
			    strings, control_octets(txt->rdata + at + 1, n));
	}
	list = txt ? txt_find(txt->rdata, txt->rdlen, "tags", &len) : NULL;
	for (; list != NULL && len > 0; list += word, len -= word) {
		const uint8_t *comma = memchr(list, ',', len);

		word = comma ? (size_t)(comma - list) : len;
		if (word > 0)
			json_array_append_new(tags, control_octets(list, word));
		word += comma != NULL;
	}
	return json_object_set_new(line, "tags", tags) == 0 &&
	       json_object_set_new(line, "txt", strings) == 0;
}

static bool
add_lease(json_t *line, const struct control_instance *i)
{
	if (i->left_ms == DEADLINE_NONE || i->granted_s == 0)
		return true;
	return json_object_set_new(line, "lease",
		   json_integer((i->left_ms + 999) / 1000)) == 0 &&
	       json_object_set_new(
		   line, "granted", json_integer(i->granted_s)) == 0;
}

/* Site and load, where they are known. */
static bool
add_place(json_t *line, const struct control_instance *i,
    const struct settings *settings)
{
	const struct standing *s = i->standing;

	if (s == NULL)
		return true;
	if (s->site > 0 && settings != NULL &&
	    s->site <= settings->config->site_count &&
	    json_object_set_new(line, "site",
		json_string(settings->config->site[s->site - 1].name)) != 0)
		return false;
	return s->load == LOAD_UNKNOWN ||
	       json_object_set_new(line, "load", json_integer(s->load)) == 0;
}

/* A DNS-SD name keeps its case: people wrote it. */
static bool
add_name(json_t *line, const struct control_instance *i)
{
	char name[NAME_TEXT_LEN];

	return i->name == NULL ||
	       json_object_set_new(
		   line, "name", json_string(name_to_text(i->name, name))) == 0;
}

json_t *
control_view_instance(const struct control_instance *i,
    const struct settings *settings, int64_t now_ms)
{
	char service[NAME_TEXT_LEN], host[NAME_TEXT_LEN];
	unsigned port = wire_load_u16(i->srv->rdata + 4);
	json_t *line;

	control_name_text(i->srv->rdata + 6, host);
	line = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:i, s:i}",
	    "service", control_name_text(node_owner(i->service), service),
	    "host", host, "port", (int)port, "served",
	    control_served_word(control_served(i)), "why",
	    control_why_word(control_why(i, settings)), "real",
	    control_why_word(control_real(i, settings)), "priority",
	    (int)record_priority(i->srv), "weight", (int)record_weight(i->srv),
	    "served_weight", (int)control_served_weight(i));
	if (line == NULL)
		return NULL;
	if (add_lease(line, i) && add_place(line, i, settings) &&
	    add_name(line, i) &&
	    add_attributes(line, control_instance_txt(i, now_ms)))
		return line;
	json_decref(line);
	return NULL;
}
