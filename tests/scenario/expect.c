/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/expect.h"

#include <stdlib.h>
#include <string.h>

#include "server/nameserver/edns.h"

void
expect_fail(struct expecting *e, const char *what, const char *detail)
{
	world_fail(
	    e->world, e->number, "%s%s%s", what, detail[0] ? ": " : "", detail);
	e->failed = true;
}

void
expect_fail_number(struct expecting *e, const char *what, long wanted, long got)
{
	char text[64];

	snprintf(text, sizeof(text), "expected %ld, got %ld", wanted, got);
	expect_fail(e, what, text);
}

/* --- words behind EXPECT --- */

static const struct {
	const char *text;
	unsigned rcode;
} rcodes[] = {
    {"NOERROR", RCODE_NOERROR},
    {"FORMERR", RCODE_FORMERR},
    {"SERVFAIL", RCODE_SERVFAIL},
    {"NXDOMAIN", RCODE_NXDOMAIN},
    {"NOTIMP", RCODE_NOTIMP},
    {"REFUSED", RCODE_REFUSED},
    {"YXDOMAIN", RCODE_YXDOMAIN},
    {"YXRRSET", RCODE_YXRRSET},
    {"NXRRSET", RCODE_NXRRSET},
    {"NOTAUTH", RCODE_NOTAUTH},
    {"NOTZONE", RCODE_NOTZONE},
    {"BADVERS", RCODE_BADVERS},
};

static void
check_rcode(struct expecting *e, const char *word)
{
	const char *got = "another";
	bool known = false, same = false;

	for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
		if (strcmp(rcodes[i].text, word) == 0) {
			known = true;
			same = rcodes[i].rcode == e->reply->rcode;
		}
		if (rcodes[i].rcode == e->reply->rcode)
			got = rcodes[i].text;
	}
	if (!known)
		script_complain(
		    e->world->script.path, e->number, "no RCODE: %s", word);
	if (!same) {
		char text[128];

		snprintf(
		    text, sizeof(text), "expected %.20s, got %s", word, got);
		expect_fail(e, "rcode", text);
	}
}

static long
take_long(struct expecting *e, const char **text, bool needed)
{
	const char *ahead = *text;
	char word[WORD_LEN];

	if (word_next(&ahead, word) && word[0] >= '0' && word[0] <= '9') {
		*text = ahead;
		return strtol(word, NULL, 0);
	}
	if (needed)
		script_complain(
		    e->world->script.path, e->number, "a number is missing");
	return -1;
}

/* lease N [M]: the second number stands for the form of 8 octets. */
static void
check_lease(struct expecting *e, const char **text)
{
	long lease = take_long(e, text, true);
	long key_lease = take_long(e, text, false);

	if (e->reply->lease_len != (key_lease < 0 ? 4u : 8u))
		expect_fail_number(e, "octets of the lease option",
		    key_lease < 0 ? 4 : 8, e->reply->lease_len);
	else if (e->reply->lease_s != (uint32_t)lease)
		expect_fail_number(e, "lease", lease, e->reply->lease_s);
	else if (key_lease >= 0 && e->reply->key_lease_s != key_lease)
		expect_fail_number(
		    e, "key lease", key_lease, e->reply->key_lease_s);
}

/* ede CODE ["text"...] */
static void
check_ede(struct expecting *e, const char **text)
{
	long code = take_long(e, text, true);
	char word[WORD_LEN];

	if (e->reply->ede != code)
		expect_fail_number(e, "extended error", code, e->reply->ede);
	for (;;) {
		const char *ahead = *text + strspn(*text, " ");

		if (*ahead != '"' || !word_next(&ahead, word))
			return;
		*text = ahead;
		if (strstr(e->reply->ede_text, word) == NULL)
			expect_fail(
			    e, "extended error's text", e->reply->ede_text);
	}
}

