/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of an upstream's answer. */
#include "tests/unit/reply_fixture.h"

struct sample {
	const char *why;
	struct message_text in;
	const char *answer, *authority, *additional;
	uint32_t ttl;
};

/* What comes in, and what is left of it. */
static void
check_kept(
    const struct sample *samples, size_t count, const char *zone, bool dnssec)
{
	for (size_t i = 0; i < count; i++) {
		const struct sample *s = &samples[i];
		enum reply_state state = check_in(&s->in, zone, dnssec);

		cr_expect_eq(state, REPLY_OK, "%s: %d", s->why, (int)state);
		if (state != REPLY_OK)
			continue;
		expect_section(
		    out, reply.len, SECTION_ANSWER, s->answer, s->why);
		expect_section(
		    out, reply.len, SECTION_AUTHORITY, s->authority, s->why);
		expect_section(
		    out, reply.len, SECTION_ADDITIONAL, s->additional, s->why);
		cr_expect_eq(
		    reply.ttl, s->ttl, "%s: TTL %u", s->why, reply.ttl);
	}
}

#define CHECK(samples, zone, dnssec) \
	check_kept(samples, sizeof(samples) / sizeof(*samples), zone, dnssec)

struct verdict {
	const char *why;
	struct message_text in;
	enum reply_state state;
};

static void
check_states(const struct verdict *rows, size_t count, const char *zone)
{
	for (size_t i = 0; i < count; i++) {
		enum reply_state state = check_in(&rows[i].in, zone, false);

		cr_expect_eq(
		    state, rows[i].state, "%s: %d", rows[i].why, (int)state);
	}
}

#define CHECK_STATES(rows, zone) \
	check_states(rows, sizeof(rows) / sizeof(*rows), zone)

#define WWW "www.example. 300 IN A 192.0.2.1\n"
#define SOA_ "example. 600 IN SOA ns.example. h.example. 1 7200 3600 86400 "
#define SOA300 SOA_ "300\n"

Test(reply, what_was_asked_for_is_kept, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"an address", TEXT("ra 0", "www.example. A", WWW), WWW, NULL, NULL,
		300},
	    {"two",
		TEXT("ra 0", "www.example. A",
		    WWW "www.example. 300 IN A 192.0.2.2\n"),
		WWW "www.example. 300 IN A 192.0.2.2\n", NULL, NULL, 300},
	    {"of any type",
		TEXT("ra 0", "www.example. ANY",
		    WWW "www.example. 60 IN TXT \"x\"\n"),
		"www.example. 60 IN A 192.0.2.1\n"
		"www.example. 60 IN TXT \"x\"\n",
		NULL, NULL, 60},
	    {"a type nobody knows",
		TEXT("ra 0", "www.example. TYPE65000",
		    "www.example. 5 IN TYPE65000 \\# 2 c00c\n"),
		"www.example. 5 IN TYPE65000 \\# 2 c00c\n", NULL, NULL, 5},
	    {"the root", TEXT("ra 0", ". NS", ". 60 IN NS a.root.\n"),
		". 60 IN NS a.root.\n", NULL, NULL, 60},
	    {"an alias itself",
		TEXT("ra 0", "a.example. CNAME",
		    "a.example. 60 IN CNAME b.example.\n"),
		"a.example. 60 IN CNAME b.example.\n", NULL, NULL, 60},
	};

	CHECK(samples, ".", false);
}

Test(reply, what_was_not_asked_for_is_left_out, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"another name",
		TEXT("ra 0", "www.example. A",
		    WWW "bank.example. 300 IN A 192.0.2.66\n"),
		WWW, NULL, NULL, 300},
	    {"another type",
		TEXT("ra 0", "www.example. A",
		    WWW "www.example. 1 IN TXT \"x\"\n"),
		WWW, NULL, NULL, 300},
	    {"who answers for all of it",
		TEXT("ra 0", "www.example. A", WWW,
		    "example. 300 IN NS ns.evil.\n",
		    "ns.evil. 300 IN A 192.0.2.66\n"),
		WWW, NULL, NULL, 300},
	    {"an SOA beside data", TEXT("ra 0", "www.example. A", WWW, SOA300),
		WWW, NULL, NULL, 300},
	    {"an address of nobody",
		TEXT("ra 0", "www.example. A", WWW, NULL,
		    "bank.example. 300 IN A 192.0.2.66\n"),
		WWW, NULL, NULL, 300},
	    {"signatures, where nobody wants them",
		TEXT("ra 0", "www.example. A",
		    WWW "www.example. 300 IN RRSIG A 8 2 300 1893456000 "
			"1577836800 1 example. AAAA\n"),
		WWW, NULL, NULL, 300},
	};

	CHECK(samples, ".", false);
}

