/* tsig_exchange.h - a signed request and its answer, for the tests of tsig.
 *
 * Threads:   one.
 * Ownership: an exchange owns its table; the tests free it.
 */
#ifndef TESTS_UNIT_TSIG_EXCHANGE_H
#define TESTS_UNIT_TSIG_EXCHANGE_H

#include <criterion/criterion.h>

#include "server/nameserver/tsig.h"
#include "tests/unit/hex.h"
#include "tests/unit/tsig_vectors.h"

#define NOW VECTOR_TIME_S

static const char key_name[] = "\010web-team\004keys\004test";
static const char key_in_zone[] = "\010web-team\003svc\007example";
static uint8_t secret[32];

/* Signed messages and what they are checked with. */
struct exchange {
	struct tsig_table *table;
	struct tsig tsig;
	struct message message;
	uint8_t in[1024];
	size_t len;
	uint8_t out[1024];
	struct wire_writer w;
};

static inline struct tsig_key
make_key(const char *name, enum tsig_algorithm algorithm)
{
	struct tsig_key key = {
	    .algorithm = algorithm, .secret = secret, .secret_len = 32};
	uint8_t i;

	for (i = 0; i < 32; i++)
		secret[i] = i;
	name_set(&key.name, (const uint8_t *)name);
	return key;
}

/* A table with web-team in each algorithm. */
static inline void
setup(struct exchange *x)
{
	struct tsig_key keys[TSIG_ALGORITHMS + 1];
	unsigned i;

	for (i = 0; i < TSIG_ALGORITHMS; i++)
		keys[i] = make_key(key_name, (enum tsig_algorithm)i);
	keys[i] = make_key(key_in_zone, TSIG_HMAC_SHA256);
	cr_assert_eq(tsig_table_new(keys, i + 1, &x->table), OK);
}

/* Takes a message of hex as the request. */
static inline void
load(struct exchange *x, const char *hex)
{
	x->len = hex_read(hex, x->in);
	cr_assert_eq(message_parse(&x->message, x->in, x->len), MESSAGE_OK);
}

static inline enum tsig_state
verify(struct exchange *x, int64_t wall_s)
{
	return tsig_verify(x->table, &x->message, wall_s, &x->tsig);
}

/* Signs an answer to the request, with nothing in it but the question. */
static inline enum error
answer(struct exchange *x, enum rcode rcode, int64_t wall_s)
{
	wire_writer_init(&x->w, x->out, sizeof(x->out));
	message_put_response_header(&x->w, &x->message, 0, rcode);
	return tsig_sign(x->table, &x->tsig, &x->w, wall_s);
}

static const char *
request_of(enum tsig_algorithm algorithm)
{
	return tsig_vectors[algorithm].request;
}

/* Where the fields of the HMAC-SHA256 update are. */
enum {
	AT_KEY = 66,
	AT_ALGORITHM = 96,
	AT_TIME = 109,
	AT_MAC = 119,
	AT_END = 157,
};

/* What an error answer's record says. */
static inline void
check_error_answer(struct exchange *x, enum rcode error, size_t mac_len)
{
	struct message m;
	struct wire_reader r;
	size_t before = MESSAGE_HEADER_LEN + message_question_len(&x->message);
	size_t reserved = tsig_reserve_len(&x->tsig);

	cr_assert_eq(answer(x, RCODE_NOTAUTH, NOW), OK);
	cr_assert_eq(x->w.len, before + reserved);
	cr_assert_eq(message_parse_answer(&m, x->out, x->w.len), MESSAGE_OK);
	r = wire_reader(x->out, x->w.len);
	r.pos = m.tsig;
	wire_skip_name(&r);
	wire_get_bytes(&r, 10);
	wire_skip_name(&r);
	wire_get_bytes(&r, 8);
	cr_expect_eq(wire_get_u16(&r), mac_len);
	wire_get_bytes(&r, mac_len);
	cr_expect_eq(wire_get_u16(&r), x->message.id);
	cr_expect_eq(wire_get_u16(&r), error);
	cr_expect_not(r.failed);
}

/* Cuts the MAC of a request to len octets, or makes it longer. */
static inline void
resize_mac(struct exchange *x, const char *hex, size_t whole, size_t len)
{
	uint8_t tail[6];
	size_t mac_at, rdlength_at;
	uint16_t rdlength;

	x->len = hex_read(hex, x->in);
	mac_at = x->len - sizeof(tail) - whole;
	memcpy(tail, x->in + x->len - sizeof(tail), sizeof(tail));
	cr_assert_eq(message_parse(&x->message, x->in, x->len), MESSAGE_OK);
	rdlength_at = x->message.tsig + 20 + 8;
	rdlength = wire_load_u16(x->in + rdlength_at);
	wire_store_u16(x->in + rdlength_at, (uint16_t)(rdlength + len - whole));
	wire_store_u16(x->in + mac_at - 2, (uint16_t)len);
	memcpy(x->in + mac_at + len, tail, sizeof(tail));
	x->len += len - whole;
	cr_assert_eq(message_parse(&x->message, x->in, x->len), MESSAGE_OK);
}

#endif
