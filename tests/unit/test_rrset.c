/* SPDX-License-Identifier: Apache-2.0 */
/* What an RRset holds after any edits, in every way of asking. */
#include "tests/unit/rrset_model.h"

Test(rrset, a_record_knows_its_rdata_and_its_target, .timeout = 5)
{
	struct edition ed;
	struct record *r;

	edition_init(&ed, 1);
	name_hash_seed(1);
	r = srv_new(&ed, 12345);
	cr_assert_eq(r->type, TYPE_SRV);
	cr_assert_eq(r->rdlen, RDATA_LEN);
	cr_assert_eq(record_priority(r), 1);
	cr_assert_eq(record_weight(r), 2345 * 3);
	cr_assert_eq(r->target_hash, name_hash((const uint8_t *)"\4inst"));
	cr_assert_eq(record_deadline_ms(r), DEADLINE_NONE);
	cr_assert(record_is_live(r, INT64_MAX - 1));
	r = record_new(&ed, TYPE_A, (const uint8_t *)"\x7f\0\0\1", 4, 0);
	cr_assert_eq(r->target_hash, 0);
	edition_rollback(&ed, (struct savepoint){0});
	edition_fini(&ed);
}

Test(rrset, the_head_of_a_record_fits_64_octets, .timeout = 5)
{
	cr_assert_leq(offsetof(struct record, rdata), 64);
	cr_assert_leq(offsetof(struct rrset, item), 24);
}

Test(rrset, an_empty_set_has_nothing, .timeout = 5)
{
	struct rrset_cursor c;
	struct edition ed;
	struct rrset *set;

	edition_init(&ed, 1);
	set = rrset_new(&ed, TYPE_SRV, 30);
	cr_assert_eq(set->count, 0);
	cr_assert_null(rrset_first(set, &c));
	cr_assert_null(rrset_next(&c));
	cr_assert_null(rrset_seek(set, &c, 5));
	cr_assert_null(rrset_find(set, (const uint8_t *)"", 0));
	cr_assert_eq(rrset_tier_end(set, 65535), 0);
	cr_assert_eq(rrset_weight_before(set, 0), 0);
	finish(&ed, set);
}

Test(rrset, the_same_record_twice_is_refused_at_any_size, .timeout = 20)
{
	static const uint32_t sizes[] = {1, 31, 32, 33, 1000, 5000};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct edition ed;
		struct rrset *set;

		edition_init(&ed, 1);
		set = set_of(&ed, sizes[s], 2, NULL);
		for (uint32_t i = 0; i < sizes[s]; i++) {
			struct savepoint sp = edition_savepoint(&ed);
			struct rrset *before = set;
			struct record *r = srv_new(&ed, 2 * i);

			cr_assert_eq(rrset_add(&ed, &set, r), ERR_EXISTS);
			cr_assert_eq(rrset_remove(&ed, &set, r), ERR_NOT_FOUND);
			r = srv_new(&ed, 2 * i + 1);
			cr_assert_eq(rrset_remove(&ed, &set, r), ERR_NOT_FOUND);
			cr_assert_eq(set, before);
			edition_rollback(&ed, sp);
		}
		finish(&ed, set);
	}
}

/* Adds or removes, more of the one or the other by turns. */
static void
random_step(struct edition *ed, struct rrset **set, struct model *m,
    uint32_t keys, uint32_t add_percent)
{
	struct record *r;
	uint32_t i;

	if (m->count == 0 || random_below(100) < add_percent) {
		r = srv_new(ed, random_below(keys));
		if (model_has(m, r)) {
			cr_assert_eq(rrset_add(ed, set, r), ERR_EXISTS);
			edition_retire(ed, r);
			return;
		}
		cr_assert_eq(rrset_add(ed, set, r), OK);
		model_add(m, r);
		return;
	}
	i = random_below(m->count);
	r = m->record[i];
	cr_assert_eq(edition_reserve(ed, 1), OK);
	cr_assert_eq(rrset_remove(ed, set, r), OK);
	edition_retire(ed, r);
	model_delete(m, i);
}

