/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_query.c - any octets to a nameserver with three zones: static records
 * of all kinds, services in both shapes, sets too large for a message, leases
 * that have ended.  The first octets say how the message came, and whether the
 * rest is one or shall be made into a question; an UPDATE is run on the zone
 * and taken back.  Services may have shapes, instances that are exceptions, and
 * conditions, all made from two octets.  Whatever comes out is a message
 * within its limits that tells nobody of an instance that is not served. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/log.h"
#include "server/nameserver/nameserver.h"
#include "server/nameserver/update_apply.h"
#include "server/registry_internal.h"
#include "tests/lib/answer_check.h"
#include "tests/lib/fake_snapshot.h"
#include "tests/lib/fake_store.h"
#include "tests/lib/service_moods.h"
#include "tests/lib/zone_check.h"

#define START_MS 1000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* How a message comes: bits of the first octet. */
enum {
	BY_TCP = 1,
	BY_IPV6 = 2,
	AS_QUESTION = 4, /* made from the words below */
	SIGNED = 8,
	LATER = 16, /* some leases have ended */
	WITH_OPT = 32,
	MUCH_LATER = 64, /* all have */
	SHAPED =
	    128, /* the next two octets: what services are like, who asks */
};

static const char zone_text[] =
    "$TTL 60\n"
    "@ SOA ns hostmaster 5 3600 600 86400 7\n"
    "@ NS ns\n@ NS ns.d\n@ MX 5 h1\n"
    "ns A 192.0.2.1\nns AAAA 2001:db8::1\n"
    "a TXT a\nb.c.a TXT deep\n"
    "*.w TXT wild\n*.w A 192.0.2.9\nx.y.w TXT explicit\n*.cw CNAME a\n"
    "d NS ns.d\nd NS ns\nns.d A 192.0.2.2\nd DS 1 8 1 "
    "0123456789012345678901234567890123456789\n"
    "n DNAME a\nlong DNAME aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.z.\n"
    "c1 CNAME c2\nc2 CNAME c3\nc3 CNAME c1\nc4 CNAME a\n"
    "c5 CNAME x.n\nc6 CNAME elsewhere.\nc7 CNAME _http._tcp.web\n"
    "c8 CNAME www.sub.z.\n"
    "_http._tcp.web SRV 0 5 80 h1\n_http._tcp.web SRV 0 0 80 h2\n"
    "_http._tcp.web SRV 1 5 80 h3\n_http._tcp.web TXT path=/\n"
    "_https._tcp.web SRV 0 1 443 h1\n_https._tcp.web SRV 0 1 444 .\n"
    "_ipp._tcp.web PTR one._ipp._tcp.web\none._ipp._tcp.web SRV 0 0 1 h1\n"
    "one._ipp._tcp.web TXT x\n_ipp._tcp.web PTR two._ipp._tcp.web\n"
    "_ipp._tcp.web SRV 0 3 5 h2\n_dns._udp SRV 0 1 53 ns\n"
    "svc HTTPS 1 . port=443\nsvc A 192.0.2.7\n"
    /* the same instance twice; no host; port 0; tags; subtypes; loops */
    "_http._tcp.web SRV 0 7 80 h1\n_http._tcp.web SRV 1 7 0 h1\n"
    "_http._tcp.web SRV 2 1 80 .\nh1 TXT tags=v2,blue site=eu\n"
    "h2 TXT version=2\nh3 TXT tags=v2\n"
    "_a._sub._ipp._tcp.web PTR one._ipp._tcp.web\n"
    "_a._sub._ipp._tcp.web PTR two._ipp._tcp.web\n"
    "two._ipp._tcp.web SRV 0 0 1 h1\ntwo._ipp._tcp.web SRV 1 3 1 h3\n"
    "two._ipp._tcp.web TXT tags=v2\n_ipp._tcp.web PTR _ipp._tcp.web\n"
    "_ipp._tcp.web PTR web\n_http._tcp SRV 0 1 80 h1\n"
    "_http._tcp SRV 0 0 80 h4\n_http._tcp PTR h1-80._http._tcp\n"
    "_a._sub._http._tcp PTR h4-80._http._tcp\n"
    "own A 192.0.2.1\nown A 192.0.2.2\nown A 192.0.2.99\n"
    "_http._tcp.own SRV 0 1 80 h1\n_http._tcp.own SRV 0 1 80 h2\n"
    "_x\\.y._tcp.esc SRV 0 1 80 a\\.b.esc\na\\.b.esc A 192.0.2.88\n"
    "_far._tcp.web SRV 0 1 80 www.sub\n_far._tcp.web SRV 0 1 80 x.else.\n"
    "txt TXT \"" /* four strings of 200 follow */;

