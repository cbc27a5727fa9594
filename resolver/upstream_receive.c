/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "resolver/upstream_internal.h"

/* Datagrams in one go: others want their turn, too. */
#define DATAGRAMS 64

/* Somebody answers what was not asked.  Promise 9. */
static void
note_wrong(struct upstream *u)
{
	u->stats.wrong++;
	if (u->now_us - u->wrong_since_us >= UPSTREAM_GUARD_MS * 1000) {
		u->wrong_since_us = u->now_us;
		u->wrong = 0;
	}
	if (++u->wrong >= UPSTREAM_WRONG_MAX)
		u->alarm = true;
}

/* RFC 6891 7: an old server may send a header, and nothing else. */
static bool
is_bare_formerr(const uint8_t *wire, size_t len)
{
	return len == MESSAGE_HEADER_LEN && (wire[2] & 0x80) != 0 &&
	       (wire[3] & 15) == RCODE_FORMERR;
}

/* A datagram with the ID of a query that waits: whether it is the answer. */
static bool
is_answer(struct upstream *u, struct query *q, size_t len)
{
	const uint8_t *wire = u->datagram;

	if (len > sizeof(u->datagram)) {
		upstream_step(u, q, STEP_TCP);
		return false;
	}
	switch (upstream_judge(q, wire, len)) {
	case JUDGED_RIGHT:
		return true;
	case JUDGED_NO_EDNS:
		u->no_edns_until_us = u->now_us + HABIT_US;
		upstream_strip_edns(q);
		upstream_step(u, q, STEP_UDP);
		break;
	case JUDGED_OTHER:
		/* Chance has it that somebody guessed the ID, or the server is
		 * old: TCP tells, and no second guess is possible. */
		if (is_bare_formerr(wire, len))
			upstream_strip_edns(q);
		/* fallthrough */
	case JUDGED_FOLDED:
		u->stats.suspect++;
		/* fallthrough */
	case JUDGED_CUT:
	case JUDGED_COOKIE:
		upstream_step(u, q, STEP_TCP);
		break;
	}
	return false;
}

ssize_t
upstream_receive(struct channel *c, int fd)
{
	struct upstream *u = c->up;

	for (int i = 0; i < DATAGRAMS; i++) {
		struct asked *asked;
		int at = -1;
		ssize_t len;

		/* One at a time; and no more guesses. */
		if (u->datagram_len > 0 || u->alarm)
			break;
		len = recv(fd, u->datagram, sizeof(u->datagram), MSG_TRUNC);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -1;
		if (len >= MESSAGE_HEADER_LEN)
			at = upstream_find_id(c, wire_load_u16(u->datagram));
		if (at < 0) {
			note_wrong(u);
			continue;
		}
		asked = &c->ring[at];
		if (asked->query == NULL) {
			u->stats.late++;
			continue;
		}
		if (is_answer(u, asked->query, (size_t)len)) {
			u->right = asked->query;
			u->datagram_len = (size_t)len;
			return len;
		}
	}
	errno = EAGAIN;
	return -1;
}

void
upstream_receive_tcp(
    struct upstream *u, struct query *q, const uint8_t *wire, size_t len)
{
	enum judgement judgement;

	q->copy = malloc(len);
	if (q->copy == NULL) {
		upstream_end(u, q, UPSTREAM_FAILED);
		return;
	}
	memcpy(q->copy, wire, len);
	judgement = upstream_judge(q, q->copy, len);
	if (judgement == JUDGED_FOLDED) {
		/* By TCP it is the server who does that, and always will. */
		u->folds_case_until_us = u->now_us + HABIT_US;
		memcpy(q->copy + MESSAGE_HEADER_LEN,
		    q->wire + MESSAGE_HEADER_LEN, q->question_len);
		judgement = upstream_judge(q, q->copy, len);
	}
	switch (judgement) {
	case JUDGED_NO_EDNS:
		u->no_edns_until_us = u->now_us + HABIT_US;
		upstream_strip_edns(q);
		upstream_step(u, q, STEP_TCP);
		break;
	case JUDGED_OTHER:
		upstream_end(u, q, UPSTREAM_FAILED);
		break;
	default:
		/* c-ares may have chosen another ID. */
		wire_store_u16(q->copy, wire_load_u16(q->wire));
		q->answer = q->copy;
		q->answer_len = len;
		upstream_end(u, q, UPSTREAM_ANSWERED);
	}
}
