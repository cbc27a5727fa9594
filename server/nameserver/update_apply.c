/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/update_apply.h"

#include "server/nameserver/grant.h"
#include "server/nameserver/policy.h"
#include "server/nameserver/prerequisite.h"
#include "server/nameserver/update_permit.h"
#include "zones/dns/serial.h"

/* One update being run. */
struct run {
	struct update *update;
	struct change *change;
	const struct config_zone *zone;
	struct policy_asker who;
	uint16_t key_id;
	uint8_t rdata[RDATA_MAX_LEN];
	size_t rdlen;
	bool granted; /* a record got a lease */
	bool key_granted;
};

static bool
is_apex(const struct run *run, const uint8_t *owner)
{
	return name_equal(owner, run->zone->name.wire);
}

static enum rcode
fail_memory(struct run *run)
{
	update_fail(run->update, RCODE_SERVFAIL, EDE_OTHER, "out of memory");
	return RCODE_SERVFAIL;
}

/* --- 3.4.1 prescan --- */

/* RFC 2136 3.4.1.2; RDATA is checked too, so that nothing can fail later. */
static bool
is_well_formed(struct run *run, struct message_rr *rr)
{
	switch (rr->class) {
	case CLASS_IN:
		return !type_is_meta(rr->type) &&
		       rdata_read(&rr->rdata, rr->type, rr->rdlength,
			   run->rdata, &run->rdlen);
	case CLASS_ANY:
		return rr->ttl == 0 && rr->rdlength == 0 &&
		       (rr->type == TYPE_ANY || !type_is_meta(rr->type));
	case CLASS_NONE:
		return rr->ttl == 0 && !type_is_meta(rr->type) &&
		       rdata_read(&rr->rdata, rr->type, rr->rdlength,
			   run->rdata, &run->rdlen);
	default:
		return false;
	}
}

static enum rcode
prescan(struct run *run)
{
	struct message_cursor c =
	    message_section(&run->update->message, SECTION_UPDATE);
	struct message_rr rr;
	char name[NAME_TEXT_LEN];

	for (unsigned i = 1; message_rr_next(&c, &rr); i++) {
		if (!name_is_in(rr.owner.wire, run->zone->name.wire)) {
			update_fail(run->update, RCODE_NOTZONE, EDE_OTHER,
			    "record %u: %.120s is not in the zone", i,
			    name_to_text(rr.owner.wire, name));
			return RCODE_NOTZONE;
		}
		if (!is_well_formed(run, &rr)) {
			update_fail(run->update, RCODE_FORMERR, EDE_OTHER,
			    "record %u of the update section is malformed", i);
			return RCODE_FORMERR;
		}
	}
	return RCODE_NOERROR;
}

/* --- 3.4.2 apply --- */

static enum error
add_soa(struct run *run, const uint8_t *owner, uint32_t ttl)
{
	uint32_t serial = wire_load_u32(run->rdata + run->rdlen - 20);

	/* RFC 2136 3.4.2.2: elsewhere than at the apex there is no SOA to
	 * replace; and never back in time. */
	if (!is_apex(run, owner) ||
	    serial_compare(serial, run->change->zone->serial) <= 0)
		return OK;
	return change_set_soa(run->change, ttl, run->rdata, run->rdlen);
}

static void
note_grant(struct run *run, uint16_t type, uint32_t granted_s)
{
	struct update *u = run->update;
	uint32_t *to = type == TYPE_KEY ? &u->key_granted_s : &u->granted_s;
	bool *seen = type == TYPE_KEY ? &run->key_granted : &run->granted;

	if (!*seen || granted_s < *to)
		*to = granted_s;
	*seen = true;
}

/* SOA and NS of the apex are not deleted by class ANY, RFC 2136 3.4.2.3. */
static bool
is_protected(const struct run *run, const uint8_t *owner, uint16_t type)
{
	return (type == TYPE_SOA || type == TYPE_NS) && is_apex(run, owner);
}

