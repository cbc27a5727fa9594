/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe_exec_spawn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL "/bin/sh"
#define FILE_LEN_MAX (16 * 1024 * 1024u)
#define OPEN_FILES_MAX 1024 /* what select() can take */

#define PATHS \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { ENV_HOST, ENV_ADDRESS, ENV_ADDRESSES, ENV_PORT, ENV_SERVICE, ENV_PATH };
#define ENV_COUNT (ENV_PATH + 1)

#define TEXT_LEN 1100 /* a name, escaped, at its longest */

struct environment {
	char text[ENV_COUNT][TEXT_LEN];
	char *list[ENV_COUNT + 1];
};

static const char *
print_address(const struct endpoint *address, char text[INET6_ADDRSTRLEN])
{
	text[0] = '\0';
	if (address == NULL)
		return text;
	if (address->sa.sa_family == AF_INET6)
		inet_ntop(
		    AF_INET6, &address->in6.sin6_addr, text, INET6_ADDRSTRLEN);
	else
		inet_ntop(
		    AF_INET, &address->in.sin_addr, text, INET6_ADDRSTRLEN);
	return text;
}

static void
print_addresses(const struct probe_order *order, char *text, size_t room)
{
	char one[INET6_ADDRSTRLEN];
	size_t len = strlen(text);

	for (unsigned i = 0; i < order->addresses && len < room; i++)
		len += (size_t)snprintf(text + len, room - len, "%s%s",
		    i == 0 ? "" : " ", print_address(&order->address[i], one));
}

static void
fill_environment(struct environment *env, const struct probe_order *order,
    const struct endpoint *address)
{
	char one[INET6_ADDRSTRLEN];

	snprintf(env->text[ENV_HOST], TEXT_LEN, "MUSTER_HOST=%s",
	    order->host == NULL ? "" : order->host);
	snprintf(env->text[ENV_ADDRESS], TEXT_LEN, "MUSTER_ADDRESS=%s",
	    print_address(address, one));
	snprintf(env->text[ENV_ADDRESSES], TEXT_LEN, "MUSTER_ADDRESSES=");
	print_addresses(order, env->text[ENV_ADDRESSES], TEXT_LEN);
	snprintf(env->text[ENV_PORT], TEXT_LEN, "MUSTER_PORT=%u", order->port);
	snprintf(env->text[ENV_SERVICE], TEXT_LEN, "MUSTER_SERVICE=%s",
	    order->service == NULL ? "" : order->service);
	snprintf(env->text[ENV_PATH], TEXT_LEN, "%s", PATHS);
	for (int i = 0; i < ENV_COUNT; i++)
		env->list[i] = env->text[i];
	env->list[ENV_COUNT] = NULL;
}

/* A group of its own, and signals as a program expects them. */
static int
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setflags(
	    attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
			    POSIX_SPAWN_SETSIGDEF);
	if (error == 0)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (error == 0)
		error = posix_spawnattr_setsigmask(attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	return error;
}

/* Nothing open but its input, which is empty, and its output. */
static int
set_actions(posix_spawn_file_actions_t *actions, int output)
{
	int error = posix_spawn_file_actions_addopen(
	    actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (error == 0)
		error = posix_spawn_file_actions_adddup2(
		    actions, output, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(
		    actions, output, STDERR_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(
		    actions, STDERR_FILENO + 1);
	if (error == 0)
		error = posix_spawn_file_actions_addchdir_np(actions, "/");
	return error;
}

/* posix_spawn() knows no limits, and those that are set from outside come too
 * late for what the program does first: a shell sets them, and becomes the
 * program.  Limits are against accidents, for what a check runs is the
 * operator's choice. */
static void
print_limits(char *text, size_t len, uint64_t timeout_ms)
{
	struct rlimit files;
	rlim_t most = OPEN_FILES_MAX;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max < most)
		most = files.rlim_max;
	snprintf(text, len,
	    "ulimit -t %llu; ulimit -f %u; ulimit -n %llu; ulimit -c 0; "
	    "exec \"$0\" \"$@\"",
	    (unsigned long long)(timeout_ms + 999) / 1000 + 1,
	    FILE_LEN_MAX / 512, (unsigned long long)most);
}

/* The shell's arguments: its script, the program's path, and arguments. */
static char **
make_arguments(const struct config_check *check, char *script)
{
	char **list = calloc(check->args_count + 5, sizeof(*list));

	if (list == NULL)
		return NULL;
	list[0] = (char *)"sh";
	list[1] = (char *)"-c";
	list[2] = script;
	list[3] = check->path;
	for (size_t i = 0; i < check->args_count; i++)
		list[i + 4] = check->args[i];
	return list;
}

/* What the shell could say in its own words only; 0 or an errno. */
static int
find_program(const char *path)
{
	struct stat found;

	if (stat(path, &found) != 0)
		return errno;
	if (S_ISDIR(found.st_mode))
		return EISDIR;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0 ? errno : 0;
}

static int
start(const struct probe_order *order, const struct endpoint *address,
    int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	struct environment env;
	char **arguments, script[160];
	int error = find_program(order->check.path);

	if (error != 0)
		return error;
	print_limits(script, sizeof(script), order->check.timeout_ms);
	arguments = make_arguments(&order->check, script);
	if (arguments == NULL)
		return ENOMEM;
	fill_environment(&env, order, address);
	error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		goto free_arguments;
	error = posix_spawnattr_init(&attributes);
	if (error != 0)
		goto free_actions;
	error = set_attributes(&attributes);
	if (error == 0)
		error = set_actions(&actions, output);
	if (error == 0)
		error = posix_spawn(
		    pid, SHELL, &actions, &attributes, arguments, env.list);
	posix_spawnattr_destroy(&attributes);
free_actions:
	posix_spawn_file_actions_destroy(&actions);
free_arguments:
	free(arguments);
	return error;
}

int
exec_spawn(const struct probe_order *order, const struct endpoint *address,
    struct spawned *spawned)
{
	int ends[2], error;
	pid_t pid;
	int pidfd;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	error = start(order, address, ends[1], &pid);
	close(ends[1]);
	if (error != 0)
		goto close_output;
	pidfd = pidfd_open(pid, 0); /* close-on-exec by itself */
	if (pidfd < 0) {
		error = errno;
		goto kill;
	}
	/* Ours only: the program's end blocks, as programs expect. */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*spawned =
	    (struct spawned){.pid = pid, .pidfd = pidfd, .output = ends[0]};
	return 0;
kill:
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
close_output:
	close(ends[0]);
	return error;
}
