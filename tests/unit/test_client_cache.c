/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of services and addresses, on a clock of our own; and
 * the settings. */
#include <criterion/criterion.h>
#include <string.h>

#include "resolver/client/client_settings.h"

static const struct client_cache_settings usual = {
    .services = 2,
    .ttl_max_ms = 100000,
    .negative_ttl_max_ms = 10000,
    .stale_ms = 50000,
    .refresh_percent = 20,
};

static struct peers *peers;
static struct client_cache *cache;

static void
set_up(void)
{
	peers = peers_new(1);
	cache = client_cache_new(&usual, 2);
	cr_assert(peers != NULL && cache != NULL);
}

static void
tear_down(void)
{
	client_cache_free(cache);
	peers_free(peers);
}

TestSuite(client_cache, .init = set_up, .fini = tear_down, .timeout = 5);

static void
add_record(struct srv_answer *answer, const char *target, uint16_t priority,
    uint16_t port)
{
	struct srv_record *record;

	answer->records = realloc(answer->records,
	    (answer->records_count + 1) * sizeof(*answer->records));
	record = &answer->records[answer->records_count++];
	*record = (struct srv_record){.priority = priority, .port = port};
	cr_assert_eq(name_from_text(target, NULL, &record->target), OK);
}

static void
add_address(struct srv_answer *answer, const char *host, uint8_t last)
{
	const uint8_t octets[4] = {127, 0, 0, last};
	struct name name;

	cr_assert_eq(name_from_text(host, NULL, &name), OK);
	cr_assert(srv_answer_add_address(answer, name.wire, TYPE_A, octets));
}

static struct endpoints *
one_endpoint(void)
{
	struct srv_answer answer = {.records = NULL};
	struct endpoints *set;

	add_record(&answer, "a.x", 0, 80);
	add_address(&answer, "a.x", 1);
	cr_assert_eq(endpoints_new(&answer, peers, NULL, &set), OK);
	srv_answer_fini(&answer);
	return set;
}

Test(client_cache, fresh_then_refreshed_then_stale_then_nothing)
{
	static const struct {
		int64_t now_ms;
		enum client_cache_state state;
		bool refresh;
	} samples[] = {
	    {1000, CLIENT_CACHE_FRESH, false},
	    {24999, CLIENT_CACHE_FRESH, false},
	    {25000, CLIENT_CACHE_FRESH, true},
	    {30999, CLIENT_CACHE_FRESH, true},
	    {31000, CLIENT_CACHE_STALE, true},
	    {80999, CLIENT_CACHE_STALE, true},
	    {81000, CLIENT_CACHE_NOTHING, true},
	};
	struct service *service = client_cache_hold(cache, "x", 0);

	cr_expect_eq(client_cache_look(service, 0), CLIENT_CACHE_NOTHING);
	client_cache_put(cache, service, MUSTER_OK, one_endpoint(), 30, 1000);
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		cr_expect_eq(client_cache_look(service, samples[i].now_ms),
		    samples[i].state, "%zu", i);
		cr_expect_eq(
		    client_cache_wants_refresh(service, samples[i].now_ms),
		    samples[i].refresh, "%zu", i);
	}
	client_cache_release(cache, service);
}

Test(client_cache, ttls_are_bounded)
{
	struct service *service = client_cache_hold(cache, "x", 0);

	client_cache_put(
	    cache, service, MUSTER_OK, one_endpoint(), UINT32_MAX, 0);
	cr_expect_eq(service->fresh_until_ms, usual.ttl_max_ms);
	client_cache_put(cache, service, MUSTER_NOT_FOUND, NULL, UINT32_MAX, 0);
	cr_expect_eq(service->fresh_until_ms, usual.negative_ttl_max_ms);
	cr_expect_eq(client_cache_look(service, 0), CLIENT_CACHE_NEGATIVE);
	cr_expect_eq(client_cache_look(service, usual.negative_ttl_max_ms),
	    CLIENT_CACHE_NOTHING, "nothing stale is negative");
	client_cache_release(cache, service);
}

