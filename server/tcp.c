/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tcp.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/log.h"
#include "server/now.h"
#include "server/stats.h"
#include "server/tcp_connection.h"

#define ACCEPT_BURST 32 /* newcomers per callback; then others' turn */
#define ACCEPT_PAUSE_MS 100 /* when the system has no descriptor for us */
#define TICK_MS 100 /* how exactly timeouts are kept */
#define TICK_CLOSINGS 256 /* at most, so that a tick stays short */

struct tcp_listener {
	SLIST_ENTRY(tcp_listener) next;
	struct tcp *tcp;
	struct event *acceptable;
	int fd;
};

SLIST_HEAD(listener_list, tcp_listener);

struct tcp {
	struct tcp_house house;
	struct listener_list listeners;
	struct event *tick;
	int64_t paused_until_ms; /* 0: accepting */
};

static void
close_seat(struct tcp *tcp, struct tcp_seat *seat, enum stat why)
{
	stats_add(tcp->house.door->stats, why, 1);
	tcp_connection_close(tcp_connection_of(seat));
}

/* Makes all listeners pending or not. */
static void
set_accepting(struct tcp *tcp, bool wanted)
{
	struct tcp_listener *l;

	SLIST_FOREACH(l, &tcp->listeners, next)
	{
		if (wanted)
			event_add(l->acceptable, NULL);
		else
			event_del(l->acceptable);
	}
}

/* Lets the system recover from a shortage, and says so once a second. */
static void
pause_accepting(struct tcp *tcp, int error)
{
	static struct log_limit limit = LOG_LIMIT(1);
	int64_t now_ms = now_monotonic_ms();
	uint32_t skipped;

	set_accepting(tcp, false);
	tcp->paused_until_ms = now_ms + ACCEPT_PAUSE_MS;
	if (log_limit_pass(&limit, now_ms, &skipped))
		log_write(LEVEL_WARNING,
		    "cannot accept TCP connections: error %d; trying again",
		    error);
}

/* Closes whoever is idle longest, so that its descriptor can be used. */
static bool
give_up_one(struct tcp *tcp)
{
	struct tcp_seat *seat = tcp_table_find_longest_idle(tcp->house.table);

	if (seat == NULL)
		return false;
	close_seat(tcp, seat, STAT_TCP_EVICTED);
	return true;
}

/* Seats a newcomer; somebody may have to leave for him. */
static void
welcome(struct tcp *tcp, int fd, const struct endpoint *peer)
{
	struct tcp_seat *victim = tcp_table_find_victim(tcp->house.table, peer);

	if (victim != NULL)
		close_seat(tcp, victim, STAT_TCP_EVICTED);
	if (tcp_connection_new(&tcp->house, fd, peer, now_monotonic_ms()) != OK)
		close(fd);
}

/* Accepts one; false if there is nobody, or no descriptor. */
static bool
accept_one(struct tcp *tcp, int listener)
{
	struct endpoint peer = {.len = sizeof(peer.in6)};
	int fd = accept4(
	    listener, &peer.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		welcome(tcp, fd, &peer);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
		if (give_up_one(tcp))
			return true;
		pause_accepting(tcp, errno);
		return false;
	case ENOBUFS:
	case ENOMEM:
		pause_accepting(tcp, errno);
		return false;
	default:
		/* It has gone already, or its network has: accept(2). */
		return true;
	}
}

static void
listener_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_listener *l = arg;
	unsigned n = 0;

	(void)what;
	while (n < ACCEPT_BURST && accept_one(l->tcp, fd))
		n++;
}

/* Sees whose time is up. */
static void
tcp_tick(evutil_socket_t fd, short what, void *arg)
{
	struct tcp *tcp = arg;
	int64_t now_ms = now_monotonic_ms();
	struct tcp_seat *seat;
	unsigned n = 0;

	(void)fd;
	(void)what;
	while (n++ < TICK_CLOSINGS && (seat = tcp_table_find_expired(
					   tcp->house.table, now_ms)) != NULL)
		close_seat(tcp, seat, STAT_TCP_TIMED_OUT);
	if (tcp->paused_until_ms > 0 && tcp->paused_until_ms <= now_ms) {
		tcp->paused_until_ms = 0;
		if (!tcp->house.stopped)
			set_accepting(tcp, true);
	}
}