Test(reply, a_chain_of_aliases_is_followed_in_order, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"in order",
		TEXT("ra 0", "a.example. A",
		    "a.example. 60 IN CNAME b.test.\n"
		    "b.test. 300 IN CNAME www.example.\n" WWW),
		"a.example. 60 IN CNAME b.test.\n"
		"b.test. 300 IN CNAME www.example.\n" WWW,
		NULL, NULL, 60},
	    {"in disorder",
		TEXT("ra 0", "a.example. A",
		    WWW "b.test. 300 IN CNAME www.example.\n"
			"a.example. 60 IN CNAME b.test.\n"),
		"a.example. 60 IN CNAME b.test.\n"
		"b.test. 300 IN CNAME www.example.\n" WWW,
		NULL, NULL, 60},
	    {"the second alias of a name counts nothing",
		TEXT("ra 0", "a.example. A",
		    "a.example. 60 IN CNAME www.example.\n"
		    "a.example. 60 IN CNAME evil.example.\n"
		    "evil.example. 60 IN A 192.0.2.66\n" WWW),
		"a.example. 60 IN CNAME www.example.\n" WWW, NULL, NULL, 60},
	    {"case does not matter",
		TEXT("ra 0", "A.example. A",
		    "a.EXAMPLE. 60 IN CNAME WWW.example.\n" WWW),
		"a.example. 60 IN CNAME WWW.example.\n"
		"WWW.example. 300 IN A 192.0.2.1\n",
		NULL, NULL, 60},
	};

	/* Owners are written as the chain led to them. */
	CHECK(samples, ".", false);
}

Test(reply, a_dname_makes_its_aliases_itself, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"with the server's alias",
		TEXT("ra 0", "x.old.example. A",
		    "old.example. 60 IN DNAME new.test.\n"
		    "x.old.example. 0 IN CNAME x.new.test.\n"
		    "x.new.test. 300 IN A 192.0.2.1\n"),
		"old.example. 60 IN DNAME new.test.\n"
		"x.old.example. 60 IN CNAME x.new.test.\n"
		"x.new.test. 300 IN A 192.0.2.1\n",
		NULL, NULL, 60},
	    {"with a lie",
		TEXT("ra 0", "x.old.example. A",
		    "old.example. 60 IN DNAME new.test.\n"
		    "x.old.example. 60 IN CNAME evil.test.\n"
		    "evil.test. 60 IN A 192.0.2.66\n"
		    "x.new.test. 300 IN A 192.0.2.1\n"),
		"old.example. 60 IN DNAME new.test.\n"
		"x.old.example. 60 IN CNAME x.new.test.\n"
		"x.new.test. 300 IN A 192.0.2.1\n",
		NULL, NULL, 60},
	    {"at its owner it is a record like others",
		TEXT("ra 0", "old.example. DNAME",
		    "old.example. 60 IN DNAME new.test.\n"),
		"old.example. 60 IN DNAME new.test.\n", NULL, NULL, 60},
	    {"asked for the alias",
		TEXT("ra 0", "x.old.example. CNAME",
		    "old.example. 60 IN DNAME new.test.\n"),
		"old.example. 60 IN DNAME new.test.\n"
		"x.old.example. 60 IN CNAME x.new.test.\n",
		NULL, NULL, 60},
	};

	CHECK(samples, ".", false);
}

