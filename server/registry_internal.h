/* registry_internal.h - what the registry's rooms share.
 *
 *   registry.c         messages, the reaper, batches
 *   registry_log.c     from a settled change to store operations and leases
 *   registry_load.c    one zone file into one zone
 *   registry_open.c    start: files, then the store, then the first snapshot
 *   registry_reload.c  the difference between old and new files
 *   registry_health.c  what the roster learns and decides
 *   registry_reverse.c reverse zones that follow the addresses of all zones
 *
 * Threads:   the writer; decided and outcome are the store's callback's too.
 * Ownership: the registry owns everything here but config and hub.
 * Errors:    see each function.
 */
#ifndef SERVER_REGISTRY_INTERNAL_H
#define SERVER_REGISTRY_INTERNAL_H

#include <stdatomic.h>

#include "server/config.h"
#include "server/health/roster.h"
#include "server/nameserver/settings.h"
#include "server/registry.h"
#include "server/registry_batch.h"
#include "zones/change.h"
#include "zones/ready.h"

/* Records reaped per turn, and per batch while the disk is busy: a turn takes a
 * few milliseconds, and an update that comes in the middle of a mass expiry
 * waits for no more than two batches, which is less than a tick. */
#define REAP_TURN 256
#define REAP_BATCH 256
/* After the store refused a batch the reaper waits that long; expired records
 * are not answered meanwhile anyway. */
#define REAP_RETRY_MS 1000

/* One zone.  A slot keeps its number, and so do the records of its zone, as
 * long as the process lives. */
struct slot {
	const struct config_zone *config; /* NULL: not configured any more */
	struct zone_info *info;
	struct zone *zone; /* working version */
	struct zone *buried; /* records of the file that an UPDATE deleted */
	struct referrers *referrers; /* services by the hosts they name */
	bool touched; /* the open batch has changed its serial */
	bool noted; /* the open batch must tell the store its state */
	bool unlearned; /* the roster knows another version */
	/* registry_reverse.c */
	bool reversed; /* keeps an index of the names of addresses */
	bool named; /* its addresses are in those indexes */
	struct zone *undo; /* the version before the step undo_step */
	uint64_t undo_step;
};

struct registry {
	const struct config *config;
	struct settings *settings;
	struct snapshot_hub *hub;
	struct store *store;
	struct lease_wheel *wheel;
	size_t found; /* records with MARK_FOUND */
	struct roster *roster;
	struct shaper shaper; /* the roster's */
	struct slot *slot;
	size_t slots;
	const struct zoneset_index *index;
	size_t reversed; /* slots that keep an index of names */
	struct zoneset *zoneset; /* published or about to be; a block */
	struct change change; /* scratch, keeps its room */
	struct batch batch[2];
	struct batch *open;
	struct batch *sealed;
	bool waiting; /* the sealed batch is with the store */
	bool more_due;
	bool reloading; /* what a refusal means is settled in the end */
	int64_t reap_from_ms;
	struct update *finished;
	struct update **finished_last;
	struct name *key_name; /* by key_id - 1: who added a record */
	size_t key_names;
	/* the store's callback */
	_Atomic bool decided;
	enum error outcome; /* written before decided, read after */
	void (*wake)(void *);
	void *wake_arg;
};

/* registry.c */
/* The slot of a zone, configured or not, by its apex; NULL: never met. */
struct slot *registry_find_slot(struct registry *, const uint8_t *apex);
uint16_t registry_key_id(struct registry *, const uint8_t *name);
enum error registry_begin(struct registry *) MUST_CHECK;
enum error registry_flush(struct registry *, int64_t now_ms) MUST_CHECK;
/* Publishes the working version though no message asks for it; the zones that
 * are noted get their state stored. */
enum error registry_force(struct registry *, int64_t now_ms) MUST_CHECK;
/* Takes back what the open batch did, if it did not come to a submission. */
void registry_abandon(struct registry *);

/* registry_log.c: a lease is not waited for any more: it was renewed, or it is
 * gone. */
void registry_meet(struct registry *, struct lease *);

/* registry_log.c: takes a settled change of a slot into the open batch: next
 * serial, store operations, lease events.  The caller rolls back on errors. */
enum error registry_take_change(
    struct registry *, struct slot *, struct change *) MUST_CHECK;
/* The same for the difference between two versions of the zone file. */
enum error registry_take_file_change(
    struct registry *, struct slot *, struct change *) MUST_CHECK;
/* The same without a new serial: only renewals. */
enum error registry_take_renewals(
    struct registry *, struct slot *, struct change *) MUST_CHECK;
enum error registry_put_zone_op(
    struct registry *, const struct slot *) MUST_CHECK;

/* registry_reverse.c */
/* A settled change of a slot has been taken in: its addresses get into the
 * reverse zones, or out.  They are as they were on errors. */
enum error registry_take_reverse(
    struct registry *, struct slot *, struct change *) MUST_CHECK;
/* Goes back to the reverse zones as they were before the current step. */
void registry_undo_reverse(struct registry *);
/* The zones are those of a new configuration. */
enum error registry_renew_reverse(struct registry *) MUST_CHECK;

/* registry_health.c */
enum error registry_open_roster(
    struct registry *, char *text, size_t text_len) MUST_CHECK;
/* A settled change of a slot has been taken in. */
void registry_learn(struct registry *, struct slot *, const struct change *);
/* The roster learns the zones again of which it knows another version, or
 * all. */
void registry_learn_again(struct registry *, int64_t now_ms);
/* Tells operators that readers see what they asked for. */
void registry_finish_shown(struct batch *);
void registry_learn_all(struct registry *, int64_t now_ms);
/* Puts what the roster has decided into the open batch. */
void registry_put_health(struct registry *, int64_t now_ms);
/* The expiry guard moves leases. */
void registry_guard(struct registry *, int64_t now_ms);

/* registry_load.c */
struct load {
	struct edition edition; /* private: nobody else sees its blocks */
	struct zone *zone;
};
/* Reads the zone's file, or makes SOA and NS where it has none. */
enum error registry_load(const struct config *, const struct config_zone *,
    const struct zone_info *, uint64_t step, struct load *, char *text,
    size_t text_len) MUST_CHECK;
/* Frees a zone that was never published. */
void registry_unload(struct load *);
struct zone_info *registry_zone_info(
    const struct config_zone *, uint16_t number);
/* Frees what an edition without readers has retired. */
void registry_sweep(struct edition *);

#endif
