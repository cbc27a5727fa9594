/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker_relay.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "server/config.h"
#include "server/log.h"
#include "server/nameserver/nameserver.h"
#include "server/nameserver/update.h"
#include "server/now.h"
#include "server/stats.h"
#include "zones/snapshot.h"

#define PREFIX_LEN 2 /* RFC 1035 4.2.2 */

/* One update under way. */
struct relay {
	LIST_ENTRY(relay) next;
	struct worker_relay *owner;
	struct update *update;
	struct bufferevent *stream; /* to the server tried now */
	struct endpoint *server;
	size_t servers;
	size_t position; /* of the next one */
};

struct worker_relay {
	struct door *door;
	LIST_HEAD(, relay) relays;
	size_t count;
};

static void
relay_free(struct relay *relay)
{
	LIST_REMOVE(relay, next);
	relay->owner->count--;
	if (relay->stream != NULL)
		bufferevent_free(relay->stream);
	update_free(relay->update);
	free(relay->server);
	free(relay);
}

/* ---- the reply ------------------------------------------------------------
 */

/* Sends octets, or without any what the update has come to. */
static void
reply(struct relay *relay, const uint8_t *wire, size_t len)
{
	struct door *door = relay->owner->door;
	const struct update *update = relay->update;
	const struct route *route = &update->route;
	uint8_t *room;
	size_t cap;

	snapshot_enter(door->hub);
	room = door->late.room(door->late.arg, route, &cap);
	if (room != NULL && len > 0 && len <= cap)
		memcpy(room, wire, len);
	else if (room != NULL)
		len = nameserver_finish(
		    door->local, update, now_read().wall_s, room, cap);
	if (room != NULL)
		door->late.put(door->late.arg, route, len);
	snapshot_leave(door->hub);
	door->late.flush(door->late.arg);
	relay_free(relay);
}

static void try_next(struct relay *);

/* Whether it is the reply to what was sent. */
static bool
is_reply(const struct relay *relay, const uint8_t *wire, size_t len)
{
	const struct message *m = &relay->update->message;

	return len >= MESSAGE_HEADER_LEN && wire_load_u16(wire) == m->id &&
	       (wire[2] & 0x80) != 0 && (wire[2] >> 3 & 15) == OPCODE_UPDATE;
}

static void
stream_readable(struct bufferevent *stream, void *arg)
{
	struct relay *relay = arg;
	struct evbuffer *in = bufferevent_get_input(stream);
	uint8_t prefix[PREFIX_LEN];
	const uint8_t *wire;
	size_t len;

	if (evbuffer_copyout(in, prefix, PREFIX_LEN) < PREFIX_LEN)
		return;
	len = wire_load_u16(prefix);
	if (evbuffer_get_length(in) < PREFIX_LEN + len)
		return;
	wire = evbuffer_pullup(in, (ssize_t)(PREFIX_LEN + len));
	if (wire != NULL && is_reply(relay, wire + PREFIX_LEN, len))
		reply(relay, wire + PREFIX_LEN, len);
	else
		try_next(relay);
}

static void
stream_event(struct bufferevent *stream, short what, void *arg)
{
	struct relay *relay = arg;

	(void)stream;
	if ((what & BEV_EVENT_CONNECTED) == 0)
		try_next(relay);
}

/* ---- to the servers ---------------------------------------------------------
 */

/* Connects to a server and sends the message. */
static bool
send_to(struct relay *relay, const struct endpoint *server)
{
	struct bufferevent *stream = bufferevent_socket_new(
	    relay->owner->door->base, -1, BEV_OPT_CLOSE_ON_FREE);
	const struct timeval timeout = {.tv_sec = RELAY_SERVER_MS / 1000,
	    .tv_usec = RELAY_SERVER_MS % 1000 * 1000};
	const struct message *m = &relay->update->message;
	uint8_t prefix[PREFIX_LEN];

	relay->stream = stream;
	if (stream == NULL)
		return false;
	wire_store_u16(prefix, (uint16_t)m->len);
	bufferevent_set_timeouts(stream, &timeout, &timeout);
	bufferevent_setwatermark(
	    stream, EV_READ, 0, PREFIX_LEN + MESSAGE_MAX_LEN);
	if (bufferevent_write(stream, prefix, PREFIX_LEN) != 0 ||
	    bufferevent_write(stream, m->in, m->len) != 0 ||
	    bufferevent_enable(stream, EV_READ | EV_WRITE) != 0 ||
	    bufferevent_socket_connect(stream, &server->sa, (int)server->len) !=
		0)
		return false;
	/* Only now: what fails above fails here, not in a callback. */
	bufferevent_setcb(stream, stream_readable, NULL, stream_event, relay);
	return true;
}

