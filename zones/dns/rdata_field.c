/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/dns/name.h"
#include "zones/dns/rdata_form.h"
#include "zones/dns/rdata_svcb.h"
#include "zones/dns/wire.h"

/* A string whose length octet says at least min. */
static bool
check_string(const uint8_t *at, size_t avail, size_t min, size_t *len)
{
	if (avail == 0 || *at >= avail || *at < min)
		return false;
	*len = (size_t)*at + 1;
	return true;
}

/* RFC 8659 4.1: one or more letters and digits. */
static bool
check_tag(const uint8_t *at, size_t avail, size_t *len)
{
	size_t i;

	if (!check_string(at, avail, 1, len))
		return false;
	for (i = 1; i < *len; i++) {
		uint8_t c = at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z')))
			return false;
	}
	return true;
}

/* From one to max strings, up to the end. */
static bool
check_strings(const uint8_t *at, size_t avail, size_t max)
{
	size_t count = 0;
	size_t pos = 0;

	for (; pos < avail; count++)
		pos += (size_t)at[pos] + 1;
	return pos == avail && count >= 1 && count <= max;
}

/* RFC 4034 4.1.2: windows in ascending order, without octets of zeros at
 * their end, and so without empty ones. */
static bool
check_types(const uint8_t *at, size_t avail)
{
	int before = -1;
	size_t pos = 0;

	while (avail - pos >= 3) {
		size_t window_len = at[pos + 1];

		if (at[pos] <= before || window_len < 1 || window_len > 32 ||
		    window_len > avail - pos - 2)
			return false;
		before = at[pos];
		pos += 2 + window_len;
		if (at[pos - 1] == 0)
			return false;
	}
	return pos == avail;
}

/* RFC 4034 5.1: a digest of a known kind has the length of its kind: SHA-1,
 * SHA-256 (RFC 4509), SHA-384 (RFC 6605). */
static bool
check_ds(const uint8_t *at, size_t avail)
{
	if (avail < 5)
		return false;
	switch (at[3]) {
	case 1:
		return avail - 4 == 20;
	case 2:
		return avail - 4 == 32;
	case 4:
		return avail - 4 == 48;
	default:
		return true;
	}
}

/* RFC 1876 2: a size is a digit and its power of ten. */
static bool
check_loc_size(uint8_t size)
{
	return size >> 4 <= 9 && (size & 15) <= 9;
}

/* RFC 1876 2: thousandths of a second of arc on both sides of 2^31. */
static bool
check_loc_angle(const uint8_t *at, uint32_t max_degrees)
{
	int64_t angle = (int64_t)wire_load_u32(at) - INT64_C(0x80000000);
	int64_t max = (int64_t)max_degrees * 3600000;

	return angle >= -max && angle <= max;
}

static bool
check_loc(const uint8_t *at, size_t avail)
{
	/* Nothing is known of the form of other versions. */
	if (avail > 0 && at[0] != 0)
		return true;
	return avail == 16 && check_loc_size(at[1]) && check_loc_size(at[2]) &&
	       check_loc_size(at[3]) && check_loc_angle(at + 4, 90) &&
	       check_loc_angle(at + 8, 180);
}

/* RFC 3123 4: address prefixes, without octets of zeros at their end. */
static bool
check_apl(const uint8_t *at, size_t avail)
{
	size_t pos = 0;

	while (avail - pos >= 4) {
		uint16_t family = wire_load_u16(at + pos);
		uint8_t prefix = at[pos + 2];
		size_t octets = at[pos + 3] & 0x7f;

		pos += 4;
		if (octets > avail - pos)
			return false;
		if (octets > 0 && at[pos + octets - 1] == 0)
			return false;
		if (family == 1 && (prefix > 32 || octets > 4))
			return false;
		if (family == 2 && (prefix > 128 || octets > 16))
			return false;
		pos += octets;
	}
	return pos == avail;
}

/* RFC 8005 5: the identity tag, the public key, rendezvous servers. */
static bool
check_hip(const uint8_t *at, size_t avail)
{
	size_t pos, len;

	if (avail < 4 || at[0] == 0 || wire_load_u16(at + 2) == 0)
		return false;
	pos = 4 + (size_t)at[0] + wire_load_u16(at + 2);
	if (pos > avail)
		return false;
	while (pos < avail) {
		if (!name_check(at + pos, avail - pos, &len))
			return false;
		pos += len;
	}
	return true;
}

/* The gateway of RFC 4025 2.5 and the relay of RFC 8777 4.2.4. */
static bool
check_gateway(uint8_t kind, const uint8_t *at, size_t avail, size_t *len)
{
	switch (kind) {
	case 0:
		*len = 0;
		return true;
	case 1:
		*len = 4;
		return avail >= 4;
	case 2:
		*len = 16;
		return avail >= 16;
	case 3:
		return name_check(at, avail, len);
	default:
		/* Of an unknown kind: nothing is known of its length. */
		*len = avail;
		return true;
	}
}

static bool
check_ipseckey(const uint8_t *at, size_t avail)
{
	size_t len;

	return avail >= 3 && check_gateway(at[1], at + 3, avail - 3, &len);
}

static bool
check_amtrelay(const uint8_t *at, size_t avail)
{
	size_t len;

	return avail >= 2 &&
	       check_gateway(at[1] & 0x7f, at + 2, avail - 2, &len) &&
	       len == avail - 2;
}

/* Fields that reach to the end of the RDATA. */
static bool
check_to_end(uint8_t field, const uint8_t *at, size_t avail)
{
	switch (field) {
	case FIELD_STRINGS:
		return check_strings(at, avail, SIZE_MAX);
	case FIELD_STRINGS_1_2:
		return check_strings(at, avail, 2);
	case FIELD_REST:
		return true;
	case FIELD_REST_FULL:
		return avail >= 1;
	case FIELD_REST_12:
		return avail >= 12;
	case FIELD_TYPES:
		return check_types(at, avail);
	case FIELD_TYPES_FULL:
		return avail > 0 && check_types(at, avail);
	case FORM_DS:
		return check_ds(at, avail);
	case FORM_LOC:
		return check_loc(at, avail);
	case FORM_APL:
		return check_apl(at, avail);
	case FORM_HIP:
		return check_hip(at, avail);
	case FORM_IPSECKEY:
		return check_ipseckey(at, avail);
	case FORM_AMTRELAY:
		return check_amtrelay(at, avail);
	case FORM_SVCB:
		return rdata_svcb_check(at, avail);
	default:
		return false;
	}
}

bool
rdata_field_check(uint8_t field, const uint8_t *at, size_t avail, size_t *len)
{
	if (field < FIELD_NAME) {
		*len = field;
		return avail >= field;
	}
	if (field_is_name(field))
		return name_check(at, avail, len);
	switch (field) {
	case FIELD_STRING:
		return check_string(at, avail, 0, len);
	case FIELD_STRING_FULL:
		return check_string(at, avail, 1, len);
	case FIELD_TAG:
		return check_tag(at, avail, len);
	default:
		*len = avail;
		return check_to_end(field, at, avail);
	}
}
