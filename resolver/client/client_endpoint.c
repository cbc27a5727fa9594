/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "resolver/client/client.h"

const char *
muster_status_text(enum muster_status status)
{
	static const char *const texts[] = {
	    [MUSTER_OK] = "no error",
	    [MUSTER_NOT_FOUND] = "no such service",
	    [MUSTER_UNAVAILABLE] = "the service is not available here",
	    [MUSTER_NO_ADDRESS] = "the service has no addresses",
	    [MUSTER_DNS_SILENT] = "no DNS server gave an answer",
	    [MUSTER_DNS_FAILED] = "the DNS servers could not tell",
	    [MUSTER_ALL_OPEN] = "all endpoints failed a short time ago",
	    [MUSTER_EXHAUSTED] = "no endpoint is left to try",
	    [MUSTER_DEADLINE] = "the deadline has passed",
	    [MUSTER_BAD_NAME] = "not a domain name",
	    [MUSTER_BAD_VALUE] = "a value makes no sense",
	    [MUSTER_BUSY] = "the call is waiting already",
	    [MUSTER_NO_MEMORY] = "out of memory",
	    [MUSTER_SYSTEM] = "the system refused",
	};

	if ((unsigned)status >= sizeof(texts) / sizeof(texts[0]))
		return "unknown status";
	return texts[status];
}

const char *
muster_endpoint_text(
    const struct muster_endpoint *endpoint, char text[MUSTER_ENDPOINT_TEXT])
{
	char address[INET6_ADDRSTRLEN] = "?";
	bool v6 = endpoint->address->sa_family == AF_INET6;
	const void *octets =
	    v6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)
				     endpoint->address)
		     ->sin6_addr
	       : (const void *)&((const struct sockaddr_in *)(const void *)
				     endpoint->address)
		     ->sin_addr;

	inet_ntop(v6 ? AF_INET6 : AF_INET, octets, address, sizeof(address));
	snprintf(text, MUSTER_ENDPOINT_TEXT, v6 ? "[%s]:%u" : "%s:%u", address,
	    endpoint->port);
	return text;
}

const struct muster_endpoint *
muster_endpoint_at(const struct muster_call *call, size_t number)
{
	if (call->set == NULL || number >= call->set->entries)
		return NULL;
	return &call->set->entry[number].endpoint;
}

enum muster_state
muster_endpoint_state(struct muster *m, const struct muster_endpoint *endpoint)
{
	struct peer *peer = peers_find(m->peers, endpoint->address);
	int64_t now_ms = client_now_ms(m);

	if (peer == NULL)
		return MUSTER_CLOSED;
	switch (breaker_look(&peer->breaker, &m->settings.breaker, now_ms)) {
	case BREAKER_OPEN:
		return MUSTER_OPEN;
	case BREAKER_HALF_OPEN:
		return MUSTER_HALF_OPEN;
	case BREAKER_CLOSED:
		break;
	}
	return outlier_is_ejected(&peer->outlier, now_ms) ? MUSTER_EJECTED
							  : MUSTER_CLOSED;
}

enum muster_status
muster_report(struct muster_call *call, enum muster_result result)
{
	if (call->current == CLIENT_CURRENT_NONE || call->state != CALL_IDLE)
		return MUSTER_BAD_VALUE;
	call->reported = true;
	client_report(call->muster, call->set->entry[call->current].peer,
	    result, client_now_ms(call->muster));
	return MUSTER_OK;
}

/* --- uses outside of calls --- */

enum muster_status
muster_begin(struct muster *m, const struct muster_endpoint *endpoint)
{
	union peer_address address;
	struct peer *peer;

	memset(&address, 0, sizeof(address));
	if ((endpoint->address->sa_family != AF_INET &&
		endpoint->address->sa_family != AF_INET6) ||
	    endpoint->address_len > sizeof(address))
		return MUSTER_BAD_VALUE;
	memcpy(&address, endpoint->address, endpoint->address_len);
	peer = peers_hold(m->peers, &address);
	if (peer == NULL)
		return MUSTER_NO_MEMORY;
	peer->uses++;
	peer->begun++;
	return MUSTER_OK;
}

void
muster_end(struct muster *m, const struct muster_endpoint *endpoint)
{
	struct peer *peer = peers_find(m->peers, endpoint->address);

	if (peer == NULL || peer->begun == 0)
		return;
	peer->begun--;
	peer->uses--;
	peers_release(m->peers, peer);
}

void
muster_report_endpoint(struct muster *m, const struct muster_endpoint *endpoint,
    enum muster_result result)
{
	struct peer *peer = peers_find(m->peers, endpoint->address);

	if (peer != NULL)
		client_report(m, peer, result, client_now_ms(m));
}

void
muster_get_stats(const struct muster *m, struct muster_stats *out)
{
	struct muster_stats stats = m->stats;

	stats.size = out->size < sizeof(stats) ? out->size : sizeof(stats);
	stats.services = client_cache_count(m->cache);
	memcpy(out, &stats, stats.size);
}
