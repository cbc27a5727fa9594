/* SPDX-License-Identifier: Apache-2.0 */
/* spoof TRIES [control]: somebody on this machine forges answers to what an
 * upstream asks, that many times, and none may be taken.  The server is slow,
 * so that hundreds of questions wait at any time.  First the attacker guesses
 * ports and IDs; then it is told the ports, as a local user can find them out
 * in /proc.  Half of the names have no letters: their case is no help.
 *
 * Three processes: the server, the attacker, and the one that asks.  The
 * attacker sends from the server's very address and port; a filter sees to it
 * that it gets nothing of what is sent to that port.
 *
 * control: the server itself says what the attacker says, so that it has to be
 * found. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "resolver/upstream.h"
#include "zones/dns/message.h"
#include "zones/dns/rdata.h"
#include "zones/random.h"

#define WAITING 300 /* questions in flight */
#define SLOW_MS 30 /* the server's answers */
#define BATCH 64
#define SOCKETS 4096
#define GOOD 0x7f000001 /* what the server says */
#define FORGED 0xcb007142 /* and the attacker */

/* Seen by all. */
static struct shared {
	_Atomic uint64_t tries;
	_Atomic bool over;
	_Atomic uint32_t ports; /* that are known */
	_Atomic uint16_t port[SOCKETS];
} * shared;

static struct sockaddr_in server;
static struct upstream *upstream;
static struct pollfd watched[SOCKETS];
static size_t watching;
static unsigned waiting;
static uint64_t good, forged, none, asked;
static uint32_t answer = GOOD;

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- messages ------------------------------------------------------------ */

/* The names that are asked for: "<number>.www.example" and "<number>.1". */
static size_t
write_name(uint8_t *to, unsigned number)
{
	static const char *const suffix[] = {"\3www\7example", "\1"
							       "1"};
	const char *end = suffix[number % 2];
	size_t len = (size_t)snprintf((char *)to + 1, 8, "%u", number % 1000);

	to[0] = (uint8_t)len;
	memcpy(to + 1 + len, end, strlen(end) + 1);
	return 1 + len + strlen(end) + 1;
}

/* An answer to that question, with an address. */
static size_t
write_answer(uint8_t *to, uint16_t id, const uint8_t *question, size_t len,
    uint32_t address)
{
	struct wire_writer w;

	wire_writer_init(&w, to, 512);
	message_put_request_header(
	    &w, id, OPCODE_QUERY, FLAG_QR | FLAG_RD | FLAG_RA);
	message_set_count(&w, SECTION_QUESTION, 1);
	message_set_count(&w, SECTION_ANSWER, 1);
	wire_put_bytes(&w, question, len);
	wire_put_u16(&w, 0xc00c);
	wire_put_u16(&w, TYPE_A);
	wire_put_u16(&w, CLASS_IN);
	wire_put_u32(&w, 86400);
	wire_put_u16(&w, 4);
	wire_put_u32(&w, address);
	return w.len;
}

/* ---- the server ---------------------------------------------------------- */

static int
open_port(int type)
{
	struct sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = {1, &first};
	const int on = 1, size = 8 << 20;
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&server, sizeof(server)) < 0)
		fail("a port for the server");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* All goes to the first of those who share the port. */
	if (type == SOCK_DGRAM &&
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter,
		sizeof(filter)) < 0)
		fail("a filter");
	return fd;
}

struct late {
	int64_t due_us;
	struct sockaddr_in to;
	size_t len;
	uint8_t wire[512];
};

/* Answers to what comes by UDP, late, in the order in which it came. */
static void
serve_udp(int fd)
{
	static struct late queue[WAITING * 8];
	static size_t head, tail;
	socklen_t len = sizeof(server);
	uint8_t in[512];

	for (;;) {
		struct late *l = &queue[tail % (WAITING * 8)];
		ssize_t n = recvfrom(fd, in, sizeof(in), MSG_DONTWAIT,
		    (struct sockaddr *)&l->to, &len);

		if (n < MESSAGE_HEADER_LEN + 5)
			break;
		l->len = write_answer(l->wire, wire_load_u16(in),
		    in + MESSAGE_HEADER_LEN,
		    name_len(in + MESSAGE_HEADER_LEN) + 4, answer);
		l->due_us = now_us() + SLOW_MS * 1000;
		tail++;
	}
	while (head != tail && queue[head % (WAITING * 8)].due_us <= now_us()) {
		struct late *l = &queue[head++ % (WAITING * 8)];

		(void)sendto(fd, l->wire, l->len, 0, (struct sockaddr *)&l->to,
		    sizeof(l->to));
	}
}

