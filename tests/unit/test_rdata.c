/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/hex.h"
#include "zones/dns/rdata.h"

TestSuite(rdata, .timeout = 10);

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* "web." and "a." in hex. */
#define WEB "03776562 00"
#define A "0161 00"
/* Digests and the like. */
#define TEN "00010203040506070809"
#define TWENTY TEN TEN

/* RFC 3597 4: the record's data stands behind "a.web." at 0. */
Test(rdata, compressed_names_are_accepted_where_receivers_must)
{
	static const struct {
		const char *type, *rdata;
		const char *expected; /* NULL: refused */
	} rows[] = {
	    {"NS", "c000", "0161" WEB},
	    {"CNAME", "0162 c002", "0162" WEB},
	    {"SOA", "c000 c002" TWENTY, "0161" WEB WEB TWENTY},
	    {"MX", "000a c002", "000a" WEB},
	    {"MINFO", "c002 c002", WEB WEB},
	    {"RP", "c002 c002", WEB WEB},
	    {"AFSDB", "0001 c002", "0001" WEB},
	    {"RT", "0001 c002", "0001" WEB},
	    {"PX", "0001 c002 c002", "0001" WEB WEB},
	    {"SIG", TEN "0001020304050607 c002 61",
		TEN "0001020304050607" WEB "61"},
	    {"NXT", "c002 40", WEB "40"},
	    {"NAPTR", "0001 0002 00 00 00 c002", "0001 0002 00 00 00" WEB},
	    {"SRV", "0001 0002 1f90 c002", "0001 0002 1f90" WEB},
	    /* a pointer to a name earlier in the same data */
	    {"MINFO", "0162 00 c007", "0162 00 0162 00"},
	    {"KX", "0001 c002", NULL},
	    {"DNAME", "c002", NULL},
	    {"NSEC", "c002 0001 40", NULL},
	    {"HTTPS", "0001 c002", NULL},
	    {"LP", "0001 c002", NULL},
	    /* a name that ends outside the data; a pointer to itself */
	    {"NS", "0161", NULL},
	    {"NS", "c007", NULL},
	    {"NS", "c0", NULL},
	    {"NS", "c000 00", NULL},
	};
	static uint8_t out[RDATA_MAX_LEN];
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		uint16_t type = type_from_text(rows[i].type);
		uint8_t msg[128], expected[128];
		size_t rdlen, out_len = 0;
		struct wire_reader r;
		bool ok;

		hex_read("0161" WEB, msg);
		rdlen = hex_read(rows[i].rdata, msg + 7);
		/* What follows the record must not be taken for its end. */
		memset(msg + 7 + rdlen, 0, 16);
		r = wire_reader(msg, 7 + rdlen + 16);
		r.pos = 7;
		ok = rdata_read(&r, type, (uint16_t)rdlen, out, &out_len);
		cr_expect_eq(ok, rows[i].expected != NULL, "row %zu", i);
		if (!ok || rows[i].expected == NULL)
			continue;
		cr_expect_eq(r.pos, 7 + rdlen);
		cr_expect_eq(out_len, hex_read(rows[i].expected, expected));
		cr_expect(memcmp(out, expected, out_len) == 0, "row %zu", i);
		cr_expect(rdata_check(type, out, out_len));
	}
}

Test(rdata, data_cut_off_by_the_message_is_refused)
{
	static uint8_t out[RDATA_MAX_LEN];
	static const uint8_t msg[4] = {10, 0, 0, 1};
	struct wire_reader r = wire_reader(msg, sizeof(msg));
	size_t len = 0;

	cr_expect(!rdata_read(&r, TYPE_NULL, 5, out, &len));
	cr_expect(rdata_read(&r, TYPE_A, 4, out, &len));
	cr_expect(!rdata_read(&r, TYPE_A, 4, out, &len));
	wire_get_u8(&r);
	cr_expect(!rdata_read(&r, TYPE_NULL, 0, out, &len));
}

