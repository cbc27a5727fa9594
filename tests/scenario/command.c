/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/scenario/exchange.h"
#include "tests/scenario/others.h"

#define TEXT_LEN 16384

static void
complain(struct world *world, const struct step *step, const char *what)
{
	script_complain(
	    world->script.path, step->number, "%s: %s", step->text, what);
}

/* The first argument of a command. */
static const char *
argument(const struct step *step, char word[WORD_LEN])
{
	const char *text = step->text;

	word_next(&text, word);
	return word_next(&text, word) ? word : NULL;
}

static int64_t
parse_duration(struct world *world, const struct step *step)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000},
	    {"d", 86400000}};
	char word[WORD_LEN], *end;
	long long n;

	if (argument(step, word) == NULL)
		complain(world, step, "how long?");
	n = strtoll(word, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0)
			return n * units[i].ms;
	complain(world, step, "no unit");
	return 0;
}

/* --- files --- */

static void
write_file(struct world *world, const struct step *step, const char *name)
{
	char path[256];
	FILE *f;

	if (world->dir[0] == '\0')
		world_make_dir(world);
	world_path(world, name, path);
	f = fopen(path, "w");
	if (f == NULL)
		complain(world, step, "cannot be written");
	for (size_t i = 0; i < step->body.count; i++)
		fprintf(f, "%s\n", step->body.line[i].text);
	fclose(f);
}

static void
run_config(struct world *world, const struct step *step)
{
	write_file(world, step, "muster.yaml");
}

static void
run_file(struct world *world, const struct step *step)
{
	char name[WORD_LEN];

	if (argument(step, name) == NULL)
		complain(world, step, "which?");
	write_file(world, step, name);
}

static void
run_remove(struct world *world, const struct step *step)
{
	char name[WORD_LEN], path[256];

	if (argument(step, name) == NULL)
		complain(world, step, "which?");
	unlink(world_path(world, name, path));
}

static void
run_origin(struct world *world, const struct step *step)
{
	char name[WORD_LEN];

	if (argument(step, name) == NULL)
		complain(world, step, "which?");
	snprintf(world->origin, sizeof(world->origin), "%s%s", name,
	    name[strlen(name) - 1] == '.' ? "" : ".");
}

/* --- life and death --- */

/* Compares whether something went well, and what was said, with EXPECT. */
static void
expect_outcome(struct world *world, const struct step *step, bool went_well,
    const char *text)
{
	if (step->expect == NULL) {
		if (!went_well || text[0] != '\0')
			world_fail(
			    world, step->number, "%s: %s", step->text, text);
		return;
	}
	if (text[0] == '\0')
		world_fail(world, step->expect_number, "no error");
	else if (!expect_texts(step->expect, text))
		world_fail(world, step->expect_number, "it said: %s", text);
}

static void
run_start(struct world *world, const struct step *step)
{
	char text[TEXT_LEN] = "";
	bool runs = world_start(world, text, sizeof(text));

	if (!runs && step->expect == NULL)
		complain(world, step, text);
	if (runs && step->expect != NULL) {
		world_fail(world, step->expect_number, "it started");
		world_stop(world);
		return;
	}
	if (!runs)
		expect_outcome(world, step, false, text);
	if (runs && world->serials == 0)
		command_note_serials(world);
}

static void
run_stop(struct world *world, const struct step *step)
{
	(void)step;
	world_stop(world);
}

static void
run_restart(struct world *world, const struct step *step)
{
	world_stop(world);
	run_start(world, step);
}

static void
run_reload(struct world *world, const struct step *step)
{
	char text[TEXT_LEN] = "";
	bool went_well = world_reload(world, text, sizeof(text));

	expect_outcome(world, step, went_well, text);
}

static void
run_crash(struct world *world, const struct step *step)
{
	(void)step;
	world_crash(world);
}

/* --- time --- */

static void
run_at(struct world *world, const struct step *step)
{
	int64_t to_ms = WORLD_START_MS + parse_duration(world, step);

	if (to_ms < world->now_ms)
		complain(world, step, "time does not go back");
	world_advance(world, to_ms);
}

static void
run_advance(struct world *world, const struct step *step)
{
	world_advance(world, world->now_ms + parse_duration(world, step));
}

