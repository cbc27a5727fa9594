/* SPDX-License-Identifier: Apache-2.0 */
#include "server/muster_update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "zones/dns/rdata.h"

#define OPTION_HEADER_LEN 4

uint32_t
muster_random(void)
{
	uint32_t word;

	/* Never short for so few octets; it fails on no kernel of ours. */
	if (getrandom(&word, sizeof(word), 0) != sizeof(word))
		abort();
	return word;
}

/* --- the request --- */

void
muster_update_begin(struct muster_update *u, uint16_t id, const uint8_t *zone)
{
	wire_writer_init(&u->w, u->octets, sizeof(u->octets));
	u->id = id;
	u->keys = NULL;
	message_put_request_header(&u->w, id, OPCODE_UPDATE, 0);
	wire_put_name(&u->w, zone);
	wire_put_u16(&u->w, TYPE_SOA);
	wire_put_u16(&u->w, CLASS_IN);
	message_set_count(&u->w, SECTION_ZONE, 1);
}

static void
put_record(struct muster_update *u, const uint8_t *owner, uint16_t type,
    enum dns_class class, uint32_t ttl_s)
{
	wire_put_name(&u->w, owner);
	wire_put_u16(&u->w, type);
	wire_put_u16(&u->w, (uint16_t) class);
	wire_put_u32(&u->w, ttl_s);
	message_add_count(&u->w, SECTION_UPDATE, 1);
}

void
muster_update_add(struct muster_update *u, const uint8_t *owner, uint32_t ttl_s,
    uint16_t type, const void *rdata, size_t len)
{
	put_record(u, owner, type, CLASS_IN, ttl_s);
	rdata_put(&u->w, type, rdata, len);
}

void
muster_update_delete(struct muster_update *u, const uint8_t *owner,
    uint16_t type, const void *rdata, size_t len)
{
	put_record(u, owner, type, CLASS_NONE, 0);
	rdata_put(&u->w, type, rdata, len);
}

void
muster_update_delete_set(
    struct muster_update *u, const uint8_t *owner, uint16_t type)
{
	put_record(u, owner, type, CLASS_ANY, 0);
	wire_put_u16(&u->w, 0);
}

enum error
muster_update_finish(struct muster_update *u, const struct muster_key *key,
    uint32_t lease_s, int64_t wall_s)
{
	struct edns_reply opt = {
	    .payload = EDNS_PAYLOAD,
	    .lease_len = lease_s != 0 ? 4 : 0,
	    .lease_s = lease_s,
	    .ede = EDE_NONE,
	};

	edns_put(&u->w, &opt, RCODE_NOERROR);
	if (u->w.failed)
		return ERR_LIMIT;
	u->tsig = (struct tsig){.state = TSIG_NONE};
	if (key->table == NULL)
		return OK;
	tsig_start(&u->tsig, &key->key);
	u->keys = key->table;
	return tsig_sign(u->keys, &u->tsig, &u->w, wall_s);
}

/* --- the reply --- */

/* RFC 8914 2: a number, and a text for people. */
static void
read_ede(struct muster_reply *reply, const uint8_t *data, size_t len)
{
	if (len < 2 || reply->ede != EDE_NONE)
		return;
	reply->ede = (enum ede)wire_load_u16(data);
	snprintf(reply->ede_text, sizeof(reply->ede_text), "%.*s",
	    (int)(len - 2), (const char *)data + 2);
}

static void
read_options(struct muster_reply *reply, const uint8_t *at, size_t left)
{
	while (left >= OPTION_HEADER_LEN) {
		unsigned code = wire_load_u16(at);
		size_t len = wire_load_u16(at + 2);

		at += OPTION_HEADER_LEN;
		left -= OPTION_HEADER_LEN;
		if (len > left)
			return;
		if (code == OPTION_EDE)
			read_ede(reply, at, len);
		/* RFC 9664 4: the lease comes first in both forms. */
		if (code == OPTION_LEASE && (len == 4 || len == 8)) {
			reply->has_lease = true;
			reply->lease_s = wire_load_u32(at);
		}
		at += len;
		left -= len;
	}
}

