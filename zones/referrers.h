/* referrers.h - which services name a host.
 *
 * The other direction of an SRV target: when the address of a host changes,
 * the prepared answers of the services that name it must be made anew.  The
 * table may know more pairs than there are (what is rolled back stays in it),
 * never fewer; whoever follows a pair looks whether it still holds.
 *
 * A host that is named by very many services would make each change of its
 * address expensive.  Beyond REFERRERS_MAX it is called popular, and its
 * address is looked up for each answer instead.
 *
 * Threads:   writer only.
 * Ownership: holds hashes only.
 * Errors:    ERR_MEMORY: nothing was added.
 */
#ifndef ZONES_REFERRERS_H
#define ZONES_REFERRERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

#define REFERRERS_MAX 64

struct referrers;

struct referrers *referrers_new(void);
void referrers_free(struct referrers *);

/* Notes that a service names a host (both by name_hash()).  *popular says
 * whether the host has just become popular. */
enum error referrers_add(struct referrers *, uint64_t host, uint64_t service,
    bool *popular) MUST_CHECK;

/* Forgets a pair; harmless if it is not there. */
void referrers_remove(struct referrers *, uint64_t host, uint64_t service);

/* Fills in the services that may name the host; returns how many (at most
 * REFERRERS_MAX). */
size_t referrers_find(
    const struct referrers *, uint64_t host, uint64_t service[REFERRERS_MAX]);

bool referrers_is_popular(const struct referrers *, uint64_t host);

#endif
