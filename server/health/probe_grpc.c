/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe_grpc.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PREFIX_LEN 5
#define TAG_SERVICE 0x0a /* field 1, length-delimited */
#define TAG_STATUS 0x08 /* field 1, varint */
#define SERVING 1

static const char *const serving_words[] = {
    "UNKNOWN",
    "SERVING",
    "NOT_SERVING",
    "SERVICE_UNKNOWN",
};

/* Status codes of gRPC, by number. */
static const char *const status_words[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

void
grpc_init(struct grpc *grpc)
{
	*grpc = (struct grpc){.status = -1};
}

size_t
grpc_request(const char *service, uint8_t to[GRPC_REQUEST_LEN])
{
	size_t name_len = service == NULL ? 0 : strlen(service);
	uint8_t *at = to + PREFIX_LEN;
	size_t len;

	if (name_len > GRPC_SERVICE_LEN)
		return 0;
	if (name_len > 0) {
		*at++ = TAG_SERVICE;
		/* A varint: seven bits each, the lowest first. */
		for (len = name_len; len > 0x7f; len >>= 7)
			*at++ = (uint8_t)(len | 0x80);
		*at++ = (uint8_t)len;
		memcpy(at, service, name_len);
		at += name_len;
	}
	len = (size_t)(at - to) - PREFIX_LEN;
	to[0] = 0;
	to[1] = to[2] = 0;
	to[3] = (uint8_t)(len >> 8);
	to[4] = (uint8_t)len;
	return len + PREFIX_LEN;
}

/* The value of a header by its name, without space around; NULL if it is
 * another one. */
static const char *
value_of(const char *line, size_t len, const char *name, size_t *value_len)
{
	size_t name_len = strlen(name);
	const char *end = line + len;

	if (len <= name_len || strncasecmp(line, name, name_len) != 0 ||
	    line[name_len] != ':')
		return NULL;
	line += name_len + 1;
	while (line < end && isspace((unsigned char)*line))
		line++;
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*value_len = (size_t)(end - line);
	return line;
}

void
grpc_take_header(struct grpc *grpc, const char *line, size_t len)
{
	size_t value_len;
	const char *value;
	int status = 0;

	value = value_of(line, len, "grpc-message", &value_len);
	if (value != NULL)
		attempt_clean(
		    grpc->message, sizeof(grpc->message), value, value_len);
	value = value_of(line, len, "grpc-status", &value_len);
	if (value == NULL)
		return;
	for (size_t i = 0; i < value_len; i++) {
		if (!isdigit((unsigned char)value[i]) || status > 999)
			return;
		status = status * 10 + (value[i] - '0');
	}
	if (value_len > 0)
		grpc->status = status;
}

void
grpc_take(struct grpc *grpc, const void *piece, size_t len)
{
	if (len > sizeof(grpc->answer) - grpc->answer_len) {
		grpc->too_long = true;
		return;
	}
	memcpy(grpc->answer + grpc->answer_len, piece, len);
	grpc->answer_len += len;
}

/* Reads a varint; false at the end of the octets or beyond 32 bits. */
static bool
read_varint(const uint8_t **at, const uint8_t *end, uint32_t *value)
{
	uint64_t sum = 0;

	for (unsigned shift = 0; *at < end && shift < 35; shift += 7) {
		uint8_t octet = *(*at)++;

		sum |= (uint64_t)(octet & 0x7f) << shift;
		if ((octet & 0x80) == 0) {
			*value = (uint32_t)sum;
			return sum <= UINT32_MAX;
		}
	}
	return false;
}

/* Steps over the value of a field that we do not know. */
static bool
skip_field(const uint8_t **at, const uint8_t *end, uint32_t tag)
{
	uint32_t len;

	switch (tag & 7) {
	case 0:
		return read_varint(at, end, &len);
	case 1:
		len = 8;
		break;
	case 2:
		if (!read_varint(at, end, &len))
			return false;
		break;
	case 5:
		len = 4;
		break;
	default:
		return false;
	}
	if (len > (size_t)(end - *at))
		return false;
	*at += len;
	return true;
}

/* The status in a response; -1 if it is none.  A field that is not there is
 * zero: UNKNOWN. */
static int
read_status(const struct grpc *grpc)
{
	const uint8_t *at = grpc->answer, *end = at + grpc->answer_len;
	uint32_t tag, status = 0;
	size_t len;

	if (grpc->too_long || grpc->answer_len < PREFIX_LEN || at[0] != 0 ||
	    at[1] != 0 || at[2] != 0)
		return -1;
	len = (size_t)at[3] << 8 | at[4];
	at += PREFIX_LEN;
	if (len != (size_t)(end - at))
		return -1;
	while (at < end) {
		if (!read_varint(&at, end, &tag))
			return -1;
		if (tag == TAG_STATUS ? !read_varint(&at, end, &status)
				      : !skip_field(&at, end, tag))
			return -1;
	}
	return status < 1000 ? (int)status : -1;
}

void
grpc_judge(const struct grpc *grpc, struct outcome *outcome)
{
	int status = grpc->status, serving;

	*outcome = outcome_none;
	outcome->connected = true;
	if (status < 0)
		snprintf(
		    outcome->reason, PROBE_REASON_LEN, "gRPC: no grpc-status");
	else if (status != 0)
		snprintf(outcome->reason, PROBE_REASON_LEN, "gRPC: %s%s%s",
		    status < COUNT(status_words) ? status_words[status]
						 : "unknown status",
		    grpc->message[0] != '\0' ? ": " : "", grpc->message);
	else if ((serving = read_status(grpc)) < 0)
		snprintf(outcome->reason, PROBE_REASON_LEN,
		    "gRPC: not a HealthCheckResponse");
	else {
		outcome->good = serving == SERVING;
		snprintf(outcome->reason, PROBE_REASON_LEN, "%s",
		    serving < COUNT(serving_words) ? serving_words[serving]
						   : "an unknown status");
	}
}
