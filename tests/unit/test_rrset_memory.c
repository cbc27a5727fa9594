/* SPDX-License-Identifier: Apache-2.0 */
/* An edit that finds no memory leaves the RRset as it was. */
#include "tests/unit/rrset_model.h"

/* This program has an edition of its own, whose allocations can be made to
 * fail: fail_after counts down to the first that does; negative: never. */
static long fail_after = -1;

static void *
failing_calloc(size_t n, size_t size)
{
	if (fail_after == 0)
		return NULL;
	if (fail_after > 0)
		fail_after--;
	return calloc(n, size);
}

static void *
failing_realloc(void *block, size_t size)
{
	if (fail_after == 0)
		return NULL;
	if (fail_after > 0)
		fail_after--;
	return realloc(block, size);
}

#define calloc failing_calloc
#define realloc failing_realloc
#include "zones/edition.c"
#undef calloc
#undef realloc

/* One edit of a set of n records, its k-th allocation failing for each k:
 * every time the set must be as it was. */
static void
edit_without_memory(uint32_t n, uint32_t key, bool add)
{
	struct model m = {0};
	struct rrset *set, *before;
	struct record *r;
	struct edition ed;
	enum error err;
	long k = 0;

	edition_init(&ed, 1);
	set = set_of(&ed, n, 2, &m);
	free_retired(edition_publish(&ed));
	before = set;
	r = add ? srv_new(&ed, key) : m.record[key];
	do {
		fail_after = k++;
		err =
		    add ? rrset_add(&ed, &set, r) : rrset_remove(&ed, &set, r);
		fail_after = -1;
		if (err) {
			cr_assert_eq(err, ERR_MEMORY);
			cr_assert_eq(set, before);
			check_same(set, &m);
		}
	} while (err);
	cr_assert_gt(k, 1);
	if (add)
		model_add(&m, r);
	else
		model_delete(&m, key);
	check_same(set, &m);
	free_retired(edition_publish(&ed));
	check_same(set, &m);
	if (!add)
		free(r);
	finish(&ed, set);
	free(m.record);
}

Test(rrset_memory, without_memory_the_set_is_as_it_was, .timeout = 60)
{
	static const struct {
		uint32_t count, key;
		bool add;
	} rows[] = {
	    {0, 1, true},
	    {3, 1, true},
	    {31, 1, true},
	    {32, 1, true},
	    {32, 99, true},
	    {1024, 2049, true},
	    {1024, 99, true},
	    {1025, 1001, true},
	    {3000, 2001, true},
	    {1, 0, false},
	    {32, 7, false},
	    {33, 0, false},
	    {33, 32, false},
	    {1025, 1024, false},
	    {2000, 999, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		edit_without_memory(rows[i].count, rows[i].key, rows[i].add);
}

Test(rrset_memory, without_memory_a_tree_is_not_folded, .timeout = 20)
{
	struct model m = {0};
	struct rrset *set, *before;
	struct edition ed;
	enum error err;
	long k = 0;

	edition_init(&ed, 1);
	set = set_of(&ed, 40, 1, &m);
	while (m.count > RRSET_INLINE_BACK + 1) {
		cr_assert_eq(rrset_remove(&ed, &set, m.record[0]), OK);
		free(m.record[0]);
		model_delete(&m, 0);
	}
	ed.made.count = 0; /* the records freed above are not to be seen */
	free_retired(edition_publish(&ed));
	cr_assert_gt(set->height, 0);
	before = set;
	do {
		fail_after = k++;
		err = rrset_remove(&ed, &set, m.record[5]);
		fail_after = -1;
		if (err) {
			cr_assert_eq(set, before);
			check_same(set, &m);
		}
	} while (err);
	cr_assert_eq(set->height, 0);
	free(m.record[5]);
	model_delete(&m, 5);
	check_same(set, &m);
	finish(&ed, set);
	free(m.record);
}