Test(reply, a_chain_without_end_is_lame, .timeout = 5)
{
	static const struct verdict rows[] = {
	    {"a loop",
		TEXT("ra 0", "a.example. A",
		    "a.example. 60 IN CNAME b.example.\n"
		    "b.example. 60 IN CNAME a.example.\n"),
		REPLY_LAME},
	    {"to itself",
		TEXT("ra 0", "a.example. A",
		    "a.example. 60 IN CNAME a.example.\n"),
		REPLY_LAME},
	    {"by DNAME",
		TEXT("ra 0", "a.x.example. A",
		    "x.example. 60 IN DNAME y.x.example.\n"),
		REPLY_LAME},
	    {"too long a name",
		TEXT("ra 0",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aa."
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aa."
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aa."
		    "x.example. A",
		    "x.example. 60 IN DNAME "
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b."
		    "\n"),
		REPLY_LAME},
	};

	CHECK_STATES(rows, ".");
}

Test(reply, a_chain_may_have_sixteen_aliases, .timeout = 5)
{
	char lines[4096];
	struct message_text text = TEXT("ra 0", "n0.example. A", lines);

	for (int aliases = 15; aliases <= 17; aliases++) {
		int n = 0;

		for (int i = aliases - 1; i >= 0; i--)
			n += sprintf(lines + n,
			    "n%d.example. 60 IN CNAME n%d.example.\n", i,
			    i + 1);
		sprintf(lines + n, "n%d.example. 60 IN A 192.0.2.1\n", aliases);
		cr_expect_eq(check_in(&text, ".", false),
		    aliases <= REPLY_CHAIN_MAX ? REPLY_OK : REPLY_LAME, "%d",
		    aliases);
	}
}

Test(reply, nothing_outside_of_the_zone_is_believed, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"an alias leads out",
		TEXT("aa 0", "a.corp.example. A",
		    "a.corp.example. 60 IN CNAME bank.test.\n"
		    "bank.test. 60 IN A 192.0.2.66\n"),
		"a.corp.example. 60 IN CNAME bank.test.\n", NULL, NULL, 60},
	    {"to what does not exist",
		TEXT("aa 3", "a.corp.example. A",
		    "a.corp.example. 60 IN CNAME bank.test.\n",
		    "test. 60 IN SOA a. a. 1 1 1 1 1\n"),
		"a.corp.example. 60 IN CNAME bank.test.\n", NULL, NULL, 60},
	    {"a DNAME above the zone",
		TEXT("aa 0", "a.corp.example. A",
		    "example. 60 IN DNAME evil.test.\n"
		    "a.corp.example. 60 IN A 192.0.2.1\n"),
		"a.corp.example. 60 IN A 192.0.2.1\n", NULL, NULL, 60},
	    {"addresses of hosts",
		TEXT("aa 0", "corp.example. MX",
		    "corp.example. 60 IN MX 1 m.corp.example.\n"
		    "corp.example. 60 IN MX 1 m.test.\n",
		    NULL,
		    "m.corp.example. 60 IN A 192.0.2.1\n"
		    "m.test. 60 IN A 192.0.2.66\n"),
		"corp.example. 60 IN MX 1 m.corp.example.\n"
		"corp.example. 60 IN MX 1 m.test.\n",
		NULL, "m.corp.example. 60 IN A 192.0.2.1\n", 60},
	};

	CHECK(samples, "corp.example.", false);
	check_in(&samples[0].in, "corp.example.", false);
	cr_expect(reply.leads_out);
	check_in(&samples[1].in, "corp.example.", false);
	cr_expect(reply.leads_out);
	cr_expect_eq(reply.rcode, RCODE_NOERROR);
}

