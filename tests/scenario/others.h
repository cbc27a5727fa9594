/* others.h - the servers that are asked about names which are not ours.
 *
 * In the place of sockets: what each server says about which question stands in
 * the scenario.  It comes when the clock has moved on by its delay.
 *
 * Threads:   one.
 * Ownership: all of it belongs to the world.
 * Units:     milliseconds.
 * Errors:    a scenario that is wrong ends the process.
 */
#ifndef TESTS_SCENARIO_OTHERS_H
#define TESTS_SCENARIO_OTHERS_H

#include "tests/scenario/world.h"

struct exchange;

/* For a server that starts; what was said of upstreams holds on. */
void others_begin(struct world *);
void others_end(struct world *);
/* At the end of the scenario. */
void others_free(struct world *);

/* When something is to be done; INT64_MAX: never. */
int64_t others_next_ms(const struct world *);
/* Does what is due now. */
void others_settle(struct world *);

/* Lets time pass until the exchange has its answer. */
void others_wait(struct world *, const struct step *, struct exchange *);

/* UPSTREAM, ASKED, FLUSH */
void command_upstream(struct world *, const struct step *);
void command_asked(struct world *, const struct step *);
void command_flush(struct world *, const struct step *);

#endif
