/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/others_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config.h"
#include "server/nameserver/update.h"
#include "server/nameserver/waiting.h"
#include "server/socket.h"

/* Of the cache, and the longest wait for an answer. */
#define CACHE_LEN ((size_t)4 << 20)
#define WAIT_MS 60000

static struct others *
get_others(struct world *world)
{
	if (world->others == NULL)
		world->others = calloc(1, sizeof(*world->others));
	return world->others;
}

struct far *
others_far(struct world *world, const char *at)
{
	struct others *o = get_others(world);
	char full[64];

	snprintf(full, sizeof(full), "%.50s%s", at,
	    strchr(at, ':') == NULL ? ":53" : "");
	for (size_t i = 0; i < o->fars; i++)
		if (strcmp(o->far[i].at, full) == 0)
			return &o->far[i];
	if (o->fars == FAR_MAX)
		script_complain(
		    world->script.path, 1, "too many upstreams: %s", at);
	strcpy(o->far[o->fars].at, full);
	return &o->far[o->fars++];
}

/* --- questions --- */

static void
note_asked(
    struct others *o, const struct far *far, const struct upstream_question *q)
{
	char name[NAME_TEXT_LEN], type[20], *grown = NULL;

	if (asprintf(&grown, "%s%.*s %s %s%s%s%s\n", o->asked ? o->asked : "",
		(int)strcspn(far->at, ":"), far->at,
		name_to_text(q->qname, name), type_to_text(q->qtype, type),
		q->tcp ? " tcp" : "", q->dnssec_ok ? " do" : "",
		q->checking_disabled ? " cd" : "") < 0)
		abort();
	free(o->asked);
	o->asked = grown;
}

void
others_take_update(struct world *world, struct update *update)
{
	struct others *o = get_others(world);
	char at[SOCKET_NAME_LEN], name[NAME_TEXT_LEN], *grown;

	socket_print(&update->forward->to[0], at);
	if (asprintf(&grown, "%s%.*s %s UPDATE\n", o->asked ? o->asked : "",
		(int)strcspn(at, ":"), at,
		name_to_text(message_qname(&update->message), name)) < 0)
		abort();
	free(o->asked);
	o->asked = grown;
	update_free(update);
}

static const struct far_answer *
find_answer(const struct far *far, const uint8_t *name, uint16_t type)
{
	/* What was said last holds. */
	for (size_t i = far->answers; i-- > 0;)
		if (far->answer[i].type == type &&
		    name_equal(far->answer[i].name.wire, name))
			return &far->answer[i];
	return NULL;
}

static bool
ask(void *arg, unsigned zone, unsigned server, uint64_t ticket,
    const struct upstream_question *q)
{
	struct world *world = arg;
	struct others *o = world->others;
	struct far_question *pending = &o->pending[o->pendings];
	char at[SOCKET_NAME_LEN];
	struct far *far;

	socket_print(&o->config->forward[zone].to[server], at);
	far = others_far(world, at);
	note_asked(o, far, q);
	if (o->pendings == FAR_PENDING)
		return false;
	*pending = (struct far_question){.ticket = ticket,
	    .epoch = o->epoch,
	    .asked_ms = world->now_ms,
	    .due_ms = world->now_ms + far->delay_ms,
	    .outcome = UPSTREAM_ANSWERED,
	    .type = q->qtype};
	name_set(&pending->name, q->qname);
	pending->answer = find_answer(far, q->qname, q->qtype);
	if (far->closed)
		pending->outcome = UPSTREAM_REFUSED;
	if (far->dead || far->delay_ms > q->timeout_ms) {
		pending->outcome = UPSTREAM_SILENT;
		pending->due_ms = world->now_ms + q->timeout_ms;
	}
	o->pendings++;
	return true;
}

/* An answer without records. */
static size_t
write_refusal(const struct far_question *q, uint8_t *buf, size_t cap)
{
	struct wire_writer w;

	wire_writer_init(&w, buf, cap);
	message_put_request_header(&w, 0, OPCODE_QUERY, FLAG_QR);
	wire_put_name(&w, q->name.wire);
	wire_put_u16(&w, q->type);
	wire_put_u16(&w, CLASS_IN);
	message_set_count(&w, SECTION_QUESTION, 1);
	message_set_rcode(&w, RCODE_REFUSED);
	return w.len;
}

static void
answer_one(struct world *world, const struct far_question *q)
{
	struct others *o = world->others;
	uint8_t refusal[NAME_MAX_LEN + 32];
	const uint8_t *wire = refusal;
	size_t len;

	if (q->epoch != o->epoch || o->resolve.forward == NULL)
		return;
	if (q->answer != NULL) {
		wire = q->answer->wire;
		len = q->answer->len;
	} else {
		len = write_refusal(q, refusal, sizeof(refusal));
	}
	if (q->outcome != UPSTREAM_ANSWERED) {
		wire = NULL;
		len = 0;
	}
	forward_answered(o->resolve.forward, q->ticket, q->outcome,
	    q->name.wire, wire, len,
	    (uint32_t)(world->now_ms - q->asked_ms) * 1000, world->now_ms);
}

/* --- time --- */

