/* client_ares.h - libmuster's door to c-ares: questions out, answers in.
 *
 * Asks the servers of the system, or those given, one after the other; ends
 * in a bare OPT, so that a large answer fits a datagram, and goes on by TCP
 * when it is cut.  c-ares decides about tries and timeouts, nothing else: its
 * own cache, where it has one, is switched off.  (1.18 gives one status for a
 * server that refuses the connection and one that says SERVFAIL.)
 *
 * Threads:   one.
 * Ownership: client_ares_free() forgets what is under way without calling
 *            back.
 * Units:     milliseconds.
 * Errors:    ERR_MEMORY; ERR_SYNTAX: that are no servers; ERR_IO.
 * Standards: RFC 1035 4.1; RFC 6891 6.1.
 */
#ifndef RESOLVER_CLIENT_CLIENT_ARES_H
#define RESOLVER_CLIENT_CLIENT_ARES_H

#include <poll.h>

#include "resolver/client/lookup.h"
#include "zones/dns/error.h"

/* Octets of an answer by UDP: what passes everywhere unfragmented. */
#define CLIENT_ARES_UDP_LEN 1232

struct client_ares;

struct client_ares_settings {
	const char *servers; /* as struct muster_settings */
	int timeout_ms;
	int tries;
	/* Sockets to watch; may be NULL. */
	void (*watch)(void *arg, int fd, short events);
	void *arg;
};

enum error client_ares_new(
    const struct client_ares_settings *, struct client_ares **) MUST_CHECK;
void client_ares_free(struct client_ares *);

/* Asks; lookup_answered() follows, perhaps before it returns. */
void client_ares_ask(struct client_ares *, struct lookup_question *);

/* A socket is ready, or (fd -1) time has passed. */
void client_ares_process(struct client_ares *, int fd, short events);

/* When time has passed: in so many milliseconds; -1: nothing is under way. */
int client_ares_timeout(struct client_ares *);

/* The sockets now: fills in at most room, returns how many there are. */
size_t client_ares_fds(
    const struct client_ares *, struct pollfd *, size_t room);

#endif