Test(reply, what_is_not_there_comes_with_its_soa, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"NODATA", TEXT("ra 0", "www.example. AAAA", NULL, SOA300), NULL,
		"example. 300 IN SOA ns.example. h.example. 1 7200 3600 86400 "
		"300\n",
		NULL, 300},
	    {"NXDOMAIN", TEXT("ra 3", "www.example. AAAA", NULL, SOA300), NULL,
		"example. 300 IN SOA ns.example. h.example. 1 7200 3600 86400 "
		"300\n",
		NULL, 300},
	    {"the SOA's own TTL is less",
		TEXT("ra 3", "www.example. AAAA", NULL, SOA_ "86400\n"), NULL,
		SOA_ "86400\n", NULL, 600},
	    {"three hours at most",
		TEXT("ra 3", "www.example. AAAA", NULL,
		    "example. 86400 IN SOA a. a. 1 1 1 1 86400\n"),
		NULL, "example. 10800 IN SOA a. a. 1 1 1 1 86400\n", NULL,
		10800},
	    {"at the end of a chain",
		TEXT("ra 3", "a.example. A",
		    "a.example. 60 IN CNAME b.example.\n", SOA300),
		"a.example. 60 IN CNAME b.example.\n",
		"example. 300 IN SOA ns.example. h.example. 1 7200 3600 86400 "
		"300\n",
		NULL, 60},
	    {"no SOA: not remembered", TEXT("ra 3", "www.example. AAAA", NULL),
		NULL, NULL, NULL, 0},
	    {"an SOA of others: not remembered",
		TEXT("ra 0", "www.example. AAAA", NULL,
		    "test. 600 IN SOA a. a. 1 1 1 1 300\n"),
		NULL, NULL, NULL, 0},
	    {"a minimum of 0: not remembered",
		TEXT("ra 0", "www.example. AAAA", NULL,
		    "example. 600 IN SOA a. a. 1 1 1 1 0\n"
		    "example. 600 IN NS a.\n"),
		NULL, "example. 0 IN SOA a. a. 1 1 1 1 0\n", NULL, 0},
	};

	CHECK(samples, ".", false);
	check_in(&samples[0].in, ".", false);
	cr_expect(reply.nodata);
	cr_expect_eq(reply.rcode, RCODE_NOERROR);
	check_in(&samples[1].in, ".", false);
	cr_expect(!reply.nodata);
	cr_expect_eq(reply.rcode, RCODE_NXDOMAIN);
}

Test(reply, the_soa_may_stand_above_the_forward_zone, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"above", TEXT("aa 3", "www.corp.example. A", NULL, SOA300), NULL,
		"example. 300 IN SOA ns.example. h.example. 1 7200 3600 86400 "
		"300\n",
		NULL, 300},
	};

	CHECK(samples, "corp.example.", false);
}

Test(reply, an_rrset_has_one_ttl, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"the least",
		TEXT("ra 0", "www.example. A",
		    WWW "www.example. 20 IN A 192.0.2.2\n"
			"www.example. 40 IN A 192.0.2.3\n"),
		"www.example. 20 IN A 192.0.2.1\n"
		"www.example. 20 IN A 192.0.2.2\n"
		"www.example. 20 IN A 192.0.2.3\n",
		NULL, NULL, 20},
	    {"a week at most",
		TEXT("ra 0", "www.example. A",
		    "www.example. 700000 IN A 192.0.2.2\n"),
		"www.example. 604800 IN A 192.0.2.2\n", NULL, NULL, 604800},
	    {"0 stays",
		TEXT("ra 0", "www.example. A",
		    "www.example. 0 IN A 192.0.2.2\n"),
		"www.example. 0 IN A 192.0.2.2\n", NULL, NULL, 0},
	};

	CHECK(samples, ".", false);
}

Test(reply, a_ttl_beyond_31_bits_is_0, .timeout = 5)
{
	static const struct message_text text =
	    TEXT("ra 0", "www.example. A", WWW);
	size_t len = write_text(&text, in, sizeof(in));

	in[len - 10] = 0x80; /* the highest bit of the TTL */
	cr_expect_eq(check_octets(len, text.question, ".", false), REPLY_OK);
	cr_expect_eq(reply.ttl, 0);
}

#define SIG "8 2 300 1893456000 1577836800 1 example. AAAA\n"
#define SIG_OF(owner, type) owner " 300 IN RRSIG " type " " SIG

