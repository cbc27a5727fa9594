/* SPDX-License-Identifier: Apache-2.0 */
/* answerer: an HTTP server that says 200 to everything, at little cost, for
 * measuring who asks.  Listens on a port of 127.0.0.0/8 until it is killed.
 *
 *     answerer PORT */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

static int
listen_at(const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, 4096) != 0) {
		perror("answerer");
		exit(1);
	}
	return fd;
}

static void
watch(int loop, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

/* One request, one answer; then the other side may close. */
static void
serve(int fd)
{
	char request[4096];

	if (read(fd, request, sizeof(request)) <= 0)
		close(fd);
	else
		send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
}

int
main(int argc, char **argv)
{
	struct epoll_event event[256];
	int loop = epoll_create1(0), door;

	if (argc != 2) {
		fprintf(stderr, "usage: answerer PORT\n");
		return 2;
	}
	door = listen_at(argv[1]);
	watch(loop, door);
	for (;;) {
		int n = epoll_wait(loop, event, 256, -1);

		for (int i = 0; i < n; i++) {
			if (event[i].data.fd == door)
				watch(loop, accept(door, NULL, NULL));
			else
				serve(event[i].data.fd);
		}
	}
}
