/* worker.h - a thread that serves clients: one for each CPU.
 *
 *     sockets --> udp, tcp --> nameserver --> replies
 *                     |            |             ^
 *                     |            +-> worker_forward: others are asked
 *                     +-> writer's queue ... worker_reply()
 *
 * A worker owns an event loop, a socket for each address and its connections,
 * and shares nothing with its neighbours: the kernel deals the clients out.
 *
 * Threads:   worker_reply: the writer.  worker_mail: any.  Everything else:
 *            main.
 * Ownership: the worker owns its sockets; queue, hub and counters are
 *            borrowed and outlive it.
 * Units:     none.
 * Errors:    ERR_MEMORY, ERR_IO.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <stddef.h>
#include <stdint.h>

#include "server/tcp.h"
#include "zones/dns/error.h"

struct inquiry;
struct queue;
struct snapshot_hub;
struct stats;
struct update;
struct worker;

struct worker_plan {
	uint16_t number;
	struct snapshot_hub *hub;
	struct queue *writer;
	struct stats *stats; /* of this worker */
	struct tcp_limits tcp;
	uint64_t cache_len; /* of this worker, for what others answer */
	int64_t stale_ms;
	/* Hands an inquiry on that worker n has answered; its thread. */
	void (*pass_on)(void *arg, uint16_t n, struct inquiry *);
	void *arg;
	size_t sockets; /* of each kind */
	const int *udp_fd; /* taken over by worker_new(), even if it fails */
	const int *tcp_fd;
};

/* A worker ready to start; it answers nothing yet. */
enum error worker_new(const struct worker_plan *, struct worker **) MUST_CHECK;

/* Starts the thread.  There must be a snapshot to answer from. */
enum error worker_start(struct worker *) MUST_CHECK;

/* Hands over finished updates, oldest first. */
void worker_reply(struct worker *, struct update *list);

/* Asks the worker its part of an inquiry, which it passes on.  Any thread. */
void worker_mail(struct worker *, struct inquiry *);

/* Takes no more from clients; returns when that is so, and when every update
 * taken before is with the writer. */
void worker_close_doors(struct worker *);

/* Sends the replies that have come back, ends the thread and waits for it.
 * Harmless if it was never started. */
void worker_stop(struct worker *);

void worker_free(struct worker *);

#endif
