/* SPDX-License-Identifier: Apache-2.0 */
/* roster_guard.c - holds leases when most of a service's would end at once.
 *
 *              share of the leases is overdue
 *     off  ------------------------------------>  holding
 *          <------------------------------------
 *           fewer are: the others have renewed; or it took too long (spent:
 *           not again before fewer were overdue once)
 *
 * Overdue is a lease that ends within the window and should have been renewed:
 * an eighth of it is left at most (RFC 9664 4.1 refreshes at four fifths), or
 * services with leases shorter than the window would always be guarded. */
#include "server/health/roster_internal.h"

#define LOOK_MS 1000
#define LEFT_SHARE 8
/* However short the lease: two looks. */
#define LEFT_LEAST_MS 2000

struct guarding {
	struct roster *r;
	struct service *service;
	const struct config_guard *config;
	int64_t now_ms;
	void (*fn)(void *arg, struct lease *, int64_t deadline_ms);
	void *arg;
	size_t leased;
	size_t overdue; /* and not unhealthy */
};

int64_t
instance_deadline_ms(const struct instance *i, uint32_t *granted_s)
{
	int64_t last_ms = 0;

	*granted_s = 0;
	for (const struct ref *ref = i->ref; ref != NULL; ref = ref->next) {
		int64_t deadline_ms = record_deadline_ms(ref->srv);

		if (deadline_ms <= last_ms)
			continue;
		last_ms = deadline_ms;
		if (!record_is_static(ref->srv))
			*granted_s = record_lease(ref->srv)->granted_s;
	}
	return last_ms > 0 ? last_ms : DEADLINE_NONE;
}

/* --- moving leases --- */

/* What to do with the leases of an instance's records. */
struct move {
	const struct guarding *g;
	int64_t only_ms; /* those with that deadline; 0: all that end sooner */
	int64_t to_ms;
};

static void
move_record(const struct move *m, const struct record *rec)
{
	struct lease *lease;
	int64_t deadline_ms;

	if (rec == NULL || record_is_static(rec))
		return;
	lease = record_lease(rec);
	deadline_ms = lease_deadline_ms(lease);
	if (m->only_ms != 0 ? deadline_ms == m->only_ms
			    : deadline_ms < m->to_ms)
		m->g->fn(m->g->arg, lease, m->to_ms);
}

static void
move_set(const struct move *m, const struct node *n, uint16_t type)
{
	const struct rrset *set = n ? node_find(n, type) : NULL;
	struct rrset_cursor c;

	if (set == NULL)
		return;
	for (struct record *rec = rrset_first(set, &c); rec;
	     rec = rrset_next(&c))
		move_record(m, rec);
}

/* The SRV records; in DNS-SD also the TXT beside and the PTR above. */
static void
move_refs(const struct move *m, const struct instance *i, const struct zone *z)
{
	const struct service *s = i->service;
	const struct node *service = tree_find_hash(&z->tree, s->link.key);
	const struct rrset *ptrs =
	    service ? node_find(service, TYPE_PTR) : NULL;

	for (const struct ref *ref = i->ref; ref != NULL; ref = ref->next) {
		const struct node *n;

		move_record(m, ref->srv);
		if (ref->owner == s->link.key)
			continue;
		n = tree_find_hash(&z->tree, ref->owner);
		move_set(m, n, TYPE_TXT);
		if (n != NULL && ptrs != NULL)
			move_record(
			    m, rrset_find(ptrs, node_owner(n), n->name_len));
	}
}

static void
hold(const struct guarding *g, struct instance *i)
{
	struct roster *r = g->r;
	int64_t to_ms = g->now_ms + 2 * (int64_t)g->config->window_ms;
	const struct move m = {.g = g, .to_ms = to_ms};
	const struct zone *z =
	    r->plan.zone(r->plan.zone_arg, g->service->owner);
	const struct zone *far = r->plan.zone(r->plan.zone_arg, i->host->name);
	const struct node *host;

	/* As long as half of it is left there is no need. */
	if (z == NULL || i->held_ms - g->now_ms > (int64_t)g->config->window_ms)
		return;
	move_refs(&m, i, z);
	host = far ? tree_find_hash(&far->tree, i->host->link.key) : NULL;
	move_set(&m, host, TYPE_A);
	move_set(&m, host, TYPE_AAAA);
	i->held_ms = to_ms;
	instance_decide(r, i, g->now_ms);
}

/* Its lease ends now.  The host's addresses run out by themselves: others may
 * need them. */
