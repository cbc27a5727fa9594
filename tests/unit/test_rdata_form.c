/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/hex.h"
#include "zones/dns/rdata.h"

TestSuite(rdata_form, .timeout = 10);

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* "web." and "a." in hex. */
#define WEB "03776562 00"
#define A "0161 00"
/* Digests and the like. */
#define TEN "00010203040506070809"
#define TWENTY TEN TEN

struct form_row {
	const char *type;
	const char *rdata; /* hex, uncompressed */
	bool expected;
};

/* Each row is tried by rdata_check() and, in a message, by rdata_read(). */
static void
check_rows(const struct form_row *rows, size_t count)
{
	static uint8_t out[RDATA_MAX_LEN];
	uint8_t rdata[512];
	size_t i;

	for (i = 0; i < count; i++) {
		uint16_t type = type_from_text(rows[i].type);
		size_t len = hex_read(rows[i].rdata, rdata);
		size_t out_len = 12345;
		uint8_t *exact = malloc(12 + len);
		struct wire_reader r = wire_reader(exact, 12 + len);

		cr_assert_neq(type, 0, "%s", rows[i].type);
		memset(exact, 0, 12);
		memcpy(exact + 12, rdata, len);
		cr_expect_eq(rdata_check(type, exact + 12, len),
		    rows[i].expected, "%s %s", rows[i].type, rows[i].rdata);
		r.pos = 12;
		cr_expect_eq(rdata_read(&r, type, (uint16_t)len, out, &out_len),
		    rows[i].expected, "%s %s", rows[i].type, rows[i].rdata);
		if (rows[i].expected) {
			cr_expect_eq(r.pos, 12 + len);
			cr_expect_eq(out_len, len);
			cr_expect(memcmp(out, rdata, len) == 0);
		} else {
			cr_expect_eq(r.pos, 12);
			cr_expect_eq(out_len, 12345);
		}
		free(exact);
	}
}

Test(rdata_form, fixed_fields_and_names_fill_it_exactly)
{
	static const struct form_row rows[] = {
	    {"A", "0a000001", true},
	    {"A", "0a0000", false},
	    {"A", "0a00000100", false},
	    {"A", "", false},
	    {"AAAA", "20010db8 00000000 00000000 00000001", true},
	    {"AAAA", "0a000001", false},
	    {"NS", WEB, true},
	    {"NS", "00", true},
	    {"NS", "", false},
	    {"NS", WEB "00", false},
	    {"NS", "03776562", false},
	    {"CNAME", WEB, true},
	    {"PTR", "40 00", false},
	    {"SOA", A WEB TWENTY, true},
	    {"SOA", A WEB TEN, false},
	    {"SOA", A TWENTY, false},
	    {"MX", "000a" A, true},
	    {"MX", "000a", false},
	    {"MINFO", A WEB, true},
	    {"RP", A WEB, true},
	    {"SRV", "0001 0002 1f90" WEB, true},
	    {"SRV", "0001 0002 1f90 00", true},
	    {"SRV", "0001 0002 1f90", false},
	    {"SRV", "0001 0002 1f" WEB, false},
	    {"KX", "0001" A, true},
	    {"DNAME", A, true},
	    {"DNAME", A A, false},
	    {"NID", "0001 0011223344556677", true},
	    {"L32", "0001 0a000001", true},
	    {"LP", "0001" A, true},
	    {"EUI48", "001122334455", true},
	    {"EUI48", "0011223344", false},
	    {"EUI64", "0011223344556677", true},
	    {"DSYNC", "003b 01 14e9" A, true},
	};

	check_rows(rows, ROWS(rows));
}

