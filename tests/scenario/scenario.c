/* SPDX-License-Identifier: Apache-2.0 */
/* scenario - runs scenario files and answers in TAP.
 *
 *     scenario [-v] FILE...
 *
 * Each file is one test, in a process of its own.  tests/scenario/README says
 * how scenarios are written. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/log.h"
#include "tests/scenario/command.h"
#include "tests/scenario/world.h"

static int
run(const char *path, bool verbose)
{
	static struct world world;
	struct step step;
	bool failed;

	log_open();
	world_init(&world, path);
	world.verbose = verbose;
	world_resume(&world);
	while (script_next(&world.script, &step))
		command_run(&world, &step);
	command_finish(&world);
	failed = world.failures > 0;
	world_fini(&world);
	fflush(stdout);
	return failed;
}

/* What the server logged, as comments. */
static void
print_log(int fd)
{
	FILE *f = fdopen(fd, "r");
	char *line = NULL;
	size_t capacity = 0;
	ssize_t len;

	rewind(f);
	while ((len = getline(&line, &capacity, f)) > 0)
		printf(
		    "#   log: %s%s", line, line[len - 1] == '\n' ? "" : "\n");
	free(line);
	fclose(f);
}

static bool
run_apart(const char *path, bool verbose)
{
	int log = memfd_create("log", MFD_CLOEXEC), status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		fcntl(log, F_SETFL, O_APPEND);
		dup2(log, STDERR_FILENO);
		exit(run(path, verbose));
	}
	if (child < 0)
		return false;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		printf("# %s: killed by signal %d\n", path, WTERMSIG(status));
	if (status != 0 || verbose)
		print_log(log);
	else
		close(log);
	return status == 0;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int
main(int argc, char **argv)
{
	bool verbose = false, good = true;
	int option;

	/* The second life of a scenario that crashed. */
	if (getenv("SCENARIO_CRASHED") != NULL && argc == 2)
		return run(argv[1], false);
	while ((option = getopt(argc, argv, "v")) != -1) {
		if (option != 'v') {
			fprintf(stderr, "usage: scenario [-v] FILE...\n");
			return 2;
		}
		verbose = true;
	}
	for (int i = optind; i < argc; i++) {
		bool passed = run_apart(argv[i], verbose);

		printf("%s %d - %s\n", passed ? "ok" : "not ok", i - optind + 1,
		    base_name(argv[i]));
		good &= passed;
	}
	printf("1..%d\n", argc - optind);
	return !good;
}
