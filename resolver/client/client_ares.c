/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/client_ares.h"

/* Newer versions would rather have their own structs; 1.18 has none. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "zones/dns/message.h"

#define OPT_LEN 11 /* root, type, size, flags, no options */
#define SERVERS_TEXT_MAX 4096 /* octets of a list of servers */

struct client_ares {
	ares_channel channel;
	struct client_ares_settings settings;
	bool ending;
	struct pollfd *fds;
	size_t fds_count, fds_room;
};

/* A question on its way; c-ares gives it back exactly once. */
struct errand {
	struct client_ares *ares;
	struct lookup_question *question;
};

/* --- sockets --- */

static struct pollfd *
find_fd(struct client_ares *ares, int fd)
{
	for (size_t i = 0; i < ares->fds_count; i++)
		if (ares->fds[i].fd == fd)
			return &ares->fds[i];
	return NULL;
}

static struct pollfd *
add_fd(struct client_ares *ares, int fd)
{
	struct pollfd *at;

	if (ares->fds_count == ares->fds_room) {
		size_t room = ares->fds_room * 2 + 4;
		struct pollfd *grown =
		    reallocarray(ares->fds, room, sizeof(*grown));

		if (grown == NULL)
			return NULL;
		ares->fds = grown;
		ares->fds_room = room;
	}
	at = &ares->fds[ares->fds_count++];
	*at = (struct pollfd){.fd = fd};
	return at;
}

/* c-ares opened or closed a socket, or wants something else of it.  One that
 * we could not note is as if nothing ever came: its question times out. */
static void
note_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct client_ares *ares = arg;
	short events =
	    (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	struct pollfd *at = find_fd(ares, fd);

	if (events == 0) {
		if (at != NULL)
			*at = ares->fds[--ares->fds_count];
	} else {
		if (at == NULL)
			at = add_fd(ares, fd);
		if (at == NULL)
			return;
		at->events = events;
	}
	if (ares->settings.watch != NULL)
		ares->settings.watch(ares->settings.arg, fd, events);
}

size_t
client_ares_fds(const struct client_ares *ares, struct pollfd *fds, size_t room)
{
	for (size_t i = 0; i < ares->fds_count && i < room; i++)
		fds[i] = ares->fds[i];
	return ares->fds_count;
}

/* --- a channel --- */

/* c-ares takes no blanks in lists of servers. */
static enum error
set_servers(struct client_ares *ares, const char *servers)
{
	char text[SERVERS_TEXT_MAX];
	size_t len = 0;

	for (; *servers != '\0'; servers++) {
		if (*servers == ' ' || *servers == '\t')
			continue;
		if (len + 1 == sizeof(text))
			return ERR_SYNTAX;
		text[len++] = *servers;
	}
	text[len] = '\0';
	if (len == 0)
		return ERR_SYNTAX;
	switch (ares_set_servers_ports_csv(ares->channel, text)) {
	case ARES_SUCCESS:
		return OK;
	case ARES_ENOMEM:
		return ERR_MEMORY;
	default:
		return ERR_SYNTAX;
	}
}

/* What newer versions do by themselves is ours: client_cache.h. */
static int
switch_off(struct ares_options *options)
{
#ifdef ARES_OPT_QUERY_CACHE
	options->qcache_max_ttl = 0;
	return ARES_OPT_QUERY_CACHE;
#else
	(void)options;
	return 0;
#endif
}