static enum error
add(struct run *run, const struct message_rr *rr)
{
	struct change *c = run->change;
	uint32_t ttl = grant_ttl(run->zone, rr->ttl);
	struct change_grant grant = {.key = run->key_id};
	const struct config_rule *rule;
	const struct node *n;
	struct name_key key;
	enum error err;

	if (rr->type == TYPE_SOA)
		return add_soa(run, rr->owner.wire, ttl);
	name_key_init(&key, rr->owner.wire);
	n = change_find(c, &key);
	/* RFC 2136 3.4.2.2: CNAME beside other data is ignored, either way
	 * round. */
	if (n != NULL && node_conflicts_with_cname(n, rr->type, c->now_ms))
		return OK;
	/* There is one CNAME, or DNAME (RFC 6672 2.4), at a name: a new one
	 * replaces it. */
	if (rr->type == TYPE_CNAME || rr->type == TYPE_DNAME) {
		err = change_remove_set(c, &key, rr->type);
		if (err != OK)
			return err;
	}
	/* A zone without NS would be none: those of the apex have no lease. */
	if (!is_protected(run, rr->owner.wire, rr->type)) {
		rule =
		    policy_find(run->zone, &run->who, rr->owner.wire, rr->type);
		grant.granted_s = grant_record(
		    run->zone, rule, &run->update->edns, rr->type, ttl);
		note_grant(run, rr->type, grant.granted_s);
	}
	return change_add(
	    c, &key, rr->type, ttl, run->rdata, run->rdlen, &grant);
}

static enum error
remove_name(struct run *run, const uint8_t *owner, const struct name_key *key)
{
	uint16_t type[NODE_MAX_RRSETS];
	const struct node *n = change_find(run->change, key);
	unsigned count = 0;
	enum error err = OK;

	for (unsigned i = 0; n != NULL && i < n->rrsets; i++)
		if (!node_is_index(n->rrset[i]) &&
		    !is_protected(run, owner, n->rrset[i]->type))
			type[count++] = n->rrset[i]->type;
	for (unsigned i = 0; i < count && err == OK; i++)
		err = change_remove_set(run->change, key, type[i]);
	return err;
}

static enum error
remove_set(struct run *run, const struct message_rr *rr)
{
	struct name_key key;

	name_key_init(&key, rr->owner.wire);
	if (rr->type == TYPE_ANY)
		return remove_name(run, rr->owner.wire, &key);
	if (is_protected(run, rr->owner.wire, rr->type))
		return OK;
	return change_remove_set(run->change, &key, rr->type);
}

/* RFC 2136 3.4.2.4: neither the SOA nor the last NS of the zone. */
static enum error
remove_one(struct run *run, const struct message_rr *rr)
{
	const struct rrset *ns;
	struct name_key key;

	if (rr->type == TYPE_SOA)
		return OK;
	name_key_init(&key, rr->owner.wire);
	if (is_protected(run, rr->owner.wire, rr->type)) {
		ns = node_find(run->change->zone->apex, TYPE_NS);
		if (ns == NULL ||
		    rrset_live_count(ns, run->change->now_ms) <= 1)
			return OK;
	}
	return change_remove(
	    run->change, &key, rr->type, run->rdata, run->rdlen);
}

static enum error
apply_one(struct run *run, struct message_rr *rr)
{
	if (rr->class == CLASS_ANY)
		return remove_set(run, rr);
	/* The prescan has accepted this RDATA. */
	if (!rdata_read(
		&rr->rdata, rr->type, rr->rdlength, run->rdata, &run->rdlen))
		return ERR_SYNTAX;
	return rr->class == CLASS_NONE ? remove_one(run, rr) : add(run, rr);
}

static enum rcode
apply_all(struct run *run)
{
	struct message_cursor c =
	    message_section(&run->update->message, SECTION_UPDATE);
	struct message_rr rr;
	enum error err = OK;

	while (err == OK && message_rr_next(&c, &rr))
		err = apply_one(run, &rr);
	if (err == OK)
		return RCODE_NOERROR;
	if (err == ERR_MEMORY)
		return fail_memory(run);
	update_fail(
	    run->update, RCODE_SERVFAIL, EDE_OTHER, "%s", error_text(err));
	return RCODE_SERVFAIL;
}

enum rcode
update_apply(struct update *u, struct change *change,
    const struct config_zone *zone, int key, uint16_t key_id)
{
	struct run run;
	enum rcode rcode;

	run.update = u;
	run.change = change;
	run.zone = zone;
	run.who =
	    (struct policy_asker){.key = key, .peer = &u->peer, .tcp = u->tcp};
	run.key_id = key_id;
	run.granted = run.key_granted = false;
	u->granted_s = grant_lease(zone, &u->edns);
	u->key_granted_s = grant_key_lease(zone, &u->edns);
	rcode = prerequisite_check(&u->message, change->zone, change->now_ms);
	if (rcode != RCODE_NOERROR) {
		update_fail(u, rcode, EDE_NONE, "a prerequisite is not met");
		return rcode;
	}
	rcode = update_permit(u, change, zone, &run.who, key_id);
	if (rcode == RCODE_NOERROR)
		rcode = prescan(&run);
	if (rcode == RCODE_NOERROR)
		rcode = apply_all(&run);
	u->rcode = rcode;
	return rcode;
}
