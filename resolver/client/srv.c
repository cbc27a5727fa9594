/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/srv.h"

#include <stdlib.h>

#include "zones/dns/message.h"

/* One record, its RDATA in place. */
struct record {
	struct name owner;
	uint16_t type;
	uint16_t class;
	uint32_t ttl_s;
	uint16_t rdlen;
	size_t rdata_at;
};

/* The records of a message, from a place on. */
struct walk {
	struct wire_reader reader;
	unsigned left;
};

void
srv_answer_fini(struct srv_answer *answer)
{
	free(answer->records);
	free(answer->addresses);
	*answer = (struct srv_answer){.records = NULL};
}

/* --- what is in an answer --- */

/* Room for one more in an array that grows by doubling; NULL without memory. */
static void *
grow(void *array, size_t count, size_t each)
{
	if (count != 0 && (count & (count - 1)) != 0)
		return array;
	return reallocarray(array, count == 0 ? 1 : count * 2, each);
}

bool
srv_answer_add_address(struct srv_answer *answer, const uint8_t *owner,
    uint16_t type, const uint8_t *octets)
{
	struct srv_address *grown, *address;

	if (answer->addresses_count == SRV_ADDRESSES_MAX)
		return true;
	grown =
	    grow(answer->addresses, answer->addresses_count, sizeof(*grown));
	if (grown == NULL)
		return false;
	answer->addresses = grown;
	address = &grown[answer->addresses_count++];
	*address = (struct srv_address){.type = type};
	name_set(&address->owner, owner);
	memcpy(address->octets, octets, type == TYPE_A ? 4 : 16);
	return true;
}

static bool
add_record(struct srv_answer *answer, struct wire_reader reader)
{
	struct srv_record *grown, *record;

	if (answer->records_count == SRV_RECORDS_MAX)
		return true;
	grown = grow(answer->records, answer->records_count, sizeof(*grown));
	if (grown == NULL)
		return false;
	answer->records = grown;
	record = &grown[answer->records_count];
	record->order = (uint16_t)answer->records_count++;
	record->priority = wire_get_u16(&reader);
	record->weight = wire_get_u16(&reader);
	record->port = wire_get_u16(&reader);
	wire_get_name(&reader, &record->target);
	return true;
}

bool
srv_answer_has_address(const struct srv_answer *answer, const uint8_t *host)
{
	for (size_t i = 0; i < answer->addresses_count; i++)
		if (name_equal(answer->addresses[i].owner.wire, host))
			return true;
	return false;
}

bool
srv_answer_drop_roots(struct srv_answer *answer)
{
	size_t kept = 0;

	for (size_t i = 0; i < answer->records_count; i++)
		if (answer->records[i].target.len > 1)
			answer->records[kept++] = answer->records[i];
	answer->records_count = kept;
	return kept == 0;
}

static int
compare(const void *left, const void *right)
{
	const struct srv_record *a = left, *b = right;
	int order;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	order = name_compare(a->target.wire, b->target.wire);
	if (order != 0)
		return order;
	return (a->port > b->port) - (a->port < b->port);
}

void
srv_answer_sort(struct srv_answer *answer)
{
	if (answer->records_count > 1)
		qsort(answer->records, answer->records_count,
		    sizeof(answer->records[0]), compare);
}

/* --- reading --- */

/* The next record; false at the end, or if there is none that can be read. */
static bool
walk_next(struct walk *walk, struct record *record)
{
	if (walk->left == 0)
		return false;
	walk->left--;
	wire_get_name(&walk->reader, &record->owner);
	record->type = wire_get_u16(&walk->reader);
	record->class = wire_get_u16(&walk->reader);
	record->ttl_s = wire_get_u32(&walk->reader);
	record->rdlen = wire_get_u16(&walk->reader);
	record->rdata_at = walk->reader.pos;
	wire_get_bytes(&walk->reader, record->rdlen);
	/* RFC 2181 8: a TTL with its first bit set is 0. */
	if (record->ttl_s > INT32_MAX)
		record->ttl_s = 0;
	return !walk->reader.failed;
}

