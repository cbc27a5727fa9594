/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/dns/rdata.h"

#include "zones/dns/octets.h"
#include "zones/dns/rdata_form.h"

/* Reads one field and writes it uncompressed behind *len octets of out. */
static bool
read_field(struct wire_reader *r, uint8_t field, uint8_t *out, size_t *len)
{
	struct name name;
	const uint8_t *from;
	size_t n;

	if (field_may_be_compressed(field)) {
		wire_get_name(r, &name);
		from = name.wire;
		n = name.len;
	} else {
		if (!rdata_field_check(
			field, r->msg + r->pos, r->len - r->pos, &n))
			return false;
		from = wire_get_bytes(r, n);
	}
	/* Names can make it longer than it was in the message. */
	if (r->failed || n > RDATA_MAX_LEN - *len)
		return false;
	memcpy(out + *len, from, n);
	*len += n;
	return true;
}

bool
rdata_read(struct wire_reader *r, uint16_t type, uint16_t rdlen, uint8_t *out,
    size_t *out_len)
{
	const uint8_t *field = rdata_form(type)->field;
	struct wire_reader inside = *r;
	size_t len = 0;

	if (r->failed || rdlen > r->len - r->pos)
		return false;
	/* No field may reach beyond the RDATA, though names may lead back. */
	inside.len = r->pos + rdlen;
	for (; *field != FIELD_END; field++)
		if (!read_field(&inside, *field, out, &len))
			return false;
	if (inside.pos != inside.len)
		return false;
	r->pos = inside.pos;
	*out_len = len;
	return true;
}

bool
rdata_check(uint16_t type, const uint8_t *rdata, size_t len)
{
	const uint8_t *field = rdata_form(type)->field;
	size_t pos = 0;
	size_t n;

	if (len > RDATA_MAX_LEN)
		return false;
	for (; *field != FIELD_END; field++) {
		if (!rdata_field_check(*field, rdata + pos, len - pos, &n))
			return false;
		pos += n;
	}
	return pos == len;
}

static int
compare_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	size_t n = a_len < b_len ? a_len : b_len;
	int diff = n == 0 ? 0 : memcmp(a, b, n);

	if (diff != 0)
		return diff;
	return (a_len > b_len) - (a_len < b_len);
}

/* Compares names that case does not tell apart as octets, not as names. */
static int
compare_lower(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	uint8_t a_lower[NAME_MAX_LEN], b_lower[NAME_MAX_LEN];

	octets_lower(a_lower, a, a_len);
	octets_lower(b_lower, b, b_len);
	return compare_octets(a_lower, a_len, b_lower, b_len);
}

int
rdata_compare(uint16_t type, const uint8_t *a, size_t a_len, const uint8_t *b,
    size_t b_len)
{
	const uint8_t *field = rdata_form(type)->field;
	size_t a_field, b_field;
	int diff;

	/* Octets that compare equal up to some place have the same fields up
	 * to there, so fields can be compared one after the other. */
	for (; *field != FIELD_END; field++) {
		/* The last field may be any octets: see below. */
		if (*field >= FIELD_STRINGS)
			break;
		if (!rdata_field_check(*field, a, a_len, &a_field) ||
		    !rdata_field_check(*field, b, b_len, &b_field))
			break;
		diff = field_ignores_case(*field)
			   ? compare_lower(a, a_field, b, b_field)
			   : compare_octets(a, a_field, b, b_field);
		if (diff != 0)
			return diff;
		a += a_field;
		a_len -= a_field;
		b += b_field;
		b_len -= b_field;
	}
	return compare_octets(a, a_len, b, b_len);
}

void
rdata_put(
    struct wire_writer *w, uint16_t type, const uint8_t *rdata, size_t len)
{
	const uint8_t *field = rdata_form(type)->field;
	size_t start = w->len;
	size_t n;

	if (len > RDATA_MAX_LEN) {
		w->failed = true;
		return;
	}
	wire_put_u16(w, (uint16_t)len);
	/* All names that may be compressed stand in front of what may not,
	 * but for octets of a fixed number. */
	for (; *field != FIELD_END && *field <= FIELD_NAME_1035; field++) {
		if (!rdata_field_check(*field, rdata, len, &n))
			break;
		if (*field == FIELD_NAME_1035)
			wire_put_name(w, rdata);
		else
			wire_put_bytes(w, rdata, n);
		rdata += n;
		len -= n;
	}
	wire_put_bytes(w, rdata, len);
	if (!w->failed)
		wire_store_u16(w->buf + start, (uint16_t)(w->len - start - 2));
}

/* Where the replacement of a NAPTR starts (RFC 3403 4.1), or len. */
static size_t
naptr_replacement(const uint8_t *rdata, size_t len)
{
	size_t pos = 4;
	unsigned strings;

	for (strings = 0; strings < 3 && pos < len; strings++)
		pos += (size_t)rdata[pos] + 1;
	return pos < len ? pos : len;
}

const uint8_t *
rdata_target(uint16_t type, const uint8_t *rdata, size_t len)
{
	size_t pos, name_octets;

	switch (type) {
	case TYPE_NS:
		pos = 0;
		break;
	case TYPE_MX:
	case TYPE_AFSDB:
	case TYPE_KX:
		pos = 2;
		break;
	case TYPE_SRV:
		pos = 6;
		break;
	case TYPE_NAPTR:
		pos = naptr_replacement(rdata, len);
		break;
	case TYPE_SVCB:
	case TYPE_HTTPS:
		/* RFC 9460 4.1: whether it is an alias or a service. */
		pos = 2;
		break;
	default:
		return NULL;
	}
	if (pos >= len || rdata[pos] == 0 ||
	    !name_check(rdata + pos, len - pos, &name_octets))
		return NULL;
	return rdata + pos;
}
