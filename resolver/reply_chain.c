/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/reply_internal.h"

static void
move_to(struct judge *j, const uint8_t *name)
{
	name_set(&j->current, name);
	name_key_init(&j->key, name);
}

/* Whether the owner is a name above the current one, or it itself; tells by
 * the number of labels and the hash of the suffix, so nothing is walked. */
static bool
is_above(const struct judge *j, const struct reply_record *record)
{
	struct name owner;

	if (record->labels > j->key.labels ||
	    record->hash != j->key.hash[j->key.labels - record->labels])
		return false;
	reply_get_owner(j, record, &owner);
	return name_is_in(j->current.wire, owner.wire);
}

/* The DNAME that renames the current name, or NULL: one of a proper ancestor
 * in the zone (RFC 6672 2.3). */
static const struct reply_record *
find_dname(const struct judge *j)
{
	unsigned zone_labels = name_labels(j->question->zone);
	size_t i;

	for (i = 0; i < j->count; i++) {
		const struct reply_record *record = &j->record[i];

		if (record->section == SECTION_ANSWER &&
		    record->type == TYPE_DNAME &&
		    record->labels < j->key.labels &&
		    record->labels >= zone_labels && is_above(j, record))
			return record;
	}
	return NULL;
}

static const struct reply_record *
find_cname(const struct judge *j)
{
	struct reply_set set = {
	    SECTION_ANSWER, TYPE_CNAME, j->current.wire, j->key.hash[0]};
	size_t i;

	for (i = 0; i < j->count; i++)
		if (j->record[i].type == TYPE_CNAME &&
		    reply_is_of(j, &j->record[i], &set))
			return &j->record[i];
	return NULL;
}

/* Replaces the end of the current name (RFC 6672 2.2); false if the result
 * is no name any more. */
static bool
rename_current(const struct judge *j, unsigned labels, const uint8_t *target,
    struct name *renamed)
{
	size_t prefix = j->key.label[j->key.labels - labels];
	size_t len = name_len(target);

	if (prefix + len > NAME_MAX_LEN)
		return false;
	memcpy(renamed->wire, j->current.wire, prefix);
	memcpy(renamed->wire + prefix, target, len);
	renamed->len = (uint8_t)(prefix + len);
	return true;
}

/* One step by a DNAME.  The alias is made here and not taken from upstream:
 * what the DNAME says is then what clients see that do not know it. */
static enum reply_state
step_dname(struct judge *j, const struct reply_record *dname)
{
	struct name owner, target, before = j->current;
	struct reply_set set = {SECTION_ANSWER, TYPE_DNAME, owner.wire, 0};
	uint16_t pointer = 0;
	size_t len, i;

	if (!reply_read_rdata(j, dname, &len))
		return REPLY_WRONG;
	if (!rename_current(j, dname->labels, j->rdata, &target))
		return REPLY_LAME;
	reply_get_owner(j, dname, &owner);
	set.hash = dname->hash;
	/* It may have been used before, for another name. */
	for (i = 0; !dname->kept && i < j->count; i++)
		if (&j->record[i] == dname ||
		    (j->record[i].type == TYPE_RRSIG &&
			reply_is_of(j, &j->record[i], &set)))
			reply_put_record(
			    j, &j->record[i], owner.wire, &pointer, dname->ttl);
	j->record[dname - j->record].kept = true;
	reply_put_alias(j, before.wire, target.wire, dname->ttl);
	move_to(j, target.wire);
	return REPLY_OK;
}

/* One step by a CNAME, of which a name has one at most (RFC 2181 10.1): more
 * are not looked at. */
static enum reply_state
step_cname(struct judge *j, const struct reply_record *cname)
{
	struct reply_set set = {
	    SECTION_ANSWER, TYPE_CNAME, j->current.wire, j->key.hash[0]};
	uint16_t pointer = 0;
	struct name target;
	size_t len, i;

	if (cname->kept) /* a loop */
		return REPLY_LAME;
	if (!reply_read_rdata(j, cname, &len))
		return REPLY_WRONG;
	name_set(&target, j->rdata);
	for (i = 0; i < j->count; i++)
		if (&j->record[i] == cname ||
		    (j->record[i].type == TYPE_RRSIG &&
			reply_is_of(j, &j->record[i], &set)))
			reply_put_record(j, &j->record[i], j->current.wire,
			    &pointer, cname->ttl);
	j->record[cname - j->record].kept = true;
	move_to(j, target.wire);
	return REPLY_OK;
}

/* One step; *at_end is set where there is none. */
static enum reply_state
step(struct judge *j, bool *at_end)
{
	uint16_t qtype = j->question->qtype;
	const struct reply_record *alias = find_dname(j);
	struct reply_set set = {
	    SECTION_ANSWER, qtype, j->current.wire, j->key.hash[0]};
	enum reply_state state;

	if (alias != NULL) {
		state = step_dname(j, alias);
		/* The alias itself may be what was asked for. */
		if (qtype == TYPE_CNAME || qtype == TYPE_ANY)
			j->found = *at_end = true;
		return state;
	}
	if (reply_put_set(j, &set, REPLY_TTL_MAX) > 0) {
		j->found = *at_end = true;
		return REPLY_OK;
	}
	alias = find_cname(j);
	if (alias != NULL)
		return step_cname(j, alias);
	*at_end = true;
	return REPLY_OK;
}

