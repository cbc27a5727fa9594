/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/cache.h"

#include <stdlib.h>

#include "resolver/cache_table.h"

/* How far the hand goes before it takes what is there, so that no insertion
 * waits for a walk through a large cache in which all was asked for. */
#define HAND_STEPS 256

/* What is larger than this part of the cache would empty it. */
#define LARGEST_PART 4

/* What distinguishes messages about the same name. */
#define SELECT_DNSSEC_OK 0x10000
#define SELECT_CHECKING_DISABLED 0x20000
#define SELECT_NO_NAME 0x40000 /* NXDOMAIN: of any type (then 0) */

/* An entry: this, the places of TTLs, the message.  A failure alone has a
 * message too, header and question, which holds its name. */
struct item {
	struct cache_link link; /* must be first */
	/* Between the hand's steps: from old to new. */
	struct item *newer;
	struct item *older;
	/* The message: not there if ttl_s is 0. */
	int64_t stored_ms;
	uint32_t ttl_s;
	int32_t ede;
	/* The last failure, if wait_s is not 0. */
	int64_t failed_until_ms;
	int32_t failed_ede;
	uint32_t failed_wait_s;
	uint32_t selector;
	uint32_t octets; /* counted for it */
	uint32_t hits;
	uint16_t len;
	uint16_t ttls;
	uint8_t rcode;
	bool authentic : 1;
	bool nodata : 1;
	bool leads_out : 1;
	bool private_address : 1;
	bool visited : 1; /* since the hand came by */
	uint16_t ttl_at[];
};

struct cache {
	struct cache_table table;
	size_t octets_max;
	size_t octets; /* of the items */
	int64_t stale_ms;
	struct item *newest, *oldest;
	struct item *hand; /* NULL: at the oldest */
	uint64_t hits, misses, stale_hits, evicted;
};

static const uint8_t *
item_wire(const struct item *item)
{
	return (const uint8_t *)(item->ttl_at + item->ttls);
}

static const uint8_t *
item_name(const struct item *item)
{
	return item_wire(item) + MESSAGE_HEADER_LEN;
}

/* What the allocator takes for a block, as glibc's does it. */
static size_t
block_octets(size_t n)
{
	return (n + 8 + 15) & ~(size_t)15;
}

struct cache *
cache_new(size_t octets, int64_t stale_ms)
{
	struct cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return NULL;
	if (cache_table_init(&cache->table,
		octets / block_octets(sizeof(struct item) + MESSAGE_HEADER_LEN +
				      5)) != OK) {
		free(cache);
		return NULL;
	}
	cache->octets_max = octets;
	cache->stale_ms = stale_ms;
	return cache;
}

void
cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->newest != NULL) {
		struct item *item = cache->newest;

		cache->newest = item->older;
		free(item);
	}
	cache_table_fini(&cache->table);
	free(cache);
}

static void
link_newest(struct cache *cache, struct item *item)
{
	cache_table_add(&cache->table, &item->link);
	item->newer = NULL;
	item->older = cache->newest;
	if (cache->newest != NULL)
		cache->newest->newer = item;
	else
		cache->oldest = item;
	cache->newest = item;
	cache->octets += item->octets;
}

static void
remove_item(struct cache *cache, struct item *item)
{
	cache_table_remove(&cache->table, &item->link);
	if (cache->hand == item)
		cache->hand = item->newer;
	if (item->newer != NULL)
		item->newer->older = item->older;
	else
		cache->newest = item->older;
	if (item->older != NULL)
		item->older->newer = item->newer;
	else
		cache->oldest = item->newer;
	cache->octets -= item->octets;
	free(item);
}

/* SIEVE: the hand goes from old to new, forgives once what was asked for, and
 * takes the first that was not. */
static void
evict_one(struct cache *cache)
{
	struct item *item = cache->hand != NULL ? cache->hand : cache->oldest;
	unsigned steps;

	for (steps = 0; item->visited && steps < HAND_STEPS; steps++) {
		item->visited = false;
		item = item->newer != NULL ? item->newer : cache->oldest;
	}
	cache->hand = item->newer;
	remove_item(cache, item);
	cache->evicted++;
}

/* Puts a new item, for which others have to go first, so that the hand never
 * comes to it; frees it if there is no room at all. */
static void
insert(struct cache *cache, struct item *item)
{
	size_t more = item->octets;

	if (item->octets > cache->octets_max / LARGEST_PART) {
		free(item);
		return;
	}
	more += cache->table.octets + cache_table_growth(&cache->table);
	while (
	    cache->octets + more > cache->octets_max && cache->oldest != NULL)
		evict_one(cache);
	if (cache->octets + more > cache->octets_max)
		free(item);
	else
		link_newest(cache, item);
}

static uint32_t
key_selector(const struct cache_key *key)
{
	return key->qtype | (key->dnssec_ok ? SELECT_DNSSEC_OK : 0) |
	       (key->checking_disabled ? SELECT_CHECKING_DISABLED : 0);
}

