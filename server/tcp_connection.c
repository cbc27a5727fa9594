/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tcp_connection.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/nameserver/nameserver.h"
#include "server/nameserver/update.h"
#include "server/nameserver/waiting.h"
#include "server/now.h"
#include "server/stats.h"
#include "zones/dns/wire.h"
#include "zones/snapshot.h"

/* Shorter "messages" have no header: the peer speaks something else. */
#define MESSAGE_MIN 12

/* The first buffer for a message that comes in pieces. */
#define IN_FIRST_LEN 256

static struct stats *
stats_of(const struct tcp_connection *c)
{
	return c->house->door->stats;
}

/* ---- replies out ---- */

/* Sends the replies that have gathered in the house's buffer. */
static void
send_replies(struct tcp_connection *c)
{
	struct tcp_house *house = c->house;

	if (house->replies_len > 0 && !c->broken)
		c->broken = !tcp_output_write(
		    &c->out, c->fd, house->replies, house->replies_len);
	house->replies_len = 0;
}

/* Sends what waits; returns whether the kernel took anything. */
static bool
send_waiting(struct tcp_connection *c)
{
	size_t sent = 0;

	if (!c->broken)
		c->broken = !tcp_output_send(&c->out, c->fd, &sent);
	return sent > 0;
}

/* Where to write the message of one more reply, behind its length. */
static uint8_t *
reply_room(struct tcp_connection *c)
{
	struct tcp_house *house = c->house;

	assert(house->replies_len <= TCP_OUT_HIGH);
	return house->replies + house->replies_len + 2;
}

/* Adds the message of len octets that was written to reply_room(). */
static void
put_reply(struct tcp_connection *c, size_t len)
{
	struct tcp_house *house = c->house;

	assert(len <= TCP_MESSAGE_MAX);
	if (len == 0)
		return;
	wire_store_u16(house->replies + house->replies_len, (uint16_t)len);
	house->replies_len += 2 + len;
	stats_add(stats_of(c), STAT_TCP_SENT, 1);
}

/* ---- messages in ---- */

/* Whether the connection has enough to do for now. */
static bool
is_blocked(const struct tcp_connection *c)
{
	return c->broken || c->under_way >= c->house->pipeline ||
	       tcp_output_len(&c->out) >= TCP_OUT_HIGH;
}

/* Where a later reply must go. */
static void
set_route(const struct tcp_connection *c, struct route *route)
{
	route->worker = c->house->door->worker;
	route->tcp = true;
	route->connection = c->seat.slot;
	route->connection_serial = c->seat.serial;
	route->peer = c->peer;
	route->control_len = 0;
}

/* Hands an update on, or refuses it if too many are under way;
 * returns the length of a reply that is ready at once. */
static size_t
submit(struct tcp_connection *c, struct request *request)
{
	struct door *door = c->house->door;
	struct update *update = request->update;
	size_t len;

	set_route(c, &update->route);
	if (door_submit(door, update)) {
		c->under_way++;
		return 0;
	}
	len = nameserver_finish(door->local, update, request->wall_s,
	    request->out, request->out_cap);
	update_free(update);
	return len;
}

/* Answers one message. */
static void
answer_one(struct tcp_connection *c, const struct snapshot *snapshot,
    struct request *request)
{
	struct door *door = c->house->door;

	request->out = reply_room(c);
	request->out_cap = TCP_MESSAGE_MAX;
	request->out_len = 0;
	request->update = NULL;
	request->keepalive = false;
	stats_add(door->stats, STAT_TCP_RECEIVED, 1);
	switch (nameserver_answer(door->local, snapshot, request)) {
	case VERDICT_SEND:
		put_reply(c, request->out_len);
		break;
	case VERDICT_WRITE:
		put_reply(c, submit(c, request));
		break;
	case VERDICT_WAIT:
		if (request->update != NULL) {
			put_reply(c, submit(c, request));
			break;
		}
		set_route(c, &request->waiting->route);
		c->under_way++;
		break;
	case VERDICT_DROP:
	case VERDICT_STREAM:
	default:
		stats_add(door->stats, STAT_DROPPED, 1);
	}
	c->keepalive |= request->keepalive;
}

/* The length of the frame at the start of the octets, with its prefix; 0 if
 * not even that is there. */
static size_t
frame_len(const uint8_t *octets, size_t len)
{
	return len < 2 ? 0 : (size_t)2 + wire_load_u16(octets);
}

/* Notes that the connection is in use.  While replies wait, only their being
 * read counts: a deaf peer could go on asking for ever. */
static void
touch(struct tcp_connection *c, int64_t now_ms, bool peer_reads)
{
	enum tcp_patience patience =
	    c->keepalive ? PATIENCE_KEEPALIVE : PATIENCE_IDLE;

	if (tcp_output_len(&c->out) > 0)
		patience = PATIENCE_STALLED;
	if (patience != PATIENCE_STALLED ||
	    c->seat.patience != PATIENCE_STALLED || peer_reads)
		tcp_table_touch(c->house->table, &c->seat, patience, now_ms);
}

