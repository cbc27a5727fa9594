/* upstream_world.h - an upstream, and the server that it asks, in one loop.
 *
 * The server is on a port of the loopback and does what a test says: its
 * `answer` gets each question.  Time stands still unless a test moves it.
 *
 * Threads:   one.
 * Ownership: the world owns its upstream and its sockets.
 */
#ifndef TESTS_UPSTREAM_WORLD_H
#define TESTS_UPSTREAM_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "resolver/upstream.h"

#define WORLD_RESULTS 9000
#define WORLD_CONNECTIONS 16

struct world;

/* A question as it came to the server. */
struct request {
	uint8_t wire[512];
	size_t len;
	int tcp; /* the connection, or -1 */
	struct sockaddr_storage from;
	socklen_t from_len;
};

typedef void answer_fn(struct world *, const struct request *);

struct connection {
	int fd;
	size_t have;
	uint8_t buf[1024];
};

struct result {
	enum upstream_outcome outcome;
	uint8_t qname[255];
	uint8_t wire[512]; /* the beginning */
	size_t len;
	uint32_t rtt_us;
};

struct world {
	struct upstream *u;
	struct upstream_stats stats;
	int64_t now_us;
	struct sockaddr_storage server;
	socklen_t server_len;
	int udp, listener;
	struct connection connection[WORLD_CONNECTIONS];
	struct {
		int fd;
		short events;
	} watched[4096];
	size_t watching;
	/* What the server does, and what came. */
	answer_fn *answer;
	unsigned by_udp, by_tcp;
	struct request last; /* of all */
	uint8_t ports[65536]; /* where UDP questions came from */
	unsigned ports_seen;
	/* What came of it. */
	unsigned results;
	struct result *result;
	upstream_fn *then; /* called with each result, if not NULL */
};

void world_open(struct world *, int family, answer_fn *);
void world_close(struct world *);

/* Asks for type A of a name (www.example. if NULL), 3 s. */
void world_ask(struct world *, const uint8_t *qname);
enum error world_ask_question(struct world *, const struct upstream_question *);
/* Runs until that many results are there; fails the test after a while. */
void world_run(struct world *, unsigned results);
/* Runs until nothing happens any more. */
void world_settle(struct world *);
/* Time passes, in ticks as they should be. */
void world_pass_ms(struct world *, int64_t ms);

/* What came last; that so many came, and how the last one ended. */
const struct result *world_last(const struct world *);
void world_check(const struct world *, unsigned results, enum upstream_outcome);
const struct upstream_stats *world_figures(struct world *);

/* The server sends octets in answer to a request. */
void world_send(
    struct world *, const struct request *, const uint8_t *wire, size_t len);
/* The request as its own answer, with these flags; RCODE in flags; returns its
 * length.  With an OPT if the request has one. */
size_t world_answer(const struct request *, unsigned flags, uint8_t wire[512]);
void world_close_connection(struct world *, int fd);

/* Answers well. */
void world_answer_well(struct world *, const struct request *);
void world_say_nothing(struct world *, const struct request *);

#endif
