/* SPDX-License-Identifier: Apache-2.0 */
#include "server/muster_update_send.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/now.h"
#include "server/socket.h"

#define TRIES 3 /* by UDP, for each address */
#define FIRST_TRY_MS 1000 /* doubled with each one */
#define DOUBT_MS 250 /* for a better reply than a doubtful one */
#define TCP_MS 5000 /* to connect, and for the answer */
#define UDP_MAX_LEN EDNS_PAYLOAD /* what is longer goes by TCP */

/* One exchange. */
struct sending {
	const struct muster_way *way;
	const uint8_t *message;
	size_t len;
	muster_take_fn *take;
	void *arg;
	char *why;
	bool doubtful; /* a reply that will do if no better one comes */
	uint8_t *in; /* MESSAGE_MAX_LEN octets */
};

/* What one step of it came to. */
enum step {
	STEP_DONE,
	STEP_NEXT, /* the next address */
	STEP_TCP,
	STEP_STOPPED,
};

/* --- waiting --- */

enum muster_waited
muster_wait(int fd, short events, int stop_fd, int64_t until_ms)
{
	struct pollfd polled[2] = {
	    {.fd = stop_fd, .events = POLLIN},
	    {.fd = fd, .events = events},
	};

	for (;;) {
		int64_t left = until_ms - now_monotonic_ms();
		int n;

		if (left < 0)
			left = 0;
		n = poll(polled, 2, left > INT_MAX ? INT_MAX : (int)left);
		if (n > 0 && polled[0].revents != 0)
			return WAIT_STOPPED;
		if (n > 0)
			return WAIT_READY;
		if (n == 0 && left < INT_MAX)
			return WAIT_TIME;
	}
}

enum muster_waited
muster_transfer(int fd, uint8_t *octets, size_t len, short direction,
    int stop_fd, int64_t until_ms)
{
	while (len > 0) {
		enum muster_waited waited =
		    muster_wait(fd, direction, stop_fd, until_ms);
		ssize_t n;

		if (waited == WAIT_TIME)
			errno = ETIMEDOUT;
		if (waited != WAIT_READY)
			return waited;
		n = direction == POLLIN ? recv(fd, octets, len, 0)
					: send(fd, octets, len, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ECONNRESET;
			return WAIT_TIME;
		}
		octets += n;
		len -= (size_t)n;
	}
	return WAIT_READY;
}

/* --- sockets --- */

