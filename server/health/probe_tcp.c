/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe_tcp.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/health/probe_agent.h"
#include "server/health/probe_text.h"
#include "server/health/probe_tls.h"

enum step { STEP_CONNECT, STEP_HANDSHAKE, STEP_SEND, STEP_RECEIVE };

struct talk {
	struct attempt *attempt;
	struct event event; /* waits for the socket, or for the time's end */
	int fd;
	struct tls *tls; /* NULL: plain */
	enum step step;
	size_t sent;
	size_t received;
	struct text text; /* tcp: what is waited for */
	char line[AGENT_LINE_LEN]; /* agent */
	size_t line_len;
};

static void go_on(struct talk *);

/* ---- ends ---- */

static void
talk_free(struct talk *talk)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};

	if (event_initialized(&talk->event))
		event_del(&talk->event);
	tls_free(talk->tls);
	if (talk->fd >= 0) {
		setsockopt(
		    talk->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(talk->fd);
	}
	text_fini(&talk->text);
	free(talk);
}

/* The attempt that it was, which may go on without it. */
static struct attempt *
leave(struct talk *talk)
{
	struct attempt *attempt = talk->attempt;

	attempt->way = NULL;
	talk_free(talk);
	return attempt;
}

static void
talk_cancel(struct attempt *attempt)
{
	leave(attempt->way);
}

static void
succeed(struct talk *talk, const char *reason)
{
	struct outcome outcome = outcome_none;

	outcome.good = outcome.connected = true;
	snprintf(outcome.reason, sizeof(outcome.reason), "%s", reason);
	attempt_end(leave(talk), &outcome);
}

static void
fail(struct talk *talk, const char *reason)
{
	bool connected = talk->step != STEP_CONNECT;

	attempt_fail(leave(talk), connected, "%s", reason);
}

static void
fail_errno(struct talk *talk, int error)
{
	bool connected = talk->step != STEP_CONNECT;

	attempt_fail_errno(leave(talk), connected, error);
}

/* ---- waiting ---- */

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct talk *talk = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0) {
		bool connected = talk->step != STEP_CONNECT;

		attempt_fail_timeout(leave(talk), connected);
		return;
	}
	go_on(talk);
}

static void
wait_for(struct talk *talk, short what)
{
	struct attempt *attempt = talk->attempt;
	struct timeval left = attempt_timeval(talk->step == STEP_CONNECT
						  ? attempt_connect_ms(attempt)
						  : attempt_left_ms(attempt));

	if (event_assign(&talk->event, attempt->prober->base, talk->fd, what,
		on_event, talk) != 0 ||
	    event_add(&talk->event, &left) != 0)
		fail_errno(talk, ENOMEM);
}

/* ---- one step each; true: done, the next one ---- */

/* Both ways of reading and writing end here; true if it is to go on. */
static bool
after_tls(struct talk *talk, enum tls_step step, const char *reason)
{
	switch (step) {
	case TLS_DONE:
		return true;
	case TLS_WANTS_READ:
		wait_for(talk, EV_READ);
		return false;
	case TLS_WANTS_WRITE:
		wait_for(talk, EV_WRITE);
		return false;
	case TLS_CLOSED:
		fail(talk, talk->step == STEP_HANDSHAKE
			       ? "closed during the TLS handshake"
			       : "closed early");
		return false;
	case TLS_FAILED:
		break;
	}
	fail(talk, reason);
	return false;
}