/* tsig BADKEY, BADSIG, BADTIME */
static void
check_tsig(struct expecting *e, const char **text)
{
	const struct response *r = e->reply;
	char word[WORD_LEN] = "";
	unsigned error;

	word_next(text, word);
	error = strcmp(word, "BADKEY") == 0   ? RCODE_BADKEY
		: strcmp(word, "BADSIG") == 0 ? RCODE_BADSIG
					      : RCODE_BADTIME;
	if (!r->tsig || r->tsig_error != error)
		expect_fail_number(
		    e, "TSIG error", error, r->tsig ? (long)r->tsig_error : -1);
	if (error != RCODE_BADTIME)
		return;
	/* RFC 8945 5.2.3: signed, with our time beside the client's. */
	if (r->tsig_mac_len == 0)
		expect_fail(e, "BADTIME must be signed", "");
	if (r->tsig_other_len != 6 ||
	    r->tsig_other != (uint64_t)world_wall_s(e->world))
		expect_fail(e, "BADTIME must tell the time", "");
}

/* The option of the request, to the octet but for the scope. */
static bool
is_subnet_of(const struct response *r, const struct exchange *x)
{
	const uint8_t *at = x->ask.option, *end = at + x->ask.option_len;

	for (; at < end; at += 4 + wire_load_u16(at + 2))
		if (wire_load_u16(at) == OPTION_SUBNET)
			return wire_load_u16(at + 2) == r->subnet_len &&
			       memcmp(at + 4, r->subnet, 3) == 0 &&
			       memcmp(at + 8, r->subnet + 4,
				   r->subnet_len - 4) == 0;
	return false;
}

/* scope N: RFC 7871 7.2.1 */
static void
check_scope(struct expecting *e, const char **text)
{
	long scope = take_long(e, text, true);
	const struct response *r = e->reply;

	if (r->subnet_len < 4 || !is_subnet_of(r, e->x))
		expect_fail(e, "the client subnet option", "not as asked");
	else if (r->subnet[3] != scope)
		expect_fail_number(e, "scope", scope, r->subnet[3]);
}

/* Flags that must be set exactly where they are written. */
static const struct {
	const char *word;
	const char *name;
	unsigned flag;
} flags[] = {
    {"tc", "TC", FLAG_TC}, {"ra", "RA", FLAG_RA}, {"ad", "AD", FLAG_AD}};

static unsigned
flag_of(const char *word)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(word, flags[i].word) == 0)
			return flags[i].flag;
	return 0;
}

static void
check_word(struct expecting *e, const char *word, const char **text)
{
	const struct response *r = e->reply;
	bool aa = (r->message.flags & FLAG_AA) != 0;
	char value[WORD_LEN] = "";

	if (strcmp(word, "aa") == 0 || strcmp(word, "noaa") == 0) {
		if (aa != (word[0] == 'a'))
			expect_fail(e, "AA", aa ? "set" : "not set");
	} else if (strcmp(word, "ordered") == 0) {
		e->ordered = true;
	} else if (strcmp(word, "bundles") == 0) {
		e->bundles = true;
	} else if (strcmp(word, "lease") == 0) {
		check_lease(e, text);
	} else if (strcmp(word, "nolease") == 0) {
		if (r->lease_len != 0)
			expect_fail(e, "a lease option", "");
	} else if (strcmp(word, "ede") == 0) {
		check_ede(e, text);
	} else if (strcmp(word, "noede") == 0) {
		if (r->ede != -1)
			expect_fail(e, "an extended error", r->ede_text);
	} else if (strcmp(word, "tsig") == 0) {
		check_tsig(e, text);
	} else if (strcmp(word, "notsig") == 0) {
		if (r->tsig)
			expect_fail(e, "a TSIG record", "");
	} else if (strcmp(word, "do") == 0) {
		if (!r->dnssec_ok)
			expect_fail(e, "DO", "not set");
	} else if (strcmp(word, "keepalive") == 0) {
		if (r->keepalive_ds != take_long(e, text, true))
			expect_fail_number(e, "keepalive", 0, r->keepalive_ds);
	} else if (strcmp(word, "nokeepalive") == 0) {
		if (r->keepalive_ds != -1)
			expect_fail(e, "a keepalive option", "");
	} else if (strcmp(word, "scope") == 0) {
		check_scope(e, text);
	} else if (strcmp(word, "noscope") == 0) {
		if (r->subnet_len != 0)
			expect_fail(e, "a client subnet option", "");
	} else if (strcmp(word, "size") == 0) {
		long max = take_long(e, text, true);

		if ((long)e->x->out_len > max)
			expect_fail_number(e, "size", max, (long)e->x->out_len);
	} else if (strcmp(word, "nsid") == 0) {
		word_next(text, value);
		if (!r->has_nsid || strcmp(r->nsid, value) != 0)
			expect_fail(e, "NSID", r->nsid);
	} else if (strcmp(word, "nonsid") == 0) {
		if (r->has_nsid)
			expect_fail(e, "NSID", r->nsid);
	} else if (strcmp(word, "after") == 0) {
		long after = take_long(e, text, true);

		if (e->x->after_ms != after)
			expect_fail_number(
			    e, "milliseconds", after, (long)e->x->after_ms);
	} else if (flag_of(word) == 0) {
		script_complain(
		    e->world->script.path, e->number, "what is %s?", word);
	}
}

