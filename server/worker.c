/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker.h"

#include <event2/event.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "server/inquiry.h"
#include "server/loop.h"
#include "server/nameserver/nameserver.h"
#include "server/nameserver/update.h"
#include "server/now.h"
#include "server/queue.h"
#include "server/stats.h"
#include "server/udp.h"
#include "server/worker_forward.h"
#include "server/worker_relay.h"
#include "zones/snapshot.h"

/* Replies from the writer at a time; then clients have their turn. */
#define REPLY_BATCH 256

/* What main wants; only ever rises. */
enum phase {
	PHASE_SERVE,
	PHASE_CLOSE, /* the doors */
	PHASE_END,
};

struct worker {
	/* shared */
	struct queue replies;
	struct mailbox mail; /* inquiries */
	_Atomic int phase;
	sem_t closed; /* posted when the doors are closed */
	/* main's */
	pthread_t thread;
	bool started;
	void (*pass_on)(void *arg, uint16_t n, struct inquiry *);
	void *arg;
	/* the worker thread's */
	struct door door;
	struct event *wake;
	struct tcp *tcp;
	struct worker_forward *forward;
	struct worker_relay *relay;
	struct udp **udp; /* [sockets] */
	size_t sockets;
	bool doors_closed;
	struct update *backlog; /* replies taken but not sent yet */
};

/* ---- replies that come back ---- */

/* Where to write a reply to a request that came by a route; NULL: nobody
 * would get it. */
static uint8_t *
late_room(void *arg, const struct route *route, size_t *cap)
{
	struct worker *worker = arg;
	uint8_t *room;

	if (route->tcp) {
		*cap = TCP_LATE_LEN;
		return tcp_late_room(worker->tcp, route);
	}
	*cap = UDP_BUFFER_LEN;
	room = udp_late_room(worker->udp[route->socket]);
	if (room == NULL)
		stats_add(worker->door.stats, STAT_UDP_UNSENT, 1);
	return room;
}

static void
late_put(void *arg, const struct route *route, size_t len)
{
	struct worker *worker = arg;

	if (route->tcp)
		tcp_late_put(worker->tcp, route, len);
	else if (len > 0)
		udp_late_put(worker->udp[route->socket], route, len);
}

/* Sends what has gathered. */
static void
late_flush(void *arg)
{
	struct worker *worker = arg;

	for (size_t i = 0; i < worker->sockets; i++)
		udp_flush(worker->udp[i]);
	tcp_flush(worker->tcp);
}

/* Renders one reply to where its request came from. */
static void
reply_one(struct worker *worker, const struct update *update, int64_t wall_s)
{
	size_t cap;
	uint8_t *room = late_room(worker, &update->route, &cap);

	if (room != NULL)
		late_put(worker, &update->route,
		    nameserver_finish(
			worker->door.local, update, wall_s, room, cap));
	else if (update->route.tcp)
		stats_add(worker->door.stats, STAT_UPDATES_ORPHANED, 1);
}

/* Sends a batch of what is in the backlog. */
static void
reply_batch(struct worker *worker)
{
	int64_t wall_s = now_read().wall_s;
	uint32_t n = 0, weight = 0;

	snapshot_enter(worker->door.hub);
	for (; worker->backlog != NULL && n < REPLY_BATCH; n++) {
		struct update *update = worker->backlog;

		worker->backlog = update->next;
		weight += update_weight(update);
		reply_one(worker, update, wall_s);
		update_free(update);
	}
	snapshot_leave(worker->door.hub);
	late_flush(worker);
	queue_release(worker->door.writer, weight);
	stats_add(worker->door.stats, STAT_UPDATES_FINISHED, n);
}

/* Takes what has come if everything before is sent; whether there is any. */
static bool
have_replies(struct worker *worker)
{
	if (worker->backlog == NULL)
		worker->backlog = queue_take(&worker->replies);
	return worker->backlog != NULL;
}

/* ---- inquiries ---- */

static void
answer_mail(struct worker *worker)
{
	struct mail *mail = mailbox_take(&worker->mail), *next;

	for (; mail != NULL; mail = next) {
		struct inquiry *inquiry = (struct inquiry *)mail;

		next = mail->next;
		worker_forward_inquiry(worker->forward, inquiry);
		worker->pass_on(worker->arg, worker->door.worker, inquiry);
	}
}

/* ---- the loop ---- */

static void
close_doors(struct worker *worker)
{
	for (size_t i = 0; i < worker->sockets; i++)
		udp_stop(worker->udp[i]);
	tcp_stop(worker->tcp);
	worker->doors_closed = true;
	sem_post(&worker->closed);
}

static void
worker_woken(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	int phase = atomic_load_explicit(&worker->phase, memory_order_acquire);

	(void)fd;
	(void)what;
	queue_drain_wake(&worker->replies);
	answer_mail(worker);
	if (phase >= PHASE_CLOSE && !worker->doors_closed)
		close_doors(worker);
	if (have_replies(worker))
		reply_batch(worker);
	while (phase == PHASE_END && have_replies(worker))
		reply_batch(worker);
	if (phase == PHASE_END)
		event_base_loopbreak(worker->door.base);
	else if (worker->backlog != NULL || !queue_sleep(&worker->replies))
		queue_wake(&worker->replies);
}

static void *
worker_main(void *arg)
{
	struct worker *worker = arg;
	char name[16];

	snprintf(name, sizeof(name), "worker %u", worker->door.worker);
	pthread_setname_np(pthread_self(), name);
	snapshot_register_thread();
	event_base_loop(worker->door.base, EVLOOP_NO_EXIT_ON_EMPTY);
	snapshot_unregister_thread();
	return NULL;
}

/* ---- made and unmade ---- */

