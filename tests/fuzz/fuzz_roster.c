/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_roster.c - a life of a roster: the input is a list of registrations in
 * both shapes, metadata, results of checks, wishes of operators, reloads and
 * steps of the clock.  After each of them a model that knows no lists, timers
 * or counts works out from scratch who is to be served and why; what the
 * roster has put must say the same, and the checker must have been told of
 * exactly the instances that are to be probed, and where. */
#include <stdlib.h>

#include "server/log.h"
#include "tests/lib/roster_zones.h"

#define START_MS 1000000
#define STEPS 400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What the checker has been told. */
static struct order {
	bool there;
	unsigned service, host;
	uint32_t generation;
	struct probe_order *last;
} order[4096];
static uint64_t orders; /* numbers given so far */

static struct config *configs[CONFIGS];

/* --- what the roster says --- */

static enum error
on_put(void *arg, uint16_t zone, uint64_t service, enum condition condition,
    const struct standing *list, size_t count)
{
	(void)arg;
	assert(zone == infos[0].number);
	for (unsigned s = 0; s < SERVICES; s++) {
		struct model_service *m = &model.service[s];

		if (name_hash(name_of(service_text[s]).wire) != service)
			continue;
		assert(count <= HOSTS);
		for (size_t i = 1; i < count; i++)
			assert(list[i - 1].instance < list[i].instance);
		if (count > 0)
			memcpy(m->list, list, count * sizeof(*list));
		m->listed = count;
		m->put_condition = condition;
		return OK;
	}
	abort();
}

static void
on_order(void *arg, struct probe_order *o)
{
	struct order *to = &order[o->instance];
	char text[NAME_TEXT_LEN];

	(void)arg;
	assert(o->instance < sizeof(order) / sizeof(order[0]));
	free(to->last);
	to->last = o;
	if (o->mail.kind == PROBE_END) {
		assert(to->there);
		to->there = false;
		return;
	}
	assert(!to->there || o->generation > to->generation);
	to->there = true;
	to->generation = o->generation;
	if (o->instance > orders)
		orders = o->instance;
	for (to->service = 0; to->service < SERVICES; to->service++) {
		snprintf(text, sizeof(text), "%s.", o->service);
		if (strcmp(text, service_text[to->service]) == 0)
			break;
	}
	for (to->host = 0; to->host < HOSTS; to->host++) {
		snprintf(text, sizeof(text), "%s.", o->host);
		if (strcmp(text, host_text[to->host]) == 0)
			break;
	}
	assert(to->service < SERVICES && to->host < HOSTS);
}

/* --- comparing --- */

static void
check_instance(unsigned s, unsigned h, size_t *entries)
{
	const struct model_service *m = &model.service[s];
	const struct model_instance *i = &m->instance[h];
	uint64_t key = standing_key(
	    name_hash(name_of(host_text[h]).wire), (uint16_t)PORT(h));
	const struct standing *st = NULL;
	unsigned txt = txt_of(m, h);

	for (size_t k = 0; k < m->listed; k++)
		if (m->list[k].instance == key)
			st = &m->list[k];
	*entries += st != NULL;
	assert(st == NULL || i->there);
	if (!i->there)
		return;
	if (st == NULL) {
		assert(i->served == SERVED_UP && i->scale == SCALE_WHOLE);
		assert(i->why == WHY_PLAIN || i->why == WHY_HEALTHY);
		assert(load_of(i, txt) == LOAD_UNKNOWN);
		return;
	}
	assert(st->served == i->served);
	assert(st->why == i->why && st->real == i->real);
	assert(i->served != SERVED_UP || st->scale == i->scale);
	assert(st->load == load_of(i, txt));
	assert(st->until_ms > now_ms);
	assert(st->site == (txt > 0 && model.config->site_count > 0 &&
			       strcmp(txts[txt - 1], "site=eu") == 0));
}

/* Exactly those are probed that shall be, where they are. */
static void
check_orders(void)
{
	unsigned probed = 0, told = 0;

	for (unsigned s = 0; s < SERVICES; s++)
		for (unsigned k = 0; k < HOSTS; k++)
			probed += model.service[s].instance[k].there &&
				  model.service[s].instance[k].probed;
	for (uint64_t n = 0; n <= orders; n++) {
		const struct probe_order *o = order[n].last;
		const struct model_instance *i;
		unsigned h = order[n].host;

		if (!order[n].there)
			continue;
		told++;
		i = &model.service[order[n].service].instance[h];
		assert(
		    i->there && i->probed && same_check(&i->check, &o->check));
		assert(o->port == (i->check.port ? i->check.port : PORT(h)));
		assert(o->addresses == model.address[h][0]);
		assert(o->forbidden ==
		       (!model.address[h][0] && model.address[h][1]));
	}
	assert(told == probed);
}