/* Answers the whole messages in octets, until there is enough to do; returns
 * how many octets they took. */
static size_t
consume(struct tcp_connection *c, const uint8_t *octets, size_t len)
{
	struct door *door = c->house->door;
	struct moment now = now_read();
	struct request request = {
	    .tcp = true,
	    .peer = &c->peer,
	    .now_ms = now.ms,
	    .wall_s = now.wall_s,
	    .random = &door->random,
	};
	const struct snapshot *snapshot = snapshot_enter(door->hub);
	size_t used = 0, frame = 0;

	while (!is_blocked(c)) {
		frame = frame_len(octets + used, len - used);
		if (frame < 2 + MESSAGE_MIN || frame > len - used)
			break;
		request.in = octets + used + 2;
		request.in_len = frame - 2;
		answer_one(c, snapshot, &request);
		used += frame;
		if (c->house->replies_len >= TCP_OUT_HIGH)
			send_replies(c);
	}
	snapshot_leave(door->hub);
	door_flush(door);
	send_replies(c);
	if (used > 0)
		touch(c, now.ms, false);
	if (frame > 0 && frame < 2 + MESSAGE_MIN)
		c->broken = true;
	return used;
}

/* Gives back room that a long message has left. */
static void
shrink(struct tcp_connection *c)
{
	size_t cap = c->in_len < IN_FIRST_LEN ? IN_FIRST_LEN : c->in_len;
	uint8_t *shrunk;

	if (cap >= c->in_cap)
		return;
	shrunk = realloc(c->in, cap);
	if (shrunk == NULL)
		return;
	c->in = shrunk;
	c->in_cap = cap;
}

/* Answers what was kept of earlier segments. */
static void
consume_kept(struct tcp_connection *c)
{
	size_t used;

	if (c->in_len == 0)
		return;
	used = consume(c, c->in, c->in_len);
	c->in_len -= used;
	if (c->in_len == 0) {
		free(c->in);
		c->in = NULL;
		c->in_cap = 0;
	} else if (used > 0) {
		memmove(c->in, c->in + used, c->in_len);
		shrink(c);
	}
}

/* Keeps the start of a message, or what has to wait. */
static void
keep(struct tcp_connection *c, const uint8_t *octets, size_t len)
{
	size_t cap = len < IN_FIRST_LEN ? IN_FIRST_LEN : len;

	if (len == 0 || c->broken)
		return;
	c->in = malloc(cap);
	if (c->in == NULL) {
		c->broken = true;
		return;
	}
	memcpy(c->in, octets, len);
	c->in_len = len;
	c->in_cap = cap;
}

/* Makes room behind the message that is kept in part: as much as its
 * announced length asks for, but no more than was received already. */
static bool
grow(struct tcp_connection *c)
{
	size_t cap = frame_len(c->in, c->in_len);
	uint8_t *grown;

	if (cap > 2 * c->in_len)
		cap = 2 * c->in_len;
	if (cap <= c->in_cap)
		return true;
	grown = realloc(c->in, cap);
	if (grown == NULL)
		return false;
	c->in = grown;
	c->in_cap = cap;
	return true;
}

/* Receives once and answers what has come; false if the peer has ended. */
static bool
receive(struct tcp_connection *c)
{
	struct tcp_house *house = c->house;
	uint8_t *room = house->segment;
	size_t cap = TCP_SEGMENT_LEN, used;
	ssize_t n;

	if (c->in_len > 0) {
		if (!grow(c)) {
			c->broken = true;
			return true;
		}
		room = c->in + c->in_len;
		cap = c->in_cap - c->in_len;
	}
	n = recv(c->fd, room, cap, MSG_DONTWAIT);
	if (n <= 0) {
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK &&
		    errno != EINTR)
			c->broken = true;
		return n != 0;
	}
	if (c->in_len > 0) {
		c->in_len += (size_t)n;
		consume_kept(c);
	} else {
		used = consume(c, room, (size_t)n);
		keep(c, room + used, (size_t)n - used);
	}
	return true;
}

/* ---- the life of a connection ---- */

/* Makes an event pending or not. */
static void
set_interest(struct event *event, bool *pending, bool wanted)
{
	if (*pending == wanted)
		return;
	if (wanted)
		event_add(event, NULL);
	else
		event_del(event);
	*pending = wanted;
}

/* Whether nothing more can come of the connection. */
static bool
is_over(const struct tcp_connection *c)
{
	if (c->broken)
		return true;
	return (c->ended || c->house->stopped) && c->under_way == 0 &&
	       tcp_output_len(&c->out) == 0;
}

