/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/tsig.h"

#include <openssl/crypto.h>

#include "zones/dns/rdata.h"

#define RR_FIXED_LEN 10U /* type, class, TTL, RDLENGTH */
/* Of the RDATA without name, MAC and other data: RFC 8945 4.2. */
#define RDATA_FIXED_LEN 16U
#define MAC_MIN_LEN 10 /* RFC 8945 5.2.2.1 */
#define TIME_LEN 6
#define TIME_MAX (((uint64_t)1 << 48) - 1)

/* A TSIG record, on its way in or out. */
struct record {
	const struct name *key;
	const struct name *algorithm;
	uint64_t time_s;
	uint16_t fudge_s;
	const uint8_t *mac;
	uint16_t mac_len;
	uint16_t original_id;
	uint16_t error;
	const uint8_t *other;
	uint16_t other_len;
};

/* The message that is digested: without its TSIG record, under the ID that
 * it was signed with. */
struct signed_part {
	const uint8_t *msg;
	size_t len;
	uint16_t id;
	uint16_t arcount;
};

static void
store_time(uint8_t *at, uint64_t time_s)
{
	wire_store_u16(at, (uint16_t)(time_s >> 32));
	wire_store_u32(at + 2, (uint32_t)time_s);
}

static uint64_t
clock_time(int64_t wall_s)
{
	return wall_s < 0 ? 0 : (uint64_t)wall_s & TIME_MAX;
}

static void
get_name_lower(struct wire_reader *r, struct name *name)
{
	wire_get_name(r, name);
	name_lower(name->wire, name->wire);
}

/* Reads the record, its names into the two given; false if it cannot be
 * interpreted. */
static bool
read_record(const struct message *m, struct name *key, struct name *algorithm,
    struct record *record)
{
	struct wire_reader r = wire_reader(m->in, m->len);

	/* message_parse() saw to owner, class, TTL and length. */
	r.pos = m->tsig;
	get_name_lower(&r, key);
	wire_get_bytes(&r, RR_FIXED_LEN);
	get_name_lower(&r, algorithm);
	record->key = key;
	record->algorithm = algorithm;
	record->time_s = (uint64_t)wire_get_u16(&r) << 32;
	record->time_s |= wire_get_u32(&r);
	record->fudge_s = wire_get_u16(&r);
	record->mac_len = wire_get_u16(&r);
	record->mac = wire_get_bytes(&r, record->mac_len);
	record->original_id = wire_get_u16(&r);
	record->error = wire_get_u16(&r);
	record->other_len = wire_get_u16(&r);
	record->other = wire_get_bytes(&r, record->other_len);
	/* TSIG is the last record, so its end is the message's. */
	return !r.failed && r.pos == m->len;
}

/* The message as it was before the record was added: RFC 8945 4.3.2. */
static bool
digest_message(struct tsig_hmac *hmac, const struct signed_part *part)
{
	uint8_t header[MESSAGE_HEADER_LEN];

	memcpy(header, part->msg, sizeof(header));
	wire_store_u16(header, part->id);
	wire_store_u16(header + 4 + 2 * SECTION_ADDITIONAL, part->arcount);
	return tsig_hmac_add(hmac, header, sizeof(header)) &&
	       tsig_hmac_add(hmac, part->msg + sizeof(header),
		   part->len - sizeof(header));
}

/* The variables of RFC 8945 4.3.3, names in canonical form; of a later
 * message in a stream only the timers, 5.3.1. */
static bool
digest_variables(
    struct tsig_hmac *hmac, const struct record *record, bool timers_only)
{
	uint8_t buf[2 * NAME_MAX_LEN + 32];
	struct wire_writer w;
	uint8_t *at;

