/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/scenario/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "server/nameserver/nameserver.h"
#include "server/nameserver/update.h"
#include "server/nameserver/waiting.h"
#include "server/registry.h"

static struct exchange *
exchange_new(struct world *world, const struct step *step)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (world->registry == NULL)
		script_complain(world->script.path, step->number,
		    "the server does not run");
	ask_init(&x->ask);
	return x;
}

void
exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	tsig_table_free(x->table);
	free(x);
}

static uint16_t
parse_type(struct world *world, unsigned number, const char *text)
{
	ldns_rr_type type = ldns_get_rr_type_by_name(text);

	if (type == 0 && strcmp(text, "TYPE0") != 0)
		script_complain(
		    world->script.path, number, "no type: %s", text);
	return (uint16_t)type;
}

/* QUERY [options] NAME [TYPE] [options] */
struct exchange *
exchange_query(struct world *world, const struct step *step)
{
	struct exchange *x = exchange_new(world, step);
	const char *text = step->text + strlen("QUERY");
	char word[WORD_LEN];
	struct wire_writer w;
	struct name name;
	uint16_t type = TYPE_A;

	if (!ask_parse(world, step->number, &text, &x->ask, word))
		script_complain(world->script.path, step->number, "no name");
	build_name(world, step->number, word, &name);
	if (ask_parse(world, step->number, &text, &x->ask, word))
		type = parse_type(world, step->number, word);
	if (ask_parse(world, step->number, &text, &x->ask, word))
		script_complain(
		    world->script.path, step->number, "what is %s?", word);
	build_start(x, &w, name.wire, type);
	build_end(world, step->number, x, &w);
	return x;
}

/* --- UPDATE, in the words of nsupdate --- */

struct builder {
	struct world *world;
	unsigned number;
	struct wire_writer w;
	enum message_section section; /* that records go to now */
};

static void
put_record(struct builder *b, const uint8_t *owner, uint16_t type,
    uint16_t class, uint32_t ttl, const uint8_t *rdata, size_t rdlen)
{
	wire_put_name(&b->w, owner);
	wire_put_u16(&b->w, type);
	wire_put_u16(&b->w, class);
	wire_put_u32(&b->w, ttl);
	wire_put_u16(&b->w, (uint16_t)rdlen);
	wire_put_bytes(&b->w, rdata, rdlen);
	message_add_count(&b->w, b->section, 1);
}

/* A record given in presentation form; "\# 2 abcd" is taken as it is, however
 * wrong it is for the type. */
static void
put_text(struct builder *b, const char *owner, const char *type, uint16_t class,
    uint32_t ttl, const char *data)
{
	uint8_t rdata[PACKET_MAX];
	size_t len = 0;
	struct name name;
	unsigned count;
	int used;

	build_name(b->world, b->number, owner, &name);
	data += strspn(data, " \t");
	if (sscanf(data, "\\# %u %n", &count, &used) == 1) {
		len = parse_hex(data + used, rdata, sizeof(rdata));
	} else if (data[0] != '\0') {
		char text[WORD_LEN * 4];
		ldns_rr *rr;

		snprintf(text, sizeof(text), ". 0 IN %s %s", type, data);
		rr = build_record(b->world, b->number, text);
		for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
			const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

			memcpy(rdata + len, ldns_rdf_data(rdf),
			    ldns_rdf_size(rdf));
			len += ldns_rdf_size(rdf);
		}
		ldns_rr_free(rr);
	}
	put_record(b, name.wire, parse_type(b->world, b->number, type), class,
	    ttl, rdata, len);
}

static const char *
need_word(struct builder *b, const char **text, char word[WORD_LEN])
{
	if (!word_next(text, word))
		script_complain(
		    b->world->script.path, b->number, "something is missing");
	return word;
}

static void
take_prereq(struct builder *b, const char *text)
{
	char what[WORD_LEN], owner[WORD_LEN], type[WORD_LEN] = "ANY";
	bool none;

	need_word(b, &text, what);
	need_word(b, &text, owner);
	if (strstr(what, "rrset") != NULL)
		need_word(b, &text, type);
	none = what[0] == 'n';
	text += strspn(text, " \t");
	put_text(b, owner, type,
	    *text != '\0' ? CLASS_IN
	    : none        ? CLASS_NONE
			  : CLASS_ANY,
	    0, text);
}

static void
take_delete(struct builder *b, const char *text)
{
	char owner[WORD_LEN], type[WORD_LEN];

	need_word(b, &text, owner);
	if (!word_next(&text, type))
		strcpy(type, "ANY");
	text += strspn(text, " \t");
	put_text(
	    b, owner, type, *text != '\0' ? CLASS_NONE : CLASS_ANY, 0, text);
}

