/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "resolver/client/client.h"

/* --- how endpoints do --- */

void
client_report(struct muster *m, struct peer *peer, enum muster_result result,
    int64_t now_ms)
{
	if (breaker_report(&peer->breaker, &m->settings.breaker,
		result == MUSTER_GOOD, now_ms))
		m->stats.opened++;
}

void
client_end_use(struct muster_call *call)
{
	struct peer *peer;

	if (call->current == CLIENT_CURRENT_NONE)
		return;
	peer = call->set->entry[call->current].peer;
	if (peer->uses > 0)
		peer->uses--;
	breaker_end(&peer->breaker, call->probe);
	call->current = CLIENT_CURRENT_NONE;
	call->probe = false;
}

/* Compares the endpoints of a service with each other, now and then. */
static void
sweep_outliers(struct muster_call *call, int64_t now_ms)
{
	struct muster *m = call->muster;
	struct endpoints *set = call->set;
	struct service *service = call->service;
	struct outlier_host *hosts;

	if (m->settings.outlier.percent == 0 || now_ms < service->sweep_at_ms)
		return;
	service->sweep_at_ms = now_ms + m->settings.outlier_interval_ms;
	hosts = calloc(set->entries, sizeof(*hosts));
	if (hosts == NULL)
		return;
	for (uint32_t i = 0; i < set->entries; i++) {
		struct peer *peer = set->entry[i].peer;

		hosts[i].outlier = &peer->outlier;
		breaker_count(&peer->breaker, &m->settings.breaker, now_ms,
		    &hosts[i].good, &hosts[i].bad);
	}
	m->stats.ejected +=
	    outlier_sweep(hosts, set->entries, &m->settings.outlier, now_ms);
	free(hosts);
}

/* --- which one --- */

/* Whether an entry may be handed out now.  With desperate, outliers too. */
static bool
is_allowed(const struct muster_call *call, uint32_t entry, bool desperate,
    int64_t now_ms)
{
	struct peer *peer = call->set->entry[entry].peer;

	return !call->tried[entry] &&
	       (desperate || !outlier_is_ejected(&peer->outlier, now_ms)) &&
	       breaker_allows(
		   &peer->breaker, &call->muster->settings.breaker, now_ms);
}

/* The first entry of an instance that may be; or CLIENT_CURRENT_NONE. */
static uint32_t
find_entry(const struct muster_call *call, uint32_t number, bool desperate,
    int64_t now_ms)
{
	const struct endpoints_instance *instance =
	    &call->set->instance[number];

	for (uint32_t i = 0; i < instance->count; i++)
		if (is_allowed(call, instance->first + i, desperate, now_ms))
			return instance->first + i;
	return CLIENT_CURRENT_NONE;
}

static uint32_t
count_uses(const struct endpoints *set, const struct endpoints_instance *of)
{
	uint32_t uses = 0;

	for (uint32_t i = 0; i < of->count; i++)
		uses += set->entry[of->first + i].peer->uses;
	return uses;
}

/* Chooses in the tier of instances [first, end). */
static uint32_t
choose_in_tier(struct muster_call *call, struct pick_item *items,
    uint32_t first, uint32_t end, bool desperate, int64_t now_ms)
{
	const struct endpoints *set = call->set;
	struct pick_state state = {
	    .strategy = call->strategy,
	    .key = call->key,
	    .cursor = &call->service->cursor,
	    .random = &call->muster->random,
	};
	size_t picked;

	for (uint32_t i = first; i < end; i++) {
		const struct endpoints_instance *instance = &set->instance[i];

		items[i - first] = (struct pick_item){
		    .identity = instance->identity,
		    .uses = count_uses(set, instance),
		    .weight = instance->weight,
		    .order = instance->order,
		    .allowed = find_entry(call, i, desperate, now_ms) !=
			       CLIENT_CURRENT_NONE,
		};
	}
	picked = pick_one(items, end - first, &state);
	if (picked == PICK_NONE)
		return CLIENT_CURRENT_NONE;
	return find_entry(call, first + (uint32_t)picked, desperate, now_ms);
}

static uint32_t
choose_in_set(struct muster_call *call, struct pick_item *items, bool desperate,
    int64_t now_ms)
{
	uint32_t first = 0, entry = CLIENT_CURRENT_NONE;

	while (first < call->set->instances && entry == CLIENT_CURRENT_NONE) {
		uint32_t end = endpoints_tier_end(call->set, first);

		entry =
		    choose_in_tier(call, items, first, end, desperate, now_ms);
		first = end;
	}
	return entry;
}

static void
hand_out(struct muster_call *call, uint32_t entry, int64_t now_ms)
{
	struct peer *peer = call->set->entry[entry].peer;

	call->current = entry;
	call->tried[entry] = 1;
	call->handed++;
	call->handed_in_round++;
	call->reported = false;
	peer->uses++;
	call->probe = breaker_begin(
	    &peer->breaker, &call->muster->settings.breaker, now_ms);
}

/* Nothing is left to choose from. */
static enum muster_status
why_none(const struct muster_call *call)
{
	if (call->handed_in_round == 0)
		return MUSTER_ALL_OPEN;
	return call->attempts > 0 ? MUSTER_BUSY : MUSTER_EXHAUSTED;
}

enum muster_status
client_choose(struct muster_call *call, int64_t now_ms)
{
	uint32_t last = call->current, entry = CLIENT_CURRENT_NONE;
	struct pick_item *items;

	if (call->attempts > 0 && call->handed >= call->attempts)
		return MUSTER_EXHAUSTED;
	items = calloc(call->set->instances, sizeof(*items));
	if (items == NULL)
		return MUSTER_NO_MEMORY;
	sweep_outliers(call, now_ms);
	/* RFC 2782: the other addresses of a target before other targets. */
	if (last != CLIENT_CURRENT_NONE)
		entry = find_entry(
		    call, call->set->entry[last].instance, false, now_ms);
	if (entry == CLIENT_CURRENT_NONE)
		entry = choose_in_set(call, items, false, now_ms);
	if (entry == CLIENT_CURRENT_NONE)
		entry = choose_in_set(call, items, true, now_ms);
	free(items);
	client_end_use(call);
	if (entry == CLIENT_CURRENT_NONE)
		return why_none(call);
	hand_out(call, entry, now_ms);
	return MUSTER_OK;
}
