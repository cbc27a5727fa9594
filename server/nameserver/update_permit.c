/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/update_permit.h"

#include <stdlib.h>

#include "server/nameserver/grant.h"

/* One update being judged. */
struct permit {
	struct update *update;
	const struct change *change;
	const struct config_zone *zone;
	const struct policy_asker *who;
	uint16_t key_id;
};

static enum rcode
refuse_no_rule(const struct permit *p, const uint8_t *owner, uint16_t type)
{
	char name[NAME_TEXT_LEN], type_text[16];

	update_fail(p->update, RCODE_REFUSED, EDE_PROHIBITED,
	    "no update rule of this zone allows %s at %.120s",
	    type_to_text(type, type_text), name_to_text(owner, name));
	return RCODE_REFUSED;
}

static enum rcode
refuse_not_own(const struct permit *p, const struct config_rule *rule,
    const uint8_t *owner, uint16_t type)
{
	char name[NAME_TEXT_LEN], type_text[16];

	update_fail(p->update, RCODE_REFUSED, EDE_PROHIBITED,
	    "%.60s: own: %s at %.90s was added by another key", rule->text,
	    type_to_text(type, type_text), name_to_text(owner, name));
	return RCODE_REFUSED;
}

/* Who added a record; nobody's key, for those of the zone file. */
static int
key_of(const struct record *r)
{
	return record_is_static(r) ? -1 : record_lease(r)->key;
}

/* Whether all live records of a set, or the one with this RDATA, were added
 * by the asker's key. */
static bool
is_own(const struct permit *p, const struct rrset *set, const uint8_t *rdata,
    size_t rdlen)
{
	struct rrset_cursor c;
	struct record *r;

	if (set == NULL)
		return true;
	if (rdata != NULL) {
		r = rrset_find(set, rdata, rdlen);
		return r == NULL || key_of(r) == p->key_id ||
		       !record_is_live(r, p->change->now_ms);
	}
	for (r = rrset_first(set, &c); r; r = rrset_next(&c))
		if (key_of(r) != p->key_id &&
		    record_is_live(r, p->change->now_ms))
			return false;
	return true;
}

/* Adding changes the TTL of the whole set, and may replace a CNAME. */
static bool
touches_whole_set(const struct config_zone *zone, const struct message_rr *rr,
    const struct rrset *set)
{
	uint32_t ttl = grant_ttl(zone, rr->ttl);

	return rr->class == CLASS_ANY || rr->type == TYPE_CNAME ||
	       rr->type == TYPE_DNAME || rr->type == TYPE_SOA ||
	       (rr->class == CLASS_IN && set != NULL && set->ttl != ttl);
}

static enum rcode
judge(const struct permit *p, struct message_rr *rr, const struct node *n,
    uint16_t type)
{
	const struct config_rule *rule =
	    policy_find(p->zone, p->who, rr->owner.wire, type);
	const struct rrset *set = n ? node_find(n, type) : NULL;
	uint8_t *rdata;
	size_t rdlen = 0;
	bool own;

	if (rule == NULL)
		return refuse_no_rule(p, rr->owner.wire, type);
	if (!rule->own || set == NULL)
		return RCODE_NOERROR;
	if (touches_whole_set(p->zone, rr, set))
		return is_own(p, set, NULL, 0)
			   ? RCODE_NOERROR
			   : refuse_not_own(p, rule, rr->owner.wire, type);
	rdata = malloc(RDATA_MAX_LEN);
	if (rdata == NULL) {
		update_fail(
		    p->update, RCODE_SERVFAIL, EDE_OTHER, "out of memory");
		return RCODE_SERVFAIL;
	}
	/* Malformed RDATA is for the prescan to complain about. */
	own = !rdata_read(&rr->rdata, type, rr->rdlength, rdata, &rdlen) ||
	      is_own(p, set, rdata, rdlen);
	free(rdata);
	return own ? RCODE_NOERROR
		   : refuse_not_own(p, rule, rr->owner.wire, type);
}

/* Deleting all types needs leave for each that is there; what has expired is
 * not. */
static enum rcode
judge_name(const struct permit *p, struct message_rr *rr, const struct node *n)
{
	enum rcode rcode = RCODE_NOERROR;
	unsigned judged = 0;

	for (unsigned i = 0; n && i < n->rrsets && rcode == RCODE_NOERROR;
	     i++) {
		uint16_t type = n->rrset[i]->type;

		if (node_is_index(n->rrset[i]) ||
		    !rrset_is_live(n->rrset[i], p->change->now_ms) ||
		    ((n->flags & NODE_APEX) != 0 &&
			(type == TYPE_SOA || type == TYPE_NS)))
			continue;
		rcode = judge(p, rr, n, type);
		judged++;
	}
	/* Nothing there: whoever may change something at the name may. */
	if (judged == 0 && !policy_allows_asker(p->zone, p->who))
		return refuse_no_rule(p, rr->owner.wire, TYPE_ANY);
	return rcode;
}

enum rcode
update_permit(struct update *u, const struct change *change,
    const struct config_zone *zone, const struct policy_asker *who,
    uint16_t key_id)
{
	struct message_cursor c = message_section(&u->message, SECTION_UPDATE);
	struct permit p = {u, change, zone, who, key_id};
	enum rcode rcode = RCODE_NOERROR;
	struct message_rr rr;

	while (rcode == RCODE_NOERROR && message_rr_next(&c, &rr)) {
		struct name_key key;
		const struct node *n;

		name_key_init(&key, rr.owner.wire);
		n = change_find(change, &key);
		if (rr.class == CLASS_ANY && rr.type == TYPE_ANY)
			rcode = judge_name(&p, &rr, n);
		else
			rcode = judge(&p, &rr, n, rr.type);
	}
	return rcode;
}
