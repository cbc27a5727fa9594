/* SPDX-License-Identifier: Apache-2.0 */
#include "server/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/socket.h"

static enum error
explain(const struct endpoint *at, const char *protocol, char *text,
    size_t text_len)
{
	int saved = errno;
	char name[SOCKET_NAME_LEN];

	socket_print(at, name);
	snprintf(text, text_len, "cannot listen on %s (%s): %s", name, protocol,
	    strerror(saved));
	return ERR_IO;
}

/* Whether all addresses are free: asked of all before one is taken, since
 * 0.0.0.0 would be in the way of 127.0.0.1 afterwards. */
static enum error
probe_all(
    const struct endpoint *at, size_t addresses, char *text, size_t text_len)
{
	for (size_t a = 0; a < addresses; a++) {
		if (socket_probe(&at[a], SOCK_DGRAM) != OK)
			return explain(&at[a], "UDP", text, text_len);
		if (socket_probe(&at[a], SOCK_STREAM) != OK)
			return explain(&at[a], "TCP", text, text_len);
	}
	return OK;
}

static enum error
open_all(struct listen_set *set, const struct endpoint *at, char *text,
    size_t text_len)
{
	for (size_t i = 0; i < set->workers * set->addresses; i++) {
		const struct endpoint *here = &at[i % set->addresses];

		if (socket_open_udp(here, &set->udp_fd[i]) != OK)
			return explain(here, "UDP", text, text_len);
		if (socket_open_tcp(here, &set->tcp_fd[i]) != OK)
			return explain(here, "TCP", text, text_len);
	}
	return OK;
}

enum error
listen_open(const struct endpoint *at, size_t addresses, size_t workers,
    struct listen_set *set, char *text, size_t text_len)
{
	size_t count = addresses * workers;
	enum error err = probe_all(at, addresses, text, text_len);

	*set = (struct listen_set){.addresses = addresses};
	if (err != OK)
		return err;
	set->udp_fd = calloc(count, sizeof(*set->udp_fd));
	set->tcp_fd = calloc(count, sizeof(*set->tcp_fd));
	if (set->udp_fd == NULL || set->tcp_fd == NULL) {
		snprintf(text, text_len, "%s", error_text(ERR_MEMORY));
		err = ERR_MEMORY;
		goto fail;
	}
	set->workers = workers;
	for (size_t w = 0; w < workers; w++)
		listen_release(set, w);
	err = open_all(set, at, text, text_len);
	if (err != OK)
		goto fail;
	return OK;
fail:
	listen_close(set);
	return err;
}

void
listen_release(struct listen_set *set, size_t worker)
{
	for (size_t a = 0; a < set->addresses; a++) {
		set->udp_fd[worker * set->addresses + a] = -1;
		set->tcp_fd[worker * set->addresses + a] = -1;
	}
}

void
listen_close(struct listen_set *set)
{
	for (size_t i = 0; i < set->workers * set->addresses; i++) {
		if (set->udp_fd[i] >= 0)
			close(set->udp_fd[i]);
		if (set->tcp_fd[i] >= 0)
			close(set->tcp_fd[i]);
	}
	free(set->udp_fd);
	free(set->tcp_fd);
	*set = (struct listen_set){.addresses = 0};
}
