/* view_fixture.h - one zone, z., asked through the nameserver, for tests.
 *
 *   view_start(configuration)     what is a service gets the first shape
 *   view_add("h1", "A", "1")      ... view_commit()
 *   view_stand("_x._tcp.web", ...)
 *   view_ask("web", TYPE_A)       -> "A 1|A 2"; view.rcode, view.ttl ...
 *
 * Threads:   none.
 * Ownership: static storage; view_stop() frees what was made.
 * Errors:    a failed assertion of the test.
 */
#ifndef TESTS_UNIT_VIEW_FIXTURE_H
#define TESTS_UNIT_VIEW_FIXTURE_H

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "server/nameserver/edns.h"
#include "server/nameserver/nameserver.h"
#include "server/nameserver/settings.h"
#include "zones/dns/name.h"
#include "zones/ready.h"
#include "zones/snapshot.h"

#define VIEW_NOW_MS INT64_C(1000000)

/* The zone, and what the last answer was. */
static struct {
	struct edition ed;
	struct zone_info info;
	struct zone *zone;
	struct referrers *referrers;
	struct config *config;
	struct settings *settings;
	struct nameserver_local *local;
	struct zoneset_index *index;
	struct zoneset *zones;
	struct snapshot snapshot;
	struct change change;
	struct random random;
	/* how to ask */
	bool tcp, noedns;
	uint16_t bufsize;
	int64_t now_ms;
	/* the answer */
	unsigned rcode, answers;
	bool tc;
	uint32_t ttl; /* of the first record */
	int ede; /* -1: none */
	char ede_text[128];
	size_t len;
} view;

static uint16_t
view_shape(const void *arg, const uint8_t *service)
{
	const struct config *config = arg;

	(void)service;
	return config->service_count > 0;
}

static bool
view_initial(const void *arg, const struct zone *z, const uint8_t *service,
    const struct record *srv, struct standing *st)
{
	(void)arg, (void)z, (void)service, (void)srv, (void)st;
	return false;
}

/* A name below z., or with a final dot as it is. */
static inline struct name
view_name(const char *text)
{
	struct name name;

	cr_assert_eq(name_from_text(text, (const uint8_t *)"\1z", &name), OK);
	return name;
}

static inline void
view_begin(void)
{
	(void)edition_savepoint(&view.ed);
	change_begin(&view.change, &view.ed, view.zone, VIEW_NOW_MS);
}

static inline void
view_publish(void)
{
	struct zone *zones[1] = {view.change.zone};
	struct block_list retired;

	view.zone = view.change.zone;
	free(view.zones);
	view.zones = calloc(1, sizeof(*view.zones) + sizeof(zones));
	view.zones->index = view.index;
	view.zones->count = 1;
	view.zones->zone[0] = view.zone;
	retired = edition_publish(&view.ed);
	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
	view.snapshot = (struct snapshot){view.zones, view.settings};
	change_fini(&view.change);
	view_begin();
}

/* Publishes what was added; new leases run from VIEW_NOW_MS on. */
static inline void
view_commit(void)
{
	const struct shaper shaper = {view.config, view_shape, view_initial};

	cr_assert(change_settle(&view.change));
	for (size_t i = 0; i < view.change.entries; i++) {
		const struct change_entry *e = &view.change.entry[i];

		if (e->kind == CHANGE_ADDED && e->granted_s > 0)
			atomic_store(&record_lease(e->record)->deadline_ms,
			    VIEW_NOW_MS + (int64_t)e->granted_s * 1000);
	}
	cr_assert_eq(ready_refresh(&view.change, view.referrers, &shaper), OK);
	view_publish();
}

static inline void
view_start(const char *config)
{
	static const uint8_t soa[22] = {[5] = 1, [21] = 9};
	struct name_key apex;
	char text[8192];

	name_hash_seed(1);
	random_seed(&view.random, 7);
	cr_assert_eq(config_parse(config, strlen(config), "/tmp/muster.yaml",
			 &view.config, text, sizeof(text)),
	    OK, "%s", text);
	view.settings = settings_new(view.config);
	view.local = nameserver_local_new();
	view.referrers = referrers_new();
	cr_assert(view.settings && view.local && view.referrers);
	edition_init(&view.ed, 1);
	name_set(&view.info.apex, (const uint8_t *)"\1z");
	name_key_init(&apex, view.info.apex.wire);
	view.info.apex_hash = apex.hash[0];
	view.info.labels = 1;
	view.info.ttl = 300;
	view.info.negative_ttl = 9;
	view.info.addresses = true;
	view.bufsize = 1232;
	view.now_ms = VIEW_NOW_MS;
	view.index = zoneset_index_new(
	    &view.ed, &(const struct zone_info *){&view.info}, 1);
	view.zone = zone_new(&view.ed, &view.info);
	view_begin();
	cr_assert_eq(change_set_soa(&view.change, 60, soa, sizeof(soa)), OK);
	view_commit();
}