/* Counts the connection's buffers, and lets connections go (as for a
 * newcomer) while all of them together hold too much. */
static void
account(struct tcp_connection *c)
{
	struct tcp_house *house = c->house;
	size_t held = c->in_cap + c->out.cap;

	house->held += held - c->held;
	c->held = held;
	while (house->held > TCP_HELD_MAX && !c->broken) {
		struct tcp_connection *victim = tcp_connection_of(
		    tcp_table_find_longest_idle(house->table));

		stats_add(stats_of(c), STAT_TCP_EVICTED, 1);
		if (victim == c)
			c->broken = true;
		else
			tcp_connection_close(victim);
	}
}

static void connection_writable(evutil_socket_t fd, short what, void *arg);

/* Waits for room in the kernel if replies wait.  Most connections never do,
 * so the event is made when it is needed. */
static void
settle_writing(struct tcp_connection *c)
{
	bool wanted = tcp_output_len(&c->out) > 0;

	if (wanted && c->writable == NULL)
		c->writable = event_new(c->house->door->base, c->fd,
		    EV_WRITE | EV_PERSIST, connection_writable, c);
	if (wanted && c->writable == NULL)
		c->broken = true;
	else
		set_interest(c->writable, &c->writing, wanted);
}

/* Decides what to wait for next; closes the connection if it is over. */
static void
settle(struct tcp_connection *c)
{
	account(c);
	settle_writing(c);
	if (is_over(c))
		tcp_connection_close(c);
	else
		set_interest(c->readable, &c->reading,
		    !c->ended && !c->house->stopped && !is_blocked(c));
}

/* Goes on with messages that had to wait, as far as that is possible now. */
static void
resume(struct tcp_connection *c)
{
	if (!is_blocked(c) && !c->house->stopped)
		consume_kept(c);
	settle(c);
}

static void
connection_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_connection *c = arg;

	(void)fd;
	(void)what;
	if (!receive(c))
		c->ended = true;
	settle(c);
}

static void
connection_writable(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_connection *c = arg;

	(void)fd;
	(void)what;
	if (send_waiting(c))
		touch(c, now_monotonic_ms(), true);
	resume(c);
}

enum error
tcp_connection_new(struct tcp_house *house, int fd, const struct endpoint *peer,
    int64_t now_ms)
{
	struct tcp_connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return ERR_MEMORY;
	c->house = house;
	c->fd = fd;
	c->peer = *peer;
	c->readable = event_new(house->door->base, fd, EV_READ | EV_PERSIST,
	    connection_readable, c);
	if (c->readable == NULL ||
	    tcp_table_enter(house->table, &c->seat, peer, now_ms) != OK) {
		if (c->readable != NULL)
			event_free(c->readable);
		free(c);
		return ERR_MEMORY;
	}
	set_interest(c->readable, &c->reading, true);
	stats_add(stats_of(c), STAT_TCP_ACCEPTED, 1);
	stats_set(stats_of(c), STAT_TCP_OPEN, tcp_table_count(house->table));
	return OK;
}

void
tcp_connection_close(struct tcp_connection *c)
{
	struct tcp_house *house = c->house;

	event_free(c->readable);
	if (c->writable != NULL)
		event_free(c->writable);
	if (c->is_late)
		SLIST_REMOVE(&house->late, c, tcp_connection, late);
	tcp_table_leave(house->table, &c->seat);
	stats_set(
	    house->door->stats, STAT_TCP_OPEN, tcp_table_count(house->table));
	close(c->fd);
	house->held -= c->held;
	tcp_output_clear(&c->out);
	free(c->in);
	free(c);
}

struct tcp_connection *
tcp_connection_of(struct tcp_seat *seat)
{
	/* The seat is the first member. */
	return (struct tcp_connection *)(void *)seat;
}

void
tcp_connection_stop(struct tcp_connection *c)
{
	settle(c);
}

uint8_t *
tcp_connection_late_room(struct tcp_connection *c)
{
	assert(c->house->replies_len == 0);
	return reply_room(c);
}

void
tcp_connection_late_put(struct tcp_connection *c, size_t len)
{
	struct tcp_house *house = c->house;

	assert(c->under_way > 0);
	c->under_way--;
	put_reply(c, len);
	/* Kept, not sent: its neighbours in the batch join it. */
	if (len > 0 &&
	    !tcp_output_put(&c->out, house->replies, house->replies_len))
		c->broken = true;
	house->replies_len = 0;
	if (!c->is_late)
		SLIST_INSERT_HEAD(&house->late, c, late);
	c->is_late = true;
}

void
tcp_connection_flush(struct tcp_connection *c)
{
	SLIST_REMOVE(&c->house->late, c, tcp_connection, late);
	c->is_late = false;
	touch(c, now_monotonic_ms(), send_waiting(c));
	resume(c);
}
