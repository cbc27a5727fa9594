/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/expect.h"

#include <stdlib.h>
#include <string.h>

#include "server/nameserver/edns.h"

/* What a step expects of one section. */
struct wanted {
	bool mentioned;
	bool any; /* "any", or only its size is of interest */
	bool more; /* "...": others may be there */
	ldns_rr **rr;
	bool *timed; /* its TTL was written */
	size_t count;
};

/* --- records --- */

static bool
has_ttl(const char *text)
{
	char word[WORD_LEN];

	word_next(&text, word);
	return word_next(&text, word) && word[0] >= '0' && word[0] <= '9';
}

static void
want_record(struct world *world, const struct line *line, struct wanted *w)
{
	w->rr = realloc(w->rr, (w->count + 1) * sizeof(*w->rr));
	w->timed = realloc(w->timed, (w->count + 1) * sizeof(*w->timed));
	w->rr[w->count] = build_record(world, line->number, line->text);
	w->timed[w->count++] = has_ttl(line->text);
}

static void
wanted_fini(struct wanted *w)
{
	for (size_t i = 0; i < w->count; i++)
		ldns_rr_free(w->rr[i]);
	free(w->rr);
	free(w->timed);
}

static bool
is_wanted(const ldns_rr *wanted, bool timed, const ldns_rr *got)
{
	char *a, *b;
	bool same;

	if (!response_same_set(wanted, got) ||
	    ldns_rr_get_class(wanted) != ldns_rr_get_class(got) ||
	    (timed && ldns_rr_ttl(wanted) != ldns_rr_ttl(got)) ||
	    ldns_rr_rd_count(wanted) != ldns_rr_rd_count(got))
		return false;
	for (size_t i = 0; i < ldns_rr_rd_count(got); i++) {
		a = ldns_rdf2str(ldns_rr_rdf(wanted, i));
		b = ldns_rdf2str(ldns_rr_rdf(got, i));
		same = strcmp(a, b) == 0;
		free(a);
		free(b);
		if (!same)
			return false;
	}
	return true;
}

static void
print_record(const char *what, ldns_rr *rr)
{
	char *text = ldns_rr2str(rr);

	text[strcspn(text, "\n")] = '\0';
	printf("#   %s: %s\n", what, text);
	free(text);
}

/* Says which records are missing and which too many. */
static bool
compare(const struct wanted *w, bool ordered, ldns_rr **got, size_t count)
{
	bool *taken = calloc(count + 1, sizeof(*taken)), good = true;

	for (size_t i = 0; i < w->count; i++) {
		size_t k = ordered ? i : 0, end = ordered ? i + 1 : count;

		for (; k < end && k < count; k++)
			if (!taken[k] &&
			    is_wanted(w->rr[i], w->timed[i], got[k]))
				break;
		if (k < end && k < count) {
			taken[k] = true;
			continue;
		}
		print_record("missing", w->rr[i]);
		good = false;
	}
	for (size_t k = 0; k < count && !w->more; k++) {
		if (taken[k])
			continue;
		print_record("too many", got[k]);
		good = false;
	}
	free(taken);
	return good;
}

void
expect_records(struct world *world, unsigned number, const struct lines *lines,
    ldns_rr **got, size_t count)
{
	struct wanted w = {0};

	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->line[i].text, "...") == 0)
			w.more = true;
		else
			want_record(world, &lines->line[i], &w);
	if (!compare(&w, false, got, count))
		world_fail(world, number, "other records");
	wanted_fini(&w);
}

/* --- lines below EXPECT --- */

static int
find_section(const char *word)
{
	static const char *const names[] = {
	    "ANSWER", "AUTHORITY", "ADDITIONAL"};

	for (int i = 0; i < 3; i++)
		if (strcasecmp(word, names[i]) == 0)
			return SECTION_ANSWER + i;
	return -1;
}

/* COUNT section N, N..M */
static void
check_count(struct expecting *e, const char *text, struct wanted *wanted)
{
	char word[WORD_LEN];
	unsigned long from = 0, to;
	int section = -1, read = 0;

	if (word_next(&text, word))
		section = find_section(word);
	if (word_next(&text, word))
		read = sscanf(word, "%lu..%lu", &from, &to);
	if (section < 0 || read < 1)
		script_complain(e->world->script.path, e->number,
		    "COUNT needs section and number");
	if (read == 1)
		to = from;
	wanted[section].mentioned = wanted[section].any = true;
	if (e->reply->count[section] < from || e->reply->count[section] > to)
		expect_fail_number(
		    e, "count", (long)from, (long)e->reply->count[section]);
}

void
expect_sections(struct expecting *e)
{
	static const char *const names[] = {
	    "", "answer", "authority", "additional"};
	struct wanted wanted[4] = {{0}}, *w = &wanted[SECTION_ANSWER];
	const struct lines *lines = &e->step->expect_body;

	for (size_t i = 0; i < lines->count; i++) {
		const char *text = lines->line[i].text;
		char word[WORD_LEN];
		int section;

		e->number = lines->line[i].number;
		word_next(&text, word);
		section = find_section(word);
		if (section >= 0) {
			w = &wanted[section];
			w->mentioned = true;
			if (word_next(&text, word))
				w->any = strcmp(word, "any") == 0;
		} else if (strcmp(word, "COUNT") == 0) {
			check_count(e, text, wanted);
		} else if (strcmp(word, "...") == 0) {
			w->more = true;
		} else {
			want_record(e->world, &lines->line[i], w);
		}
	}
	wanted[SECTION_ANSWER].mentioned = true;
	e->number = e->step->expect_number;
	for (int s = SECTION_ANSWER; s <= SECTION_ADDITIONAL; s++) {
		w = &wanted[s];
		w->more |= w->any && w->count > 0;
		if (w->mentioned && !(w->any && w->count == 0) &&
		    !compare(w, e->ordered && s == SECTION_ANSWER,
			e->reply->rr[s], e->reply->count[s]))
			expect_fail(e, "other records", names[s]);
		wanted_fini(w);
	}
}