static bool
step_connect(struct talk *talk)
{
	const struct config_check *check = &talk->attempt->order->check;
	socklen_t len = sizeof(int);
	char reason[PROBE_REASON_LEN];
	int error = 0;

	if (getsockopt(talk->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0) {
		fail_errno(talk, error);
		return false;
	}
	talk->step = STEP_SEND;
	if (!check->tls || check->type == CHECK_AGENT)
		return true;
	talk->step = STEP_HANDSHAKE;
	talk->tls =
	    tls_new(talk->attempt->prober->trust, check->ca, check->verify,
		check->host != NULL ? check->host : talk->attempt->order->host,
		talk->fd, reason);
	if (talk->tls != NULL)
		return true;
	fail(talk, reason);
	return false;
}

static bool
step_handshake(struct talk *talk)
{
	char reason[PROBE_REASON_LEN] = "";

	if (!after_tls(talk, tls_handshake(talk->tls, reason), reason))
		return false;
	talk->step = STEP_SEND;
	return true;
}

/* Sends a part; *len becomes what was sent. */
static bool
send_part(struct talk *talk, const char *part, size_t *len)
{
	char reason[PROBE_REASON_LEN] = "";
	ssize_t n;

	if (talk->tls != NULL)
		return after_tls(
		    talk, tls_write(talk->tls, part, len, reason), reason);
	n = send(talk->fd, part, *len, MSG_NOSIGNAL);
	if (n >= 0) {
		*len = (size_t)n;
		return true;
	}
	if (errno == EAGAIN || errno == EINTR)
		wait_for(talk, EV_WRITE);
	else
		fail_errno(talk, errno);
	return false;
}

static bool
step_send(struct talk *talk)
{
	const struct config_check *check = &talk->attempt->order->check;
	bool is_agent = check->type == CHECK_AGENT;
	const char *all = is_agent || check->send == NULL ? "" : check->send;

	while (all[talk->sent] != '\0') {
		size_t len = strlen(all + talk->sent);

		if (!send_part(talk, all + talk->sent, &len))
			return false;
		talk->sent += len;
	}
	talk->step = STEP_RECEIVE;
	if (is_agent || check->receive != NULL)
		return true;
	succeed(talk, check->send != NULL ? "sent"
		      : talk->tls != NULL ? "connected, TLS"
					  : "connected");
	return false;
}

/* The peer has closed. */
static void
end_of_input(struct talk *talk)
{
	struct outcome outcome;

	if (talk->attempt->order->check.type == CHECK_AGENT &&
	    talk->line_len > 0) {
		agent_parse(talk->line, talk->line_len, &outcome);
		attempt_end(leave(talk), &outcome);
	} else if (talk->received == 0)
		fail(talk, "closed without an answer");
	else
		fail(talk, "closed before the text came");
}

/* Receives a part; *len becomes what came. */
static bool
receive_part(struct talk *talk, char *part, size_t *len)
{
	char reason[PROBE_REASON_LEN] = "";
	enum tls_step step;
	ssize_t n;

	if (talk->tls != NULL) {
		step = tls_read(talk->tls, part, len, reason);
		if (step == TLS_CLOSED) {
			end_of_input(talk);
			return false;
		}
		return after_tls(talk, step, reason);
	}
	n = recv(talk->fd, part, *len, 0);
	if (n > 0) {
		*len = (size_t)n;
		return true;
	}
	if (n == 0)
		end_of_input(talk);
	else if (errno == EAGAIN || errno == EINTR)
		wait_for(talk, EV_READ);
	else
		fail_errno(talk, errno);
	return false;
}

/* Whether the line is not whole yet. */
static bool
take_line(struct talk *talk, const char *part, size_t len)
{
	const char *end = memchr(part, '\n', len);
	size_t room = sizeof(talk->line) - talk->line_len;
	struct outcome outcome;

	if (end != NULL)
		len = (size_t)(end - part);
	if (len >= room) {
		fail(talk, "agent: the line is too long");
		return false;
	}
	memcpy(talk->line + talk->line_len, part, len);
	talk->line_len += len;
	if (end == NULL)
		return true;
	agent_parse(talk->line, talk->line_len, &outcome);
	attempt_end(leave(talk), &outcome);
	return false;
}

/* Whether the text has not come yet. */
static bool
take_text(struct talk *talk, const char *part, size_t len)
{
	if (text_take(&talk->text, part, len)) {
		succeed(talk, "received");
		return false;
	}
	if (talk->received < ATTEMPT_ANSWER_LEN)
		return true;
	fail(talk, "the text is not in the first 64 KiB");
	return false;
}

static void
step_receive(struct talk *talk)
{
	bool is_agent = talk->attempt->order->check.type == CHECK_AGENT;
	char part[4096];
	size_t len;

	do {
		len = sizeof(part);
		if (!receive_part(talk, part, &len))
			return;
		talk->received += len;
	} while (
	    is_agent ? take_line(talk, part, len) : take_text(talk, part, len));
}

static void
go_on(struct talk *talk)
{
	if (talk->step == STEP_CONNECT && !step_connect(talk))
		return;
	if (talk->step == STEP_HANDSHAKE && !step_handshake(talk))
		return;
	if (talk->step == STEP_SEND && !step_send(talk))
		return;
	step_receive(talk);
}

/* ---- begin ---- */

static void
talk_start(struct attempt *attempt)
{
	const struct endpoint *to = attempt->address;
	const struct config_check *check = &attempt->order->check;
	struct talk *talk = calloc(1, sizeof(*talk));

	if (talk == NULL) {
		attempt_fail_errno(attempt, false, ENOMEM);
		return;
	}
	talk->attempt = attempt;
	attempt->way = talk;
	text_init(&talk->text, check->receive != NULL ? check->receive : "");
	talk->fd = socket(
	    to->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (talk->fd < 0 ||
	    (connect(talk->fd, &to->sa, to->len) != 0 && errno != EINPROGRESS))
		fail_errno(talk, errno);
	else
		wait_for(talk, EV_WRITE);
}

const struct probe_kind probe_tcp = {
    .start = talk_start,
    .cancel = talk_cancel,
};
