/* edition.h - the version of the registry that the writer is making.
 *
 * Everything a reader can reach is immutable.  The writer copies what it
 * changes, and an edition remembers which blocks it made (to take them back
 * if the change fails) and which it replaced (to free them once no reader can
 * still see them).  Each copy-on-write block carries the number of the
 * edition step that made it: a block made in the current step is nobody
 * else's yet and may be changed in place.
 *
 *     step 7            step 8            publish
 *   +--------+        +--------+       made:    forgotten, they are live
 *   | made   |  ...   | made   |  -->  retired: freed after a grace period
 *   | retired|        | retired|
 *   +--------+        +--------+
 *        ^ edition_rollback() frees what was made since the savepoint and
 *          forgets what was retired since
 *
 * Threads:   writer only.
 * Ownership: the edition owns made blocks until edition_publish(), and
 *            retired blocks from then on.
 * Errors:    NULL or ERR_MEMORY; nothing has happened then.
 */
#ifndef ZONES_EDITION_H
#define ZONES_EDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

/* A growing list of blocks. */
struct block_list {
	void **block;
	size_t count;
	size_t capacity;
};

struct edition {
	uint64_t step; /* number of the current step; never repeats */
	struct block_list made;
	struct block_list retired;
	size_t reserved; /* slots promised by edition_reserve() */
};

struct savepoint {
	size_t made;
	size_t retired;
	size_t reserved;
};

/* An empty edition whose first step is step (greater than that of any block
 * made before). */
void edition_init(struct edition *, uint64_t step);

/* Frees the lists; made and retired blocks must have been dealt with. */
void edition_fini(struct edition *);

/* Starts a new step and returns where it starts. */
struct savepoint edition_savepoint(struct edition *);

/* Takes everything since the savepoint back; blocks made since are freed at
 * once.  A savepoint may be rolled back to more than once, until an earlier
 * one is. */
void edition_rollback(struct edition *, struct savepoint);

/* A zeroed block of this edition, from malloc(). */
void *edition_alloc(struct edition *, size_t size);

/* Says that no later version reaches block.  Room was reserved when it or
 * its replacement was made, so this cannot fail: edition_alloc() keeps one
 * free slot in retired for each block made; edition_reserve() adds more. */
void edition_retire(struct edition *, void *block);

/* Makes sure that n more edition_retire() calls have room, beside those that
 * blocks made and earlier reservations pay for. */
enum error edition_reserve(struct edition *, size_t n) MUST_CHECK;

/* Hands the retired blocks over (the caller frees each, and the list's
 * block array, after a grace period) and forgets the made ones: they are live
 * now.  The edition is empty afterwards, at a new step, and can be used
 * again. */
struct block_list edition_publish(struct edition *);

#endif
