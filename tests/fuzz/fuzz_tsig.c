/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_tsig.c - any octets as a signed request, and any request signed.
 *
 * The first octet chooses: the rest as it comes, or signed by a key of ours
 * (the octet says which) and then checked, answered and checked again. */
#include <assert.h>
#include <stdlib.h>

#include "server/nameserver/tsig.h"

#define NOW 1700000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct tsig_key keys[TSIG_ALGORITHMS];
static uint8_t buf[2 * MESSAGE_MAX_LEN];

/* The keys of the unit tests, so that their vectors are good seeds. */
static struct tsig_table *
make_table(void)
{
	static uint8_t secret[32];
	struct tsig_table *table;
	unsigned i;

	for (i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)i;
	for (i = 0; i < TSIG_ALGORITHMS; i++) {
		keys[i].algorithm = (enum tsig_algorithm)i;
		keys[i].secret = secret;
		keys[i].secret_len = sizeof(secret);
		name_set(&keys[i].name,
		    (const uint8_t *)"\010web-team\004keys\004test");
	}
	if (tsig_table_new(keys, TSIG_ALGORITHMS, &table) != OK)
		abort();
	return table;
}

/* Answers a request; the client must believe it if it was well signed. */
static void
check_answer(const struct tsig_table *table, struct tsig *tsig,
    const struct message *m, struct tsig *client)
{
	static uint8_t out[1024];
	struct message answer;
	struct wire_writer w;
	size_t reserved = tsig_reserve_len(tsig), before;
	uint16_t error = 0;
	enum tsig_state state;

	wire_writer_init(&w, out, sizeof(out));
	message_put_response_header(&w, m, 0, RCODE_NOTAUTH);
	before = w.len;
	if (tsig_sign(table, tsig, &w, NOW) != OK)
		return; /* two long names and a long question */
	assert(w.len == before + reserved);
	assert(message_parse_answer(&answer, out, w.len) == MESSAGE_OK);
	assert((answer.tsig != 0) == (reserved != 0));
	if (client == NULL)
		return;
	state = tsig_verify_answer(table, client, &answer, NOW, &error);
	assert(state == TSIG_OK);
}

/* Signs a request, which must then be found well signed. */
static void
check_signed(
    const struct tsig_table *table, const struct message *m, unsigned number)
{
	struct message request;
	struct wire_writer w;
	struct tsig client, server;
	enum error err;

	wire_writer_init(&w, buf, MESSAGE_MAX_LEN);
	wire_put_bytes(&w, m->in, m->len);
	tsig_start(&client, &keys[number % TSIG_ALGORITHMS]);
	if (wire_load_u16(w.buf + 10) == UINT16_MAX)
		return;
	err = tsig_sign(table, &client, &w, NOW);
	if (err == ERR_LIMIT)
		return;
	assert(err == OK);
	/* A name that continues in the header changes with ARCOUNT. */
	if (message_parse(&request, w.buf, w.len) != MESSAGE_OK)
		return;
	assert(tsig_verify(table, &request, NOW, &server) == TSIG_OK);
	check_answer(table, &server, &request, &client);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tsig_table *table;
	struct message m;
	struct tsig tsig;

	if (table == NULL)
		table = make_table();
	if (len < 1 || message_parse(&m, data + 1, len - 1) != MESSAGE_OK)
		return 0;
	if (data[0] != 0 && m.tsig == 0) {
		check_signed(table, &m, data[0]);
		return 0;
	}
	tsig_verify(table, &m, NOW, &tsig);
	check_answer(table, &tsig, &m, NULL);
	return 0;
}
