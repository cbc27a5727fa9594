/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "server/config.h"
#include "server/nameserver/edns.h"

static void
read_option(struct response *r, unsigned code, const uint8_t *data, size_t len)
{
	switch (code) {
	case OPTION_LEASE:
		r->lease_len = (unsigned)len;
		if (len == 4 || len == 8)
			r->lease_s = wire_load_u32(data);
		if (len == 8)
			r->key_lease_s = wire_load_u32(data + 4);
		break;
	case OPTION_NSID:
		r->has_nsid = true;
		memcpy(r->nsid, data, len < 255 ? len : 255);
		break;
	case OPTION_SUBNET:
		r->subnet_len = len < 20 ? len : 20;
		memcpy(r->subnet, data, r->subnet_len);
		break;
	case OPTION_KEEPALIVE:
		r->keepalive_ds = len == 2 ? wire_load_u16(data) : -2;
		break;
	case OPTION_EDE:
		r->ede = len >= 2 ? wire_load_u16(data) : -2;
		if (len > 2)
			memcpy(r->ede_text, data + 2,
			    len - 2 < 511 ? len - 2 : 511);
		break;
	default:
		break;
	}
}

static bool
read_opt(struct response *r, struct message_rr *rr)
{
	struct wire_reader *data = &rr->rdata;

	r->opt = true;
	r->payload = rr->class;
	r->version = (uint8_t)(rr->ttl >> 16);
	r->dnssec_ok = (rr->ttl & 0x8000) != 0;
	r->rcode |= rr->ttl >> 24 << 4;
	while (data->pos < data->len && !data->failed) {
		unsigned code = wire_get_u16(data);
		size_t len = wire_get_u16(data);
		const uint8_t *octets = wire_get_bytes(data, len);

		if (octets != NULL)
			read_option(r, code, octets, len);
	}
	return !data->failed;
}

static bool
read_tsig(struct response *r, struct message_rr *rr)
{
	struct wire_reader *data = &rr->rdata;

	r->tsig = true;
	wire_skip_name(data);
	wire_get_bytes(data, 8);
	r->tsig_mac_len = wire_get_u16(data);
	wire_get_bytes(data, r->tsig_mac_len);
	wire_get_u16(data);
	r->tsig_error = wire_get_u16(data);
	r->tsig_other_len = wire_get_u16(data);
	if (r->tsig_other_len == 6) {
		r->tsig_other = (uint64_t)wire_get_u16(data) << 32;
		r->tsig_other |= wire_get_u32(data);
	}
	return !data->failed;
}

static const char *
read_section(struct response *r, unsigned section)
{
	struct message *m = &r->message;
	struct message_cursor c =
	    message_section(m, (enum message_section)section);
	size_t pos = c.reader.pos;
	struct message_rr rr;

	r->rr[section] =
	    calloc((size_t)m->count[section] + 1, sizeof(ldns_rr *));
	for (; message_rr_next(&c, &rr); pos = c.reader.pos) {
		ldns_rr **to = &r->rr[section][r->count[section]];
		size_t at = pos;

		if (rr.type == TYPE_OPT || rr.type == TYPE_TSIG) {
			if (!(rr.type == TYPE_OPT ? read_opt(r, &rr)
						  : read_tsig(r, &rr)))
				return "a bad OPT or TSIG";
			continue;
		}
		/* RFC 2782, RFC 9460 2.2: no compression in there. */
		if (rr.type == TYPE_SRV || rr.type == TYPE_SVCB ||
		    rr.type == TYPE_HTTPS) {
			size_t skip = rr.type == TYPE_SRV ? 6 : 2, len;

			if (rr.rdlength < skip ||
			    !name_check(m->in + rr.rdata.pos + skip,
				rr.rdlength - skip, &len))
				return "a compressed target";
		}
		if (ldns_wire2rr(to, m->in, m->len, &at,
			section + LDNS_SECTION_QUESTION) != LDNS_STATUS_OK)
			return "a record that ldns cannot read";
		r->count[section]++;
		if (at != c.reader.pos)
			return "a record of another length";
	}
	return NULL;
}

const char *
response_read(struct response *r, const struct exchange *x)
{
	const char *wrong = NULL;

	memset(r, 0, sizeof(*r));
	r->keepalive_ds = r->ede = -1;
	if (message_parse_answer(&r->message, x->out, x->out_len) != MESSAGE_OK)
		return "malformed";
	r->rcode = r->message.flags & 15;
	for (unsigned i = SECTION_ANSWER; i <= SECTION_ADDITIONAL && !wrong;
	     i++)
		wrong = read_section(r, i);
	return wrong;
}

