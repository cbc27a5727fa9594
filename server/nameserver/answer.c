/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/answer.h"

#include "server/nameserver/additional.h"
#include "server/nameserver/rules.h"

void
answer_truncate(struct answer *a)
{
	a->truncated = true;
}

uint32_t
answer_ttl(uint32_t ttl, int64_t deadline_ms, int64_t now_ms)
{
	int64_t left_s;

	if (deadline_ms == DEADLINE_NONE)
		return ttl;
	left_s = (deadline_ms - now_ms) / 1000;
	if (left_s < 0)
		left_s = 0;
	return left_s < ttl ? (uint32_t)left_s : ttl;
}

/* Starts a record and returns the place of its RDLENGTH, or NULL. */
static uint8_t *
put_head(struct wire_writer *w, struct owner owner, uint16_t type, uint32_t ttl)
{
	uint8_t *at;

	if (owner.at != 0 && owner.at <= ANSWER_POINTER_MAX) {
		at = wire_put_room(w, ANSWER_RR_LEN);
		if (at == NULL)
			return NULL;
		answer_store_head(at, owner.at, type, ttl);
		return at + ANSWER_RR_LEN - 2;
	}
	wire_put_name(w, owner.name);
	at = wire_put_room(w, ANSWER_RR_LEN - 2);
	if (at == NULL)
		return NULL;
	wire_store_u16(at, type);
	wire_store_u16(at + 2, CLASS_IN);
	wire_store_u32(at + 4, ttl);
	return at + 8;
}

bool
answer_put(struct answer *a, enum message_section section, struct owner owner,
    uint16_t type, uint32_t ttl, const uint8_t *rdata, size_t rdlen)
{
	size_t mark = a->w.len;

	if (put_head(&a->w, owner, type, ttl) != NULL) {
		a->w.len -= 2; /* rdata_put() writes RDLENGTH itself */
		rdata_put(&a->w, type, rdata, rdlen);
	}
	if (a->w.failed) {
		wire_rewind(&a->w, mark);
		return false;
	}
	a->count[section]++;
	return true;
}

void
answer_note_target(struct answer *a, struct owner owner, uint64_t hash)
{
	if (a->targets < ANSWER_MAX_TARGETS)
		a->scratch->target[a->targets++] =
		    (struct target){.owner = owner,
			.name_len = (uint8_t)name_len(owner.name),
			.hash = hash};
}

/* Notes the host in a record that was just written, whose RDATA starts at
 * the place at. */
static void
note_record(
    struct answer *a, struct owner of, const struct record *r, size_t at)
{
	struct owner owner;

	/* RFC 9460 2.5.2: in service mode "." is the owner itself. */
	if ((r->type == TYPE_SVCB || r->type == TYPE_HTTPS) &&
	    wire_load_u16(r->rdata) != 0 && r->rdata[2] == 0) {
		answer_note_target(a, of, name_hash(of.name));
		return;
	}
	if (r->target_hash == 0)
		return;
	owner.name = rdata_target(r->type, r->rdata, r->rdlen);
	/* Only a name that stands there uncompressed can be pointed at. */
	owner.at = r->type == TYPE_SRV && at + 6 <= ANSWER_POINTER_MAX
		       ? (uint16_t)(at + 6)
		       : 0;
	answer_note_target(a, owner, r->target_hash);
}

/* Whether records of a type consist of octets that are copied as they are. */
static bool
is_plain(uint16_t type)
{
	return type == TYPE_SRV || type == TYPE_A || type == TYPE_AAAA;
}

/* Adds one record of a set; its RDATA needs no compression or cannot be
 * compressed in most types, so copying is the common case. */
static bool
put_record(struct answer *a, enum message_section section, struct owner owner,
    const struct record *r, uint32_t ttl)
{
	uint8_t *at;

	if (!is_plain(r->type)) {
		if (!answer_put(
			a, section, owner, r->type, ttl, r->rdata, r->rdlen))
			return false;
		note_record(a, owner, r, 0);
		return true;
	}
	at = put_head(&a->w, owner, r->type, ttl);
	if (at == NULL || wire_put_room(&a->w, r->rdlen) == NULL)
		return false;
	wire_store_u16(at, r->rdlen);
	memcpy(at + 2, r->rdata, r->rdlen);
	a->count[section]++;
	note_record(a, owner, r, (size_t)(at + 2 - a->w.buf));
	return true;
}

