/* SPDX-License-Identifier: Apache-2.0 */
/* What muster register sends, and which replies it believes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/muster_register.h"
#include "server/muster_update.h"
#include "zones/dns/rdata.h"

#define ID 0x1234
#define WALL_S 1750000000
#define KEY "web-team:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define SERVICE "_http._tcp.web.svc.example"

static const uint8_t zone[] = "\003svc\007example";

static struct muster_key
load_key(const char *text)
{
	struct muster_key key = {.table = NULL};
	char why[MUSTER_WHY_LEN];

	cr_assert(muster_key_load(&key, text, why), "%s", why);
	return key;
}

/* --- keys --- */

Test(muster_update, keys_are_words_or_a_file, .timeout = 5)
{
	static const struct {
		const char *text;
		enum tsig_algorithm algorithm;
	} good[] = {
	    {"k:c2VjcmV0", TSIG_HMAC_SHA256},
	    {"hmac-sha512:k:c2VjcmV0", TSIG_HMAC_SHA512},
	    {"HMAC-MD5:k:c2VjcmV0", TSIG_HMAC_MD5},
	};
	static const char *const bad[] = {"k:", ":c2VjcmV0", "k:c2Vjcm",
	    "sha9:k:c2VjcmV0", "/nowhere/key", "k:c2VjcmV0:x"};
	struct muster_key key;
	char why[MUSTER_WHY_LEN];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		key = load_key(good[i].text);
		cr_expect_eq(key.key.algorithm, good[i].algorithm);
		cr_expect_eq(key.key.secret_len, 6);
		cr_expect(
		    name_equal(key.key.name.wire, (const uint8_t *)"\001k"));
		muster_key_fini(&key);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_not(muster_key_load(&key, bad[i], why), "%s", bad[i]);
		cr_expect_null(strstr(why, "c2Vj"), "%s", why);
	}
}

Test(muster_update, key_files_are_those_of_bind, .timeout = 5)
{
	static const char *const good[] = {
	    "key \"k.example\" {\n\talgorithm hmac-sha256;\n"
	    "\tsecret \"c2VjcmV0\";\n};\n",
	    "# one\n// two\n/* three\n */key k.example{secret c2VjcmV0;"
	    "algorithm \"hmac-sha256\";}",
	};
	static const char *const bad[] = {
	    "",
	    "key",
	    "key \"k",
	    "key k { algorithm hmac-sha256; };",
	    "key k { secret \"c2VjcmV0\"; };",
	    "key k { algorithm hmac-sha256; secret \"c2VjcmV0\" };",
	    "key k { algorithm hmac-sha256; secret \"c2VjcmV0\";",
	    "key k { algorithm hmac-sha256; secrets \"c2VjcmV0\"; };",
	    "key k { algorithm foo; secret \"c2VjcmV0\"; };",
	    "/* key k { algorithm hmac-sha256; secret \"c2VjcmV0\"; };",
	};
	struct muster_key key;
	char why[MUSTER_WHY_LEN];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert(muster_key_parse(&key, good[i], why), "%s", why);
		cr_expect_eq(key.key.secret_len, 6);
		cr_expect(name_equal(
		    key.key.name.wire, (const uint8_t *)"\001k\007example"));
		muster_key_fini(&key);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_not(
		    muster_key_parse(&key, bad[i], why), "%s", bad[i]);
		cr_expect_null(strstr(why, "c2Vj"), "%s", why);
	}
}

/* --- messages --- */

/* What a message asks for, as text: "+A ttl", "-A", "-A *" ... */
static const char *
describe(const struct muster_update *u)
{
	static char text[4096];
	char owner[NAME_TEXT_LEN], type[16];
	struct message_cursor cursor;
	struct message_rr rr;
	struct message m;
	size_t len = 0;

	text[0] = '\0';
	cr_assert_eq(message_parse(&m, u->octets, u->w.len), MESSAGE_OK);
	cr_assert_eq(message_opcode(&m), OPCODE_UPDATE);
	cr_assert_eq(m.id, ID);
	cr_assert_eq(m.qtype, TYPE_SOA);
	cr_assert_eq(m.qclass, CLASS_IN);
	cr_assert(name_equal(message_qname(&m), zone));
	cr_assert_eq(m.count[SECTION_PREREQUISITE], 0);
	cursor = message_section(&m, SECTION_UPDATE);
	while (message_rr_next(&cursor, &rr)) {
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s%s %s%s %u", len > 0 ? "; " : "",
		    rr.class == CLASS_IN ? "+" : "-",
		    name_to_text(rr.owner.wire, owner),
		    rr.class == CLASS_ANY ? " all" : "", (unsigned)rr.ttl);
		len +=
		    (size_t)snprintf(text + len, sizeof(text) - len, " %s %u",
			type_to_text(rr.type, type), (unsigned)rr.rdlength);
	}
	return text;
}

