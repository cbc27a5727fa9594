/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/upstream_internal.h"

/* Reads from one connection in one go: c-ares 1.18 needs two for a message. */
#define READY_TURNS 64
/* One bit for each letter of a name. */
#define BITS_LEN ((NAME_MAX_LEN + 7) / 8)

/* ---- queries ------------------------------------------------------------- */

static struct query *
new_query(struct upstream *u)
{
	struct query *q = u->spare;

	if (q != NULL)
		u->spare = q->next;
	else
		q = malloc(sizeof(*q));
	if (q == NULL)
		return NULL;
	/* All but the message. */
	memset(q, 0, offsetof(struct query, wire));
	q->next = &u->live;
	q->prev = u->live.prev;
	q->prev->next = q;
	u->live.prev = q;
	u->stats.in_flight++;
	return q;
}

static void
free_query(struct upstream *u, struct query *q)
{
	q->prev->next = q->next;
	q->next->prev = q->prev;
	q->next = u->spare;
	u->spare = q;
	u->stats.in_flight--;
}

static void
leave_channel(struct query *q)
{
	if (q->asked == NULL)
		return;
	q->asked->query = NULL;
	q->asked->channel->waiting--;
	q->asked = NULL;
}

void
upstream_step(struct upstream *u, struct query *q, enum step step)
{
	if (q->step != STEP_WAIT)
		return;
	leave_channel(q);
	if (u->right == q)
		u->right = NULL;
	q->step = step;
	q->next_over = NULL;
	*u->over_end = q;
	u->over_end = &q->next_over;
}

void
upstream_end(struct upstream *u, struct query *q, enum upstream_outcome outcome)
{
	if (q->step == STEP_WAIT)
		q->outcome = outcome;
	upstream_step(u, q, STEP_END);
}

static void
count(struct upstream_stats *stats, enum upstream_outcome outcome)
{
	switch (outcome) {
	case UPSTREAM_ANSWERED:
		stats->answered++;
		break;
	case UPSTREAM_SILENT:
		stats->silent++;
		break;
	case UPSTREAM_REFUSED:
		stats->refused++;
		break;
	case UPSTREAM_FAILED:
		stats->failed++;
		break;
	case UPSTREAM_ENDED:
		break;
	}
}

/* Calls back, and forgets the query. */
static void
finish(struct upstream *u, struct query *q, enum upstream_outcome outcome)
{
	bool answered = outcome == UPSTREAM_ANSWERED;
	int64_t rtt = u->now_us - q->sent_us;

	assert(q->asked == NULL);
	count(&u->stats, outcome);
	if (rtt < 0)
		rtt = 0;
	if (rtt > UINT32_MAX)
		rtt = UINT32_MAX;
	q->fn(q->arg, outcome, q->wire + MESSAGE_HEADER_LEN,
	    answered ? q->answer : NULL, answered ? q->answer_len : 0,
	    (uint32_t)rtt);
	free(q->copy);
	free_query(u, q);
}

static bool
send_query(struct upstream *u, struct query *q, bool tcp)
{
	struct channel *c = upstream_pick_channel(u, tcp);

	return c != NULL && upstream_send(c, q);
}

/* Whether all goes by TCP at the moment. */
static bool
is_guarded(const struct upstream *u)
{
	return u->now_us < u->guarded_until_us;
}

/* Sends a query again. */
static void
send_again(struct upstream *u, struct query *q)
{
	bool tcp = q->step == STEP_TCP || is_guarded(u);

	free(q->copy);
	q->copy = NULL;
	q->step = STEP_WAIT;
	if (!send_query(u, q, tcp))
		upstream_end(u, q, UPSTREAM_FAILED);
}

/* Forged answers come in: nothing is left that they could hit. */
static void
raise_guard(struct upstream *u)
{
	u->alarm = false;
	u->wrong = 0;
	u->stats.guards++;
	u->guarded_until_us = u->now_us + UPSTREAM_GUARD_MS * 1000;
	for (struct query *q = u->live.next; q != &u->live; q = q->next)
		if (q->asked != NULL && !q->asked->channel->tcp)
			upstream_step(u, q, STEP_TCP);
	upstream_retire_udp(u);
	upstream_sweep_channels(u);
}

/* What was noted while c-ares ran.  What is noted meanwhile waits for the next
 * turn, so that who asks again at once cannot keep us here. */
static void
settle(struct upstream *u)
{
	struct query *q, *next;

	/* c-ares did not agree: a cookie that is not ours, or malformed. */
	if (u->right != NULL) {
		u->stats.suspect++;
		upstream_step(u, u->right, STEP_TCP);
	}
	if (u->alarm)
		raise_guard(u);
	q = u->over;
	u->over = NULL;
	u->over_end = &u->over;
	for (; q != NULL; q = next) {
		next = q->next_over;
		if (q->step == STEP_END)
			finish(u, q, q->outcome);
		else
			send_again(u, q);
	}
	u->datagram_len = 0;
}