/* The same for all types. */
static uint32_t
no_name_selector(uint32_t selector)
{
	return (selector & ~(uint32_t)UINT16_MAX) | SELECT_NO_NAME;
}

/* The hash of the name is keyed, so nobody can aim; this spreads types. */
static uint64_t
select_hash(uint64_t name_hash_, uint32_t selector)
{
	uint64_t hash = (name_hash_ ^ selector) * 0x9e3779b97f4a7c15;

	return hash ^ hash >> 32;
}

static struct item *
find_item(
    const struct cache *cache, const struct cache_key *key, uint32_t selector)
{
	uint64_t hash = select_hash(key->hash, selector);
	struct cache_link *link = *cache_table_chain(&cache->table, hash);

	for (; link != NULL; link = link->next) {
		struct item *item = (struct item *)link;

		if (link->hash == hash && item->selector == selector &&
		    name_equal(item_name(item), key->qname))
			return item;
	}
	return NULL;
}

static int64_t
item_age_ms(const struct item *item, int64_t now_ms)
{
	return now_ms > item->stored_ms ? now_ms - item->stored_ms : 0;
}

static bool
is_fresh(const struct item *item, int64_t now_ms)
{
	return item != NULL &&
	       item_age_ms(item, now_ms) < (int64_t)item->ttl_s * 1000;
}

/* Whether it may be answered in need (RFC 8767 5), or is fresh. */
static bool
is_usable(const struct cache *cache, const struct item *item, int64_t now_ms)
{
	return item != NULL && item->ttl_s != 0 &&
	       item_age_ms(item, now_ms) <
		   (int64_t)item->ttl_s * 1000 + cache->stale_ms;
}

static bool
is_failing(const struct item *item, int64_t now_ms)
{
	return item != NULL && item->failed_wait_s != 0 &&
	       now_ms < item->failed_until_ms;
}

static void
fill_message(struct cache_entry *entry, const struct item *item, int64_t now_ms)
{
	int64_t age_ms = item_age_ms(item, now_ms);

	entry->wire = item_wire(item);
	entry->len = item->len;
	entry->ttl_at = item->ttl_at;
	entry->ttls = item->ttls;
	entry->rcode = (enum rcode)item->rcode;
	entry->authentic = item->authentic;
	entry->nodata = item->nodata;
	entry->leads_out = item->leads_out;
	entry->private_address = item->private_address;
	entry->stale = age_ms >= (int64_t)item->ttl_s * 1000;
	entry->ede = item->ede;
	/* No message is older than a week and what is stale of it. */
	entry->age_s = (uint32_t)(age_ms / 1000);
	entry->ttl_s = item->ttl_s;
	entry->left_s = entry->stale ? 0 : item->ttl_s - entry->age_s;
	entry->hits = item->hits;
}

static void
fill_failure(struct cache_entry *entry, const struct item *item, int64_t now_ms)
{
	int64_t left_ms = item->failed_until_ms - now_ms;

	*entry = (struct cache_entry){
	    .rcode = RCODE_SERVFAIL,
	    .ede = item->failed_ede,
	    .left_s = (uint32_t)((left_ms + 999) / 1000),
	    .ttl_s = item->failed_wait_s,
	    .hits = item->hits,
	};
}

static void
touch(struct item *item)
{
	/* Written only where it changes, for the sake of others' caches. */
	if (!item->visited)
		item->visited = true;
	if (item->hits < UINT32_MAX)
		item->hits++;
}

bool
cache_find(struct cache *cache, const struct cache_key *key, int64_t now_ms,
    struct cache_entry *entry)
{
	uint32_t selector = key_selector(key);
	struct item *own = find_item(cache, key, selector);
	struct item *item = own;
	bool failing = is_failing(own, now_ms);

	if (!is_fresh(own, now_ms)) {
		struct item *other =
		    find_item(cache, key, no_name_selector(selector));

		if (is_fresh(other, now_ms) ||
		    (!is_usable(cache, own, now_ms) &&
			is_usable(cache, other, now_ms)))
			item = other;
	}
	if (is_usable(cache, item, now_ms)) {
		touch(item);
		fill_message(entry, item, now_ms);
	} else if (failing) {
		touch(own);
		fill_failure(entry, own, now_ms);
	} else {
		cache->misses++;
		return false;
	}
	entry->failure = failing;
	if (entry->stale)
		cache->stale_hits++;
	else
		cache->hits++;
	return true;
}

/* An item with room for a message and so many TTLs. */
static struct item *
new_item(
    const struct cache_key *key, uint32_t selector, size_t ttls, size_t len)
{
	size_t octets = sizeof(struct item) + ttls * sizeof(uint16_t) + len;
	struct item *item = malloc(octets);

	if (item == NULL)
		return NULL;
	*item = (struct item){
	    .link.hash = select_hash(key->hash, selector),
	    .selector = selector,
	    .octets = (uint32_t)block_octets(octets),
	    .len = (uint16_t)len,
	    .ttls = (uint16_t)ttls,
	    .ede = -1,
	    .failed_ede = -1,
	};
	return item;
}

