/* probe_answer.h - what an HTTP answer says about an instance.
 *
 * http, https: good if the status is between status_least and status_most
 * (200 to 399 if those are 0) and the text `body` is in the first 64 KiB.  A
 * header `X-Load: N` (0..65534) is the instance's load.  grpc: status 200 over
 * HTTP/2, and what probe_grpc.h says.
 *
 * Threads:   the checker's.
 * Ownership: the check is borrowed; answer_fini() frees the rest.
 * Units:     octets.
 * Errors:    outcomes.
 * Standards: RFC 9110 15 (status codes); RFC 9112 4 (status line).
 */
#ifndef SERVER_HEALTH_PROBE_ANSWER_H
#define SERVER_HEALTH_PROBE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "server/health/attempt.h"
#include "server/health/probe_grpc.h"
#include "server/health/probe_text.h"

struct answer {
	const struct config_check *check;
	int status; /* 0: none yet */
	bool http2;
	bool enough; /* the verdict is clear, whatever else comes */
	int load; /* -1: none */
	size_t headers_len, body_len;
	struct text text; /* what must be in the body */
	struct grpc grpc;
};

void answer_init(struct answer *, const struct config_check *);
void answer_fini(struct answer *);

/* Takes a line of the header (the status line is one) or of the trailer, and
 * a piece of the body; false: no more is wanted. */
bool answer_take_header(struct answer *, const char *line, size_t len);
bool answer_take_body(struct answer *, const char *piece, size_t len);

/* Whether it is an answer, and bad whatever the rest says. */
bool answer_is_refused(const struct answer *);

void answer_judge(const struct answer *, struct outcome *);

#endif