Test(rdata_form, strings_are_counted)
{
	static const struct form_row rows[] = {
	    {"TXT", "0161", true},
	    {"TXT", "00", true},
	    {"TXT", "0161 00 026263", true},
	    {"TXT", "", false},
	    {"TXT", "0261", false},
	    {"TXT", "0161 01", false},
	    {"SPF", "0161", true},
	    {"HINFO", "0161 0162", true},
	    {"HINFO", "0161", false},
	    {"HINFO", "0161 0162 00", false},
	    {"ISDN", "0161", true},
	    {"ISDN", "0161 0162", true},
	    {"ISDN", "0161 0162 0163", false},
	    {"X25", "0161", true},
	    {"GPOS", "0131 0132 0133", true},
	    {"GPOS", "0131 0132", false},
	    {"NAPTR", "0001 0002 0173 00 00" WEB, true},
	    {"NAPTR", "0001 0002 0173 00 00", false},
	    {"NAPTR", "0001 0002 0173 00 00 0377", false},
	    {"CAA", "00 056973737565 61", true},
	    {"CAA", "80 056973737565", true},
	    {"CAA", "00 00 61", false},
	    {"CAA", "00 026973737565", true},
	    {"CAA", "00 02692d 61", false},
	    {"CAA", "00 056973", false},
	};

	check_rows(rows, ROWS(rows));
}

Test(rdata_form, octets_to_the_end_may_need_to_be_there)
{
	static const struct form_row rows[] = {
	    {"NULL", "", true},
	    {"NULL", TEN, true},
	    {"TYPE65280", "", true},
	    {"TYPE65280", "ffff", true},
	    {"CERT", "0001 0002 03 61", true},
	    {"CERT", "0001 0002 03", false},
	    {"SSHFP", "01 02 61", true},
	    {"SSHFP", "01 02", false},
	    {"TLSA", "03 01 01 61", true},
	    {"TLSA", "03 01 01", false},
	    {"OPENPGPKEY", "61", true},
	    {"OPENPGPKEY", "", false},
	    {"DHCID", "000201 61", true},
	    {"DHCID", "0002", false},
	    {"URI", "0001 0002 61", true},
	    {"URI", "0001 0002", false},
	    {"ZONEMD", "00000001 01 01 " TEN "0a0b", true},
	    {"ZONEMD", "00000001 01 01 " TEN "0a", false},
	    {"KEY", "c000 03 01", true},
	    {"DNSKEY", "0101 03 0d 61", true},
	    {"DNSKEY", "0101 03 0d", false},
	    {"CDNSKEY", "0000 03 00 00", true},
	};

	check_rows(rows, ROWS(rows));
}

Test(rdata_form, dnssec_types)
{
	static const struct form_row rows[] = {
	    {"DS", "0001 0d 01" TWENTY, true},
	    {"DS", "0001 0d 01" TEN, false},
	    {"DS", "0001 0d 02" TWENTY TEN "0a0b", true},
	    {"DS", "0001 0d 02" TWENTY TEN, false},
	    {"DS", "0001 0d 04" TWENTY TWENTY "0001020304050607", true},
	    {"DS", "0001 0d ff 00", true},
	    {"DS", "0001 0d ff", false},
	    {"CDS", "0000 00 00 00", true},
	    {"DLV", "0001 0d 01" TWENTY, true},
	    {"RRSIG", "0001 0d 02 " TEN "01020304" WEB "61", true},
	    {"RRSIG", "0001 0d 02 " TEN "01020304" WEB, false},
	    {"RRSIG", "0001 0d 02 " TEN "01020304 c000 61", false},
	    {"NSEC", A "0001 40", true},
	    {"NSEC", A "0006 400000000003", true},
	    {"NSEC", A "0001 40 0101 80", true},
	    {"NSEC", A, false},
	    {"NSEC", A "0001 00", false},
	    {"NSEC", A "0002 4000", false},
	    {"NSEC", A "0000", false},
	    {"NSEC", A "0001 40 0001 80", false},
	    {"NSEC", A "0101 40 0001 80", false},
	    {"NSEC", A "0021" TWENTY TEN "010101", false},
	    {"NSEC", A "0020" TWENTY TEN "0101", true},
	    {"NSEC", A "0002 40", false},
	    {"NSEC", A "0001 40 01", false},
	    {"NSEC3", "01 00 000a 02abcd 14" TWENTY "0001 40", true},
	    {"NSEC3", "01 00 000a 00 14" TWENTY, true},
	    {"NSEC3", "01 00 000a 00 00 0001 40", false},
	    {"NSEC3", "01 00 000a 00 14" TEN, false},
	    {"NSEC3PARAM", "01 00 000a 00", true},
	    {"NSEC3PARAM", "01 00 000a 01", false},
	    {"CSYNC", "00000001 0003 0001 40", true},
	    {"CSYNC", "00000001 0003", true},
	};

	check_rows(rows, ROWS(rows));
}

