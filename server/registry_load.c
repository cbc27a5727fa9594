/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/registry_internal.h"
#include "zones/zonefile.h"

/* Records between two sweeps of what the load leaves behind. */
#define CHUNK 4096

struct loader {
	struct load *load;
	struct change change;
	const struct config_zone *config;
	size_t in_chunk;
	uint64_t digest;
	bool has_soa;
	char *text;
	size_t text_len;
};

struct zone_info *
registry_zone_info(const struct config_zone *config, uint16_t number)
{
	struct zone_info *info = calloc(1, sizeof(*info));

	if (info == NULL)
		return NULL;
	info->apex = config->name;
	info->apex_hash = name_hash(config->name.wire);
	info->labels = (uint8_t)name_labels(config->name.wire);
	info->number = number;
	info->ttl = config->ttl_s;
	info->negative_ttl = config->negative_ttl_s;
	info->addresses = config->addresses;
	return info;
}

void
registry_sweep(struct edition *ed)
{
	struct block_list list = edition_publish(ed);

	for (size_t i = 0; i < list.count; i++)
		free(list.block[i]);
	free(list.block);
}

void
registry_unload(struct load *load)
{
	if (load->zone != NULL && zone_retire(&load->edition, load->zone) != OK)
		return; /* without memory even to free it stays */
	registry_sweep(&load->edition);
	edition_fini(&load->edition);
	load->zone = NULL;
}

/* Ends a step: nobody has seen what it replaced. */
static void
next_chunk(struct loader *l)
{
	l->load->zone = l->change.zone;
	registry_sweep(&l->load->edition);
	change_begin(&l->change, &l->load->edition, l->load->zone, 0);
	l->in_chunk = 0;
}

