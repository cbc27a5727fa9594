/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/reply_internal.h"

#define POINTER 0xc000 /* RFC 1035 4.1.4 */
#define POINTER_MAX 0x3fff

/* Keys of SvcParams that are addresses (RFC 9460 7.3). */
#define SVCB_IPV4HINT 4
#define SVCB_IPV6HINT 6

void
reply_get_owner(const struct judge *j, const struct reply_record *record,
    struct name *owner)
{
	struct wire_reader r = wire_reader(j->m.in, j->m.len);

	r.pos = record->at;
	wire_get_name(&r, owner);
}

bool
reply_read_rdata(
    struct judge *j, const struct reply_record *record, size_t *rdata_len)
{
	struct wire_reader r = wire_reader(j->m.in, j->m.len);

	r.pos = record->rdata;
	if (rdata_read(&r, record->type, record->rdlength, j->rdata, rdata_len))
		return true;
	j->wrong = true;
	return false;
}

/* Whether one of the addresses of a hint is private. */
static bool
is_hint_private(uint16_t type, size_t size, const uint8_t *at, size_t len)
{
	for (; len >= size; at += size, len -= size)
		if (reply_is_private(type, at))
			return true;
	return false;
}

/* Whether the hints of an SVCB or HTTPS record are private: browsers go there
 * without asking for addresses. */
static bool
is_svcb_private(const uint8_t *rdata, size_t len)
{
	size_t pos = 2 + name_len(rdata + 2);

	while (len - pos >= 4) {
		unsigned key = wire_load_u16(rdata + pos);
		size_t n = wire_load_u16(rdata + pos + 2);

		pos += 4;
		if (n > len - pos)
			return false;
		if (key == SVCB_IPV4HINT &&
		    is_hint_private(TYPE_A, 4, rdata + pos, n))
			return true;
		if (key == SVCB_IPV6HINT &&
		    is_hint_private(TYPE_AAAA, 16, rdata + pos, n))
			return true;
		pos += n;
	}
	return false;
}

/* Takes note of what a record that is written leads to. */
static void
note_rdata(struct judge *j, uint16_t type, const uint8_t *owner, size_t len)
{
	const uint8_t *target;

	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
		if (reply_is_private(type, j->rdata))
			j->reply->private_address = true;
		return;
	case TYPE_SVCB:
	case TYPE_HTTPS:
		if (is_svcb_private(j->rdata, len))
			j->reply->private_address = true;
		break;
	default:
		break;
	}
	target = rdata_target(type, j->rdata, len);
	/* RFC 9460 2.5.2: "." is the owner itself, for a service. */
	if (target == NULL && (type == TYPE_SVCB || type == TYPE_HTTPS) &&
	    wire_load_u16(j->rdata) != 0)
		target = owner;
	if (target != NULL && j->targets < REPLY_TARGETS_MAX)
		j->target[j->targets++] = name_hash(target);
}

static void
put_owner(struct judge *j, const uint8_t *owner, uint16_t *pointer)
{
	struct wire_writer *w = &j->w;
	size_t start = w->len;

	if (*pointer != 0) {
		wire_put_u16(w, *pointer);
		return;
	}
	wire_put_name(w, owner);
	if (w->failed || w->len - start < 2)
		return;
	if (w->buf[start] >= POINTER >> 8)
		*pointer = wire_load_u16(w->buf + start);
	else if (start <= POINTER_MAX)
		*pointer = (uint16_t)(POINTER | start);
}

/* Writes what stands in front of RDATA. */
static void
put_head(struct judge *j, const uint8_t *owner, uint16_t *pointer,
    uint16_t type, uint32_t ttl)
{
	struct reply *reply = j->reply;

	put_owner(j, owner, pointer);
	wire_put_u16(&j->w, type);
	wire_put_u16(&j->w, CLASS_IN);
	if (reply->ttls == reply->ttl_cap) {
		j->w.failed = true;
		return;
	}
	reply->ttl_at[reply->ttls++] = (uint16_t)j->w.len;
	wire_put_u32(&j->w, ttl);
	if (ttl < j->ttl)
		j->ttl = ttl;
}

void
reply_put_record(struct judge *j, const struct reply_record *record,
    const uint8_t *owner, uint16_t *pointer, uint32_t ttl)
{
	size_t len;

	if (j->w.failed || j->wrong || !reply_read_rdata(j, record, &len))
		return;
	put_head(j, owner, pointer, record->type, ttl);
	rdata_put(&j->w, record->type, j->rdata, len);
	if (j->w.failed)
		return;
	message_add_count(&j->w, (enum message_section)record->section, 1);
	note_rdata(j, record->type, owner, len);
}

void
reply_put_alias(
    struct judge *j, const uint8_t *owner, const uint8_t *target, uint32_t ttl)
{
	uint16_t pointer = 0;

	put_head(j, owner, &pointer, TYPE_CNAME, ttl);
	rdata_put(&j->w, TYPE_CNAME, target, name_len(target));
	if (!j->w.failed)
		message_add_count(&j->w, SECTION_ANSWER, 1);
}

bool
reply_is_owner(const struct judge *j, const struct reply_record *record,
    const uint8_t *name, uint64_t hash)
{
	struct name owner;

	if (record->hash != hash)
		return false;
	reply_get_owner(j, record, &owner);
	return name_equal(owner.wire, name);
}

bool
reply_is_of(const struct judge *j, const struct reply_record *record,
    const struct reply_set *set)
{
	if (record->section != set->section)
		return false;
	if (record->type != set->type && set->type != TYPE_ANY &&
	    !(j->question->dnssec_ok && record->type == TYPE_RRSIG &&
		record->covered == set->type))
		return false;
	return reply_is_owner(j, record, set->owner, set->hash);
}

unsigned
reply_put_set(struct judge *j, const struct reply_set *set, uint32_t limit)
{
	uint16_t pointer = 0;
	unsigned count = 0;
	uint32_t ttl = limit;
	size_t i;

	/* RFC 2181 5.2: those that differ get the least.  The signatures'
	 * TTL is that of what they sign (RFC 4034 3). */
	for (i = 0; i < j->count; i++) {
		struct reply_record *record = &j->record[i];

		if (!reply_is_of(j, record, set))
			continue;
		record->kept = true;
		if (record->ttl < ttl)
			ttl = record->ttl;
		if (record->type == set->type || set->type == TYPE_ANY)
			count++;
	}
	/* Signatures of nothing sign nothing. */
	for (i = 0; count > 0 && i < j->count; i++)
		if (j->record[i].kept && reply_is_of(j, &j->record[i], set))
			reply_put_record(
			    j, &j->record[i], set->owner, &pointer, ttl);
	return count;
}
