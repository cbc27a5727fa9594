/* SPDX-License-Identifier: Apache-2.0 */
/* Who is believed to have sent a message. */
#include "server/nameserver/tsig.h"
#include "tests/unit/tsig_exchange.h"

Test(tsig, requests_of_each_algorithm_are_accepted, .timeout = 5)
{
	struct exchange x;
	unsigned i;

	setup(&x);
	for (i = 0; i < TSIG_ALGORITHMS; i++) {
		load(&x, tsig_vectors[i].request);
		cr_expect_eq(verify(&x, NOW), TSIG_OK, "%s",
		    tsig_algorithm_text((enum tsig_algorithm)i));
		cr_expect_eq(x.tsig.algorithm, tsig_vectors[i].algorithm);
		cr_expect(
		    name_equal(x.tsig.key.wire, (const uint8_t *)key_name));
	}
	tsig_table_free(x.table);
}

Test(tsig, a_compressed_key_name_is_understood, .timeout = 5)
{
	struct exchange x;

	setup(&x);
	load(&x, tsig_compressed);
	cr_assert_eq(verify(&x, NOW), TSIG_OK);
	tsig_table_free(x.table);
}

Test(tsig, the_original_id_was_signed, .timeout = 5)
{
	struct exchange x;

	setup(&x);
	load(&x, tsig_forwarded);
	cr_assert_eq(verify(&x, NOW), TSIG_OK);
	tsig_table_free(x.table);
}

Test(tsig, an_unsigned_message_is_none_and_its_answer_too, .timeout = 5)
{
	struct exchange x;

	setup(&x);
	load(&x, "1234 0100 0001 0000 0000 0000 0377656200 0001 0001");
	cr_assert_eq(verify(&x, NOW), TSIG_NONE);
	cr_assert_eq(tsig_reserve_len(&x.tsig), 0);
	cr_assert_eq(answer(&x, RCODE_NOERROR, NOW), OK);
	cr_assert_eq(x.w.len, x.len);
	cr_assert_eq(x.out[11], 0);
	tsig_table_free(x.table);
}

Test(tsig, an_unknown_key_or_algorithm_is_badkey_unsigned, .timeout = 5)
{
	static const struct {
		const char *why;
		size_t at;
		uint8_t octet;
	} changes[] = {
	    {"another key", AT_KEY + 1, 'x'},
	    {"another algorithm", AT_ALGORITHM + 11, '9'},
	};
	struct exchange x;
	size_t i;

	setup(&x);
	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		load(&x, request_of(TSIG_HMAC_SHA256));
		x.in[changes[i].at] = changes[i].octet;
		cr_expect_eq(
		    verify(&x, NOW), TSIG_NOTAUTH, "%s", changes[i].why);
		cr_expect_eq(x.tsig.error, RCODE_BADKEY);
		check_error_answer(&x, RCODE_BADKEY, 0);
	}
	tsig_table_free(x.table);
}

Test(tsig, a_key_counts_only_with_its_algorithm, .timeout = 5)
{
	struct tsig_key key = make_key(key_name, TSIG_HMAC_SHA512);
	struct exchange x;

	cr_assert_eq(tsig_table_new(&key, 1, &x.table), OK);
	load(&x, request_of(TSIG_HMAC_SHA256));
	cr_assert_eq(verify(&x, NOW), TSIG_NOTAUTH);
	cr_assert_eq(x.tsig.error, RCODE_BADKEY);
	tsig_table_free(x.table);
}

Test(tsig, another_secret_is_badsig_unsigned, .timeout = 5)
{
	struct tsig_key key = make_key(key_name, TSIG_HMAC_SHA256);
	struct exchange x;

	key.secret_len = 31;
	cr_assert_eq(tsig_table_new(&key, 1, &x.table), OK);
	load(&x, request_of(TSIG_HMAC_SHA256));
	cr_assert_eq(verify(&x, NOW), TSIG_NOTAUTH);
	cr_assert_eq(x.tsig.error, RCODE_BADSIG);
	check_error_answer(&x, RCODE_BADSIG, 0);
	tsig_table_free(x.table);
}

/* Octets 0 and 1, the ID, are not signed: the original ID is. */
Test(tsig, no_octet_can_be_changed, .timeout = 20)
{
	struct exchange x;
	size_t at;
	unsigned bit;

	setup(&x);
	for (at = 2; at < AT_END; at++) {
		for (bit = 0; bit < 8; bit++) {
			x.len = hex_read(request_of(TSIG_HMAC_SHA256), x.in);
			x.in[at] ^= (uint8_t)(1 << bit);
			if (message_parse(&x.message, x.in, x.len) !=
			    MESSAGE_OK)
				continue;
			/* The case of the key's name does not matter. */
			if (verify(&x, NOW) == TSIG_OK)
				cr_expect(
				    bit == 5 && at > AT_KEY && at < AT_TIME,
				    "octet %zu bit %u", at, bit);
		}
	}
	tsig_table_free(x.table);
}

