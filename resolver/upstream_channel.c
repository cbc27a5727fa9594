/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/upstream_internal.h"

/* ---- channels ------------------------------------------------------------ */

/* What newer versions would do by themselves. */
static int
switch_off(struct ares_options *options)
{
	int which = 0;

	(void)options;
#ifdef ARES_OPT_QUERY_CACHE /* 1.31: answers would never be asked again */
	options->qcache_max_ttl = 0;
	which |= ARES_OPT_QUERY_CACHE;
#endif
#ifdef ARES_OPT_SERVER_FAILOVER /* 1.32: questions of its own */
	options->server_failover_opts.retry_chance = 0;
	options->server_failover_opts.retry_delay = 1000;
	which |= ARES_OPT_SERVER_FAILOVER;
#endif
	return which;
}

/* From 1.32 on a try lasts five times as long as the average answer took: the
 * first would be over for each name that the server has to look up itself.
 * Those after it go out again, from a new port. */
static int
tries(void)
{
	int version;

	(void)ares_version(&version);
	return version >= 0x012000 ? 6 : 1;
}

static bool
set_server(struct channel *c)
{
	const struct upstream *u = c->up;
	struct ares_addr_port_node node = {.family = u->server.ss_family};

	if (node.family == AF_INET) {
		const struct sockaddr_in *in =
		    (const struct sockaddr_in *)&u->server;

		node.addr.addr4 = in->sin_addr;
		node.udp_port = node.tcp_port = ntohs(in->sin_port);
	} else {
		const struct sockaddr_in6 *in6 =
		    (const struct sockaddr_in6 *)&u->server;

		memcpy(
		    &node.addr.addr6, &in6->sin6_addr, sizeof(node.addr.addr6));
		node.udp_port = node.tcp_port = ntohs(in6->sin6_port);
	}
	return ares_set_servers_ports(c->ares, &node) == ARES_SUCCESS;
}

/* Everything is said, so that c-ares reads no files. */
static bool
open_channel(struct channel *c)
{
	char lookups[] = "b";
	struct ares_options options = {
	    .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
		     ARES_FLAG_NOCHECKRESP | ARES_FLAG_IGNTC |
		     ARES_FLAG_STAYOPEN | (c->tcp ? ARES_FLAG_USEVC : 0),
	    .timeout = CARES_TIMEOUT_MS,
	    .tries = tries(),
	    .ndots = 1,
	    .lookups = lookups,
	    .sock_state_cb = upstream_watch_socket,
	    .sock_state_cb_data = c,
	};
	int which = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		    ARES_OPT_NDOTS | ARES_OPT_SERVERS | ARES_OPT_DOMAINS |
		    ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST |
		    ARES_OPT_SOCK_STATE_CB | ARES_OPT_NOROTATE;

	which |= switch_off(&options);
	if (ares_init_options(&c->ares, &options, which) != ARES_SUCCESS)
		return false;
	ares_set_socket_functions(c->ares, &upstream_sockets, c);
	if (!set_server(c)) {
		ares_destroy(c->ares);
		return false;
	}
	return true;
}

static struct channel *
new_channel(struct upstream *u, bool tcp)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->up = u;
	c->tcp = tcp;
	c->since_us = u->now_us;
	if (!open_channel(c)) {
		free(c);
		return NULL;
	}
	u->channels++;
	return c;
}

static void
free_channel(struct channel *c)
{
	struct upstream *u = c->up;

	assert(c->waiting == 0);
	ares_destroy(c->ares);
	free(c);
	u->channels--;
}

static bool
is_old(const struct channel *c)
{
	int64_t age_us = c->up->now_us - c->since_us;

	if (c->tcp)
		return age_us >= TCP_CHANNEL_US;
	return c->questions >= UDP_CHANNEL_QUESTIONS ||
	       age_us >= UDP_CHANNEL_US;
}

static void
retire(struct channel **slot)
{
	struct channel *c = *slot;

	if (c == NULL)
		return;
	*slot = NULL;
	c->next = c->up->retired;
	c->up->retired = c;
}

