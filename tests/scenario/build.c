/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/exchange.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "server/config.h"
#include "server/nameserver/edns.h"

void
ask_init(struct ask *ask)
{
	memset(ask, 0, sizeof(*ask));
	ask->class = CLASS_IN;
	ask->edns = true;
	ask->bufsize = 1232;
	ask->id = 0x1a2b;
	ask->algorithm = -1;
	ask->peer.in.sin_family = AF_INET;
	ask->peer.in.sin_port = htons(40000);
	ask->peer.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ask->peer.len = sizeof(ask->peer.in);
}

size_t
parse_hex(const char *hex, uint8_t *to, size_t cap)
{
	size_t n = 0;
	unsigned octet;

	for (; n < cap && sscanf(hex, "%2x", &octet) == 1; hex += 2)
		to[n++] = (uint8_t)octet;
	return n;
}

static void
parse_address(
    struct world *world, unsigned number, const char *text, struct endpoint *to)
{
	uint16_t port = to->in.sin_port;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, text, &to->in.sin_addr) == 1) {
		to->in.sin_family = AF_INET;
		to->len = sizeof(to->in);
	} else if (inet_pton(AF_INET6, text, &to->in6.sin6_addr) == 1) {
		to->in6.sin6_family = AF_INET6;
		to->len = sizeof(to->in6);
	} else {
		script_complain(
		    world->script.path, number, "no address: %s", text);
	}
	to->in.sin_port = port;
}

static uint16_t
parse_class(const char *text)
{
	return strcasecmp(text, "CH") == 0     ? CLASS_CH
	       : strcasecmp(text, "HS") == 0   ? CLASS_HS
	       : strcasecmp(text, "NONE") == 0 ? CLASS_NONE
	       : strcasecmp(text, "ANY") == 0  ? CLASS_ANY
					       : CLASS_IN;
}

static void
add_option(struct ask *ask, uint16_t code, const uint8_t *data, size_t len)
{
	uint8_t *at = ask->option + ask->option_len;

	wire_store_u16(at, code);
	wire_store_u16(at + 2, (uint16_t)len);
	if (len > 0)
		memcpy(at + 4, data, len);
	ask->option_len += 4 + len;
}

/* "lease 60" is the form of 4 octets, "lease 60 3600" that of 8. */
static void
add_lease(struct ask *ask, const char **text)
{
	uint8_t data[8];
	char word[WORD_LEN];
	const char *ahead;
	size_t len = 4;

	word_next(text, word);
	wire_store_u32(data, (uint32_t)strtoul(word, NULL, 10));
	ahead = *text;
	if (word_next(&ahead, word) && word[0] >= '0' && word[0] <= '9') {
		wire_store_u32(data + 4, (uint32_t)strtoul(word, NULL, 10));
		*text = ahead;
		len = 8;
	}
	add_option(ask, OPTION_LEASE, data, len);
}

/* subnet ADDR/PREFIX: RFC 7871 6; bits beyond the prefix are cleared. */
static void
add_subnet(
    struct world *world, unsigned number, const char *value, struct ask *ask)
{
	struct endpoint e = {.in.sin_port = 0};
	uint8_t data[20] = {0};
	char address[WORD_LEN];
	const char *slash = strchr(value, '/');
	unsigned bits;
	size_t octets;

	if (slash == NULL)
		script_complain(
		    world->script.path, number, "no network: %s", value);
	snprintf(address, sizeof(address), "%.*s", (int)(slash - value), value);
	parse_address(world, number, address, &e);
	bits = (unsigned)atoi(slash + 1);
	octets = (bits + 7) / 8;
	data[1] = e.sa.sa_family == AF_INET ? 1 : 2;
	data[2] = (uint8_t)bits;
	if (e.sa.sa_family == AF_INET)
		memcpy(data + 4, &e.in.sin_addr, octets < 4 ? octets : 4);
	else
		memcpy(data + 4, &e.in6.sin6_addr, octets < 16 ? octets : 16);
	if (bits % 8 != 0)
		data[3 + octets] &= (uint8_t)(0xff << (8 - bits % 8));
	add_option(ask, OPTION_SUBNET, data, 4 + octets);
}

static void
parse_key(struct world *world, unsigned number, const char *value,
    struct ask *ask, const char *what)
{
	enum tsig_algorithm algorithm;

