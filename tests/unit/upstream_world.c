/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/upstream_world.h"
#include "zones/dns/message.h"
#include "zones/dns/rdata.h"

#define PATIENCE_MS 5000 /* of a test that waits for what never comes */

static const uint8_t www[] = "\3www\7example";

static void
watch(void *arg, int fd, bool readable, bool writable)
{
	struct world *w = arg;
	short events =
	    (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	size_t i = 0;

	while (i < w->watching && w->watched[i].fd != fd)
		i++;
	if (events == 0) {
		if (i < w->watching)
			w->watched[i] = w->watched[--w->watching];
		return;
	}
	if (i == w->watching)
		w->watching++;
	cr_assert_leq(w->watching, 4096);
	w->watched[i].fd = fd;
	w->watched[i].events = events;
}

static int
bind_to(struct world *w, int type)
{
	int fd = socket(w->server.ss_family, type | SOCK_NONBLOCK, 0);
	int size = 4 << 20;

	cr_assert_geq(fd, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&w->server, w->server_len) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* One port, for both. */
static void
open_server(struct world *w, int family)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&w->server;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&w->server;

	for (int i = 0; i < 20; i++) {
		memset(&w->server, 0, sizeof(w->server));
		w->server.ss_family = (sa_family_t)family;
		if (family == AF_INET) {
			in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			w->server_len = sizeof(*in);
		} else {
			in6->sin6_addr = in6addr_loopback;
			w->server_len = sizeof(*in6);
		}
		w->udp = bind_to(w, SOCK_DGRAM);
		cr_assert_geq(w->udp, 0);
		getsockname(
		    w->udp, (struct sockaddr *)&w->server, &w->server_len);
		w->listener = bind_to(w, SOCK_STREAM);
		if (w->listener >= 0)
			break;
		close(w->udp);
	}
	cr_assert_geq(w->listener, 0);
	cr_assert_eq(listen(w->listener, 64), 0);
}

void
world_open(struct world *w, int family, answer_fn *answer)
{
	struct upstream_loop loop = {watch, w};

	memset(w, 0, sizeof(*w));
	w->result = calloc(WORLD_RESULTS, sizeof(*w->result));
	w->now_us = 1000000;
	w->answer = answer;
	for (int i = 0; i < WORLD_CONNECTIONS; i++)
		w->connection[i].fd = -1;
	open_server(w, family);
	cr_assert_eq(upstream_new((struct sockaddr *)&w->server, w->server_len,
			 &loop, &w->u),
	    OK);
}

void
world_close(struct world *w)
{
	upstream_free(w->u);
	cr_assert_eq(w->watching, 0, "all sockets are taken out of the loop");
	close(w->udp);
	close(w->listener);
	for (int i = 0; i < WORLD_CONNECTIONS; i++)
		if (w->connection[i].fd >= 0)
			close(w->connection[i].fd);
	free(w->result);
}

static void
note(void *arg, enum upstream_outcome outcome, const uint8_t *qname,
    const uint8_t *wire, size_t len, uint32_t rtt_us)
{
	struct world *w = arg;
	struct result *r = &w->result[w->results];

	cr_assert_lt(w->results, WORLD_RESULTS);
	w->results++;
	r->outcome = outcome;
	memcpy(r->qname, qname, name_len(qname));
	if (wire != NULL)
		memcpy(r->wire, wire,
		    len < sizeof(r->wire) ? len : sizeof(r->wire));
	r->len = len;
	r->rtt_us = rtt_us;
	if (w->then != NULL)
		w->then(arg, outcome, qname, wire, len, rtt_us);
}

enum error
world_ask_question(struct world *w, const struct upstream_question *question)
{
	return upstream_ask(w->u, question, w->now_us, note, w);
}

void
world_ask(struct world *w, const uint8_t *qname)
{
	struct upstream_question question = {
	    .qname = qname != NULL ? qname : www,
	    .qtype = TYPE_A,
	    .timeout_ms = 3000,
	};

	cr_assert_eq(world_ask_question(w, &question), OK);
}

const struct result *
world_last(const struct world *w)
{
	cr_assert_gt(w->results, 0);
	return &w->result[w->results - 1];
}

void
world_check(
    const struct world *w, unsigned results, enum upstream_outcome outcome)
{
	cr_assert_eq(w->results, results, "%u results", w->results);
	cr_assert_eq(world_last(w)->outcome, outcome, "outcome %d",
	    (int)world_last(w)->outcome);
}

const struct upstream_stats *
world_figures(struct world *w)
{
	upstream_get_stats(w->u, &w->stats);
	return &w->stats;
}

/* ---- the server ---------------------------------------------------------- */

static void
serve_udp(struct world *w)
{
	struct request r = {.tcp = -1};

	for (;;) {
		ssize_t len;

		r.from_len = sizeof(r.from);
		len = recvfrom(w->udp, r.wire, sizeof(r.wire), 0,
		    (struct sockaddr *)&r.from, &r.from_len);
		if (len < 0)
			return;
		uint16_t port = ((struct sockaddr_in *)&r.from)->sin_port;
		w->ports_seen += w->ports[port] == 0;
		w->ports[port] = 1;
		r.len = (size_t)len;
		w->by_udp++;
		w->last = r;
		w->answer(w, &r);
	}
}

static void
take_requests(struct world *w, struct connection *c)
{
	struct request r = {.tcp = c->fd};

	while (c->fd >= 0 && c->have >= 2) {
		size_t len = wire_load_u16(c->buf);

		if (len > sizeof(r.wire))
			cr_assert_fail("a question of %zu octets", len);
		if (c->have < 2 + len)
			return;
		memcpy(r.wire, c->buf + 2, len);
		r.len = len;
		c->have -= 2 + len;
		memmove(c->buf, c->buf + 2 + len, c->have);
		w->by_tcp++;
		w->last = r;
		w->answer(w, &r);
	}
}

static void
serve_tcp(struct world *w, struct connection *c)
{
	ssize_t len = recv(
	    c->fd, c->buf + c->have, sizeof(c->buf) - c->have, MSG_DONTWAIT);

	if (len <= 0) {
		close(c->fd);
		c->fd = -1;
		return;
	}
	c->have += (size_t)len;
	take_requests(w, c);
}

static void
accept_connection(struct world *w)
{
	int fd = accept(w->listener, NULL, NULL);

	for (int i = 0; fd >= 0 && i < WORLD_CONNECTIONS; i++)
		if (w->connection[i].fd < 0) {
			w->connection[i].fd = fd;
			w->connection[i].have = 0;
			return;
		}
	cr_assert_fail("too many connections");
}

void
world_close_connection(struct world *w, int fd)
{
	for (int i = 0; i < WORLD_CONNECTIONS; i++)
		if (w->connection[i].fd == fd)
			w->connection[i].fd = -1;
	close(fd);
}

static void
send_all(int fd, const uint8_t *from, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, from, len, MSG_NOSIGNAL);

		cr_assert_gt(n, 0);
		from += n;
		len -= (size_t)n;
	}
}

