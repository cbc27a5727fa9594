/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/service.h"

#include <strings.h>

#include "server/nameserver/explain.h"
#include "server/nameserver/instances.h"
#include "server/nameserver/prepared.h"
#include "server/nameserver/rules.h"
#include "server/nameserver/service_addresses.h"
#include "server/nameserver/service_browse.h"
#include "server/nameserver/service_names.h"
#include "server/nameserver/service_svcb.h"
#include "server/nameserver/settings.h"

/* The least octets of an SRV record behind a pointer. */
#define SRV_LEAST (12 + 6 + 1)

bool
service_label_is(const uint8_t *name, const char *label)
{
	size_t len = strlen(label);

	return name[0] == len &&
	       strncasecmp((const char *)name + 1, label, len) == 0;
}

/* --- registered sets --- */

static bool
answer_srv(struct answer *a, struct owner owner, const struct node *service)
{
	const struct selection *s = &a->scratch->selection;
	size_t max = (a->w.cap - a->w.len) / SRV_LEAST;
	struct gathering g = instances_of(
	    service, max < SELECTION_MAX / 2 ? max : SELECTION_MAX / 2);
	uint32_t ttl = instances_select(a, &g);

	if (s->count == 0 && s->whole)
		return false;
	answer_put_picks(a, owner, ttl);
	return true;
}

bool
service_answer_merged(struct answer *a, struct owner owner,
    const struct node *service, uint16_t qtype)
{
	const struct ready *ready = service->ready;
	const struct rrset *srv, *ptr;
	enum prepared prepared;

	rules_begin(a, service, qtype);
	/* Before anything of the RRsets themselves is touched. */
	if (qtype == TYPE_SRV && ready != NULL && ready->prepared) {
		prepared = prepared_answer(a, owner, ready);
		if (prepared != PREPARED_LARGE)
			return prepared == PREPARED_DONE;
	}
	srv = node_find(service, TYPE_SRV);
	ptr = node_find(service, TYPE_PTR);
	if (qtype == TYPE_SRV)
		return ptr == NULL ? answer_put_selected(a, owner, srv)
				   : answer_srv(a, owner, service);
	return srv == NULL && !a->special ? answer_put_selected(a, owner, ptr)
					  : names_answer_ptr(a, owner, service);
}

/* The service whose name is left of a node's without its first labels, if
 * there is one and it is not plain. */
static const struct node *
special_above(const struct answer *a, const struct node *n,
    const struct name_key *key, unsigned strip)
{
	struct name_key own;
	const struct node *service;

	if (key == NULL) {
		name_key_init(&own, node_owner(n));
		key = &own;
	}
	if (key->labels < strip + a->zone->info->labels)
		return NULL;
	service = tree_find(&a->zone->tree, key, strip);
	return service != NULL && (service->flags & NODE_SERVICE) != 0 &&
		       !rules_are_plain(service->ready)
		   ? service
		   : NULL;
}

bool
service_answer_set(struct answer *a, struct owner owner, const struct node *n,
    const struct rrset *set, const struct name_key *key)
{
	const struct node *service = NULL;
	bool answered;

	if (set->type == TYPE_A || set->type == TYPE_AAAA)
		return addresses_answer_own(a, owner, n, set);
	if (set->type == TYPE_SRV)
		service = special_above(a, n, key, 1);
	else if (names_is_subtype(node_owner(n)))
		service = special_above(a, n, key, 2);
	if (service == NULL)
		return answer_put_selected(a, owner, set);
	if (set->type == TYPE_PTR)
		return names_answer_subtype(a, owner, service, set, TYPE_PTR);
	rules_use(a, service, TYPE_SRV);
	answered = answer_put_selected(a, owner, set);
	rules_reset(a);
	return answered;
}

/* --- synthesis --- */

/* Most names that are not there have nothing to do with services, which the
 * first two labels tell. */
static bool
is_about_services(const struct name_key *key)
{
	const uint8_t *second = key->wire + key->wire[0] + 1;

	return key->wire[1] == '_' || (second[0] > 0 && second[1] == '_');
}

/* Of a name where nothing is registered. */
static enum service_found
synthesise_name(struct answer *a, struct owner owner,
    const struct name_key *key, const struct zone_walk *w, uint16_t qtype)
{
	enum service_found found = SERVICE_NONE;

	if (a->settings->config->site_count > 0)
		found = names_synthesise_site(a, owner, key, qtype);
	if (found != SERVICE_NONE || !is_about_services(key))
		return found;
	if (w->node == NULL && w->encloser_strip == 1 &&
	    (w->encloser->flags & NODE_SERVICE) != 0)
		found = names_synthesise_instance(
		    a, owner, key, w->encloser, qtype);
	if (found == SERVICE_NONE)
		found = names_synthesise_subtype(a, owner, key, w, qtype);
	if (found == SERVICE_NONE)
		found = explain_answer(a, owner, key, qtype);
	if (found == SERVICE_NONE && w->node == NULL)
		found = service_browse(a, owner, key, w, qtype);
	return found;
}

/* Of a type that a domain of services does not have. */
static enum service_found
synthesise_at_domain(struct answer *a, struct owner owner,
    const struct node *domain, uint16_t qtype)
{
	if (qtype == TYPE_HTTPS)
		return service_https(a, owner, domain);
	if ((qtype == TYPE_A || qtype == TYPE_AAAA) &&
	    a->zone->info->addresses && !addresses_has_own(domain, a->now_ms))
		return addresses_synthesise(a, owner, domain, qtype);
	return SERVICE_NONE;
}

enum service_found
service_synthesise(struct answer *a, struct owner owner,
    const struct name_key *key, const struct zone_walk *w, uint16_t qtype)
{
	const struct node *n = w->node;

	if (n == NULL)
		return synthesise_name(a, owner, key, w, qtype);
	if (qtype == TYPE_SVCB && (n->flags & NODE_SERVICE) != 0)
		return service_svcb(a, owner, n, qtype);
	if (node_find(n, INDEX_SERVICES) != NULL)
		return synthesise_at_domain(a, owner, n, qtype);
	/* SRV where PTR records make a subtype; an empty non-terminal. */
	if ((qtype == TYPE_SRV && names_is_subtype(key->wire)) ||
	    !node_has_data(n, a->now_ms))
		return synthesise_name(a, owner, key, w, qtype);
	return SERVICE_NONE;
}
