/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_query.c - any octets to a nameserver with three zones: static records
 * of all kinds, services in both shapes, sets too large for a message, leases
 * that have ended.  The first octets say how the message came, and whether the
 * rest is one or shall be made into a question; an UPDATE is run on the zone
 * and taken back.  Whatever comes out is a message within its limits. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/log.h"
#include "server/nameserver/nameserver.h"
#include "server/nameserver/update_apply.h"
#include "server/registry_internal.h"
#include "tests/lib/fake_snapshot.h"
#include "tests/lib/fake_store.h"
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
    "txt TXT \"" /* four strings of 200 follow */;

/* Everything that stays the same from one input to the next. */
struct world {
	struct config config;
	struct config_zone zone[3];
	struct config_rule rule[2];
	struct config_key key;
	struct config_network from;
	struct pattern pattern;
	struct snapshot_hub *hub;
	struct registry *registry;
	struct nameserver_local *local;
	struct tsig_table *tsig;
	uint64_t step;
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
	for (int i = 0; i < 40; i++)
		fprintf(f, "i%d._ptr._tcp.many SRV 0 %d 9 h%d\n", i, i, i);
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
	world.step = world.registry->open->edition.step + 1000;
	zone_check(world.registry->slot[0].zone, START_MS, true);
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
    "h2-5._ipp._tcp.web.z."};
#define WORDS (sizeof(words) / sizeof(words[0]))

static const uint16_t types[] = {TYPE_A, TYPE_AAAA, TYPE_SRV, TYPE_PTR,
    TYPE_TXT, TYPE_NS, TYPE_SOA, TYPE_CNAME, TYPE_DNAME, TYPE_MX, TYPE_DS,
    TYPE_SVCB, TYPE_HTTPS, TYPE_ANY, TYPE_AXFR, 128, 65280};
#define TYPES (sizeof(types) / sizeof(types[0]))

/* Octet 1: name; 2: type, or class CH; 3 and 4: the OPT record's payload; the
 * rest: its options. */
static size_t
make_question(const uint8_t *data, size_t len, uint8_t flags, uint8_t *out)
{
	struct wire_writer w;
	uint8_t of[4] = {0};
	size_t head = len < 4 ? len : 4;

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
		wire_put_u16(&w, (uint16_t)(len - head));
		wire_put_bytes(&w, data + head, len - head);
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
	edition_init(&ed, world.step);
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
	world.step = ed.step + 1;
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
	enum verdict verdict;

	if (len < 2 || len > 4000)
		return 0;
	start();
	peer.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((data[0] & BY_IPV6) != 0)
		peer.sa.sa_family = AF_INET6;
	random_seed(&random, data[1]);
	req.tcp = (data[0] & BY_TCP) != 0;
	req.out_cap = req.tcp ? sizeof(out) : 4096;
	req.now_ms += (data[0] & LATER) != 0 ? 50000 : 0;
	req.now_ms += (data[0] & MUCH_LATER) != 0 ? 700000 : 0;
	req.in_len = len - 1;
	memcpy(in, data + 1, len - 1);
	if ((data[0] & AS_QUESTION) != 0)
		req.in_len = make_question(data + 1, len - 1, data[0], in);
	if ((data[0] & SIGNED) != 0)
		req.in_len = sign(in, req.in_len, sizeof(in));
	verdict =
	    nameserver_answer(world.local, snapshot_enter(world.hub), &req);
	assert(verdict == VERDICT_SEND || verdict == VERDICT_DROP ||
	       verdict == VERDICT_WRITE);
	if (verdict == VERDICT_WRITE)
		run_update(&req);
	if (verdict != VERDICT_DROP)
		check_answer(&req, out, req.out_len);
	if (verdict == VERDICT_WRITE)
		update_free(req.update);
	return 0;
}