enum reply_state
reply_follow(struct judge *j)
{
	enum reply_state state;
	bool at_end = false;
	unsigned steps;

	move_to(j, j->question->qname);
	for (steps = 0; steps <= REPLY_CHAIN_MAX; steps++) {
		j->aliased = steps > 0;
		if (!name_is_in(j->current.wire, j->question->zone)) {
			/* RFC 5452 6: what it says of others is not believed,
			 * the RCODE, which is about the last name (RFC 6604
			 * 3), included. */
			j->reply->leads_out = true;
			return REPLY_OK;
		}
		state = step(j, &at_end);
		if (state != REPLY_OK || at_end)
			return state;
	}
	return REPLY_LAME;
}

/* Whether a record of the authority section is about the current name: the
 * SOA of a zone that holds it.  That zone may begin above the forward zone,
 * where its server has all of it. */
static const struct reply_record *
find_soa(const struct judge *j)
{
	size_t i;

	for (i = 0; i < j->count; i++)
		if (j->record[i].section == SECTION_AUTHORITY &&
		    j->record[i].type == TYPE_SOA && is_above(j, &j->record[i]))
			return &j->record[i];
	return NULL;
}

/* Whether a record is part of a proof (RFC 4035 3.1.3), or its signature. */
static bool
is_proof(
    const struct judge *j, const struct reply_record *record, bool with_soa)
{
	uint16_t type = record->type;

	if (record->section != SECTION_AUTHORITY || !j->question->dnssec_ok)
		return false;
	if (type == TYPE_RRSIG)
		type = record->covered;
	if (type == TYPE_SOA)
		return with_soa && record->type == TYPE_RRSIG;
	return type == TYPE_NSEC || type == TYPE_NSEC3;
}

/* RFC 2308 5: the lesser of the SOA's TTL and its last field. */
static uint32_t
negative_ttl(struct judge *j, const struct reply_record *soa)
{
	uint32_t ttl = soa->ttl, minimum;
	size_t len;

	if (!reply_read_rdata(j, soa, &len))
		return 0;
	minimum = wire_load_u32(j->rdata + len - 4);
	if (minimum < ttl)
		ttl = minimum;
	return ttl < REPLY_NEGATIVE_TTL_MAX ? ttl : REPLY_NEGATIVE_TTL_MAX;
}

/* Chooses what of the authority section is kept; the least TTL of it. */
static uint32_t
choose_authority(
    struct judge *j, const struct reply_record *soa, const uint8_t *zone)
{
	uint32_t ttl = soa != NULL ? negative_ttl(j, soa) : REPLY_TTL_MAX;
	struct name owner;
	size_t i;

	for (i = 0; i < j->count; i++) {
		struct reply_record *record = &j->record[i];

		if (record != soa && !is_proof(j, record, soa != NULL))
			continue;
		reply_get_owner(j, record, &owner);
		if (!name_is_in(owner.wire, zone))
			continue;
		record->kept = true;
		if (record->ttl < ttl)
			ttl = record->ttl;
	}
	return ttl;
}

void
reply_put_authority(struct judge *j)
{
	const struct reply_record *soa = NULL;
	const uint8_t *zone = j->question->zone;
	struct name owner, soa_owner;
	uint32_t ttl;
	size_t i;

	if (!j->found && !j->reply->leads_out)
		soa = find_soa(j);
	if (soa != NULL) {
		reply_get_owner(j, soa, &soa_owner);
		if (name_is_in(zone, soa_owner.wire))
			zone = soa_owner.wire;
	}
	ttl = choose_authority(j, soa, zone);
	for (i = 0; i < j->count; i++) {
		const struct reply_record *record = &j->record[i];
		uint16_t pointer = 0;

		if (!record->kept || record->section != SECTION_AUTHORITY)
			continue;
		reply_get_owner(j, record, &owner);
		reply_put_record(j, record, owner.wire, &pointer, ttl);
	}
	j->proven = soa != NULL;
}

/* Whether a record is an address, or the signature of one, of a host that the
 * answer names. */
static bool
is_target(const struct judge *j, const struct reply_record *record)
{
	uint16_t type = record->type;
	size_t i;

	/* A TTL of 0 would make the answer one that cannot be remembered. */
	if (record->section != SECTION_ADDITIONAL || record->ttl == 0)
		return false;
	if (type == TYPE_RRSIG && j->question->dnssec_ok)
		type = record->covered;
	if (type != TYPE_A && type != TYPE_AAAA)
		return false;
	for (i = 0; i < j->targets; i++)
		if (j->target[i] == record->hash)
			return true;
	return false;
}

void
reply_put_additional(struct judge *j)
{
	uint32_t ttl = REPLY_TTL_MAX;
	struct name owner;
	size_t i;

	for (i = 0; i < j->count; i++) {
		struct reply_record *record = &j->record[i];

		if (!is_target(j, record))
			continue;
		reply_get_owner(j, record, &owner);
		record->kept = name_is_in(owner.wire, j->question->zone);
		if (record->kept && record->ttl < ttl)
			ttl = record->ttl;
	}
	for (i = 0; i < j->count; i++) {
		const struct reply_record *record = &j->record[i];
		uint16_t pointer = 0;

		if (!record->kept || record->section != SECTION_ADDITIONAL)
			continue;
		reply_get_owner(j, record, &owner);
		reply_put_record(j, record, owner.wire, &pointer, ttl);
	}
}
