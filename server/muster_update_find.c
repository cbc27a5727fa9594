/* SPDX-License-Identifier: Apache-2.0 */
#include "server/muster_update_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_value.h"
#include "zones/dns/rdata.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define PORT 53

/* One question under way. */
struct question {
	const uint8_t *name;
	uint16_t type;
	uint16_t id;
	unsigned flags;
	/* for each record of the answer: section, owner, type, RDATA */
	void (*seen)(struct question *, enum message_section,
	    const struct message_rr *, const uint8_t *rdata, size_t len);
	struct muster_reply reply;
	/* what is looked for */
	bool found;
	struct muster_zone *zone;
	struct muster_way *way;
	muster_seen_fn *tell;
	void *arg;
};

/* --- question and answer --- */

static void
see_records(
    struct question *q, const struct message *m, enum message_section section)
{
	struct message_cursor cursor = message_section(m, section);
	uint8_t *rdata = malloc(RDATA_MAX_LEN);
	struct message_rr rr;
	size_t len;

	while (rdata != NULL && message_rr_next(&cursor, &rr))
		if (rr.class == CLASS_IN &&
		    rdata_read(&rr.rdata, rr.type, rr.rdlength, rdata, &len))
			q->seen(q, section, &rr, rdata, len);
	free(rdata);
}

static enum muster_take
take_answer(void *arg, const uint8_t *in, size_t len)
{
	struct question *q = arg;
	struct message m;

	if (message_parse_answer(&m, in, len) != MESSAGE_OK || m.id != q->id ||
	    message_opcode(&m) != OPCODE_QUERY)
		return TAKE_NOT_OURS;
	if (m.qname_len != 0 &&
	    (m.qtype != q->type || !name_equal(message_qname(&m), q->name)))
		return TAKE_NOT_OURS;
	if ((m.flags & FLAG_TC) != 0)
		return TAKE_TRUNCATED;
	muster_reply_read(&q->reply, &m);
	see_records(q, &m, SECTION_ANSWER);
	see_records(q, &m, SECTION_AUTHORITY);
	return TAKE_DONE;
}

static enum muster_sent
ask(const struct muster_way *way, struct question *q, char *why)
{
	struct edns_reply opt = {.payload = EDNS_PAYLOAD, .ede = EDE_NONE};
	uint8_t octets[512];
	struct wire_writer w;
	unsigned by;

	q->id = (uint16_t)muster_random();
	wire_writer_init(&w, octets, sizeof(octets));
	message_put_request_header(&w, q->id, OPCODE_QUERY, q->flags);
	wire_put_name(&w, q->name);
	wire_put_u16(&w, q->type);
	wire_put_u16(&w, CLASS_IN);
	message_set_count(&w, SECTION_QUESTION, 1);
	edns_put(&w, &opt, RCODE_NOERROR);
	return muster_send(way, octets, w.len, take_answer, q, &by, why);
}

/* --- the zone --- */

/* RFC 2308 3: where the name is no apex the SOA comes as authority. */
static void
see_soa(struct question *q, enum message_section section,
    const struct message_rr *rr, const uint8_t *rdata, size_t len)
{
	(void)section;
	(void)len;
	if (rr->type != TYPE_SOA || !name_is_in(q->name, rr->owner.wire))
		return;
	q->found = true;
	q->zone->apex = rr->owner;
	name_set(&q->zone->mname, rdata);
}

static void
say_no_zone(const struct question *q, char *why)
{
	char name[NAME_TEXT_LEN], text[320];

	muster_reply_text(&q->reply, text, sizeof(text));
	snprintf(why, MUSTER_WHY_LEN, "no zone found that %.150s is in: %s",
	    name_to_text(q->name, name), text);
}

enum muster_sent
muster_find_zone(const struct muster_way *way, const uint8_t *name,
    struct muster_zone *zone, bool *found, char *why)
{
	struct question q = {.name = name,
	    .type = TYPE_SOA,
	    .flags = FLAG_RD,
	    .seen = see_soa,
	    .zone = zone};
	enum muster_sent sent = ask(way, &q, why);

	*found = sent == SENT_ANSWERED && q.found;
	if (sent == SENT_ANSWERED && !q.found)
		say_no_zone(&q, why);
	return sent;
}

/* --- its server --- */

void
muster_find_resolvers(struct muster_way *way)
{
	FILE *file = fopen(RESOLV_CONF, "re");
	char line[512], *rest, *word;

	way->servers = 0;
	while (file != NULL && way->servers < MUSTER_SERVERS &&
	       fgets(line, sizeof(line), file) != NULL) {
		word = strtok_r(line, " \t\n", &rest);
		if (word == NULL || strcmp(word, "nameserver") != 0)
			continue;
		word = strtok_r(NULL, " \t\n", &rest);
		if (word != NULL && value_endpoint(word, PORT,
					&way->server[way->servers]) == OK)
			way->servers++;
	}
	if (file != NULL)
		fclose(file);
	/* resolv.conf(5): without one it is this machine. */
	if (way->servers == 0 &&
	    value_endpoint("127.0.0.1", PORT, &way->server[0]) == OK)
		way->servers = 1;
}

static void
see_address(struct question *q, enum message_section section,
    const struct message_rr *rr, const uint8_t *rdata, size_t len)
{
	struct endpoint *to;

	(void)len;
	if (section != SECTION_ANSWER || rr->type != q->type ||
	    q->way->servers == MUSTER_SERVERS)
		return;
	to = &q->way->server[q->way->servers++];
	*to = (struct endpoint){.len = sizeof(to->in)};
	if (rr->type == TYPE_A) {
		to->in.sin_family = AF_INET;
		to->in.sin_port = htons(PORT);
		memcpy(&to->in.sin_addr, rdata, 4);
	} else {
		to->in6.sin6_family = AF_INET6;
		to->in6.sin6_port = htons(PORT);
		memcpy(&to->in6.sin6_addr, rdata, 16);
		to->len = sizeof(to->in6);
	}
	q->found = true;
}

enum muster_sent
muster_find_host(
    struct muster_way *way, const uint8_t *host, bool *found, char *why)
{
	static const uint16_t types[] = {TYPE_A, TYPE_AAAA};
	const struct muster_way resolvers = *way;
	enum muster_sent sent = SENT_ANSWERED;
	char name[NAME_TEXT_LEN];

	way->servers = 0;
	for (unsigned i = 0; i < 2 && sent == SENT_ANSWERED; i++) {
		struct question q = {.name = host,
		    .type = types[i],
		    .flags = FLAG_RD,
		    .seen = see_address,
		    .way = way};

		sent = ask(&resolvers, &q, why);
	}
	*found = sent == SENT_ANSWERED && way->servers > 0;
	if (sent == SENT_ANSWERED && !*found)
		snprintf(why, MUSTER_WHY_LEN,
		    "the server of the zone, %.200s, has no address",
		    name_to_text(host, name));
	if (!*found)
		*way = resolvers;
	return sent;
}

/* --- what is there --- */

static void
see_record(struct question *q, enum message_section section,
    const struct message_rr *rr, const uint8_t *rdata, size_t len)
{
	if (section == SECTION_ANSWER && rr->type == q->type &&
	    name_equal(rr->owner.wire, q->name))
		q->tell(q->arg, rdata, len);
}

enum muster_sent
muster_find_records(const struct muster_way *way, const uint8_t *name,
    uint16_t type, muster_seen_fn *tell, void *arg, char *why)
{
	struct question q = {.name = name,
	    .type = type,
	    .seen = see_record,
	    .tell = tell,
	    .arg = arg};

	return ask(way, &q, why);
}
