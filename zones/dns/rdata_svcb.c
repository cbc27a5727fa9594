/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/dns/rdata_svcb.h"

#include "zones/dns/wire.h"

/* RFC 9460 14.3.2 */
enum svcb_key {
	KEY_MANDATORY = 0,
	KEY_ALPN = 1,
	KEY_NO_DEFAULT_ALPN = 2,
	KEY_PORT = 3,
	KEY_IPV4HINT = 4,
	KEY_ECH = 5,
	KEY_IPV6HINT = 6,
	KEY_DOHPATH = 7, /* RFC 9461 5 */
	KEY_OHTTP = 8, /* RFC 9540 4 */
};

struct param {
	uint16_t key;
	const uint8_t *value;
	size_t len;
};

/* Takes the next parameter; false at the end and if it is cut off, which is
 * then told by reader->failed. */
static bool
next_param(struct wire_reader *reader, struct param *param)
{
	if (reader->failed || reader->pos == reader->len)
		return false;
	param->key = wire_get_u16(reader);
	param->len = wire_get_u16(reader);
	param->value = wire_get_bytes(reader, param->len);
	return !reader->failed;
}

/* RFC 9460 7.1.1: one or more identifiers, none of them empty. */
static bool
check_alpn(const uint8_t *value, size_t len)
{
	size_t pos = 0;

	while (pos < len && value[pos] != 0)
		pos += (size_t)value[pos] + 1;
	return len > 0 && pos == len;
}

/* RFC 9460 8: one or more keys, strictly ascending, itself not among them. */
static bool
check_mandatory(const uint8_t *value, size_t len)
{
	uint16_t before = KEY_MANDATORY;
	size_t pos;

	if (len == 0 || len % 2 != 0)
		return false;
	for (pos = 0; pos < len; pos += 2) {
		uint16_t key = wire_load_u16(value + pos);

		if (key <= before)
			return false;
		before = key;
	}
	return true;
}

static bool
check_value(const struct param *param)
{
	switch (param->key) {
	case KEY_MANDATORY:
		return check_mandatory(param->value, param->len);
	case KEY_ALPN:
		return check_alpn(param->value, param->len);
	case KEY_NO_DEFAULT_ALPN:
	case KEY_OHTTP:
		return param->len == 0;
	case KEY_PORT:
		return param->len == 2;
	case KEY_IPV4HINT:
		return param->len > 0 && param->len % 4 == 0;
	case KEY_IPV6HINT:
		return param->len > 0 && param->len % 16 == 0;
	case KEY_ECH:
	case KEY_DOHPATH:
		return param->len > 0;
	default:
		return true;
	}
}

/* RFC 9460 8 and 7.1.1: every mandatory key is there, and no-default-alpn
 * only beside alpn.  Keys ascend on both sides, so one pass suffices. */
static bool
is_consistent(struct wire_reader reader)
{
	const uint8_t *wanted = NULL;
	size_t left = 0;
	bool has_alpn = false;
	struct param param;

	while (next_param(&reader, &param)) {
		if (left > 0 && wire_load_u16(wanted) == param.key) {
			wanted += 2;
			left -= 2;
		}
		if (param.key == KEY_MANDATORY) {
			wanted = param.value;
			left = param.len;
		}
		if (param.key == KEY_ALPN)
			has_alpn = true;
		if (param.key == KEY_NO_DEFAULT_ALPN && !has_alpn)
			return false;
	}
	return left == 0;
}

bool
rdata_svcb_check(const uint8_t *rdata, size_t len)
{
	struct wire_reader reader = wire_reader(rdata, len);
	struct wire_reader first;
	struct param param;
	int before = -1;
	uint16_t priority = wire_get_u16(&reader);
	size_t name_octets;

	if (reader.failed ||
	    !name_check(rdata + reader.pos, len - reader.pos, &name_octets))
		return false;
	reader.pos += name_octets;
	first = reader;
	while (next_param(&reader, &param)) {
		if (param.key <= before || !check_value(&param))
			return false;
		before = param.key;
	}
	/* In alias mode parameters are to be ignored (RFC 9460 2.4.2). */
	return !reader.failed && (priority == 0 || is_consistent(first));
}
