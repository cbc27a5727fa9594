/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/reading.h"
#include "zones/dns/rdata.h"

TestSuite(zonefile_rdata, .timeout = 20);

/* RFC 3597 5 */
Test(zonefile_rdata, any_type_may_be_written_generically)
{
	static const struct good rows[] = {
	    {"a TYPE731 \\# 6 abcd (\n ef 01 23 45 )",
		"a.svc.example. 60 IN TYPE731 \\# 6 abcdef012345\n"},
	    {"a TYPE62347 \\# 0", "a.svc.example. 60 IN TYPE62347 \\# 0\n"},
	    {"a A \\# 4 0A000001", "a.svc.example. 60 IN A 10.0.0.1\n"},
	    {"a TYPE1 10.0.0.1", "a.svc.example. 60 IN A 10.0.0.1\n"},
	    {"a TYPE731 \\# 2 a b cd",
		"a.svc.example. 60 IN TYPE731 \\# 2 abcd\n"},
	    {"a TXT \"\\#\" 4", "a.svc.example. 60 IN TXT \"#\" \"4\"\n"},
	};
	static const struct bad wrong[] = {
	    {"a TYPE731 x", ERR_SYNTAX,
		"z.zone:1: data of type TYPE731 is written \\# LENGTH HEX "
		"(column 11)\n    a TYPE731 x"},
	    {"a TYPE731", ERR_SYNTAX,
		"z.zone:1: data of type TYPE731 is written \\# LENGTH HEX "
		"(column 3)\n    a TYPE731"},
	    {"a A \\# 3 000000", ERR_SYNTAX,
		"z.zone:1: malformed A data (column 5)\n    a A \\# 3 000000"},
	    {"a A \\# 4 000000", ERR_SYNTAX,
		"z.zone:1: 3 octets follow, not 4 (column 8)\n"
		"    a A \\# 4 000000"},
	    {"a A \\# 4 0000000x", ERR_SYNTAX,
		"z.zone:1: hexadecimal digits are expected here, not 0000000x "
		"(column 10)\n    a A \\# 4 0000000x"},
	    {"a A \\# 65536 00", ERR_RANGE,
		"z.zone:1: 65536 does not fit: at most 65535 (column 8)\n"
		"    a A \\# 65536 00"},
	    {"a A \\#", ERR_SYNTAX,
		"z.zone:1: A record ends here with fields missing (column 5)\n"
		"    a A \\#"},
	};

	check_good(rows, ROWS(rows));
	check_bad(wrong, ROWS(wrong));
}

