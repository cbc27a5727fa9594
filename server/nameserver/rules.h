/* rules.h - by which rules the service at hand is answered.
 *
 * A service says at its ready block which shape of answer it has, which of its
 * instances are exceptions, and whether something is the matter with it as a
 * whole.  Here that becomes the rules of the answer in the making, with what
 * is known of the client: its network, its site, a worker's turn.  Most
 * services have nothing of it, and cost nothing.
 *
 * Threads:   belongs to one worker for the time of one message.
 * Ownership: rules point into the snapshot and the configuration.
 * Units:     TTLs in seconds.
 * Errors:    none.
 * Standards: RFC 7871 7.2.1 (what the client decided); RFC 8914.
 */
#ifndef SERVER_NAMESERVER_RULES_H
#define SERVER_NAMESERVER_RULES_H

#include "server/nameserver/answer.h"
#include "zones/ready.h"

/* Whether a service has neither shape nor exceptions nor condition. */
static inline bool
rules_are_plain(const struct ready *ready)
{
	return ready == NULL || (ready->shape == 0 && ready->condition == 0 &&
				    ready->standings == NULL);
}

/* Back to what holds for sets that are no service's. */
static inline void
rules_reset(struct answer *a)
{
	a->special = false;
	a->ttl_max_s = UINT32_MAX;
	a->until_ms = INT64_MAX;
	a->rules = (struct selection_rules){
	    .shape = &shape_default, .client = a->client_hash};
}

/* Takes over the rules of a service.  Types take turns of their own, so that
 * a client that asks for A and AAAA does not get the same ones each time. */
void rules_use(struct answer *, const struct node *service, uint16_t qtype);

/* The same, quick for services that have none. */
static inline void
rules_begin(struct answer *a, const struct node *service, uint16_t qtype)
{
	if (a->special || !rules_are_plain(service->ready))
		rules_use(a, service, qtype);
}

/* Takes over of a service's rules only how long an answer may be remembered and
 * what is the matter with it: for sets that depend on the service without
 * being selected by its rules. */
void rules_note(struct answer *, const struct node *service);
void rules_note_standing(struct answer *, const struct standing *);

/* The exception for an SRV record of the service at hand, or NULL. */
const struct standing *rules_standing(
    const struct answer *, const struct record *srv);

/* Says that the client's network decided. */
void rules_by_client(struct answer *);

/* Lowers a TTL to what the rules, and all that was selected by them, allow. */
uint32_t rules_cap_ttl(const struct answer *, uint32_t ttl);

/* The last step before ordered SRV picks are written: their range of weights,
 * and no record twice (RFC 2181 5) where exceptions made two of them equal. */
void rules_settle(struct answer *);

#endif
