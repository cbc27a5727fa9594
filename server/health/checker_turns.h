/* checker_turns.h - the work of the checker's thread: who is probed, and when.
 *
 *                  turns_take             due, and room
 *     orders  ----------------> waiting ----------------> under way
 *                                  ^                          |
 *                                  '-- report() with a result-'
 *
 * Threads:   the checker's, while its loop runs; before and after, main.
 * Ownership: the turns own instances and their orders; plan and prober are
 *            borrowed.
 * Units:     monotonic milliseconds.
 * Errors:    ERR_MEMORY, or NULL.
 */
#ifndef SERVER_HEALTH_CHECKER_TURNS_H
#define SERVER_HEALTH_CHECKER_TURNS_H

#include <stdint.h>

#include "server/health/checker.h"

struct prober;
struct turns;

struct turns *turns_new(const struct checker_plan *, struct prober *);

/* Ends all probes that are under way, without results. */
void turns_stop(struct turns *);
void turns_free(struct turns *);

/* The loop is about to run: from now on its lateness is seen. */
enum error turns_start(struct turns *) MUST_CHECK;

/* Takes over an order. */
void turns_take(struct turns *, struct probe_order *, int64_t now_ms);

/* Begins what is due and has room, and sets the timer for the rest. */
void turns_begin(struct turns *);

#endif
