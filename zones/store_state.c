/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/store_state.h"

#include <lmdb.h>
#include <string.h>

#include "zones/dns/name.h"
#include "zones/dns/rdata.h"
#include "zones/dns/wire.h"
#include "zones/store_codec.h"
#include "zones/store_env.h"

#define KEY_MAX_LEN 275
#define SLOT_LEN 2
#define RECORD_TAIL 12 /* type, digest, slot */
#define VALUE_HEAD 26
#define SLOTS_MAX 0xffff

/* RDATA with names longer than that is digested as it is. */
#define FOLDED_LEN 600

struct state_key {
	size_t len;
	uint8_t octets[KEY_MAX_LEN];
};

int
store_state_begin(
    struct store_state *st, MDB_txn *txn, MDB_dbi dbi, uint64_t id)
{
	st->txn = txn;
	st->dbi = dbi;
	st->id = id;
	st->zone_is_dirty = false;
	st->zone[0] = 0;
	return mdb_cursor_open(txn, dbi, &st->cursor);
}

/* Types whose RDATA holds names that compare without regard to case: RFC 4034
 * 6.2.  One too many costs nothing but a comparison. */
static bool
type_folds_case(uint16_t type)
{
	static const uint64_t low =
	    1ull << TYPE_NS | 1ull << TYPE_MD | 1ull << TYPE_MF |
	    1ull << TYPE_CNAME | 1ull << TYPE_SOA | 1ull << TYPE_MB |
	    1ull << TYPE_MG | 1ull << TYPE_MR | 1ull << TYPE_PTR |
	    1ull << TYPE_MINFO | 1ull << TYPE_MX | 1ull << TYPE_RP |
	    1ull << TYPE_AFSDB | 1ull << 21 /* RT */ | 1ull << TYPE_SIG |
	    1ull << 26 /* PX */ | 1ull << 30 /* NXT */ | 1ull << TYPE_SRV |
	    1ull << TYPE_NAPTR | 1ull << TYPE_KX | 1ull << 38 /* A6 */ |
	    1ull << TYPE_DNAME | 1ull << TYPE_RRSIG;

	return type < 64 && low >> type & 1;
}