static inline void
view_stop(void)
{
	struct block_list retired;

	cr_assert_eq(zone_retire(&view.ed, view.zone), OK);
	retired = edition_publish(&view.ed);
	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
	edition_fini(&view.ed);
	change_fini(&view.change);
	free(view.index);
	free(view.zones);
	referrers_free(view.referrers);
	nameserver_local_free(view.local);
	settings_free(view.settings);
	config_free(view.config);
}

/* RDATA: "10 5 80 h1" for SRV, a number for A and AAAA (the last two octets), a
 * name for PTR and CNAME, one string for TXT. */
static inline size_t
view_rdata(uint16_t type, const char *text, uint8_t rdata[300])
{
	unsigned priority, weight, port;
	struct name name;
	int used;

	switch (type) {
	case TYPE_SRV:
		cr_assert_eq(sscanf(text, "%u %u %u %n", &priority, &weight,
				 &port, &used),
		    3);
		name = view_name(text + used);
		wire_store_u16(rdata, (uint16_t)priority);
		wire_store_u16(rdata + 2, (uint16_t)weight);
		wire_store_u16(rdata + 4, (uint16_t)port);
		memcpy(rdata + 6, name.wire, name.len);
		return 6u + name.len;
	case TYPE_A:
		wire_store_u32(rdata, 0x0a000000u + (uint32_t)atoi(text));
		return 4;
	case TYPE_AAAA:
		memset(rdata, 0, 16);
		rdata[0] = 0x20;
		wire_store_u16(rdata + 14, (uint16_t)atoi(text));
		return 16;
	case TYPE_TXT:
		rdata[0] = (uint8_t)strlen(text);
		memcpy(rdata + 1, text, rdata[0]);
		return 1u + rdata[0];
	default:
		name = view_name(text);
		memcpy(rdata, name.wire, name.len);
		return name.len;
	}
}

static inline void
view_add_for(
    const char *owner, uint16_t type, const char *text, uint32_t granted_s)
{
	const struct change_grant grant = {.granted_s = granted_s,
	    .flags = granted_s == 0 ? RECORD_STATIC : 0};
	struct name name = view_name(owner);
	struct name_key key;
	uint8_t rdata[300];
	size_t len = view_rdata(type, text, rdata);

	name_key_init(&key, name.wire);
	cr_assert_eq(
	    change_add(&view.change, &key, type, 300, rdata, len, &grant), OK);
}

static inline void
view_add(const char *owner, uint16_t type, const char *text)
{
	view_add_for(owner, type, text, 0);
}

/* The exception for target:port, done with as served says. */
static inline struct standing
view_standing(const char *target, uint16_t port, enum served served,
    enum standing_why why)
{
	struct name name = view_name(target);

	return (struct standing){
	    .instance = standing_key(name_hash(name.wire), port),
	    .until_ms = INT64_MAX,
	    .scale = SCALE_WHOLE,
	    .load = LOAD_UNKNOWN,
	    .served = (uint8_t)served,
	    .why = (uint8_t)why,
	    .real = (uint8_t)why};
}

static int
view_by_instance(const void *a, const void *b)
{
	const struct standing *x = a, *y = b;

	return (x->instance > y->instance) - (x->instance < y->instance);
}

/* Gives a service its exceptions (which are sorted) and its condition. */
static inline void
view_stand(const char *service, enum condition condition, struct standing *list,
    size_t count)
{
	struct name name = view_name(service);

	if (count > 1)
		qsort(list, count, sizeof(*list), view_by_instance);
	cr_assert_eq(ready_set_standings(&view.change, view.referrers,
			 name_hash(name.wire), condition, list, count),
	    OK);
	view_publish();
}

/* One exception. */
static inline void
view_out(const char *service, const char *target, uint16_t port)
{
	struct standing st =
	    view_standing(target, port, SERVED_OUT, WHY_UNHEALTHY);

	view_stand(service, CONDITION_NORMAL, &st, 1);
}