static void
compare(void)
{
	struct roster_counts counts;
	size_t instances = 0;

	for (unsigned i = 0; i == 0 || roster_next_ms(roster) <= now_ms; i++) {
		assert(i < 3);
		roster_turn(roster, now_ms, on_put, NULL);
	}
	for (unsigned s = 0; s < SERVICES; s++) {
		struct model_service *m = &model.service[s];
		size_t entries = 0, there = 0;

		judge_service(s);
		for (unsigned k = 0; k < HOSTS; k++) {
			check_instance(s, k, &entries);
			there += m->instance[k].there;
		}
		assert(entries == m->listed);
		assert(there == 0 ? m->put_condition == CONDITION_NORMAL
				  : m->put_condition == m->condition);
		if (there == 0)
			m->fall_ms = 0;
		instances += there;
	}
	check_orders();
	roster_count(roster, &counts);
	assert(counts.instances == instances);
}

/* --- the life --- */

struct input {
	const uint8_t *at;
	size_t left;
};

static unsigned
get(struct input *in, unsigned below)
{
	unsigned octet;

	if (in->left == 0)
		return 0;
	octet = *in->at++;
	in->left--;
	return octet % below;
}

static void
learn_all(void)
{
	for (int i = 0; i < 2; i++)
		assert(roster_learn_zone(
			   roster, infos[i].number, zones[i], now_ms) == OK);
	roster_put_again(roster);
	take_all(true);
}

static void
step_srv(struct input *in)
{
	unsigned s = get(in, SERVICES), h = get(in, HOSTS);
	unsigned w = get(in, WEIGHTS);
	struct model_service *m = &model.service[s];
	struct edit e = edit_srv(!m->srv[h][w], s, h, w, false);

	m->srv[h][w] = !m->srv[h][w];
	apply(&e, 1, false);
	take_service(s, h);
}

/* The weight is another one: the instance stays. */
static void
step_weight(struct input *in)
{
	unsigned s = get(in, SERVICES), h = get(in, HOSTS);
	struct model_service *m = &model.service[s];
	struct edit e[2];

	if (m->srv[h][0] == m->srv[h][1])
		return;
	for (unsigned w = 0; w < WEIGHTS; w++) {
		m->srv[h][w] = !m->srv[h][w];
		e[w] = edit_srv(m->srv[h][w], s, h, w, false);
	}
	apply(e, 2, false);
	take_service(s, h);
}

static void
step_named(struct input *in)
{
	unsigned s = get(in, SERVICES), h = get(in, HOSTS);
	unsigned txt = get(in, TXTS + 1);
	struct model_service *m = &model.service[s];
	struct edit e[3];
	size_t count = 0;

	e[count++] = edit_srv(!m->named[h], s, h, 7, true);
	m->named[h] = !m->named[h];
	if (m->named[h])
		e[count++] = edit_ptr(s, h);
	if (m->named_txt[h] == 0 && txt != 0) {
		e[count++] = edit_txt(true, 0, instance_name(s, h), txt);
		m->named_txt[h] = (uint8_t)txt;
	}
	apply(e, count, false);
	take_service(s, h);
}

static void
step_txt(struct input *in)
{
	unsigned what = get(in, 3), s = get(in, SERVICES), h = get(in, HOSTS);
	unsigned txt = get(in, TXTS + 1);
	struct model_service *m = &model.service[s];
	uint8_t *at = what == 0   ? &model.txt[h]
		      : what == 1 ? &m->txt
				  : &m->named_txt[h];
	struct name owner = what == 0   ? name_of(host_text[h])
			    : what == 1 ? name_of(service_text[s])
					: instance_name(s, h);
	unsigned z = what == 0 ? zone_of_host(h) : 0;
	struct edit e[2];
	size_t count = 0;

	if (txt == *at)
		return;
	if (*at != 0)
		e[count++] = edit_txt(false, z, owner, *at);
	if (txt != 0)
		e[count++] = edit_txt(true, z, owner, txt);
	*at = (uint8_t)txt;
	apply(e, count, false);
	for (s = 0; s < SERVICES; s++)
		for (unsigned k = 0; k < HOSTS; k++)
			take_instance(s, k, true);
}

static void
step_address(struct input *in)
{
	unsigned h = get(in, HOSTS), number = get(in, ADDRESSES);
	struct edit e = edit_address(!model.address[h][number], h, number);

	model.address[h][number] = !model.address[h][number];
	apply(&e, 1, false);
}

