/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/muster_client.h"
#include "server/muster_command.h"
#include "server/muster_resolve.h"
#include "zones/dns/error.h"

/* What {words} stand for. */
struct values {
	const char *host;
	char port[8];
	char address[MUSTER_ENDPOINT_TEXT];
};

static void
init_values(struct values *values, const struct muster_endpoint *endpoint)
{
	char text[MUSTER_ENDPOINT_TEXT];
	char *from = text, *colon;

	muster_endpoint_text(endpoint, text);
	colon = strrchr(text, ':');
	*colon = '\0';
	if (text[0] == '[') {
		from = text + 1;
		colon[-1] = '\0';
	}
	snprintf(values->address, sizeof(values->address), "%s", from);
	snprintf(values->port, sizeof(values->port), "%u", endpoint->port);
	values->host = endpoint->host;
}

/* What stands at a place of an argument: NULL if no {word} of ours, else what
 * it stands for, and its length. */
static const char *
find_value(const struct values *values, const char *at, size_t *len)
{
	const struct {
		const char *word, *value;
	} known[] = {
	    {"{host}", values->host},
	    {"{port}", values->port},
	    {"{address}", values->address},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		*len = strlen(known[i].word);
		if (strncmp(at, known[i].word, *len) == 0)
			return known[i].value;
	}
	return NULL;
}

/* An argument with its {words} replaced; NULL without memory. */
static char *
substitute(const struct values *values, const char *argument)
{
	char *text = NULL;
	size_t room = 0, len;
	FILE *to = open_memstream(&text, &room);

	if (to == NULL)
		return NULL;
	while (*argument != '\0') {
		const char *value = find_value(values, argument, &len);

		if (value != NULL) {
			fputs(value, to);
			argument += len;
		} else {
			fputc(*argument++, to);
		}
	}
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void
free_all(char **own)
{
	for (size_t i = 0; own != NULL && own[i] != NULL; i++)
		free(own[i]);
	free(own);
}

/* All arguments, replaced; NULL without memory. */
static char **
substitute_all(const struct values *values, char **argv)
{
	size_t count = 0;
	char **own;

	while (argv[count] != NULL)
		count++;
	own = calloc(count + 1, sizeof(*own));
	for (size_t i = 0; own != NULL && i < count; i++) {
		own[i] = substitute(values, argv[i]);
		if (own[i] != NULL)
			continue;
		free_all(own);
		return NULL;
	}
	return own;
}

/* Becomes the command; returns only if that fails, with the status. */
static int
become(const struct muster_endpoint *endpoint, char **argv)
{
	struct values values;
	char **own;
	int problem;

	init_values(&values, endpoint);
	own = substitute_all(&values, argv);
	if (own == NULL || setenv("MUSTER_HOST", values.host, 1) != 0 ||
	    setenv("MUSTER_PORT", values.port, 1) != 0 ||
	    setenv("MUSTER_ADDRESS", values.address, 1) != 0) {
		muster_complain("%s", error_text(ERR_MEMORY));
		free_all(own);
		return MUSTER_CANNOT_RUN;
	}
	execvp(own[0], own);
	problem = errno;
	muster_complain("%s: %s", own[0], strerror(problem));
	free_all(own);
	return problem == ENOENT ? MUSTER_NO_COMMAND : MUSTER_CANNOT_RUN;
}

/* Runs the command beside this program; its status. */
static int
run(const struct muster_endpoint *endpoint, char **argv)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, was_int, was_quit;
	int status = 0;
	pid_t pid;

	fflush(NULL);
	/* The terminal's signals are the command's, as with system(3). */
	sigaction(SIGINT, &ignore, &was_int);
	sigaction(SIGQUIT, &ignore, &was_quit);
	pid = fork();
	if (pid == 0) {
		sigaction(SIGINT, &was_int, NULL);
		sigaction(SIGQUIT, &was_quit, NULL);
		_exit(become(endpoint, argv));
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &was_int, NULL);
	sigaction(SIGQUIT, &was_quit, NULL);
	if (pid < 0) {
		muster_complain("%s", strerror(errno));
		return MUSTER_CANNOT_RUN;
	}
	return WIFSIGNALED(status) ? MUSTER_SIGNALLED + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

/* Whether it makes sense to go on: not after success, nor when there is no
 * such command, nor when somebody wanted it to end. */
static bool
is_final(int status)
{
	return status == 0 || status == MUSTER_CANNOT_RUN ||
	       status == MUSTER_NO_COMMAND ||
	       status == MUSTER_SIGNALLED + SIGINT ||
	       status == MUSTER_SIGNALLED + SIGQUIT ||
	       status == MUSTER_SIGNALLED + SIGTERM;
}

static int
run_until_it_works(const char *name, struct muster_call *call, char **argv)
{
	const struct muster_endpoint *endpoint;
	int status = MUSTER_FAILED;
	bool ran = false;

	for (;;) {
		enum muster_status next = muster_next(call, &endpoint);
		char text[MUSTER_ENDPOINT_TEXT];

		if (next != MUSTER_OK) {
			if (!ran || next != MUSTER_EXHAUSTED)
				muster_resolve_complain(name, next);
			return status;
		}
		status = run(endpoint, argv);
		ran = true;
		if (is_final(status))
			return status;
		muster_report(call, MUSTER_BAD);
		muster_complain("status %d with %s (%s)", status,
		    endpoint->host, muster_endpoint_text(endpoint, text));
	}
}

static int
run_once(const char *name, struct muster_call *call, char **argv)
{
	const struct muster_endpoint *endpoint;
	enum muster_status status = muster_next(call, &endpoint);

	if (status == MUSTER_OK)
		return become(endpoint, argv);
	muster_resolve_complain(name, status);
	return MUSTER_FAILED;
}

int
muster_exec_main(int argc, char **argv)
{
	struct muster_resolve_options options;
	struct muster_call *call = NULL;
	struct muster *m = NULL;
	enum muster_status status;
	int next = muster_resolve_read(&options, true, argc, argv);
	int result = MUSTER_FAILED;

	if (next < 0)
		return -1 - next;
	if (next == argc) {
		muster_complain("a COMMAND is missing: NAME -- COMMAND");
		return MUSTER_USAGE;
	}
	/* The time is for finding an endpoint; how long commands take is their
	 * own matter. */
	if (options.retry)
		options.request.deadline_ms = -1;
	status = muster_new(&options.settings, &m);
	if (status == MUSTER_OK)
		status =
		    muster_call_new(m, options.name, &options.request, &call);
	if (status != MUSTER_OK)
		muster_resolve_complain(options.name, status);
	else if (options.retry)
		result = run_until_it_works(options.name, call, argv + next);
	else
		result = run_once(options.name, call, argv + next);
	muster_call_free(call);
	muster_free(m);
	return result;
}
