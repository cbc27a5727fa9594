/* fake_store.h - a store in memory, in place of the real one.
 *
 * Defines the functions of zones/store.h that the registry calls, so that the
 * linker leaves the real ones (and LMDB) out of the program; batches are the
 * real ones.  What was decided OK is kept as a list of operations, and
 * store_recover() folds it in the plainest way there is.
 *
 * Threads:   none: callbacks come from fake_store_decide().
 * Ownership: one store per process, in static storage.
 * Errors:    those that the test chose.
 */
#ifndef TESTS_LIB_FAKE_STORE_H
#define TESTS_LIB_FAKE_STORE_H

#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/rdata.h"
#include "zones/store_codec.h"

#define FAKE_STORE_MAX_ENTRIES 16384

/* One entry of the folded state; op's pointers lead into text. */
struct fake_entry {
	struct store_op op;
	uint8_t text[3 * NAME_MAX_LEN + 2048];
};

struct store {
	struct store_batch *pending;
	store_done_fn *done;
	void *arg;
	struct fake_entry **entry;
	size_t entries;
};

static struct store fake_store;

static inline void
fake_store_reset(void)
{
	for (size_t i = 0; i < fake_store.entries; i++)
		free(fake_store.entry[i]);
	free(fake_store.entry);
	memset(&fake_store, 0, sizeof(fake_store));
}

static inline const uint8_t *
fake_store_copy(uint8_t **at, const void *from, size_t len)
{
	uint8_t *to = *at;

	if (from == NULL)
		return NULL;
	memcpy(to, from, len);
	*at += len;
	return to;
}

static inline void
fake_store_keep(const struct store_op *op, enum store_kind kind)
{
	struct fake_entry *e = calloc(1, sizeof(*e));
	uint8_t *at;

	assert(e != NULL && op->rdlen <= 2048);
	if (fake_store.entry == NULL)
		fake_store.entry = calloc(FAKE_STORE_MAX_ENTRIES, sizeof(e));
	assert(fake_store.entry != NULL);
	assert(fake_store.entries < FAKE_STORE_MAX_ENTRIES);
	at = e->text;
	e->op = *op;
	e->op.kind = kind;
	e->op.zone = fake_store_copy(&at, op->zone, name_len(op->zone));
	if (op->owner != NULL)
		e->op.owner =
		    fake_store_copy(&at, op->owner, name_len(op->owner));
	if (op->key != NULL)
		e->op.key = fake_store_copy(&at, op->key, name_len(op->key));
	e->op.rdata = fake_store_copy(&at, op->rdata, op->rdlen);
	fake_store.entry[fake_store.entries++] = e;
}

/* The entry of a kind that the operation is about, or NULL. */
static inline struct fake_entry *
fake_store_find(const struct store_op *op, enum store_kind kind)
{
	for (size_t i = 0; i < fake_store.entries; i++) {
		struct fake_entry *e = fake_store.entry[i];

		if (e->op.kind != kind || !name_equal(e->op.zone, op->zone))
			continue;
		if (kind == STORE_ZONE)
			return e;
		if (e->op.type != op->type ||
		    !name_equal(e->op.owner, op->owner))
			continue;
		if (kind == STORE_TTL ||
		    rdata_compare(op->type, e->op.rdata, e->op.rdlen, op->rdata,
			op->rdlen) == 0)
			return e;
	}
	return NULL;
}

static inline void
fake_store_drop(struct fake_entry *e)
{
	size_t i = 0;

	assert(e != NULL); /* an operation about something that is not there */
	while (fake_store.entry[i] != e)
		i++;
	fake_store.entry[i] = fake_store.entry[--fake_store.entries];
	free(e);
}

static inline void
fake_store_replace(const struct store_op *op, enum store_kind kind)
{
	struct fake_entry *e = fake_store_find(op, kind);

	if (e != NULL)
		fake_store_drop(e);
	fake_store_keep(op, kind);
}

static inline void
fake_store_apply(const struct store_op *op)
{
	struct fake_entry *e;

	switch (op->kind) {
	case STORE_ADD:
		assert(fake_store_find(op, STORE_ADD) == NULL);
		fake_store_keep(op, STORE_ADD);
		break;
	case STORE_REMOVE:
		fake_store_drop(fake_store_find(op, STORE_ADD));
		break;
	case STORE_BURY:
	case STORE_TTL:
	case STORE_ZONE:
		fake_store_replace(op, op->kind);
		break;
	case STORE_UNBURY:
		fake_store_drop(fake_store_find(op, STORE_BURY));
		break;
	case STORE_TTL_FORGET: /* once for each record of the set */
		e = fake_store_find(op, STORE_TTL);
		if (e != NULL)
			fake_store_drop(e);
		break;
	case STORE_LEASE:
		e = fake_store_find(op, STORE_ADD);
		assert(e != NULL);
		e->op.lease_s = op->lease_s;
		break;
	default:
		break;
	}
}

/* Decides the batch that waits, if one does. */
static inline void
fake_store_decide(enum error outcome)
{
	struct store_batch *b = fake_store.pending;
	struct store_op op;

	if (b == NULL)
		return;
	for (size_t at = 0; outcome == OK && at < b->len;) {
		assert(store_op_decode(b->buf, b->len, &at, &op));
		fake_store_apply(&op);
	}
	fake_store.pending = NULL;
	fake_store.done(fake_store.arg, b, outcome);
}

enum error
store_open(const char *dir, const struct store_limits *limits, struct store **s,
    char *text, size_t text_len)
{
	(void)dir;
	(void)limits;
	(void)text;
	(void)text_len;
	*s = &fake_store;
	return OK;
}

void
store_close(struct store *s)
{
	assert(s->pending == NULL);
}

void
store_submit(
    struct store *s, struct store_batch *b, store_done_fn *done, void *arg)
{
	assert(s->pending == NULL);
	s->pending = b;
	s->done = done;
	s->arg = arg;
}

void
store_resume(struct store *s)
{
	(void)s;
}

void
store_drain(struct store *s)
{
	(void)s;
	fake_store_decide(OK);
}

void
store_get_stats(struct store *s, struct store_stats *stats)
{
	(void)s;
	memset(stats, 0, sizeof(*stats));
}

enum error
store_history(struct store *s, const uint8_t *zone, uint32_t from,
    store_op_fn *fn, void *arg)
{
	(void)s;
	(void)zone;
	(void)from;
	(void)fn;
	(void)arg;
	return ERR_NOT_FOUND;
}

enum error
store_recover(
    struct store *s, store_op_fn *fn, void *arg, char *text, size_t text_len)
{
	static const enum store_kind order[] = {
	    STORE_ZONE, STORE_BURY, STORE_TTL, STORE_ADD};
	enum error err = OK;

	(void)text;
	(void)text_len;
	for (size_t k = 0; k < 4; k++)
		for (size_t i = 0; i < s->entries && err == OK; i++)
			if (s->entry[i]->op.kind == order[k])
				err = fn(arg, &s->entry[i]->op);
	return err;
}

#endif
