/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/edition.h"

#include <assert.h>
#include <stdlib.h>

/* Invariants:
 *  1. retired.capacity >= made.count + reserved, so that each block made and
 *     each slot reserved pays for one edition_retire().
 *  2. made[] is in order of making; the blocks of a step follow those of all
 *     earlier steps, so rolling back is cutting the lists short.
 */

#define LIST_FIRST_CAPACITY 64

/* A list longer than this is not kept for the next edition: loading a zone
 * makes millions of blocks, the updates after it make dozens. */
#define LIST_KEEP_CAPACITY 16384

static enum error
list_reserve(struct block_list *list, size_t capacity)
{
	size_t grown = list->capacity ? list->capacity : LIST_FIRST_CAPACITY;
	void **block;

	if (capacity <= list->capacity)
		return OK;
	while (grown < capacity)
		grown *= 2;
	block = realloc(list->block, grown * sizeof(*block));
	if (block == NULL)
		return ERR_MEMORY;
	list->block = block;
	list->capacity = grown;
	return OK;
}

void
edition_init(struct edition *ed, uint64_t step)
{
	*ed = (struct edition){.step = step};
}

void
edition_fini(struct edition *ed)
{
	assert(ed->made.count == 0 && ed->retired.count == 0);
	free(ed->made.block);
	free(ed->retired.block);
	*ed = (struct edition){.step = ed->step};
}

struct savepoint
edition_savepoint(struct edition *ed)
{
	ed->step++;
	return (struct savepoint){.made = ed->made.count,
	    .retired = ed->retired.count,
	    .reserved = ed->reserved};
}

void
edition_rollback(struct edition *ed, struct savepoint sp)
{
	assert(sp.made <= ed->made.count && sp.retired <= ed->retired.count);
	while (ed->made.count > sp.made)
		free(ed->made.block[--ed->made.count]);
	ed->retired.count = sp.retired;
	ed->reserved = sp.reserved;
}

void *
edition_alloc(struct edition *ed, size_t size)
{
	void *block;

	if (list_reserve(&ed->made, ed->made.count + 1) ||
	    list_reserve(&ed->retired, ed->made.count + 1 + ed->reserved))
		return NULL;
	block = calloc(1, size);
	if (block == NULL)
		return NULL;
	ed->made.block[ed->made.count++] = block;
	return block;
}

void
edition_retire(struct edition *ed, void *block)
{
	assert(ed->retired.count < ed->retired.capacity);
	ed->retired.block[ed->retired.count++] = block;
}

enum error
edition_reserve(struct edition *ed, size_t n)
{
	enum error err;

	err = list_reserve(&ed->retired, ed->made.count + ed->reserved + n);
	if (err)
		return err;
	ed->reserved += n;
	return OK;
}

struct block_list
edition_publish(struct edition *ed)
{
	struct block_list retired = ed->retired;

	ed->retired = (struct block_list){0};
	ed->reserved = 0;
	ed->made.count = 0;
	if (ed->made.capacity > LIST_KEEP_CAPACITY) {
		free(ed->made.block);
		ed->made = (struct block_list){0};
	}
	/* What was made is live now: no later change may be in place. */
	ed->step++;
	return retired;
}
