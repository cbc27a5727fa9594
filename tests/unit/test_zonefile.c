/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/reading.h"

TestSuite(zonefile, .timeout = 10);

/* RFC 1035 5.1 */
Test(zonefile, owner_ttl_and_class_may_be_left_out_or_swapped)
{
	static const struct good rows[] = {
	    {"a A 192.0.2.1\n", A1},
	    {"a.svc.example. IN A 192.0.2.1\n", A1},
	    {"a 5 IN A 192.0.2.1\n", "a.svc.example. 5 IN A 192.0.2.1\n"},
	    {"a IN 5 A 192.0.2.1\n", "a.svc.example. 5 IN A 192.0.2.1\n"},
	    {"a class1 5 type1 192.0.2.1\n",
		"a.svc.example. 5 IN A 192.0.2.1\n"},
	    {"A.SVC.Example. a 192.0.2.1", A1},
	    {"a A 192.0.2.1\n  A 192.0.2.2\n\tTXT x",
		A1 "a.svc.example. 60 IN A 192.0.2.2\n"
		   "a.svc.example. 60 IN TXT \"x\"\n"},
	    {"@ NS @\n", "svc.example. 60 IN NS svc.example.\n"},
	    {"\\@ NS \\@\n", "\\@.svc.example. 60 IN NS \\@.svc.example.\n"},
	    /* an owner that looks like something else */
	    {"5 A 192.0.2.1\nIN IN A 192.0.2.1\n",
		"5.svc.example. 60 IN A 192.0.2.1\n"
		"in.svc.example. 60 IN A 192.0.2.1\n"},
	    {"*.a A 192.0.2.1", "*.a.svc.example. 60 IN A 192.0.2.1\n"},
	    {"a\\.b.c A 192.0.2.1\na\\046b.c A 192.0.2.1",
		"a\\.b.c.svc.example. 60 IN A 192.0.2.1\n"
		"a\\.b.c.svc.example. 60 IN A 192.0.2.1\n"},
	    {"a\\032\\255\\\"b A 192.0.2.1",
		"a\\032\\255\\\"b.svc.example. 60 IN A 192.0.2.1\n"},
	};

	check_good(rows, ROWS(rows));
}

Test(zonefile, lines_may_be_wrapped_commented_and_ended_anyhow)
{
	static const struct good rows[] = {
	    {"", ""},
	    {"\n\n ; only a comment\n   \n;", ""},
	    {"a A 192.0.2.1", A1},
	    {"a A 192.0.2.1\r\n", A1},
	    {"\xef\xbb\xbf"
	     "a A 192.0.2.1\r\n\r\n",
		A1},
	    {"a A 192.0.2.1;comment \"(\n", A1},
	    {"a ( A ; one\n 192.0.2.1 ; two\n )\n", A1},
	    {"(a\nA(192.0.2.1))", A1},
	    {"a(A)192.0.2.1", A1},
	    {"a TXT ( \"x;y\" \"(\"\n\"\\\"\" ) ; z\n",
		"a.svc.example. 60 IN TXT \"x;y\" \"(\" \"\\\"\"\n"},
	    {"a TXT \"x\"\"y\"z\\;", "a.svc.example. 60 IN TXT \"x\" \"y\" "
				     "\"z;\"\n"},
	    {"a TXT \"\" x\\032y \\200 \"\\\\\"",
		"a.svc.example. 60 IN TXT \"\" \"x y\" \"\\200\" \"\\\\\"\n"},
	};

	check_good(rows, ROWS(rows));
}

/* RFC 2308 4, RFC 1035 5.1 */
Test(zonefile, ttl_is_its_own_or_the_default_or_the_last_one)
{
	static const struct good rows[] = {
	    {"a 7 A 192.0.2.1\nb A 192.0.2.1",
		"a.svc.example. 7 IN A 192.0.2.1\n"
		"b.svc.example. 7 IN A 192.0.2.1\n"},
	    {"$TTL 9\na 7 A 192.0.2.1\nb A 192.0.2.1",
		"a.svc.example. 7 IN A 192.0.2.1\n"
		"b.svc.example. 9 IN A 192.0.2.1\n"},
	    {"$ttl 1h30m\na A 192.0.2.1\n$TTL 1W2d3H4m5S\na A 192.0.2.1",
		"a.svc.example. 5400 IN A 192.0.2.1\n"
		"a.svc.example. 788645 IN A 192.0.2.1\n"},
	    {"a 0 A 192.0.2.1", "a.svc.example. 0 IN A 192.0.2.1\n"},
	    {"a 2147483647 A 192.0.2.1",
		"a.svc.example. 2147483647 IN A 192.0.2.1\n"},
	};

	check_good(rows, ROWS(rows));
}

