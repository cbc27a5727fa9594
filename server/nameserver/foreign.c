/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/foreign.h"

#include "zones/dns/rdata.h"

/* An entry being added record by record. */
struct adding {
	struct judging *j;
	struct way *way;
	const struct cache_entry *entry;
	struct message m; /* over the entry */
	struct name at; /* the end of its chain so far */
	bool cut; /* what follows is for others to tell */
	bool full; /* no room, and TC is set */
};

/* --- as a whole --- */

static void
set_counts(struct answer *a)
{
	for (int i = SECTION_ANSWER; i <= SECTION_ADDITIONAL; i++)
		a->count[i] = wire_load_u16(a->w.buf + 4 + 2 * i);
}

/* RFC 6840 5.7, 5.8: AD is for those who understand it. */
static bool
is_authentic(const struct judging *j, const struct cache_entry *entry)
{
	return entry->authentic &&
	       (j->edns.dnssec_ok || (j->message.flags & FLAG_AD) != 0);
}

/* Without the additional section, if that helps; false, with nothing done, if
 * it does not fit even so. */
static bool
put_whole(struct judging *j, struct way *way, const struct cache_entry *entry)
{
	struct answer *a = &j->a;
	size_t len = entry->len;
	struct message m;

	if (len > a->w.cap) {
		if (len > j->req->out_cap ||
		    message_parse_answer(&m, entry->wire, len) != MESSAGE_OK ||
		    m.at[SECTION_ADDITIONAL] > a->w.cap)
			return false;
		len = m.at[SECTION_ADDITIONAL];
	}
	(void)cache_write(entry, &j->message, a->w.buf, j->req->out_cap);
	a->w.targets = 0;
	a->w.len = len;
	set_counts(a);
	if (len < entry->len)
		a->count[SECTION_ADDITIONAL] = 0;
	way->result.rcode = entry->rcode;
	way->result.authentic = is_authentic(j, entry);
	return true;
}

/* Whether the first record is, to be seen at a glance, one that was asked for:
 * then there are no aliases. */
static bool
is_plain(const struct judging *j, const struct cache_entry *entry)
{
	size_t at = MESSAGE_HEADER_LEN + message_question_len(&j->message);
	const uint8_t *record = entry->wire + at;

	if (entry->leads_out)
		return false;
	if (wire_load_u16(entry->wire + 6) == 0)
		return true;
	return at + 4 <= entry->len &&
	       wire_load_u16(record) == (0xc000 | MESSAGE_HEADER_LEN) &&
	       wire_load_u16(record + 2) == j->message.qtype;
}

/* --- record by record --- */

static uint32_t
ttl_now(const struct cache_entry *entry, uint32_t ttl)
{
	if (entry->stale)
		return CACHE_STALE_TTL_S;
	return ttl > entry->age_s ? ttl - entry->age_s : 0;
}

/* An alias of the chain: what follows belongs to it, or to somebody else. */
static bool
follow(struct adding *g, const uint8_t *target)
{
	uint64_t from = name_hash(g->at.wire);

	name_set(&g->at, target);
	if (!chain_follow(&g->way->chain, from, name_hash(target)))
		return false;
	g->cut = resolve_is_elsewhere(g->j, target, (unsigned)g->way->zone);
	return true;
}

/* Adds a record; false if the rest is not to be added either. */
static bool
add(struct adding *g, enum message_section section, struct message_rr *rr)
{
	struct answer *a = &g->j->a;
	uint8_t rdata[RDATA_MAX_LEN];
	size_t len;

	if (!rdata_read(&rr->rdata, rr->type, rr->rdlength, rdata, &len))
		return false;
	if (!answer_put(a, section, owner_of(rr->owner.wire), rr->type,
		ttl_now(g->entry, rr->ttl), rdata, len)) {
		if (section != SECTION_ADDITIONAL)
			answer_truncate(a);
		g->full = true;
		return false;
	}
	if (section == SECTION_ANSWER && rr->type == TYPE_CNAME &&
	    g->j->message.qtype != TYPE_CNAME &&
	    name_equal(rr->owner.wire, g->at.wire))
		return follow(g, rdata);
	return true;
}

/* Adds the chain, as far as it is theirs to tell; false if that is the end
 * of it all.  The signatures of its last alias may follow that. */
static bool
add_chain(struct adding *g)
{
	struct message_cursor c = message_section(&g->m, SECTION_ANSWER);
	struct message_rr rr;
	struct name last = g->at;

	while (message_rr_next(&c, &rr)) {
		if (!g->cut)
			last = g->at;
		else if (rr.type != TYPE_RRSIG ||
			 !name_equal(rr.owner.wire, last.wire))
			continue;
		if (!add(g, SECTION_ANSWER, &rr))
			return false;
	}
	return true;
}

static void
add_section(struct adding *g, enum message_section section)
{
	struct message_cursor c = message_section(&g->m, section);
	struct message_rr rr;

	while (!g->full && message_rr_next(&c, &rr))
		(void)add(g, section, &rr);
}

/* Whether an alias leads to what whoever was asked has no say in. */
static bool
leads_elsewhere(
    const struct judging *j, const struct way *way, const struct message *m)
{
	struct message_cursor c = message_section(m, SECTION_ANSWER);
	struct message_rr rr;
	struct name target;

	while (message_rr_next(&c, &rr)) {
		if (rr.type != TYPE_CNAME)
			continue;
		wire_get_name(&rr.rdata, &target);
		if (resolve_is_elsewhere(j, target.wire, (unsigned)way->zone))
			return true;
	}
	return false;
}

static enum resolve_step
add_all(struct adding *g)
{
	struct way *way = g->way;
	bool goes_on = add_chain(g);

	way->result.rcode = RCODE_NOERROR;
	way->result.authentic = false;
	if (!goes_on)
		return RESOLVE_DONE;
	/* Whoever was asked knew no more than the alias. */
	if ((g->cut || g->entry->leads_out) &&
	    !name_equal(g->at.wire, way->name.wire)) {
		way->name = g->at;
		return RESOLVE_NEXT;
	}
	way->result.rcode = g->entry->rcode;
	add_section(g, SECTION_AUTHORITY);
	add_section(g, SECTION_ADDITIONAL);
	return RESOLVE_DONE;
}

enum resolve_step
foreign_answer(
    struct judging *j, struct way *way, const struct cache_entry *entry)
{
	struct adding g = {.j = j, .way = way, .entry = entry};
	bool is_first = way->chain.length == 0;

	if (is_first && is_plain(j, entry) && put_whole(j, way, entry))
		return RESOLVE_DONE;
	if (message_parse_answer(&g.m, entry->wire, entry->len) != MESSAGE_OK) {
		way->result.rcode = RCODE_SERVFAIL;
		return RESOLVE_DONE;
	}
	if (is_first && !entry->leads_out && !leads_elsewhere(j, way, &g.m) &&
	    put_whole(j, way, entry))
		return RESOLVE_DONE;
	name_set(&g.at, way->name.wire);
	return add_all(&g);
}
