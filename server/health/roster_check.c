/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/health/roster_internal.h"
#include "zones/dns/txt.h"

/* --- an instance's TXT --- */

/* The first live TXT record at a name: that is the one which counts. */
static const struct record *
txt_at(const struct node *n, int64_t now_ms)
{
	const struct rrset *set = n ? node_find(n, TYPE_TXT) : NULL;
	struct rrset_cursor c;

	if (set == NULL)
		return NULL;
	for (struct record *rec = rrset_first(set, &c); rec;
	     rec = rrset_next(&c))
		if (record_is_live(rec, now_ms))
			return rec;
	return NULL;
}

/* The node of a name in whichever zone of ours it is. */
static const struct node *
find_node(const struct roster *r, const uint8_t *name, uint64_t hash)
{
	const struct zone *z = r->plan.zone(r->plan.zone_arg, name);

	return z ? tree_find_name(&z->tree, hash, name, name_len(name)) : NULL;
}

/* Records of one instance that are looked at: hardly any has more than two, and
 * each change of one that has thousands must not cost as much. */
#define NAMES_MAX 64

/* RFC 6763 6: beside the SRV record at a DNS-SD name; else at the host, or the
 * service's own. */
static const struct record *
txt_of(const struct roster *r, const struct instance *i, int64_t now_ms)
{
	const struct service *s = i->service;
	const struct zone *z = r->plan.zone(r->plan.zone_arg, s->owner);
	const struct record *txt = NULL;
	unsigned names = 0;

	if (z == NULL)
		return NULL;
	for (const struct ref *ref = i->ref; ref && !txt && names < NAMES_MAX;
	     ref = ref->next, names++)
		if (ref->owner != s->link.key)
			txt = txt_at(
			    tree_find_hash(&z->tree, ref->owner), now_ms);
	if (txt == NULL)
		txt = txt_at(
		    find_node(r, i->host->name, i->host->link.key), now_ms);
	if (txt == NULL)
		txt = txt_at(tree_find_hash(&z->tree, s->link.key), now_ms);
	return txt;
}

static uint8_t
site_of(const struct roster *r, const struct record *txt)
{
	const uint8_t *value;
	size_t len;

	if (r->config->site_count == 0)
		return 0;
	value = txt_find(txt->rdata, txt->rdlen, "site", &len);
	for (size_t i = 0; value && i < r->config->site_count; i++) {
		const char *name = r->config->site[i].name;

		if (strlen(name) == len &&
		    strncasecmp(name, (const char *)value, len) == 0)
			return (uint8_t)(i + 1);
	}
	return 0;
}

static uint16_t
load_of(const struct record *txt)
{
	size_t len;
	const uint8_t *value = txt_find(txt->rdata, txt->rdlen, "load", &len);
	uint32_t load = 0;

	if (value == NULL || len == 0 || len > 5)
		return LOAD_UNKNOWN;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return LOAD_UNKNOWN;
		load = load * 10 + value[i] - '0';
	}
	return load < LOAD_UNKNOWN ? (uint16_t)load : LOAD_UNKNOWN;
}

/* --- its check --- */

/* The check that TXT asks for, or NULL if it asks for none; *err says whether
 * memory was short. */
static struct own_check *
own_check(
    const struct config_check *base, const struct record *txt, enum error *err)
{
	/* Each value of the TXT fits, with its NUL in place of its length. */
	struct own_check *own = malloc(sizeof(*own) + txt->rdlen + 1U);
	bool any = false;
	char *to;

	if (own == NULL) {
		*err = ERR_MEMORY;
		return NULL;
	}
	own->check = *base;
	to = own->text;
	for (const char *const *key = config_check_keys; *key; key++) {
		size_t len;
		const uint8_t *value =
		    txt_find(txt->rdata, txt->rdlen, *key, &len);

		if (value == NULL || memchr(value, 0, len) != NULL)
			continue;
		memcpy(to, value, len);
		to[len] = '\0';
		if (config_check_override(&own->check, base, *key, to))
			any = true;
		to += len + 1;
	}
	if (any)
		return own;
	free(own);
	return NULL;
}

