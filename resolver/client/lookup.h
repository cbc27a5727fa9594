/* lookup.h - from the name of a service to its endpoints: which questions.
 *
 *     SRV at each name of the search list
 *       found: addresses of the targets that none came along for
 *       "." : decidedly not available
 *       none at any of them: A and AAAA of the host, with the default port
 *
 * A machine without sockets: questions leave through ops, answers come back
 * through lookup_answered(); when nothing more is needed, it is done.
 *
 * Threads:   one.
 * Ownership: questions are the lookup's; lookup_free() only when all have been
 *            answered or nobody will.
 * Units:     monotonic milliseconds, TTLs in seconds.
 * Errors:    enum muster_status as the outcome.
 * Standards: RFC 2782; RFC 1034 5.3.1 (search lists).
 */
#ifndef RESOLVER_CLIENT_LOOKUP_H
#define RESOLVER_CLIENT_LOOKUP_H

#include "resolver/client/srv.h"
#include "resolver/muster.h"
#include "zones/dns/error.h"

#define LOOKUP_SEARCH_MAX 6 /* domains of a search list, as resolv.conf(5) */
#define LOOKUP_TARGETS_MAX \
	32 /* whose addresses are asked for; a server \
	    * sends along those of more */
#define LOOKUP_PARTIAL_TTL_S 5 /* when some of the questions failed */

struct lookup_search {
	struct name domain[LOOKUP_SEARCH_MAX];
	size_t count;
	unsigned ndots; /* so many dots: as it is first */
};

enum lookup_reply {
	LOOKUP_ANSWERED,
	LOOKUP_SILENT,
	LOOKUP_FAILED,
};

struct lookup;

struct lookup_question {
	struct lookup *lookup;
	struct name name;
	uint16_t type;
	uint8_t target; /* index of whom the address is for */
	uint8_t steps; /* of a chain of CNAMEs that were asked for */
};

/* Asks; ends with lookup_answered(), perhaps before it returns. */
typedef void lookup_ask_fn(void *arg, struct lookup_question *);

enum lookup_stage {
	LOOKUP_SRV,
	LOOKUP_TARGETS,
	LOOKUP_HOST,
	LOOKUP_DONE,
};

struct lookup {
	/* what is asked */
	lookup_ask_fn *ask;
	void *arg;
	int family; /* AF_INET, AF_INET6; 0: both */
	uint16_t default_port; /* 0: no fallback */
	struct name candidate[LOOKUP_SEARCH_MAX + 1];
	uint8_t candidates;
	/* where it is */
	enum lookup_stage stage;
	uint8_t at; /* candidate */
	uint32_t pending; /* questions, and one while more are being asked */
	uint32_t silent, failed; /* of this stage */
	uint32_t questions_count;
	struct lookup_question questions[2 * LOOKUP_TARGETS_MAX];
	struct name targets[LOOKUP_TARGETS_MAX];
	/* the outcome, when done */
	enum muster_status status;
	uint32_t ttl_s;
	struct srv_answer answer; /* records and addresses */
	/* of the client */
	int64_t started_ms;
	struct service *service;
	struct lookup *next;
};

/* Makes a lookup; ERR_SYNTAX: no name. */
enum error lookup_new(const char *service, const struct lookup_search *,
    struct lookup **) MUST_CHECK;
void lookup_free(struct lookup *);

/* Asks the first question; the fields of what is asked must be set. */
void lookup_start(struct lookup *);

void lookup_answered(struct lookup_question *, enum lookup_reply,
    const uint8_t *message, size_t len);

/* Whether the outcome is that nobody could tell. */
bool lookup_has_failed(const struct lookup *);

#endif