#define SERVICES 9
#define SITES MOOD_SITES

static const char *const services[SERVICES] = {"_http._tcp.web.z.",
    "_https._tcp.web.z.", "_ipp._tcp.web.z.", "_big._tcp.many.z.",
    "_ptr._tcp.many.z.", "_http._tcp.z.", "_http._tcp.own.z.",
    "_x\\.y._tcp.esc.z.", "_far._tcp.web.z."};

/* Everything that stays the same from one input to the next. */
struct world {
	struct config config;
	struct config_zone zone[3];
	struct config_rule rule[2];
	struct config_key key;
	struct config_network from;
	struct config_service service[SERVICES];
	struct config_site site[SITES];
	bool shaped;
	struct snapshot_hub *hub;
	struct registry *registry;
	struct nameserver_local *local;
	struct tsig_table *tsig;
};
static struct world world;

static struct name
name_of(const char *text)
{
	struct name name;

	assert(name_from_text(text, NULL, &name) == OK);
	return name;
}

static void
write_zone(FILE *f)
{
	fputs(zone_text, f);
	for (int i = 0; i < 4; i++)
		fprintf(f, "%0200d%s", i, i < 3 ? "\" \"" : "\"\n");
	for (int i = 1; i <= 40; i++) {
		fprintf(f, "h%d A 192.0.2.%d\n", i, i);
		fprintf(f, "h%d AAAA 2001:db8::%x\n", i, i);
	}
	for (int i = 1; i <= 700; i++)
		fprintf(f, "_big._tcp.many SRV %d %d %d h%d\n", i % 3, i % 7, i,
		    i % 50);
	for (int i = 0; i < 1000; i++)
		fprintf(f, "addr A 10.0.%d.%d\n", i / 250, i % 250);
	for (int i = 0; i < 300; i++)
		fprintf(f, "_ptr._tcp.many PTR i%d._ptr._tcp.many\n", i);
	for (int i = 0; i < 40; i++) {
		fprintf(f, "i%d._ptr._tcp.many SRV 0 %d 9 h%d\n", i, i, i);
		fprintf(f, "i%d._ptr._tcp.many TXT tags=v%d\n", i, i % 3);
	}
}

