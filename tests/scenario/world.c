/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/world.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/config.h"
#include "server/nameserver/update.h"
#include "server/registry_internal.h"
#include "tests/scenario/command.h"
#include "tests/scenario/exchange.h"
#include "tests/scenario/others.h"

void
world_fail(struct world *world, unsigned number, const char *format, ...)
{
	va_list args;

	world->failures++;
	printf("# %s:%u: ", world->script.path, number);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

const char *
world_path(const struct world *world, const char *name, char path[256])
{
	snprintf(path, 256, "%s/%s", world->dir, name);
	return path;
}

void
world_make_dir(struct world *world)
{
	const char *base = getenv("TMPDIR");

	if (base == NULL)
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(world->dir, sizeof(world->dir), "%s/scenario-XXXXXX", base);
	if (mkdtemp(world->dir) == NULL)
		script_complain(world->script.path, 1, "no place for files");
}

void
world_init(struct world *world, const char *path)
{
	memset(world, 0, sizeof(*world));
	script_load(&world->script, path);
	strcpy(world->origin, ".");
	random_seed(&world->random, 1);
	name_hash_seed(1);
	sem_init(&world->decided, 0, 0);
	world->now_ms = WORLD_START_MS;
	world->wall_offset_s = WORLD_START_WALL_S - WORLD_START_MS / 1000;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
world_fini(struct world *world)
{
	world_stop(world);
	if (world->dir[0] != '\0')
		nftw(world->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	others_free(world);
	script_free(&world->script);
	sem_destroy(&world->decided);
}

int64_t
world_wall_s(const struct world *world)
{
	return world->wall_offset_s + world->now_ms / 1000;
}

/* --- the store's decisions --- */

static void
on_decided(void *arg)
{
	struct world *world = arg;

	/* The writer looks at it when this is over. */
	if (world->refuse > 0) {
		world->refuse--;
		world->registry->outcome = ERR_IO;
	}
	sem_post(&world->decided);
}

/* Gives finished updates to the exchanges that wait for them. */
static void
deliver(struct world *world)
{
	struct update *u = registry_collect(world->registry), *next;

	for (; u != NULL; u = next) {
		next = u->next;
		exchange_finish(world, u);
	}
}

static void
wait_for_store(struct world *world)
{
	while (registry_is_waiting(world->registry)) {
		while (sem_wait(&world->decided) != 0)
			;
		registry_durable(world->registry, world->now_ms);
	}
}

void
world_settle(struct world *world)
{
	bool more = true;

	if (world->registry == NULL)
		return;
	others_settle(world);
	while (more) {
		more = registry_turn(world->registry, world->now_ms);
		if (registry_is_waiting(world->registry)) {
			world->syncs++;
			wait_for_store(world);
			more = true;
		}
	}
	deliver(world);
}

void
world_advance(struct world *world, int64_t to_ms)
{
	while (world->registry != NULL && world->now_ms < to_ms) {
		int64_t next_ms = registry_next_ms(world->registry);
		int64_t others_ms = others_next_ms(world);

		next_ms = others_ms < next_ms ? others_ms : next_ms;
		if (next_ms >= to_ms)
			break;
		/* The reaper has the resolution of a tick: go on at least a
		 * millisecond each time. */
		if (next_ms <= world->now_ms)
			next_ms = world->now_ms + 1;
		world->now_ms = next_ms;
		world_settle(world);
	}
	if (to_ms > world->now_ms)
		world->now_ms = to_ms;
	world_settle(world);
}

/* --- life and death --- */

static struct config *
load_config(struct world *world, char *text, size_t text_len)
{
	struct config *config = NULL;
	char path[256];

	text[0] = '\0';
	if (config_load(world_path(world, "muster.yaml", path), &config, text,
		text_len) != OK)
		return NULL;
	if (world->configs == WORLD_CONFIGS)
		script_complain(world->script.path, 1, "too many reloads");
	world->config[world->configs++] = config;
	return config;
}

bool
world_start(struct world *world, char *text, size_t text_len)
{
	struct config *config;

	if (world->registry != NULL)
		script_complain(world->script.path,
		    world->script.line[world->script.at - 1].number,
		    "started twice");
	if (world->dir[0] == '\0')
		world_make_dir(world);
	config = load_config(world, text, text_len);
	if (config == NULL)
		return false;
	world->hub = snapshot_hub_new();
	if (registry_open(config, world->hub, world->now_ms, &world->registry,
		text, text_len) != OK) {
		world->registry = NULL;
		world_stop(world);
		return false;
	}
	registry_on_durable(world->registry, on_decided, world);
	command_health_begin(world);
	world->local = nameserver_local_new();
	others_begin(world);
	world_settle(world);
	return true;
}

void
world_stop(struct world *world)
{
	if (world->registry != NULL)
		registry_close(world->registry);
	world->registry = NULL;
	command_health_end(world);
	others_end(world);
	nameserver_local_free(world->local);
	world->local = NULL;
	snapshot_hub_free(world->hub);
	world->hub = NULL;
	for (size_t i = 0; i < world->configs; i++)
		config_free(world->config[i]);
	world->configs = 0;
	while (sem_trywait(&world->decided) == 0)
		;
}

bool
world_reload(struct world *world, char *text, size_t text_len)
{
	struct config *config = load_config(world, text, text_len);
	enum error err;

	if (config == NULL)
		return false;
	err = registry_reload(
	    world->registry, config, world->now_ms, text, text_len);
	if (err != OK && text[0] == '\0')
		snprintf(text, text_len, "%s", error_text(err));
	world_settle(world);
	return err == OK;
}

char *
world_take_log(struct world *world)
{
	struct stat st;
	ssize_t len = 0;
	char *text;

	if (fstat(STDERR_FILENO, &st) != 0 || st.st_size < world->log_from)
		st.st_size = world->log_from;
	text = malloc((size_t)(st.st_size - world->log_from) + 1);
	len = pread(STDERR_FILENO, text, (size_t)(st.st_size - world->log_from),
	    world->log_from);
	text[len > 0 ? len : 0] = '\0';
	world->log_from = st.st_size;
	return text;
}
