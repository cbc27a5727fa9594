/* loopback.h - a server for tests of what connects to servers.
 *
 * Threads:   one of its own; counters may be read by any.
 * Ownership: loopback_close() ends and frees all.
 */
#ifndef TESTS_UNIT_LOOPBACK_H
#define TESTS_UNIT_LOOPBACK_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPBACK_OPEN_MAX 512

struct loopback {
	const char *answer; /* to whatever comes; NULL: hangs */
	uint16_t port;
	atomic_uint accepted, most_open;
	/* own */
	atomic_bool stopping;
	pthread_t thread;
	struct pollfd fd[LOOPBACK_OPEN_MAX]; /* [0] listens */
	nfds_t fds;
};

static inline void
loopback_serve(struct loopback *server, struct pollfd *fd)
{
	char got[4096];
	ssize_t n = read(fd->fd, got, sizeof(got));

	if (n > 0 && server->answer == NULL)
		return;
	if (n > 0)
		send(fd->fd, server->answer, strlen(server->answer),
		    MSG_NOSIGNAL);
	close(fd->fd);
	*fd = server->fd[--server->fds];
}

static inline void *
loopback_main(void *arg)
{
	struct loopback *server = arg;

	while (!atomic_load(&server->stopping)) {
		poll(server->fd, server->fds, 20);
		for (nfds_t i = server->fds - 1; i > 0; i--)
			if (server->fd[i].revents != 0)
				loopback_serve(server, &server->fd[i]);
		if (server->fd[0].revents == 0 ||
		    server->fds == LOOPBACK_OPEN_MAX)
			continue;
		server->fd[server->fds++] =
		    (struct pollfd){.fd = accept(server->fd[0].fd, NULL, NULL),
			.events = POLLIN};
		atomic_fetch_add(&server->accepted, 1);
		if (server->fds - 1 > atomic_load(&server->most_open))
			atomic_store(
			    &server->most_open, (unsigned)server->fds - 1);
	}
	while (server->fds > 0)
		close(server->fd[--server->fds].fd);
	return NULL;
}

/* A server at 127.0.0.1. */
static inline struct loopback *
loopback_open(const char *answer)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	struct loopback *server = calloc(1, sizeof(*server));
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_not_null(server);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(fd, 256), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	server->answer = answer;
	server->port = ntohs(at.sin_port);
	server->fd[0] = (struct pollfd){.fd = fd, .events = POLLIN};
	server->fds = 1;
	cr_assert_eq(
	    pthread_create(&server->thread, NULL, loopback_main, server), 0);
	return server;
}

static inline void
loopback_close(struct loopback *server)
{
	atomic_store(&server->stopping, true);
	pthread_join(server->thread, NULL);
	free(server);
}

#endif
