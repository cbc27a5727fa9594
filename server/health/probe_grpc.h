/* probe_grpc.h - the messages of grpc.health.v1.
 *
 *     request   0 | length (4) | 0a len service          HealthCheckRequest
 *     response  0 | length (4) | 08 status               HealthCheckResponse
 *
 * Five octets before each message: whether it is compressed, its length.
 *
 * Threads:   any.
 * Ownership: none.
 * Units:     octets.
 * Errors:    outcomes.
 * Standards: gRPC over HTTP/2; GRPC Health Checking Protocol; Protocol Buffers
 *            encoding.
 */
#ifndef SERVER_HEALTH_PROBE_GRPC_H
#define SERVER_HEALTH_PROBE_GRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/health/attempt.h"

#define GRPC_SERVICE_LEN 4096
#define GRPC_REQUEST_LEN (GRPC_SERVICE_LEN + 16)
#define GRPC_ANSWER_LEN 256 /* more is not an answer to this question */

/* What came back so far. */
struct grpc {
	uint8_t answer[GRPC_ANSWER_LEN];
	size_t answer_len;
	bool too_long;
	int status; /* grpc-status; -1: none yet */
	char message[48]; /* grpc-message, as it came */
};

void grpc_init(struct grpc *);

/* Writes a request for a service (NULL: the whole server); its length, 0 if
 * the name is too long. */
size_t grpc_request(const char *service, uint8_t to[GRPC_REQUEST_LEN]);

/* Takes a header or trailer line, and a piece of the answer. */
void grpc_take_header(struct grpc *, const char *line, size_t len);
void grpc_take(struct grpc *, const void *piece, size_t len);

/* The verdict when the stream has ended with HTTP status 200. */
void grpc_judge(const struct grpc *, struct outcome *);

#endif
