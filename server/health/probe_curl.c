/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe_curl.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "server/health/attempt.h"

#define KEPT_MAX 256 /* handles; some 10 KiB each */

struct curls {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
	void (*prepare)(CURL *);
	void (*finished)(CURL *, CURLcode);
	CURL *kept[KEPT_MAX];
	size_t kept_count;
};

/* One socket that libcurl wants to know about. */
struct watch {
	struct event event;
	struct curls *curls;
};

/* Hands on what has ended, which may begin something new. */
static void
collect(struct curls *curls)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(curls->multi, &left)) != NULL) {
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		/* The message does not outlive this. */
		curl_multi_remove_handle(curls->multi, easy);
		curls->finished(easy, code);
	}
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;
	struct curls *curls = watch->curls;
	int how = 0, running;

	if ((what & EV_READ) != 0)
		how |= CURL_CSELECT_IN;
	if ((what & EV_WRITE) != 0)
		how |= CURL_CSELECT_OUT;
	/* May free the watch. */
	curl_multi_socket_action(curls->multi, fd, how, &running);
	collect(curls);
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	struct curls *curls = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(
	    curls->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(curls);
}

/* libcurl wants to be told about a socket, or no longer. */
static int
want_socket(CURL *easy, curl_socket_t fd, int want, void *arg, void *known)
{
	struct curls *curls = arg;
	struct watch *watch = known;
	int what = EV_PERSIST;

	(void)easy;
	if (watch != NULL)
		event_del(&watch->event);
	if (want == CURL_POLL_REMOVE) {
		free(watch);
		curl_multi_assign(curls->multi, fd, NULL);
		return 0;
	}
	if (watch == NULL) {
		watch = calloc(1, sizeof(*watch));
		if (watch == NULL)
			return -1;
		watch->curls = curls;
		curl_multi_assign(curls->multi, fd, watch);
	}
	if ((want & CURL_POLL_IN) != 0)
		what |= EV_READ;
	if ((want & CURL_POLL_OUT) != 0)
		what |= EV_WRITE;
	event_assign(
	    &watch->event, curls->base, fd, (short)what, on_ready, watch);
	return event_add(&watch->event, NULL);
}

static int
want_time(CURLM *multi, long ms, void *arg)
{
	struct curls *curls = arg;
	struct timeval when = attempt_timeval(ms);

	(void)multi;
	return ms < 0 ? event_del(curls->timer)
		      : event_add(curls->timer, &when);
}

struct curls *
curls_new(struct event_base *base, void (*prepare)(CURL *),
    void (*finished)(CURL *, CURLcode))
{
	struct curls *curls = calloc(1, sizeof(*curls));

	if (curls == NULL)
		return NULL;
	curls->base = base;
	curls->prepare = prepare;
	curls->finished = finished;
	curls->multi = curl_multi_init();
	curls->timer = evtimer_new(base, on_time, curls);
	if (curls->multi == NULL || curls->timer == NULL) {
		curls_free(curls);
		return NULL;
	}
	curl_multi_setopt(curls->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(curls->multi, CURLMOPT_SOCKETDATA, curls);
	curl_multi_setopt(curls->multi, CURLMOPT_TIMERFUNCTION, want_time);
	curl_multi_setopt(curls->multi, CURLMOPT_TIMERDATA, curls);
	/* No probe rides on the connection of another. */
	curl_multi_setopt(
	    curls->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return curls;
}

void
curls_free(struct curls *curls)
{
	if (curls == NULL)
		return;
	while (curls->kept_count > 0)
		curl_easy_cleanup(curls->kept[--curls->kept_count]);
	curl_multi_cleanup(curls->multi);
	if (curls->timer != NULL)
		event_free(curls->timer);
	free(curls);
}

CURL *
curls_take(struct curls *curls)
{
	CURL *easy;

	if (curls->kept_count > 0)
		return curls->kept[--curls->kept_count];
	easy = curl_easy_init();
	if (easy != NULL)
		curls->prepare(easy);
	return easy;
}

void
curls_give_back(struct curls *curls, CURL *easy)
{
	if (curls->kept_count < KEPT_MAX)
		curls->kept[curls->kept_count++] = easy;
	else
		curl_easy_cleanup(easy);
}

enum error
curls_begin(struct curls *curls, CURL *easy)
{
	return curl_multi_add_handle(curls->multi, easy) == CURLM_OK
		   ? OK
		   : ERR_MEMORY;
}

void
curls_cancel(struct curls *curls, CURL *easy)
{
	curl_multi_remove_handle(curls->multi, easy);
}
