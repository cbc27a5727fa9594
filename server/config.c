/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_section.h"
#include "server/config_value.h"

/* Ten thousand zones with rules; what is longer is another file. */
#define CONFIG_FILE_MAX (16 << 20)

#define DAY_MS (24LL * 60 * 60 * 1000)
#define CACHE_MAX (1ULL << 40)
#define MAX_TTL_MAX_S (7 * 24 * 60 * 60) /* RFC 8767 4 */

static void
read_cache(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	static const struct config_field cache_fields[] = {
	    FIELD_RANGE("size", read_size, offsetof(struct config, cache_len),
		0, CACHE_MAX),
	    FIELD_RANGE("serve-stale", read_ms,
		offsetof(struct config, serve_stale_ms), 0, 365 * DAY_MS),
	    FIELD_RANGE("max-ttl", read_seconds,
		offsetof(struct config, cache_max_ttl_s), 1, MAX_TTL_MAX_S),
	    FIELD("prefetch", read_bool, offsetof(struct config, prefetch)),
	};

	(void)field;
	if (node->kind != YAML_NULL)
		(void)read_map(
		    r, node, cache_fields, COUNT_OF(cache_fields), to, NULL);
}

/* Rules name keys, services name sites, the API must not listen where the
 * server does, and nothing is forwarded to there. */
static const struct config_field sections[] = {
    FIELD("server", read_server, offsetof(struct config, server)),
    FIELD("api", read_api, offsetof(struct config, api_listen)),
    FIELD("keys", read_keys, offsetof(struct config, key)),
    FIELD("zones", read_zones, offsetof(struct config, zone)),
    FIELD("sites", read_sites, offsetof(struct config, site)),
    FIELD("services", read_services, offsetof(struct config, service)),
    FIELD("forward", read_forwards, offsetof(struct config, forward)),
    FIELD("cache", read_cache, 0),
};

static void
config_init(struct config_reading *r, const char *path)
{
	r->config->path = read_copy(r, path);
	r->config->cache_len = 64 << 20;
	r->config->serve_stale_ms = DAY_MS;
	r->config->cache_max_ttl_s = DAY_MS / 1000;
	r->config->prefetch = true;
	config_server_init(r, &r->config->server);
}

/* Reads the file into r->config; what is wrong is in the report. */
static void
read_sections(struct config_reading *r, struct config_arena *arena)
{
	struct yaml_node *root = NULL;
	enum error error = yaml_parse(r->report, arena, &root);

	if (error == OK && root->kind != YAML_NULL)
		(void)read_map(
		    r, root, sections, COUNT_OF(sections), r->config, NULL);
	if (error != OK && r->report->error == OK)
		config_report_error(
		    r->report, error, 0, 0, "%s", error_text(error));
	/* They are texts of the tree, which goes with the arena. */
	free(r->key_names);
	r->key_names = NULL;
}

enum error
config_parse(const char *content, size_t len, const char *path,
    struct config **to, char *text, size_t text_len)
{
	const char *slash = strrchr(path, '/');
	struct config_report report;
	struct config_reading r = {.report = &report};
	struct config_arena *arena = config_arena_new();

	config_report_init(&report, path, content, len, text, text_len);
	r.folder =
	    strndup(path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
	r.config = calloc(1, sizeof(*r.config));
	if (arena == NULL || r.folder == NULL || r.config == NULL) {
		read_no_memory(&r);
	} else {
		config_init(&r, path);
		read_sections(&r, arena);
	}
	free(r.folder);
	config_arena_free(arena);
	config_report_finish(&report);
	if (report.error != OK) {
		config_free(r.config);
		return report.error;
	}
	*to = r.config;
	return OK;
}

/* Reads a stream up to its end.  The buffer is of CONFIG_FILE_MAX + 1 octets:
 * one more than may be there. */
static enum error
read_stream(FILE *file, char *content, size_t *len)
{
	*len = fread(content, 1, CONFIG_FILE_MAX + 1, file);
	if (ferror(file))
		return ERR_IO;
	if (*len > CONFIG_FILE_MAX) {
		errno = EFBIG;
		return ERR_LIMIT;
	}
	return OK;
}

/* What went wrong before there was any content. */
static enum error
fail_load(const char *path, enum error error, char *text, size_t text_len)
{
	snprintf(text, text_len, "%s: %s\n", path,
	    error == ERR_MEMORY ? error_text(error) : strerror(errno));
	return error;
}

enum error
config_load(const char *path, struct config **to, char *text, size_t text_len)
{
	char *content;
	size_t len = 0;
	enum error error;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return fail_load(path, ERR_IO, text, text_len);
	content = malloc(CONFIG_FILE_MAX + 1);
	if (content == NULL) {
		fclose(file);
		return fail_load(path, ERR_MEMORY, text, text_len);
	}
	error = read_stream(file, content, &len);
	if (error != OK)
		error = fail_load(path, error, text, text_len);
	else
		error = config_parse(content, len, path, to, text, text_len);
	/* Secrets are in it. */
	value_wipe(content, len);
	fclose(file);
	return error;
}