/* A name of 255 octets behind a pointer of two must not burst the buffer. */
Test(rdata, data_that_grows_beyond_65535_octets_is_refused)
{
	static uint8_t msg[255 + RDATA_MAX_LEN], out[RDATA_MAX_LEN];
	struct wire_reader r;
	size_t i, len = 0;

	for (i = 0; i < NAME_MAX_LABELS; i++)
		msg[2 * i] = 1;
	/* SIG: 18 octets, a pointer to the long name, the signature. */
	msg[255 + 18] = 0xc0;
	r = wire_reader(msg, sizeof(msg));
	r.pos = 255;
	cr_expect(!rdata_read(&r, TYPE_SIG, RDATA_MAX_LEN, out, &len));
	cr_expect(rdata_read(&r, TYPE_SIG, RDATA_MAX_LEN - 253, out, &len));
	cr_expect_eq(len, RDATA_MAX_LEN);
}

/* RFC 4034 6.2, 6.3; RFC 6840 5.1. */
Test(rdata, comparison_ignores_case_in_names_of_old_types_only)
{
	static const struct {
		const char *type, *a, *b;
		int expected;
	} rows[] = {
	    {"A", "0a000001", "0a000001", 0},
	    {"A", "0a000001", "0a0000ff", -1},
	    {"NS", "0361 6263 00", "0341 4263 00", 0},
	    {"NS", "0141 00", "0162 00", -1},
	    {"NS", "0162 00", "0141 00", 1},
	    {"NS", "015a 00", "0161 00", 1},
	    {"NS", "026161 00", "0162 00", 1},
	    {"SRV", "0001 0002 1f90 0157 00", "0001 0002 1f90 0177 00", 0},
	    {"SRV", "0041 0002 1f90 0157 00", "0061 0002 1f90 0177 00", -1},
	    {"SOA", "0141 00 0142 00" TWENTY, "0161 00 0162 00" TWENTY, 0},
	    {"SOA", "0141 00 0142 00 41" TEN "000102030405060708",
		"0161 00 0162 00 61" TEN "000102030405060708", -1},
	    {"NAPTR", "0001 0002 0141 00 00 0142 00",
		"0001 0002 0141 00 00 0162 00", 0},
	    {"NAPTR", "0001 0002 0141 00 00 0142 00",
		"0001 0002 0161 00 00 0142 00", -1},
	    {"DNAME", "0141 00", "0161 00", 0},
	    {"RRSIG", TEN "0001020304050607 0141 00 41",
		TEN "0001020304050607 0161 00 41", 0},
	    {"RRSIG", TEN "0001020304050607 0141 00 41",
		TEN "0001020304050607 0161 00 61", -1},
	    {"NSEC", "0141 00 0001 40", "0161 00 0001 40", -1},
	    {"HTTPS", "0001 0141 00", "0001 0161 00", -1},
	    {"TXT", "0141", "0161", -1},
	    {"TXT", "0141", "0141 00", -1},
	    {"TXT", "0141 00", "0141", 1},
	    {"TYPE65280", "", "00", -1},
	    {"TYPE65280", "4100", "6100", -1},
	    /* not well-formed: octets, and no step beyond them */
	    {"NS", "0141", "0161", -1},
	    {"SRV", "00", "0001 0002 1f90 0157 00", -1},
	};
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		uint16_t type = type_from_text(rows[i].type);
		uint8_t a[128], b[128];
		size_t a_len = hex_read(rows[i].a, a);
		size_t b_len = hex_read(rows[i].b, b);
		int got = rdata_compare(type, a, a_len, b, b_len);
		int back = rdata_compare(type, b, b_len, a, a_len);

		cr_expect_eq((got > 0) - (got < 0), rows[i].expected,
		    "row %zu: %d", i, got);
		cr_expect_eq((back > 0) - (back < 0), -rows[i].expected,
		    "row %zu: %d", i, back);
	}
}

