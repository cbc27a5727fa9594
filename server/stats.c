/* SPDX-License-Identifier: Apache-2.0 */
#include "server/stats.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[STAT_COUNT] = {
    [STAT_UDP_RECEIVED] = "udp_received",
    [STAT_UDP_SENT] = "udp_sent",
    [STAT_UDP_UNSENT] = "udp_unsent",
    [STAT_UDP_BATCHES] = "udp_batches",
    [STAT_TCP_ACCEPTED] = "tcp_accepted",
    [STAT_TCP_OPEN] = "tcp_open",
    [STAT_TCP_EVICTED] = "tcp_evicted",
    [STAT_TCP_TIMED_OUT] = "tcp_timed_out",
    [STAT_TCP_RECEIVED] = "tcp_received",
    [STAT_TCP_SENT] = "tcp_sent",
    [STAT_DROPPED] = "dropped",
    [STAT_UPDATES] = "updates",
    [STAT_UPDATES_REFUSED] = "updates_refused",
    [STAT_UPDATES_FINISHED] = "updates_finished",
    [STAT_UPDATES_ORPHANED] = "updates_orphaned",
    [STAT_WRITER_TURNS] = "writer_turns",
    [STAT_LEASES] = "leases",
    [STAT_LEASES_FOUND] = "leases_found",
    [STAT_CHECKS] = "checks",
    [STAT_CHECKS_FAILED] = "checks_failed",
    [STAT_CHECKS_LATE] = "checks_late",
    [STAT_CHECKS_SKIPPED] = "checks_skipped",
    [STAT_CHECKS_IN_FLIGHT] = "checks_in_flight",
    [STAT_CHECKS_INSTANCES] = "checks_instances",
    [STAT_UPDATES_FORWARDED] = "updates_forwarded",
    [STAT_FORWARDED] = "forwarded",
    [STAT_FORWARD_STALE] = "forward_stale",
    [STAT_FORWARD_FAILED] = "forward_failed",
    [STAT_FORWARD_BLOCKED] = "forward_blocked",
    [STAT_FORWARD_MERGED] = "forward_merged",
    [STAT_FORWARD_PREFETCHED] = "forward_prefetched",
    [STAT_FORWARD_WAITING] = "forward_waiting",
    [STAT_UPSTREAM_ASKED] = "upstream_asked",
    [STAT_UPSTREAM_ANSWERED] = "upstream_answered",
    [STAT_UPSTREAM_SILENT] = "upstream_silent",
    [STAT_UPSTREAM_WRONG] = "upstream_wrong",
    [STAT_CACHE_HITS] = "cache_hits",
    [STAT_CACHE_MISSES] = "cache_misses",
    [STAT_CACHE_EVICTED] = "cache_evicted",
    [STAT_CACHE_ENTRIES] = "cache_entries",
    [STAT_CACHE_OCTETS] = "cache_octets",
    [STAT_PANIC] = "times_panic",
    [STAT_NONE_LEFT] = "times_none_left",
    [STAT_LAST_GOOD] = "times_last_good",
    [STAT_GUARD] = "times_guard",
};

struct stats *
stats_table_new(size_t threads)
{
	struct stats *table;

	table = aligned_alloc(_Alignof(struct stats), threads * sizeof(*table));
	if (table != NULL)
		memset(table, 0, threads * sizeof(*table));
	return table;
}

void
stats_table_free(struct stats *table)
{
	free(table);
}

uint64_t
stats_sum(const struct stats *table, size_t threads, enum stat which)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < threads; i++)
		sum += atomic_load_explicit(
		    &table[i].value[which], memory_order_relaxed);
	return sum;
}

const char *
stats_name(enum stat which)
{
	return (unsigned)which < STAT_COUNT ? names[which] : "unknown";
}