enum error
tcp_new(struct door *door, const struct tcp_limits *limits, struct tcp **made)
{
	const struct timeval tick = {.tv_usec = TICK_MS * 1000};
	const int64_t timeout_ms[PATIENCE_COUNT] = {
	    [PATIENCE_IDLE] = limits->idle_ms,
	    [PATIENCE_KEEPALIVE] = limits->keepalive_ms,
	    [PATIENCE_STALLED] = limits->stall_ms,
	};
	struct tcp *tcp = calloc(1, sizeof(*tcp));

	if (tcp == NULL)
		return ERR_MEMORY;
	tcp->house.door = door;
	tcp->house.table =
	    tcp_table_new(limits->connections, limits->per_address, timeout_ms);
	tcp->house.pipeline = limits->pipeline;
	tcp->house.segment = malloc(TCP_SEGMENT_LEN);
	tcp->house.replies = malloc(2 * TCP_FRAME_MAX);
	tcp->tick = event_new(door->base, -1, EV_PERSIST, tcp_tick, tcp);
	if (tcp->house.table == NULL || tcp->house.segment == NULL ||
	    tcp->house.replies == NULL || tcp->tick == NULL ||
	    event_add(tcp->tick, &tick) != 0) {
		tcp_free(tcp);
		return ERR_MEMORY;
	}
	*made = tcp;
	return OK;
}

static void
close_all(struct tcp_table *table)
{
	for (uint32_t i = 0; i < tcp_table_slots(table); i++) {
		struct tcp_seat *seat = tcp_table_at(table, i);

		if (seat != NULL)
			tcp_connection_close(tcp_connection_of(seat));
	}
	tcp_table_free(table);
}

void
tcp_free(struct tcp *tcp)
{
	struct tcp_listener *l;

	if (tcp == NULL)
		return;
	while ((l = SLIST_FIRST(&tcp->listeners)) != NULL) {
		SLIST_REMOVE_HEAD(&tcp->listeners, next);
		event_free(l->acceptable);
		close(l->fd);
		free(l);
	}
	if (tcp->house.table != NULL)
		close_all(tcp->house.table);
	if (tcp->tick != NULL)
		event_free(tcp->tick);
	free(tcp->house.segment);
	free(tcp->house.replies);
	free(tcp);
}

enum error
tcp_listen(struct tcp *tcp, int fd)
{
	struct tcp_listener *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return ERR_MEMORY;
	l->tcp = tcp;
	l->fd = fd;
	l->acceptable = event_new(tcp->house.door->base, fd,
	    EV_READ | EV_PERSIST, listener_acceptable, l);
	if (l->acceptable == NULL || event_add(l->acceptable, NULL) != 0) {
		if (l->acceptable != NULL)
			event_free(l->acceptable);
		free(l);
		return ERR_MEMORY;
	}
	SLIST_INSERT_HEAD(&tcp->listeners, l, next);
	return OK;
}

void
tcp_stop(struct tcp *tcp)
{
	struct tcp_table *table = tcp->house.table;

	set_accepting(tcp, false);
	tcp->house.stopped = true;
	for (uint32_t i = 0; i < tcp_table_slots(table); i++) {
		struct tcp_seat *seat = tcp_table_at(table, i);

		if (seat != NULL)
			tcp_connection_stop(tcp_connection_of(seat));
	}
}

static struct tcp_connection *
find_connection(const struct tcp *tcp, const struct route *route)
{
	struct tcp_seat *seat = tcp_table_find(
	    tcp->house.table, route->connection, route->connection_serial);

	return seat == NULL ? NULL : tcp_connection_of(seat);
}

uint8_t *
tcp_late_room(struct tcp *tcp, const struct route *route)
{
	struct tcp_connection *c = find_connection(tcp, route);

	return c == NULL ? NULL : tcp_connection_late_room(c);
}

void
tcp_late_put(struct tcp *tcp, const struct route *route, size_t len)
{
	tcp_connection_late_put(find_connection(tcp, route), len);
}

void
tcp_flush(struct tcp *tcp)
{
	struct tcp_connection *c;

	while ((c = SLIST_FIRST(&tcp->house.late)) != NULL)
		tcp_connection_flush(c);
}