/* RFC 8945 5.2.2.1 */
Test(tsig, a_mac_may_be_cut_to_half_and_ten_octets, .timeout = 20)
{
	static const struct {
		enum tsig_algorithm algorithm;
		size_t least;
	} samples[] = {
	    {TSIG_HMAC_MD5, 10},
	    {TSIG_HMAC_SHA1, 10},
	    {TSIG_HMAC_SHA224, 14},
	    {TSIG_HMAC_SHA256, 16},
	    {TSIG_HMAC_SHA384, 24},
	    {TSIG_HMAC_SHA512, 32},
	};
	struct exchange x;
	size_t i, len;

	setup(&x);
	for (i = 0; i < TSIG_ALGORITHMS; i++) {
		size_t whole = tsig_algorithm_len(samples[i].algorithm);

		for (len = 0; len <= whole + 2; len++) {
			enum tsig_state want =
			    len >= samples[i].least && len <= whole
				? TSIG_OK
				: TSIG_FORMERR;

			resize_mac(
			    &x, request_of(samples[i].algorithm), whole, len);
			cr_expect_eq(verify(&x, NOW), want, "%s, %zu octets",
			    tsig_algorithm_text(samples[i].algorithm), len);
			if (want == TSIG_FORMERR)
				cr_expect_eq(tsig_reserve_len(&x.tsig), 0);
		}
	}
	tsig_table_free(x.table);
}

Test(tsig, the_clocks_may_differ_by_fudge, .timeout = 5)
{
	static const struct {
		int64_t wall_s;
		enum tsig_state state;
	} samples[] = {
	    {NOW, TSIG_OK},
	    {NOW + 300, TSIG_OK},
	    {NOW - 300, TSIG_OK},
	    {NOW + 301, TSIG_NOTAUTH},
	    {NOW - 301, TSIG_NOTAUTH},
	    {0, TSIG_NOTAUTH},
	    {-1, TSIG_NOTAUTH},
	    {INT64_MIN, TSIG_NOTAUTH},
	    {INT64_MAX, TSIG_NOTAUTH},
	};
	struct exchange x;
	size_t i;

	setup(&x);
	load(&x, request_of(TSIG_HMAC_SHA256));
	for (i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		cr_expect_eq(verify(&x, samples[i].wall_s), samples[i].state,
		    "%lld", (long long)samples[i].wall_s);
		if (samples[i].state == TSIG_NOTAUTH)
			cr_expect_eq(x.tsig.error, RCODE_BADTIME);
	}
	tsig_table_free(x.table);
}

/* A request of ours, signed with any fudge: tsig_sign() uses the fudge of a
 * request only for BADTIME, so that is the way to make one. */
Test(tsig, a_fudge_is_believed_up_to_an_hour, .timeout = 5)
{
	struct tsig_key key = make_key(key_name, TSIG_HMAC_SHA256);
	struct exchange x;

	setup(&x);
	tsig_start(&x.tsig, &key);
	x.tsig.state = TSIG_NOTAUTH;
	x.tsig.error = RCODE_BADTIME;
	x.tsig.fudge_s = UINT16_MAX;
	x.tsig.time_s = NOW;
	wire_writer_init(&x.w, x.in, sizeof(x.in));
	message_put_request_header(&x.w, 1, OPCODE_QUERY, 0);
	message_set_count(&x.w, SECTION_QUESTION, 1);
	wire_put_bytes(&x.w, "\0\0\001\0\001", 5);
	cr_assert_eq(tsig_sign(x.table, &x.tsig, &x.w, NOW), OK);
	cr_assert_eq(message_parse(&x.message, x.in, x.w.len), MESSAGE_OK);
	/* An error in a request means nothing (CVE-2020-8617). */
	cr_expect_eq(verify(&x, NOW), TSIG_OK);
	cr_expect_eq(verify(&x, NOW + TSIG_FUDGE_MAX_S), TSIG_OK);
	cr_expect_eq(verify(&x, NOW + TSIG_FUDGE_MAX_S + 1), TSIG_NOTAUTH);
	check_error_answer(&x, RCODE_BADTIME, 32);
	tsig_table_free(x.table);
}

Test(tsig, a_badtime_answer_turned_into_a_request_is_refused, .timeout = 5)
{
	struct exchange x;

	setup(&x);
	x.len = hex_read(tsig_badtime, x.in);
	x.in[2] &= 0x7f;
	cr_assert_eq(message_parse(&x.message, x.in, x.len), MESSAGE_OK);
	cr_assert_eq(verify(&x, NOW), TSIG_NOTAUTH);
	cr_assert_eq(x.tsig.error, RCODE_BADSIG);
	check_error_answer(&x, RCODE_BADSIG, 0);
	tsig_table_free(x.table);
}