Test(zonefile, origin_completes_names)
{
	static const struct good rows[] = {
	    {"$ORIGIN b\na A 192.0.2.1\n$ORIGIN c\n@ NS a\n$ORIGIN example.\n"
	     "svc NS a\n  NS b.",
		"a.b.svc.example. 60 IN A 192.0.2.1\n"
		"c.b.svc.example. 60 IN NS a.c.b.svc.example.\n"
		"svc.example. 60 IN NS a.example.\n"
		"svc.example. 60 IN NS b.\n"},
	    /* a blank repeats the owner, not the words it was written with */
	    {"a A 192.0.2.1\n$ORIGIN b\n TXT x",
		A1 "a.svc.example. 60 IN TXT \"x\"\n"},
	    {"$ORIGIN .\nsvc.example NS ns.elsewhere\n",
		"svc.example. 60 IN NS ns.elsewhere.\n"},
	};

	check_good(rows, ROWS(rows));
}

Test(zonefile, wrong_lines_are_shown)
{
	static const struct bad rows[] = {
	    {"\n\na B 192.0.2.1\n", ERR_SYNTAX,
		"z.zone:3: unknown type B: write TYPE123 \\# LENGTH HEX for "
		"one that is not known here (column 3)\n"
		"    a B 192.0.2.1"},
	    {"a A ( 192.0.2.1\n\n\t192.0.2.2 ) ; two\r\n", ERR_SYNTAX,
		"z.zone:3: A record should end before this (column 2)\n"
		"     192.0.2.2 ) ; two"},
	    {"a\n", ERR_SYNTAX,
		"z.zone:1: record ends here without a type (column 1)\n"
		"    a"},
	    {"a 5 IN\n", ERR_SYNTAX,
		"z.zone:1: record ends here without a type (column 5)\n"
		"    a 5 IN"},
	    {"a A\n", ERR_SYNTAX,
		"z.zone:1: A record ends here with fields missing (column 3)\n"
		"    a A"},
	    {" A 192.0.2.1\n", ERR_SYNTAX,
		"z.zone:1: a blank repeats the last owner, and there was none "
		"in this file (column 2)\n     A 192.0.2.1"},
	    {"a A 192.0.2.256", ERR_SYNTAX,
		"z.zone:1: malformed IPv4 address 192.0.2.256 (column 5)\n"
		"    a A 192.0.2.256"},
	    {"a AAAA 1::2::3", ERR_SYNTAX,
		"z.zone:1: malformed IPv6 address 1::2::3 (column 8)\n"
		"    a AAAA 1::2::3"},
	    {"a 5 5 A 192.0.2.1", ERR_SYNTAX,
		"z.zone:1: unknown type 5: write TYPE123 \\# LENGTH HEX for "
		"one that is not known here (column 5)\n"
		"    a 5 5 A 192.0.2.1"},
	    {"a TXT \xc3\xa4\nb X", ERR_SYNTAX,
		"z.zone:2: unknown type X: write TYPE123 \\# LENGTH HEX for "
		"one that is not known here (column 3)\n    b X"},
	};

	check_bad(rows, ROWS(rows));
}

