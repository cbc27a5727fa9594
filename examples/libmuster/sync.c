/* SPDX-License-Identifier: Apache-2.0 */
/* sync SERVICE [DNS-SERVERS [CALLS]]: says hello to a service, and shows what
 * libmuster makes of servers that fail.  Prints a line for each endpoint that
 * it tries, and one for each call.
 *
 *     cc sync.c $(pkg-config --cflags --libs libmuster) -o sync
 *     ./sync _hello._tcp.svc.example 127.0.0.1:5300
 */
#include <muster.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 300 /* with a server */

/* Whether a server sends a line within our patience; why is what happened. */
static int
talk(const struct muster_endpoint *to, char *why, size_t room)
{
	int fd = socket(to->address->sa_family, SOCK_STREAM, 0);
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	ssize_t n = -1;

	snprintf(why, room, "no connection");
	if (fd >= 0 && connect(fd, to->address, to->address_len) == 0) {
		snprintf(why, room, "no answer");
		if (poll(&ready, 1, PATIENCE_MS) == 1) {
			n = read(fd, why, room - 1);
			if (n > 0)
				why[n] = '\0';
			else
				snprintf(why, room, "closed");
			why[strcspn(why, "\r\n")] = '\0';
		}
	}
	if (fd >= 0)
		close(fd);
	return n > 0;
}

/* One call: from endpoint to endpoint until one works. */
static enum muster_status
call(struct muster *m, const char *service)
{
	const struct muster_endpoint *to;
	struct muster_call *c;
	enum muster_status status = muster_call_new(m, service, NULL, &c);
	int ok = 0;

	if (status != MUSTER_OK)
		return status;
	while (!ok && (status = muster_next(c, &to)) == MUSTER_OK) {
		char text[MUSTER_ENDPOINT_TEXT], why[80];

		ok = talk(to, why, sizeof(why));
		muster_report(c, ok ? MUSTER_GOOD : MUSTER_BAD);
		printf("  %s %s: %s\n", to->host,
		    muster_endpoint_text(to, text), why);
	}
	muster_call_free(c);
	return status;
}

int
main(int argc, char **argv)
{
	struct muster_settings settings = {.size = sizeof(settings),
	    .breaker_failures = 3,
	    .breaker_open_ms = 60000};
	struct muster *m;
	enum muster_status status;
	int calls = argc > 3 ? atoi(argv[3]) : 1, failed = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: sync SERVICE [DNS-SERVERS [CALLS]]\n");
		return 2;
	}
	if (argc > 2)
		settings.servers = argv[2];
	status = muster_new(&settings, &m);
	if (status != MUSTER_OK) {
		fprintf(stderr, "sync: %s\n", muster_status_text(status));
		return 2;
	}
	for (int i = 1; i <= calls; i++) {
		status = call(m, argv[1]);
		printf("call %d: %s\n", i, muster_status_text(status));
		failed += status != MUSTER_OK;
	}
	muster_free(m);
	return failed > 0;
}
