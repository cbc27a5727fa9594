/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>

#include "resolver/client/client.h"

/* Sockets of DNS servers at a time; c-ares has one or two for each.  More
 * are looked at when the time is up. */
#define FDS_MAX 64
#define FDS_MORE_MS 10 /* how long, if there are more */

/* Lets the world go on until something may have changed. */
static enum muster_status
wait_once(struct muster *m)
{
	struct pollfd fds[FDS_MAX];
	size_t count = client_ares_fds(m->ares, fds, FDS_MAX);
	int timeout_ms = client_left_ms(m, client_next_ms(m));

	if (count > FDS_MAX) {
		count = FDS_MAX;
		if (timeout_ms < 0 || timeout_ms > FDS_MORE_MS)
			timeout_ms = FDS_MORE_MS;
	}
	if (poll(fds, count, timeout_ms) < 0 && errno != EINTR)
		return MUSTER_SYSTEM;
	for (size_t i = 0; i < count; i++)
		if (fds[i].revents != 0)
			client_ares_process(m->ares, fds[i].fd, fds[i].revents);
	client_ares_process(m->ares, -1, 0);
	client_turn(m);
	return MUSTER_OK;
}

/* Takes what has come in the meantime, without waiting: answers to what was
 * asked ahead. */
static void
catch_up(struct muster *m)
{
	struct pollfd fds[FDS_MAX];
	size_t count = client_ares_fds(m->ares, fds, FDS_MAX);

	if (count == 0)
		return;
	if (count > FDS_MAX)
		count = FDS_MAX;
	if (poll(fds, count, 0) > 0)
		for (size_t i = 0; i < count; i++)
			if (fds[i].revents != 0)
				client_ares_process(
				    m->ares, fds[i].fd, fds[i].revents);
	client_ares_process(m->ares, -1, 0);
	client_turn(m);
}

static enum muster_status
run(struct muster_call *call, bool wants_endpoint,
    const struct muster_endpoint **endpoint)
{
	struct muster *m = call->muster;
	enum muster_status status;

	catch_up(m);
	status = client_call_start(call, wants_endpoint, NULL, NULL);
	if (status != MUSTER_OK)
		return status;
	client_turn(m);
	while (call->state != CALL_READY) {
		status = wait_once(m);
		if (status != MUSTER_OK) {
			call->status = status;
			break;
		}
	}
	status = client_call_take(call, endpoint);
	client_tell_timer(m);
	return status;
}

enum muster_status
muster_lookup(struct muster_call *call)
{
	const struct muster_endpoint *none;

	return run(call, false, &none);
}

enum muster_status
muster_next(struct muster_call *call, const struct muster_endpoint **out)
{
	const struct muster_endpoint *endpoint;
	enum muster_status status = run(call, true, &endpoint);

	if (status == MUSTER_OK)
		*out = endpoint;
	return status;
}
