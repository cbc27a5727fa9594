/* fake_checker.h - takes a registry's orders, and sends it results at will.
 *
 * It remembers which hosts of one checked service have answered well since they
 * are there, and sees to it that nobody is told of the others.
 *
 * Threads:   none.
 * Ownership: orders are freed at once.
 * Units:     monotonic milliseconds.
 * Errors:    assert.
 */
#ifndef TESTS_LIB_FAKE_CHECKER_H
#define TESTS_LIB_FAKE_CHECKER_H

#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/health/roster.h"
#include "server/registry.h"
#include "zones/ready.h"
#include "zones/zone.h"

#define FAKE_SERVICE "_http._tcp.w.z"
#define FAKE_HOSTS 64 /* h0.z. to h63.z. */

struct fake_checker {
	struct {
		uint64_t instance; /* 0: no order */
		uint32_t generation;
	} order[FAKE_HOSTS];
	bool good[FAKE_HOSTS]; /* or was there before a restart */
	bool there[FAKE_HOSTS];
};

/* Has the service checked. */
static inline void
fake_checker_configure(struct config *config)
{
	static struct config_network network = {
	    .family = AF_INET, .address = {192, 0, 2}, .prefix = 24};
	static struct config_service service;

	service = (struct config_service){.shape = shape_default,
	    .drain_ms = 1000,
	    .check = {.type = CHECK_TCP,
		.interval_ms = 5000,
		.timeout_ms = 1000,
		.rise = 1,
		.fall = 1,
		.networks = &network,
		.networks_count = 1}};
	assert(pattern_compile(FAKE_SERVICE, &service.match) == OK);
	config->service = &service;
	config->service_count = 1;
}

/* For registry_on_health(); arg is the checker. */
static inline void
fake_checker_order(void *arg, struct probe_order *order)
{
	struct fake_checker *k = arg;

	if (order->mail.kind == PROBE_END) {
		unsigned h = 0;

		while (
		    h < FAKE_HOSTS && k->order[h].instance != order->instance)
			h++;
		assert(h < FAKE_HOSTS);
		k->order[h].instance = 0;
	} else {
		unsigned long h = strtoul(order->host + 1, NULL, 10);

		assert(h < FAKE_HOSTS);
		assert(k->order[h].instance == 0 ||
		       (k->order[h].instance == order->instance &&
			   k->order[h].generation < order->generation));
		k->order[h].instance = order->instance;
		k->order[h].generation = order->generation;
	}
	free(order);
}

/* One result, for one of those that are probed or, with how & 2, of an order
 * before. */
static inline void
fake_checker_report(struct fake_checker *k, struct registry *r, uint8_t host,
    uint8_t how, int64_t now_ms)
{
	struct probe_result *result;
	unsigned h = host % FAKE_HOSTS;

	for (unsigned i = 0; i < FAKE_HOSTS && k->order[h].instance == 0; i++)
		h = (h + 1) % FAKE_HOSTS;
	if (k->order[h].instance == 0)
		return;
	result = calloc(1, sizeof(*result));
	assert(result != NULL);
	result->instance = k->order[h].instance;
	result->generation = k->order[h].generation - (how >> 1 & 1);
	result->good = (how & 1) != 0;
	result->percent = result->load = -1;
	if (result->good && (how & 2) == 0)
		k->good[h] = true;
	roster_take_result(registry_roster(r), result, now_ms);
}

static inline void
fake_checker_mark(struct fake_checker *k, const struct rrset *set)
{
	struct rrset_cursor c;

	for (struct record *r = set ? rrset_first(set, &c) : NULL; r;
	     r = rrset_next(&c)) {
		const uint8_t *host = r->rdata + 6;
		char text[8] = "";

		memcpy(text, host + 2, host[0] - 1u);
		k->there[strtoul(text, NULL, 10)] = true;
	}
}

/* What stands at a name of the service: its own or the DNS-SD one. */
static inline const struct rrset *
fake_checker_set(const struct zone *z, const char *text)
{
	const struct node *n;
	struct name name;

	assert(name_from_text(text, NULL, &name) == OK);
	n = tree_find_name(&z->tree, name_hash(name.wire), name.wire, name.len);
	return n ? node_find(n, TYPE_SRV) : NULL;
}

/* Looks who is there, expired or not; who has gone must be checked again.  With
 * trusted all that are there have been answered, before a restart. */
static inline void
fake_checker_look(struct fake_checker *k, const struct zone *z, bool trusted)
{
	memset(k->there, 0, sizeof(k->there));
	fake_checker_mark(k, fake_checker_set(z, FAKE_SERVICE "."));
	fake_checker_mark(k, fake_checker_set(z, "i1." FAKE_SERVICE "."));
	for (unsigned h = 0; h < FAKE_HOSTS; h++)
		k->good[h] = k->there[h] && (k->good[h] || trusted);
}

/* Nobody is told of an instance that has never answered well; whoever is
 * there is probed, and nobody else. */
static inline void
fake_checker_check(struct fake_checker *k, const struct zone *z)
{
	const struct node *service;
	char text[16];
	struct name name;

	fake_checker_look(k, z, false);
	assert(name_from_text(FAKE_SERVICE ".", NULL, &name) == OK);
	service =
	    tree_find_name(&z->tree, name_hash(name.wire), name.wire, name.len);
	for (unsigned h = 0; h < FAKE_HOSTS; h++) {
		const struct standing *st;

		assert(k->there[h] == (k->order[h].instance != 0));
		if (!k->there[h] || k->good[h] || service == NULL ||
		    (service->flags & NODE_SERVICE) == 0)
			continue;
		snprintf(text, sizeof(text), "h%u.z.", h);
		assert(name_from_text(text, NULL, &name) == OK);
		assert(service->ready != NULL);
		st = standings_find(service->ready->standings,
		    standing_key(name_hash(name.wire), 80));
		assert(st != NULL && st->served == SERVED_OUT);
	}
}

#endif
