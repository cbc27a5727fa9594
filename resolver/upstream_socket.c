/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "resolver/upstream_internal.h"

/* c-ares could do all this itself, but it passes over what does not fit
 * without a word, and takes a full socket for a dead server. */

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
	c->ended = false;
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
		c->ended |=
		    len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR);
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

	if (asked == NULL) {
		at = upstream_find_id(c, id);
		return at < 0 ? NULL : &c->ring[at];
	}
	/* Newer versions draw IDs themselves, and do not know which ones we
	 * remember. */
	upstream_set_id(c, (unsigned)(asked - c->ring), id);
	return asked;
}

bool
upstream_send_datagram(struct asked *asked, int fd)
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
	if (asked != NULL && asked->query != NULL &&
	    !upstream_send_datagram(asked, fd))
		return -1;
	return (ares_ssize_t)parts->iov_len;
}

void
upstream_watch_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *c = arg;
	const struct upstream_loop *loop = &c->up->loop;

	loop->watch(loop->arg, fd, readable != 0, writable != 0);
}

const struct ares_socket_functions upstream_sockets = {
    .asocket = open_socket,
    .aclose = close_socket,
    .aconnect = connect_socket,
    .arecvfrom = receive,
    .asendv = send_vector,
};