/* A reader of a record's RDATA, which ends where it ends. */
static struct wire_reader
rdata_reader(const struct walk *walk, const struct record *record)
{
	struct wire_reader reader =
	    wire_reader(walk->reader.msg, record->rdata_at + record->rdlen);

	reader.pos = record->rdata_at;
	return reader;
}

/* Whether the RDATA is as the type says, for the types that are used here. */
static bool
is_well_formed(const struct walk *walk, const struct record *record)
{
	struct wire_reader reader = rdata_reader(walk, record);

	switch (record->type) {
	case TYPE_A:
		return record->rdlen == 4;
	case TYPE_AAAA:
		return record->rdlen == 16;
	case TYPE_SRV:
		wire_get_bytes(&reader, 6);
		wire_skip_name(&reader);
		break;
	case TYPE_CNAME:
		wire_skip_name(&reader);
		break;
	case TYPE_SOA:
		wire_skip_name(&reader);
		wire_skip_name(&reader);
		wire_get_bytes(&reader, 20);
		break;
	default:
		return true;
	}
	return !reader.failed && reader.pos == reader.len;
}

/* The parts of a message, checked to the last octet. */
struct parts {
	uint16_t flags;
	struct walk answer;
	struct walk authority;
	struct walk additional;
};

static bool
check_section(struct walk *walk)
{
	struct record record;

	while (walk_next(walk, &record))
		if (record.class == CLASS_IN && !is_well_formed(walk, &record))
			return false;
	return !walk->reader.failed;
}

/* Finds the sections; false if the message is no answer to the question. */
static bool
find_parts(struct wire_reader reader, const uint8_t *qname, uint16_t qtype,
    struct parts *parts)
{
	struct walk *section[3] = {
	    &parts->answer, &parts->authority, &parts->additional};
	struct name name;
	uint16_t count[4];

	wire_get_u16(&reader);
	parts->flags = wire_get_u16(&reader);
	for (int i = 0; i < 4; i++)
		count[i] = wire_get_u16(&reader);
	if (reader.failed || (parts->flags & FLAG_QR) == 0 || count[0] != 1)
		return false;
	wire_get_name(&reader, &name);
	if (wire_get_u16(&reader) != qtype ||
	    wire_get_u16(&reader) != CLASS_IN || reader.failed ||
	    !name_equal(name.wire, qname))
		return false;
	for (int i = 0; i < 3; i++) {
		struct walk walk = {reader, count[i + 1]};

		*section[i] = walk;
		if (!check_section(&walk))
			return false;
		reader = walk.reader;
	}
	return reader.pos == reader.len;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Takes one step along the chain, if there is one. */
static bool
follow(struct walk walk, struct srv_answer *answer)
{
	struct record record;

	while (walk_next(&walk, &record)) {
		struct wire_reader reader;

		if (record.class != CLASS_IN || record.type != TYPE_CNAME ||
		    !name_equal(record.owner.wire, answer->end.wire))
			continue;
		reader = rdata_reader(&walk, &record);
		wire_get_name(&reader, &answer->end);
		answer->ttl_s = least(answer->ttl_s, record.ttl_s);
		return true;
	}
	return false;
}

/* Takes the records at the end of the chain; SRV_NONE if there are none. */
static enum srv_outcome
take_records(struct walk walk, const uint8_t *qname, uint16_t qtype,
    struct srv_answer *answer)
{
	enum srv_outcome outcome = SRV_NONE;
	struct record record;

