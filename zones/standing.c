/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/standing.h"

const struct standing *
standings_find(const struct standings *list, uint64_t instance)
{
	size_t low = 0, high = list ? list->count : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct standing *s = &list->item[middle];

		if (s->instance == instance)
			return s;
		if (s->instance < instance)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *
standing_why_text(enum standing_why why)
{
	static const char *const text[WHY_COUNT] = {
	    [WHY_PLAIN] = "not checked",
	    [WHY_HEALTHY] = "healthy",
	    [WHY_UNHEALTHY] = "unhealthy",
	    [WHY_UNKNOWN] = "waits for its first check",
	    [WHY_RECOVERED] = "not checked since the restart",
	    [WHY_SLOW_START] = "slow start",
	    [WHY_AGENT_DRAIN] = "drained by its agent",
	    [WHY_AGENT_MAINT] = "in maintenance by its agent",
	    [WHY_FORCED_UP] = "forced up",
	    [WHY_FORCED_DOWN] = "forced down",
	    [WHY_FORCED_DRAIN] = "forced to drain",
	    [WHY_PANIC] = "panic",
	    [WHY_NONE_LEFT] = "none is healthy",
	    [WHY_LAST_GOOD] = "last good",
	    [WHY_GUARD] = "guarded",
	};

	return text[why];
}

const char *
condition_text(enum condition condition)
{
	static const char *const text[CONDITION_COUNT] = {
	    [CONDITION_NORMAL] = "normal",
	    [CONDITION_PANIC] = "panic",
	    [CONDITION_NONE_LEFT] = "none-left",
	    [CONDITION_LAST_GOOD] = "last-good",
	    [CONDITION_GUARD] = "guard",
	};

	return text[condition];
}