/* RFC 8945 5.2: "cannot be interpreted" */
Test(tsig, a_record_that_cannot_be_read_is_formerr, .timeout = 5)
{
#define HEAD \
	"1234 0100 0001 0000 0000 0001 00 0001 0001 016b00 00fa 00ff 00000000"
	static const char *const samples[] = {
	    HEAD "0000",
	    HEAD "0001 00",
	    HEAD "0001 07",
	    HEAD "0002 c00c",
	    HEAD "000f 00 000000000000 0000 0000 0000 0000",
	    HEAD "0011 00 000000000000 0000 0001 0000 0000 0000",
	    HEAD "0011 00 000000000000 0000 ffff 0000 0000 0000",
	    HEAD "0011 00 000000000000 0000 0000 0000 0000 0001",
	    HEAD "0012 00 000000000000 0000 0000 0000 0000 0000 00",
	};
	struct exchange x;
	size_t i;

	setup(&x);
	for (i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		load(&x, samples[i]);
		cr_expect_eq(verify(&x, NOW), TSIG_FORMERR, "%zu", i);
		cr_expect_eq(tsig_reserve_len(&x.tsig), 0);
	}
	tsig_table_free(x.table);
}

Test(tsig, names_of_full_length_fit, .timeout = 5)
{
	static const char head[] = "1234 0100 0001 0000 0000 0001 00 0001 0001";
	uint8_t name[NAME_MAX_LEN] = {0};
	struct exchange x;
	size_t i, at;

	setup(&x);
	for (i = 0; i + 2 < sizeof(name); i += 2) {
		name[i] = 1;
		name[i + 1] = 'A';
	}
	at = hex_read(head, x.in);
	memcpy(x.in + at, name, sizeof(name));
	at += sizeof(name);
	at += hex_read("00fa 00ff 00000000 010f", x.in + at);
	memcpy(x.in + at, name, sizeof(name));
	at += sizeof(name);
	memset(x.in + at, 0, 16);
	cr_assert_eq(message_parse(&x.message, x.in, at + 16), MESSAGE_OK);
	cr_assert_eq(verify(&x, NOW), TSIG_NOTAUTH);
	check_error_answer(&x, RCODE_BADKEY, 0);
	tsig_table_free(x.table);
}

Test(tsig, algorithms_have_names, .timeout = 5)
{
	static const struct {
		const char *text;
		bool known;
		enum tsig_algorithm algorithm;
	} samples[] = {
	    {"hmac-md5", true, TSIG_HMAC_MD5},
	    {"hmac-md5.sig-alg.reg.int", true, TSIG_HMAC_MD5},
	    {"HMAC-MD5.SIG-ALG.REG.INT.", true, TSIG_HMAC_MD5},
	    {"hmac-sha1", true, TSIG_HMAC_SHA1},
	    {"hmac-sha224", true, TSIG_HMAC_SHA224},
	    {"hmac-sha256.", true, TSIG_HMAC_SHA256},
	    {"Hmac-Sha384", true, TSIG_HMAC_SHA384},
	    {"hmac-sha512", true, TSIG_HMAC_SHA512},
	    {"hmac-sha25", false, 0},
	    {"hmac-sha2566", false, 0},
	    {"", false, 0},
	    {".", false, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		enum tsig_algorithm algorithm = TSIG_ALGORITHMS;

		cr_expect_eq(
		    tsig_algorithm_from_text(samples[i].text, &algorithm),
		    samples[i].known, "%s", samples[i].text);
		if (samples[i].known)
			cr_expect_eq(algorithm, samples[i].algorithm);
	}
}

Test(tsig, a_key_comes_once, .timeout = 5)
{
	struct tsig_key keys[2] = {
	    make_key(key_name, TSIG_HMAC_SHA256),
	    make_key("\010Web-Team\004keys\004TEST", TSIG_HMAC_SHA256),
	};
	struct tsig_table *table = NULL;

	cr_assert_eq(tsig_table_new(keys, 2, &table), ERR_EXISTS);
	cr_assert_null(table);
}

Test(tsig, many_keys_are_found, .timeout = 5)
{
	static struct tsig_key keys[1000];
	struct tsig_table *table;
	size_t i;

	for (i = 0; i < 1000; i++) {
		keys[i] = make_key("\004k000\004test", TSIG_HMAC_SHA1);
		keys[i].name.wire[2] = (uint8_t)('0' + i / 100);
		keys[i].name.wire[3] = (uint8_t)('0' + i / 10 % 10);
		keys[i].name.wire[4] = (uint8_t)('0' + i % 10);
		keys[i].secret_len = 0; /* allowed here: others forbid it */
	}
	cr_assert_eq(tsig_table_new(keys, 1000, &table), OK);
	for (i = 0; i < 1000; i++) {
		cr_expect_not_null(
		    tsig_table_find(table, keys[i].name.wire, TSIG_HMAC_SHA1));
		cr_expect_null(tsig_table_find(
		    table, keys[i].name.wire, TSIG_HMAC_SHA256));
	}
	cr_expect_null(
	    tsig_table_find(NULL, keys[0].name.wire, TSIG_HMAC_SHA1));
	tsig_table_free(table);
	tsig_table_free(NULL);
}
