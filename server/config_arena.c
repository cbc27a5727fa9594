/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config_arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_LEN 8192

struct chunk {
	struct chunk *next;
	size_t len; /* of data */
	size_t used; /* a multiple of the alignment */
	alignas(max_align_t) unsigned char data[];
};

struct config_arena {
	struct chunk *chunk; /* the newest first */
};

struct config_arena *
config_arena_new(void)
{
	return calloc(1, sizeof(struct config_arena));
}

void
config_arena_free(struct config_arena *arena)
{
	struct chunk *next;

	if (arena == NULL)
		return;
	for (struct chunk *c = arena->chunk; c != NULL; c = next) {
		next = c->next;
		explicit_bzero(c->data, c->used);
		free(c);
	}
	free(arena);
}

void *
config_arena_alloc(struct config_arena *arena, size_t count, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct chunk *c = arena->chunk;
	size_t need, len;
	void *p;

	if (size != 0 && count > SIZE_MAX / 2 / size)
		return NULL;
	need = (count * size + align - 1) / align * align;
	if (c == NULL || c->len - c->used < need) {
		len = need > CHUNK_LEN ? need : CHUNK_LEN;
		c = calloc(1, sizeof(*c) + len);
		if (c == NULL)
			return NULL;
		c->len = len;
		c->next = arena->chunk;
		arena->chunk = c;
	}
	p = c->data + c->used;
	c->used += need;
	return p;
}

char *
config_arena_copy(struct config_arena *arena, const char *text, size_t len)
{
	char *copy = config_arena_alloc(arena, len + 1, 1);

	if (copy != NULL && len > 0)
		memcpy(copy, text, len);
	return copy;
}