Test(rrset, any_edits_rollbacks_and_publishings_agree_with_a_sorted_array,
    .timeout = 60)
{
	struct model m = {0};
	struct edition ed;
	struct rrset *set;

	edition_init(&ed, 1);
	set = rrset_new(&ed, TYPE_SRV, 30);
	for (int round = 0; round < 1500; round++) {
		/* grow, shrink, and grow again, from none to some thousands */
		uint32_t percent = round / 300 % 2 ? 20 : 80;
		struct savepoint sp = edition_savepoint(&ed);
		struct model before = model_copy(&m);
		struct rrset *old = set;

		for (uint32_t i = random_below(40) + 1; i > 0; i--)
			random_step(&ed, &set, &m, 6000, percent);
		if (random_below(4) == 0) {
			edition_rollback(&ed, sp);
			free(m.record);
			m = before;
			set = old;
		} else {
			/* The version before is still whole. */
			if (round % 10 == 0)
				check_same(old, &before);
			free(before.record);
			if (random_below(2) == 0)
				free_retired(edition_publish(&ed));
		}
		if (round % 5 == 0)
			check_same(set, &m);
	}
	check_same(set, &m);
	finish(&ed, set);
	free(m.record);
}

Test(rrset, a_published_version_never_changes, .timeout = 20)
{
	struct model m = {0}, old_m;
	struct block_list retired[200];
	struct rrset *set, *old;
	struct edition ed;

	edition_init(&ed, 1);
	set = set_of(&ed, 3000, 2, &m);
	free_retired(edition_publish(&ed));
	old = set;
	old_m = model_copy(&m);
	for (int i = 0; i < 200; i++) {
		for (int j = 0; j < 10; j++)
			random_step(&ed, &set, &m, 6000, 50);
		retired[i] = edition_publish(&ed);
	}
	check_same(old, &old_m);
	check_same(set, &m);
	for (int i = 0; i < 200; i++)
		free_retired(retired[i]);
	finish(&ed, set);
	free(m.record);
	free(old_m.record);
}

Test(rrset, ascending_additions_fill_the_leaves, .timeout = 20)
{
	struct rrset_node *node;
	struct edition ed;
	struct rrset *set;

	edition_init(&ed, 1);
	set = set_of(&ed, RRSET_FANOUT * RRSET_FANOUT, 1, NULL);
	cr_assert_eq(set->height, 2);
	node = rrset_root(set);
	cr_assert_eq(node->used, RRSET_FANOUT);
	for (unsigned i = 0; i < node->used; i++)
		cr_assert_eq(rrset_inner(node)->count[i], RRSET_FANOUT);
	finish(&ed, set);
}

Test(rrset, a_hundred_thousand_records_come_and_go, .timeout = 60)
{
	enum { RECORDS = 100000 };
	struct record **record = malloc(RECORDS * sizeof(struct record *));
	struct edition ed;
	struct rrset *set;

	edition_init(&ed, 1);
	set = rrset_new(&ed, TYPE_SRV, 30);
	for (uint32_t i = 0; i < RECORDS; i++) {
		/* 7919 is prime to 100000: every key once, out of order */
		record[i] = srv_new(&ed, i * 7919 % RECORDS);
		cr_assert_eq(rrset_add(&ed, &set, record[i]), OK);
		if (i % 64 == 0)
			free_retired(edition_publish(&ed));
	}
	check_shape(set);
	cr_assert_eq(set->count, RECORDS);
	cr_assert_leq(set->height, 4);
	for (uint32_t i = 0; i < RECORDS; i++)
		cr_assert_eq(rrset_at(set, i * 7919 % RECORDS), record[i]);
	for (uint32_t i = 0; i < RECORDS; i++) {
		cr_assert_eq(edition_reserve(&ed, 1), OK);
		cr_assert_eq(rrset_remove(&ed, &set, record[i]), OK);
		edition_retire(&ed, record[i]);
		if (i % 64 == 0)
			free_retired(edition_publish(&ed));
		if (i % 5000 == 0)
			check_shape(set);
	}
	cr_assert_eq(set->count, 0);
	cr_assert_eq(set->height, 0);
	finish(&ed, set);
	free(record);
}

Test(rrset, a_cursor_starts_anywhere, .timeout = 20)
{
	static const uint32_t sizes[] = {1, 20, 32, 33, 700, 3000};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct model m = {0};
		struct edition ed;
		struct rrset *set;
		struct rrset_cursor c;

		edition_init(&ed, 1);
		set = set_of(&ed, sizes[s], 3, &m);
		for (uint32_t from = 0; from <= sizes[s];
		     from += 1 + from / 9) {
			uint32_t i = from;

			for (struct record *r = rrset_seek(set, &c, from); r;
			     r = rrset_next(&c))
				cr_assert_eq(r, m.record[i++]);
			cr_assert_eq(i, sizes[s]);
			cr_assert_null(rrset_next(&c));
		}
		finish(&ed, set);
		free(m.record);
	}
}

