/* SPDX-License-Identifier: Apache-2.0 */
/* How answers are signed, and what their readers believe. */
#include "server/nameserver/tsig.h"
#include "tests/unit/tsig_exchange.h"

Test(tsig_answer, answers_are_signed_as_others_do, .timeout = 5)
{
	struct exchange x;
	unsigned i;

	setup(&x);
	for (i = 0; i < TSIG_ALGORITHMS; i++) {
		uint8_t want[512];
		size_t want_len = hex_read(tsig_vectors[i].response, want);
		size_t len = tsig_algorithm_len((enum tsig_algorithm)i);
		size_t reserved;

		load(&x, tsig_vectors[i].request);
		cr_assert_eq(verify(&x, NOW), TSIG_OK);
		reserved = tsig_reserve_len(&x.tsig);
		cr_expect_eq(answer(&x, RCODE_NOERROR, NOW), OK);
		cr_expect_eq(x.w.len, want_len);
		cr_expect_eq(x.w.len, MESSAGE_HEADER_LEN +
					  message_question_len(&x.message) +
					  reserved);
		/* dnspython writes the name of MD5 in upper case */
		cr_expect_arr_eq(x.out + want_len - 6 - len,
		    want + want_len - 6 - len, len + 6);
		if (i != TSIG_HMAC_MD5)
			cr_expect_arr_eq(x.out, want, want_len);
	}
	tsig_table_free(x.table);
}

Test(tsig_answer, a_cut_mac_is_compared_and_answered_as_it_came, .timeout = 5)
{
	struct exchange x;
	struct tsig client;
	struct message m;
	uint16_t error;

	setup(&x);
	resize_mac(&x, request_of(TSIG_HMAC_SHA256), 32, 16);
	cr_assert_eq(verify(&x, NOW), TSIG_OK);
	client = x.tsig; /* what a client with 16 octets remembers */
	cr_assert_eq(client.mac_len, 16);
	cr_assert_eq(answer(&x, RCODE_NOERROR, NOW), OK);
	cr_assert_eq(message_parse_answer(&m, x.out, x.w.len), MESSAGE_OK);
	cr_assert_eq(
	    tsig_verify_answer(x.table, &client, &m, NOW, &error), TSIG_OK);
	cr_assert_eq(client.mac_len, 32);
	/* One wrong octet among the sixteen. */
	resize_mac(&x, request_of(TSIG_HMAC_SHA256), 32, 16);
	x.in[x.len - 7] ^= 1;
	cr_assert_eq(verify(&x, NOW), TSIG_NOTAUTH);
	tsig_table_free(x.table);
}

Test(tsig_answer, badtime_is_signed_in_the_clients_time_with_ours_beside,
    .timeout = 5)
{
	struct exchange x;
	uint8_t want[512];
	size_t want_len = hex_read(tsig_badtime, want);

	setup(&x);
	/* In lower case, as the vector's request was. */
	load(&x, request_of(TSIG_HMAC_SHA256));
	cr_assert_eq(verify(&x, NOW + 1000), TSIG_NOTAUTH);
	cr_assert_eq(answer(&x, RCODE_NOTAUTH, NOW + 1000), OK);
	cr_assert_eq(x.w.len, want_len);
	cr_assert_arr_eq(x.out, want, want_len);
	tsig_table_free(x.table);
}

Test(tsig_answer, without_room_or_key_the_writer_stays_as_it_was, .timeout = 5)
{
	struct exchange x, other;
	size_t len, i;

	setup(&x);
	cr_assert_eq(tsig_table_new(NULL, 0, &other.table), OK);
	load(&x, request_of(TSIG_HMAC_SHA256));
	cr_assert_eq(verify(&x, NOW), TSIG_OK);
	len = MESSAGE_HEADER_LEN + message_question_len(&x.message);
	for (i = 0; i <= tsig_reserve_len(&x.tsig); i++) {
		struct tsig copy = x.tsig;
		bool fits = i == tsig_reserve_len(&x.tsig);

		wire_writer_init(&x.w, x.out, len + i);
		message_put_response_header(&x.w, &x.message, 0, RCODE_NOERROR);
		cr_expect_eq(tsig_sign(other.table, &copy, &x.w, NOW),
		    fits ? ERR_NOT_FOUND : ERR_LIMIT);
		cr_expect_eq(tsig_sign(x.table, &copy, &x.w, NOW),
		    fits ? OK : ERR_LIMIT);
		cr_expect_not(x.w.failed);
		cr_expect_eq(x.w.len, fits ? len + i : len);
	}
	tsig_table_free(other.table);
	tsig_table_free(x.table);
}

