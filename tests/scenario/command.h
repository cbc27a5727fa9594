/* command.h - the commands of scenarios; README tells what each does.
 *
 * Threads:   one.
 * Ownership: steps are borrowed.
 * Errors:    world_fail() counts what is not as expected.
 */
#ifndef TESTS_SCENARIO_COMMAND_H
#define TESTS_SCENARIO_COMMAND_H

#include "tests/scenario/world.h"

void command_run(struct world *, const struct step *);

/* At the end of a file. */
void command_finish(struct world *);

/* --- command_check.c: commands that only look --- */
void command_serial(struct world *, const struct step *);
void command_log(struct world *, const struct step *);
void command_syncs(struct world *, const struct step *);
void command_dump(struct world *, const struct step *);

/* --- command_health.c: a checker; command_operator.c: operators --- */
void command_check(struct world *, const struct step *);
void command_counts(struct world *, const struct step *);
void command_events(struct world *, const struct step *);
void command_explain(struct world *, const struct step *);
void command_force(struct world *, const struct step *);
void command_forced(struct world *, const struct step *);
void command_orders(struct world *, const struct step *);
/* When the registry has been opened, and after it was closed. */
void command_health_begin(struct world *);
void command_health_end(struct world *);

/* Takes the present serials of all zones as those looked at last. */
void command_note_serials(struct world *);

#endif