/* RFC 2308 5: whether it says that the name does not exist for any type; with
 * aliases in front it is not the same for each. */
static bool
is_no_name(const struct reply *reply)
{
	return reply->rcode == RCODE_NXDOMAIN &&
	       wire_load_u16(reply->out + 4 + 2 * SECTION_ANSWER) == 0;
}

/* Forgets what there is under both selectors; whether it was asked for. */
static bool
remove_both(struct cache *cache, const struct cache_key *key, uint32_t selector)
{
	uint32_t selectors[2] = {selector, no_name_selector(selector)};
	bool visited = false;
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct item *item = find_item(cache, key, selectors[i]);

		if (item == NULL)
			continue;
		visited = visited || item->visited;
		remove_item(cache, item);
	}
	return visited;
}

/* The failures are over; what was remembered for them alone goes. */
static void
forget_failure(
    struct cache *cache, const struct cache_key *key, uint32_t selector)
{
	struct item *item = find_item(cache, key, selector);

	if (item == NULL)
		return;
	item->failed_wait_s = 0;
	if (item->ttl_s == 0)
		remove_item(cache, item);
}

enum error
cache_put(struct cache *cache, const struct cache_key *key,
    const struct reply *reply, int64_t now_ms)
{
	uint32_t selector = key_selector(key);
	struct item *item;

	if (reply->ttl == 0) {
		forget_failure(cache, key, selector);
		return OK;
	}
	item = new_item(key,
	    is_no_name(reply) ? no_name_selector(selector) : selector,
	    reply->ttls, reply->len);
	if (item == NULL)
		return ERR_MEMORY;
	item->stored_ms = now_ms;
	item->ttl_s = reply->ttl;
	item->ede = reply->ede;
	item->rcode = (uint8_t)reply->rcode;
	item->authentic = reply->authentic;
	item->nodata = reply->nodata;
	item->leads_out = reply->leads_out;
	item->private_address = reply->private_address;
	memcpy(item->ttl_at, reply->ttl_at, reply->ttls * sizeof(uint16_t));
	memcpy(item->ttl_at + item->ttls, reply->out, reply->len);
	item->visited = remove_both(cache, key, selector);
	insert(cache, item);
	return OK;
}

/* An item that holds a name and no message. */
static struct item *
new_failure(const struct cache_key *key, uint32_t selector)
{
	size_t name = name_len(key->qname);
	struct item *item =
	    new_item(key, selector, 0, MESSAGE_HEADER_LEN + name);
	uint8_t *wire;

	if (item == NULL)
		return NULL;
	wire = (uint8_t *)item->ttl_at;
	memset(wire, 0, MESSAGE_HEADER_LEN);
	name_lower(wire + MESSAGE_HEADER_LEN, key->qname);
	return item;
}

/* RFC 9520 3.2: 1 s for the first failure, and double for each that follows
 * on the end of the last. */
static uint32_t
next_wait_s(const struct item *item, int64_t now_ms)
{
	int64_t since_ms = now_ms - item->failed_until_ms;

	if (item->failed_wait_s == 0 || since_ms > CACHE_FAILURE_MAX_S * 1000)
		return 1;
	return item->failed_wait_s * 2 < CACHE_FAILURE_MAX_S
		   ? item->failed_wait_s * 2
		   : CACHE_FAILURE_MAX_S;
}

enum error
cache_put_failure(
    struct cache *cache, const struct cache_key *key, int ede, int64_t now_ms)
{
	uint32_t selector = key_selector(key);
	struct item *item = find_item(cache, key, selector);
	bool is_new = item == NULL;

	if (is_new)
		item = new_failure(key, selector);
	if (item == NULL)
		return ERR_MEMORY;
	item->failed_wait_s = next_wait_s(item, now_ms);
	item->failed_until_ms = now_ms + (int64_t)item->failed_wait_s * 1000;
	item->failed_ede = ede;
	if (is_new)
		insert(cache, item);
	return OK;
}

size_t
cache_flush(struct cache *cache, const uint8_t *name, bool below)
{
	struct item *item = cache->oldest, *newer;
	size_t count = 0;

	for (; item != NULL; item = newer) {
		newer = item->newer;
		if (!(below ? name_is_in(item_name(item), name)
			    : name_equal(item_name(item), name)))
			continue;
		remove_item(cache, item);
		count++;
	}
	return count;
}

void
cache_get_stats(const struct cache *cache, struct cache_stats *stats)
{
	*stats = (struct cache_stats){
	    .entries = cache->table.links,
	    .octets = cache->octets + cache->table.octets,
	    .hits = cache->hits,
	    .misses = cache->misses,
	    .stale_hits = cache->stale_hits,
	    .evicted = cache->evicted,
	};
}