Test(zonefile, quotes_and_parentheses_are_blamed_where_they_open)
{
	static const struct bad rows[] = {
	    {"a A (\n 192.0.2.1\n\n", ERR_SYNTAX,
		"z.zone:1: parenthesis is not closed (column 5)\n    a A ("},
	    {"a A ((192.0.2.1\n)\nb", ERR_SYNTAX,
		"z.zone:1: parenthesis is not closed (column 5)\n"
		"    a A ((192.0.2.1"},
	    {"a A 192.0.2.1 )\n", ERR_SYNTAX,
		"z.zone:1: parenthesis was never opened (column 15)\n"
		"    a A 192.0.2.1 )"},
	    {"\na TXT \"x\n\"", ERR_SYNTAX,
		"z.zone:2: quote is not closed on its line (column 7)\n"
		"    a TXT \"x"},
	    {"a TXT \"x\\\"", ERR_SYNTAX,
		"z.zone:1: quote is not closed on its line (column 7)\n"
		"    a TXT \"x\\\""},
	    {"a TXT \"x\\", ERR_SYNTAX,
		"z.zone:1: quote is not closed on its line (column 7)\n"
		"    a TXT \"x\\"},
	    {"a TXT x\"y\"", ERR_SYNTAX,
		"z.zone:1: quote inside a word (column 8)\n    a TXT x\"y\""},
	    {"a TXT x\\", ERR_SYNTAX,
		"z.zone:1: nothing follows the escape (column 8)\n"
		"    a TXT x\\"},
	    {"a TXT \\25x", ERR_SYNTAX,
		"z.zone:1: malformed string: an escape is \\X or \\DDD up to "
		"\\255, and a quote inside is written \\\" (column 7)\n"
		"    a TXT \\25x"},
	    {"a TXT \\256", ERR_SYNTAX,
		"z.zone:1: malformed string: an escape is \\X or \\DDD up to "
		"\\255, and a quote inside is written \\\" (column 7)\n"
		"    a TXT \\256"},
	    {"a TXT x=\"y\"", ERR_SYNTAX,
		"z.zone:1: malformed string: an escape is \\X or \\DDD up to "
		"\\255, and a quote inside is written \\\" (column 7)\n"
		"    a TXT x=\"y\""},
	    {"a TXT \x01", ERR_SYNTAX,
		"z.zone:1: control character 0x01 (column 7)\n    a TXT ?"},
	    {"a TXT x ; \x7f", ERR_SYNTAX,
		"z.zone:1: control character 0x7f (column 11)\n"
		"    a TXT x ; ?"},
	    {"a TXT x\r y", ERR_SYNTAX,
		"z.zone:1: control character 0x0d (column 8)\n"
		"    a TXT x? y"},
	};

	check_bad(rows, ROWS(rows));
}