static struct muster_update update;

Test(muster_update, a_message_adds_and_deletes, .timeout = 5)
{
	static const uint8_t address[] = {192, 0, 2, 1};
	struct muster_key none = {.table = NULL};

	muster_update_begin(&update, ID, zone);
	muster_update_add(&update, zone, 30, TYPE_A, address, 4);
	muster_update_delete(&update, zone, TYPE_A, address, 4);
	muster_update_delete_set(&update, zone, TYPE_SRV);
	cr_assert_eq(muster_update_finish(&update, &none, 0, WALL_S), OK);
	cr_expect_str_eq(describe(&update),
	    "+ svc.example. 30 A 4; - svc.example. 0 A 4; "
	    "- svc.example. all 0 SRV 0");
}

Test(muster_update, the_lease_is_asked_for_in_the_short_form, .timeout = 5)
{
	static const uint32_t leases[] = {0, 1, 60, 0x7fffffff};
	struct muster_key none = {.table = NULL};
	struct message m;
	struct edns edns;

	for (size_t i = 0; i < sizeof(leases) / sizeof(leases[0]); i++) {
		muster_update_begin(&update, ID, zone);
		cr_assert_eq(
		    muster_update_finish(&update, &none, leases[i], WALL_S),
		    OK);
		cr_assert_eq(
		    message_parse(&m, update.octets, update.w.len), MESSAGE_OK);
		cr_assert_eq(edns_parse(&edns, &m, false), EDNS_OK);
		cr_expect(edns.present);
		cr_expect_eq(edns.lease_len, leases[i] == 0 ? 0 : 4);
		cr_expect_eq(edns.lease_s, leases[i]);
	}
}

Test(muster_update, what_is_too_long_is_an_error, .timeout = 5)
{
	static uint8_t txt[MUSTER_UPDATE_LEN];
	struct muster_key none = {.table = NULL};

	muster_update_begin(&update, ID, zone);
	muster_update_add(&update, zone, 30, TYPE_TXT, txt, sizeof(txt));
	cr_expect_eq(
	    muster_update_finish(&update, &none, 0, WALL_S), ERR_LIMIT);
}

/* --- replies --- */

/* How a reply of a server is made. */
struct made {
	uint16_t id;
	enum opcode opcode;
	unsigned flags;
	unsigned rcode;
	enum ede ede;
	const char *text;
	uint32_t lease_s;
	bool signed_well;
	bool with_other_key;
};

static size_t
make_reply(const struct made *made, const struct muster_key *key, uint8_t *out,
    size_t room)
{
	struct muster_key other =
	    load_key("web-team:YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODk=");
	struct edns_reply opt = {.payload = EDNS_PAYLOAD,
	    .ede = made->ede,
	    .ede_text = made->text,
	    .lease_len = made->lease_s != 0 ? 4 : 0,
	    .lease_s = made->lease_s};
	struct tsig tsig = {.state = TSIG_NONE};
	struct wire_writer w;
	struct message m;

	cr_assert_eq(
	    message_parse(&m, update.octets, update.w.len), MESSAGE_OK);
	wire_writer_init(&w, out, room);
	message_put_request_header(
	    &w, made->id, made->opcode, made->flags | (made->rcode & 15));
	edns_put(&w, &opt, made->rcode);
	if (made->signed_well || made->with_other_key) {
		cr_assert_eq(
		    tsig_verify(key->table, &m, WALL_S, &tsig), TSIG_OK);
		cr_assert_eq(
		    tsig_sign(made->with_other_key ? other.table : key->table,
			&tsig, &w, WALL_S),
		    OK);
	}
	muster_key_fini(&other);
	cr_assert_not(w.failed);
	return w.len;
}