Test(rrset, a_tier_ends_where_the_priority_rises, .timeout = 20)
{
	/* keys below 10000 have priority 0, and so on */
	static const struct {
		uint32_t count, stride, expected[4];
	} rows[] = {
	    {1, 1, {1, 1, 1, 1}},
	    {30, 1000, {10, 20, 30, 30}},
	    {3000, 10, {1000, 2000, 3000, 3000}},
	    {4000, 10, {1000, 2000, 3000, 4000}},
	    {40, 20000, {1, 1, 2, 2}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct edition ed;
		struct rrset *set;

		edition_init(&ed, 1);
		set = set_of(&ed, rows[i].count, rows[i].stride, NULL);
		for (uint16_t p = 0; p < 4; p++)
			cr_assert_eq(rrset_tier_end(set, p),
			    rows[i].expected[p], "row %zu priority %u", i, p);
		cr_assert_eq(rrset_tier_end(set, UINT16_MAX), rows[i].count);
		finish(&ed, set);
	}
}

Test(rrset, a_new_ttl_leaves_the_old_version_as_it_was, .timeout = 5)
{
	static const uint32_t sizes[] = {0, 3, 32, 500};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct model m = {0};
		struct rrset *set, *old;
		struct block_list retired;
		struct edition ed;

		edition_init(&ed, 1);
		set = old = set_of(&ed, sizes[s], 1, &m);
		free_retired(edition_publish(&ed));
		cr_assert_eq(rrset_set_ttl(&ed, &set, 30), OK);
		cr_assert_eq(set, old);
		cr_assert_eq(rrset_set_ttl(&ed, &set, 99), OK);
		cr_assert_eq(set->ttl, 99);
		cr_assert_eq(old->ttl, 30);
		check_same(set, &m);
		check_same(old, &m);
		retired = edition_publish(&ed);
		cr_assert_eq(retired.count, 1);
		free_retired(retired);
		finish(&ed, set);
		free(m.record);
	}
}

Test(rrset, a_set_with_a_lease_stays_marked, .timeout = 5)
{
	struct record *r;
	struct edition ed;
	struct rrset *set;

	edition_init(&ed, 1);
	set = set_of(&ed, 5, 2, NULL);
	cr_assert_not(set->leased);
	r = record_new(&ed, TYPE_SRV, (const uint8_t *)"\0\1\0\2\0\3", 7, 0);
	cr_assert_eq(rrset_add(&ed, &set, r), OK);
	cr_assert(set->leased);
	free_retired(edition_publish(&ed));
	for (uint32_t i = 0; i < 50; i++)
		cr_assert_eq(rrset_add(&ed, &set, srv_new(&ed, 1000 + i)), OK);
	cr_assert(set->leased);
	cr_assert_eq(set->ttl, 30);
	finish(&ed, set);
}

Test(rrset, retiring_without_records_leaves_them, .timeout = 5)
{
	struct model m = {0};
	struct edition ed;
	struct rrset *set;

	edition_init(&ed, 1);
	set = set_of(&ed, 2000, 1, &m);
	free_retired(edition_publish(&ed));
	cr_assert_eq(rrset_retire(&ed, set, false), OK);
	free_retired(edition_publish(&ed));
	for (uint32_t i = 0; i < m.count; i++) {
		cr_assert_eq(m.record[i]->type, TYPE_SRV);
		free(m.record[i]);
	}
	free(m.record);
	edition_fini(&ed);
}

Test(rrset, types_without_weights_work_at_any_size, .timeout = 20)
{
	struct edition ed;
	struct rrset *set;
	struct rrset_cursor c;
	uint32_t i = 0;

	edition_init(&ed, 1);
	set = rrset_new(&ed, TYPE_A, 30);
	for (i = 0; i < 5000; i++) {
		uint8_t rdata[4];

		wire_store_u32(rdata, i * 7919 % 5000);
		cr_assert_eq(
		    rrset_add(&ed, &set,
			record_new(&ed, TYPE_A, rdata, 4, RECORD_STATIC)),
		    OK);
	}
	i = 0;
	for (struct record *r = rrset_first(set, &c); r; r = rrset_next(&c))
		cr_assert_eq(wire_load_u32(r->rdata), i++);
	cr_assert_eq(i, 5000);
	finish(&ed, set);
}