/* A digest that is equal for equal RDATA. */
static uint64_t
digest(const struct store_state *st, const struct store_op *op)
{
	uint8_t folded[FOLDED_LEN];

	if (!type_folds_case(op->type) || op->rdlen > FOLDED_LEN)
		return store_hash(st->id, op->type, op->rdata, op->rdlen);
	for (size_t i = 0; i < op->rdlen; i++) {
		uint8_t c = op->rdata[i];

		folded[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
	}
	return store_hash(st->id, op->type, folded, op->rdlen);
}

/* class and zone */
static void
key_zone(struct state_key *k, enum store_class class, const uint8_t *zone)
{
	size_t len = name_len(zone);

	k->octets[0] = (uint8_t) class;
	memcpy(k->octets + 1, zone, len);
	k->len = 1 + len;
}

/* class, zone, owner and type */
static void
key_rrset(
    struct state_key *k, enum store_class class, const struct store_op *op)
{
	const uint8_t *owner = op->owner ? op->owner : op->zone;
	size_t relative_len = name_len(owner) - name_len(op->zone);

	key_zone(k, class, op->zone);
	memcpy(k->octets + k->len, owner, relative_len);
	k->len += relative_len;
	k->octets[k->len++] = 0;
	wire_store_u16(k->octets + k->len, op->type);
	k->len += 2;
}

/* all of it, with slot 0 */
static void
key_record(const struct store_state *st, struct state_key *k,
    enum store_class class, const struct store_op *op)
{
	key_rrset(k, class, op);
	store_put_u64(k->octets + k->len, digest(st, op));
	k->len += 8;
	wire_store_u16(k->octets + k->len, 0);
	k->len += SLOT_LEN;
}

static uint32_t
checksum(uint64_t id, const MDB_val *key, const uint8_t *value, size_t len)
{
	uint64_t seed = store_hash(id, 0, key->mv_data, key->mv_size);

	return (uint32_t)store_hash(id, seed, value + 4, len - 4);
}

/* Reads a value into the fields of op that are not in the key. */
static bool
value_read(
    uint64_t id, const MDB_val *key, const MDB_val *value, struct store_op *op)
{
	const uint8_t *at = value->mv_data;
	size_t len = value->mv_size, key_len;

	if (len < VALUE_HEAD + 1 ||
	    wire_load_u32(at) != checksum(id, key, at, len))
		return false;
	op->serial = wire_load_u32(at + 4);
	op->ttl = wire_load_u32(at + 8);
	op->lease_s = wire_load_u32(at + 12);
	op->digest = store_load_u64(at + 16);
	op->rdlen = wire_load_u16(at + 24);
	if (!name_check(at + VALUE_HEAD, len - VALUE_HEAD, &key_len) ||
	    len != VALUE_HEAD + key_len + op->rdlen)
		return false;
	op->key = at[VALUE_HEAD] ? at + VALUE_HEAD : NULL;
	op->rdata = at + VALUE_HEAD + key_len;
	return true;
}

static int
put_value(struct store_state *st, const struct state_key *k,
    const struct store_op *op)
{
	size_t key_len = op->key ? name_len(op->key) : 1;
	size_t len = VALUE_HEAD + key_len + op->rdlen;
	MDB_val key = {k->len, (void *)k->octets}, value = {len, NULL};
	uint8_t *at;
	int rc;

	rc = mdb_cursor_put(st->cursor, &key, &value, MDB_RESERVE);
	if (rc)
		return rc;
	at = value.mv_data;
	wire_store_u32(at + 4, op->serial);
	wire_store_u32(at + 8, op->ttl);
	wire_store_u32(at + 12, op->lease_s);
	store_put_u64(at + 16, op->digest);
	wire_store_u16(at + 24, op->rdlen);
	if (op->key)
		memcpy(at + VALUE_HEAD, op->key, key_len);
	else
		at[VALUE_HEAD] = 0;
	if (op->rdlen > 0)
		memcpy(at + VALUE_HEAD + key_len, op->rdata, op->rdlen);
	key.mv_data = (void *)k->octets;
	key.mv_size = k->len;
	wire_store_u32(at, checksum(st->id, &key, at, len));
	return 0;
}

static int
delete_exact(struct store_state *st, const struct state_key *k)
{
	MDB_val key = {k->len, (void *)k->octets}, value;
	int rc = mdb_cursor_get(st->cursor, &key, &value, MDB_SET);

	if (rc == 0)
		rc = mdb_cursor_del(st->cursor, 0);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Looks for the record with op's RDATA and puts its slot into k; *entry is
 * what is stored.  With MDB_NOTFOUND the slot is a free one. */
static int
find_record(struct store_state *st, struct state_key *k, enum store_class class,
    const struct store_op *op, struct store_op *entry)
{
	MDB_val key, value;
	uint32_t slot = 0;
	size_t prefix_len;
	int rc;

	key_record(st, k, class, op);
	prefix_len = k->len - SLOT_LEN;
	key = (MDB_val){k->len, k->octets};
	rc = mdb_cursor_get(st->cursor, &key, &value, MDB_SET_RANGE);
	while (rc == 0 && key.mv_size == k->len &&
	       memcmp(key.mv_data, k->octets, prefix_len) == 0) {
		slot = wire_load_u16((uint8_t *)key.mv_data + prefix_len);
		if (!value_read(st->id, &key, &value, entry))
			return MDB_CORRUPTED;
		if (rdata_compare(op->type, op->rdata, op->rdlen, entry->rdata,
			entry->rdlen) == 0) {
			wire_store_u16(k->octets + prefix_len, (uint16_t)slot);
			return 0;
		}
		if (slot++ == SLOTS_MAX)
			return MDB_KEYEXIST;
		rc = mdb_cursor_get(st->cursor, &key, &value, MDB_NEXT);
	}
	wire_store_u16(k->octets + prefix_len, (uint16_t)slot);
	return rc ? rc : MDB_NOTFOUND;
}

static int
put_record(
    struct store_state *st, enum store_class class, const struct store_op *op)
{
	struct store_op entry;
	struct state_key k;
	int rc = find_record(st, &k, class, op, &entry);

	return rc && rc != MDB_NOTFOUND ? rc : put_value(st, &k, op);
}

static int
delete_record(
    struct store_state *st, enum store_class class, const struct store_op *op)
{
	struct store_op entry;
	struct state_key k;
	int rc = find_record(st, &k, class, op, &entry);

	if (rc == 0)
		rc = mdb_cursor_del(st->cursor, 0);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Rewrites an entry that lies in the map, which put_value() may move. */
static int
put_again(
    struct store_state *st, const struct state_key *k, struct store_op *op)
{
	uint8_t key_name[NAME_MAX_LEN], rdata[RDATA_MAX_LEN];

	if (op->key) {
		memcpy(key_name, op->key, name_len(op->key));
		op->key = key_name;
	}
	memcpy(rdata, op->rdata, op->rdlen);
	op->rdata = rdata;
	return put_value(st, k, op);
}

static int
set_lease(struct store_state *st, const struct store_op *op)
{
	struct store_op entry = {0};
	struct state_key k;
	int rc = find_record(st, &k, STORE_CLASS_RECORD, op, &entry);

	if (rc)
		return rc == MDB_NOTFOUND ? 0 : rc;
	entry.lease_s = op->lease_s;
	return put_again(st, &k, &entry);
}

static int
put_ttl(struct store_state *st, const struct store_op *op)
{
	struct store_op o = *op;
	struct state_key k;

	o.rdlen = 0;
	key_rrset(&k, STORE_CLASS_TTL, op);
	return put_value(st, &k, &o);
}

/* Writes the last serial of st->zone into its entry. */
static int
flush_zone(struct store_state *st)
{
	struct store_op entry = {.zone = st->zone};
	struct state_key k;
	MDB_val key, value;
	int rc;

	if (!st->zone_is_dirty)
		return 0;
	st->zone_is_dirty = false;
	key_zone(&k, STORE_CLASS_ZONE, st->zone);
	key = (MDB_val){k.len, k.octets};
	rc = mdb_cursor_get(st->cursor, &key, &value, MDB_SET);
	if (rc == 0 && !value_read(st->id, &key, &value, &entry))
		return MDB_CORRUPTED;
	if (rc && rc != MDB_NOTFOUND)
		return rc;
	entry.serial = st->zone_serial;
	if (rc == MDB_NOTFOUND)
		return put_value(st, &k, &entry);
	return put_again(st, &k, &entry);
}

static int
put_zone(struct store_state *st, const struct store_op *op)
{
	struct state_key k;
	int rc = 0;

	if (memcmp(st->zone, op->zone, name_len(op->zone)) != 0)
		rc = flush_zone(st);
	st->zone_is_dirty = false;
	if (rc)
		return rc;
	key_zone(&k, STORE_CLASS_ZONE, op->zone);
	return put_value(st, &k, op);
}

/* Remembers that op moved its zone to op->serial. */
static int
touch_zone(struct store_state *st, const struct store_op *op)
{
	size_t len = name_len(op->zone);
	int rc = 0;

	if (st->zone_is_dirty && memcmp(st->zone, op->zone, len) != 0)
		rc = flush_zone(st);
	memcpy(st->zone, op->zone, len);
	st->zone_serial = op->serial;
	st->zone_is_dirty = true;
	return rc;
}

/* Removes the entries of a class whose keys start with the zone. */
static int
forget_class(struct store_state *st, enum store_class class,
    const uint8_t *zone, size_t *left)
{
	struct state_key k;
	MDB_val key, value;
	int rc;

	key_zone(&k, class, zone);
	key = (MDB_val){k.len, k.octets};
	rc = mdb_cursor_get(st->cursor, &key, &value, MDB_SET_RANGE);
	while (rc == 0 && key.mv_size >= k.len &&
	       memcmp(key.mv_data, k.octets, k.len) == 0) {
		if (*left == 0)
			return 0;
		--*left;
		rc = mdb_cursor_del(st->cursor, 0);
		if (!rc)
			rc = mdb_cursor_get(st->cursor, &key, &value, MDB_NEXT);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
forget_zone(
    struct store_state *st, const struct store_op *op, size_t max, bool *more)
{
	size_t left = max;
	int rc = 0;

	if (memcmp(st->zone, op->zone, name_len(op->zone)) == 0)
		st->zone_is_dirty = false;
	/* The zone goes last: as long as entries are left, it is known. */
	for (int class = STORE_CLASS_RECORD; class >= STORE_CLASS_ZONE && !rc;
	     class --)
		rc =
		    forget_class(st, (enum store_class) class, op->zone, &left);
	*more = left == 0;
	return rc;
}

int
store_state_end(struct store_state *st)
{
	int rc = flush_zone(st);

	mdb_cursor_close(st->cursor);
	return rc;
}

int
store_state_apply(
    struct store_state *st, const struct store_op *op, size_t max, bool *more)
{
	struct state_key k;
	int rc = 0;

	*more = false;
	switch (op->kind) {
	case STORE_ADD:
		rc = put_record(st, STORE_CLASS_RECORD, op);
		break;
	case STORE_REMOVE:
		rc = delete_record(st, STORE_CLASS_RECORD, op);
		break;
	case STORE_BURY:
		rc = put_record(st, STORE_CLASS_BURIED, op);
		break;
	case STORE_UNBURY:
		rc = delete_record(st, STORE_CLASS_BURIED, op);
		break;
	case STORE_LEASE:
		return set_lease(st, op);
	case STORE_TTL:
		rc = put_ttl(st, op);
		break;
	case STORE_TTL_FORGET:
		key_rrset(&k, STORE_CLASS_TTL, op);
		rc = delete_exact(st, &k);
		break;
	case STORE_FILE_ADD:
	case STORE_FILE_REMOVE:
		break;
	case STORE_ZONE:
		return put_zone(st, op);
	case STORE_ZONE_FORGET:
		return forget_zone(st, op, max, more);
	default:
		return MDB_CORRUPTED;
	}
	return rc ? rc : touch_zone(st, op);
}

/* Reads a key; the owner is put together in owner[]. */
static bool
key_read(const MDB_val *key, struct store_op *op, uint8_t *owner)
{
	const uint8_t *at = key->mv_data;
	size_t len = key->mv_size, zone_len, relative_len, tail;

	if (!name_check(at + 1, len - 1, &zone_len))
		return false;
	op->zone = at + 1;
	op->owner = NULL;
	if (at[0] == STORE_CLASS_ZONE)
		return len == 1 + zone_len;
	tail = at[0] == STORE_CLASS_TTL ? 2 : RECORD_TAIL;
	at += 1 + zone_len;
	len -= 1 + zone_len;
	if (!name_check(at, len, &relative_len) || len != relative_len + tail ||
	    relative_len - 1 + zone_len > NAME_MAX_LEN)
		return false;
	memcpy(owner, at, relative_len - 1);
	memcpy(owner + relative_len - 1, op->zone, zone_len);
	op->owner = owner;
	op->type = wire_load_u16(at + relative_len);
	return true;
}

enum error
store_state_walk(struct store_state *st, const char *path, store_op_fn *fn,
    void *arg, char *text, size_t text_len)
{
	static const enum store_kind kinds[STORE_CLASS_END] = {
	    [STORE_CLASS_ZONE] = STORE_ZONE,
	    [STORE_CLASS_BURIED] = STORE_BURY,
	    [STORE_CLASS_TTL] = STORE_TTL,
	    [STORE_CLASS_RECORD] = STORE_ADD,
	};
	uint8_t first = STORE_CLASS_ZONE, owner[NAME_MAX_LEN];
	MDB_val key = {1, &first}, value;
	unsigned long long count = 0;
	enum error err;
	int rc;

	rc = mdb_cursor_get(st->cursor, &key, &value, MDB_SET_RANGE);
	for (; rc == 0; count++) {
		struct store_op op = {0};
		uint8_t class = *(uint8_t *)key.mv_data;

		if (class >= STORE_CLASS_END ||
		    !value_read(st->id, &key, &value, &op) ||
		    !key_read(&key, &op, owner))
			return store_env_fail(path, ERR_DAMAGED, text, text_len,
			    "entry %llu of class %u is damaged", count, class);
		op.kind = kinds[class];
		err = fn(arg, &op);
		if (err)
			return err;
		rc = mdb_cursor_get(st->cursor, &key, &value, MDB_NEXT);
	}
	if (rc == MDB_NOTFOUND)
		return OK;
	return store_env_fail(
	    path, store_env_error(rc), text, text_len, "%s", mdb_strerror(rc));
}