static void
let_go(const struct guarding *g, struct instance *i)
{
	struct roster *r = g->r;
	const struct move m = {
	    .g = g, .only_ms = i->held_ms, .to_ms = g->now_ms};
	const struct zone *z =
	    r->plan.zone(r->plan.zone_arg, g->service->owner);

	if (i->held_ms == 0)
		return;
	if (z != NULL)
		move_refs(&m, i, z);
	i->held_ms = 0;
	instance_decide(r, i, g->now_ms);
}

/* --- looking --- */

static bool
is_overdue(const struct guarding *g, const struct instance *i,
    int64_t deadline_ms, uint32_t granted_s)
{
	int64_t window_ms = (int64_t)g->config->window_ms;
	int64_t left_ms = (int64_t)granted_s * 1000 / LEFT_SHARE;

	if (left_ms < LEFT_LEAST_MS)
		left_ms = LEFT_LEAST_MS;
	if (left_ms > window_ms)
		left_ms = window_ms;
	return i->held_ms != 0 || deadline_ms - g->now_ms <= left_ms;
}

/* Calls act for each instance that is overdue; counts. */
static void
look(struct guarding *g,
    void (*act)(struct guarding *, struct instance *, bool unhealthy))
{
	g->leased = g->overdue = 0;
	for (struct instance *i = g->service->first; i != NULL; i = i->next) {
		bool unhealthy = i->standing.real == WHY_UNHEALTHY;
		uint32_t granted_s;
		int64_t deadline_ms = instance_deadline_ms(i, &granted_s);

		if (deadline_ms == DEADLINE_NONE)
			continue;
		if (i->held_ms != 0 && deadline_ms != i->held_ms) {
			i->held_ms = 0; /* renewed */
			instance_decide(g->r, i, g->now_ms);
		}
		g->leased++;
		if (!is_overdue(g, i, deadline_ms, granted_s))
			continue;
		g->overdue += !unhealthy;
		if (act != NULL)
			act(g, i, unhealthy);
	}
}

static void
act_hold(struct guarding *g, struct instance *i, bool unhealthy)
{
	if (unhealthy)
		let_go(g, i);
	else
		hold(g, i);
}

static void
act_let_go(struct guarding *g, struct instance *i, bool unhealthy)
{
	(void)unhealthy;
	let_go(g, i);
}

static void
turn(struct guarding *g, bool on)
{
	struct service *s = g->service;

	s->guard_from_ms = on ? g->now_ms : 0;
	g->r->times[CONDITION_GUARD] += on;
	roster_touch(g->r, s);
	roster_tell_condition(g->r, s);
	look(g, on ? act_hold : act_let_go);
}

static void
guard_service(struct guarding *g)
{
	struct service *s = g->service;
	size_t least = s->guard_from_ms == 0 ? g->config->least : 1;
	bool over;

	look(g, NULL);
	over = g->overdue > 0 && g->leased >= least &&
	       g->overdue * 100 >= g->config->share * g->leased;
	if (!over)
		s->guard_spent = false;
	if (s->guard_from_ms == 0) {
		if (over && !s->guard_spent)
			turn(g, true);
	} else if (!over) {
		turn(g, false);
	} else if (g->now_ms - s->guard_from_ms >= (int64_t)g->config->max_ms) {
		s->guard_spent = true;
		turn(g, false);
	} else {
		look(g, act_hold);
	}
}

void
service_watch(struct roster *r, struct service *s, int64_t now_ms)
{
	bool on = s->config != NULL && s->config->guard.on;

	if (on && s->guard.place == 0)
		heap_set(&r->guards, &s->guard, now_ms + LOOK_MS);
	if (on || s->guard.place == 0)
		return;
	heap_set(&r->guards, &s->guard, INT64_MAX);
	for (struct instance *i = s->first; i != NULL; i = i->next)
		i->held_ms = 0; /* runs out by itself */
	s->guard_from_ms = 0;
	roster_touch(r, s);
}

void
roster_guard(struct roster *r, int64_t now_ms,
    void (*fn)(void *arg, struct lease *, int64_t deadline_ms), void *arg)
{
	struct timer *t;

	while ((t = heap_top(&r->guards)) != NULL && t->due_ms <= now_ms) {
		struct service *s =
		    (struct service *)((char *)t -
				       offsetof(struct service, guard));
		struct guarding g = {.r = r,
		    .service = s,
		    .config = &s->config->guard,
		    .now_ms = now_ms,
		    .fn = fn,
		    .arg = arg};

		heap_set(&r->guards, t, now_ms + LOOK_MS);
		guard_service(&g);
	}
}