/* RFC 8945 5.3.1 */
Test(tsig_answer, each_message_of_a_stream_is_signed_over_the_one_before,
    .timeout = 5)
{
	struct exchange x;
	struct tsig client;
	struct message m;
	uint8_t want[512];
	uint16_t error;
	size_t i;

	setup(&x);
	load(&x, tsig_transfer);
	cr_assert_eq(verify(&x, NOW), TSIG_OK);
	client = x.tsig;
	for (i = 0; i < 3; i++) {
		size_t len = hex_read(tsig_stream[i], want);

		cr_assert_eq(message_parse_answer(&m, want, len), MESSAGE_OK);
		/* the same message without its TSIG, signed by us */
		wire_writer_init(&x.w, x.out, sizeof(x.out));
		wire_put_bytes(&x.w, want, m.tsig);
		message_set_count(&x.w, SECTION_ADDITIONAL, 0);
		cr_assert_eq(tsig_sign(x.table, &x.tsig, &x.w, NOW), OK);
		cr_expect_eq(x.w.len, len);
		cr_expect_arr_eq(x.out, want, len, "message %zu", i);
		cr_expect_eq(
		    tsig_verify_answer(x.table, &client, &m, NOW, &error),
		    TSIG_OK);
	}
	/* The last one again is not the next. */
	cr_expect_eq(tsig_verify_answer(x.table, &client, &m, NOW, &error),
	    TSIG_NOTAUTH);
	cr_expect_eq(error, RCODE_BADSIG);
	tsig_table_free(x.table);
}

/* Makes the HMAC-SHA256 update as a client, as far as its signature. */
static void
ask(struct exchange *x, struct tsig *client)
{
	struct tsig_key key = make_key(key_name, TSIG_HMAC_SHA256);
	struct message m;

	load(x, request_of(TSIG_HMAC_SHA256));
	m = x->message;
	tsig_start(client, &key);
	wire_writer_init(&x->w, x->in, sizeof(x->in));
	wire_put_room(&x->w, m.tsig);
	message_set_count(&x->w, SECTION_ADDITIONAL, 0);
	cr_assert_eq(tsig_sign(x->table, client, &x->w, NOW), OK);
	x->len = x->w.len;
	cr_assert_eq(message_parse(&x->message, x->in, x->len), MESSAGE_OK);
}

Test(tsig_answer, a_client_signs_and_believes_the_signed_answer_only,
    .timeout = 5)
{
	struct exchange x;
	struct tsig client;
	struct message m;
	uint16_t error = 0;
	uint8_t want[512];
	size_t want_len = hex_read(request_of(TSIG_HMAC_SHA256), want);

	setup(&x);
	ask(&x, &client);
	cr_assert_eq(x.len, want_len);
	cr_assert_arr_eq(x.in + AT_MAC, want + AT_MAC, 32);
	cr_assert_eq(verify(&x, NOW), TSIG_OK);
	cr_assert_eq(answer(&x, RCODE_NOERROR, NOW), OK);
	/* unsigned */
	cr_assert_eq(message_parse_answer(&m, x.out, x.w.len), MESSAGE_OK);
	m.tsig = 0;
	cr_assert_eq(
	    tsig_verify_answer(x.table, &client, &m, NOW, &error), TSIG_NONE);
	/* changed */
	x.out[3] ^= RCODE_REFUSED;
	cr_assert_eq(message_parse_answer(&m, x.out, x.w.len), MESSAGE_OK);
	cr_assert_eq(tsig_verify_answer(x.table, &client, &m, NOW, &error),
	    TSIG_NOTAUTH);
	cr_assert_eq(error, RCODE_BADSIG);
	/* late */
	x.out[3] ^= RCODE_REFUSED;
	cr_assert_eq(
	    tsig_verify_answer(x.table, &client, &m, NOW + 301, &error),
	    TSIG_NOTAUTH);
	cr_assert_eq(error, RCODE_BADTIME);
	/* the true one, after all of these */
	cr_assert_eq(
	    tsig_verify_answer(x.table, &client, &m, NOW, &error), TSIG_OK);
	tsig_table_free(x.table);
}

Test(tsig_answer, a_client_hears_why_it_was_refused, .timeout = 5)
{
	static const struct {
		size_t at; /* the octet of the request that is changed */
		int64_t wall_s;
		uint16_t error;
	} samples[] = {
	    {AT_MAC, NOW, RCODE_BADSIG},
	    {0, NOW + 1000, RCODE_BADTIME},
	};
	struct exchange x;
	struct message m;
	uint16_t error = 0;
	size_t i;

	setup(&x);
	for (i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct tsig client;

		ask(&x, &client);
		x.in[samples[i].at] ^= samples[i].at == 0 ? 0 : 1;
		cr_assert_eq(verify(&x, samples[i].wall_s), TSIG_NOTAUTH);
		cr_assert_eq(answer(&x, RCODE_NOTAUTH, samples[i].wall_s), OK);
		cr_assert_eq(
		    message_parse_answer(&m, x.out, x.w.len), MESSAGE_OK);
		cr_expect_eq(
		    tsig_verify_answer(x.table, &client, &m, NOW, &error),
		    TSIG_REFUSED);
		cr_expect_eq(error, samples[i].error);
	}
	tsig_table_free(x.table);
}
