/* worker_forward_internal.h - a worker's forwarder from inside.
 *
 *   worker_forward.c        sockets, time, questions
 *   worker_forward_renew.c  made from settings, and made anew
 *   worker_forward_tell.c   counters, and what operators ask
 *
 * Threads:   one worker's.
 * Ownership: see each field.
 * Units:     monotonic milliseconds.
 * Errors:    none.
 */
#ifndef SERVER_WORKER_FORWARD_INTERNAL_H
#define SERVER_WORKER_FORWARD_INTERNAL_H

#include "server/nameserver/nameserver.h"
#include "server/nameserver/resolve.h"
#include "server/worker_forward.h"

struct event;

/* A server, however many zones are forwarded to it. */
struct worker_server {
	struct worker_forward *owner;
	struct endpoint at;
	struct upstream *upstream;
	bool used; /* while the settings change */
};

/* What a forward zone was made from. */
struct worker_zone {
	struct name name;
	bool drop_private;
	size_t count;
	struct worker_server *server[SERVERS_MAX]; /* of worker_forward */
};

struct worker_forward {
	struct worker_forward_plan plan;
	struct resolve resolve; /* owns the cache and the forwarder */
	uint64_t epoch; /* of the forwarder: answers for another are dropped */
	struct worker_zone *zone;
	size_t zones;
	struct worker_server **server;
	size_t servers;
	struct event *timer;
	int64_t wake_ms; /* when it rings; INT64_MAX: never */
	int64_t ticked_ms; /* when upstreams were told the time */
	struct event **watch; /* by descriptor; NULL: not watched */
	size_t watches;
	struct forward_stats before; /* what earlier forwarders counted */
};

bool worker_forward_ask(void *arg, unsigned zone, unsigned server,
    uint64_t ticket, const struct upstream_question *);
struct upstream_loop worker_forward_loop(struct worker_server *);

/* resolve.renew: arg is the struct worker_forward. */
void worker_forward_renew(void *arg, const struct settings *);
/* Frees forwarder and upstreams. */
void worker_forward_clear(struct worker_forward *);

/* Brings the counters up to date. */
void worker_forward_report(struct worker_forward *);

#endif