static void
give_up(struct relay *relay)
{
	static struct log_limit limit = LOG_LIMIT(1);
	char zone[NAME_TEXT_LEN];
	uint32_t skipped;

	if (log_limit_pass(&limit, now_monotonic_ms(), &skipped))
		log_write(LEVEL_WARNING,
		    "update of %s: no server that it is forwarded to answers",
		    name_to_text(message_qname(&relay->update->message), zone));
	update_fail(relay->update, RCODE_SERVFAIL, EDE_NO_REACHABLE_AUTHORITY,
	    "no server that it is forwarded to answers");
	reply(relay, NULL, 0);
}

/* Turns to the next server; the relay may be gone afterwards. */
static void
try_next(struct relay *relay)
{
	while (relay->position < relay->servers) {
		const struct endpoint *server =
		    &relay->server[relay->position++];

		if (relay->stream != NULL)
			bufferevent_free(relay->stream);
		if (send_to(relay, server))
			return;
	}
	give_up(relay);
}

/* ---- taken
 * ------------------------------------------------------------------- */

/* The same message of the same client. */
static bool
is_under_way(const struct worker_relay *owner, const struct update *update)
{
	const struct relay *relay;

	LIST_FOREACH(relay, &owner->relays, next)
	{
		const struct update *other = relay->update;

		if (other->in_len == update->in_len &&
		    memcmp(other->in, update->in, update->in_len) == 0 &&
		    other->tcp == update->tcp &&
		    other->peer.len == update->peer.len &&
		    memcmp(&other->peer.in6, &update->peer.in6,
			update->peer.len) == 0)
			return true;
	}
	return false;
}

static struct relay *
relay_new(struct worker_relay *owner, const struct config_forward *entry)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	if (relay == NULL)
		return NULL;
	relay->owner = owner;
	relay->servers = entry->to_count;
	relay->server = calloc(entry->to_count + 1, sizeof(*relay->server));
	if (relay->server == NULL) {
		free(relay);
		return NULL;
	}
	memcpy(
	    relay->server, entry->to, entry->to_count * sizeof(*relay->server));
	return relay;
}

/* Starts with what was taken, when the batch that it came in is answered. */
static void
begin(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	try_next(arg);
}

bool
worker_relay_take(struct worker_relay *owner, struct update *update)
{
	static const struct timeval at_once = {0, 0};
	struct relay *relay = NULL;

	if (!update->tcp && is_under_way(owner, update)) {
		update_free(update);
		return true;
	}
	if (owner->count < RELAYS_MAX)
		relay = relay_new(owner, update->forward);
	if (relay == NULL || event_base_once(owner->door->base, -1, EV_TIMEOUT,
				 begin, relay, &at_once) != 0) {
		if (relay != NULL)
			free(relay->server);
		free(relay);
		update_fail(update, RCODE_SERVFAIL, EDE_OTHER,
		    "too many updates are under way");
		stats_add(owner->door->stats, STAT_UPDATES_REFUSED, 1);
		return false;
	}
	relay->update = update;
	LIST_INSERT_HEAD(&owner->relays, relay, next);
	owner->count++;
	stats_add(owner->door->stats, STAT_UPDATES_FORWARDED, 1);
	return true;
}

enum error
worker_relay_new(struct door *door, struct worker_relay **made)
{
	struct worker_relay *owner = calloc(1, sizeof(*owner));

	if (owner == NULL)
		return ERR_MEMORY;
	owner->door = door;
	LIST_INIT(&owner->relays);
	door->relay = owner;
	*made = owner;
	return OK;
}

void
worker_relay_free(struct worker_relay *owner)
{
	struct relay *relay;

	if (owner == NULL)
		return;
	while ((relay = LIST_FIRST(&owner->relays)) != NULL)
		relay_free(relay);
	free(owner);
}