static uint64_t
mix(uint64_t h, uint64_t x)
{
	h ^= x;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t
mix_text(uint64_t h, const char *text)
{
	h = mix(h, text != NULL);
	for (; text != NULL && *text != '\0'; text++)
		h = mix(h, (uint8_t)*text);
	return h;
}

/* Two checks with the same number are the same; never 0. */
static uint64_t
fingerprint(const struct config_check *c)
{
	uint64_t h = mix(1, c->type);

	h = mix_text(h, c->path);
	for (size_t i = 0; i < c->args_count; i++)
		h = mix_text(h, c->args[i]);
	h = mix_text(mix_text(mix_text(h, c->host), c->ca), c->body);
	h = mix_text(mix_text(h, c->send), c->receive);
	h = mix(mix(mix(h, c->status_least), c->status_most), c->port);
	h = mix(h,
	    (uint64_t)c->tls << 2 | (uint64_t)c->verify << 1 | c->initial_up);
	h = mix(
	    mix(mix(mix(h, c->interval_ms), c->timeout_ms), c->rise), c->fall);
	for (size_t i = 0; i < c->networks_count; i++) {
		const struct config_network *n = &c->networks[i];

		h = mix(mix(h, (uint64_t)n->family), n->prefix);
		for (size_t k = 0; k < sizeof(n->address); k++)
			h = mix(h, n->address[k]);
	}
	return h ? h : 1;
}

/* What it is now, and whether that is another one than before. */
static enum error
find_check(struct instance *i, const struct record *txt, bool *changed)
{
	const struct config_service *config = i->service->config;
	const struct config_check *check = config ? &config->check : NULL;
	struct own_check *own = NULL;
	uint64_t print = 0;
	enum error err = OK;

	if (check != NULL && config->instance_checks && txt != NULL)
		own = own_check(check, txt, &err);
	if (err != OK)
		return err;
	if (own != NULL)
		check = &own->check;
	if (check != NULL && check->type == CHECK_NONE)
		check = NULL;
	if (check != NULL)
		print = fingerprint(check);
	free(i->own);
	i->own = own;
	i->check = check;
	*changed = print != i->check_print;
	i->check_print = print;
	return OK;
}

/* Another check: what was known of its health does not hold.  Whoever was
 * answered stays so until the first result. */
static enum error
renew_health(struct roster *r, struct instance *i, bool fresh)
{
	if (i->check == NULL || !check_probes(i->check)) {
		instance_order_end(r, i);
		free(i->health);
		i->health = NULL;
		i->recovered = false;
		return OK;
	}
	if (i->health == NULL)
		i->health = malloc(sizeof(*i->health));
	if (i->health == NULL)
		return ERR_MEMORY;
	health_init(i->health);
	if (!fresh)
		i->recovered = i->standing.served != SERVED_OUT;
	i->slow_from_ms = i->fell_ms = 0;
	return OK;
}

static uint8_t
force_of(const struct roster *r, const struct instance *i)
{
	struct texts t;

	if (r->forced.count == 0)
		return FORCE_AUTO;
	roster_name_text(i->service->owner, t.service);
	roster_name_text(i->host->name, t.host);
	return (uint8_t)force_find(
	    &r->forced, t.service, t.host, i->port, NULL);
}

enum error
instance_refresh(
    struct roster *r, struct instance *i, bool fresh, int64_t now_ms)
{
	const struct record *txt = txt_of(r, i, now_ms);
	enum error err;
	bool changed;

	err = find_check(i, txt, &changed);
	if (err == OK && changed)
		err = renew_health(r, i, fresh);
	if (err != OK) {
		i->check_print = 0; /* not the one it has */
		return err;
	}
	i->site = txt ? site_of(r, txt) : 0;
	i->load = txt ? load_of(txt) : LOAD_UNKNOWN;
	i->force = force_of(r, i);
	instance_decide(r, i, now_ms);
	instance_order(r, i);
	return OK;
}

/* --- orders --- */

/* Adds the addresses of one type, those outside of the networks left out; a
 * program is given them all. */
static void
add_addresses(struct probe_order *order, const struct instance *i,
    const struct node *n, uint16_t type)
{
	const struct rrset *set = n ? node_find(n, type) : NULL;
	const struct config_check *check = i->check;
	struct rrset_cursor c;

	if (set == NULL)
		return;
	for (struct record *rec = rrset_first(set, &c); rec;
	     rec = rrset_next(&c)) {
		struct endpoint e = {.len = 0};

		if (order->addresses == PROBE_ADDRESSES)
			return;
		if (type == TYPE_A) {
			e.in.sin_family = AF_INET;
			e.in.sin_port = htons(order->port);
			memcpy(&e.in.sin_addr, rec->rdata, 4);
			e.len = sizeof(e.in);
		} else {
			e.in6.sin6_family = AF_INET6;
			e.in6.sin6_port = htons(order->port);
			memcpy(&e.in6.sin6_addr, rec->rdata, 16);
			e.len = sizeof(e.in6);
		}
		if (check->type == CHECK_EXEC ||
		    config_networks_contain(
			check->networks, check->networks_count, &e))
			order->address[order->addresses++] = e;
		else
			order->forbidden = true;
	}
}

static uint64_t
order_print(const struct probe_order *order, uint64_t check_print)
{
	uint64_t h = mix(mix(check_print, order->addresses), order->forbidden);

	for (unsigned i = 0; i < order->addresses; i++) {
		const struct endpoint *e = &order->address[i];
		const uint8_t *octets = e->sa.sa_family == AF_INET
					    ? (const uint8_t *)&e->in.sin_addr
					    : e->in6.sin6_addr.s6_addr;
		size_t len = e->sa.sa_family == AF_INET ? 4 : 16;

		for (size_t k = 0; k < len; k++)
			h = mix(h, octets[k]);
	}
	return h ? h : 1;
}

static struct probe_order *
order_new(const struct roster *r, const struct instance *i,
    enum probe_order_kind kind)
{
	static const struct config_check none;
	struct texts t;

	(void)r;
	return probe_order_new(kind, i->number, i->check ? i->check : &none,
	    roster_name_text(i->host->name, t.host),
	    roster_name_text(i->service->owner, t.service));
}

void
instance_order(struct roster *r, struct instance *i)
{
	struct probe_order *order;
	const struct node *n;
	uint64_t print;

	if (r->plan.order == NULL || i->health == NULL)
		return;
	order = order_new(r, i, PROBE_BEGIN);
	if (order == NULL) {
		r->unordered = true;
		return;
	}
	order->port = i->check->port > 0 ? i->check->port : i->port;
	n = find_node(r, i->host->name, i->host->link.key);
	add_addresses(order, i, n, TYPE_A);
	add_addresses(order, i, n, TYPE_AAAA);
	if (order->addresses > 0)
		order->forbidden = false;
	print = order_print(order, i->check_print);
	if (print == i->order_print) {
		free(order);
		return;
	}
	i->order_print = print;
	order->generation = ++i->generation;
	r->plan.order(r->plan.arg, order);
}

void
instance_order_end(struct roster *r, struct instance *i)
{
	struct probe_order *order;

	if (r->plan.order == NULL || i->order_print == 0)
		return;
	order = order_new(r, i, PROBE_END);
	if (order != NULL)
		r->plan.order(r->plan.arg, order);
	else
		r->unordered = true;
	i->order_print = 0;
}
