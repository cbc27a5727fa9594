/* SPDX-License-Identifier: Apache-2.0 */
#include "server/udp.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/nameserver/ahead.h"
#include "server/nameserver/nameserver.h"
#include "server/nameserver/update.h"
#include "server/nameserver/waiting.h"
#include "server/now.h"
#include "server/socket.h"
#include "server/stats.h"
#include "zones/snapshot.h"

/* Not a multiple of a page: the first octets of all buffers would otherwise
 * compete for the same lines of the cache. */
#define BUFFER_STRIDE (UDP_BUFFER_LEN + 192)

#define CONTROL_LEN sizeof(((struct route *)NULL)->control)

struct udp {
	struct door *door;
	struct event *readable;
	struct event *writable; /* pending only while replies wait */
	int fd;
	uint16_t number;
	bool stopped;
	bool waiting; /* for room, with the batch as it is */
	/* out[sent..queued) are replies that have not left yet */
	unsigned queued;
	unsigned sent;
	/* A slot of `in` lends its peer and control to the reply's slot of
	 * `out`, which is the same or an earlier one. */
	struct mmsghdr in[UDP_BATCH];
	struct mmsghdr out[UDP_BATCH];
	struct iovec in_iov[UDP_BATCH];
	struct iovec out_iov[UDP_BATCH];
	struct endpoint peer[UDP_BATCH];
	size_t control_cap; /* 0: bound to one address, the kernel knows */
	_Alignas(struct cmsghdr) uint8_t control[UDP_BATCH][CONTROL_LEN];
	/* not initialised */
	struct ahead ahead;
	_Alignas(64) uint8_t in_buf[UDP_BATCH][BUFFER_STRIDE];
	uint8_t out_buf[UDP_BATCH][BUFFER_STRIDE];
};

/* Lays out everything that stays the same from batch to batch. */
static void
preset(struct udp *udp)
{
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		struct msghdr *in = &udp->in[i].msg_hdr;
		struct msghdr *out = &udp->out[i].msg_hdr;

		udp->in_iov[i].iov_base = udp->in_buf[i];
		udp->in_iov[i].iov_len = UDP_BUFFER_LEN;
		udp->out_iov[i].iov_base = udp->out_buf[i];
		in->msg_iov = &udp->in_iov[i];
		out->msg_iov = &udp->out_iov[i];
		in->msg_iovlen = out->msg_iovlen = 1;
		in->msg_name = &udp->peer[i];
		in->msg_namelen = sizeof(udp->peer[i].in6);
		if (udp->control_cap > 0)
			in->msg_control = udp->control[i];
		in->msg_controllen = udp->control_cap;
	}
}

/* Addresses reply number udp->queued and counts it. */
static void
queue_reply(struct udp *udp, struct endpoint *peer, void *control,
    size_t control_len, size_t len)
{
	struct msghdr *out = &udp->out[udp->queued].msg_hdr;

	out->msg_name = peer;
	out->msg_namelen = peer->len;
	out->msg_control = control;
	out->msg_controllen = control_len;
	udp->out_iov[udp->queued].iov_len = len;
	udp->queued++;
}

/* Where a later reply must go. */
static void
set_route(const struct udp *udp, const struct request *request,
    const struct msghdr *in, struct route *route)
{
	route->worker = udp->door->worker;
	route->socket = udp->number;
	route->tcp = false;
	route->peer = *request->peer;
	route->control_len = in->msg_controllen;
	if (in->msg_controllen > 0)
		memcpy(route->control, in->msg_control, in->msg_controllen);
}

/* Hands an update on; returns the length of a reply if there is
 * one already (SERVFAIL: too many are under way). */
static size_t
submit(struct udp *udp, struct request *request, const struct msghdr *in)
{
	struct update *update = request->update;
	size_t len;

	set_route(udp, request, in, &update->route);
	if (door_submit(udp->door, update))
		return 0;
	len = nameserver_finish(udp->door->local, update, request->wall_s,
	    request->out, request->out_cap);
	update_free(update);
	return len;
}

/* Answers datagram number i into the next free slot. */
static void
answer_one(struct udp *udp, const struct snapshot *snapshot,
    struct request *request, unsigned i)
{
	struct msghdr *in = &udp->in[i].msg_hdr;
	size_t len;

	udp->peer[i].len = in->msg_namelen;
	request->peer = &udp->peer[i];
	request->in = udp->in_buf[i];
	request->in_len = udp->in[i].msg_len;
	request->out = udp->out_buf[udp->queued];
	request->out_cap = UDP_BUFFER_LEN;
	request->out_len = 0;
	request->update = NULL;
	if (in->msg_controllen > 0)
		socket_turn_control(in->msg_control, in->msg_controllen);
	switch (nameserver_answer(udp->door->local, snapshot, request)) {
	case VERDICT_SEND:
		len = request->out_len;
		break;
	case VERDICT_WRITE:
		len = submit(udp, request, in);
		break;
	case VERDICT_WAIT:
		if (request->update != NULL) {
			len = submit(udp, request, in);
			break;
		}
		set_route(udp, request, in, &request->waiting->route);
		len = 0;
		break;
	case VERDICT_DROP:
	case VERDICT_STREAM:
	default:
		stats_add(udp->door->stats, STAT_DROPPED, 1);
		len = 0;
	}
	if (len > 0)
		queue_reply(udp, &udp->peer[i], in->msg_control,
		    in->msg_controllen, len);
	/* The kernel wrote what it used; offer it all again. */
	in->msg_namelen = sizeof(udp->peer[i].in6);
	in->msg_controllen = udp->control_cap;
}