static enum muster_take
take_made(const struct made *made, const struct muster_key *key,
    struct muster_reply *reply)
{
	uint8_t out[1024];
	size_t len;

	muster_update_begin(&update, ID, zone);
	cr_assert_eq(muster_update_finish(&update, key, 60, WALL_S), OK);
	len = make_reply(made, key, out, sizeof(out));
	return muster_update_take(&update, out, len, WALL_S, reply);
}

#define REPLY .opcode = OPCODE_UPDATE, .flags = FLAG_QR, .ede = EDE_NONE

Test(muster_update, only_a_reply_to_this_message_counts, .timeout = 5)
{
	static const struct {
		struct made made;
		enum muster_take take;
	} cases[] = {
	    {{.id = ID, REPLY}, TAKE_DONE},
	    {{.id = ID, REPLY, .rcode = RCODE_REFUSED}, TAKE_DONE},
	    {{.id = ID + 1, REPLY}, TAKE_NOT_OURS},
	    {{.id = ID, .opcode = OPCODE_UPDATE, .ede = EDE_NONE},
		TAKE_NOT_OURS},
	    {{.id = ID, .flags = FLAG_QR, .ede = EDE_NONE}, TAKE_NOT_OURS},
	    {{.id = ID,
		 .opcode = OPCODE_UPDATE,
		 .ede = EDE_NONE,
		 .flags = FLAG_QR | FLAG_TC},
		TAKE_TRUNCATED},
	};
	struct muster_key none = {.table = NULL};
	struct muster_reply reply;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(take_made(&cases[i].made, &none, &reply),
		    cases[i].take, "case %zu", i);
	cr_expect_eq(
	    muster_update_take(&update, (const uint8_t *)"", 0, WALL_S, &reply),
	    TAKE_NOT_OURS);
}

Test(muster_update, with_a_key_success_must_be_signed, .timeout = 5)
{
	static const struct {
		struct made made;
		enum muster_take take;
	} cases[] = {
	    {{.id = ID, REPLY, .signed_well = true}, TAKE_DONE},
	    {{.id = ID, REPLY, .signed_well = true, .rcode = RCODE_REFUSED},
		TAKE_DONE},
	    {{.id = ID, REPLY}, TAKE_NOT_OURS},
	    {{.id = ID, REPLY, .with_other_key = true}, TAKE_NOT_OURS},
	    {{.id = ID, REPLY, .rcode = RCODE_SERVFAIL}, TAKE_DOUBTFUL},
	};
	struct muster_key key = load_key(KEY);
	struct muster_reply reply;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(take_made(&cases[i].made, &key, &reply),
		    cases[i].take, "case %zu", i);
	muster_key_fini(&key);
}

Test(muster_update, the_lease_granted_and_the_reason_are_read, .timeout = 5)
{
	static const struct {
		struct made made;
		bool has_lease;
		const char *text;
	} cases[] = {
	    {{.id = ID, REPLY, .lease_s = 30}, true, "NOERROR"},
	    {{.id = ID, REPLY, .rcode = RCODE_REFUSED}, false, "REFUSED"},
	    {{.id = ID,
		 .opcode = OPCODE_UPDATE,
		 .flags = FLAG_QR,
		 .rcode = RCODE_REFUSED,
		 .ede = EDE_PROHIBITED},
		false, "REFUSED: prohibited"},
	    {{.id = ID,
		 .opcode = OPCODE_UPDATE,
		 .flags = FLAG_QR,
		 .rcode = RCODE_REFUSED,
		 .ede = EDE_PROHIBITED,
		 .text = "no rule allows SRV"},
		false, "REFUSED: no rule allows SRV"},
	    {{.id = ID, REPLY, .rcode = RCODE_BADVERS}, false, "RCODE 16"},
	};
	struct muster_key none = {.table = NULL};
	struct muster_reply reply;
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(take_made(&cases[i].made, &none, &reply),
		    TAKE_DONE, "case %zu", i);
		cr_expect_eq(reply.has_lease, cases[i].has_lease);
		cr_expect_eq(reply.lease_s, cases[i].made.lease_s);
		cr_expect_eq(reply.rcode, cases[i].made.rcode);
		muster_reply_text(&reply, text, sizeof(text));
		cr_expect_str_eq(text, cases[i].text);
	}
}

