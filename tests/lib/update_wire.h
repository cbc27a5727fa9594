/* update_wire.h - a message of the model as octets, and what a zone begins with
 * as a file.
 *
 * Threads:   none.
 * Ownership: the caller's writer.
 * Errors:    assert.
 * Standards: RFC 2136 2; RFC 9664.
 */
#ifndef TESTS_LIB_UPDATE_WIRE_H
#define TESTS_LIB_UPDATE_WIRE_H

#include <sys/mman.h>
#include <unistd.h>

#include "server/nameserver/edns.h"
#include "tests/lib/update_model.h"

static inline void
model_put_record(
    struct wire_writer *w, const struct model_item *it, uint32_t variant)
{
	static const uint16_t class_of[] = {CLASS_ANY, CLASS_IN, CLASS_NONE,
	    CLASS_ANY, CLASS_NONE, CLASS_IN, CLASS_NONE, CLASS_ANY, CLASS_ANY};
	bool any = it->kind == WANT_NAME || it->kind == WANT_NO_NAME ||
		   it->kind == DO_REMOVE_NAME;
	bool value = it->kind == WANT_VALUE || it->kind == DO_ADD ||
		     it->kind == DO_REMOVE;
	uint16_t type = any ? TYPE_ANY : model_type[it->type];
	uint8_t rdata[300];
	size_t len =
	    value ? model_rdata(type, variant, rdata, sizeof(rdata)) : 0;

	wire_put_name(w, model_name(model_owner[it->owner]).wire);
	wire_put_u16(w, type);
	wire_put_u16(w, class_of[it->kind]);
	wire_put_u32(w, it->kind == DO_ADD ? it->ttl : 0);
	wire_put_u16(w, (uint16_t)len);
	wire_put_bytes(w, rdata, len);
}

static inline void
model_put_lease(struct wire_writer *w, const struct model_message *msg)
{
	if (msg->lease_len == 0)
		return;
	wire_put_bytes(w, (uint8_t[]){0, 0, TYPE_OPT, 4, 208, 0, 0, 0, 0}, 9);
	wire_put_u16(w, (uint16_t)(4 + msg->lease_len));
	wire_put_u16(w, OPTION_LEASE);
	wire_put_u16(w, (uint16_t)msg->lease_len);
	wire_put_u32(w, msg->lease_s);
	if (msg->lease_len == 8)
		wire_put_u32(w, msg->key_lease_s);
	message_add_count(w, SECTION_ADDITIONAL, 1);
}

static inline void
model_put_message(struct wire_writer *w, const struct model_message *msg)
{
	message_put_request_header(w, (uint16_t)msg->id, OPCODE_UPDATE, 0);
	wire_put_name(w, model_name("z.").wire);
	wire_put_u16(w, TYPE_SOA);
	wire_put_u16(w, CLASS_IN);
	message_set_count(w, SECTION_ZONE, 1);
	for (int section = SECTION_PREREQUISITE; section <= SECTION_UPDATE;
	     section++) {
		for (unsigned i = 0; i < msg->items; i++) {
			const struct model_item *it = &msg->item[i];

			if ((it->kind < DO_ADD) !=
			    (section == SECTION_PREREQUISITE))
				continue;
			for (unsigned k = 0; k < it->count; k++)
				model_put_record(w, it, it->variant + k);
			message_add_count(w, section, it->count);
		}
	}
	model_put_lease(w, msg);
	assert(!w->failed);
}

/* --- the zone file --- */

static const struct model_fact file_fact[] = {
    {.owner = 0, .type = 5, .variant = 1},
    {.owner = 0, .type = 5, .variant = 2},
    {.owner = 5, .type = 0, .variant = 1},
    {.owner = 5, .type = 7, .variant = 1},
    {.owner = 1, .type = 1, .variant = 1},
    {.owner = 4, .type = 1, .variant = 2},
    {.owner = 7, .type = 2, .variant = 1},
    {.owner = 11, .type = 5, .variant = 1},
    {.owner = 13, .type = 6, .variant = 3},
};
#define FILE_FACTS (sizeof(file_fact) / sizeof(file_fact[0]))

/* Presentation format of the facts: RFC 3597 spares a printer. */
static inline void
model_write_file(FILE *f)
{
	uint8_t rdata[300];
	size_t len;

	fprintf(f, "$TTL 60\nz. SOA h1.z. h2.z. 5 0 0 0 9\n");
	for (size_t i = 0; i < FILE_FACTS; i++) {
		const struct model_fact *fact = &file_fact[i];
		uint16_t type = model_type[fact->type];

		len = model_rdata(type, fact->variant, rdata, sizeof(rdata));
		fprintf(f, "%s TYPE%u \\# %zu ", model_owner[fact->owner], type,
		    len);
		for (size_t k = 0; k < len; k++)
			fprintf(f, "%02x", rdata[k]);
		fprintf(f, "\n");
	}
}

/* The path of a file that is in no folder. */
static inline char *
model_zone_file(void)
{
	static char path[64];

	if (path[0] == '\0') {
		int fd = memfd_create("zone", 0);
		FILE *f = fdopen(dup(fd), "w");

		assert(fd >= 0 && f != NULL);
		model_write_file(f);
		fclose(f);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	return path;
}

#endif