/* ---- for others ---------------------------------------------------------- */

enum error
upstream_new(const struct sockaddr *server, socklen_t len,
    const struct upstream_loop *loop, struct upstream **out)
{
	struct upstream *u;

	if (!(server->sa_family == AF_INET &&
		len == sizeof(struct sockaddr_in)) &&
	    !(server->sa_family == AF_INET6 &&
		len == sizeof(struct sockaddr_in6)))
		return ERR_RANGE;
	u = calloc(1, sizeof(*u));
	if (u == NULL)
		return ERR_MEMORY;
	if (!upstream_secret_ready(&u->secret, 1)) {
		free(u);
		return ERR_IO;
	}
	memcpy(&u->server, server, len);
	u->server_len = len;
	u->loop = *loop;
	u->live.next = u->live.prev = &u->live;
	u->over_end = &u->over;
	/* No moment is that early. */
	u->guarded_until_us = u->no_edns_until_us = INT64_MIN;
	u->folds_case_until_us = INT64_MIN;
	*out = u;
	return OK;
}

void
upstream_free(struct upstream *u)
{
	struct query *q;

	if (u == NULL)
		return;
	u->ending = true;
	for (q = u->live.next; q != &u->live; q = q->next)
		leave_channel(q);
	upstream_free_channels(u);
	while ((q = u->live.next) != &u->live)
		finish(u, q, UPSTREAM_ENDED);
	while ((q = u->spare) != NULL) {
		u->spare = q->next;
		free(q);
	}
	free(u->sockets);
	free(u);
}

enum error
upstream_ask(struct upstream *u, const struct upstream_question *question,
    int64_t now_us, upstream_fn *fn, void *arg)
{
	const uint8_t *bits = NULL;
	struct query *q;

	if (u->ending || u->stats.in_flight >= UPSTREAM_IN_FLIGHT)
		return ERR_LIMIT;
	if (!upstream_secret_ready(&u->secret, BITS_LEN))
		return ERR_IO;
	u->now_us = now_us;
	q = new_query(u);
	if (q == NULL)
		return ERR_MEMORY;
	q->fn = fn;
	q->arg = arg;
	q->deadline_us = now_us + (int64_t)question->timeout_ms * 1000;
	if (now_us >= u->folds_case_until_us)
		bits = upstream_secret_take(
		    &u->secret, (name_len(question->qname) + 7) / 8);
	upstream_write_question(
	    q, question, bits, now_us >= u->no_edns_until_us);
	if (!send_query(u, q, question->tcp || is_guarded(u))) {
		free_query(u, q);
		return ERR_LIMIT;
	}
	u->stats.asked++;
	return OK;
}

void
upstream_ready(
    struct upstream *u, int fd, bool readable, bool writable, int64_t now_us)
{
	struct channel *c = upstream_find_channel(u, fd);

	u->now_us = now_us;
	for (int turn = 0; c != NULL && turn < READY_TURNS; turn++) {
		u->progress = false;
		upstream_process(c, fd, readable, writable && turn == 0);
		settle(u);
		if (!u->progress)
			break;
		/* It may have been closed. */
		c = upstream_find_channel(u, fd);
	}
}

/* Queries whose time is over. */
static void
expire(struct upstream *u)
{
	for (struct query *q = u->live.next; q != &u->live; q = q->next)
		if (q->deadline_us <= u->now_us)
			upstream_end(u, q, UPSTREAM_SILENT);
}

static void
each_channel(struct upstream *u, void (*fn)(struct channel *))
{
	for (size_t i = 0; i < UDP_SLOTS; i++)
		if (u->udp[i] != NULL)
			fn(u->udp[i]);
	for (size_t i = 0; i < TCP_SLOTS; i++)
		if (u->tcp[i] != NULL)
			fn(u->tcp[i]);
	for (struct channel *c = u->retired; c != NULL; c = c->next)
		fn(c);
}

static void
process_time(struct channel *c)
{
	upstream_process(c, -1, false, false);
}

void
upstream_tick(struct upstream *u, int64_t now_us)
{
	u->now_us = now_us;
	if (u->unsent) {
		u->unsent = false;
		each_channel(u, upstream_send_unsent);
	}
	each_channel(u, process_time);
	expire(u);
	settle(u);
	upstream_sweep_channels(u);
}

bool
upstream_is_busy(const struct upstream *u)
{
	return u->stats.in_flight > 0 || u->channels > 0;
}

void
upstream_get_stats(const struct upstream *u, struct upstream_stats *stats)
{
	*stats = u->stats;
}