/* --- what a registration consists of --- */

#define ARGUMENTS_MAX 24

/* Reads a line of words as the command's arguments. */
static enum registration_options
read_line(struct registration *r, bool deregister, const char *line)
{
	static char text[1024];
	char *arguments[ARGUMENTS_MAX + 1] = {(char[]){"register"}};
	char *rest, *word;
	int count = 1;

	snprintf(text, sizeof(text), "%s", line);
	for (word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		cr_assert_lt(count, ARGUMENTS_MAX);
		arguments[count++] = word;
	}
	return registration_read(r, deregister, count, arguments);
}

/* As if zone and target had been found. */
static void
settle(struct registration *r, const char *target)
{
	name_set(&r->zone, zone);
	cr_assert_eq(name_from_text(target, zone, &r->target), OK);
}

#define I "a._http._tcp.web.svc.example."
#define S SERVICE "."

Test(muster_update, an_instance_is_what_its_shape_asks_for, .timeout = 5)
{
	static const struct {
		const char *line;
		bool deregister;
		const char *message; /* NULL: makes no sense */
	} cases[] = {
	    {SERVICE " --port 80", false, "- " S " 0 SRV 21; + " S " 0 SRV 21"},
	    {SERVICE " --port 80 --weight 0", false, "+ " S " 0 SRV 21"},
	    {SERVICE " --port 80 --ttl 1m --address 192.0.2.1 --address "
		     "2001:db8::1",
		false,
		"- " S " 0 SRV 21; + " S " 60 SRV 21; "
		"+ h.svc.example. 60 A 4; + h.svc.example. 60 AAAA 16"},
	    {SERVICE " --port 80 --txt a=b --tag x --tag y", false,
		"- " S " 0 SRV 21; + " S " 0 SRV 21; "
		"+ h.svc.example. 0 TXT 13"},
	    {SERVICE " --port 80 --dns-sd a", false,
		"- " I " all 0 SRV 0; - " I " all 0 TXT 0; + " S " 0 PTR 2; "
		"+ " I " 0 SRV 21; + " I " 0 TXT 1"},
	    {SERVICE " --port 80 --dns-sd a --site eu", false,
		"- " I " all 0 SRV 0; - " I " all 0 TXT 0; + " S " 0 PTR 2; "
		"+ " I " 0 SRV 21; + " I " 0 TXT 8"},
	    {SERVICE " --port 80", true, "- " S " 0 SRV 21; - " S " 0 SRV 21"},
	    {SERVICE " --port 80 --txt a=b --address 192.0.2.1", true,
		"- " S " 0 SRV 21; - " S " 0 SRV 21; "
		"- h.svc.example. 0 TXT 4; - h.svc.example. 0 A 4"},
	    {SERVICE " --port 80 --dns-sd a", true,
		"- " I " 0 SRV 21; - " I " 0 SRV 21; - " S " 0 PTR 2; "
		"- " I " all 0 TXT 0"},
	    {"_http._tcp.web.other.example --port 80", false, NULL},
	};
	struct muster_key none = {.table = NULL};
	struct registration r;
	bool made;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(read_line(&r, cases[i].deregister, cases[i].line),
		    OPTIONS_READ);
		settle(&r, "h");
		muster_update_begin(&update, ID, zone);
		made = cases[i].deregister
			   ? registration_put_remove(&r, &update)
			   : registration_put_add(&r, &update);
		cr_assert_eq(made, cases[i].message != NULL, "%s", r.why);
		if (made) {
			cr_assert_eq(
			    muster_update_finish(&update, &none, 0, WALL_S),
			    OK);
			cr_expect_str_eq(describe(&update), cases[i].message);
		}
		registration_fini(&r);
	}
}

