/* resolve.h - names that are not ours: who is asked, and what comes of it.
 *
 *   zone of ours (query.h) --no--> local name? (local.h) --> answered here
 *      ^                              | no
 *      |                           forward zone, by longest match
 *      |                              |- the client is not in its `from`, or
 *      |                              |  nobody is to be asked: REFUSED
 *      |                              |- RD is not set: what the cache has
 *      |                              v
 *      `--- an alias leads on --- forward_ask(): at once, or later
 *
 * An alias may lead from us to others, from one forward zone to another, and
 * back to us; each name is answered by whom it belongs to, whatever others say
 * about it.  Where an alias of ours leads to what the client may not ask for,
 * the alias alone is the answer.
 *
 * Threads:   one worker, inside snapshot_enter().
 * Ownership: the worker owns the struct, and what it points at; its functions
 *            are called back as the comments say.
 * Units:     monotonic ms.
 * Errors:    none: SERVFAIL.
 * Standards: RFC 1034 4.3.2, 5.3.3; RFC 2308; RFC 6303; RFC 6761; RFC 6840
 *            5.7, 5.8 (AD); RFC 8767; RFC 8914.
 */
#ifndef SERVER_NAMESERVER_RESOLVE_H
#define SERVER_NAMESERVER_RESOLVE_H

#include "resolver/forward.h"
#include "server/nameserver/judging.h"

struct waiting;

/* An answer on its way from name to name. */
struct way {
	struct chain chain;
	struct query_result result; /* so far */
	struct name name; /* the one to be looked up now */
	int zone; /* the forward zone that it belongs to; -1: none */
};

enum resolve_step {
	RESOLVE_DONE, /* way.result says it all */
	RESOLVE_NEXT, /* way.name is to be looked up */
	RESOLVE_WAIT, /* somebody was asked */
};

/* What a worker has to ask others with. */
struct resolve {
	/* set by the worker */
	struct cache *cache;
	struct forward *forward; /* NULL: it could not be made */
	uint64_t generation; /* of the settings that it was made from */
	/* Makes *forward the one of these settings; called as soon as a
	 * question needs it.  Those who waited for an old one that is freed
	 * gather in `again`. */
	void (*renew)(void *renew_arg, const struct settings *);
	void *renew_arg;
	/* A late reply: where to write it (its size in *cap; NULL: it cannot
	 * be sent), and how long it became (0: there is none). */
	uint8_t *(*room)(void *arg, const struct route *, size_t *cap);
	void (*put)(void *arg, const struct route *, size_t len);
	void *arg;
	struct nameserver_local *local;
	/* set by the worker before it lets forward call back */
	const struct snapshot *snapshot;
	struct random *random;
	int64_t now_ms;
	int64_t wall_s;
	/* resolve.c's, and waiting.c's; zero at first */
	struct waiting *again; /* to be asked anew: resolve_again() */
	struct waiting *spare;
	size_t waiting;
	size_t held_len; /* octets that they hold */
	uint64_t questions; /* of clients, that others were to answer */
};

/* Goes on with a question that led outside (way->result.outside); key is that
 * of the name, or NULL.  For VERDICT_WAIT the door fills in the route of
 * request->waiting. */
enum verdict resolve_go(
    struct judging *, struct way *, const struct name_key *key);

/* The forward zone to whose servers an update of a zone is to be handed on;
 * NULL: none. */
const struct config_forward *resolve_find_update(
    const struct judging *, const uint8_t *zone);

/* Asks again for those whose forwarder has gone. */
void resolve_again(struct resolve *);

/* Forgets those, and what is spare; the forwarder has gone for good. */
void resolve_fini(struct resolve *);

/* Whether a name belongs to others than forward zone number `zone`: to us, to
 * another forward zone, to nobody. */
bool resolve_is_elsewhere(
    const struct judging *, const uint8_t *name, unsigned zone);

#endif
