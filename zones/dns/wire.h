/* wire.h - reading and writing messages, octet by octet.
 *
 * Both cursors are sticky: after the first step beyond the end every further
 * step does nothing and the cursor stays failed, so callers test once.
 *
 * Threads:   any; a cursor belongs to one.
 * Ownership: cursors borrow the caller's buffer.
 * Units:     octets; integers are in host order once read.
 * Errors:    wire_reader.failed, wire_writer.failed.
 * Standards: RFC 1035 4.1 (4.1.4: compression); RFC 9267 (pitfalls).
 */
#ifndef ZONES_DNS_WIRE_H
#define ZONES_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "zones/dns/name.h"

struct wire_reader {
	const uint8_t *msg; /* the whole message: pointers count from here */
	size_t len; /* octets in msg that may be read */
	size_t pos; /* next octet */
	bool failed;
};

static inline struct wire_reader
wire_reader(const uint8_t *msg, size_t len)
{
	return (struct wire_reader){.msg = msg, .len = len};
}

uint8_t wire_get_u8(struct wire_reader *);
uint16_t wire_get_u16(struct wire_reader *);
uint32_t wire_get_u32(struct wire_reader *);

/* Borrows the next n octets; NULL after failure. */
const uint8_t *wire_get_bytes(struct wire_reader *, size_t n);

/* Reads a name that may be compressed.  A pointer must lead to an earlier
 * place than the start of the labels read so far, which bounds the work by
 * the length of a name; anything else fails the reader and leaves the root
 * in the name. */
void wire_get_name(struct wire_reader *, struct name *);

/* As wire_get_name, without keeping it. */
void wire_skip_name(struct wire_reader *);

/* How many names a message may offer as targets of compression: those of the
 * first records are worth it, and a hostile order must not make it costly. */
#define WIRE_COMPRESS_NAMES 64

struct wire_writer {
	uint8_t *buf;
	size_t len; /* octets written */
	size_t cap;
	bool failed;
	/* Suffixes written so far that a pointer may lead to: offsets into
	 * buf, and for each the index of the suffix without its first label
	 * (UINT8_MAX: that is the root), which always comes before it. */
	uint16_t targets;
	uint16_t target[WIRE_COMPRESS_NAMES];
	uint8_t parent[WIRE_COMPRESS_NAMES];
};

static inline void
wire_writer_init(struct wire_writer *w, uint8_t *buf, size_t cap)
{
	w->buf = buf;
	w->len = 0;
	w->cap = cap;
	w->failed = false;
	w->targets = 0;
}

/* Room for n octets at the end, counted as written; NULL after failure. */
static inline uint8_t *
wire_put_room(struct wire_writer *w, size_t n)
{
	uint8_t *at;

	if (w->failed || n > w->cap - w->len) {
		w->failed = true;
		return NULL;
	}
	at = w->buf + w->len;
	w->len += n;
	return at;
}

static inline void
wire_store_u16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline void
wire_store_u32(uint8_t *at, uint32_t v)
{
	wire_store_u16(at, (uint16_t)(v >> 16));
	wire_store_u16(at + 2, (uint16_t)v);
}

static inline uint16_t
wire_load_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t
wire_load_u32(const uint8_t *at)
{
	return (uint32_t)wire_load_u16(at) << 16 | wire_load_u16(at + 2);
}

void wire_put_u8(struct wire_writer *, uint8_t);
void wire_put_u16(struct wire_writer *, uint16_t);
void wire_put_u32(struct wire_writer *, uint32_t);
void wire_put_bytes(struct wire_writer *, const void *, size_t n);

/* Writes the name whole and remembers nothing: RFC 3597 4, RFC 2782. */
void wire_put_name_plain(struct wire_writer *, const uint8_t *name);

/* Writes the name, replacing its longest suffix that was written through
 * here (or noted) before by a pointer (RFC 1035 4.1.4), and remembers its
 * own suffixes.  Comparison ignores case. */
void wire_put_name(struct wire_writer *, const uint8_t *name);

/* Remembers that an uncompressed name stands at offset at of the buffer, so
 * that later names may point at it and its suffixes. */
void wire_note_name(struct wire_writer *, size_t at);

/* Takes the message back to an earlier length (after which whole records are
 * forgotten, with the suffixes that lay in them), and clears the failure. */
void wire_rewind(struct wire_writer *, size_t len);

#endif
