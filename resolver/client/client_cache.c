/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/client_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "resolver/client/hash.h"

#define BUCKETS 256 /* a power of two */

struct client_cache {
	struct client_cache_settings settings;
	uint64_t secret;
	struct service *bucket[BUCKETS];
	size_t count;
	/* those that nobody holds */
	struct service *newest, *oldest;
	size_t idle;
};

static void
set_lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

static struct service **
bucket_of(struct client_cache *cache, const char *lower, uint16_t port)
{
	uint64_t h = hash_octets(cache->secret + port, lower, strlen(lower));

	return &cache->bucket[h & (BUCKETS - 1)];
}

/* --- those that nobody holds --- */

static void
unlink_idle(struct client_cache *cache, struct service *service)
{
	*(service->newer ? &service->newer->older : &cache->newest) =
	    service->older;
	*(service->older ? &service->older->newer : &cache->oldest) =
	    service->newer;
	service->newer = service->older = NULL;
	cache->idle--;
}

static void
link_idle(struct client_cache *cache, struct service *service)
{
	service->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = service;
	cache->newest = service;
	cache->idle++;
}

static void
forget(struct client_cache *cache, struct service *service)
{
	struct service **at =
	    bucket_of(cache, service->name, service->default_port);

	unlink_idle(cache, service);
	for (; *at != service; at = &(*at)->next)
		assert(*at != NULL);
	*at = service->next;
	cache->count--;
	endpoints_release(service->set);
	free(service->name);
	free(service);
}

/* --- the table --- */

struct client_cache *
client_cache_new(const struct client_cache_settings *settings, uint64_t secret)
{
	struct client_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return NULL;
	cache->settings = *settings;
	cache->secret = secret;
	return cache;
}

void
client_cache_free(struct client_cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->oldest != NULL)
		forget(cache, cache->oldest);
	free(cache);
}

static struct service *
make(struct client_cache *cache, char *lower, uint16_t default_port)
{
	struct service *service = calloc(1, sizeof(*service));
	struct service **bucket = bucket_of(cache, lower, default_port);

	if (service == NULL) {
		free(lower);
		return NULL;
	}
	service->name = lower;
	service->default_port = default_port;
	service->holders = 1;
	service->next = *bucket;
	*bucket = service;
	cache->count++;
	return service;
}

struct service *
client_cache_hold(
    struct client_cache *cache, const char *name, uint16_t default_port)
{
	char *lower = strdup(name);
	struct service *service;

	if (lower == NULL)
		return NULL;
	set_lower(lower);
	service = *bucket_of(cache, lower, default_port);
	for (; service != NULL; service = service->next)
		if (service->default_port == default_port &&
		    strcmp(service->name, lower) == 0)
			break;
	if (service == NULL)
		return make(cache, lower, default_port);
	free(lower);
	if (service->holders++ == 0)
		unlink_idle(cache, service);
	return service;
}

void
client_cache_release(struct client_cache *cache, struct service *service)
{
	assert(service->holders > 0);
	if (--service->holders > 0)
		return;
	link_idle(cache, service);
	if (cache->idle > cache->settings.services)
		forget(cache, cache->oldest);
}

size_t
client_cache_count(const struct client_cache *cache)
{
	return cache->count;
}

static void
clear(struct service *service)
{
	endpoints_release(service->set);
	service->set = NULL;
	service->known = false;
	service->failures = 0;
	service->retry_at_ms = 0;
}

void
client_cache_flush(struct client_cache *cache, const char *name)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct service *s = cache->bucket[i]; s != NULL;
		     s = s->next)
			if (name == NULL || strcasecmp(s->name, name) == 0)
				clear(s);
}

/* --- what is known --- */

enum client_cache_state
client_cache_look(const struct service *service, int64_t now_ms)
{
	if (!service->known)
		return CLIENT_CACHE_NOTHING;
	if (now_ms < service->fresh_until_ms)
		return service->set ? CLIENT_CACHE_FRESH
				    : CLIENT_CACHE_NEGATIVE;
	if (service->set != NULL && now_ms < service->stale_until_ms)
		return CLIENT_CACHE_STALE;
	return CLIENT_CACHE_NOTHING;
}

bool
client_cache_may_ask(const struct service *service, int64_t now_ms)
{
	return service->lookup == NULL && now_ms >= service->retry_at_ms;
}

bool
client_cache_wants_refresh(const struct service *service, int64_t now_ms)
{
	return service->known && service->set != NULL &&
	       now_ms >= service->refresh_at_ms &&
	       client_cache_may_ask(service, now_ms);
}

void
client_cache_put(struct client_cache *cache, struct service *service,
    enum muster_status status, struct endpoints *set, uint32_t ttl_s,
    int64_t asked_ms)
{
	const struct client_cache_settings *settings = &cache->settings;
	int64_t max_ms =
	    set ? settings->ttl_max_ms : settings->negative_ttl_max_ms;
	int64_t ttl_ms = (int64_t)ttl_s * 1000;

	if (ttl_ms > max_ms)
		ttl_ms = max_ms;
	endpoints_release(service->set);
	service->set = set;
	service->status = status;
	service->known = true;
	service->fresh_until_ms = asked_ms + ttl_ms;
	service->refresh_at_ms =
	    service->fresh_until_ms -
	    ttl_ms * (int64_t)settings->refresh_percent / 100;
	service->stale_until_ms = service->fresh_until_ms + settings->stale_ms;
	service->failure = MUSTER_OK;
	service->failures = 0;
	service->retry_at_ms = 0;
	service->results++;
}

void
client_cache_fail(
    struct service *service, enum muster_status status, int64_t now_ms)
{
	int64_t wait_ms = CLIENT_CACHE_FAILURE_MS;

	for (uint32_t i = 0; i < service->failures; i++)
		if (wait_ms < CLIENT_CACHE_FAILURE_MAX_MS)
			wait_ms *= 2;
	if (wait_ms > CLIENT_CACHE_FAILURE_MAX_MS)
		wait_ms = CLIENT_CACHE_FAILURE_MAX_MS;
	else
		service->failures++;
	service->failure = status;
	service->retry_at_ms = now_ms + wait_ms;
	service->results++;
}