Test(reply, dnssec_passes_through_where_it_is_asked_for, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"signatures",
		TEXT("ra ad 0", "www.example. A",
		    WWW SIG_OF("www.example.", "A")
			SIG_OF("www.example.", "TXT")),
		WWW SIG_OF("www.example.", "A"), NULL, NULL, 300},
	    {"of aliases",
		TEXT("ra ad 0", "a.example. A",
		    "a.example. 300 IN CNAME www.example.\n" SIG_OF(
			"a.example.", "CNAME") WWW SIG_OF("www.example.", "A")),
		"a.example. 300 IN CNAME www.example.\n" SIG_OF(
		    "a.example.", "CNAME") WWW SIG_OF("www.example.", "A"),
		NULL, NULL, 300},
	    {"proofs",
		TEXT("ra ad 3", "b.example. A", NULL,
		    SOA300 SIG_OF("example.",
			"SOA") "a.example. 300 IN NSEC c.example. A RRSIG "
			       "NSEC\n" SIG_OF("a.example.",
				   "NSEC") "example. 300 IN NS ns.example.\n"),
		NULL,
		"example. 300 IN SOA ns.example. h.example. 1 7200 3600 86400 "
		"300\n" SIG_OF("example.",
		    "SOA") "a.example. 300 IN NSEC c.example. A RRSIG "
			   "NSEC\n" SIG_OF("a.example.", "NSEC"),
		NULL, 300},
	    {"proofs of a wildcard",
		TEXT("ra ad 0", "www.example. A",
		    WWW SIG_OF("www.example.", "A"),
		    "a.example. 300 IN NSEC z.example. A RRSIG NSEC\n"),
		WWW SIG_OF("www.example.", "A"),
		"a.example. 300 IN NSEC z.example. A RRSIG NSEC\n", NULL, 300},
	    {"signatures asked for",
		TEXT("ra 0", "www.example. RRSIG", SIG_OF("www.example.", "A")),
		SIG_OF("www.example.", "A"), NULL, NULL, 300},
	    {"signatures of nothing",
		TEXT("ra 0", "www.example. A", SIG_OF("www.example.", "A")),
		NULL, NULL, NULL, 0},
	};

	CHECK(samples, ".", true);
	check_in(&samples[0].in, ".", true);
	cr_expect(reply.authentic);
	check_in(&samples[4].in, ".", true);
	cr_expect(!reply.authentic);
}

Test(reply, hosts_that_the_answer_names_bring_addresses, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"SRV",
		TEXT("ra 0", "_x._tcp.example. SRV",
		    "_x._tcp.example. 60 IN SRV 1 2 80 h.example.\n", NULL,
		    "h.example. 60 IN A 192.0.2.1\n"
		    "h.example. 30 IN AAAA 2001:db8::1\n"
		    "h.example. 30 IN TXT \"x\"\n"
		    "i.example. 30 IN A 192.0.2.66\n"),
		"_x._tcp.example. 60 IN SRV 1 2 80 h.example.\n", NULL,
		"h.example. 30 IN A 192.0.2.1\n"
		"h.example. 30 IN AAAA 2001:db8::1\n",
		30},
	    {"HTTPS of its own name",
		TEXT("ra 0", "www.example. HTTPS",
		    "www.example. 60 IN HTTPS 1 . alpn=h2\n", NULL, WWW),
		"www.example. 60 IN HTTPS 1 . alpn=h2\n", NULL,
		"www.example. 300 IN A 192.0.2.1\n", 60},
	    {"one that is for this once only",
		TEXT("ra 0", "example. MX",
		    "example. 60 IN MX 1 www.example.\n", NULL,
		    "www.example. 0 IN A 192.0.2.1\n"),
		"example. 60 IN MX 1 www.example.\n", NULL, NULL, 60},
	};

	CHECK(samples, ".", false);
}

Test(reply, other_servers_may_do_better, .timeout = 5)
{
	static const struct verdict rows[] = {
	    {"FORMERR", TEXT("ra 1", "a.example. A", NULL), REPLY_LAME},
	    {"SERVFAIL", TEXT("ra 2", "a.example. A", NULL), REPLY_SERVFAIL},
	    {"NOTIMP", TEXT("ra 4", "a.example. A", NULL), REPLY_LAME},
	    {"REFUSED", TEXT("ra 5", "a.example. A", NULL), REPLY_LAME},
	    {"NOTAUTH", TEXT("ra 9", "a.example. A", NULL), REPLY_LAME},
	    {"a referral",
		TEXT("0", "a.example. A", NULL,
		    "example. 60 IN NS ns.example.\n"),
		REPLY_LAME},
	    {"upwards", TEXT("0", "a.example. A", NULL, ". 60 IN NS a.root.\n"),
		REPLY_LAME},
	    {"does not exist, but has records",
		TEXT("3", "www.example. A", WWW), REPLY_LAME},
	    {"truncated", TEXT("tc 0", "www.example. A", WWW), REPLY_TRUNCATED},
	};

	CHECK_STATES(rows, ".");
}
