/* probe_agent.h - what an agent says (HAProxy's agent-check).
 *
 * One line of words, separated by spaces, tabs or commas, in any case:
 *
 *     up ready drain maint down failed stopped fail
 *     75%            of the weight
 *     maxconn:30     not for us
 *     #text          after down, failed, stopped, fail: why, to the line's end
 *
 * An agent that answers is healthy unless it says otherwise.  Of several words
 * the gravest counts: maint, down, drain, ready, up.
 *
 * Threads:   any.
 * Ownership: none.
 * Errors:    a line without any such word is a bad outcome.
 * Standards: HAProxy, configuration manual 5.2, agent-check.
 */
#ifndef SERVER_HEALTH_PROBE_AGENT_H
#define SERVER_HEALTH_PROBE_AGENT_H

#include <stddef.h>

#include "server/health/attempt.h"

#define AGENT_LINE_LEN 1024 /* more is not an agent */
#define AGENT_PERCENT_MAX 25600 /* far beyond what a weight can take */

/* Reads a line, with or without its end. */
void agent_parse(const char *line, size_t len, struct outcome *);

#endif