static void
run_refuse(struct world *world, const struct step *step)
{
	char word[WORD_LEN];

	if (argument(step, word) == NULL)
		complain(world, step, "how many?");
	world->refuse = (unsigned)atoi(word);
}

static void
run_stall(struct world *world, const struct step *step)
{
	world->now_ms += parse_duration(world, step);
}

static void
run_wall(struct world *world, const struct step *step)
{
	world->wall_offset_s += parse_duration(world, step) / 1000;
}

static void
run_seed(struct world *world, const struct step *step)
{
	char word[WORD_LEN];

	if (argument(step, word) == NULL)
		complain(world, step, "which?");
	random_seed(&world->random, strtoull(word, NULL, 0));
}

/* --- messages --- */

static void
put_into_batch(struct world *world, const struct step *step, struct exchange *x)
{
	if (world->batched == WORLD_BATCH)
		complain(world, step, "too many in one batch");
	world->batch[world->batched] = x;
	world->batch_step[world->batched++] = *step;
}

static void
run_exchange(struct world *world, const struct step *step, struct exchange *x)
{
	exchange_send(world, x);
	if (x->update != NULL && world->batching) {
		put_into_batch(world, step, x);
		return;
	}
	world_settle(world);
	if (x->update != NULL)
		world_fail(world, step->number, "no reply after all");
	else
		expect_reply(world, step, x);
	exchange_free(x);
}

static void
run_query(struct world *world, const struct step *step)
{
	struct exchange *x = exchange_query(world, step);

	/* Nothing that waits is to be seen, nor to be made visible. */
	exchange_send(world, x);
	if (x->waits && world->batching) {
		put_into_batch(world, step, x);
		return;
	}
	if (x->waits)
		others_wait(world, step, x);
	expect_reply(world, step, x);
	exchange_free(x);
}

static void
run_update(struct world *world, const struct step *step)
{
	run_exchange(world, step, exchange_update(world, step));
}

static void
run_raw(struct world *world, const struct step *step)
{
	run_exchange(world, step, exchange_raw(world, step));
}

static void
run_batch(struct world *world, const struct step *step)
{
	(void)step;
	world->batching = true;
}

static void
run_endbatch(struct world *world, const struct step *step)
{
	world->batching = false;
	world_settle(world);
	for (size_t i = 0; i < world->batched; i++) {
		if (world->batch[i]->waits)
			others_wait(world, step, world->batch[i]);
		if (world->batch[i]->update != NULL)
			complain(world, step, "no reply after all");
		expect_reply(world, &world->batch_step[i], world->batch[i]);
		exchange_free(world->batch[i]);
	}
	world->batched = 0;
}

static const struct {
	const char *word;
	void (*run)(struct world *, const struct step *);
} commands[] = {
    {"ADVANCE", run_advance},
    {"ASKED", command_asked},
    {"AT", run_at},
    {"BATCH", run_batch},
    {"CHECK", command_check},
    {"CONFIG", run_config},
    {"COUNTS", command_counts},
    {"CRASH", run_crash},
    {"DUMP", command_dump},
    {"ENDBATCH", run_endbatch},
    {"EVENTS", command_events},
    {"EXPLAIN", command_explain},
    {"FILE", run_file},
    {"FLUSH", command_flush},
    {"FORCE", command_force},
    {"FORCED", command_forced},
    {"LOG", command_log},
    {"NOLOG", command_log},
    {"ORDERS", command_orders},
    {"ORIGIN", run_origin},
    {"QUERY", run_query},
    {"RAW", run_raw},
    {"REFUSE", run_refuse},
    {"RELOAD", run_reload},
    {"REMOVE", run_remove},
    {"RESTART", run_restart},
    {"SEED", run_seed},
    {"SERIAL", command_serial},
    {"STALL", run_stall},
    {"START", run_start},
    {"STOP", run_stop},
    {"SYNCS", command_syncs},
    {"UPDATE", run_update},
    {"UPSTREAM", command_upstream},
    {"WALL", run_wall},
};

void
command_run(struct world *world, const struct step *step)
{
	const char *text = step->text;
	char word[WORD_LEN];

	word_next(&text, word);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(word, commands[i].word) == 0) {
			commands[i].run(world, step);
			return;
		}
	}
	complain(world, step, "no such command");
}

void
command_finish(struct world *world)
{
	if (world->batching)
		script_complain(
		    world->script.path, 0, "BATCH without ENDBATCH");
}
