/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "server/log.h"
#include "server/worker_forward_internal.h"

/* ---- servers ---------------------------------------------------------------
 */

static bool
same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->len == b->len && memcmp(&a->in6, &b->in6, a->len) == 0;
}

/* The server at an address, which is made if there is none; NULL without
 * memory. */
static struct worker_server *
get_server(struct worker_forward *wf, const struct endpoint *at)
{
	struct upstream_loop loop;
	struct worker_server *server, **grown;

	for (size_t i = 0; i < wf->servers; i++)
		if (same_endpoint(&wf->server[i]->at, at))
			return wf->server[i];
	grown = realloc(
	    wf->server, (wf->servers + 1) * sizeof(struct worker_server *));
	if (grown == NULL)
		return NULL;
	wf->server = grown;
	server = calloc(1, sizeof(*server));
	if (server == NULL)
		return NULL;
	server->owner = wf;
	server->at = *at;
	loop = worker_forward_loop(server);
	if (upstream_new(&at->sa, at->len, &loop, &server->upstream) != OK) {
		free(server);
		return NULL;
	}
	wf->server[wf->servers++] = server;
	return server;
}

/* Frees the servers that no zone has any more. */
static void
drop_unused(struct worker_forward *wf)
{
	size_t kept = 0;

	for (size_t i = 0; i < wf->servers; i++)
		wf->server[i]->used = false;
	for (size_t z = 0; z < wf->zones; z++)
		for (size_t i = 0; i < wf->zone[z].count; i++)
			wf->zone[z].server[i]->used = true;
	for (size_t i = 0; i < wf->servers; i++) {
		struct worker_server *server = wf->server[i];

		if (server->used) {
			wf->server[kept++] = server;
			continue;
		}
		upstream_free(server->upstream);
		free(server);
	}
	wf->servers = kept;
}

/* ---- zones -----------------------------------------------------------------
 */

static bool
is_same_zone(const struct worker_zone *zone, const struct config_forward *entry)
{
	if (!name_equal(zone->name.wire, entry->zone.wire) ||
	    zone->drop_private != entry->drop_private ||
	    zone->count != entry->to_count)
		return false;
	for (size_t i = 0; i < zone->count; i++)
		if (!same_endpoint(&zone->server[i]->at, &entry->to[i]))
			return false;
	return true;
}

/* Whether the forwarder is one for this configuration already. */
static bool
is_same(const struct worker_forward *wf, const struct config *config)
{
	if (wf->zones != config->forward_count ||
	    (wf->resolve.forward == NULL && config->forward_count > 0))
		return false;
	for (size_t i = 0; i < wf->zones; i++)
		if (!is_same_zone(&wf->zone[i], &config->forward[i]))
			return false;
	return true;
}

static bool
copy_zone(struct worker_forward *wf, const struct config_forward *entry,
    struct worker_zone *zone)
{
	zone->name = entry->zone;
	zone->drop_private = entry->drop_private;
	for (size_t i = 0; i < entry->to_count && i < SERVERS_MAX; i++) {
		zone->server[i] = get_server(wf, &entry->to[i]);
		if (zone->server[i] == NULL)
			return false;
		zone->count++;
	}
	return true;
}

static bool
copy_zones(struct worker_forward *wf, const struct config *config)
{
	struct worker_zone *zone =
	    calloc(config->forward_count + 1, sizeof(*zone));

	if (zone == NULL)
		return false;
	for (size_t i = 0; i < config->forward_count; i++)
		if (!copy_zone(wf, &config->forward[i], &zone[i])) {
			free(zone);
			return false;
		}
	free(wf->zone);
	wf->zone = zone;
	wf->zones = config->forward_count;
	return true;
}

/* ---- forwarder --------------------------------------------------------------
 */

static void
end_forward(struct worker_forward *wf)
{
	struct forward_stats stats;

	wf->epoch++;
	if (wf->resolve.forward == NULL)
		return;
	forward_get_stats(wf->resolve.forward, &stats);
	wf->before.asked += stats.asked;
	wf->before.answered += stats.answered;
	wf->before.silent += stats.silent;
	wf->before.wrong += stats.wrong;
	wf->before.merged += stats.merged;
	wf->before.stale += stats.stale;
	wf->before.failed += stats.failed;
	wf->before.blocked += stats.blocked;
	wf->before.prefetched += stats.prefetched;
	forward_free(wf->resolve.forward);
	wf->resolve.forward = NULL;
}

void
worker_forward_clear(struct worker_forward *wf)
{
	end_forward(wf);
	wf->zones = 0;
	drop_unused(wf);
	free(wf->zone);
	wf->zone = NULL;
	free(wf->server);
	wf->server = NULL;
}

static bool
make_forward(struct worker_forward *wf, const struct config *config)
{
	struct resolve *r = &wf->resolve;
	struct forward_ops ops = {.ask = worker_forward_ask, .arg = wf};
	struct forward_zone *zones =
	    calloc(config->forward_count + 1, sizeof(*zones));
	enum error err = ERR_MEMORY;

	if (r->cache == NULL)
		r->cache = cache_new(wf->plan.cache_len, wf->plan.stale_ms);
	if (zones != NULL && r->cache != NULL && copy_zones(wf, config)) {
		for (size_t i = 0; i < wf->zones; i++)
			zones[i] = (struct forward_zone){
			    .zone = wf->zone[i].name.wire,
			    .servers = wf->zone[i].count,
			    .drop_private = wf->zone[i].drop_private,
			};
		drop_unused(wf);
		err = forward_new(
		    zones, wf->zones, r->cache, &ops, r->random, &r->forward);
	}
	free(zones);
	return err == OK;
}

void
worker_forward_renew(void *arg, const struct settings *settings)
{
	struct worker_forward *wf = arg;
	const struct config *config = settings->config;
	struct resolve *r = &wf->resolve;

	r->generation = settings->generation;
	if (!is_same(wf, config)) {
		end_forward(wf);
		if (config->forward_count == 0)
			worker_forward_clear(wf);
		else if (!make_forward(wf, config))
			log_write(LEVEL_ERROR,
			    "no memory to ask others: names that are not ours "
			    "are answered with SERVFAIL");
	}
	if (r->forward != NULL)
		forward_tune(
		    r->forward, config->prefetch, config->cache_max_ttl_s);
}