struct stream {
	size_t have;
	uint8_t in[4096];
};

/* Answers what is complete; false when the connection ends. */
static bool
serve_stream(int fd, struct stream *s)
{
	uint8_t out[514];
	ssize_t n = recv(fd, s->in + s->have, sizeof(s->in) - s->have, 0);

	if (n <= 0)
		return false;
	s->have += (size_t)n;
	while (s->have >= 2 && s->have >= 2U + wire_load_u16(s->in)) {
		size_t len = 2U + wire_load_u16(s->in), out_len;
		const uint8_t *question = s->in + 2 + MESSAGE_HEADER_LEN;

		out_len = write_answer(out + 2, wire_load_u16(s->in + 2),
		    question, name_len(question) + 4, answer);
		wire_store_u16(out, (uint16_t)out_len);
		if (send(fd, out, out_len + 2, MSG_NOSIGNAL) < 0)
			return false;
		s->have -= len;
		memmove(s->in, s->in + len, s->have);
	}
	return true;
}

static void
serve(int udp, int listener)
{
	static struct pollfd fds[64];
	static struct stream stream[64];
	nfds_t n = 2;

	fds[0] = (struct pollfd){.fd = udp, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = listener, .events = POLLIN};
	for (;;) {
		(void)poll(fds, n, 1);
		serve_udp(udp);
		for (nfds_t i = n; i-- > 2;)
			if (fds[i].revents != 0 &&
			    !serve_stream(fds[i].fd, &stream[i])) {
				close(fds[i].fd);
				fds[i] = fds[--n];
				stream[i] = stream[n];
			}
		if ((fds[1].revents & POLLIN) != 0 && n < 64) {
			stream[n].have = 0;
			fds[n++] =
			    (struct pollfd){.fd = accept(listener, NULL, NULL),
				.events = POLLIN};
		}
	}
}

/* ---- the attacker -------------------------------------------------------- */

/* The ports that the kernel gives to who asks for any. */
static void
read_port_range(unsigned range[2])
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");

	range[0] = 32768;
	range[1] = 60999;
	if (f != NULL) {
		if (fscanf(f, "%u %u", &range[0], &range[1]) != 2)
			range[0] = 32768;
		fclose(f);
	}
}

static void
attack(int fd, uint64_t tries)
{
	static struct mmsghdr batch[BATCH];
	static struct iovec part[BATCH];
	static struct sockaddr_in to[BATCH];
	static uint8_t wire[BATCH][512];
	struct random r;
	unsigned range[2];

	random_seed(&r, (uint64_t)now_us());
	read_port_range(range);
	for (uint64_t done = 0; done < tries; done += BATCH) {
		for (int i = 0; i < BATCH; i++) {
			uint32_t ports = shared->ports;
			uint64_t word = random_next(&r);
			uint8_t question[64];
			size_t len = write_name(question, (unsigned)word);

			for (size_t k = 0; k < len; k++)
				if (question[k] >= 'a' &&
				    (word >> (16 + k) & 1) != 0)
					question[k] ^= 0x20;
			wire_store_u16(question + len, TYPE_A);
			wire_store_u16(question + len + 2, CLASS_IN);
			to[i] = server;
			to[i].sin_port = htons((
			    uint16_t)(range[0] + random_below(&r,
						     range[1] - range[0] + 1)));
			if (done >= tries / 2 && ports > 0)
				to[i].sin_port =
				    shared->port[random_below(&r, ports)];
			part[i].iov_base = wire[i];
			part[i].iov_len = write_answer(wire[i],
			    (uint16_t)(word >> 48), question, len + 4, FORGED);
			batch[i].msg_hdr = (struct msghdr){
			    .msg_name = &to[i],
			    .msg_namelen = sizeof(to[i]),
			    .msg_iov = &part[i],
			    .msg_iovlen = 1,
			};
		}
		/* Refusals (ICMP) come back as errors; on it goes. */
		for (int sent = 0; sent < BATCH;) {
			int n = sendmmsg(
			    fd, batch + sent, (unsigned)(BATCH - sent), 0);

			sent += n > 0 ? n : errno == ECONNREFUSED ? 0 : 1;
		}
		shared->tries += BATCH;
	}
	shared->over = true;
}

/* ---- who asks ------------------------------------------------------------ */

