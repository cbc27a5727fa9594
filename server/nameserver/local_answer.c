/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/local_answer.h"

#include "zones/dns/rdata.h"

#define SOA_NUMBERS_LEN 20

static const uint8_t localhost[] = "\11localhost";
static const uint8_t loopback_ipv4[4] = {127, 0, 0, 1};
static const uint8_t loopback_ipv6[16] = {[15] = 1};

/* RFC 6303 3: the apex names its own server; nobody answers for it. */
static void
put_soa(struct answer *a, enum message_section section, const uint8_t *apex)
{
	static const uint8_t rname[] = "\6nobody\7invalid";
	static const uint32_t number[] = {1, 3600, 1200, 604800, LOCAL_TTL_S};
	uint8_t rdata[NAME_MAX_LEN + sizeof(rname) + SOA_NUMBERS_LEN];
	size_t len = name_len(apex);

	memcpy(rdata, apex, len);
	memcpy(rdata + len, rname, sizeof(rname));
	len += sizeof(rname);
	for (size_t i = 0; i < 5; i++, len += 4)
		wire_store_u32(rdata + len, number[i]);
	if (!answer_put(
		a, section, owner_of(apex), TYPE_SOA, LOCAL_TTL_S, rdata, len))
		answer_truncate(a);
}

/* What an apex or a host has of a type; NULL: nothing. */
static const uint8_t *
find_data(enum local_kind kind, uint16_t qtype, size_t *len)
{
	if (kind == LOCAL_HOST && qtype == TYPE_A) {
		*len = sizeof(loopback_ipv4);
		return loopback_ipv4;
	}
	if (kind == LOCAL_HOST && qtype == TYPE_AAAA) {
		*len = sizeof(loopback_ipv6);
		return loopback_ipv6;
	}
	if (kind == LOCAL_HOST_PTR && qtype == TYPE_PTR) {
		*len = sizeof(localhost);
		return localhost;
	}
	return NULL;
}

static bool
put_data(struct answer *a, const struct way *way, uint16_t qtype,
    enum local_kind kind, const uint8_t *apex)
{
	const uint8_t *name = way->name.wire, *rdata;
	size_t len;

	/* RFC 8482 4.1: one of what there is answers ANY. */
	if (qtype == TYPE_ANY)
		qtype = kind == LOCAL_HOST       ? TYPE_A
			: kind == LOCAL_HOST_PTR ? TYPE_PTR
						 : TYPE_SOA;
	if (apex == name && qtype == TYPE_SOA) {
		put_soa(a, SECTION_ANSWER, apex);
		return true;
	}
	rdata = find_data(kind, qtype, &len);
	if (apex == name && qtype == TYPE_NS) {
		rdata = apex;
		len = name_len(apex);
	}
	if (rdata == NULL)
		return false;
	if (!answer_put(a, SECTION_ANSWER, owner_of(name), qtype, LOCAL_TTL_S,
		rdata, len))
		answer_truncate(a);
	return true;
}

void
local_answer(struct answer *a, struct way *way, uint16_t qtype,
    enum local_kind kind, const uint8_t *apex)
{
	way->result.rcode = RCODE_NOERROR;
	if (way->chain.length == 0)
		way->result.authoritative = true;
	if (put_data(a, way, qtype, kind, apex))
		return;
	if (kind == LOCAL_EMPTY && apex != way->name.wire)
		way->result.rcode = RCODE_NXDOMAIN;
	put_soa(a, SECTION_AUTHORITY, apex);
}
