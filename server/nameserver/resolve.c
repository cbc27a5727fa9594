/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/resolve.h"

#include <stdlib.h>

#include "resolver/local.h"
#include "server/nameserver/foreign.h"
#include "server/nameserver/local_answer.h"
#include "server/nameserver/waiting.h"

/* --- who is asked --- */

/* The forwarder of these settings. */
static struct forward *
get_forward(const struct judging *j)
{
	struct resolve *r = j->local->resolve;

	if (r->generation != j->settings->generation)
		r->renew(r->renew_arg, j->settings);
	return r->forward;
}

/* RFC 6761, RFC 6303: names that nobody else is asked about, unless the
 * operator has a server for them.  Whether such a zone is signed is for its
 * parent to say (RFC 8375 4). */
static enum local_kind
find_local(const struct judging *j, const uint8_t *name, int zone,
    const uint8_t **apex)
{
	enum local_kind kind;

	if (zone >= 0 && j->settings->config->forward[zone].zone.len > 1)
		return LOCAL_NOT;
	kind = local_find(name, apex);
	if (kind != LOCAL_NOT && j->message.qtype == TYPE_DS && *apex == name)
		return LOCAL_NOT;
	return kind;
}

static bool
is_ours(const struct judging *j, const uint8_t *name)
{
	const struct zoneset *zones = j->snapshot->zones;
	struct name_key key;
	int number;

	name_key_init(&key, name);
	number = zoneset_find(zones->index, &key, 0);
	return number >= 0 &&
	       !settings_is_inside(j->settings,
		   &zones->zone[number]->info->apex, name, j->message.qtype);
}

bool
resolve_is_elsewhere(
    const struct judging *j, const uint8_t *name, unsigned zone)
{
	int number = forward_find_zone(j->local->resolve->forward, name);
	const uint8_t *apex;

	return number != (int)zone || is_ours(j, name) ||
	       find_local(j, name, number, &apex) != LOCAL_NOT;
}

/* --- what came of it --- */

/* SERVFAIL: an alias alone would look like a name without records. */
static enum resolve_step
fail(struct judging *j, struct way *way, enum ede ede, const char *text)
{
	wire_rewind(
	    &j->a.w, MESSAGE_HEADER_LEN + message_question_len(&j->message));
	memset(j->a.count, 0, sizeof(j->a.count));
	way->result = (struct query_result){.rcode = RCODE_SERVFAIL};
	j->reply.ede = ede;
	j->reply.ede_text = text;
	return RESOLVE_DONE;
}

/* Takes what the forwarder tells into the answer. */
static enum resolve_step
take(struct judging *j, struct way *way, enum forward_source source,
    const struct cache_entry *entry)
{
	if (entry->ede >= 0)
		j->reply.ede = (enum ede)entry->ede;
	switch (source) {
	case FORWARD_STALE:
		j->reply.ede = entry->rcode == RCODE_NXDOMAIN
				   ? EDE_STALE_NXDOMAIN
				   : EDE_STALE_ANSWER;
		break;
	case FORWARD_CACHE:
	case FORWARD_ANSWER:
		break;
	case FORWARD_FAILED_BEFORE:
		return fail(j, way, EDE_CACHED_ERROR, NULL);
	case FORWARD_BLOCKED:
		j->reply.ede = EDE_FILTERED;
		j->reply.ede_text = "private addresses";
		way->result.rcode = RCODE_NOERROR;
		return RESOLVE_DONE;
	case FORWARD_FAILED:
	case FORWARD_ENDED:
	default:
		return fail(j, way,
		    entry->ede >= 0 ? (enum ede)entry->ede
				    : EDE_NO_REACHABLE_AUTHORITY,
		    NULL);
	}
	return foreign_answer(j, way, entry);
}

/* --- asking --- */

static enum verdict run(struct judging *, struct way *, enum resolve_step);

/* Writes the reply of one who has waited, or lets him wait on. */
static void
go_on(struct waiting *w, bool asked, enum forward_source source,
    const struct cache_entry *entry)
{
	struct resolve *r = w->resolve;
	struct request req = {
	    .now_ms = r->now_ms, .wall_s = r->wall_s, .random = r->random};
	struct judging j;
	struct way way = w->way;
	enum verdict verdict;

	req.out = r->room(r->arg, &w->route, &req.out_cap);
	if (req.out == NULL) {
		waiting_free(w);
		return;
	}
	waiting_resume(w, r->local, r->snapshot, &req, &j);
	verdict =
	    run(&j, &way, asked ? take(&j, &way, source, entry) : RESOLVE_NEXT);
	if (verdict == VERDICT_WAIT)
		req.waiting->route = w->route;
	else
		r->put(r->arg, &w->route,
		    verdict == VERDICT_SEND ? req.out_len : 0);
	waiting_free(w);
}

static void
answered(void *arg, enum forward_source source, const struct cache_entry *entry)
{
	struct waiting *w = arg;

	if (w->judging != NULL) {
		w->step = take(w->judging, w->judging_way, source, entry);
		w->told = true;
	} else if (w->orphan) {
		waiting_free(w);
	} else if (source == FORWARD_ENDED) {
		w->next = w->resolve->again;
		w->resolve->again = w;
	} else {
		go_on(w, true, source, entry);
	}
}

