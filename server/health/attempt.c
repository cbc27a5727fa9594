/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/attempt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "server/health/probe_exec.h"
#include "server/health/probe_http.h"
#include "server/health/probe_tcp.h"
#include "server/now.h"

const struct outcome outcome_none = {
    .word = WORD_NONE,
    .percent = -1,
    .load = -1,
};

/* ---- which address ---- */

static const struct probe_kind *
kind_of(const struct config_check *check)
{
	switch (check->type) {
	case CHECK_HTTP:
	case CHECK_HTTPS:
	case CHECK_GRPC:
		return &probe_http;
	case CHECK_TCP:
	case CHECK_AGENT:
		return &probe_tcp;
	case CHECK_EXEC:
		return &probe_exec;
	case CHECK_NONE:
	case CHECK_TTL:
		break;
	}
	return NULL;
}

static bool
is_allowed(const struct config_check *check, const struct endpoint *address)
{
	/* A program may do as it likes; networks say for whom it is run. */
	if (check->type == CHECK_EXEC && check->networks_count == 0)
		return true;
	return config_networks_contain(
	    check->networks, check->networks_count, address);
}

/* Steps to the next address that may be asked; false behind the last. */
static bool
next_address(struct attempt *attempt)
{
	const struct probe_order *order = attempt->order;
	unsigned count = order->addresses;

	while (attempt->tried < count) {
		attempt->at = (attempt->first + attempt->tried++) % count;
		attempt->address = &order->address[attempt->at];
		if (is_allowed(&order->check, attempt->address))
			return true;
	}
	return false;
}

/* A program is run even for an instance without an address, but not for one
 * whose addresses are all forbidden; and only once. */
static bool
has_another(struct attempt *attempt)
{
	bool is_first = attempt->outcome.reason[0] == '\0';

	if (attempt->order->check.type == CHECK_EXEC && !is_first)
		return false;
	if (next_address(attempt))
		return true;
	attempt->address = NULL;
	return is_first && attempt->order->check.type == CHECK_EXEC &&
	       attempt->order->addresses == 0 && !attempt->order->forbidden;
}

void
attempt_start(struct attempt *attempt, int64_t now_ms)
{
	const struct probe_order *order = attempt->order;

	attempt->kind = kind_of(&order->check);
	attempt->way = NULL;
	attempt->tried = 0;
	attempt->outcome = outcome_none;
	attempt->deadline_ms = now_ms + (int64_t)order->check.timeout_ms;
	if (attempt->kind == NULL)
		snprintf(attempt->outcome.reason, PROBE_REASON_LEN,
		    "nothing to probe with");
	else if (has_another(attempt)) {
		attempt->kind->start(attempt);
		return;
	} else if (order->forbidden || order->addresses > 0)
		snprintf(attempt->outcome.reason, PROBE_REASON_LEN,
		    "not probed: no address is within the check's networks");
	else
		snprintf(
		    attempt->outcome.reason, PROBE_REASON_LEN, "no address");
	attempt->done(attempt);
}

void
attempt_cancel(struct attempt *attempt)
{
	if (attempt->way != NULL)
		attempt->kind->cancel(attempt);
}

void
attempt_end(struct attempt *attempt, const struct outcome *outcome)
{
	struct outcome *sum = &attempt->outcome;
	bool ours = !outcome->good && (sum->ours || outcome->ours);

	if (outcome->good || sum->reason[0] == '\0' ||
	    (outcome->connected && !sum->connected))
		*sum = *outcome;
	sum->ours = ours;
	if (sum->reason[0] == '\0')
		snprintf(sum->reason, PROBE_REASON_LEN, "no reason given");
	if (sum->good || now_monotonic_ms() >= attempt->deadline_ms ||
	    !has_another(attempt))
		attempt->done(attempt);
	else
		attempt->kind->start(attempt);
}

/* ---- what time there is ---- */

int64_t
attempt_left_ms(const struct attempt *attempt)
{
	int64_t left = attempt->deadline_ms - now_monotonic_ms();

	return left < 1 ? 1 : left;
}

int64_t
attempt_connect_ms(const struct attempt *attempt)
{
	unsigned others = attempt->order->addresses - attempt->tried;
	int64_t share = attempt_left_ms(attempt) / (int64_t)(others + 1);

	return share < 1 ? 1 : share;
}

struct timeval
attempt_timeval(int64_t ms)
{
	return (struct timeval){
	    .tv_sec = (time_t)(ms / 1000),
	    .tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};
}

/* ---- reasons ---- */

void
attempt_fail(struct attempt *attempt, bool connected, const char *format, ...)
{
	struct outcome outcome = outcome_none;
	va_list args;

	va_start(args, format);
	vsnprintf(outcome.reason, sizeof(outcome.reason), format, args);
	va_end(args);
	outcome.connected = connected;
	attempt_end(attempt, &outcome);
}

const char *
attempt_errno_text(int error, char text[PROBE_REASON_LEN])
{
	switch (error) {
	case ECONNREFUSED:
		return "connection refused";
	case ECONNRESET:
	case EPIPE:
		return "connection reset";
	case EHOSTUNREACH:
		return "no route to host";
	case ENETUNREACH:
		return "network unreachable";
	case ETIMEDOUT:
		return "connection timed out";
	case ENOMEM:
	case ENOBUFS:
		return "no memory here";
	case EMFILE:
	case ENFILE:
		return "too many open files here";
	case EADDRNOTAVAIL:
		return "no local address or port left";
	default:
		return strerror_r(error, text, PROBE_REASON_LEN);
	}
}

bool
attempt_is_ours(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EADDRNOTAVAIL:
	case EAGAIN:
		return true;
	default:
		return false;
	}
}

void
attempt_fail_errno(struct attempt *attempt, bool connected, int error)
{
	struct outcome outcome = outcome_none;
	char text[PROBE_REASON_LEN];

	outcome.connected = connected;
	outcome.ours = attempt_is_ours(error);
	snprintf(outcome.reason, sizeof(outcome.reason), "%s",
	    attempt_errno_text(error, text));
	attempt_end(attempt, &outcome);
}

void
attempt_timeout_text(const struct attempt *attempt, char text[PROBE_REASON_LEN])
{
	uint64_t ms = attempt->order->check.timeout_ms;

	if (ms % 1000 == 0)
		snprintf(text, PROBE_REASON_LEN, "timeout after %llu s",
		    (unsigned long long)ms / 1000);
	else
		snprintf(text, PROBE_REASON_LEN, "timeout after %llu ms",
		    (unsigned long long)ms);
}

void
attempt_fail_timeout(struct attempt *attempt, bool connected)
{
	char text[PROBE_REASON_LEN];

	attempt_timeout_text(attempt, text);
	attempt_fail(attempt, connected, "%s", text);
}

void
attempt_clean(char *to, size_t to_len, const char *from, size_t len)
{
	size_t n = len < to_len - 1 ? len : to_len - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = from[i] >= 0x20 && from[i] < 0x7f ? from[i] : '?';
	to[n] = '\0';
}