static inline void
view_print(char *to, size_t room, struct message_rr *rr)
{
	struct wire_reader *r = &rr->rdata;
	char name[NAME_TEXT_LEN] = "";
	struct name target;
	unsigned a, b, c;

	switch (rr->type) {
	case TYPE_SRV:
		a = wire_get_u16(r);
		b = wire_get_u16(r);
		c = wire_get_u16(r);
		wire_get_name(r, &target);
		snprintf(to, room, "SRV %u %u %u %s", a, b, c,
		    name_to_text(target.wire, name));
		break;
	case TYPE_SVCB:
		a = wire_get_u16(r);
		wire_get_name(r, &target);
		snprintf(
		    to, room, "SVCB %u %s", a, name_to_text(target.wire, name));
		break;
	case TYPE_TXT:
		a = wire_get_u8(r);
		snprintf(to, room, "%.*s", (int)a,
		    (const char *)wire_get_bytes(r, a));
		break;
	case TYPE_PTR:
		wire_get_name(r, &target);
		snprintf(to, room, "PTR %s", name_to_text(target.wire, name));
		break;
	default:
		wire_get_bytes(r, rr->rdlength - 2u);
		snprintf(to, room, "%u", wire_get_u16(r));
	}
}

static inline void
view_read(const uint8_t *out, char *text, size_t room)
{
	struct message m;
	struct message_cursor c;
	struct message_rr rr;
	size_t used = 0;

	cr_assert_eq(message_parse_answer(&m, out, view.len), MESSAGE_OK);
	view.rcode = m.flags & 15;
	view.tc = (m.flags & FLAG_TC) != 0;
	view.answers = 0;
	view.ttl = 0;
	view.ede = -1;
	text[0] = view.ede_text[0] = '\0';
	c = message_section(&m, SECTION_ANSWER);
	while (message_rr_next(&c, &rr)) {
		if (view.answers++ == 0)
			view.ttl = rr.ttl;
		else if (used + 1 < room)
			text[used++] = '|';
		view_print(text + used, room - used, &rr);
		used += strlen(text + used);
	}
	c = message_section(&m, SECTION_ADDITIONAL);
	while (message_rr_next(&c, &rr))
		while (rr.type == TYPE_OPT && rr.rdata.pos < rr.rdata.len) {
			unsigned code = wire_get_u16(&rr.rdata);
			size_t len = wire_get_u16(&rr.rdata);
			const uint8_t *at = wire_get_bytes(&rr.rdata, len);

			if (code != OPTION_EDE)
				continue;
			view.ede = wire_load_u16(at);
			snprintf(view.ede_text, sizeof(view.ede_text), "%.*s",
			    (int)len - 2, (const char *)at + 2);
		}
}

/* Asks, and returns the answer section: records in their order, with "|" in
 * between; valid until the next question. */
static inline const char *
view_ask(const char *qname, uint16_t qtype)
{
	static char text[65536];
	static uint8_t in[512], out[65535];
	struct name name = view_name(qname);
	const struct endpoint peer = {
	    .in = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
	    .len = sizeof(struct sockaddr_in)};
	struct request req = {.in = in,
	    .out = out,
	    .out_cap = view.tcp ? sizeof(out) : 4096,
	    .tcp = view.tcp,
	    .peer = &peer,
	    .now_ms = view.now_ms,
	    .random = &view.random};
	struct wire_writer w;

	wire_writer_init(&w, in, sizeof(in));
	message_put_request_header(&w, 7, OPCODE_QUERY, 0);
	wire_put_name(&w, name.wire);
	wire_put_u16(&w, qtype);
	wire_put_u16(&w, CLASS_IN);
	message_set_count(&w, SECTION_QUESTION, 1);
	if (!view.noedns) {
		wire_put_u8(&w, 0);
		wire_put_u16(&w, TYPE_OPT);
		wire_put_u16(&w, view.bufsize);
		wire_put_u32(&w, 0);
		wire_put_u16(&w, 0);
		message_set_count(&w, SECTION_ADDITIONAL, 1);
	}
	req.in_len = w.len;
	cr_assert_eq(
	    nameserver_answer(view.local, &view.snapshot, &req), VERDICT_SEND);
	view.len = req.out_len;
	view_read(out, text, sizeof(text));
	return text;
}

#endif
