/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/edns.h"

#include "zones/dns/rdata.h"

#define OPTION_HEADER_LEN 4 /* code and length */
#define COOKIE_CLIENT_LEN 8 /* RFC 7873 4 */
#define COOKIE_SERVER_MIN 8 /* RFC 7873 4 */
#define SUBNET_HEADER_LEN 4 /* family and two prefix lengths */
#define FLAG_DO 0x8000 /* RFC 3225 3 */

/* Each take_*() looks at the data of one option and returns whether it is
 * well-formed. */

/* RFC 9664 4: two forms, told apart by their length. */
static bool
take_lease(struct edns *e, const uint8_t *data, size_t len)
{
	if (len != 4 && len != 8)
		return false;
	if (e->lease_len != 0)
		return true;
	e->lease_len = (uint8_t)len;
	e->lease_s = wire_load_u32(data);
	e->key_lease_s = len == 8 ? wire_load_u32(data + 4) : e->lease_s;
	return true;
}

static bool
take_cookie(struct edns *e, const uint8_t *data, size_t len)
{
	/* RFC 7873 5.2.2: FORMERR for any other length. */
	if (len != COOKIE_CLIENT_LEN &&
	    (len < COOKIE_CLIENT_LEN + COOKIE_SERVER_MIN ||
		len > EDNS_COOKIE_MAX))
		return false;
	if (e->cookie_len != 0) /* RFC 7873 5.2: all but the first */
		return true;
	e->cookie_len = (uint8_t)len;
	memcpy(e->cookie, data, len);
	return true;
}

/* RFC 7871 6: no more octets of the address than the prefix needs, and no bit
 * set beyond it; 7.1.2: the scope is 0 in a query. */
static bool
take_subnet(struct edns *e, const uint8_t *data, size_t len)
{
	unsigned family, bits, max;
	size_t octets;

	if (len < SUBNET_HEADER_LEN)
		return false;
	family = wire_load_u16(data);
	bits = data[2];
	if (family != 1 && family != 2)
		return true; /* nothing that we could use */
	max = family == 1 ? 32 : 128;
	octets = (bits + 7) / 8;
	if (bits > max || data[3] != 0 || len != SUBNET_HEADER_LEN + octets)
		return false;
	if (bits % 8 != 0 && (data[len - 1] & (0xff >> bits % 8)) != 0)
		return false;
	if (e->subnet_len != 0)
		return true;
	e->subnet_len = (uint8_t)len;
	memcpy(e->subnet, data, len);
	return true;
}

static bool
take_option(struct edns *e, unsigned code, const uint8_t *data, size_t len,
    const struct message *m, bool tcp)
{
	switch (code) {
	case OPTION_LEASE:
		/* It has a meaning in updates only. */
		return message_opcode(m) != OPCODE_UPDATE ||
		       take_lease(e, data, len);
	case OPTION_NSID:
		/* RFC 5001 2.1: empty in a request, and what is in it all
		 * the same must be ignored. */
		e->nsid = true;
		return true;
	case OPTION_SUBNET:
		return take_subnet(e, data, len);
	case OPTION_COOKIE:
		return take_cookie(e, data, len);
	case OPTION_KEEPALIVE:
		/* RFC 7828 3.2.1: a client sends no timeout; 3.3.1: ignored
		 * over UDP. */
		if (!tcp)
			return true;
		e->keepalive = true;
		return len == 0;
	case OPTION_PADDING:
		e->padding = true;
		return true;
	default:
		return true; /* RFC 6891 6.1.2 */
	}
}

/* Walks the options: each step moves on by four octets at least. */
static bool
take_options(struct edns *e, const uint8_t *at, size_t left,
    const struct message *m, bool tcp)
{
	while (left > 0) {
		unsigned code;
		size_t len;

		if (left < OPTION_HEADER_LEN)
			return false;
		code = wire_load_u16(at);
		len = wire_load_u16(at + 2);
		at += OPTION_HEADER_LEN;
		left -= OPTION_HEADER_LEN;
		if (len > left || !take_option(e, code, at, len, m, tcp))
			return false;
		at += len;
		left -= len;
	}
	return true;
}

enum edns_state
edns_parse(struct edns *e, const struct message *m, bool tcp)
{
	const uint8_t *at;
	uint16_t payload;

	*e = (struct edns){.payload = EDNS_PAYLOAD_MIN};
	if (m->opt == 0)
		return EDNS_OK;
	/* message_parse() saw to it that the whole record is there:
	 *   root | type | class: payload | TTL: rcode version flags | len */
	at = m->in + m->opt;
	e->present = true;
	payload = wire_load_u16(at + 3);
	if (payload > EDNS_PAYLOAD_MIN)
		e->payload = payload;
	e->version = at[6];
	e->dnssec_ok = (wire_load_u16(at + 7) & FLAG_DO) != 0;
	/* Options of other versions may have other forms. */
	if (e->version != 0)
		return EDNS_BADVERS;
	if (!take_options(e, at + EDNS_OPT_LEN, wire_load_u16(at + 9), m, tcp))
		return EDNS_FORMERR;
	return EDNS_OK;
}

