/* update_apply.h - from an UPDATE to edits, in the order of RFC 2136.
 *
 *   3.2 prerequisites -> 3.3 permission per record -> 3.4.1 prescan
 *        -> 3.4.2 apply, record after record
 *
 * Zone and signature were judged by the worker; 3.5 (stable storage) and 3.6
 * (serial) are the registry's.
 *
 * Threads:   the writer.
 * Ownership: edits go into the caller's change, which is settled or rolled
 *            back by the caller.
 * Errors:    the RCODE, with reason and Extended DNS Error in the update.
 * Standards: RFC 2136 3.2 to 3.4; RFC 2181 5.2, 10.1; RFC 6672 2.4.
 */
#ifndef SERVER_NAMESERVER_UPDATE_APPLY_H
#define SERVER_NAMESERVER_UPDATE_APPLY_H

#include "server/config.h"
#include "server/nameserver/update.h"
#include "zones/change.h"

/* Runs an update; key_id is the number under which records remember the key
 * that added them (0: unsigned).  On NOERROR the change holds the edits. */
enum rcode update_apply(struct update *, struct change *,
    const struct config_zone *, int key, uint16_t key_id);

#endif
