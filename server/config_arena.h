/* config_arena.h - memory that is freed at once.
 *
 * A configuration and the tree it is made from are many small pieces with one
 * life.  They are wiped when freed, since secrets are among them.
 *
 * Threads:   one at a time.
 * Ownership: the arena owns every piece.
 * Errors:    NULL without memory.
 */
#ifndef SERVER_CONFIG_ARENA_H
#define SERVER_CONFIG_ARENA_H

#include <stddef.h>

struct config_arena;

struct config_arena *config_arena_new(void);
void config_arena_free(struct config_arena *);

/* Room for count zeroed items of size octets, aligned for anything; never
 * NULL for want of items alone. */
void *config_arena_alloc(struct config_arena *, size_t count, size_t size);

/* A copy of len octets, with a NUL behind them. */
char *config_arena_copy(struct config_arena *, const char *text, size_t len);

#endif
