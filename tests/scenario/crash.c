/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/world.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the new process must know goes through the environment. */
#define STATE "SCENARIO_CRASHED"

void
world_crash(struct world *world)
{
	char *state = NULL, exe[] = "/proc/self/exe";
	char *args[] = {exe, NULL, NULL};
	size_t len;
	FILE *f = open_memstream(&state, &len);

	fprintf(f, "%zu %s %d %u %" PRId64 " %" PRId64 " %ld %u %s %zu",
	    world->script.at, world->dir, world->verbose, world->failures,
	    world->now_ms, world->wall_offset_s, world->log_from, world->syncs,
	    world->origin, world->serials);
	for (size_t i = 0; i < world->serials; i++)
		fprintf(f, " %s %" PRIu32, world->serial[i].zone,
		    world->serial[i].serial);
	fclose(f);
	setenv(STATE, state, 1);
	args[1] = (char *)(uintptr_t)world->script.path;
	fflush(stdout);
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	execv(exe, args);
	script_complain(world->script.path, 1, "no new process");
}

bool
world_resume(struct world *world)
{
	const char *state = getenv(STATE);
	int verbose, used;

	if (state == NULL)
		return false;
	if (sscanf(state,
		"%zu %63s %d %u %" SCNd64 " %" SCNd64 " %ld %u %1023s %zu%n",
		&world->script.at, world->dir, &verbose, &world->failures,
		&world->now_ms, &world->wall_offset_s, &world->log_from,
		&world->syncs, world->origin, &world->serials, &used) != 10)
		script_complain(world->script.path, 1, "bad " STATE);
	world->verbose = verbose;
	for (size_t i = 0; i < world->serials; i++) {
		state += used;
		if (sscanf(state, " %1023s %" SCNu32 "%n",
			world->serial[i].zone, &world->serial[i].serial,
			&used) != 2)
			script_complain(world->script.path, 1, "bad " STATE);
	}
	unsetenv(STATE);
	return true;
}