/* RFC 9460 2.1, 8, appendix D */
Test(zonefile_rdata, service_parameters_are_sorted_and_checked)
{
	static const struct good rows[] = {
	    {"a HTTPS 0 b", "a.svc.example. 60 IN HTTPS 0 b.svc.example.\n"},
	    {"a SVCB 16 b port=53 alpn=h2,h3",
		"a.svc.example. 60 IN SVCB 16 b.svc.example. alpn=h2,h3 "
		"port=53\n"},
	    {"a SVCB 1 . key667=\"hello\\210qoo\"",
		"a.svc.example. 60 IN SVCB 1 . key667=hello\\210qoo\n"},
	    {"a SVCB 1 . ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
		"a.svc.example. 60 IN SVCB 1 . "
		"ipv6hint=2001:db8::1,2001:db8::53:1\n"},
	    {"a SVCB 16 b (alpn=h2,h3-19 mandatory=ipv4hint,alpn "
	     "ipv4hint=192.0.2.1)",
		"a.svc.example. 60 IN SVCB 16 b.svc.example. "
		"mandatory=alpn,ipv4hint alpn=h2,h3-19 ipv4hint=192.0.2.1\n"},
	    /* f\oo,bar and h2, written in two ways */
	    {"a SVCB 16 . alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
		"a.svc.example. 60 IN SVCB \\# 19 "
		"0010000001000c08665c6f6f2c626172026832\n"},
	    {"a SVCB 16 . alpn=f\\\\\\092oo\\092,bar,h2",
		"a.svc.example. 60 IN SVCB \\# 19 "
		"0010000001000c08665c6f6f2c626172026832\n"},
	    {"a SVCB 1 . no-default-alpn alpn=h2 ech=AAAA",
		"a.svc.example. 60 IN SVCB 1 . alpn=h2 no-default-alpn "
		"ech=AAAA\n"},
	};
	static const struct bad wrong[] = {
	    {"a SVCB 1 . key123=abc key123=abc", ERR_CONFLICT,
		"z.zone:1: parameter key123=abc is there already (column 23)\n"
		"    a SVCB 1 . key123=abc key123=abc"},
	    {"a SVCB 1 . alpn=h2 key1=h3", ERR_CONFLICT,
		"z.zone:1: parameter key1=h3 is there already (column 20)\n"
		"    a SVCB 1 . alpn=h2 key1=h3"},
	    {"a SVCB 1 . nonsense=1", ERR_SYNTAX,
		"z.zone:1: unknown parameter nonsense (column 12)\n"
		"    a SVCB 1 . nonsense=1"},
	    {"a SVCB 1 . key65536=1", ERR_SYNTAX,
		"z.zone:1: unknown parameter key65536 (column 12)\n"
		"    a SVCB 1 . key65536=1"},
	    {"a SVCB 1 . key01=h2", ERR_SYNTAX,
		"z.zone:1: unknown parameter key01 (column 12)\n"
		"    a SVCB 1 . key01=h2"},
	    {"a SVCB 1 . port=-1", ERR_SYNTAX,
		"z.zone:1: malformed value of parameter port=-1 (column 12)\n"
		"    a SVCB 1 . port=-1"},
	    {"a SVCB 1 . no-default-alpn=abc", ERR_SYNTAX,
		"z.zone:1: parameter no-default-alpn has no value "
		"(column 12)\n    a SVCB 1 . no-default-alpn=abc"},
	    {"a SVCB 1 . alpn=\"h2\"x", ERR_SYNTAX,
		"z.zone:1: malformed value of parameter alpn=\"h2\"x "
		"(column 12)\n    a SVCB 1 . alpn=\"h2\"x"},
	    {"a SVCB 1 . \"alpn=h2\"", ERR_SYNTAX,
		"z.zone:1: no quoted string is expected here (column 12)\n"
		"    a SVCB 1 . \"alpn=h2\""},
	    {"a SVCB 1 . alpn", ERR_SYNTAX,
		"z.zone:1: malformed SVCB data (column 8)\n"
		"    a SVCB 1 . alpn"},
	    {"a SVCB 1 . mandatory=port", ERR_SYNTAX,
		"z.zone:1: malformed SVCB data (column 8)\n"
		"    a SVCB 1 . mandatory=port"},
	    {"a SVCB 1 . ipv4hint=192.0.2.1,", ERR_SYNTAX,
		"z.zone:1: malformed address  (column 12)\n"
		"    a SVCB 1 . ipv4hint=192.0.2.1,"},
	    {"a SVCB 1 . "
	     "ipv6hint=0000000000000000000000000000000000000000000001",
		ERR_SYNTAX,
		"z.zone:1: malformed address 00000000000000000000000000000000"
		"00000000000001 (column 12)\n    a SVCB 1 . "
		"ipv6hint=0000000000000000000000000000000000000000000001"},
	};

	check_good(rows, ROWS(rows));
	check_bad(wrong, ROWS(wrong));
}