static void
step_result(struct input *in)
{
	unsigned how = get(in, 16), word = get(in, 256), at = get(in, 256);
	struct probe_result *r = calloc(1, sizeof(*r));

	assert(r != NULL);
	r->instance = orders == 0 ? 1 : 1 + (orders - 1 - at % orders);
	r->generation = order[r->instance].generation - (how == 1);
	r->good = how % 2 == 0;
	r->late = how == 15;
	r->percent = word % 16 == 1 ? (int)(word / 16 * 10) : -1;
	r->percent = r->percent > 100 ? 100 : r->percent;
	r->load = word % 16 == 2 ? 5 : -1;
	if (word % 16 == 3)
		r->word = (enum probe_word)(word / 16 % (WORD_DOWN + 1));
	if (order[r->instance].there && how != 1)
		model_result(
		    order[r->instance].service, order[r->instance].host, r);
	roster_take_result(roster, r, now_ms);
}

static void
step_force(struct input *in)
{
	const char *pattern = patterns[get(in, PATTERNS)];
	enum force_state state = (enum force_state)get(in, 4);
	char text[200];
	size_t kept = 0;
	bool was = false;

	assert(roster_force(roster, pattern, state, text, sizeof(text)) == OK);
	for (size_t i = 0; i < model.forces; i++) {
		if (model.force[i].pattern == pattern)
			was = true;
		else
			model.force[kept++] = model.force[i];
	}
	model.forces = kept;
	if (state != FORCE_AUTO || !was) {
		model.force[model.forces].pattern = pattern;
		model.force[model.forces++].state = state;
	}
	learn_all();
}

static void
step_reload(struct input *in)
{
	model.config = configs[get(in, CONFIGS)];
	roster_reload(roster, model.config);
	learn_all();
}

static void
step_clock(struct input *in)
{
	static const int64_t steps_ms[] = {1, 499, 1000, 2999, 10000, 86400000};

	now_ms += steps_ms[get(in, 6)];
}

/* The store has refused something, or there is another checker. */
static void
step_again(struct input *in)
{
	if (get(in, 2) == 0)
		learn_all();
	else
		roster_on_health(roster, on_order, NULL, NULL);
}

static void
step(struct input *in)
{
	unsigned what = get(in, 256);

	if (what < 50)
		step_srv(in);
	else if (what < 60)
		step_weight(in);
	else if (what < 75)
		step_named(in);
	else if (what < 95)
		step_txt(in);
	else if (what < 110)
		step_address(in);
	else if (what < 205)
		step_result(in);
	else if (what < 220)
		step_force(in);
	else if (what < 230)
		step_reload(in);
	else if (what < 250)
		step_clock(in);
	else
		step_again(in);
	compare();
}

/* --- from the beginning to the end --- */

static void
begin_life(void)
{
	struct roster_plan plan = {.zone = find_zone};
	char text[CONFIG_TEXT_LEN];

	log_set_level(LEVEL_ERROR - 1);
	name_hash_seed(1);
	for (int i = 0; i < CONFIGS; i++)
		if (configs[i] == NULL &&
		    config_parse(yaml[i], strlen(yaml[i]), "fuzz", &configs[i],
			text, sizeof(text)) != OK) {
			fputs(text, stderr);
			abort();
		}
	memset(&model, 0, sizeof(model));
	now_ms = START_MS;
	edition_init(&ed, 1);
	make_zone(0, "z.");
	make_zone(1, "y.");
	model.config = plan.config = configs[0];
	roster = roster_new(&plan);
	assert(roster != NULL);
	roster_on_health(roster, on_order, NULL, NULL);
	roster_turn(roster, now_ms, on_put, NULL);
}

static void
end_life(void)
{
	for (int i = 0; i < 2; i++) /* all zones go */
		assert(roster_learn_zone(
			   roster, infos[i].number, NULL, now_ms) == OK);
	memset(model.service, 0, sizeof(model.service));
	compare();
	roster_free(roster);
	for (uint64_t n = 0; n <= orders; n++) {
		assert(!order[n].there);
		free(order[n].last);
		order[n] = (struct order){.last = NULL};
	}
	orders = 0;
	for (int i = 0; i < 2; i++)
		assert(zone_retire(&ed, zones[i]) == OK);
	publish();
	edition_fini(&ed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, len};

	begin_life();
	for (unsigned i = 0; i < STEPS && in.left > 0; i++)
		step(&in);
	end_life();
	return 0;
}