void
world_send(
    struct world *w, const struct request *r, const uint8_t *wire, size_t len)
{
	static uint8_t message[2 + 65535];

	if (r->tcp >= 0) {
		wire_store_u16(message, (uint16_t)len);
		memcpy(message + 2, wire, len);
		send_all(r->tcp, message, 2 + len);
	} else {
		(void)sendto(w->udp, wire, len, 0,
		    (const struct sockaddr *)&r->from, r->from_len);
	}
}

size_t
world_answer(const struct request *r, unsigned flags, uint8_t wire[512])
{
	memcpy(wire, r->wire, r->len);
	wire_store_u16(wire + 2,
	    (uint16_t)(FLAG_QR | FLAG_RA | (r->wire[2] & 1) << 8 | flags));
	return r->len;
}

void
world_answer_well(struct world *w, const struct request *r)
{
	uint8_t wire[512];

	world_send(w, r, wire, world_answer(r, 0, wire));
}

void
world_say_nothing(struct world *w, const struct request *r)
{
	(void)w;
	(void)r;
}

/* ---- the loop ------------------------------------------------------------ */

/* One turn; false if nothing happened. */
static bool
turn(struct world *w, int wait_ms)
{
	static struct pollfd fds[4096 + WORLD_CONNECTIONS + 2];
	size_t n = 0, own;

	fds[n++] = (struct pollfd){.fd = w->udp, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = w->listener, .events = POLLIN};
	for (int i = 0; i < WORLD_CONNECTIONS; i++)
		fds[n++] = (struct pollfd){
		    .fd = w->connection[i].fd, .events = POLLIN};
	own = n;
	for (size_t i = 0; i < w->watching; i++)
		fds[n++] = (struct pollfd){
		    .fd = w->watched[i].fd, .events = w->watched[i].events};
	if (poll(fds, (nfds_t)n, wait_ms) <= 0)
		return false;
	if ((fds[0].revents & POLLIN) != 0)
		serve_udp(w);
	if ((fds[1].revents & POLLIN) != 0)
		accept_connection(w);
	for (int i = 0; i < WORLD_CONNECTIONS; i++)
		if (fds[2 + i].revents != 0 &&
		    w->connection[i].fd == fds[2 + i].fd)
			serve_tcp(w, &w->connection[i]);
	for (size_t i = own; i < n; i++)
		if (fds[i].revents != 0)
			upstream_ready(w->u, fds[i].fd,
			    (fds[i].revents & ~POLLOUT) != 0,
			    (fds[i].revents & POLLOUT) != 0, w->now_us);
	return true;
}

void
world_run(struct world *w, unsigned results)
{
	while (w->results < results)
		if (!turn(w, PATIENCE_MS))
			cr_assert_fail(
			    "%u of %u questions ended", w->results, results);
}

void
world_settle(struct world *w)
{
	while (turn(w, 20))
		continue;
}

void
world_pass_ms(struct world *w, int64_t ms)
{
	int64_t until = w->now_us + ms * 1000;

	while (w->now_us < until) {
		w->now_us += UPSTREAM_TICK_MS * 1000;
		if (w->now_us > until)
			w->now_us = until;
		upstream_tick(w->u, w->now_us);
	}
}