void
muster_reply_read(struct muster_reply *reply, const struct message *m)
{
	*reply = (struct muster_reply){.rcode = m->flags & 15, .ede = EDE_NONE};
	if (m->opt == 0)
		return;
	/* root | type | class | TTL: rcode version flags | len */
	reply->rcode |= (unsigned)m->in[m->opt + 5] << 4;
	read_options(reply, m->in + m->opt + EDNS_OPT_LEN,
	    wire_load_u16(m->in + m->opt + 9));
}

/* Whether the reply was made with our key, or what else it is then. */
static enum muster_take
judge_signature(struct muster_update *u, const struct message *m,
    int64_t wall_s, struct muster_reply *reply)
{
	uint16_t error = 0;

	switch (tsig_verify_answer(u->keys, &u->tsig, m, wall_s, &error)) {
	case TSIG_OK:
		return TAKE_DONE;
	case TSIG_REFUSED:
		reply->tsig_error = error;
		/* BADTIME is signed, the others anybody could have said. */
		return error == RCODE_BADTIME ? TAKE_DONE : TAKE_DOUBTFUL;
	case TSIG_NONE:
		return reply->rcode == RCODE_NOERROR ? TAKE_NOT_OURS
						     : TAKE_DOUBTFUL;
	default:
		return TAKE_NOT_OURS;
	}
}

enum muster_take
muster_update_take(struct muster_update *u, const uint8_t *in, size_t len,
    int64_t wall_s, struct muster_reply *reply)
{
	struct muster_reply read;
	enum muster_take take = TAKE_DONE;
	struct message m;

	/* RFC 2136 3.8: the sections of the request may be left out. */
	if (message_parse_answer(&m, in, len) != MESSAGE_OK || m.id != u->id ||
	    message_opcode(&m) != OPCODE_UPDATE)
		return TAKE_NOT_OURS;
	/* Whoever said so: what comes by TCP is looked at again. */
	if ((m.flags & FLAG_TC) != 0)
		return TAKE_TRUNCATED;
	muster_reply_read(&read, &m);
	if (u->keys != NULL)
		take = judge_signature(u, &m, wall_s, &read);
	if (take != TAKE_NOT_OURS)
		*reply = read;
	return take;
}

/* --- for people --- */

const char *
muster_rcode_text(unsigned rcode, char text[16])
{
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL",
	    "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
	    "NOTAUTH", "NOTZONE"};

	if (rcode < sizeof(names) / sizeof(names[0]))
		snprintf(text, 16, "%s", names[rcode]);
	else
		snprintf(text, 16, "RCODE %u", rcode & 0xfff);
	return text;
}

static const char *
tsig_error_text(unsigned error)
{
	switch (error) {
	case RCODE_BADSIG:
		return "BADSIG: the secret is another one";
	case RCODE_BADKEY:
		return "BADKEY: it does not know the key, or its algorithm";
	case RCODE_BADTIME:
		return "BADTIME: the clocks are more than five minutes apart";
	default:
		return "the signature is not accepted";
	}
}

/* RFC 8914 5.2, those that concern an update. */
static const char *
ede_name(enum ede ede)
{
	switch (ede) {
	case EDE_STALE_ANSWER:
		return "stale";
	case EDE_NOT_READY:
		return "not ready";
	case EDE_BLOCKED:
		return "blocked";
	case EDE_PROHIBITED:
		return "prohibited";
	case EDE_NOT_AUTHORITATIVE:
		return "it does not serve that zone";
	case EDE_NOT_SUPPORTED:
		return "not supported";
	case EDE_NO_REACHABLE_AUTHORITY:
		return "it reaches no server of the zone";
	case EDE_NETWORK_ERROR:
		return "network error";
	case EDE_INVALID_DATA:
		return "its data is invalid";
	default:
		return "for a reason of its own";
	}
}

void
muster_reply_text(const struct muster_reply *reply, char *text, size_t len)
{
	char rcode[16];

	muster_rcode_text(reply->rcode, rcode);
	if (reply->tsig_error != 0)
		snprintf(text, len, "%s, %s", rcode,
		    tsig_error_text(reply->tsig_error));
	else if (reply->ede_text[0] != '\0')
		snprintf(text, len, "%s: %s", rcode, reply->ede_text);
	else if (reply->ede != EDE_NONE)
		snprintf(text, len, "%s: %s", rcode, ede_name(reply->ede));
	else
		snprintf(text, len, "%s", rcode);
}