/* The ports that are open now, for the attacker. */
static void
tell_ports(void)
{
	uint32_t n = 0;

	for (size_t i = 0; i < watching; i++) {
		struct sockaddr_in own;
		socklen_t len = sizeof(own);
		int type;
		socklen_t type_len = sizeof(type);

		getsockopt(
		    watched[i].fd, SOL_SOCKET, SO_TYPE, &type, &type_len);
		getsockname(watched[i].fd, (struct sockaddr *)&own, &len);
		if (type == SOCK_DGRAM && own.sin_port != 0)
			shared->port[n++] = own.sin_port;
	}
	shared->ports = n;
}

static void
watch(void *arg, int fd, bool readable, bool writable)
{
	size_t i = 0;

	(void)arg;
	while (i < watching && watched[i].fd != fd)
		i++;
	if (!readable && !writable) {
		if (i < watching)
			watched[i] = watched[--watching];
		return;
	}
	if (i == SOCKETS)
		exit(1);
	if (i == watching)
		watching++;
	watched[i] = (struct pollfd){.fd = fd,
	    .events =
		(short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0))};
}

static void
note(void *arg, enum upstream_outcome outcome, const uint8_t *qname,
    const uint8_t *wire, size_t len, uint32_t rtt_us)
{
	(void)arg;
	(void)qname;
	(void)rtt_us;
	waiting--;
	if (outcome != UPSTREAM_ANSWERED || len < 4)
		none++;
	else if (wire_load_u32(wire + len - 4) == GOOD)
		good++;
	else
		forged++;
}

static void
ask(void)
{
	uint8_t name[64];
	struct upstream_question question = {
	    .qname = name, .qtype = TYPE_A, .timeout_ms = 2000};

	while (waiting < WAITING) {
		write_name(name, (unsigned)asked);
		if (upstream_ask(upstream, &question, now_us(), note, NULL) !=
		    OK)
			return;
		waiting++;
		asked++;
	}
}

static void
run(void)
{
	int64_t tick_us = now_us();

	while (!shared->over || waiting > 0) {
		struct pollfd ready[SOCKETS];
		size_t n = watching;

		if (!shared->over)
			ask();
		n = watching;
		memcpy(ready, watched, n * sizeof(*ready));
		(void)poll(ready, (nfds_t)n, 10);
		for (size_t i = 0; i < n; i++)
			if (ready[i].revents != 0)
				upstream_ready(upstream, ready[i].fd,
				    (ready[i].revents & ~POLLOUT) != 0,
				    (ready[i].revents & POLLOUT) != 0,
				    now_us());
		if (now_us() - tick_us >= UPSTREAM_TICK_MS * 1000) {
			tick_us = now_us();
			upstream_tick(upstream, tick_us);
		}
		tell_ports();
	}
}

int
main(int argc, char **argv)
{
	uint64_t tries = argc >= 2 ? strtoull(argv[1], NULL, 10) : 0;
	struct upstream_loop loop = {watch, NULL};
	struct upstream_stats stats;
	socklen_t len = sizeof(server);
	int udp, tcp, attacker;
	pid_t pids[2];

	if (tries == 0) {
		fputs("usage: spoof TRIES [control]\n", stderr);
		return 2;
	}
	if (argc == 3)
		answer = FORGED;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		fail("mmap");
	server.sin_family = AF_INET;
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	udp = open_port(SOCK_DGRAM);
	getsockname(udp, (struct sockaddr *)&server, &len);
	tcp = open_port(SOCK_STREAM);
	if (listen(tcp, 64) < 0)
		fail("listen");
	attacker = open_port(SOCK_DGRAM);
	if ((pids[0] = fork()) == 0)
		serve(udp, tcp);
	if ((pids[1] = fork()) == 0) {
		attack(attacker, tries);
		_exit(0);
	}
	close(tcp);
	if (upstream_new((struct sockaddr *)&server, sizeof(server), &loop,
		&upstream) != OK)
		return 1;
	run();
	upstream_get_stats(upstream, &stats);
	upstream_free(upstream);
	kill(pids[0], SIGKILL);
	waitpid(pids[0], NULL, 0);
	waitpid(pids[1], NULL, 0);
	printf("tries %llu forged %llu good %llu none %llu (silent %llu "
	       "refused %llu "
	       "failed %llu) wrong %llu "
	       "suspect %llu guards %llu ports %llu tcp %llu\n",
	    (unsigned long long)shared->tries, (unsigned long long)forged,
	    (unsigned long long)good, (unsigned long long)none,
	    (unsigned long long)stats.silent, (unsigned long long)stats.refused,
	    (unsigned long long)stats.failed, (unsigned long long)stats.wrong,
	    (unsigned long long)stats.suspect, (unsigned long long)stats.guards,
	    (unsigned long long)stats.ports, (unsigned long long)stats.by_tcp);
	return 0;
}
