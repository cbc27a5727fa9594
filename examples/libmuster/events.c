/* SPDX-License-Identifier: Apache-2.0 */
/* events SERVICE [DNS-SERVERS [CALLS]]: as sync, with all calls at the same
 * time, in a libevent loop.  Prints a line for each call.
 *
 *     cc events.c $(pkg-config --cflags --libs libmuster libevent_core) \
 *         -o events
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <muster_libevent.h>
#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_MS 300 /* with a server */
#define ATTEMPTS 6 /* for each call, with growing delays */

struct greeting {
	struct muster_libevent *loop;
	struct muster_call *call;
	struct bufferevent *connection;
	char endpoint[MUSTER_ENDPOINT_TEXT];
	int *left; /* calls that have not ended */
	int *failed;
};

static void
end(struct greeting *g)
{
	muster_call_free(g->call);
	if (--*g->left == 0)
		event_base_loopbreak(g->loop->base);
	free(g);
}

static void try_next(struct greeting *);

static void
hang_up(struct greeting *g)
{
	bufferevent_free(g->connection);
	g->connection = NULL;
}

static void
on_line(struct bufferevent *connection, void *arg)
{
	struct greeting *g = arg;
	char *line = evbuffer_readln(
	    bufferevent_get_input(connection), NULL, EVBUFFER_EOL_CRLF);

	if (line == NULL)
		return;
	printf("%s: %s\n", g->endpoint, line);
	free(line);
	hang_up(g);
	muster_report(g->call, MUSTER_GOOD);
	end(g);
}

/* Refused, closed, or silent for too long. */
static void
on_trouble(struct bufferevent *connection, short what, void *arg)
{
	struct greeting *g = arg;

	(void)connection;
	if (what & BEV_EVENT_CONNECTED)
		return;
	hang_up(g);
	muster_report(g->call, MUSTER_BAD);
	try_next(g);
}

static void
on_endpoint(struct muster_call *call, enum muster_status status,
    const struct muster_endpoint *to, void *arg)
{
	const struct timeval patience = {0, PATIENCE_MS * 1000};
	struct greeting *g = arg;

	(void)call;
	if (status != MUSTER_OK) {
		printf("%s\n", muster_status_text(status));
		++*g->failed;
		end(g);
		return;
	}
	muster_endpoint_text(to, g->endpoint);
	g->connection =
	    bufferevent_socket_new(g->loop->base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (g->connection == NULL)
		abort();
	bufferevent_setcb(g->connection, on_line, NULL, on_trouble, g);
	bufferevent_set_timeouts(g->connection, &patience, NULL);
	bufferevent_enable(g->connection, EV_READ);
	/* If it fails at once, on_trouble() hears of it. */
	bufferevent_socket_connect(
	    g->connection, to->address, (int)to->address_len);
}

static void
try_next(struct greeting *g)
{
	if (muster_next_start(g->call, on_endpoint, g) != MUSTER_OK)
		abort();
}

static void
greet(struct muster_libevent *loop, const char *service, int *left, int *failed)
{
	const struct muster_request request = {
	    .size = sizeof(request), .attempts = ATTEMPTS, .deadline_ms = 9000};
	struct greeting *g = calloc(1, sizeof(*g));
	enum muster_status status;

	if (g == NULL)
		abort();
	*g = (struct greeting){.loop = loop, .left = left, .failed = failed};
	status = muster_call_new(loop->muster, service, &request, &g->call);
	if (status == MUSTER_OK) {
		++*left;
		try_next(g);
		return;
	}
	printf("%s\n", muster_status_text(status));
	++*failed;
	free(g);
}

int
main(int argc, char **argv)
{
	struct muster_settings settings = {.size = sizeof(settings)};
	struct event_base *base = event_base_new();
	struct muster_libevent *loop;
	int calls = argc > 3 ? atoi(argv[3]) : 1, left = 0, failed = 0;

	if (argc < 2 || base == NULL) {
		fprintf(
		    stderr, "usage: events SERVICE [DNS-SERVERS [CALLS]]\n");
		return 2;
	}
	if (argc > 2)
		settings.servers = argv[2];
	if (muster_libevent_new(base, &settings, &loop) != MUSTER_OK) {
		fprintf(stderr, "events: cannot begin\n");
		return 2;
	}
	for (int i = 0; i < calls; i++)
		greet(loop, argv[1], &left, &failed);
	if (left > 0)
		event_base_dispatch(base);
	muster_libevent_free(loop);
	event_base_free(base);
	return failed > 0;
}