bool
answer_put_whole(struct answer *a, enum message_section section,
    struct owner owner, const struct rrset *set, uint32_t max_ttl)
{
	uint32_t ttl = set->ttl < max_ttl ? set->ttl : max_ttl;
	size_t mark = a->w.len, targets = a->targets;
	unsigned count = a->count[section];
	struct rrset_cursor c;
	struct record *r;

	if (set->leased) {
		for (r = rrset_first(set, &c); r; r = rrset_next(&c))
			if (record_is_live(r, a->now_ms))
				ttl = answer_ttl(
				    ttl, record_deadline_ms(r), a->now_ms);
	}
	for (r = rrset_first(set, &c); r; r = rrset_next(&c)) {
		if (!record_is_live(r, a->now_ms))
			continue;
		if (!put_record(a, section, owner, r, ttl)) {
			wire_rewind(&a->w, mark);
			a->count[section] = count;
			a->targets = targets;
			return false;
		}
	}
	return true;
}

/* Notes the host of an SRV record that was just copied to at: the name stands
 * there uncompressed. */
static void
note_srv(struct answer *a, const struct record *r, const uint8_t *at)
{
	struct target *t = &a->scratch->target[a->targets];
	size_t place = (size_t)(at + 6 - a->w.buf);

	if (r->target_hash == 0 || a->targets == ANSWER_MAX_TARGETS)
		return;
	t->owner.name = at + 6;
	t->owner.at = place <= ANSWER_POINTER_MAX ? (uint16_t)place : 0;
	t->name_len = (uint8_t)(r->rdlen - 6);
	t->hash = r->target_hash;
	a->targets++;
}

/* Writes the priority and weight that a pick has come to over those of its
 * record. */
static void
store_changed(const struct pick *p, uint8_t *rdata)
{
	wire_store_u16(rdata, p->priority);
	wire_store_u16(rdata + 2, p->weight);
}

/* The common case of put_all(): all heads are the same twelve octets but for
 * RDLENGTH, and whether all fit is known before the first is written. */
static bool
put_all_plain(struct answer *a, struct owner owner, uint32_t ttl)
{
	const struct selection *s = &a->scratch->selection;
	uint16_t type = s->pick[0].record->type;
	uint8_t head[ANSWER_RR_LEN - 2], *at;
	size_t need = 0;

	for (size_t i = 0; i < s->count; i++)
		need += ANSWER_RR_LEN + s->pick[i].record->rdlen;
	if (need > a->w.cap - a->w.len)
		return false;
	answer_store_head(head, owner.at, type, ttl);
	at = a->w.buf + a->w.len;
	a->w.len += need;
	for (size_t i = 0; i < s->count; i++) {
		const struct record *r = s->pick[i].record;

		memcpy(at, head, sizeof(head));
		wire_store_u16(at + sizeof(head), r->rdlen);
		at += ANSWER_RR_LEN;
		memcpy(at, r->rdata, r->rdlen);
		if (type == TYPE_SRV) {
			note_srv(a, r, at);
			if (s->changed)
				store_changed(&s->pick[i], at);
		}
		at += r->rdlen;
	}
	a->count[SECTION_ANSWER] += (unsigned)s->count;
	return true;
}

/* Adds the picks in order; false, with nothing added, if not all fit. */
static bool
put_all(struct answer *a, struct owner owner, uint32_t ttl)
{
	const struct selection *s = &a->scratch->selection;
	size_t mark = a->w.len, targets = a->targets;
	unsigned count = a->count[SECTION_ANSWER];

	if (s->count > 0 && owner.at != 0 && owner.at <= ANSWER_POINTER_MAX &&
	    is_plain(s->pick[0].record->type))
		return put_all_plain(a, owner, ttl);
	for (size_t i = 0; i < s->count; i++) {
		const struct record *r = s->pick[i].record;

		if (put_record(a, SECTION_ANSWER, owner, r, ttl)) {
			if (s->changed && r->type == TYPE_SRV)
				store_changed(&s->pick[i],
				    a->w.buf + a->w.len - r->rdlen);
			continue;
		}
		wire_rewind(&a->w, mark);
		a->count[SECTION_ANSWER] = count;
		a->targets = targets;
		return false;
	}
	return true;
}

/* The octets that the target of an SRV will take as an owner if it stands in
 * the message at the place at: a pointer to there or, too far back for that,
 * the name as far as the question does not end like it. */