Test(rdata_form, locations_prefixes_and_gateways)
{
	static const struct form_row rows[] = {
	    {"LOC", "00 12 16 13 89170000 7dba0000 00989680", true},
	    {"LOC", "00 a2 16 13 89170000 7dba0000 00989680", false},
	    {"LOC", "00 1a 16 13 89170000 7dba0000 00989680", false},
	    {"LOC", "00 12 16 13 ffffffff 7dba0000 00989680", false},
	    {"LOC", "00 12 16 13 89170000 00000000 00989680", false},
	    {"LOC", "00 12 16 13 89170000 7dba0000 009896", false},
	    {"LOC", "01 ff", true},
	    {"LOC", "", false},
	    {"APL", "", true},
	    {"APL", "0001 15 03 c0a820", true},
	    {"APL", "0001 15 83 c0a820 0002 08 01 ff", true},
	    {"APL", "0001 15 03 c0a800", false},
	    {"APL", "0001 21 01 c0", false},
	    {"APL", "0001 20 05 c0a8200101", false},
	    {"APL", "0002 81 01 ff", false},
	    {"APL", "0001 15 03 c0a8", false},
	    {"APL", "0001 15", false},
	    {"HIP", "02 02 0003 aabb 010203", true},
	    {"HIP", "02 02 0003 aabb 010203" WEB A, true},
	    {"HIP", "02 02 0003 aabb 0102", false},
	    {"HIP", "02 02 0003 aabb 010203 0377", false},
	    {"HIP", "00 02 0003 010203", false},
	    {"IPSECKEY", "0a 00 02 aabb", true},
	    {"IPSECKEY", "0a 01 02 c0a82001 aabb", true},
	    {"IPSECKEY", "0a 01 02 c0a820", false},
	    {"IPSECKEY", "0a 03 02" WEB "aabb", true},
	    {"IPSECKEY", "0a 03 02 c000 aabb", false},
	    {"AMTRELAY", "0a 00", true},
	    {"AMTRELAY", "0a 81 c0a82001", true},
	    {"AMTRELAY", "0a 01 c0a8200101", false},
	    {"AMTRELAY", "0a 03" WEB, true},
	    {"AMTRELAY", "0a", false},
	};

	check_rows(rows, ROWS(rows));
}