Test(zonefile, numbers_must_fit)
{
	static const struct bad rows[] = {
	    {"a SRV 0 0 65536 b", ERR_RANGE,
		"z.zone:1: 65536 does not fit: at most 65535 (column 11)\n"
		"    a SRV 0 0 65536 b"},
	    {"a SRV 0 0 70000 b", ERR_RANGE,
		"z.zone:1: 70000 does not fit: at most 65535 (column 11)\n"
		"    a SRV 0 0 70000 b"},
	    {"a SRV 0 -1 1 b", ERR_SYNTAX,
		"z.zone:1: a number is expected here, not -1 (column 9)\n"
		"    a SRV 0 -1 1 b"},
	    {"a MX 99999999999999999999999 b", ERR_RANGE,
		"z.zone:1: 99999999999999999999999 does not fit: at most "
		"65535 (column 6)\n    a MX 99999999999999999999999 b"},
	    {"a CAA 256 issue x", ERR_RANGE,
		"z.zone:1: 256 does not fit: at most 255 (column 7)\n"
		"    a CAA 256 issue x"},
	    {"@ SOA a b 4294967296 1 1 1 1", ERR_RANGE,
		"z.zone:1: 4294967296 does not fit: at most 4294967295 "
		"(column 11)\n    @ SOA a b 4294967296 1 1 1 1"},
	    {"@ SOA a b 1 7102w 1 1 1", ERR_RANGE,
		"z.zone:1: 7102w does not fit: at most 4294967295 "
		"(column 13)\n    @ SOA a b 1 7102w 1 1 1"},
	    {"a DS 1 256 1 00", ERR_RANGE,
		"z.zone:1: 256 does not fit: at most 255 (column 8)\n"
		"    a DS 1 256 1 00"},
	    {"a 2147483648 A 192.0.2.1", ERR_RANGE,
		"z.zone:1: TTL 2147483648 does not fit: at most 2147483647 "
		"seconds (column 3)\n    a 2147483648 A 192.0.2.1"},
	    {"$TTL 99999999999999999999w", ERR_RANGE,
		"z.zone:1: TTL 99999999999999999999w does not fit: at most "
		"2147483647 seconds (column 6)\n"
		"    $TTL 99999999999999999999w"},
	    {"a 1x A 192.0.2.1", ERR_SYNTAX,
		"z.zone:1: malformed TTL 1x: seconds, or units as in 1h30m "
		"(column 3)\n    a 1x A 192.0.2.1"},
	    {"a HTTPS 1 . port=70000", ERR_RANGE,
		"z.zone:1: port=70000 does not fit: at most 65535 "
		"(column 13)\n    a HTTPS 1 . port=70000"},
	    {"a TYPE65536 \\# 0", ERR_SYNTAX,
		"z.zone:1: unknown type TYPE65536: write TYPE123 \\# LENGTH "
		"HEX for one that is not known here (column 3)\n"
		"    a TYPE65536 \\# 0"},
	    {"a RRSIG TYPE65537 8 2 60 20300101000000 20300101000000 1 b AA==",
		ERR_SYNTAX,
		"z.zone:1: unknown type TYPE65537 (column 9)\n    a RRSIG "
		"TYPE65537 8 2 60 20300101000000 20300101000000 1 b AA=="},
	    {"a RRSIG A 8 2 60 20300230000000 20300101000000 1 b AA==",
		ERR_SYNTAX,
		"z.zone:1: 20300230000000 is malformed here (RRSIG record) "
		"(column 18)\n    a RRSIG A 8 2 60 20300230000000 "
		"20300101000000 1 b AA=="},
	    {"a APL 1:192.0.2.0/33", ERR_SYNTAX,
		"z.zone:1: 1:192.0.2.0/33 is malformed here (APL record) "
		"(column 7)\n    a APL 1:192.0.2.0/33"},
	    {"a APL 65537:192.0.2.0/24", ERR_SYNTAX,
		"z.zone:1: 65537:192.0.2.0/24 is malformed here (APL record) "
		"(column 7)\n    a APL 65537:192.0.2.0/24"},
	    {"a LOC 91 N 0 E 0m", ERR_SYNTAX,
		"z.zone:1: 91 is malformed here (LOC record) (column 7)\n"
		"    a LOC 91 N 0 E 0m"},
	    {"a LOC 9 N 0 E 0m 1m 1m 1m 1m", ERR_SYNTAX,
		"z.zone:1: 1m is malformed here (LOC record) (column 27)\n"
		"    a LOC 9 N 0 E 0m 1m 1m 1m 1m"},
	    {"a EUI48 00-00-00-00-00--1", ERR_SYNTAX,
		"z.zone:1: 00-00-00-00-00--1 is malformed here (EUI48 record) "
		"(column 9)\n    a EUI48 00-00-00-00-00--1"},
	    {"a SSHFP 1 1 abc", ERR_SYNTAX,
		"z.zone:1: odd number of hexadecimal digits (column 13)\n"
		"    a SSHFP 1 1 abc"},
	    {"a DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69l*", ERR_SYNTAX,
		"z.zone:1: AAIBY2/AuCccgoJbsaxcQc9TUapptP69l* is malformed "
		"here (DHCID record) (column 9)\n"
		"    a DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69l*"},
	};

	check_bad(rows, ROWS(rows));
}

#define X63 "123456789012345678901234567890123456789012345678901234567890123"

Test(zonefile, names_must_fit_and_lie_in_the_zone)
{
	static const struct bad rows[] = {
	    {"a.example. A 192.0.2.1", ERR_CONFLICT,
		"z.zone:1: a.example. is outside the zone svc.example. "
		"(column 1)\n    a.example. A 192.0.2.1"},
	    {"$ORIGIN example.\nxsvc A 192.0.2.1", ERR_CONFLICT,
		"z.zone:2: xsvc.example. is outside the zone svc.example. "
		"(column 1)\n    xsvc A 192.0.2.1"},
	    {X63 "4 A 192.0.2.1", ERR_LIMIT,
		"z.zone:1: name " X63 "4 is too long: labels end at 63 "
		"octets, names at 255 (column 1)\n    " X63 "4 A 192.0.2.1"},
	    {"a NS " X63 "." X63 "." X63 "." X63 "\n", ERR_LIMIT,
		"z.zone:1: name " X63 "." X63 "." X63 "."
		"12345678 is too long: labels end at 63 octets, names at 255 "
		"(column 6)\n    a NS " X63 "." X63
		".123456789012345678901234567..."},
	    {"a..b A 192.0.2.1", ERR_SYNTAX,
		"z.zone:1: malformed name a..b (column 1)\n"
		"    a..b A 192.0.2.1"},
	    {"a\\25 A 192.0.2.1", ERR_SYNTAX,
		"z.zone:1: malformed name a\\25 (column 1)\n"
		"    a\\25 A 192.0.2.1"},
	    {"a NS b\\256", ERR_SYNTAX,
		"z.zone:1: malformed name b\\256 (column 6)\n"
		"    a NS b\\256"},
	    {"\"a\" A 192.0.2.1", ERR_SYNTAX,
		"z.zone:1: a name is expected here, not a quoted string "
		"(column 1)\n    \"a\" A 192.0.2.1"},
	    {"a NS \"b\"", ERR_SYNTAX,
		"z.zone:1: a name is expected here, not a quoted string "
		"(column 6)\n    a NS \"b\""},
	};

	check_bad(rows, ROWS(rows));
}

