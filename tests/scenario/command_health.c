/* SPDX-License-Identifier: Apache-2.0 */
/* command_health.c - a checker and operators in a scenario: CHECK, ORDERS,
 * FORCE, FORCED, EXPLAIN, EVENTS, COUNTS. */
#include "tests/scenario/command.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/inquiry.h"
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

static const char *const served_words[] = {
    [SERVED_UP] = "up",
    [SERVED_DRAIN] = "drain",
    [SERVED_OUT] = "out",
};

static const char *const why_words[WHY_COUNT] = {
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
static void
full_name(struct world *world, unsigned number, const char *word,
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
				full_name(world, step->number, word, name);
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

static void
need_word(struct world *world, const struct step *step, const char **text,
    char word[WORD_LEN])
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
			need_word(world, step, &text, word);
			if (find_word(word) < 0)
				script_complain(world->script.path,
				    step->number, "no word: %s", word);
			result->word = (enum probe_word)find_word(word);
		} else if (strcmp(word, "percent") == 0) {
			need_word(world, step, &text, word);
			result->percent = atoi(word);
		} else if (strcmp(word, "load") == 0) {
			need_word(world, step, &text, word);
			result->load = atoi(word);
		} else if (strcmp(word, "times") == 0) {
			need_word(world, step, &text, word);
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
	need_word(world, step, &text, word);
	full_name(world, step->number, word, service);
	need_word(world, step, &text, word);
	full_name(world, step->number, word, host);
	need_word(world, step, &text, word);
	port = (unsigned)atoi(word);
	need_word(world, step, &text, word);
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
		need_word(world, step, &text, word);
		full_name(world, step->number, word, service);
		need_word(world, step, &text, word);
		full_name(world, step->number, word, host);
		snprintf(line, sizeof(line), "%s %s%s\n", service, host, text);
		if (strstr(all, line) == NULL)
			world_fail(world, step->body.line[i].number,
			    "no such order: %s# there are\n%s", line, all);
	}
	free(all);
}

/* --- FORCE, FORCED --- */

static void
finish(struct inquiry *inquiry)
{
	(void)inquiry;
}

static struct inquiry *
ask(struct world *world, struct inquiry *inquiry)
{
	inquiry->finish = finish;
	registry_ask(world->registry, inquiry, world->now_ms);
	return inquiry;
}

/* FORCE PATTERN up|down|drain|auto: as the command does, saved included. */
void
command_force(struct world *world, const struct step *step)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));
	const char *text = step->text;
	char word[WORD_LEN];

	word_next(&text, word);
	need_word(world, step, &text, word);
	snprintf(inquiry->pattern, sizeof(inquiry->pattern), "%.599s", word);
	need_word(world, step, &text, word);
	if (force_parse(word) < 0)
		script_complain(
		    world->script.path, step->number, "no state: %s", word);
	inquiry->kind = INQUIRY_FORCE;
	inquiry->state = (enum force_state)force_parse(word);
	ask(world, inquiry);
	if (inquiry->err == OK)
		inquiry->err = force_save(&inquiry->forced,
		    world->config[world->configs - 1]->server.data,
		    inquiry->text, sizeof(inquiry->text));
	if ((inquiry->err != OK) != (step->expect != NULL) ||
	    (step->expect != NULL &&
		!expect_texts(step->expect, inquiry->text)))
		world_fail(world, step->number, "%s: it said: %s", step->text,
		    inquiry->text);
	inquiry_free(inquiry);
	if (!world->batching)
		world_settle(world);
}

/* FORCED: exactly these lines, STATE PATTERN, in this order. */
void
command_forced(struct world *world, const struct step *step)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));
	char line[FORCE_PATTERN_LEN + 16];
	bool good;

	inquiry->kind = INQUIRY_FORCED;
	ask(world, inquiry);
	good = inquiry->forced.count == step->body.count;
	for (size_t i = 0; i < inquiry->forced.count && good; i++) {
		const struct force_entry *e = &inquiry->forced.entry[i];

		snprintf(line, sizeof(line), "%s %s", force_text(e->state),
		    e->pattern);
		good = strcmp(line, step->body.line[i].text) == 0;
	}
	if (!good)
		world_fail(world, step->number, "the list is another one");
	for (size_t i = 0; i < inquiry->forced.count && !good; i++)
		printf("# %s %s\n", force_text(inquiry->forced.entry[i].state),
		    inquiry->forced.entry[i].pattern);
	inquiry_free(inquiry);
}

/* --- EXPLAIN --- */

static void
print_report(const struct roster_report *r, char *to, size_t len)
{
	snprintf(to, len,
	    "%s %u %s %s (real %s, weight %u of %u, until %" PRId64
	    " ms, lease %" PRId64 " ms, results %u, check \"%s\", by \"%s\", "
	    "condition %s): %s",
	    r->host, r->port, served_words[r->served], why_words[r->why],
	    why_words[r->real], r->served_weight, r->weight, r->until_ms,
	    r->lease_left_ms, r->health.results, r->check, r->forced_by,
	    condition_text(r->condition), r->why_text);
}

