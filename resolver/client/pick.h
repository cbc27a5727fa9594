/* pick.h - which one of several instances of the same priority.
 *
 * The caller brings the instances in an order that does not depend on the
 * server's (srv_answer_sort), says of each whether it may be taken now, and
 * gets the number of one.  Called again without those that failed, it gives
 * the order in which to go through them.
 *
 *     weighted     RFC 2782: a draw over 1..sum of weights; 0 after all others
 *     round robin  the first one allowed at or after the cursor
 *     random       each with the same chance
 *     least used   the least (uses + 1) / weight; draws among equals
 *     hash         the greatest of weight / -ln(h(key, instance)): the same one
 *                  for a key until it goes, and then only its keys move
 *     first        the first one in the server's order
 *
 * Threads:   any.
 * Ownership: borrows all.
 * Units:     none.
 * Errors:    none.
 * Standards: RFC 2782 (Weight).
 */
#ifndef RESOLVER_CLIENT_PICK_H
#define RESOLVER_CLIENT_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/random.h"

enum pick_strategy {
	PICK_WEIGHTED,
	PICK_ROUND_ROBIN,
	PICK_RANDOM,
	PICK_LEAST_USED,
	PICK_HASH,
	PICK_FIRST,
};

struct pick_item {
	uint64_t identity; /* of host and port, hashed */
	uint32_t uses; /* under way */
	uint16_t weight;
	uint16_t order; /* in the server's answer */
	bool allowed;
};

struct pick_state {
	enum pick_strategy strategy;
	uint64_t key; /* hashed */
	uint64_t *cursor; /* of round robin; counts up */
	struct random *random;
};

#define PICK_NONE SIZE_MAX

/* The number of an allowed item; PICK_NONE if there is none. */
size_t pick_one(
    const struct pick_item *, size_t count, const struct pick_state *);

#endif
