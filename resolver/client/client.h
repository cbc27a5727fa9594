/* client.h - inside libmuster: a context, its calls, and who does what.
 *
 *     client.c        contexts, the event loop's side, figures
 *     client_call.c   a call: waiting for an answer, for a delay, for its turn
 *     client_choose.c which endpoint is next; how it did
 *     client_wait.c   the calls that wait: poll()
 *
 * A call moves as follows; "advance" is client_call_advance():
 *
 *              start                 a set, and LOOKUP was asked for
 *     IDLE ------------> ASKING -----------------------------------> READY
 *      ^                  |  ^                                        ^ |
 *      |   all were tried |  | the delay is over                      | |
 *      |                  v  |                                        | |
 *      |                DELAYED     an endpoint, or none any more ----' |
 *      `-----------------------------------------------------------------'
 *         muster_process() has called back, or a waiting function returns
 *
 * Threads:   one.
 * Ownership: a call holds its service and the set that it goes through.
 * Units:     monotonic milliseconds; INT64_MAX: never.
 * Errors:    enum muster_status.
 */
#ifndef RESOLVER_CLIENT_CLIENT_H
#define RESOLVER_CLIENT_CLIENT_H

#include "resolver/client/client_settings.h"

#define CLIENT_CURRENT_NONE UINT32_MAX

enum client_call_state {
	CALL_IDLE,
	CALL_ASKING,
	CALL_DELAYED,
	CALL_READY,
};

/* In a list with a head; in none when next is NULL. */
struct client_link {
	struct client_link *next, *prev;
};

struct muster_call {
	struct client_link link; /* waiting or ready; the first field */
	struct muster *muster;
	struct service *service;
	/* what was asked for */
	enum pick_strategy strategy;
	uint64_t key; /* hashed */
	uint32_t attempts; /* 0: each endpoint once */
	int64_t deadline_ms;
	/* where it is */
	enum client_call_state state;
	bool wants_endpoint; /* else: the set alone */
	bool was_counted; /* as a hit or a miss */
	uint32_t results_seen; /* service->results when it began to ask */
	int64_t wake_ms; /* when to look again, asked or not */
	enum muster_status status; /* of what is ready */
	muster_fn *fn; /* NULL: somebody waits */
	void *arg;
	/* the set, and how far it has come */
	struct endpoints *set;
	uint8_t *tried; /* for each entry of the set, in this round */
	uint32_t round;
	uint32_t handed; /* endpoints so far */
	uint32_t handed_in_round;
	/* the endpoint in use */
	uint32_t current; /* entry, or CLIENT_CURRENT_NONE */
	bool probe;
	bool reported;
};

struct muster {
	struct client_settings settings;
	struct client_ares *ares;
	struct client_cache *cache;
	struct peers *peers;
	struct lookup_search search;
	struct random random;
	struct lookup *lookups; /* under way */
	struct client_link waiting; /* calls asking or delayed */
	struct client_link ready; /* calls to call back for */
	int64_t timer_at_ms; /* as the loop was told last */
	struct muster_stats stats;
	/* the clock; tests bring their own */
	int64_t (*clock)(void *arg);
	void *clock_arg;
};

static inline void
client_link_init(struct client_link *head)
{
	head->next = head->prev = head;
}

static inline void
client_link_remove(struct client_link *link)
{
	if (link->next == NULL)
		return;
	link->next->prev = link->prev;
	link->prev->next = link->next;
	link->next = link->prev = NULL;
}

static inline void
client_link_append(struct client_link *head, struct client_link *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

/* --- client.c --- */

int64_t client_now_ms(const struct muster *);

/* Starts a lookup for a service that has none under way. */
enum muster_status client_ask(struct muster *, struct service *);

/* Takes over what lookups found out and moves all calls on. */
void client_turn(struct muster *);

/* When something is due; so long from now, as poll() wants it. */
int64_t client_next_ms(struct muster *);
int client_left_ms(const struct muster *, int64_t next_ms);

/* Tells the loop when to come, if that has changed. */
void client_tell_timer(struct muster *);

/* --- client_call.c --- */

/* Begins to look for what is wanted; ends with state READY. */
enum muster_status client_call_start(
    struct muster_call *, bool wants_endpoint, muster_fn *, void *arg);
void client_call_advance(struct muster_call *, int64_t now_ms);

/* Takes the outcome: back to IDLE. */
enum muster_status client_call_take(
    struct muster_call *, const struct muster_endpoint **);

/* --- client_choose.c --- */

/* MUSTER_OK: an endpoint is in use.  MUSTER_BUSY: all have been tried, and
 * another round may be.  Else: there is none. */
enum muster_status client_choose(struct muster_call *, int64_t now_ms);

/* Ends the use of the endpoint, if there is one. */
void client_end_use(struct muster_call *);
void client_report(
    struct muster *, struct peer *, enum muster_result, int64_t now_ms);

#endif
