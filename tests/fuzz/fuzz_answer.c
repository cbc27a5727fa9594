/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_answer.c - any octets as what an instance answers to a check.
 *
 * The first octet chooses who reads them: the agent's line, an HTTP answer (as
 * header lines, then a body in pieces whose length the octet says), or the
 * same as a gRPC answer. */
#include <assert.h>
#include <string.h>

#include "server/health/probe_agent.h"
#include "server/health/probe_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What is promised of each outcome, whoever made it. */
static void
check(const struct outcome *outcome)
{
	size_t len = strnlen(outcome->reason, PROBE_REASON_LEN);

	assert(len > 0 && len < PROBE_REASON_LEN);
	for (size_t i = 0; i < len; i++)
		assert(outcome->reason[i] >= ' ' && outcome->reason[i] <= '~');
	assert(outcome->load >= -1 && outcome->load <= 65534);
	assert(outcome->percent >= -1 && outcome->percent <= AGENT_PERCENT_MAX);
	assert(!outcome->good || outcome->word != WORD_DOWN);
}

/* Header lines up to an empty one, then the body. */
static void
take_answer(struct answer *answer, const char *at, size_t len, size_t piece)
{
	const char *end;

	while ((end = memchr(at, '\n', len)) != NULL) {
		size_t line = (size_t)(end - at) + 1;

		if (!answer_take_header(answer, at, line))
			return;
		at += line;
		len -= line;
		if (line <= 2)
			break;
	}
	for (; len > 0; at += piece, len -= piece) {
		if (piece > len)
			piece = len;
		if (!answer_take_body(answer, at, piece))
			return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config_check http = {
	    .type = CHECK_HTTP, .body = (char *)"all is well"};
	struct outcome outcome;
	struct answer answer;

	if (len == 0)
		return 0;
	if (data[0] % 3 == 0) {
		agent_parse((const char *)data + 1, len - 1, &outcome);
		check(&outcome);
		return 0;
	}
	if (data[0] % 3 == 1)
		http.type = CHECK_GRPC;
	answer_init(&answer, &http);
	take_answer(&answer, (const char *)data + 1, len - 1, data[0] / 16 + 1);
	(void)answer_is_refused(&answer);
	answer_judge(&answer, &outcome);
	check(&outcome);
	answer_fini(&answer);
	return 0;
}