/* A digest of the content in which the order of records does not count. */
static uint64_t
digest_record(const struct zonefile_record *r)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ r->type;
	size_t len = name_len(r->owner);

	h = (h ^ r->ttl) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < len; i++)
		h = (h ^ r->owner[i]) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < r->rdlen; i++)
		h = (h ^ r->rdata[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

static enum error
complain(struct loader *l, const struct zonefile_record *r, const char *message)
{
	zonefile_error(r->file, r->line, message, l->text, l->text_len);
	return ERR_CONFLICT;
}

static enum error
load_record(void *arg, const struct zonefile_record *r)
{
	const struct change_grant grant = {.flags = RECORD_STATIC};
	struct loader *l = arg;
	const struct node *n;
	struct name_key key;
	enum error err;

	l->digest += digest_record(r);
	if (r->type == TYPE_SOA) {
		l->has_soa = true;
		return change_set_soa(&l->change, r->ttl, r->rdata, r->rdlen);
	}
	name_key_init(&key, r->owner);
	n = change_find(&l->change, &key);
	if (n != NULL && node_conflicts_with_cname(n, r->type, 0))
		return complain(l, r, "CNAME and other data at one name");
	if (n != NULL && node_has_another(n, r->type, r->rdata, r->rdlen, 0))
		return complain(
		    l, r, "more than one CNAME or DNAME at one name");
	err = change_add(
	    &l->change, &key, r->type, r->ttl, r->rdata, r->rdlen, &grant);
	if (err == OK && ++l->in_chunk == CHUNK)
		next_chunk(l);
	return err;
}

/* --- a zone that lacks SOA or NS --- */

static enum error
add_made(struct loader *l, const uint8_t *owner, uint16_t type,
    const uint8_t *rdata, size_t rdlen)
{
	const struct change_grant grant = {.flags = RECORD_STATIC};
	struct name_key key;

	name_key_init(&key, owner);
	return change_add(
	    &l->change, &key, type, l->config->ttl_s, rdata, rdlen, &grant);
}

/* The address at which we can be reached there; wildcards mean loopback. */
static enum error
add_made_address(
    struct loader *l, const uint8_t *owner, const struct endpoint *at)
{
	static const uint8_t local4[] = {127, 0, 0, 1};
	static const uint8_t local6[16] = {[15] = 1};
	const uint8_t *address;

	if (at->sa.sa_family == AF_INET) {
		address = (const uint8_t *)&at->in.sin_addr;
		if (at->in.sin_addr.s_addr == htonl(INADDR_ANY))
			address = local4;
		return add_made(l, owner, TYPE_A, address, 4);
	}
	address = (const uint8_t *)&at->in6.sin6_addr;
	if (memcmp(address, &in6addr_any, 16) == 0)
		address = local6;
	return add_made(l, owner, TYPE_AAAA, address, 16);
}

/* ns.<zone> with the listening addresses, so that nsupdate finds its way
 * without being told a server. */
static enum error
make_ns(struct loader *l, const struct config *config)
{
	static const uint8_t label[] = {'n', 's'};
	const uint8_t *apex = l->config->name.wire;
	struct name ns;
	enum error err;

	if (!name_prepend(&ns, label, sizeof(label), apex))
		return ERR_LIMIT;
	err = add_made(l, apex, TYPE_NS, ns.wire, ns.len);
	for (size_t i = 0; i < config->server.listen_count && err == OK; i++)
		err = add_made_address(l, ns.wire, &config->server.listen[i]);
	return err;
}

/* MNAME ns.<zone>, RNAME hostmaster.<zone>, serial 1, and timers that suit a
 * zone that changes all the time. */
static enum error
make_soa(struct loader *l)
{
	static const uint8_t mname[] = {'n', 's'};
	static const uint8_t rname[] = "hostmaster";
	uint8_t rdata[2 * NAME_MAX_LEN + 20];
	const uint8_t *apex = l->config->name.wire;
	struct wire_writer w;
	struct name name;

	wire_writer_init(&w, rdata, sizeof(rdata));
	if (!name_prepend(&name, mname, sizeof(mname), apex))
		return ERR_LIMIT;
	wire_put_name_plain(&w, name.wire);
	if (!name_prepend(&name, rname, sizeof(rname) - 1, apex))
		return ERR_LIMIT;
	wire_put_name_plain(&w, name.wire);
	wire_put_u32(&w, 1);
	wire_put_u32(&w, 3600);
	wire_put_u32(&w, 600);
	wire_put_u32(&w, 86400);
	wire_put_u32(&w, l->config->negative_ttl_s);
	return change_set_soa(&l->change, l->config->ttl_s, rdata, w.len);
}

/* The line after which a file is over, for complaints about what it lacks. */
static unsigned
last_line(const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned lines = 0;
	int c, last = '\n';

	if (f == NULL)
		return 1;
	while ((c = getc(f)) != EOF) {
		lines += c == '\n';
		last = c;
	}
	fclose(f);
	return lines + (last != '\n') > 0 ? lines + (last != '\n') : 1;
}

static enum error
load_content(struct loader *l, const struct config *config)
{
	const char *file = l->config->file;
	enum error err = OK;

	if (file != NULL) {
		err = zonefile_read(file, l->config->name.wire,
		    l->config->ttl_s, load_record, l, l->text, l->text_len);
		if (err == OK && !l->has_soa) {
			zonefile_error(file, last_line(file),
			    "the zone has no SOA record at its apex", l->text,
			    l->text_len);
			return ERR_SYNTAX;
		}
	} else {
		err = make_soa(l);
	}
	if (err == OK && node_find(l->change.zone->apex, TYPE_NS) == NULL)
		err = make_ns(l, config);
	if (err != OK && l->text[0] == '\0')
		snprintf(l->text, l->text_len, "%s: %s", file ? file : "zone",
		    error_text(err));
	return err;
}

enum error
registry_load(const struct config *config, const struct config_zone *zone,
    const struct zone_info *info, uint64_t step, struct load *load, char *text,
    size_t text_len)
{
	struct loader l = {
	    .load = load, .config = zone, .text = text, .text_len = text_len};
	enum error err;

	text[0] = '\0';
	edition_init(&load->edition, step);
	load->zone = zone_new(&load->edition, info);
	if (load->zone == NULL) {
		snprintf(text, text_len, "%s", error_text(ERR_MEMORY));
		registry_unload(load);
		return ERR_MEMORY;
	}
	(void)edition_savepoint(&load->edition);
	change_begin(&l.change, &load->edition, load->zone, 0);
	err = load_content(&l, config);
	next_chunk(&l);
	change_fini(&l.change);
	load->zone->digest = l.digest;
	if (err != OK)
		registry_unload(load);
	return err;
}