void
response_free(struct response *r)
{
	for (int i = 0; i < 4; i++) {
		for (size_t k = 0; k < r->count[i]; k++)
			ldns_rr_free(r->rr[i][k]);
		free(r->rr[i]);
	}
}

bool
response_same_set(const ldns_rr *a, const ldns_rr *b)
{
	return ldns_rr_get_type(a) == ldns_rr_get_type(b) &&
	       ldns_dname_compare(ldns_rr_owner(a), ldns_rr_owner(b)) == 0;
}

/* RFC 2181 5: one TTL, nothing twice.  Large sets are looked at from
 * neighbour to neighbour only. */
static const char *
check_sets(const struct response *r)
{
	for (int s = SECTION_ANSWER; s <= SECTION_ADDITIONAL; s++) {
		size_t n = r->count[s];

		for (size_t i = 0; i < n; i++) {
			for (size_t k = i + 1; k < n && k < i + 200; k++) {
				ldns_rr *a = r->rr[s][i], *b = r->rr[s][k];

				if (!response_same_set(a, b))
					continue;
				if (ldns_rr_ttl(a) != ldns_rr_ttl(b))
					return "two TTLs in one RRset";
				if (ldns_rr_compare(a, b) == 0)
					return "one record twice";
			}
		}
	}
	return NULL;
}

static const char *
check_signature(
    struct world *world, const struct response *r, struct exchange *x)
{
	uint16_t error = 0;

	if (x->tsig.state == TSIG_NONE)
		return r->tsig ? "a signature that nobody asked for" : NULL;
	if (!r->tsig)
		return r->rcode == RCODE_FORMERR ? NULL : "no signature";
	if (r->tsig_error == RCODE_BADSIG || r->tsig_error == RCODE_BADKEY)
		return r->tsig_mac_len == 0 ? NULL : "a MAC beside BADKEY";
	switch (tsig_verify_answer(x->table, &x->tsig, &r->message,
	    world_wall_s(world) + x->ask.time_s, &error)) {
	case TSIG_OK:
		return NULL;
	case TSIG_REFUSED:
		return error == RCODE_BADTIME ? NULL : "a strange refusal";
	default:
		return "a signature that is not good";
	}
}

const char *
response_check(
    struct world *world, const struct response *r, struct exchange *x)
{
	const struct message *m = &r->message;
	uint16_t payload =
	    x->ask.edns && x->ask.bufsize > 512 ? x->ask.bufsize : 512;
	const char *wrong;

	if (m->id != wire_load_u16(x->in))
		return "another ID";
	if (message_opcode(m) != (x->in[2] >> 3 & 15))
		return "another opcode";
	if ((m->flags & FLAG_Z) != 0)
		return "Z";
	if (!x->ask.tcp && x->ask.opcode == OPCODE_QUERY &&
	    x->out_len > (payload < 1232 ? payload : 1232))
		return "longer than the client takes";
	wrong = check_sets(r);
	if (x->raw || wrong != NULL)
		return wrong;
	/* The question, with the case in which it was asked. */
	if (message_question_len(m) != x->question_len ||
	    memcmp(x->in + MESSAGE_HEADER_LEN, x->out + MESSAGE_HEADER_LEN,
		x->question_len) != 0)
		return "another question";
	if (r->opt != x->ask.edns)
		return r->opt ? "OPT, unasked" : "no OPT";
	if (r->opt && (r->version != 0 || r->payload != 1232))
		return "an odd OPT";
	return check_signature(world, r, x);
}

void
response_print(const struct exchange *x)
{
	ldns_pkt *pkt = NULL;
	char *text, *line, *rest;

	if (ldns_wire2pkt(&pkt, x->out, x->out_len) != LDNS_STATUS_OK) {
		printf("#   ");
		for (size_t i = 0; i < x->out_len && i < 600; i++)
			printf("%02x", x->out[i]);
		printf("\n");
		return;
	}
	text = ldns_pkt2str(pkt);
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (strstr(line, ";; WHEN") == NULL &&
		    strstr(line, ";; Query time") == NULL)
			printf("#   %s\n", line);
	free(text);
	ldns_pkt_free(pkt);
}
