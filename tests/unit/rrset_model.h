/* rrset_model.h - a plain sorted array beside an RRset, for its tests.
 *
 * Threads:   none.
 * Ownership: tests free what they make.
 * Errors:    a failed assertion of the test.
 */
#ifndef TESTS_UNIT_RRSET_MODEL_H
#define TESTS_UNIT_RRSET_MODEL_H

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "zones/rrset_node.h"

#define RDATA_LEN 12 /* SRV with the target "inst." */

/* What the set should hold: the records in order. */
struct model {
	struct record **record;
	uint32_t count;
};

static uint64_t seed = 1;

static inline uint32_t
random_below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

/* RDATA whose order is that of key; the weight follows from it. */
static inline void
srv_rdata(uint32_t key, uint8_t *rdata)
{
	wire_store_u16(rdata, (uint16_t)(key / 10000));
	wire_store_u16(rdata + 2, (uint16_t)(key % 10000 * 3));
	wire_store_u16(rdata + 4, 80);
	memcpy(rdata + 6, "\4inst", 6);
}

static inline struct record *
srv_new(struct edition *ed, uint32_t key)
{
	uint8_t rdata[RDATA_LEN];
	struct record *r;

	srv_rdata(key, rdata);
	r = record_new(ed, TYPE_SRV, rdata, RDATA_LEN, RECORD_STATIC);
	cr_assert_not_null(r);
	return r;
}

static inline int
order(const struct record *a, const struct record *b)
{
	return memcmp(a->rdata, b->rdata, a->rdlen);
}

/* The place of a record in the model, or where it would be. */
static inline uint32_t
model_place(const struct model *m, const struct record *r)
{
	uint32_t low = 0, high = m->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (order(m->record[middle], r) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline bool
model_has(const struct model *m, const struct record *r)
{
	uint32_t i = model_place(m, r);

	return i < m->count && order(m->record[i], r) == 0;
}

static inline void
model_add(struct model *m, struct record *r)
{
	uint32_t i = model_place(m, r);

	m->record = realloc(m->record, (m->count + 1) * sizeof(*m->record));
	memmove(m->record + i + 1, m->record + i,
	    (m->count - i) * sizeof(*m->record));
	m->record[i] = r;
	m->count++;
}

static inline void
model_delete(struct model *m, uint32_t i)
{
	m->count--;
	memmove(m->record + i, m->record + i + 1,
	    (m->count - i) * sizeof(*m->record));
}

static inline struct model
model_copy(const struct model *m)
{
	struct model copy = {.count = m->count};

	copy.record = malloc((m->count + 1) * sizeof(*m->record));
	if (m->count > 0)
		memcpy(copy.record, m->record, m->count * sizeof(*m->record));
	return copy;
}

/* The invariants of rrset_node.h below a node; returns its records. */
static inline uint32_t
check_node(struct rrset_node *node, unsigned level, uint64_t *weight,
    struct record **first)
{
	uint32_t count = 0;

	cr_assert(node->used > 0 && node->used <= RRSET_FANOUT);
	*weight = 0;
	if (level == 0) {
		for (unsigned i = 0; i < node->used; i++) {
			cr_assert_eq(rrset_leaf(node)->weight[i],
			    record_weight(rrset_leaf(node)->record[i]));
			*weight += rrset_leaf(node)->weight[i];
		}
		*first = rrset_leaf(node)->record[0];
		return node->used;
	}
	for (unsigned i = 0; i < node->used; i++) {
		struct rrset_inner *inner = rrset_inner(node);
		struct record *child_first;
		uint64_t child_weight;
		uint32_t child_count = check_node(
		    inner->child[i], level - 1, &child_weight, &child_first);

		cr_assert_eq(inner->count[i], child_count);
		cr_assert_eq(inner->weight[i], child_weight);
		cr_assert_eq(inner->first[i], child_first);
		count += child_count;
		*weight += child_weight;
	}
	*first = rrset_inner(node)->first[0];
	return count;
}

static inline void
check_shape(const struct rrset *set)
{
	struct record *first;
	uint64_t weight;

	if (set->height == 0) {
		cr_assert_eq(set->used, set->count);
		cr_assert_leq(set->used, set->capacity);
		return;
	}
	cr_assert_gt(set->count, RRSET_INLINE_BACK);
	cr_assert(set->height == 1 || rrset_root(set)->used > 1);
	cr_assert_eq(
	    check_node(rrset_root(set), set->height - 1u, &weight, &first),
	    set->count);
}

/* Whether the set says what the model says, in every way of asking. */
static inline void
check_same(const struct rrset *set, const struct model *m)
{
	struct rrset_cursor c;
	struct record *r = rrset_first(set, &c);
	uint64_t weight = 0;

	check_shape(set);
	cr_assert_eq(set->count, m->count);
	for (uint32_t i = 0; i < m->count; i++, r = rrset_next(&c)) {
		cr_assert_eq(r, m->record[i]);
		cr_assert_eq(c.position, i);
		cr_assert_eq(rrset_at(set, i), r);
		cr_assert_eq(rrset_find(set, r->rdata, r->rdlen), r);
		cr_assert_eq(rrset_weight_before(set, i), weight);
		if (record_weight(r) > 0) {
			cr_assert_eq(rrset_at_weight(set, weight), i);
			weight += record_weight(r);
			cr_assert_eq(rrset_at_weight(set, weight - 1), i);
		}
	}
	cr_assert_null(r);
	cr_assert_null(rrset_next(&c));
	cr_assert_eq(rrset_weight_before(set, m->count), weight);
}

static inline void
free_retired(struct block_list retired)
{
	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
}

/* Frees a set with its records, and the edition. */
static inline void
finish(struct edition *ed, struct rrset *set)
{
	cr_assert_eq(rrset_retire(ed, set, true), OK);
	free_retired(edition_publish(ed));
	edition_fini(ed);
}

/* A set of n records with the keys 0, stride, 2 * stride ... */
static inline struct rrset *
set_of(struct edition *ed, uint32_t n, uint32_t stride, struct model *m)
{
	struct rrset *set = rrset_new(ed, TYPE_SRV, 30);

	for (uint32_t i = 0; i < n; i++) {
		struct record *r = srv_new(ed, i * stride);

		cr_assert_eq(rrset_add(ed, &set, r), OK);
		if (m)
			model_add(m, r);
	}
	return set;
}

#endif