/* Whether one "word value" of an expected line holds. */
static bool
holds(const struct roster_report *r, const char *word, const char *value)
{
	const struct health_event *last = health_event_at(&r->health, 0);
	long number = strtol(value, NULL, 10);

	if (strcmp(word, "real") == 0)
		return strcmp(value, why_words[r->real]) == 0;
	if (strcmp(word, "weight") == 0)
		return r->served_weight == number;
	if (strcmp(word, "until") == 0)
		return r->until_ms == number;
	if (strcmp(word, "lease") == 0)
		return r->lease_left_ms == number;
	if (strcmp(word, "results") == 0)
		return r->health.results == (unsigned long)number;
	if (strcmp(word, "reason") == 0)
		return last && strcmp(last->reason, value) == 0;
	if (strcmp(word, "check") == 0)
		return strcmp(r->check, value) == 0;
	if (strcmp(word, "by") == 0)
		return strcmp(r->forced_by, value) == 0;
	if (strcmp(word, "condition") == 0)
		return strcmp(condition_text(r->condition), value) == 0;
	return strcmp(word, "text") == 0 && strstr(r->why_text, value) != NULL;
}

static void
expect_report(
    struct world *world, const struct line *line, const struct inquiry *inquiry)
{
	char word[WORD_LEN], value[WORD_LEN], host[NAME_TEXT_LEN];
	char report[4 * WORD_LEN];
	const char *text = line->text;
	const struct roster_report *r = NULL;

	word_next(&text, word);
	full_name(world, line->number, word, host);
	word_next(&text, word);
	for (size_t i = 0; i < inquiry->reports; i++)
		if (strcmp(inquiry->report[i].host, host) == 0 &&
		    inquiry->report[i].port == atoi(word))
			r = &inquiry->report[i];
	if (r == NULL) {
		world_fail(world, line->number, "it does not know %s", host);
		return;
	}
	print_report(r, report, sizeof(report));
	if (!word_next(&text, word) || !word_next(&text, value) ||
	    strcmp(word, served_words[r->served]) != 0 ||
	    strcmp(value, why_words[r->why]) != 0) {
		world_fail(world, line->number, "it is %s", report);
		return;
	}
	while (word_next(&text, word))
		if (!word_next(&text, value) || !holds(r, word, value))
			world_fail(
			    world, line->number, "%s: it is %s", word, report);
}

/* EXPLAIN SERVICE with a line for each of its instances. */
void
command_explain(struct world *world, const struct step *step)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));
	const char *text = step->text;
	char word[WORD_LEN];
	struct name name;

	word_next(&text, word);
	need_word(world, step, &text, word);
	build_name(world, step->number, word, &name);
	inquiry->kind = INQUIRY_EXPLAIN;
	inquiry->service.len =
	    (uint8_t)name_lower(inquiry->service.wire, name.wire);
	ask(world, inquiry);
	if (inquiry->reports != step->body.count)
		world_fail(world, step->number, "%s: it knows %zu instances",
		    step->text, inquiry->reports);
	for (size_t i = 0; i < step->body.count; i++)
		expect_report(world, &step->body.line[i], inquiry);
	inquiry_free(inquiry);
}

/* COUNTS WORD N ... */
void
command_counts(struct world *world, const struct step *step)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));
	const struct roster_counts *c = &inquiry->counts;
	const struct {
		const char *word;
		const size_t *count;
	} counts[] = {
	    {"services", &c->services},
	    {"instances", &c->instances},
	    {"healthy", &c->healthy},
	    {"unhealthy", &c->unhealthy},
	    {"unknown", &c->unknown},
	    {"forced", &c->forced},
	    {"panic", &c->panic},
	    {"none-left", &c->none_left},
	    {"last-good", &c->last_good},
	    {"guarded", &c->guarded},
	    {"draining", &c->draining},
	};
	const char *text = step->text;
	char word[WORD_LEN], value[WORD_LEN];

	inquiry->kind = INQUIRY_COUNT;
	ask(world, inquiry);
	word_next(&text, word);
	while (word_next(&text, word)) {
		bool found = false;

		need_word(world, step, &text, value);
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]);
		     i++) {
			if (strcmp(counts[i].word, word) != 0)
				continue;
			found = true;
			if (*counts[i].count != strtoul(value, NULL, 10))
				world_fail(world, step->number,
				    "%s: there are %zu", word,
				    *counts[i].count);
		}
		if (!found)
			script_complain(world->script.path, step->number,
			    "no count: %s", word);
	}
	inquiry_free(inquiry);
}