/* Every type that has a text form, with data that uses its fields. */
static const char *const samples[] = {
    "A 192.0.2.1",
    "NS ns",
    "MD a",
    "MF a",
    "CNAME b",
    "MB a",
    "MG a",
    "MR a",
    "SOA ns host\\.master 4294967295 1h 15m 1w 30",
    "PTR 1\\.2\\\\3",
    "HINFO \"PDP-11\" UNIX\\032V7",
    "MINFO a b",
    "MX 10 mail",
    "TXT \"\" \"a b\" \"\\000\\255\\\"\\\\;()@$\"",
    "RP a b.",
    "AFSDB 1 a",
    "X25 311061700956",
    "ISDN 150862028003217 004",
    "ISDN 1508",
    "RT 10 a",
    "NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00",
    "SIG NXT 1 3 3600 20300102030405 20200102030405 2143 a AIYADP8d3zY=",
    "KEY 256 3 1 AQMFD5raczCJHViKtLYhWGz8hMY9UGRuniJDBzC7w0aR",
    "PX 10 a b",
    "GPOS -32.6882 116.8652 10.0",
    "AAAA 2001:db8::1:0:0:1",
    "LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
    "LOC 42 21 54 N 71 06 18 W -24m 30m",
    "LOC 0 S 180 W 42849672.95m",
    "EID e32c6f78163a9348",
    "NIMLOC 32251a030067",
    "SRV 65535 65535 65535 .",
    "NAPTR 100 50 s \"http+N2L+N2C+N2R\" \"!^.*$!\\\\1!\" www",
    "KX 10 a",
    "CERT PKIX 65535 RSASHA256 AQID",
    "CERT 6 0 0 AAA=",
    "DNAME b",
    "APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:FF00:0:0::/8",
    "APL",
    "DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
    "DS 12345 RSASHA256 200 0011",
    "SSHFP 2 1 123456789abcdef67890123456789abcdef67890",
    "IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtu gbo6BSGv",
    "IPSECKEY 10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGv",
    "IPSECKEY 10 3 2 mygateway AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGv",
    "IPSECKEY 10 2 2 2001:db8::8002 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6",
    "RRSIG A 5 3 86400 20300322173103 4294967295 2642 example. oJB1W6WNGv+l"
    " dWNFdN5UUH6NyBg=",
    "NSEC host A MX RRSIG NSEC TYPE1234 DSYNC CAA TYPE65535",
    "DNSKEY 256 3 RSASHA1 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+",
    "DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
    "NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX RRSIG",
    "NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr",
    "NSEC3PARAM 1 0 0 -",
    "NSEC3PARAM 1 0 12 AABBCCDD",
    "TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54d",
    "TLSA DANE-EE SPKI SHA2-256 d2abde240d7cd3ee6b4b28c54df0",
    "SMIMEA 0 0 1 d2abde240d7cd3ee6b4b28c54df034b9",
    "HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc rvs1 rvs2.b.",
    "TALINK a b",
    "CDS 0 0 0 00",
    "CDNSKEY 0 3 0 AA==",
    "OPENPGPKEY AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+",
    "CSYNC 66 3 A NS AAAA",
    "CSYNC 66 3",
    "ZONEMD 2018031500 1 1 FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E552",
    "SVCB 1 . mandatory=alpn alpn=\"h2,h3\" ipv4hint=192.0.2.1 "
    "key65535=\"\\255 "
    "x\"",
    "HTTPS 16 a dohpath=/dns-query{?dns} ohttp ipv6hint=::1 port=443",
    "NID 10 0014:4fff:ff20:ee64",
    "L32 10 10.1.2.0",
    "L64 10 2001:0DB8:1140:1000",
    "LP 10 a",
    "EUI48 00-00-5e-00-53-2a",
    "EUI64 00-00-5e-ef-10-00-00-2a",
    "URI 10 1 \"ftp://a/\\\"b\\\"\"",
    "CAA 128 issue \"ca.example; policy=\\\"ev\\\"\"",
    "CAA 0 iodef \"\"",
    "AMTRELAY \\# 6 0a01c0000201",
    "DLV 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
    "WKS \\# 6 c000020106ff",
    "NULL \\# 3 616263",
    "A6 \\# 1 00",
    "NXT \\# 4 01610040",
    "NSAP-PTR \\# 3 016100",
    "DSYNC \\# 6 "
    "003b01000100",
    "SPF \\# 2 0161",
};

Test(zonefile_rdata, whatever_is_printed_reads_back)
{
	struct reading first;
	struct reading again;
	char content[600];

	for (size_t i = 0; i < ROWS(samples); i++) {
		snprintf(content, sizeof(content), "%s %s\n",
		    strncmp(samples[i], "SOA", 3) == 0 ? "@" : "a", samples[i]);
		read_content(&first, content);
		cr_expect_eq(first.err, OK, "%s", first.complaint);
		read_content(&again, first.records);
		cr_expect_eq(again.err, OK, "%s", again.complaint);
		cr_expect_str_eq(again.records, first.records);
		free(first.records);
		free(again.records);
	}
}

