/* waiting.h - a question between its arrival and others' answer.
 *
 *   resolve_go()  -- forward_ask() -->  ...  -->  resolve.c  --> reply
 *
 * What the reply needs of the request is kept, and what has been found out so
 * far: the way, and the records of the aliases that led here.
 *
 * Threads:   one worker's.
 * Ownership: the forwarder has it until it calls back; waiting_free().
 * Units:     octets.
 * Errors:    NULL or false without memory, or when too many wait.
 */
#ifndef SERVER_NAMESERVER_WAITING_H
#define SERVER_NAMESERVER_WAITING_H

#include "server/nameserver/judging.h"
#include "server/nameserver/resolve.h"

/* Of one worker; as many as questions in flight (forward.h), most of which
 * are asked by one client each.  SERVFAIL beyond. */
#define WAITING_MAX 10000
/* What they keep of answers begun: some of them have many aliases. */
#define WAITING_HELD_MAX ((size_t)8 << 20)

#define WAITING_QUESTION_LEN (MESSAGE_HEADER_LEN + NAME_MAX_LEN + 4)

struct waiting {
	struct waiting *next; /* spare, or to be asked again */
	struct resolve *resolve;
	struct route route; /* set by the door */
	/* While forward_ask() has not returned: */
	struct judging *judging; /* NULL: it has */
	struct way *judging_way;
	enum resolve_step step; /* how it went on, if told */
	bool told; /* the answer came at once */
	bool orphan; /* nobody waits: it could not be kept */
	/* of the request, by waiting_keep() */
	bool tcp;
	struct message message; /* over in[]: header and question */
	struct edns edns;
	struct tsig *tsig; /* NULL: unsigned */
	uint8_t in[WAITING_QUESTION_LEN];
	/* of the answer */
	struct way way;
	uint8_t *held; /* records of the answer section; NULL: none */
	size_t held_len;
	unsigned held_count;
};

/* One that holds nothing yet; NULL if there is no memory, or there are too
 * many. */
struct waiting *waiting_new(struct resolve *);
void waiting_free(struct waiting *);

/* Keeps what a later reply needs. */
bool waiting_keep(struct waiting *, const struct judging *, const struct way *);

/* Makes a judging of it again, as it was, with an answer that ends behind the
 * records held.  snapshot and req are the caller's, and filled in: all but in,
 * which is set here. */
void waiting_resume(const struct waiting *, struct nameserver_local *,
    const struct snapshot *, struct request *, struct judging *);

#endif