	wire_writer_init(&w, buf, sizeof(buf));
	if (!timers_only) {
		wire_put_bytes(&w, record->key->wire, record->key->len);
		wire_put_u16(&w, CLASS_ANY);
		wire_put_u32(&w, 0); /* TTL */
		wire_put_bytes(
		    &w, record->algorithm->wire, record->algorithm->len);
	}
	at = wire_put_room(&w, TIME_LEN);
	store_time(at, record->time_s);
	wire_put_u16(&w, record->fudge_s);
	if (!timers_only) {
		wire_put_u16(&w, record->error);
		wire_put_u16(&w, record->other_len);
	}
	if (!tsig_hmac_add(hmac, buf, w.len))
		return false;
	return timers_only || record->other_len == 0 ||
	       tsig_hmac_add(hmac, record->other, record->other_len);
}

/* The MAC before this one in the exchange, with its length: RFC 8945 4.3.1,
 * 5.3.1. */
static bool
digest_prior(struct tsig_hmac *hmac, const struct tsig *tsig)
{
	uint8_t buf[2 + TSIG_MAC_MAX];

	if (tsig->mac_len == 0)
		return true;
	wire_store_u16(buf, tsig->mac_len);
	memcpy(buf + 2, tsig->mac, tsig->mac_len);
	return tsig_hmac_add(hmac, buf, 2U + tsig->mac_len);
}

static bool
make_mac(struct tsig_hmac *hmac, const struct tsig *tsig,
    const struct signed_part *part, const struct record *record,
    uint8_t mac[TSIG_MAC_MAX])
{
	return tsig_hmac_begin(hmac) && digest_prior(hmac, tsig) &&
	       digest_message(hmac, part) &&
	       digest_variables(hmac, record, tsig->next) &&
	       tsig_hmac_end(hmac, mac);
}

/* RFC 8945 5.2.2.1: truncated to no less than half and ten octets. */
static bool
mac_len_is_allowed(size_t len, size_t whole)
{
	return len <= whole && len >= MAC_MIN_LEN && len >= whole / 2;
}

static bool
time_is_near(const struct record *record, int64_t wall_s)
{
	uint64_t now = clock_time(wall_s);
	uint64_t apart =
	    record->time_s > now ? record->time_s - now : now - record->time_s;

	return apart <= record->fudge_s && apart <= TSIG_FUDGE_MAX_S;
}

/* Checks the MAC of a record whose key is known (RFC 8945 5.2.2). */
static enum tsig_state
check_mac(struct tsig_hmac *hmac, const struct tsig *tsig,
    const struct message *m, const struct record *record)
{
	uint8_t mac[TSIG_MAC_MAX];
	struct signed_part part = {
	    .msg = m->in,
	    .len = m->tsig,
	    .id = record->original_id,
	    .arcount = (uint16_t)(m->count[SECTION_ADDITIONAL] - 1),
	};
	enum tsig_state state = TSIG_OK;

	if (!make_mac(hmac, tsig, &part, record, mac))
		return TSIG_FAILED;
	if (CRYPTO_memcmp(mac, record->mac, record->mac_len) != 0)
		state = TSIG_NOTAUTH;
	OPENSSL_cleanse(mac, sizeof(mac)); /* it would be a valid forgery */
	return state;
}

/* What the next MAC of the exchange is made over. */
static void
keep_mac(struct tsig *tsig, const uint8_t *mac, size_t len)
{
	tsig->mac_len = (uint8_t)len;
	memcpy(tsig->mac, mac, len);
}

static enum tsig_state
notauth(struct tsig *tsig, enum rcode error)
{
	tsig->error = (uint16_t)error;
	return TSIG_NOTAUTH;
}