/* Looks at the datagrams from number `from` on; a single one would only be
 * looked at twice. */
static void
look_ahead(
    struct udp *udp, const struct snapshot *snapshot, unsigned from, unsigned n)
{
	const uint8_t *in[AHEAD_MAX];
	size_t len[AHEAD_MAX];
	unsigned count = n - from < AHEAD_MAX ? n - from : AHEAD_MAX;

	if (count == 1) {
		udp->ahead.zone[0] = NULL;
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		in[i] = udp->in_buf[from + i];
		len[i] = udp->in[from + i].msg_len;
	}
	ahead_look(&udp->ahead, snapshot, in, len, count);
}

/* Answers the n datagrams that have come, all from the same snapshot. */
static void
answer_batch(struct udp *udp, unsigned n)
{
	struct door *door = udp->door;
	struct moment now = now_read();
	struct request request = {
	    .now_ms = now.ms,
	    .wall_s = now.wall_s,
	    .random = &door->random,
	};
	const struct snapshot *snapshot = snapshot_enter(door->hub);

	udp->queued = udp->sent = 0;
	for (unsigned i = 0; i < n; i++) {
		if (i % AHEAD_MAX == 0)
			look_ahead(udp, snapshot, i, n);
		request.key = ahead_key(&udp->ahead, i % AHEAD_MAX);
		answer_one(udp, snapshot, &request, i);
	}
	snapshot_leave(door->hub);
	door_flush(door);
	stats_add(door->stats, STAT_UDP_BATCHES, 1);
	stats_add(door->stats, STAT_UDP_RECEIVED, n);
}

/* Stops reading until the kernel has room for replies again. */
static void
wait_for_room(struct udp *udp)
{
	udp->waiting = true;
	event_del(udp->readable);
	event_add(udp->writable, NULL);
}

/* Sends what is queued; false if the rest has to wait. */
static bool
send_queued(struct udp *udp)
{
	while (udp->sent < udp->queued) {
		int n = sendmmsg(
		    udp->fd, udp->out + udp->sent, udp->queued - udp->sent, 0);

		if (n > 0) {
			udp->sent += (unsigned)n;
			stats_add(udp->door->stats, STAT_UDP_SENT, (uint64_t)n);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return false;
		} else if (errno != EINTR) {
			/* About the first of them only: port 0, no route, a
			 * full interface (ENOBUFS).  The others may go. */
			udp->sent++;
			stats_add(udp->door->stats, STAT_UDP_UNSENT, 1);
		}
	}
	udp->queued = udp->sent = 0;
	return true;
}

static void
udp_readable(evutil_socket_t fd, short what, void *arg)
{
	struct udp *udp = arg;

	(void)what;
	for (unsigned turn = 0; turn < UDP_TURN_BATCHES; turn++) {
		int n = recvmmsg(fd, udp->in, UDP_BATCH, MSG_DONTWAIT, NULL);

		if (n <= 0)
			return; /* an ICMP error, or nothing: poll tells */
		answer_batch(udp, (unsigned)n);
		if (!send_queued(udp)) {
			wait_for_room(udp);
			return;
		}
		if (n < UDP_BATCH)
			return;
	}
}

static void
udp_writable(evutil_socket_t fd, short what, void *arg)
{
	struct udp *udp = arg;

	(void)fd;
	(void)what;
	if (!send_queued(udp))
		return;
	udp->waiting = false;
	event_del(udp->writable);
	if (!udp->stopped)
		event_add(udp->readable, NULL);
}

enum error
udp_new(struct door *door, int fd, uint16_t number, struct udp **made)
{
	struct udp *udp = aligned_alloc(_Alignof(struct udp), sizeof(*udp));

	if (udp == NULL)
		return ERR_MEMORY;
	memset(udp, 0, offsetof(struct udp, ahead));
	udp->door = door;
	udp->fd = fd;
	udp->number = number;
	udp->control_cap = socket_is_wildcard(fd) ? CONTROL_LEN : 0;
	preset(udp);
	udp->readable =
	    event_new(door->base, fd, EV_READ | EV_PERSIST, udp_readable, udp);
	udp->writable =
	    event_new(door->base, fd, EV_WRITE | EV_PERSIST, udp_writable, udp);
	if (udp->readable == NULL || udp->writable == NULL ||
	    event_add(udp->readable, NULL) != 0) {
		udp->fd = -1;
		udp_free(udp);
		return ERR_MEMORY;
	}
	*made = udp;
	return OK;
}

void
udp_free(struct udp *udp)
{
	if (udp == NULL)
		return;
	if (udp->readable != NULL)
		event_free(udp->readable);
	if (udp->writable != NULL)
		event_free(udp->writable);
	if (udp->fd >= 0)
		close(udp->fd);
	free(udp);
}

void
udp_stop(struct udp *udp)
{
	udp->stopped = true;
	event_del(udp->readable);
}

uint8_t *
udp_late_room(struct udp *udp)
{
	if (udp->queued == UDP_BATCH && !udp->waiting)
		udp_flush(udp);
	return udp->waiting ? NULL : udp->out_buf[udp->queued];
}

void
udp_late_put(struct udp *udp, const struct route *route, size_t len)
{
	unsigned i = udp->queued;

	assert(i < UDP_BATCH && len <= UDP_BUFFER_LEN);
	udp->peer[i] = route->peer;
	memcpy(udp->control[i], route->control, route->control_len);
	queue_reply(udp, &udp->peer[i],
	    route->control_len > 0 ? udp->control[i] : NULL, route->control_len,
	    len);
}

void
udp_flush(struct udp *udp)
{
	if (!udp->waiting && !send_queued(udp))
		wait_for_room(udp);
}