size_t
edns_udp_limit(const struct edns *e, uint16_t max)
{
	return e->payload < max ? e->payload : max;
}

void
edns_reply_init(struct edns_reply *reply, const struct edns *e)
{
	*reply = (struct edns_reply){
	    .payload = EDNS_PAYLOAD,
	    .dnssec_ok = e->dnssec_ok,
	    .ede = EDE_NONE,
	};
}

/* The length of an option that carries len octets. */
static size_t
option_len(size_t len)
{
	return OPTION_HEADER_LEN + len;
}

static size_t
ede_len(enum ede ede, const char *text)
{
	if (ede == EDE_NONE)
		return 0;
	return option_len(2 + (text == NULL ? 0 : strlen(text)));
}

/* All options but the extended error. */
static size_t
options_len(const struct edns_reply *reply)
{
	size_t len = 0;

	if (reply->lease_len != 0)
		len += option_len(reply->lease_len);
	if (reply->nsid != NULL)
		len += option_len(reply->nsid_len);
	if (reply->subnet != NULL)
		len += option_len(reply->subnet_len);
	if (reply->cookie != NULL)
		len += option_len(reply->cookie_len);
	if (reply->keepalive)
		len += option_len(2);
	return len;
}

size_t
edns_reply_len(const struct edns_reply *reply)
{
	return EDNS_OPT_LEN + options_len(reply) +
	       ede_len(reply->ede, reply->ede_text);
}

static void
put_option(struct wire_writer *w, unsigned code, const void *data, size_t len)
{
	wire_put_u16(w, (uint16_t)code);
	wire_put_u16(w, (uint16_t)len);
	wire_put_bytes(w, data, len);
}

static void
put_lease(struct wire_writer *w, const struct edns_reply *reply)
{
	uint8_t data[8];

	wire_store_u32(data, reply->lease_s);
	wire_store_u32(data + 4, reply->key_lease_s);
	put_option(w, OPTION_LEASE, data, reply->lease_len);
}

/* RFC 7871 7.2.1: family, prefix and address as in the query. */
static void
put_subnet(struct wire_writer *w, const struct edns_reply *reply)
{
	size_t scope = w->len + OPTION_HEADER_LEN + 3;

	put_option(w, OPTION_SUBNET, reply->subnet, reply->subnet_len);
	if (!w->failed)
		w->buf[scope] = reply->subnet_scope;
}

static void
put_options(struct wire_writer *w, const struct edns_reply *reply)
{
	uint8_t timeout[2];

	if (reply->lease_len != 0)
		put_lease(w, reply);
	if (reply->nsid != NULL)
		put_option(w, OPTION_NSID, reply->nsid, reply->nsid_len);
	if (reply->subnet != NULL)
		put_subnet(w, reply);
	if (reply->cookie != NULL)
		put_option(w, OPTION_COOKIE, reply->cookie, reply->cookie_len);
	if (reply->keepalive) {
		wire_store_u16(timeout, reply->keepalive_ds);
		put_option(w, OPTION_KEEPALIVE, timeout, sizeof(timeout));
	}
}

static void
put_ede(struct wire_writer *w, enum ede ede, const char *text)
{
	size_t text_len = text == NULL ? 0 : strlen(text);

	if (ede == EDE_NONE)
		return;
	wire_put_u16(w, OPTION_EDE);
	wire_put_u16(w, (uint16_t)(2 + text_len));
	wire_put_u16(w, (uint16_t)ede);
	wire_put_bytes(w, text, text_len);
}

void
edns_put(struct wire_writer *w, const struct edns_reply *reply, unsigned rcode)
{
	size_t len = options_len(reply);
	size_t least = EDNS_OPT_LEN + len;
	size_t room = w->failed ? 0 : w->cap - w->len;
	enum ede ede = reply->ede;
	const char *text = reply->ede_text;

	/* RFC 8914 3: the text is for people and the first to go. */
	if (least + ede_len(ede, text) > room)
		text = NULL;
	if (least + ede_len(ede, text) > room)
		ede = EDE_NONE;
	wire_put_u8(w, 0);
	wire_put_u16(w, TYPE_OPT);
	wire_put_u16(w, reply->payload);
	wire_put_u8(w, (uint8_t)(rcode >> 4));
	wire_put_u8(w, 0); /* version */
	wire_put_u16(w, reply->dnssec_ok ? FLAG_DO : 0);
	wire_put_u16(w, (uint16_t)(len + ede_len(ede, text)));
	put_options(w, reply);
	put_ede(w, ede, text);
	if (!w->failed)
		message_add_count(w, SECTION_ADDITIONAL, 1);
}