static char *
make_file(void)
{
	static char path[64];
	int fd = memfd_create("zone", 0);
	FILE *f = fdopen(dup(fd), "w");

	assert(fd >= 0 && f != NULL);
	write_zone(f);
	fclose(f);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

/* Registers an address with a lease: seconds long. */
static void
register_address(const char *owner, unsigned number, uint32_t ttl)
{
	static const struct tsig none = {.state = TSIG_NONE};
	struct endpoint peer = {.in.sin_family = AF_INET};
	struct request req = {.peer = &peer, .now_ms = START_MS};
	uint8_t buf[512];
	struct wire_writer w;
	struct message m;
	struct edns edns;

	peer.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	wire_writer_init(&w, buf, sizeof(buf));
	message_put_request_header(&w, 1, OPCODE_UPDATE, 0);
	wire_put_name(&w, name_of("z.").wire);
	wire_put_u16(&w, TYPE_SOA);
	wire_put_u16(&w, CLASS_IN);
	message_set_count(&w, SECTION_ZONE, 1);
	wire_put_name(&w, name_of(owner).wire);
	wire_put_u16(&w, TYPE_A);
	wire_put_u16(&w, CLASS_IN);
	wire_put_u32(&w, ttl);
	wire_put_u16(&w, 4);
	wire_put_u32(&w, number);
	message_set_count(&w, SECTION_UPDATE, 1);
	assert(message_parse(&m, buf, w.len) == MESSAGE_OK);
	assert(edns_parse(&edns, &m, false) == EDNS_OK);
	registry_take(
	    world.registry, update_new(&m, &edns, &none, &req), START_MS);
}

static void
register_some(void)
{
	struct registry *r = world.registry;
	struct update *u, *next;

	for (unsigned i = 0; i < 300; i++)
		register_address("leased.z.", i, i < 290 ? 10 : 100);
	register_address("h2.z.", 1, 10);
	register_address("e.n.t.z.", 1, 10);
	(void)registry_turn(r, START_MS);
	fake_store_decide(OK);
	registry_durable(r, START_MS);
	for (u = registry_collect(r); u != NULL; u = next) {
		next = u->next;
		assert(u->rcode == RCODE_NOERROR);
		update_free(u);
	}
}

static void
configure_sites(void)
{
	static char name[SITES][3] = {"eu", "us"};
	static uint8_t tier[SITES][SITES + 1] = {{20, 0, 10}, {20, 10, 0}};
	static const struct config_network network[SITES] = {
	    {.family = AF_INET, .address = {127, 1}, .prefix = 16},
	    {.family = AF_INET6, .address = {0x20}, .prefix = 4}};

	for (int i = 0; i < SITES; i++)
		world.site[i] = (struct config_site){.name = name[i],
		    .networks = (struct config_network *)&network[i],
		    .networks_count = 1,
		    .tier = tier[i]};
	world.config.site = world.site;
	world.config.site_count = SITES;
	world.config.server.explain = &world.from;
	world.config.server.explain_count = 1;
	world.config.server.client_subnet_from = &world.from;
	world.config.server.client_subnet_from_count = 1;
}

static void
configure(void)
{
	static char text[][9] = {"key", "from", "muster", "muster 1"};
	struct config_zone *z = world.zone;

	world.from = (struct config_network){
	    .family = AF_INET, .address = {127}, .prefix = 8};
	world.key.tsig = (struct tsig_key){.name = name_of("key.z."),
	    .algorithm = TSIG_HMAC_SHA256,
	    .secret = (const uint8_t *)"0123456789abcdef",
	    .secret_len = 16};
	world.rule[0] =
	    (struct config_rule){.text = text[0], .key = 0, .own = true};
	world.rule[1] = (struct config_rule){.text = text[1],
	    .key = CONFIG_KEY_NONE,
	    .from = &world.from,
	    .from_count = 1};
	for (int i = 0; i < 3; i++)
		z[i] = (struct config_zone){.ttl_s = 30,
		    .negative_ttl_s = 5,
		    .lease.kind = LEASE_FROM_TTL,
		    .lease_min_s = 5,
		    .lease_max_s = 600,
		    .key_lease_max_s = 6000,
		    .addresses = true,
		    .update = world.rule,
		    .update_count = 2};
	z[0].name = name_of("z.");
	z[0].file = make_file();
	z[1].name = name_of("sub.z.");
	z[2].name = name_of("broken.");
	world.config = (struct config){.zone = z,
	    .zone_count = 3,
	    .key = &world.key,
	    .key_count = 1,
	    .server = {.edns_payload = 1232,
		.nsid = text[2],
		.version = text[3],
		.tcp_idle_ms = 10000}};
	configure_sites();
}

static void
start(void)
{
	char text[1000];

	if (world.registry != NULL)
		return;
	log_set_level(LEVEL_ERROR - 1);
	name_hash_seed(1);
	configure();
	world.hub = snapshot_hub_new();
	world.local = nameserver_local_new();
	assert(tsig_table_new(&world.key.tsig, 1, &world.tsig) == OK);
	if (registry_open(&world.config, world.hub, START_MS, &world.registry,
		text, sizeof(text)) != OK) {
		fprintf(stderr, "%s\n", text);
		abort();
	}
	register_some();
	world.registry->slot[2].zone->broken = true;
	/* Known from now on, so that no roster minds. */
	world.config.service = world.service;
	world.config.service_count = SERVICES;
	zone_check(world.registry->slot[0].zone, START_MS, true);
}

/* --- shapes and standings --- */

/* The number of a service, from 1; 0: it has no shape. */
static uint16_t
number_of(const void *arg, const uint8_t *owner)
{
	(void)arg;
	for (unsigned i = 0; world.shaped && i < SERVICES; i++)
		if (name_equal(name_of(services[i]).wire, owner))
			return (uint16_t)(i + 1);
	return 0;
}

/* Gives all services their shapes and instances their standings, or takes
 * these away. */
static void
shape_all(bool shaped, uint8_t seed)
{
	const struct shaper shaper = {.shape = number_of};
	struct registry *r = world.registry;
	struct slot *slot = &r->slot[0];
	struct change c = {0};
	struct random random;

	random_seed(&random, seed);
	world.shaped = shaped;
	(void)batch_mark(r->open);
	change_begin(&c, &r->open->edition, slot->zone, START_MS);
	assert(ready_reshape(&c, slot->referrers, &shaper) == OK);
	for (unsigned i = 0; i < SERVICES; i++) {
		const struct node *n =
		    answer_check_node(c.zone, name_of(services[i]).wire);
		unsigned mood = (unsigned)random_below(&random, MOODS);

		mood_shape(&world.service[i], &random);
		mood_stand(&c, slot->referrers, n, shaped ? mood : 0, &random);
	}
	slot->zone = c.zone;
	change_fini(&c);
	r->open->viewed = true;
	(void)registry_turn(r, START_MS);
	assert(r->slot[0].zone == world.hub->current->zones->zone[0]);
}

/* --- questions --- */

static const char *const words[] = {"z.", "a.z.", "c.a.z.", "b.c.a.z.", "q.z.",
    "q.w.z.", "y.w.z.", "*.w.z.", "q.cw.z.", "d.z.", "ns.d.z.", "q.d.z.",
    "n.z.", "b.c.n.z.", "q.long.z.", "c1.z.", "c4.z.", "c5.z.", "c6.z.",
    "c7.z.", "c8.z.", "_http._tcp.web.z.", "_https._tcp.web.z.",
    "_ipp._tcp.web.z.", "one._ipp._tcp.web.z.", "h1-80._http._tcp.web.z.",
    "web.z.", "_tcp.web.z.", "_services._dns-sd._udp.web.z.",
    "_services._dns-sd._udp.z.", "b._dns-sd._udp.z.", "lb._dns-sd._udp.z.",
    "_dns-sd._udp.z.", "_udp.z.", "_dns._udp.z.", "svc.z.", "txt.z.", "h1.z.",
    "h2.z.", "_big._tcp.many.z.", "many.z.", "_ptr._tcp.many.z.", "addr.z.",
    "leased.z.", "e.n.t.z.", "n.t.z.", "sub.z.", "ns.sub.z.", "q.sub.z.",
    "broken.", "elsewhere.", ".", "version.bind.", "id.server.",
    "h2-5._ipp._tcp.web.z.", "_v2._sub._http._tcp.web.z.",
    "version=2._sub._http._tcp.web.z.", "_sub._http._tcp.web.z.",
    "_a._sub._ipp._tcp.web.z.", "_v2._sub._ipp._tcp.web.z.",
    "two._ipp._tcp.web.z.", "eu.web.z.", "us.many.z.", "eu._http._tcp.web.z.",
    "us._site._http._tcp.web.z.", "_site._http._tcp.web.z.",
    "_explain._http._tcp.web.z.", "_explain.web.z.", "_explain.own.z.",
    "_http._tcp.z.", "h1-80._http._tcp.z.", "_a._sub._http._tcp.z.", "own.z.",
    "_http._tcp.own.z.", "_x\\.y._tcp.esc.z.", "esc.z.",
    "a\\.b-80._x\\.y._tcp.esc.z.", "_far._tcp.web.z.", "i5._ptr._tcp.many.z.",
    "_v1._sub._ptr._tcp.many.z.", "h5-5._big._tcp.many.z.",
    "eu._big._tcp.many.z."};
#define WORDS (sizeof(words) / sizeof(words[0]))

static const uint16_t types[] = {TYPE_A, TYPE_AAAA, TYPE_SRV, TYPE_PTR,
    TYPE_TXT, TYPE_NS, TYPE_SOA, TYPE_CNAME, TYPE_DNAME, TYPE_MX, TYPE_DS,
    TYPE_SVCB, TYPE_HTTPS, TYPE_ANY, TYPE_AXFR, 128, 65280};
#define TYPES (sizeof(types) / sizeof(types[0]))

/* Octet 1: name; 2: type, or class CH; 3 and 4: the OPT record's payload; the
 * rest: its options. */
/* Octet 1: name; 2: type, or class CH; 3 and 4: the OPT record's payload; the
 * rest: its options. */
static size_t
make_question(const uint8_t *data, size_t len, uint8_t flags, uint8_t subnet,
    uint8_t *out)
{
	struct wire_writer w;
	uint8_t of[4] = {0};
	size_t head = len < 4 ? len : 4, at;

	memcpy(of, data, head);
	wire_writer_init(&w, out, 4096);
	message_put_request_header(&w, 7, OPCODE_QUERY, 0);
	wire_put_name(&w, name_of(words[of[0] % WORDS]).wire);
	wire_put_u16(&w, types[of[1] % TYPES]);
	wire_put_u16(&w, of[1] < 240 ? CLASS_IN : CLASS_CH);
	message_set_count(&w, SECTION_QUESTION, 1);
	if ((flags & WITH_OPT) != 0) {
		wire_put_bytes(&w, (uint8_t[]){0, 0, TYPE_OPT}, 3);
		wire_put_u16(&w, (uint16_t)(of[2] << 8 | of[3]));
		wire_put_u32(&w, 0);
		at = w.len;
		wire_put_u16(&w, 0);
		if (subnet != 0)
			mood_put_subnet(&w, subnet);
		wire_put_bytes(&w, data + head, len - head);
		wire_store_u16(out + at, (uint16_t)(w.len - at - 2));
		message_set_count(&w, SECTION_ADDITIONAL, 1);
	}
	assert(!w.failed);
	return w.len;
}

/* Signs the message if it is one. */
static size_t
sign(uint8_t *msg, size_t len, size_t cap)
{
	struct wire_writer w;
	struct message m;
	struct tsig t;

	if (message_parse(&m, msg, len) != MESSAGE_OK || m.tsig != 0)
		return len;
	wire_writer_init(&w, msg, cap);
	w.len = len;
	tsig_start(&t, &world.key.tsig);
	assert(tsig_sign(world.tsig, &t, &w, 1000000000) == OK);
	return w.len;
}

/* --- answers --- */

static void
check_records(const struct message *m, enum message_section section)
{
	static uint8_t rdata[RDATA_MAX_LEN];
	struct message_cursor c = message_section(m, section);
	struct message_rr rr;
	size_t len;

	while (message_rr_next(&c, &rr)) {
		if (rr.type == TYPE_OPT || rr.type == TYPE_TSIG)
			continue;
		assert(!type_is_meta(rr.type));
		assert(
		    rdata_read(&rr.rdata, rr.type, rr.rdlength, rdata, &len));
		assert(rr.class == CLASS_IN || rr.class == CLASS_CH);
		assert(rr.ttl <= 60);
	}
}

static void
check_answer(const struct request *req, const uint8_t *out, size_t len)
{
	struct message q, a;
	struct edns edns = {.present = false};
	enum message_state state = message_parse(&q, req->in, req->in_len);

	assert(state != MESSAGE_DROP);
	assert((req->in[2] & 0x80) == 0); /* never an answer to an answer */
	assert(message_parse_answer(&a, out, len) == MESSAGE_OK);
	assert(a.id == q.id && message_opcode(&a) == message_opcode(&q));
	(void)edns_parse(&edns, &q, req->tcp);
	if (!req->tcp)
		assert(len <= edns_udp_limit(&edns, 1232));
	else
		assert((a.flags & FLAG_TC) == 0);
	assert((a.opt != 0) == edns.present);
	if (state == MESSAGE_OK && q.qname_len > 0)
		assert(a.qname_len == q.qname_len &&
		       memcmp(message_qname(&a), message_qname(&q),
			   q.qname_len + 4) == 0);
	for (int i = SECTION_ANSWER; i <= SECTION_ADDITIONAL; i++)
		check_records(&a, i);
	answer_check(&a, world.registry->slot[0].zone,
	    world.hub->current->settings, req->now_ms);
}

/* Octets of an answer up to where the additional section begins. */
static size_t
answer_len(const uint8_t *out, size_t len)
{
	struct message a;

	assert(message_parse_answer(&a, out, len) == MESSAGE_OK);
	return a.at[SECTION_ADDITIONAL];
}

/* TC says that something did not fit: the whole, which TCP has, is larger.  Of
 * addresses each draw takes some, and conditions take room to be said. */
static void
check_truncated(const struct request *udp)
{
	static uint8_t out[MESSAGE_MAX_LEN];
	struct request tcp = *udp;
	struct message q, a;
	struct edns edns = {.present = false};

	assert(message_parse_answer(&a, udp->out, udp->out_len) == MESSAGE_OK);
	if (udp->tcp || (a.flags & FLAG_TC) == 0 ||
	    message_parse(&q, udp->in, udp->in_len) != MESSAGE_OK ||
	    q.qtype == TYPE_A || q.qtype == TYPE_AAAA)
		return;
	(void)edns_parse(&edns, &q, false);
	tcp.tcp = true;
	tcp.out = out;
	tcp.out_cap = sizeof(out);
	assert(nameserver_answer(world.local, world.hub->current, &tcp) ==
	       VERDICT_SEND);
	assert(
	    answer_len(out, tcp.out_len) + 512 > edns_udp_limit(&edns, 1232));
}

/* Runs an UPDATE on the zone that it names, and takes it back. */
static void
run_update(struct request *req)
{
	struct update *u = req->update;
	struct registry *r = world.registry;
	struct change c = {0};
	struct edition ed;
	struct name_key key;
	enum rcode rcode;
	int number;

	name_key_init(&key, message_qname(&u->message));
	number = zoneset_find_apex(r->index, &key);
	assert(number >= 0);
	edition_init(&ed, r->open->edition.step + 1000);
	(void)edition_savepoint(&ed);
	change_begin(&c, &ed, r->slot[number].zone, req->now_ms);
	rcode = update_apply(u, &c, r->slot[number].config,
	    u->tsig.state == TSIG_OK ? 0 : CONFIG_KEY_NONE,
	    u->tsig.state == TSIG_OK);
	assert(rcode == u->rcode);
	if (rcode == RCODE_NOERROR) {
		(void)change_settle(&c);
		zone_check(c.zone, req->now_ms, true);
	}
	edition_rollback(&ed, (struct savepoint){0});
	edition_fini(&ed);
	change_fini(&c);
	req->out_len = nameserver_finish(
	    world.local, u, req->wall_s, req->out, req->out_cap);
	assert(req->out_len > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t in[MESSAGE_MAX_LEN], out[MESSAGE_MAX_LEN];
	struct endpoint peer = {.in.sin_family = AF_INET};
	struct random random;
	struct request req = {.in = in,
	    .out = out,
	    .peer = &peer,
	    .now_ms = START_MS,
	    .wall_s = 1000000000,
	    .random = &random};
	uint8_t flags, subnet = 0;
	enum verdict verdict;

	if (len < 4 || len > 4000)
		return 0;
	start();
	flags = data[0];
	if ((flags & SHAPED) != 0) {
		shape_all(true, data[1]);
		subnet = data[2];
		data += 2;
		len -= 2;
	}
	peer.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((flags & BY_IPV6) != 0)
		peer.sa.sa_family = AF_INET6;
	random_seed(&random, data[1]);
	req.tcp = (flags & BY_TCP) != 0;
	req.out_cap = req.tcp ? sizeof(out) : 4096;
	req.now_ms += (flags & LATER) != 0 ? 50000 : 0;
	req.now_ms += (flags & MUCH_LATER) != 0 ? 700000 : 0;
	req.in_len = len - 1;
	memcpy(in, data + 1, len - 1);
	if ((flags & AS_QUESTION) != 0)
		req.in_len =
		    make_question(data + 1, len - 1, flags, subnet, in);
	if ((flags & SIGNED) != 0)
		req.in_len = sign(in, req.in_len, sizeof(in));
	verdict =
	    nameserver_answer(world.local, snapshot_enter(world.hub), &req);
	assert(verdict == VERDICT_SEND || verdict == VERDICT_DROP ||
	       verdict == VERDICT_WRITE);
	if (verdict == VERDICT_WRITE)
		run_update(&req);
	if (verdict != VERDICT_DROP)
		check_answer(&req, out, req.out_len);
	if (verdict == VERDICT_SEND)
		check_truncated(&req);
	if (verdict == VERDICT_WRITE)
		update_free(req.update);
	if (world.shaped)
		shape_all(false, 0);
	return 0;
}