Test(muster_update, what_is_somebody_elses_stays, .timeout = 5)
{
	struct muster_key none = {.table = NULL};
	struct registration r;

	/* The name leads to another instance by now. */
	read_line(&r, true, SERVICE " --port 80 --dns-sd a");
	settle(&r, "h");
	r.taken = true;
	muster_update_begin(&update, ID, zone);
	cr_assert(registration_put_remove(&r, &update));
	cr_assert_eq(muster_update_finish(&update, &none, 0, WALL_S), OK);
	cr_expect_str_eq(
	    describe(&update), "- " I " 0 SRV 21; - " I " 0 SRV 21");
	/* Whoever stays leaves the addresses to their lease. */
	read_line(&r, false, SERVICE " --port 80 --keep --address 192.0.2.1");
	settle(&r, "h");
	muster_update_begin(&update, ID, zone);
	cr_assert(registration_put_remove(&r, &update));
	cr_assert_eq(muster_update_finish(&update, &none, 0, WALL_S), OK);
	cr_expect_str_eq(
	    describe(&update), "- " S " 0 SRV 21; - " S " 0 SRV 21");
	/* A host in another zone. */
	read_line(&r, false, SERVICE " --port 80 --address 192.0.2.1");
	settle(&r, "h.example.");
	muster_update_begin(&update, ID, zone);
	cr_expect_not(registration_put_add(&r, &update));
	cr_expect_not_null(strstr(r.why, "h.example."), "%s", r.why);
}

Test(muster_update, wrong_options_are_refused, .timeout = 5)
{
	static const char *const lines[] = {"", "web.svc.example --port 80",
	    "_http._tcp --port 80", SERVICE, SERVICE " --port 0",
	    SERVICE " --port 65536", SERVICE " --port 80x",
	    SERVICE " x --port 80", SERVICE " --port 80 --weight -1",
	    SERVICE " --port 80 --address host",
	    SERVICE " --port 80 --address 192.0.2.1:80",
	    SERVICE " --port 80 --address none --address 192.0.2.1",
	    SERVICE " --port 80 --ttl 500ms", SERVICE " --port 80 --lease 0",
	    SERVICE " --port 80 --lease 80y", SERVICE " --port 80 --txt =x",
	    SERVICE " --port 80 --tag a,b", SERVICE " --port 80 --check true",
	    SERVICE " --port 80 --server name", SERVICE " --port 80 --bad",
	    SERVICE " --port 80 --key /nowhere/key",
	    SERVICE " --port 80 --zone a..b"};
	struct registration r;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect_eq(read_line(&r, false, lines[i]), OPTIONS_WRONG,
		    "%s", lines[i]);
	cr_expect_eq(
	    read_line(&r, true, SERVICE " --port 80 --keep"), OPTIONS_WRONG);
}

Test(muster_update, a_lease_is_asked_for_to_stay, .timeout = 5)
{
	struct registration r;

	read_line(&r, false, SERVICE " --port 80");
	cr_expect_eq(r.lease_s, 0);
	read_line(&r, false, SERVICE " --port 80 --keep");
	cr_expect_eq(r.lease_s, REGISTRATION_LEASE_S);
	read_line(&r, false, SERVICE " --port 80 --keep --lease 5m");
	cr_expect_eq(r.lease_s, 300);
	cr_expect_eq(r.priority, 10);
	cr_expect_eq(r.weight, 100);
}

/* --- checks --- */

Test(muster_update, a_check_by_command_is_its_exit_status, .timeout = 20)
{
	static const struct {
		const char *check;
		bool good;
		const char *why;
	} cases[] = {
	    {"true", true, NULL},
	    {"exit 3", false, "exit status 3"},
	    {"kill -9 $$", false, "killed by signal 9"},
	    {"tcp:99999", false, "no port"},
	    {"http://host.example/", false, "neither"},
	};
	struct registration r = {.way = {.stop_fd = -1}};
	bool stopped;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r.check = cases[i].check;
		cr_expect_eq(registration_check(&r, INT64_MAX, &stopped),
		    cases[i].good, "%s", r.check);
		cr_expect_not(stopped);
		if (!cases[i].good)
			cr_expect_not_null(
			    strstr(r.why, cases[i].why), "%s", r.why);
	}
	/* The time is over: the whole group is killed. */
	r.check = "sleep 100 & wait";
	cr_expect_not(registration_check(&r, 0, &stopped));
	cr_expect_not_null(strstr(r.why, "timeout"), "%s", r.why);
}

Test(muster_update, a_signal_ends_a_check, .timeout = 20)
{
	struct registration r = {.check = "sleep 100"};
	bool stopped;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], "", 1), 1);
	r.way.stop_fd = ends[0];
	cr_expect_not(registration_check(&r, INT64_MAX, &stopped));
	cr_expect(stopped);
	close(ends[0]);
	close(ends[1]);
}
