/* SPDX-License-Identifier: Apache-2.0 */
/* command_operator.c - operators in a scenario: FORCE, FORCED, EXPLAIN,
 * COUNTS. */
#include "tests/scenario/command_health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/inquiry.h"
#include "server/registry.h"
#include "tests/scenario/exchange.h"

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
	world_settle(world);
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
	command_need_word(world, step, &text, word);
	snprintf(inquiry->pattern, sizeof(inquiry->pattern), "%.599s", word);
	command_need_word(world, step, &text, word);
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
	command_full_name(world, line->number, word, host);
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
	command_need_word(world, step, &text, word);
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

/* COUNTS WORD N ...: what the roster counts; times-CONDITION: how often
 * services came into it; found: leases of before the start, not renewed since.
 */
void
command_counts(struct world *world, const struct step *step)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));
	const struct roster_counts *c = &inquiry->counts;
	const struct roster *roster = registry_roster(world->registry);
	size_t found_leases, times[CONDITION_COUNT];
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
	    {"found", &found_leases},
	    {"times-panic", &times[CONDITION_PANIC]},
	    {"times-none-left", &times[CONDITION_NONE_LEFT]},
	    {"times-last-good", &times[CONDITION_LAST_GOOD]},
	    {"times-guard", &times[CONDITION_GUARD]},
	};
	const char *text = step->text;
	char word[WORD_LEN], value[WORD_LEN];

	inquiry->kind = INQUIRY_COUNT;
	ask(world, inquiry);
	found_leases = registry_found(world->registry);
	for (int i = 0; i < CONDITION_COUNT; i++)
		times[i] = roster_times(roster, (enum condition)i);
	word_next(&text, word);
	while (word_next(&text, word)) {
		bool found = false;

		command_need_word(world, step, &text, value);
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
