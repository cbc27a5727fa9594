/* judging.h - one message being judged, and the frame of its answer.
 *
 *     begin -> (bound) -> sections -> finish: header | ... | OPT | TSIG
 *
 * What the files of the nameserver share that answer a message, or go on with
 * one that had to wait.
 *
 * Threads:   one worker, inside snapshot_enter().
 * Ownership: everything is borrowed; a judging lives on the stack.
 * Units:     octets.
 * Errors:    the verdict.
 * Standards: RFC 1035 4.1.1; RFC 6891; RFC 7828; RFC 7871; RFC 8914; RFC 8945.
 */
#ifndef SERVER_NAMESERVER_JUDGING_H
#define SERVER_NAMESERVER_JUDGING_H

#include "server/nameserver/answer.h"
#include "server/nameserver/edns.h"
#include "server/nameserver/query.h"
#include "server/nameserver/request.h"
#include "server/nameserver/settings.h"
#include "server/nameserver/tsig.h"

struct resolve;

struct nameserver_local {
	struct tsig_table *tsig;
	uint64_t generation; /* of the settings that tsig was made from */
	uint16_t payload; /* of these settings */
	struct resolve *resolve; /* NULL: others are not asked */
	/* The last client, and whether it may have others asked. */
	struct {
		uint64_t generation; /* of the settings; 0: none yet */
		int family;
		uint8_t address[16];
		bool may;
	} guest;
	struct scratch scratch;
};

struct judging {
	struct nameserver_local *local;
	const struct snapshot *snapshot;
	const struct settings *settings;
	struct request *req;
	struct message message;
	struct edns edns;
	struct tsig tsig;
	struct edns_reply reply;
	bool may_resolve; /* the client may have others asked: RA */
	size_t limit; /* octets of the answer, OPT and TSIG included */
	size_t kept; /* of these for OPT and TSIG, whatever comes */
	struct endpoint subnet; /* for whom a forwarder asks, RFC 7871 */
	struct answer a;
};

/* The keyed contexts for these settings; made anew after a reload.  NULL
 * without memory. */
struct tsig_table *judging_tsig_table(
    struct nameserver_local *, const struct settings *);

/* Finds out whether some forward zone lets this client have others asked; not
 * to be called where there is none. */
void judging_admit(struct judging *);

/* Header and question are written, the OPT record is decided. */
void judging_begin(struct judging *);

/* Bounds the sections so that OPT and TSIG will fit behind them. */
void judging_bound(struct judging *);

/* Both, for an answer with records. */
void judging_begin_answer(struct judging *);

/* Adds OPT and signature. */
enum verdict judging_finish(struct judging *, enum rcode);

/* An answer without records, from the beginning. */
enum verdict judging_finish_plain(
    struct judging *, enum rcode, enum ede, const char *text);

/* Counts, flags and what the client should know beside the records. */
enum verdict judging_finish_answer(
    struct judging *, const struct query_result *);

#endif
