/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "resolver/client/client.h"
#include "resolver/client/hash.h"

/* --- beginning and end --- */

static int64_t
deadline_of(const struct muster *m, const struct muster_request *request)
{
	int64_t length_ms = request->deadline_ms;

	if (length_ms == 0)
		length_ms = m->settings.deadline_ms;
	return length_ms > 0 ? client_now_ms(m) + length_ms : INT64_MAX;
}

static uint32_t
attempts_of(const struct muster *m, const struct muster_request *request)
{
	if (request->attempts < 0)
		return 0;
	return request->attempts > 0 ? (uint32_t)request->attempts
				     : m->settings.attempts;
}

enum muster_status
muster_call_new(struct muster *m, const char *service,
    const struct muster_request *given, struct muster_call **out)
{
	struct muster_request request;
	struct muster_call *call;
	struct lookup *lookup;
	enum muster_status status = client_request_init(&request, given);
	enum error err;

	if (status != MUSTER_OK)
		return status;
	/* Only to see whether it is a name. */
	err = lookup_new(service, &m->search, &lookup);
	if (err != OK)
		return err == ERR_MEMORY ? MUSTER_NO_MEMORY : MUSTER_BAD_NAME;
	lookup_free(lookup);
	call = calloc(1, sizeof(*call));
	if (call == NULL)
		return MUSTER_NO_MEMORY;
	call->service =
	    client_cache_hold(m->cache, service, request.default_port);
	if (call->service == NULL) {
		free(call);
		return MUSTER_NO_MEMORY;
	}
	call->muster = m;
	call->strategy =
	    client_strategy(request.strategy, m->settings.strategy);
	if (request.key_len > 0)
		call->key = hash_octets(0, request.key, request.key_len);
	call->attempts = attempts_of(m, &request);
	call->deadline_ms = deadline_of(m, &request);
	call->current = CLIENT_CURRENT_NONE;
	call->round = 1;
	*out = call;
	return MUSTER_OK;
}

static void
drop_set(struct muster_call *call)
{
	client_end_use(call);
	endpoints_release(call->set);
	free(call->tried);
	call->set = NULL;
	call->tried = NULL;
}

void
muster_call_free(struct muster_call *call)
{
	if (call == NULL)
		return;
	drop_set(call);
	client_link_remove(&call->link);
	client_cache_release(call->muster->cache, call->service);
	client_tell_timer(call->muster);
	free(call);
}

/* --- moving on --- */

static void
finish(struct muster_call *call, enum muster_status status)
{
	call->state = CALL_READY;
	call->status = status;
	client_link_remove(&call->link);
	if (call->fn != NULL)
		client_link_append(&call->muster->ready, &call->link);
}

/* Goes through a set from now on. */
static enum muster_status
use_set(struct muster_call *call, struct endpoints *set)
{
	uint8_t *tried = calloc(set->entries, 1);

	if (tried == NULL)
		return MUSTER_NO_MEMORY;
	call->tried = tried;
	call->set = endpoints_hold(set);
	call->handed_in_round = 0;
	return MUSTER_OK;
}

static enum muster_status
use_stale(struct muster_call *call)
{
	call->muster->stats.stale++;
	return use_set(call, call->service->set);
}

static void
count_once(struct muster_call *call, uint64_t *counter)
{
	if (!call->was_counted)
		++*counter;
	call->was_counted = true;
}

static enum muster_status
use_fresh(struct muster_call *call, int64_t now_ms)
{
	struct muster *m = call->muster;

	count_once(call, &m->stats.hits);
	/* If it cannot be asked ahead now, it will be asked in time. */
	if (client_cache_wants_refresh(call->service, now_ms) &&
	    client_ask(m, call->service) == MUSTER_OK)
		m->stats.refreshes++;
	return use_set(call, call->service->set);
}

/* A lookup has ended while the call waited: whatever it found is used, however
 * short its TTL. */
static enum muster_status
use_result(struct muster_call *call, bool stale)
{
	struct service *service = call->service;

	if (service->failure == MUSTER_OK)
		return service->set ? use_set(call, service->set)
				    : service->status;
	return stale ? use_stale(call) : service->failure;
}

