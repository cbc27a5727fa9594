/* roster_zones.h - two zones, edited record by record for a roster to learn.
 *
 * Threads:   none.
 * Ownership: static storage; zones_end() frees what was made.
 * Errors:    assert.
 */
#ifndef TESTS_LIB_ROSTER_ZONES_H
#define TESTS_LIB_ROSTER_ZONES_H

#include <stdlib.h>

#include "tests/lib/roster_model.h"
#include "zones/change.h"

static struct edition ed;
static struct zone *zones[2]; /* z. and y. */
static struct zone_info infos[2];
static struct roster *roster;

/* --- the zones --- */

static inline const struct zone *
find_zone(void *arg, const uint8_t *name)
{
	(void)arg;
	for (int i = 0; i < 2; i++)
		if (name_is_in(name, infos[i].apex.wire))
			return zones[i];
	return NULL;
}

static inline unsigned
zone_of_host(unsigned host)
{
	return host == 2;
}

static inline void
publish(void)
{
	struct block_list retired = edition_publish(&ed);

	for (size_t i = 0; i < retired.count; i++)
		free(retired.block[i]);
	free(retired.block);
}

/* A record that comes or goes. */
struct edit {
	unsigned zone;
	struct name owner;
	uint16_t type;
	bool add;
	uint8_t rdata[300];
	size_t len;
};

static inline void
do_edit(struct change *c, const struct edit *e)
{
	const struct change_grant grant = {.granted_s = 0};
	struct name_key key;

	name_key_init(&key, e->owner.wire);
	assert(
	    (e->add ? change_add(c, &key, e->type, 60, e->rdata, e->len, &grant)
		    : change_remove(c, &key, e->type, e->rdata, e->len)) == OK);
}

/* Applies edits of one zone; how tells which way the roster learns. */
static inline void
apply(const struct edit *e, size_t count, bool whole)
{
	unsigned z = e->zone;
	struct change c = {0};

	(void)edition_savepoint(&ed);
	change_begin(&c, &ed, zones[z], now_ms);
	for (size_t i = 0; i < count; i++)
		do_edit(&c, &e[i]);
	if (change_settle(&c)) {
		zones[z] = c.zone;
		assert((whole ? roster_learn_zone(
				    roster, infos[z].number, c.zone, now_ms)
			      : roster_learn(roster, infos[z].number, c.zone,
				    c.entry, c.entries, now_ms)) == OK);
	}
	change_fini(&c);
	publish();
}

static inline struct name
instance_name(unsigned s, unsigned h)
{
	char text[100];

	snprintf(text, sizeof(text), "i%u.%s", h, service_text[s]);
	return name_of(text);
}

static inline struct edit
edit_srv(bool add, unsigned s, unsigned h, unsigned w, bool named)
{
	struct edit e = {.type = TYPE_SRV, .add = add};
	struct name host = name_of(host_text[h]);

	e.owner = named ? instance_name(s, h) : name_of(service_text[s]);
	wire_store_u16(e.rdata + 2, (uint16_t)w);
	wire_store_u16(e.rdata + 4, (uint16_t)PORT(h));
	memcpy(e.rdata + 6, host.wire, host.len);
	e.len = 6u + host.len;
	return e;
}

static inline struct edit
edit_ptr(unsigned s, unsigned h)
{
	struct edit e = {.type = TYPE_PTR, .add = true};
	struct name to = instance_name(s, h);

	e.owner = name_of(service_text[s]);
	memcpy(e.rdata, to.wire, to.len);
	e.len = to.len;
	return e;
}

static inline struct edit
edit_txt(bool add, unsigned zone, struct name owner, unsigned txt)
{
	struct edit e = {
	    .zone = zone, .type = TYPE_TXT, .add = add, .owner = owner};
	size_t len = strlen(txts[txt - 1]);

	e.rdata[0] = (uint8_t)len;
	memcpy(e.rdata + 1, txts[txt - 1], len);
	e.len = len + 1;
	return e;
}

static inline struct edit
edit_address(bool add, unsigned h, unsigned number)
{
	struct edit e = {.zone = zone_of_host(h), .type = TYPE_A, .add = add};

	e.owner = name_of(host_text[h]);
	/* The second one is outside of the networks. */
	memcpy(e.rdata,
	    (uint8_t[]){192, 0, 2, (uint8_t)(h + (number ? 200 : 1))}, 4);
	e.len = 4;
	return e;
}
static inline void
make_zone(unsigned z, const char *apex)
{
	static const uint8_t soa[22] = {[5] = 1};
	struct change c = {0};
	struct name_key key;

	name_key_init(&key, name_of(apex).wire);
	infos[z] = (struct zone_info){
	    .apex_hash = key.hash[0], .labels = 1, .number = (uint16_t)z};
	name_set(&infos[z].apex, key.wire);
	zones[z] = zone_new(&ed, &infos[z]);
	assert(zones[z] != NULL);
	(void)edition_savepoint(&ed);
	change_begin(&c, &ed, zones[z], now_ms);
	assert(change_set_soa(&c, 60, soa, sizeof(soa)) == OK);
	assert(change_settle(&c));
	zones[z] = c.zone;
	change_fini(&c);
	publish();
}

#endif
