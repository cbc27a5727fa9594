/* probe_tcp.h - connects, and maybe talks: checks of type tcp and agent.
 *
 *     CONNECT --> HANDSHAKE (tls) --> SEND (send) --> RECEIVE --> end
 *
 * tcp is good when the last step that was asked for is: connected, or TLS is
 * up, or `send` is sent, or `receive` has come.  An agent's line is read up to
 * its end (probe_agent.h).  Connections end by a reset, so that thousands of
 * checks a second do not pile up in TIME_WAIT.
 *
 * Threads:   the checker's.
 * Ownership: none outside.
 * Errors:    outcomes.
 */
#ifndef SERVER_HEALTH_PROBE_TCP_H
#define SERVER_HEALTH_PROBE_TCP_H

#include "server/health/attempt.h"

extern const struct probe_kind probe_tcp;

#endif
