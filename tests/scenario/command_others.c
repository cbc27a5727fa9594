/* SPDX-License-Identifier: Apache-2.0 */
/* command_others.c - other servers in a scenario: UPSTREAM, ASKED, FLUSH. */
#include <stdlib.h>
#include <string.h>

#include "tests/scenario/command_health.h"
#include "tests/scenario/others_internal.h"

#define WIRE_MAX 65535

/* --- UPSTREAM address answers name type [RCODE] [ad] [tc] [ede N] --- */

static void
put_record(struct world *world, const struct line *line, struct wire_writer *w,
    enum message_section section)
{
	ldns_rr *rr = build_record(world, line->number, line->text);
	const ldns_rdf *owner = ldns_rr_owner(rr);
	size_t at;

	wire_put_bytes(w, ldns_rdf_data(owner), ldns_rdf_size(owner));
	wire_put_u16(w, (uint16_t)ldns_rr_get_type(rr));
	wire_put_u16(w, CLASS_IN);
	wire_put_u32(w, ldns_rr_ttl(rr));
	at = w->len;
	wire_put_u16(w, 0);
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		wire_put_bytes(w, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
	}
	wire_store_u16(w->buf + at, (uint16_t)(w->len - at - 2));
	message_add_count(w, section, 1);
	ldns_rr_free(rr);
}

static void
put_records(struct world *world, const struct step *step, struct wire_writer *w)
{
	enum message_section section = SECTION_ANSWER;

	for (size_t i = 0; i < step->body.count; i++) {
		const struct line *line = &step->body.line[i];

		if (strcmp(line->text, "AUTHORITY") == 0)
			section = SECTION_AUTHORITY;
		else if (strcmp(line->text, "ADDITIONAL") == 0)
			section = SECTION_ADDITIONAL;
		else
			put_record(world, line, w, section);
	}
}

/* RFC 8914 2 */
static void
put_ede(struct wire_writer *w, unsigned code)
{
	wire_put_u8(w, 0);
	wire_put_u16(w, TYPE_OPT);
	wire_put_u16(w, 1232);
	wire_put_u32(w, 0);
	wire_put_u16(w, 6);
	wire_put_u16(w, 15);
	wire_put_u16(w, 2);
	wire_put_u16(w, (uint16_t)code);
	message_add_count(w, SECTION_ADDITIONAL, 1);
}

static void
take_flags(struct world *world, const struct step *step, const char *text,
    struct wire_writer *w, int *ede)
{
	char word[WORD_LEN];

	while (word_next(&text, word)) {
		if (strcmp(word, "NXDOMAIN") == 0) {
			message_set_rcode(w, RCODE_NXDOMAIN);
		} else if (strcmp(word, "SERVFAIL") == 0) {
			message_set_rcode(w, RCODE_SERVFAIL);
		} else if (strcmp(word, "REFUSED") == 0) {
			message_set_rcode(w, RCODE_REFUSED);
		} else if (strcmp(word, "ad") == 0) {
			message_set_flags(w, FLAG_AD);
		} else if (strcmp(word, "tc") == 0) {
			message_set_flags(w, FLAG_TC);
		} else if (strcmp(word, "ede") == 0) {
			command_need_word(world, step, &text, word);
			*ede = atoi(word);
		} else if (strcmp(word, "NOERROR") != 0) {
			script_complain(world->script.path, step->number,
			    "what is %s?", word);
		}
	}
}

static void
take_answer(struct world *world, const struct step *step, struct far *far,
    const char *text)
{
	static uint8_t buf[WIRE_MAX];
	struct far_answer *answer = &far->answer[far->answers];
	char name[WORD_LEN], type[WORD_LEN];
	struct wire_writer w;
	int ede = -1;

	if (far->answers == FAR_ANSWERS)
		script_complain(
		    world->script.path, step->number, "too many answers");
	command_need_word(world, step, &text, name);
	command_need_word(world, step, &text, type);
	build_name(world, step->number, name, &answer->name);
	answer->type = type_from_text(type);
	wire_writer_init(&w, buf, sizeof(buf));
	message_put_request_header(&w, 0, OPCODE_QUERY, FLAG_QR | FLAG_RA);
	wire_put_name(&w, answer->name.wire);
	wire_put_u16(&w, answer->type);
	wire_put_u16(&w, CLASS_IN);
	message_set_count(&w, SECTION_QUESTION, 1);
	take_flags(world, step, text, &w, &ede);
	put_records(world, step, &w);
	if (ede >= 0)
		put_ede(&w, (unsigned)ede);
	answer->wire = malloc(w.len);
	memcpy(answer->wire, buf, w.len);
	answer->len = w.len;
	far->answers++;
}

/* UPSTREAM address dead|closed|alive|delay N|forgets|answers ... */
void
command_upstream(struct world *world, const struct step *step)
{
	const char *text = step->text;
	char word[WORD_LEN];
	struct far *far;

	word_next(&text, word);
	command_need_word(world, step, &text, word);
	far = others_far(world, word);
	command_need_word(world, step, &text, word);
	if (strcmp(word, "answers") == 0) {
		take_answer(world, step, far, text);
	} else if (strcmp(word, "dead") == 0) {
		far->dead = true;
	} else if (strcmp(word, "closed") == 0) {
		far->closed = true;
	} else if (strcmp(word, "alive") == 0) {
		far->dead = far->closed = false;
	} else if (strcmp(word, "delay") == 0) {
		command_need_word(world, step, &text, word);
		far->delay_ms = atoi(word);
	} else {
		script_complain(
		    world->script.path, step->number, "what does %s do?", word);
	}
}

/* --- ASKED: exactly these, in this order --- */

void
command_asked(struct world *world, const struct step *step)
{
	char *asked = world->others ? world->others->asked : NULL;
	char *line, *rest = NULL;
	size_t i = 0;

	for (line = strtok_r(asked ? asked : "", "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest), i++) {
		if (i >= step->body.count)
			world_fail(world, step->number, "asked too: %s", line);
		else if (strcmp(line, step->body.line[i].text) != 0)
			world_fail(world, step->body.line[i].number,
			    "asked instead: %s", line);
	}
	for (; i < step->body.count; i++)
		world_fail(
		    world, step->body.line[i].number, "nothing more was asked");
	if (world->others != NULL) {
		free(asked);
		world->others->asked = NULL;
	}
}

/* --- FLUSH name [below] EXPECT N --- */

void
command_flush(struct world *world, const struct step *step)
{
	const char *text = step->text;
	char word[WORD_LEN];
	struct name name;
	size_t flushed = 0;
	bool below;

	word_next(&text, word);
	command_need_word(world, step, &text, word);
	build_name(world, step->number, word, &name);
	below = word_next(&text, word) && strcmp(word, "below") == 0;
	if (world->others->resolve.cache != NULL)
		flushed =
		    cache_flush(world->others->resolve.cache, name.wire, below);
	if (step->expect != NULL && (size_t)atoi(step->expect) != flushed)
		world_fail(
		    world, step->expect_number, "%zu were forgotten", flushed);
}
