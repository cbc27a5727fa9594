/* breaker.h - when to leave an endpoint alone, and when to try it again.
 *
 *             failures in a row, or a share of the window
 *     CLOSED ---------- breaker_report() ---------> OPEN
 *        ^                                          |  ^
 *        | successes                 open_ms passed |  | a failure; open_ms
 *        | breaker_report()          breaker_look() |  | doubles
 *        |                                          v  |
 *        `---------------------------------------HALF_OPEN
 *                                     lets some uses at a time through
 *
 * A breaker that was closed for a whole window starts with the shortest
 * open_ms again.  Results are counted in a window of two halves, which is what
 * outlier.h looks at too.
 *
 * Threads:   one.
 * Ownership: a value; zero is a closed breaker.
 * Units:     monotonic milliseconds.
 * Errors:    none.
 */
#ifndef RESOLVER_CLIENT_BREAKER_H
#define RESOLVER_CLIENT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

struct breaker_settings {
	uint32_t failures; /* in a row; 0: never opens */
	uint32_t percent; /* of the window; above 100: does not matter */
	uint32_t least; /* results in the window before the share counts */
	int64_t window_ms;
	int64_t open_ms;
	int64_t open_max_ms;
	uint32_t probes; /* uses at a time when half open */
	uint32_t successes; /* in a row that close it */
};

/* Results of the window: of its current half and of the one before. */
struct breaker_window {
	int64_t since_ms; /* begin of the current half */
	uint32_t good, bad;
	uint32_t good_before, bad_before;
};

enum breaker_state {
	BREAKER_CLOSED,
	BREAKER_OPEN,
	BREAKER_HALF_OPEN,
};

struct breaker {
	enum breaker_state state; /* as of the last call; see breaker_look() */
	uint32_t in_a_row; /* failures when closed, successes when half open */
	uint32_t opens; /* in a row */
	uint32_t probes; /* uses that began when half open */
	int64_t until_ms; /* open */
	int64_t closed_ms; /* closed since */
	struct breaker_window window;
};

/* Counts what is in the window. */
void breaker_count(struct breaker *, const struct breaker_settings *,
    int64_t now_ms, uint32_t *good, uint32_t *bad);

/* The state now. */
enum breaker_state breaker_look(
    struct breaker *, const struct breaker_settings *, int64_t now_ms);

/* Whether a use may begin. */
bool breaker_allows(
    struct breaker *, const struct breaker_settings *, int64_t now_ms);

/* A use begins; returns whether it is a probe, which its end must tell. */
bool breaker_begin(
    struct breaker *, const struct breaker_settings *, int64_t now_ms);
void breaker_end(struct breaker *, bool probe);

/* How a use did; returns whether the breaker opened by that.  What is said
 * while it is open is too late to matter. */
bool breaker_report(struct breaker *, const struct breaker_settings *,
    bool good, int64_t now_ms);

#endif