/* A channel in the slot, a new one if it may be; NULL if it is full. */
static struct channel *
freshen(struct upstream *u, struct channel **slot, bool tcp)
{
	if (*slot != NULL && is_old(*slot) && u->channels < CHANNELS_MAX)
		retire(slot);
	if (*slot == NULL)
		*slot = new_channel(u, tcp);
	return *slot != NULL && (*slot)->held < RING_LEN ? *slot : NULL;
}

/* Over TCP the one where the fewest wait, so that who answers one after the
 * other is given one after the other. */
static struct channel *
pick_tcp(struct upstream *u)
{
	size_t best = 0;

	for (size_t i = 0; i < TCP_SLOTS; i++) {
		if (u->tcp[i] == NULL) {
			best = i;
			break;
		}
		if (u->tcp[i]->waiting < u->tcp[best]->waiting)
			best = i;
	}
	return freshen(u, &u->tcp[best], true);
}

struct channel *
upstream_pick_channel(struct upstream *u, bool tcp)
{
	size_t first;

	if (tcp)
		return pick_tcp(u);
	if (!upstream_secret_ready(&u->secret, 1))
		return NULL;
	first = *upstream_secret_take(&u->secret, 1);
	for (size_t i = 0; i < UDP_SLOTS; i++) {
		struct channel **slot = &u->udp[(first + i) % UDP_SLOTS];
		struct channel *c = freshen(u, slot, false);

		if (c != NULL)
			return c;
	}
	return NULL;
}

void
upstream_retire_udp(struct upstream *u)
{
	for (size_t i = 0; i < UDP_SLOTS; i++)
		retire(&u->udp[i]);
}

void
upstream_sweep_channels(struct upstream *u)
{
	struct channel **at = &u->retired, *c;

	for (size_t i = 0; i < UDP_SLOTS; i++)
		if (u->udp[i] != NULL && is_old(u->udp[i]))
			retire(&u->udp[i]);
	for (size_t i = 0; i < TCP_SLOTS; i++)
		if (u->tcp[i] != NULL && is_old(u->tcp[i]))
			retire(&u->tcp[i]);
	while ((c = *at) != NULL) {
		if (c->waiting > 0) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		free_channel(c);
	}
}

void
upstream_free_channels(struct upstream *u)
{
	upstream_retire_udp(u);
	for (size_t i = 0; i < TCP_SLOTS; i++)
		retire(&u->tcp[i]);
	upstream_sweep_channels(u);
}

/* ---- questions ----------------------------------------------------------- */

int
upstream_find_id(const struct channel *c, uint16_t id)
{
	unsigned at = c->bucket[id % ID_BUCKETS];

	while (at != 0 && c->id[at - 1] != id)
		at = c->next_id[at - 1];
	return (int)at - 1;
}

static void
forget_id(struct channel *c, unsigned place)
{
	uint16_t *at = &c->bucket[c->id[place] % ID_BUCKETS];

	while (*at != 0 && *at != place + 1)
		at = &c->next_id[*at - 1];
	if (*at != 0)
		*at = c->next_id[place];
}

void
upstream_set_id(struct channel *c, unsigned place, uint16_t id)
{
	uint16_t *bucket = &c->bucket[id % ID_BUCKETS];
	int other = upstream_find_id(c, id);

	if (other == (int)place)
		return;
	if (other >= 0)
		forget_id(c, (unsigned)other);
	forget_id(c, place);
	c->id[place] = id;
	c->next_id[place] = *bucket;
	*bucket = (uint16_t)(place + 1);
}

/* The connection is gone, or was never there. */
static void
note_end(struct channel *c, struct query *q)
{
	if (c->tcp && c->talked && q->tcp_tries < TCP_TRIES)
		upstream_step(c->up, q, STEP_TCP);
	else
		upstream_end(c->up, q, UPSTREAM_REFUSED);
}