struct kept {
	uint16_t type;
	uint8_t rdata[RDATA_MAX_LEN];
	size_t len;
	unsigned count;
};

static enum error
keep(void *arg, const struct zonefile_record *r)
{
	struct kept *kept = arg;

	kept->type = r->type;
	kept->len = r->rdlen;
	kept->count++;
	memcpy(kept->rdata, r->rdata, r->rdlen);
	return OK;
}

/* Prints RDATA and reads it back; false if it is not the same. */
static bool
survives(uint16_t type, const uint8_t *rdata, size_t len, char **line)
{
	static struct kept kept;
	char complaint[ZONEFILE_TEXT_LEN];
	size_t line_len;
	FILE *to = open_memstream(line, &line_len);

	kept.count = 0;
	if (zonefile_print(to, apex, 1, type, rdata, len) != OK)
		return false;
	fclose(to);
	return zonefile_read_text(*line, "back", apex, 1, keep, &kept,
		   complaint, sizeof(complaint)) == OK &&
	       kept.count == 1 && kept.type == type && kept.len == len &&
	       memcmp(kept.rdata, rdata, len) == 0;
}

static uint32_t
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*state >> 33);
}

/* Samples with a few octets changed, as far as they are well-formed still. */
Test(zonefile_rdata, every_well_formed_rdata_survives_print_and_read)
{
	static struct kept sample;
	char complaint[ZONEFILE_TEXT_LEN];
	char content[600];
	uint64_t random = 1;
	unsigned tried = 0;

	for (size_t i = 0; i < ROWS(samples); i++) {
		snprintf(content, sizeof(content), "%s %s\n",
		    strncmp(samples[i], "SOA", 3) == 0 ? "@" : "a", samples[i]);
		cr_assert_eq(zonefile_read_text(content, "z", apex, 1, keep,
				 &sample, complaint, sizeof(complaint)),
		    OK, "%s", complaint);
		for (int round = 0; round < 300; round++) {
			static uint8_t rdata[RDATA_MAX_LEN];
			size_t len = sample.len;
			char *line = NULL;

			memcpy(rdata, sample.rdata, len);
			for (int n = round % 4; n > 0 && len > 0; n--)
				rdata[next_random(&random) % len] =
				    (uint8_t)next_random(&random);
			if (len > 0 && round % 7 == 6)
				len -= next_random(&random) % len;
			if (!rdata_check(sample.type, rdata, len))
				continue;
			tried++;
			cr_expect(survives(sample.type, rdata, len, &line),
			    "%s -> %s", samples[i], line);
			free(line);
		}
	}
	cr_expect_gt(tried, 5000);
}

Test(zonefile_rdata, rdata_of_full_size_survives)
{
	static uint8_t rdata[RDATA_MAX_LEN];
	static const uint16_t types[] = {
	    TYPE_TXT, TYPE_CAA, TYPE_DNSKEY, TYPE_DHCID, TYPE_SVCB, 61, 65280};
	char *line;

	for (size_t i = 0; i < ROWS(types); i++) {
		size_t len = types[i] == TYPE_TXT ? 65535 - 255 : 65535;

		memset(rdata, 0xff, sizeof(rdata));
		for (size_t at = 0; types[i] == TYPE_TXT && at < len;)
			at += rdata[at] + 1U;
		if (types[i] == TYPE_TXT)
			len = 255 * 256;
		if (types[i] == TYPE_CAA)
			memcpy(rdata + 1, "\5issue", 6);
		/* SVCB 1 . key255, to the end */
		if (types[i] == TYPE_SVCB)
			memcpy(rdata, "\0\1\0\0\377\377\370", 7);
		cr_assert(rdata_check(types[i], rdata, len), "%u", types[i]);
		cr_expect(survives(types[i], rdata, len, &line),
		    "type %u, %.300s", types[i], line);
		free(line);
	}
}
