/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe_exec.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/health/probe_exec_spawn.h"
#include "server/now.h"

#define LINE_LEN 72 /* kept of what it says */
#define REAP_MS 1000 /* for one that was killed to be gone */
/* Killed, and not gone for more than that (waiting for a dead disk): so many
 * of them, and no new ones are started. */
#define STUCK_MAX 64

struct program {
	struct program *next, **previous;
	struct programs *all;
	struct attempt *attempt; /* NULL: nobody waits for it any more */
	struct spawned at;
	struct event *ended, *said, *timer;
	bool killed; /* by us, and the reason is there */
	char reason[PROBE_REASON_LEN];
	char line[LINE_LEN]; /* the first that is not empty */
	size_t line_len;
	bool line_over;
	size_t output_len;
};

struct programs {
	struct event_base *base;
	struct program *first;
	unsigned orphans; /* without an attempt */
};

/* ---- ends ---- */

static void
free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

static void
stop_reading(struct program *program)
{
	free_event(program->said);
	program->said = NULL;
	if (program->at.output >= 0)
		close(program->at.output);
	program->at.output = -1;
}

/* Forgets a program that is reaped, or never will be. */
static void
program_free(struct program *program)
{
	stop_reading(program);
	free_event(program->ended);
	free_event(program->timer);
	close(program->at.pidfd);
	*program->previous = program->next;
	if (program->next != NULL)
		program->next->previous = program->previous;
	if (program->attempt == NULL)
		program->all->orphans--;
	free(program);
}

/* The whole group.  Its number is ours as long as the program is not reaped,
 * be it dead already. */
static void
kill_group(struct program *program)
{
	kill(-program->at.pid, SIGKILL);
}

/* Lets the attempt go on without it; it is reaped when it is dead. */
static struct attempt *
orphan(struct program *program)
{
	struct attempt *attempt = program->attempt;

	kill_group(program);
	stop_reading(program);
	evtimer_del(program->timer);
	attempt->way = NULL;
	program->attempt = NULL;
	program->all->orphans++;
	return attempt;
}

static void
program_cancel(struct attempt *attempt)
{
	orphan(attempt->way);
}

/* Kills it; the attempt waits until it is gone. */
static void
kill_for(struct program *program, const char *reason)
{
	struct timeval left = attempt_timeval(REAP_MS);

	kill_group(program);
	program->killed = true;
	snprintf(program->reason, sizeof(program->reason), "%s", reason);
	stop_reading(program);
	evtimer_add(program->timer, &left);
}

/* ---- what it says ---- */

static void
take_output(struct program *program, const char *part, size_t len)
{
	program->output_len += len;
	for (size_t i = 0; i < len && !program->line_over; i++) {
		if (part[i] == '\n' || part[i] == '\r')
			program->line_over = program->line_len > 0;
		else if (program->line_len < sizeof(program->line))
			program->line[program->line_len++] = part[i];
		else
			program->line_over = true;
	}
}

