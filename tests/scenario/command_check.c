/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenario/exchange.h"
#include "zones/zonefile.h"

/* --- SERIAL --- */

static const struct zone *
find_zone(struct world *world, const struct step *step, const char *text)
{
	const struct snapshot *snapshot = snapshot_enter(world->hub);
	const struct zone *zone = NULL;
	struct name name;

	build_name(world, step->number, text, &name);
	for (size_t i = 0; i < snapshot->zones->count; i++)
		if (name_equal(
			snapshot->zones->zone[i]->info->apex.wire, name.wire))
			zone = snapshot->zones->zone[i];
	/* Only this thread publishes. */
	snapshot_leave(world->hub);
	if (zone == NULL)
		script_complain(
		    world->script.path, step->number, "no zone: %s", text);
	return zone;
}

static uint32_t *
find_serial(struct world *world, const struct zone *zone)
{
	char name[NAME_TEXT_LEN];
	size_t i;

	name_to_text(zone->info->apex.wire, name);
	for (i = 0; i < world->serials; i++)
		if (strcmp(world->serial[i].zone, name) == 0)
			return &world->serial[i].serial;
	if (i == WORLD_ZONES)
		script_complain(world->script.path, 0, "too many zones");
	strcpy(world->serial[i].zone, name);
	world->serial[i].serial = zone->serial;
	world->serials++;
	return &world->serial[i].serial;
}

void
command_note_serials(struct world *world)
{
	const struct snapshot *snapshot = snapshot_enter(world->hub);

	for (size_t i = 0; i < snapshot->zones->count; i++)
		find_serial(world, snapshot->zones->zone[i]);
	snapshot_leave(world->hub);
}

/* SERIAL [ZONE] UNCHANGED | +N | = N | ROSE: since it was looked at last. */
void
command_serial(struct world *world, const struct step *step)
{
	const char *text = step->text;
	char word[WORD_LEN], name[WORD_LEN] = "@";
	const struct zone *zone;
	uint32_t *last, now;
	bool good;

	word_next(&text, word);
	word_next(&text, word);
	if (strchr("U+=R", word[0]) == NULL) {
		strcpy(name, word);
		word_next(&text, word);
	}
	zone = find_zone(world, step, name);
	last = find_serial(world, zone);
	now = zone->serial;
	if (strcmp(word, "UNCHANGED") == 0)
		good = now == *last;
	else if (word[0] == '+')
		good = now == *last + (uint32_t)atoi(word + 1);
	else if (strcmp(word, "ROSE") == 0)
		good = (int32_t)(now - *last) > 0;
	else
		good = word_next(&text, word) &&
		       now == (uint32_t)strtoul(word, NULL, 10);
	if (!good)
		world_fail(world, step->number,
		    "%s: it was %" PRIu32 ", it is %" PRIu32, step->text, *last,
		    now);
	*last = now;
}

/* --- LOG, NOLOG --- */

/* Whether one line of the log has all texts. */
static bool
find_line(char *log, const char *texts)
{
	char *rest, *line = strtok_r(log, "\n", &rest);

	for (; line != NULL; line = strtok_r(NULL, "\n", &rest))
		if (expect_texts(texts, line))
			return true;
	return false;
}

/* LOG "text"...: one of the lines since the log was looked at last has them
 * all; NOLOG: none has. */
void
command_log(struct world *world, const struct step *step)
{
	bool wanted = step->text[0] == 'L';
	char *log = world_take_log(world), *copy = strdup(log);
	const char *texts = step->text + (wanted ? 3 : 5);

	if (find_line(copy, texts) != wanted)
		world_fail(world, step->number, "%s: the log is\n# %s",
		    step->text, log);
	free(copy);
	free(log);
}

/* SYNCS N: so many batches went to the store since this was asked last. */
void
command_syncs(struct world *world, const struct step *step)
{
	const char *text = step->text;
	char word[WORD_LEN];
	bool asked;

	word_next(&text, word);
	asked = word_next(&text, word);
	if (asked && world->syncs != (unsigned)atoi(word))
		world_fail(world, step->number, "%s: there were %u", step->text,
		    world->syncs);
	world->syncs = 0;
}

/* --- DUMP --- */

struct dump {
	struct world *world;
	unsigned number;
	ldns_rr **rr;
	size_t count;
};

static void
dump_record(struct dump *d, const struct node *n, const struct rrset *set,
    const struct record *r)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (zonefile_print(f, node_owner(n), set->ttl, set->type, r->rdata,
		r->rdlen) != OK)
		world_fail(d->world, d->number, "cannot be printed");
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	d->rr = realloc(d->rr, (d->count + 1) * sizeof(*d->rr));
	d->rr[d->count++] = build_record(d->world, d->number, text);
	free(text);
}

static enum error
dump_node(void *arg, struct node *n)
{
	struct dump *d = arg;
	struct rrset_cursor c;

	for (unsigned i = 0; i < n->rrsets; i++) {
		const struct rrset *set = n->rrset[i];

		if (node_is_index(set))
			continue;
		for (struct record *r = rrset_first(set, &c); r;
		     r = rrset_next(&c))
			if (record_is_live(r, d->world->now_ms))
				dump_record(d, n, set, r);
	}
	return OK;
}

/* DUMP [ZONE]: the registered zone, record by record, but for its SOA. */
void
command_dump(struct world *world, const struct step *step)
{
	struct dump d = {.world = world, .number = step->number};
	const char *text = step->text;
	char word[WORD_LEN];
	const struct zone *zone;
	size_t kept = 0;

	word_next(&text, word);
	if (!word_next(&text, word))
		strcpy(word, "@");
	zone = find_zone(world, step, word);
	if (tree_walk(&zone->tree, dump_node, &d) != OK)
		world_fail(world, step->number, "cannot be walked");
	for (size_t i = 0; i < d.count; i++) {
		if (ldns_rr_get_type(d.rr[i]) == LDNS_RR_TYPE_SOA)
			ldns_rr_free(d.rr[i]);
		else
			d.rr[kept++] = d.rr[i];
	}
	expect_records(world, step->number, &step->body, d.rr, kept);
	for (size_t i = 0; i < kept; i++)
		ldns_rr_free(d.rr[i]);
	free(d.rr);
}
