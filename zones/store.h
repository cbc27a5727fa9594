/* store.h - what survives: acknowledged operations and the folded state.
 *
 * The only door to LMDB.  Two environments under one directory:
 *   log/    an append-only table, sequence number -> operations of one batch
 *           (MDB_INTEGERKEY, MDB_APPEND), with a checksum each.  One commit,
 *           hence one disk sync, makes a batch durable.
 *   state/  the log folded: one entry per registered record, buried record,
 *           changed TTL and zone, and the number of the last batch folded.
 * A background thread folds the log into the state and trims the log, keeping
 * the newest batches as history for IXFR.
 *
 * The store is asynchronous by contract (DESIGN section 2): store_submit()
 * returns at once, and the outcome comes later through a callback, in order
 * of submission: durable, or refused.  A refused batch has left no trace, and
 * so have the batches submitted after it, which are refused too.
 *
 * Threads:   store_open, store_recover, store_close: the owner's.
 *            store_submit: the writer.  Callbacks: the committer thread.
 * Ownership: a batch belongs to the store from store_submit() to its callback.
 * Units:     serials as in SOA; ttl and lease in seconds; limits in octets.
 * Errors:    ERR_IO, ERR_FULL, ERR_VERSION, ERR_DAMAGED, ERR_MEMORY; with one
 *            line of explanation where a text buffer is given.
 * Standards: RFC 2136 3.5 (stable storage before the response); RFC 1995
 *            (history).
 */
#ifndef ZONES_STORE_H
#define ZONES_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

/* What happened to a record.  "State" is what recovery gives back. */
enum store_kind {
	STORE_ADD = 1, /* registered: state gets the record */
	STORE_REMOVE, /* a registered record went: out of the state */
	STORE_BURY, /* an UPDATE deleted a record of the zone file: state
		     * remembers that it stays deleted */
	STORE_UNBURY, /* the file no longer has it either: forget that */
	STORE_FILE_ADD, /* a reload brought a record of the file in: history
			 * only */
	STORE_FILE_REMOVE, /* a reload took one out: history only */
	STORE_LEASE, /* a registered record's lease length changed: state
		      * only, no history, no serial */
	STORE_TTL, /* an UPDATE changed the TTL of a whole RRset: ttl;
		    * state keeps it until STORE_TTL_FORGET */
	STORE_TTL_FORGET, /* the RRset is gone or back to the file's TTL */
	STORE_ZONE, /* serial and rdata (the SOA's RDATA if UPDATE set
		     * one, else empty) and digest (of the zone file's
		     * content) of the zone: state */
	STORE_ZONE_FORGET, /* the zone left the configuration: drop all of it */
};

/* One operation; pointers are borrowed for the duration of a call. */
struct store_op {
	enum store_kind kind;
	uint32_t serial; /* the zone's serial once the op is applied */
	uint32_t ttl;
	uint32_t lease_s; /* granted length; 0: none */
	uint16_t type;
	uint16_t rdlen;
	const uint8_t *zone; /* wire names, lower case */
	const uint8_t *owner; /* NULL for STORE_ZONE* */
	const uint8_t *key; /* name of the TSIG key that added it; or NULL */
	const uint8_t *rdata;
	uint64_t digest;
};

struct store;
struct store_batch;

struct store_limits {
	size_t map_len; /* address space of each environment; sparse */
	size_t history_len; /* octets of folded batches kept for IXFR */
	/* For a writer that submits a batch before it has heard of the last
	 * one: after a refusal everything is refused until store_resume(). */
	bool pipelined;
};

/* Opens or creates the store in a directory (created, mode 0700, if missing).
 * Only one process at a time: a second one gets ERR_CONFLICT.  On failure text
 * says what and where. */
enum error store_open(const char *dir, const struct store_limits *,
    struct store **, char *text, size_t text_len) MUST_CHECK;

/* Waits for what was submitted, folds no further, closes. */
void store_close(struct store *);

/* Gives every entry of the state, with the log folded in, to fn: zones first
 * (STORE_ZONE, with the last serial), then in any order STORE_BURY, STORE_TTL
 * and STORE_ADD.  Stops at fn's first error and returns it. */
typedef enum error store_op_fn(void *arg, const struct store_op *);
enum error store_recover(struct store *, store_op_fn *, void *arg, char *text,
    size_t text_len) MUST_CHECK;

/* An empty batch; NULL without memory. */
struct store_batch *store_batch_new(void);
void store_batch_free(struct store_batch *);

/* Appends a copy of op. */
enum error store_batch_put(
    struct store_batch *, const struct store_op *) MUST_CHECK;

/* Octets in the batch, to go back to with store_batch_truncate() when a
 * message of it is rolled back. */
size_t store_batch_len(const struct store_batch *);
void store_batch_truncate(struct store_batch *, size_t len);

/* Called once per submitted batch, in order, on the committer thread. */
typedef void store_done_fn(void *arg, struct store_batch *, enum error);

/* Starts making a batch durable.  With ERR_FULL or ERR_IO outcomes the store
 * stays usable: the next batch is tried afresh, except after ERR_IO from a
 * sync, after which nothing is acknowledged any more until the process is
 * restarted (a failed fsync must not be retried). */
void store_submit(
    struct store *, struct store_batch *, store_done_fn *, void *arg);

/* With limits.pipelined: the writer has gone back to what is durable, and
 * what it submits from now on does not stand on a refused batch. */
void store_resume(struct store *);

/* Waits until everything submitted has had its callback. */
void store_drain(struct store *);

/* Gives the kept history of a zone to fn, oldest first, starting with the
 * change that led from serial `from`; ERR_NOT_FOUND if it does not reach back
 * that far.  Everything but STORE_LEASE is given; pointers live for the call.
 * Any thread. */
enum error store_history(struct store *, const uint8_t *zone, uint32_t from,
    store_op_fn *, void *arg) MUST_CHECK;

/* Figures for logs and metrics. */
struct store_stats {
	uint64_t batches; /* made durable */
	uint64_t ops;
	uint64_t refused; /* batches */
	uint64_t unfolded_len; /* octets of log not folded yet */
	uint64_t history_len; /* octets of folded batches kept */
	bool repaired; /* at open: a torn page was put right */
	bool broken; /* nothing is acknowledged until a restart */
	enum error last_error;
	char last_text[160]; /* "path: message" of it */
};
void store_get_stats(struct store *, struct store_stats *);

#endif