	if (strcmp(what, "key") == 0) {
		snprintf(ask->key, sizeof(ask->key), "%s", value);
		return;
	}
	if (!tsig_algorithm_from_text(value, &algorithm))
		script_complain(
		    world->script.path, number, "no algorithm: %s", value);
	ask->algorithm = (int)algorithm;
}

/* Options that stand alone. */
static bool
take_switch(struct ask *ask, const char *word)
{
	if (strcmp(word, "tcp") == 0)
		ask->tcp = true;
	else if (strcmp(word, "noedns") == 0)
		ask->edns = false;
	else if (strcmp(word, "do") == 0)
		ask->dnssec_ok = true;
	else if (strcmp(word, "nsid") == 0)
		add_option(ask, OPTION_NSID, NULL, 0);
	else if (strcmp(word, "keepalive") == 0)
		add_option(ask, OPTION_KEEPALIVE, NULL, 0);
	else if (strcmp(word, "badsig") == 0)
		ask->badsig = true;
	else if (strcmp(word, "rd") == 0)
		ask->flags |= FLAG_RD;
	else if (strcmp(word, "cd") == 0)
		ask->flags |= FLAG_CD;
	else if (strcmp(word, "qr") == 0)
		ask->flags |= FLAG_QR;
	else
		return false;
	return true;
}

/* Options with a number. */
static bool
take_number(struct ask *ask, const char *word, const char **text)
{
	static const char *const words[] = {
	    "bufsize", "version", "opcode", "id", "mac", "time"};
	char value[WORD_LEN];
	long n;
	size_t i;

	for (i = 0; i < 6 && strcmp(word, words[i]) != 0; i++)
		;
	if (i == 6 || !word_next(text, value))
		return false;
	n = strtol(value, NULL, 0);
	switch (i) {
	case 0:
		ask->bufsize = (uint16_t)n;
		break;
	case 1:
		ask->version = (uint8_t)n;
		break;
	case 2:
		ask->opcode = (unsigned)n;
		break;
	case 3:
		ask->id = (uint16_t)n;
		break;
	case 4:
		ask->mac_len = (unsigned)n;
		break;
	default:
		ask->time_s = n;
	}
	return true;
}

bool
ask_parse(struct world *world, unsigned number, const char **text,
    struct ask *ask, char word[WORD_LEN])
{
	char value[WORD_LEN], hex[WORD_LEN];
	uint8_t data[256];

	while (word_next(text, word)) {
		if (take_switch(ask, word) || take_number(ask, word, text))
			continue;
		if (strcmp(word, "lease") == 0) {
			add_lease(ask, text);
			continue;
		}
		if (strcmp(word, "from") != 0 && strcmp(word, "class") != 0 &&
		    strcmp(word, "key") != 0 &&
		    strcmp(word, "algorithm") != 0 &&
		    strcmp(word, "subnet") != 0 && strcmp(word, "option") != 0)
			return true;
		if (!word_next(text, value))
			script_complain(world->script.path, number,
			    "%s needs a value", word);
		if (strcmp(word, "from") == 0) {
			parse_address(world, number, value, &ask->peer);
		} else if (strcmp(word, "class") == 0) {
			ask->class = parse_class(value);
		} else if (strcmp(word, "subnet") == 0) {
			add_subnet(world, number, value, ask);
		} else if (strcmp(word, "option") == 0) {
			size_t len = word_next(text, hex)
					 ? parse_hex(hex, data, sizeof(data))
					 : 0;

			add_option(ask, (uint16_t)atoi(value), data, len);
		} else {
			parse_key(world, number, value, ask, word);
		}
	}
	return false;
}

void
build_name(
    struct world *world, unsigned number, const char *text, struct name *name)
{
	struct name origin;

	if (name_from_text(world->origin, NULL, &origin) != OK ||
	    name_from_text(text, origin.wire, name) != OK)
		script_complain(
		    world->script.path, number, "no name: %s", text);
}

