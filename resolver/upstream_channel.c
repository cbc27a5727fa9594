/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "resolver/upstream_internal.h"

/* ---- sockets, on behalf of c-ares ------------------------------------------
 * It would open, read and write them itself, but take every datagram that
 * comes for a reason to go on waiting, and a full socket for a dead server. */

static struct channel *
find_channel(const struct upstream *u, int fd, size_t *at)
{
	for (size_t i = 0; i < u->sockets_count; i++)
		if (u->sockets[i].fd == fd) {
			*at = i;
			return u->sockets[i].channel;
		}
	return NULL;
}

struct channel *
upstream_find_channel(const struct upstream *u, int fd)
{
	size_t at;

	return find_channel(u, fd, &at);
}

static bool
reserve_socket(struct upstream *u)
{
	size_t cap = u->sockets_cap == 0 ? 32 : 2 * u->sockets_cap;
	struct socket_of *more;

	if (u->sockets_count < u->sockets_cap)
		return true;
	more = realloc(u->sockets, cap * sizeof(*more));
	if (more == NULL)
		return false;
	u->sockets = more;
	u->sockets_cap = cap;
	return true;
}

static ares_socket_t
open_socket(int domain, int type, int protocol, void *arg)
{
	struct channel *c = arg;
	struct upstream *u = c->up;
	const int on = 1;
	int fd;

	if (!reserve_socket(u)) {
		errno = ENOMEM;
		return -1;
	}
	fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -1;
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	else
		u->stats.ports++;
	c->talked = false;
	u->sockets[u->sockets_count++] = (struct socket_of){fd, c};
	return fd;
}

static int
close_socket(ares_socket_t fd, void *arg)
{
	struct channel *c = arg;
	struct upstream *u = c->up;
	size_t at;

	if (find_channel(u, fd, &at) != NULL)
		u->sockets[at] = u->sockets[--u->sockets_count];
	return close(fd);
}

/* The address as we were told, scope included.  The kernel chooses the port,
 * at random, and hands on only what comes from that address. */
static int
connect_socket(ares_socket_t fd, const struct sockaddr *address,
    ares_socklen_t len, void *arg)
{
	const struct channel *c = arg;
	const struct upstream *u = c->up;

	(void)address;
	(void)len;
	return connect(fd, (const struct sockaddr *)&u->server, u->server_len);
}

static ares_ssize_t
receive(ares_socket_t fd, void *to, size_t cap, int flags,
    struct sockaddr *from, ares_socklen_t *from_len, void *arg)
{
	struct channel *c = arg;
	struct upstream *u = c->up;
	ssize_t len;

	if (c->tcp) {
		len = recv(fd, to, cap, flags);
		u->progress |= len > 0;
		return len;
	}
	len = upstream_receive(c, fd);
	if (len < 0)
		return -1;
	if (from != NULL && from_len != NULL) {
		if (*from_len > u->server_len)
			*from_len = u->server_len;
		memcpy(from, &u->server, *from_len);
	}
	/* Only the end of an answer may be missing, which we have ourselves. */
	len = len < (ssize_t)cap ? len : (ssize_t)cap;
	memcpy(to, u->datagram, (size_t)len);
	return len;
}

/* Which of the questions c-ares sends: the one that it was just given, or one
 * that newer versions send again. */
static struct asked *
find_sent(struct channel *c, uint16_t id)
{
	struct asked *asked = c->up->sending;
	int at;

	if (asked != NULL && asked->channel == c) {
		c->id[asked - c->ring] = id;
		return asked;
	}
	at = upstream_find_id(c, id);
	return at < 0 ? NULL : &c->ring[at];
}

/* Sends the message of a query, with the ID that c-ares knows it by; a full
 * socket is not the end of it, as it would be in c-ares 1.18. */
static bool
send_datagram(struct asked *asked, int fd)
{
	struct channel *c = asked->channel;
	struct query *q = asked->query;

	upstream_seal(q, c->id[asked - c->ring], true);
	asked->unsent = false;
	if (send(fd, q->wire, q->len, MSG_NOSIGNAL) >= 0)
		return true;
	if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
		return false;
	asked->fd = fd;
	asked->unsent = true;
	c->up->unsent = true;
	return true;
}

static ares_ssize_t
send_vector(ares_socket_t fd, const struct iovec *parts, int count, void *arg)
{
	struct channel *c = arg;
	struct msghdr message = {
	    .msg_iov = (struct iovec *)(uintptr_t)parts,
	    .msg_iovlen = (size_t)count,
	};
	struct asked *asked = NULL;
	ssize_t len;

	if (c->tcp) {
		len = sendmsg(fd, &message, MSG_NOSIGNAL);
		c->talked |= len > 0;
		return len;
	}
	if (parts->iov_len >= MESSAGE_HEADER_LEN)
		asked = find_sent(c, wire_load_u16(parts->iov_base));
	/* Nobody waits for what is sent again after its end. */
	if (asked != NULL && asked->query != NULL && !send_datagram(asked, fd))
		return -1;
	return (ares_ssize_t)parts->iov_len;
}

static void
watch_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *c = arg;
	const struct upstream_loop *loop = &c->up->loop;

	loop->watch(loop->arg, fd, readable != 0, writable != 0);
}

/* ---- channels ------------------------------------------------------------ */

static const struct ares_socket_functions socket_functions = {
    .asocket = open_socket,
    .aclose = close_socket,
    .aconnect = connect_socket,
    .arecvfrom = receive,
    .asendv = send_vector,
};

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
	    .sock_state_cb = watch_socket,
	    .sock_state_cb_data = c,
	};
	int which = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		    ARES_OPT_NDOTS | ARES_OPT_SERVERS | ARES_OPT_DOMAINS |
		    ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST |
		    ARES_OPT_SOCK_STATE_CB | ARES_OPT_NOROTATE;

	which |= switch_off(&options);
	if (ares_init_options(&c->ares, &options, which) != ARES_SUCCESS)
		return false;
	ares_set_socket_functions(c->ares, &socket_functions, c);
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
	return c->questions >= CHANNEL_QUESTIONS ||
	       c->up->now_us - c->since_us >=
		   (c->tcp ? TCP_CHANNEL_US : UDP_CHANNEL_US);
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
	for (unsigned i = 0; i < c->used; i++)
		if (c->id[i] == id)
			return (int)i;
	return -1;
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
		if (c->tcp && c->talked && q->tcp_tries < TCP_TRIES)
			upstream_step(u, q, STEP_TCP);
		else
			upstream_end(u, q, UPSTREAM_REFUSED);
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
			c->id[asked - c->ring] = id;
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
		if (!send_datagram(asked, asked->fd))
			upstream_end(u, asked->query, UPSTREAM_REFUSED);
	}
}

void
upstream_process(struct channel *c, int fd, bool readable, bool writable)
{
	ares_process_fd(c->ares, readable ? fd : ARES_SOCKET_BAD,
	    writable ? fd : ARES_SOCKET_BAD);
}
