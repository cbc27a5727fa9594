/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/service_browse.h"

#include "server/nameserver/instances.h"

/* Services looked at for the deadline of their domain. */
#define SERVICES_MAX 256

/* Entries of a browsing answer, as many as 64 KiB may hold, and entries looked
 * at for it: what has expired waits for the reaper. */
#define ENTRIES_MAX 4096
#define ENTRIES_LOOKED_AT 8192

/* When the last of what an index entry leads to will have ended; 0 if all of
 * it has, or it has not been looked for far enough. */
static int64_t
entry_deadline_ms(const struct answer *a, const struct rrset *index,
    const struct record *entry)
{
	const struct node *n;
	const struct rrset *services;
	struct rrset_cursor c;
	int64_t last = 0;

	if (index->type == INDEX_SERVICES) {
		n = instances_service(a, entry);
		return n ? instances_deadline_ms(n, a->now_ms) : 0;
	}
	n = tree_find_name(&a->zone->tree, name_hash(entry->rdata),
	    entry->rdata, entry->rdlen);
	services = n ? node_find(n, INDEX_SERVICES) : NULL;
	if (services == NULL)
		return 0;
	for (struct record *r = rrset_first(services, &c);
	     r && c.position < SERVICES_MAX; r = rrset_next(&c)) {
		int64_t one = entry_deadline_ms(a, services, r);

		last = one > last ? one : last;
	}
	return last;
}

/* A PTR for each entry of an index that leads to something live, with one TTL
 * that outlives none of them (promise 4). */
static bool
answer_index(struct answer *a, struct owner owner, const struct rrset *index)
{
	const struct record *live[ENTRIES_MAX];
	uint32_t ttl = a->zone->info->ttl;
	struct rrset_cursor c;
	size_t count = 0;

	for (struct record *r = rrset_first(index, &c);
	     r && c.position < ENTRIES_LOOKED_AT && count < ENTRIES_MAX;
	     r = rrset_next(&c)) {
		int64_t deadline_ms = entry_deadline_ms(a, index, r);

		if (deadline_ms <= a->now_ms)
			continue;
		ttl = answer_ttl(ttl, deadline_ms, a->now_ms);
		live[count++] = r;
	}
	for (size_t i = 0; i < count; i++) {
		if (answer_put(a, SECTION_ANSWER, owner, TYPE_PTR, ttl,
			live[i]->rdata, live[i]->rdlen))
			continue;
		if (!a->tcp)
			answer_truncate(a);
		break;
	}
	return count > 0;
}

enum service_found
service_browse(struct answer *a, struct owner owner, const struct name_key *key,
    const struct zone_walk *w, uint16_t qtype)
{
	unsigned up = w->encloser_strip, labels;
	const struct node *domain = w->encloser;
	const struct rrset *index;
	const uint8_t *first;

	/* The closest encloser may be _udp.<domain> itself, where UDP
	 * services are registered, or _dns-sd._udp.<domain>, where somebody
	 * has browse records of his own. */
	if (service_label_is(node_owner(domain), "_dns-sd") && up < key->labels)
		domain = tree_find(&a->zone->tree, key, ++up);
	if (domain != NULL && service_label_is(node_owner(domain), "_udp") &&
	    up < key->labels)
		domain = tree_find(&a->zone->tree, key, ++up);
	if (domain == NULL || key->labels - up < a->zone->info->labels ||
	    up == 0)
		return SERVICE_NONE;
	index = node_find(domain, INDEX_SERVICES);
	if (index == NULL && (domain->flags & NODE_APEX) != 0)
		index = node_find(domain, INDEX_DOMAINS);
	labels = up;
	if (index == NULL || labels > 3 ||
	    !service_label_is(key->wire + key->label[labels - 1], "_udp"))
		return SERVICE_NONE;
	if (labels == 1)
		return SERVICE_NODATA;
	if (!service_label_is(key->wire + key->label[labels - 2], "_dns-sd"))
		return SERVICE_NONE;
	if (labels == 2)
		return SERVICE_NODATA;
	first = key->wire;
	if (service_label_is(first, "_services"))
		index = node_find(domain, INDEX_SERVICES);
	else if (service_label_is(first, "b") || service_label_is(first, "lb"))
		index = node_find(domain, INDEX_DOMAINS);
	else
		return SERVICE_NONE;
	if (index == NULL)
		return SERVICE_NONE;
	if (qtype == TYPE_PTR && answer_index(a, owner, index))
		return SERVICE_ANSWERED;
	return SERVICE_NODATA;
}
