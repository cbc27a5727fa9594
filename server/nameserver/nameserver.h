/* nameserver.h - one message in, one verdict out.
 *
 *     message -> edns -> zone -> tsig -> query   -> SEND
 *                                          `-> others -> WAIT ... resolve.h
 *                                     -> update  -> WRITE ... -> finish
 *
 * Threads:   nameserver_answer and nameserver_finish: any worker, inside
 *            snapshot_enter() ... snapshot_leave(), each with its own struct
 *            nameserver_local.
 * Ownership: the settings belong to the caller of nameserver_use().
 * Errors:    never: what cannot be answered gets SERVFAIL or is dropped.
 * Standards: RFC 1034 4.3.2; RFC 1035 4, 7; RFC 2136; RFC 6891; RFC 8945.
 */
#ifndef SERVER_NAMESERVER_NAMESERVER_H
#define SERVER_NAMESERVER_NAMESERVER_H

#include "server/nameserver/request.h"

struct settings; /* settings.h: keys, rules, identity: an immutable value */
struct snapshot;

/* What a worker keeps for itself: TSIG contexts, scratch space. */
struct nameserver_local;
struct nameserver_local *nameserver_local_new(void);
void nameserver_local_free(struct nameserver_local *);

/* What names that are not ours are asked with (resolve.h), borrowed; NULL: they
 * are refused. */
struct resolve;
void nameserver_use_resolve(struct nameserver_local *, struct resolve *);

/* Judges one message.  `in` is not changed.  VERDICT_WRITE gives a new update
 * in request->update, which must come back through nameserver_finish() and
 * then update_free() (or just the latter if the asker has gone).  VERDICT_WAIT
 * gives one who waits, in request->waiting: its route is to be filled in, and
 * the reply comes through resolve.h; or an update with `forward`, to be handed
 * on as it is (RFC 2136 6). */
enum verdict nameserver_answer(
    struct nameserver_local *, const struct snapshot *, struct request *);

/* Renders (and signs) the response of a finished update into out; returns its
 * length, 0 if nothing is to be sent. */
size_t nameserver_finish(struct nameserver_local *, const struct update *,
    int64_t wall_s, uint8_t *out, size_t out_cap);

#endif