Test(client_cache, failures_back_off_and_leave_what_is_known)
{
	static const int64_t expected[] = {
	    1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
	struct service *service = client_cache_hold(cache, "x", 0);

	client_cache_put(cache, service, MUSTER_OK, one_endpoint(), 30, 0);
	for (size_t i = 0; i < 8; i++) {
		client_cache_fail(service, MUSTER_DNS_SILENT, 100);
		cr_expect_eq(service->retry_at_ms, 100 + expected[i], "%zu", i);
	}
	cr_expect_not(client_cache_may_ask(service, 30099));
	cr_expect(client_cache_may_ask(service, 30100));
	cr_expect_eq(client_cache_look(service, 100), CLIENT_CACHE_FRESH);
	client_cache_put(cache, service, MUSTER_OK, one_endpoint(), 30, 200);
	cr_expect(client_cache_may_ask(service, 200));
	client_cache_release(cache, service);
}

Test(client_cache, who_was_not_used_for_the_longest_time_goes)
{
	struct service *held = client_cache_hold(cache, "held", 0);
	struct service *service;

	for (const char *name = "abcd"; *name; name++) {
		char text[] = {*name, '\0'};

		service = client_cache_hold(cache, text, 0);
		client_cache_put(cache, service, MUSTER_NOT_FOUND, NULL, 9, 0);
		client_cache_release(cache, service);
	}
	cr_expect_eq(client_cache_count(cache), 3);
	service = client_cache_hold(cache, "C", 0);
	cr_expect(service->known, "c is there, in any case");
	client_cache_release(cache, service);
	service = client_cache_hold(cache, "a", 0);
	cr_expect_not(service->known, "a went");
	client_cache_release(cache, service);
	service = client_cache_hold(cache, "c", 80);
	cr_expect_not(service->known, "another port, another fallback");
	client_cache_release(cache, service);
	cr_expect_eq(client_cache_hold(cache, "held", 0), held);
	client_cache_release(cache, held);
	client_cache_release(cache, held);
}

/* --- endpoints and peers --- */

Test(client_cache, a_set_has_tiers_instances_and_their_addresses)
{
	struct srv_answer answer = {.records = NULL};
	struct endpoints *set;

	add_record(&answer, "b.x", 20, 81);
	add_record(&answer, "a.x", 10, 80);
	add_record(&answer, "gone.x", 10, 80);
	add_record(&answer, "b.x", 10, 80);
	add_address(&answer, "a.x", 1);
	add_address(&answer, "A.X", 2);
	add_address(&answer, "a.x", 1);
	add_address(&answer, "b.x", 3);
	cr_assert_eq(endpoints_new(&answer, peers, NULL, &set), OK);
	srv_answer_fini(&answer);
	cr_expect_eq(set->instances, 3);
	cr_expect_eq(set->entries, 4, "the same address counts once");
	cr_expect_eq(endpoints_tier_end(set, 0), 2);
	cr_expect_eq(endpoints_tier_end(set, 2), 3);
	cr_expect_str_eq(set->entry[0].endpoint.host, "a.x");
	cr_expect_str_eq(set->entry[2].endpoint.host, "b.x");
	cr_expect_eq(set->entry[3].endpoint.port, 81);
	cr_expect_eq(set->entry[3].instance, 2);
	cr_expect_eq(((const struct sockaddr_in *)(const void *)set->entry[3]
			     .endpoint.address)
			 ->sin_port,
	    htons(81));
	endpoints_release(set);
}

static bool
has_no_odd_route(const struct peer *peer)
{
	return (ntohl(peer->address.v4.sin_addr.s_addr) & 1) == 0;
}

Test(client_cache, addresses_without_a_route_go_last)
{
	struct srv_answer answer = {.records = NULL};
	struct endpoints *set;

	add_record(&answer, "a.x", 0, 80);
	for (uint8_t last = 1; last <= 20; last++)
		add_address(&answer, "a.x", last);
	cr_assert_eq(endpoints_new(&answer, peers, has_no_odd_route, &set), OK);
	srv_answer_fini(&answer);
	cr_expect_eq(set->entries, ENDPOINTS_ADDRESSES_MAX);
	for (uint32_t i = 0; i < set->entries; i++)
		cr_expect_eq(has_no_odd_route(set->entry[i].peer),
		    i < set->entries / 2, "%u", i);
	endpoints_release(set);
}

Test(client_cache, without_any_address_there_is_no_set)
{
	struct srv_answer answer = {.records = NULL};
	struct endpoints *set;

	add_record(&answer, "a.x", 0, 80);
	cr_expect_eq(endpoints_new(&answer, peers, NULL, &set), ERR_NOT_FOUND);
	srv_answer_fini(&answer);
}

Test(client_cache, what_is_known_of_an_address_outlives_the_answer)
{
	struct endpoints *set = one_endpoint();
	struct peer *peer = set->entry[0].peer;

	peer->breaker.opens = 7;
	endpoints_release(set);
	set = one_endpoint();
	cr_expect_eq(set->entry[0].peer, peer);
	cr_expect_eq(peer->breaker.opens, 7);
	endpoints_release(set);
}

Test(client_cache, of_addresses_that_nobody_names_a_number_is_kept)
{
	union peer_address address;
	struct peer *peer;

	for (uint16_t port = 1; port <= PEERS_IDLE_MAX + 5; port++) {
		peer_address_init(&address, TYPE_AAAA, (uint8_t[16]){1}, port);
		peer = peers_hold(peers, &address);
		cr_assert_not_null(peer);
		cr_expect_eq(peers_find(peers, &address.any), peer);
		peer->uses = port;
		peers_release(peers, peer);
	}
	cr_expect_null(peers_find(peers, &address.any), "nobody holds it");
	peer = peers_hold(peers, &address);
	cr_expect_eq(peer->uses, PEERS_IDLE_MAX + 5);
	peers_release(peers, peer);
	peer_address_init(&address, TYPE_AAAA, (uint8_t[16]){1}, 1);
	peer = peers_hold(peers, &address);
	cr_expect_eq(peer->uses, 0, "it was forgotten");
	peers_release(peers, peer);
}

/* --- settings --- */

Test(client_cache, settings_0_is_the_default_and_negative_is_none)
{
	struct muster_settings given = {.size = sizeof(given)};
	struct client_settings settings;

	cr_assert_eq(client_settings_init(&settings, NULL), MUSTER_OK);
	cr_expect_eq(settings.breaker.failures, 5);
	cr_expect_eq(settings.breaker.percent, 50);
	cr_expect_eq(settings.cache.stale_ms, 3600000);
	cr_expect_eq(settings.cache.refresh_percent, 20);
	cr_expect_eq(settings.outlier.percent, 30);
	cr_expect_eq(settings.retry.jitter_percent, 50);
	given.breaker_failures = given.breaker_percent = given.stale_ms =
	    given.refresh_percent = given.outlier_percent =
		given.jitter_percent = -1;
	cr_assert_eq(client_settings_init(&settings, &given), MUSTER_OK);
	cr_expect_eq(settings.breaker.failures, 0);
	cr_expect_gt(settings.breaker.percent, 100);
	cr_expect_eq(settings.cache.stale_ms, 0);
	cr_expect_eq(settings.cache.refresh_percent, 0);
	cr_expect_eq(settings.outlier.percent, 0);
	cr_expect_eq(settings.retry.jitter_percent, 0);
}

Test(client_cache, requests_are_checked)
{
	struct muster_request given[] = {{.size = 4},
	    {.size = sizeof(given[0]), .key_len = 3},
	    {.size = sizeof(given[0]), .strategy = (enum muster_strategy)99},
	    {.size = sizeof(given[0]), .default_port = 80}};
	struct muster_request request;

	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(client_request_init(&request, &given[i]),
		    i < 3 ? MUSTER_BAD_VALUE : MUSTER_OK, "%zu", i);
	cr_expect_eq(request.default_port, 80);
}

Test(client_cache, every_status_has_a_text)
{
	for (int i = MUSTER_OK; i <= MUSTER_SYSTEM; i++)
		cr_expect_gt(
		    strlen(muster_status_text((enum muster_status)i)), 5);
	cr_expect_str_eq(
	    muster_status_text((enum muster_status)999), "unknown status");
}
