/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/client.h"
#include "resolver/client/client_search.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t
monotonic_ms(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
client_now_ms(const struct muster *m)
{
	return m->clock(m->clock_arg);
}

/* --- a context --- */

static enum muster_status
status_of(enum error err)
{
	switch (err) {
	case OK:
		return MUSTER_OK;
	case ERR_MEMORY:
		return MUSTER_NO_MEMORY;
	case ERR_SYNTAX:
		return MUSTER_BAD_VALUE;
	default:
		return MUSTER_SYSTEM;
	}
}

/* Everything that a context is made of; what is missing is NULL. */
static enum muster_status
open_parts(struct muster *m)
{
	uint64_t words[3];
	enum error err;

	if (getrandom(words, sizeof(words), 0) != sizeof(words))
		return MUSTER_SYSTEM;
	random_seed(&m->random, words[0]);
	client_search_init(&m->search);
	m->cache = client_cache_new(&m->settings.cache, words[1]);
	m->peers = peers_new(words[2]);
	if (m->cache == NULL || m->peers == NULL)
		return MUSTER_NO_MEMORY;
	err = client_ares_new(&m->settings.ares, &m->ares);
	return status_of(err);
}

enum muster_status
muster_new(const struct muster_settings *given, struct muster **out)
{
	struct muster *m = calloc(1, sizeof(*m));
	enum muster_status status;

	if (m == NULL)
		return MUSTER_NO_MEMORY;
	client_link_init(&m->waiting);
	client_link_init(&m->ready);
	m->clock = monotonic_ms;
	m->timer_at_ms = INT64_MAX;
	status = client_settings_init(&m->settings, given);
	if (status == MUSTER_OK)
		status = open_parts(m);
	if (status != MUSTER_OK) {
		muster_free(m);
		return status;
	}
	*out = m;
	return MUSTER_OK;
}

static void
end_lookup(struct muster *m, struct lookup *lookup)
{
	struct service *service = lookup->service;

	service->lookup = NULL;
	lookup_free(lookup);
	client_cache_release(m->cache, service);
}

void
muster_free(struct muster *m)
{
	if (m == NULL)
		return;
	client_ares_free(m->ares);
	while (m->lookups != NULL) {
		struct lookup *lookup = m->lookups;

		m->lookups = lookup->next;
		end_lookup(m, lookup);
	}
	client_cache_free(m->cache);
	peers_free(m->peers);
	free(m);
}

void
muster_flush(struct muster *m, const char *service)
{
	client_cache_flush(m->cache, service);
}

/* --- lookups --- */

static void
ask_question(void *arg, struct lookup_question *question)
{
	struct muster *m = arg;

	m->stats.questions++;
	client_ares_ask(m->ares, question);
}

enum muster_status
client_ask(struct muster *m, struct service *service)
{
	struct lookup *lookup;
	enum error err = lookup_new(service->name, &m->search, &lookup);

	if (err != OK)
		return status_of(err);
	lookup->ask = ask_question;
	lookup->arg = m;
	lookup->family = m->settings.family;
	lookup->default_port = service->default_port;
	lookup->started_ms = client_now_ms(m);
	/* A service that is asked about stays. */
	lookup->service =
	    client_cache_hold(m->cache, service->name, service->default_port);
	if (lookup->service == NULL) {
		lookup_free(lookup);
		return MUSTER_NO_MEMORY;
	}
	service->lookup = lookup;
	lookup->next = m->lookups;
	m->lookups = lookup;
	lookup_start(lookup);
	return MUSTER_OK;
}

/* A connected datagram socket sends nothing, but needs a route. */
static bool
has_route(const struct peer *peer)
{
	int fd =
	    socket(peer->address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	ok = connect(fd, &peer->address.any, peer->address_len) == 0;
	close(fd);
	return ok;
}

/* Remembers what a lookup has found out. */
static void
take_result(struct muster *m, struct lookup *lookup)
{
	struct service *service = lookup->service;
	enum muster_status status = lookup->status;
	struct endpoints *set = NULL;

	if (status == MUSTER_OK) {
		switch (
		    endpoints_new(&lookup->answer, m->peers, has_route, &set)) {
		case OK:
			break;
		case ERR_NOT_FOUND:
			status = MUSTER_NO_ADDRESS;
			break;
		default:
			status = MUSTER_NO_MEMORY;
		}
	}
	if (status == MUSTER_NO_MEMORY || lookup_has_failed(lookup))
		client_cache_fail(service, status, client_now_ms(m));
	else
		client_cache_put(m->cache, service, status, set, lookup->ttl_s,
		    lookup->started_ms);
}

/* Takes over what is done; whether anything was. */
static bool
take_results(struct muster *m)
{
	struct lookup **at = &m->lookups;
	bool any = false;

	while (*at != NULL) {
		struct lookup *lookup = *at;

		if (lookup->stage != LOOKUP_DONE) {
			at = &lookup->next;
			continue;
		}
		*at = lookup->next;
		take_result(m, lookup);
		end_lookup(m, lookup);
		any = true;
	}
	return any;
}

/* --- turns --- */

static void
advance_all(struct muster *m, int64_t now_ms)
{
	struct client_link *at = m->waiting.next;

	while (at != &m->waiting) {
		struct client_link *next = at->next;

		client_call_advance((struct muster_call *)at, now_ms);
		at = next;
	}
}

void
client_turn(struct muster *m)
{
	take_results(m);
	advance_all(m, client_now_ms(m));
	/* What a call has just asked may have failed at once. */
	while (take_results(m))
		advance_all(m, client_now_ms(m));
}

int64_t
client_next_ms(struct muster *m)
{
	int64_t now_ms = client_now_ms(m), next = INT64_MAX;
	int ares_ms = client_ares_timeout(m->ares);

	for (struct client_link *at = m->waiting.next; at != &m->waiting;
	     at = at->next) {
		const struct muster_call *call = (struct muster_call *)at;

		if (call->wake_ms < next)
			next = call->wake_ms;
	}
	if (ares_ms >= 0 && now_ms + ares_ms < next)
		next = now_ms + ares_ms;
	return next;
}

/* The same, of the loop, which has to call back too. */
static int64_t
loop_next_ms(struct muster *m)
{
	return m->ready.next != &m->ready ? client_now_ms(m)
					  : client_next_ms(m);
}

int
client_left_ms(const struct muster *m, int64_t next)
{
	int64_t left_ms;

	if (next == INT64_MAX)
		return -1;
	left_ms = next - client_now_ms(m);
	if (left_ms < 0)
		return 0;
	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

int
muster_timeout(struct muster *m)
{
	return client_left_ms(m, loop_next_ms(m));
}

void
client_tell_timer(struct muster *m)
{
	int64_t next;

	if (m->settings.timer == NULL)
		return;
	next = loop_next_ms(m);
	if (next == m->timer_at_ms)
		return;
	m->timer_at_ms = next;
	m->settings.timer(m->settings.arg, client_left_ms(m, next));
}

/* Calls back for those that were ready when it began; who starts again from
 * within has its turn next time. */
static void
call_back(struct muster *m)
{
	struct client_link now;

	client_link_init(&now);
	while (m->ready.next != &m->ready) {
		struct client_link *link = m->ready.next;

		client_link_remove(link);
		client_link_append(&now, link);
	}
	while (now.next != &now) {
		struct muster_call *call = (struct muster_call *)now.next;
		const struct muster_endpoint *endpoint;
		enum muster_status status = client_call_take(call, &endpoint);

		call->fn(call, status, endpoint, call->arg);
	}
}

void
muster_process(struct muster *m, int fd, short events)
{
	client_ares_process(m->ares, fd, events);
	client_turn(m);
	call_back(m);
	client_turn(m);
	/* The loop's timer may be the one that has just fired. */
	m->timer_at_ms = INT64_MIN;
	client_tell_timer(m);
}

size_t
muster_fds(struct muster *m, struct pollfd *fds, size_t room)
{
	return client_ares_fds(m->ares, fds, room);
}

static enum muster_status
start(struct muster_call *call, bool wants_endpoint, muster_fn *fn, void *arg)
{
	enum muster_status status;

	if (fn == NULL)
		return MUSTER_BAD_VALUE;
	status = client_call_start(call, wants_endpoint, fn, arg);
	if (status == MUSTER_OK) {
		client_turn(call->muster);
		client_tell_timer(call->muster);
	}
	return status;
}

enum muster_status
muster_lookup_start(struct muster_call *call, muster_fn *fn, void *arg)
{
	return start(call, false, fn, arg);
}

enum muster_status
muster_next_start(struct muster_call *call, muster_fn *fn, void *arg)
{
	return start(call, true, fn, arg);
}
