/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/waiting.h"

#include <stdlib.h>

struct waiting *
waiting_new(struct resolve *resolve)
{
	struct waiting *w = resolve->spare;

	if (w != NULL)
		resolve->spare = NULL;
	else if (resolve->waiting < WAITING_MAX)
		w = malloc(sizeof(*w));
	if (w == NULL)
		return NULL;
	resolve->waiting++;
	w->resolve = resolve;
	w->judging = NULL;
	w->told = false;
	w->orphan = false;
	w->tsig = NULL;
	w->held = NULL;
	w->held_len = 0;
	w->held_count = 0;
	return w;
}

void
waiting_free(struct waiting *w)
{
	struct resolve *resolve;

	if (w == NULL)
		return;
	resolve = w->resolve;
	resolve->waiting--;
	resolve->held_len -= w->held_len;
	free(w->held);
	free(w->tsig);
	/* What is in the cache is answered without malloc(). */
	if (resolve->spare == NULL)
		resolve->spare = w;
	else
		free(w);
}

static bool
keep_tsig(struct waiting *w, const struct tsig *tsig)
{
	if (tsig->state == TSIG_NONE)
		return true;
	w->tsig = malloc(sizeof(*w->tsig));
	if (w->tsig == NULL)
		return false;
	*w->tsig = *tsig;
	return true;
}

/* The records of the aliases so far. */
static bool
keep_records(struct waiting *w, const struct judging *j)
{
	size_t from = MESSAGE_HEADER_LEN + message_question_len(&j->message);
	size_t len = j->a.w.len - from;

	if (len == 0)
		return true;
	if (w->resolve->held_len + len > WAITING_HELD_MAX)
		return false;
	w->held = malloc(len);
	if (w->held == NULL)
		return false;
	memcpy(w->held, j->a.w.buf + from, len);
	w->held_len = len;
	w->resolve->held_len += len;
	w->held_count = j->a.count[SECTION_ANSWER];
	return true;
}

bool
waiting_keep(struct waiting *w, const struct judging *j, const struct way *way)
{
	size_t len = MESSAGE_HEADER_LEN + message_question_len(&j->message);

	memcpy(w->in, j->message.in, len);
	w->message = j->message;
	w->message.in = w->in;
	w->message.len = len;
	w->message.opt = w->message.tsig = 0;
	w->edns = j->edns;
	w->tcp = j->req->tcp;
	w->way = *way;
	return keep_tsig(w, &j->tsig) && keep_records(w, j);
}

void
waiting_resume(const struct waiting *w, struct nameserver_local *local,
    const struct snapshot *snapshot, struct request *req, struct judging *j)
{
	struct answer *a = &j->a;

	req->in = w->in;
	req->in_len = w->message.len;
	req->tcp = w->tcp;
	req->peer = &w->route.peer;
	j->local = local;
	j->snapshot = snapshot;
	j->settings = snapshot->settings;
	j->req = req;
	j->message = w->message;
	j->edns = w->edns;
	j->tsig.state = TSIG_NONE;
	if (w->tsig != NULL)
		j->tsig = *w->tsig;
	j->may_resolve = true;
	judging_begin_answer(j);
	if (w->held_len == 0)
		return;
	/* They fitted before: places, and so pointers, are the same. */
	wire_put_bytes(&a->w, w->held, w->held_len);
	if (a->w.failed) { /* a reload has made answers smaller */
		a->w.failed = false;
		answer_truncate(a);
		return;
	}
	a->count[SECTION_ANSWER] = w->held_count;
}
