/* registry.h - the one writer's work, without its thread.
 *
 * Everything that changes a zone goes through here: updates, the reaper, and
 * zone files on reload.  Messages are applied one by one to the working
 * version of the zones; what they changed is gathered into a batch; a batch
 * becomes durable in the store by one sync and is then published in one step.
 *
 *      registry_take()                 registry_turn()
 *   update --> working version --> open batch --> sealed batch --> store
 *                                                      |  registry_durable()
 *                 replies <-- publish, arm leases <----+
 *
 * At most one batch is sealed at a time; whatever comes meanwhile gathers in
 * the open one (group commit never waits).  If the store refuses, the sealed
 * batch's messages get SERVFAIL, and the open one's are applied again to the
 * state before it.
 *
 * What health and operators decide about who is answered goes the same way, but
 * nothing is stored, no serial rises, and it waits for nobody: a batch of that
 * alone is published at once.
 *
 * Threads:   the writer's only, but for the store's callback, which the owner
 *            must carry over to the writer thread (registry_on_durable()).
 * Ownership: an update belongs to the registry from registry_take() until
 *            registry_collect() gives it back, finished.
 * Units:     monotonic milliseconds.
 * Standards: RFC 2136 3.5, 3.6, 3.7; RFC 9664.
 */
#ifndef SERVER_REGISTRY_H
#define SERVER_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

struct config;
struct inquiry;
struct probe_order;
struct registry;
struct roster;
struct roster_event;
struct snapshot_hub; /* snapshot.h: where the current snapshot is published */
struct store_stats;
struct update;

/* Loads the zone files, recovers the store and publishes the first snapshot.
 * On failure text holds one or more lines, each a complete message;
 * ERR_SYNTAX is about zone files, everything else about us or the store. */
enum error registry_open(const struct config *, struct snapshot_hub *,
    int64_t now_ms, struct registry **, char *text, size_t text_len) MUST_CHECK;

/* Reads all zone files and says what is wrong with them, changing nothing. */
enum error registry_check(
    const struct config *, char *text, size_t text_len) MUST_CHECK;

/* Makes durable what is under way and closes the store; all readers must have
 * left for good. */
void registry_close(struct registry *);

/* Called by the store's committer thread when a batch is decided: wake must
 * make the writer thread call registry_durable() soon. */
void registry_on_durable(struct registry *, void (*wake)(void *), void *arg);

/* Who probes, and who watches: called on the writer's thread from now on.
 * Orders for all instances that are known already are sent at once. */
void registry_on_health(struct registry *,
    void (*order)(void *arg, struct probe_order *),
    void (*event)(void *arg, const struct roster_event *), void *arg);

/* For results of checks: roster_take_result(), then registry_turn(). */
struct roster *registry_roster(struct registry *);

/* Answers an operator's question and calls its finish(); what it changes comes
 * with the next registry_turn(). */
void registry_ask(struct registry *, struct inquiry *, int64_t now_ms);

/* Applies one update to the working version. */
void registry_take(struct registry *, struct update *, int64_t now_ms);

/* Reaps what is due (a bounded amount) and seals and submits the open batch
 * if none is under way.  Returns whether more is due at once. */
bool registry_turn(struct registry *, int64_t now_ms);

/* Takes note of the store's decision, if there is one: publishes or takes
 * back, arms leases, finishes updates. */
void registry_durable(struct registry *, int64_t now_ms);

/* A list (linked by update->next) of finished updates, or NULL. */
struct update *registry_collect(struct registry *);

/* When registry_turn() has something to do; INT64_MAX if never. */
int64_t registry_next_ms(const struct registry *);

/* How many records have a lease. */
size_t registry_leases(const struct registry *);

/* How many of them were found in the store at the start and have not been
 * renewed since.  The writer's. */
size_t registry_found(const struct registry *);

/* Figures of the store.  Any thread. */
void registry_get_store_stats(struct registry *, struct store_stats *);

/* Whether a batch is with the store. */
bool registry_is_waiting(const struct registry *);

/* Takes a new configuration, all or nothing: zone files are read again, and
 * their difference to the old ones is applied as one change a zone.  A zone
 * whose file is broken keeps what it has; text then says why, one line a
 * zone.  The old config may be freed after a grace period. */
enum error registry_reload(struct registry *, const struct config *,
    int64_t now_ms, char *text, size_t text_len) MUST_CHECK;

#endif