/* Opens the doors; each descriptor that was taken over becomes -1. */
static enum error
open_doors(struct worker *worker, const struct worker_plan *plan, int *udp_fd,
    int *tcp_fd)
{
	enum error err = tcp_new(&worker->door, &plan->tcp, &worker->tcp);

	for (size_t i = 0; i < plan->sockets && err == OK; i++) {
		err = udp_new(
		    &worker->door, udp_fd[i], (uint16_t)i, &worker->udp[i]);
		if (err != OK)
			break;
		udp_fd[i] = -1;
		worker->sockets++;
		err = tcp_listen(worker->tcp, tcp_fd[i]);
		if (err == OK)
			tcp_fd[i] = -1;
	}
	return err;
}

static enum error
fill_door(struct door *door, const struct worker_plan *plan)
{
	uint64_t seed;

	door->worker = plan->number;
	door->hub = plan->hub;
	door->writer = plan->writer;
	door->stats = plan->stats;
	door_init(door);
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return ERR_IO;
	random_seed(&door->random, seed);
	door->base = loop_new();
	door->local = nameserver_local_new();
	return door->base != NULL && door->local != NULL ? OK : ERR_MEMORY;
}

static enum error
make_forward(struct worker *worker, const struct worker_plan *plan)
{
	const struct worker_forward_plan forward = {
	    .door = &worker->door,
	    .cache_len = plan->cache_len,
	    .stale_ms = plan->stale_ms,
	};
	enum error err;

	worker->door.late = (struct door_late){
	    .room = late_room,
	    .put = late_put,
	    .flush = late_flush,
	    .arg = worker,
	};
	err = worker_relay_new(&worker->door, &worker->relay);
	if (err != OK)
		return err;
	return worker_forward_new(&forward, &worker->forward);
}

/* Everything but the threads; what was made is in *worker, also on failure. */
static enum error
furnish(struct worker *worker, const struct worker_plan *plan, int *udp_fd,
    int *tcp_fd)
{
	enum error err = fill_door(&worker->door, plan);

	worker->pass_on = plan->pass_on;
	worker->arg = plan->arg;
	if (err == OK)
		err = make_forward(worker, plan);
	if (err != OK)
		return err;
	worker->udp = calloc(plan->sockets, sizeof(*worker->udp));
	worker->wake = event_new(worker->door.base, worker->replies.wake_fd,
	    EV_READ | EV_PERSIST, worker_woken, worker);
	if (worker->udp == NULL || worker->wake == NULL ||
	    event_add(worker->wake, NULL) != 0)
		return ERR_MEMORY;
	return open_doors(worker, plan, udp_fd, tcp_fd);
}

static void
wake_worker(void *arg)
{
	struct worker *worker = arg;

	queue_wake(&worker->replies);
}

/* A worker with nothing but what others may touch; NULL on failure. */
static struct worker *
allocate(void)
{
	struct worker *worker =
	    aligned_alloc(_Alignof(struct worker), sizeof(*worker));

	if (worker == NULL)
		return NULL;
	*worker = (struct worker){.sockets = 0};
	/* The writer's queue bounds what can come back. */
	if (queue_init(&worker->replies, UINT32_MAX) != OK) {
		free(worker);
		return NULL;
	}
	mailbox_init(&worker->mail, wake_worker, worker);
	sem_init(&worker->closed, 0, 0);
	return worker;
}

enum error
worker_new(const struct worker_plan *plan, struct worker **made)
{
	struct worker *worker = allocate();
	int *fds = calloc(2 * plan->sockets, sizeof(*fds));
	enum error err = ERR_MEMORY;

	for (size_t i = 0; i < plan->sockets && fds != NULL; i++) {
		fds[i] = plan->udp_fd[i];
		fds[plan->sockets + i] = plan->tcp_fd[i];
	}
	if (worker != NULL && fds != NULL)
		err = furnish(worker, plan, fds, fds + plan->sockets);
	if (err == OK)
		*made = worker;
	else
		worker_free(worker);
	for (size_t i = 0; i < 2 * plan->sockets && fds != NULL; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(fds);
	return err;
}

void
worker_free(struct worker *worker)
{
	if (worker == NULL)
		return;
	for (size_t i = 0; i < worker->sockets; i++)
		udp_free(worker->udp[i]);
	free(worker->udp);
	tcp_free(worker->tcp);
	worker_relay_free(worker->relay);
	worker_forward_free(worker->forward);
	nameserver_local_free(worker->door.local);
	if (worker->wake != NULL)
		event_free(worker->wake);
	if (worker->door.base != NULL)
		event_base_free(worker->door.base);
	sem_destroy(&worker->closed);
	queue_fini(&worker->replies);
	free(worker);
}

enum error
worker_start(struct worker *worker)
{
	if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0)
		return ERR_IO;
	worker->started = true;
	return OK;
}

/* ---- called by other threads ---- */

void
worker_reply(struct worker *worker, struct update *list)
{
	queue_push(&worker->replies, list);
}

void
worker_mail(struct worker *worker, struct inquiry *inquiry)
{
	mailbox_push(&worker->mail, &inquiry->mail);
}

static void
enter_phase(struct worker *worker, enum phase phase)
{
	atomic_store_explicit(&worker->phase, (int)phase, memory_order_release);
	queue_wake(&worker->replies);
}

void
worker_close_doors(struct worker *worker)
{
	if (!worker->started)
		return;
	enter_phase(worker, PHASE_CLOSE);
	while (sem_wait(&worker->closed) != 0)
		;
}

void
worker_stop(struct worker *worker)
{
	if (!worker->started)
		return;
	enter_phase(worker, PHASE_END);
	pthread_join(worker->thread, NULL);
	worker->started = false;
}