ldns_rr *
build_record(struct world *world, unsigned number, const char *text)
{
	ldns_rdf *origin = ldns_dname_new_frm_str(world->origin);
	ldns_rr *rr = NULL;
	ldns_status status;

	status = ldns_rr_new_frm_str(&rr, text, 0, origin, NULL);
	ldns_rdf_deep_free(origin);
	if (status != LDNS_STATUS_OK)
		script_complain(world->script.path, number, "%s: %s", text,
		    ldns_get_errorstr_by_id(status));
	return rr;
}

void
build_start(struct exchange *x, struct wire_writer *w, const uint8_t *name,
    uint16_t type)
{
	wire_writer_init(w, x->in, sizeof(x->in));
	message_put_request_header(
	    w, x->ask.id, (enum opcode)x->ask.opcode, x->ask.flags);
	wire_put_name(w, name);
	wire_put_u16(w, type);
	wire_put_u16(w, x->ask.class);
	message_set_count(w, SECTION_QUESTION, 1);
	x->question_len = w->len - MESSAGE_HEADER_LEN;
}

static void
put_opt(const struct ask *ask, struct wire_writer *w)
{
	if (!ask->edns)
		return;
	wire_put_u8(w, 0);
	wire_put_u16(w, TYPE_OPT);
	wire_put_u16(w, ask->bufsize);
	wire_put_u16(w, ask->version);
	wire_put_u16(w, ask->dnssec_ok ? 0x8000 : 0);
	wire_put_u16(w, (uint16_t)ask->option_len);
	wire_put_bytes(w, ask->option, ask->option_len);
	message_add_count(w, SECTION_ADDITIONAL, 1);
}

/* The configuration's key of that name, or one that nobody else has. */
static struct tsig_key
find_key(struct world *world, unsigned number, const struct ask *ask)
{
	const struct config *config = world->config[world->configs - 1];
	struct tsig_key key = {.algorithm = TSIG_HMAC_SHA256,
	    .secret = (const uint8_t *)"nobody",
	    .secret_len = 6};
	struct name name;

	if (name_from_text(ask->key, NULL, &name) != OK)
		script_complain(
		    world->script.path, number, "no key: %s", ask->key);
	key.name = name;
	for (size_t i = 0; i < config->key_count; i++)
		if (name_equal(config->key[i].tsig.name.wire, name.wire))
			key = config->key[i].tsig;
	if (ask->algorithm >= 0)
		key.algorithm = (enum tsig_algorithm)ask->algorithm;
	return key;
}

/* Takes octets off the end of the MAC of a signed message (RFC 8945 5.2.2.1);
 * the rest of the TSIG record behind it has 6 octets. */
static void
cut_mac(struct exchange *x, struct wire_writer *w, size_t tsig_at)
{
	size_t whole = tsig_algorithm_len(x->tsig.algorithm);
	size_t cut = whole - x->ask.mac_len;
	uint8_t *mac = w->buf + w->len - 6 - whole;
	uint8_t *rdlength = w->buf + tsig_at + x->tsig.key.len + 8;

	wire_store_u16(mac - 2, (uint16_t)x->ask.mac_len);
	wire_store_u16(
	    rdlength, (uint16_t)(wire_load_u16(rdlength) - (unsigned)cut));
	memmove(mac + x->ask.mac_len, mac + whole, 6);
	w->len -= cut;
	x->tsig.mac_len = (uint8_t)x->ask.mac_len;
}

void
build_end(struct world *world, unsigned number, struct exchange *x,
    struct wire_writer *w)
{
	struct tsig_key key;
	size_t tsig_at;

	put_opt(&x->ask, w);
	tsig_at = w->len;
	x->tsig.state = TSIG_NONE;
	if (x->ask.key[0] != '\0') {
		key = find_key(world, number, &x->ask);
		tsig_start(&x->tsig, &key);
		if (tsig_table_new(&key, 1, &x->table) != OK ||
		    tsig_sign(x->table, &x->tsig, w,
			world_wall_s(world) + x->ask.time_s) != OK)
			script_complain(
			    world->script.path, number, "cannot be signed");
		if (x->ask.mac_len > 0)
			cut_mac(x, w, tsig_at);
		if (x->ask.badsig)
			w->buf[w->len - 7] ^= 1;
	}
	if (w->failed)
		script_complain(
		    world->script.path, number, "too long for a message");
	if (x->ask.flags & FLAG_QR)
		x->in[2] |= 0x80;
	x->in_len = w->len;
}