/* Reads what there is, but not for ever. */
static void
read_output(struct program *program)
{
	char part[4096];
	ssize_t n = 1;

	while (n > 0 && program->output_len <= EXEC_OUTPUT_LEN) {
		n = read(program->at.output, part, sizeof(part));
		if (n > 0)
			take_output(program, part, (size_t)n);
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		stop_reading(program);
}

static void
on_output(evutil_socket_t fd, short what, void *arg)
{
	struct program *program = arg;

	(void)fd;
	(void)what;
	read_output(program);
	if (program->output_len > EXEC_OUTPUT_LEN)
		kill_for(program, "killed: more than 64 KiB of output");
}

/* ---- how it ends ---- */

static void
judge(const struct program *program, const siginfo_t *info,
    struct outcome *outcome)
{
	char line[LINE_LEN + 1];
	const char *colon;

	*outcome = outcome_none;
	outcome->connected = true;
	attempt_clean(line, sizeof(line), program->line, program->line_len);
	colon = line[0] == '\0' ? "" : ": ";
	if (program->killed)
		snprintf(
		    outcome->reason, PROBE_REASON_LEN, "%s", program->reason);
	else if (info->si_code == CLD_EXITED) {
		outcome->good = info->si_status == 0;
		snprintf(outcome->reason, PROBE_REASON_LEN,
		    "exit status %d%s%s", info->si_status, colon, line);
	} else if (info->si_code != 0)
		snprintf(outcome->reason, PROBE_REASON_LEN, "signal %d%s%s",
		    info->si_status, colon, line);
	else
		snprintf(outcome->reason, PROBE_REASON_LEN,
		    "the exit status is lost");
}

static void
on_end(evutil_socket_t fd, short what, void *arg)
{
	struct program *program = arg;
	struct attempt *attempt = program->attempt;
	struct outcome outcome;
	siginfo_t info = {.si_code = 0};

	(void)fd;
	(void)what;
	/* Before it is reaped: then the number could be another's. */
	kill_group(program);
	if (program->said != NULL)
		read_output(program);
	if (waitid(P_PID, (id_t)program->at.pid, &info, WEXITED | WNOHANG) != 0)
		info.si_code = 0; /* somebody else has taken it */
	if (attempt == NULL) {
		program_free(program);
		return;
	}
	judge(program, &info, &outcome);
	attempt->way = NULL;
	program_free(program);
	attempt_end(attempt, &outcome);
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct program *program = arg;
	char reason[PROBE_REASON_LEN];

	(void)fd;
	(void)what;
	if (program->killed) {
		attempt_fail(
		    orphan(program), true, "timeout, and it cannot be killed");
		return;
	}
	attempt_timeout_text(program->attempt, reason);
	kill_for(program, reason);
}

/* ---- the beginning ---- */

static enum error
watch(struct program *program)
{
	struct event_base *base = program->all->base;
	struct timeval left =
	    attempt_timeval(attempt_left_ms(program->attempt));

	program->ended =
	    event_new(base, program->at.pidfd, EV_READ, on_end, program);
	program->said = event_new(
	    base, program->at.output, EV_READ | EV_PERSIST, on_output, program);
	program->timer = evtimer_new(base, on_timeout, program);
	if (program->ended == NULL || program->said == NULL ||
	    program->timer == NULL || event_add(program->ended, NULL) != 0 ||
	    event_add(program->said, NULL) != 0 ||
	    event_add(program->timer, &left) != 0)
		return ERR_MEMORY;
	return OK;
}

static void
enlist(struct programs *all, struct program *program)
{
	program->all = all;
	program->next = all->first;
	program->previous = &all->first;
	if (all->first != NULL)
		all->first->previous = &program->next;
	all->first = program;
}

static void
program_start(struct attempt *attempt)
{
	struct programs *all = attempt->prober->programs;
	char text[PROBE_REASON_LEN];
	struct program *program;
	int error;

	if (all->orphans >= STUCK_MAX) {
		attempt_fail(attempt, false,
		    "not started: %u programs cannot be killed", all->orphans);
		return;
	}
	program = calloc(1, sizeof(*program));
	error = program == NULL ? ENOMEM
				: exec_spawn(attempt->order, attempt->address,
				      &program->at);
	if (error != 0) {
		free(program);
		if (attempt_is_ours(error))
			attempt_fail_errno(attempt, false, error);
		else
			attempt_fail(attempt, false, "cannot be started: %s",
			    strerror_r(error, text, sizeof(text)));
		return;
	}
	program->attempt = attempt;
	attempt->way = program;
	enlist(all, program);
	if (watch(program) == OK)
		return;
	/* Without events nobody would ever reap it. */
	kill_group(program);
	waitpid(program->at.pid, NULL, 0);
	attempt->way = NULL;
	program_free(program);
	attempt_fail_errno(attempt, false, ENOMEM);
}

const struct probe_kind probe_exec = {
    .start = program_start,
    .cancel = program_cancel,
};

/* ---- all of them ---- */

struct programs *
programs_new(struct event_base *base)
{
	struct programs *all = calloc(1, sizeof(*all));

	if (all != NULL)
		all->base = base;
	return all;
}

void
programs_free(struct programs *all)
{
	int64_t end_ms = now_monotonic_ms() + REAP_MS;

	if (all == NULL)
		return;
	while (all->first != NULL) {
		struct pollfd wait = {
		    .fd = all->first->at.pidfd, .events = POLLIN};
		int64_t left = end_ms - now_monotonic_ms();

		kill_group(all->first);
		if (poll(&wait, 1, left > 0 ? (int)left : 0) == 1)
			waitpid(all->first->at.pid, NULL, WNOHANG);
		program_free(all->first);
	}
	free(all);
}
