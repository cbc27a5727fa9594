/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_update.c - a life of a registry: the input is a list of UPDATE
 * messages, queries, steps of the clock, decisions of the store, results of
 * checks and restarts.  After each of them the real zone must hold what a
 * plain model says, and keep its invariants; no answer tells of an instance
 * whose first check is not done.  The store, the hub and the checker are fakes;
 * all else is real. */
#include "server/log.h"
#include "server/nameserver/nameserver.h"
#include "server/registry_internal.h"
#include "tests/lib/answer_check.h"
#include "tests/lib/fake_checker.h"
#include "tests/lib/fake_snapshot.h"
#include "tests/lib/fake_store.h"
#include "tests/lib/ready_check.h"
#include "tests/lib/update_model.h"
#include "tests/lib/update_wire.h"
#include "tests/lib/update_zones.h"
#include "tests/lib/zone_check.h"
#include "zones/dns/serial.h"

#define MAX_COMMANDS 200
#define MAX_MESSAGES 64
#define START_MS 1000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
	const uint8_t *at;
	size_t left;
};

/* Everything of one run. */
struct life {
	struct input in;
	struct config config;
	struct config_zone zone[1 + REVERSE_ZONES];
	struct config_rule rule;
	struct config_key key;
	struct endpoint peer;
	struct random random;
	struct snapshot_hub *hub;
	struct registry *registry;
	struct nameserver_local *local;
	bool checked; /* there is a service with checks */
	struct fake_checker checker;
	int64_t now_ms;
	uint32_t next_id;
	/* what was sent and has no reply yet, by batch: sealed, open */
	struct model_message message[2][MAX_MESSAGES];
	unsigned messages[2];
};

/* The states: published, before the sealed batch; at the start of the open
 * one; and now. */
static struct model published, base, work;

