/* store_codec.h - operations and log entries as octets.
 *
 * An operation, integers in network order:
 *   kind 1 | has 1 | type 2 | serial 4 | ttl 4 | lease 4 | rdlen 2
 *   digest 8 if has & 4 | zone | owner if has & 1 | key if has & 2 | rdata
 * A log entry is one batch:
 *   checksum 8 | format 4 | operations 4 | operation...
 * where the checksum covers all that follows and, through its key, the store
 * and the sequence number.
 *
 * Threads:   any; a batch belongs to one.
 * Ownership: decoded operations point into the octets they came from.
 * Units:     octets.
 * Errors:    bool: false says damaged.
 * Standards: none; the checksum is SipHash-2-4 (Aumasson, Bernstein 2012).
 */
#ifndef ZONES_STORE_CODEC_H
#define ZONES_STORE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/store.h"

#define STORE_ENTRY_HEAD 16

struct store_batch {
	uint8_t *buf;
	size_t len;
	size_t cap;
	uint32_t ops;
	/* owned by the store between submission and callback */
	struct store_batch *next;
	store_done_fn *done;
	void *arg;
	bool doomed; /* submitted while the store was held */
	enum error outcome;
};

/* A keyed 64-bit hash of len octets. */
uint64_t store_hash(uint64_t k0, uint64_t k1, const void *data, size_t len);

static inline uint64_t
store_load_u64(const uint8_t *at)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | at[i];
	return v;
}

static inline void
store_put_u64(uint8_t *at, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		at[i] = (uint8_t)v;
}

/* Decodes the operation at *pos and moves *pos behind it. */
bool store_op_decode(
    const uint8_t *buf, size_t len, size_t *pos, struct store_op *);

/* Writes the batch as entry seq into STORE_ENTRY_HEAD + batch->len octets. */
void store_entry_write(
    uint8_t *entry, const struct store_batch *, uint64_t id, uint64_t seq);

/* Whether an entry is whole and is number seq of store id. */
bool store_entry_check(
    const uint8_t *entry, size_t len, uint64_t id, uint64_t seq);

#endif
