/* upstream_internal.h - what the files of upstream share.
 *
 *     upstream ---- slots: the channels in use, UDP and TCP
 *        |          `- retired: those with questions that still wait
 *        |              `- ring of struct asked: one for each ares_send()
 *        |                    |          ^
 *        |                    v          |  NULL when it is over
 *        `--- live ------- struct query -'
 *                `- over: those with a next step, taken by settle()
 *
 * Invariants:
 *
 *  1. While c-ares runs, nobody is called back: what happens there is noted
 *     (upstream_step()), and done when c-ares has returned.  Channels are
 *     freed only then, too.
 *  2. asked->query->asked == asked; a query without one is over.
 *  3. A channel with waiting 0 may be freed: c-ares has nothing in it that
 *     anybody waits for.
 *  4. What has been asked from a socket is remembered until the ring comes
 *     around, so that an answer that is late is not taken for a forged one.
 *
 * Threads:   as upstream.h.
 * Ownership: an upstream owns channels and queries; c-ares holds pointers to
 *            struct asked until it calls back, at the latest when its channel
 *            is destroyed.
 */
#ifndef RESOLVER_UPSTREAM_INTERNAL_H
#define RESOLVER_UPSTREAM_INTERNAL_H

#define CARES_NO_DEPRECATED /* ares_send() and friends, from 1.28 on */
#include <ares.h>

#include "resolver/upstream.h"
#include "zones/dns/message.h"

/* Ports that are open for one server at a time; each is a channel of 75 KiB
 * in c-ares 1.18, made when it is needed. */
#define UDP_SLOTS 16
/* Old servers answer one question after the other on a connection. */
#define TCP_SLOTS 4
/* Channels with those that wait for their last answers; beyond, none is
 * replaced by a new one. */
#define CHANNELS_MAX 64
/* Questions of a channel that c-ares knows, at a time; IDs that are
 * remembered. */
#define RING_LEN 512
#define ID_BUCKETS 256
/* A channel is replaced after so long, one of UDP also after so many
 * questions: a port that was found out is soon worth nothing. */
#define UDP_CHANNEL_QUESTIONS 512
#define UDP_CHANNEL_US 1000000
#define TCP_CHANNEL_US 5000000
/* c-ares gives up after this: later than we do, so that it knows late answers
 * for what they are. */
#define CARES_TIMEOUT_MS 10000
/* Connections that end before the answer came. */
#define TCP_TRIES 3
/* A server that did not know EDNS (RFC 6891 6.2.2), or folds the case of
 * names, is asked again in that way after so long. */
#define HABIT_US (900 * (int64_t)1000000)

#define OPT_LEN 11 /* root, type, size, flags, no options */
#define QUESTION_MAX_LEN (MESSAGE_HEADER_LEN + NAME_MAX_LEN + 4 + OPT_LEN)
/* Longer datagrams than we said are truncated ones. */
#define DATAGRAM_MAX_LEN 4096

/* Octets that nobody can guess, from the kernel. */
struct secret {
	uint8_t octets[256]; /* what getrandom() gives without interruption */
	size_t left;
};

/* What comes next for a query. */
enum step {
	STEP_WAIT,
	STEP_END, /* with its outcome */
	STEP_UDP, /* again, without OPT */
	STEP_TCP,
};

struct query {
	struct query *next, *prev; /* of all that are live */
	struct query *next_over;
	struct asked *asked;
	upstream_fn *fn;
	void *arg;
	int64_t sent_us;
	int64_t deadline_us;
	enum step step;
	enum upstream_outcome outcome;
	const uint8_t *answer; /* the upstream's datagram, or copy */
	size_t answer_len;
	uint8_t *copy; /* NULL, or of malloc() */
	bool edns; /* wire ends in an OPT */
	bool exact; /* case was randomised */
	uint8_t tcp_tries;
	uint16_t len;
	uint16_t question_len; /* name, type, class */
	uint8_t wire[QUESTION_MAX_LEN];
};

/* One use of ares_send(). */
struct asked {
	struct channel *channel;
	struct query *query; /* NULL: over, for whatever reason */
	int fd; /* unsent: where it belongs */
	bool held; /* c-ares has not called back */
	bool unsent; /* the socket was full */
};

struct channel {
	struct upstream *up;
	struct channel *next; /* of the retired */
	ares_channel ares;
	bool tcp;
	bool talked; /* TCP: something was sent */
	bool ended; /* TCP: the server has closed it */
	unsigned questions; /* so far */
	unsigned held; /* places of the ring that c-ares knows */
	unsigned waiting; /* those with a query */
	int64_t since_us;
	/* IDs as they were sent, in buckets: places, counted from 1. */
	uint16_t id[RING_LEN];
	uint16_t bucket[ID_BUCKETS];
	uint16_t next_id[RING_LEN];
	unsigned used; /* places of the ring that were used before */
	unsigned hand; /* where the next free place is looked for */
	struct asked ring[RING_LEN];
};

struct socket_of {
	int fd;
	struct channel *channel;
};

