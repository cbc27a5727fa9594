/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/servers.h"

#include <assert.h>
#include <string.h>

/* What a silence or a useless answer counts for in the order, in us: more
 * than the round trip to any server nearby, so that others are asked first;
 * and at most so many. */
#define PENALTY_US 100000
#define PENALTIES_MAX 20

/* No round trip that is waited for is longer. */
#define RTT_MAX_US 10000000

void
servers_init(struct servers *servers, size_t count)
{
	assert(count <= SERVERS_MAX);
	memset(servers, 0, sizeof(*servers));
	servers->count = count;
	for (size_t i = 0; i < count; i++)
		servers->state[i].recovering = SERVERS_RECOVERED;
}

/* What the order goes by; lower is better. */
static uint64_t
rank(const struct server_state *s, bool held_back)
{
	unsigned penalties = (unsigned)s->silences + s->refusals;
	uint64_t us = s->known ? s->srtt_us : 0;

	if (penalties > PENALTIES_MAX)
		penalties = PENALTIES_MAX;
	us += (uint64_t)penalties * PENALTY_US;
	if (held_back)
		us += (uint64_t)1 << 32;
	if (s->dead)
		us += (uint64_t)1 << 33;
	return us;
}

/* Moves one that is alive to the front, now and then. */
static void
explore(const struct servers *servers, struct random *random, uint8_t *order)
{
	size_t alive = 0, chosen;
	uint8_t number;

	while (alive < servers->count && !servers->state[order[alive]].dead)
		alive++;
	if (alive < 2 || random_below(random, SERVERS_EXPLORE) != 0)
		return;
	chosen = 1 + (size_t)random_below(random, alive - 1);
	number = order[chosen];
	/* Those that recover have their share already. */
	if (servers->state[number].recovering < SERVERS_RECOVERED)
		return;
	memmove(order + 1, order, chosen);
	order[0] = number;
}

size_t
servers_order(const struct servers *servers, struct random *random,
    int64_t now_ms, uint8_t order[SERVERS_MAX])
{
	uint64_t ranks[SERVERS_MAX];
	size_t i, at;

	(void)now_ms;
	for (i = 0; i < servers->count; i++) {
		const struct server_state *s = &servers->state[i];
		bool held_back =
		    s->recovering < SERVERS_RECOVERED &&
		    random_below(random, SERVERS_RECOVERED) >= s->recovering;
		uint64_t r = rank(s, held_back);

		for (at = i; at > 0 && ranks[at - 1] > r; at--) {
			ranks[at] = ranks[at - 1];
			order[at] = order[at - 1];
		}
		ranks[at] = r;
		order[at] = (uint8_t)i;
	}
	explore(servers, random, order);
	return servers->count;
}

uint32_t
servers_patience_ms(const struct servers *servers, unsigned number)
{
	const struct server_state *s = &servers->state[number];
	uint64_t ms;

	if (!s->known || s->dead)
		return SERVERS_PATIENCE_MS;
	ms = ((uint64_t)s->srtt_us + 4 * (uint64_t)s->rttvar_us + 999) / 1000;
	if (ms < SERVERS_PATIENCE_MIN_MS)
		return SERVERS_PATIENCE_MIN_MS;
	return ms < SERVERS_PATIENCE_MS ? (uint32_t)ms : SERVERS_PATIENCE_MS;
}

/* RFC 6298 2.2, 2.3. */
static void
smooth(struct server_state *s, uint32_t rtt_us)
{
	uint32_t diff;

	if (rtt_us > RTT_MAX_US)
		rtt_us = RTT_MAX_US;
	if (!s->known) {
		s->srtt_us = rtt_us;
		s->rttvar_us = rtt_us / 2;
		s->known = true;
		return;
	}
	diff = s->srtt_us > rtt_us ? s->srtt_us - rtt_us : rtt_us - s->srtt_us;
	s->rttvar_us = s->rttvar_us - s->rttvar_us / 4 + diff / 4;
	s->srtt_us = s->srtt_us - s->srtt_us / 8 + rtt_us / 8;
}

/* It lives: whether it was dead, its share grows from little. */
static void
revive(struct server_state *s)
{
	s->silences = 0;
	if (s->dead) {
		s->dead = false;
		s->recovering = 1;
	} else if (s->recovering < SERVERS_RECOVERED) {
		s->recovering++;
	}
}

void
servers_answered(
    struct servers *servers, unsigned number, uint32_t rtt_us, int64_t now_ms)
{
	struct server_state *s = &servers->state[number];

	(void)now_ms;
	smooth(s, rtt_us);
	s->refusals = 0;
	revive(s);
}

void
servers_refused(struct servers *servers, unsigned number, int64_t now_ms)
{
	struct server_state *s = &servers->state[number];

	(void)now_ms;
	if (s->refusals < UINT16_MAX)
		s->refusals++;
	revive(s);
}

void
servers_silent(struct servers *servers, unsigned number, int64_t now_ms)
{
	struct server_state *s = &servers->state[number];

	if (s->silences < UINT16_MAX)
		s->silences++;
	if (s->dead || (s->silences < SERVERS_DEAD_AFTER &&
			   s->recovering == SERVERS_RECOVERED))
		return;
	s->dead = true;
	s->recovering = 0;
	s->probe_wait_ms = SERVERS_PROBE_MIN_MS;
	s->probe_at_ms = now_ms + s->probe_wait_ms;
}

int
servers_probe(struct servers *servers, int64_t now_ms)
{
	size_t i;

	for (i = 0; i < servers->count; i++) {
		struct server_state *s = &servers->state[i];

		if (!s->dead || s->probe_at_ms > now_ms)
			continue;
		s->probe_wait_ms *= 2;
		if (s->probe_wait_ms > SERVERS_PROBE_MAX_MS)
			s->probe_wait_ms = SERVERS_PROBE_MAX_MS;
		s->probe_at_ms = now_ms + s->probe_wait_ms;
		return (int)i;
	}
	return -1;
}

int64_t
servers_next_probe_ms(const struct servers *servers)
{
	int64_t next_ms = INT64_MAX;
	size_t i;

	for (i = 0; i < servers->count; i++)
		if (servers->state[i].dead &&
		    servers->state[i].probe_at_ms < next_ms)
			next_ms = servers->state[i].probe_at_ms;
	return next_ms;
}