/* Nothing fresh is there: asks, and waits. MUSTER_BUSY: not yet. */
static enum muster_status
wait_for_answer(struct muster_call *call, bool stale, int64_t now_ms)
{
	struct muster *m = call->muster;
	struct service *service = call->service;
	int64_t stale_at_ms;

	count_once(call, &m->stats.misses);
	if (service->results != call->results_seen)
		return use_result(call, stale);
	if (service->lookup == NULL) {
		enum muster_status status;

		/* RFC 9520: it has just failed. */
		if (!client_cache_may_ask(service, now_ms))
			return stale ? use_stale(call) : service->failure;
		status = client_ask(m, service);
		if (status != MUSTER_OK)
			return stale ? use_stale(call) : status;
	}
	/* RFC 8767 5: old data after a while without an answer. */
	stale_at_ms = service->lookup->started_ms + m->settings.stale_after_ms;
	if (stale && now_ms >= stale_at_ms)
		return use_stale(call);
	call->wake_ms = call->deadline_ms;
	if (stale && stale_at_ms < call->wake_ms)
		call->wake_ms = stale_at_ms;
	return MUSTER_BUSY;
}

static enum muster_status
find_set(struct muster_call *call, int64_t now_ms)
{
	if (call->set != NULL)
		return MUSTER_OK;
	switch (client_cache_look(call->service, now_ms)) {
	case CLIENT_CACHE_FRESH:
		return use_fresh(call, now_ms);
	case CLIENT_CACHE_NEGATIVE:
		count_once(call, &call->muster->stats.hits);
		return call->service->status;
	case CLIENT_CACHE_STALE:
		return wait_for_answer(call, true, now_ms);
	case CLIENT_CACHE_NOTHING:
		break;
	}
	return wait_for_answer(call, false, now_ms);
}

/* All have been tried: another round, with what is known then. */
static void
begin_delay(struct muster_call *call, int64_t now_ms)
{
	struct muster *m = call->muster;

	call->round++;
	call->wake_ms = now_ms + retry_delay_ms(&m->settings.retry, call->round,
				     &m->random);
	if (call->wake_ms >= call->deadline_ms) {
		/* It would be too late then. */
		finish(call, MUSTER_DEADLINE);
		return;
	}
	call->state = CALL_DELAYED;
	drop_set(call);
	call->results_seen = call->service->results;
}

static void
ask_on(struct muster_call *call, int64_t now_ms)
{
	enum muster_status status = find_set(call, now_ms);

	if (status == MUSTER_BUSY)
		return;
	if (status == MUSTER_OK && call->wants_endpoint)
		status = client_choose(call, now_ms);
	if (status == MUSTER_BUSY)
		begin_delay(call, now_ms);
	else
		finish(call, status);
}

void
client_call_advance(struct muster_call *call, int64_t now_ms)
{
	if (call->state == CALL_DELAYED) {
		if (now_ms < call->wake_ms)
			return;
		call->state = CALL_ASKING;
	}
	if (call->state != CALL_ASKING)
		return;
	if (now_ms >= call->deadline_ms)
		finish(call, MUSTER_DEADLINE);
	else
		ask_on(call, now_ms);
}

/* muster_next() after an endpoint that nobody reported: it failed. */
static void
close_current(struct muster_call *call, int64_t now_ms)
{
	if (call->current != CLIENT_CURRENT_NONE && !call->reported)
		client_report(call->muster,
		    call->set->entry[call->current].peer, MUSTER_BAD, now_ms);
	call->reported = true;
}

enum muster_status
client_call_start(
    struct muster_call *call, bool wants_endpoint, muster_fn *fn, void *arg)
{
	struct muster *m = call->muster;
	int64_t now_ms = client_now_ms(m);

	if (call->state != CALL_IDLE)
		return MUSTER_BUSY;
	if (wants_endpoint)
		close_current(call, now_ms);
	call->wants_endpoint = wants_endpoint;
	call->fn = fn;
	call->arg = arg;
	call->state = CALL_ASKING;
	call->results_seen = call->service->results;
	client_link_append(&m->waiting, &call->link);
	client_call_advance(call, now_ms);
	return MUSTER_OK;
}

enum muster_status
client_call_take(
    struct muster_call *call, const struct muster_endpoint **endpoint)
{
	client_link_remove(&call->link);
	call->state = CALL_IDLE;
	*endpoint = NULL;
	if (call->status == MUSTER_OK && call->wants_endpoint)
		*endpoint = &call->set->entry[call->current].endpoint;
	return call->status;
}
