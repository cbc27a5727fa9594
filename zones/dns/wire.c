/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/dns/wire.h"

#include "zones/dns/octets.h"

#define POINTER 0xc0 /* RFC 1035 4.1.4: the two high bits */
#define POINTER_MAX 0x3fff /* the farthest place a pointer can name */

/* The parent of a suffix of one label. */
#define NO_TARGET UINT8_MAX

const uint8_t *
wire_get_bytes(struct wire_reader *r, size_t n)
{
	const uint8_t *at;

	if (r->failed || n > r->len - r->pos) {
		r->failed = true;
		return NULL;
	}
	at = r->msg + r->pos;
	r->pos += n;
	return at;
}

uint8_t
wire_get_u8(struct wire_reader *r)
{
	const uint8_t *at = wire_get_bytes(r, 1);

	return at == NULL ? 0 : *at;
}

uint16_t
wire_get_u16(struct wire_reader *r)
{
	const uint8_t *at = wire_get_bytes(r, 2);

	return at == NULL ? 0 : wire_load_u16(at);
}

uint32_t
wire_get_u32(struct wire_reader *r)
{
	const uint8_t *at = wire_get_bytes(r, 4);

	return at == NULL ? 0 : wire_load_u32(at);
}

/* Reads the name at pos into wire (its length into *len) and moves *end
 * behind it; false if it is malformed. */
static bool
read_name(const struct wire_reader *r, uint8_t *wire, size_t *len, size_t *end)
{
	size_t pos = r->pos;
	size_t start = pos; /* of the labels being read: pointers lead before */
	size_t used = 0;
	unsigned jumps = 0;

	while (pos < r->len) {
		size_t n = r->msg[pos];

		if (n >= POINTER) {
			size_t to;

			if (r->len - pos < 2)
				return false;
			to = wire_load_u16(r->msg + pos) & POINTER_MAX;
			/* Nobody needs more pointers than labels; chains of
			 * them would make a message cost its square. */
			if (to >= start || jumps == NAME_MAX_LABELS)
				return false;
			if (jumps++ == 0)
				*end = pos + 2;
			start = pos = to;
			continue;
		}
		/* 0x40 and 0x80 are reserved (RFC 1035 4.1.4). */
		if (n > LABEL_MAX_LEN || n >= r->len - pos ||
		    used + n + 1 > NAME_MAX_LEN)
			return false;
		memcpy(wire + used, r->msg + pos, n + 1);
		used += n + 1;
		pos += n + 1;
		if (n == 0) {
			if (jumps == 0)
				*end = pos;
			*len = used;
			return true;
		}
	}
	return false;
}

void
wire_get_name(struct wire_reader *r, struct name *name)
{
	size_t len, end;

	if (r->failed || !read_name(r, name->wire, &len, &end)) {
		r->failed = true;
		name->len = 1;
		name->wire[0] = 0;
		return;
	}
	name->len = (uint8_t)len;
	r->pos = end;
}

void
wire_skip_name(struct wire_reader *r)
{
	struct name name;

	wire_get_name(r, &name);
}

void
wire_put_u8(struct wire_writer *w, uint8_t v)
{
	uint8_t *at = wire_put_room(w, 1);

	if (at != NULL)
		*at = v;
}

void
wire_put_u16(struct wire_writer *w, uint16_t v)
{
	uint8_t *at = wire_put_room(w, 2);

	if (at != NULL)
		wire_store_u16(at, v);
}

void
wire_put_u32(struct wire_writer *w, uint32_t v)
{
	uint8_t *at = wire_put_room(w, 4);

	if (at != NULL)
		wire_store_u32(at, v);
}

void
wire_put_bytes(struct wire_writer *w, const void *from, size_t n)
{
	uint8_t *at = wire_put_room(w, n);

	if (at != NULL && n > 0)
		memcpy(at, from, n);
}

void
wire_put_name_plain(struct wire_writer *w, const uint8_t *name)
{
	wire_put_bytes(w, name, name_len(name));
}

/* The target below parent whose first label is this one, or NO_TARGET. */
static uint8_t
find_target(const struct wire_writer *w, uint8_t parent, const uint8_t *label)
{
	unsigned i;

	for (i = 0; i < w->targets; i++) {
		const uint8_t *at = w->buf + w->target[i];

		if (w->parent[i] == parent && *at == *label &&
		    octets_equal_nocase(at + 1, label + 1, *label))
			return (uint8_t)i;
	}
	return NO_TARGET;
}

/* The longest suffix of a name that a pointer may stand for. */
struct match {
	uint8_t target; /* NO_TARGET: none */
	unsigned labels; /* of the name that remain in front of it */
	uint8_t label[NAME_MAX_LABELS]; /* where each of the name's starts */
	size_t len; /* of those that remain, in octets */
};

/* Targets form a tree by their parents, so the way down from the root looks
 * at each target's label once at most, however the names were chosen. */
static void
find_suffix(const struct wire_writer *w, const uint8_t *name, struct match *m)
{
	size_t pos = 0;

	m->labels = 0;
	m->target = NO_TARGET;
	while (name[pos] != 0) {
		m->label[m->labels++] = (uint8_t)pos;
		pos += (size_t)name[pos] + 1;
	}
	m->len = pos;
	while (m->labels > 0) {
		size_t at = m->label[m->labels - 1];
		uint8_t next = find_target(w, m->target, name + at);

		if (next == NO_TARGET)
			break;
		m->target = next;
		m->len = at;
		m->labels--;
	}
}

/* Remembers the labels of a name at offset at that had no match, the one
 * nearest to the root first: each becomes the parent of the next. */
static void
add_targets(struct wire_writer *w, struct match *m, size_t at)
{
	while (m->labels > 0 && w->targets < WIRE_COMPRESS_NAMES) {
		size_t place = at + m->label[--m->labels];

		if (place > POINTER_MAX)
			return;
		w->target[w->targets] = (uint16_t)place;
		w->parent[w->targets] = m->target;
		m->target = (uint8_t)w->targets++;
	}
}

void
wire_put_name(struct wire_writer *w, const uint8_t *name)
{
	struct match m;
	uint8_t *at;

	if (w->failed)
		return;
	find_suffix(w, name, &m);
	at = wire_put_room(w, m.len + (m.target == NO_TARGET ? 1 : 2));
	if (at == NULL)
		return;
	memcpy(at, name, m.len);
	if (m.target == NO_TARGET)
		at[m.len] = 0;
	else
		wire_store_u16(
		    at + m.len, (uint16_t)(POINTER << 8 | w->target[m.target]));
	add_targets(w, &m, (size_t)(at - w->buf));
}

void
wire_note_name(struct wire_writer *w, size_t at)
{
	struct match m;
	size_t len;

	/* The name may have come from a peer: what is no plain name is not
	 * worth remembering. */
	if (at >= w->len || !name_check(w->buf + at, w->len - at, &len))
		return;
	find_suffix(w, w->buf + at, &m);
	add_targets(w, &m, at);
}

/* Where the octets end that make a target whole without its parent: its
 * label and the root or pointer behind it. */
static size_t
target_end(const struct wire_writer *w, unsigned i)
{
	size_t next = (size_t)w->target[i] + 1 + w->buf[w->target[i]];

	return next + (w->buf[next] >= POINTER ? 2 : 1);
}

void
wire_rewind(struct wire_writer *w, size_t len)
{
	unsigned i = 0;

	/* Targets are remembered in the order of writing, parents first, so
	 * all behind the first that is cut go with it. */
	while (i < w->targets && target_end(w, i) <= len)
		i++;
	w->targets = (uint16_t)i;
	w->len = len;
	w->failed = false;
}