static int
open_connected(const struct endpoint *to, int type)
{
	int fd =
	    socket(to->sa.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved;

	if (fd < 0)
		return -1;
	if (connect(fd, &to->sa, to->len) == 0 || errno == EINPROGRESS)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
muster_connect(const struct endpoint *to, int stop_fd, int64_t until_ms)
{
	int fd = open_connected(to, SOCK_STREAM);
	int error = 0;
	socklen_t len = sizeof(error);

	if (fd < 0)
		return -1;
	switch (muster_wait(fd, POLLOUT, stop_fd, until_ms)) {
	case WAIT_READY:
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
		break;
	case WAIT_TIME:
		error = ETIMEDOUT;
		break;
	case WAIT_STOPPED:
		error = ECANCELED;
		break;
	}
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

bool
muster_local_address(const struct endpoint *to, struct endpoint *local)
{
	struct endpoint found = {.len = sizeof(found.in6)};
	int fd = open_connected(to, SOCK_DGRAM);
	bool ok;

	if (fd < 0)
		return false;
	ok = getsockname(fd, &found.sa, &found.len) == 0;
	close(fd);
	if (ok)
		*local = found;
	return ok;
}

/* --- one address --- */

static void
say_why(const struct sending *s, const struct endpoint *server, int error)
{
	char name[SOCKET_NAME_LEN];

	socket_print(server, name);
	snprintf(s->why, MUSTER_WHY_LEN, "%s: %s", name,
	    error == ETIMEDOUT ? "no answer" : strerror(error));
}

/* The lesser of now + ms and another moment. */
static int64_t
sooner(int64_t moment_ms, int64_t ms)
{
	int64_t until = now_monotonic_ms() + ms;

	return until < moment_ms ? until : moment_ms;
}

/* What a reply means for the way on; false: wait for another one. */
static bool
take_reply(struct sending *s, size_t len, enum step *step)
{
	switch (s->take(s->arg, s->in, len)) {
	case TAKE_DONE:
		*step = STEP_DONE;
		return true;
	case TAKE_TRUNCATED:
		*step = STEP_TCP;
		return true;
	case TAKE_DOUBTFUL:
		s->doubtful = true;
		return false;
	default:
		return false;
	}
}

/* One try by UDP: true when something is decided. */
static bool
try_udp(struct sending *s, int fd, int64_t until_ms,
    const struct endpoint *server, enum step *step)
{
	*step = STEP_NEXT;
	if (send(fd, s->message, s->len, 0) < 0 && errno != EAGAIN) {
		say_why(s, server, errno);
		return true;
	}
	for (;;) {
		ssize_t n;

		switch (muster_wait(fd, POLLIN, s->way->stop_fd, until_ms)) {
		case WAIT_STOPPED:
			*step = STEP_STOPPED;
			return true;
		case WAIT_TIME:
			say_why(s, server, ETIMEDOUT);
			*step = STEP_DONE;
			return s->doubtful;
		case WAIT_READY:
			break;
		}
		n = recv(fd, s->in, MESSAGE_MAX_LEN, 0);
		if (n >= 0 && take_reply(s, (size_t)n, step))
			return true;
		if (s->doubtful)
			until_ms = sooner(until_ms, DOUBT_MS);
		/* An ICMP message: nobody is there. */
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			say_why(s, server, errno);
			*step = STEP_NEXT;
			return true;
		}
	}
}

static enum step
send_udp(struct sending *s, const struct endpoint *server)
{
	int fd = open_connected(server, SOCK_DGRAM);
	enum step step = STEP_NEXT;

	if (fd < 0) {
		say_why(s, server, errno);
		return STEP_NEXT;
	}
	for (unsigned i = 0; i < TRIES; i++) {
		int64_t until_ms = sooner(s->way->until_ms, FIRST_TRY_MS << i);

		if (try_udp(s, fd, until_ms, server, &step))
			break;
		step = STEP_NEXT;
		if (until_ms == s->way->until_ms)
			break;
	}
	close(fd);
	return step;
}

/* Message and reply on a connection, each behind its length. */
static enum step
exchange_tcp(
    struct sending *s, int fd, const struct endpoint *server, int64_t until_ms)
{
	uint8_t prefix[2];
	enum muster_waited waited;
	enum step step = STEP_NEXT;

	/* In one segment: some servers want it so. */
	wire_store_u16(s->in, (uint16_t)s->len);
	memcpy(s->in + 2, s->message, s->len);
	waited = muster_transfer(
	    fd, s->in, s->len + 2, POLLOUT, s->way->stop_fd, until_ms);
	while (waited == WAIT_READY) {
		size_t len;

		waited = muster_transfer(
		    fd, prefix, 2, POLLIN, s->way->stop_fd, until_ms);
		if (waited != WAIT_READY)
			break;
		len = wire_load_u16(prefix);
		waited = muster_transfer(
		    fd, s->in, len, POLLIN, s->way->stop_fd, until_ms);
		if (waited == WAIT_READY && take_reply(s, len, &step))
			return step == STEP_TCP ? STEP_NEXT : step;
		/* Nobody else is on a connection. */
		if (s->doubtful)
			return STEP_DONE;
	}
	if (waited == WAIT_STOPPED)
		return STEP_STOPPED;
	say_why(s, server, errno);
	return STEP_NEXT;
}

static enum step
send_tcp(struct sending *s, const struct endpoint *server)
{
	int64_t until_ms = sooner(s->way->until_ms, TCP_MS);
	int fd = muster_connect(server, s->way->stop_fd, until_ms);
	enum step step;

	if (fd < 0) {
		say_why(s, server, errno);
		return errno == ECANCELED ? STEP_STOPPED : STEP_NEXT;
	}
	step = exchange_tcp(s, fd, server, until_ms);
	close(fd);
	return step;
}

enum muster_sent
muster_send(const struct muster_way *way, const uint8_t *message, size_t len,
    muster_take_fn *take, void *arg, unsigned *by, char *why)
{
	struct sending s = {.way = way,
	    .message = message,
	    .len = len,
	    .take = take,
	    .arg = arg,
	    .why = why,
	    .in = malloc(MESSAGE_MAX_LEN)};
	enum step step = STEP_NEXT;
	unsigned i;

	snprintf(why, MUSTER_WHY_LEN, "%s",
	    s.in == NULL ? error_text(ERR_MEMORY) : "no address to send to");
	for (i = 0; s.in != NULL && i < way->servers; i++) {
		step = way->tcp || len > UDP_MAX_LEN
			   ? STEP_TCP
			   : send_udp(&s, &way->server[i]);
		if (step == STEP_TCP)
			step = send_tcp(&s, &way->server[i]);
		if (step != STEP_NEXT)
			break;
		s.doubtful = false;
	}
	free(s.in);
	if (step == STEP_STOPPED)
		return SENT_STOPPED;
	if (step != STEP_DONE)
		return SENT_SILENCE;
	*by = i;
	return SENT_ANSWERED;
}