static enum tsig_state
check_request(const struct tsig_table *table, const struct message *m,
    int64_t wall_s, struct tsig *tsig)
{
	struct record record;
	struct tsig_hmac *hmac;
	enum tsig_state state;

	if (!read_record(m, &tsig->key, &tsig->algorithm_name, &record))
		return TSIG_FORMERR;
	tsig->error = 0;
	tsig->algorithm = tsig_algorithm_find(&tsig->algorithm_name);
	tsig->fudge_s = record.fudge_s;
	tsig->time_s = record.time_s;
	tsig->next = false;
	tsig->mac_len = 0;
	hmac = tsig_table_find(table, tsig->key.wire, tsig->algorithm);
	if (hmac == NULL) /* RFC 8945 5.2.1 */
		return notauth(tsig, RCODE_BADKEY);
	if (!mac_len_is_allowed(
		record.mac_len, tsig_algorithm_len(tsig->algorithm)))
		return TSIG_FORMERR;
	/* The error and other data of a request mean nothing to us; they are
	 * digested as they came. */
	state = check_mac(hmac, tsig, m, &record);
	if (state == TSIG_NOTAUTH)
		return notauth(tsig, RCODE_BADSIG);
	if (state != TSIG_OK)
		return state;
	keep_mac(tsig, record.mac, record.mac_len);
	if (!time_is_near(&record, wall_s)) /* RFC 8945 5.2.3 */
		return notauth(tsig, RCODE_BADTIME);
	return TSIG_OK;
}

enum tsig_state
tsig_verify(const struct tsig_table *table, const struct message *m,
    int64_t wall_s, struct tsig *tsig)
{
	tsig->state =
	    m->tsig == 0 ? TSIG_NONE : check_request(table, m, wall_s, tsig);
	return tsig->state;
}

/* RFC 8945 5.3.2: whoever does not prove to have the key gets no MAC. */
static bool
is_unsigned(const struct tsig *tsig)
{
	return tsig->state == TSIG_NOTAUTH && tsig->error != RCODE_BADTIME;
}

size_t
tsig_reserve_len(const struct tsig *tsig)
{
	size_t len;

	if (tsig->state != TSIG_OK && tsig->state != TSIG_NOTAUTH)
		return 0;
	len = tsig->key.len + RR_FIXED_LEN + tsig->algorithm_name.len +
	      RDATA_FIXED_LEN;
	if (!is_unsigned(tsig))
		len += tsig_algorithm_len(tsig->algorithm);
	if (tsig->error == RCODE_BADTIME)
		len += TIME_LEN;
	return len;
}

static void
put_record(struct wire_writer *w, const struct record *record)
{
	uint8_t *at;

	wire_put_bytes(w, record->key->wire, record->key->len);
	wire_put_u16(w, TYPE_TSIG);
	wire_put_u16(w, CLASS_ANY);
	wire_put_u32(w, 0); /* TTL */
	wire_put_u16(w, (uint16_t)(record->algorithm->len + RDATA_FIXED_LEN +
				   record->mac_len + record->other_len));
	wire_put_bytes(w, record->algorithm->wire, record->algorithm->len);
	at = wire_put_room(w, TIME_LEN);
	if (at != NULL)
		store_time(at, record->time_s);
	wire_put_u16(w, record->fudge_s);
	wire_put_u16(w, record->mac_len);
	wire_put_bytes(w, record->mac, record->mac_len);
	wire_put_u16(w, record->original_id);
	wire_put_u16(w, record->error);
	wire_put_u16(w, record->other_len);
	wire_put_bytes(w, record->other, record->other_len);
	message_add_count(w, SECTION_ADDITIONAL, 1);
}

/* Makes the MAC of a record that is complete but for it. */
static enum error
sign_record(const struct tsig_table *table, const struct tsig *tsig,
    const struct wire_writer *w, struct record *record,
    uint8_t mac[TSIG_MAC_MAX])
{
	struct tsig_hmac *hmac =
	    tsig_table_find(table, tsig->key.wire, tsig->algorithm);
	struct signed_part part = {
	    .msg = w->buf,
	    .len = w->len,
	    .id = record->original_id,
	    .arcount = wire_load_u16(w->buf + 4 + 2 * SECTION_ADDITIONAL),
	};

	if (hmac == NULL)
		return ERR_NOT_FOUND;
	if (!make_mac(hmac, tsig, &part, record, mac))
		return ERR_CRYPTO;
	record->mac = mac;
	record->mac_len = (uint16_t)tsig_algorithm_len(tsig->algorithm);
	return OK;
}

