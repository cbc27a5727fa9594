/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "server/inquiry.h"
#include "server/stats.h"
#include "server/worker_forward_internal.h"

void
worker_forward_report(struct worker_forward *wf)
{
	const struct resolve *r = &wf->resolve;
	struct stats *stats = wf->plan.door->stats;
	struct forward_stats now = {0};
	struct cache_stats cache = {0};
	const struct forward_stats *b = &wf->before;

	if (r->forward != NULL)
		forward_get_stats(r->forward, &now);
	if (r->cache != NULL)
		cache_get_stats(r->cache, &cache);
	stats_set(stats, STAT_FORWARDED, r->questions);
	stats_set(stats, STAT_FORWARD_STALE, b->stale + now.stale);
	stats_set(stats, STAT_FORWARD_FAILED, b->failed + now.failed);
	stats_set(stats, STAT_FORWARD_BLOCKED, b->blocked + now.blocked);
	stats_set(stats, STAT_FORWARD_MERGED, b->merged + now.merged);
	stats_set(
	    stats, STAT_FORWARD_PREFETCHED, b->prefetched + now.prefetched);
	stats_set(stats, STAT_FORWARD_WAITING, r->waiting);
	stats_set(stats, STAT_UPSTREAM_ASKED, b->asked + now.asked);
	stats_set(stats, STAT_UPSTREAM_ANSWERED, b->answered + now.answered);
	stats_set(stats, STAT_UPSTREAM_SILENT, b->silent + now.silent);
	stats_set(stats, STAT_UPSTREAM_WRONG, b->wrong + now.wrong);
	stats_set(stats, STAT_CACHE_HITS, cache.hits);
	stats_set(stats, STAT_CACHE_MISSES, cache.misses);
	stats_set(stats, STAT_CACHE_EVICTED, cache.evicted);
	stats_set(stats, STAT_CACHE_ENTRIES, cache.entries);
	stats_set(stats, STAT_CACHE_OCTETS, cache.octets);
}

/* ---- what operators ask -----------------------------------------------------
 */

/* The line about a server of a zone; made if there is none.  NULL without
 * memory. */
static struct upstream_line *
get_line(struct inquiry *inquiry, const struct worker_zone *zone,
    const struct endpoint *at)
{
	struct upstream_line *line = inquiry->upstream, *grown;

	for (size_t i = 0; i < inquiry->upstreams; i++, line++)
		if (name_equal(line->zone.wire, zone->name.wire) &&
		    line->at.len == at->len &&
		    memcmp(&line->at.in6, &at->in6, at->len) == 0)
			return line;
	grown = realloc(
	    inquiry->upstream, (inquiry->upstreams + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	inquiry->upstream = grown;
	line = &grown[inquiry->upstreams++];
	*line = (struct upstream_line){.zone = zone->name, .at = *at};
	return line;
}

static void
add_state(struct upstream_line *line, const struct server_state *state)
{
	line->workers++;
	line->dead += state->dead;
	if (!state->known)
		return;
	line->known++;
	line->srtt_us += state->srtt_us;
}

static void
add_stats(struct upstream_line *line, const struct upstream *upstream)
{
	struct upstream_stats stats;

	upstream_get_stats(upstream, &stats);
	line->asked += stats.asked;
	line->answered += stats.answered;
	line->silent += stats.silent;
	line->refused += stats.refused + stats.failed;
	line->by_tcp += stats.by_tcp;
	line->wrong += stats.wrong + stats.suspect;
}

static void
tell_upstreams(const struct worker_forward *wf, struct inquiry *inquiry)
{
	for (size_t z = 0; z < wf->zones; z++) {
		const struct worker_zone *zone = &wf->zone[z];
		const struct servers *servers =
		    forward_servers(wf->resolve.forward, (unsigned)z);

		for (size_t i = 0; i < zone->count; i++) {
			const struct worker_server *server = zone->server[i];
			struct upstream_line *line =
			    get_line(inquiry, zone, &server->at);

			if (line == NULL) {
				inquiry->err = ERR_MEMORY;
				return;
			}
			add_state(line, &servers->state[i]);
			add_stats(line, server->upstream);
		}
	}
}

void
worker_forward_inquiry(struct worker_forward *wf, struct inquiry *inquiry)
{
	if (inquiry->kind == INQUIRY_FLUSH && wf->resolve.cache != NULL)
		inquiry->flushed += cache_flush(
		    wf->resolve.cache, inquiry->service.wire, inquiry->below);
	if (inquiry->kind == INQUIRY_UPSTREAMS && wf->resolve.forward != NULL)
		tell_upstreams(wf, inquiry);
	worker_forward_report(wf);
}
