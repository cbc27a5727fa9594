/* SPDX-License-Identifier: Apache-2.0 */
/* command_health.c - a checker in a scenario: CHECK, ORDERS, EVENTS. */
#include "tests/scenario/command_health.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/registry.h"
#include "tests/scenario/exchange.h"

/* An order as the checker would remember it. */
struct order {
	struct order *next;
	struct probe_order *probe;
};

static const char *const check_words[] = {
    [CHECK_NONE] = "none",
    [CHECK_HTTP] = "http",
    [CHECK_HTTPS] = "https",
    [CHECK_TCP] = "tcp",
    [CHECK_EXEC] = "exec",
    [CHECK_AGENT] = "agent",
    [CHECK_GRPC] = "grpc",
    [CHECK_TTL] = "ttl",
};

const char *const served_words[] = {
    [SERVED_UP] = "up",
    [SERVED_DRAIN] = "drain",
    [SERVED_OUT] = "out",
};

const char *const why_words[WHY_COUNT] = {
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

/* A name of the scenario as the roster writes it. */
void
command_full_name(struct world *world, unsigned number, const char *word,
    char text[NAME_TEXT_LEN])
{
	struct name name;
	size_t len;

	build_name(world, number, word, &name);
	len = strlen(name_to_text(name.wire, text));
	if (len > 1)
		text[len - 1] = '\0';
}

/* Lines of text, with "" for none. */
static void
append(char **text, const char *line)
{
	size_t len = strlen(*text);

	*text = realloc(*text, len + strlen(line) + 2);
	strcpy(*text + len, line);
	strcat(*text, "\n");
}

/* --- orders and events --- */

static void
on_order(void *arg, struct probe_order *probe)
{
	struct world *world = arg;
	struct order **at = &world->order, *order;

	while (*at != NULL && (*at)->probe->instance != probe->instance)
		at = &(*at)->next;
	order = *at;
	if (order != NULL) {
		free(order->probe);
		order->probe = probe;
	} else if (probe->mail.kind == PROBE_BEGIN) {
		order = calloc(1, sizeof(*order));
		order->probe = probe;
		*at = order;
	} else {
		world_fail(world, 0, "an order that ends nothing");
		free(probe);
		return;
	}
	if (probe->mail.kind != PROBE_END)
		return;
	*at = order->next;
	free(probe);
	free(order);
}

static void
on_event(void *arg, const struct roster_event *e)
{
	struct world *world = arg;
	char line[2 * NAME_TEXT_LEN + 64];

	switch (e->kind) {
	case EVENT_REGISTERED:
		snprintf(line, sizeof(line), "registered %s %s %u", e->service,
		    e->host, e->port);
		break;
	case EVENT_GONE:
		snprintf(line, sizeof(line), "gone %s %s %u", e->service,
		    e->host, e->port);
		break;
	case EVENT_HEALTH:
		snprintf(line, sizeof(line), "health %s %s %u %s", e->service,
		    e->host, e->port, why_words[e->real]);
		break;
	case EVENT_SERVED:
		snprintf(line, sizeof(line), "served %s %s %u %s %s",
		    e->service, e->host, e->port, served_words[e->served],
		    why_words[e->why]);
		break;
	case EVENT_CONDITION:
		snprintf(line, sizeof(line), "condition %s %s", e->service,
		    condition_text(e->condition));
		break;
	case EVENT_FORCED:
		snprintf(line, sizeof(line), "forced %s %s", e->service,
		    why_words[e->why]);
		break;
	}
	append(&world->events, line);
}

void
command_health_begin(struct world *world)
{
	free(world->events);
	world->events = strdup("");
	registry_on_health(world->registry, on_order, on_event, world);
}

void
command_health_end(struct world *world)
{
	struct order *next;

	for (; world->order != NULL; world->order = next) {
		next = world->order->next;
		free(world->order->probe);
		free(world->order);
	}
	free(world->events);
	world->events = NULL;
}

/* EVENTS: exactly these since this was asked last, in this order; a word that
 * is a name is written as everywhere. */
void
command_events(struct world *world, const struct step *step)
{
	char *wanted = strdup("");

	for (size_t i = 0; i < step->body.count; i++) {
		const char *text = step->body.line[i].text;
		char word[WORD_LEN], name[NAME_TEXT_LEN];
		char line[4 * WORD_LEN] = "";
		bool forced = false;

		for (int n = 0; word_next(&text, word); n++) {
			if (n == 0)
				forced = strcmp(word, "forced") == 0;
			snprintf(line + strlen(line),
			    sizeof(line) - strlen(line), "%s", n ? " " : "");
			/* service, host */
			if (!forced && (n == 1 || n == 2) &&
			    !(n == 2 && strncmp(line, "condition", 9) == 0))
				command_full_name(
				    world, step->number, word, name);
			else
				snprintf(name, sizeof(name), "%s", word);
			snprintf(line + strlen(line),
			    sizeof(line) - strlen(line), "%s", name);
		}
		append(&wanted, line);
	}
	if (strcmp(wanted, world->events) != 0)
		world_fail(world, step->number,
		    "events: wanted\n%s# there were\n%s", wanted,
		    world->events);
	free(wanted);
	free(world->events);
	world->events = strdup("");
}

/* --- CHECK --- */

static struct probe_order *
find_order(
    struct world *world, const char *service, const char *host, unsigned port)
{
	for (struct order *o = world->order; o != NULL; o = o->next)
		if (strcmp(o->probe->service, service) == 0 &&
		    strcmp(o->probe->host, host) == 0 && o->probe->port == port)
			return o->probe;
	return NULL;
}

static int
find_word(const char *word)
{
	static const char *const words[] = {
	    [WORD_NONE] = "none",
	    [WORD_UP] = "up",
	    [WORD_READY] = "ready",
	    [WORD_DRAIN] = "drain",
	    [WORD_MAINT] = "maint",
	    [WORD_DOWN] = "down",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

void
command_need_word(struct world *world, const struct step *step,
    const char **text, char word[WORD_LEN])
{
	if (!word_next(text, word))
		script_complain(world->script.path, step->number,
		    "%s: a word is missing", step->text);
}

/* Options behind good or bad; in times how often. */
static void
parse_result(struct world *world, const struct step *step, const char *text,
    struct probe_result *result, unsigned *times)
{
	char word[WORD_LEN];

	while (word_next(&text, word)) {
		if (strcmp(word, "late") == 0) {
			result->late = true;
		} else if (strcmp(word, "void") == 0) {
			result->generation--;
		} else if (strcmp(word, "agent") == 0) {
			command_need_word(world, step, &text, word);
			if (find_word(word) < 0)
				script_complain(world->script.path,
				    step->number, "no word: %s", word);
			result->word = (enum probe_word)find_word(word);
		} else if (strcmp(word, "percent") == 0) {
			command_need_word(world, step, &text, word);
			result->percent = atoi(word);
		} else if (strcmp(word, "load") == 0) {
			command_need_word(world, step, &text, word);
			result->load = atoi(word);
		} else if (strcmp(word, "times") == 0) {
			command_need_word(world, step, &text, word);
			*times = (unsigned)atoi(word);
		} else {
			snprintf(result->reason, sizeof(result->reason),
			    "%.95s", word);
		}
	}
}

/* CHECK SERVICE HOST PORT good|bad ["reason"] [agent WORD] [percent N]
 * [load N] [late] [void] [times N]: a result, as the checker would send it. */
void
command_check(struct world *world, const struct step *step)
{
	const char *text = step->text;
	char word[WORD_LEN], service[NAME_TEXT_LEN], host[NAME_TEXT_LEN];
	struct probe_result result = {
	    .percent = -1, .load = -1, .duration_us = 1000};
	const struct probe_order *order;
	unsigned port, times = 1;

	word_next(&text, word);
	command_need_word(world, step, &text, word);
	command_full_name(world, step->number, word, service);
	command_need_word(world, step, &text, word);
	command_full_name(world, step->number, word, host);
	command_need_word(world, step, &text, word);
	port = (unsigned)atoi(word);
	command_need_word(world, step, &text, word);
	result.good = strcmp(word, "good") == 0;
	order = find_order(world, service, host, port);
	if (order == NULL) {
		world_fail(world, step->number, "%s: there is no order for it",
		    step->text);
		return;
	}
	result.instance = order->instance;
	result.generation = order->generation;
	result.wall_s = world_wall_s(world);
	parse_result(world, step, text, &result, &times);
	while (times-- > 0) {
		struct probe_result *sent = malloc(sizeof(*sent));

		*sent = result;
		roster_take_result(
		    registry_roster(world->registry), sent, world->now_ms);
	}
	if (!world->batching)
		world_settle(world);
}

/* --- ORDERS --- */

static void
print_order(const struct probe_order *o, char *to, size_t len)
{
	char address[INET6_ADDRSTRLEN];
	int used = snprintf(to, len, "%s %s %u %s", o->service, o->host,
	    o->port, check_words[o->check.type]);

	if (o->check.path != NULL)
		used += snprintf(
		    to + used, len - (size_t)used, ":%s", o->check.path);
	used += snprintf(to + used, len - (size_t)used, " %" PRIu64 "ms %u %u",
	    o->check.interval_ms, o->check.rise, o->check.fall);
	if (o->addresses == 0)
		snprintf(to + used, len - (size_t)used, " %s",
		    o->forbidden ? "forbidden" : "none");
	for (unsigned i = 0; i < o->addresses; i++) {
		const struct endpoint *e = &o->address[i];
		const void *octets = e->sa.sa_family == AF_INET
					 ? (const void *)&e->in.sin_addr
					 : (const void *)&e->in6.sin6_addr;

		inet_ntop(e->sa.sa_family, octets, address, sizeof(address));
		used += snprintf(to + used, len - (size_t)used, " %s", address);
	}
}

/* ORDERS N, or lines SERVICE HOST PORT TYPE[:PATH] INTERVALms RISE FALL
 * ADDRESS...|none|forbidden: what the checker has been told to probe. */
void
command_orders(struct world *world, const struct step *step)
{
	const char *text = step->text;
	char word[WORD_LEN], line[4 * WORD_LEN], *all = strdup("");
	size_t count = 0, wanted = step->body.count;

	for (const struct order *o = world->order; o != NULL; o = o->next) {
		print_order(o->probe, line, sizeof(line));
		append(&all, line);
		count++;
	}
	word_next(&text, word);
	if (word_next(&text, word))
		wanted = strtoul(word, NULL, 10);
	if (count != wanted)
		world_fail(
		    world, step->number, "%s: there are\n%s", step->text, all);
	for (size_t i = 0; i < step->body.count; i++) {
		char service[NAME_TEXT_LEN], host[NAME_TEXT_LEN];

		text = step->body.line[i].text;
		command_need_word(world, step, &text, word);
		command_full_name(world, step->number, word, service);
		command_need_word(world, step, &text, word);
		command_full_name(world, step->number, word, host);
		snprintf(line, sizeof(line), "%s %s%s\n", service, host, text);
		if (strstr(all, line) == NULL)
			world_fail(world, step->body.line[i].number,
			    "no such order: %s# there are\n%s", line, all);
	}
	free(all);
}