enum error
client_ares_new(
    const struct client_ares_settings *settings, struct client_ares **out)
{
	struct client_ares *ares = calloc(1, sizeof(*ares));
	struct ares_options options = {
	    /* Without EDNS it would throw larger answers away. */
	    .flags = ARES_FLAG_EDNS,
	    .ednspsz = CLIENT_ARES_UDP_LEN,
	    .timeout = settings->timeout_ms,
	    .tries = settings->tries,
	    .sock_state_cb = note_socket,
	    .sock_state_cb_data = ares,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS |
		   ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
	enum error err = OK;
	int rc;

	if (ares == NULL)
		return ERR_MEMORY;
	ares->settings = *settings;
	mask |= switch_off(&options);
	/* ares_library_init() is not needed on Linux, and is not safe beside
	 * other threads; a library does not call it. */
	rc = ares_init_options(&ares->channel, &options, mask);
	if (rc != ARES_SUCCESS) {
		free(ares);
		return rc == ARES_ENOMEM ? ERR_MEMORY : ERR_IO;
	}
	if (settings->servers != NULL)
		err = set_servers(ares, settings->servers);
	if (err != OK) {
		client_ares_free(ares);
		return err;
	}
	*out = ares;
	return OK;
}

void
client_ares_free(struct client_ares *ares)
{
	if (ares == NULL)
		return;
	ares->ending = true;
	ares_destroy(ares->channel);
	free(ares->fds);
	free(ares);
}

/* --- questions --- */

static void
take_answer(void *arg, int status, int timeouts, unsigned char *octets, int len)
{
	struct errand *errand = arg;
	struct lookup_question *question = errand->question;
	bool ending = errand->ares->ending;
	enum lookup_reply reply = LOOKUP_FAILED;

	(void)timeouts;
	free(errand);
	if (ending || status == ARES_EDESTRUCTION)
		return;
	if (status == ARES_SUCCESS && octets != NULL && len > 0)
		reply = LOOKUP_ANSWERED;
	else if (status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED)
		reply = LOOKUP_SILENT;
	lookup_answered(question, reply, octets, (size_t)(len > 0 ? len : 0));
}

/* RFC 1035 4.1, RFC 6891 6.1.2: the question, and a bare OPT as its last
 * record, which is what c-ares takes away for servers that do not know it. */
static size_t
write_question(const struct lookup_question *question, uint16_t id,
    uint8_t *out, size_t room)
{
	struct wire_writer w;

	wire_writer_init(&w, out, room);
	wire_put_u16(&w, id);
	wire_put_u16(&w, FLAG_RD);
	wire_put_u16(&w, 1);
	wire_put_u16(&w, 0);
	wire_put_u16(&w, 0);
	wire_put_u16(&w, 1);
	wire_put_name_plain(&w, question->name.wire);
	wire_put_u16(&w, question->type);
	wire_put_u16(&w, CLASS_IN);
	wire_put_u8(&w, 0);
	wire_put_u16(&w, TYPE_OPT);
	wire_put_u16(&w, CLIENT_ARES_UDP_LEN);
	wire_put_u32(&w, 0);
	wire_put_u16(&w, 0);
	return w.len;
}

void
client_ares_ask(struct client_ares *ares, struct lookup_question *question)
{
	uint8_t octets[MESSAGE_HEADER_LEN + NAME_MAX_LEN + 4 + OPT_LEN];
	struct errand *errand = malloc(sizeof(*errand));
	size_t len;
	uint16_t id;

	/* RFC 5452 9.2: nobody can guess it. */
	if (errand == NULL || getrandom(&id, sizeof(id), 0) != sizeof(id)) {
		free(errand);
		lookup_answered(question, LOOKUP_FAILED, NULL, 0);
		return;
	}
	*errand = (struct errand){ares, question};
	len = write_question(question, id, octets, sizeof(octets));
	ares_send(ares->channel, octets, (int)len, take_answer, errand);
}

void
client_ares_process(struct client_ares *ares, int fd, short events)
{
	bool readable = (events & (POLLIN | POLLERR | POLLHUP)) != 0;
	bool writable = (events & POLLOUT) != 0;

	ares_process_fd(ares->channel,
	    fd >= 0 && readable ? fd : ARES_SOCKET_BAD,
	    fd >= 0 && writable ? fd : ARES_SOCKET_BAD);
}

int
client_ares_timeout(struct client_ares *ares)
{
	struct timeval left, *tv = ares_timeout(ares->channel, NULL, &left);

	if (tv == NULL)
		return -1;
	/* Not too early, or one would come again for nothing. */
	return (int)(tv->tv_sec * 1000 + (tv->tv_usec + 999) / 1000);
}