	while (walk_next(&walk, &record)) {
		bool ok;

		if (record.class != CLASS_IN || record.type != qtype ||
		    !name_equal(record.owner.wire, answer->end.wire))
			continue;
		if (qtype == TYPE_SRV)
			ok = add_record(answer, rdata_reader(&walk, &record));
		else
			ok = srv_answer_add_address(answer, qname, qtype,
			    walk.reader.msg + record.rdata_at);
		if (!ok)
			return SRV_MEMORY;
		answer->ttl_s = least(answer->ttl_s, record.ttl_s);
		outcome = SRV_FOUND;
	}
	return outcome;
}

static bool
is_target(const struct srv_answer *answer, const uint8_t *name)
{
	for (size_t i = 0; i < answer->records_count; i++)
		if (name_equal(answer->records[i].target.wire, name))
			return true;
	return false;
}

/* Takes the addresses of targets from a section (RFC 2782: servers should
 * send them along). */
static bool
take_addresses(struct walk walk, struct srv_answer *answer)
{
	struct record record;

	while (walk_next(&walk, &record)) {
		if (record.class != CLASS_IN ||
		    (record.type != TYPE_A && record.type != TYPE_AAAA) ||
		    !is_target(answer, record.owner.wire))
			continue;
		if (!srv_answer_add_address(answer, record.owner.wire,
			record.type, walk.reader.msg + record.rdata_at))
			return false;
		answer->ttl_s = least(answer->ttl_s, record.ttl_s);
	}
	return true;
}

/* RFC 2308 5: the lesser of the SOA's TTL and its last field.  Without a SOA
 * the answer must not be remembered. */
static bool
take_negative_ttl(struct walk walk, struct srv_answer *answer)
{
	struct record record;

	while (walk_next(&walk, &record)) {
		struct wire_reader reader;

		if (record.class != CLASS_IN || record.type != TYPE_SOA)
			continue;
		reader = rdata_reader(&walk, &record);
		reader.pos = reader.len - 4;
		answer->ttl_s = least(
		    answer->ttl_s, least(record.ttl_s, wire_get_u32(&reader)));
		return true;
	}
	answer->ttl_s = 0;
	return false;
}

static enum srv_outcome
read_parts(const struct parts *parts, const uint8_t *qname, uint16_t qtype,
    struct srv_answer *answer)
{
	enum srv_outcome outcome;
	unsigned steps = 0;
	uint32_t chain_ttl_s;
	bool has_soa;

	name_set(&answer->end, qname);
	answer->ttl_s = UINT32_MAX;
	while (steps < SRV_CHAIN_MAX && follow(parts->answer, answer))
		steps++;
	chain_ttl_s = answer->ttl_s;
	outcome = take_records(parts->answer, qname, qtype, answer);
	if (outcome == SRV_NONE) {
		has_soa = take_negative_ttl(parts->authority, answer);
		/* The server did not go on to where the chain leads. */
		if (steps > 0 && !has_soa &&
		    (parts->flags & 0xf) == RCODE_NOERROR) {
			answer->ttl_s = chain_ttl_s;
			outcome = SRV_CHASE;
		}
	} else if (outcome == SRV_FOUND && qtype == TYPE_SRV &&
		   !(take_addresses(parts->answer, answer) &&
		       take_addresses(parts->additional, answer))) {
		outcome = SRV_MEMORY;
	}
	return outcome;
}

enum srv_outcome
srv_read(const uint8_t *message, size_t len, const uint8_t *qname,
    uint16_t qtype, struct srv_answer *out)
{
	struct srv_answer answer = {.records = NULL};
	enum srv_outcome outcome;
	struct parts parts;

	if (!find_parts(wire_reader(message, len), qname, qtype, &parts))
		return SRV_MALFORMED;
	if ((parts.flags & 0xf) != RCODE_NOERROR &&
	    (parts.flags & 0xf) != RCODE_NXDOMAIN)
		return SRV_SERVFAIL;
	outcome = read_parts(&parts, qname, qtype, &answer);
	if (outcome == SRV_MEMORY)
		srv_answer_fini(&answer);
	else
		*out = answer;
	return outcome;
}