static uint8_t
get(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

/* --- the model --- */

static void
model_start(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->batch = 1;
	for (size_t i = 0; i < FILE_FACTS; i++) {
		struct model_fact *f = &m->fact[m->facts++];

		*f = file_fact[i];
		f->is_static = true;
		f->min_ms = f->max_ms = DEADLINE_NONE;
		m->ttl[f->owner][f->type] = 60;
	}
}

/* --- comparing --- */

struct live_count {
	size_t live;
	int64_t now_ms;
};

static enum error
count_live(void *arg, struct node *n)
{
	struct live_count *count = arg;

	for (unsigned i = 0; i < n->rrsets; i++)
		if (!node_is_index(n->rrset[i]) &&
		    n->rrset[i]->type != TYPE_SOA)
			count->live +=
			    rrset_live_count(n->rrset[i], count->now_ms);
	return OK;
}

/* The lease of a fact, which the real record then tells exactly. */
static void
check_lease(struct model_fact *f, const struct record *r)
{
	int64_t deadline_ms = record_deadline_ms(r);

	assert(record_is_static(r) == f->is_static);
	if (f->pending == 0) {
		assert(
		    f->is_static || record_lease(r)->granted_s == f->granted_s);
		assert(f->min_ms <= deadline_ms && deadline_ms <= f->max_ms);
	}
	f->min_ms = f->max_ms = deadline_ms;
}

/* The working version holds the model's facts, and nothing else that lives.
 */
static void
check(struct life *life)
{
	struct zone *z = life->registry->slot[0].zone;
	struct live_count count = {.now_ms = life->now_ms};

	zone_check(z, life->now_ms, true);
	ready_check(z);
	for (size_t i = 0; i < work.facts; i++) {
		struct model_fact *f = &work.fact[i];
		struct rrset *set;
		struct record *r = model_real_record(z, f, &set);

		assert(r != NULL && record_is_live(r, life->now_ms));
		check_lease(f, r);
		assert(set->ttl == work.ttl[f->owner][f->type]);
	}
	assert(tree_walk(&z->tree, count_live, &count) == OK);
	assert(count.live == work.facts);
	reverse_check(life->registry, life->now_ms);
	if (life->checked)
		fake_checker_look(&life->checker, z, false);
}

static bool
models_differ(const struct model *a, struct model *b)
{
	if (a->facts != b->facts)
		return true;
	for (size_t i = 0; i < a->facts; i++) {
		const struct model_fact *f = &a->fact[i];

		if (!model_find(b, f->owner, f->type, f->variant) ||
		    a->ttl[f->owner][f->type] != b->ttl[f->owner][f->type])
			return true;
	}
	return false;
}

/* --- messages --- */

static struct model_item
get_item(struct input *in)
{
	static const uint32_t ttls[] = {0, 10, 30, 60};
	uint8_t a = get(in), b = get(in), c = get(in), d = get(in);
	struct model_item it = {.kind = a % 9,
	    .owner = b % MODEL_OWNERS,
	    .type = (uint8_t)(c % MODEL_TYPES),
	    .variant = d,
	    .count = 1,
	    .ttl = ttls[a / 9 % 4]};

	if (a >= 220 && it.type != MODEL_SOA)
		it.count = (uint8_t)(1 + get(in) % 128);
	if (it.type == MODEL_SOA && it.kind == WANT_VALUE)
		it.kind = WANT_SET;
	if (c >= 192) { /* an instance of the service comes or goes */
		it.owner = (uint8_t)(MODEL_SERVICE + (c & 1));
		it.type = MODEL_SRV;
		it.kind = (c & 6) != 0 ? DO_ADD : DO_REMOVE;
		it.count = 1;
	}
	return it;
}

/* The message as it would come from a worker. */
static struct update *
make_update(struct life *life, const struct model_message *msg)
{
	static uint8_t buf[MESSAGE_MAX_LEN];
	static const struct tsig unsigned_message = {.state = TSIG_NONE};
	struct request req = {.peer = &life->peer, .now_ms = life->now_ms};
	struct wire_writer w;
	struct message m;
	struct edns edns;
	struct update *u;

	wire_writer_init(&w, buf, sizeof(buf));
	model_put_message(&w, msg);
	assert(message_parse(&m, buf, w.len) == MESSAGE_OK);
	assert(edns_parse(&edns, &m, false) == EDNS_OK);
	u = update_new(&m, &edns, &unsigned_message, &req);
	assert(u != NULL);
	u->route.connection = msg->id;
	if (msg->id % 3 == 0) {
		u->tsig.state = TSIG_OK;
		u->tsig.key = life->key.tsig.name;
	}
	return u;
}

/* Applies a message to both.  What came out of the real one is seen when it
 * is collected; the model's outcome must already show in the zone. */
static void
apply(struct life *life, struct model_message *msg)
{
	static struct model before;
	struct registry *r = life->registry;
	const struct zone *zone = r->slot[0].zone;
	bool clean, soa = false;
	enum rcode rcode;
	struct update *u = make_update(life, msg);

	model_expire(&work, life->now_ms);
	clean = zone->records == work.facts + 1;
	before = work;
	for (unsigned i = 0; i < msg->items; i++)
		soa = soa || msg->item[i].type == MODEL_SOA;
	rcode = model_run(&work, msg, life->now_ms);
	registry_take(r, u, life->now_ms);
	assert(u->rcode == rcode);
	if (models_differ(&before, &work))
		assert(soa || r->slot[0].touched);
	else if (clean && !soa)
		assert(r->slot[0].zone == zone); /* promise 5 */
	assert(serial_compare(r->slot[0].zone->serial, zone->serial) >= 0);
	msg->done = false;
	life->message[1][life->messages[1]++] = *msg;
	check(life);
}

static void
collect(struct life *life)
{
	struct update *u = registry_collect(life->registry), *next;

	for (; u != NULL; u = next) {
		bool known = false;

		next = u->next;
		for (unsigned b = 0; b < 2; b++) {
			for (unsigned i = 0; i < life->messages[b]; i++) {
				struct model_message *m = &life->message[b][i];

				if (m->id != u->route.connection)
					continue;
				assert(!m->done);
				m->done = known = true;
			}
		}
		assert(known);
		update_free(u);
	}
}

static void
command_message(struct life *life)
{
	static const uint32_t leases[] = {0, 3, 10, 20, 1000, UINT32_MAX};
	struct model_message msg = {.id = life->next_id++};
	uint8_t shape = get(&life->in);

	if (life->messages[1] == MAX_MESSAGES)
		return;
	msg.items = 1 + shape % MODEL_MAX_ITEMS;
	if ((shape & 64) != 0) {
		msg.lease_len = (shape & 128) != 0 ? 8 : 4;
		msg.lease_s = leases[get(&life->in) % 6];
		msg.key_lease_s = leases[get(&life->in) % 6];
	}
	for (unsigned i = 0; i < msg.items; i++)
		msg.item[i] = get_item(&life->in);
	if (msg.lease_len == 4)
		msg.key_lease_s = msg.lease_s;
	apply(life, &msg);
	collect(life);
}

/* --- the store --- */

static void
command_turn(struct life *life)
{
	struct registry *r = life->registry;
	bool waited = r->waiting;

	model_expire(&work, life->now_ms);
	while (registry_turn(r, life->now_ms))
		;
	collect(life);
	if (!waited && r->waiting) {
		memcpy(life->message[0], life->message[1],
		    sizeof(life->message[0]));
		life->messages[0] = life->messages[1];
		life->messages[1] = 0;
		published = base;
		work.batch++;
		base = work;
	} else if (!waited) {
		/* Nothing for the disk: leases are taken note of at once. */
		model_publish(&work, work.batch, life->now_ms);
		base = work;
		life->messages[1] = 0;
	}
	check(life);
	if (life->checked && !waited)
		fake_checker_check(&life->checker, r->slot[0].zone);
}

/* The sealed batch is lost: what stood on it is applied to the state before.
 * Deadlines are those of the real records, whose heartbeats count. */
static void
model_refuse(struct life *life)
{
	struct model_message *again = life->message[1];
	const struct zone *z = life->registry->sealed->before[0];
	unsigned count = life->messages[1], batch = work.batch;

	work = published;
	work.batch = batch;
	for (size_t i = 0; i < work.facts; i++) {
		struct rrset *set;
		struct record *r = model_real_record(z, &work.fact[i], &set);

		if (r != NULL)
			work.fact[i].min_ms = work.fact[i].max_ms =
			    record_deadline_ms(r);
	}
	model_expire(&work, life->now_ms);
	base = work;
	fake_checker_look(&life->checker, z, true);
	for (unsigned i = 0; i < count; i++)
		(void)model_run(&work, &again[i], life->now_ms);
}

/* A record that expired while its renewal waited for the disk, and that the
 * reaper has not met, lives on when that is published. */
static void
revive(struct life *life)
{
	const struct batch *b = life->registry->sealed;

	for (size_t i = 0; i < b->events; i++) {
		const struct lease_event *e = &b->event[i];
		struct model_fact f = {.pending = work.batch - 1,
		    .granted_s = e->granted_s,
		    .low_ms = life->now_ms};
		struct rrset *set;

		if (e->gone || e->granted_s == 0 ||
		    lease_deadline_ms(e->lease) > life->now_ms ||
		    !model_fact_of(e->lease, &f) ||
		    model_real_record(life->registry->slot[0].zone, &f, &set) !=
			lease_record(e->lease))
			continue;
		if (!model_find(&work, f.owner, f.type, f.variant))
			work.fact[work.facts++] = f;
		if (!model_find(&base, f.owner, f.type, f.variant))
			base.fact[base.facts++] = f;
	}
}

static void
command_decide(struct life *life, enum error outcome)
{
	struct registry *r = life->registry;
	unsigned sealed = work.batch - 1;

	if (!r->waiting)
		return;
	if (outcome == OK)
		revive(life);
	fake_store_decide(outcome);
	registry_durable(r, life->now_ms);
	if (outcome == OK) {
		model_publish(&work, sealed, life->now_ms);
		model_publish(&base, sealed, life->now_ms);
	} else {
		model_refuse(life);
	}
	collect(life);
	for (unsigned i = 0; i < life->messages[0]; i++)
		assert(life->message[0][i].done);
	life->messages[0] = 0;
	model_expire(&work, life->now_ms);
	check(life);
}

static void
settle(struct life *life)
{
	do {
		command_turn(life);
		command_decide(life, OK);
	} while (
	    life->registry->waiting || batch_has_ops(life->registry->open));
	command_turn(life); /* messages without operations */
}

/* --- the clock, queries, restarts --- */

static void
command_clock(struct life *life)
{
	static const int64_t steps_ms[] = {
	    1, 40, 500, 999, 1000, 5000, 30000, 600000};

	life->now_ms += steps_ms[get(&life->in) % 8];
	model_expire(&work, life->now_ms);
	check(life);
}

static void
command_query(struct life *life)
{
	uint8_t a = get(&life->in), b = get(&life->in), in[512], out[4096];
	struct request req = {.in = in,
	    .out = out,
	    .out_cap = sizeof(out),
	    .peer = &life->peer,
	    .now_ms = life->now_ms,
	    .random = &life->random};
	struct name name = model_name(model_owner[a % MODEL_OWNERS]);
	struct message m;
	struct wire_writer w;

	wire_writer_init(&w, in, sizeof(in));
	message_put_request_header(&w, 7, OPCODE_QUERY, 0);
	if (b >= 240)
		reverse_name(TYPE_A, (uint8_t[]){192, 0, 2, a}, &name);
	wire_put_name(&w, name.wire);
	wire_put_u16(&w, b < 200   ? model_type[b % MODEL_TYPES]
			 : b < 230 ? TYPE_HTTPS
			 : b < 250 ? 255
				   : TYPE_PTR);
	wire_put_u16(&w, CLASS_IN);
	message_set_count(&w, SECTION_QUESTION, 1);
	req.in_len = w.len;
	assert(nameserver_answer(life->local, snapshot_enter(life->hub),
		   &req) == VERDICT_SEND);
	assert(req.out_len <= 512);
	assert(message_parse_answer(&m, out, req.out_len) == MESSAGE_OK);
	answer_check(&m, life->hub->current->zones->zone[0],
	    life->hub->current->settings, life->now_ms);
}

static void
command_result(struct life *life)
{
	uint8_t host = get(&life->in), how = get(&life->in);

	fake_checker_report(
	    &life->checker, life->registry, host, how, life->now_ms);
}

static void
open_registry(struct life *life)
{
	char text[1000];

	assert(registry_open(&life->config, life->hub, life->now_ms,
		   &life->registry, text, sizeof(text)) == OK);
	if (!life->checked)
		return;
	memset(&life->checker, 0, sizeof(life->checker));
	registry_on_health(
	    life->registry, fake_checker_order, NULL, &life->checker);
	fake_checker_look(&life->checker, life->registry->slot[0].zone, true);
}

static void
command_restart(struct life *life)
{
	struct zone *z;
	uint32_t serial;

	/* What has expired but is not reaped would come back: promise 6. */
	life->now_ms += REAP_RETRY_MS + LEASE_TICK_MS;
	model_expire(&work, life->now_ms);
	settle(life);
	z = life->registry->slot[0].zone;
	serial = z->serial;
	registry_close(life->registry);
	life->messages[1] = 0;
	open_registry(life);
	model_restart(&work, life->now_ms);
	assert(life->registry->slot[0].zone->serial == serial);
	base = work;
	check(life);
}

static void
command(struct life *life)
{
	uint8_t c = get(&life->in);

	if (c < 120)
		command_message(life);
	else if (c < 150)
		command_clock(life);
	else if (c < 190)
		command_turn(life);
	else if (c < 220)
		command_decide(life, OK);
	else if (c < 230)
		command_decide(life, ERR_FULL);
	else if (c < 240)
		command_query(life);
	else if (c < 250)
		command_result(life);
	else
		command_restart(life);
}

/* --- a life --- */

static void
configure(struct life *life, uint8_t options)
{
	static char text[] = "rule";

	life->peer.sa.sa_family = AF_INET;
	life->rule.text = text;
	life->rule.key = CONFIG_KEY_NONE;
	life->key.tsig = (struct tsig_key){.name = model_name("key."),
	    .algorithm = TSIG_HMAC_SHA256,
	    .secret = (const uint8_t *)"secret",
	    .secret_len = 6};
	configure_reverse(life->zone + 1);
	life->zone[0] = (struct config_zone){.name = model_name("z."),
	    .file = model_zone_file(),
	    .ttl_s = MODEL_ZONE_TTL,
	    .negative_ttl_s = 5,
	    .lease.kind = (options & 1) != 0 ? LEASE_NONE : LEASE_FROM_TTL,
	    .lease_min_s = MODEL_LEASE_MIN,
	    .lease_max_s = MODEL_LEASE_MAX,
	    .key_lease_max_s = MODEL_KEY_LEASE_MAX,
	    .addresses = true,
	    .update = &life->rule,
	    .update_count = 1};
	life->config = (struct config){.zone = life->zone,
	    .zone_count = (options & 2) != 0 ? 1 : 1 + REVERSE_ZONES,
	    .key = &life->key,
	    .key_count = 1,
	    .server.edns_payload = 1232};
	work.from_ttl = (options & 1) == 0;
	life->checked = (options & 2) != 0;
	if (life->checked)
		fake_checker_configure(&life->config);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct life life;

	memset(&life, 0, sizeof(life));
	log_set_level(LEVEL_ERROR - 1);
	name_hash_seed(1);
	random_seed(&life.random, 1);
	life.in = (struct input){data, len};
	life.now_ms = START_MS;
	model_start(&work);
	configure(&life, get(&life.in));
	base = work;
	life.hub = snapshot_hub_new();
	life.local = nameserver_local_new();
	open_registry(&life);
	check(&life);
	for (unsigned i = 0; i < MAX_COMMANDS && life.in.left > 0; i++)
		command(&life);
	command_restart(&life);
	/* All leases end, and nothing of them is left. */
	life.now_ms += (int64_t)2 * MODEL_KEY_LEASE_MAX * 1000;
	settle(&life);
	assert(life.registry->slot[0].zone->records == work.facts + 1);
	assert(lease_count(life.registry->wheel) == 0);
	registry_close(life.registry);
	nameserver_local_free(life.local);
	snapshot_hub_free(life.hub);
	fake_store_reset();
	return 0;
}
