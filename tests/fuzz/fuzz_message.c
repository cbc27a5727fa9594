/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_message.c - any octets as a request: the walk, OPT, the start of the
 * answer.  The first octet says whether it came over TCP. */
#include <assert.h>

#include "server/nameserver/edns.h"
#include "zones/dns/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What message_parse() found OK has no surprises: each record of each section
 * can be read, and they fill the message. */
static void
check_records(const struct message *m)
{
	unsigned section;

	for (section = SECTION_ANSWER; section <= SECTION_ADDITIONAL;
	     section++) {
		struct message_cursor c =
		    message_section(m, (enum message_section)section);
		struct message_rr rr;
		unsigned count = 0;

		while (message_rr_next(&c, &rr)) {
			assert(rr.rdata.len - rr.rdata.pos == rr.rdlength);
			count++;
		}
		assert(count == m->count[section]);
		assert(c.reader.pos == m->at[section + 1]);
	}
	assert(m->at[4] == m->len);
}

/* Whatever the request was, the answer is a message. */
static void
check_answer(const struct message *m, bool tcp)
{
	static const char text[] = "reason";
	uint8_t out[1232];
	struct wire_writer w;
	struct edns e;
	struct edns_reply reply;
	struct message answer;
	enum edns_state state = edns_parse(&e, m, tcp);

	edns_reply_init(&reply, &e);
	reply.lease_len = e.lease_len;
	reply.keepalive = e.keepalive;
	reply.ede = EDE_OTHER;
	reply.ede_text = text;
	if (e.nsid) {
		reply.nsid = (const uint8_t *)text;
		reply.nsid_len = 3;
	}
	if (e.cookie_len > 0) {
		reply.cookie = e.cookie;
		reply.cookie_len = e.cookie_len;
	}
	if (e.subnet_len > 0) {
		reply.subnet = e.subnet;
		reply.subnet_len = e.subnet_len;
	}
	wire_writer_init(&w, out, edns_udp_limit(&e, sizeof(out)));
	message_put_response_header(&w, m, 0, RCODE_FORMERR);
	if (e.present)
		edns_put(&w, &reply,
		    state == EDNS_BADVERS ? RCODE_BADVERS : RCODE_NOERROR);
	assert(!w.failed);
	assert(message_parse_answer(&answer, out, w.len) == MESSAGE_OK);
	assert((answer.opt != 0) == (m->opt != 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct message m;
	enum message_state state;

	if (len < 1)
		return 0;
	state = message_parse(&m, data + 1, len - 1);
	if (state == MESSAGE_DROP)
		return 0;
	if (state == MESSAGE_OK)
		check_records(&m);
	check_answer(&m, (data[0] & 1) != 0);
	return 0;
}