/* RFC 3597 4; "web." was written before, at 0. */
Test(rdata, only_types_of_rfc_1035_leave_compressed)
{
	static const struct {
		const char *type, *rdata, *expected;
	} rows[] = {
	    {"A", "0a000001", "0004 0a000001"},
	    {"NS", "0161" WEB, "0004 0161 c000"},
	    {"CNAME", WEB, "0002 c000"},
	    {"PTR", WEB, "0002 c000"},
	    {"MX", "000a" WEB, "0004 000a c000"},
	    {"SOA", WEB "0161" WEB TWENTY, "001a c000 0161c000" TWENTY},
	    {"MINFO", "0162 00 0162 00", "0005 0162 00 c007"},
	    {"SRV", "0001 0002 1f90" WEB, "000b 0001 0002 1f90" WEB},
	    {"RP", WEB WEB, "000a" WEB WEB},
	    {"DNAME", WEB, "0005" WEB},
	    {"HTTPS", "0001" WEB, "0007 0001" WEB},
	    {"TXT", "03776562", "0004 03776562"},
	    {"TYPE65280", "", "0000"},
	    /* not well-formed: as it is */
	    {"NS", "0161", "0002 0161"},
	};
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		uint8_t buf[128], rdata[128], expected[128];
		size_t len = hex_read(rows[i].rdata, rdata);
		size_t expected_len = hex_read(rows[i].expected, expected);
		struct wire_writer w;

		wire_writer_init(&w, buf, sizeof(buf));
		wire_put_name(&w, (const uint8_t *)"\3web");
		rdata_put(&w, type_from_text(rows[i].type), rdata, len);
		cr_assert(!w.failed);
		cr_expect_eq(w.len, 5 + expected_len, "row %zu", i);
		cr_expect(
		    memcmp(buf + 5, expected, expected_len) == 0, "row %zu", i);
	}
}

Test(rdata, data_that_does_not_fit_fails_the_writer)
{
	uint8_t buf[16];
	size_t cap;

	for (cap = 0; cap < 6; cap++) {
		struct wire_writer w;

		wire_writer_init(&w, buf, cap);
		rdata_put(&w, TYPE_A, (const uint8_t *)"\12\0\0\1", 4);
		cr_expect_eq(w.failed, cap < 6);
		wire_writer_init(&w, buf, cap);
		rdata_put(&w, TYPE_NS, (const uint8_t *)"\3web", 5);
		cr_expect(w.failed);
	}
}

Test(rdata, targets_are_hosts_whose_addresses_are_wanted)
{
	static const struct {
		const char *type, *rdata;
		int expected; /* offset, or -1 */
	} rows[] = {
	    {"NS", WEB, 0},
	    {"NS", "00", -1},
	    {"MX", "000a" WEB, 2},
	    {"MX", "0000 00", -1},
	    {"AFSDB", "0001" WEB, 2},
	    {"KX", "0001" WEB, 2},
	    {"SRV", "0001 0002 1f90" WEB, 6},
	    {"SRV", "0001 0002 1f90 00", -1},
	    {"SRV", "0001", -1},
	    {"NAPTR", "0001 0002 0161 00 026263" WEB, 10},
	    {"NAPTR", "0001 0002 0161 00 026263 00", -1},
	    {"NAPTR", "0001 0002 0161 00 ff", -1},
	    {"HTTPS", "0001" WEB, 2},
	    {"HTTPS", "0000" WEB, 2},
	    {"HTTPS", "0000 00", -1},
	    {"SVCB", "0001 00", -1},
	    {"SVCB", "00", -1},
	    {"CNAME", WEB, -1},
	    {"A", "0a000001", -1},
	    {"NS", "0377", -1},
	    {"NS", "", -1},
	};
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		uint8_t rdata[64];
		size_t len = hex_read(rows[i].rdata, rdata);
		const uint8_t *got =
		    rdata_target(type_from_text(rows[i].type), rdata, len);

		cr_expect_eq(got == NULL ? -1 : (int)(got - rdata),
		    rows[i].expected, "row %zu", i);
	}
}