/* "record NAME TTL CLASS TYPE [DATA]": anything, to the letter. */
static void
take_any(struct builder *b, const char *text, bool is_add)
{
	char owner[WORD_LEN], ttl[WORD_LEN], class[WORD_LEN] = "IN";
	char type[WORD_LEN];
	uint16_t number;

	need_word(b, &text, owner);
	need_word(b, &text, ttl);
	if (!is_add)
		need_word(b, &text, class);
	need_word(b, &text, type);
	number = strcmp(class, "IN") == 0     ? CLASS_IN
		 : strcmp(class, "CH") == 0   ? CLASS_CH
		 : strcmp(class, "NONE") == 0 ? CLASS_NONE
					      : CLASS_ANY;
	put_text(
	    b, owner, type, number, (uint32_t)strtoul(ttl, NULL, 10), text);
}

static void
take_line(struct builder *b, const struct line *line)
{
	const char *text = line->text;
	char word[WORD_LEN];

	b->number = line->number;
	need_word(b, &text, word);
	if (strcmp(word, "prereq") == 0) {
		b->section = SECTION_PREREQUISITE;
		take_prereq(b, text);
		return;
	}
	if (strcmp(word, "prereq-record") == 0) {
		b->section = SECTION_PREREQUISITE;
		take_any(b, text, false);
		return;
	}
	b->section = SECTION_UPDATE;
	if (strcmp(word, "add") == 0)
		take_any(b, text, true);
	else if (strcmp(word, "delete") == 0)
		take_delete(b, text);
	else if (strcmp(word, "record") == 0)
		take_any(b, text, false);
	else
		script_complain(
		    b->world->script.path, b->number, "what is %s?", word);
}

/* UPDATE [options] [ZONE] [options] */
struct exchange *
exchange_update(struct world *world, const struct step *step)
{
	struct exchange *x = exchange_new(world, step);
	const char *text = step->text + strlen("UPDATE");
	struct builder b = {.world = world, .number = step->number};
	char word[WORD_LEN];
	struct name zone;

	x->ask.opcode = OPCODE_UPDATE;
	build_name(world, step->number, "@", &zone);
	if (ask_parse(world, step->number, &text, &x->ask, word))
		build_name(world, step->number, word, &zone);
	if (ask_parse(world, step->number, &text, &x->ask, word))
		script_complain(
		    world->script.path, step->number, "what is %s?", word);
	build_start(x, &b.w, zone.wire, TYPE_SOA);
	for (size_t i = 0; i < step->body.count; i++)
		take_line(&b, &step->body.line[i]);
	build_end(world, step->number, x, &b.w);
	return x;
}

/* RAW [tcp] [from ADDR] HEX...: octets; 'text' is a label. */
struct exchange *
exchange_raw(struct world *world, const struct step *step)
{
	struct exchange *x = exchange_new(world, step);
	const char *text = step->text + strlen("RAW");
	char word[WORD_LEN];
	struct lines more = step->body;

	x->raw = true;
	if (!ask_parse(world, step->number, &text, &x->ask, word))
		word[0] = '\0';
	for (;;) {
		size_t len = strlen(word);

		if (word[0] == '\'') {
			x->in[x->in_len++] = (uint8_t)(len - 2);
			memcpy(x->in + x->in_len, word + 1, len - 2);
			x->in_len += len - 2;
		} else {
			x->in_len += parse_hex(
			    word, x->in + x->in_len, sizeof(x->in) - x->in_len);
		}
		while (!word_next(&text, word)) {
			if (more.count == 0)
				return x;
			text = more.line->text;
			more.line++;
			more.count--;
		}
	}
}

/* --- there and back --- */

void
exchange_send(struct world *world, struct exchange *x)
{
	struct request req = {.in = x->in,
	    .in_len = x->in_len,
	    .out = x->out,
	    .out_cap = x->ask.tcp ? PACKET_MAX : 4096,
	    .tcp = x->ask.tcp,
	    .peer = &x->ask.peer,
	    .now_ms = world->now_ms,
	    .wall_s = world_wall_s(world),
	    .random = &world->random};
	const struct snapshot *snapshot = snapshot_enter(world->hub);

	x->verdict = nameserver_answer(world->local, snapshot, &req);
	snapshot_leave(world->hub);
	x->out_len = req.out_len;
	x->sent_ms = world->now_ms;
	if (x->verdict == VERDICT_WAIT) {
		x->waits = true;
		req.waiting->route =
		    (struct route){.peer = x->ask.peer, .tcp = x->ask.tcp};
		memcpy(req.waiting->route.control, &x, sizeof(x));
		return;
	}
	if (x->verdict != VERDICT_WRITE)
		return;
	x->update = req.update;
	/* So that the reply finds home. */
	memcpy(x->update->route.control, &x, sizeof(x));
	registry_take(world->registry, x->update, world->now_ms);
}

void
exchange_finish(struct world *world, struct update *u)
{
	struct exchange *x;

	memcpy(&x, u->route.control, sizeof(x));
	snapshot_enter(world->hub);
	x->out_len = nameserver_finish(
	    world->local, u, world_wall_s(world), x->out, sizeof(x->out));
	snapshot_leave(world->hub);
	x->verdict = x->out_len > 0 ? VERDICT_SEND : VERDICT_DROP;
	x->update = NULL;
	update_free(u);
}