/* Each SRV comes with an address of its target. */
static void
check_bundles(struct expecting *e)
{
	const struct response *r = e->reply;

	for (size_t i = 0; i < r->count[SECTION_ANSWER]; i++) {
		const ldns_rr *srv = r->rr[SECTION_ANSWER][i];
		size_t k;

		if (ldns_rr_get_type(srv) != LDNS_RR_TYPE_SRV)
			continue;
		for (k = 0; k < r->count[SECTION_ADDITIONAL]; k++)
			if (ldns_dname_compare(ldns_rr_rdf(srv, 3),
				ldns_rr_owner(r->rr[SECTION_ADDITIONAL][k])) ==
			    0)
				break;
		if (k == r->count[SECTION_ADDITIONAL]) {
			expect_fail(e, "an SRV without its addresses", "");
			return;
		}
	}
}

static void
check_flags(struct expecting *e, unsigned wanted)
{
	unsigned got = e->reply->message.flags;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (((wanted ^ got) & flags[i].flag) != 0)
			expect_fail(e, flags[i].name,
			    (got & flags[i].flag) != 0 ? "set" : "not set");
}

static void
check_reply(struct expecting *e)
{
	const char *text = e->step->expect, *wrong;
	char word[WORD_LEN];
	unsigned wanted = 0;

	wrong = response_check(e->world, e->reply, e->x);
	if (wrong != NULL)
		expect_fail(e, "the answer", wrong);
	word_next(&text, word);
	check_rcode(e, word);
	while (word_next(&text, word)) {
		wanted |= flag_of(word);
		check_word(e, word, &text);
	}
	check_flags(e, wanted);
	if (e->bundles)
		check_bundles(e);
	expect_sections(e);
}

void
expect_reply(struct world *world, const struct step *step, struct exchange *x)
{
	struct response reply;
	struct expecting e = {.world = world,
	    .step = step,
	    .x = x,
	    .reply = &reply,
	    .number = step->expect_number};
	const char *wrong;

	if (step->expect == NULL)
		script_complain(
		    world->script.path, step->number, "nothing expected");
	if (strcmp(step->expect, "DROP") == 0) {
		if (x->verdict != VERDICT_DROP)
			expect_fail(&e, "expected no answer", "got one");
	} else if (x->verdict != VERDICT_SEND) {
		expect_fail(&e, "no answer", "");
		return;
	} else {
		wrong = response_read(&reply, x);
		if (wrong != NULL)
			expect_fail(&e, "the answer", wrong);
		else
			check_reply(&e);
		response_free(&reply);
	}
	if ((e.failed || world->verbose) && x->verdict == VERDICT_SEND)
		response_print(x);
}

bool
expect_texts(const char *expect, const char *text)
{
	char word[WORD_LEN];

	while (word_next(&expect, word))
		if (strstr(text, word) == NULL)
			return false;
	return true;
}
