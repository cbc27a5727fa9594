/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "resolver/client/hash.h"

/* The name as text without its final dot. */
static size_t
put_host(const uint8_t *name, char *to)
{
	size_t len = strlen(name_to_text(name, to));

	if (len > 1 && to[len - 1] == '.')
		to[--len] = '\0';
	return len + 1;
}

/* Host names in lower case and the port: the same on every machine. */
static uint64_t
identify(const struct srv_record *record)
{
	uint8_t octets[NAME_MAX_LEN + 2];
	size_t len = name_lower(octets, record->target.wire);

	wire_store_u16(octets + len, record->port);
	return hash_octets(0, octets, len + 2);
}

/* Entries without a route go behind those with one. */
static void
order_by_route(
    struct endpoints_entry *entry, uint32_t count, endpoints_route_fn *route)
{
	struct endpoints_entry behind[ENDPOINTS_ADDRESSES_MAX] = {
	    {.peer = NULL}};
	uint32_t kept = 0, moved = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (route(entry[i].peer))
			entry[kept++] = entry[i];
		else
			behind[moved++] = entry[i];
	}
	memcpy(entry + kept, behind, moved * sizeof(*entry));
}

static bool
has_peer(const struct endpoints *set, const struct endpoints_instance *instance,
    const struct peer *peer)
{
	for (uint32_t i = 0; i < instance->count; i++)
		if (set->entry[instance->first + i].peer == peer)
			return true;
	return false;
}

/* Adds an address of a host to the instance that is being made. */
static bool
add_entry(struct endpoints *set, struct endpoints_instance *instance,
    const struct srv_record *record, const struct srv_address *from,
    const char *host)
{
	union peer_address address;
	struct endpoints_entry *entry = &set->entry[set->entries];
	struct peer *peer;

	peer_address_init(&address, from->type, from->octets, record->port);
	peer = peers_hold(set->peers, &address);
	if (peer == NULL)
		return false;
	if (has_peer(set, instance, peer)) {
		peers_release(set->peers, peer);
		return true;
	}
	*entry = (struct endpoints_entry){
	    .endpoint = {.host = host,
		.address = &peer->address.any,
		.address_len = peer->address_len,
		.port = record->port,
		.priority = record->priority,
		.weight = record->weight},
	    .peer = peer,
	    .instance = set->instances,
	};
	set->entries++;
	instance->count++;
	return true;
}

static bool
add_instance(struct endpoints *set, const struct srv_answer *answer,
    const struct srv_record *record, char **text, endpoints_route_fn *route)
{
	struct endpoints_instance *instance = &set->instance[set->instances];
	char *host = *text;

	*instance = (struct endpoints_instance){
	    .identity = identify(record),
	    .first = set->entries,
	    .priority = record->priority,
	    .weight = record->weight,
	    .order = record->order,
	};
	for (size_t i = 0; i < answer->addresses_count &&
			   instance->count < ENDPOINTS_ADDRESSES_MAX;
	     i++) {
		const struct srv_address *from = &answer->addresses[i];

		if (name_equal(from->owner.wire, record->target.wire) &&
		    !add_entry(set, instance, record, from, host))
			return false;
	}
	/* Without an address it is left out. */
	if (instance->count == 0)
		return true;
	*text += put_host(record->target.wire, host);
	if (route != NULL)
		order_by_route(
		    &set->entry[instance->first], instance->count, route);
	set->instances++;
	return true;
}

/* What the arrays need: upper bounds. */
static void
measure(const struct srv_answer *answer, size_t *entries, size_t *text)
{
	*entries = *text = 0;
	for (size_t i = 0; i < answer->records_count; i++) {
		const struct srv_record *record = &answer->records[i];
		char host[NAME_TEXT_LEN];
		size_t found = 0;

		for (size_t j = 0; j < answer->addresses_count; j++)
			found += name_equal(answer->addresses[j].owner.wire,
			    record->target.wire);
		*entries += found < ENDPOINTS_ADDRESSES_MAX
				? found
				: ENDPOINTS_ADDRESSES_MAX;
		*text += put_host(record->target.wire, host);
	}
}

enum error
endpoints_new(struct srv_answer *answer, struct peers *peers,
    endpoints_route_fn *route, struct endpoints **out)
{
	struct endpoints *set = calloc(1, sizeof(*set));
	size_t entries, text_len;
	char *text;

	if (set == NULL)
		return ERR_MEMORY;
	set->holders = 1;
	set->peers = peers;
	srv_answer_sort(answer);
	measure(answer, &entries, &text_len);
	set->instance =
	    calloc(answer->records_count + 1, sizeof(*set->instance));
	set->entry = calloc(entries + 1, sizeof(*set->entry));
	set->hosts = text = malloc(text_len + 1);
	if (!set->instance || !set->entry || !set->hosts)
		goto no_memory;
	for (size_t i = 0; i < answer->records_count; i++)
		if (!add_instance(
			set, answer, &answer->records[i], &text, route))
			goto no_memory;
	if (set->instances == 0) {
		endpoints_release(set);
		return ERR_NOT_FOUND;
	}
	*out = set;
	return OK;

no_memory:
	endpoints_release(set);
	return ERR_MEMORY;
}

struct endpoints *
endpoints_hold(struct endpoints *set)
{
	set->holders++;
	return set;
}

void
endpoints_release(struct endpoints *set)
{
	if (set == NULL || --set->holders > 0)
		return;
	for (uint32_t i = 0; i < set->entries; i++)
		peers_release(set->peers, set->entry[i].peer);
	free(set->hosts);
	free(set->entry);
	free(set->instance);
	free(set);
}

uint32_t
endpoints_tier_end(const struct endpoints *set, uint32_t first)
{
	uint32_t end = first;

	while (end < set->instances &&
	       set->instance[end].priority == set->instance[first].priority)
		end++;
	return end;
}
