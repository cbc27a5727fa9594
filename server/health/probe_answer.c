/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe_answer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADERS_LEN 65536 /* more headers are not an answer */
#define LOAD_MAX 65534

void
answer_init(struct answer *answer, const struct config_check *check)
{
	memset(answer, 0, sizeof(*answer));
	answer->check = check;
	answer->load = -1;
	text_init(&answer->text, check->body == NULL ? "" : check->body);
	grpc_init(&answer->grpc);
}

void
answer_fini(struct answer *answer)
{
	text_fini(&answer->text);
}

static bool
is_grpc(const struct answer *answer)
{
	return answer->check->type == CHECK_GRPC;
}

/* ---- headers ---- */

/* "HTTP/1.1 200 OK"; an interim one (100) is followed by another. */
static void
take_status(struct answer *answer, const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);
	int status = 0;

	if (len < 5 || memcmp(line, "HTTP/", 5) != 0 || space == NULL ||
	    line + len - space < 4)
		return;
	for (int i = 1; i <= 3; i++) {
		if (!isdigit((unsigned char)space[i]))
			return;
		status = status * 10 + (space[i] - '0');
	}
	answer->status = status;
	answer->http2 = line[5] == '2';
}

/* "X-Load: 37" */
static void
take_load(struct answer *answer, const char *line, size_t len)
{
	static const char name[] = "x-load:";
	const char *at = line + sizeof(name) - 1, *end = line + len;
	int load = 0;

	if (len < sizeof(name) ||
	    strncasecmp(line, name, sizeof(name) - 1) != 0)
		return;
	while (at < end && isspace((unsigned char)*at))
		at++;
	while (end > at && isspace((unsigned char)end[-1]))
		end--;
	if (at == end)
		return;
	for (; at < end && load <= LOAD_MAX; at++) {
		if (!isdigit((unsigned char)*at))
			return;
		load = load * 10 + (*at - '0');
	}
	if (load <= LOAD_MAX)
		answer->load = load;
}

bool
answer_take_header(struct answer *answer, const char *line, size_t len)
{
	answer->headers_len += len;
	if (answer->headers_len > HEADERS_LEN)
		return false;
	take_status(answer, line, len);
	take_load(answer, line, len);
	if (is_grpc(answer))
		grpc_take_header(&answer->grpc, line, len);
	return true;
}

/* ---- body ---- */

static bool
is_good_status(const struct answer *answer)
{
	const struct config_check *check = answer->check;
	int least = 200, most = 399;

	if (is_grpc(answer))
		return answer->status == 200;
	if (check->status_most != 0) {
		least = (int)check->status_least;
		most = (int)check->status_most;
	}
	return answer->status >= least && answer->status <= most;
}

bool
answer_take_body(struct answer *answer, const char *piece, size_t len)
{
	bool found = false;

	answer->body_len += len;
	if (is_grpc(answer))
		grpc_take(&answer->grpc, piece, len);
	else if (answer->check->body != NULL)
		found = text_take(&answer->text, piece, len);
	if (found || !is_good_status(answer) ||
	    answer->body_len >= ATTEMPT_ANSWER_LEN)
		answer->enough = true;
	return !answer->enough;
}

/* ---- the verdict ---- */

bool
answer_is_refused(const struct answer *answer)
{
	return answer->status >= 200 && !is_good_status(answer);
}

static void
judge_text(const struct answer *answer, struct outcome *outcome)
{
	if (answer->check->body == NULL || answer->text.found)
		return;
	outcome->good = false;
	snprintf(outcome->reason, PROBE_REASON_LEN,
	    "HTTP %d, the text is not in the %s", answer->status,
	    answer->body_len >= ATTEMPT_ANSWER_LEN ? "first 64 KiB" : "answer");
}

void
answer_judge(const struct answer *answer, struct outcome *outcome)
{
	*outcome = outcome_none;
	outcome->connected = true;
	outcome->load = answer->load;
	if (is_grpc(answer) && !answer->http2) {
		snprintf(outcome->reason, PROBE_REASON_LEN, "no HTTP/2 answer");
		return;
	}
	if (is_grpc(answer) && answer->status == 200) {
		grpc_judge(&answer->grpc, outcome);
		return;
	}
	outcome->good = is_good_status(answer);
	snprintf(outcome->reason, PROBE_REASON_LEN, "HTTP %d", answer->status);
	if (outcome->good)
		judge_text(answer, outcome);
}