/* RFC 9460 2.2, 7, 8. */
Test(rdata_form, service_parameters_ascend_and_are_well_formed)
{
	static const struct form_row rows[] = {
	    {"HTTPS", "0000" WEB, true},
	    {"HTTPS", "0001 00", true},
	    {"HTTPS", "0001", false},
	    {"SVCB", "0001 c000", false},
	    {"SVCB", "0001 00 0001 0003 026832", true},
	    {"SVCB", "0001 00 0001 0003 026832 0003 0002 01bb", true},
	    {"SVCB", "0001 00 0003 0002 01bb 0001 0003 026832", false},
	    {"SVCB", "0001 00 0003 0002 01bb 0003 0002 01bb", false},
	    {"SVCB", "0001 00 0003 0002 01", false},
	    {"SVCB", "0001 00 0003 00", false},
	    {"SVCB", "0001 00 0003 0001 01", false},
	    {"SVCB", "0001 00 0001 0000", false},
	    {"SVCB", "0001 00 0001 0001 00", false},
	    {"SVCB", "0001 00 0001 0002 0268", false},
	    {"SVCB", "0001 00 0004 0004 0a000001", true},
	    {"SVCB", "0001 00 0004 0000", false},
	    {"SVCB", "0001 00 0004 0003 0a0000", false},
	    {"SVCB", "0001 00 0006 0004 0a000001", false},
	    {"SVCB", "0001 00 0006 0010 000102030405060708090a0b0c0d0e0f",
		true},
	    {"SVCB", "0001 00 0008 0000", true},
	    {"SVCB", "0001 00 0008 0001 00", false},
	    {"SVCB", "0001 00 9999 0003 000000", true},
	    /* mandatory: ascending, not itself, all there */
	    {"SVCB", "0001 00 0000 0002 0003 0003 0002 01bb", true},
	    {"SVCB", "0001 00 0000 0002 0004 0003 0002 01bb", false},
	    {"SVCB", "0001 00 0000 0002 0000 0003 0002 01bb", false},
	    {"SVCB", "0001 00 0000 0000 0003 0002 01bb", false},
	    {"SVCB", "0001 00 0000 0003 000300 0003 0002 01bb", false},
	    {"SVCB",
		"0001 00 0000 0004 00030004 0003 0002 01bb 0004 0004 0a000001",
		true},
	    {"SVCB",
		"0001 00 0000 0004 00040003 0003 0002 01bb 0004 0004 0a000001",
		false},
	    /* no-default-alpn needs alpn; aliases ignore all that */
	    {"SVCB", "0001 00 0001 0003 026832 0002 0000", true},
	    {"SVCB", "0001 00 0002 0000", false},
	    {"SVCB", "0000 00 0002 0000", true},
	};

	check_rows(rows, ROWS(rows));
}

/* RFC 6895 3.1. */
Test(rdata_form, meta_types_are_in_no_zone)
{
	cr_expect(type_is_meta(0));
	cr_expect(type_is_meta(TYPE_OPT));
	cr_expect(type_is_meta(128));
	cr_expect(type_is_meta(TYPE_TSIG));
	cr_expect(type_is_meta(TYPE_ANY));
	cr_expect(!type_is_meta(TYPE_A));
	cr_expect(!type_is_meta(127));
	cr_expect(!type_is_meta(TYPE_URI));
	cr_expect(!type_is_meta(65535));
}

Test(rdata_form, every_type_has_a_text_that_leads_back)
{
	char text[16];
	unsigned type;

	for (type = 1; type <= 65535; type++) {
		type_to_text((uint16_t)type, text);
		cr_assert_eq(type_from_text(text), type, "%s", text);
	}
	cr_expect_str_eq(type_to_text(TYPE_SRV, text), "SRV");
	cr_expect_str_eq(type_to_text(65280, text), "TYPE65280");
}

Test(rdata_form, type_texts)
{
	static const struct {
		const char *text;
		uint16_t expected;
	} rows[] = {
	    {"a", TYPE_A},
	    {"Https", TYPE_HTTPS},
	    {"ANY", TYPE_ANY},
	    {"type1", TYPE_A},
	    {"TYPE65535", 65535},
	    {"TYPE65536", 0},
	    {"TYPE0", 0},
	    {"TYPE", 0},
	    {"TYPE1x", 0},
	    {"TYPE-1", 0},
	    {"TYPE99999999999999999999", 0},
	    {"", 0},
	    {"NOSUCH", 0},
	    {"AA", 0},
	};
	size_t i;

	for (i = 0; i < ROWS(rows); i++)
		cr_expect_eq(type_from_text(rows[i].text), rows[i].expected,
		    "%s", rows[i].text);
}