int64_t
others_next_ms(const struct world *world)
{
	const struct others *o = world->others;
	int64_t next_ms = INT64_MAX;

	if (o == NULL || world->local == NULL)
		return next_ms;
	if (o->resolve.forward != NULL)
		next_ms = forward_next_ms(o->resolve.forward);
	for (size_t i = 0; i < o->pendings; i++)
		if (o->pending[i].due_ms < next_ms)
			next_ms = o->pending[i].due_ms;
	return next_ms;
}

/* Takes out the first question whose answer is due. */
static bool
take_due(struct others *o, int64_t now_ms, struct far_question *q)
{
	for (size_t i = 0; i < o->pendings; i++) {
		if (o->pending[i].due_ms > now_ms)
			continue;
		*q = o->pending[i];
		memmove(&o->pending[i], &o->pending[i + 1],
		    (--o->pendings - i) * sizeof(*q));
		return true;
	}
	return false;
}

void
others_settle(struct world *world)
{
	struct others *o = world->others;
	struct far_question q;
	struct resolve *r;
	const struct settings *settings;

	if (o == NULL || world->local == NULL)
		return;
	r = &o->resolve;
	r->snapshot = snapshot_enter(world->hub);
	r->now_ms = world->now_ms;
	r->wall_s = world_wall_s(world);
	settings = r->snapshot->settings;
	if (r->generation != settings->generation && r->forward != NULL)
		r->renew(r->renew_arg, settings);
	resolve_again(r);
	while (take_due(o, world->now_ms, &q))
		answer_one(world, &q);
	if (r->forward != NULL)
		forward_turn(r->forward, world->now_ms);
	while (take_due(o, world->now_ms, &q))
		answer_one(world, &q);
	snapshot_leave(world->hub);
	r->snapshot = NULL;
}

void
others_wait(struct world *world, const struct step *step, struct exchange *x)
{
	int64_t until_ms = world->now_ms + WAIT_MS;

	others_settle(world);
	while (x->waits && world->now_ms < until_ms) {
		int64_t next_ms = others_next_ms(world);

		if (next_ms <= world->now_ms)
			next_ms = world->now_ms + 1;
		world_advance(world, next_ms < until_ms ? next_ms : until_ms);
	}
	if (x->waits)
		script_complain(
		    world->script.path, step->number, "no reply after all");
}

/* --- the server's side --- */

static struct exchange *
exchange_of(const struct route *route)
{
	struct exchange *x;

	memcpy(&x, route->control, sizeof(x));
	return x;
}

static uint8_t *
late_room(void *arg, const struct route *route, size_t *cap)
{
	struct exchange *x = exchange_of(route);

	(void)arg;
	*cap = x->ask.tcp ? PACKET_MAX : 4096;
	return x->out;
}

static void
late_put(void *arg, const struct route *route, size_t len)
{
	struct exchange *x = exchange_of(route);
	const struct world *world = arg;

	x->waits = false;
	x->out_len = len;
	x->verdict = len > 0 ? VERDICT_SEND : VERDICT_DROP;
	x->after_ms = world->now_ms - x->sent_ms;
}

static void
renew(void *arg, const struct settings *settings)
{
	struct world *world = arg;
	struct others *o = world->others;
	struct resolve *r = &o->resolve;
	const struct config *config = settings->config;
	struct forward_zone *zones =
	    calloc(config->forward_count + 1, sizeof(*zones));
	struct forward_ops ops = {.ask = ask, .arg = world};

	o->epoch++;
	forward_free(r->forward);
	r->forward = NULL;
	o->config = config;
	if (r->cache == NULL)
		r->cache =
		    cache_new(CACHE_LEN, (int64_t)config->serve_stale_ms);
	for (size_t i = 0; i < config->forward_count; i++)
		zones[i] =
		    (struct forward_zone){.zone = config->forward[i].zone.wire,
			.servers = config->forward[i].to_count,
			.drop_private = config->forward[i].drop_private};
	if (forward_new(zones, config->forward_count, r->cache, &ops, r->random,
		&r->forward) != OK)
		abort();
	forward_tune(r->forward, config->prefetch, config->cache_max_ttl_s);
	r->generation = settings->generation;
	free(zones);
}

void
others_begin(struct world *world)
{
	struct others *o = get_others(world);

	o->resolve = (struct resolve){.renew = renew,
	    .renew_arg = world,
	    .room = late_room,
	    .put = late_put,
	    .arg = world,
	    .random = &world->random};
	nameserver_use_resolve(world->local, &o->resolve);
}

void
others_end(struct world *world)
{
	struct others *o = world->others;

	if (o == NULL || world->local == NULL)
		return;
	o->epoch++;
	o->pendings = 0;
	forward_free(o->resolve.forward);
	o->resolve.forward = NULL;
	resolve_fini(&o->resolve);
	cache_free(o->resolve.cache);
	o->resolve.cache = NULL;
}

void
others_free(struct world *world)
{
	struct others *o = world->others;

	if (o == NULL)
		return;
	for (size_t i = 0; i < o->fars; i++)
		for (size_t k = 0; k < o->far[i].answers; k++)
			free(o->far[i].answer[k].wire);
	free(o->asked);
	free(o);
	world->others = NULL;
}