static size_t
owner_len(const struct answer *a, const struct record *r, size_t at)
{
	const struct name *apex = &a->zone->info->apex;
	const uint8_t *target = rdata_target(r->type, r->rdata, r->rdlen);

	if (at <= ANSWER_POINTER_MAX)
		return 2;
	if (!name_is_in(target, apex->wire))
		return name_len(target);
	return name_len(target) - apex->len + 2;
}

/* How many of the picks fit, each with the addresses of its target if it is
 * an SRV. */
static size_t
fitting(struct answer *a, struct owner owner, bool bundles)
{
	const struct selection *s = &a->scratch->selection;
	size_t room = a->w.cap - a->w.len, need = 0, head = ANSWER_RR_LEN;
	size_t at = a->w.len; /* where the record will stand */

	if (owner.at == 0)
		head += name_len(owner.name) - 2;
	for (size_t i = 0; i < s->count; i++) {
		const struct record *r = s->pick[i].record;

		need += head + r->rdlen;
		if (bundles && r->target_hash != 0)
			need += additional_len(
			    a, r, owner_len(a, r, at + head + 6));
		at += head + r->rdlen;
		if (need > room)
			return i;
	}
	return s->count;
}

void
answer_put_picks(struct answer *a, struct owner owner, uint32_t ttl)
{
	struct selection *s = &a->scratch->selection;
	size_t fit;

	if (a->special && s->count > 0 && s->pick[0].record->type == TYPE_SRV)
		rules_settle(a);
	if (s->whole && put_all(a, owner, ttl))
		return;
	rules_by_client(a);
	selection_rank(s, &a->rules);
	if (s->count == 0) {
		/* Not even one record has room behind the signature. */
		if (!a->tcp)
			answer_truncate(a);
		return;
	}
	/* A bundle larger than the message: do without its addresses. */
	fit = fitting(a, owner, s->pick[0].record->type == TYPE_SRV);
	if (fit == 0)
		fit = fitting(a, owner, false);
	selection_cut(s, &a->rules, fit, a->random);
	if (!put_all(a, owner, ttl))
		selection_cut(s, &a->rules, 0, a->random);
	if (!a->tcp)
		answer_truncate(a);
}

/* The least octets a record of this set can need, for bounding the draw. */
static size_t
least_len(const struct rrset *set)
{
	switch (set->type) {
	case TYPE_A:
		return ANSWER_RR_LEN + 4;
	case TYPE_AAAA:
		return ANSWER_RR_LEN + 16;
	case TYPE_SRV:
		return ANSWER_RR_LEN + 6 + 1;
	default:
		return ANSWER_RR_LEN + 1;
	}
}

uint32_t
answer_picks_ttl(const struct answer *a, uint32_t ttl)
{
	const struct selection *s = &a->scratch->selection;
	size_t all = s->all > s->count ? s->all : s->count;

	for (size_t i = 0; i < all; i++)
		ttl = answer_ttl(
		    ttl, record_deadline_ms(s->pick[i].record), a->now_ms);
	return ttl;
}

/* Nothing is to be drawn where there is one record and no rules. */
static void
take_only(struct selection *s, struct record *r, int64_t now_ms)
{
	selection_begin(s);
	if (!record_is_live(r, now_ms))
		return;
	selection_add(s, r);
	s->all = 1;
}

bool
answer_put_selected(
    struct answer *a, struct owner owner, const struct rrset *set)
{
	struct selection *s = &a->scratch->selection;
	size_t max = (a->w.cap - a->w.len) / least_len(set);
	uint32_t ttl = set->ttl;

	if (max > SELECTION_MAX)
		max = SELECTION_MAX;
	if (set->count == 1 && set->height == 0 && !a->special)
		take_only(s, set->item[0], a->now_ms);
	else
		selection_draw(s, set, &a->rules, a->now_ms, a->random, max);
	if (s->count == 0 && s->whole)
		return false;
	if (set->leased)
		ttl = answer_picks_ttl(a, ttl);
	answer_put_picks(a, owner, rules_cap_ttl(a, ttl));
	return true;
}

void
answer_put_soa(struct answer *a, uint32_t ttl)
{
	const struct rrset *set = node_find(a->zone->apex, TYPE_SOA);

	if (!answer_put_whole(a, SECTION_AUTHORITY,
		owner_of(a->zone->info->apex.wire), set, ttl))
		answer_truncate(a);
}
