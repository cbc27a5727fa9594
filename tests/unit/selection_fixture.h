/* selection_fixture.h - a set to select from, for tests.
 *
 * Threads:   none.
 * Ownership: static storage; selection_stop() frees what was made.
 * Errors:    a failed assertion of the test.
 */
#ifndef TESTS_UNIT_SELECTION_FIXTURE_H
#define TESTS_UNIT_SELECTION_FIXTURE_H

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "zones/selection.h"

#define LATER 5000

/* A set, the edition that made it, and where draws go. */
static struct edition ed;
static struct rrset *set;
static struct selection sel;
static struct random rnd;

/* The rules of draw(); selection_start() makes them the default ones. */
static struct shape shape;
static struct selection_rules rules;
static union {
	struct standings list;
	uint8_t
	    room[sizeof(struct standings) + 10000 * sizeof(struct standing)];
} exceptions;
static bool unsorted;

static inline void
selection_start(uint16_t type)
{
	edition_init(&ed, 1);
	set = rrset_new(&ed, type, 60);
	cr_assert_not_null(set);
	random_seed(&rnd, 42);
	shape = shape_default;
	rules = (struct selection_rules){.shape = &shape, .client = 1};
	exceptions.list.count = 0;
}

static inline void
selection_stop(void)
{
	edition_rollback(&ed, (struct savepoint){0});
	edition_fini(&ed);
}

static inline void
add(const uint8_t *rdata, size_t len, int64_t deadline_ms)
{
	struct record *r = record_new(&ed, set->type, rdata, len, 0);

	cr_assert_not_null(r);
	atomic_store(&record_lease(r)->deadline_ms, deadline_ms);
	cr_assert_eq(rrset_add(&ed, &set, r), OK);
	set->leased = true;
}

/* An SRV record; the port tells it from others. */
static inline void
add_srv(uint16_t priority, uint16_t weight, uint16_t port, int64_t deadline_ms)
{
	uint8_t rdata[12];

	wire_store_u16(rdata, priority);
	wire_store_u16(rdata + 2, weight);
	wire_store_u16(rdata + 4, port);
	memcpy(rdata + 6, "\4inst", 6);
	add(rdata, sizeof(rdata), deadline_ms);
}

static inline void
add_address(uint32_t address, int64_t deadline_ms)
{
	uint8_t rdata[4];

	wire_store_u32(rdata, address);
	add(rdata, sizeof(rdata), deadline_ms);
}

static inline uint16_t
port_of(const struct pick *p)
{
	return wire_load_u16(p->record->rdata + 4);
}

/* The record of an instance of add_srv(); target_hash is that of any. */
static inline uint64_t
instance_of(uint16_t port)
{
	return standing_key(rrset_at(set, 0)->target_hash, port);
}

static inline int
by_instance(const void *a, const void *b)
{
	const struct standing *x = a, *y = b;

	return (x->instance > y->instance) - (x->instance < y->instance);
}

/* An exception, to be altered before the next draw. */
static inline struct standing *
except(uint16_t port, enum served served, uint16_t scale)
{
	struct standings *list = &exceptions.list;
	struct standing *s = &list->item[list->count++];

	*s = (struct standing){.instance = instance_of(port),
	    .until_ms = INT64_MAX,
	    .scale = scale,
	    .load = LOAD_UNKNOWN,
	    .served = (uint8_t)served};
	rules.standings = list;
	unsorted = true;
	return s;
}

static inline void
draw(size_t max)
{
	struct standings *list = &exceptions.list;

	if (unsorted)
		qsort(list->item, list->count, sizeof(list->item[0]),
		    by_instance);
	unsorted = false;
	selection_draw(&sel, set, &rules, LATER, &rnd, max);
}

/* Instances 0 .. count - 1 of one priority and weight. */
static inline void
make_same(unsigned count, uint16_t weight)
{
	selection_start(TYPE_SRV);
	for (unsigned i = 0; i < count; i++)
		add_srv(1, weight, (uint16_t)i, DEADLINE_NONE);
}

static inline bool
is_sorted(void)
{
	for (size_t i = 1; i < sel.count; i++)
		if (sel.pick[i - 1].priority > sel.pick[i].priority)
			return false;
	return true;
}

struct strategy_param {
	enum strategy strategy;
};

/* For tests that hold for each strategy. */
static inline struct criterion_test_params
strategies(void)
{
	static struct strategy_param all[] = {{STRATEGY_WEIGHTED},
	    {STRATEGY_ROUND_ROBIN}, {STRATEGY_RANDOM}, {STRATEGY_HASH},
	    {STRATEGY_LEAST_LOAD}, {STRATEGY_FIRST}, {STRATEGY_ALL}};

	return cr_make_param_array(
	    struct strategy_param, all, sizeof(all) / sizeof(all[0]));
}

/* Draws what fits no more than so many, as an answer does. */
static inline void
draw_cut(size_t max, size_t fit)
{
	draw(max);
	selection_rank(&sel, &rules);
	selection_cut(&sel, &rules, fit, &rnd);
}

/* Pearson's test: fails where counts like these come up less than about once
 * in ten thousand times.  Classes are to be expected five times or more. */
static inline void
check_shares(const unsigned *is, const double *share, size_t count,
    double draws, const char *what)
{
	double sum = 0, free = -1, limit;

	for (size_t i = 0; i < count; i++) {
		double should = share[i] * draws;

		if (should == 0) {
			cr_assert_eq(is[i], 0, "%s: %zu came up", what, i);
			continue;
		}
		cr_assert_geq(should, 4.9, "%s: too few draws", what);
		sum += (is[i] - should) * (is[i] - should) / should;
		free++;
	}
	/* Wilson and Hilferty's approximation, 3.7 deviations. */
	limit = 1 - 2 / (9 * free) + 3.7 * sqrt(2 / (9 * free));
	limit = free * limit * limit * limit;
	cr_assert_lt(sum, limit, "%s: chi-square %.1f, %g degrees of freedom",
	    what, sum, free);
}

#endif