struct upstream {
	/* The server. */
	struct sockaddr_storage server;
	socklen_t server_len;
	int64_t no_edns_until_us;
	int64_t folds_case_until_us;
	/* Against forged answers. */
	struct secret secret;
	unsigned wrong;
	int64_t wrong_since_us;
	bool alarm; /* the guard shall go up */
	int64_t guarded_until_us;
	/* Channels. */
	struct upstream_loop loop;
	struct channel *udp[UDP_SLOTS];
	struct channel *tcp[TCP_SLOTS];
	struct channel *retired;
	unsigned channels; /* all of them */
	struct socket_of *sockets;
	size_t sockets_count, sockets_cap;
	/* Queries. */
	struct query live; /* head of a ring */
	struct query *over, **over_end;
	struct query *spare;
	bool unsent; /* some of them are */
	bool ending;
	/* While c-ares runs. */
	int64_t now_us;
	struct asked *sending; /* ares_send() of it */
	struct query *right; /* the datagram is its answer, if c-ares agrees */
	bool progress; /* something came by TCP: there may be more */
	uint8_t datagram[DATAGRAM_MAX_LEN];
	size_t datagram_len; /* not 0: an answer that is not handed on yet */
	struct upstream_stats stats;
};

/* ---- upstream.c ---- */

/* Notes the next step of a query and takes it from its channel; nothing if
 * one is noted already. */
void upstream_step(struct upstream *, struct query *, enum step);
void upstream_end(struct upstream *, struct query *, enum upstream_outcome);

/* ---- upstream_receive.c: what comes in ---- */

/* Reads datagrams until one is the answer to a query: it is in u->datagram
 * then, and its length is returned.  Otherwise -1 and errno. */
ssize_t upstream_receive(struct channel *, int fd);

/* An answer came by TCP; c-ares has found its question by ID and name. */
void upstream_receive_tcp(
    struct upstream *, struct query *, const uint8_t *wire, size_t len);

/* ---- upstream_question.c: messages, no state ---- */

/* Writes the question into query->wire; the case of its letters is as in
 * bits (NAME_MAX_LEN of them), or lower if that is NULL. */
void upstream_write_question(struct query *, const struct upstream_question *,
    const uint8_t *bits, bool edns);
/* Gives it an ID, and an OPT (if it has one at its end) or not. */
void upstream_seal(struct query *, uint16_t id, bool opt);
/* Takes the OPT from it, and what else an old server may not know. */
void upstream_strip_edns(struct query *);

enum judgement {
	JUDGED_RIGHT,
	JUDGED_FOLDED, /* right but for the case of the name */
	JUDGED_OTHER, /* not an answer, or to another question */
	JUDGED_CUT, /* TC */
	JUDGED_NO_EDNS, /* FORMERR without OPT */
	JUDGED_COOKIE, /* BADCOOKIE: has to be by TCP */
};

/* What a message with the ID of a query is. */
enum judgement upstream_judge(
    const struct query *, const uint8_t *wire, size_t len);

/* ---- upstream_channel.c: c-ares ---- */

/* A channel for one more question, or NULL: no memory, or full. */
struct channel *upstream_pick_channel(struct upstream *, bool tcp);
/* Sends it: true, or false if there is no place. */
bool upstream_send(struct channel *, struct query *);
/* Sends again what did not fit. */
void upstream_send_unsent(struct channel *);
/* Lets c-ares look at a socket, or (-1) at its clock; the channel may be gone
 * then. */
void upstream_process(struct channel *, int fd, bool readable, bool writable);
/* Retires what is old and frees what is retired and empty. */
void upstream_sweep_channels(struct upstream *);
/* Retires all of UDP. */
void upstream_retire_udp(struct upstream *);
/* Frees all of them; no query may be in them. */
void upstream_free_channels(struct upstream *);
/* The place of an ID that was sent on a channel, or -1. */
int upstream_find_id(const struct channel *, uint16_t id);
/* A place has an ID now; which no other has. */
void upstream_set_id(struct channel *, unsigned place, uint16_t id);

/* ---- upstream_socket.c: what c-ares does to sockets goes through here ---- */

extern const struct ares_socket_functions upstream_sockets;
void upstream_watch_socket(
    void *channel, ares_socket_t fd, int readable, int writable);
/* The channel of a socket, or NULL. */
struct channel *upstream_find_channel(const struct upstream *, int fd);
/* Sends the message of a query by UDP, with the ID that c-ares knows it by. A
 * full socket is not the end of it, as it would be in c-ares 1.18: it is noted
 * as unsent.  false, and errno: it cannot be sent. */
bool upstream_send_datagram(struct asked *, int fd);

/* ---- upstream_secret.c ---- */

/* Makes sure that the next n octets (at most 128) are there. */
bool upstream_secret_ready(struct secret *, size_t n);
/* Takes n octets that are there. */
const uint8_t *upstream_secret_take(struct secret *, size_t n);
uint16_t upstream_secret_u16(struct secret *);

#endif