enum error
tsig_sign(const struct tsig_table *table, struct tsig *tsig,
    struct wire_writer *w, int64_t wall_s)
{
	uint8_t mac[TSIG_MAC_MAX], now[TIME_LEN];
	size_t len = tsig_reserve_len(tsig);
	struct record record = {
	    .key = &tsig->key,
	    .algorithm = &tsig->algorithm_name,
	    .time_s = clock_time(wall_s),
	    .fudge_s = TSIG_FUDGE_S,
	    .error = tsig->error,
	};
	enum error err;

	if (len == 0)
		return OK;
	if (w->failed || w->len < MESSAGE_HEADER_LEN || len > w->cap - w->len)
		return ERR_LIMIT;
	record.original_id = wire_load_u16(w->buf);
	if (tsig->error == RCODE_BADTIME) {
		/* RFC 8945 5.2.3: in the client's time, or it would not
		 * believe the answer either; ours stands beside it. */
		record.time_s = tsig->time_s;
		record.fudge_s = tsig->fudge_s;
		store_time(now, clock_time(wall_s));
		record.other = now;
		record.other_len = TIME_LEN;
	}
	if (!is_unsigned(tsig)) {
		err = sign_record(table, tsig, w, &record, mac);
		if (err != OK)
			return err;
		/* After a response comes the rest of a stream, after a
		 * request its response. */
		tsig->next = tsig->mac_len != 0;
		keep_mac(tsig, mac, record.mac_len);
	}
	put_record(w, &record);
	return OK;
}

void
tsig_start(struct tsig *tsig, const struct tsig_key *key)
{
	*tsig = (struct tsig){.state = TSIG_OK, .algorithm = key->algorithm};
	tsig->key = key->name;
	name_lower(tsig->key.wire, tsig->key.wire);
	name_set(&tsig->algorithm_name, tsig_algorithm_name(key->algorithm));
}

enum tsig_state
tsig_verify_answer(const struct tsig_table *table, struct tsig *tsig,
    const struct message *m, int64_t wall_s, uint16_t *error)
{
	struct name key, algorithm;
	struct record record;
	struct tsig_hmac *hmac;
	enum tsig_state state;

	if (m->tsig == 0)
		return TSIG_NONE;
	if (!read_record(m, &key, &algorithm, &record))
		return TSIG_FORMERR;
	hmac = tsig_table_find(table, tsig->key.wire, tsig->algorithm);
	if (hmac == NULL || !name_equal(key.wire, tsig->key.wire) ||
	    !name_equal(algorithm.wire, tsig->algorithm_name.wire)) {
		*error = RCODE_BADKEY;
		return TSIG_NOTAUTH;
	}
	if (record.mac_len == 0 &&
	    (record.error == RCODE_BADKEY || record.error == RCODE_BADSIG)) {
		*error = record.error;
		return TSIG_REFUSED;
	}
	if (!mac_len_is_allowed(
		record.mac_len, tsig_algorithm_len(tsig->algorithm)))
		return TSIG_FORMERR;
	state = check_mac(hmac, tsig, m, &record);
	if (state == TSIG_FAILED)
		return state;
	if (state != TSIG_OK || !time_is_near(&record, wall_s)) {
		*error = state != TSIG_OK ? RCODE_BADSIG : RCODE_BADTIME;
		return TSIG_NOTAUTH;
	}
	if (record.error != 0) {
		*error = record.error;
		return TSIG_REFUSED;
	}
	keep_mac(tsig, record.mac, record.mac_len);
	tsig->next = true;
	return TSIG_OK;
}
