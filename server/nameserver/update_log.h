/* update_log.h - one line for each update that was not done.
 *
 * Threads:   any.
 * Ownership: borrows.
 * Units:     now_ms monotonic milliseconds.
 * Errors:    none; a flood of refusals is cut to a few lines a second, and
 *            the next line tells how many were left out.
 */
#ifndef SERVER_NAMESERVER_UPDATE_LOG_H
#define SERVER_NAMESERVER_UPDATE_LOG_H

#include <stdint.h>

#include "zones/dns/message.h"
#include "server/nameserver/request.h"
#include "server/nameserver/tsig.h"

/* Says who (address, key) asked for a change of which zone, and why it was
 * not made. */
void update_log(const struct endpoint *peer, const struct tsig *,
    const struct message *, enum rcode, const char *reason, int64_t now_ms);

#endif
