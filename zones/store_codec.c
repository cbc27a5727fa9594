/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/store_codec.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/name.h"
#include "zones/dns/wire.h"

#define OP_HEAD 18
#define OP_HAS_OWNER 1
#define OP_HAS_KEY 2
#define OP_HAS_DIGEST 4
#define ENTRY_FORMAT 1

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotate(uint64_t v, int bits)
{
	return v << bits | v >> (64 - bits);
}

static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline void
sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

uint64_t
store_hash(uint64_t k0, uint64_t k1, const void *data, size_t len)
{
	struct sip s = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
	    k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
	const uint8_t *at = data;
	uint64_t word;
	size_t left = len;

	for (; left >= 8; left -= 8, at += 8) {
		memcpy(&word, at, 8);
		sip_word(&s, le64toh(word));
	}
	word = 0;
	if (left > 0)
		memcpy(&word, at, left);
	sip_word(&s, le64toh(word) | (uint64_t)len << 56);
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

struct store_batch *
store_batch_new(void)
{
	return calloc(1, sizeof(struct store_batch));
}

void
store_batch_free(struct store_batch *b)
{
	if (b) {
		free(b->buf);
		free(b);
	}
}

size_t
store_batch_len(const struct store_batch *b)
{
	return b->len;
}

void
store_batch_truncate(struct store_batch *b, size_t len)
{
	struct store_op op;
	uint32_t ops = 0;
	size_t pos = 0;

	while (pos < len && store_op_decode(b->buf, b->len, &pos, &op))
		ops++;
	b->len = pos;
	b->ops = ops;
}

static enum error
batch_reserve(struct store_batch *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 512;
	uint8_t *buf;

	/* An entry's length must fit LMDB's 32 bits. */
	if (more > UINT32_MAX / 2 - b->len)
		return ERR_LIMIT;
	while (cap - b->len < more)
		cap *= 2;
	if (cap == b->cap)
		return OK;
	buf = realloc(b->buf, cap);
	if (!buf)
		return ERR_MEMORY;
	b->buf = buf;
	b->cap = cap;
	return OK;
}

static uint8_t *
put_octets(uint8_t *at, const uint8_t *octets, size_t len)
{
	if (len > 0)
		memcpy(at, octets, len);
	return at + len;
}

enum error
store_batch_put(struct store_batch *b, const struct store_op *op)
{
	size_t zone_len = name_len(op->zone);
	size_t owner_len = op->owner ? name_len(op->owner) : 0;
	size_t key_len = op->key ? name_len(op->key) : 0;
	size_t digest_len = op->digest ? 8 : 0;
	enum error err;
	uint8_t *at;

	/* The state's keys hold an owner relative to its zone. */
	if (op->owner && !name_is_in(op->owner, op->zone))
		return ERR_RANGE;
	err = batch_reserve(b,
	    OP_HEAD + digest_len + zone_len + owner_len + key_len + op->rdlen);
	if (err)
		return err;
	at = b->buf + b->len;
	at[0] = (uint8_t)op->kind;
	at[1] = (uint8_t)((owner_len ? OP_HAS_OWNER : 0) |
			  (key_len ? OP_HAS_KEY : 0) |
			  (digest_len ? OP_HAS_DIGEST : 0));
	wire_store_u16(at + 2, op->type);
	wire_store_u32(at + 4, op->serial);
	wire_store_u32(at + 8, op->ttl);
	wire_store_u32(at + 12, op->lease_s);
	wire_store_u16(at + 16, op->rdlen);
	at += OP_HEAD;
	if (digest_len)
		store_put_u64(at, op->digest);
	at = put_octets(at + digest_len, op->zone, zone_len);
	at = put_octets(at, op->owner, owner_len);
	at = put_octets(at, op->key, key_len);
	at = put_octets(at, op->rdata, op->rdlen);
	b->len = (size_t)(at - b->buf);
	b->ops++;
	return OK;
}

/* Borrows a name at *pos; false if it is none. */
static bool
decode_name(const uint8_t *buf, size_t len, size_t *pos, const uint8_t **name)
{
	size_t used;

	if (!name_check(buf + *pos, len - *pos, &used))
		return false;
	*name = buf + *pos;
	*pos += used;
	return true;
}

bool
store_op_decode(
    const uint8_t *buf, size_t len, size_t *pos, struct store_op *op)
{
	struct store_op o = {0};
	size_t p = *pos;
	const uint8_t *at = buf + p;
	uint8_t has;

	if (p > len || len - p < OP_HEAD)
		return false;
	o.kind = at[0];
	has = at[1];
	o.type = wire_load_u16(at + 2);
	o.serial = wire_load_u32(at + 4);
	o.ttl = wire_load_u32(at + 8);
	o.lease_s = wire_load_u32(at + 12);
	o.rdlen = wire_load_u16(at + 16);
	p += OP_HEAD;
	if (has & OP_HAS_DIGEST) {
		if (len - p < 8)
			return false;
		o.digest = store_load_u64(buf + p);
		p += 8;
	}
	if (!decode_name(buf, len, &p, &o.zone))
		return false;
	if (has & OP_HAS_OWNER && (!decode_name(buf, len, &p, &o.owner) ||
				      !name_is_in(o.owner, o.zone)))
		return false;
	if (has & OP_HAS_KEY && !decode_name(buf, len, &p, &o.key))
		return false;
	if (len - p < o.rdlen)
		return false;
	o.rdata = buf + p;
	*pos = p + o.rdlen;
	*op = o;
	return true;
}

void
store_entry_write(
    uint8_t *entry, const struct store_batch *b, uint64_t id, uint64_t seq)
{
	wire_store_u32(entry + 8, ENTRY_FORMAT);
	wire_store_u32(entry + 12, b->ops);
	put_octets(entry + STORE_ENTRY_HEAD, b->buf, b->len);
	store_put_u64(entry,
	    store_hash(id, seq, entry + 8, b->len + STORE_ENTRY_HEAD - 8));
}

bool
store_entry_check(const uint8_t *entry, size_t len, uint64_t id, uint64_t seq)
{
	return len >= STORE_ENTRY_HEAD &&
	       wire_load_u32(entry + 8) == ENTRY_FORMAT &&
	       store_load_u64(entry) == store_hash(id, seq, entry + 8, len - 8);
}
