/* exchange.h - one message to the server, and what came back.
 *
 *   options, body --exchange_new--> in --exchange_send--> out
 *                                                          |
 *                                        response_read() --> struct response
 *
 * Options that queries and updates share stand on the command's line:
 *
 *   tcp  from ADDR  noedns  bufsize N  version N  nsid  do  keepalive
 *   option CODE HEX  lease N [M]  subnet ADDR/PREFIX
 *   key NAME [algorithm NAME] [mac OCTETS] [badsig] [time SECONDS]
 *   class NAME  opcode N  nord  cd  id N
 *
 * Threads:   one.
 * Ownership: an exchange owns what it points at.
 * Units:     octets; leases in seconds.
 * Errors:    a scenario that is wrong ends the process.
 */
#ifndef TESTS_SCENARIO_EXCHANGE_H
#define TESTS_SCENARIO_EXCHANGE_H

#include <ldns/ldns.h>

#include "server/nameserver/request.h"
#include "server/nameserver/tsig.h"
#include "tests/scenario/world.h"

#define PACKET_MAX 65535

/* What the options of a command ask for. */
struct ask {
	bool tcp;
	struct endpoint peer;
	uint16_t class;
	unsigned opcode;
	unsigned flags;
	uint16_t id;
	bool edns;
	bool dnssec_ok;
	bool nsid;
	uint8_t version;
	uint16_t bufsize;
	uint8_t option[512]; /* options ready for the OPT record */
	size_t option_len;
	char key[NAME_TEXT_LEN]; /* "": unsigned */
	int algorithm; /* -1: the key's */
	unsigned mac_len; /* 0: whole */
	bool badsig;
	int64_t time_s; /* off the right time by */
};

struct exchange {
	struct ask ask;
	bool raw; /* not made by us: expect nothing of the answer's form */
	struct tsig tsig; /* the client's side of it */
	struct tsig_table *table;
	uint8_t in[PACKET_MAX];
	size_t in_len;
	size_t question_len;
	enum verdict verdict; /* SEND or DROP, once it is known */
	struct update *update; /* that waits for the writer */
	bool waits; /* others are asked */
	int64_t sent_ms;
	int64_t after_ms; /* how long the answer took */
	uint8_t out[PACKET_MAX];
	size_t out_len;
};

/* Messages from steps: QUERY, UPDATE, RAW. */
struct exchange *exchange_query(struct world *, const struct step *);
struct exchange *exchange_update(struct world *, const struct step *);
struct exchange *exchange_raw(struct world *, const struct step *);
void exchange_free(struct exchange *);

/* Gives the message to the nameserver; an update goes to the registry, and
 * its reply comes when the world settles. */
void exchange_send(struct world *, struct exchange *);
/* Renders the reply of a finished update, which ends here. */
void exchange_finish(struct world *, struct update *);

/* --- build.c: pieces of messages --- */

/* Reads options; returns at the first word that is none, which word then
 * holds (false: there is none). */
bool ask_parse(struct world *, unsigned number, const char **text, struct ask *,
    char word[WORD_LEN]);
void ask_init(struct ask *);

/* A name as the scenario writes it. */
void build_name(
    struct world *, unsigned number, const char *text, struct name *);
/* A record in presentation form; the caller frees it. */
ldns_rr *build_record(struct world *, unsigned number, const char *text);
/* Starts a message with a question or zone section. */
void build_start(struct exchange *, struct wire_writer *, const uint8_t *name,
    uint16_t type);
/* OPT, and the signature: the message is complete. */
void build_end(
    struct world *, unsigned number, struct exchange *, struct wire_writer *);
size_t parse_hex(const char *hex, uint8_t *to, size_t cap);

/* --- response.c --- */

struct response {
	struct message message;
	unsigned rcode; /* with the upper bits from OPT */
	ldns_rr **rr[4]; /* by section; OPT and TSIG are not among them */
	size_t count[4];
	bool opt;
	uint16_t payload;
	uint8_t version;
	bool dnssec_ok;
	bool has_nsid;
	char nsid[256];
	unsigned lease_len;
	uint32_t lease_s, key_lease_s;
	int keepalive_ds; /* -1: none */
	uint8_t subnet[20]; /* the option as it came */
	size_t subnet_len; /* 0: none */
	int ede; /* -1: none */
	char ede_text[512];
	bool tsig;
	unsigned tsig_error;
	size_t tsig_mac_len;
	size_t tsig_other_len;
	uint64_t tsig_other;
};

/* Reads an answer strictly; NULL, or what is wrong with it. */
const char *response_read(struct response *, const struct exchange *);
void response_free(struct response *);
/* Whether the answer keeps the rules that hold for each: NULL, or what it
 * breaks. */
const char *response_check(
    struct world *, const struct response *, struct exchange *);
/* Whether two records are of one RRset. */
bool response_same_set(const ldns_rr *, const ldns_rr *);
/* Prints an answer as comments. */
void response_print(const struct exchange *);

/* --- expect.c --- */

/* Compares what came of an exchange with what the step expects. */
void expect_reply(struct world *, const struct step *, struct exchange *);
/* Compares records with the lines; number is for complaints. */
void expect_records(struct world *, unsigned number, const struct lines *,
    ldns_rr **, size_t count);
/* Whether each quoted text of expect occurs in text. */
bool expect_texts(const char *expect, const char *text);

#endif
