/* command_health.h - what the commands about health share.
 *
 * Threads:   one.
 * Ownership: borrowed.
 * Units:     none.
 * Errors:    script_complain() where the scenario is wrong.
 */
#ifndef TESTS_SCENARIO_COMMAND_HEALTH_H
#define TESTS_SCENARIO_COMMAND_HEALTH_H

#include "server/health/roster.h"
#include "tests/scenario/command.h"

/* Words of scenarios. */
extern const char *const served_words[];
extern const char *const why_words[WHY_COUNT];

/* A name of the scenario as the roster writes it. */
void command_full_name(struct world *, unsigned number, const char *word,
    char text[NAME_TEXT_LEN]);

/* The next word of a command, which must be there. */
void command_need_word(struct world *, const struct step *, const char **text,
    char word[WORD_LEN]);

#endif