const struct config_forward *
resolve_find_update(const struct judging *j, const uint8_t *zone)
{
	const struct config_forward *entry;
	struct forward *forward = get_forward(j);
	int number;

	if (forward == NULL || is_ours(j, zone))
		return NULL;
	number = forward_find_zone(forward, zone);
	if (number < 0)
		return NULL;
	entry = &j->settings->config->forward[number];
	return entry->updates && entry->to_count > 0 &&
		       config_networks_contain(
			   entry->from, entry->from_count, j->req->peer)
		   ? entry
		   : NULL;
}

void
resolve_again(struct resolve *r)
{
	struct waiting *w, *next;

	w = r->again;
	r->again = NULL;
	for (; w != NULL; w = next) {
		next = w->next;
		go_on(w, false, FORWARD_ENDED, NULL);
	}
}

void
resolve_fini(struct resolve *r)
{
	struct waiting *w;

	while ((w = r->again) != NULL) {
		r->again = w->next;
		waiting_free(w);
	}
	free(r->spare);
	r->spare = NULL;
}

static struct cache_key
key_of(const struct judging *j, const struct way *way, uint64_t hash)
{
	return (struct cache_key){
	    .qname = way->name.wire,
	    .hash = hash,
	    .qtype = j->message.qtype,
	    .dnssec_ok = j->edns.dnssec_ok,
	    .checking_disabled = (j->message.flags & FLAG_CD) != 0,
	};
}

static enum resolve_step
ask(struct judging *j, struct way *way, uint64_t hash)
{
	struct resolve *r = j->local->resolve;
	struct cache_key key = key_of(j, way, hash);
	struct waiting *w = waiting_new(r);
	enum resolve_step step;
	enum error err;

	if (w == NULL)
		return fail(j, way, EDE_OTHER, "too many questions wait");
	w->judging = j;
	w->judging_way = way;
	err = forward_ask(
	    r->forward, (unsigned)way->zone, &key, j->req->now_ms, answered, w);
	w->judging = NULL;
	if (err != OK || w->told) {
		step = w->told ? w->step
			       : fail(j, way, EDE_OTHER,
				     "too many questions are under way");
		waiting_free(w);
		return step;
	}
	if (!waiting_keep(w, j, way)) {
		w->orphan = true;
		return fail(j, way, EDE_OTHER, "too many questions wait");
	}
	j->req->waiting = w;
	return RESOLVE_WAIT;
}

/* RFC 1034 4.3.1: without RD nobody else is asked. */
static enum resolve_step
recall(struct judging *j, struct way *way, uint64_t hash)
{
	struct cache_key key = key_of(j, way, hash);
	struct cache_entry entry;

	if (!cache_find(
		j->local->resolve->cache, &key, j->req->now_ms, &entry) ||
	    entry.wire == NULL || entry.stale ||
	    (entry.private_address &&
		j->settings->config->forward[way->zone].drop_private))
		return RESOLVE_DONE;
	return take(j, way, FORWARD_CACHE, &entry);
}

/* Looks up a name that is not ours. */
static enum resolve_step
look_up(struct judging *j, struct way *way, const struct name_key *key)
{
	const struct config_forward *entry;
	struct forward *forward = get_forward(j);
	const uint8_t *apex;
	enum local_kind kind;
	int zone;

	if (forward == NULL)
		return fail(j, way, EDE_OTHER, NULL);
	zone = forward_find_zone_of(forward, key);
	way->zone = zone;
	kind = j->may_resolve ? find_local(j, way->name.wire, zone, &apex)
			      : LOCAL_NOT;
	if (kind != LOCAL_NOT) {
		local_answer(&j->a, way, j->message.qtype, kind, apex);
		return RESOLVE_DONE;
	}
	if (zone < 0)
		return RESOLVE_DONE;
	entry = &j->settings->config->forward[zone];
	if (entry->refuse || !config_networks_contain(entry->from,
				 entry->from_count, j->req->peer)) {
		way->result.prohibited = true;
		return RESOLVE_DONE;
	}
	j->local->resolve->questions++;
	if ((j->message.flags & FLAG_RD) == 0)
		return recall(j, way, key->hash[0]);
	return ask(j, way, key->hash[0]);
}

/* Looks up where it led outside. */
static enum resolve_step
leave(struct judging *j, struct way *way, const struct name_key *key)
{
	struct name_key made;

	name_set(&way->name, way->result.outside);
	/* Further down the chain it is another name. */
	if (key == NULL || way->chain.length > 0) {
		name_key_init(&made, way->name.wire);
		key = &made;
	}
	return look_up(j, way, key);
}

/* Looks up the next name, which may be one of ours. */
static enum resolve_step
look_up_any(struct judging *j, struct way *way)
{
	bool authoritative = way->result.authoritative;
	bool is_first = way->chain.length == 0;

	way->result = query_answer(
	    &j->a, &way->chain, way->name.wire, j->message.qtype, NULL);
	if (!is_first)
		way->result.authoritative = authoritative;
	if (way->result.outside == NULL)
		return RESOLVE_DONE;
	return leave(j, way, NULL);
}

static enum verdict
run(struct judging *j, struct way *way, enum resolve_step step)
{
	while (step == RESOLVE_NEXT)
		step = look_up_any(j, way);
	if (step == RESOLVE_WAIT)
		return VERDICT_WAIT;
	return judging_finish_answer(j, &way->result);
}

enum verdict
resolve_go(struct judging *j, struct way *way, const struct name_key *key)
{
	return run(j, way, leave(j, way, key));
}
