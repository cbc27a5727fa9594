/* update_permit.h - whether the rules allow each record of an UPDATE.
 *
 * Threads:   the writer.
 * Ownership: looks only.
 * Errors:    REFUSED, with the reason in the update.
 * Standards: RFC 2136 3.3; RFC 8914 4.19 (Prohibited).
 */
#ifndef SERVER_NAMESERVER_UPDATE_PERMIT_H
#define SERVER_NAMESERVER_UPDATE_PERMIT_H

#include "server/nameserver/policy.h"
#include "server/nameserver/update.h"
#include "zones/change.h"

/* Each record of the update section needs a rule.  Deleting a whole name
 * needs one for each type that is there; a rule with `own` lets its key touch
 * only records that it added itself. */
enum rcode update_permit(struct update *, const struct change *,
    const struct config_zone *, const struct policy_asker *, uint16_t key_id);

#endif