#define SOA "SOA ns hostmaster 1 2 3 4 5\n"

Test(zonefile, class_type_and_soa_are_those_of_a_zone)
{
	static const struct bad rows[] = {
	    {"a CH TXT x", ERR_CONFLICT,
		"z.zone:1: class CH: the zones here are of class IN "
		"(column 3)\n    a CH TXT x"},
	    {"a 5 CLASS254 TXT x", ERR_CONFLICT,
		"z.zone:1: class CLASS254: the zones here are of class IN "
		"(column 5)\n    a 5 CLASS254 TXT x"},
	    {"a ANY x", ERR_CONFLICT,
		"z.zone:1: class ANY: the zones here are of class IN "
		"(column 3)\n    a ANY x"},
	    {"a IN ANY x", ERR_SYNTAX,
		"z.zone:1: type ANY cannot be in a zone (column 6)\n"
		"    a IN ANY x"},
	    {"a TYPE41 \\# 0", ERR_SYNTAX,
		"z.zone:1: type TYPE41 cannot be in a zone (column 3)\n"
		"    a TYPE41 \\# 0"},
	    {"a TYPE0 \\# 0", ERR_SYNTAX,
		"z.zone:1: unknown type TYPE0: write TYPE123 \\# LENGTH HEX "
		"for one that is not known here (column 3)\n"
		"    a TYPE0 \\# 0"},
	    {"a \"A\" x", ERR_SYNTAX,
		"z.zone:1: unknown type A: write TYPE123 \\# LENGTH HEX for "
		"one that is not known here (column 3)\n    a \"A\" x"},
	    {"a " SOA, ERR_CONFLICT,
		"z.zone:1: SOA at a.svc.example., which is not the apex "
		"svc.example. (column 1)\n    a SOA ns hostmaster 1 2 3 4 5"},
	    {"\n@ " SOA "@ " SOA, ERR_CONFLICT,
		"z.zone:3: second SOA: the first is at z.zone:2 (column 1)\n"
		"    @ SOA ns hostmaster 1 2 3 4 5"},
	};
	static const struct good late = {"a A 192.0.2.1\n@ " SOA,
	    A1 "svc.example. 60 IN SOA ns.svc.example. "
	       "hostmaster.svc.example. 1 2 3 4 5\n"};

	check_bad(rows, ROWS(rows));
	check_good(&late, 1);
}

Test(zonefile, directives_are_the_three_of_the_rfcs)
{
	static const struct bad rows[] = {
	    {"$GENERATE 1-9 a$ A 192.0.2.$", ERR_SYNTAX,
		"z.zone:1: $GENERATE is an extension of BIND and not read "
		"here; write the records out (column 1)\n"
		"    $GENERATE 1-9 a$ A 192.0.2.$"},
	    {"$FOO", ERR_SYNTAX,
		"z.zone:1: unknown directive $FOO: there are $ORIGIN, $TTL "
		"and $INCLUDE (column 1)\n    $FOO"},
	    {"$ORIGIN", ERR_SYNTAX,
		"z.zone:1: $ORIGIN says nothing (column 1)\n    $ORIGIN"},
	    {"$TTL 1 2", ERR_SYNTAX,
		"z.zone:1: $TTL should end before this (column 8)\n"
		"    $TTL 1 2"},
	    {"$INCLUDE /nonexistent/sub.zone", ERR_NOT_FOUND,
		"z.zone:1: cannot open /nonexistent/sub.zone: No such file or "
		"directory (column 10)\n    $INCLUDE /nonexistent/sub.zone"},
	    {"$INCLUDE /", ERR_IO,
		"z.zone:1: / is a directory (column 10)\n    $INCLUDE /"},
	    {"$INCLUDE \"\"", ERR_SYNTAX,
		"z.zone:1: malformed file name (column 10)\n"
		"    $INCLUDE \"\""},
	};

	check_bad(rows, ROWS(rows));
}