/* c-ares is done with a question, one way or other. */
static void
note_result(void *arg, int status, int timeouts, unsigned char *wire, int len)
{
	struct asked *asked = arg;
	struct channel *c = asked->channel;
	struct upstream *u = c->up;
	struct query *q = asked->query;

	(void)timeouts;
	asked->held = false;
	asked->unsent = false;
	c->held--;
	if (q == NULL)
		return;
	switch (status) {
	case ARES_SUCCESS:
		if (c->tcp) {
			upstream_receive_tcp(u, q, wire, (size_t)len);
		} else if (q == u->right) {
			/* As it came, not as c-ares sees it. */
			u->right = NULL;
			q->answer = u->datagram;
			q->answer_len = u->datagram_len;
			upstream_end(u, q, UPSTREAM_ANSWERED);
		} else {
			upstream_step(u, q, STEP_TCP);
		}
		break;
	case ARES_ETIMEOUT:
		upstream_end(u, q, UPSTREAM_SILENT);
		break;
	case ARES_ECONNREFUSED:
		note_end(c, q);
		break;
	case ARES_EBADRESP:
		if (!c->tcp) {
			upstream_step(u, q, STEP_TCP);
			break;
		}
		/* fallthrough */
	default:
		upstream_end(u, q, UPSTREAM_FAILED);
	}
}

/* A place in the ring, the one that was used longest ago if possible. */
static struct asked *
take_place(struct channel *c)
{
	for (unsigned i = 0; i < RING_LEN; i++) {
		struct asked *asked = &c->ring[c->hand];

		if (c->used <= c->hand)
			c->used = c->hand + 1;
		c->hand = (c->hand + 1) % RING_LEN;
		if (!asked->held)
			return asked;
	}
	return NULL;
}

/* Unique among those that c-ares knows; RFC 5452 9.2: random. */
static bool
draw_id(struct channel *c, struct asked *asked, struct query *q)
{
	struct secret *secret = &c->up->secret;
	uint16_t id;

	/* With 512 of 65536 taken, luck will not be that bad. */
	for (int i = 0; i < 16; i++) {
		if (!upstream_secret_ready(secret, 2))
			return false;
		id = upstream_secret_u16(secret);
		if (upstream_find_id(c, id) < 0) {
			upstream_set_id(c, (unsigned)(asked - c->ring), id);
			wire_store_u16(q->wire, id);
			return true;
		}
	}
	return false;
}

bool
upstream_send(struct channel *c, struct query *q)
{
	struct upstream *u = c->up;
	struct asked *asked = take_place(c);
	int len;

	if (asked == NULL || !draw_id(c, asked, q))
		return false;
	*asked = (struct asked){.channel = c, .query = q, .held = true};
	q->asked = asked;
	q->sent_us = u->now_us;
	c->questions++;
	c->held++;
	c->waiting++;
	if (c->tcp) {
		q->tcp_tries++;
		u->stats.by_tcp++;
	}
	/* c-ares must see no OPT over UDP: newer versions put cookies in, and
	 * all of them have ideas about FORMERR. */
	upstream_seal(q, wire_load_u16(q->wire), c->tcp);
	len = q->edns && !c->tcp ? q->len - OPT_LEN : q->len;
	u->sending = asked;
	ares_send(c->ares, q->wire, len, note_result, asked);
	u->sending = NULL;
	return true;
}

void
upstream_send_unsent(struct channel *c)
{
	struct upstream *u = c->up;

	for (unsigned i = 0; i < c->used; i++) {
		struct asked *asked = &c->ring[i];

		if (!asked->unsent || asked->query == NULL ||
		    upstream_find_channel(u, asked->fd) != c)
			continue;
		asked->query->sent_us = u->now_us;
		if (!upstream_send_datagram(asked, asked->fd))
			upstream_end(u, asked->query, UPSTREAM_REFUSED);
	}
}

/* c-ares 1.34 forgets to close a connection that ends within an answer. */
static void
drop_connection(struct channel *c)
{
	struct upstream *u = c->up;

	for (unsigned i = 0; i < c->used; i++)
		if (c->ring[i].query != NULL)
			note_end(c, c->ring[i].query);
	for (size_t i = 0; i < TCP_SLOTS; i++)
		if (u->tcp[i] == c)
			retire(&u->tcp[i]);
	upstream_sweep_channels(u);
}

void
upstream_process(struct channel *c, int fd, bool readable, bool writable)
{
	ares_process_fd(c->ares, readable ? fd : ARES_SOCKET_BAD,
	    writable ? fd : ARES_SOCKET_BAD);
	if (fd >= 0 && c->ended && upstream_find_channel(c->up, fd) == c)
		drop_connection(c);
}
