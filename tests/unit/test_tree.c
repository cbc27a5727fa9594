/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>

#include "zones/tree.h"

#define NAMES 5000

static struct edition ed;
static struct tree tree;

static void
start(void)
{
	name_hash_seed(1);
	edition_init(&ed, 1);
	tree = (struct tree){0};
}

static void
stop(void)
{
	edition_rollback(&ed, (struct savepoint){0});
	edition_fini(&ed);
}

TestSuite(tree, .init = start, .fini = stop, .timeout = 20);

static struct name_key
key_of_number(unsigned number)
{
	struct name_key key;
	struct name name;
	char text[32];

	snprintf(text, sizeof(text), "n%u.Example.", number);
	cr_assert_eq(name_from_text(text, NULL, &name), OK);
	name_key_init(&key, name.wire);
	return key;
}

static struct node *
put(unsigned number)
{
	struct name_key key = key_of_number(number);
	struct node *n = node_new(&ed, key.wire, key.hash[0], 1);

	cr_assert_not_null(n);
	cr_assert_eq(tree_put(&ed, &tree, n), OK);
	return n;
}

static struct node *
find_in(const struct tree *t, unsigned number)
{
	struct name_key key = key_of_number(number);

	return tree_find(t, &key, 0);
}

static enum error
count_one(void *arg, struct node *n)
{
	(void)n;
	++*(size_t *)arg;
	return OK;
}

static enum error
stop_at_three(void *arg, struct node *n)
{
	(void)n;
	return ++*(size_t *)arg == 3 ? ERR_LIMIT : OK;
}

Test(tree, each_name_is_found_and_no_other)
{
	size_t walked = 0;

	cr_assert_null(find_in(&tree, 1));
	for (unsigned i = 0; i < NAMES; i++)
		put(i);
	cr_assert_eq(tree.count, NAMES);
	for (unsigned i = 0; i < NAMES; i++) {
		struct name_key key = key_of_number(i);
		struct node *n = tree_find(&tree, &key, 0);

		cr_assert_not_null(n);
		cr_assert(name_equal(node_owner(n), key.wire));
		cr_assert_eq(tree_find_hash(&tree, key.hash[0]), n);
	}
	cr_assert_null(find_in(&tree, NAMES));
	cr_assert_eq(tree_walk(&tree, count_one, &walked), OK);
	cr_assert_eq(walked, NAMES);
}

Test(tree, a_node_takes_the_place_of_its_namesake)
{
	struct node *first = put(1), *second = put(1);

	cr_assert_neq(first, second);
	cr_assert_eq(tree.count, 1);
	cr_assert_eq(find_in(&tree, 1), second);
}

Test(tree, what_is_removed_is_gone_and_the_rest_stays)
{
	for (unsigned i = 0; i < NAMES; i++)
		put(i);
	for (unsigned i = 0; i < NAMES; i += 2)
		cr_assert_eq(tree_remove(&ed, &tree, find_in(&tree, i)), OK);
	cr_assert_eq(tree.count, NAMES / 2);
	for (unsigned i = 0; i < NAMES; i++)
		cr_assert_eq(find_in(&tree, i) != NULL, i % 2 == 1);
	for (unsigned i = 1; i < NAMES; i += 2)
		cr_assert_eq(tree_remove(&ed, &tree, find_in(&tree, i)), OK);
	cr_assert_eq(tree.count, 0);
	cr_assert_null(tree.root);
}

Test(tree, an_old_version_does_not_change)
{
	struct tree old;

	for (unsigned i = 0; i < 1000; i++)
		put(i);
	old = tree;
	(void)edition_savepoint(&ed);
	for (unsigned i = 0; i < 1000; i += 3)
		cr_assert_eq(tree_remove(&ed, &tree, find_in(&tree, i)), OK);
	for (unsigned i = 1000; i < 2000; i++)
		put(i);
	for (unsigned i = 0; i < 2000; i++) {
		cr_assert_eq(find_in(&old, i) != NULL, i < 1000);
		cr_assert_eq(
		    find_in(&tree, i) != NULL, i >= 1000 || i % 3 != 0);
	}
}

Test(tree, rolling_back_leads_to_the_old_version)
{
	struct savepoint sp;
	struct tree old;

	for (unsigned i = 0; i < 1000; i++)
		put(i);
	old = tree;
	sp = edition_savepoint(&ed);
	for (unsigned i = 500; i < 1500; i++)
		put(i);
	edition_rollback(&ed, sp);
	tree = old;
	for (unsigned i = 0; i < 1500; i++)
		cr_assert_eq(find_in(&tree, i) != NULL, i < 1000);
}

/* Two names whose hashes differ in the last bits only. */
Test(tree, hashes_may_differ_late)
{
	struct name_key a = key_of_number(1), b = key_of_number(2);
	struct node *n, *m;

	n = node_new(&ed, a.wire, UINT64_C(0x0123456789abcdef), 1);
	m = node_new(&ed, b.wire, UINT64_C(0xf123456789abcdef), 1);
	cr_assert_eq(tree_put(&ed, &tree, n), OK);
	cr_assert_eq(tree_put(&ed, &tree, m), OK);
	cr_assert_eq(tree_find_hash(&tree, n->hash), n);
	cr_assert_eq(tree_find_hash(&tree, m->hash), m);
	cr_assert_eq(tree_remove(&ed, &tree, n), OK);
	cr_assert_null(tree_find_hash(&tree, n->hash));
	cr_assert_eq(tree_find_hash(&tree, m->hash), m);
}

Test(tree, two_names_of_one_hash_are_refused)
{
	struct name_key a = key_of_number(1), b = key_of_number(2);
	struct node *n = node_new(&ed, a.wire, 5, 1);
	struct node *m = node_new(&ed, b.wire, 5, 1);

	cr_assert_eq(tree_put(&ed, &tree, n), OK);
	cr_assert_eq(tree_put(&ed, &tree, m), ERR_LIMIT);
	cr_assert_eq(tree.count, 1);
	cr_assert_eq(tree_find_hash(&tree, 5), n);
}

Test(tree, a_walk_ends_with_the_first_error)
{
	size_t walked = 0;

	for (unsigned i = 0; i < 100; i++)
		put(i);
	cr_assert_eq(tree_walk(&tree, stop_at_three, &walked), ERR_LIMIT);
	cr_assert_eq(walked, 3);
}
