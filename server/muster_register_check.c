/* SPDX-License-Identifier: Apache-2.0 */
/* muster register --check: is the instance well, as its own machine sees it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/config_value.h"
#include "server/muster_register.h"

#define STATUS_LINE_LEN 12 /* "HTTP/1.1 200" */

extern char **environ;

static bool
failed(struct registration *r, const char *why)
{
	snprintf(r->why, sizeof(r->why), "check failed: %.400s", why);
	return false;
}

static bool
failed_wait(struct registration *r, enum muster_waited waited, bool *stopped)
{
	*stopped = waited == WAIT_STOPPED;
	return failed(r, "timeout");
}

/* --- tcp:PORT --- */

/* Connects to a port of this machine; a service may listen on IPv4 alone, or
 * on IPv6. */
static int
connect_port(
    struct registration *r, const char *port, int64_t until_ms, bool *stopped)
{
	static const char *const hosts[] = {"127.0.0.1", "[::1]"};
	struct endpoint to;
	char text[64];
	int fd = -1, first = 0;

	for (unsigned i = 0; i < 2 && fd < 0; i++) {
		snprintf(text, sizeof(text), "%s:%.20s", hosts[i], port);
		if (value_endpoint(text, 0, &to) != OK) {
			failed(r, "this is no port");
			return -1;
		}
		fd = muster_connect(&to, r->way.stop_fd, until_ms);
		if (i == 0)
			first = errno;
		if (fd < 0 && errno == ECANCELED)
			break;
	}
	if (fd >= 0)
		return fd;
	*stopped = errno == ECANCELED;
	failed(r, strerror(first));
	return -1;
}

static bool
check_tcp(
    struct registration *r, const char *port, int64_t until_ms, bool *stopped)
{
	int fd = connect_port(r, port, until_ms, stopped);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* --- http://HOST[:PORT]/PATH --- */

/* The status alone counts: 200 to 399. */
static bool
judge_status(struct registration *r, const char line[STATUS_LINE_LEN + 1])
{
	uint64_t status;

	if (strncmp(line, "HTTP/1.", 7) != 0 ||
	    value_number(line + 9, &status) != OK)
		return failed(r, "this is no answer of HTTP");
	if (status < 200 || status > 399) {
		snprintf(r->why, sizeof(r->why), "check failed: HTTP %.3s",
		    line + 9);
		return false;
	}
	return true;
}

static bool
talk_http(struct registration *r, int fd, char *request, int64_t until_ms,
    bool *stopped)
{
	char line[STATUS_LINE_LEN + 1] = "";
	enum muster_waited waited;

	waited = muster_transfer(fd, (uint8_t *)request, strlen(request),
	    POLLOUT, r->way.stop_fd, until_ms);
	if (waited == WAIT_READY)
		waited = muster_transfer(fd, (uint8_t *)line, STATUS_LINE_LEN,
		    POLLIN, r->way.stop_fd, until_ms);
	if (waited == WAIT_TIME && errno != ETIMEDOUT)
		return failed(r, strerror(errno));
	if (waited != WAIT_READY)
		return failed_wait(r, waited, stopped);
	return judge_status(r, line);
}

static int
connect_http(
    struct registration *r, const char *host, int64_t until_ms, bool *stopped)
{
	struct endpoint to;
	int fd;

	if (strncmp(host, "localhost", 9) == 0)
		return connect_port(
		    r, host[9] == ':' ? host + 10 : "80", until_ms, stopped);
	if (value_endpoint(host, 80, &to) != OK) {
		failed(r, "the host is neither an address nor localhost");
		return -1;
	}
	fd = muster_connect(&to, r->way.stop_fd, until_ms);
	if (fd < 0) {
		*stopped = errno == ECANCELED;
		failed(r, strerror(errno));
	}
	return fd;
}

static bool
check_http(
    struct registration *r, const char *url, int64_t until_ms, bool *stopped)
{
	size_t host_len = strcspn(url, "/");
	char *host = strndup(url, host_len), *request = NULL;
	bool good = false;
	int fd;

	if (host == NULL ||
	    asprintf(&request,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: muster\r\n"
		"Accept: */*\r\nConnection: close\r\n\r\n",
		url[host_len] != '\0' ? url + host_len : "/", host) < 0) {
		free(host);
		return failed(r, error_text(ERR_MEMORY));
	}
	fd = connect_http(r, host, until_ms, stopped);
	if (fd >= 0) {
		good = talk_http(r, fd, request, until_ms, stopped);
		close(fd);
	}
	free(request);
	free(host);
	return good;
}

/* --- a command --- */

/* In a group of its own, with the signals as we found them. */
static int
spawn_command(const char *command, pid_t *pid)
{
	char *arguments[] = {(char[]){"sh"}, (char[]){"-c"}, NULL, NULL};
	posix_spawnattr_t how;
	sigset_t none;
	int error;

	arguments[2] = strdup(command);
	if (arguments[2] == NULL)
		return ENOMEM;
	sigemptyset(&none);
	posix_spawnattr_init(&how);
	posix_spawnattr_setflags(
	    &how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&how, &none);
	error = posix_spawn(pid, "/bin/sh", NULL, &how, arguments, environ);
	posix_spawnattr_destroy(&how);
	free(arguments[2]);
	return error;
}

static bool
judge_exit(struct registration *r, int status)
{
	char why[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFEXITED(status))
		snprintf(
		    why, sizeof(why), "exit status %d", WEXITSTATUS(status));
	else
		snprintf(
		    why, sizeof(why), "killed by signal %d", WTERMSIG(status));
	return failed(r, why);
}

/* Waits by a descriptor of the process, which is readable when it has ended;
 * what is still running after the time is killed, children included. */
static bool
check_command(struct registration *r, const char *command, int64_t until_ms,
    bool *stopped)
{
	enum muster_waited waited = WAIT_TIME;
	pid_t pid;
	int error = spawn_command(command, &pid), fd, status;

	if (error != 0)
		return failed(r, strerror(error));
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd >= 0) {
		waited = muster_wait(fd, POLLIN, r->way.stop_fd, until_ms);
		close(fd);
	}
	if (waited != WAIT_READY)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (waited != WAIT_READY)
		return failed_wait(r, waited, stopped);
	return judge_exit(r, status);
}

bool
registration_check(struct registration *r, int64_t until_ms, bool *stopped)
{
	*stopped = false;
	if (strncmp(r->check, "tcp:", 4) == 0)
		return check_tcp(r, r->check + 4, until_ms, stopped);
	if (strncmp(r->check, "http://", 7) == 0)
		return check_http(r, r->check + 7, until_ms, stopped);
	return check_command(r, r->check, until_ms, stopped);
}
