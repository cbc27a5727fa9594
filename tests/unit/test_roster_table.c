/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "server/health/roster_table.h"

#define THINGS 2000

struct thing {
	struct table_link link;
	struct timer timer;
	bool in;
};

static uint64_t seed = 1;

static uint64_t
random_below(uint64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 11) % n;
}

Test(roster_table, finds_all_of_a_key_and_no_others, .timeout = 10)
{
	struct thing *thing = calloc(THINGS, sizeof(*thing));
	struct table t;

	cr_assert_eq(table_init(&t), OK);
	for (int round = 0; round < 20000; round++) {
		struct thing *x = &thing[random_below(THINGS)];

		if (x->in)
			table_take(&t, &x->link);
		else
			table_put(&t, &x->link, random_below(THINGS / 4));
		x->in = !x->in;
	}
	for (uint64_t key = 0; key < THINGS / 4; key++) {
		size_t found = 0, wanted = 0;

		for (struct table_link *l = table_find(&t, key); l != NULL;
		     l = table_find_next(l)) {
			cr_assert_eq(l->key, key);
			cr_assert(((struct thing *)l)->in);
			found++;
		}
		for (int i = 0; i < THINGS; i++)
			wanted += thing[i].in && thing[i].link.key == key;
		cr_expect_eq(found, wanted);
	}
	table_fini(&t);
	free(thing);
}

Test(roster_table, a_walk_sees_each_and_may_take_it_out, .timeout = 10)
{
	struct thing *thing = calloc(THINGS, sizeof(*thing));
	struct table_walk walk = {0};
	struct table_link *l;
	size_t seen = 0;
	struct table t;

	cr_assert_eq(table_init(&t), OK);
	for (int i = 0; i < THINGS; i++)
		table_put(&t, &thing[i].link, random_below(THINGS / 2));
	while ((l = table_walk(&t, &walk)) != NULL) {
		struct thing *x = (struct thing *)l;

		cr_assert_not(x->in, "seen twice");
		x->in = true;
		seen++;
		if (seen % 2 == 0)
			table_take(&t, l);
	}
	cr_expect_eq(seen, THINGS);
	cr_expect_eq(t.count, THINGS / 2);
	table_fini(&t);
	free(thing);
}

Test(roster_table, the_earliest_timer_is_on_top, .timeout = 10)
{
	struct thing *thing = calloc(THINGS, sizeof(*thing));
	struct heap heap = {0};
	int64_t now_ms = 0;

	cr_assert_eq(heap_reserve(&heap, THINGS), OK);
	cr_expect_null(heap_top(&heap));
	for (int i = 0; i < THINGS; i++)
		thing[i].timer.due_ms = INT64_MAX;
	for (int round = 0; round < 20000; round++) {
		struct timer *t = &thing[random_below(THINGS)].timer;

		/* Set, moved and ended in turns. */
		heap_set(&heap, t,
		    random_below(3) == 0 ? INT64_MAX
					 : (int64_t)random_below(1 << 20));
	}
	while (heap_top(&heap) != NULL) {
		struct timer *t = heap_top(&heap);

		cr_assert_geq(t->due_ms, now_ms);
		now_ms = t->due_ms;
		heap_set(&heap, t, INT64_MAX);
		cr_assert_eq(t->place, 0);
	}
	for (int i = 0; i < THINGS; i++)
		cr_assert_eq(thing[i].timer.due_ms, INT64_MAX);
	heap_fini(&heap);
	free(thing);
}
